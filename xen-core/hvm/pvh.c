/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state a guest gives one of its vcpus (VCPUOP_initialise, struct vcpu_hvm_context): 32-bit
 * registers with segments for any mode but 64-bit, or long mode with flat segments. Vcpus are also
 * started by INIT and SIPI; the first one's state is a context record (hvm/context.h).
 *
 * Everything else is as after RESET.
 */
#include "hvm/hvm.h"

#include "x86/cr.h"

#include <xen/arch_x86.h>
#include <xen/errno.h>

#define ACCESS_KNOWN 0xfffU
#define ACCESS_TYPE 0xfU
#define ACCESS_SEGMENT (1U << 4) /* code or data, not a system segment */
#define TYPE_CODE 8U
#define TYPE_WRITABLE 2U
#define TYPE_TSS_BUSY 0xbU
#define TYPE_TSS16_BUSY 3U
#define ACCESS_FLAT_DATA 0xc93U
#define ACCESS_FLAT_CODE64 0xa9bU
#define ACCESS_TSS 0x08bU
#define TSS_LIMIT 0x67U
#define RFLAGS_GUEST 0x3d7fd5UL /* not VM */

static bool code_is_valid(uint16_t access)
{
	return (access & ~ACCESS_KNOWN) == 0 && (access & HVM_ACCESS_PRESENT) &&
	       (access & ACCESS_SEGMENT) && (access & TYPE_CODE);
}

/* Absent: not usable, which is allowed. */
static bool data_is_valid(uint16_t access, bool must_write)
{
	if ((access & ~ACCESS_KNOWN) || !(access & HVM_ACCESS_PRESENT)) {
		return (access & ~ACCESS_KNOWN) == 0;
	}
	return (access & ACCESS_SEGMENT) &&
	       (!must_write || (!(access & TYPE_CODE) && (access & TYPE_WRITABLE)));
}

static bool task_is_valid(uint16_t access)
{
	uint32_t type = access & ACCESS_TYPE;

	return (access & ~ACCESS_KNOWN) == 0 && (access & HVM_ACCESS_PRESENT) &&
	       !(access & ACCESS_SEGMENT) && (type == TYPE_TSS_BUSY || type == TYPE_TSS16_BUSY);
}

static bool segments_are_valid(const struct vcpu_hvm_x86_32 *c)
{
	/* 64-bit code is what the other form is for. */
	return code_is_valid(c->cs_ar) && !(c->cs_ar & HVM_ACCESS_LONG) &&
	       data_is_valid(c->ds_ar, false) && data_is_valid(c->es_ar, false) &&
	       data_is_valid(c->ss_ar, true) && task_is_valid(c->tr_ar);
}

static struct hvm_segment_state segment(uint32_t base, uint32_t limit, uint16_t access)
{
	return (struct hvm_segment_state){.access = access, .limit = limit, .base = base};
}

static int decode_32(const struct vcpu_hvm_x86_32 *c, struct hvm_cpu_state *state,
		     struct cpu_regs *regs)
{
	if (c->pad1 != 0 || !segments_are_valid(c)) {
		return -XEN_EINVAL;
	}
	state->segments[HVM_CS] = segment(c->cs_base, c->cs_limit, c->cs_ar);
	state->segments[HVM_DS] = segment(c->ds_base, c->ds_limit, c->ds_ar);
	state->segments[HVM_ES] = segment(c->es_base, c->es_limit, c->es_ar);
	state->segments[HVM_SS] = segment(c->ss_base, c->ss_limit, c->ss_ar);
	state->segments[HVM_TR] = segment(c->tr_base, c->tr_limit, c->tr_ar);
	state->cpl = (c->ss_ar >> HVM_ACCESS_DPL_SHIFT) & 3;
	state->cr0 = c->cr0 | CR0_ET;
	state->cr3 = c->cr3;
	state->cr4 = c->cr4;
	state->efer = c->efer;
	regs->rax = c->eax;
	regs->rcx = c->ecx;
	regs->rdx = c->edx;
	regs->rbx = c->ebx;
	regs->rsp = c->esp;
	regs->rbp = c->ebp;
	regs->rsi = c->esi;
	regs->rdi = c->edi;
	regs->rip = c->eip;
	regs->rflags = (c->eflags & RFLAGS_GUEST) | RFLAGS_FIXED;
	return 0;
}

static int decode_64(const struct vcpu_hvm_x86_64 *c, struct hvm_cpu_state *state,
		     struct cpu_regs *regs)
{
	if (!(c->cr0 & CR0_PG) || !(c->efer & EFER_LME) || !address_is_canonical(c->rip)) {
		return -XEN_EINVAL;
	}
	state->segments[HVM_CS] = segment(0, ~0U, ACCESS_FLAT_CODE64);
	state->segments[HVM_DS] = segment(0, ~0U, ACCESS_FLAT_DATA);
	state->segments[HVM_ES] = segment(0, ~0U, ACCESS_FLAT_DATA);
	state->segments[HVM_SS] = segment(0, ~0U, ACCESS_FLAT_DATA);
	state->segments[HVM_TR] = segment(0, TSS_LIMIT, ACCESS_TSS);
	state->cpl = 0;
	state->cr0 = c->cr0 | CR0_ET;
	state->cr3 = c->cr3;
	state->cr4 = c->cr4;
	state->efer = c->efer | EFER_LMA;
	regs->rax = c->rax;
	regs->rcx = c->rcx;
	regs->rdx = c->rdx;
	regs->rbx = c->rbx;
	regs->rsp = c->rsp;
	regs->rbp = c->rbp;
	regs->rsi = c->rsi;
	regs->rdi = c->rdi;
	regs->rip = c->rip;
	regs->rflags = (c->rflags & RFLAGS_GUEST) | RFLAGS_FIXED;
	return 0;
}

static int decode(const struct vcpu_hvm_context *context, struct hvm_cpu_state *state,
		  struct cpu_regs *regs)
{
	if (context->pad != 0) {
		return -XEN_EINVAL;
	}
	switch (context->mode) {
	case VCPU_HVM_MODE_32B:
		return decode_32(&context->cpu_regs.x86_32, state, regs);
	case VCPU_HVM_MODE_64B:
		return decode_64(&context->cpu_regs.x86_64, state, regs);
	default:
		return -XEN_EINVAL;
	}
}

int hvm_set_context(struct vcpu *v, const void *context)
{
	struct cpu_regs *regs = vcpu_regs(v);
	struct cpu_regs fresh = {.entry_vector = regs->entry_vector};
	struct hvm_control control;
	struct hvm_cpu_state state;
	int err;

	hvm_reset_state(v);
	virt_ops->get_state(v, &state);
	err = decode(context, &state, &fresh);
	if (err) {
		return err;
	}
	control = (struct hvm_control){state.cr0, state.cr3, state.cr4, state.efer, v->xcr0};
	if (!cr_set_is_valid(&control, &v->hvm->limits)) {
		return -XEN_EINVAL;
	}
	*regs = fresh;
	virt_ops->set_state(v, &state);
	vlapic_started(&v->hvm->lapic);
	return 0;
}

/* Nobody asks: domctl has records for translated guests. */
void hvm_get_context(struct vcpu *v unused_arg, void *context unused_arg)
{
}

int hvm_reset_context(struct vcpu *v)
{
	hvm_reset_state(v);
	return 0;
}
