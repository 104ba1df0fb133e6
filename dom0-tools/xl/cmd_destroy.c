/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl destroy: a domain ends at once. Domain 0 only with -f, given before or after the command.
 */
#include "xl/xl.h"

#include "control/life.h"

#include <errno.h>

int cmd_destroy(struct xl *xl, int argc, char **argv)
{
	bool force = xl->force;
	domid_t domid;
	int option, err, status;

	while ((option = xl_getopt(xl, argc, argv, "f", NULL)) != -1) {
		if (option != 'f') {
			return xl_getopt_end(option);
		}
		force = true;
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	if (domid == 0 && !force) {
		fprintf(xl->err,
			"Not destroying domain 0; use -f to force.\n"
			"    it is the machine's control domain: everything would end with it\n");
		return XL_FAILED;
	}
	err = control_domain_destroy(xl->control, domid, &xl->report);
	if (err == -ESRCH) {
		report_error(&xl->report, ESRCH, "destroying domain %u", domid);
		report_why(&xl->report, "there is no such domain (any more)");
	}
	return xl_end(xl, err);
}
