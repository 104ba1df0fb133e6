/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables of a PV vcpu: its GDT frames, its LDT, single descriptors.
 */
#ifndef PV_DESC_H
#define PV_DESC_H

#include "pv/pv.h"

#define GDT_ENTRIES_MAX (GDT_GUEST_FRAMES * 512U)
#define LDT_ENTRIES_MAX 8192U

/* frames[] holds div_round_up(entries, 512) frame numbers. On an error the old GDT stays.
 * -XEN_EINVAL: too many, or a frame that cannot hold descriptors. -XEN_ERESTART: call again. */
int must_check pv_set_gdt(struct vcpu *v, const uint64_t *frames, uint64_t entries);
/* MMUEXT_SET_LDT; entries 0: none. Pages are looked up when the CPU first touches them. */
int must_check pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries);
/* The LDT stays, but its pages are looked up anew. */
void pv_forget_ldt_pages(struct vcpu *v);
/* Drops all references to descriptor frames of a vcpu that does not run. */
void pv_desc_release(struct vcpu *v);
/* Shows both tables to this CPU. */
void pv_desc_load(struct vcpu *v);
/* HYPERVISOR_update_descriptor: one descriptor at a machine address of a frame of d. */
int must_check pv_update_descriptor(struct domain *d, maddr_t where, uint64_t raw);
/* What the CPU would load for a selector: false if it would fault. */
bool pv_descriptor_read(struct vcpu *v, uint16_t selector, uint64_t *raw);

#endif
