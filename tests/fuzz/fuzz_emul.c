/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction emulator with any instruction and any registers. That it does what a CPU does is
 * tests/unit/test_emul_native; here it is that nothing is done by halves: a length of at most 15,
 * registers changed only with EMUL_DONE, memory touched only in the operand's own range.
 *
 * The input: how wide code is, which classes are allowed, then sixteen registers, then code.
 */
#include "emul/emul.h"
#include "fuzz/fuzz.h"
#include "x86/cr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE 0x1000UL
#define MEMORY 0x10000UL
#define MEMORY_BYTES 4096U
#define INSTRUCTION_MAX 15U

static const uint8_t *code;
static size_t code_bytes;
static uint8_t memory[MEMORY_BYTES];

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_emul: not so: %s\n", what);
		abort();
	}
}

static enum emul_result fetch(struct emul_context *c, gva_t address, unsigned int bytes, void *out,
			      unsigned int *got)
{
	uint64_t offset = address.n - CODE;

	require(offset + bytes <= INSTRUCTION_MAX, "no more is fetched than an instruction");
	if (offset >= code_bytes) {
		return emul_raise_page_fault(c, address, PF_ERROR_FETCH);
	}
	*got = (unsigned int)(code_bytes - offset);
	*got = *got > bytes ? bytes : *got;
	memcpy(out, code + offset, *got);
	return EMUL_DONE;
}

static enum emul_result read_memory(struct emul_context *c, enum emul_segment segment unused_arg,
				    gva_t address, unsigned int bytes, void *out,
				    enum emul_access access)
{
	require(bytes >= 1 && bytes <= 64, "an operand has a size");
	if (address.n % 8192 > MEMORY_BYTES - bytes) {
		return emul_raise_page_fault(c, address, access == EMUL_READ ? 0 : PF_ERROR_WRITE);
	}
	memcpy(out, memory + address.n % 8192, bytes);
	return EMUL_DONE;
}

static enum emul_result write_memory(struct emul_context *c, enum emul_segment segment unused_arg,
				     gva_t address, unsigned int bytes, const void *from)
{
	require(bytes >= 1 && bytes <= 64, "an operand has a size");
	if (address.n % 8192 > MEMORY_BYTES - bytes) {
		return emul_raise_page_fault(c, address, PF_ERROR_WRITE);
	}
	memcpy(memory + address.n % 8192, from, bytes);
	return EMUL_DONE;
}

static enum emul_result compare_exchange(struct emul_context *c,
					 enum emul_segment segment unused_arg, gva_t address,
					 unsigned int bytes, void *expected, const void *desired,
					 bool *swapped)
{
	uint8_t *at;

	require(bytes <= 16, "an operand has a size");
	if (address.n % 8192 > MEMORY_BYTES - bytes) {
		return emul_raise_page_fault(c, address, PF_ERROR_WRITE);
	}
	at = memory + address.n % 8192;
	*swapped = memcmp(at, expected, bytes) == 0;
	memcpy(*swapped ? (void *)at : expected, *swapped ? desired : at, bytes);
	return EMUL_DONE;
}

static enum emul_result segment_base(struct emul_context *c unused_arg, enum emul_segment segment,
				     uint64_t *base)
{
	*base = segment == EMUL_FS ? MEMORY : 0;
	return EMUL_DONE;
}

static enum emul_result read_port(struct emul_context *c unused_arg, uint16_t port,
				  unsigned int bytes, uint32_t *value)
{
	require(bytes == 1 || bytes == 2 || bytes == 4, "a port has a size");
	*value = port;
	return EMUL_DONE;
}

static enum emul_result write_port(struct emul_context *c unused_arg, uint16_t port unused_arg,
				   unsigned int bytes, uint32_t value unused_arg)
{
	require(bytes == 1 || bytes == 2 || bytes == 4, "a port has a size");
	return EMUL_DONE;
}

static enum emul_result read_cr(struct emul_context *c, unsigned int index, uint64_t *value)
{
	require(!c->user_mode, "control registers are the kernel's");
	require(index == 0 || index == 2 || index == 3 || index == 4 || index == 8,
		"there is such a control register");
	*value = index;
	return EMUL_DONE;
}

static enum emul_result write_cr(struct emul_context *c, unsigned int index, uint64_t value)
{
	return read_cr(c, index, &value);
}

static enum emul_result read_msr(struct emul_context *c, uint32_t index, uint64_t *value)
{
	require(!c->user_mode, "model-specific registers are the kernel's");
	*value = index;
	return EMUL_DONE;
}

static enum emul_result write_msr(struct emul_context *c, uint32_t index, uint64_t value)
{
	return value == 0xdead ? emul_raise(c, EXCEPTION_GP, 0) : read_msr(c, index, &value);
}

static enum emul_result simple(struct emul_context *c)
{
	require(!c->user_mode, "privileged instructions are the kernel's");
	return EMUL_DONE;
}

static enum emul_result cpuid(struct emul_context *c unused_arg, uint32_t leaf, uint32_t subleaf,
			      struct cpuid_leaf *out)
{
	*out = (struct cpuid_leaf){leaf, subleaf, 0, 0};
	return EMUL_DONE;
}

static const struct emul_ops ops = {
	.fetch = fetch,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.compare_exchange = compare_exchange,
	.segment_base = segment_base,
	.read_port = read_port,
	.write_port = write_port,
	.cpuid = cpuid,
	.read_cr = read_cr,
	.write_cr = write_cr,
	.clts = simple,
	.read_msr = read_msr,
	.write_msr = write_msr,
	.wbinvd = simple,
	.invd = simple,
	.halt = simple,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int modes[] = {16, 32, 64, 64};
	struct emul_context context = {.ops = &ops, .classes = EMUL_CLASS_ALL};
	struct cpu_regs regs = {.rip = CODE}, before;
	enum emul_result result;

	if (size < 2 + sizeof(regs)) {
		return 0;
	}
	memcpy(&regs, data + 2, sizeof(regs));
	regs.rip = CODE;
	regs.rflags = (regs.rflags & 0xed5) | RFLAGS_FIXED;
	context.regs = &regs;
	context.mode_bits = modes[data[0] % 4];
	context.user_mode = data[0] & 4;
	if (data[1] & 1) {
		context.classes = data[1] & EMUL_CLASS_ALL;
	}
	code = data + 2 + sizeof(regs);
	code_bytes = size - 2 - sizeof(regs);
	memset(memory, 0x5a, sizeof(memory));
	before = regs;
	result = emul_step(&context);
	require(context.length <= INSTRUCTION_MAX, "an instruction has at most fifteen bytes");
	require(result == EMUL_DONE || memcmp(&before, &regs, sizeof(regs)) == 0,
		"what is not done leaves the registers alone");
	require(result != EMUL_DONE || context.repeat ||
			regs.rip == CODE + context.length || context.mode_bits == 16,
		"what is done goes on behind the instruction");
	return 0;
}
