/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes of a PV guest's kernel to pages it has mapped read-only:
 *
 *     page maps                              what happens to the write
 *     one of its validated L1 tables         checked like mmu_update, then done (vm_assist 2)
 *     read-only device memory (dom0)         discarded
 *     anything else                          the fault is the guest's
 *
 * The instruction is emulated with the guest's own view of memory, except for the page that
 * faulted. A value that may not be stored, a misaligned access or an unknown instruction give the
 * guest its page fault. An entry must be mappable from scratch: no in-place changes of foreign
 * entries here. Read-modify-write instructions exchange against what they have read; losing to
 * the CPU setting A or D, or to another vcpu, runs the instruction again.
 *
 * Three instructions make up nearly all of these faults (Linux: set_pte, ptep_get_and_clear,
 * ptep_set_wrprotect at fork). They are recognised by their bytes; as their only memory operand is
 * what faulted, its address need not be computed. Everything else takes the emulator.
 */
#include "pv/pv.h"
#include "pv/update.h"
#include "pv/va.h"

#include "domain/guest_ops.h"
#include "emul/emul.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "x86/cr.h"
#include "x86/msr.h"

#define DR6_SINGLE_STEP (1UL << 14)

/* Tries of a plain store of less than eight bytes to merge with a moving entry. */
#define MERGE_TRIES 16

struct ro_write {
	struct vcpu *v;
	uint64_t page; /* virtual address of the page that faulted */
	mfn_t mfn;     /* what it maps */
	bool discard;  /* device memory */
	struct pv_mapping map;
};

static struct ro_write *ro_write(struct emul_context *context)
{
	return context->data;
}

static enum emul_result copy_in(struct emul_context *context, gva_t address, unsigned int bytes,
				void *out, uint32_t error)
{
	struct vcpu *v = ro_write(context)->v;
	size_t left;

	if (address_is_hypervisor(address.n) || !address_is_canonical(address.n) ||
	    address_is_hypervisor(address.n + bytes - 1)) {
		return EMUL_REFUSED;
	}
	left = v->domain->ops->copy_in(v, out, address.n, bytes);
	if (left) {
		return emul_raise_page_fault(context, gva_add(address, bytes - left), error);
	}
	return EMUL_DONE;
}

static enum emul_result fetch(struct emul_context *context, gva_t address, unsigned int bytes,
			      void *out, unsigned int *got)
{
	unsigned int room = (unsigned int)PAGE_SIZE - page_offset(address.n);

	*got = bytes < room ? bytes : room;
	return copy_in(context, address, *got, out, PF_ERROR_FETCH);
}

static bool is_in_page(const struct ro_write *w, gva_t address, unsigned int bytes)
{
	return (address.n & PAGE_MASK) == w->page && address.n % bytes == 0 &&
	       bytes <= sizeof(pte_t);
}

static pte_t *slot_of(const struct ro_write *w, gva_t address)
{
	return (pte_t *)frame_map(w->mfn) + page_offset(address.n) / sizeof(pte_t);
}

static uint64_t part_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0UL : (1UL << (bytes * 8)) - 1;
}

static unsigned int part_shift(gva_t address)
{
	return (unsigned int)(address.n % sizeof(pte_t)) * 8;
}

static pte_t merge(pte_t whole, gva_t address, unsigned int bytes, uint64_t part)
{
	uint64_t mask = part_mask(bytes) << part_shift(address);

	return pte_raw((whole.raw & ~mask) | (part << part_shift(address) & mask));
}

static enum emul_result read_memory(struct emul_context *context,
				    enum emul_segment segment unused_arg, gva_t address,
				    unsigned int bytes, void *out, enum emul_access access)
{
	struct ro_write *w = ro_write(context);
	uint64_t part;

	if (access == EMUL_READ_FOR_WRITE && !is_in_page(w, address, bytes)) {
		return EMUL_REFUSED;
	}
	if (w->discard || !is_in_page(w, address, bytes)) {
		return copy_in(context, address, bytes, out, 0);
	}
	part = atomic_read(&slot_of(w, address)->raw) >> part_shift(address);
	memcpy(out, &part, bytes);
	return EMUL_DONE;
}

static enum emul_result write_entry(struct ro_write *w, gva_t address, struct pv_write *write)
{
	write->from_scratch = true;
	return pv_l1_write(&w->map, frame_of(w->mfn), slot_of(w, address), write) ? EMUL_REFUSED
										  : EMUL_DONE;
}

static enum emul_result store_part(struct ro_write *w, gva_t address, unsigned int bytes,
				   uint64_t part)
{
	for (unsigned int i = 0; i < MERGE_TRIES; i++) {
		struct pv_write write = {.mode = PV_WRITE_COMPARE};
		enum emul_result result;

		write.expected = pte_raw(atomic_read(&slot_of(w, address)->raw));
		write.new = merge(write.expected, address, bytes, part);
		result = write_entry(w, address, &write);
		if (result || write.swapped) {
			return result;
		}
	}
	return EMUL_RETRY;
}

static enum emul_result write_memory(struct emul_context *context,
				     enum emul_segment segment unused_arg, gva_t address,
				     unsigned int bytes, const void *value)
{
	struct ro_write *w = ro_write(context);
	struct pv_write write = {.mode = PV_WRITE_STORE};
	uint64_t part = 0;

	if (!is_in_page(w, address, bytes)) {
		return EMUL_REFUSED;
	}
	if (w->discard) {
		return EMUL_DONE;
	}
	memcpy(&part, value, bytes);
	if (bytes < sizeof(pte_t)) {
		return store_part(w, address, bytes, part);
	}
	write.new = pte_raw(part);
	return write_entry(w, address, &write);
}

static enum emul_result compare_exchange(struct emul_context *context,
					 enum emul_segment segment unused_arg, gva_t address,
					 unsigned int bytes, void *expected, const void *desired,
					 bool *swapped)
{
	struct ro_write *w = ro_write(context);
	struct pv_write write = {.mode = PV_WRITE_COMPARE};
	uint64_t want = 0;
	uint64_t new = 0;
	uint64_t found;
	enum emul_result result;

	if (!is_in_page(w, address, bytes)) {
		return EMUL_REFUSED;
	}
	if (w->discard) {
		*swapped = true;
		return EMUL_DONE;
	}
	memcpy(&want, expected, bytes);
	memcpy(&new, desired, bytes);
	for (unsigned int i = 0; i < MERGE_TRIES; i++) {
		write.expected = pte_raw(atomic_read(&slot_of(w, address)->raw));
		found = write.expected.raw >> part_shift(address) & part_mask(bytes);
		if (found != want) {
			memcpy(expected, &found, bytes);
			*swapped = false;
			return EMUL_DONE;
		}
		write.new = merge(write.expected, address, bytes, new);
		result = write_entry(w, address, &write);
		if (result || write.swapped) {
			*swapped = true;
			return result;
		}
	}
	return EMUL_RETRY;
}

/* The guest's own bases are loaded: neither entry nor core touches them. */
static enum emul_result segment_base(struct emul_context *context unused_arg,
				     enum emul_segment segment, uint64_t *base)
{
	if (segment != EMUL_FS && segment != EMUL_GS) {
		return EMUL_REFUSED;
	}
	*base = cpu_rdmsr(segment == EMUL_FS ? MSR_FS_BASE : MSR_GS_BASE);
	return EMUL_DONE;
}

static const struct emul_ops ro_ops = {
	.fetch = fetch,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.compare_exchange = compare_exchange,
	.segment_base = segment_base,
};

static bool emulate(struct ro_write *w, struct cpu_regs *regs)
{
	struct emul_context context = {
		.regs = regs,
		.ops = &ro_ops,
		.data = w,
		.classes = EMUL_CLASS_MEMORY,
		.mode_bits = 64,
	};
	const struct emul_fault *fault = &context.fault;

	switch (emul_step(&context)) {
	case EMUL_DONE:
		if (context.single_step) {
			w->v->pv->dr6 |= DR6_SINGLE_STEP;
			pv_inject(w->v, EXCEPTION_DB, 0);
		}
		return true;
	case EMUL_EXCEPTION:
		if (fault->vector == EXCEPTION_PF) {
			pv_inject_page_fault(w->v, fault->cr2, fault->error_code);
		} else {
			pv_inject(w->v, fault->vector, fault->error_code);
		}
		return true;
	case EMUL_RETRY:
		return true;
	case EMUL_REFUSED:
		break;
	}
	return false;
}

enum quick_kind {
	QUICK_MOV,  /* [REX.W] 89 /r */
	QUICK_XCHG, /* [REX.W] 87 /r */
	QUICK_AND,  /* 80 /4 ib */
};

struct quick {
	enum quick_kind kind;
	unsigned int reg;
	unsigned int length;
	uint8_t immediate;
};

/* lock, REX, opcode, ModRM, SIB, disp32, imm8. */
#define QUICK_BYTES 10U

#define REX_W 0x48U
#define REX_R 0x04U

/* Bytes of a memory operand from its ModRM byte on (SDM 2A 2.1.5); 0: a register operand. */
static unsigned int operand_length(const uint8_t *modrm)
{
	unsigned int mod = modrm[0] >> 6;
	unsigned int rm = modrm[0] & 7;
	unsigned int length = rm == 4 ? 2 : 1;

	if (mod == 3) {
		return 0;
	}
	if (mod == 0) {
		bool has_disp = rm == 5 || (rm == 4 && (modrm[1] & 7) == 5);

		return has_disp ? length + 4 : length;
	}
	return length + (mod == 1 ? 1 : 4);
}

static bool quick_decode(const uint8_t *code, struct quick *q)
{
	const uint8_t *p = code;
	unsigned int rex = 0;
	bool lock = *p == 0xf0;
	unsigned int length;
	uint8_t opcode;

	p += lock;
	if ((*p & 0xf0) == 0x40) {
		rex = *p++;
	}
	opcode = *p++;
	length = operand_length(p);
	q->reg = (unsigned int)(p[0] >> 3 & 7) | (rex & REX_R ? 8U : 0);
	if (length == 0) {
		return false;
	}
	q->length = (unsigned int)(p - code) + length;
	if (opcode == 0x80 && (q->reg & 7) == 4) {
		q->kind = QUICK_AND;
		q->immediate = p[length];
		q->length++;
		return true;
	}
	q->kind = opcode == 0x87 ? QUICK_XCHG : QUICK_MOV;
	return (rex & REX_W) == REX_W && (opcode == 0x87 || (opcode == 0x89 && !lock));
}

static uint64_t *quick_register(struct cpu_regs *regs, unsigned int n)
{
	static const uint8_t offsets[16] = {
		offsetof(struct cpu_regs, rax), offsetof(struct cpu_regs, rcx),
		offsetof(struct cpu_regs, rdx), offsetof(struct cpu_regs, rbx),
		offsetof(struct cpu_regs, rsp), offsetof(struct cpu_regs, rbp),
		offsetof(struct cpu_regs, rsi), offsetof(struct cpu_regs, rdi),
		offsetof(struct cpu_regs, r8),  offsetof(struct cpu_regs, r9),
		offsetof(struct cpu_regs, r10), offsetof(struct cpu_regs, r11),
		offsetof(struct cpu_regs, r12), offsetof(struct cpu_regs, r13),
		offsetof(struct cpu_regs, r14), offsetof(struct cpu_regs, r15),
	};

	return (uint64_t *)(void *)((char *)regs + offsets[n & 15]);
}

/* SDM 2A, AND: CF and OF are cleared; SF, ZF, PF are the result's; AF is undefined. */
static void set_and_flags(struct cpu_regs *regs, uint8_t result)
{
	regs->rflags &= ~RFLAGS_ARITHMETIC;
	regs->rflags |= result == 0 ? RFLAGS_ZF : 0;
	regs->rflags |= result & 0x80 ? RFLAGS_SF : 0;
	regs->rflags |= __builtin_parity(result) ? 0 : RFLAGS_PF;
}

/* EMUL_REFUSED: not one of the three, or not to be stored: the emulator decides. */
static enum emul_result quick_step(struct ro_write *w, struct cpu_regs *regs, gva_t address)
{
	struct pv_write write = {.mode = PV_WRITE_COMPARE};
	uint8_t code[QUICK_BYTES];
	uint64_t *reg;
	struct quick q = {0};

	if ((regs->rflags & RFLAGS_TF) || page_offset(regs->rip) > PAGE_SIZE - QUICK_BYTES ||
	    address_is_hypervisor(regs->rip) || !address_is_canonical(regs->rip) ||
	    w->v->domain->ops->copy_in(w->v, code, regs->rip, QUICK_BYTES) ||
	    !quick_decode(code, &q) ||
	    (q.kind != QUICK_AND && address.n % sizeof(pte_t))) {
		return EMUL_REFUSED;
	}
	reg = quick_register(regs, q.reg);
	write.expected = pte_raw(atomic_read(&slot_of(w, address)->raw));
	if (q.kind == QUICK_AND) {
		write.new.raw = write.expected.raw &
				~((uint64_t)(uint8_t)~q.immediate << part_shift(address));
	} else {
		write.new.raw = *reg;
	}
	if (q.kind == QUICK_MOV) {
		write.mode = PV_WRITE_STORE;
		write.swapped = true;
	}
	if (write_entry(w, address, &write)) {
		return EMUL_REFUSED;
	}
	if (!write.swapped) {
		return EMUL_RETRY;
	}
	if (q.kind == QUICK_XCHG) {
		*reg = write.expected.raw;
	} else if (q.kind == QUICK_AND) {
		set_and_flags(regs, (uint8_t)(write.new.raw >> part_shift(address)));
	}
	regs->rip += q.length;
	regs->rflags &= ~RFLAGS_RF;
	return EMUL_DONE;
}

static bool is_own_l1(const struct domain *d, mfn_t m)
{
	const struct frame *f = frame_of(m);
	uint32_t word = atomic_read(&f->type);

	return f->owner == d->id && word >> TYPE_SHIFT == TYPE_L1 && (word & TYPE_VALIDATED);
}

bool pv_emulate_write(struct vcpu *v, struct cpu_regs *regs, uint64_t address, uint32_t error)
{
	const uint32_t looked_at = PF_ERROR_PRESENT | PF_ERROR_WRITE | PF_ERROR_FETCH |
				   PF_ERROR_RESERVED;
	struct domain *d = v->domain;
	struct ro_write w = {.v = v, .page = address & PAGE_MASK};
	struct frame *table;
	pte_t *slot;
	pte_t pte;

	if (!v->pv->in_kernel || (error & looked_at) != (PF_ERROR_PRESENT | PF_ERROR_WRITE) ||
	    pv_va_find(v->pv->kernel_root, address, &table, &slot)) {
		return false;
	}
	pte = pte_raw(atomic_read(&slot->raw));
	if (!pte_is_present(pte) || pte_is_writable(pte)) {
		return false;
	}
	w.mfn = pte_mfn(pte);
	if (frame_is_valid(w.mfn) && is_own_l1(d, w.mfn)) {
		if (!(atomic_read(&d->vm_assist) & 1U << VMASST_TYPE_writable_pagetables)) {
			return false;
		}
		pv_mapping_init(&w.map, d, d, d, d->id);
		return quick_step(&w, regs, gva(address)) != EMUL_REFUSED || emulate(&w, regs);
	}
	if (!d->is_hardware || !range_contains(&pv_mmio_readonly, w.mfn.n, w.mfn.n)) {
		return false;
	}
	w.discard = true;
	return emulate(&w, regs);
}
