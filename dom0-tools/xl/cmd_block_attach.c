/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl block-attach: the arguments behind the domain are one disk specification.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/devices.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <stdlib.h>

static int attach(struct xl *xl, domid_t domid, const char *spec)
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

int cmd_block_attach(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	char *spec;
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
	spec = guest_config_join(argv + optind + 1, (unsigned int)(argc - optind - 1));
	status = spec ? attach(xl, domid, spec) : xl_end(xl, -ENOMEM);
	free(spec);
	return status;
}
