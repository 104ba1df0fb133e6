/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emulator promises its callers: refusals, exceptions, privilege, ports, system
 * instructions, repeat prefixes, and that nothing changes unless it says EMUL_DONE.
 */
#include "emul/emul.h"
#include "unit/unit.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <stdlib.h>
#include <string.h>

#define RIP 0x1000UL
#define MEMORY 0x2000UL
#define FS_BASE 0x100UL

static struct cpu_regs regs;
static struct emul_context context;
static struct emul_ops ops;
static uint8_t code[64], memory[64];
static unsigned int code_bytes, fetch_limit, lost_races;
static bool io_allowed, memory_faults, fetched_beyond;
static uint64_t written, written_index;
static unsigned int calls;

static enum emul_result fetch(struct emul_context *c, gva_t address, unsigned int bytes, void *out,
			      unsigned int *got)
{
	uint64_t offset = address.n - RIP;

	if (offset + bytes > 15) {
		fetched_beyond = true;
	}
	if (offset >= code_bytes) {
		return emul_raise_page_fault(c, address, PF_ERROR_FETCH);
	}
	*got = (unsigned int)(code_bytes - offset);
	*got = *got > bytes ? bytes : *got;
	*got = *got > fetch_limit ? fetch_limit : *got;
	memcpy(out, code + offset, *got);
	return EMUL_DONE;
}

static bool outside(gva_t address, unsigned int bytes)
{
	return memory_faults || address.n - MEMORY > sizeof(memory) - bytes;
}

static enum emul_result read_memory(struct emul_context *c, enum emul_segment segment,
				    gva_t address, unsigned int bytes, void *out,
				    enum emul_access access)
{
	if (outside(address, bytes)) {
		return emul_raise_page_fault(c, address,
					     access == EMUL_READ ? 0 : PF_ERROR_WRITE);
	}
	memcpy(out, memory + (address.n - MEMORY), bytes);
	return EMUL_DONE;
}

static enum emul_result write_memory(struct emul_context *c, enum emul_segment segment,
				     gva_t address, unsigned int bytes, const void *value)
{
	if (outside(address, bytes)) {
		return emul_raise_page_fault(c, address, PF_ERROR_WRITE);
	}
	memcpy(memory + (address.n - MEMORY), value, bytes);
	return EMUL_DONE;
}

static enum emul_result compare_exchange(struct emul_context *c, enum emul_segment segment,
					 gva_t address, unsigned int bytes, void *expected,
					 const void *desired, bool *swapped)
{
	uint8_t *at = memory + (address.n - MEMORY);

	if (outside(address, bytes)) {
		return emul_raise_page_fault(c, address, PF_ERROR_WRITE);
	}
	calls++;
	if (lost_races) {
		lost_races--;
		at[0]++;
	}
	*swapped = memcmp(at, expected, bytes) == 0;
	memcpy(*swapped ? (void *)at : expected, *swapped ? desired : at, bytes);
	return EMUL_DONE;
}

static enum emul_result segment_base(struct emul_context *c, enum emul_segment segment,
				     uint64_t *base)
{
	*base = segment == EMUL_FS ? FS_BASE : 0;
	return EMUL_DONE;
}

static enum emul_result io_permitted(struct emul_context *c, uint16_t port, unsigned int bytes,
				     bool *permitted)
{
	*permitted = io_allowed;
	return EMUL_DONE;
}

static enum emul_result read_port(struct emul_context *c, uint16_t port, unsigned int bytes,
				  uint32_t *value)
{
	calls++;
	*value = 0xa0b0c000U | (port & 0xfffU);
	return EMUL_DONE;
}

static enum emul_result write_port(struct emul_context *c, uint16_t port, unsigned int bytes,
				   uint32_t value)
{
	calls++;
	written_index = port;
	written = value;
	return EMUL_DONE;
}

static enum emul_result read_register(struct emul_context *c, unsigned int index, uint64_t *value)
{
	*value = 0x1122334400000000UL + index;
	return EMUL_DONE;
}

static enum emul_result write_register(struct emul_context *c, unsigned int index, uint64_t value)
{
	if (value == 0xdead) {
		return emul_raise(c, EXCEPTION_GP, 0);
	}
	written_index = index;
	written = value;
	return EMUL_DONE;
}

static enum emul_result set_interrupt_flag(struct emul_context *c, bool enabled)
{
	written = enabled;
	calls++;
	return EMUL_DONE;
}

static enum emul_result simple(struct emul_context *c)
{
	calls++;
	return EMUL_DONE;
}

static enum emul_result cpuid(struct emul_context *c, uint32_t leaf, uint32_t subleaf,
			      struct cpuid_leaf *out)
{
	*out = (struct cpuid_leaf){leaf + 1, subleaf, c->forced, ~0U};
	return EMUL_DONE;
}

static enum emul_result read_tsc(struct emul_context *c, uint64_t *tsc, uint32_t *aux)
{
	*tsc = 0x123456789UL;
	if (aux) {
		*aux = 7;
	}
	return EMUL_DONE;
}

static enum emul_result read_table(struct emul_context *c, enum emul_table table, uint64_t *base,
				   uint16_t *limit)
{
	*base = 0xffff800011223344UL + table;
	*limit = (uint16_t)(0x8000 + table);
	return EMUL_DONE;
}

static void setup(void)
{
	memset(&regs, 0, sizeof(regs));
	memset(memory, 0, sizeof(memory));
	regs.rip = RIP;
	regs.rflags = RFLAGS_FIXED;
	ops = (struct emul_ops){
		.fetch = fetch,
		.read_memory = read_memory,
		.write_memory = write_memory,
		.compare_exchange = compare_exchange,
		.segment_base = segment_base,
		.io_permitted = io_permitted,
		.read_port = read_port,
		.write_port = write_port,
		.set_interrupt_flag = set_interrupt_flag,
		.cpuid = cpuid,
		.read_tsc = read_tsc,
		.read_table = read_table,
		.read_pmc = read_register,
		.read_cr = read_register,
		.write_cr = write_register,
		.clts = simple,
		.read_dr = read_register,
		.write_dr = write_register,
		.read_msr = read_register,
		.write_msr = write_register,
		.xsetbv = write_register,
		.wbinvd = simple,
		.invd = simple,
		.halt = simple,
	};
	context = (struct emul_context){
		.regs = &regs, .ops = &ops, .classes = EMUL_CLASS_ALL, .mode_bits = 64};
	io_allowed = true;
	memory_faults = fetched_beyond = false;
	fetch_limit = 15;
	lost_races = calls = 0;
	written = written_index = 0;
}

static enum emul_result run(const char *bytes, unsigned int count)
{
	memcpy(code, bytes, count);
	code_bytes = count;
	regs.rip = RIP;
	return emul_step(&context);
}

#define RUN(string) run(string, sizeof(string) - 1)
#define IS_FAULT(wanted) \
	(context.fault.vector == (wanted) && regs.rip == RIP)

static void what_is_not_known_is_refused(void)
{
	CU_ASSERT_EQUAL(RUN("\x0f\x01\x10"), EMUL_REFUSED); /* lgdt */
	CU_ASSERT_EQUAL(RUN("\xc3"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\x0b"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\x0bxenon"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\xf7\x20"), EMUL_REFUSED); /* mul */
	CU_ASSERT_EQUAL(regs.rip, RIP);
}

static void a_missing_operation_refuses_the_instruction(void)
{
	memset(&ops, 0, sizeof(ops));
	CU_ASSERT_EQUAL(RUN("\xf4"), EMUL_REFUSED);
	ops.fetch = fetch;
	regs.rbx = MEMORY;
	CU_ASSERT_EQUAL(RUN("\x0f\x32"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x89\x03"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\xf0\x01\x03"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\xf4"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\xec"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\xa2"), EMUL_REFUSED);
}

static void a_class_not_allowed_is_refused(void)
{
	context.classes = EMUL_CLASS_MEMORY;
	CU_ASSERT_EQUAL(RUN("\xec"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\x32"), EMUL_REFUSED);
	context.classes = EMUL_CLASS_SYSTEM | EMUL_CLASS_PORT;
	CU_ASSERT_EQUAL(RUN("\x88\x03"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\x32"), EMUL_DONE);
}

static void tables_are_stored_as_the_caller_says(void)
{
	regs.rbx = MEMORY;
	context.user_mode = true;
	CU_ASSERT_EQUAL(RUN("\x0f\x01\x03"), EMUL_DONE); /* sgdt */
	CU_ASSERT_EQUAL(memcmp(memory, "\0\x80\x44\x33\x22\x11\0\x80\xff\xff", 10), 0);
	CU_ASSERT_EQUAL(RUN("\x0f\x01\x0b"), EMUL_DONE); /* sidt */
	CU_ASSERT_EQUAL(memcmp(memory, "\1\x80\x45", 3), 0);
	memset(memory, 0x55, 16);
	CU_ASSERT_EQUAL(RUN("\x0f\x00\x03"), EMUL_DONE); /* sldt */
	CU_ASSERT_EQUAL(memcmp(memory, "\2\x80\x55", 3), 0);
	regs.rax = ~0UL;
	CU_ASSERT_EQUAL(RUN("\x66\x0f\x00\xc8"), EMUL_DONE); /* str %ax */
	CU_ASSERT_EQUAL(regs.rax, 0xffffffffffff8003UL);
	CU_ASSERT_EQUAL(RUN("\x0f\x01\xe0"), EMUL_DONE); /* smsw %eax */
	CU_ASSERT_EQUAL(regs.rax, 0x8004);
	ops.read_table = NULL;
	CU_ASSERT_EQUAL(RUN("\x0f\x01\x03"), EMUL_REFUSED);
	CU_ASSERT_EQUAL(RUN("\x0f\x01\xc0"), EMUL_REFUSED); /* vm..., not sgdt */
}

static void a_table_that_cannot_be_stored_changes_nothing(void)
{
	regs.rbx = MEMORY;
	memory_faults = true;
	CU_ASSERT_EQUAL(RUN("\x0f\x01\x03"), EMUL_EXCEPTION);
	CU_ASSERT_EQUAL(regs.rip, RIP);
}

static void lock_where_it_does_not_belong_is_an_invalid_opcode(void)
{
	regs.rbx = MEMORY;
	CU_ASSERT_EQUAL(RUN("\xf0\x89\x03"), EMUL_EXCEPTION); /* mov */
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_UD) && !context.fault.has_error);
	CU_ASSERT_EQUAL(RUN("\xf0\x01\xc3"), EMUL_EXCEPTION); /* register */
	CU_ASSERT_EQUAL(RUN("\xf0\x39\x03"), EMUL_EXCEPTION); /* cmp */
	CU_ASSERT_EQUAL(RUN("\xf0\x83\x3b\x00"), EMUL_EXCEPTION);
	CU_ASSERT_EQUAL(RUN("\xf0\x0f\xa3\x03"), EMUL_EXCEPTION); /* bt */
	CU_ASSERT_EQUAL(RUN("\xf0\xf6\x03\x00"), EMUL_EXCEPTION); /* test */
	CU_ASSERT_EQUAL(RUN("\xf0\x03\x03"), EMUL_EXCEPTION);	  /* add r,m */
	CU_ASSERT_EQUAL(RUN("\xf0\x0f\x32"), EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_UD));
}

static void sixteen_bytes_are_too_long(void)
{
	CU_ASSERT_EQUAL(RUN("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x31"),
			EMUL_DONE);
	CU_ASSERT_EQUAL(RUN("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x31"),
			EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_GP) && context.fault.has_error);
	CU_ASSERT_FALSE(fetched_beyond);
}

static void bytes_on_the_next_page_are_asked_for_only_if_needed(void)
{
	fetch_limit = 2;
	CU_ASSERT_EQUAL(RUN("\x0f\x31"), EMUL_DONE);
	CU_ASSERT_EQUAL(RUN("\xc7\x05\x00\x00"), EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_PF) && context.fault.cr2 == RIP + 4);
	CU_ASSERT_EQUAL(context.fault.error_code, PF_ERROR_FETCH);
}

static void a_fault_leaves_the_registers_alone(void)
{
	static const char *const insns[] = {"\x01\x03", "\x87\x03", "\xf3\xa4", "\x6d", "\xab",
					    "\x8b\x03", "\xf0\x0f\xb1\x03"};
	struct cpu_regs before;

	memory_faults = true;
	for (unsigned int i = 0; i < array_size(insns); i++) {
		memset(&regs, 0x41, sizeof(regs));
		regs.rip = RIP;
		before = regs;
		CU_ASSERT_EQUAL(run(insns[i], (unsigned int)strlen(insns[i])), EMUL_EXCEPTION);
		CU_ASSERT_EQUAL(memcmp(&before, &regs, sizeof(regs)), 0);
	}
	/* No port was read for data that could not be stored. */
	CU_ASSERT_EQUAL(calls, 0);
}

static void an_exception_of_an_operation_reaches_the_caller(void)
{
	regs.rax = 0xdead;
	CU_ASSERT_EQUAL(RUN("\x0f\x22\xe0"), EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_GP) && context.fault.has_error);
}

static void a_locked_loop_gives_up_and_retries(void)
{
	regs.rbx = MEMORY;
	regs.rax = 0x55;
	lost_races = 3;
	CU_ASSERT_EQUAL(RUN("\x48\x87\x03"), EMUL_DONE);
	CU_ASSERT_EQUAL(regs.rax, 3);
	CU_ASSERT_EQUAL(memory[0], 0x55);
	CU_ASSERT_EQUAL(calls, 4);
	lost_races = 1000;
	CU_ASSERT_EQUAL(RUN("\xf0\x80\x23\xfd"), EMUL_RETRY);
	CU_ASSERT_EQUAL(regs.rip, RIP);
}

static void user_mode_may_not_use_privileged_instructions(void)
{
	static const char *const insns[] = {"\xf4", "\x0f\x06", "\x0f\x32", "\x0f\x30", "\x0f\x09",
					    "\x0f\x08", "\x0f\x20\xc0", "\x0f\x23\xc0",
					    "\x0f\x01\xd1"};

	context.user_mode = true;
	for (unsigned int i = 0; i < array_size(insns); i++) {
		CU_ASSERT_EQUAL(run(insns[i], (unsigned int)strlen(insns[i])), EMUL_EXCEPTION);
		CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_GP));
	}
	CU_ASSERT_EQUAL(RUN("\x0f\x31"), EMUL_DONE);
	CU_ASSERT_EQUAL(RUN("\xfa"), EMUL_DONE);
	CU_ASSERT_EQUAL(RUN("\x0f\xa2"), EMUL_DONE);
	ops.io_permitted = NULL;
	CU_ASSERT_EQUAL(RUN("\xec"), EMUL_EXCEPTION);
}

static void a_port_not_permitted_is_a_protection_fault(void)
{
	io_allowed = false;
	CU_ASSERT_EQUAL(RUN("\xe4\x80"), EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_GP));
	CU_ASSERT_EQUAL(RUN("\x6e"), EMUL_EXCEPTION);
	CU_ASSERT_EQUAL(calls, 0);
}

static void ports_are_read_and_written_at_their_width(void)
{
	regs.rax = ~0UL;
	CU_ASSERT_EQUAL(RUN("\xe4\xf1"), EMUL_DONE);
	CU_ASSERT_EQUAL(regs.rax, 0xfffffffffffffff1UL);
	regs.rdx = 0xffff0cf8;
	CU_ASSERT_EQUAL(RUN("\x66\xed"), EMUL_DONE);
	CU_ASSERT_EQUAL(regs.rax, 0xffffffffffffccf8UL);
	CU_ASSERT_EQUAL(RUN("\xed"), EMUL_DONE);
	CU_ASSERT_EQUAL(regs.rax, 0xa0b0ccf8UL);
	regs.rax = 0x1234567890UL;
	CU_ASSERT_EQUAL(RUN("\x48\xef"), EMUL_DONE);
	CU_ASSERT_TRUE(written == 0x34567890 && written_index == 0xcf8);
	CU_ASSERT_EQUAL(RUN("\xe6\x80"), EMUL_DONE);
	CU_ASSERT_TRUE(written == 0x90 && written_index == 0x80);
}

static void a_repeated_string_does_one_element_per_call(void)
{
	regs.rcx = 2;
	regs.rdx = 0x60;
	regs.rdi = MEMORY;
	CU_ASSERT_EQUAL(RUN("\xf3\x6c"), EMUL_DONE);
	CU_ASSERT_TRUE(context.repeat && regs.rip == RIP && regs.rcx == 1);
	CU_ASSERT_EQUAL(emul_step(&context), EMUL_DONE);
	CU_ASSERT_TRUE(!context.repeat && regs.rip == RIP + 2 && regs.rcx == 0);
	CU_ASSERT_TRUE(regs.rdi == MEMORY + 2 && memory[0] == 0x60 && memory[1] == 0x60);
	CU_ASSERT_EQUAL(RUN("\xf3\x6c"), EMUL_DONE);
	CU_ASSERT_TRUE(calls == 2 && regs.rip == RIP + 2);
	regs.rsi = MEMORY + 1;
	regs.rflags |= RFLAGS_DF;
	CU_ASSERT_EQUAL(RUN("\x6e"), EMUL_DONE);
	CU_ASSERT_TRUE(written == 0x60 && regs.rsi == MEMORY);
}

static void system_registers_go_through_the_operations(void)
{
	regs.rcx = MSR_KERNEL_GS_BASE;
	CU_ASSERT_EQUAL(RUN("\x0f\x32"), EMUL_DONE);
	CU_ASSERT_TRUE(regs.rax == MSR_KERNEL_GS_BASE && regs.rdx == 0x11223344);
	CU_ASSERT_EQUAL(RUN("\x0f\x30"), EMUL_DONE);
	CU_ASSERT_EQUAL(written, 0x1122334400000000UL + MSR_KERNEL_GS_BASE);
	CU_ASSERT_EQUAL(RUN("\x41\x0f\x20\xd1"), EMUL_DONE); /* mov %cr2,%r9 */
	CU_ASSERT_EQUAL(regs.r9, 0x1122334400000002UL);
	CU_ASSERT_EQUAL(RUN("\x44\x0f\x22\x00"), EMUL_DONE); /* cr8; mod is ignored */
	CU_ASSERT_EQUAL(written_index, 8);
	CU_ASSERT_EQUAL(RUN("\x0f\x20\xc8"), EMUL_EXCEPTION); /* cr1 */
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_UD));
	CU_ASSERT_EQUAL(RUN("\x0f\x23\xfb"), EMUL_DONE);
	CU_ASSERT_EQUAL(written_index, 7);
	CU_ASSERT_EQUAL(RUN("\x44\x0f\x21\xc0"), EMUL_EXCEPTION);
	regs.rcx = 0;
	regs.rax = 7;
	regs.rdx = 1;
	CU_ASSERT_EQUAL(RUN("\x0f\x01\xd1"), EMUL_DONE);
	CU_ASSERT_EQUAL(written, 0x100000007UL);
	CU_ASSERT_EQUAL(RUN("\xfb"), EMUL_DONE);
	CU_ASSERT_EQUAL(written, 1);
	CU_ASSERT_EQUAL(RUN("\x0f\x01\xf9"), EMUL_DONE);
	CU_ASSERT_TRUE(regs.rax == 0x23456789 && regs.rdx == 1 && regs.rcx == 7);
}

static void the_forced_spelling_of_cpuid_is_reported(void)
{
	regs.rax = 0x40000000;
	CU_ASSERT_EQUAL(RUN("\x0f\x0bxen\x0f\xa2"), EMUL_DONE);
	CU_ASSERT_TRUE(regs.rcx == 1 && regs.rax == 0x40000001 && regs.rdx == 0xffffffff);
	CU_ASSERT_EQUAL(regs.rip, RIP + 7);
	CU_ASSERT_EQUAL(RUN("\x0f\xa2"), EMUL_DONE);
	CU_ASSERT_EQUAL(regs.rcx, 0);
	CU_ASSERT_EQUAL(RUN("\x66\x0f\x0bxen\x0f\xa2"), EMUL_REFUSED);
}

static void the_trap_flag_is_reported_and_resume_cleared(void)
{
	regs.rflags |= RFLAGS_TF | RFLAGS_RF;
	CU_ASSERT_EQUAL(RUN("\x0f\x06"), EMUL_DONE);
	CU_ASSERT_TRUE(context.single_step && !(regs.rflags & RFLAGS_RF));
	CU_ASSERT_TRUE(regs.rflags & RFLAGS_TF);
}

static void a_segment_base_is_added(void)
{
	regs.rbx = MEMORY - FS_BASE;
	regs.rax = 0x77;
	CU_ASSERT_EQUAL(RUN("\x64\x88\x03"), EMUL_DONE);
	CU_ASSERT_EQUAL(memory[0], 0x77);
	CU_ASSERT_EQUAL(RUN("\x2e\x88\x03"), EMUL_EXCEPTION); /* cs: ignored, base 0 */
}

static void addresses_are_cut_to_their_width(void)
{
	regs.rbx = 0xffff000000000000UL + MEMORY;
	regs.rax = 0x66;
	CU_ASSERT_EQUAL(RUN("\x67\x88\x03"), EMUL_DONE);
	CU_ASSERT_EQUAL(memory[0], 0x66);
	context.mode_bits = 16;
	regs.rbx = 0xffffffffffff0000UL + MEMORY;
	regs.rsi = 5;
	CU_ASSERT_EQUAL(RUN("\x89\x00"), EMUL_DONE); /* mov %ax,(%bx,%si) */
	CU_ASSERT_TRUE(memory[5] == 0x66 && memory[6] == 0);
	context.mode_bits = 32;
	CU_ASSERT_EQUAL(RUN("\xa2\x07\x20\x00\x00"), EMUL_DONE);
	CU_ASSERT_EQUAL(memory[7], 0x66);
	CU_ASSERT_EQUAL(RUN("\x48\x88\x03"), EMUL_REFUSED); /* dec: no REX here */
}

static void a_wide_exchange_must_be_aligned(void)
{
	regs.rbx = MEMORY + 8;
	CU_ASSERT_EQUAL(RUN("\xf0\x48\x0f\xc7\x0b"), EMUL_EXCEPTION);
	CU_ASSERT_TRUE(IS_FAULT(EXCEPTION_GP));
	CU_ASSERT_EQUAL(RUN("\xf0\x0f\xc7\x0b"), EMUL_DONE);
}

static void no_sequence_of_bytes_confuses_the_decoder(void)
{
	static const uint8_t often[] = {0x0f, 0x66, 0x67, 0xf0, 0xf3, 0x48, 0x64, 0x87,
					0x0b, 0xc7, 0xba, 0xf7, 0x05, 0x2c, 0x83, 0xa3};
	static const uint8_t modes[] = {64, 64, 32, 16};
	uint64_t seed = 88172645463325252UL;

	for (unsigned int i = 0; i < 1000000; i++) {
		code_bytes = 15;
		for (unsigned int b = 0; b < 15; b++) {
			seed = seed * 6364136223846793005UL + 1442695040888963407UL;
			code[b] = (uint8_t)(seed >> 56);
			if ((seed >> 40) & 1) {
				code[b] = often[code[b] % array_size(often)];
			}
		}
		regs.rip = RIP;
		regs.rbx = MEMORY;
		regs.rcx = i;
		context.mode_bits = modes[i % array_size(modes)];
		fetch_limit = 1 + i % 15;
		enum emul_result result = emul_step(&context);

		if (context.length > 15 || (result != EMUL_DONE && regs.rip != RIP) ||
		    fetched_beyond) {
			CU_FAIL("a length or a fetch beyond the limit");
			return;
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(what_is_not_known_is_refused),
		UNIT(a_missing_operation_refuses_the_instruction),
		UNIT(a_class_not_allowed_is_refused),
		UNIT(tables_are_stored_as_the_caller_says),
		UNIT(a_table_that_cannot_be_stored_changes_nothing),
		UNIT(lock_where_it_does_not_belong_is_an_invalid_opcode),
		UNIT(sixteen_bytes_are_too_long),
		UNIT(bytes_on_the_next_page_are_asked_for_only_if_needed),
		UNIT(a_fault_leaves_the_registers_alone),
		UNIT(an_exception_of_an_operation_reaches_the_caller),
		UNIT(a_locked_loop_gives_up_and_retries),
		UNIT(user_mode_may_not_use_privileged_instructions),
		UNIT(a_port_not_permitted_is_a_protection_fault),
		UNIT(ports_are_read_and_written_at_their_width),
		UNIT(a_repeated_string_does_one_element_per_call),
		UNIT(system_registers_go_through_the_operations),
		UNIT(the_forced_spelling_of_cpuid_is_reported),
		UNIT(the_trap_flag_is_reported_and_resume_cleared),
		UNIT(a_segment_base_is_added),
		UNIT(addresses_are_cut_to_their_width),
		UNIT(a_wide_exchange_must_be_aligned),
		UNIT(no_sequence_of_bytes_confuses_the_decoder),
	};

	return unit_main("emul_step", tests, array_size(tests), setup);
}
