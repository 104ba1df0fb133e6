/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights, caps and pools of CPUs. credit and credit2 have the same two numbers per domain; their
 * settings per pool differ.
 */
#ifndef CONTROL_SCHED_H
#define CONTROL_SCHED_H

#include "control/control.h"

#include <xen/sysctl.h>

struct control_pool {
	struct xen_sysctl_cpupool_op info; /* cpupool_id, sched_id, n_dom */
	char *name;                        /* never NULL */
	uint8_t *cpus;
	unsigned int cpu_count;
};

struct control_pools {
	struct control_pool *list;
	unsigned int count;
	unsigned int cpu_ids; /* bits in a map */
};

int control_pools_list(struct control *control, struct control_pools *pools, struct report *report);
void control_pools_clear(struct control_pools *pools);
/* By name or number; -ENOENT, reported. */
int control_pool_find(struct control *control, const char *text, uint32_t *id,
		      struct report *report);
/* *name is the caller's; "Pool-N" when the store has none. */
int control_pool_name(struct control *control, uint32_t id, char **name, struct report *report);

/* Pools change (pool.c). CPUs are a map of `bytes` bytes. */

/* The one to make: cpus may be NULL for one that is free. Its number becomes *id. */
int control_pool_create(struct control *control, const char *name, uint32_t sched_id,
			const uint8_t *cpus, size_t bytes, uint32_t *id, struct report *report);
/* Its CPUs become free. */
int control_pool_destroy(struct control *control, uint32_t id, struct report *report);
int control_pool_rename(struct control *control, uint32_t id, const char *name,
			struct report *report);
/* Gives it CPUs that are free, or takes them from it. */
int control_pool_cpus(struct control *control, uint32_t id, const uint8_t *cpus, size_t bytes,
		      bool add, struct report *report);
int control_pool_move(struct control *control, uint32_t id, domid_t domid, struct report *report);

struct control_weight {
	int weight; /* -1: leave alone */
	int cap;
};

/* sched_id: of the scheduler the caller means; -EINVAL with the reason when the domain's pool has
 * another. */
int control_weight_get(struct control *control, domid_t domid, uint32_t sched_id,
		       struct control_weight *weight, struct report *report);
int control_weight_set(struct control *control, domid_t domid, uint32_t sched_id,
		       const struct control_weight *weight, struct report *report);

/* Per pool. The union of *op is filled in or taken; op->cmd is set here. */
int control_pool_params_get(struct control *control, const struct control_pool *pool,
			    struct xen_sysctl_scheduler_op *op, struct report *report);
int control_pool_params_set(struct control *control, const struct control_pool *pool,
			    struct xen_sysctl_scheduler_op *op, struct report *report);

#endif
