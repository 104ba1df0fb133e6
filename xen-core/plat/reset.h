/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the machine. Call after smp_stop_others(), interrupts off; none of these returns.
 */
#ifndef PLAT_RESET_H
#define PLAT_RESET_H

#include "lib/check.h"

/* Tried before all else when set (EFI ResetSystem); may return when it failed. */
void machine_set_firmware_reset(void (*reset)(bool power_off));

/* Firmware hook, ACPI reset register, keyboard controller, port 0xcf9, triple fault. */
void noreturn_fn machine_reboot(void);
/* By our own \_S5 values; halts when there are none. */
void noreturn_fn machine_poweroff(void);
/* XENPF_enter_acpi_sleep for S5: the PM1 words of the hardware domain. Returns if it failed. */
void machine_enter_s5(uint16_t pm1a, uint16_t pm1b);
void noreturn_fn machine_halt(void);

#endif
