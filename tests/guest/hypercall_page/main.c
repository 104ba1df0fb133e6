/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a kernel of the older kind starts: it has no ENTRY note, so the ELF entry counts, and
 * asks for a hypercall page, whose slots make the calls.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/version.h>

extern const char hypercall_page[];

static int64_t call_slot(uint64_t number, uint64_t a, uint64_t b)
{
	uint64_t slot = (uint64_t)hypercall_page + number * 32;
	int64_t result;

	__asm__ volatile("call *%1"
			 : "=a"(result), "+r"(slot), "+D"(a), "+S"(b)
			 :
			 : "rdx", "r8", "r9", "r10", "memory");
	return result;
}

static uint64_t call_keeping(uint64_t number, uint64_t *rcx, uint64_t *r11)
{
	register uint64_t eleven __asm__("r11") = *r11;
	uint64_t result, c = *rcx, slot = (uint64_t)hypercall_page + number * 32;

	__asm__ volatile("call *%%rdx"
			 : "=a"(result), "+c"(c), "+r"(eleven), "+d"(slot)
			 : "D"(0), "S"(0)
			 : "r8", "r9", "r10", "memory");
	*rcx = c;
	*r11 = eleven;
	return result;
}

void guest_test(void)
{
	uint64_t rcx = 0x1234, r11 = 0x5678;

	claim_equal("a_slot_makes_its_call",
		    call_slot(__HYPERVISOR_xen_version, XENVER_version, 0), 4 << 16 | 17);
	claim_equal("a_slot_without_a_call_is_enosys", call_slot(60, 0, 0), -XEN_ENOSYS);
	claim_equal("the_last_slot_is_there", call_slot(127, 0, 0), -XEN_ENOSYS);
	claim_equal("a_slot_returns_the_answer",
		    (int64_t)call_keeping(__HYPERVISOR_xen_version, &rcx, &r11), 4 << 16 | 17);
	claim(rcx == 0x1234 && r11 == 0x5678, "a_slot_keeps_rcx_and_r11");
}
