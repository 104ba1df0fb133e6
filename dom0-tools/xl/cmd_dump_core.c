/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl dump-core: a domain's memory as a file.
 */
#include "xl/xl.h"

#include "control/core.h"

int cmd_dump_core(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 2, &domid, &status)) {
		return status;
	}
	return xl_end(xl, control_domain_dump(xl->control, domid, argv[optind + 1], &xl->report));
}
