/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of known frequency the TSC is measured against, best first: HPET, ACPI PM timer, PIT
 * channel 2. Each counts up and wraps at its width; used at start-up only.
 */
#ifndef PLAT_TIME_SOURCE_H
#define PLAT_TIME_SOURCE_H

#include "lib/types.h"

struct time_source {
	const char *name;
	uint64_t hz;
	uint32_t bits; /* width; 64: never wraps in practice */
	uint64_t (*read)(void);
};

#endif
