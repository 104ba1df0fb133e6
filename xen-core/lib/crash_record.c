/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a crash: the magic is written last and is the first to go. */
#include "lib/crash_record.h"

#include "lib/crc.h"
#include "lib/log.h"

#define MAGIC 0x646f69726570786eUL

static uint32_t sum_of(const struct crash_record *record)
{
	static struct crc32_tables tables;

	crc32_prepare(&tables);
	return crc32_update(&tables, 0, record->text, record->length);
}

void crash_record_write(struct crash_record *record)
{
	record->magic = 0;
	record->length = (uint32_t)log_tail(record->text, sizeof(record->text));
	record->sum = sum_of(record);
	__atomic_store_n(&record->magic, MAGIC, __ATOMIC_RELEASE);
}

uint32_t crash_record_take(struct crash_record *record)
{
	bool is_whole = record->magic == MAGIC && record->length <= sizeof(record->text) &&
			record->sum == sum_of(record);

	record->magic = 0;
	return is_whole ? record->length : 0;
}
