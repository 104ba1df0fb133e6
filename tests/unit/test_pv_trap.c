/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounces: frames word for word, event masks, order of delivery, software interrupts. */
#include "unit/cpu_world.h"

static void expect_frame(const uint64_t *words, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(stack_word(i), words[i]);
	}
}

static void a_kernel_exception_has_rpl_0_in_its_frame(void)
{
	const uint64_t frame[] = {0xc0ffee, 0x11, KERNEL_RIP, 0xe030, RFLAGS_IF | RFLAGS_FIXED,
				  KERNEL_STACK + 0x800, 0xe02b};

	take_trap(EXCEPTION_DE, 0);
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(regs->rip, HANDLER);
	CU_ASSERT_EQUAL(regs->rsp, KERNEL_STACK + 0x800 - 56);
	CU_ASSERT_EQUAL(regs->rsp & 15, 8);
	expect_frame(frame, 7);
	CU_ASSERT_EQUAL(regs->entry_vector & ENTRY_SYSCALL, ENTRY_SYSCALL);
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 0);
}

static void a_user_exception_goes_to_the_kernel_stack(void)
{
	const uint64_t frame[] = {0xc0ffee, 0x11, 0x15, CODE_VA, 0x100000033, RFLAGS_FIXED,
				  USER_STACK + 0xff8, 0x2b};

	enter_user();
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	take_trap(EXCEPTION_NP, 0x15);
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT(pv->in_kernel);
	CU_ASSERT(mfn_eq(sim_cr3(0), roots[0]));
	CU_ASSERT_EQUAL(regs->rsp, KERNEL_STACK + PAGE_SIZE - 64);
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x100 * EXCEPTION_NP);
	CU_ASSERT_EQUAL(regs->cs, 0xe033);
	CU_ASSERT_EQUAL(regs->ss, 0xe02b);
	expect_frame(frame, 8);
}

static void the_mask_of_before_is_saved_and_the_new_one_set(void)
{
	pv->traps[EXCEPTION_DE].flags = TI_MASK_EVENTS;
	take_trap(EXCEPTION_DE, 0);
	deliver_all();
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 1);
	CU_ASSERT_EQUAL(stack_word(3), 0xe030);
	CU_ASSERT_EQUAL(stack_word(4), RFLAGS_IF | RFLAGS_FIXED);
}

static void a_handler_starts_with_clean_flags(void)
{
	regs->rflags |= RFLAGS_TF | RFLAGS_NT | RFLAGS_AC | RFLAGS_RF | RFLAGS_DF;
	take_trap(EXCEPTION_DE, 0);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rflags, RFLAGS_IF | RFLAGS_FIXED | RFLAGS_DF);
	CU_ASSERT_EQUAL(stack_word(4), RFLAGS_IF | RFLAGS_FIXED | RFLAGS_TF | RFLAGS_NT |
					       RFLAGS_AC | RFLAGS_RF | RFLAGS_DF);
}

static void a_page_fault_tells_user_by_the_mode(void)
{
	cpu_write_cr2(0x5555);
	take_trap(EXCEPTION_PF, PF_ERROR_USER | PF_ERROR_WRITE);
	deliver_all();
	CU_ASSERT_EQUAL(stack_word(2), PF_ERROR_WRITE);
	CU_ASSERT_EQUAL(shared->vcpu_info[0].arch.cr2, 0x5555);
	CU_ASSERT_EQUAL(pv->cr2, 0x5555);
	regs->rsp = KERNEL_STACK + 0x800;
	enter_user();
	cpu_write_cr2(0x6666);
	take_trap(EXCEPTION_PF, PF_ERROR_USER);
	deliver_all();
	CU_ASSERT_EQUAL(stack_word(2), PF_ERROR_USER);
	CU_ASSERT_EQUAL(pv->cr2, 0x6666);
}

static void an_exception_without_handler_crashes(void)
{
	pv->traps[EXCEPTION_DE].address = 0;
	take_trap(EXCEPTION_DE, 0);
	deliver_all();
	CU_ASSERT_EQUAL(crashes, 1);
}

static void handlers_must_be_canonical(void)
{
	CU_ASSERT_EQUAL(pv_callback_set(&vcpu, PV_CALLBACK_EVENT, 1UL << 47, false), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_nmi_set(&vcpu, 1UL << 47, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_callback_set(&vcpu, PV_CALLBACK_EVENT, HANDLER, false), 0);
}

static void a_frame_that_cannot_be_written_crashes(void)
{
	shared->vcpu_info[0].evtchn_upcall_pending = 1;
	pv->callbacks[PV_CALLBACK_EVENT] = (struct pv_callback){HANDLER, true};
	regs->rsp = 0x900000;
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(crashes, 1);
	/* The core could write there. */
	map_page(HYPERVISOR_START);
	regs->rsp = HYPERVISOR_START + 0x1000;
	take_trap(EXCEPTION_DE, 0);
	deliver_all();
	CU_ASSERT_EQUAL(crashes, 2);
}

static void an_event_is_delivered_masked_and_once(void)
{
	shared->vcpu_info[0].evtchn_upcall_pending = 1;
	pv->callbacks[PV_CALLBACK_EVENT] = (struct pv_callback){HANDLER, true};
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(regs->rip, HANDLER);
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 1);
	CU_ASSERT_EQUAL(stack_word(3), 0xe030);
	CU_ASSERT_EQUAL(crashes, 0);
}

static void an_event_without_callback_crashes_and_ends(void)
{
	shared->vcpu_info[0].evtchn_upcall_pending = 1;
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(crashes, 1);
}

static void an_exception_that_masks_postpones_the_event(void)
{
	shared->vcpu_info[0].evtchn_upcall_pending = 1;
	pv->callbacks[PV_CALLBACK_EVENT] = (struct pv_callback){HANDLER, true};
	pv->traps[EXCEPTION_DE].flags = TI_MASK_EVENTS;
	take_trap(EXCEPTION_DE, 0);
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(regs->rip, HANDLER);
}

static void an_event_comes_on_top_of_an_exception_that_does_not_mask(void)
{
	shared->vcpu_info[0].evtchn_upcall_pending = 1;
	pv->callbacks[PV_CALLBACK_EVENT] = (struct pv_callback){HANDLER + 8, true};
	take_trap(EXCEPTION_DE, 0);
	CU_ASSERT_EQUAL(deliver_all(), 2);
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 8);
	CU_ASSERT_EQUAL(stack_word(2), HANDLER);
}

static void an_nmi_ignores_the_mask_and_blocks_the_next(void)
{
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	vcpu.nmi_pending = true;
	CU_ASSERT_EQUAL(deliver_all(), 1);
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x200);
	vcpu.nmi_pending = true;
	CU_ASSERT_EQUAL(deliver_all(), 0);
	CU_ASSERT(vcpu.nmi_pending);
}

static void an_nmi_without_handler_is_dropped(void)
{
	pv->traps[2].address = 0;
	vcpu.nmi_pending = true;
	CU_ASSERT_EQUAL(deliver_all(), 0);
	CU_ASSERT_FALSE(vcpu.nmi_pending);
}

static void the_failsafe_frame_holds_the_selectors(void)
{
	const uint64_t frame[] = {0xc0ffee, 0x11, 1, 2, 3, 4, KERNEL_RIP, 0xe030,
				  RFLAGS_IF | RFLAGS_FIXED, KERNEL_STACK + 0x800, 0xe02b};

	pv->callbacks[PV_CALLBACK_FAILSAFE] = (struct pv_callback){HANDLER, true};
	pv->failsafe_pending = true;
	pv->failsafe_ds = 1;
	pv->failsafe_es = 2;
	pv->failsafe_fs = 3;
	pv->failsafe_gs = 4;
	CU_ASSERT_EQUAL(deliver_all(), 1);
	expect_frame(frame, 11);
}

static void a_syscall_enters_the_kernel_with_the_users_state(void)
{
	const uint64_t frame[] = {CODE_VA + 2, 0x602, CODE_VA + 2, 0xe033, 0x602, USER_STACK + 0x10,
				  0xe02b};

	enter_user();
	pv->callbacks[PV_CALLBACK_SYSCALL] = (struct pv_callback){HANDLER, true};
	regs->rip = regs->rcx = CODE_VA + 2;
	regs->rflags = regs->r11 = RFLAGS_IF | RFLAGS_DF | RFLAGS_FIXED;
	regs->cs = 0xe033;
	regs->ss = 0xe02b;
	regs->rsp = USER_STACK + 0x10;
	pv_syscall(&vcpu, regs, PV_CALLBACK_SYSCALL);
	CU_ASSERT_EQUAL(regs->rip, HANDLER);
	CU_ASSERT_EQUAL(regs->rflags & RFLAGS_DF, 0);
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 1);
	expect_frame(frame, 7);
}

static void an_unregistered_syscall_is_an_invalid_opcode(void)
{
	enter_user();
	regs->rip = CODE_VA + 2;
	pv_syscall(&vcpu, regs, PV_CALLBACK_SYSCALL);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x600);
	CU_ASSERT_EQUAL(stack_word(2), CODE_VA);
}

static void an_unregistered_sysenter_is_a_protection_fault(void)
{
	enter_user();
	pv_syscall(&vcpu, regs, PV_CALLBACK_SYSENTER);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xd00);
	CU_ASSERT_EQUAL(stack_word(2), 0);
	CU_ASSERT_EQUAL(stack_word(3), 0);
	CU_ASSERT_EQUAL(stack_word(4), 3);
}

static void int_n_needs_the_guests_dpl(void)
{
	enter_user();
	put_code("\xcd\x40", 2);
	take_trap(EXCEPTION_GP, 0x40 << 3 | 2);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xd00);
	CU_ASSERT_EQUAL(stack_word(2), 0x202);
	CU_ASSERT_EQUAL(stack_word(3), CODE_VA);
	enter_user();
	pv->traps[0x40].flags = 3;
	take_trap(EXCEPTION_GP, 0x40 << 3 | 2);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x4000);
	CU_ASSERT_EQUAL(stack_word(2), CODE_VA + 2);
}

static void int_n_is_read_from_the_instruction(void)
{
	enter_user();
	put_code("\xcd\x40", 2);
	pv->traps[0x40].flags = 3;
	take_trap(EXCEPTION_GP, 0x40 << 4 | 2);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x4000);
}

static void a_dpl_0_entry_is_out_of_the_kernels_reach_too(void)
{
	put_code("\xcd\x40", 2);
	take_trap(EXCEPTION_GP, 0x40 << 3 | 2);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xd00);
}

static void int_0x80_needs_no_dpl_but_a_handler(void)
{
	enter_user();
	regs->rip = CODE_VA + 2;
	take_trap(0x80, 0);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x8000);
	enter_user();
	regs->rip = CODE_VA + 2;
	pv->traps[0x80].address = 0;
	take_trap(0x80, 0);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xd00);
	CU_ASSERT_EQUAL(stack_word(2), 0x402);
	CU_ASSERT_EQUAL(stack_word(3), CODE_VA);
}

static void device_not_available_clears_ts(void)
{
	pv->task_switched = true;
	cpu_write_cr0(cpu_read_cr0() | CR0_TS);
	take_trap(EXCEPTION_NM, 0);
	deliver_all();
	CU_ASSERT_FALSE(pv->task_switched);
	CU_ASSERT_EQUAL(cpu_read_cr0() & CR0_TS, 0);
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0x700);
}

static void a_debug_exception_merges_dr6(void)
{
	cpu_write_dr6(DR6_RESERVED_ONE | DR6_BS);
	pv->dr6 |= 1;
	take_trap(EXCEPTION_DB, 0);
	CU_ASSERT_EQUAL(pv->dr6, DR6_RESERVED_ONE | DR6_BS | 1);
	CU_ASSERT_EQUAL(cpu_read_dr6(), DR6_RESERVED_ONE);
}

static void a_fault_on_a_missing_ldt_page_shows_the_guests_address(void)
{
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, 0x7f0000000000, 600), 0);
	cpu_write_cr2(sim_ldt_window(0) + 0x1008);
	take_trap(EXCEPTION_PF, 0);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xe00);
	CU_ASSERT_EQUAL(pv->cr2, 0x7f0000001008);
}

static void the_window_is_no_concern_of_plain_accesses(void)
{
	cpu_write_cr2(sim_ldt_window(0) + 8);
	take_trap(EXCEPTION_PF, PF_ERROR_USER);
	deliver_all();
	CU_ASSERT_EQUAL(pv->cr2, sim_ldt_window(0) + 8);
}

static void a_failed_return_becomes_the_guests_exception(void)
{
	enter_user();
	regs->cs = 0x1003;
	pv_exit_fault(&vcpu, regs, EXCEPTION_GP, 0x1000);
	deliver_all();
	CU_ASSERT_EQUAL(regs->rip, HANDLER + 0xd00);
	CU_ASSERT_EQUAL(stack_word(2), 0x1000);
	CU_ASSERT_EQUAL(stack_word(4), 0x1003);
}

static void both_gs_bases_follow_the_mode(void)
{
	cpu_wrmsr(MSR_GS_BASE, 0x111);
	cpu_wrmsr(MSR_KERNEL_GS_BASE, 0x222);
	vcpu.areas_stale = true;
	enter_user();
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_GS_BASE), 0x222);
	CU_ASSERT(mfn_eq(sim_cr3(0), roots[1]));
	CU_ASSERT_EQUAL(area_writes, 0);
	pv_enter_kernel_mode(&vcpu);
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_GS_BASE), 0x111);
	CU_ASSERT_EQUAL(area_writes, 1);
}

static const struct unit_test tests[] = {
	UNIT(a_kernel_exception_has_rpl_0_in_its_frame),
	UNIT(a_user_exception_goes_to_the_kernel_stack),
	UNIT(the_mask_of_before_is_saved_and_the_new_one_set),
	UNIT(a_handler_starts_with_clean_flags),
	UNIT(a_page_fault_tells_user_by_the_mode),
	UNIT(an_exception_without_handler_crashes),
	UNIT(handlers_must_be_canonical),
		UNIT(a_frame_that_cannot_be_written_crashes),
	UNIT(an_event_is_delivered_masked_and_once),
	UNIT(an_event_without_callback_crashes_and_ends),
	UNIT(an_exception_that_masks_postpones_the_event),
	UNIT(an_event_comes_on_top_of_an_exception_that_does_not_mask),
	UNIT(an_nmi_ignores_the_mask_and_blocks_the_next),
	UNIT(an_nmi_without_handler_is_dropped),
	UNIT(the_failsafe_frame_holds_the_selectors),
	UNIT(a_syscall_enters_the_kernel_with_the_users_state),
	UNIT(an_unregistered_syscall_is_an_invalid_opcode),
	UNIT(an_unregistered_sysenter_is_a_protection_fault),
	UNIT(int_n_needs_the_guests_dpl),
	UNIT(int_n_is_read_from_the_instruction),
	UNIT(a_dpl_0_entry_is_out_of_the_kernels_reach_too),
	UNIT(int_0x80_needs_no_dpl_but_a_handler),
	UNIT(device_not_available_clears_ts),
	UNIT(a_debug_exception_merges_dr6),
	UNIT(a_fault_on_a_missing_ldt_page_shows_the_guests_address),
	UNIT(the_window_is_no_concern_of_plain_accesses),
	UNIT(a_failed_return_becomes_the_guests_exception),
	UNIT(both_gs_bases_follow_the_mode),
};

int main(void)
{
	return unit_main("pv/trap", tests, array_size(tests), world_reset);
}
