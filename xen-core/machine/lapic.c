/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC (SDM 3A chapter 10). One mode for all CPUs, chosen once on the boot CPU: x2APIC
 * if firmware left it on or the CPU has it, else the memory-mapped page. Registers are named by
 * their offset in the page; in x2APIC mode register r is MSR 0x800 + r / 16.
 *
 * No locks: each CPU touches only its own APIC. The core never nests an interrupt inside sending
 * an IPI (interrupts are off), so the two halves of the xAPIC's ICR stay together.
 */
#include "machine/lapic.h"

#include "machine/cpu.h"
#include "machine/percpu.h"
#include "x86/msr.h"

#define LAPIC_ID 0x020U
#define LAPIC_VERSION 0x030U
#define LAPIC_TPR 0x080U
#define LAPIC_EOI 0x0b0U
#define LAPIC_SPURIOUS 0x0f0U
#define LAPIC_ERROR_STATUS 0x280U
#define LAPIC_ICR 0x300U
#define LAPIC_ICR_HIGH 0x310U
#define LAPIC_LVT_TIMER 0x320U
#define LAPIC_LVT_THERMAL 0x330U
#define LAPIC_LVT_COUNTERS 0x340U
#define LAPIC_LVT_LINT0 0x350U
#define LAPIC_LVT_LINT1 0x360U
#define LAPIC_LVT_ERROR 0x370U
#define LAPIC_TIMER_INITIAL 0x380U
#define LAPIC_TIMER_CURRENT 0x390U
#define LAPIC_TIMER_DIVIDE 0x3e0U

#define SPURIOUS_ENABLE 0x100U
#define LVT_MASKED 0x10000U
#define LVT_NMI 0x400U
#define TIMER_DEADLINE 0x40000U
#define DIVIDE_BY_16 3U

#define ICR_BUSY 0x1000U
#define ICR_ASSERT 0x4000U
#define ICR_NMI 0x400U
#define ICR_INIT 0x500U
#define ICR_STARTUP 0x600U

/* plat/irq.h has these for everybody above machine/. */
#define SPURIOUS_VECTOR 0xffU
#define ERROR_VECTOR 0xfeU
#define TIMER_VECTOR 0xfdU

/* Vectors below 16 are an error even in a masked entry (SDM 3A 10.5.3). */
#define LVT_UNUSED (LVT_MASKED | SPURIOUS_VECTOR)

enum timer_mode {
	TIMER_OFF,
	TIMER_ONE_SHOT,
	TIMER_BY_DEADLINE,
};

static volatile uint32_t *registers;
static bool is_x2apic;
static uint8_t timer_mode[CPUS_MAX]; /* each by its own CPU */

static uint32_t read_register(uint32_t reg)
{
	if (is_x2apic) {
		return (uint32_t)cpu_rdmsr(MSR_X2APIC_FIRST + (reg >> 4));
	}
	return registers[reg / 4];
}

static void write_register(uint32_t reg, uint32_t value)
{
	if (is_x2apic) {
		cpu_wrmsr(MSR_X2APIC_FIRST + (reg >> 4), value);
	} else {
		registers[reg / 4] = value;
	}
}

uint64_t lapic_page_address(void)
{
	return cpu_rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS_MASK;
}

void lapic_init(void *page)
{
	bool has_x2apic = (cpu_cpuid(1, 0).c >> 21 & 1) != 0;

	registers = page;
	is_x2apic = has_x2apic || (cpu_rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;
}

/* SDM 3A 10.12.5: x2APIC mode is reached through xAPIC mode only. */
static void enable_mode(void)
{
	uint64_t base = cpu_rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_ENABLE)) {
		base |= APIC_BASE_ENABLE;
		cpu_wrmsr(MSR_APIC_BASE, base);
	}
	if (is_x2apic && !(base & APIC_BASE_X2APIC)) {
		cpu_wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	}
}

void lapic_cpu_init(void)
{
	uint32_t last_lvt;

	enable_mode();
	last_lvt = read_register(LAPIC_VERSION) >> 16 & 0xff;
	write_register(LAPIC_SPURIOUS, SPURIOUS_ENABLE | SPURIOUS_VECTOR);
	write_register(LAPIC_TPR, 0);
	write_register(LAPIC_LVT_TIMER, LVT_MASKED | TIMER_VECTOR);
	timer_mode[this_cpu()] = TIMER_OFF;
	write_register(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	/* The 8259s are masked: nothing may come by LINT0. LINT1 is the NMI button. */
	write_register(LAPIC_LVT_LINT0, LVT_UNUSED);
	write_register(LAPIC_LVT_LINT1, LVT_NMI);
	if (last_lvt >= 4) {
		write_register(LAPIC_LVT_COUNTERS, LVT_UNUSED);
	}
	if (last_lvt >= 5) {
		write_register(LAPIC_LVT_THERMAL, LVT_UNUSED);
	}
	write_register(LAPIC_ERROR_STATUS, 0);
	write_register(LAPIC_LVT_ERROR, ERROR_VECTOR);
	/* Firmware may have left one interrupt of each priority class in service. */
	for (unsigned int i = 0; i < 16; i++) {
		lapic_eoi();
	}
}

uint32_t lapic_id(void)
{
	uint32_t id = read_register(LAPIC_ID);

	return is_x2apic ? id : id >> 24;
}

void lapic_eoi(void)
{
	write_register(LAPIC_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command)
{
	if (is_x2apic) {
		/* The MSR write does not order earlier stores (SDM 3A 10.12.3). */
		__asm__ volatile("mfence; lfence" ::: "memory");
		cpu_wrmsr(MSR_X2APIC_ICR, (uint64_t)apic_id << 32 | command);
		return;
	}
	while (registers[LAPIC_ICR / 4] & ICR_BUSY) {
		cpu_pause();
	}
	registers[LAPIC_ICR_HIGH / 4] = apic_id << 24;
	registers[LAPIC_ICR / 4] = command;
}

void lapic_send_ipi(uint32_t apic_id, uint8_t vector)
{
	send(apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi(uint32_t apic_id)
{
	send(apic_id, ICR_ASSERT | ICR_NMI);
}

void lapic_send_init(uint32_t apic_id)
{
	send(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_startup(uint32_t apic_id, uint8_t page)
{
	send(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

static void set_timer_mode(enum timer_mode mode)
{
	uint8_t *current_mode = &timer_mode[this_cpu()];

	if (*current_mode == mode) {
		return;
	}
	*current_mode = (uint8_t)mode;
	write_register(LAPIC_LVT_TIMER,
		       mode == TIMER_BY_DEADLINE ? TIMER_DEADLINE | TIMER_VECTOR : TIMER_VECTOR);
	/* The page write must be done before the deadline MSR counts (SDM 3A 10.5.4.1). */
	__asm__ volatile("mfence" ::: "memory");
}

void lapic_timer_set(uint32_t count)
{
	set_timer_mode(TIMER_ONE_SHOT);
	write_register(LAPIC_TIMER_INITIAL, count);
}

uint32_t lapic_timer_count(void)
{
	return read_register(LAPIC_TIMER_CURRENT);
}

bool lapic_has_deadline(void)
{
	return (cpu_cpuid(1, 0).c >> 24 & 1) != 0;
}

void lapic_timer_deadline(uint64_t tsc)
{
	set_timer_mode(TIMER_BY_DEADLINE);
	cpu_wrmsr(MSR_TSC_DEADLINE, tsc);
}
