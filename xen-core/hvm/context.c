/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of record types, each with a function that writes it and one that takes it. What comes
 * in is checked as if the guest had loaded it: a record may come from another hypervisor, over a
 * network, and the CPU must accept it at VMRUN and XRSTOR.
 */
#include "hvm/context.h"

#include "hvm/cpuid.h"
#include "hvm/hvm.h"

#include "domain/vtime.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/fpu.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

#define ACCESS_BITS 0xfffU
#define ACCESS_UNUSABLE 0x10000U /* as VMX has it */
#define RFLAGS_GUEST 0x3f7fd5UL
#define PENDING_ERROR (1U << 11)
#define PENDING_VALID (1U << 31)
#define PENDING_TYPE_SHIFT 8
#define MXCSR_OFFSET 24U
#define MXCSR_VALID 0xffffU
#define FXSAVE_BYTES 512U
#define XSAVE_HEADER_WORDS 8U
#define XSAVE_MIN (FXSAVE_BYTES + XSAVE_HEADER_WORDS * 8)
#define LAPIC_OLD_BYTES 16U
#define HEADER_NO_CHANGESET (~0UL)

struct record_row {
	uint16_t type;
	uint16_t shortest, longest;
	uint32_t (*save)(struct vcpu *v, void *to); /* bytes; 0: none */
	int (*load)(struct vcpu *v, const void *from, uint32_t bytes);
};

/* --- CPU ------------------------------------------------------------------------------------- */

static bool is_up(const struct vcpu *v)
{
	return (atomic_read(&v->pause_flags) & VCPU_DOWN) == 0;
}

/* One line per segment: the record has them by name, the state by number. */
#define FOR_EACH_SEGMENT(DO)                                                                    \
	DO(cs, HVM_CS) DO(ds, HVM_DS) DO(es, HVM_ES) DO(fs, HVM_FS) DO(gs, HVM_GS)              \
	DO(ss, HVM_SS) DO(tr, HVM_TR) DO(ldtr, HVM_LDTR)

static void save_segments(const struct hvm_cpu_state *state, struct hvm_hw_cpu *r)
{
#define SAVE(name, number)                                   \
	r->name##_sel = state->segments[number].selector;    \
	r->name##_limit = state->segments[number].limit;     \
	r->name##_base = state->segments[number].base;       \
	r->name##_arbytes = state->segments[number].access;
	FOR_EACH_SEGMENT(SAVE)
#undef SAVE
	r->idtr_limit = state->idtr.limit;
	r->idtr_base = state->idtr.base;
	r->gdtr_limit = state->gdtr.limit;
	r->gdtr_base = state->gdtr.base;
}

static void save_registers(const struct cpu_regs *regs, struct hvm_hw_cpu *r)
{
	r->rax = regs->rax;
	r->rbx = regs->rbx;
	r->rcx = regs->rcx;
	r->rdx = regs->rdx;
	r->rbp = regs->rbp;
	r->rsi = regs->rsi;
	r->rdi = regs->rdi;
	r->rsp = regs->rsp;
	r->r8 = regs->r8;
	r->r9 = regs->r9;
	r->r10 = regs->r10;
	r->r11 = regs->r11;
	r->r12 = regs->r12;
	r->r13 = regs->r13;
	r->r14 = regs->r14;
	r->r15 = regs->r15;
	r->rip = regs->rip;
	r->rflags = regs->rflags;
}

static void save_system(const struct hvm_cpu_state *state, struct hvm_hw_cpu *r)
{
	r->cr0 = state->cr0;
	r->cr2 = state->cr2;
	r->cr3 = state->cr3;
	r->cr4 = state->cr4;
	r->dr6 = state->dr6;
	r->dr7 = state->dr7;
	r->sysenter_cs = state->sysenter_cs;
	r->sysenter_esp = state->sysenter_esp;
	r->sysenter_eip = state->sysenter_eip;
	r->shadow_gs = state->kernel_gs_base;
	r->msr_lstar = state->lstar;
	r->msr_star = state->star;
	r->msr_cstar = state->cstar;
	r->msr_syscall_mask = state->sfmask;
	r->msr_efer = state->efer;
}

static uint32_t save_pending(const struct hvm_event *event)
{
	if (!event->exists) {
		return 0;
	}
	return PENDING_VALID | event->vector | (uint32_t)event->type << PENDING_TYPE_SHIFT |
	       (event->has_error ? PENDING_ERROR : 0);
}

static uint32_t save_cpu(struct vcpu *v, void *to)
{
	struct hvm_vcpu *h = v->hvm;
	struct hvm_hw_cpu *r = to;
	struct hvm_cpu_state state;

	if (!is_up(v)) {
		return 0;
	}
	memset(r, 0, sizeof(*r));
	virt_ops->get_state(v, &state);
	memcpy(r->fpu_regs, v->fpu, sizeof(r->fpu_regs));
	save_registers(vcpu_regs(v), r);
	save_segments(&state, r);
	save_system(&state, r);
	r->dr0 = h->dr[0];
	r->dr1 = h->dr[1];
	r->dr2 = h->dr[2];
	r->dr3 = h->dr[3];
	r->msr_tsc_aux = h->msrs.tsc_aux;
	r->tsc = hvm_tsc(v);
	r->pending_event = save_pending(&h->inject.pending);
	r->error_code = h->inject.pending.error;
	r->flags = XEN_X86_FPU_INITIALISED;
	return sizeof(*r);
}

static struct hvm_segment_state load_segment(uint32_t selector, uint32_t limit, uint64_t base,
					     uint32_t access)
{
	return (struct hvm_segment_state){
		.selector = (uint16_t)selector,
		.access = access & ACCESS_UNUSABLE ? 0 : (uint16_t)(access & ACCESS_BITS),
		.limit = limit,
		.base = base,
	};
}

static void load_state(const struct hvm_hw_cpu *r, struct hvm_cpu_state *state)
{
#define LOAD(name, number)                                                                      \
	state->segments[number] =                                                               \
		load_segment(r->name##_sel, r->name##_limit, r->name##_base, r->name##_arbytes);
	FOR_EACH_SEGMENT(LOAD)
#undef LOAD
	state->idtr = (struct hvm_table_state){r->idtr_limit, r->idtr_base};
	state->gdtr = (struct hvm_table_state){r->gdtr_limit, r->gdtr_base};
	state->cr0 = r->cr0;
	state->cr2 = r->cr2;
	state->cr3 = r->cr3;
	state->cr4 = r->cr4;
	state->efer = r->msr_efer;
	state->dr6 = (r->dr6 & 0xe00f) | DR6_RESERVED_ONE;
	state->dr7 = (r->dr7 & ~DR7_RESERVED_ZERO) | DR7_RESERVED_ONE;
	state->star = r->msr_star;
	state->lstar = r->msr_lstar;
	state->cstar = r->msr_cstar;
	state->sfmask = r->msr_syscall_mask;
	state->kernel_gs_base = r->shadow_gs;
	state->sysenter_cs = r->sysenter_cs;
	state->sysenter_esp = r->sysenter_esp;
	state->sysenter_eip = r->sysenter_eip;
	state->cpl = (state->segments[HVM_SS].access >> HVM_ACCESS_DPL_SHIFT) & 3;
	state->interrupt_shadow = false;
}

static void load_registers(const struct hvm_hw_cpu *r, struct cpu_regs *regs)
{
	regs->rax = r->rax;
	regs->rbx = r->rbx;
	regs->rcx = r->rcx;
	regs->rdx = r->rdx;
	regs->rbp = r->rbp;
	regs->rsi = r->rsi;
	regs->rdi = r->rdi;
	regs->rsp = r->rsp;
	regs->r8 = r->r8;
	regs->r9 = r->r9;
	regs->r10 = r->r10;
	regs->r11 = r->r11;
	regs->r12 = r->r12;
	regs->r13 = r->r13;
	regs->r14 = r->r14;
	regs->r15 = r->r15;
	regs->rip = r->rip;
	regs->rflags = (r->rflags & RFLAGS_GUEST) | RFLAGS_FIXED;
}

static bool cpu_is_valid(const struct vcpu *v, const struct hvm_hw_cpu *r)
{
	const struct hvm_control c = {r->cr0, r->cr3, r->cr4, r->msr_efer, v->xcr0};
	uint32_t type = r->pending_event >> PENDING_TYPE_SHIFT & 7;
	uint32_t mxcsr;

	memcpy(&mxcsr, r->fpu_regs + MXCSR_OFFSET, sizeof(mxcsr));
	if (r->pad0 != 0 || (mxcsr & ~MXCSR_VALID) != 0 ||
	    !cr_set_is_valid(&c, &v->hvm->limits)) {
		return false;
	}
	return !(r->pending_event & PENDING_VALID) || type == EVENT_INTERRUPT ||
	       (type >= EVENT_NMI && type <= EVENT_SOFTWARE_INTERRUPT);
}

static void load_pending(struct hvm_inject *inject, const struct hvm_hw_cpu *r)
{
	*inject = (struct hvm_inject){
		.pending = {
			.exists = (r->pending_event & PENDING_VALID) != 0,
			.type = r->pending_event >> PENDING_TYPE_SHIFT & 7,
			.vector = (uint8_t)r->pending_event,
			.has_error = (r->pending_event & PENDING_ERROR) != 0,
			.error = r->error_code,
		},
	};
}

/* The legacy part of the area; XSAVE's header says that it holds something (SDM 1 13.4.2). */
static void load_legacy_state(struct vcpu *v, const struct hvm_hw_cpu *r)
{
	uint64_t components = XCR0_X87 | XCR0_SSE;

	if (!(r->flags & XEN_X86_FPU_INITIALISED)) {
		return;
	}
	memcpy(v->fpu, r->fpu_regs, sizeof(r->fpu_regs));
	memcpy((uint8_t *)v->fpu + FXSAVE_BYTES, &components, sizeof(components));
}

/* A builder's record has no TSC: the guest's begins where the machine's is. */
static void load_tsc(struct vcpu *v, uint64_t tsc)
{
	if (tsc != 0) {
		(void)!hvm_wrmsr(v, MSR_TSC, tsc);
	}
}

static int load_cpu(struct vcpu *v, const void *from, uint32_t bytes unused_arg)
{
	const struct hvm_hw_cpu *r = from;
	struct hvm_vcpu *h = v->hvm;
	struct hvm_cpu_state state;

	if (!cpu_is_valid(v, r)) {
		return -XEN_EINVAL;
	}
	virt_ops->get_state(v, &state);
	load_state(r, &state);
	load_registers(r, vcpu_regs(v));
	h->dr[0] = r->dr0;
	h->dr[1] = r->dr1;
	h->dr[2] = r->dr2;
	h->dr[3] = r->dr3;
	h->msrs.tsc_aux = (uint32_t)r->msr_tsc_aux;
	load_pending(&h->inject, r);
	load_legacy_state(v, r);
	virt_ops->set_state(v, &state);
	load_tsc(v, r->tsc);
	vlapic_started(&h->lapic);
	v->is_initialised = true;
	vcpu_clear_flag(v, VCPU_DOWN);
	return 0;
}

/* --- extended state -------------------------------------------------------------------------- */

static uint32_t save_xsave(struct vcpu *v, void *to)
{
	const struct hvm_hw_cpu_xsave_head head = {
		.xfeature_mask = v->hvm->limits.xcr0,
		.xcr0 = v->xcr0,
		.xcr0_accum = v->xcr0,
	};
	uint32_t bytes;

	if (!is_up(v) || v->hvm->limits.xcr0 == 0 || v->xcr0 == XCR0_X87) {
		return 0;
	}
	bytes = min_u32(hvm_cpuid(v, 0xd, 0).b, (uint32_t)FPU_AREA_BYTES);
	memcpy(to, &head, sizeof(head));
	memcpy((uint8_t *)to + sizeof(head), v->fpu, bytes);
	return (uint32_t)sizeof(head) + bytes;
}

static bool xsave_is_valid(const struct hvm_hw_cpu_xsave_head *head, const uint8_t *area)
{
	uint64_t header[XSAVE_HEADER_WORDS];
	uint32_t mxcsr;

	memcpy(&mxcsr, area + MXCSR_OFFSET, sizeof(mxcsr));
	memcpy(header, area + FXSAVE_BYTES, sizeof(header));
	for (unsigned int i = 1; i < XSAVE_HEADER_WORDS; i++) {
		if (header[i] != 0) {
			return false;
		}
	}
	return (mxcsr & ~MXCSR_VALID) == 0 &&
	       (header[0] & ~(head->xcr0_accum | XCR0_X87 | XCR0_SSE)) == 0;
}

static int load_xsave(struct vcpu *v, const void *from, uint32_t bytes)
{
	const struct hvm_hw_cpu_xsave_head *head = from;
	const uint8_t *area = (const uint8_t *)from + sizeof(*head);
	struct hvm_control c = {.xcr0 = v->xcr0}, ever = c;

	bytes -= (uint32_t)sizeof(*head);
	if (!cr_load_xcr0(&c, &v->hvm->limits, head->xcr0) ||
	    !cr_load_xcr0(&ever, &v->hvm->limits, head->xcr0_accum) ||
	    (head->xcr0 & ~head->xcr0_accum) != 0 || !xsave_is_valid(head, area)) {
		return -XEN_EINVAL;
	}
	memset(v->fpu, 0, FPU_AREA_BYTES);
	memcpy(v->fpu, area, bytes);
	v->xcr0 = c.xcr0;
	return 0;
}

/* --- the others ------------------------------------------------------------------------------ */

static uint32_t save_lapic(struct vcpu *v, void *to)
{
	vlapic_save(&v->hvm->lapic, to);
	return sizeof(struct hvm_hw_lapic);
}

/* Before TSC-deadline mode it was shorter. */
static int load_lapic(struct vcpu *v, const void *from, uint32_t bytes)
{
	struct hvm_hw_lapic record = {0};

	memcpy(&record, from, bytes);
	return vlapic_load(&v->hvm->lapic, &record);
}

static uint32_t save_lapic_page(struct vcpu *v, void *to)
{
	vlapic_save_page(&v->hvm->lapic, to);
	return sizeof(struct hvm_hw_lapic_regs);
}

static int load_lapic_page(struct vcpu *v, const void *from, uint32_t bytes unused_arg)
{
	return vlapic_load_page(&v->hvm->lapic, from);
}

static uint32_t save_mtrr(struct vcpu *v, void *to)
{
	msr_save_mtrr(&v->hvm->msrs, to);
	return sizeof(struct hvm_hw_mtrr);
}

static int load_mtrr(struct vcpu *v, const void *from, uint32_t bytes unused_arg)
{
	int err = msr_load_mtrr(&v->hvm->msrs, v->domain->policy, from);

	if (!err) {
		virt_ops->write(v, HVM_PAT, v->hvm->msrs.pat);
	}
	return err;
}

static uint32_t save_vmce(struct vcpu *v unused_arg, void *to)
{
	const struct hvm_vmce_vcpu record = {.caps = HVM_MCE_BANKS};

	memcpy(to, &record, sizeof(record));
	return sizeof(record);
}

/* Capabilities of another hypervisor's machine checks: none comes here, none is lost. */
static int load_vmce(struct vcpu *v unused_arg, const void *from unused_arg,
		     uint32_t bytes unused_arg)
{
	return 0;
}

static uint32_t save_tsc_adjust(struct vcpu *v, void *to)
{
	const struct hvm_tsc_adjust record = {v->hvm->msrs.tsc_adjust};

	memcpy(to, &record, sizeof(record));
	return sizeof(record);
}

static int load_tsc_adjust(struct vcpu *v, const void *from, uint32_t bytes unused_arg)
{
	const struct hvm_tsc_adjust *record = from;

	v->hvm->msrs.tsc_adjust = record->tsc_adjust;
	return 0;
}

/* --- streams --------------------------------------------------------------------------------- */

static const struct record_row rows[HVM_CONTEXT_RECORDS] = {
	{HVM_SAVE_CPU, sizeof(struct hvm_hw_cpu), sizeof(struct hvm_hw_cpu), save_cpu, load_cpu},
	{HVM_SAVE_LAPIC, LAPIC_OLD_BYTES, sizeof(struct hvm_hw_lapic), save_lapic, load_lapic},
	{HVM_SAVE_LAPIC_REGS, sizeof(struct hvm_hw_lapic_regs), sizeof(struct hvm_hw_lapic_regs),
	 save_lapic_page, load_lapic_page},
	{HVM_SAVE_MTRR, sizeof(struct hvm_hw_mtrr), sizeof(struct hvm_hw_mtrr), save_mtrr,
	 load_mtrr},
	{HVM_SAVE_CPU_XSAVE, sizeof(struct hvm_hw_cpu_xsave_head) + XSAVE_MIN,
	 sizeof(struct hvm_hw_cpu_xsave_head) + FPU_AREA_BYTES, save_xsave, load_xsave},
	{HVM_SAVE_VMCE_VCPU, 8, sizeof(struct hvm_vmce_vcpu), save_vmce, load_vmce},
	{HVM_SAVE_TSC_ADJUST, sizeof(struct hvm_tsc_adjust), sizeof(struct hvm_tsc_adjust),
	 save_tsc_adjust, load_tsc_adjust},
};

static uint32_t put(void *to, uint16_t type, uint16_t instance, uint32_t length)
{
	const struct hvm_save_descriptor descriptor = {type, instance, length};

	memcpy(to, &descriptor, sizeof(descriptor));
	return (uint32_t)sizeof(descriptor) + length;
}

uint32_t hvm_context_bytes(const struct domain *d)
{
	uint32_t each = 0;

	for (unsigned int i = 0; i < HVM_CONTEXT_RECORDS; i++) {
		each += (uint32_t)sizeof(struct hvm_save_descriptor) + rows[i].longest;
	}
	return 2 * (uint32_t)sizeof(struct hvm_save_descriptor) +
	       (uint32_t)sizeof(struct hvm_save_header) + d->max_vcpus * each;
}

uint32_t hvm_context_header(const struct domain *d, void *to)
{
	const struct hvm_save_header header = {
		.magic = HVM_FILE_MAGIC,
		.version = HVM_FILE_VERSION,
		.changeset = HEADER_NO_CHANGESET,
		.cpuid = policy_cpuid_signature(d->policy),
		.gtsc_khz = d->tsc_khz,
	};

	memcpy((uint8_t *)to + sizeof(struct hvm_save_descriptor), &header, sizeof(header));
	return put(to, HVM_SAVE_HEADER, 0, sizeof(header));
}

uint32_t hvm_context_end(void *to)
{
	return put(to, HVM_SAVE_END, 0, 0);
}

uint32_t hvm_context_record(struct vcpu *v, unsigned int position, void *to)
{
	const struct record_row *row = &rows[position];
	uint32_t bytes = row->save(v, (uint8_t *)to + sizeof(struct hvm_save_descriptor));

	return bytes == 0 ? 0 : put(to, row->type, (uint16_t)v->id, bytes);
}

unsigned int hvm_context_position(uint32_t type)
{
	unsigned int i = 0;

	while (i < HVM_CONTEXT_RECORDS && rows[i].type != type) {
		i++;
	}
	return i;
}

void hvm_context_begin_load(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		vcpu_set_flag(v, VCPU_DOWN);
	}
}

static int check_header(const struct hvm_save_descriptor *descriptor,
			const struct hvm_save_header *header)
{
	return descriptor->length == sizeof(*header) && header->magic == HVM_FILE_MAGIC &&
			       header->version == HVM_FILE_VERSION
		       ? 0
		       : -XEN_EINVAL;
}

/* MSRs another hypervisor had nowhere else to put; those at zero are as they are at first. */
static int load_msrs(struct vcpu *v, const void *from, uint32_t bytes)
{
	const struct hvm_msr_head *head = from;
	const struct hvm_one_msr *msr = (const void *)((const uint8_t *)from + sizeof(*head));

	if (bytes < sizeof(*head) ||
	    bytes != sizeof(*head) + (uint64_t)head->count * sizeof(*msr)) {
		return -XEN_EINVAL;
	}
	for (uint32_t i = 0; i < head->count; i++) {
		if (msr[i].val != 0 && msr_write(&v->hvm->msrs, v->domain->policy, msr[i].index,
						 msr[i].val) != MSR_DONE) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

int hvm_context_load(struct domain *d, const struct hvm_save_descriptor *descriptor,
		     const void *record)
{
	unsigned int position = hvm_context_position(descriptor->typecode);
	struct vcpu *v = vcpu_find(d, descriptor->instance);

	if (descriptor->typecode == HVM_SAVE_HEADER) {
		return check_header(descriptor, record);
	}
	if (!v) {
		return -XEN_EINVAL;
	}
	if (descriptor->typecode == HVM_SAVE_CPU_MSR) {
		return load_msrs(v, record, descriptor->length);
	}
	if (position == HVM_CONTEXT_RECORDS || descriptor->length < rows[position].shortest ||
	    descriptor->length > rows[position].longest) {
		return -XEN_EINVAL;
	}
	return rows[position].load(v, record, descriptor->length);
}
