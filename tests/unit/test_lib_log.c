/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: rate limits, levels, sinks, and the reader's positions across the ring's end. */
#include "lib/log.h"

#include "unit/unit.h"

#include <string.h>

static char text[LOG_RING_BYTES + 1];
static char seen[4096];
static unsigned int depth, locks;

static void sink_write(void *data, const char *piece, size_t length)
{
	CU_ASSERT_EQUAL(data, seen);
	strncat(seen, piece, length);
}

static void acquire(void)
{
	depth++;
	locks++;
}

static void release(void)
{
	depth--;
}

static void setup(void)
{
	log_reset();
	seen[0] = '\0';
}

static const char *read_all(void)
{
	uint32_t index = 0;

	text[log_read(text, sizeof(text) - 1, &index, false, false)] = '\0';
	return text;
}

static unsigned int count_lines(const char *wanted)
{
	unsigned int count = 0;

	for (const char *at = read_all(); (at = strstr(at, wanted)); at++) {
		count++;
	}
	return count;
}

static void a_guest_cannot_flood_the_log(void)
{
	for (int i = 0; i < 1000; i++) {
		log_guest(LOG_WARNING, 7, "bad");
	}
	CU_ASSERT_EQUAL(count_lines("d7: bad"), 10);
	log_guest(LOG_WARNING, 8, "other");
	CU_ASSERT_EQUAL(count_lines("d8: other"), 1);
	log_tick(1000);
	log_tick(2000);
	CU_ASSERT_EQUAL(count_lines("suppressed"), 0);
	log_tick(UINT64_C(1000001000));
	CU_ASSERT_EQUAL(count_lines("(PXN) 990 messages of domain 7 suppressed\n"), 1);
	log_guest(LOG_WARNING, 7, "bad");
	log_guest(LOG_WARNING, 7, "bad");
	log_guest(LOG_WARNING, 7, "bad");
	CU_ASSERT_EQUAL(count_lines("d7: bad"), 12);
	CU_ASSERT_EQUAL(count_lines("990 messages of domain 7 suppressed"), 1);
}

static void a_message_too_long_is_cut(void)
{
	char longer[3000];

	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	log_info("%s", longer);
	CU_ASSERT(strlen(read_all()) < 1100);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
}

static void lines_are_prefixed_and_ended(void)
{
	log_info("one\ntwo\n");
	log_raw("gu", 2);
	log_error("three");
	CU_ASSERT_STRING_EQUAL(read_all(), "(PXN) one\n(PXN) two\ngu\n(PXN) three\n");
}

static void levels_hide_messages(void)
{
	struct log_sink sink = {.write = sink_write, .data = seen, .level = LOG_WARNING};

	log_add_sink(&sink);
	log_debug("hidden");
	log_info("ring only");
	log_warning("both");
	log_remove_sink(&sink);
	log_warning("later");
	CU_ASSERT_STRING_EQUAL(seen, "(PXN) both\n");
	CU_ASSERT_STRING_EQUAL(read_all(), "(PXN) ring only\n(PXN) both\n(PXN) later\n");
}

static void a_reader_continues_where_it_was(void)
{
	uint32_t index = 12345;

	log_raw("abc", 3);
	CU_ASSERT_EQUAL(log_read(text, 2, &index, false, true), 2);
	CU_ASSERT_EQUAL(index, 2);
	CU_ASSERT_EQUAL(log_read(text, 9, &index, false, true), 1);
	CU_ASSERT_EQUAL(text[0], 'c');
	CU_ASSERT_EQUAL(log_read(text, 9, &index, false, true), 0);
	CU_ASSERT_EQUAL(log_read(text, 9, &index, true, false), 3);
	CU_ASSERT_EQUAL(log_read(text, 9, &index, false, false), 0);
}

static void the_ring_keeps_the_newest(void)
{
	uint32_t index = 0;

	for (int i = 0; i < 20000; i++) {
		log_raw("0123456789", 10);
	}
	log_raw("X", 1);
	CU_ASSERT_EQUAL(log_read(text, LOG_RING_BYTES, &index, false, true), LOG_RING_BYTES);
	CU_ASSERT_EQUAL(text[LOG_RING_BYTES - 1], 'X');
	CU_ASSERT_EQUAL(text[LOG_RING_BYTES - 2], '9');
	CU_ASSERT_EQUAL(index, 200001);
}

static void every_acquire_has_its_release(void)
{
	log_set_lock(acquire, release);
	log_info("a");
	log_guest(LOG_INFO, 1, "b");
	log_raw("c", 1);
	log_tick(1);
	CU_ASSERT_EQUAL(depth, 0);
	CU_ASSERT_EQUAL(locks, 4);
}

static const struct unit_test tests[] = {
	UNIT(a_guest_cannot_flood_the_log),
	UNIT(a_message_too_long_is_cut),
	UNIT(lines_are_prefixed_and_ended),
	UNIT(levels_hide_messages),
	UNIT(a_reader_continues_where_it_was),
	UNIT(the_ring_keeps_the_newest),
	UNIT(every_acquire_has_its_release),
};

int main(void)
{
	return unit_main("lib/log", tests, array_size(tests), setup);
}
