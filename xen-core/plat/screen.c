/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log on a screen. All state is under the log's lock, but while a screen is opened. */
#include "plat/screen.h"

#include "lib/log.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/atomic.h"

#define COLUMNS_MAX 240U
#define ROWS_MAX 135U
#define TEXT_ATTRIBUTE 0x0700U /* light grey on black */
#define CATCH_UP_BYTES 4096U

static struct screen screen;
static char cells[ROWS_MAX][COLUMNS_MAX];
static uint32_t row, column;

static void draw(uint32_t y, uint32_t x, char c)
{
	const uint8_t *glyph = screen_font[c - SCREEN_FONT_FIRST];

	if (screen.pixel_bytes == 0) {
		uint16_t cell = (uint16_t)(TEXT_ATTRIBUTE | (uint8_t)c);

		memcpy(screen.memory + y * screen.pitch + x * sizeof(cell), &cell, sizeof(cell));
		return;
	}
	for (uint32_t line = 0; line < SCREEN_FONT_HEIGHT; line++) {
		uint8_t *to = screen.memory + (y * SCREEN_FONT_HEIGHT + line) * screen.pitch +
			      x * SCREEN_FONT_WIDTH * screen.pixel_bytes;

		for (uint32_t bit = 0; bit < SCREEN_FONT_WIDTH; bit++) {
			uint32_t pixel = glyph[line] << bit & 0x80 ? screen.ink : 0;

			memcpy(to + bit * screen.pixel_bytes, &pixel, screen.pixel_bytes);
		}
	}
}

static void put(uint32_t y, uint32_t x, char c)
{
	if (cells[y][x] != c) {
		cells[y][x] = c;
		draw(y, x, c);
	}
}

static void end_line(void)
{
	column = 0;
	if (row + 1 < screen.rows) {
		row++;
		return;
	}
	for (uint32_t y = 0; y < screen.rows; y++) {
		for (uint32_t x = 0; x < screen.columns; x++) {
			put(y, x, y < row ? cells[y + 1][x] : ' ');
		}
	}
}

static void write_text(void *data unused_arg, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			end_line();
		} else if (text[i] == '\r') {
			column = 0;
		} else if (text[i] >= SCREEN_FONT_FIRST && text[i] <= SCREEN_FONT_LAST) {
			if (column == screen.columns) {
				end_line();
			}
			put(row, column++, text[i]);
		}
	}
}

static struct log_sink sink = {.write = write_text, .level = LOG_DEBUG};

bool screen_open(const struct screen *s)
{
	static char recent[CATCH_UP_BYTES];
	size_t length = log_tail(recent, sizeof(recent));

	if (s->columns == 0 || s->rows == 0 || s->pixel_bytes > sizeof(s->ink)) {
		return false;
	}
	screen = *s;
	screen.columns = (uint32_t)min_u64(s->columns, COLUMNS_MAX);
	screen.rows = (uint32_t)min_u64(s->rows, ROWS_MAX);
	memset(cells, 0, sizeof(cells));
	row = column = 0;
	for (uint32_t y = 0; y < screen.rows; y++) {
		for (uint32_t x = 0; x < screen.columns; x++) {
			put(y, x, ' ');
		}
	}
	/* Where nothing is, all bits read as ones. */
	if (atomic_read((const uint16_t *)s->memory) == 0xffff) {
		return false;
	}
	write_text(NULL, recent, length);
	log_add_sink(&sink);
	return true;
}

void screen_close(void)
{
	log_remove_sink(&sink);
}
