/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log on a screen: letters in every format, lines that end and scroll, nothing outside. */
#include "unit/unit.h"

#include "lib/log.h"
#include "plat/screen.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 12U
#define ROWS 3U

static uint8_t *memory; /* as large as the screen, so that the sanitizer sees a byte too far */
static struct screen screen;

static void setup(void)
{
	log_reset();
	log_set_level(LOG_INFO);
}

static void open_screen(uint32_t pixel_bytes, uint32_t slack)
{
	uint32_t lines = ROWS * (pixel_bytes ? SCREEN_FONT_HEIGHT : 1);

	screen = (struct screen){
		.columns = COLUMNS,
		.rows = ROWS,
		.pitch = COLUMNS * (pixel_bytes ? pixel_bytes * SCREEN_FONT_WIDTH : 2) + slack,
		.pixel_bytes = pixel_bytes,
		.ink = 0xc0ffee,
	};
	screen.memory = memory = malloc(lines * screen.pitch);
	memset(memory, 0x55, lines * screen.pitch);
	CU_ASSERT(screen_open(&screen));
}

static void close_screen(void)
{
	screen_close();
	free(memory);
}

static uint32_t pixel_at(uint32_t x, uint32_t y)
{
	uint32_t pixel = 0;

	memcpy(&pixel, memory + y * screen.pitch + x * screen.pixel_bytes, screen.pixel_bytes);
	return pixel;
}

/* The letter in a cell, read back through the font; 0: none. */
static char letter_at(uint32_t row, uint32_t column)
{
	uint32_t ink = screen.ink & (uint32_t)((1UL << 8 * screen.pixel_bytes) - 1);
	uint8_t seen[SCREEN_FONT_HEIGHT] = {0};

	if (screen.pixel_bytes == 0) {
		const uint8_t *cell = memory + row * screen.pitch + 2 * column;

		return (char)(cell[1] == 7 ? cell[0] : 0);
	}
	for (uint32_t y = 0; y < SCREEN_FONT_HEIGHT; y++) {
		for (uint32_t x = 0; x < SCREEN_FONT_WIDTH; x++) {
			uint32_t pixel = pixel_at(column * SCREEN_FONT_WIDTH + x,
						  row * SCREEN_FONT_HEIGHT + y);

			CU_ASSERT(pixel == 0 || pixel == ink);
			seen[y] |= (uint8_t)((pixel == ink) << (7 - x));
		}
	}
	for (char c = SCREEN_FONT_FIRST; c <= SCREEN_FONT_LAST; c++) {
		if (memcmp(screen_font[c - SCREEN_FONT_FIRST], seen, sizeof(seen)) == 0) {
			return c;
		}
	}
	return 0;
}

static const char *row_text(uint32_t row)
{
	static char text[COLUMNS + 1];

	for (uint32_t i = 0; i < COLUMNS; i++) {
		text[i] = letter_at(row, i);
	}
	return text;
}

static void say(const char *text)
{
	log_raw(text, strlen(text));
}

static void letters_appear_in_every_format(void)
{
	static const uint32_t formats[] = {0, 2, 3, 4};

	for (unsigned int i = 0; i < array_size(formats); i++) {
		log_reset();
		open_screen(formats[i], 0);
		say("Ag{|}~ 019_\n");
		CU_ASSERT_STRING_EQUAL(row_text(0), "Ag{|}~ 019_ ");
		CU_ASSERT_STRING_EQUAL(row_text(1), "            ");
		CU_ASSERT_STRING_EQUAL(row_text(2), "            ");
		close_screen();
	}
}

static void the_end_of_a_line_of_pixels_is_not_touched(void)
{
	open_screen(4, 8);
	say("0123456789abcdef\n\n\n");
	for (uint32_t y = 0; y < ROWS * SCREEN_FONT_HEIGHT; y++) {
		for (uint32_t i = 0; i < 8; i++) {
			CU_ASSERT_EQUAL(memory[(y + 1) * screen.pitch - 8 + i], 0x55);
		}
	}
	close_screen();
}

static void what_was_logged_before_is_shown(void)
{
	log_info("early");
	open_screen(4, 0);
	CU_ASSERT_STRING_EQUAL(row_text(0), "(PXN) early ");
	close_screen();
}

static void long_lines_go_on_below(void)
{
	open_screen(0, 0);
	say("0123456789abcd\nx");
	CU_ASSERT_STRING_EQUAL(row_text(0), "0123456789ab");
	CU_ASSERT_STRING_EQUAL(row_text(1), "cd          ");
	CU_ASSERT_STRING_EQUAL(row_text(2), "x           ");
	close_screen();
}

static void a_full_screen_scrolls(void)
{
	open_screen(3, 0);
	say("one\ntwo\nthree\nfour");
	CU_ASSERT_STRING_EQUAL(row_text(0), "two         ");
	CU_ASSERT_STRING_EQUAL(row_text(1), "three       ");
	CU_ASSERT_STRING_EQUAL(row_text(2), "four        ");
	say("\n");
	CU_ASSERT_STRING_EQUAL(row_text(0), "three       ");
	CU_ASSERT_STRING_EQUAL(row_text(2), "            ");
	close_screen();
}

static void a_return_begins_the_line_again_and_the_rest_is_skipped(void)
{
	open_screen(0, 0);
	say("abc\rX\033\t\200\x7f" "Y");
	CU_ASSERT_STRING_EQUAL(row_text(0), "XYc         ");
	close_screen();
}

static void a_closed_screen_stays_as_it_is(void)
{
	open_screen(0, 0);
	say("before");
	screen_close();
	say("after");
	CU_ASSERT_STRING_EQUAL(row_text(0), "before      ");
	free(memory);
}

static void a_screen_without_room_is_none(void)
{
	static const struct screen unfit[] = {
		{.columns = 0, .rows = 1, .pitch = 8, .pixel_bytes = 4},
		{.columns = 1, .rows = 0, .pitch = 8, .pixel_bytes = 4},
		{.columns = 1, .rows = 1, .pitch = 64, .pixel_bytes = 8},
	};

	for (unsigned int i = 0; i < array_size(unfit); i++) {
		CU_ASSERT_FALSE(screen_open(&unfit[i]));
	}
	say("nowhere\n");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(letters_appear_in_every_format),
		UNIT(the_end_of_a_line_of_pixels_is_not_touched),
		UNIT(what_was_logged_before_is_shown),
		UNIT(long_lines_go_on_below),
		UNIT(a_full_screen_scrolls),
		UNIT(a_return_begins_the_line_again_and_the_rest_is_skipped),
		UNIT(a_closed_screen_stays_as_it_is),
		UNIT(a_screen_without_room_is_none),
	};

	return unit_main("plat_screen", tests, array_size(tests), setup);
}
