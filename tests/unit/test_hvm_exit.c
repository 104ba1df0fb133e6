/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from each exit: ports, emulated instructions, memory faults, exceptions, halts. */
#include "unit/hvm_world.h"

#include "x86/msr.h"

#include <xen/hvm_params.h>
#include <xen/sched.h>

#define CODE 0x1000UL
#define DATA 0x2000UL

static struct cpu_regs *regs;

static void setup(void)
{
	hvm_setup();
	(void)hvm_ram_at(CODE >> PAGE_SHIFT);
	(void)hvm_ram_at(DATA >> PAGE_SHIFT);
	hvm_load_vcpu(h0);
	regs = &cpu_local()->regs;
	/* 32-bit code without paging, as PVH guests begin. */
	fake(h0)->registers[HVM_CR0] = CR0_PE | CR0_ET;
	fake(h0)->segments[HVM_CS].access = 0xc9b;
	fake(h0)->segments[HVM_CS].base = 0;
	regs->rip = CODE;
	regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
}

static void leave(struct hvm_exit exit)
{
	hvm_exit(h0, regs, &exit);
}

static void code(const void *bytes, size_t count)
{
	memcpy(hvm_word_at(CODE), bytes, count);
	regs->rip = CODE;
}

static void run(const void *bytes, size_t count, enum hvm_exit_reason reason)
{
	code(bytes, count);
	leave((struct hvm_exit){.reason = reason});
}

static const struct hvm_event *pending(void)
{
	return &h0->hvm->inject.pending;
}

static bool raised(uint8_t vector)
{
	return pending()->exists && pending()->vector == vector;
}

static void an_absent_port_reads_ones(void)
{
	regs->rax = 0x1122334455667788;
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 1,
				.port = {.port = 0xb004, .bytes = 1, .in = true}});
	CU_ASSERT_EQUAL(regs->rax, 0x11223344556677ff);
	CU_ASSERT_EQUAL(regs->rip, CODE + 1);
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 2,
				.port = {.port = 0xcfc, .bytes = 2, .in = true}});
	CU_ASSERT_EQUAL(regs->rax, 0x112233445566ffff);
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 3,
				.port = {.port = 0xcf8, .bytes = 4, .in = true}});
	CU_ASSERT_EQUAL(regs->rax, 0xffffffff);
	hvm_destroy();
}

/* So that no kernel waits for its ones to count down. */
static void an_absent_timers_counter_reads_zero(void)
{
	regs->rax = 0xff;
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 1,
				.port = {.port = 0x42, .bytes = 1, .in = true}});
	CU_ASSERT_EQUAL(regs->rax, 0);
	hvm_destroy();
}

static void the_debug_port_prints(void)
{
	regs->rax = 'x';
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 2,
				.port = {.port = 0xe9, .bytes = 1}});
	regs->rax = 'y';
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 2,
				.port = {.port = 0xe8, .bytes = 1}});
	CU_ASSERT_EQUAL(console_length, 1);
	CU_ASSERT_EQUAL(console_text[0], 'x');
	hvm_destroy();
}

static void a_string_of_output_is_written_piece_by_piece(void)
{
	static const uint8_t rep_outsb[] = {0xf3, 0x6e};

	memcpy(hvm_word_at(DATA), "hello", 5);
	regs->rsi = DATA;
	regs->rcx = 5;
	regs->rdx = 0xe9;
	code(rep_outsb, sizeof(rep_outsb));
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 2,
				.port = {.port = 0xe9, .bytes = 1, .is_string = true}});
	CU_ASSERT_EQUAL(regs->rcx, 0);
	CU_ASSERT_EQUAL(regs->rip, CODE + 2);
	CU_ASSERT_EQUAL(memcmp(console_text, "hello", 5), 0);
	hvm_destroy();
}

static void a_long_string_leaves_room_for_others(void)
{
	static const uint8_t rep_outsb[] = {0xf3, 0x6e};

	regs->rsi = DATA;
	regs->rcx = 1000;
	regs->rdx = 0x80;
	code(rep_outsb, sizeof(rep_outsb));
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT, .port = {.is_string = true}});
	CU_ASSERT_EQUAL(regs->rip, CODE);
	CU_ASSERT(regs->rcx > 900 && regs->rcx < 1000);
	hvm_destroy();
}

static void a_halted_vcpu_waits_for_what_wakes_it(void)
{
	static const uint8_t hlt[] = {0xf4};

	vcpu_clear_flag(h0, VCPU_DOWN);
	run(hlt, sizeof(hlt), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(h0->pause_flags & VCPU_BLOCKED);
	CU_ASSERT_EQUAL(regs->rip, CODE + 1);
	atomic_write(&h0->nmi_pending, true);
	vcpu_kick(h0);
	CU_ASSERT_FALSE(h0->pause_flags & VCPU_BLOCKED);
	/* Something is there already: it does not even stop. */
	run(hlt, sizeof(hlt), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_FALSE(h0->pause_flags & VCPU_BLOCKED);
	hvm_destroy();
}

static void halting_for_good_powers_the_domain_off_with_the_last_vcpu(void)
{
	static const uint8_t hlt[] = {0xf4};

	vcpu_clear_flag(h0, VCPU_DOWN);
	vcpu_clear_flag(h1, VCPU_DOWN);
	regs->rflags &= ~RFLAGS_IF;
	run(hlt, sizeof(hlt), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(h0->pause_flags & VCPU_DOWN);
	CU_ASSERT_FALSE(hvm->is_shutting_down);
	hvm_vcpu_down(h1);
	CU_ASSERT(hvm->is_shutting_down);
	CU_ASSERT_EQUAL(hvm->shutdown_code, SHUTDOWN_poweroff);
	hvm_destroy();
}

static void an_interrupt_in_the_local_apic_ends_a_halt(void)
{
	static const uint8_t hlt[] = {0xf4};

	vcpu_clear_flag(h0, VCPU_DOWN);
	vlapic_page_write(&h0->hvm->lapic, 0xf0, 4, 0x1ff);
	h0->hvm->upcall_vector = 0xf3;
	run(hlt, sizeof(hlt), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(h0->pause_flags & VCPU_BLOCKED);
	hvm_upcall(h0);
	CU_ASSERT_FALSE(h0->pause_flags & VCPU_BLOCKED);
	CU_ASSERT_FALSE(hvm_guest_ops.deliver(h0));
	CU_ASSERT(fake(h0)->event.exists);
	CU_ASSERT_EQUAL(fake(h0)->event.vector, 0xf3);
	CU_ASSERT_EQUAL(fake(h0)->event.type, EVENT_INTERRUPT);
	hvm_destroy();
}

static void an_upcall_before_the_local_apic_is_on_is_not_lost(void)
{
	h0->hvm->upcall_vector = 0xf3;
	h0->info->evtchn_upcall_pending = 1;
	hvm_upcall(h0);
	CU_ASSERT_FALSE(hvm_guest_ops.deliver(h0));
	CU_ASSERT_FALSE(fake(h0)->event.exists);
	vlapic_page_write(&h0->hvm->lapic, 0xf0, 4, 0x1ff);
	CU_ASSERT_FALSE(hvm_guest_ops.deliver(h0));
	CU_ASSERT_EQUAL(fake(h0)->event.vector, 0xf3);
	hvm_destroy();
}

static void what_cannot_be_taken_makes_a_window_wanted(void)
{
	vlapic_page_write(&h0->hvm->lapic, 0xf0, 4, 0x1ff);
	vlapic_raise(&h0->hvm->lapic, 0x40);
	regs->rflags &= ~RFLAGS_IF;
	(void)hvm_guest_ops.deliver(h0);
	CU_ASSERT_FALSE(fake(h0)->event.exists);
	CU_ASSERT(fake(h0)->interrupt_window);
	regs->rflags |= RFLAGS_IF;
	fake(h0)->shadow = true;
	(void)hvm_guest_ops.deliver(h0);
	CU_ASSERT_FALSE(fake(h0)->event.exists);
	fake(h0)->shadow = false;
	leave((struct hvm_exit){.reason = HVM_EXIT_WINDOW});
	(void)hvm_guest_ops.deliver(h0);
	CU_ASSERT(fake(h0)->event.exists);
	CU_ASSERT_FALSE(fake(h0)->interrupt_window);
	hvm_destroy();
}

static void an_event_broken_off_is_delivered_again(void)
{
	fake(h0)->broken_off = (struct hvm_event){
		.exists = true, .type = EVENT_INTERRUPT, .vector = 0x51};
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY,
				.memory = {.address = DATA, .write = true}});
	(void)hvm_guest_ops.deliver(h0);
	CU_ASSERT_EQUAL(fake(h0)->event.vector, 0x51);
	hvm_destroy();
}

static void memory_that_is_there_by_now_is_tried_again(void)
{
	static const uint8_t store[] = {0xa2, 0, 0x20, 0, 0};

	code(store, sizeof(store));
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY,
				.memory = {.address = DATA, .write = true}});
	CU_ASSERT_EQUAL(regs->rip, CODE);
	CU_ASSERT_FALSE(pending()->exists);
	hvm_destroy();
}

static void a_hole_reads_ones_and_drops_writes(void)
{
	static const uint8_t load[] = {0xa1, 0, 0, 0, 0xe0};
	static const uint8_t store[] = {0xa3, 0, 0, 0, 0xe0};
	struct hvm_exit exit = {.reason = HVM_EXIT_MEMORY, .memory = {.address = 0xe0000000}};

	code(load, sizeof(load));
	leave(exit);
	CU_ASSERT_EQUAL((uint32_t)regs->rax, 0xffffffff);
	CU_ASSERT_EQUAL(regs->rip, CODE + 5);
	exit.memory.write = true;
	code(store, sizeof(store));
	leave(exit);
	CU_ASSERT_EQUAL(regs->rip, CODE + 5);
	CU_ASSERT_FALSE(pending()->exists);
	exit.memory.write = false;
	exit.memory.execute = true;
	leave(exit);
	CU_ASSERT(raised(EXCEPTION_UD));
	hvm_destroy();
}

static void the_local_apics_page_is_its_registers(void)
{
	static const uint8_t load_version[] = {0xa1, 0x30, 0, 0xe0, 0xfe};
	static const uint8_t lock_or_tpr[] = {0xf0, 0x83, 0x0d, 0x80, 0, 0xe0, 0xfe, 0x20};

	code(load_version, sizeof(load_version));
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY, .memory = {.address = 0xfee00030}});
	CU_ASSERT_EQUAL((uint32_t)regs->rax, 0x50014);
	code(lock_or_tpr, sizeof(lock_or_tpr));
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY,
				.memory = {.address = 0xfee00080, .write = true}});
	CU_ASSERT_EQUAL(vlapic_page_read(&h0->hvm->lapic, 0x80, 4), 0x20);
	hvm_destroy();
}

static void writes_to_read_only_memory_are_dropped(void)
{
	static const uint8_t store[] = {0xa3, 0, 0x20, 0, 0};
	struct p2m_entry entry;

	*hvm_word_at(DATA) = 5;
	p2m_get(&hvm->hvm->p2m, gfn(DATA >> PAGE_SHIFT), &entry);
	spin_lock(&hvm->hvm->p2m.lock);
	CU_ASSERT_EQUAL(p2m_set_locked(&hvm->hvm->p2m, gfn(DATA >> PAGE_SHIFT), entry.mfn, 0,
				       P2M_RAM_RO), 0);
	spin_unlock(&hvm->hvm->p2m.lock);
	code(store, sizeof(store));
	regs->rax = 9;
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY,
				.memory = {.address = DATA, .write = true, .present = true}});
	CU_ASSERT_EQUAL(*hvm_word_at(DATA), 5);
	CU_ASSERT_EQUAL(regs->rip, CODE + 5);
	hvm_destroy();
}

static void instructions_it_has_not_got_are_undefined(void)
{
	leave((struct hvm_exit){.reason = HVM_EXIT_REFUSED});
	CU_ASSERT(raised(EXCEPTION_UD));
	CU_ASSERT_EQUAL(regs->rip, CODE);
	hvm_destroy();
}

static void its_own_exceptions_are_given_to_it(void)
{
	leave((struct hvm_exit){.reason = HVM_EXIT_EXCEPTION,
				.exception = {.vector = EXCEPTION_PF,
					      .has_error = true,
					      .error = 3,
					      .address = 0xdead000}});
	CU_ASSERT(raised(EXCEPTION_PF));
	CU_ASSERT_EQUAL(pending()->error, 3);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR2], 0xdead000);
	hvm_destroy();
}

static void a_triple_fault_shuts_the_domain_down_as_its_parameter_says(void)
{
	hvm->hvm->params.value[HVM_PARAM_TRIPLE_FAULT_REASON] = SHUTDOWN_reboot;
	leave((struct hvm_exit){.reason = HVM_EXIT_SHUTDOWN});
	CU_ASSERT(hvm->is_shutting_down);
	CU_ASSERT_EQUAL(hvm->shutdown_code, SHUTDOWN_reboot);
	hvm_destroy();
}

static void an_exit_nobody_asked_for_crashes_the_domain_only(void)
{
	leave((struct hvm_exit){.reason = HVM_EXIT_UNKNOWN, .code = 0x77});
	CU_ASSERT(hvm->is_shutting_down);
	CU_ASSERT_EQUAL(hvm->shutdown_code, SHUTDOWN_crash);
	hvm_destroy();
}

static void unknown_msrs_are_general_protection(void)
{
	static const uint8_t rdmsr[] = {0x0f, 0x32};
	static const uint8_t wrmsr[] = {0x0f, 0x30};

	regs->rcx = 0xdeadbeef;
	run(rdmsr, sizeof(rdmsr), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(raised(EXCEPTION_GP));
	CU_ASSERT_EQUAL(regs->rip, CODE);
	h0->hvm->inject.pending = (struct hvm_event){0};
	run(wrmsr, sizeof(wrmsr), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(raised(EXCEPTION_GP));
	hvm_destroy();
}

static void the_hypercall_page_is_written_where_it_says(void)
{
	static const uint8_t wrmsr[] = {0x0f, 0x30};
	static const uint8_t slot_2[] = {0xb8, 2, 0, 0, 0, 0x0f, 0x01, 0xd9, 0xc3};

	regs->rcx = 0x40000000;
	regs->rax = DATA;
	regs->rdx = 0;
	run(wrmsr, sizeof(wrmsr), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_EQUAL(memcmp(hvm_word_at(DATA + 64), slot_2, sizeof(slot_2)), 0);
	regs->rax = 0x7777000;
	run(wrmsr, sizeof(wrmsr), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(raised(EXCEPTION_GP));
	hvm_destroy();
}

static void privileged_instructions_of_programs_are_general_protection(void)
{
	static const uint8_t mov_cr4[] = {0x0f, 0x22, 0xe0};

	fake(h0)->cpl = 3;
	run(mov_cr4, sizeof(mov_cr4), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(raised(EXCEPTION_GP));
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR4], 0);
	hvm_destroy();
}

static void turning_paging_on_makes_long_mode(void)
{
	static const uint8_t mov_cr4[] = {0x0f, 0x22, 0xe0};
	static const uint8_t mov_cr0[] = {0x0f, 0x22, 0xc0};

	regs->rax = CR4_PAE;
	run(mov_cr4, sizeof(mov_cr4), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR4], CR4_PAE);
	CU_ASSERT(hvm_wrmsr(h0, MSR_EFER, EFER_LME));
	regs->rax = CR0_PE | CR0_ET | CR0_PG;
	run(mov_cr0, sizeof(mov_cr0), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_EFER], EFER_LME | EFER_LMA);
	CU_ASSERT_EQUAL(regs->rip, CODE + 3);
	hvm_destroy();
}

static void a_stepped_instruction_owes_a_trap(void)
{
	static const uint8_t cpuid[] = {0x0f, 0xa2};

	regs->rflags |= RFLAGS_TF;
	run(cpuid, sizeof(cpuid), HVM_EXIT_INSTRUCTION);
	CU_ASSERT(raised(EXCEPTION_DB));
	CU_ASSERT(fake(h0)->registers[HVM_DR6] & DR6_BS);
	CU_ASSERT_EQUAL(regs->rip, CODE + 2);
	hvm_destroy();
}

static void another_vcpu_starts_where_its_sipi_says(void)
{
	CU_ASSERT(h1->pause_flags & VCPU_DOWN);
	vlapic_page_write(&h0->hvm->lapic, 0xf0, 4, 0x1ff);
	vlapic_page_write(&h0->hvm->lapic, 0x310, 4, 2U << 24);
	vlapic_page_write(&h0->hvm->lapic, 0x300, 4, 0x4500);
	vlapic_page_write(&h0->hvm->lapic, 0x300, 4, 0x4699);
	CU_ASSERT_FALSE(h1->pause_flags & VCPU_DOWN);
	hvm_load_vcpu(h1);
	CU_ASSERT(hvm_guest_ops.deliver(h1));
	CU_ASSERT_EQUAL(fake(h1)->segments[HVM_CS].base, 0x99000);
	CU_ASSERT_EQUAL(fake(h1)->segments[HVM_CS].selector, 0x9900);
	CU_ASSERT_EQUAL(cpu_local()->regs.rip, 0);
	hvm_destroy();
}

static void hypercall_buffers_go_through_the_guests_tables(void)
{
	uint64_t word = 0x1234;

	CU_ASSERT_EQUAL(hvm_guest_ops.copy_out(h0, DATA + 8, &word, 8), 0);
	CU_ASSERT_EQUAL(*hvm_word_at(DATA + 8), 0x1234);
	word = 0;
	CU_ASSERT_EQUAL(hvm_guest_ops.copy_in(h0, &word, DATA + 8, 8), 0);
	CU_ASSERT_EQUAL(word, 0x1234);
	CU_ASSERT_EQUAL(hvm_guest_ops.copy_in(h0, &word, 0x900000, 8), 8);
	hvm_destroy();
}

/* The instruction changed after the exit, or has two operands: what it reaches is memory. */
static void run_on_memory(const void *bytes, size_t count)
{
	code(bytes, count);
	leave((struct hvm_exit){.reason = HVM_EXIT_MEMORY,
				.memory = {.address = 0xe0000000, .write = true}});
}

static void an_exchange_in_memory_is_whole_in_any_size(void)
{
	static const struct {
		uint8_t bytes[9], count;
		uint64_t mask;
	} cmpxchg[] = {{{0xf0, 0x0f, 0xb0, 0x0d, 0, 0x20, 0, 0}, 8, 0xff},
		       {{0x66, 0xf0, 0x0f, 0xb1, 0x0d, 0, 0x20, 0, 0}, 9, 0xffff},
		       {{0xf0, 0x0f, 0xb1, 0x0d, 0, 0x20, 0, 0}, 8, 0xffffffff}};
	static const uint8_t cmpxchg8b[] = {0xf0, 0x0f, 0xc7, 0x0d, 0, 0x20, 0, 0};
	uint64_t before = 0x1122334455667788;

	for (unsigned int i = 0; i < array_size(cmpxchg); i++) {
		uint64_t mask = cmpxchg[i].mask;

		*hvm_word_at(DATA) = before;
		regs->rax = 0;
		regs->rcx = 0xa1a2a3a4;
		run_on_memory(cmpxchg[i].bytes, cmpxchg[i].count);
		CU_ASSERT_EQUAL(*hvm_word_at(DATA), before);
		CU_ASSERT_EQUAL(regs->rax & mask, before & mask);
		CU_ASSERT_FALSE(regs->rflags & RFLAGS_ZF);
		run_on_memory(cmpxchg[i].bytes, cmpxchg[i].count);
		CU_ASSERT_EQUAL(*hvm_word_at(DATA), (before & ~mask) | (0xa1a2a3a4 & mask));
		CU_ASSERT_TRUE(regs->rflags & RFLAGS_ZF);
		CU_ASSERT_EQUAL(regs->rip, CODE + cmpxchg[i].count);
	}
	*hvm_word_at(DATA) = before;
	regs->rax = 0x55667788;
	regs->rdx = 0x11223344;
	regs->rbx = 5;
	regs->rcx = 6;
	run_on_memory(cmpxchg8b, sizeof(cmpxchg8b));
	CU_ASSERT_EQUAL(*hvm_word_at(DATA), 6UL << 32 | 5);
	CU_ASSERT_FALSE(pending()->exists);
	hvm_destroy();
}

static void what_lies_across_two_pages_is_read_and_written_whole(void)
{
	static const uint8_t load[] = {0xa1, 0xfe, 0x1f, 0, 0}, store[] = {0xa3, 0xfe, 0x1f, 0, 0};
	static const uint8_t cmpxchg[] = {0xf0, 0x0f, 0xb1, 0x0d, 0xfe, 0x1f, 0, 0};

	memcpy((uint8_t *)hvm_word_at(CODE) + 0xffe, "\1\2", 2);
	*hvm_word_at(DATA) = 0x0403;
	run_on_memory(load, sizeof(load));
	CU_ASSERT_EQUAL((uint32_t)regs->rax, 0x04030201);
	regs->rcx = 0x14131211;
	run_on_memory(cmpxchg, sizeof(cmpxchg));
	run_on_memory(load, sizeof(load));
	CU_ASSERT_EQUAL((uint32_t)regs->rax, 0x14131211);
	regs->rax = 0x24232221;
	run_on_memory(store, sizeof(store));
	CU_ASSERT_EQUAL(*hvm_word_at(DATA) & 0xffff, 0x2423);
	hvm_destroy();
}

static void what_its_tables_refuse_is_the_guests_page_fault(void)
{
	static const uint8_t load[] = {0xa1, 0, 0, 0x80, 0};

	fake(h0)->registers[HVM_CR0] |= CR0_PG;
	fake(h0)->registers[HVM_CR3] = DATA;
	fake(h0)->registers[HVM_CR4] = CR4_PSE;
	*hvm_word_at(DATA) = 0x83; /* the first 4 MiB, nothing behind */
	run_on_memory(load, sizeof(load));
	CU_ASSERT(raised(EXCEPTION_PF));
	CU_ASSERT_EQUAL(pending()->error, 0);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR2], 0x800000);
	CU_ASSERT_EQUAL(regs->rip, CODE);
	hvm_destroy();
}

static void control_registers_read_as_they_are(void)
{
	static const enum hvm_register registers[] = {HVM_CR0, HVM_CR2, HVM_CR3, HVM_CR4};
	static const uint8_t numbers[] = {0, 2, 3, 4};
	static const uint8_t clts[] = {0x0f, 0x06}, mov_to_cr2[] = {0x0f, 0x22, 0xd0};

	fake(h0)->registers[HVM_CR0] |= CR0_TS;
	fake(h0)->registers[HVM_CR3] = 0x5000;
	fake(h0)->registers[HVM_CR4] = CR4_PSE;
	regs->rax = 0x1234;
	run(mov_to_cr2, sizeof(mov_to_cr2), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR2], 0x1234);
	for (unsigned int i = 0; i < array_size(registers); i++) {
		uint8_t mov[] = {0x0f, 0x20, (uint8_t)(0xc0 | numbers[i] << 3)};

		run(mov, sizeof(mov), HVM_EXIT_INSTRUCTION);
		CU_ASSERT_EQUAL((uint32_t)regs->rax, fake(h0)->registers[registers[i]]);
	}
	run(clts, sizeof(clts), HVM_EXIT_INSTRUCTION);
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_CR0], CR0_PE | CR0_ET);
	CU_ASSERT_FALSE(pending()->exists);
	hvm_destroy();
}

static bool refused(const void *bytes, size_t count)
{
	bool is;

	h0->hvm->inject.pending = (struct hvm_event){0};
	run(bytes, count, HVM_EXIT_INSTRUCTION);
	is = raised(EXCEPTION_GP) && regs->rip == CODE;
	h0->hvm->inject.pending = (struct hvm_event){0};
	return is;
}

static void extended_state_is_turned_on_as_the_cpu_would(void)
{
	static const uint8_t xsetbv[] = {0x0f, 0x01, 0xd1};
	uint64_t before = h0->xcr0;

	h0->hvm->limits.xcr0 = 7;
	regs->rdx = 0;
	regs->rcx = 1; /* no such register */
	regs->rax = 3;
	CU_ASSERT_TRUE(refused(xsetbv, sizeof(xsetbv)));
	regs->rcx = 0;
	regs->rax = 2; /* without x87 */
	CU_ASSERT_TRUE(refused(xsetbv, sizeof(xsetbv)));
	regs->rax = 15; /* more than it may */
	CU_ASSERT_TRUE(refused(xsetbv, sizeof(xsetbv)));
	regs->rax = 7;
	fake(h0)->cpl = 3;
	CU_ASSERT_TRUE(refused(xsetbv, sizeof(xsetbv)));
	CU_ASSERT_EQUAL(h0->xcr0, before);
	fake(h0)->cpl = 0;
	CU_ASSERT_FALSE(refused(xsetbv, sizeof(xsetbv)));
	CU_ASSERT_EQUAL(h0->xcr0, 7);
	CU_ASSERT_EQUAL(cpu_xgetbv(0), 7);
	hvm_destroy();
}

static void counters_are_told_or_refused(void)
{
	static const uint8_t rdtsc[] = {0x0f, 0x31}, rdtscp[] = {0x0f, 0x01, 0xf9};
	static const uint8_t rdpmc[] = {0x0f, 0x33}, wbinvd[] = {0x0f, 0x09};

	h0->hvm->msrs.tsc_aux = 0x77;
	CU_ASSERT_FALSE(refused(rdtsc, sizeof(rdtsc)));
	CU_ASSERT_FALSE(refused(rdtscp, sizeof(rdtscp)));
	CU_ASSERT_EQUAL(regs->rcx, 0x77);
	CU_ASSERT_EQUAL(regs->rip, CODE + 3);
	CU_ASSERT_TRUE(refused(rdpmc, sizeof(rdpmc)));
	CU_ASSERT_FALSE(refused(wbinvd, sizeof(wbinvd)));
	CU_ASSERT_EQUAL(regs->rip, CODE + 2);
	fake(h0)->cpl = 3;
	CU_ASSERT_FALSE(refused(rdtsc, sizeof(rdtsc)));
	CU_ASSERT_TRUE(refused(wbinvd, sizeof(wbinvd)));
	fake(h0)->registers[HVM_CR4] = CR4_TSD;
	CU_ASSERT_TRUE(refused(rdtsc, sizeof(rdtsc)));
	CU_ASSERT_TRUE(refused(rdtscp, sizeof(rdtscp)));
	hvm_destroy();
}

static void msrs_with_a_register_of_the_hardware_are_that_register(void)
{
	static const struct {
		uint32_t msr;
		enum hvm_register which;
	} pairs[] = {{MSR_STAR, HVM_STAR},
		     {MSR_LSTAR, HVM_LSTAR},
		     {MSR_CSTAR, HVM_CSTAR},
		     {MSR_SFMASK, HVM_SFMASK},
		     {MSR_KERNEL_GS_BASE, HVM_KERNEL_GS_BASE},
		     {MSR_SYSENTER_CS, HVM_SYSENTER_CS},
		     {MSR_SYSENTER_ESP, HVM_SYSENTER_ESP},
		     {MSR_SYSENTER_EIP, HVM_SYSENTER_EIP}};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(pairs); i++) {
		CU_ASSERT(hvm_wrmsr(h0, pairs[i].msr, 0x1000 + i));
		CU_ASSERT_EQUAL(fake(h0)->registers[pairs[i].which], 0x1000 + i);
		CU_ASSERT(hvm_rdmsr(h0, pairs[i].msr, &value) && value == 0x1000 + i);
	}
	CU_ASSERT(hvm_wrmsr(h0, MSR_PAT, 0x0007040600070406UL));
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_PAT], 0x0007040600070406UL);
	CU_ASSERT_FALSE(hvm_wrmsr(h0, MSR_PAT, 0x0207040600070406UL));
	CU_ASSERT_EQUAL(fake(h0)->registers[HVM_PAT], 0x0007040600070406UL);
	fake(h0)->registers[HVM_EFER] = EFER_NXE;
	CU_ASSERT(hvm_rdmsr(h0, MSR_EFER, &value) && value == EFER_NXE);
	hvm_destroy();
}

static void addresses_in_msrs_are_canonical(void)
{
	static const uint32_t msrs[] = {MSR_LSTAR, MSR_CSTAR, MSR_KERNEL_GS_BASE};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(msrs); i++) {
		CU_ASSERT(hvm_wrmsr(h0, msrs[i], 0xffff800000001000UL));
		CU_ASSERT_FALSE(hvm_wrmsr(h0, msrs[i], 0x800000000000UL));
		CU_ASSERT(hvm_rdmsr(h0, msrs[i], &value) && value == 0xffff800000001000UL);
	}
	CU_ASSERT(hvm_wrmsr(h0, MSR_STAR, 0x800000000000UL));
	hvm_destroy();
}

/* Text read piece by piece into memory, as a driver of an old disk would. */
static void a_string_of_input_is_stored(void)
{
	static const uint8_t rep_insb[] = {0xf3, 0x6c};

	*hvm_word_at(DATA) = 0;
	regs->rdi = DATA;
	regs->rcx = 3;
	regs->rdx = 0xe9;
	code(rep_insb, sizeof(rep_insb));
	leave((struct hvm_exit){.reason = HVM_EXIT_PORT,
				.next_rip = CODE + 2,
				.port = {.port = 0xe9, .bytes = 1, .in = true, .is_string = true}});
	CU_ASSERT_EQUAL(*hvm_word_at(DATA), 0xe9e9e9);
	CU_ASSERT_EQUAL(regs->rip, CODE + 2);
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_absent_port_reads_ones),
		UNIT(an_absent_timers_counter_reads_zero),
		UNIT(the_debug_port_prints),
		UNIT(a_string_of_output_is_written_piece_by_piece),
		UNIT(a_long_string_leaves_room_for_others),
		UNIT(a_halted_vcpu_waits_for_what_wakes_it),
		UNIT(halting_for_good_powers_the_domain_off_with_the_last_vcpu),
		UNIT(an_interrupt_in_the_local_apic_ends_a_halt),
		UNIT(an_upcall_before_the_local_apic_is_on_is_not_lost),
		UNIT(what_cannot_be_taken_makes_a_window_wanted),
		UNIT(an_event_broken_off_is_delivered_again),
		UNIT(memory_that_is_there_by_now_is_tried_again),
		UNIT(a_hole_reads_ones_and_drops_writes),
		UNIT(the_local_apics_page_is_its_registers),
		UNIT(writes_to_read_only_memory_are_dropped),
		UNIT(instructions_it_has_not_got_are_undefined),
		UNIT(its_own_exceptions_are_given_to_it),
		UNIT(a_triple_fault_shuts_the_domain_down_as_its_parameter_says),
		UNIT(an_exit_nobody_asked_for_crashes_the_domain_only),
		UNIT(unknown_msrs_are_general_protection),
		UNIT(the_hypercall_page_is_written_where_it_says),
		UNIT(privileged_instructions_of_programs_are_general_protection),
		UNIT(turning_paging_on_makes_long_mode),
		UNIT(a_stepped_instruction_owes_a_trap),
		UNIT(another_vcpu_starts_where_its_sipi_says),
		UNIT(hypercall_buffers_go_through_the_guests_tables),
		UNIT(an_exchange_in_memory_is_whole_in_any_size),
		UNIT(what_lies_across_two_pages_is_read_and_written_whole),
		UNIT(what_its_tables_refuse_is_the_guests_page_fault),
		UNIT(control_registers_read_as_they_are),
		UNIT(extended_state_is_turned_on_as_the_cpu_would),
		UNIT(counters_are_told_or_refused),
		UNIT(msrs_with_a_register_of_the_hardware_are_that_register),
		UNIT(addresses_in_msrs_are_canonical),
		UNIT(a_string_of_input_is_stored),
	};

	return unit_main("hvm_exit", tests, array_size(tests), setup);
}
