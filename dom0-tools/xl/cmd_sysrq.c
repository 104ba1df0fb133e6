/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl sysrq: one key for the guest's system request handler.
 */
#include "xl/xl.h"

#include "control/life.h"

int cmd_sysrq(struct xl *xl, int argc, char **argv)
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
	if (argv[optind + 1][0] == '\0' || argv[optind + 1][1] != '\0') {
		fprintf(xl->err, "Invalid sysrq.\n\n    it is one letter, not '%s'\n",
			argv[optind + 1]);
		xl_help_command(xl->command, xl->out);
		return XL_FAILED;
	}
	return xl_end(xl,
		      control_domain_sysrq(xl->control, domid, argv[optind + 1][0], &xl->report));
}
