/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iret hypercall: what it takes from its frame, what it refuses, and how the guest is left. */
#include "unit/cpu_world.h"

static struct iret_context frame;

static void setup(void)
{
	world_reset();
	frame = (struct iret_context){
		.rax = 0xa, .r11 = 0xb, .rcx = 0xc, .rip = CODE_VA, .cs = 0x33,
		.rflags = RFLAGS_IF | RFLAGS_CF, .rsp = USER_STACK + 8, .ss = 0x2b,
	};
}

static void run(void)
{
	sim_hypercall_begin();
	regs->entry_vector = ENTRY_SYSCALL;
	regs->rsp = KERNEL_STACK + 0x100;
	sim_guest_write(regs->rsp, &frame, sizeof(frame));
	pv_iret(&vcpu, regs);
}

static void a_frame_that_cannot_be_read_crashes(void)
{
	regs->rsp = 0x900000;
	pv_iret(&vcpu, regs);
	CU_ASSERT_EQUAL(crashes, 1);
	regs->rsp = HYPERVISOR_START - 8;
	pv_iret(&vcpu, regs);
	CU_ASSERT_EQUAL(crashes, 2);
	/* The core could read there. */
	map_page(HYPERVISOR_END - PAGE_SIZE);
	map_page(HYPERVISOR_END);
	regs->rsp = HYPERVISOR_END - 8;
	pv_iret(&vcpu, regs);
	CU_ASSERT_EQUAL(crashes, 3);
}

static void user_mode_needs_page_tables(void)
{
	pv->user_root = MFN_NONE;
	run();
	CU_ASSERT_EQUAL(crashes, 1);
	CU_ASSERT(pv->in_kernel);
}

static void rpl_3_means_user(void)
{
	run();
	CU_ASSERT_EQUAL(crashes, 0);
	CU_ASSERT_FALSE(pv->in_kernel);
	CU_ASSERT(mfn_eq(sim_cr3(0), roots[1]));
	CU_ASSERT_EQUAL(regs->rip, CODE_VA);
	CU_ASSERT_EQUAL(regs->cs, 0x33);
	CU_ASSERT_EQUAL(regs->ss, 0x2b);
	CU_ASSERT_EQUAL(regs->rsp, USER_STACK + 8);
	CU_ASSERT_EQUAL(regs->rax, 0xa);
	CU_ASSERT_EQUAL(regs->rcx, 0xc);
	CU_ASSERT_EQUAL(regs->r11, 0xb);
	CU_ASSERT_EQUAL(regs->rflags, RFLAGS_IF | RFLAGS_CF | RFLAGS_FIXED);
	CU_ASSERT_EQUAL(regs->entry_vector, 0);
}

static void rpl_0_stays_in_the_kernel_in_ring_3(void)
{
	frame.cs = 0x10000e030;
	frame.ss = 0xe028;
	run();
	CU_ASSERT(pv->in_kernel);
	CU_ASSERT_EQUAL(regs->cs, 0xe033);
	CU_ASSERT_EQUAL(regs->ss, 0xe02b);
}

static void the_mask_is_the_inverse_of_if(void)
{
	frame.rflags = 0;
	run();
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 1);
	CU_ASSERT(regs->rflags & RFLAGS_IF);
	setup();
	shared->vcpu_info[0].evtchn_upcall_mask = 7;
	run();
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 0);
}

static void iopl_and_vm_never_reach_the_cpu(void)
{
	frame.rflags |= RFLAGS_IOPL | RFLAGS_VM | RFLAGS_TF;
	run();
	CU_ASSERT_EQUAL(regs->rflags & (RFLAGS_IOPL | RFLAGS_VM), 0);
	CU_ASSERT(regs->rflags & RFLAGS_TF);
	CU_ASSERT_EQUAL(pv->iopl, 0);
}

static void the_assist_loads_the_virtual_iopl(void)
{
	domain.vm_assist = 1U << VMASST_TYPE_architectural_iopl;
	frame.rflags |= 1UL << RFLAGS_IOPL_SHIFT;
	run();
	CU_ASSERT_EQUAL(pv->iopl, 1);
}

static void a_syscall_frame_returns_by_sysret(void)
{
	frame.flags = VGCF_in_syscall;
	run();
	CU_ASSERT_EQUAL(regs->rcx, CODE_VA);
	CU_ASSERT_EQUAL(regs->r11, regs->rflags);
	CU_ASSERT_EQUAL(regs->cs, 0xe033);
	CU_ASSERT_EQUAL(regs->ss, 0xe02b);
	CU_ASSERT_EQUAL(regs->entry_vector, ENTRY_SYSCALL);
}

static void a_32_bit_syscall_frame_keeps_its_code_segment(void)
{
	frame.flags = VGCF_in_syscall;
	frame.cs = 0xe023;
	run();
	CU_ASSERT_EQUAL(regs->cs, 0xe023);
	CU_ASSERT_EQUAL(regs->entry_vector, 0);
}

static void it_ends_an_nmi(void)
{
	vcpu.nmi_blocked = true;
	run();
	CU_ASSERT_FALSE(vcpu.nmi_blocked);
}

static const struct unit_test tests[] = {
	UNIT(a_frame_that_cannot_be_read_crashes),
	UNIT(user_mode_needs_page_tables),
	UNIT(rpl_3_means_user),
	UNIT(rpl_0_stays_in_the_kernel_in_ring_3),
	UNIT(the_mask_is_the_inverse_of_if),
	UNIT(iopl_and_vm_never_reach_the_cpu),
	UNIT(the_assist_loads_the_virtual_iopl),
	UNIT(a_syscall_frame_returns_by_sysret),
	UNIT(a_32_bit_syscall_frame_keeps_its_code_segment),
	UNIT(it_ends_an_nmi),
};

int main(void)
{
	return unit_main("pv/iret", tests, array_size(tests), setup);
}
