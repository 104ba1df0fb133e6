/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exits of a PVH guest, each a number of times between two marks; then the end.
 */
#include "../../../meter/marks.h"
#include "rows.h"

#include <xen/base.h>
#include <xen/sched.h>
#include <xen/version.h>

#include <stdint.h>

void pvh_main(void);

static int64_t hypercall(uint64_t number, uint64_t a, const void *b)
{
	int64_t result;

	__asm__ volatile("vmmcall" : "=a"(result), "+D"(a), "+S"(b) : "0"(number) : "memory");
	return result;
}

/* Once over to warm up. */
#define ROW(body)                                                                                  \
	do {                                                                                       \
		for (uint32_t i = 0; i < PVH_OPERATIONS; i++) {                                    \
			body;                                                                      \
		}                                                                                  \
		MARK(MARK_START);                                                                  \
		for (uint32_t i = 0; i < PVH_OPERATIONS; i++) {                                    \
			body;                                                                      \
		}                                                                                  \
		MARK(MARK_STOP);                                                                   \
	} while (0)

void pvh_main(void)
{
	struct sched_shutdown end = {.reason = SHUTDOWN_poweroff};
	uint32_t a, b, c, d;

	ROW(hypercall(__HYPERVISOR_xen_version, XENVER_version, 0));
	ROW(__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(1), "2"(0)));
	ROW(__asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(0x1b)));
	ROW(__asm__ volatile("inb %%dx, %%al" : "=a"(a) : "d"(0x300)));
	ROW(a = *(volatile uint32_t *)0xe0000000UL);
	ROW(a = *(volatile uint32_t *)0xfee00030UL);
	hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &end);
}
