/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated guests as the rest of the core sees them: the table of struct guest_ops, creation and
 * end, switching, and what happens on the way into the guest.
 *
 * Before each entry hvm_deliver() looks, always: vcpu.trap_pending stays true for these vcpus. It
 * acts on INIT and SIPI first; then one event is chosen (inject.h) and handed to the hardware, and
 * what must wait makes a window wanted. An event handed over stays until the entry takes it.
 *
 * Legend of who wakes: whoever raises something writes it first and calls vcpu_kick(); HLT sets
 * VCPU_BLOCKED first and looks second.
 */
#include "hvm/hvm.h"

#include "hvm/cpuid.h"
#include "hvm/walk.h"

#include "domain/guest_ops.h"
#include "domain/policy.h"
#include "domain/vtime.h"
#include "lib/log.h"
#include "machine/asm.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/shared.h"
#include "machine/tables.h"
#include "mm/heap.h"
#include "plat/clock.h"
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/sched.h>

const struct virt_ops *virt_ops;

/* --- what an interrupt controller asks of its vcpu ------------------------------------------- */

static struct vcpu *vcpu_of(struct vlapic *l)
{
	return container_of(l, struct hvm_vcpu, lapic)->vcpu;
}

static void lapic_kick(struct vlapic *l)
{
	vcpu_kick(vcpu_of(l));
}

static void lapic_nmi(struct vlapic *l)
{
	struct vcpu *v = vcpu_of(l);

	atomic_write(&v->nmi_pending, true);
	vcpu_kick(v);
}

/* A vcpu that is down has nobody to look at its INIT: the SIPI behind it brings it up. */
static void lapic_startup(struct vlapic *l, bool start)
{
	struct vcpu *v = vcpu_of(l);

	if (start) {
		v->is_initialised = true;
		vcpu_clear_flag(v, VCPU_DOWN);
	}
	vcpu_kick(v);
}

static struct vlapic *lapic_peer(struct vlapic *l, uint32_t index)
{
	struct vcpu *peer = vcpu_find(vcpu_of(l)->domain, index);

	return peer ? &peer->hvm->lapic : NULL;
}

static uint64_t lapic_tsc(struct vlapic *l)
{
	return hvm_tsc(vcpu_of(l));
}

static uint64_t ticks_to_ns(uint64_t ticks, uint32_t khz)
{
	return ticks / khz * 1000000U + ticks % khz * 1000000U / khz;
}

static uint64_t lapic_tsc_time(struct vlapic *l, uint64_t tsc)
{
	struct vcpu *v = vcpu_of(l);
	uint32_t khz = v->domain->tsc_emulated && v->domain->tsc_khz ? v->domain->tsc_khz
								     : clock_tsc_khz();
	int64_t left = (int64_t)(tsc - hvm_tsc(v));

	return clock_now() + (left > 0 ? ticks_to_ns((uint64_t)left, khz) : 0);
}

static const struct vlapic_ops lapic_ops = {
	.kick = lapic_kick,
	.nmi = lapic_nmi,
	.startup = lapic_startup,
	.peer = lapic_peer,
	.tsc = lapic_tsc,
	.tsc_time = lapic_tsc_time,
};

/* --- creation and end ------------------------------------------------------------------------ */

int hvm_domain_create(struct domain *d)
{
	int err;

	d->hvm = heap_new(struct hvm_domain);
	if (!d->hvm) {
		return -XEN_ENOMEM;
	}
	hvm_params_init(&d->hvm->params);
	err = p2m_create(&d->hvm->p2m);
	if (err) {
		heap_free(d->hvm);
		d->hvm = NULL;
		return err;
	}
	err = hvm_policy_create(d);
	if (err) {
		hvm_domain_free(d);
	}
	return err;
}

bool hvm_domain_shrink(struct domain *d)
{
	return p2m_shrink(&d->hvm->p2m);
}

void hvm_domain_free(struct domain *d)
{
	p2m_destroy(&d->hvm->p2m);
	heap_free(d->hvm);
	d->hvm = NULL;
	domain_policy_free(d);
}

static int create_vcpu(struct vcpu *v)
{
	struct hvm_vcpu *h = heap_new(struct hvm_vcpu);
	int err;

	if (!h) {
		return -XEN_ENOMEM;
	}
	h->vcpu = v;
	v->hvm = h;
	err = virt_ops->vcpu_create(v);
	if (err) {
		v->hvm = NULL;
		heap_free(h);
		return err;
	}
	vlapic_init(&h->lapic, &lapic_ops, v->id, v->domain->max_vcpus, v->unit.cpu);
	hvm_policy_changed(v);
	hvm_reset_state(v);
	v->trap_pending = true;
	return 0;
}

static void free_vcpu(struct vcpu *v)
{
	if (v->hvm) {
		vlapic_fini(&v->hvm->lapic);
		virt_ops->vcpu_free(v);
		heap_free(v->hvm);
		v->hvm = NULL;
	}
}

static int teardown(struct domain *d)
{
	return p2m_foreign_teardown(&d->hvm->p2m);
}

/* --- switching ------------------------------------------------------------------------------- */

static bool has_tsc_aux(void)
{
	return (cpu_cpuid(0x80000001, 0).d & CPUID_E1D_RDTSCP) != 0;
}

static void load_debug(struct vcpu *v)
{
	if (virt_ops->read(v, HVM_DR7) & DR7_ENABLE_MASK) {
		hvm_debug_load(v);
	}
}

static void save_debug(struct vcpu *v)
{
	struct hvm_vcpu *h = v->hvm;

	if (h->debug_loaded) {
		h->dr[0] = cpu_read_dr0();
		h->dr[1] = cpu_read_dr1();
		h->dr[2] = cpu_read_dr2();
		h->dr[3] = cpu_read_dr3();
		h->debug_loaded = false;
		virt_ops->pass_debug(v, false);
	}
}

static void load(struct vcpu *v)
{
	unsigned int cpu = this_cpu();
	struct hvm_vcpu *h = v->hvm;

	/* Before the first entry: from then on this CPU may cache translations. */
	if (!atomic_bit_test(v->domain->dirty_cpus.words, cpu)) {
		(void)atomic_bit_test_and_set(v->domain->dirty_cpus.words, cpu);
	}
	cpu_local()->regs.entry_vector = ENTRY_VMRUN;
	/* What comes back from the guest has the LDT of nobody. */
	tables_show_ldt(0);
	fpu_load(v->fpu, v->xcr0);
	load_debug(v);
	if (has_tsc_aux()) {
		h->tsc_aux_of_host = cpu_rdmsr(MSR_TSC_AUX);
		cpu_wrmsr(MSR_TSC_AUX, h->msrs.tsc_aux);
	}
	vlapic_migrate(&h->lapic, cpu);
	virt_ops->set_tsc(v, v->tsc_offset, v->domain->tsc_emulated);
	virt_ops->load(v);
}

static void save(struct vcpu *v)
{
	virt_ops->save(v);
	save_debug(v);
	if (has_tsc_aux()) {
		cpu_wrmsr(MSR_TSC_AUX, v->hvm->tsc_aux_of_host);
	}
	if (fpu_features()) {
		/* Its XCR0 says what it uses, not what is worth keeping. */
		v->xcr0 = cpu_xgetbv(0);
		cpu_xsetbv(0, fpu_features());
	}
	fpu_save(v->fpu, fpu_features());
}

/* --- the way in ------------------------------------------------------------------------------ */

static void gather(struct vcpu *v, struct inject_inputs *inputs)
{
	struct hvm_vcpu *h = v->hvm;
	uint8_t vector = hvm_params_callback_vector(&v->domain->hvm->params);

	*inputs = (struct inject_inputs){
		.interrupts_on = (vcpu_regs(v)->rflags & RFLAGS_IF) != 0,
		.shadow = virt_ops->is_shadowed(v),
		.nmi_pending = atomic_read(&v->nmi_pending),
		.callback_pending = vector != 0 && shared_read(&v->info->evtchn_upcall_pending),
		.callback_vector = vector,
		.lapic_vector = vlapic_due(&h->lapic),
	};
}

bool hvm_is_woken(struct vcpu *v)
{
	struct inject_inputs inputs;

	gather(v, &inputs);
	return inject_wakes(&v->hvm->inject, &inputs) ||
	       vlapic_startup_is_pending(&v->hvm->lapic);
}

/* Each sets its own flag before it looks at the others': the last one sees all. */
void hvm_vcpu_down(struct vcpu *v)
{
	struct vcpu *other;

	vcpu_set_flag(v, VCPU_DOWN);
	atomic_fence();
	if (vlapic_startup_is_pending(&v->hvm->lapic)) {
		vcpu_clear_flag(v, VCPU_DOWN);
		return;
	}
	for_each_vcpu (v->domain, other) {
		if (!(atomic_read(&other->pause_flags) & VCPU_DOWN)) {
			return;
		}
	}
	domain_shutdown(v->domain, SHUTDOWN_poweroff);
}

static void start_up(struct vcpu *v)
{
	uint8_t vector = 0;

	switch (vlapic_take_startup(&v->hvm->lapic, &vector)) {
	case VLAPIC_NOTHING:
		break;
	case VLAPIC_WAIT:
		hvm_reset_state(v);
		vcpu_set_flag(v, VCPU_DOWN);
		/* The SIPI may have come before the flag was there to be cleared. */
		atomic_fence();
		if (vlapic_startup_is_pending(&v->hvm->lapic)) {
			vcpu_clear_flag(v, VCPU_DOWN);
		}
		break;
	case VLAPIC_START:
		hvm_reset_state(v);
		hvm_start_at_sipi(v, vector);
		break;
	}
}

static void hand_over(struct vcpu *v, const struct inject_choice *choice)
{
	struct hvm_vcpu *h = v->hvm;

	virt_ops->want_windows(v, choice->want_interrupt_window, choice->want_nmi_window);
	if (choice->event.exists) {
		if (choice->from_lapic) {
			vlapic_accept(&h->lapic, choice->event.vector);
		}
		if (choice->from_nmi) {
			atomic_write(&v->nmi_pending, false);
		}
		virt_ops->inject(v, &choice->event);
	}
}

/* The edge of the upcall vector is lost on a local APIC that is disabled, as it is while Linux
 * starts: told again when it is on. */
static void announce_to_enabled(struct vcpu *v)
{
	struct hvm_vcpu *h = v->hvm;
	bool enabled = vlapic_is_enabled(&h->lapic);

	if (enabled && !h->lapic_was_enabled && shared_read(&v->info->evtchn_upcall_pending)) {
		hvm_upcall(v);
	}
	h->lapic_was_enabled = enabled;
}

static bool deliver(struct vcpu *v)
{
	struct inject_inputs inputs;
	struct inject_choice choice;

	if (vlapic_startup_is_pending(&v->hvm->lapic)) {
		start_up(v);
		return true;
	}
	announce_to_enabled(v);
	virt_ops->set_tpr(v, (uint8_t)vlapic_cr8(&v->hvm->lapic));
	if (virt_ops->is_injecting(v)) {
		return false;
	}
	gather(v, &inputs);
	choice = inject_choose(&v->hvm->inject, &inputs);
	hand_over(v, &choice);
	return false;
}

void hvm_upcall(struct vcpu *v)
{
	uint8_t vector = atomic_read(&v->hvm->upcall_vector);

	if (vector != 0) {
		vlapic_raise(&v->hvm->lapic, vector);
	}
}

void hvm_triple_fault(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint64_t reason = atomic_read(&d->hvm->params.value[HVM_PARAM_TRIPLE_FAULT_REASON]);

	log_guest(LOG_INFO, d->id, "vcpu %u: triple fault at %#lx, cr3 %#lx", v->id,
		  vcpu_regs(v)->rip, virt_ops->read(v, HVM_CR3));
	domain_shutdown(d, (uint8_t)reason);
}

void hvm_inject_exception(struct vcpu *v, uint8_t vector, uint32_t error)
{
	if (!inject_exception(&v->hvm->inject, vector, error)) {
		hvm_triple_fault(v);
	}
}

void hvm_inject_page_fault(struct vcpu *v, uint64_t address, uint32_t error)
{
	virt_ops->write(v, HVM_CR2, address);
	hvm_inject_exception(v, EXCEPTION_PF, error);
}

/* --- memory ---------------------------------------------------------------------------------- */

void hvm_walk_mode(const struct vcpu *v, struct walk_mode *mode)
{
	*mode = (struct walk_mode){
		.cr0 = virt_ops->read(v, HVM_CR0),
		.cr3 = virt_ops->read(v, HVM_CR3),
		.cr4 = virt_ops->read(v, HVM_CR4),
		.efer = virt_ops->read(v, HVM_EFER),
		.rflags = vcpu_is_loaded(v) ? cpu_local()->regs.rflags : v->regs.rflags,
	};
}

static size_t copy_in(struct vcpu *v, void *to, uint64_t from, size_t bytes)
{
	struct walk_fault fault;
	struct walk_mode mode;

	hvm_walk_mode(v, &mode);
	return walk_copy_in(v->domain, &mode, to, gva(from), bytes, WALK_NO_SMAP, &fault);
}

static size_t copy_out(struct vcpu *v, uint64_t to, const void *from, size_t bytes)
{
	struct walk_fault fault;
	struct walk_mode mode;

	hvm_walk_mode(v, &mode);
	return walk_copy_out(v->domain, &mode, gva(to), from, bytes, WALK_NO_SMAP, &fault);
}

static int translate(struct domain *d, gfn_t g, mfn_t *m)
{
	struct p2m_entry entry;

	p2m_get(&d->hvm->p2m, g, &entry);
	*m = entry.mfn;
	return entry.kind == P2M_HOLE || entry.kind == P2M_MMIO ? -XEN_EINVAL : 0;
}

/* Frames of translated guests have no types: there are no page tables of ours among them. */
static int get_writable(struct domain *d unused_arg, struct frame *f unused_arg)
{
	return 0;
}

static void put_writable(struct domain *d unused_arg, struct frame *f unused_arg)
{
}

static int map_grant(struct vcpu *v, const struct grant_mapping *mapping)
{
	struct p2m *p2m = &v->domain->hvm->p2m;
	gfn_t g = gfn(mapping->host_address >> PAGE_SHIFT);
	int err;

	if (page_offset(mapping->host_address)) {
		return GNTST_general_error;
	}
	spin_lock(&p2m->lock);
	err = p2m_fill_locked(p2m, g, mapping->mfn, mapping->readonly ? P2M_GRANT_RO : P2M_GRANT);
	spin_unlock(&p2m->lock);
	return err ? GNTST_general_error : GNTST_okay;
}

static int unmap_grant(struct vcpu *v, const struct grant_mapping *mapping)
{
	struct p2m *p2m = &v->domain->hvm->p2m;
	gfn_t g = gfn(mapping->host_address >> PAGE_SHIFT);
	struct p2m_entry entry;
	bool removed = false;
	int err = 0;

	spin_lock(&p2m->lock);
	p2m_get(p2m, g, &entry);
	if (entry.kind == (mapping->readonly ? P2M_GRANT_RO : P2M_GRANT)) {
		err = p2m_remove_locked(p2m, g, mapping->mfn, &removed);
	}
	spin_unlock(&p2m->lock);
	return err || !removed ? GNTST_general_error : GNTST_okay;
}

const struct guest_ops hvm_guest_ops = {
	.name = "PVH",
	.is_pv = false,
	.vcpu_create = create_vcpu,
	.vcpu_free = free_vcpu,
	.load = load,
	.save = save,
	.deliver = deliver,
	.upcall = hvm_upcall,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.translate = translate,
	.get_writable = get_writable,
	.put_writable = put_writable,
	.grant_map = map_grant,
	.grant_unmap = unmap_grant,
	.set_context = hvm_set_context,
	.get_context = hvm_get_context,
	.reset_context = hvm_reset_context,
	.teardown = teardown,
};
