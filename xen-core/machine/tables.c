/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables and entry stubs of each CPU; see tables.h for the windows and tables_cpu.h for
 * where things lie. Selectors 0xe008.. are promised to PV guests (public xen-x86_64.h).
 */
#include "machine/tables.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/asm.h"
#include "machine/cpu.h"
#include "machine/smap.h"
#include "machine/tables_cpu.h"
#include "machine/tlb.h"
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/msr.h"

_Static_assert(offsetof(struct cpu_regs, rcx) == REGS_RCX, "entry.S");
_Static_assert(offsetof(struct cpu_regs, r11) == REGS_R11, "entry.S");
_Static_assert(offsetof(struct cpu_regs, error_code) == REGS_ERROR, "entry.S");
_Static_assert(offsetof(struct cpu_regs, entry_vector) == REGS_VECTOR, "entry.S");
_Static_assert(offsetof(struct cpu_regs, rip) == REGS_RIP, "entry.S");
_Static_assert(offsetof(struct cpu_regs, cs) == REGS_CS, "entry.S");
_Static_assert(offsetof(struct cpu_regs, rflags) == REGS_RFLAGS, "entry.S");
_Static_assert(offsetof(struct cpu_regs, rsp) == REGS_RSP, "entry.S");
_Static_assert(offsetof(struct cpu_regs, ss) == REGS_SS, "entry.S");
_Static_assert(sizeof(struct cpu_regs) == REGS_BYTES, "entry.S");
_Static_assert(sizeof(struct cpu_local) == CPU_LOCAL_BYTES, "entry.S");
_Static_assert(offsetof(struct cpu_local, host_state) == CPU_HOST_STATE, "vmrun.S");
_Static_assert(STACK_BYTES == CPU_STACK_BYTES, "entry.S");

#define GDT_RESERVED_PAGE 14
#define GDT_LIMIT (16 * 4096 - 1)
#define GATE_BYTES 16 /* of each stub at trap_gates */

enum ist {
	IST_NONE,
	IST_NMI,
	IST_MC,
	IST_DF,
	IST_DB,
};

/* 64-bit TSS (SDM 3A 8.7). */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_bitmap;
} packed_struct;
_Static_assert(sizeof(struct tss) == 104, "SDM 3A 8.7");

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM 3A 6.14.1");

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} packed_struct;

/* The stubs' words, in the data page behind the TSS. */
struct stub_data {
	uint64_t guest_rsp;
	uint64_t stack_top; /* just above regs.ss */
	uint64_t common;
};
#define STUB_DATA_OFFSET 0x100

static struct gate idt[256] aligned_to(4096);
static struct cpu_area areas[CPUS_MAX];
static mfn_t shown_gdt[CPUS_MAX][GDT_GUEST_FRAMES];
static uint32_t shown_ldt[CPUS_MAX];

extern const char trap_gates[];
extern void syscall_common(void);

static void set_gate(unsigned int vector, enum ist ist, unsigned int dpl)
{
	uint64_t target = (uint64_t)trap_gates + (uint64_t)vector * GATE_BYTES;

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)target,
		.selector = SELECTOR_CORE_CODE,
		.ist = (uint8_t)ist,
		.type = (uint8_t)(0x8e | dpl << 5),
		.offset_middle = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

void tables_init(void)
{
	for (unsigned int vector = 0; vector < 256; vector++) {
		set_gate(vector, IST_NONE, 0);
	}
	set_gate(1, IST_DB, 0);
	set_gate(2, IST_NMI, 0);
	set_gate(8, IST_DF, 0);
	set_gate(18, IST_MC, 0);
	/* int3, into and the 32-bit system call need no emulation of their DPL. */
	set_gate(3, IST_NONE, 3);
	set_gate(4, IST_NONE, 3);
	set_gate(0x80, IST_NONE, 3);
}

struct cpu_local *tables_cpu_local(unsigned int cpu)
{
	return (struct cpu_local *)(areas[cpu].base + CPU_AREA_STACK + STACK_BYTES) - 1;
}

static struct tss *cpu_tss(unsigned int cpu)
{
	return (struct tss *)(areas[cpu].base + CPU_AREA_DATA);
}

static void system_descriptor(uint64_t *slot, uint64_t base, uint32_t limit, uint8_t type)
{
	slot[0] = (limit & 0xffffUL) | (base & 0xffffff) << 16 | (uint64_t)type << 40 | 1UL << 47 |
		  (uint64_t)(limit >> 16) << 48 | (base >> 24 & 0xff) << 56;
	slot[1] = base >> 32;
}

static void fill_gdt(unsigned int cpu, uint64_t *page)
{
	page[(SELECTOR_CORE_CODE & 0xfff) / 8] = 0x00af9b000000ffff;
	page[(SELECTOR_CORE_DATA & 0xfff) / 8] = 0x00cf93000000ffff;
	page[(SELECTOR_GUEST_CODE32 & 0xff8) / 8] = 0x00cffb000000ffff;
	page[(SELECTOR_GUEST_DATA & 0xff8) / 8] = 0x00cff3000000ffff;
	page[(SELECTOR_GUEST_CODE64 & 0xff8) / 8] = 0x00affb000000ffff;
	system_descriptor(&page[(SELECTOR_TSS & 0xfff) / 8], (uint64_t)cpu_tss(cpu),
			  sizeof(struct tss) - 1, 9);
	page[0x60 / 8] = 0x0000f10000000000 | cpu;
}

/* Each instruction addresses its word relative to its own end. */
static uint8_t *emit(uint8_t *p, const uint8_t *opcode, unsigned int count, uint64_t at,
		     uint64_t target)
{
	int32_t relative;

	memcpy(p, opcode, count);
	relative = (int32_t)(target - (at + count + 4));
	memcpy(p + count, &relative, 4);
	return p + count + 4;
}

static uint8_t *emit_push(uint8_t *p, uint32_t value)
{
	*p = 0x68;
	memcpy(p + 1, &value, 4);
	return p + 5;
}

/*
 * A stub saves the guest's RSP in its CPU's data page, takes the CPU's stack and pushes what an
 * interrupt would have pushed: ss, rsp, rflags (r11), cs, rip (rcx).
 */
static void make_stub(uint8_t *alias, uint64_t address, uint64_t data, uint32_t cs)
{
	static const uint8_t save_rsp[] = {0x48, 0x89, 0x25};
	static const uint8_t load_rsp[] = {0x48, 0x8b, 0x25};
	static const uint8_t push_word[] = {0xff, 0x35};
	static const uint8_t jump_word[] = {0xff, 0x25};
	uint64_t shift = address - (uint64_t)alias;
	uint8_t *p = alias;

	p = emit(p, save_rsp, 3, (uint64_t)p + shift, data + offsetof(struct stub_data, guest_rsp));
	p = emit(p, load_rsp, 3, (uint64_t)p + shift, data + offsetof(struct stub_data, stack_top));
	p = emit_push(p, SELECTOR_GUEST_DATA);
	p = emit(p, push_word, 2, (uint64_t)p + shift,
		 data + offsetof(struct stub_data, guest_rsp));
	*p++ = 0x41;
	*p++ = 0x53;
	p = emit_push(p, cs);
	*p++ = 0x51;
	emit(p, jump_word, 2, (uint64_t)p + shift, data + offsetof(struct stub_data, common));
}

#define STUB_LSTAR 0x00
#define STUB_CSTAR 0x80

void tables_prepare(unsigned int cpu, const struct cpu_area *area)
{
	uint64_t data = area->base + CPU_AREA_DATA + STUB_DATA_OFFSET;
	struct stub_data *words = (struct stub_data *)data;
	struct tss *tss;

	areas[cpu] = *area;
	fill_gdt(cpu, area->gdt_page);
	tss = cpu_tss(cpu);
	memset(tss, 0, sizeof(*tss));
	tss->rsp[0] = (uint64_t)&tables_cpu_local(cpu)->regs.es;
	tss->ist[IST_NMI - 1] = area->base + CPU_AREA_STACK + 1 * PAGE_SIZE;
	tss->ist[IST_MC - 1] = area->base + CPU_AREA_STACK + 2 * PAGE_SIZE;
	tss->ist[IST_DF - 1] = area->base + CPU_AREA_STACK + 3 * PAGE_SIZE;
	tss->ist[IST_DB - 1] = area->base + CPU_AREA_STACK + 4 * PAGE_SIZE;
	tss->io_bitmap = sizeof(*tss);
	words->stack_top = tss->rsp[0];
	words->common = (uint64_t)syscall_common;
	memset(area->stub_page, 0xcc, PAGE_SIZE);
	make_stub((uint8_t *)area->stub_page + STUB_LSTAR, area->base + CPU_AREA_STUB + STUB_LSTAR,
		  data, SELECTOR_GUEST_CODE64);
	make_stub((uint8_t *)area->stub_page + STUB_CSTAR, area->base + CPU_AREA_STUB + STUB_CSTAR,
		  data, SELECTOR_GUEST_CODE32);
	tables_cpu_local(cpu)->cpu = cpu;
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		shown_gdt[cpu][i] = MFN_NONE;
	}
}

static void load_descriptors(unsigned int cpu)
{
	struct table_pointer gdt = {GDT_LIMIT, areas[cpu].base + CPU_AREA_GDT};
	struct table_pointer interrupts = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lgdt %0" ::"m"(gdt));
	__asm__ volatile("pushq %0\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "lretq\n"
			 "1:" ::"i"(SELECTOR_CORE_CODE)
			 : "rax", "memory");
	__asm__ volatile("mov %0, %%ss" ::"r"(0));
	__asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" ::"r"(0));
	__asm__ volatile("lidt %0" ::"m"(interrupts));
	__asm__ volatile("lldt %w0" ::"r"(0));
	__asm__ volatile("ltr %w0" ::"r"(SELECTOR_TSS));
}

static void set_control_registers(void)
{
	struct cpuid_result features = cpu_cpuid(7, 0);
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (cpu_cpuid(0, 0).a >= 7) {
		cr4 |= features.b & CPUID_7B_SMEP ? CR4_SMEP : 0;
		cr4 |= features.c & CPUID_7C_UMIP ? CR4_UMIP : 0;
	}
	cr4 |= smap_is_patched() ? CR4_SMAP : 0;
	cpu_write_cr4(cr4);
	cpu_write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	cpu_wrmsr(MSR_EFER, (cpu_rdmsr(MSR_EFER) & ~(uint64_t)EFER_SVME) | EFER_SCE | EFER_NXE);
	/* The PAT guests are told of: WB WT UC- UC WC WP UC UC (xen/arch_x86.h). */
	cpu_wrmsr(MSR_PAT, 0x0000050100070406UL);
	cpu_write_dr7(0x400);
}

static void set_syscall_registers(unsigned int cpu)
{
	cpu_wrmsr(MSR_STAR,
		  (uint64_t)SELECTOR_GUEST_CODE32 << 48 | (uint64_t)SELECTOR_CORE_CODE << 32);
	cpu_wrmsr(MSR_LSTAR, areas[cpu].base + CPU_AREA_STUB + STUB_LSTAR);
	cpu_wrmsr(MSR_CSTAR, areas[cpu].base + CPU_AREA_STUB + STUB_CSTAR);
	/* No stub for SYSENTER: with a null selector it is #GP (SDM 2B). */
	cpu_wrmsr(MSR_SYSENTER_CS, 0);
	cpu_wrmsr(MSR_SFMASK, RFLAGS_AC | RFLAGS_VM | RFLAGS_RF | RFLAGS_NT | RFLAGS_DF |
				      RFLAGS_IF | RFLAGS_TF);
}

void tables_cpu_load(unsigned int cpu)
{
	load_descriptors(cpu);
	set_control_registers();
	set_syscall_registers(cpu);
}

static void set_window(pte_t *slot, uint64_t address, mfn_t frame, uint64_t flags)
{
	*slot = pte_make(frame, flags | PTE_P | PTE_A | PTE_D | PTE_NX);
	tlb_flush_page_local(address);
}

void tables_show_gdt(const mfn_t frames[GDT_GUEST_FRAMES])
{
	unsigned int cpu = this_cpu();
	struct cpu_area *area = &areas[cpu];

	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		if (mfn_eq(shown_gdt[cpu][i], frames[i])) {
			continue;
		}
		shown_gdt[cpu][i] = frames[i];
		if (mfn_is_none(frames[i])) {
			set_window(&area->gdt_window[i], area->base + CPU_AREA_GDT + i * PAGE_SIZE,
				   area->zero_frame, 0);
		} else {
			/* Writable: the CPU sets accessed bits. */
			set_window(&area->gdt_window[i], area->base + CPU_AREA_GDT + i * PAGE_SIZE,
				   frames[i], PTE_RW);
		}
	}
}

void tables_show_ldt(uint32_t entries)
{
	unsigned int cpu = this_cpu();
	struct cpu_area *area = &areas[cpu];
	uint64_t *gdt = area->gdt_page;

	if (entries == 0 && shown_ldt[cpu] == 0) {
		return;
	}
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES && i * 512 < shown_ldt[cpu]; i++) {
		area->ldt_window[i] = PTE_NONE;
		tlb_flush_page_local(area->base + CPU_AREA_LDT + i * PAGE_SIZE);
	}
	shown_ldt[cpu] = entries;
	if (entries == 0) {
		__asm__ volatile("lldt %w0" ::"r"(0));
		return;
	}
	system_descriptor(&gdt[(SELECTOR_LDT & 0xfff) / 8], area->base + CPU_AREA_LDT,
			  entries * 8 - 1, 2);
	__asm__ volatile("lldt %w0" ::"r"(SELECTOR_LDT));
}

void tables_map_ldt(unsigned int page, mfn_t m)
{
	struct cpu_area *area = &areas[this_cpu()];

	assert(page < LDT_WINDOW_PAGES);
	set_window(&area->ldt_window[page], area->base + CPU_AREA_LDT + page * PAGE_SIZE, m,
		   PTE_RW);
}

static bool window_offset(uint64_t start, uint64_t address, uint32_t *offset)
{
	if (address < start || address >= start + 16 * PAGE_SIZE) {
		return false;
	}
	*offset = (uint32_t)(address - start);
	return true;
}

bool tables_ldt_offset(uint64_t address, uint32_t *offset)
{
	return window_offset(areas[this_cpu()].base + CPU_AREA_LDT, address, offset);
}

bool tables_gdt_offset(uint64_t address, uint32_t *offset)
{
	return window_offset(areas[this_cpu()].base + CPU_AREA_GDT, address, offset);
}
