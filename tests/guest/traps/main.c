/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that exceptions reach a paravirtual kernel as they would reach one on bare metal, with
 * the frame the ABI promises, and that the iret hypercall resumes it.
 */
#include "guest.h"

#include <xen/errno.h>

static struct trap_frame seen;
static unsigned int seen_count;
static uint64_t skip;

static bool note_and_skip(struct trap_frame *frame)
{
	seen = *frame;
	seen_count++;
	frame->rip += skip;
	return true;
}

static void expect(uint64_t bytes)
{
	memset(&seen, 0, sizeof(seen));
	seen_count = 0;
	skip = bytes;
}

static void page_fault(void)
{
	uint64_t here;

	expect(3);
	__asm__ volatile("lea 1f(%%rip), %0\n1: movb $0, (%1)"
			 : "=&r"(here)
			 : "c"(0x1234000UL)
			 : "memory");
	claim_equal("a_store_to_nowhere_is_a_page_fault", seen.vector, 14);
	claim_equal("its_error_code_says_kernel_write", seen.error, 2);
	claim_equal("its_rip_is_the_instruction", seen.rip, here);
	claim_equal("cr2_is_published", shared_info->vcpu_info[0].arch.cr2, 0x1234000);
	claim_equal("the_kernel_is_seen_as_ring_0", seen.cs & 3, 0);
}

static void m2p_hole(void)
{
	expect(3);
	__asm__ volatile("movb (%0), %%al\n\tnop" ::"c"(0xffff803ffffff000UL) : "rax", "memory");
	claim_equal("a_hole_in_the_m2p_is_the_guests_page_fault", seen.vector, 14);
	expect(2);
	__asm__ volatile("movb %%al, (%0)" ::"c"(0xffff800000000000UL) : "memory");
	claim_equal("the_m2p_cannot_be_written", seen.vector, 14);
}

static void others(void)
{
	expect(2);
	__asm__ volatile("ud2");
	claim_equal("ud2_is_an_invalid_opcode", seen.vector, 6);
	expect(0);
	__asm__ volatile("int3");
	claim_equal("int3_is_a_breakpoint", seen.vector, 3);
	expect(2);
	__asm__ volatile("div %%cl" ::"a"(1), "c"(0));
	claim_equal("division_by_zero_is_delivered", seen.vector, 0);
	expect(1);
	__asm__ volatile("hlt");
	claim_equal("hlt_is_a_general_protection_fault", seen.vector, 13);
	expect(2);
	__asm__ volatile("mov %%ax, %%ds" ::"a"(0x0123));
	claim_equal("a_bad_selector_faults", seen.vector, 13);
	claim_equal("with_the_selector_as_error_code", seen.error, 0x0120);
}

static void forced_cpuid(void)
{
	uint32_t a = 0x40000000, b, c = 0, d;

	expect(0);
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	claim(seen_count == 0 && b == 0x566e6558 && c == 0x65584d4d && d == 0x4d4d566e,
	      "forced_cpuid_names_the_hypervisor");
}

void guest_test(void)
{
	guest_trap_hook = note_and_skip;
	page_fault();
	m2p_hole();
	others();
	forced_cpuid();
	guest_trap_hook = NULL;
}
