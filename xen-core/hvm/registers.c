/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the system as instructions load and read them: control registers and EFER, which
 * hvm/cr.c judges; MSRs, each of which one of four keeps:
 *
 *     the local APIC        vlapic.h
 *     memory of ours        msr.h
 *     the hardware          STAR, LSTAR, SYSENTER... in virt_ops' state
 *     here                  EFER, the TSC, the hypercall page
 *
 * And the states a vcpu begins in (SDM 3A 10.1.1; 10.4.4.2 for the SIPI).
 */
#include "hvm/hvm.h"

#include "domain/vtime.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/frames.h"
#include "x86/cr.h"
#include "x86/msr.h"
#include "x86/policy.h"

#define MSR_XEN_HYPERCALL_PAGE 0x40000000U
#define HYPERCALL_SLOT_BYTES 32U
#define HYPERCALL_SLOTS 64U

/* Segments at RESET (SDM 3A table 10-1). */
#define ACCESS_DATA16 0x093U
#define ACCESS_CODE16 0x09bU
#define ACCESS_LDT 0x082U
#define ACCESS_TSS_BUSY 0x08bU
#define LIMIT_64K 0xffffU

/* --- control registers ----------------------------------------------------------------------- */

static void read_control(const struct vcpu *v, struct hvm_control *c)
{
	*c = (struct hvm_control){
		.cr0 = virt_ops->read(v, HVM_CR0),
		.cr3 = virt_ops->read(v, HVM_CR3),
		.cr4 = virt_ops->read(v, HVM_CR4),
		.efer = virt_ops->read(v, HVM_EFER),
		.xcr0 = v->xcr0,
	};
}

static bool try_load(struct hvm_control *c, struct vcpu *v, enum hvm_register which, uint64_t value)
{
	const struct cr_limits *limits = &v->hvm->limits;
	struct hvm_segment_state cs;

	switch ((unsigned int)which) {
	case HVM_CR0:
		virt_ops->get_segment(v, HVM_CS, &cs);
		return cr_load_cr0(c, limits, value, cs.access & HVM_ACCESS_LONG);
	case HVM_CR3:
		return cr_load_cr3(c, limits, value);
	case HVM_CR4:
		return cr_load_cr4(c, limits, value);
	case HVM_EFER:
		return cr_load_efer(c, limits, value);
	default:
		return false;
	}
}

bool hvm_load_control(struct vcpu *v, enum hvm_register which, uint64_t value)
{
	struct hvm_control before, after;

	read_control(v, &before);
	after = before;
	if (!try_load(&after, v, which, value)) {
		return false;
	}
	virt_ops->write(v, HVM_CR0, after.cr0);
	virt_ops->write(v, HVM_CR3, after.cr3);
	virt_ops->write(v, HVM_CR4, after.cr4);
	virt_ops->write(v, HVM_EFER, after.efer);
	if (cr_change_flushes(&before, &after)) {
		virt_ops->flush(v);
	}
	return true;
}

/* --- MSRs ------------------------------------------------------------------------------------ */

uint64_t hvm_tsc(struct vcpu *v)
{
	return vtime_tsc(v);
}

static bool is_lapics(uint32_t msr)
{
	return msr == MSR_APIC_BASE || msr == MSR_TSC_DEADLINE ||
	       (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST);
}

/* HVM_REGISTERS: not one of these. */
static enum hvm_register hardware_register(uint32_t msr)
{
	switch (msr) {
	case MSR_STAR:
		return HVM_STAR;
	case MSR_LSTAR:
		return HVM_LSTAR;
	case MSR_CSTAR:
		return HVM_CSTAR;
	case MSR_SFMASK:
		return HVM_SFMASK;
	case MSR_KERNEL_GS_BASE:
		return HVM_KERNEL_GS_BASE;
	case MSR_SYSENTER_CS:
		return HVM_SYSENTER_CS;
	case MSR_SYSENTER_ESP:
		return HVM_SYSENTER_ESP;
	case MSR_SYSENTER_EIP:
		return HVM_SYSENTER_EIP;
	default:
		return HVM_REGISTERS;
	}
}

bool hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	enum hvm_register reg = hardware_register(msr);

	if (is_lapics(msr)) {
		return vlapic_rdmsr(&v->hvm->lapic, msr, value);
	}
	if (reg != HVM_REGISTERS) {
		*value = virt_ops->read(v, reg);
		return true;
	}
	switch (msr) {
	case MSR_EFER:
		*value = virt_ops->read(v, HVM_EFER);
		return true;
	case MSR_TSC:
		*value = hvm_tsc(v);
		return true;
	default:
		return msr_read(&v->hvm->msrs, v->domain->policy, msr, value) == MSR_DONE;
	}
}

/* Slot n: mov $n, %eax; vmmcall; ret (xen/arch_x86.h). */
void hvm_fill_hypercall_page(void *to)
{
	uint8_t *page = to;

	memset(page, 0xcc, PAGE_SIZE);
	for (uint32_t n = 0; n < HYPERCALL_SLOTS; n++) {
		static const uint8_t tail[] = {0x0f, 0x01, 0xd9, 0xc3};
		uint8_t *slot = page + n * HYPERCALL_SLOT_BYTES;

		slot[0] = 0xb8;
		memcpy(slot + 1, &n, sizeof(n));
		memcpy(slot + 5, tail, sizeof(tail));
	}
}

/* The low bits number the pages, of which there is one; a number of no frame is #GP. */
static bool write_hypercall_page(struct vcpu *v, uint64_t value)
{
	struct frame *f;
	void *page;

	if (page_offset(value) != 0) {
		return false;
	}
	if (p2m_frame_get(v->domain, gfn(value >> PAGE_SHIFT), true, &f)) {
		return false;
	}
	page = frame_map(frame_mfn(f));
	hvm_fill_hypercall_page(page);
	frame_unmap(page);
	frame_put(f);
	return true;
}

static void write_tsc(struct vcpu *v, uint64_t value)
{
	v->tsc_offset += value - vtime_tsc(v);
	virt_ops->set_tsc(v, v->tsc_offset, v->domain->tsc_emulated);
	vtime_update(v, true);
}

/* What the hardware has a copy of. */
static void pass_on(struct vcpu *v, uint32_t msr)
{
	if (msr == MSR_PAT) {
		virt_ops->write(v, HVM_PAT, v->hvm->msrs.pat);
	} else if (msr == MSR_TSC_AUX && vcpu_is_loaded(v)) {
		cpu_wrmsr(MSR_TSC_AUX, v->hvm->msrs.tsc_aux);
	}
}

bool hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	enum hvm_register reg = hardware_register(msr);

	if (is_lapics(msr)) {
		return vlapic_wrmsr(&v->hvm->lapic, msr, value);
	}
	/* Mostly the guest writes these without us, and the CPU checks (APM 2 5.3.1). */
	if ((reg == HVM_LSTAR || reg == HVM_CSTAR || reg == HVM_KERNEL_GS_BASE) &&
	    !address_is_canonical(value)) {
		return false;
	}
	if (reg != HVM_REGISTERS) {
		virt_ops->write(v, reg, value);
		return true;
	}
	switch (msr) {
	case MSR_EFER:
		return hvm_load_control(v, HVM_EFER, value);
	case MSR_TSC:
		write_tsc(v, value);
		return true;
	case MSR_XEN_HYPERCALL_PAGE:
		return write_hypercall_page(v, value);
	default:
		if (msr_write(&v->hvm->msrs, v->domain->policy, msr, value) != MSR_DONE) {
			return false;
		}
		pass_on(v, msr);
		return true;
	}
}

/* --- first states ---------------------------------------------------------------------------- */

static void reset_segments(struct hvm_cpu_state *state)
{
	for (unsigned int i = 0; i < HVM_SEGMENTS; i++) {
		state->segments[i] = (struct hvm_segment_state){
			.access = ACCESS_DATA16,
			.limit = LIMIT_64K,
		};
	}
	state->segments[HVM_CS] = (struct hvm_segment_state){
		.selector = 0xf000,
		.access = ACCESS_CODE16,
		.limit = LIMIT_64K,
		.base = 0xffff0000,
	};
	state->segments[HVM_LDTR].access = ACCESS_LDT;
	state->segments[HVM_TR].access = ACCESS_TSS_BUSY;
	state->gdtr.limit = LIMIT_64K;
	state->idtr.limit = LIMIT_64K;
}

static void reset_fpu(struct vcpu *v)
{
	fpu_area_init(v->fpu);
	v->xcr0 = XCR0_X87;
	if (vcpu_is_loaded(v)) {
		fpu_load(v->fpu, v->xcr0);
	}
}

void hvm_reset_state(struct vcpu *v)
{
	struct cpu_regs *regs = vcpu_regs(v);
	uint32_t entry = regs->entry_vector;
	struct hvm_cpu_state state = {
		.cr0 = CR0_ET | CR0_NW | CR0_CD,
		.dr6 = DR6_RESERVED_ONE,
		.dr7 = DR7_RESERVED_ONE,
	};

	reset_segments(&state);
	msr_init(&v->hvm->msrs);
	state.pat = v->hvm->msrs.pat;
	memset(v->hvm->dr, 0, sizeof(v->hvm->dr));
	v->hvm->inject = (struct hvm_inject){0};
	atomic_write(&v->nmi_pending, false);
	memset(regs, 0, sizeof(*regs));
	regs->entry_vector = entry;
	regs->rip = 0xfff0;
	regs->rflags = RFLAGS_FIXED;
	regs->rdx = policy_cpuid_signature(v->domain->policy);
	reset_fpu(v);
	virt_ops->set_state(v, &state);
}

void hvm_start_at_sipi(struct vcpu *v, uint8_t vector)
{
	struct hvm_cpu_state state;

	virt_ops->get_state(v, &state);
	state.segments[HVM_CS].selector = (uint16_t)(vector << 8);
	state.segments[HVM_CS].base = (uint64_t)vector << 12;
	virt_ops->set_state(v, &state);
	vcpu_regs(v)->rip = 0;
}
