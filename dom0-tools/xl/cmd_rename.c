/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl rename: the domain's name everywhere, the stored configuration included.
 */
#include "xl/xl.h"

#include "control/domains.h"

int cmd_rename(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		return xl_getopt_end(option);
	}
	if (!xl_has_arguments(xl, argc, 2)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	if (control_domain_rename(xl->control, domid, argv[optind + 1], &xl->report)) {
		xl_show(xl);
		fprintf(xl->err, "Can't rename domain '%s'.\n", argv[optind]);
		return XL_FAILED;
	}
	return XL_OK;
}
