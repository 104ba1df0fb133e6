/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What init/ tells the other modules about the machine, and the hooks that connect them.
 */
#ifndef INIT_HOST_H
#define INIT_HOST_H

#include "lib/types.h"

void host_print_banner(void);
/* Keeps the firmware's memory map as dom0 shall see it. Before memory_setup() takes parts of it. */
void host_note_memory_map(void);
/* After ACPI is known: completes host_info, connects consoles, interrupts, shutdown, debug keys. */
void host_connect(void);

#endif
