/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the 32-bit front doors share. Each fills `boot` from what its loader left below 4 GiB:
 * door_open(), then command line, modules and memory map as they come, then door_close(). The
 * first module is dom0's kernel, the second its initrd. A loader that says nonsense ends the boot:
 * it is trusted as much as the firmware.
 *
 * The number in EAX at the entry tells the doors apart.
 */
#ifndef INIT_DOOR_H
#define INIT_DOOR_H

#include "init/init.h"

#define MULTIBOOT_MAGIC 0x2badb002U  /* Multiboot Specification 0.6.96, 3.2 */
#define MULTIBOOT2_MAGIC 0x36d76289U /* Multiboot2 Specification 2.0, 3.2 */
#define PVH_MAGIC 0x336ec578U        /* put there by our entry; xen/hvm_start_info.h */

/* Machine address to pointer, below 4 GiB. */
const void *door_at(uint64_t address);

void door_open(enum boot_front_door door);
/* with_name: the first word is a file name, and dropped. */
void door_command_line(const char *text, bool with_name);
void door_module(uint64_t start, uint64_t bytes, const char *text, bool with_name);
/* An E820 type; unknown ones become reserved. */
void door_memory(uint64_t start, uint64_t bytes, uint32_t type);
void door_close(void);

/* information: what EBX held. */
void multiboot_door(uint64_t information);
void multiboot2_door(uint64_t information);
void pvh_door(uint64_t information);

#endif
