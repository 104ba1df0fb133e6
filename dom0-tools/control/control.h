/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control tools can do, as functions that never print. Each takes a struct control (the
 * ways out: hypervisor, store, host settings, clock) and a struct report, and returns 0 or a
 * negative errno with the reason in the report.
 *
 *     domains.h  which domains there are, by name and number     life.h    pause, shutdown, destroy
 *     host.h     the machine                                      create.h  a domain from a config
 *     vcpus.h    virtual CPUs, affinity                           record.h  the stored
 * configuration memory.h   balloon target, ceiling, room for a new domain   settle.h  what
 * on_poweroff= says sched.h    weights, caps, pools                             core.h    dump-core
 *
 * The hypervisor and the settings are there from the start, the store is connected at first use:
 * what needs no store works while it is down. A test gives its own call, store and clock, and a
 * fault function that makes a named step fail.
 *
 * Not thread-safe: one struct control per thread.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "config/xl_conf.h"

#include <stdbool.h>
#include <stdint.h>

struct call;
struct device_host;
struct report;
struct store;

#define CONTROL_STATE_DIR "/var/lib/xen"
#define CONTROL_RUN_DIR "/run/proxenos"

struct control_clock {
	/* Milliseconds that never jump back. */
	int64_t (*now)(void *context);
	/* Seconds since 1970, with hundredths, and since the machine's start. */
	double (*wall)(void *context);
	double (*uptime)(void *context);
	void (*sleep)(void *context, unsigned int milliseconds);
	void *context;
};

struct control {
	struct call *call;
	struct store *store; /* NULL: not yet connected; see control_store() */
	struct xl_conf conf;
	const char *state_dir; /* stored configurations of running domains */
	const char *run_dir;   /* locks, creations under way; lost with the host's uptime */
	struct control_clock clock;
	const struct device_host *device_host; /* what devices need of the machine */
	void *device_context;

	/* For tests: called before each named step; a negative errno makes it fail. NULL: none. */
	int (*fault)(void *data, const char *step);
	void *fault_data;
};

/* Opens the hypervisor and reads xl.conf (conf_path NULL: the usual one). */
int control_open(struct control *control, const char *conf_path, struct report *report);

/* For tests: on a call and a store of one's own (store may be NULL), with default settings. Both
 * are closed by control_close(). */
int control_open_with(struct control *control, struct call *call, struct store *store,
		      struct report *report);

void control_close(struct control *control);

/* The connection to the store. It belongs to control. */
int control_store(struct control *control, struct store **store, struct report *report);

/* 0, or what the fault function wants to happen at this step; then it is reported. */
int control_step(struct control *control, const char *step, struct report *report);

/* Makes run_dir if it is missing; *path is run_dir/name and is the caller's. */
int control_run_path(struct control *control, const char *name, char **path, struct report *report);

/* Takes the exclusive lock `name` in run_dir, waiting for it. *fd is released by closing it; so a
 * killed process holds nothing. */
int control_lock(struct control *control, const char *name, int *fd, struct report *report);

/* Puts what the hypervisor answered into the report: as details the call and its result, as cause
 * what that means here. Returns err. */
int control_failed(struct report *report, int err, const char *hypercall, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
