/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units of work left to each CPU before it must look at its exit path again: domain/restart.h. */
#include "domain/restart.h"

#include "machine/percpu.h"

static int units_spent[CPUS_MAX];

void restart_reset(void)
{
	units_spent[this_cpu()] = 0;
}

void restart_spend(unsigned int units)
{
	int *spent = &units_spent[this_cpu()];

	/* Saturates: what is beyond the budget does not matter. */
	*spent = units >= RESTART_UNITS || *spent >= RESTART_UNITS ? RESTART_UNITS
								   : *spent + (int)units;
}

bool restart_wanted(void)
{
	restart_spend(1);
	return units_spent[this_cpu()] >= RESTART_UNITS;
}
