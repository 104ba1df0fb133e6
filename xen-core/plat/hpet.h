/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HPET's main counter (IA-PC HPET 1.0a): found through ACPI, started if firmware left it
 * stopped.
 */
#ifndef PLAT_HPET_H
#define PLAT_HPET_H

#include "plat/time_source.h"

/* Ready to be read, or NULL: not there or not counting. */
const struct time_source *hpet_source(void);

#endif
