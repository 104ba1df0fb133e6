/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vectors of exceptions, what they push, and the bits of their error codes.
 * Intel SDM 3A 6.3.1 table 6-1, 4.7 (page-fault error code), 6.13 (selector error code);
 * AMD APM 2 8.2 (vectors 28 to 30).
 */
#ifndef X86_EXCEPTION_H
#define X86_EXCEPTION_H

#include "lib/types.h"

enum exception_vector {
	EXCEPTION_DE = 0,
	EXCEPTION_DB = 1,
	EXCEPTION_NMI = 2,
	EXCEPTION_BP = 3,
	EXCEPTION_OF = 4,
	EXCEPTION_BR = 5,
	EXCEPTION_UD = 6,
	EXCEPTION_NM = 7,
	EXCEPTION_DF = 8,
	EXCEPTION_CSO = 9,
	EXCEPTION_TS = 10,
	EXCEPTION_NP = 11,
	EXCEPTION_SS = 12,
	EXCEPTION_GP = 13,
	EXCEPTION_PF = 14,
	EXCEPTION_SPURIOUS = 15,
	EXCEPTION_MF = 16,
	EXCEPTION_AC = 17,
	EXCEPTION_MC = 18,
	EXCEPTION_XM = 19,
	EXCEPTION_VE = 20,
	EXCEPTION_CP = 21,
	EXCEPTION_HV = 28,
	EXCEPTION_VC = 29,
	EXCEPTION_SX = 30,
	EXCEPTION_COUNT = 32,
};

/* DF, TS, NP, SS, GP, PF, AC, CP, VC, SX. */
#define EXCEPTIONS_WITH_ERROR_CODE 0x60227d00U

static inline bool exception_has_error_code(unsigned int vector)
{
	return vector < EXCEPTION_COUNT && ((EXCEPTIONS_WITH_ERROR_CODE >> vector) & 1U);
}

#define PF_ERROR_PRESENT (1U << 0)
#define PF_ERROR_WRITE (1U << 1)
#define PF_ERROR_USER (1U << 2)
#define PF_ERROR_RESERVED (1U << 3)
#define PF_ERROR_FETCH (1U << 4)
#define PF_ERROR_PROTECTION_KEY (1U << 5)

#define SELECTOR_ERROR_EXTERNAL (1U << 0)
#define SELECTOR_ERROR_IDT (1U << 1)
#define SELECTOR_ERROR_LDT (1U << 2)

#endif
