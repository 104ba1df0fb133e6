/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each CPU's area: stacks with a guard page, descriptor windows, SYSCALL stubs, TSS; then the
 * other CPUs are started one after the other, in the order of the MADT.
 */
#include "init/init.h"

#include "domain/domain.h"
#include "entry/entry.h"
#include "lib/check.h"
#include "lib/log.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/frames.h"
#include "machine/lapic.h"
#include "machine/smp.h"
#include "machine/smp_start.h"
#include "machine/tables.h"
#include "machine/tables_cpu.h"
#include "machine/tlb.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "plat/acpi.h"
#include "plat/clock.h"

#define TRAMPOLINE_PAGE 0x8000U

extern pte_t boot_l4[];

static mfn_t zero_frame;

static void *area_page(uint64_t address, enum map_access access)
{
	void *page = heap_alloc_pages(0);

	if (!page || map_pages(address, pointer_to_mfn(page), 1, access, MAP_CACHED)) {
		panic("no memory for a CPU's area");
	}
	return page;
}

static pte_t *window(uint64_t address)
{
	pte_t *slots = map_slot(address);

	if (!slots) {
		panic("no memory for a CPU's descriptor window");
	}
	return slots;
}

static void prepare_cpu(unsigned int cpu)
{
	struct cpu_area area = {.base = CPU_AREA_START + cpu * CPU_AREA_BYTES,
				.zero_frame = zero_frame};

	for (unsigned int i = 0; i < STACK_PAGES; i++) {
		if (i != STACK_GUARD_PAGE) {
			(void)area_page(area.base + CPU_AREA_STACK + i * PAGE_SIZE, MAP_WRITE);
		}
	}
	area.gdt_window = window(area.base + CPU_AREA_GDT);
	area.ldt_window = window(area.base + CPU_AREA_LDT);
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		area.gdt_window[i] = pte_make(zero_frame, PTE_P | PTE_A | PTE_NX);
	}
	area.gdt_page = area_page(area.base + CPU_AREA_GDT + 14 * PAGE_SIZE, MAP_WRITE);
	area.gdt_window[15] = pte_make(zero_frame, PTE_P | PTE_A | PTE_NX);
	area.stub_page = area_page(area.base + CPU_AREA_STUB, MAP_EXECUTE);
	(void)area_page(area.base + CPU_AREA_DATA, MAP_WRITE);
	tables_prepare(cpu, &area);
}

void cpus_prepare_boot_cpu(void)
{
	void *zero = heap_alloc_pages(0);

	if (!zero) {
		panic("no memory for the first page");
	}
	zero_frame = pointer_to_mfn(zero);
	tables_init();
	prepare_cpu(0);
	tables_cpu_load(0);
	fpu_cpu_init();
}

static void noreturn_fn run_other_cpu(unsigned int cpu)
{
	tables_cpu_load(cpu);
	fpu_cpu_init();
	ucode_load();
	lapic_cpu_init();
	virt_enable_cpu(cpu);
	sched_cpu_online(cpu);
	smp_mark_online(cpu);
	exit_start();
}

static void other_cpu(unsigned int cpu)
{
	run_other_cpu(cpu);
}

static void delay_us(uint64_t us)
{
	uint64_t end = clock_now() + us * 1000;

	while (clock_now() < end) {
		cpu_pause();
	}
}

void cpus_start_others(void)
{
	const struct madt *madt = acpi_madt();
	unsigned int next = 1;

	if (!madt) {
		return;
	}
	smp_prepare_trampoline(TRAMPOLINE_PAGE, frame_map(mfn(TRAMPOLINE_PAGE >> PAGE_SHIFT)),
			       (uint32_t)((uint64_t)boot_l4 - CORE_START + boot.core_start));
	for (uint32_t i = 0; i < madt->cpu_count && next < CPUS_MAX; i++) {
		const struct madt_cpu *cpu = &madt->cpus[i];

		if (!cpu->is_enabled || cpu->apic_id == smp_apic_id(0) ||
		    (options.cpus_max && next >= options.cpus_max)) {
			continue;
		}
		prepare_cpu(next);
		if (smp_boot_cpu(next, cpu->apic_id, (uint64_t)&tables_cpu_local(next)->regs,
				 mfn_to_maddr(map_idle_root()).n, other_cpu, delay_us)) {
			log_warning("CPU with APIC id %u does not start", cpu->apic_id);
			continue;
		}
		next++;
	}
	log_info("%u CPU%s running", smp_cpu_count(), smp_cpu_count() == 1 ? "" : "s");
}
