/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU pools that change: sysctl cpupool_op, and their names in the store under /local/pool/N/name.
 * A pool is made empty, then given its CPUs and its name; what fails on the way is undone, so that
 * no pool without a name or with half its CPUs stays.
 */
#include "control/sched.h"

#include "call/host.h"
#include "control/host.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A CPU the hypervisor is just leaving is free soon, and must be asked for again. */
#define RETRIES 50
#define RETRY_MICROSECONDS 10000

static bool map_has(const uint8_t *cpus, unsigned int cpu)
{
	return cpus[cpu / 8] >> (cpu % 8) & 1;
}

static int change(struct control *control, uint32_t what, uint32_t id, unsigned int cpu)
{
	struct xen_sysctl_cpupool_op op = {.op = what, .cpupool_id = id, .cpu = cpu};
	int err = call_host_pool_change(control->call, &op);

	for (unsigned int i = 0; err == -EAGAIN && i < RETRIES; i++) {
		usleep(RETRY_MICROSECONDS);
		err = call_host_pool_change(control->call, &op);
	}
	return err;
}

static int write_name(struct control *control, uint32_t id, const char *name, struct report *report)
{
	struct store *store;
	char path[48];
	int err = control_store(control, &store, report);

	if (err) {
		return err;
	}
	snprintf(path, sizeof(path), "/local/pool/%u/name", id);
	err = store_write_text(store, STORE_NO_TX, path, name);
	return err ? report_error(report, -err, "name of CPU pool '%s' in the store", name) : 0;
}

/* A name that is a number would hide the pool of that number. */
static int check_name(struct control *control, const char *name, struct report *report)
{
	struct control_pools pools;
	int err;

	if (strspn(name, "0123456789") == strlen(name)) {
		report_error(report, EINVAL, "CPU pool '%s'", name);
		report_why(report, "a name needs something that is not a digit");
		return -EINVAL;
	}
	err = control_pools_list(control, &pools, report);
	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < pools.count && !err; i++) {
		if (!strcmp(pools.list[i].name, name)) {
			err = report_error(report, EEXIST, "CPU pool '%s'", name);
			report_why(report, "there is one of that name");
			report_next(report, "`xl cpupool-list` shows them");
		}
	}
	control_pools_clear(&pools);
	return err;
}

static int give(struct control *control, uint32_t id, const uint8_t *cpus, unsigned int ids,
		bool add, struct report *report)
{
	for (unsigned int cpu = 0; cpu < ids; cpu++) {
		int err = map_has(cpus, cpu) ? change(control,
						      add ? XEN_SYSCTL_CPUPOOL_OP_ADDCPU
							  : XEN_SYSCTL_CPUPOOL_OP_RMCPU,
						      id, cpu)
					     : 0;

		if (!err) {
			continue;
		}
		control_failed(report, err, "sysctl cpupool_op", "CPU %u %s pool %u", cpu,
			       add ? "for" : "of", id);
		if (err == -ENODEV && add) {
			report_why(report, "it is not free");
			report_next(report, "take it from its pool with `xl cpupool-cpu-remove`");
		} else if (err == -ENODEV) {
			report_why(report, "it is not in that pool");
			report_next(report, "`xl cpupool-list -c` shows what is");
		} else if (err == -EBUSY) {
			report_why(report, "it is the last one of the domains there");
			report_next(report, "move them with `xl cpupool-migrate`");
		} else if (err == -EINVAL) {
			report_why(report, "the machine has no such CPU");
		}
		return err;
	}
	return 0;
}

/* Takes back what there is of a pool. */
static int dissolve(struct control *control, uint32_t id, struct report *report)
{
	struct control_pools pools;
	int err = control_pools_list(control, &pools, report);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < pools.count && !err; i++) {
		if (pools.list[i].info.cpupool_id == id) {
			err = give(control, id, pools.list[i].cpus, pools.cpu_ids, false, report);
		}
	}
	control_pools_clear(&pools);
	if (!err) {
		err = change(control, XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0);
		if (err) {
			control_failed(report, err, "sysctl cpupool_op", "CPU pool %u", id);
		}
	}
	return err;
}

/* All of what is wanted, or one, must be free. */
static int choose_cpus(struct control *control, const char *name, const uint8_t *wanted,
		       uint8_t *cpus, size_t bytes, struct report *report)
{
	int err = call_host_free_cpus(control->call, cpus, bytes);
	bool found = false;

	if (err) {
		return control_failed(report, err, "sysctl cpupool_op", "free CPUs");
	}
	for (unsigned int cpu = 0; cpu < bytes * 8; cpu++) {
		bool is_free = map_has(cpus, cpu), take = wanted ? map_has(wanted, cpu) : !found;

		if (take && wanted && !is_free) {
			report_error(report, EBUSY, "CPU pool '%s'", name);
			report_why(report, "CPU %u is not free", cpu);
			report_next(report, "take it from its pool with `xl cpupool-cpu-remove`");
			return -EBUSY;
		}
		found |= take && is_free;
		if (!take) {
			cpus[cpu / 8] &= (uint8_t)~(1U << (cpu % 8));
		}
	}
	if (!found) {
		report_error(report, EBUSY, "CPU pool '%s'", name);
		report_why(report, "no CPU is free");
		report_next(report, "take one from its pool with `xl cpupool-cpu-remove`");
		return -EBUSY;
	}
	return 0;
}

int control_pool_create(struct control *control, const char *name, uint32_t sched_id,
			const uint8_t *cpus, size_t bytes, uint32_t *id, struct report *report)
{
	struct xen_sysctl_cpupool_op op = {.op = XEN_SYSCTL_CPUPOOL_OP_CREATE,
					   .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
					   .sched_id = sched_id};
	uint8_t *chosen = calloc(1, bytes);
	int err = chosen ? check_name(control, name, report)
			 : report_error(report, ENOMEM, "CPU pool '%s'", name);

	if (!err) {
		err = choose_cpus(control, name, cpus, chosen, bytes, report);
	}
	if (!err) {
		err = call_host_pool_change(control->call, &op);
		if (err) {
			control_failed(report, err, "sysctl cpupool_op", "CPU pool '%s'", name);
		}
		if (err == -ENOENT) {
			report_why(report, "the hypervisor has no scheduler '%s'",
				   control_scheduler_name(sched_id));
		}
	}
	if (err) {
		free(chosen);
		return err;
	}
	*id = op.cpupool_id;
	err = give(control, *id, chosen, (unsigned int)bytes * 8, true, report);
	if (!err) {
		err = write_name(control, *id, name, report);
	}
	free(chosen);
	if (err) {
		(void)dissolve(control, *id, report);
	}
	return err;
}

int control_pool_destroy(struct control *control, uint32_t id, struct report *report)
{
	struct xen_sysctl_cpupool_op info = {.cpupool_id = id};
	struct store *store;
	char path[48];
	int err = call_host_pool(control->call, &info, NULL, 0);

	if (err) {
		return control_failed(report, err, "sysctl cpupool_op", "CPU pool %u", id);
	}
	if (id == 0 || info.n_dom != 0) {
		report_error(report, EBUSY, "CPU pool %u", id);
		if (id == 0) {
			report_why(report, "domain 0 stays in it");
		} else {
			report_why(report, "domains are in it: %u", info.n_dom);
			report_next(report, "move them with `xl cpupool-migrate`");
		}
		return -EBUSY;
	}
	err = dissolve(control, id, report);
	if (!err) {
		snprintf(path, sizeof(path), "/local/pool/%u", id);
		err = control_store(control, &store, report);
	}
	if (!err) {
		err = store_rm(store, STORE_NO_TX, path);
		err = err == -ENOENT ? 0 : err;
	}
	return err;
}

int control_pool_rename(struct control *control, uint32_t id, const char *name,
			struct report *report)
{
	int err = check_name(control, name, report);

	return err ? err : write_name(control, id, name, report);
}

int control_pool_cpus(struct control *control, uint32_t id, const uint8_t *cpus, size_t bytes,
		      bool add, struct report *report)
{
	return give(control, id, cpus, (unsigned int)bytes * 8, add, report);
}

int control_pool_move(struct control *control, uint32_t id, domid_t domid, struct report *report)
{
	struct xen_sysctl_cpupool_op op = {
		.op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, .cpupool_id = id, .domid = domid};
	int err = call_host_pool_change(control->call, &op);

	if (err) {
		control_failed(report, err, "sysctl cpupool_op", "domain %u for CPU pool %u", domid,
			       id);
		if (err == -EPERM) {
			report_why(report, "domain 0 stays in pool 0");
		} else if (err == -ENOENT) {
			report_why(report, "that pool has no CPU");
			report_next(report, "give it one with `xl cpupool-cpu-add`");
		}
	}
	return err;
}
