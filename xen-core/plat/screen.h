/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log on a screen, until dom0 has it: a frame buffer as firmware left it (any true-colour
 * format), or the cells of VGA's text mode. What stands there is kept as text, so that scrolling
 * draws only what differs and never reads the slow memory.
 */
#ifndef PLAT_SCREEN_H
#define PLAT_SCREEN_H

#include "lib/types.h"

#define SCREEN_TEXT_ADDRESS 0xb8000UL /* of text mode 3: 25 rows of 80 cells */
#define SCREEN_TEXT_COLUMNS 80
#define SCREEN_TEXT_ROWS 25
#define SCREEN_FONT_WIDTH 8
#define SCREEN_FONT_HEIGHT 16
#define SCREEN_FONT_FIRST ' '
#define SCREEN_FONT_LAST '~'

struct screen {
	uint8_t *memory;
	uint32_t columns, rows; /* cells */
	uint32_t pitch;         /* bytes from a row of pixels, or of cells, to the next */
	uint32_t pixel_bytes;   /* 2, 3 or 4; 0: text mode */
	uint32_t ink;           /* a pixel of the letters; those around them are 0 */
};

/* font.c, made by make-font: a byte for each row of a letter, the leftmost pixel in bit 7. */
extern const uint8_t screen_font[SCREEN_FONT_LAST - SCREEN_FONT_FIRST + 1][SCREEN_FONT_HEIGHT];

/* From now on the log's sink; shows the end of what the log already has. memory stays mapped.
 * False: nothing is there, or it is too small for a letter. */
bool must_check screen_open(const struct screen *screen);
/* Nothing is drawn any more; what stands there stays. */
void screen_close(void);

#endif
