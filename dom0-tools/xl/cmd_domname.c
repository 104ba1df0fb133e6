/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl domname: the bare name on stdout, for scripts.
 */
#include "xl/xl.h"

#include "control/domains.h"

#include <errno.h>
#include <stdlib.h>

int cmd_domname(struct xl *xl, int argc, char **argv)
{
	unsigned long number;
	char *name = NULL;
	int err, status;

	if (!xl_begin(xl, argc, argv, NULL, 1, &status)) {
		return status;
	}
	if (xl_read_number(argv[optind], &number) || number > UINT16_MAX) {
		fprintf(xl->err, "Invalid domain id.\n\n    '%s' is not a number\n", argv[optind]);
		return XL_FAILED;
	}
	status = xl_open(xl);
	if (status) {
		return status;
	}
	err = control_domain_name(xl->control, (domid_t)number, &name, &xl->report);
	if (err == -ENOENT) {
		fprintf(xl->err,
			"Can't get domain name of domain id '%lu', maybe this domain does not "
			"exist.\n",
			number);
		return XL_FAILED;
	}
	if (!err) {
		fprintf(xl->out, "%s\n", name);
	}
	free(name);
	return xl_end(xl, err);
}
