/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data segments. While a vcpu is loaded the CPU's registers are the truth: the guest may change
 * selectors and the active base without us. The two GS bases are the CPU's own pair, swapped at
 * each change of mode: kernel base active in kernel mode, user base in user mode; the core itself
 * uses neither. At a switch the selectors are loaded first, then all bases are written over what
 * that did to them.
 *
 * A selector that cannot be loaded any more (its LDT page or descriptor is gone) becomes null, and
 * the guest is told by its failsafe callback.
 */
#include "pv/segment.h"

#include "pv/desc.h"

#include "machine/cpu.h"
#include "machine/fault.h"
#include "x86/desc.h"
#include "x86/msr.h"

#include <xen/errno.h>

void pv_segments_save(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;
	uint64_t active = cpu_rdmsr(MSR_GS_BASE);
	uint64_t inactive = cpu_rdmsr(MSR_KERNEL_GS_BASE);

	p->ds = cpu_read_ds();
	p->es = cpu_read_es();
	p->fs = cpu_read_fs();
	p->gs = cpu_read_gs();
	p->fs_base = cpu_rdmsr(MSR_FS_BASE);
	p->gs_base_kernel = p->in_kernel ? active : inactive;
	p->gs_base_user = p->in_kernel ? inactive : active;
}

/* Loading a selector touches the LDT window, which the fault handler cannot fill for us here. */
static void find_ldt_page(struct vcpu *v, uint16_t selector)
{
	if (selector & SELECTOR_LDT) {
		(void)!pv_map_ldt_page(v, selector & ~7U);
	}
}

void pv_segments_load(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;
	bool failed = false;

	find_ldt_page(v, p->ds);
	find_ldt_page(v, p->es);
	find_ldt_page(v, p->fs);
	find_ldt_page(v, p->gs);
	failed |= fault_load_ds(p->ds) != 0;
	failed |= fault_load_es(p->es) != 0;
	failed |= fault_load_fs(p->fs) != 0;
	failed |= fault_load_gs(p->gs) != 0;
	cpu_wrmsr(MSR_FS_BASE, p->fs_base);
	cpu_wrmsr(MSR_GS_BASE, p->in_kernel ? p->gs_base_kernel : p->gs_base_user);
	cpu_wrmsr(MSR_KERNEL_GS_BASE, p->in_kernel ? p->gs_base_user : p->gs_base_kernel);
	if (failed) {
		p->failsafe_pending = true;
		p->failsafe_ds = p->ds;
		p->failsafe_es = p->es;
		p->failsafe_fs = p->fs;
		p->failsafe_gs = p->gs;
	}
}

int pv_segment_base_set(struct vcpu *v, uint64_t which, uint64_t base)
{
	uint16_t selector;

	if (which <= SEGBASE_GS_KERNEL && !address_is_canonical(base)) {
		return -XEN_EINVAL;
	}
	switch (which) {
	case SEGBASE_FS:
		cpu_wrmsr(MSR_FS_BASE, base);
		return 0;
	case SEGBASE_GS_USER:
		cpu_wrmsr(MSR_KERNEL_GS_BASE, base);
		return 0;
	case SEGBASE_GS_KERNEL:
		cpu_wrmsr(MSR_GS_BASE, base);
		return 0;
	case SEGBASE_GS_USER_SEL:
		/* A bad selector becomes null and is no error: guests treat one as fatal. */
		selector = selector_guest_fix((uint16_t)base);
		find_ldt_page(v, selector);
		(void)fault_load_gs_inactive(selector);
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

unsigned int pv_code_bits(struct vcpu *v, uint16_t selector)
{
	struct desc desc;
	uint64_t raw;

	if (selector == FLAT_RING3_CS64) {
		return 64;
	}
	if (!pv_descriptor_read(v, selector, &raw)) {
		return 0;
	}
	desc = desc_decode(raw);
	if (!desc.present || !desc_is_code(&desc)) {
		return 0;
	}
	if (desc.long_mode) {
		return 64;
	}
	return desc.big ? 32 : 16;
}

bool pv_segment_base(struct vcpu *v, uint16_t selector, uint64_t *base)
{
	uint64_t raw;

	if (!pv_descriptor_read(v, selector, &raw) || !(raw & DESC_PRESENT)) {
		return false;
	}
	*base = desc_decode(raw).base;
	return true;
}
