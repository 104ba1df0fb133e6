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
	const struct xl_switch switches[] = {{'f', NULL, &force}, {0}};
	domid_t domid;
	int err, status;

	if (!xl_begin_domain(xl, argc, argv, switches, 1, &domid, &status)) {
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
	if (!err) {
		control_domain_note_held(xl->control, domid, &xl->report);
	}
	return xl_end(xl, err);
}
