/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where console input goes and how guests' output becomes lines. The switch character is passed on
 * as usual until the third in a row, so a single Ctrl-a still reaches the guest.
 */
#include "plat/console_input.h"

#include "lib/mem.h"

enum console_route console_input_byte(struct console_input *input, char byte)
{
	if (byte == CONSOLE_SWITCH_CHAR) {
		input->switch_count++;
		if (input->switch_count == CONSOLE_SWITCH_COUNT) {
			input->switch_count = 0;
			input->to_keys = !input->to_keys;
			return CONSOLE_SWITCHED;
		}
	} else {
		input->switch_count = 0;
	}
	if (input->to_keys) {
		return CONSOLE_TO_KEYS;
	}
	/* A full ring drops the newest: what is there may be half a line already acted upon. */
	if (input->produced - input->consumed < CONSOLE_RING_BYTES) {
		input->ring[input->produced++ % CONSOLE_RING_BYTES] = byte;
	}
	return CONSOLE_TO_GUEST;
}

size_t console_input_take(struct console_input *input, char *buffer, size_t length)
{
	size_t taken = 0;

	while (taken < length && input->consumed != input->produced) {
		buffer[taken++] = input->ring[input->consumed++ % CONSOLE_RING_BYTES];
	}
	return taken;
}

/* The domain's buffer, or a free one, or the one longest unused, whose text is lost. */
static struct console_line *find_line(struct console_lines *lines, uint16_t domid)
{
	struct console_line *best = &lines->line[0];

	for (unsigned int i = 0; i < CONSOLE_LINES; i++) {
		struct console_line *line = &lines->line[i];

		if (line->length != 0 && line->domid == domid) {
			return line;
		}
		if (best->length != 0 &&
		    (line->length == 0 ||
		     lines->now - line->used_at > lines->now - best->used_at)) {
			best = line;
		}
	}
	best->domid = domid;
	best->length = 0;
	return best;
}

/* Only text and tabs: a guest must not steer the administrator's terminal. */
static char printable(char byte)
{
	if (byte == '\t' || (unsigned char)byte >= 0x80 || (byte >= ' ' && byte < 0x7f)) {
		return byte;
	}
	return '?';
}

size_t console_lines_add(struct console_lines *lines, uint16_t domid, const char *text,
			 size_t length, char out[CONSOLE_LINE_BYTES], bool *complete)
{
	struct console_line *line = find_line(lines, domid);
	size_t taken = 0;

	*complete = false;
	line->used_at = ++lines->now;
	while (taken < length && !*complete) {
		char byte = text[taken++];

		if (byte == '\n') {
			*complete = true;
		} else if (byte != '\r' && byte != '\0') {
			line->text[line->length++] = printable(byte);
			*complete = line->length == CONSOLE_LINE_BYTES - 1;
		}
	}
	if (*complete) {
		memcpy(out, line->text, line->length);
		out[line->length] = '\0';
		line->length = 0;
	}
	return taken;
}
