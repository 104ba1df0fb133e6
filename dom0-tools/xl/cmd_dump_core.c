/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl dump-core: a domain's memory as a file.
 */
#include "xl/xl.h"

#include "control/core.h"

int cmd_dump_core(struct xl *xl, int argc, char **argv)
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
	return status ? status
		      : xl_end(xl, control_domain_dump(xl->control, domid, argv[optind + 1],
						       &xl->report));
}
