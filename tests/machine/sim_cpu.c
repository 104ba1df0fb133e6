/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated CPUs: which one runs, its registers, kicks, interrupts, extended state. MSRs and CPUID
 * leaves exist once a test has set them.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/fault.h"
#include "machine/fpu.h"
#include "machine/irqflag.h"
#include "machine/lock.h"
#include "machine/percpu.h"
#include "machine/smp.h"

#include <xen/errno.h>

#define MSRS_MAX 128
#define LEAVES_MAX 128
#define SELECTORS_MAX 16
#define CR0_TS (1UL << 3)

struct sim_cpu {
	uint64_t cr[5], dr[8], xcr0;
	uint64_t msr[MSRS_MAX];
	uint16_t selector[SIM_SEGMENTS];
	unsigned int kicks;
	uint8_t fpu[FPU_AREA_BYTES];
};

struct cpu_set cpus_online;
void (*sim_irq_hook)(void);
uint32_t (*sim_port_in)(uint16_t port, unsigned int size);
void (*sim_port_out)(uint16_t port, uint32_t value, unsigned int size);

static struct cpu_local locals[CPUS_MAX];
static struct sim_cpu cpus[CPUS_MAX];
static unsigned int cpu_now;
static unsigned int cpu_count;
static uint32_t msr_number[MSRS_MAX];
static unsigned int msr_count;
static struct {
	uint32_t leaf, subleaf;
	struct cpuid_result result;
} leaves[LEAVES_MAX];
static unsigned int leaf_count;
static uint16_t bad_selectors[SELECTORS_MAX];
static unsigned int bad_selector_count;
static uint64_t xcr0_allowed;

void sim_cpu_reset(void)
{
	memset(locals, 0, sizeof(locals));
	memset(cpus, 0, sizeof(cpus));
	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		locals[i].cpu = i;
		cpus[i].cr[0] = 0x80050033;
		cpus[i].xcr0 = 3;
		fpu_area_init(cpus[i].fpu);
	}
	cpu_now = 0;
	msr_count = 0;
	leaf_count = 0;
	bad_selector_count = 0;
	xcr0_allowed = 7;
	sim_irq_hook = NULL;
	sim_port_in = NULL;
	sim_port_out = NULL;
	sim_set_cpu_count(SIM_CPUS);
}

void sim_set_cpu(unsigned int cpu)
{
	assert(cpu < cpu_count);
	cpu_now = cpu;
}

void sim_set_cpu_count(unsigned int count)
{
	assert(count > 0 && count <= CPUS_MAX);
	cpu_count = count;
	cpu_set_fill(&cpus_online, count);
}

struct cpu_local *cpu_local(void)
{
	return &locals[cpu_now];
}

unsigned int this_cpu(void)
{
	return cpu_now;
}

/* --- smp.h ----------------------------------------------------------------------------------- */

unsigned int smp_cpu_count(void)
{
	return cpu_count;
}

void smp_kick(unsigned int cpu)
{
	assert(cpu < cpu_count);
	if (cpu != cpu_now) {
		cpus[cpu].kicks++;
	}
}

uint32_t smp_apic_id(unsigned int cpu)
{
	assert(cpu < cpu_count);
	return cpu * 2; /* not the CPU number, so that mixing them up shows */
}

void smp_stop_others(void)
{
}

unsigned int sim_kicks(unsigned int cpu)
{
	return cpus[cpu].kicks;
}

void sim_kicks_clear(void)
{
	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		cpus[i].kicks = 0;
	}
}

/* --- irqflag.h ------------------------------------------------------------------------------- */

static void take_interrupts(void)
{
	assert(lock_none_held());
	if (sim_irq_hook) {
		sim_irq_hook();
	}
}

void irq_window(void)
{
	take_interrupts();
}

void irq_wait(void)
{
	take_interrupts();
}

void irq_off(void)
{
}

/* --- MSRs and CPUID -------------------------------------------------------------------------- */

static unsigned int msr_find(uint32_t msr)
{
	unsigned int i = 0;

	while (i < msr_count && msr_number[i] != msr) {
		i++;
	}
	return i;
}

void sim_msr_set(uint32_t msr, uint64_t value)
{
	unsigned int i = msr_find(msr);

	if (i == msr_count) {
		assert(msr_count < MSRS_MAX);
		msr_number[msr_count++] = msr;
	}
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		cpus[cpu].msr[i] = value;
	}
}

uint64_t sim_msr_get(uint32_t msr)
{
	return cpu_rdmsr(msr);
}

int fault_rdmsr(uint32_t msr, uint64_t *value)
{
	unsigned int i = msr_find(msr);

	if (i == msr_count) {
		return -XEN_EFAULT;
	}
	*value = cpus[cpu_now].msr[i];
	return 0;
}

int fault_wrmsr(uint32_t msr, uint64_t value)
{
	unsigned int i = msr_find(msr);

	if (i == msr_count) {
		return -XEN_EFAULT;
	}
	cpus[cpu_now].msr[i] = value;
	return 0;
}

uint64_t cpu_rdmsr(uint32_t msr)
{
	uint64_t value = 0;

	if (fault_rdmsr(msr, &value) != 0) {
		panic("rdmsr of %#x, which no test has set", msr);
	}
	return value;
}

void cpu_wrmsr(uint32_t msr, uint64_t value)
{
	if (fault_wrmsr(msr, value) != 0) {
		panic("wrmsr of %#x, which no test has set", msr);
	}
}

void sim_cpuid_set(uint32_t leaf, uint32_t subleaf, struct cpuid_result result)
{
	unsigned int i = 0;

	while (i < leaf_count && (leaves[i].leaf != leaf || leaves[i].subleaf != subleaf)) {
		i++;
	}
	assert(i < LEAVES_MAX);
	leaves[i].leaf = leaf;
	leaves[i].subleaf = subleaf;
	leaves[i].result = result;
	leaf_count = i == leaf_count ? i + 1 : leaf_count;
}

struct cpuid_result cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
	for (unsigned int i = 0; i < leaf_count; i++) {
		if (leaves[i].leaf == leaf && leaves[i].subleaf == subleaf) {
			return leaves[i].result;
		}
	}
	return (struct cpuid_result){0, 0, 0, 0};
}

/* --- control, debug and extended registers --------------------------------------------------- */

#define REGISTER(kind, number)                                  \
	uint64_t cpu_read_##kind##number(void)                  \
	{                                                       \
		return cpus[cpu_now].kind[number];              \
	}                                                       \
	void cpu_write_##kind##number(uint64_t value)           \
	{                                                       \
		cpus[cpu_now].kind[number] = value;             \
	}

REGISTER(cr, 0)
REGISTER(cr, 2)
REGISTER(cr, 3)
REGISTER(cr, 4)
REGISTER(dr, 0)
REGISTER(dr, 1)
REGISTER(dr, 2)
REGISTER(dr, 3)
REGISTER(dr, 6)
REGISTER(dr, 7)

void cpu_clts(void)
{
	cpus[cpu_now].cr[0] &= ~CR0_TS;
}

void cpu_pause(void)
{
}

void cpu_wbinvd(void)
{
}

void cpu_swapgs(void)
{
	unsigned int active = msr_find(0xc0000101);
	unsigned int inactive = msr_find(0xc0000102);
	uint64_t base;

	if (active < msr_count && inactive < msr_count) {
		base = cpus[cpu_now].msr[active];
		cpus[cpu_now].msr[active] = cpus[cpu_now].msr[inactive];
		cpus[cpu_now].msr[inactive] = base;
	}
}

void sim_xcr0_set_allowed(uint64_t bits)
{
	xcr0_allowed = bits;
}

uint64_t cpu_xgetbv(uint32_t index)
{
	assert(index == 0);
	return cpus[cpu_now].xcr0;
}

int fault_xsetbv(uint32_t index, uint64_t value)
{
	if (index != 0 || (value & ~xcr0_allowed) != 0 || (value & 1) == 0) {
		return -XEN_EFAULT;
	}
	cpus[cpu_now].xcr0 = value;
	return 0;
}

void cpu_xsetbv(uint32_t index, uint64_t value)
{
	if (fault_xsetbv(index, value) != 0) {
		panic("xsetbv of %#lx faults", value);
	}
}

/* --- I/O ports ------------------------------------------------------------------------------- */

static uint32_t port_read(uint16_t port, unsigned int size)
{
	return sim_port_in ? sim_port_in(port, size) : ~0U;
}

static void port_write(uint16_t port, uint32_t value, unsigned int size)
{
	if (sim_port_out) {
		sim_port_out(port, value, size);
	}
}

uint8_t cpu_in8(uint16_t port)
{
	return (uint8_t)port_read(port, 1);
}

uint16_t cpu_in16(uint16_t port)
{
	return (uint16_t)port_read(port, 2);
}

uint32_t cpu_in32(uint16_t port)
{
	return port_read(port, 4);
}

void cpu_out8(uint16_t port, uint8_t value)
{
	port_write(port, value, 1);
}

void cpu_out16(uint16_t port, uint16_t value)
{
	port_write(port, value, 2);
}

void cpu_out32(uint16_t port, uint32_t value)
{
	port_write(port, value, 4);
}

/* --- data segments --------------------------------------------------------------------------- */

void sim_selector_set_bad(uint16_t selector)
{
	assert(bad_selector_count < SELECTORS_MAX);
	bad_selectors[bad_selector_count++] = selector;
}

uint16_t sim_selector(enum sim_segment segment)
{
	return cpus[cpu_now].selector[segment];
}

uint16_t cpu_read_ds(void)
{
	return cpus[cpu_now].selector[SIM_DS];
}

uint16_t cpu_read_es(void)
{
	return cpus[cpu_now].selector[SIM_ES];
}

uint16_t cpu_read_fs(void)
{
	return cpus[cpu_now].selector[SIM_FS];
}

uint16_t cpu_read_gs(void)
{
	return cpus[cpu_now].selector[SIM_GS];
}

static int load_segment(enum sim_segment segment, uint16_t selector)
{
	cpus[cpu_now].selector[segment] = 0;
	for (unsigned int i = 0; i < bad_selector_count; i++) {
		if (bad_selectors[i] == selector) {
			return -XEN_EFAULT;
		}
	}
	cpus[cpu_now].selector[segment] = selector;
	return 0;
}

int fault_load_ds(uint16_t selector)
{
	return load_segment(SIM_DS, selector);
}

int fault_load_es(uint16_t selector)
{
	return load_segment(SIM_ES, selector);
}

int fault_load_fs(uint16_t selector)
{
	return load_segment(SIM_FS, selector);
}

int fault_load_gs(uint16_t selector)
{
	return load_segment(SIM_GS, selector);
}

int fault_load_gs_inactive(uint16_t selector)
{
	return load_segment(SIM_GS, selector);
}

/* --- fpu.h ----------------------------------------------------------------------------------- */

void fpu_cpu_init(void)
{
}

uint64_t fpu_features(void)
{
	return xcr0_allowed;
}

void fpu_area_init(void *area)
{
	uint16_t fcw = 0x37f;
	uint32_t mxcsr = 0x1f80;

	memset(area, 0, FPU_AREA_BYTES);
	memcpy(area, &fcw, sizeof(fcw));
	memcpy((uint8_t *)area + 24, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area, uint64_t xcr0 unused_arg)
{
	memcpy(area, cpus[cpu_now].fpu, FPU_AREA_BYTES);
}

void fpu_load(const void *area, uint64_t xcr0 unused_arg)
{
	memcpy(cpus[cpu_now].fpu, area, FPU_AREA_BYTES);
}
