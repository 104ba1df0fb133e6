/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How sim_reset() reaches the parts of the simulated machine. */
#ifndef MACHINE_SIM_PRIVATE_H
#define MACHINE_SIM_PRIVATE_H

void sim_ram_reset(void);
void sim_cpu_reset(void);
void sim_lock_reset(void);
void sim_tlb_reset(void);
void sim_clock_reset(void);
void sim_guest_reset(void);
void sim_tables_reset(void);
void sim_lapic_reset(void);

#endif
