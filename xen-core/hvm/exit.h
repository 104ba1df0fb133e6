/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a translated guest stopped running, in words that no virtualization extension coined. The
 * SVM code fills in a struct hvm_exit and hvm_exit() decides what happens: what can be answered at
 * once is, instructions go to the emulator (hvm/emulate.c), what is owed to the guest is queued for
 * the exit path.
 */
#ifndef HVM_EXIT_H
#define HVM_EXIT_H

#include "lib/types.h"

struct cpu_regs;
struct vcpu;

enum hvm_exit_reason {
	HVM_EXIT_HOST,      /* an interrupt or NMI of the machine's: taken already */
	HVM_EXIT_WINDOW,    /* the guest can take an interrupt now */
	HVM_EXIT_HYPERCALL, /* VMMCALL */
	HVM_EXIT_INSTRUCTION, /* one that is always emulated: CPUID, RDMSR, MOV CR, HLT... */
	HVM_EXIT_REFUSED,   /* one that the guest has not got: #UD */
	HVM_EXIT_PORT,
	HVM_EXIT_MEMORY,    /* no or insufficient mapping of a guest physical address */
	HVM_EXIT_EXCEPTION, /* one of the guest's own that is looked at first */
	HVM_EXIT_DEBUG_REGISTER, /* first use of the debug registers since the vcpu was loaded */
	HVM_EXIT_IRET,      /* the end of an NMI handler is near */
	HVM_EXIT_SHUTDOWN,  /* triple fault */
	HVM_EXIT_INVALID,   /* the CPU refuses the guest's state */
	HVM_EXIT_UNKNOWN,
};

struct hvm_exit {
	enum hvm_exit_reason reason;
	uint64_t code;     /* the hardware's own, for messages */
	uint64_t next_rip; /* behind the instruction; 0: not known */
	union {
		struct {
			uint16_t port;
			uint8_t bytes; /* 1, 2, 4 */
			bool in;
			bool is_string; /* INS, OUTS: emulate */
		} port;
		struct {
			uint64_t address; /* guest physical */
			bool write;
			bool execute;
			bool present; /* there is a mapping: it forbids */
		} memory;
		struct {
			uint8_t vector;
			bool has_error;
			uint32_t error;
			uint64_t address; /* #PF */
		} exception;
	};
};

/* v is loaded; regs is cpu_local()->regs. The exit path follows. */
void hvm_exit(struct vcpu *v, struct cpu_regs *regs, const struct hvm_exit *exit);

#endif
