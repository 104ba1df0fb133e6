/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl network-list: the network interfaces of one or several domains.
 */
#include "xl/xl.h"

#include "control/devices.h"
#include "control/domains.h"
#include "xl/json.h"

#include <errno.h>
#include <inttypes.h>

static void print_nic(struct xl *xl, const struct control_device *nic)
{
	fprintf(xl->out, "%-3u %-2u %s %5u %5u %6" PRId64 " %5" PRId64 "/%-11" PRId64 " %-30s\n",
		nic->devid, nic->backend_domid, nic->mac ? nic->mac : "-                ",
		nic->devid, nic->state, nic->port, nic->ring, nic->ring_rx, nic->backend);
}

static void put_nic(struct json *json, const struct control_device *nic)
{
	json_map(json);
	json_put_number(json, "domid", nic->domid);
	json_put_number(json, "devid", nic->devid);
	json_put_text(json, "mac", nic->mac);
	json_put_text(json, "bridge", nic->target);
	json_put_number(json, "backend_domid", nic->backend_domid);
	json_put_number(json, "state", nic->state);
	json_put_text(json, "state_name", nic->state_name);
	json_put_text(json, "backend", nic->backend);
	json_map_end(json);
}

/* json NULL: as a table. */
static int show(struct xl *xl, const char *name, struct json *json)
{
	struct control_devices nics;
	domid_t domid;
	int err, status = xl_find_domain(xl, name, &domid);

	if (status) {
		return status;
	}
	if (!json) {
		fprintf(xl->out, "%-3s %-2s %-17s %-6s %-5s %-8s %-14s %-30s\n", "Idx", "BE",
			"Mac Addr.", "handle", "state", "evt-ch", "tx-/rx-ring-ref", "BE-path");
	}
	err = control_nics_list(xl->control, domid, &nics, &xl->report);
	for (unsigned int i = 0; !err && i < nics.count; i++) {
		if (json) {
			put_nic(json, &nics.list[i]);
		} else {
			print_nic(xl, &nics.list[i]);
		}
	}
	if (!err) {
		control_devices_clear(&nics);
	}
	return xl_end(xl, err);
}

int cmd_network_list(struct xl *xl, int argc, char **argv)
{
	struct json json, *to = NULL;
	int option, status = XL_OK;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		if (option != XL_OPT_JSON) {
			return xl_getopt_end(option);
		}
		to = &json;
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	if (to && json_begin(to, xl->out)) {
		return xl_end(xl, -ENOMEM);
	}
	if (to) {
		json_array(to);
	}
	for (int i = optind; i < argc; i++) {
		int one = show(xl, argv[i], to);

		status = status ? status : one;
	}
	if (to) {
		json_array_end(to);
		status = json_end(to) ? XL_FAILED : status;
	}
	return status;
}
