/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that may fault: thin C around the routines of entry.S, whose faulting instructions
 * stand in the fault table. core_trap_entry() looks an address up here and continues at the fixup.
 */
#include "machine/fault.h"

#include "machine/fixup.h"

#include <xen/errno.h>

struct fault_line {
	int32_t instruction; /* relative to this word */
	int32_t fixup;
};

extern const struct fault_line fault_table_start[], fault_table_end[];

extern int fault_rdmsr_raw(uint32_t msr, uint64_t *value);
extern int fault_wrmsr_raw(uint32_t msr, uint64_t value);
extern int fault_xsetbv_raw(uint32_t index, uint64_t value);
extern int load_ds_raw(uint16_t selector);
extern int load_es_raw(uint16_t selector);
extern int load_fs_raw(uint16_t selector);
extern int load_gs_raw(uint16_t selector);
extern int load_gs_inactive_raw(uint16_t selector);

static uint64_t last_address[CPUS_MAX];

bool fixup_find(uint64_t rip, uint64_t *fixup)
{
	for (const struct fault_line *line = fault_table_start; line < fault_table_end; line++) {
		if ((uint64_t)&line->instruction + (uint64_t)(int64_t)line->instruction == rip) {
			*fixup = (uint64_t)&line->fixup + (uint64_t)(int64_t)line->fixup;
			return true;
		}
	}
	return false;
}

void fixup_note_address(unsigned int cpu, uint64_t address)
{
	last_address[cpu] = address;
}

uint64_t fault_last_address(void)
{
	return last_address[this_cpu()];
}

static int fault_error(int raw)
{
	return raw < 0 ? -XEN_EFAULT : 0;
}

int fault_rdmsr(uint32_t msr, uint64_t *value)
{
	return fault_error(fault_rdmsr_raw(msr, value));
}

int fault_wrmsr(uint32_t msr, uint64_t value)
{
	return fault_error(fault_wrmsr_raw(msr, value));
}

int fault_xsetbv(uint32_t index, uint64_t value)
{
	return fault_error(fault_xsetbv_raw(index, value));
}

int fault_load_ds(uint16_t selector)
{
	return fault_error(load_ds_raw(selector));
}

int fault_load_es(uint16_t selector)
{
	return fault_error(load_es_raw(selector));
}

int fault_load_fs(uint16_t selector)
{
	return fault_error(load_fs_raw(selector));
}

int fault_load_gs(uint16_t selector)
{
	return fault_error(load_gs_raw(selector));
}

int fault_load_gs_inactive(uint16_t selector)
{
	return fault_error(load_gs_inactive_raw(selector));
}
