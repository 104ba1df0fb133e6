/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl create: a domain from a configuration, and with -c its console, with -F staying to carry out
 * what happens when it stops. What is left to do afterwards is lifecycled's: no xl stays behind.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/create.h"
#include "control/life.h"
#include "control/settle.h"
#include "xl/console.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct request {
	const char *file;
	bool console;
	bool debug;
	bool nobody; /* -e */
	bool foreground;
	bool dry_run;
	bool paused;
	bool quiet;
	bool ignore_masks;
};

struct attached {
	struct xl *xl;
	bool wanted;
	pid_t child; /* the console's program; -1: none */
};

static void domain_is_ready(void *data, domid_t domid)
{
	struct attached *attached = data;

	if (attached->wanted) {
		attached->child = console_start(attached->xl, domid);
	}
}

/* The numbers scripts may know; see XL_ERROR_*. */
static int exit_status(int err)
{
	switch (-err) {
	case 0:
		return XL_OK;
	case ENOMEM:
		return XL_ERROR_NOMEM;
	case ETIMEDOUT:
		return XL_ERROR_TIMEDOUT;
	default:
		return XL_ERROR_FAIL;
	}
}

static const char *lifecycle_of(const struct request *request)
{
	if (request->nobody) {
		return CONTROL_LIFECYCLE_NONE;
	}
	return request->foreground ? CONTROL_LIFECYCLE_FOREGROUND : CONTROL_LIFECYCLE_DAEMON;
}

/* -F: until what became of the domain needs nobody any more. */
static int stay(struct xl *xl, domid_t domid)
{
	enum control_settled settled = CONTROL_SETTLED_NOT;
	int err = 0, reason;

	while (!err && settled != CONTROL_SETTLED_GONE && settled != CONTROL_SETTLED_KEPT) {
		err = control_domain_wait(xl->control, domid, false, -1, &reason, &xl->report);
		if (!err) {
			fprintf(xl->err, "Domain %u has stopped, reason code %d\n", domid, reason);
			err = control_domain_settle(xl->control, &domid,
						    CONTROL_LIFECYCLE_FOREGROUND, &settled,
						    &xl->report);
		}
		if (!err && settled == CONTROL_SETTLED_NOT) {
			/* Suspended: whoever did that goes on with it. */
			xl->control->clock.sleep(xl->control->clock.context, 500);
		}
		xl_show(xl);
	}
	return err;
}

static void warn_of_nobody(struct xl *xl, const struct request *request)
{
	if (request->quiet || request->nobody || request->foreground ||
	    control_lifecycled_runs(xl->control)) {
		return;
	}
	report_warning(&xl->report, "lifecycled does not run: on_poweroff=, on_reboot= and "
				    "on_crash= have no effect until it does");
	report_next(&xl->report, "start proxenos-lifecycled, or use xl create -F");
}

static int create(struct xl *xl, const struct request *request, struct vm_config *config)
{
	struct attached attached = {.xl = xl, .wanted = request->console, .child = -1};
	struct control_create how = {
		.paused = request->paused,
		.lifecycle = lifecycle_of(request),
		.console = request->console && isatty(STDIN_FILENO) ? STDIN_FILENO : -1,
		.ignore_masks = request->ignore_masks,
		.ready = domain_is_ready,
		.data = &attached,
	};
	domid_t domid = 0;
	int err = control_domain_create(xl->control, config, &how, &domid, &xl->report);

	if (!err) {
		warn_of_nobody(xl, request);
	}
	xl_show(xl);
	if (attached.child > 0) {
		console_wait(attached.child);
	}
	if (!err && request->foreground) {
		err = stay(xl, domid);
		xl_show(xl);
	}
	return exit_status(err);
}

static int read_and_create(struct xl *xl, const struct request *request, char **rest,
			   unsigned int count)
{
	struct vm_config *config = NULL;
	bool dry_run = request->dry_run || xl->dry_run;
	int err, status;

	if (!request->quiet) {
		fprintf(xl->err, "Parsing config from %s\n", request->file);
	}
	err = guest_config_read(xl, request->file, rest, count, &config);
	if (err) {
		xl_show(xl);
		return XL_ERROR_FAIL;
	}
	xl_show(xl);
	if (dry_run || request->debug) {
		err = guest_config_print(xl, config);
	}
	status = err ? xl_end(xl, err) : XL_OK;
	if (!status && !dry_run) {
		status = xl_open(xl);
		status = status ? status : create(xl, request, config);
	}
	vm_config_free(config);
	return status;
}

static bool take_option(int option, struct request *request)
{
	switch (option) {
	case 'c':
		request->console = true;
		break;
	case 'd':
		request->debug = true;
		break;
	case 'e':
		request->nobody = true;
		break;
	case 'F':
		request->foreground = true;
		break;
	case 'f':
		request->file = optarg;
		break;
	case 'n':
		request->dry_run = true;
		break;
	case 'p':
		request->paused = true;
		break;
	case 'q':
		request->quiet = true;
		break;
	case 'V':
	case 'A':
		break;
	case 'i':
		request->ignore_masks = true;
		break;
	default:
		return false;
	}
	return true;
}

int cmd_create(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {
		{"defconfig", required_argument, NULL, 'f'},
		{"dryrun", no_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},
		{"vncviewer", no_argument, NULL, 'V'},
		{"vncviewer-autopass", no_argument, NULL, 'A'},
		{"ignore-global-affinity-masks", no_argument, NULL, 'i'},
		{0},
	};
	struct request request = {0};
	int option;

	while ((option = xl_getopt(xl, argc, argv, "cdeFf:npqVA", options)) != -1) {
		if (!take_option(option, &request)) {
			return xl_getopt_end(option);
		}
	}
	if (optind < argc && !request.file && !strchr(argv[optind], '=')) {
		request.file = argv[optind++];
	}
	if (!request.file) {
		fprintf(xl->err, "'xl create' requires a domain configuration file.\n\n");
		xl_help_command(xl->command, xl->out);
		return XL_USAGE;
	}
	return read_and_create(xl, &request, argv + optind, (unsigned int)(argc - optind));
}
