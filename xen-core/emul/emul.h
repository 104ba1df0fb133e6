/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction emulator: carries out one guest instruction that could not run on the CPU.
 * It knows nothing of domains or vcpus. Whatever an instruction touches besides general
 * registers and flags goes through struct emul_ops, so PV faults, HVM exits and tests share it.
 *
 * Model: decode, then execute. Everything that can fail comes before the first change of a
 * register, so unless the answer is EMUL_DONE the registers are as before. Memory and ports may
 * have been read by then; a port is written only as an instruction's last act.
 * Repeated string instructions do one iteration per call; RIP stays on the instruction, and
 * context->repeat is set, while iterations remain.
 *
 * An operation whose pointer is NULL makes the instructions that need it EMUL_REFUSED.
 */
#ifndef EMUL_EMUL_H
#define EMUL_EMUL_H

#include "lib/types.h"

#include "x86/addr.h"
#include "x86/cpuid.h"
#include "x86/exception.h"
#include "x86/regs.h"

enum emul_result {
	EMUL_DONE,
	EMUL_EXCEPTION, /* the guest gets context->fault */
	EMUL_RETRY,	/* nothing changed; run the guest again from the same RIP */
	EMUL_REFUSED,	/* not ours; the guest gets whatever brought us here */
};

enum emul_segment {
	EMUL_ES = 0,
	EMUL_CS = 1,
	EMUL_SS = 2,
	EMUL_DS = 3,
	EMUL_FS = 4,
	EMUL_GS = 5,
};

enum emul_access {
	EMUL_READ,
	EMUL_READ_FOR_WRITE, /* the same bytes are about to be written: check for both */
};

enum emul_table {
	EMUL_GDT,
	EMUL_IDT,
	EMUL_LDT,
	EMUL_TASK,
	EMUL_STATUS_WORD,
};

#define EMUL_CLASS_MEMORY (1U << 0) /* moves, arithmetic, exchanges, string moves */
#define EMUL_CLASS_PORT (1U << 1)   /* in, out, ins, outs */
#define EMUL_CLASS_SYSTEM (1U << 2) /* control registers, MSRs, cpuid, cli and so on */
#define EMUL_CLASS_ALL (EMUL_CLASS_MEMORY | EMUL_CLASS_PORT | EMUL_CLASS_SYSTEM)

#define EMUL_INSN_MAX 15U /* bytes; longer ones are #GP (SDM 3A 6.15, vector 13) */

struct emul_fault {
	uint8_t vector;
	bool has_error;
	uint32_t error_code;
	uint64_t cr2;
};

struct emul_ops;
struct emul_context;

/* A control or debug register. */
typedef enum emul_result emul_register_read(struct emul_context *context, unsigned int index,
					    uint64_t *value);
typedef enum emul_result emul_register_write(struct emul_context *context, unsigned int index,
					     uint64_t value);

struct emul_context {
	/* Set by the caller. */
	struct cpu_regs *regs;
	const struct emul_ops *ops;
	void *data;
	unsigned int classes;	/* EMUL_CLASS_*: what may be emulated at all */
	unsigned int mode_bits; /* 16, 32 or 64: the code segment's default */
	bool user_mode;		/* as the guest sees it: privileged instructions are #GP */

	/* Answers, valid after emul_step(); the operations may look at forced and length. */
	struct emul_fault fault; /* EMUL_EXCEPTION: set by the emulator or by an operation */
	bool single_step;	 /* EMUL_DONE with TF set before: the caller owes a #DB */
	bool repeat;		 /* EMUL_DONE with iterations left; RIP was not advanced */
	bool forced;		 /* cpuid was spelled with the hypervisor's prefix */
	uint8_t length;		 /* of the instruction, once decoded */
};

/*
 * Addresses are linear: segment base added, cut to 32 bits outside 64-bit mode. Canonical form,
 * segment limits and paging are the operation's to check; segment tells #SS from #GP.
 * Values are little-endian at their width. Every operation may answer anything; EMUL_EXCEPTION
 * after emul_raise() or with context->fault filled in.
 */
struct emul_ops {
	/*
	 * Instruction bytes at address. *got is 1 to bytes; less than bytes means the next page
	 * was not looked at, and the emulator asks again only if it needs what is there.
	 */
	enum emul_result (*fetch)(struct emul_context *context, gva_t address, unsigned int bytes,
				  void *out, unsigned int *got);
	/* bytes is 1, 2, 4 or 8. */
	enum emul_result (*read_memory)(struct emul_context *context, enum emul_segment segment,
					gva_t address, unsigned int bytes, void *out,
					enum emul_access access);
	enum emul_result (*write_memory)(struct emul_context *context, enum emul_segment segment,
					 gva_t address, unsigned int bytes, const void *value);
	/*
	 * Atomic. If memory equals *expected it becomes *desired and *swapped is true; otherwise
	 * *expected becomes what memory holds. bytes may also be 16.
	 */
	enum emul_result (*compare_exchange)(struct emul_context *context,
					     enum emul_segment segment, gva_t address,
					     unsigned int bytes, void *expected,
					     const void *desired, bool *swapped);
	/* Asked for FS and GS, and for all segments outside 64-bit mode. */
	enum emul_result (*segment_base)(struct emul_context *context, enum emul_segment segment,
					 uint64_t *base);

	/* NULL: permitted unless user_mode. A refusal is #GP(0). */
	enum emul_result (*io_permitted)(struct emul_context *context, uint16_t port,
					 unsigned int bytes, bool *permitted);
	enum emul_result (*read_port)(struct emul_context *context, uint16_t port,
				      unsigned int bytes, uint32_t *value);
	enum emul_result (*write_port)(struct emul_context *context, uint16_t port,
				       unsigned int bytes, uint32_t value);

	/* These check privilege themselves: they may be legal in user mode. */
	enum emul_result (*set_interrupt_flag)(struct emul_context *context, bool enabled);
	enum emul_result (*cpuid)(struct emul_context *context, uint32_t leaf, uint32_t subleaf,
				  struct cpuid_leaf *out);
	/* aux is NULL for rdtsc, wanted for rdtscp. */
	enum emul_result (*read_tsc)(struct emul_context *context, uint64_t *tsc, uint32_t *aux);
	enum emul_result (*read_pmc)(struct emul_context *context, uint32_t index,
				     uint64_t *value);

	/*
	 * The descriptor tables, the selectors of LDT and task, the machine status word: what
	 * CR4.UMIP keeps from ring 3. base and limit are 0 before; a selector or word is limit.
	 */
	enum emul_result (*read_table)(struct emul_context *context, enum emul_table table,
				       uint64_t *base, uint16_t *limit);

	/* Never called in user mode. Only control registers 0, 2, 3, 4, 8 are asked for. */
	emul_register_read *read_cr;
	emul_register_write *write_cr;
	enum emul_result (*clts)(struct emul_context *context);
	emul_register_read *read_dr;
	emul_register_write *write_dr;
	enum emul_result (*read_msr)(struct emul_context *context, uint32_t index,
				     uint64_t *value);
	enum emul_result (*write_msr)(struct emul_context *context, uint32_t index,
				      uint64_t value);
	enum emul_result (*xsetbv)(struct emul_context *context, uint32_t index, uint64_t value);
	enum emul_result (*wbinvd)(struct emul_context *context);
	enum emul_result (*invd)(struct emul_context *context);
	enum emul_result (*halt)(struct emul_context *context);
};

/* Emulates the instruction at regs->rip, or one iteration of it. */
must_check enum emul_result emul_step(struct emul_context *context);

/* For the return statement of whoever finds that the guest deserves an exception. */
static inline enum emul_result emul_raise(struct emul_context *context,
					  enum exception_vector vector, uint32_t error_code)
{
	context->fault = (struct emul_fault){
		.vector = (uint8_t)vector,
		.has_error = exception_has_error_code(vector),
		.error_code = error_code,
	};
	return EMUL_EXCEPTION;
}

static inline enum emul_result emul_raise_page_fault(struct emul_context *context, gva_t address,
						     uint32_t error_code)
{
	enum emul_result result = emul_raise(context, EXCEPTION_PF, error_code);

	context->fault.cr2 = address.n;
	return result;
}

#endif
