/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that with vga=keep what domain 0 prints on the hypervisor's console stands on the screen,
 * which is in VGA's text mode here: line below line, and scrolled at its end.
 *
 * cpus: 1
 * options: console=com1,vga vga=keep
 */
#include "guest.h"

#define SCREEN_MFN 0xb8
#define COLUMNS 80
#define ROWS 25

static volatile uint16_t cells[PAGE / sizeof(uint16_t)] __attribute__((aligned(4096)));

/* The row that begins with a text; ROWS: none. */
static unsigned int row_of(const char *text)
{
	for (unsigned int row = 0; row < ROWS; row++) {
		unsigned int i = 0;

		while (text[i] && (cells[row * COLUMNS + i] & 0xff) == (uint8_t)text[i]) {
			i++;
		}
		if (!text[i]) {
			return row;
		}
	}
	return ROWS;
}

void guest_test(void)
{
	unsigned int row;

	claim_equal("the_screen_is_domain_0s_to_map", remap((void *)cells, SCREEN_MFN, PTE_RW), 0);
	print("# a line\n# and the next\n");
	row = row_of("# a line ");
	claim(row < ROWS, "a_line_is_on_the_screen");
	claim_equal("the_next_is_below_it", row_of("# and the next "), row + 1);
	claim_equal("in_light_grey", cells[row * COLUMNS] >> 8, 7);
	for (unsigned int i = 0; i < ROWS; i++) {
		print("# %u\n", i);
	}
	claim_equal("old_lines_leave_above", row_of("# a line "), ROWS);
	claim(row_of("# 24 ") < ROWS, "new_ones_come_below");
}
