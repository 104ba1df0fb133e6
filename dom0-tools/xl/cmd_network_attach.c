/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl network-attach: the arguments behind the domain are one interface specification.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/devices.h"
#include "device/device.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <stdlib.h>

static int attach(struct xl *xl, domid_t domid, const char *spec)
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

int cmd_network_attach(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	char *spec;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		return xl_getopt_end(option);
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	spec = guest_config_join(argv + optind + 1, (unsigned int)(argc - optind - 1));
	status = spec ? attach(xl, domid, spec) : xl_end(xl, -ENOMEM);
	free(spec);
	return status;
}
