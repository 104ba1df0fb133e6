/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves segment bases and selectors: set by call, by instruction and by MSR they are one thing;
 * the two GS bases change places with the mode; a bad selector for user GS becomes null.
 * cpu: -smap because QEMU 7.2 reads the stack of an IRET at ring 3 as the hypervisor would.
 */
#include "guest.h"

#include <xen/errno.h>

USER_CODE_BYTES(code_bases, "rdgsbase %rax\n\trdfsbase %rbx\n\tsyscall");
USER_CODE_BYTES(code_set, "mov $0x401000, %eax\n\twrgsbase %rax\n\tmov %gs:8, %rbx\n\tsyscall");

static struct user_space user;

static int64_t set_base(unsigned int which, uint64_t base)
{
	return hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low = 0, high = 0;

	attempt("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static void bases(void)
{
	uint64_t cell[2] = {0x1111, 0x2222}, value;

	claim_equal("fs", set_base(SEGBASE_FS, (uint64_t)cell), 0);
	__asm__ volatile("mov %%fs:8, %0" : "=r"(value));
	claim_equal("is_used", value, 0x2222);
	claim_equal("kernel_gs", set_base(SEGBASE_GS_KERNEL, (uint64_t)cell), 0);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(value));
	claim_equal("is_used_in_the_kernel", value, 0x1111);
	claim_equal("user_gs", set_base(SEGBASE_GS_USER, 0x401000), 0);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(value));
	claim_equal("is_not", value, 0x1111);
	claim_equal("the_msr_has_it", rdmsr(0xc0000102), 0x401000);
	claim_equal("no_address_as_fs_is_einval", set_base(SEGBASE_FS, 1UL << 63), -XEN_EINVAL);
	claim_equal("nor_as_kernel_gs", set_base(SEGBASE_GS_KERNEL, 1UL << 63), -XEN_EINVAL);
	claim_equal("nor_as_user_gs", set_base(SEGBASE_GS_USER, 1UL << 63), -XEN_EINVAL);
	claim_equal("an_unknown_base_is_einval", set_base(4, 0), -XEN_EINVAL);
	claim_equal("a_good_selector_for_user_gs", set_base(SEGBASE_GS_USER_SEL, FLAT_RING3_SS32),
		    0);
	claim_equal("a_bad_one_is_no_error", set_base(SEGBASE_GS_USER_SEL, 0x1233), 0);
	claim_equal("nor_changes_it_the_kernels", rdmsr(0xc0000101), (uint64_t)cell);
}

static void modes(void)
{
	uint64_t cr4 = 0, value, kernel[1] = {0x3333};

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	attempt("mov %0, %%cr4", ::"r"(cr4 | 0x10000) : "memory");
	claim_equal("the_base_instructions_can_be_had", trap_seen.vector, NO_TRAP);
	set_base(SEGBASE_GS_KERNEL, (uint64_t)kernel);
	set_base(SEGBASE_GS_USER, 0x401000);
	set_base(SEGBASE_FS, 0x401040);
	*(uint64_t *)(user.stack + 8) = 0x4444;
	USER_RUN(&user, code_bases);
	claim_equal("a_user_sees_its_gs", trap_seen.rax, 0x401000);
	claim_equal("and_fs", trap_seen.rbx, 0x401040);
	__asm__ volatile("rdgsbase %0" : "=r"(value));
	claim_equal("the_kernel_its_own", value, (uint64_t)kernel);
	set_base(SEGBASE_GS_USER, 0);
	USER_RUN(&user, code_set);
	claim_equal("a_user_sets_its_gs", trap_seen.rbx, 0x4444);
	claim_equal("the_kernel_reads_it_by_msr", rdmsr(0xc0000102), 0x401000);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(value));
	claim_equal("and_keeps_its_own", value, 0x3333);
	__asm__ volatile("wrgsbase %0" ::"r"(user.stack));
	USER_RUN(&user, code_bases);
	__asm__ volatile("rdgsbase %0" : "=r"(value));
	claim_equal("a_base_set_by_instruction_survives_user_mode", value, (uint64_t)user.stack);
}

static void selectors(void)
{
	uint16_t value = 0;

	attempt("mov %%ax, %%es", ::"a"(FLAT_RING3_DS32) : "memory");
	claim_equal("a_flat_selector_loads", trap_seen.vector, NO_TRAP);
	USER_RUN(&user, code_bases);
	__asm__ volatile("mov %%es, %0" : "=r"(value));
	claim_equal("it_is_kept_across_modes", value, FLAT_RING3_DS32);
	attempt("mov %%ax, %%es", ::"a"(0xe010) : "memory");
	claim_equal("the_hypervisors_data_segment_does_not", trap_seen.vector, 13);
	attempt("mov %%ax, %%ss", ::"a"(0) : "memory");
	claim_equal("nor_a_null_stack", trap_seen.vector, 13);
	attempt("pushq $0xe02b\n\tlea 8(%%rsp), %%rax\n\tpush %%rax\n\tpushf\n\tpushq $0xe033\n\t"
		"lea 1f(%%rip), %%rax\n\tpush %%rax\n\tiretq\n1:",
		::
			: "rax", "memory");
	claim_equal("iretq_to_oneself_needs_no_call", trap_seen.vector, NO_TRAP);
	claim_equal("a_stack_selector_of_ring_0_is_made_ring_3",
		    hypercall2(__HYPERVISOR_stack_switch, 0xe028, user.stack), 0);
}

void guest_test(void)
{
	claim(user_build(&user), "a_user_address_space_is_accepted");
	bases();
	modes();
	selectors();
}
