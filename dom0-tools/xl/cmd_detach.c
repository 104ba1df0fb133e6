/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl block-detach: takes away a disk, by the name the guest knows or its number; xl network-detach:
 * an interface, by number or MAC.
 */
#include "xl/xl.h"

#include "control/devices.h"

static int detach_device(struct xl *xl, int argc, char **argv,
			 int (*detach)(struct control *control, domid_t domid, const char *which,
				       bool force, struct report *report))
{
	bool force = xl->force;
	const struct xl_switch switches[] = {{0x80, "force", &force}, {0}};
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, switches, 2, &domid, &status)) {
		return status;
	}
	return xl_end(xl, detach(xl->control, domid, argv[optind + 1], force, &xl->report));
}

int cmd_block_detach(struct xl *xl, int argc, char **argv)
{
	return detach_device(xl, argc, argv, control_disk_detach);
}

int cmd_network_detach(struct xl *xl, int argc, char **argv)
{
	return detach_device(xl, argc, argv, control_nic_detach);
}
