/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl sysrq: one key for the guest's system request handler.
 */
#include "xl/xl.h"

#include "control/life.h"

int cmd_sysrq(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 2, &domid, &status)) {
		return status;
	}
	if (argv[optind + 1][0] == '\0' || argv[optind + 1][1] != '\0') {
		fprintf(xl->err, "Invalid sysrq.\n\n    it is one letter, not '%s'\n",
			argv[optind + 1]);
		xl_help_command(xl->command, xl->out);
		return XL_FAILED;
	}
	return xl_end(xl,
		      control_domain_sysrq(xl->control, domid, argv[optind + 1][0], &xl->report));
}
