/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure halves of the console: where an input byte goes, the ring the hardware domain reads, and
 * the buffers that make lines of other guests' output.
 */
#ifndef PLAT_CONSOLE_INPUT_H
#define PLAT_CONSOLE_INPUT_H

#include "lib/types.h"

#define CONSOLE_SWITCH_CHAR 0x01 /* Ctrl-a */
#define CONSOLE_SWITCH_COUNT 3U
#define CONSOLE_RING_BYTES 1024U
#define CONSOLE_LINE_BYTES 128U
#define CONSOLE_LINES 16U

enum console_route {
	CONSOLE_TO_GUEST,
	CONSOLE_TO_KEYS,
	CONSOLE_SWITCHED, /* this byte completed the sequence: swallowed */
};

struct console_input {
	uint32_t produced, consumed; /* of ring, free running */
	uint32_t switch_count;       /* Ctrl-a seen in a row */
	bool to_keys;
	char ring[CONSOLE_RING_BYTES];
};

enum console_route console_input_byte(struct console_input *input, char byte);
size_t console_input_take(struct console_input *input, char *buffer, size_t length);

struct console_line {
	uint32_t used_at;
	uint16_t domid;
	uint16_t length; /* 0: free */
	char text[CONSOLE_LINE_BYTES];
};

struct console_lines {
	uint32_t now;
	struct console_line line[CONSOLE_LINES];
};

/*
 * Adds bytes until a line is complete: returns how many it took. A complete line (line end, or
 * buffer full) is copied to out without its end, *complete set; call again with the rest.
 */
size_t console_lines_add(struct console_lines *lines, uint16_t domid, const char *text,
			 size_t length, char out[CONSOLE_LINE_BYTES], bool *complete);

#endif
