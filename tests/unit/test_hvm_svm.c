/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMCB: what an exit code means, the guest's view of registers, address space identifiers. */
#include "unit/hvm_world.h"

#include "hvm/svm/svm.h"
#include "machine/tlb.h"

static struct vmcb vmcb;
static struct svm_vcpu s;
static struct hvm_exit exit_;

static void setup(void)
{
	hvm_setup();
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&s, 0, sizeof(s));
	s.vmcb = &vmcb;
	heap_free(h0->hvm->arch);
	h0->hvm->arch = &s;
}

static void finish(void)
{
	/* The world frees its own. */
	h0->hvm->arch = heap_new(struct fake_vcpu);
	hvm_destroy();
}

static void decode(uint64_t code, uint64_t info1, uint64_t info2)
{
	vmcb.exit_code = code;
	vmcb.exit_info_1 = info1;
	vmcb.exit_info_2 = info2;
	svm_decode_exit(&vmcb, &exit_);
}

static void a_port_access_is_taken_apart(void)
{
	decode(SVM_EXIT_PORT, 0x3f8UL << 16 | 1U << 4 | 1, 0x1234);
	CU_ASSERT_EQUAL(exit_.reason, HVM_EXIT_PORT);
	CU_ASSERT_EQUAL(exit_.port.port, 0x3f8);
	CU_ASSERT_EQUAL(exit_.port.bytes, 1);
	CU_ASSERT(exit_.port.in);
	CU_ASSERT_FALSE(exit_.port.is_string);
	CU_ASSERT_EQUAL(exit_.next_rip, 0x1234);
	decode(SVM_EXIT_PORT, 0xcf8UL << 16 | 4U << 4 | 4 | 8, 0x1234);
	CU_ASSERT_EQUAL(exit_.port.bytes, 4);
	CU_ASSERT_FALSE(exit_.port.in);
	CU_ASSERT(exit_.port.is_string);
	finish();
}

static void a_nested_fault_says_where_and_how(void)
{
	decode(SVM_EXIT_NESTED_FAULT, 0x100000006, 0xfee00020);
	CU_ASSERT_EQUAL(exit_.reason, HVM_EXIT_MEMORY);
	CU_ASSERT_EQUAL(exit_.memory.address, 0xfee00020);
	CU_ASSERT(exit_.memory.write);
	CU_ASSERT_FALSE(exit_.memory.execute);
	CU_ASSERT_FALSE(exit_.memory.present);
	finish();
}

static void exceptions_keep_vector_and_error(void)
{
	decode(SVM_EXIT_EXCEPTION + EXCEPTION_AC, 0, 0);
	CU_ASSERT_EQUAL(exit_.reason, HVM_EXIT_EXCEPTION);
	CU_ASSERT_EQUAL(exit_.exception.vector, EXCEPTION_AC);
	CU_ASSERT(exit_.exception.has_error);
	decode(SVM_EXIT_EXCEPTION + EXCEPTION_DB, 7, 0);
	CU_ASSERT_FALSE(exit_.exception.has_error);
	CU_ASSERT_EQUAL(exit_.exception.error, 0);
	finish();
}

static void every_code_has_a_reason(void)
{
	static const struct {
		uint64_t code;
		enum hvm_exit_reason reason;
	} rows[] = {
		{SVM_EXIT_INTR, HVM_EXIT_HOST},	       {SVM_EXIT_NMI, HVM_EXIT_HOST},
		{SVM_EXIT_VINTR, HVM_EXIT_WINDOW},     {SVM_EXIT_CR_WRITE, HVM_EXIT_INSTRUCTION},
		{SVM_EXIT_CPUID, HVM_EXIT_INSTRUCTION}, {SVM_EXIT_HLT, HVM_EXIT_INSTRUCTION},
		{SVM_EXIT_MSR, HVM_EXIT_INSTRUCTION},  {SVM_EXIT_XSETBV, HVM_EXIT_INSTRUCTION},
		{SVM_EXIT_VMMCALL, HVM_EXIT_HYPERCALL}, {SVM_EXIT_IRET, HVM_EXIT_IRET},
		{SVM_EXIT_SHUTDOWN, HVM_EXIT_SHUTDOWN}, {SVM_EXIT_INVALID, HVM_EXIT_INVALID},
		{SVM_EXIT_VMRUN, HVM_EXIT_REFUSED},    {SVM_EXIT_MONITOR, HVM_EXIT_REFUSED},
		{SVM_EXIT_DR_READ + 3, HVM_EXIT_DEBUG_REGISTER},
		{SVM_EXIT_EXCEPTION + EXCEPTION_MC, HVM_EXIT_HOST},
		{0x7d, HVM_EXIT_UNKNOWN},	       {0x12345, HVM_EXIT_UNKNOWN},
	};

	for (unsigned int i = 0; i < array_size(rows); i++) {
		decode(rows[i].code, 0, 0);
		CU_ASSERT_EQUAL(exit_.reason, rows[i].reason);
	}
	finish();
}

static void what_could_reach_the_machine_exits(void)
{
	static const unsigned int wanted[] = {
		SVM_INTERCEPT_INTR, SVM_INTERCEPT_NMI,	SVM_INTERCEPT_PORT,
		SVM_INTERCEPT_MSR,  SVM_INTERCEPT_VMRUN, SVM_INTERCEPT_SHUTDOWN,
		SVM_INTERCEPT_STGI, SVM_INTERCEPT_CLGI,	SVM_INTERCEPT_XSETBV,
		SVM_INTERCEPT_CR_WRITE + 0, SVM_INTERCEPT_CR_WRITE + 4,
	};

	svm_vmcb_init(&vmcb, 0x1000, 0x5000);
	for (unsigned int i = 0; i < array_size(wanted); i++) {
		CU_ASSERT(vmcb.intercepts[wanted[i] / 32] >> wanted[i] % 32 & 1);
	}
	CU_ASSERT_EQUAL(vmcb.nested_paging, 1);
	CU_ASSERT((vmcb.virtual_interrupt & SVM_V_INTR_MASKING) != 0);
	finish();
}

static void the_guest_does_not_see_what_is_forced_on(void)
{
	svm_write(h0, HVM_EFER, EFER_LME);
	CU_ASSERT_EQUAL(vmcb.efer, EFER_LME | EFER_SVME);
	CU_ASSERT_EQUAL(svm_read(h0, HVM_EFER), EFER_LME);
	finish();
}

static void disabling_caches_is_the_guests_view_only(void)
{
	svm_write(h0, HVM_CR0, CR0_PE | CR0_CD | CR0_NW);
	CU_ASSERT_EQUAL(vmcb.cr0, CR0_PE);
	CU_ASSERT_EQUAL(svm_read(h0, HVM_CR0), CR0_PE | CR0_CD | CR0_NW);
	CU_ASSERT(vmcb.intercepts[0] & 1);
	svm_write(h0, HVM_CR0, CR0_PE);
	CU_ASSERT_FALSE(vmcb.intercepts[0] & 1);
	finish();
}

static void a_state_comes_back_as_it_went_in(void)
{
	struct hvm_cpu_state in, out;

	memset(&in, 0, sizeof(in));
	for (unsigned int i = 0; i < HVM_SEGMENTS; i++) {
		in.segments[i] = (struct hvm_segment_state){(uint16_t)(8 * i), 0xc93, 100 + i,
							    0x1000UL * i};
	}
	in.gdtr = (struct hvm_table_state){0x7f, 0xffff888000001000};
	in.idtr = (struct hvm_table_state){0xfff, 0xfffffe0000000000};
	in.cr0 = CR0_PE | CR0_PG | CR0_CD;
	in.cr2 = 2;
	in.cr3 = 3;
	in.cr4 = CR4_PAE;
	in.efer = EFER_LME | EFER_LMA;
	in.dr6 = 6;
	in.dr7 = 7;
	in.pat = 8;
	in.star = 9;
	in.lstar = 10;
	in.cstar = 11;
	in.sfmask = 12;
	in.kernel_gs_base = 13;
	in.sysenter_cs = 14;
	in.sysenter_esp = 15;
	in.sysenter_eip = 16;
	in.cpl = 3;
	in.interrupt_shadow = true;
	svm_set_state(h0, &in);
	memset(&out, 0, sizeof(out));
	svm_get_state(h0, &out);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	finish();
}

static uint32_t choose(void)
{
	svm_asid_choose(h0);
	return vmcb.asid;
}

static void an_address_space_is_kept_until_something_changes(void)
{
	uint32_t first;

	svm_asid_init(0, 16);
	first = choose();
	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(choose(), first);
	/* The p2m changed. */
	(void)hvm_ram_at(5);
	spin_lock(&hvm->hvm->p2m.lock);
	{
		struct p2m_entry entry;
		bool removed;

		p2m_get(&hvm->hvm->p2m, gfn(5), &entry);
		CU_ASSERT_EQUAL(choose(), first);
		CU_ASSERT_EQUAL(p2m_remove_locked(&hvm->hvm->p2m, gfn(5), entry.mfn, &removed), 0);
	}
	spin_unlock(&hvm->hvm->p2m.lock);
	CU_ASSERT_NOT_EQUAL(choose(), first);
	/* The guest's own tables. */
	first = choose();
	svm_asid_drop(h0);
	CU_ASSERT_NOT_EQUAL(choose(), first);
	/* A flush for frames that were freed. */
	first = choose();
	(void)tlb_epoch();
	tlb_flush_local();
	CU_ASSERT_NOT_EQUAL(choose(), first);
	/* It was on another CPU, whose identifiers are others. */
	first = choose();
	s.asid_cpu = 1;
	CU_ASSERT_NOT_EQUAL(choose(), first);
	finish();
}

static void used_up_identifiers_begin_anew_with_a_flush(void)
{
	bool flushed = false;

	svm_asid_init(0, 4);
	for (int i = 0; i < 8; i++) {
		svm_asid_drop(h0);
		CU_ASSERT(choose() >= 1 && vmcb.asid < 4);
		flushed |= vmcb.tlb_control == SVM_TLB_FLUSH_ALL;
	}
	CU_ASSERT(flushed);
	(void)choose();
	CU_ASSERT_EQUAL(vmcb.tlb_control, SVM_TLB_FLUSH_NOTHING);
	finish();
}

static const struct hvm_event tick = {.exists = true, .type = EVENT_INTERRUPT, .vector = 0xec};

static struct hvm_event broken_off(void)
{
	struct hvm_event event;

	svm_take_broken_off(h0, &event);
	return event;
}

static void an_interrupt_is_given_as_a_virtual_one(void)
{
	svm_want_windows(h0, false, false);
	CU_ASSERT_FALSE(svm_is_injecting(h0));
	svm_inject(h0, &tick);
	CU_ASSERT(svm_is_injecting(h0));
	CU_ASSERT_EQUAL(vmcb.event, 0);
	CU_ASSERT_EQUAL(vmcb.virtual_interrupt >> 32, 0xec);
	CU_ASSERT(vmcb.virtual_interrupt & SVM_V_IRQ);
	CU_ASSERT_FALSE(svm_is_intercepted(&vmcb, SVM_INTERCEPT_VINTR));
	/* The CPU takes it. */
	vmcb.virtual_interrupt &= ~SVM_V_IRQ;
	CU_ASSERT_FALSE(svm_is_injecting(h0));
	CU_ASSERT_FALSE(broken_off().exists);
	finish();
}

static void an_interrupt_that_was_not_taken_comes_back_once(void)
{
	struct hvm_event event;

	svm_want_windows(h0, false, false);
	svm_inject(h0, &tick);
	/* An emulated CPU reports it besides, under another type. */
	vmcb.exit_event = SVM_EVENT_VALID | EVENT_EXCEPTION << SVM_EVENT_TYPE_SHIFT | 0xec;
	event = broken_off();
	CU_ASSERT(event.exists);
	CU_ASSERT_EQUAL(event.type, EVENT_INTERRUPT);
	CU_ASSERT_EQUAL(event.vector, 0xec);
	CU_ASSERT_FALSE(event.has_error);
	CU_ASSERT_FALSE(svm_is_injecting(h0));
	CU_ASSERT_FALSE(broken_off().exists);
	finish();
}

static void a_window_and_an_interrupt_do_not_meet(void)
{
	svm_want_windows(h0, true, true);
	CU_ASSERT_FALSE(svm_is_injecting(h0));
	CU_ASSERT_FALSE(broken_off().exists);
	CU_ASSERT(vmcb.virtual_interrupt & SVM_V_IRQ);
	svm_inject(h0, &tick);
	CU_ASSERT(svm_is_injecting(h0));
	CU_ASSERT_EQUAL(vmcb.event, SVM_EVENT_VALID | 0xec);
	CU_ASSERT(svm_is_intercepted(&vmcb, SVM_INTERCEPT_VINTR));
	CU_ASSERT(svm_is_intercepted(&vmcb, SVM_INTERCEPT_IRET));
	vmcb.event = 0;
	svm_want_windows(h0, false, false);
	CU_ASSERT_FALSE(vmcb.virtual_interrupt & SVM_V_IRQ);
	CU_ASSERT_FALSE(svm_is_intercepted(&vmcb, SVM_INTERCEPT_IRET));
	CU_ASSERT_FALSE(svm_is_injecting(h0));
	finish();
}

static void an_exception_takes_its_error_along(void)
{
	struct hvm_event fault = {true, EVENT_EXCEPTION, EXCEPTION_PF, true, 0x80000006};

	svm_want_windows(h0, false, false);
	svm_inject(h0, &fault);
	CU_ASSERT_EQUAL(vmcb.event, 0x8000000680000b0e);
	vmcb.exit_event = vmcb.event;
	vmcb.event = 0;
	fault = broken_off();
	CU_ASSERT_EQUAL(fault.type, EVENT_EXCEPTION);
	CU_ASSERT(fault.has_error);
	CU_ASSERT_EQUAL(fault.error, 0x80000006);
	CU_ASSERT_FALSE(broken_off().exists);
	finish();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_port_access_is_taken_apart),
		UNIT(a_nested_fault_says_where_and_how),
		UNIT(exceptions_keep_vector_and_error),
		UNIT(every_code_has_a_reason),
		UNIT(what_could_reach_the_machine_exits),
		UNIT(the_guest_does_not_see_what_is_forced_on),
		UNIT(disabling_caches_is_the_guests_view_only),
		UNIT(a_state_comes_back_as_it_went_in),
		UNIT(an_interrupt_is_given_as_a_virtual_one),
		UNIT(an_interrupt_that_was_not_taken_comes_back_once),
		UNIT(a_window_and_an_interrupt_do_not_meet),
		UNIT(an_exception_takes_its_error_along),
		UNIT(an_address_space_is_kept_until_something_changes),
		UNIT(used_up_identifiers_begin_anew_with_a_flush),
	};

	return unit_main("hvm_svm", tests, array_size(tests), setup);
}
