/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that what a hostile kernel, or a program under it, can ask for by the hundred is answered
 * or refused each time: every call with arguments that lead nowhere, privileged instructions of
 * programs, each bit of the control registers, memory at every address.
 */
#include "payload.h"

#include <xen/base.h>
#include <xen/errno.h>

static uint8_t code[16] __attribute__((aligned(16)));

/* The vector it ends with, 6 if it runs to its end; all registers have this value. */
static int run(const char *bytes, unsigned int count, uint64_t segment, uint64_t value)
{
	for (unsigned int i = 0; i < sizeof(code); i++) {
		/* ud2 */
		code[i] = i < count ? (uint8_t)bytes[i] : (i - count) % 2 ? 0x0b : 0x0f;
	}
	for (unsigned int i = 0; i < 15; i++) {
		run_registers[i] = value;
	}
	run_code(code, segment);
	return last_vector;
}

static void programs(void)
{
	static const struct {
		const char *name, *code;
		unsigned int bytes;
		int vector;
	} rows[] = {
		{"a_program_runs", "\x90", 1, 6},
		{"its_cpuid", "\x0f\xa2", 2, 6},
		{"a_hypercall_of_a_program", "\x0f\x01\xd9", 3, 6},
		{"its_vmrun", "\x0f\x01\xd8", 3, 13},
		{"its_rdmsr", "\x0f\x32", 2, 13},
		{"its_wrmsr", "\x0f\x30", 2, 13},
		{"its_cr0", "\x0f\x20\xc0", 3, 13},
		{"its_cr4", "\x0f\x22\xe0", 3, 13},
		{"its_dr7", "\x0f\x23\xf8", 3, 13},
		{"its_hlt", "\xf4", 1, 13},
		{"its_cli", "\xfa", 1, 13},
		{"its_in", "\xec", 1, 13},
		{"its_outs", "\x6e", 1, 13},
		{"its_wbinvd", "\x0f\x09", 2, 13},
		{"its_invlpg", "\x0f\x01\x38", 3, 13},
		{"its_xsetbv", "\x0f\x01\xd1", 3, 13},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		claim(run(rows[i].code, rows[i].bytes, CODE_USER, 0) == rows[i].vector,
		      rows[i].name);
	}
}

/* Each call returns to the ud2 behind it, whatever it answers. */
static void calls(void)
{
	static const uint64_t nowhere[] = {HOLE, APIC, 0x7fffffff, 0x7fff000000000000, ~0UL, ~7UL};
	unsigned int ended = 0, runs = 0;

	for (unsigned int i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		for (unsigned int number = 0; number < 64; number++) {
			/* mov $number,%eax; vmmcall */
			char call[] = {(char)0xb8, (char)number, 0, 0, 0, 0x0f, 0x01, (char)0xd9};

			ended += run(call, sizeof(call), CODE_64, nowhere[i]) == 6;
			ended += run(call, sizeof(call), CODE_32, nowhere[i]) == 6;
			runs += 2;
		}
		ended += run("\x0f\x01\xd9", 3, CODE_64, nowhere[i]) == 6;
		ended += run("\x0f\x01\xd9", 3, CODE_32, nowhere[i]) == 6;
		runs += 2;
	}
	claim_equal("calls_that_lead_nowhere_return", ended, runs);
}

static void control_registers(void)
{
	unsigned int wrong = 0;

	/* mov %cr0,%rax, or mov %cr4,%rax; bts bit; mov it back. */
	for (unsigned int bit = 32; bit < 64; bit++) {
		char cr0[] = {0x0f, 0x20, (char)0xc0, 0x48, 0x0f, (char)0xba, (char)0xe8,
			      (char)bit, 0x0f, 0x22, (char)0xc0};
		char cr4[] = {0x0f, 0x20, (char)0xe0, 0x48, 0x0f, (char)0xba, (char)0xe8,
			      (char)bit, 0x0f, 0x22, (char)0xe0};

		wrong += run(cr0, sizeof(cr0), CODE_64, 0) != 13;
		wrong += run(cr4, sizeof(cr4), CODE_64, 0) != 13;
	}
	claim_equal("no_upper_bit_of_cr0_and_cr4_can_be_set", wrong, 0);
	wrong = 0;
	for (unsigned int n = 1; n < 16; n++) {
		char rex = n < 8 ? 0x40 : 0x44, modrm = (char)(0xc0 | (n & 7) << 3);
		char read[] = {rex, 0x0f, 0x20, modrm};
		char write[] = {rex, 0x0f, 0x22, modrm};

		if (n == 2 || n == 3 || n == 4 || n == 8) {
			continue;
		}
		/* A ud2 follows: what counts is that it ends. */
		wrong += run(read, sizeof(read), CODE_64, 0) != 6;
		wrong += run(write, sizeof(write), CODE_64, ~0UL) != 6;
	}
	claim_equal("there_are_no_other_control_registers", wrong, 0);
}

static void memory(void)
{
	unsigned int wrong = 0;

	for (uint64_t at = 0x10000000; at < 0x100000000; at += 0x1fff000) {
		volatile uint32_t *word = (volatile uint32_t *)(at + (at >> 12 & 0xffc));

		if (at >> 12 == APIC >> 12) {
			continue;
		}
		*word = 0;
		wrong += *word != ~0U;
	}
	for (uint64_t at = 0xfec00000; at < 0x100000000; at += 0x40000) {
		volatile uint8_t *byte = (volatile uint8_t *)(at + 1);

		if (at != APIC) {
			*byte = 0;
			wrong += *byte != 0xff;
		}
	}
	claim_equal("nothing_answers_at_any_address", wrong, 0);
	/* jmp *%rax; then mov %rax,%rsp; push %rax; pop %rax. */
	*(volatile uint32_t *)(APIC + 0x80) = 0xf0;
	claim(run("\xff\xe0", 2, CODE_64, APIC + 0x80) == 6, "the_apic_holds_no_code");
	*(volatile uint32_t *)(APIC + 0x80) = 0;
	claim(run("\x48\x89\xc4\x50\x58", 5, CODE_64, APIC + 0x88) == 6, "nor_a_stack");
}

void hostile(void)
{
	programs();
	calls();
	control_registers();
	memory();
}
