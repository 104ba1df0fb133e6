/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a crash leaves for the next start: the end of the log, in memory that a reset keeps. A magic
 * number and a sum tell it from what else may lie there.
 */
#ifndef LIB_CRASH_RECORD_H
#define LIB_CRASH_RECORD_H

#include "lib/types.h"

#define CRASH_RECORD_BYTES 8192UL

struct crash_record {
	uint64_t magic;
	uint32_t length;
	uint32_t sum; /* CRC-32 of the text */
	char text[CRASH_RECORD_BYTES - 16];
};

/* The log as it is now. */
void crash_record_write(struct crash_record *record);
/* How long the text is; 0: there is no record, or none that is whole. It is not found again. */
uint32_t crash_record_take(struct crash_record *record);

#endif
