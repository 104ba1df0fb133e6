/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The complete state of a PV vcpu: loading and saving it at a switch, and setting and reading it
 * for VCPUOP_initialise and the control domain, who pass a struct vcpu_guest_context.
 *
 * A context is checked before anything changes, except that references to its descriptor frames
 * and page tables are taken one after the other, each a point where the call may be restarted:
 * what was taken is found in place the next time. The vcpu does not run meanwhile.
 */
#include "pv/context.h"

#include "pv/bounce.h"
#include "pv/debugreg.h"
#include "pv/desc.h"
#include "pv/msr.h"
#include "pv/segment.h"
#include "pv/update.h"

#include "domain/vtime.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/shared.h"
#include "x86/cr.h"
#include "x86/desc.h"

#include <xen/errno.h>

#define CR4_INITIAL 0x660UL /* what pv_cr4_filter() makes of 0 */
#define FPU_LEGACY_BYTES 512U
#define FPU_MXCSR_OFFSET 24U
#define FPU_MXCSR_VALID 0xffffU
#define FPU_XSTATE_BV_OFFSET 512U
#define VM_ASSIST_VALID 0x3fUL
#define VM_ASSIST_HIGH_VALID 1UL /* bit 32: m2p_strict */
#define CR0_SHOWN (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG)

/* --- switching ------------------------------------------------------------------------------- */

void pv_load(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;

	pv_cr4_load(v);
	pv_load_root(v);
	pv_desc_load(v);
	pv_segments_load(v);
	fpu_load(v->fpu, v->xcr0);
	if (p->task_switched) {
		pv_set_task_switched(v, true);
	}
	pv_debug_load(v);
	pv_tsc_aux_load(v);
}

void pv_save(struct vcpu *v)
{
	pv_segments_save(v);
	pv_debug_save(v);
	if (v->pv->task_switched) {
		cpu_clts();
	}
	fpu_save(v->fpu, v->xcr0);
}

/* --- a fresh one ----------------------------------------------------------------------------- */

void pv_context_init(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;

	memset(&v->regs, 0, sizeof(v->regs));
	memset(p->callbacks, 0, sizeof(p->callbacks));
	memset(p->traps, 0, 256 * sizeof(p->traps[0]));
	memset(p->dr, 0, sizeof(p->dr));
	v->trap_pending = false;
	v->nmi_blocked = false;
	v->xcr0 = XCR0_X87 | XCR0_SSE;
	fpu_area_init(v->fpu);
	p->in_kernel = true;
	p->iopl = 0;
	p->kernel_ss = 0;
	p->kernel_sp = 0;
	p->ds = p->es = p->fs = p->gs = 0;
	p->fs_base = p->gs_base_kernel = p->gs_base_user = 0;
	p->cr2 = 0;
	p->cr4 = CR4_INITIAL;
	p->task_switched = false;
	p->dr6 = DR6_RESERVED_ONE;
	p->dr7 = DR7_RESERVED_ONE;
	p->tsc_aux = 0;
	p->iobitmap = 0;
	p->iobitmap_ports = 0;
	p->failsafe_pending = false;
}

/* --- setting --------------------------------------------------------------------------------- */

static int check_addresses(const struct vcpu_guest_context *c)
{
	const uint64_t addresses[] = {
		c->user_regs.rip, c->user_regs.rsp, c->kernel_sp, c->event_callback_eip,
		c->failsafe_callback_eip, c->syscall_callback_eip, c->fs_base, c->gs_base_kernel,
		c->gs_base_user,
	};

	for (unsigned int i = 0; i < array_size(addresses); i++) {
		if (!address_is_canonical(addresses[i])) {
			return -XEN_EINVAL;
		}
	}
	for (unsigned int i = 0; i < array_size(c->trap_ctxt); i++) {
		if (!address_is_canonical(c->trap_ctxt[i].address)) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static int check_context(const struct vcpu_guest_context *c)
{
	if (c->gdt_ents > GDT_ENTRIES_MAX || c->ldt_ents > LDT_ENTRIES_MAX ||
	    (c->ldt_ents && (!is_aligned(c->ldt_base, PAGE_SIZE) ||
			     !address_is_canonical(c->ldt_base) ||
			     address_is_hypervisor(c->ldt_base)))) {
		return -XEN_EINVAL;
	}
	if (!(c->flags & VGCF_in_kernel) && c->ctrlreg[1] == 0) {
		return -XEN_EINVAL;
	}
	return check_addresses(c);
}

/* Replaces a root of a vcpu that does not run; equal is kept, so a restarted call passes. */
static int replace_root(struct vcpu *v, mfn_t *root, mfn_t wanted)
{
	int err;

	if (mfn_eq(*root, wanted)) {
		return 0;
	}
	if (!mfn_is_none(*root)) {
		err = pv_root_put(v->domain, *root);
		if (err) {
			return err;
		}
		*root = MFN_NONE;
	}
	if (mfn_is_none(wanted)) {
		return 0;
	}
	err = pv_root_get(v->domain, wanted);
	if (!err) {
		*root = wanted;
	}
	return err;
}

static mfn_t root_of(uint64_t control_register)
{
	return control_register ? mfn(control_register >> PAGE_SHIFT) : MFN_NONE;
}

static int take_memory(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int err = pv_finish_table(v);

	if (err) {
		return err;
	}
	err = pv_set_gdt(v, c->gdt_frames, c->gdt_ents);
	if (err) {
		return err;
	}
	err = replace_root(v, &v->pv->user_root, root_of(c->ctrlreg[1]));
	if (err) {
		return err;
	}
	err = replace_root(v, &v->pv->kernel_root, mfn(c->ctrlreg[3] >> PAGE_SHIFT));
	if (err) {
		return err;
	}
	/* Checked before: it cannot fail. */
	return pv_set_ldt(v, c->ldt_base, (uint32_t)c->ldt_ents);
}

static void set_registers(struct vcpu *v, const struct cpu_user_regs *from)
{
	struct cpu_regs *regs = &v->regs;

	_Static_assert(sizeof(*from) == sizeof(*regs), "one layout");
	memcpy(regs, from, sizeof(*regs));
	regs->cs = selector_guest_fix(regs->cs);
	regs->ss = selector_guest_fix(regs->ss);
	regs->error_code = 0;
	regs->entry_vector = 0;
	v->pv->iopl = (uint8_t)((regs->rflags & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT);
	regs->rflags = (regs->rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF | RFLAGS_FIXED;
	v->pv->ds = from->ds;
	v->pv->es = from->es;
	v->pv->fs = from->fs;
	v->pv->gs = from->gs;
}

static void set_fpu(struct vcpu *v, const struct vcpu_guest_context *c)
{
	uint8_t *area = v->fpu;
	uint64_t present = XCR0_X87 | XCR0_SSE;
	uint32_t mxcsr;

	fpu_area_init(area);
	if (!(c->flags & VGCF_I387_VALID)) {
		return;
	}
	memcpy(area, &c->fpu_ctxt, FPU_LEGACY_BYTES);
	/* Reserved bits would make loading it fault (SDM 1 10.2.3). */
	memcpy(&mxcsr, area + FPU_MXCSR_OFFSET, sizeof(mxcsr));
	mxcsr &= FPU_MXCSR_VALID;
	memcpy(area + FPU_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	memcpy(area + FPU_XSTATE_BV_OFFSET, &present, sizeof(present));
}

static void set_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct pv_vcpu *p = v->pv;

	p->callbacks[PV_CALLBACK_EVENT] = (struct pv_callback){c->event_callback_eip, true};
	p->callbacks[PV_CALLBACK_FAILSAFE] = (struct pv_callback){
		c->failsafe_callback_eip, c->flags & VGCF_failsafe_disables_events};
	p->callbacks[PV_CALLBACK_SYSCALL] = (struct pv_callback){
		c->syscall_callback_eip, c->flags & VGCF_syscall_disables_events};
	for (unsigned int i = 0; i < array_size(c->trap_ctxt); i++) {
		p->traps[i] = (struct pv_trap_handler){
			c->trap_ctxt[i].address,
			c->trap_ctxt[i].flags & (TI_DPL_MASK | TI_MASK_EVENTS),
		};
	}
}

/* Values a debug register cannot hold leave it at its default. */
static void set_debug_registers(struct vcpu *v, const uint64_t values[8])
{
	static const uint8_t order[] = {0, 1, 2, 3, 6, 7};

	for (unsigned int i = 0; i < array_size(order); i++) {
		(void)!pv_debugreg_set(v, order[i], values[order[i]]);
	}
}

static void set_rest(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct pv_vcpu *p = v->pv;

	pv_context_init(v);
	p->in_kernel = c->flags & VGCF_in_kernel;
	set_registers(v, &c->user_regs);
	set_fpu(v, c);
	set_callbacks(v, c);
	p->kernel_ss = selector_guest_fix((uint16_t)c->kernel_ss);
	p->kernel_sp = c->kernel_sp;
	p->fs_base = c->fs_base;
	p->gs_base_kernel = c->gs_base_kernel;
	p->gs_base_user = c->gs_base_user;
	p->task_switched = c->ctrlreg[0] & CR0_TS;
	p->cr4 = pv_cr4_filter(v->domain, c->ctrlreg[4]);
	set_debug_registers(v, c->debugreg);
	if (v->id == 0) {
		atomic_write(&v->domain->vm_assist, (uint32_t)(c->vm_assist & VM_ASSIST_VALID));
		v->domain->vm_assist_high = (c->vm_assist >> 32) & VM_ASSIST_HIGH_VALID;
		/* The builder has cleared the shared page after the domain was created. */
		vtime_update_wallclock(v->domain);
	}
}

int pv_set_context(struct vcpu *v, const void *context)
{
	const struct vcpu_guest_context *c = context;
	int err = check_context(c);

	if (err) {
		return err;
	}
	err = take_memory(v, c);
	if (err) {
		return err;
	}
	set_rest(v, c);
	return 0;
}

/* --- reading --------------------------------------------------------------------------------- */

static void get_registers(struct vcpu *v, struct cpu_user_regs *to)
{
	memcpy(to, vcpu_regs(v), sizeof(*to));
	to->error_code = 0;
	to->entry_vector = 0;
	to->saved_upcall_mask = shared_read(&v->info->evtchn_upcall_mask);
	to->rflags |= (uint64_t)v->pv->iopl << RFLAGS_IOPL_SHIFT;
	to->ds = v->pv->ds;
	to->es = v->pv->es;
	to->fs = v->pv->fs;
	to->gs = v->pv->gs;
}

static void get_callbacks(struct vcpu *v, struct vcpu_guest_context *c)
{
	struct pv_vcpu *p = v->pv;

	c->event_callback_eip = p->callbacks[PV_CALLBACK_EVENT].address;
	c->failsafe_callback_eip = p->callbacks[PV_CALLBACK_FAILSAFE].address;
	c->syscall_callback_eip = p->callbacks[PV_CALLBACK_SYSCALL].address;
	if (p->callbacks[PV_CALLBACK_FAILSAFE].masks_events) {
		c->flags |= VGCF_failsafe_disables_events;
	}
	if (p->callbacks[PV_CALLBACK_SYSCALL].masks_events) {
		c->flags |= VGCF_syscall_disables_events;
	}
	for (unsigned int i = 0; i < array_size(c->trap_ctxt); i++) {
		c->trap_ctxt[i] = (struct trap_info){
			.vector = (uint8_t)i,
			.flags = p->traps[i].flags,
			.cs = p->traps[i].address ? FLAT_KERNEL_CS64 : 0,
			.address = p->traps[i].address,
		};
	}
}

static void get_memory(const struct pv_vcpu *p, struct vcpu_guest_context *c)
{
	c->ldt_base = p->ldt_base;
	c->ldt_ents = p->ldt_entries;
	c->gdt_ents = p->gdt_entries;
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		c->gdt_frames[i] = mfn_is_none(p->gdt_frames[i]) ? 0 : p->gdt_frames[i].n;
	}
	c->ctrlreg[1] = mfn_is_none(p->user_root) ? 0 : p->user_root.n << PAGE_SHIFT;
	c->ctrlreg[3] = mfn_is_none(p->kernel_root) ? 0 : p->kernel_root.n << PAGE_SHIFT;
}

void pv_get_context(struct vcpu *v, void *context)
{
	struct vcpu_guest_context *c = context;
	struct pv_vcpu *p = v->pv;

	memset(c, 0, sizeof(*c));
	c->flags = VGCF_I387_VALID | (p->in_kernel ? VGCF_in_kernel : 0);
	if (!(atomic_read(&v->pause_flags) & VCPU_DOWN)) {
		c->flags |= VGCF_online;
	}
	memcpy(&c->fpu_ctxt, v->fpu, FPU_LEGACY_BYTES);
	get_registers(v, &c->user_regs);
	get_callbacks(v, c);
	get_memory(p, c);
	c->kernel_ss = p->kernel_ss;
	c->kernel_sp = p->kernel_sp;
	c->ctrlreg[0] = CR0_SHOWN | (p->task_switched ? CR0_TS : 0);
	c->ctrlreg[2] = p->cr2;
	c->ctrlreg[4] = p->cr4;
	memcpy(c->debugreg, p->dr, sizeof(p->dr));
	c->debugreg[6] = p->dr6;
	c->debugreg[7] = p->dr7;
	c->vm_assist = v->domain->vm_assist | v->domain->vm_assist_high << 32;
	c->fs_base = p->fs_base;
	c->gs_base_kernel = p->gs_base_kernel;
	c->gs_base_user = p->gs_base_user;
}

int pv_reset_context(struct vcpu *v)
{
	int err = pv_finish_table(v);

	if (!err) {
		err = replace_root(v, &v->pv->user_root, MFN_NONE);
	}
	if (!err) {
		err = replace_root(v, &v->pv->kernel_root, MFN_NONE);
	}
	if (err) {
		return err;
	}
	pv_desc_release(v);
	pv_context_init(v);
	return 0;
}
