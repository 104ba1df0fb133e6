/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI PM timer as a time source. Some early chipsets need it read three times; every one
 * with a local APIC of interest does not.
 */
#include "plat/acpi_pm.h"

#include "machine/cpu.h"
#include "plat/acpi.h"

#define PM_TIMER_HZ 3579545U

static uint16_t port;

static uint64_t read_counter(void)
{
	return cpu_in32(port);
}

const struct time_source *acpi_pm_source(void)
{
	static struct time_source source = {
		.name = "ACPI PM timer",
		.hz = PM_TIMER_HZ,
		.read = read_counter,
	};
	const struct fadt *fadt = acpi_fadt();

	if (!fadt || fadt->pm_timer.space != ACPI_SPACE_IO || fadt->pm_timer.address == 0 ||
	    fadt->pm_timer.address > 0xfffc) {
		return NULL;
	}
	port = (uint16_t)fadt->pm_timer.address;
	source.bits = fadt->flags & FADT_FLAG_TIMER_32BIT ? 32 : 24;
	return &source;
}
