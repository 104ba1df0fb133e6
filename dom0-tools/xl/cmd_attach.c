/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl block-attach, xl network-attach: the arguments behind the domain are one specification of a
 * disk, or of an interface.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/devices.h"
#include "device/device.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <stdlib.h>

static int attach_disk(struct xl *xl, domid_t domid, const char *spec)
{
	struct vm_disk disk;
	int err = config_read_disk(spec, &disk, &xl->report);

	if (!err && xl->dry_run) {
		fprintf(xl->out, "disk: %s as %s\n", disk.path ? disk.path : "(empty)", disk.vdev);
	} else if (!err) {
		err = control_disk_attach(xl->control, domid, &disk, &xl->report);
	}
	if (!err) {
		vm_disk_clear(&disk);
	}
	return xl_end(xl, err);
}

static int attach_nic(struct xl *xl, domid_t domid, const char *spec)
{
	struct vm_nic nic;
	char mac[18];
	int err = config_read_nic(spec, &xl->control->conf, &nic, &xl->report);

	if (!err && xl->dry_run) {
		device_format_mac(nic.mac, mac);
		fprintf(xl->out, "vif: mac %s bridge %s\n", mac, nic.bridge ? nic.bridge : "-");
	} else if (!err) {
		err = control_nic_attach(xl->control, domid, &nic, &xl->report);
	}
	if (!err) {
		vm_nic_clear(&nic);
	}
	return xl_end(xl, err);
}

static int attach_device(struct xl *xl, int argc, char **argv, int count,
			 int (*attach)(struct xl *xl, domid_t domid, const char *spec))
{
	domid_t domid;
	char *spec;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, count, &domid, &status)) {
		return status;
	}
	spec = guest_config_join(argv + optind + 1, (unsigned int)(argc - optind - 1));
	status = spec ? attach(xl, domid, spec) : xl_end(xl, -ENOMEM);
	free(spec);
	return status;
}

int cmd_block_attach(struct xl *xl, int argc, char **argv)
{
	return attach_device(xl, argc, argv, 2, attach_disk);
}

int cmd_network_attach(struct xl *xl, int argc, char **argv)
{
	return attach_device(xl, argc, argv, 1, attach_nic);
}
