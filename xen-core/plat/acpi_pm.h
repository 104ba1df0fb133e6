/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI power management timer, 3.579545 MHz, 24 or 32 bits (ACPI 6.4, 4.8.3.3).
 */
#ifndef PLAT_ACPI_PM_H
#define PLAT_ACPI_PM_H

#include "plat/time_source.h"

/* Ready to be read, or NULL: not there or not counting. */
const struct time_source *acpi_pm_source(void);

#endif
