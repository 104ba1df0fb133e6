/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl vcpu-set: how many vcpus a domain shall use.
 */
#include "xl/xl.h"

#include "control/host.h"
#include "control/vcpus.h"

#include <limits.h>

/* More vcpus than CPUs is most often a slip. */
static int check_host(struct xl *xl, unsigned long count)
{
	unsigned int ids, online;
	int err = control_host_cpus(xl->control, &ids, &online, &xl->report);

	if (err) {
		return xl_end(xl, err);
	}
	if (count > online) {
		fprintf(xl->err,
			"You are overcommmitting! You have %u physical CPUs and want %lu vCPUs! "
			"Aborting, use --ignore-host to continue\n",
			online, count);
		return XL_FAILED;
	}
	return XL_OK;
}

int cmd_vcpu_set(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {{"ignore-host", no_argument, NULL, 'i'}, {0}};
	bool ignore_host = false;
	unsigned long count;
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "i", options)) != -1) {
		if (option != 'i') {
			return xl_getopt_end(option);
		}
		ignore_host = true;
	}
	if (!xl_has_arguments(xl, argc, 2)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	if (xl_read_number(argv[optind + 1], &count) || count > INT_MAX) {
		fprintf(xl->err, "Error: Invalid argument.\n    '%s' is no number of vcpus\n",
			argv[optind + 1]);
		return XL_FAILED;
	}
	if (!ignore_host) {
		status = check_host(xl, count);
	}
	return status ? status
		      : xl_end(xl, control_vcpus_set(xl->control, domid, (unsigned int)count,
						     &xl->report));
}
