/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local APICs of the simulated machine: records IPIs, ends of interrupt and timer settings. */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/mem.h"
#include "machine/lapic.h"
#include "machine/percpu.h"
#include "machine/smp.h"

#define IPIS_MAX 1024

static struct sim_ipi ipis[IPIS_MAX];
static unsigned int ipi_count;
static unsigned int eois;
static uint32_t timer[CPUS_MAX];

void sim_lapic_reset(void)
{
	ipi_count = 0;
	eois = 0;
	memset(timer, 0, sizeof(timer));
}

static void record(uint32_t apic_id, uint8_t vector, char kind)
{
	if (ipi_count < IPIS_MAX) {
		ipis[ipi_count] = (struct sim_ipi){apic_id, vector, kind};
		ipi_count++;
	}
}

bool sim_ipi(unsigned int index, struct sim_ipi *ipi)
{
	if (index >= ipi_count) {
		return false;
	}
	*ipi = ipis[index];
	return true;
}

unsigned int sim_eois(void)
{
	return eois;
}

uint32_t sim_lapic_timer(unsigned int cpu)
{
	return timer[cpu];
}

uint64_t lapic_page_address(void)
{
	return 0xfee00000UL;
}

void lapic_init(void *page unused_arg)
{
}

void lapic_cpu_init(void)
{
}

uint32_t lapic_id(void)
{
	return smp_apic_id(this_cpu());
}

void lapic_eoi(void)
{
	eois++;
}

void lapic_send_ipi(uint32_t apic_id, uint8_t vector)
{
	record(apic_id, vector, 'v');
}

void lapic_send_nmi(uint32_t apic_id)
{
	record(apic_id, 0, 'n');
}

void lapic_send_init(uint32_t apic_id)
{
	record(apic_id, 0, 'i');
}

void lapic_send_startup(uint32_t apic_id, uint8_t page)
{
	record(apic_id, page, 's');
}

void lapic_timer_set(uint32_t count)
{
	timer[this_cpu()] = count;
}

uint32_t lapic_timer_count(void)
{
	return timer[this_cpu()];
}

bool lapic_has_deadline(void)
{
	return false;
}

void lapic_timer_deadline(uint64_t tsc unused_arg)
{
}
