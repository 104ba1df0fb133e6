/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions of PV guests, which arrive as #GP(0) because kernels run in ring 3, and
 * CPUID spelled with the hypervisor's prefix, which arrives as #UD. Most of the work is the
 * emulator's; here are the registers and ports it asks for. A refusal means the guest gets the
 * exception the CPU raised, at the same RIP.
 *
 * User mode may use ports (IOPL or bitmap), cli and sti with IOPL 3, the TSC, CPUID; all else is
 * its kernel's alone. RDMSR of the user GS base happens at each context switch of a guest with
 * FSGSBASE and is recognised without the emulator.
 */
#include "pv/priv.h"

#include "pv/cpuid.h"
#include "pv/debugreg.h"
#include "pv/msr.h"
#include "pv/port.h"
#include "pv/root.h"
#include "pv/segment.h"
#include "pv/update.h"

#include "domain/vtime.h"
#include "emul/emul.h"
#include "machine/cpu.h"
#include "machine/fault.h"
#include "machine/shared.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>

#define ITERATIONS_MAX 64U /* of a repeated port instruction per fault */

static struct vcpu *vcpu_of(struct emul_context *context)
{
	return context->data;
}

static enum emul_result refuse(struct emul_context *context)
{
	return emul_raise(context, EXCEPTION_GP, 0);
}

/* --- memory ---------------------------------------------------------------------------------- */

static enum emul_result fetch(struct emul_context *context, gva_t address, unsigned int bytes,
			      void *out, unsigned int *got)
{
	unsigned int rest = (unsigned int)PAGE_SIZE - page_offset(address.n);

	bytes = bytes < rest ? bytes : rest;
	if (!address_is_canonical(address.n)) {
		return EMUL_REFUSED;
	}
	if (address_is_hypervisor(address.n) || fault_copy_in(out, address.n, bytes) != 0) {
		return emul_raise_page_fault(context, address, PF_ERROR_FETCH);
	}
	*got = bytes;
	return EMUL_DONE;
}

static bool is_bad_address(gva_t address, unsigned int bytes)
{
	return address_is_hypervisor(address.n) || address_is_hypervisor(address.n + bytes - 1) ||
	       !address_is_canonical(address.n) || !address_is_canonical(address.n + bytes - 1);
}

static enum emul_result read_memory(struct emul_context *context, enum emul_segment segment,
				    gva_t address, unsigned int bytes, void *out,
				    enum emul_access access)
{
	if (is_bad_address(address, bytes)) {
		return refuse(context);
	}
	if (fault_copy_in(out, address.n, bytes) != 0) {
		return emul_raise_page_fault(context, gva(fault_last_address()), 0);
	}
	return EMUL_DONE;
}

static enum emul_result write_memory(struct emul_context *context, enum emul_segment segment,
				     gva_t address, unsigned int bytes, const void *value)
{
	if (is_bad_address(address, bytes)) {
		return refuse(context);
	}
	if (fault_copy_out(address.n, value, bytes) != 0) {
		return emul_raise_page_fault(context, gva(fault_last_address()), PF_ERROR_WRITE);
	}
	return EMUL_DONE;
}

static enum emul_result segment_base(struct emul_context *context, enum emul_segment segment,
				     uint64_t *base)
{
	struct vcpu *v = vcpu_of(context);
	uint16_t selector = 0;

	*base = 0;
	switch (segment) {
	case EMUL_FS:
		*base = cpu_rdmsr(MSR_FS_BASE);
		return EMUL_DONE;
	case EMUL_GS:
		*base = cpu_rdmsr(MSR_GS_BASE);
		return EMUL_DONE;
	case EMUL_CS:
		selector = context->regs->cs;
		break;
	case EMUL_SS:
		selector = context->regs->ss;
		break;
	case EMUL_DS:
		selector = cpu_read_ds();
		break;
	case EMUL_ES:
		selector = cpu_read_es();
		break;
	}
	if (context->mode_bits == 64) {
		return EMUL_DONE;
	}
	return pv_segment_base(v, selector, base) ? EMUL_DONE : refuse(context);
}

/* --- ports ----------------------------------------------------------------------------------- */

static enum emul_result io_permitted(struct emul_context *context, uint16_t port,
				     unsigned int bytes, bool *permitted)
{
	*permitted = pv_port_permitted(vcpu_of(context), port, bytes);
	return EMUL_DONE;
}

/* The breakpoint is a trap: after the access (SDM 3B 17.2.4). */
static void check_breakpoints(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	if (pv_debug_port_hit(v, port, bytes)) {
		pv_inject(v, EXCEPTION_DB, 0);
	}
}

static enum emul_result read_port(struct emul_context *context, uint16_t port, unsigned int bytes,
				  uint32_t *value)
{
	*value = pv_port_read(vcpu_of(context), port, bytes);
	check_breakpoints(vcpu_of(context), port, bytes);
	return EMUL_DONE;
}

static enum emul_result write_port(struct emul_context *context, uint16_t port, unsigned int bytes,
				   uint32_t value)
{
	pv_port_write(vcpu_of(context), port, bytes, value);
	check_breakpoints(vcpu_of(context), port, bytes);
	return EMUL_DONE;
}

/* --- flags, identification, time ------------------------------------------------------------- */

static enum emul_result set_interrupt_flag(struct emul_context *context, bool enabled)
{
	struct vcpu *v = vcpu_of(context);

	/* Permitted but without effect: events are masked by the guest's own byte. */
	return v->pv->iopl >= (v->pv->in_kernel ? 1 : 3) ? EMUL_DONE : EMUL_REFUSED;
}

static enum emul_result cpuid(struct emul_context *context, uint32_t leaf, uint32_t subleaf,
			      struct cpuid_leaf *out)
{
	*out = pv_cpuid(vcpu_of(context), leaf, subleaf, context->forced);
	return EMUL_DONE;
}

static enum emul_result read_tsc(struct emul_context *context, uint64_t *tsc, uint32_t *aux)
{
	struct vcpu *v = vcpu_of(context);

	if (aux && !(policy_word(v->domain->policy, POLICY_E1D) & CPUID_E1D_RDTSCP)) {
		return emul_raise(context, EXCEPTION_UD, 0);
	}
	if (!v->pv->in_kernel && (v->pv->cr4 & CR4_TSD)) {
		return EMUL_REFUSED;
	}
	*tsc = vtime_tsc(v);
	if (aux) {
		*aux = (uint32_t)v->pv->tsc_aux;
	}
	return EMUL_DONE;
}

static uint64_t guest_cr0(const struct vcpu *v)
{
	return (cpu_read_cr0() & ~CR0_TS) | (v->pv->task_switched ? CR0_TS : 0);
}

/*
 * CR4.UMIP keeps the hypervisor's tables from ring 3, and there are no others: a guest is told of
 * none. Programs from before UMIP go on.
 */
static enum emul_result read_table(struct emul_context *context, enum emul_table table,
				   uint64_t *base, uint16_t *limit)
{
	if (table == EMUL_STATUS_WORD) {
		*limit = (uint16_t)guest_cr0(vcpu_of(context));
	}
	return EMUL_DONE;
}

/* --- control and debug registers ------------------------------------------------------------- */

static enum emul_result read_cr(struct emul_context *context, unsigned int index, uint64_t *value)
{
	struct vcpu *v = vcpu_of(context);

	switch (index) {
	case 0:
		*value = guest_cr0(v);
		return EMUL_DONE;
	case 2:
		*value = v->pv->cr2;
		return EMUL_DONE;
	case 3:
		*value = v->pv->kernel_root.n << PAGE_SHIFT;
		return EMUL_DONE;
	case 4:
		*value = v->pv->cr4;
		return EMUL_DONE;
	default:
		return EMUL_REFUSED;
	}
}

static enum emul_result write_cr3(struct vcpu *v, uint64_t value)
{
	int err = pv_finish_table(v);

	if (!err) {
		err = pv_root_set_kernel(v, mfn((value & CR3_ADDRESS_MASK) >> PAGE_SHIFT));
	}
	if (err == -XEN_ERESTART) {
		return EMUL_RETRY;
	}
	return err ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result write_cr(struct emul_context *context, unsigned int index, uint64_t value)
{
	struct vcpu *v = vcpu_of(context);

	switch (index) {
	case 0:
		if ((value ^ guest_cr0(v)) & ~CR0_TS) {
			return EMUL_REFUSED;
		}
		pv_set_task_switched(v, value & CR0_TS);
		return EMUL_DONE;
	case 2:
		v->pv->cr2 = value;
		shared_write(&v->info->arch.cr2, value);
		return EMUL_DONE;
	case 3:
		return write_cr3(v, value);
	case 4:
		v->pv->cr4 = pv_cr4_filter(v->domain, value);
		pv_cr4_load(v);
		return EMUL_DONE;
	default:
		return EMUL_REFUSED;
	}
}

static enum emul_result clts(struct emul_context *context)
{
	pv_set_task_switched(vcpu_of(context), false);
	return EMUL_DONE;
}

static enum emul_result debug_result(struct emul_context *context, int err)
{
	if (err == -XEN_ENODEV) {
		return emul_raise(context, EXCEPTION_UD, 0);
	}
	return err ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result read_dr(struct emul_context *context, unsigned int index, uint64_t *value)
{
	return debug_result(context, pv_debugreg_get(vcpu_of(context), index, value));
}

static enum emul_result write_dr(struct emul_context *context, unsigned int index, uint64_t value)
{
	return debug_result(context, pv_debugreg_set(vcpu_of(context), index, value));
}

/* --- MSRs, XCR0, caches ---------------------------------------------------------------------- */

/*
 * Kernels read MSRs before they can handle the #GP. As long as there is no handler, what exists on
 * this machine reads as 0.
 */
static bool may_fake_read(const struct vcpu *v, uint32_t index)
{
	uint64_t ignored;

	return v->pv->traps[EXCEPTION_GP].address == 0 &&
	       (index < MSR_HYPERVISOR_FIRST || index > MSR_HYPERVISOR_LAST) &&
	       fault_rdmsr(index, &ignored) == 0;
}

static enum emul_result read_msr(struct emul_context *context, uint32_t index, uint64_t *value)
{
	struct vcpu *v = vcpu_of(context);

	if (pv_msr_read(v, index, value) == 0) {
		return EMUL_DONE;
	}
	*value = 0;
	return may_fake_read(v, index) ? EMUL_DONE : EMUL_REFUSED;
}

static enum emul_result write_msr(struct emul_context *context, uint32_t index, uint64_t value)
{
	return pv_msr_write(vcpu_of(context), index, value) ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result xsetbv(struct emul_context *context, uint32_t index, uint64_t value)
{
	struct vcpu *v = vcpu_of(context);

	if (!(v->pv->cr4 & CR4_OSXSAVE)) {
		return emul_raise(context, EXCEPTION_UD, 0);
	}
	return index != 0 || pv_xcr0_set(v, value) != 0 ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result wbinvd(struct emul_context *context)
{
	const struct domain *d = vcpu_of(context)->domain;

	/* Only who has devices has memory types other than write-back. */
	if (!range_is_empty(&d->ioports) || !range_is_empty(&d->iomem)) {
		cpu_wbinvd();
	}
	return EMUL_DONE;
}

static const struct emul_ops priv_ops = {
	.fetch = fetch,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.segment_base = segment_base,
	.io_permitted = io_permitted,
	.read_port = read_port,
	.write_port = write_port,
	.set_interrupt_flag = set_interrupt_flag,
	.cpuid = cpuid,
	.read_tsc = read_tsc,
	.read_table = read_table,
	.read_cr = read_cr,
	.write_cr = write_cr,
	.clts = clts,
	.read_dr = read_dr,
	.write_dr = write_dr,
	.read_msr = read_msr,
	.write_msr = write_msr,
	.xsetbv = xsetbv,
	.wbinvd = wbinvd,
};

/* --- entry ----------------------------------------------------------------------------------- */

/* rdmsr of the user GS base by the kernel. */
static bool emulate_gs_read(struct vcpu *v, struct cpu_regs *regs)
{
	uint8_t code[2];
	uint64_t base;

	if ((uint32_t)regs->rcx != MSR_KERNEL_GS_BASE || !v->pv->in_kernel ||
	    regs->cs != FLAT_KERNEL_CS64 || (regs->rflags & RFLAGS_TF) ||
	    address_is_hypervisor(regs->rip) ||
	    fault_copy_in(code, regs->rip, sizeof(code)) != 0 || code[0] != 0x0f ||
	    code[1] != 0x32) {
		return false;
	}
	base = cpu_rdmsr(MSR_KERNEL_GS_BASE);
	regs->rax = (uint32_t)base;
	regs->rdx = base >> 32;
	regs->rip += sizeof(code);
	regs->rflags &= ~RFLAGS_RF;
	return true;
}

static void single_step(struct vcpu *v)
{
	v->pv->dr6 |= DR6_BS;
	pv_inject(v, EXCEPTION_DB, 0);
}

static void raise_fault(struct vcpu *v, const struct emul_fault *fault)
{
	if (fault->vector == EXCEPTION_PF) {
		pv_inject_page_fault(v, fault->cr2, fault->error_code);
	} else {
		pv_inject(v, fault->vector, fault->error_code);
	}
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs)
{
	struct emul_context context = {
		.regs = regs,
		.ops = &priv_ops,
		.data = v,
		.classes = EMUL_CLASS_PORT | EMUL_CLASS_SYSTEM,
		.user_mode = !v->pv->in_kernel,
	};
	enum emul_result result;
	unsigned int iterations = 0;

	if (emulate_gs_read(v, regs)) {
		return true;
	}
	context.mode_bits = pv_code_bits(v, regs->cs);
	if (context.mode_bits == 0) {
		return false;
	}
	do {
		result = emul_step(&context);
	} while (result == EMUL_DONE && context.repeat && !context.single_step &&
		 !v->trap_pending && ++iterations < ITERATIONS_MAX);
	switch (result) {
	case EMUL_DONE:
		if (context.single_step) {
			single_step(v);
		}
		return true;
	case EMUL_RETRY:
		return true;
	case EMUL_EXCEPTION:
		raise_fault(v, &context.fault);
		return true;
	case EMUL_REFUSED:
		break;
	}
	return false;
}

bool pv_emulate_forced(struct vcpu *v, struct cpu_regs *regs)
{
	static const uint8_t wanted[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
	uint8_t code[sizeof(wanted)];
	struct cpuid_leaf answer;
	uint64_t base = 0;
	size_t missing, got;

	if (regs->cs != FLAT_RING3_CS64 && pv_code_bits(v, regs->cs) != 64 &&
	    !pv_segment_base(v, regs->cs, &base)) {
		return false;
	}
	base += regs->rip;
	if (address_is_hypervisor(base)) {
		return false;
	}
	missing = fault_copy_in(code, base, sizeof(code));
	got = sizeof(code) - missing;
	for (size_t i = 0; i < got; i++) {
		if (code[i] != wanted[i]) {
			return false;
		}
	}
	if (missing != 0) {
		pv_inject_page_fault(v, base + got, 0);
		return true;
	}
	answer = pv_cpuid(v, (uint32_t)regs->rax, (uint32_t)regs->rcx, true);
	regs->rax = answer.a;
	regs->rbx = answer.b;
	regs->rcx = answer.c;
	regs->rdx = answer.d;
	regs->rip += sizeof(code);
	regs->rflags &= ~RFLAGS_RF;
	if (regs->rflags & RFLAGS_TF) {
		single_step(v);
	}
	return true;
}
