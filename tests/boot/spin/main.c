/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that never gives its CPU back: what the scheduler owes the others is seen beside it. With
 * the word "idle" on its command line it waits instead, for events that never come: the smallest
 * domain there is, of which ./bench makes many. Made like the microguests, but it ends only when it
 * is destroyed.
 */
#include "guest.h"

#include <xen/sched.h>

void guest_test(void)
{
	bool idle = memcmp(start_info->cmd_line, "idle", 4) == 0;

	for (;;) {
		if (idle) {
			hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
		}
		__asm__ volatile("");
	}
}
