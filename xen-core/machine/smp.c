/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other CPUs: see smp.h and smp_start.h. */
#include "machine/smp.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/lapic.h"
#include "machine/percpu.h"
#include "machine/smp_start.h"

#include <xen/errno.h>

#define KICK_VECTOR 0xfc /* plat/irq.h VECTOR_KICK */

struct cpu_set cpus_online;

static uint32_t apic_ids[CPUS_MAX];
static unsigned int cpu_count = 1;
static uint32_t trampoline_page;

/* Read by the new CPU. */
uint64_t smp_entry_cr3, smp_entry_stack;
static void (*start_entry)(unsigned int cpu);
static unsigned int start_cpu;

extern const char trampoline_start[], trampoline_end[], trampoline_cr3[], trampoline_base[];
extern void smp_start(void);

void smp_init(uint32_t boot_apic_id)
{
	apic_ids[0] = boot_apic_id;
}

unsigned int smp_cpu_count(void)
{
	return cpu_count;
}

uint32_t smp_apic_id(unsigned int cpu)
{
	return apic_ids[cpu];
}

void smp_kick(unsigned int cpu)
{
	if (cpu != this_cpu()) {
		lapic_send_ipi(apic_ids[cpu], KICK_VECTOR);
	}
}

void smp_stop_others(void)
{
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		if (cpu != this_cpu()) {
			lapic_send_init(apic_ids[cpu]);
		}
	}
}

void smp_mark_online(unsigned int cpu)
{
	cpu_set_add(&cpus_online, cpu);
	atomic_fence();
}

void smp_prepare_trampoline(uint32_t page, void *alias, uint32_t boot_root)
{
	char *code = alias;

	trampoline_page = page;
	memcpy(code, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	memcpy(code + (trampoline_cr3 - trampoline_start), &boot_root, 4);
	memcpy(code + (trampoline_base - trampoline_start), &page, 4);
}

/* The new CPU's first C function, on its own stack, with the idle root loaded. */
void smp_start(void)
{
	start_entry(start_cpu);
	unreachable();
}

int smp_boot_cpu(unsigned int cpu, uint32_t apic_id, uint64_t stack_top, uint64_t root,
		 void (*entry)(unsigned int cpu), void (*delay_us)(uint64_t us))
{
	apic_ids[cpu] = apic_id;
	smp_entry_cr3 = root;
	smp_entry_stack = stack_top;
	start_entry = entry;
	start_cpu = cpu;
	cpu_count = cpu + 1;
	atomic_fence();
	lapic_send_init(apic_id);
	delay_us(10000);
	for (unsigned int attempt = 0; attempt < 2; attempt++) {
		lapic_send_startup(apic_id, (uint8_t)(trampoline_page >> 12));
		for (unsigned int ms = 0; ms < 500; ms++) {
			if (atomic_read(&cpus_online.words[cpu / 64]) >> (cpu & 63) & 1) {
				return 0;
			}
			delay_us(1000);
		}
	}
	cpu_count = cpu;
	return -XEN_EIO;
}
