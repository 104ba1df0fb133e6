/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's console: input goes to the hardware domain or, after Ctrl-a three times, to the
 * hypervisor's debug keys; output of guests goes to the log. Input arrives from serial.c in
 * interrupt context with no lock held.
 */
#ifndef PLAT_CONSOLE_H
#define PLAT_CONSOLE_H

#include "lib/types.h"

/* raise: bytes are waiting for the hardware domain (VIRQ_CONSOLE). */
void console_init(void (*raise)(void));
void console_input(const char *text, size_t length);
/* CONSOLEIO_read: takes up to length bytes; returns how many. */
size_t console_read(char *buffer, size_t length);
/* CONSOLEIO_write: direct for the hardware domain, by lines and rate-limited for others. */
void console_write_guest(unsigned int domid, bool is_hardware, const char *text, size_t length);

/* Debug keys; a key registered again replaces the old one. 'h' lists them. */
void console_register_key(char key, const char *description, void (*run)(void));
/* As if typed (XEN_SYSCTL_debug_keys). */
void console_press_key(char key);

#endif
