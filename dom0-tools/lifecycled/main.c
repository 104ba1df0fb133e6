/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program proxenos-lifecycled: looks whenever the store says that a domain stopped, and every
 * few seconds besides. It may be killed at any moment: its lock goes with it, and everything it
 * knows is in the hypervisor, the store and files.
 *
 *     proxenos-lifecycled                       the daemon, in the foreground
 *     proxenos-lifecycled start-guests [DIR]    those of /etc/xen/auto
 *     proxenos-lifecycled stop-guests [SECONDS] all of them, at the host's end
 */
#include "lifecycled/guests.h"
#include "lifecycled/lifecycle.h"

#include "control/nodes.h"
#include "keeper/keeper.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PROGRAM "lifecycled"
#define LOOK_MS 5000
#define STOP_SECONDS 120
#define STORE_RETRY_MS 1000

static volatile sig_atomic_t told_to_stop;

static void stop(int number)
{
	told_to_stop = 1;
}

static void show(struct report *report)
{
	report_print(report, PROGRAM, true, stderr);
	fflush(stderr);
	report_clear(report);
}

/* One daemon per host; the lock also tells xl that there is one. */
static int lock_host(struct control *control, int *fd, struct report *report)
{
	char *path;
	int err = control_run_path(control, "lifecycled", &path, report);

	if (err) {
		return err;
	}
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB)) {
		err = report_error(report, errno, "lock %s", path);
		if (err == -EWOULDBLOCK) {
			report_why(report, "another " PROGRAM " runs");
		}
	}
	free(path);
	return err;
}

static bool watch(struct control *control)
{
	struct store *store;
	int err = control_store(control, &store, NULL);

	if (!err) {
		err = store_watch(store, "@releaseDomain", PROGRAM);
	}
	return !err || err == -EEXIST;
}

static void wait_for_news(struct control *control, bool watching)
{
	struct store_event event = {0};
	int err = watching ? store_next_event(control->store, LOOK_MS, &event) : -ENOTCONN;

	if (!err) {
		store_event_clear(&event);
	} else if (err != -ETIMEDOUT) {
		control->clock.sleep(control->clock.context, STORE_RETRY_MS);
	}
}

static int run_daemon(struct control *control, struct report *report)
{
	struct lifecycle lifecycle = {.control = control};
	struct keeper keeper;
	bool watching = false;
	int lock, err = lock_host(control, &lock, report);

	if (!err) {
		err = keeper_open(&keeper, report);
	}
	if (err) {
		return err;
	}
	while (!told_to_stop) {
		if (!watching && watch(control)) {
			watching = !control_nodes_write_host(control, report);
			if (watching) {
				(void)keeper_settle(&keeper);
			}
		}
		if (watching) {
			lifecycle_look(&lifecycle, report);
		}
		show(report);
		if (!told_to_stop) {
			wait_for_news(control, watching);
		}
	}
	lifecycle_clear(&lifecycle);
	keeper_close(&keeper);
	return 0;
}

static int start_guests(struct control *control, const char *directory, struct report *report)
{
	unsigned int started;
	int err = guests_start(control, directory ? directory : GUESTS_AUTO_DIR, &started, report);

	report_detail(report, "%u guests started", started);
	return err;
}

static int stop_guests(struct control *control, const char *seconds, struct report *report)
{
	unsigned int stopped, ended, limit = STOP_SECONDS;
	int err;

	if (seconds) {
		limit = (unsigned int)strtoul(seconds, NULL, 10);
	}
	err = guests_stop(control, limit, &stopped, &ended, report);
	report_detail(report, "%u guests shut down, %u ended", stopped, ended);
	return err;
}

static int usage(void)
{
	fputs("usage: proxenos-lifecycled [start-guests [DIRECTORY] | stop-guests [SECONDS]]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = stop};
	struct control control;
	struct report report = {0};
	const char *argument = argc > 2 ? argv[2] : NULL;
	int err;

	if (argc > 3 || (argc > 1 && strcmp(argv[1], "start-guests") != 0 &&
			 strcmp(argv[1], "stop-guests") != 0)) {
		return usage();
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	err = control_open(&control, NULL, &report);
	if (!err) {
		if (argc == 1) {
			err = run_daemon(&control, &report);
		} else if (!strcmp(argv[1], "start-guests")) {
			err = start_guests(&control, argument, &report);
		} else {
			err = stop_guests(&control, argument, &report);
		}
		control_close(&control);
	}
	show(&report);
	return err ? 1 : 0;
}
