/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulator against the CPU that runs the test. Each case is an instruction with random
 * operands, registers, flags and memory: run natively from a page of its own, then emulated
 * from the same state at the same addresses. Registers, defined flags, RIP and memory must agree.
 */
#include "emul/emul.h"
#include "unit/unit.h"
#include "x86/cr.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096U
#define SCRATCH 2048U
#define ROUNDS 700U
#define LOGIC RFLAGS_AF
#define BITS (RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF | RFLAGS_ZF)

enum kind { PLAIN, LOCKABLE, LOCKABLE_BIT, BIT, COMPARE, WIDE, MEMORY_ONLY, OFFSET, STRING, ACC };

struct form {
	const char *name;
	uint8_t map, opcode;
	int8_t extension; /* the reg field, or -1 for a random register */
	uint8_t immediate; /* 0, 1, or 4: as wide as the operand, at most 4 */
	enum kind kind;
	uint64_t undefined;
};

#define ARITH(name, first, undefined) \
	{name " rm8,r8", 1, (first) + 0, -1, 0, LOCKABLE, undefined}, \
	{name " rm,r", 1, (first) + 1, -1, 0, LOCKABLE, undefined}, \
	{name " r8,rm8", 1, (first) + 2, -1, 0, PLAIN, undefined}, \
	{name " r,rm", 1, (first) + 3, -1, 0, PLAIN, undefined}, \
	{name " al,imm", 1, (first) + 4, -1, 4, ACC, undefined}, \
	{name " ax,imm", 1, (first) + 5, -1, 4, ACC, undefined}, \
	{name " rm8,imm", 1, 0x80, (first) >> 3, 4, LOCKABLE, undefined}, \
	{name " rm,imm", 1, 0x81, (first) >> 3, 4, LOCKABLE, undefined}, \
	{name " rm,imm8", 1, 0x83, (first) >> 3, 1, LOCKABLE, undefined}

static const struct form forms[] = {
	ARITH("add", 0x00, 0),
	ARITH("or", 0x08, LOGIC),
	ARITH("adc", 0x10, 0),
	ARITH("sbb", 0x18, 0),
	ARITH("and", 0x20, LOGIC),
	ARITH("sub", 0x28, 0),
	ARITH("xor", 0x30, LOGIC),
	{"cmp rm8,r8", 1, 0x38, -1, 0, PLAIN, 0},
	{"cmp rm,r", 1, 0x39, -1, 0, PLAIN, 0},
	{"cmp r,rm", 1, 0x3b, -1, 0, PLAIN, 0},
	{"cmp rm,imm", 1, 0x81, 7, 4, PLAIN, 0},
	{"test rm8,r8", 1, 0x84, -1, 0, PLAIN, LOGIC},
	{"test rm,r", 1, 0x85, -1, 0, PLAIN, LOGIC},
	{"test al,imm", 1, 0xa8, -1, 4, ACC, LOGIC},
	{"test rm8,imm", 1, 0xf6, 0, 4, PLAIN, LOGIC},
	{"test rm,imm", 1, 0xf7, 1, 4, PLAIN, LOGIC},
	{"not rm8", 1, 0xf6, 2, 0, LOCKABLE, 0},
	{"not rm", 1, 0xf7, 2, 0, LOCKABLE, 0},
	{"neg rm8", 1, 0xf6, 3, 0, LOCKABLE, 0},
	{"neg rm", 1, 0xf7, 3, 0, LOCKABLE, 0},
	{"inc rm8", 1, 0xfe, 0, 0, LOCKABLE, 0},
	{"inc rm", 1, 0xff, 0, 0, LOCKABLE, 0},
	{"dec rm8", 1, 0xfe, 1, 0, LOCKABLE, 0},
	{"dec rm", 1, 0xff, 1, 0, LOCKABLE, 0},
	{"xchg rm8,r8", 1, 0x86, -1, 0, LOCKABLE, 0},
	{"xchg rm,r", 1, 0x87, -1, 0, LOCKABLE, 0},
	{"mov rm8,r8", 1, 0x88, -1, 0, PLAIN, 0},
	{"mov rm,r", 1, 0x89, -1, 0, PLAIN, 0},
	{"mov r8,rm8", 1, 0x8a, -1, 0, PLAIN, 0},
	{"mov r,rm", 1, 0x8b, -1, 0, PLAIN, 0},
	{"mov rm8,imm", 1, 0xc6, 0, 4, PLAIN, 0},
	{"mov rm,imm", 1, 0xc7, 0, 4, PLAIN, 0},
	{"mov al,moffs", 1, 0xa0, -1, 0, OFFSET, 0},
	{"mov ax,moffs", 1, 0xa1, -1, 0, OFFSET, 0},
	{"mov moffs,al", 1, 0xa2, -1, 0, OFFSET, 0},
	{"mov moffs,ax", 1, 0xa3, -1, 0, OFFSET, 0},
	{"movsxd r,rm", 1, 0x63, -1, 0, PLAIN, 0},
	{"movzx r,rm8", 2, 0xb6, -1, 0, PLAIN, 0},
	{"movzx r,rm16", 2, 0xb7, -1, 0, PLAIN, 0},
	{"movsx r,rm8", 2, 0xbe, -1, 0, PLAIN, 0},
	{"movsx r,rm16", 2, 0xbf, -1, 0, PLAIN, 0},
	{"movnti m,r", 2, 0xc3, -1, 0, MEMORY_ONLY, 0},
	{"xadd rm8,r8", 2, 0xc0, -1, 0, LOCKABLE, 0},
	{"xadd rm,r", 2, 0xc1, -1, 0, LOCKABLE, 0},
	{"cmpxchg rm8,r8", 2, 0xb0, -1, 0, COMPARE, 0},
	{"cmpxchg rm,r", 2, 0xb1, -1, 0, COMPARE, 0},
	{"cmpxchg8b/16b", 2, 0xc7, 1, 0, WIDE, 0},
	{"bt rm,r", 2, 0xa3, -1, 0, BIT, BITS},
	{"bts rm,r", 2, 0xab, -1, 0, LOCKABLE_BIT, BITS},
	{"btr rm,r", 2, 0xb3, -1, 0, LOCKABLE_BIT, BITS},
	{"btc rm,r", 2, 0xbb, -1, 0, LOCKABLE_BIT, BITS},
	{"bt rm,imm", 2, 0xba, 4, 1, PLAIN, BITS},
	{"bts rm,imm", 2, 0xba, 5, 1, LOCKABLE, BITS},
	{"btr rm,imm", 2, 0xba, 6, 1, LOCKABLE, BITS},
	{"btc rm,imm", 2, 0xba, 7, 1, LOCKABLE, BITS},
	{"movsb", 1, 0xa4, -1, 0, STRING, 0},
	{"movs", 1, 0xa5, -1, 0, STRING, 0},
	{"stosb", 1, 0xaa, -1, 0, STRING, 0},
	{"stos", 1, 0xab, -1, 0, STRING, 0},
	{"lodsb", 1, 0xac, -1, 0, STRING, 0},
	{"lods", 1, 0xad, -1, 0, STRING, 0},
};

/* What the trampoline loads and stores; registers by their number, RSP left out. */
extern uint64_t native_gpr[16], native_flags;
extern void *native_code;
extern const char native_landing[];
void native_run(void);

uint64_t native_gpr[16], native_flags;
void *native_code;

__asm__(".text\n"
	".globl native_run, native_landing\n"
	"native_run:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n"
	"	push %r14\n	push %r15\n"
	"	mov native_gpr+0(%rip), %rax\n	mov native_gpr+8(%rip), %rcx\n"
	"	mov native_gpr+16(%rip), %rdx\n	mov native_gpr+24(%rip), %rbx\n"
	"	mov native_gpr+40(%rip), %rbp\n	mov native_gpr+48(%rip), %rsi\n"
	"	mov native_gpr+56(%rip), %rdi\n	mov native_gpr+64(%rip), %r8\n"
	"	mov native_gpr+72(%rip), %r9\n	mov native_gpr+80(%rip), %r10\n"
	"	mov native_gpr+88(%rip), %r11\n	mov native_gpr+96(%rip), %r12\n"
	"	mov native_gpr+104(%rip), %r13\n	mov native_gpr+112(%rip), %r14\n"
	"	mov native_gpr+120(%rip), %r15\n"
	"	pushq native_flags(%rip)\n	popfq\n"
	"	jmp *native_code(%rip)\n"
	"native_landing:\n"
	"	pushfq\n	popq native_flags(%rip)\n	cld\n"
	"	mov %rax, native_gpr+0(%rip)\n	mov %rcx, native_gpr+8(%rip)\n"
	"	mov %rdx, native_gpr+16(%rip)\n	mov %rbx, native_gpr+24(%rip)\n"
	"	mov %rbp, native_gpr+40(%rip)\n	mov %rsi, native_gpr+48(%rip)\n"
	"	mov %rdi, native_gpr+56(%rip)\n	mov %r8, native_gpr+64(%rip)\n"
	"	mov %r9, native_gpr+72(%rip)\n	mov %r10, native_gpr+80(%rip)\n"
	"	mov %r11, native_gpr+88(%rip)\n	mov %r12, native_gpr+96(%rip)\n"
	"	mov %r13, native_gpr+104(%rip)\n	mov %r14, native_gpr+112(%rip)\n"
	"	mov %r15, native_gpr+120(%rip)\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n"
	"	pop %rbp\n	pop %rbx\n	ret\n");

static uint8_t *code, *scratch;
static uint8_t initial[SCRATCH], after[SCRATCH];
static uint64_t seed = 0x9e3779b97f4a7c15UL;

static uint64_t random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static unsigned int below(unsigned int end)
{
	return (unsigned int)((random64() >> 20) % end);
}

/* Half of all values are near a sign change, zero or all ones, where flags are decided. */
static uint64_t random_value(void)
{
	static const uint64_t edges[] = {0, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
					 0x80000000, 0xffffffff, 1UL << 63, ~0UL};

	return below(2) ? random64() : edges[below(array_size(edges))] + below(3) - 1;
}

static void *at(uint64_t address)
{
	return (void *)address;
}

static enum emul_result fetch(struct emul_context *context, gva_t address, unsigned int bytes,
			      void *out, unsigned int *got)
{
	*got = below(4) ? bytes : 1 + below(bytes);
	memcpy(out, at(address.n), *got);
	return EMUL_DONE;
}

static enum emul_result read_memory(struct emul_context *context, enum emul_segment segment,
				    gva_t address, unsigned int bytes, void *out,
				    enum emul_access access)
{
	memcpy(out, at(address.n), bytes);
	return EMUL_DONE;
}

static enum emul_result write_memory(struct emul_context *context, enum emul_segment segment,
				     gva_t address, unsigned int bytes, const void *value)
{
	memcpy(at(address.n), value, bytes);
	return EMUL_DONE;
}

static enum emul_result compare_exchange(struct emul_context *context, enum emul_segment segment,
					 gva_t address, unsigned int bytes, void *expected,
					 const void *desired, bool *swapped)
{
	*swapped = memcmp(at(address.n), expected, bytes) == 0;
	if (*swapped) {
		memcpy(at(address.n), desired, bytes);
	} else {
		memcpy(expected, at(address.n), bytes);
	}
	return EMUL_DONE;
}

static const struct emul_ops ops = {
	.fetch = fetch,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.compare_exchange = compare_exchange,
};

struct encoder {
	uint8_t rex, modrm, tail[12];
	unsigned int tail_length, bytes;
	bool byte, memory, rip_relative;
	unsigned int reg;
	uint64_t target;
};

static void put(struct encoder *e, uint64_t value, unsigned int bytes)
{
	memcpy(e->tail + e->tail_length, &value, bytes);
	e->tail_length += bytes;
}

/* Never RSP: the trampoline's stack is not part of the state. */
static unsigned int any_register(unsigned int avoid)
{
	unsigned int r;

	do {
		r = below(16);
	} while (r == GPR_RSP || r == avoid);
	return r;
}

static void set_rm(struct encoder *e, unsigned int rm)
{
	e->modrm |= (uint8_t)(rm & 7U);
	e->rex |= rm & 8U ? 0x41 : 0;
}

static void encode_memory(struct encoder *e, const struct form *form)
{
	bool bit = form->kind == BIT || form->kind == LOCKABLE_BIT;
	unsigned int base = any_register(bit ? e->reg : 16), index, scale = below(4);
	bool wide_disp = below(2), sib = below(2) || (base & 7U) == GPR_RSP;
	int64_t disp = (int8_t)random64();

	e->memory = true;
	e->target = (uint64_t)scratch + 768 + below(256);
	if (form->kind == WIDE) {
		e->target &= ~15UL;
	}
	if (below(8) == 0) {
		e->rip_relative = true;
		e->modrm |= 5;
		put(e, 0, 4);
		return;
	}
	do {
		index = any_register(bit ? e->reg : 16);
	} while (index == base);
	e->modrm |= wide_disp ? 0x80 : 0x40;
	if (sib) {
		bool with_index = below(2);

		native_gpr[index] = with_index ? below(16) : native_gpr[index];
		e->modrm |= 4;
		e->rex |= base & 8U ? 0x41 : 0;
		e->rex |= with_index && (index & 8U) ? 0x42 : 0;
		put(e, (scale << 6) | (with_index ? (index & 7U) << 3 : 0x20) | (base & 7U), 1);
		native_gpr[base] = e->target - (uint64_t)disp -
				   (with_index ? native_gpr[index] << scale : 0);
	} else {
		set_rm(e, base);
		native_gpr[base] = e->target - (uint64_t)disp;
	}
	put(e, (uint64_t)disp, wide_disp ? 4 : 1);
}

static void encode_operands(struct encoder *e, const struct form *form)
{
	bool memory_only = form->kind == WIDE || form->kind == MEMORY_ONLY;

	e->reg = form->extension >= 0 ? (unsigned int)form->extension : any_register(16);
	e->rex |= e->reg & 8U ? 0x44 : 0;
	e->modrm = (uint8_t)((e->reg & 7U) << 3);
	if (form->kind == BIT || form->kind == LOCKABLE_BIT) {
		native_gpr[e->reg] = (uint64_t)((int64_t)below(4000) - 2000);
	}
	if (memory_only || below(4)) {
		encode_memory(e, form);
	} else {
		e->modrm |= 0xc0;
		set_rm(e, any_register(16));
	}
	if (form->kind == COMPARE && e->memory && below(2)) {
		memcpy(&initial[e->target - (uint64_t)scratch], &native_gpr[GPR_RAX], 8);
	}
	if (form->kind == WIDE && below(2)) {
		uint64_t low = native_gpr[GPR_RAX];
		uint8_t *to = &initial[e->target - (uint64_t)scratch];

		memcpy(to, &low, 8);
		memcpy(to + (e->bytes == 8 ? 8 : 4), &native_gpr[GPR_RDX], 8);
	}
}

static unsigned int choose_width(struct encoder *e, const struct form *form)
{
	unsigned int choice = below(3);
	bool always_wide = form->map == 2 && form->opcode != 0xb0 && form->opcode != 0xc0;

	e->byte = !always_wide && !(form->opcode & 1U);
	e->bytes = 4;
	if (form->opcode == 0x63 && form->map == 1) {
		choice = choice == 1 ? 0 : choice;
	}
	if (e->byte) {
		e->bytes = 1;
		e->rex |= below(2) ? 0x40 : 0;
		return 0;
	}
	if (choice == 2) {
		e->rex |= 0x48;
		e->bytes = 8;
	} else if (choice == 1 && form->kind != WIDE && form->kind != MEMORY_ONLY) {
		e->bytes = 2;
	}
	return e->bytes == 2;
}

static unsigned int assemble(const struct form *form)
{
	struct encoder e = {0};
	unsigned int length = 0, immediate, tail_at;
	bool small = choose_width(&e, form);
	bool lockable = form->kind == LOCKABLE || form->kind == LOCKABLE_BIT ||
			form->kind == COMPARE || form->kind == WIDE;

	if (form->kind == OFFSET) {
		put(&e, (uint64_t)scratch + 512 + below(256), 8);
	} else if (form->kind == STRING) {
		native_gpr[GPR_RSI] = (uint64_t)scratch + 512 + below(128);
		native_gpr[GPR_RDI] = (uint64_t)scratch + 576 + below(128);
		native_gpr[GPR_RCX] = below(6);
	} else if (form->kind != ACC) {
		encode_operands(&e, form);
	}
	immediate = form->immediate == 4 && e.bytes < 4 ? e.bytes : form->immediate;
	tail_at = e.tail_length;
	put(&e, random_value(), immediate);
	if (small) {
		code[length++] = 0x66;
	}
	if (lockable && e.memory && below(2)) {
		code[length++] = 0xf0;
	}
	if (form->kind == STRING && below(2)) {
		code[length++] = 0xf3;
	}
	if (e.rex) {
		code[length++] = e.rex;
	}
	if (form->map == 2) {
		code[length++] = 0x0f;
	}
	code[length++] = form->opcode;
	if (form->kind != ACC && form->kind != OFFSET && form->kind != STRING) {
		code[length++] = e.modrm;
	}
	if (e.rip_relative) {
		uint64_t end = (uint64_t)code + length + tail_at + immediate;
		uint64_t relative = e.target - end;

		memcpy(e.tail, &relative, 4);
	}
	memcpy(code + length, e.tail, e.tail_length);
	return length + e.tail_length;
}

static void append_jump_back(unsigned int length)
{
	static const uint8_t jump[6] = {0xff, 0x25};
	const void *target = native_landing;

	memcpy(code + length, jump, sizeof(jump));
	memcpy(code + length + sizeof(jump), &target, sizeof(target));
}

static bool same_state(const struct form *form, struct cpu_regs *regs, unsigned int length)
{
	uint64_t compared = (RFLAGS_ARITHMETIC | RFLAGS_DF) & ~form->undefined;

	for (unsigned int i = 0; i < 16; i++) {
		if (i != GPR_RSP && *regs_gpr(regs, i) != native_gpr[i]) {
			printf("register %u: %lx, CPU %lx: ", i, *regs_gpr(regs, i), native_gpr[i]);
			return false;
		}
	}
	if ((regs->rflags ^ native_flags) & compared) {
		printf("flags %lx, CPU %lx: ", regs->rflags, native_flags);
		return false;
	}
	return memcmp(scratch, after, SCRATCH) == 0 && regs->rip == (uint64_t)code + length;
}

static void fail(const struct form *form, unsigned int length)
{
	printf("%s:", form->name);
	for (unsigned int i = 0; i < length; i++) {
		printf(" %02x", code[i]);
	}
	printf("\n");
	CU_FAIL("the emulator disagrees with the CPU");
}

static bool one_case(const struct form *form)
{
	struct cpu_regs regs = {0};
	struct emul_context context = {
		.regs = &regs, .ops = &ops, .mode_bits = 64, .classes = EMUL_CLASS_MEMORY};
	unsigned int length, steps = 0;
	enum emul_result result;

	for (unsigned int i = 0; i < 16; i++) {
		native_gpr[i] = random_value();
	}
	for (unsigned int i = 0; i < 32; i++) {
		initial[below(SCRATCH)] = (uint8_t)random_value();
	}
	native_flags = (random64() & (RFLAGS_ARITHMETIC | RFLAGS_DF)) | RFLAGS_FIXED | RFLAGS_IF;
	length = assemble(form);
	append_jump_back(length);
	for (unsigned int i = 0; i < 16; i++) {
		*regs_gpr(&regs, i) = native_gpr[i];
	}
	regs.rflags = native_flags | RFLAGS_RF;
	regs.rip = (uint64_t)code;
	memcpy(scratch, initial, SCRATCH);
	native_run();
	memcpy(after, scratch, SCRATCH);
	memcpy(scratch, initial, SCRATCH);
	do {
		result = emul_step(&context);
	} while (result == EMUL_DONE && context.repeat && ++steps < 16);
	if (result != EMUL_DONE || !same_state(form, &regs, length)) {
		fail(form, length);
		return false;
	}
	return context.length == length && !(regs.rflags & RFLAGS_RF);
}

static void the_emulator_agrees_with_the_cpu(void)
{
	code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED) {
		CU_FAIL("no page to run instructions from");
		return;
	}
	scratch = code + PAGE;
	native_code = code;
	for (unsigned int f = 0; f < array_size(forms); f++) {
		bool good = true;

		for (unsigned int round = 0; good && round < ROUNDS; round++) {
			good = one_case(&forms[f]);
		}
		CU_ASSERT_TRUE(good);
	}
	munmap(code, 2 * PAGE);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(the_emulator_agrees_with_the_cpu),
	};

	return unit_main("emul_native", tests, array_size(tests), NULL);
}
