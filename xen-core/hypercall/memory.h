/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of memory_op share: how far a restarted call has come, and how big an extent a
 * caller may ask for.
 */
#ifndef HYPERCALL_MEMORY_H
#define HYPERCALL_MEMORY_H

#include "hypercall/call.h"

/* Bigger blocks are cleared over several stays: domain/clearing.h. */
#define ORDER_MAX_AT_ONCE 4U
/* Frames cleared for a unit of work. */
#define CLEARED_PER_UNIT 2U

/* Bits 0-5 of the first argument are the command, the rest counts the extents done before. */
static inline uint64_t memory_start(const struct hypercall *call)
{
	return call->args[0] >> 6;
}

/* Answers so that the call goes on after `done` extents. */
int64_t memory_restart(struct hypercall *call, uint64_t done);
unsigned int memory_order_max(const struct domain *caller);

int64_t memory_exchange(struct hypercall *call);
/* Domain part: frees what an exchange that nobody came back for has in hand. */
int must_check memory_exchange_teardown(struct domain *d);

/* memory_physmap.c. Drops its owner's claim to a frame one holds a reference to, and that one;
 * false: there was no claim. */
bool memory_give_up(struct frame *f);
/* For translated domains. Gives up the frame at g; false: there is no RAM. */
bool memory_give_up_gfn(struct domain *d, uint64_t g);
/* Puts fresh frames of d's at g; what stood there is given up. */
int must_check memory_place_ram(struct domain *d, uint64_t g, mfn_t first, unsigned int order);
hypercall_handler memory_add_to_physmap, memory_add_to_physmap_batch, memory_remove_from_physmap;

/* memory_info.c */
hypercall_handler memory_own_map, memory_machine_map, memory_set_map, memory_machphys_mapping,
	memory_count, memory_pod_target, memory_claim_pages, memory_acquire_resource;

#endif
