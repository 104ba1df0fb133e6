/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl domid: the bare number on stdout, for scripts.
 */
#include "xl/xl.h"

#include "control/domains.h"

#include <errno.h>

int cmd_domid(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int err, status;

	if (!xl_begin(xl, argc, argv, NULL, 1, &status)) {
		return status;
	}
	status = xl_open(xl);
	if (status) {
		return status;
	}
	err = control_domain_find_name(xl->control, argv[optind], &domid, &xl->report);
	if (err == -ENOENT) {
		fprintf(xl->err,
			"Can't get domid of domain name '%s', maybe this domain does not exist.\n",
			argv[optind]);
		return XL_FAILED;
	}
	if (!err) {
		fprintf(xl->out, "%u\n", domid);
	}
	return xl_end(xl, err);
}
