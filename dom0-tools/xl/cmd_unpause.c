/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl unpause: ends what xl pause or xl create -p began.
 */
#include "xl/xl.h"

#include "control/life.h"

int cmd_unpause(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		return xl_getopt_end(option);
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	return status ? status
		      : xl_end(xl, control_domain_unpause(xl->control, domid, &xl->report));
}
