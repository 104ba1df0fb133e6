/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl network-detach: takes away a network interface, by number or MAC.
 */
#include "xl/xl.h"

#include "control/devices.h"

int cmd_network_detach(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {{"force", no_argument, NULL, 1}, {0}};
	bool force = xl->force;
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", options)) != -1) {
		if (option != 1) {
			return xl_getopt_end(option);
		}
		force = true;
	}
	if (!xl_has_arguments(xl, argc, 2)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	return status ? status
		      : xl_end(xl, control_nic_detach(xl->control, domid, argv[optind + 1], force,
						      &xl->report));
}
