/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that never gives its CPU back: what the scheduler owes the others is seen beside it. Made
 * like the microguests, but it ends only when it is destroyed.
 */
#include "guest.h"

void guest_test(void)
{
	for (;;) {
		__asm__ volatile("");
	}
}
