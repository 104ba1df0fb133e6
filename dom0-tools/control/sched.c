/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling parameters and CPU pools, by sysctl and domctl; names of pools live in the store
 * under /local/pool/N/name, and pool 0 is "Pool-0" without one.
 */
#include "control/sched.h"

#include "call/domain.h"
#include "call/host.h"
#include "control/host.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int control_pool_name(struct control *control, uint32_t id, char **name, struct report *report)
{
	struct store *store;
	char path[48];

	*name = NULL;
	snprintf(path, sizeof(path), "/local/pool/%u/name", id);
	if (control_store(control, &store, NULL) ||
	    store_read(store, STORE_NO_TX, path, name, NULL)) {
		if (asprintf(name, "Pool-%u", id) < 0) {
			*name = NULL;
			return report_error(report, ENOMEM, "pool %u", id);
		}
	}
	return 0;
}

static int add_pool(struct control_pools *pools, const struct xen_sysctl_cpupool_op *info,
		    const uint8_t *cpus, size_t bytes, char *name)
{
	struct control_pool *grown =
		reallocarray(pools->list, pools->count + 1, sizeof(*pools->list));
	struct control_pool *pool;

	if (!grown) {
		return -ENOMEM;
	}
	pools->list = grown;
	pool = &pools->list[pools->count];
	*pool = (struct control_pool){.info = *info, .cpus = malloc(bytes)};
	if (!pool->cpus) {
		return -ENOMEM;
	}
	memcpy(pool->cpus, cpus, bytes);
	for (size_t i = 0; i < bytes; i++) {
		pool->cpu_count += (unsigned int)__builtin_popcount(cpus[i]);
	}
	pool->name = name;
	pools->count++;
	return 0;
}

int control_pools_list(struct control *control, struct control_pools *pools, struct report *report)
{
	struct xen_sysctl_cpupool_op info = {.cpupool_id = 0};
	uint8_t *cpus;
	size_t bytes;
	int err;

	*pools = (struct control_pools){0};
	err = control_host_cpus(control, &pools->cpu_ids, NULL, report);
	if (err) {
		return err;
	}
	bytes = (pools->cpu_ids + 7) / 8;
	cpus = calloc(1, bytes);
	if (!cpus) {
		return report_error(report, ENOMEM, "CPU pools");
	}
	for (;;) {
		char *name = NULL;

		memset(cpus, 0, bytes);
		err = call_host_pool(control->call, &info, cpus, bytes);
		if (err) {
			break;
		}
		err = control_pool_name(control, info.cpupool_id, &name, report);
		if (!err) {
			err = add_pool(pools, &info, cpus, bytes, name);
		}
		if (err) {
			free(name);
			break;
		}
		info = (struct xen_sysctl_cpupool_op){.cpupool_id = info.cpupool_id + 1};
	}
	free(cpus);
	if (err == -ENOENT) {
		return 0;
	}
	control_pools_clear(pools);
	return control_failed(report, err, "sysctl cpupool_op", "CPU pools");
}

void control_pools_clear(struct control_pools *pools)
{
	for (unsigned int i = 0; i < pools->count; i++) {
		free(pools->list[i].name);
		free(pools->list[i].cpus);
	}
	free(pools->list);
	pools->list = NULL;
	pools->count = 0;
}

int control_pool_find(struct control *control, const char *text, uint32_t *id,
		      struct report *report)
{
	bool number = *text && strspn(text, "0123456789") == strlen(text);
	struct control_pools pools;
	int err = control_pools_list(control, &pools, report);

	if (err) {
		return err;
	}
	err = -ENOENT;
	for (unsigned int i = 0; i < pools.count && err; i++) {
		const struct control_pool *pool = &pools.list[i];

		if (number ? pool->info.cpupool_id == strtoul(text, NULL, 10)
			   : !strcmp(pool->name, text)) {
			*id = pool->info.cpupool_id;
			err = 0;
		}
	}
	control_pools_clear(&pools);
	if (err) {
		report_error(report, ENOENT, "CPU pool '%s'", text);
		report_why(report, "there is none of that name");
		report_next(report, "`xl cpupool-list` shows them");
	}
	return err;
}

static int sched_call(struct control *control, domid_t domid, struct xen_domctl_scheduler_op *op,
		      struct report *report)
{
	int err = call_domain_sched(control->call, domid, op);

	if (err) {
		control_failed(report, err, "domctl scheduler_op", "%s parameters of domain %u",
			       control_scheduler_name(op->sched_id), domid);
		if (err == -EINVAL) {
			report_why(report,
				   "another scheduler runs there, or a value is out of range");
			report_next(report, "`xl info` names the scheduler");
		}
	}
	return err;
}

int control_weight_get(struct control *control, domid_t domid, uint32_t sched_id,
		       struct control_weight *weight, struct report *report)
{
	struct xen_domctl_scheduler_op op = {.sched_id = sched_id,
					     .cmd = XEN_DOMCTL_SCHEDOP_getinfo};
	int err = sched_call(control, domid, &op, report);

	if (!err) {
		/* credit's fields lie where credit2's do: abi 08. */
		weight->weight = op.u.credit2.weight;
		weight->cap = op.u.credit2.cap;
	}
	return err;
}

static int check_weight(const struct control_weight *weight, struct report *report)
{
	bool bad_weight = weight->weight != -1 && (weight->weight < 1 || weight->weight > 65535);
	bool bad_cap = weight->cap != -1 && (weight->cap < 0 || weight->cap > 65535);

	if (bad_weight || bad_cap) {
		report_error(report, EINVAL, "%s %d", bad_weight ? "weight" : "cap",
			     bad_weight ? weight->weight : weight->cap);
		report_why(report, bad_weight ? "weights are 1 to 65535"
					      : "caps are 0 (none) to 65535 percent of a CPU");
		return -EINVAL;
	}
	return 0;
}

int control_weight_set(struct control *control, domid_t domid, uint32_t sched_id,
		       const struct control_weight *weight, struct report *report)
{
	struct xen_domctl_scheduler_op op = {.sched_id = sched_id,
					     .cmd = XEN_DOMCTL_SCHEDOP_getinfo};
	int err = check_weight(weight, report);

	if (!err) {
		err = sched_call(control, domid, &op, report);
	}
	if (err) {
		return err;
	}
	if (weight->weight != -1) {
		op.u.credit2.weight = (uint16_t)weight->weight;
	}
	if (weight->cap != -1) {
		op.u.credit2.cap = (uint16_t)weight->cap;
	}
	op.sched_id = sched_id;
	op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	return sched_call(control, domid, &op, report);
}

static int pool_call(struct control *control, const struct control_pool *pool, uint32_t cmd,
		     struct xen_sysctl_scheduler_op *op, struct report *report)
{
	int err;

	op->cpupool_id = pool->info.cpupool_id;
	op->sched_id = pool->info.sched_id;
	op->cmd = cmd;
	err = call_host_sched(control->call, op);
	return err ? control_failed(report, err, "sysctl scheduler_op",
				    "scheduler parameters of pool %s", pool->name)
		   : 0;
}

int control_pool_params_get(struct control *control, const struct control_pool *pool,
			    struct xen_sysctl_scheduler_op *op, struct report *report)
{
	return pool_call(control, pool, XEN_SYSCTL_SCHEDOP_getinfo, op, report);
}

int control_pool_params_set(struct control *control, const struct control_pool *pool,
			    struct xen_sysctl_scheduler_op *op, struct report *report)
{
	return pool_call(control, pool, XEN_SYSCTL_SCHEDOP_putinfo, op, report);
}
