/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a crash leaves in memory: the newest text, found once, and never when it is damaged. */
#include "unit/unit.h"

#include "lib/crash_record.h"
#include "lib/log.h"

#include <string.h>

static struct crash_record record;

static void setup(void)
{
	log_reset();
	memset(&record, 0xa5, sizeof(record));
}

static void memory_that_was_never_a_record_is_none(void)
{
	CU_ASSERT_EQUAL(crash_record_take(&record), 0);
	memset(&record, 0, sizeof(record));
	CU_ASSERT_EQUAL(crash_record_take(&record), 0);
}

static void the_log_comes_back_once(void)
{
	uint32_t length;

	log_error("*** panic");
	log_error("because");
	crash_record_write(&record);
	length = crash_record_take(&record);
	CU_ASSERT_EQUAL(length, strlen("(PXN) *** panic\n(PXN) because\n"));
	CU_ASSERT_NSTRING_EQUAL(record.text, "(PXN) *** panic\n(PXN) because\n", length);
	CU_ASSERT_EQUAL(crash_record_take(&record), 0);
}

static void a_long_log_leaves_its_end(void)
{
	for (unsigned int i = 0; i < 10000; i++) {
		log_raw("0123456789\n", 11);
	}
	log_raw("the last word\n", 14);
	crash_record_write(&record);
	CU_ASSERT_EQUAL_FATAL(crash_record_take(&record), sizeof(record.text));
	CU_ASSERT_NSTRING_EQUAL(record.text + sizeof(record.text) - 14, "the last word\n", 14);
}

static void what_dom0_has_read_and_cleared_is_in_it(void)
{
	char buffer[64];
	uint32_t index = 0;

	log_raw("before\n", 7);
	CU_ASSERT_EQUAL(log_read(buffer, sizeof(buffer), &index, true, false), 7);
	crash_record_write(&record);
	CU_ASSERT_EQUAL(crash_record_take(&record), 7);
}

static void any_flipped_bit_is_noticed(void)
{
	struct crash_record whole;

	log_raw("some text of a crash", 20);
	crash_record_write(&whole);
	for (unsigned int bit = 0; bit < 8 * (16 + 20); bit++) {
		record = whole;
		((uint8_t *)&record)[bit / 8] ^= (uint8_t)(1U << bit % 8);
		CU_ASSERT_EQUAL(crash_record_take(&record), 0);
	}
	record = whole;
	CU_ASSERT_EQUAL(crash_record_take(&record), 20);
}

static const struct unit_test tests[] = {
	UNIT(memory_that_was_never_a_record_is_none),
	UNIT(the_log_comes_back_once),
	UNIT(a_long_log_leaves_its_end),
	UNIT(what_dom0_has_read_and_cleared_is_in_it),
	UNIT(any_flipped_bit_is_noticed),
};

int main(void)
{
	return unit_main("lib/crash_record", tests, array_size(tests), setup);
}
