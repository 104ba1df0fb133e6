/* SPDX-License-Identifier: MIT */
/*
 * Instructions at random that a hypervisor may have to deal with: those that exit or trap, and
 * those that reach memory, with few operands so that they reach something. With random.h.
 *
 * QEMU 7.2 dies of some code in a nested guest: of debug registers, as it forgets the guest's
 * breakpoints, and of odd bytes it cannot translate. So there are neither.
 */
#ifndef GUEST_RANDOM_CODE_H
#define GUEST_RANDOM_CODE_H

#include "random.h"

#include <stdint.h>

/* The longest random_code() writes. */
#define RANDOM_CODE_MAX 20U

/* Displacements and immediate values; or short instructions. */
static const uint8_t random_operands[] = {0x90, 0x90, 0, 1, 4, 8, 0x10, 0x80};

/* Writes one instruction, or what looks like one, and operands: so many bytes. Memory operands go
 * through rax to rdi, as often as not. */
static inline unsigned int random_code(uint8_t *code)
{
	static const char *const instructions[] = {
		"\xf0\x01", "\xf0\x0f\xb1", "\xf0\x0f\xc1", "\x0f\x32", "\x0f\x30", "\x0f\xa2",
		"\x0f\x09", "\x0f\x08",     "\x0f\x06",     "\x0f\x31", "\x0f\x33", "\xec",
		"\xed",     "\xee",         "\xef",         "\x6c",     "\x6d",     "\x6e",
		"\x6f",     "\x0f\x20",     "\x0f\x22",     "\x0f\x21", "\x0f\x01", "\x0f\x01",
		"\x0f\xae", "\x88",         "\x89",         "\x8a",     "\x8b",     "\x01",
		"\x29",     "\x31",         "\x87",         "\x0f\xb1", "\x0f\xc1", "\x0f\xc7",
		"\xa4",     "\xa5",         "\xaa",         "\xab",     "\xac",     "\xae",
		"\xc6",     "\xc7",         "\x81",         "\x83",     "\xff",     "\xf7",
		"\x0f\xb6", "\x0f\xbe",     "\x0f\xab",     "\x0f\xba", "\x63",     "\x8e",
		"\x8f",     "\xf4",         "\xfb",         "\x9d",     "\xcf",     "\xcd",
		"\x0f\x0b", "\x0f\x10",     "\x0f\x11",     "\x0f\x28",
	};
	static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x64, 0x2e};
	const char *chosen = instructions[below(sizeof(instructions) / sizeof(instructions[0]))];
	unsigned int length = 0;

	while (below(3) == 0 && length < 4) {
		code[length++] = prefixes[below(sizeof(prefixes))];
	}
	if (below(3) == 0) {
		code[length++] = (uint8_t)(0x40 | below(16));
	}
	while (*chosen) {
		code[length++] = (uint8_t)*chosen++;
	}
	code[length++] = (uint8_t)(below(2) ? below(256) : below(64));
	for (unsigned int i = 0; i < 9; i++) {
		code[length++] = random_operands[below(sizeof(random_operands))];
	}
	return length;
}

#endif
