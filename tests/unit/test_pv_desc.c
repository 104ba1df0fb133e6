/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables: frames and their references, single descriptors, segments, debug registers. */
#include "unit/cpu_world.h"

#include "pv/segment.h"

#define CODE32 0x00cf9b000000ffffUL /* DPL 0 */
#define CODE64 0x00af9b000000ffffUL
#define LDT_DESCRIPTOR 0x0000820000000000UL

static uint64_t *entries(mfn_t m)
{
	return frame_map(m);
}

static unsigned int type_count(mfn_t m)
{
	return frame_type_count(frame_of(m));
}

static void a_gdt_that_is_too_long_is_refused(void)
{
	uint64_t frames[GDT_GUEST_FRAMES + 1];
	mfn_t m = give();

	for (unsigned int i = 0; i < array_size(frames); i++) {
		frames[i] = m.n;
	}
	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, GDT_ENTRIES_MAX + 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(type_count(m), 0);
	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, GDT_ENTRIES_MAX), 0);
	CU_ASSERT_EQUAL(type_count(m), GDT_GUEST_FRAMES);
	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, 0), 0);
	CU_ASSERT_EQUAL(type_count(m), 0);
	CU_ASSERT_EQUAL(frame_of(m)->refs & FRAME_REF_MASK, 1);
}

static void a_bad_frame_leaves_the_old_gdt(void)
{
	mfn_t first = give();
	mfn_t bad = give();
	uint64_t frames[2] = {first.n, bad.n};

	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, 16), 0);
	CU_ASSERT_EQUAL(type_count(first), 1);
	entries(bad)[100] = LDT_DESCRIPTOR;
	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, 513), -XEN_EINVAL);
	CU_ASSERT_EQUAL(type_count(first), 1);
	CU_ASSERT_EQUAL(type_count(bad), 0);
	CU_ASSERT_EQUAL(frame_of(bad)->refs & FRAME_REF_MASK, 1);
	CU_ASSERT_EQUAL(pv->gdt_entries, 16);
	CU_ASSERT(mfn_eq(sim_tables(0)->gdt[0], first));
}

static void descriptors_are_fixed_and_shown(void)
{
	mfn_t m = give();
	uint64_t frames[1] = {m.n};

	entries(m)[2] = CODE64;
	entries(m)[3] = CODE32;
	CU_ASSERT_EQUAL(pv_set_gdt(&vcpu, frames, 16), 0);
	CU_ASSERT_EQUAL(entries(m)[2], CODE64 | 3UL << 45);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0x13), 64);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0x1b), 32);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0x23), 0);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0x1003), 0);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0), 0);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0xe033), 64);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0xe023), 32);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, 0xe02b), 0);
	pv_desc_release(&vcpu);
	CU_ASSERT_EQUAL(type_count(m), 0);
	CU_ASSERT_EQUAL(frame_of(m)->refs & FRAME_REF_MASK, 1);
}

static void one_descriptor_is_checked_before_it_is_written(void)
{
	mfn_t m = give();
	maddr_t at = maddr((m.n << 12) + 0x10);

	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, maddr(at.n + 4), CODE32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, at, LDT_DESCRIPTOR), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, maddr(1UL << 45), CODE32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, maddr(roots[0].n << 12), CODE32),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, at, CODE32), 0);
	CU_ASSERT_EQUAL(entries(m)[2], CODE32 | 3UL << 45);
	CU_ASSERT_EQUAL(type_count(m), 0);
	frame_of(m)->owner = 7;
	CU_ASSERT_EQUAL(pv_update_descriptor(&domain, at, CODE32), -XEN_EINVAL);
}

static void an_ldt_page_is_mapped_at_first_touch(void)
{
	mfn_t l3 = give(), l2 = give(), l1 = give(), page = give();

	entries(roots[0])[0] = pte_make(l3, PTE_P | PTE_US | PTE_RW).raw;
	entries(l3)[0] = pte_make(l2, PTE_P | PTE_US | PTE_RW).raw;
	entries(l2)[0] = pte_make(l1, PTE_P | PTE_US | PTE_RW).raw;
	entries(l1)[0x51] = pte_make(page, PTE_P | PTE_US).raw;
	entries(l1)[0x52] = pte_make(give(), PTE_P | PTE_US).raw; /* behind the end */
	entries(page)[1] = CODE32;
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, 0x50001, 1024), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, HYPERVISOR_START, 1024), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, 0x50000, 8193), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, 0x50000, 1024), 0);
	CU_ASSERT_FALSE(pv_map_ldt_page(&vcpu, 0x10));
	CU_ASSERT_FALSE(pv_map_ldt_page(&vcpu, 0x2000));
	cpu_write_cr2(sim_ldt_window(0) + 0x1008);
	take_trap(EXCEPTION_PF, 0);
	CU_ASSERT_FALSE(vcpu.trap_pending);
	CU_ASSERT(mfn_eq(sim_tables(0)->ldt[1], page));
	CU_ASSERT_EQUAL(type_count(page), 1);
	CU_ASSERT_EQUAL(pv_code_bits(&vcpu, (513 << 3) | 7), 32);
	CU_ASSERT_EQUAL(pv_set_ldt(&vcpu, 0, 0), 0);
	CU_ASSERT_EQUAL(type_count(page), 0);
	CU_ASSERT(mfn_is_none(sim_tables(0)->ldt[1]));
}

static void bases_are_set_where_the_mode_has_them(void)
{
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, SEGBASE_FS, 1UL << 47), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, 4, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, SEGBASE_FS, 1), 0);
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, SEGBASE_GS_USER, 2), 0);
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, SEGBASE_GS_KERNEL, 3), 0);
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_FS_BASE), 1);
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_KERNEL_GS_BASE), 2);
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_GS_BASE), 3);
	sim_selector_set_bad(0x6b);
	CU_ASSERT_EQUAL(pv_segment_base_set(&vcpu, SEGBASE_GS_USER_SEL, 0x68), 0);
	CU_ASSERT_EQUAL(sim_selector(SIM_GS), 0);
}

static void debug_registers_are_checked(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 0, HYPERVISOR_START), -XEN_EPERM);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 6, 1UL << 32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 7, 1UL << 32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 7, DR7_GD), -XEN_EPERM);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 7, 1 | 2UL << 16), -XEN_EPERM);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 8, 0), -XEN_ENODEV);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 1, 0x1000), 0);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 5, 4), 0);
	CU_ASSERT_EQUAL(cpu_read_dr1(), 0x1000);
	CU_ASSERT_EQUAL(cpu_read_dr7(), 0x404);
	CU_ASSERT_EQUAL(pv_debugreg_get(&vcpu, 4, &value), 0);
	CU_ASSERT_EQUAL(value, 0xffff0ff0);
	pv->cr4 |= CR4_DE;
	CU_ASSERT_EQUAL(pv_debugreg_get(&vcpu, 4, &value), -XEN_ENODEV);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 7, 4 | 1 | 2UL << 16), 0);
	CU_ASSERT_EQUAL(cpu_read_dr7(), 0x404);
	CU_ASSERT_EQUAL(pv_debugreg_set(&vcpu, 7, 0), 0);
	CU_ASSERT_EQUAL(cpu_read_dr7(), 0x400);
}

static const struct unit_test tests[] = {
	UNIT(a_gdt_that_is_too_long_is_refused),
	UNIT(a_bad_frame_leaves_the_old_gdt),
	UNIT(descriptors_are_fixed_and_shown),
	UNIT(one_descriptor_is_checked_before_it_is_written),
	UNIT(an_ldt_page_is_mapped_at_first_touch),
	UNIT(bases_are_set_where_the_mode_has_them),
	UNIT(debug_registers_are_checked),
};

int main(void)
{
	return unit_main("pv/desc", tests, array_size(tests), world_reset);
}
