/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dispatch and multicalls: what happens to the registers, and that a list restarted after each
 * entry does what it does in one go. Calls about the CPU are stood in for: none runs here.
 */
#include "unit/call_world.h"

#include "mm/map.h"

#include "pv/bounce.h"

#include <xen/version.h>

static unsigned int irets;

void map_install_slots(pte_t *l4 unused_arg)
{
}

mfn_t map_idle_root(void)
{
	return mfn(0);
}

#define STAND_IN(name)                                                      \
	int64_t hypercall_##name(struct hypercall *call unused_arg)         \
	{                                                                   \
		return 0;                                                   \
	}
STAND_IN(set_trap_table)
STAND_IN(set_gdt)
STAND_IN(stack_switch)
STAND_IN(set_callbacks)
STAND_IN(set_debugreg)
STAND_IN(get_debugreg)
STAND_IN(update_descriptor)
STAND_IN(vm_assist)
STAND_IN(set_segment_base)
STAND_IN(nmi_op)
STAND_IN(callback_op)

/* Wants to be restarted, counting its first argument down and changing the last two. */
int64_t hypercall_fpu_taskswitch(struct hypercall *call)
{
	call->args[4] = call->args[0] * 2;
	call->args[5] = call->args[0] * 3;
	return call->args[0]-- == 0 ? 7 : -XEN_ERESTART;
}

int64_t hypercall_iret(struct hypercall *call unused_arg)
{
	irets++;
	return 1;
}

void pv_iret(struct vcpu *v unused_arg, struct cpu_regs *regs unused_arg)
{
	irets++;
}

static void setup(void)
{
	world_reset();
	irets = 0;
}

static struct cpu_regs run(uint64_t number, uint64_t a, uint64_t b)
{
	struct cpu_regs regs = {.rax = number, .rdi = a, .rsi = b, .rdx = 3, .r10 = 4, .r8 = 5,
				.r9 = 6, .rip = 0x1000};

	sim_hypercall_begin();
	restart_reset();
	hypercall_dispatch(dom1->vcpus[0], &regs);
	return regs;
}

static void unknown_numbers_answer_enosys(void)
{
	static const uint64_t unknown[] = {6, 11, 16, 19, 27, 40, 63, 64, 1000, ~0UL};

	for (size_t i = 0; i < array_size(unknown); i++) {
		CU_ASSERT_EQUAL((int64_t)run(unknown[i], 0, 0).rax, -XEN_ENOSYS);
	}
}

static void a_result_changes_rax_alone(void)
{
	struct cpu_regs regs = run(__HYPERVISOR_xen_version, XENVER_version, 2);

	CU_ASSERT_EQUAL(regs.rax, 4U << 16 | 17U);
	CU_ASSERT_EQUAL(regs.rip, 0x1000);
	CU_ASSERT_TRUE(regs.rdi == 0 && regs.rsi == 2 && regs.rdx == 3 && regs.r9 == 6);
}

static void a_restart_rewinds_to_the_call(void)
{
	struct cpu_regs regs = run(__HYPERVISOR_fpu_taskswitch, 9, 2);

	CU_ASSERT_EQUAL(regs.rax, __HYPERVISOR_fpu_taskswitch);
	CU_ASSERT_EQUAL(regs.rip, 0xffe);
	CU_ASSERT_TRUE(regs.rdi == 8 && regs.rsi == 2 && regs.rdx == 3 && regs.r10 == 4);
	CU_ASSERT_TRUE(regs.r8 == 18 && regs.r9 == 27);
}

static void iret_keeps_the_registers_it_loaded(void)
{
	CU_ASSERT_EQUAL(run(__HYPERVISOR_iret, 0, 0).rax, __HYPERVISOR_iret);
	CU_ASSERT_EQUAL(irets, 1);
}

/* --- multicall ------------------------------------------------------------------------------- */

static void entry(unsigned int i, uint64_t op, uint64_t a)
{
	struct multicall_entry e = {.op = op, .result = 99, .args = {a, 0, 0, 0, 0, 0}};

	put(WORLD_VA + i * sizeof(e), &e, sizeof(e));
}

static int64_t result_of(unsigned int i)
{
	struct multicall_entry e;

	get(&e, WORLD_VA + i * sizeof(e), sizeof(e));
	return (int64_t)e.result;
}

static void a_failing_entry_does_not_stop_the_rest(void)
{
	entry(0, __HYPERVISOR_xen_version, XENVER_version);
	entry(1, 63, 0);
	entry(2, __HYPERVISOR_multicall, 0);
	entry(3, __HYPERVISOR_xen_version, XENVER_pagesize);
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_multicall, WORLD_VA, 4, 0), 0);
	CU_ASSERT_EQUAL(result_of(0), 4 << 16 | 17);
	CU_ASSERT_EQUAL(result_of(1), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(result_of(2), -XEN_EINVAL);
	CU_ASSERT_EQUAL(result_of(3), 4096);
}

static void a_list_restarts_between_entries_and_within(void)
{
	for (unsigned int i = 0; i < 5; i++) {
		entry(i, __HYPERVISOR_fpu_taskswitch, i == 2 ? 3 : 0);
	}
	CU_ASSERT_EQUAL(call_units(dom1, hypercall_multicall, WORLD_VA, 5, 0, 1), 0);
	CU_ASSERT_EQUAL(world_stays, 8);
	for (unsigned int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(result_of(i), 7);
	}
}

static void a_long_list_gives_way(void)
{
	struct hypercall call = {.v = dom1->vcpus[0], .args = {WORLD_VA, 100}};

	for (unsigned int i = 0; i < 100; i++) {
		entry(i, __HYPERVISOR_xen_version, XENVER_version);
	}
	CU_ASSERT_EQUAL(stay(hypercall_multicall, &call, RESTART_UNITS), -XEN_ERESTART);
	CU_ASSERT_EQUAL(call.args[1], 100 - RESTART_UNITS);
	CU_ASSERT_EQUAL(call.args[0], WORLD_VA + RESTART_UNITS * 64);
}

static void dear_calls_give_way_sooner(void)
{
	struct hypercall call = {.v = dom1->vcpus[0], .args = {WORLD_VA, 100}};

	for (unsigned int i = 0; i < 100; i++) {
		entry(i, __HYPERVISOR_domctl, 0);
	}
	CU_ASSERT_EQUAL(stay(hypercall_multicall, &call, RESTART_UNITS), -XEN_ERESTART);
	CU_ASSERT(call.args[1] > 90);
}

static void iret_ends_a_list(void)
{
	struct cpu_regs regs;

	entry(0, __HYPERVISOR_iret, 0);
	entry(1, __HYPERVISOR_xen_version, XENVER_version);
	regs = run(__HYPERVISOR_multicall, WORLD_VA, 2);
	CU_ASSERT_EQUAL(regs.rax, __HYPERVISOR_multicall);
	CU_ASSERT_EQUAL(irets, 1);
	CU_ASSERT_EQUAL(result_of(1), 99);
}

static void a_list_that_cannot_be_read_or_written_faults(void)
{
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_multicall, 0x10000000, 1, 0), -XEN_EFAULT);
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_multicall, HYPERVISOR_START, 1, 0), -XEN_EFAULT);
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_multicall, 0x10000000, 0, 0), 0);
}

/* --- version, rights ------------------------------------------------------------------------- */

static void pv_guests_see_the_features_linux_demands(void)
{
	struct xen_feature_info info = {0, 0};

	put(WORLD_VA, &info, sizeof(info));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_xen_version, XENVER_get_features, WORLD_VA, 0), 0);
	get(&info, WORLD_VA, sizeof(info));
	CU_ASSERT_EQUAL(info.submap, 0x220e0U);
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_xen_version, XENVER_get_features, WORLD_VA, 0), 0);
	get(&info, WORLD_VA, sizeof(info));
	CU_ASSERT_EQUAL(info.submap, 0x228e0U);
	info.submap_idx = 1;
	put(WORLD_VA, &info, sizeof(info));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_xen_version, XENVER_get_features, WORLD_VA, 0),
			-XEN_EINVAL);
}

static void the_command_line_is_the_control_domains(void)
{
	char text[16];

	CU_ASSERT_EQUAL(call_as(dom1, hypercall_xen_version, XENVER_commandline, WORLD_VA, 0), 0);
	get(text, WORLD_VA, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "<denied>");
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_xen_version, XENVER_build_id, 0, 0), -XEN_EPERM);
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_xen_version, XENVER_build_id, 0, 0), -XEN_ENODATA);
}

static void rights_are_what_they_say(void)
{
	static const struct {
		enum right right;
		bool own, control_other, other_control;
	} rows[] = {
		{RIGHT_ANY, true, true, true},	       {RIGHT_TARGET, true, true, false},
		{RIGHT_DM, false, true, false},	       {RIGHT_CONTROL, false, true, false},
		{RIGHT_HARDWARE, false, true, false},  {RIGHT_XENSTORE, true, true, false},
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		CU_ASSERT_EQUAL(rights_check(dom1, dom1, rows[i].right) == 0, rows[i].own);
		CU_ASSERT_EQUAL(rights_check(dom0, dom1, rows[i].right) == 0,
				rows[i].control_other);
		CU_ASSERT_EQUAL(rights_check(dom1, dom0, rows[i].right) == 0,
				rows[i].other_control);
	}
}

static void control_and_hardware_are_different_rights(void)
{
	static const struct domain control = {.id = 7, .is_control = true};
	static const struct domain hardware = {.id = 8, .is_hardware = true};

	CU_ASSERT_EQUAL(rights_check(&control, NULL, RIGHT_CONTROL), 0);
	CU_ASSERT_EQUAL(rights_check(&control, NULL, RIGHT_HARDWARE), -XEN_EPERM);
	CU_ASSERT_EQUAL(rights_check(&hardware, NULL, RIGHT_HARDWARE), 0);
	CU_ASSERT_EQUAL(rights_check(&hardware, NULL, RIGHT_CONTROL), -XEN_EPERM);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(unknown_numbers_answer_enosys),
		UNIT(a_result_changes_rax_alone),
		UNIT(a_restart_rewinds_to_the_call),
		UNIT(iret_keeps_the_registers_it_loaded),
		UNIT(a_failing_entry_does_not_stop_the_rest),
		UNIT(a_list_restarts_between_entries_and_within),
		UNIT(a_long_list_gives_way),
		UNIT(dear_calls_give_way_sooner),
		UNIT(iret_ends_a_list),
		UNIT(a_list_that_cannot_be_read_or_written_faults),
		UNIT(pv_guests_see_the_features_linux_demands),
		UNIT(the_command_line_is_the_control_domains),
		UNIT(rights_are_what_they_say),
		UNIT(control_and_hardware_are_different_rights),
	};

	return unit_main("hypercall_dispatch", tests, array_size(tests), setup);
}
