/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running bytes as a paravirtual kernel's code; see code.S. */
#ifndef FUZZ_CODE_H
#define FUZZ_CODE_H

#include <stdint.h>

#define CODE_SIZE 32U

extern uint8_t code_bytes[CODE_SIZE];
/* rax, rcx, rdx, rbx, rbp, rsi, rdi, r8 to r15 */
extern uint64_t code_registers[15];
/* Where a trap of the code is to go on, and with which stack: code_run() returns then. */
extern const char code_over[];
extern uint64_t code_stack;

void code_run(void);

#endif
