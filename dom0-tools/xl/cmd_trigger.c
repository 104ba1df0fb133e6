/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl trigger: an event for a domain's vcpu.
 */
#include "xl/xl.h"

#include "control/life.h"

int cmd_trigger(struct xl *xl, int argc, char **argv)
{
	unsigned long vcpu = 0;
	domid_t domid;
	bool given;
	int status;

	if (!xl_begin(xl, argc, argv, NULL, 2, &status)) {
		return status;
	}
	given = argc - optind > 2;
	if (given && (xl_read_number(argv[optind + 2], &vcpu) || vcpu > INT16_MAX)) {
		fprintf(xl->err, "Invalid vcpuid \"%s\"\n    it is a number from 0 on\n",
			argv[optind + 2]);
		return XL_FAILED;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	return status ? status
		      : xl_end(xl, control_domain_trigger(xl->control, domid, argv[optind + 1],
							  given ? (int)vcpu : -1, &xl->report));
}
