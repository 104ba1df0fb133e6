/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of start-up, in the order init/main.c takes them.
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include "boot/boot_info.h"
#include "lib/types.h"
#include "x86/addr.h"

/* What the command line says (init/options.c); defaults stand there. */
struct core_options {
	char com1[64], com2[64];
	char console[64];
	char vga[64];
	char loglvl[32], guest_loglvl[32];
	char dom0[32]; /* a list; "pvh" is the word that counts */
	bool noreboot;
	bool watchdog;
	uint64_t dom0_memory;     /* bytes; 0: all but a reserve */
	uint64_t dom0_memory_max; /* bytes; 0: as dom0_memory */
	uint64_t dom0_vcpus;      /* 0: one per CPU */
	uint64_t cpus_max;        /* 0: all */
	bool pv_unisolated;       /* PV guests even where they could read the core */
	bool evtchn_fifo;         /* guests may have event channels in FIFO form */
};
extern struct core_options options;

extern struct boot_info boot; /* the core's own copy */

void options_parse(const char *command_line);

/* memory.c: page tables, frame table, allocator. On return the boot page tables are left behind. */
void memory_setup(void);
/* Gives a boot module's memory to the allocator. */
void memory_free_module(struct boot_module *module);
/* A module's bytes, through the direct map. */
const void *memory_module(const struct boot_module *module);
/* The machine's memory map as dom0 sees it goes into host_info. */
void memory_fill_host_map(void);

/* cpus.c */
void cpus_prepare_boot_cpu(void);
void cpus_start_others(void);

/* ucode.c: on each CPU, once it has its tables. */
void ucode_load(void);

/* virt.c: after host_connect(), and on each further CPU. */
void virt_init(void);
void virt_enable_cpu(unsigned int cpu);

/* efi.c: firmware's runtime services, if it is EFI. */
void efi_start(void);

/* dom0.c: builds and unpauses domain 0 or panics saying why not. */
void dom0_build(void);

#endif
