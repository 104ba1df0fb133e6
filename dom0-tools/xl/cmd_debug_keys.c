/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl debug-keys: keys for the hypervisor, as if typed at its console.
 */
#include "xl/xl.h"

#include "control/host.h"

int cmd_debug_keys(struct xl *xl, int argc, char **argv)
{
	int status;

	if (!xl_begin(xl, argc, argv, NULL, 1, &status)) {
		return status;
	}
	status = xl_open(xl);
	return status ? status
		      : xl_end(xl, control_host_send_keys(xl->control, argv[optind], &xl->report));
}
