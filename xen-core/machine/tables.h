/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables of a CPU. Each CPU has a window of 16 pages for its GDT and 16 for an LDT at
 * fixed addresses in its own area: pages 0..13 of the GDT window show the running guest's frames,
 * page 14 the core's descriptors at the selectors the PV ABI promises (0xe008..). The guest's
 * frames are changed by rewriting page-table entries, so GDTR never changes. Frames a guest has
 * not supplied show a page of zeros: selecting there is #GP, as beyond a limit.
 */
#ifndef MACHINE_TABLES_H
#define MACHINE_TABLES_H

#include "x86/addr.h"

#define GDT_GUEST_FRAMES 14
#define LDT_WINDOW_PAGES 16

/* Shows these frames to this CPU (MFN_NONE: zeros); remembers what is shown, so equal is cheap. */
void tables_show_gdt(const mfn_t frames[GDT_GUEST_FRAMES]);
/* LDT of that many entries, all pages unmapped until tables_map_ldt(); 0: none. */
void tables_show_ldt(uint32_t entries);
void tables_map_ldt(unsigned int page, mfn_t m);
/* Byte offset into this CPU's LDT window if the address lies in it. */
bool tables_ldt_offset(uint64_t address, uint32_t *offset);
bool tables_gdt_offset(uint64_t address, uint32_t *offset);

#endif
