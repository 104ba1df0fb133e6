/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl rename: the domain's name everywhere, the stored configuration included.
 */
#include "xl/xl.h"

#include "control/domains.h"

int cmd_rename(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 2, &domid, &status)) {
		return status;
	}
	if (control_domain_rename(xl->control, domid, argv[optind + 1], &xl->report)) {
		xl_show(xl);
		fprintf(xl->err, "Can't rename domain '%s'.\n", argv[optind]);
		return XL_FAILED;
	}
	return XL_OK;
}
