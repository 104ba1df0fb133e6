/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions of translated guests that the CPU leaves to us: the operations behind emul_step().
 * Addresses go through the guest's page tables with the rights of the code that runs; memory that
 * is no RAM is hvm/mmio.c's. Control registers go through hvm/cr.c, MSRs through hvm/registers.c.
 *
 * A repeated instruction does a limited number of iterations per exit; then interrupts have their
 * turn, and the guest runs into it again.
 */
#include "hvm/hvm.h"
#include "hvm/cpuid.h"
#include "hvm/walk.h"

#include "domain/vtime.h"
#include "emul/emul.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "x86/cr.h"

#define ITERATIONS_MAX 32U

static struct vcpu *vcpu_of(struct emul_context *context)
{
	return context->data;
}

static enum emul_result protection(struct emul_context *context)
{
	return emul_raise(context, EXCEPTION_GP, 0);
}

/* --- memory ---------------------------------------------------------------------------------- */

static unsigned int rights_of(const struct emul_context *context)
{
	return context->user_mode ? WALK_USER : 0;
}

static enum emul_result find(struct emul_context *context, enum emul_segment segment, gva_t address,
			     unsigned int access, uint64_t *physical)
{
	struct vcpu *v = vcpu_of(context);
	struct walk_mode mode;
	struct walk_fault fault;

	hvm_walk_mode(v, &mode);
	if ((mode.efer & EFER_LMA) && !address_is_canonical(address.n)) {
		return emul_raise(context, segment == EMUL_SS ? EXCEPTION_SS : EXCEPTION_GP, 0);
	}
	if (!walk(v->domain, &mode, address, access | rights_of(context), physical, &fault)) {
		return emul_raise_page_fault(context, gva(fault.address), fault.error);
	}
	return EMUL_DONE;
}

static enum emul_result fetch(struct emul_context *context, gva_t address, unsigned int bytes,
			      void *out, unsigned int *got)
{
	unsigned int rest = (unsigned int)PAGE_SIZE - page_offset(address.n);
	uint64_t physical;
	enum emul_result result = find(context, EMUL_CS, address, WALK_FETCH, &physical);

	if (!result) {
		*got = bytes < rest ? bytes : rest;
		hvm_memory_read(vcpu_of(context), physical, out, *got);
	}
	return result;
}

/* Both pages of an access that crosses are found before either is touched. */
static enum emul_result find_both(struct emul_context *context, enum emul_segment segment,
				  gva_t address, unsigned int bytes, unsigned int access,
				  uint64_t physical[2], unsigned int *first)
{
	enum emul_result result = find(context, segment, address, access, &physical[0]);

	*first = (unsigned int)min_u64(bytes, PAGE_SIZE - page_offset(address.n));
	if (!result && *first < bytes) {
		result = find(context, segment, gva_add(address, *first), access, &physical[1]);
	}
	return result;
}

static enum emul_result read_memory(struct emul_context *context, enum emul_segment segment,
				    gva_t address, unsigned int bytes, void *out,
				    enum emul_access access)
{
	uint64_t physical[2];
	unsigned int first;
	enum emul_result result =
		find_both(context, segment, address, bytes,
			  access == EMUL_READ_FOR_WRITE ? WALK_WRITE : 0, physical, &first);

	if (!result) {
		hvm_memory_read(vcpu_of(context), physical[0], out, first);
		if (first < bytes) {
			hvm_memory_read(vcpu_of(context), physical[1], (uint8_t *)out + first,
					bytes - first);
		}
	}
	return result;
}

static enum emul_result write_memory(struct emul_context *context, enum emul_segment segment,
				     gva_t address, unsigned int bytes, const void *value)
{
	uint64_t physical[2];
	unsigned int first;
	enum emul_result result =
		find_both(context, segment, address, bytes, WALK_WRITE, physical, &first);

	if (!result) {
		hvm_memory_write(vcpu_of(context), physical[0], value, first);
		if (first < bytes) {
			hvm_memory_write(vcpu_of(context), physical[1],
					 (const uint8_t *)value + first, bytes - first);
		}
	}
	return result;
}

/* In RAM with one locked instruction. */
static bool exchange_in_ram(struct vcpu *v, uint64_t physical, unsigned int bytes, void *expected,
			    const void *desired, bool *swapped)
{
	struct frame *f;
	uint8_t *at;

	if (!is_aligned(physical, bytes) ||
	    p2m_frame_get(v->domain, gfn(physical >> PAGE_SHIFT), true, &f)) {
		return false;
	}
	at = (uint8_t *)frame_map(frame_mfn(f)) + page_offset(physical);
	switch (bytes) {
	case 1:
		*swapped = atomic_compare_exchange(at, (uint8_t *)expected,
						   *(const uint8_t *)desired);
		break;
	case 2:
		*swapped = atomic_compare_exchange((uint16_t *)(void *)at, (uint16_t *)expected,
						   *(const uint16_t *)desired);
		break;
	case 4:
		*swapped = atomic_compare_exchange((uint32_t *)(void *)at, (uint32_t *)expected,
						   *(const uint32_t *)desired);
		break;
	default:
		*swapped = atomic_compare_exchange((uint64_t *)(void *)at, (uint64_t *)expected,
						   *(const uint64_t *)desired);
		break;
	}
	frame_unmap(at);
	frame_put(f);
	return true;
}

static enum emul_result compare_exchange(struct emul_context *context, enum emul_segment segment,
					 gva_t address, unsigned int bytes, void *expected,
					 const void *desired, bool *swapped)
{
	uint8_t found[8] = {0};
	uint64_t physical[2];
	unsigned int first;
	enum emul_result result;

	if (bytes > sizeof(found)) {
		return EMUL_REFUSED;
	}
	result = find_both(context, segment, address, bytes, WALK_WRITE, physical, &first);
	if (result) {
		return result;
	}
	if (first == bytes && exchange_in_ram(vcpu_of(context), physical[0], bytes, expected,
					      desired, swapped)) {
		return EMUL_DONE;
	}
	/* A register: a read and a write. */
	result = read_memory(context, segment, address, bytes, found, EMUL_READ_FOR_WRITE);
	if (result) {
		return result;
	}
	*swapped = memcmp(found, expected, bytes) == 0;
	if (*swapped) {
		return write_memory(context, segment, address, bytes, desired);
	}
	memcpy(expected, found, bytes);
	return EMUL_DONE;
}

static enum emul_result segment_base(struct emul_context *context, enum emul_segment segment,
				     uint64_t *base)
{
	static const enum hvm_segment ours[] = {
		[EMUL_ES] = HVM_ES, [EMUL_CS] = HVM_CS, [EMUL_SS] = HVM_SS,
		[EMUL_DS] = HVM_DS, [EMUL_FS] = HVM_FS, [EMUL_GS] = HVM_GS,
	};
	struct hvm_segment_state state;

	virt_ops->get_segment(vcpu_of(context), ours[segment], &state);
	*base = context->mode_bits == 64 && segment < EMUL_FS ? 0 : state.base;
	return EMUL_DONE;
}

/* --- ports ----------------------------------------------------------------------------------- */

/* The CPU has looked at IOPL and the bitmap before it left the guest (APM 2 15.10). */
static enum emul_result io_permitted(struct emul_context *context unused_arg,
				     uint16_t port unused_arg, unsigned int bytes unused_arg,
				     bool *permitted)
{
	*permitted = true;
	return EMUL_DONE;
}

static enum emul_result read_port(struct emul_context *context, uint16_t port, unsigned int bytes,
				  uint32_t *value)
{
	*value = hvm_port_read(vcpu_of(context), port, bytes);
	return EMUL_DONE;
}

static enum emul_result write_port(struct emul_context *context, uint16_t port, unsigned int bytes,
				   uint32_t value)
{
	hvm_port_write(vcpu_of(context), port, bytes, value);
	return EMUL_DONE;
}

/* --- registers of the system ----------------------------------------------------------------- */

static enum emul_result read_cr(struct emul_context *context, unsigned int index, uint64_t *value)
{
	static const enum hvm_register registers[] = {HVM_CR0, HVM_CR0, HVM_CR2, HVM_CR3, HVM_CR4};
	struct vcpu *v = vcpu_of(context);

	*value = index == 8 ? vlapic_cr8(&v->hvm->lapic) : virt_ops->read(v, registers[index]);
	return EMUL_DONE;
}

static enum emul_result write_cr(struct emul_context *context, unsigned int index, uint64_t value)
{
	static const enum hvm_register registers[] = {HVM_CR0, HVM_CR0, HVM_CR2, HVM_CR3, HVM_CR4};
	struct vcpu *v = vcpu_of(context);

	if (index == 8) {
		if (value > 15) {
			return protection(context);
		}
		vlapic_set_cr8(&v->hvm->lapic, value);
		return EMUL_DONE;
	}
	if (index == 2) {
		virt_ops->write(v, HVM_CR2, value);
		return EMUL_DONE;
	}
	return hvm_load_control(v, registers[index], value) ? EMUL_DONE : protection(context);
}

static enum emul_result clts(struct emul_context *context)
{
	struct vcpu *v = vcpu_of(context);

	virt_ops->write(v, HVM_CR0, virt_ops->read(v, HVM_CR0) & ~CR0_TS);
	return EMUL_DONE;
}

static enum emul_result read_msr(struct emul_context *context, uint32_t index, uint64_t *value)
{
	return hvm_rdmsr(vcpu_of(context), index, value) ? EMUL_DONE : protection(context);
}

static enum emul_result write_msr(struct emul_context *context, uint32_t index, uint64_t value)
{
	return hvm_wrmsr(vcpu_of(context), index, value) ? EMUL_DONE : protection(context);
}

static enum emul_result xsetbv(struct emul_context *context, uint32_t index, uint64_t value)
{
	struct vcpu *v = vcpu_of(context);
	struct hvm_control c = {.xcr0 = v->xcr0};

	if (context->user_mode || index != 0 || !cr_load_xcr0(&c, &v->hvm->limits, value)) {
		return protection(context);
	}
	v->xcr0 = c.xcr0;
	cpu_xsetbv(0, c.xcr0);
	return EMUL_DONE;
}

static enum emul_result cpuid(struct emul_context *context, uint32_t leaf, uint32_t subleaf,
			      struct cpuid_leaf *out)
{
	*out = hvm_cpuid(vcpu_of(context), leaf, subleaf);
	return EMUL_DONE;
}

static enum emul_result read_tsc(struct emul_context *context, uint64_t *tsc, uint32_t *aux)
{
	struct vcpu *v = vcpu_of(context);

	if (context->user_mode && (virt_ops->read(v, HVM_CR4) & CR4_TSD)) {
		return protection(context);
	}
	*tsc = hvm_tsc(v);
	if (aux) {
		*aux = (uint32_t)v->hvm->msrs.tsc_aux;
	}
	return EMUL_DONE;
}

static enum emul_result read_pmc(struct emul_context *context, uint32_t index unused_arg,
				 uint64_t *value unused_arg)
{
	return protection(context);
}

/* Memory is coherent without: no device of the machine belongs to the guest. */
static enum emul_result wbinvd(struct emul_context *context unused_arg)
{
	return EMUL_DONE;
}

/* With interrupts off it means to go: a PVH guest has no other way to end itself. */
static enum emul_result halt(struct emul_context *context)
{
	struct vcpu *v = vcpu_of(context);

	if (!(context->regs->rflags & RFLAGS_IF) && !atomic_read(&v->nmi_pending)) {
		hvm_vcpu_down(v);
		return EMUL_DONE;
	}
	vcpu_set_flag(v, VCPU_BLOCKED);
	atomic_fence();
	if (hvm_is_woken(v)) {
		vcpu_clear_flag(v, VCPU_BLOCKED);
	}
	return EMUL_DONE;
}

static const struct emul_ops ops = {
	.fetch = fetch,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.compare_exchange = compare_exchange,
	.segment_base = segment_base,
	.io_permitted = io_permitted,
	.read_port = read_port,
	.write_port = write_port,
	.cpuid = cpuid,
	.read_tsc = read_tsc,
	.read_pmc = read_pmc,
	.read_cr = read_cr,
	.write_cr = write_cr,
	.clts = clts,
	.read_msr = read_msr,
	.write_msr = write_msr,
	.xsetbv = xsetbv,
	.wbinvd = wbinvd,
	.invd = wbinvd,
	.halt = halt,
};

/* --- running it ------------------------------------------------------------------------------ */

static unsigned int code_bits(const struct vcpu *v)
{
	struct hvm_segment_state cs;

	virt_ops->get_segment(v, HVM_CS, &cs);
	if ((virt_ops->read(v, HVM_EFER) & EFER_LMA) && (cs.access & HVM_ACCESS_LONG)) {
		return 64;
	}
	return cs.access & HVM_ACCESS_BIG ? 32 : 16;
}

static void finish(struct vcpu *v, const struct emul_context *context, enum emul_result result)
{
	switch (result) {
	case EMUL_DONE:
		virt_ops->clear_shadow(v);
		if (context->single_step) {
			virt_ops->write(v, HVM_DR6, virt_ops->read(v, HVM_DR6) | DR6_BS);
			hvm_inject_exception(v, EXCEPTION_DB, 0);
		}
		break;
	case EMUL_EXCEPTION:
		if (context->fault.vector == EXCEPTION_PF) {
			hvm_inject_page_fault(v, context->fault.cr2, context->fault.error_code);
		} else {
			hvm_inject_exception(v, context->fault.vector, context->fault.error_code);
		}
		break;
	case EMUL_RETRY:
		break;
	case EMUL_REFUSED:
		hvm_inject_exception(v, EXCEPTION_UD, 0);
		break;
	}
}

void hvm_emulate(struct vcpu *v, struct cpu_regs *regs, unsigned int classes)
{
	struct emul_context context = {
		.regs = regs,
		.ops = &ops,
		.data = v,
		.classes = classes,
		.mode_bits = code_bits(v),
		.user_mode = virt_ops->cpl(v) == 3,
	};
	enum emul_result result;
	unsigned int iterations = 0;

	do {
		result = emul_step(&context);
	} while (result == EMUL_DONE && context.repeat && !context.single_step &&
		 ++iterations < ITERATIONS_MAX);
	finish(v, &context, result);
}
