/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: what is refused, what round-trips, and what a switch keeps. */
#include "unit/cpu_world.h"

#undef regs /* the fields of that name are meant here */

static struct vcpu_guest_context context, copy;
static mfn_t new_root;

static void setup(void)
{
	world_reset();
	cpu_local()->current_vcpu = NULL;
	new_root = give_root();
	frame_of(new_root)->refs--;
	frame_of(new_root)->type--;
	memset(&context, 0, sizeof(context));
	context.flags = VGCF_in_kernel | VGCF_online;
	context.user_regs.rip = KERNEL_RIP;
	context.user_regs.rsp = 0x1000;
	context.user_regs.cs = 0x10;
	context.user_regs.ss = 0x18;
	context.user_regs.rflags = 0x1000;
	context.user_regs.ds = 0x2b;
	context.ctrlreg[3] = new_root.n << 12;
	context.kernel_ss = 0x18;
	context.kernel_sp = 0x2000;
	context.gs_base_kernel = 0xffff888000001000;
	context.trap_ctxt[14] = (struct trap_info){.vector = 3, .flags = 4, .address = HANDLER};
	context.debugreg[7] = 0x400;
	context.debugreg[6] = 0xffff0ff0;
}

static void addresses_must_be_canonical(void)
{
	const size_t fields[] = {
		offsetof(struct vcpu_guest_context, user_regs.rip),
		offsetof(struct vcpu_guest_context, user_regs.rsp),
		offsetof(struct vcpu_guest_context, kernel_sp),
		offsetof(struct vcpu_guest_context, event_callback_eip),
		offsetof(struct vcpu_guest_context, failsafe_callback_eip),
		offsetof(struct vcpu_guest_context, syscall_callback_eip),
		offsetof(struct vcpu_guest_context, fs_base),
		offsetof(struct vcpu_guest_context, gs_base_kernel),
		offsetof(struct vcpu_guest_context, gs_base_user),
		offsetof(struct vcpu_guest_context, trap_ctxt[200].address),
	};

	for (unsigned int i = 0; i < array_size(fields); i++) {
		*(uint64_t *)(void *)((char *)&context + fields[i]) = 1UL << 47;
		CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
		setup();
	}
	CU_ASSERT(mfn_eq(pv->kernel_root, roots[0]));
}

static void table_sizes_are_limited(void)
{
	context.gdt_ents = GDT_ENTRIES_MAX + 1;
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
	context.gdt_ents = 0;
	context.ldt_ents = LDT_ENTRIES_MAX + 1;
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
	context.ldt_ents = 1;
	context.ldt_base = 8;
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
}

static void user_mode_needs_user_tables(void)
{
	context.flags = 0;
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
}

static void a_root_that_is_none_is_refused(void)
{
	context.ctrlreg[3] = 1UL << 40;
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), -XEN_EINVAL);
	CU_ASSERT(mfn_is_none(pv->kernel_root));
}

static void a_context_is_taken_over(void)
{
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	CU_ASSERT(mfn_eq(pv->kernel_root, new_root));
	CU_ASSERT(mfn_is_none(pv->user_root));
	CU_ASSERT_EQUAL(frame_type_count(frame_of(new_root)), 1);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(roots[0])), 0);
	CU_ASSERT_EQUAL(vcpu.regs.cs, 0x13);
	CU_ASSERT_EQUAL(vcpu.regs.ss, 0x1b);
	CU_ASSERT_EQUAL(vcpu.regs.rflags, RFLAGS_IF | RFLAGS_FIXED);
	CU_ASSERT_EQUAL(pv->iopl, 1);
	CU_ASSERT_EQUAL(pv->kernel_ss, 0x1b);
	CU_ASSERT_EQUAL(pv->cr4, 0x660);
	CU_ASSERT_EQUAL(pv->traps[14].address, HANDLER);
	CU_ASSERT_EQUAL(pv->traps[3].address, 0);
	CU_ASSERT_EQUAL(vcpu.regs.entry_vector, 0);
}

static void setting_it_twice_takes_no_more_references(void)
{
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(new_root)), 1);
	CU_ASSERT_EQUAL(pv_reset_context(&vcpu), 0);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(new_root)), 0);
	CU_ASSERT_EQUAL(frame_of(new_root)->refs & FRAME_REF_MASK, 1);
}

static void reading_gives_what_was_set(void)
{
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	pv_get_context(&vcpu, &copy);
	CU_ASSERT_EQUAL(copy.flags & VGCF_in_kernel, VGCF_in_kernel);
	CU_ASSERT_EQUAL(copy.user_regs.rip, KERNEL_RIP);
	CU_ASSERT_EQUAL(copy.user_regs.rflags, 0x1202);
	CU_ASSERT_EQUAL(copy.user_regs.ds, 0x2b);
	CU_ASSERT_EQUAL(copy.ctrlreg[3], context.ctrlreg[3]);
	CU_ASSERT_EQUAL(copy.ctrlreg[1], 0);
	CU_ASSERT_EQUAL(copy.ctrlreg[4], 0x660);
	CU_ASSERT_EQUAL(copy.trap_ctxt[14].address, HANDLER);
	CU_ASSERT_EQUAL(copy.trap_ctxt[14].vector, 14);
	CU_ASSERT_EQUAL(copy.gs_base_kernel, context.gs_base_kernel);
	CU_ASSERT_EQUAL(copy.debugreg[7], 0x400);
	CU_ASSERT_EQUAL(*(uint16_t *)(void *)&copy.fpu_ctxt, 0x37f);
}

static void reserved_bits_of_mxcsr_are_dropped(void)
{
	context.flags |= VGCF_I387_VALID;
	memset(&context.fpu_ctxt, 0xff, sizeof(context.fpu_ctxt));
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	pv_get_context(&vcpu, &copy);
	CU_ASSERT_EQUAL(*(uint32_t *)(void *)&copy.fpu_ctxt.x[24], 0xffff);
}

static void a_switch_keeps_everything(void)
{
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	pv->fs_base = 0x1111;
	pv->gs_base_user = 0x2222;
	pv->task_switched = true;
	pv->cr4 |= CR4_FSGSBASE;
	cpu_local()->current_vcpu = &vcpu;
	pv_load(&vcpu);
	CU_ASSERT(mfn_eq(sim_cr3(0), new_root));
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_GS_BASE), context.gs_base_kernel);
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_KERNEL_GS_BASE), 0x2222);
	CU_ASSERT_EQUAL(sim_selector(SIM_DS), 0x2b);
	CU_ASSERT(cpu_read_cr0() & CR0_TS);
	CU_ASSERT(cpu_read_cr4() & CR4_FSGSBASE);
	cpu_wrmsr(MSR_GS_BASE, 0x3333);
	cpu_wrmsr(MSR_FS_BASE, 0x4444);
	pv_save(&vcpu);
	CU_ASSERT_EQUAL(pv->gs_base_kernel, 0x3333);
	CU_ASSERT_EQUAL(pv->gs_base_user, 0x2222);
	CU_ASSERT_EQUAL(pv->fs_base, 0x4444);
	CU_ASSERT_EQUAL(pv->ds, 0x2b);
	CU_ASSERT_EQUAL(cpu_read_cr0() & CR0_TS, 0);
}

static void a_selector_that_cannot_be_loaded_is_told(void)
{
	CU_ASSERT_EQUAL(pv_set_context(&vcpu, &context), 0);
	sim_selector_set_bad(0x2b);
	pv_load(&vcpu);
	CU_ASSERT(pv->failsafe_pending);
	CU_ASSERT_EQUAL(pv->failsafe_ds, 0x2b);
	CU_ASSERT_EQUAL(sim_selector(SIM_DS), 0);
}

static void an_emulated_tsc_traps_in_every_mode(void)
{
	domain.tsc_emulated = true;
	pv_load(&vcpu);
	CU_ASSERT(cpu_read_cr4() & CR4_TSD);
	CU_ASSERT_EQUAL(pv->cr4 & CR4_TSD, 0);
}

static const struct unit_test tests[] = {
	UNIT(addresses_must_be_canonical),
	UNIT(table_sizes_are_limited),
	UNIT(user_mode_needs_user_tables),
	UNIT(a_root_that_is_none_is_refused),
	UNIT(a_context_is_taken_over),
	UNIT(setting_it_twice_takes_no_more_references),
	UNIT(reading_gives_what_was_set),
	UNIT(reserved_bits_of_mxcsr_are_dropped),
	UNIT(a_switch_keeps_everything),
	UNIT(a_selector_that_cannot_be_loaded_is_told),
	UNIT(an_emulated_tsc_traps_in_every_mode),
};

int main(void)
{
	return unit_main("pv/context", tests, array_size(tests), setup);
}
