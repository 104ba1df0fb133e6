/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Context records and hvm_op: what was saved comes back, a stream is what its format says, and
 * nothing a toolstack or a guest could send breaks a rule.
 */
#include "unit/hvm_world.h"

#include "hvm/context.h"
#include "hypercall/call.h"
#include "hypercall/domctl.h"
#include "machine/fpu.h"

#include <xen/arch_x86.h>
#include <xen/hvm_op.h>
#include <xen/hvm_save.h>

#define BUFFER 0x1000UL /* guest physical and virtual: paging is off */
#define BUFFER_PAGES 8

/* Unlike the plain fake one this machine forgets nothing of a state. */
static struct hvm_cpu_state states[2];
static struct virt_ops whole_ops;

static void get_whole(const struct vcpu *v, struct hvm_cpu_state *state)
{
	*state = states[v->id];
}

static void set_whole(struct vcpu *v, const struct hvm_cpu_state *state)
{
	states[v->id] = *state;
	fake_set_state(v, state);
}

static void setup(void)
{
	hvm_setup();
	whole_ops = fake_ops;
	whole_ops.get_state = get_whole;
	whole_ops.set_state = set_whole;
	virt_ops = &whole_ops;
	memset(states, 0, sizeof(states));
	for (uint64_t i = 0; i < BUFFER_PAGES; i++) {
		hvm_ram_at((BUFFER >> PAGE_SHIFT) + i);
	}
	hvm_reset_state(h0);
	hvm_reset_state(h1);
	hvm_load_vcpu(h0);
	fake(h0)->registers[HVM_CR0] = 0; /* its addresses are physical */
	hvm->control_pause_count = 0;
}

static void poke(uint64_t at, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		uint8_t *word = (uint8_t *)hvm_word_at((at + i) & ~7UL);

		word[(at + i) & 7] = ((const uint8_t *)from)[i];
	}
}

static void peek(void *to, uint64_t at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		((uint8_t *)to)[i] = ((uint8_t *)hvm_word_at((at + i) & ~7UL))[(at + i) & 7];
	}
}

/* A builder's record for the first vcpu: protected mode, paging off. */
static struct hvm_hw_cpu pvh_start(void)
{
	return (struct hvm_hw_cpu){
		.rip = 0x1000850,
		.rbx = 0xfc008000,
		.rflags = 2,
		.cr0 = CR0_PE | CR0_ET,
		.cs_limit = ~0U,
		.cs_arbytes = 0xc9b,
		.ds_limit = ~0U,
		.ds_arbytes = 0xc93,
		.ss_limit = ~0U,
		.ss_arbytes = 0xc93,
		.tr_limit = 0x67,
		.tr_arbytes = 0x8b,
		.dr6 = 0xffff0ff0,
		.dr7 = 0x400,
	};
}

static int load(uint16_t type, uint16_t instance, const void *record, uint32_t bytes)
{
	const struct hvm_save_descriptor descriptor = {type, instance, bytes};

	return hvm_context_load(hvm, &descriptor, record);
}

/* --- records --------------------------------------------------------------------------------- */

static void a_builders_record_starts_the_first_vcpu(void)
{
	struct hvm_hw_cpu r = pvh_start();

	CU_ASSERT_EQUAL(h1->pause_flags & VCPU_DOWN, VCPU_DOWN);
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), 0);
	CU_ASSERT_EQUAL(h1->pause_flags & VCPU_DOWN, 0);
	CU_ASSERT_TRUE(h1->is_initialised);
	CU_ASSERT_EQUAL(h1->regs.rip, 0x1000850);
	CU_ASSERT_EQUAL(h1->regs.rbx, 0xfc008000);
	CU_ASSERT_EQUAL(h1->regs.rflags, 2);
	CU_ASSERT_EQUAL(states[1].segments[HVM_CS].access, 0xc9b);
	CU_ASSERT_EQUAL(states[1].segments[HVM_TR].limit, 0x67);
	CU_ASSERT_EQUAL(states[1].cr0, 0x11);
	CU_ASSERT_EQUAL(states[1].cpl, 0);
	CU_ASSERT_EQUAL(h1->tsc_offset, 0);
	CU_ASSERT_FALSE(h1->hvm->inject.pending.exists);
	hvm_destroy();
}

static void a_cpu_record_brings_back_what_was_saved(void)
{
	uint8_t saved[HVM_CONTEXT_RECORD_MAX], again[HVM_CONTEXT_RECORD_MAX];
	struct hvm_hw_cpu *r = (void *)(saved + 8), *s = (void *)(again + 8);
	uint32_t bytes;

	h1->pause_flags = 0;
	h1->regs.rax = 1;
	h1->regs.r15 = 15;
	h1->regs.rflags = 0x246;
	states[1].cr0 = CR0_PE | CR0_PG | CR0_ET | CR0_WP;
	states[1].cr3 = 0x5000;
	states[1].cr4 = CR4_PAE | CR4_PGE;
	states[1].efer = EFER_LME | EFER_LMA | EFER_NXE;
	states[1].lstar = 0xffffffff81000000UL;
	states[1].kernel_gs_base = 77;
	states[1].segments[HVM_GS].base = 0xffff888000000000UL;
	h1->hvm->dr[2] = 0x1234;
	h1->hvm->msrs.tsc_aux = 9;
	h1->hvm->inject.pending = (struct hvm_event){
		.exists = true,
		.type = EVENT_EXCEPTION,
		.vector = 14,
		.has_error = true,
		.error = 2,
	};
	bytes = hvm_context_record(h1, 0, saved);
	CU_ASSERT_EQUAL(bytes, 8 + 1032);
	CU_ASSERT_EQUAL(r->pending_event, 0x80000b0e);
	memset(&states[1], 0, sizeof(states[1]));
	memset(&h1->regs, 0, sizeof(h1->regs));
	h1->hvm->inject.pending.exists = false;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, r, sizeof(*r)), 0);
	CU_ASSERT_EQUAL(hvm_context_record(h1, 0, again), bytes);
	s->tsc = r->tsc;
	s->dr6 = r->dr6;
	s->dr7 = r->dr7;
	CU_ASSERT_EQUAL(memcmp(saved, again, bytes), 0);
	CU_ASSERT_EQUAL(h1->hvm->inject.pending.vector, 14);
	hvm_destroy();
}

static void a_state_no_guest_could_reach_is_refused(void)
{
	const struct hvm_hw_cpu good = pvh_start();
	struct hvm_hw_cpu r;
	uint32_t mxcsr = 0x10000;

	r = good;
	r.cr0 = CR0_PE;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	r.cr0 = CR0_ET | CR0_PG;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	r.cr4 = CR4_VMXE;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	r.msr_efer = EFER_SVME;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	r.pad0 = 1;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	memcpy(r.fpu_regs + 24, &mxcsr, sizeof(mxcsr));
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	r = good;
	r.pending_event = 0x80000000 | 7 << 8;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &r, sizeof(r)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(h1->pause_flags & VCPU_DOWN, VCPU_DOWN);
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 2, &good, sizeof(good)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU, 1, &good, sizeof(good) - 8), -XEN_EINVAL);
	CU_ASSERT_EQUAL(load(3, 1, &good, 8), -XEN_EINVAL); /* an interrupt controller */
	CU_ASSERT_EQUAL(load(999, 1, &good, 8), -XEN_EINVAL);
	hvm_destroy();
}

static void extended_state_is_checked_before_xrstor_sees_it(void)
{
	static struct {
		struct hvm_hw_cpu_xsave_head head;
		uint8_t area[FPU_AREA_BYTES];
	} record;
	const uint32_t bytes = sizeof(record.head) + 576;

	record.head = (struct hvm_hw_cpu_xsave_head){.xcr0 = 3, .xcr0_accum = 3};
	record.area[512] = 3;
	record.area[160] = 0x5a;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes), 0);
	CU_ASSERT_EQUAL(h1->xcr0, 3);
	CU_ASSERT_EQUAL(((uint8_t *)h1->fpu)[160], 0x5a);
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes - 1), -XEN_EINVAL);
	record.area[520] = 1; /* compacted */
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes), -XEN_EINVAL);
	record.area[520] = 0;
	record.area[512] = 4;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes), -XEN_EINVAL);
	record.area[512] = 3;
	record.head.xcr0 = 2;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes), -XEN_EINVAL);
	record.head.xcr0 = 7;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_XSAVE, 1, &record, bytes), -XEN_EINVAL);
	hvm_destroy();
}

static void msrs_in_records_obey_the_rules_of_wrmsr(void)
{
	struct {
		struct hvm_msr_head head;
		struct hvm_one_msr msr[2];
	} record = {{2, 0}, {{0x277, 0, 0x0606060606060606UL}, {0x48, 0, 0}}};

	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_MSR, 0, &record, sizeof(record)), 0);
	CU_ASSERT_EQUAL(h0->hvm->msrs.pat, 0x0606060606060606UL);
	record.msr[1].val = 1;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_MSR, 0, &record, sizeof(record)), -XEN_EINVAL);
	record.head.count = ~0U;
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_MSR, 0, &record, sizeof(record)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(load(HVM_SAVE_CPU_MSR, 0, &record, 4), -XEN_EINVAL);
	hvm_destroy();
}

/* --- streams --------------------------------------------------------------------------------- */

static int domctl(domctl_handler *handler, uint32_t command, uint32_t *size)
{
	struct domctl c = {.v = h0, .d = hvm};
	unsigned int stays = 0;
	int err;

	c.op.cmd = command;
	c.op.u.hvmcontext.size = *size;
	c.op.u.hvmcontext.buffer = BUFFER;
	do {
		restart_reset();
		restart_spend(RESTART_UNITS - 2);
		err = handler(&c);
	} while (err == -XEN_ERESTART && ++stays < 100);
	*size = c.op.u.hvmcontext.size;
	return err;
}

static void a_stream_is_a_header_records_and_an_end(void)
{
	uint32_t size = BUFFER_PAGES * 4096, at = 0, records = 0, mtrrs = 0;
	struct hvm_save_descriptor descriptor;

	CU_ASSERT_EQUAL(domctl(domctl_gethvmcontext, XEN_DOMCTL_gethvmcontext, &size), 0);
	do {
		peek(&descriptor, BUFFER + at, sizeof(descriptor));
		CU_ASSERT_EQUAL(descriptor.typecode == HVM_SAVE_HEADER, at == 0);
		mtrrs += descriptor.typecode == HVM_SAVE_MTRR;
		/* Nobody runs yet. */
		CU_ASSERT_NOT_EQUAL(descriptor.typecode, HVM_SAVE_CPU);
		at += (uint32_t)sizeof(descriptor) + descriptor.length;
		records++;
	} while (descriptor.typecode != HVM_SAVE_END && at < size);
	CU_ASSERT_EQUAL(at, size);
	CU_ASSERT_EQUAL(mtrrs, 2);
	CU_ASSERT_EQUAL(records, 2 + 2 * 5);
	CU_ASSERT_EQUAL(hvm->pause_count, 0);
	/* And it is taken as it was given. */
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size), 0);
	CU_ASSERT_EQUAL(hvm->pause_count, 0);
	CU_ASSERT_EQUAL(h0->pause_flags & VCPU_DOWN, VCPU_DOWN);
	size = 100;
	CU_ASSERT_EQUAL(domctl(domctl_gethvmcontext, XEN_DOMCTL_gethvmcontext, &size), -XEN_ENOSPC);
	CU_ASSERT_EQUAL(hvm->pause_count, 0);
	hvm_destroy();
}

static void a_stream_without_beginning_or_end_is_refused(void)
{
	struct {
		struct hvm_save_descriptor d0;
		struct hvm_save_header header;
		struct hvm_save_descriptor d1;
	} stream = {{HVM_SAVE_HEADER, 0, sizeof(struct hvm_save_header)},
		    {.magic = HVM_FILE_MAGIC, .version = 1},
		    {HVM_SAVE_END, 0, 0}};
	uint32_t size = sizeof(stream);

	poke(BUFFER, &stream, sizeof(stream));
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size), 0);
	size = sizeof(stream) - 8;
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size),
			-XEN_ENODATA);
	stream.d0.typecode = HVM_SAVE_LAPIC;
	poke(BUFFER, &stream, sizeof(stream));
	size = sizeof(stream);
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size),
			-XEN_ENODATA);
	stream.d0 = (struct hvm_save_descriptor){HVM_SAVE_HEADER, 0, ~0U};
	poke(BUFFER, &stream, sizeof(stream));
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size),
			-XEN_ENODATA);
	stream.d0.length = sizeof(stream.header);
	stream.header.magic++;
	poke(BUFFER, &stream, sizeof(stream));
	CU_ASSERT_EQUAL(domctl(domctl_sethvmcontext, XEN_DOMCTL_sethvmcontext, &size),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm->pause_count, 0);
	hvm_destroy();
}

static void one_record_can_be_asked_for(void)
{
	struct domctl c = {.v = h0, .d = hvm};
	struct hvm_hw_mtrr mtrr;

	c.op.u.hvmcontext_partial = (struct xen_domctl_hvmcontext_partial){
		.type = HVM_SAVE_MTRR, .instance = 1, .bufsz = 4096, .buffer = BUFFER};
	CU_ASSERT_EQUAL(domctl_gethvmcontext_partial(&c), 0);
	CU_ASSERT_EQUAL(c.op.u.hvmcontext_partial.bufsz, sizeof(mtrr));
	peek(&mtrr, BUFFER, sizeof(mtrr));
	CU_ASSERT_EQUAL(mtrr.msr_mtrr_cap, 0x508);
	c.op.u.hvmcontext_partial.bufsz = 8;
	CU_ASSERT_EQUAL(domctl_gethvmcontext_partial(&c), -XEN_ENOSPC);
	c.op.u.hvmcontext_partial.type = HVM_SAVE_CPU;
	CU_ASSERT_EQUAL(domctl_gethvmcontext_partial(&c), -XEN_ENODATA);
	c.op.u.hvmcontext_partial.instance = 9;
	CU_ASSERT_EQUAL(domctl_gethvmcontext_partial(&c), -XEN_EINVAL);
	hvm_destroy();
}

/* --- VCPUOP_initialise ----------------------------------------------------------------------- */

static void a_guest_starts_its_vcpus_in_either_mode(void)
{
	struct vcpu_hvm_context context = {
		.mode = VCPU_HVM_MODE_32B,
		.cpu_regs.x86_32 = {.eip = 0x100000, .cr0 = CR0_PE, .cs_ar = 0xc9b,
				    .cs_limit = ~0U, .ss_ar = 0xc93, .ds_ar = 0xc93,
				    .es_ar = 0, .tr_ar = 0x8b, .tr_limit = 0x67},
	};

	CU_ASSERT_EQUAL(hvm_set_context(h1, &context), 0);
	CU_ASSERT_EQUAL(h1->regs.rip, 0x100000);
	CU_ASSERT_EQUAL(states[1].cr0, CR0_PE | CR0_ET);
	context = (struct vcpu_hvm_context){
		.mode = VCPU_HVM_MODE_64B,
		.cpu_regs.x86_64 = {.rip = 0xffffffff81000000UL, .cr0 = CR0_PE | CR0_PG,
				    .cr3 = 0x1000, .cr4 = CR4_PAE, .efer = EFER_LME},
	};
	CU_ASSERT_EQUAL(hvm_set_context(h1, &context), 0);
	CU_ASSERT_EQUAL(states[1].efer, EFER_LME | EFER_LMA);
	CU_ASSERT_EQUAL(states[1].segments[HVM_CS].access & HVM_ACCESS_LONG, HVM_ACCESS_LONG);
	hvm_destroy();
}

static void bad_first_states_are_refused(void)
{
	const struct vcpu_hvm_context good = {
		.mode = VCPU_HVM_MODE_32B,
		.cpu_regs.x86_32 = {.cr0 = CR0_PE, .cs_ar = 0xc9b, .ss_ar = 0xc93, .tr_ar = 0x8b},
	};
	struct vcpu_hvm_context bad;

	bad = good;
	bad.mode = 2;
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.pad = 1;
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.cpu_regs.x86_32.cs_ar = 0xc93; /* data */
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.cpu_regs.x86_32.cs_ar = 0xa9b; /* 64-bit */
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.cpu_regs.x86_32.tr_ar = 0x89; /* not busy */
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.cpu_regs.x86_32.ds_ar = 0x1c93;
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = good;
	bad.cpu_regs.x86_32.efer = EFER_SVME;
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	bad = (struct vcpu_hvm_context){
		.mode = VCPU_HVM_MODE_64B,
		.cpu_regs.x86_64 = {.rip = 1UL << 60, .cr0 = CR0_PE | CR0_PG, .cr4 = CR4_PAE,
				    .efer = EFER_LME},
	};
	CU_ASSERT_EQUAL(hvm_set_context(h1, &bad), -XEN_EINVAL);
	hvm_destroy();
}

static void cpuid_names_each_vcpus_apic(void)
{
	CU_ASSERT_EQUAL(hvm_cpuid(h0, 1, 0).b >> 24, 0);
	CU_ASSERT_EQUAL(hvm_cpuid(h1, 1, 0).b >> 24, 2);
	CU_ASSERT_EQUAL(hvm_cpuid(h1, 0x40000004, 0).b, 1);
	CU_ASSERT_EQUAL(hvm_cpuid(h1, 0x40000004, 0).c, 1);
	hvm_destroy();
}

/* --- hvm_op ---------------------------------------------------------------------------------- */

static int64_t hvm_op(uint64_t command, void *op, size_t bytes)
{
	struct hypercall call = {.v = h0, .args = {command, BUFFER}};
	int64_t result;

	poke(BUFFER, op, bytes);
	result = hypercall_hvm_op(&call);
	peek(op, BUFFER, bytes);
	return result;
}

static void a_guest_finds_its_store_and_console(void)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN};

	CU_ASSERT_EQUAL(hvm_params_set(&hvm->hvm->params, false, HVM_PARAM_STORE_PFN, 0xfeffc), 0);
	CU_ASSERT_EQUAL(hvm_op(HVMOP_get_param, &p, sizeof(p)), 0);
	CU_ASSERT_EQUAL(p.value, 0xfeffc);
	CU_ASSERT_EQUAL(hvm_op(HVMOP_set_param, &p, sizeof(p)), -XEN_EPERM);
	p.domid = 77;
	CU_ASSERT_EQUAL(hvm_op(HVMOP_get_param, &p, sizeof(p)), -XEN_ESRCH);
	hvm_destroy();
}

static void the_upcall_vector_is_announced_at_once(void)
{
	struct xen_hvm_evtchn_upcall_vector op = {.vcpu = 1, .vector = 0xf3};
	struct vlapic *l = &h1->hvm->lapic;

	vlapic_page_write(l, 0xf0, 4, 0x1ff);
	CU_ASSERT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &op, sizeof(op)), 0);
	CU_ASSERT_EQUAL(vlapic_due(l), 0xf3);
	vlapic_accept(l, 0xf3);
	vlapic_page_write(l, 0xb0, 4, 0);
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 1};

	CU_ASSERT_EQUAL(hvm_op(HVMOP_set_param, &p, sizeof(p)), 0);
	CU_ASSERT_EQUAL(vlapic_due(l), 0xf3);
	op.vector = 15;
	CU_ASSERT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &op, sizeof(op)), -XEN_EINVAL);
	op.vector = 0x30;
	op.vcpu = 2;
	CU_ASSERT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &op, sizeof(op)), -XEN_ENOENT);
	hvm_destroy();
}

static void other_calls_are_answered_or_not_there(void)
{
	struct xen_hvm_get_mem_type type = {.domid = DOMID_SELF, .pfn = BUFFER >> PAGE_SHIFT};
	struct xen_hvm_get_time time = {0};

	CU_ASSERT_EQUAL(hvm_op(HVMOP_get_mem_type, &type, sizeof(type)), 0);
	CU_ASSERT_EQUAL(type.mem_type, HVMMEM_ram_rw);
	type.pfn = 1UL << 60;
	CU_ASSERT_EQUAL(hvm_op(HVMOP_get_mem_type, &type, sizeof(type)), 0);
	CU_ASSERT_EQUAL(type.mem_type, HVMMEM_mmio_dm);
	CU_ASSERT_EQUAL(hvm_op(HVMOP_get_time, &time, sizeof(time)), 0);
	CU_ASSERT_EQUAL(time.now, clock_now());
	CU_ASSERT_EQUAL(hvm_op(HVMOP_pagetable_dying, &type, sizeof(type)), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(hvm_op(~0UL, &type, sizeof(type)), -XEN_ENOSYS);
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_builders_record_starts_the_first_vcpu),
		UNIT(a_cpu_record_brings_back_what_was_saved),
		UNIT(a_state_no_guest_could_reach_is_refused),
		UNIT(extended_state_is_checked_before_xrstor_sees_it),
		UNIT(msrs_in_records_obey_the_rules_of_wrmsr),
		UNIT(a_stream_is_a_header_records_and_an_end),
		UNIT(a_stream_without_beginning_or_end_is_refused),
		UNIT(one_record_can_be_asked_for),
		UNIT(a_guest_starts_its_vcpus_in_either_mode),
		UNIT(bad_first_states_are_refused),
		UNIT(cpuid_names_each_vcpus_apic),
		UNIT(a_guest_finds_its_store_and_console),
		UNIT(the_upcall_vector_is_announced_at_once),
		UNIT(other_calls_are_answered_or_not_there),
	};

	return unit_main("hvm_context", tests, array_size(tests), setup);
}
