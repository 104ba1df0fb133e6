/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the ways out, and what all functions of control share: steps that tests make fail, locks
 * and the wording of a refused hypercall.
 */
#include "control/control.h"

#include "call/call.h"
#include "device/device_host.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_milliseconds(void *context)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double seconds_of(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double clock_wall(void *context)
{
	return seconds_of(CLOCK_REALTIME);
}

static double clock_uptime(void *context)
{
	return seconds_of(CLOCK_BOOTTIME);
}

static void clock_sleep(void *context, unsigned int milliseconds)
{
	struct timespec time = {
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	nanosleep(&time, NULL);
}

static void set_defaults(struct control *control)
{
	*control = (struct control){
		.state_dir = CONTROL_STATE_DIR,
		.run_dir = CONTROL_RUN_DIR,
		.clock = {.now = clock_milliseconds,
			  .wall = clock_wall,
			  .uptime = clock_uptime,
			  .sleep = clock_sleep},
		.device_host = &device_host_linux,
	};
}

static int report_no_hypervisor(struct report *report, int err)
{
	report_error(report, -err, "the hypervisor cannot be reached");
	if (err == -EACCES || err == -EPERM) {
		report_next(report, "run this as root");
	} else {
		report_next(report, "this works in the control domain of a machine started through "
				    "the hypervisor; is xen-privcmd loaded?");
	}
	return err;
}

int control_open(struct control *control, const char *conf_path, struct report *report)
{
	int err;

	set_defaults(control);
	err = xl_conf_read(conf_path, &control->conf, report);
	if (!err) {
		err = call_open(&control->call);
		if (err) {
			report_no_hypervisor(report, err);
		}
	}
	if (err) {
		control_close(control);
	}
	return err;
}

int control_open_with(struct control *control, struct call *call, struct store *store,
		      struct report *report)
{
	int err;

	set_defaults(control);
	control->call = call;
	control->store = store;
	err = xl_conf_init(&control->conf);
	if (err) {
		report_error(report, -err, "the default settings");
	}
	return err;
}

void control_close(struct control *control)
{
	if (control->store) {
		store_close(control->store);
		control->store = NULL;
	}
	call_close(control->call);
	control->call = NULL;
	xl_conf_clear(&control->conf);
}

int control_store(struct control *control, struct store **store, struct report *report)
{
	int err = 0;

	if (!control->store) {
		err = store_open(&control->store, STORE_ANY, report);
	}
	*store = control->store;
	return err;
}

int control_step(struct control *control, const char *step, struct report *report)
{
	int err = control->fault ? control->fault(control->fault_data, step) : 0;

	return err ? report_error(report, -err, "%s", step) : 0;
}

/* mkdir -p of a path whose parents are ours to make. */
static int make_directories(const char *path)
{
	char *copy = strdup(path);
	int err = copy ? 0 : -ENOMEM;

	for (char *end = copy ? strchr(copy + 1, '/') : NULL; end && !err;
	     end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST) {
			err = -errno;
		}
		*end = '/';
	}
	if (!err && mkdir(path, 0755) && errno != EEXIST) {
		err = -errno;
	}
	free(copy);
	return err;
}

int control_run_path(struct control *control, const char *name, char **path, struct report *report)
{
	int err = make_directories(control->run_dir);

	if (err) {
		return report_error(report, -err, "directory %s", control->run_dir);
	}
	if (asprintf(path, "%s/%s", control->run_dir, name) < 0) {
		*path = NULL;
		return report_error(report, ENOMEM, "%s", name);
	}
	return 0;
}

int control_lock(struct control *control, const char *name, int *fd, struct report *report)
{
	char *path;
	int err = control_run_path(control, name, &path, report);

	if (err) {
		return err;
	}
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0) {
		err = report_error(report, errno, "lock %s", path);
	}
	while (!err && flock(*fd, LOCK_EX)) {
		if (errno != EINTR) {
			err = report_error(report, errno, "lock %s", path);
			close(*fd);
		}
	}
	free(path);
	return err;
}

/* What an error number of the hypervisor means to somebody who asked about a domain. */
static const char *meaning(int err)
{
	switch (-err) {
	case ESRCH:
		return "there is no such domain (any more)";
	case ENOMEM:
		return "the hypervisor has too little free memory";
	case EACCES:
		return "the hypervisor is of another version than these tools";
	case EPERM:
		return "the hypervisor does not permit it";
	case ENOSYS:
		return "this hypervisor cannot do it";
	default:
		return NULL;
	}
}

int control_failed(struct report *report, int err, const char *hypercall, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	report_detail(report, "%s returned %d (%s)", hypercall, err, strerror(-err));
	report_error(report, -err, "%s", what);
	if (meaning(err)) {
		report_why(report, "%s", meaning(err));
	}
	return err;
}
