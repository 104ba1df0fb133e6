/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl block-list: the disks of one or several domains.
 */
#include "xl/xl.h"

#include "control/devices.h"
#include "control/domains.h"
#include "xl/json.h"

#include <errno.h>
#include <inttypes.h>

static void print_disk(struct xl *xl, const struct control_device *disk)
{
	fprintf(xl->out, "%-5u %-3u %-6u %-5u %-6" PRId64 " %-8" PRId64 " %-30s\n", disk->devid,
		disk->backend_domid, disk->domid, disk->state, disk->port, disk->ring,
		disk->backend);
}

static void put_disk(struct json *json, const struct control_device *disk)
{
	json_map(json);
	json_put_number(json, "domid", disk->domid);
	json_put_number(json, "devid", disk->devid);
	json_put_text(json, "vdev", disk->vdev);
	json_put_text(json, "target", disk->target);
	json_put_text(json, "mode", disk->mode);
	json_put_number(json, "backend_domid", disk->backend_domid);
	json_put_number(json, "state", disk->state);
	json_put_text(json, "state_name", disk->state_name);
	json_put_text(json, "backend", disk->backend);
	json_map_end(json);
}

/* json NULL: as a table. */
static int show(struct xl *xl, const char *name, struct json *json)
{
	struct control_devices disks;
	domid_t domid;
	int err, status = xl_find_domain(xl, name, &domid);

	if (status) {
		return status;
	}
	err = control_disks_list(xl->control, domid, &disks, &xl->report);
	for (unsigned int i = 0; !err && i < disks.count; i++) {
		if (json) {
			put_disk(json, &disks.list[i]);
		} else {
			print_disk(xl, &disks.list[i]);
		}
	}
	if (!err) {
		control_devices_clear(&disks);
	}
	return xl_end(xl, err);
}

int cmd_block_list(struct xl *xl, int argc, char **argv)
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
	if (!to) {
		fprintf(xl->out, "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle",
			"state", "evt-ch", "ring-ref", "BE-path");
	} else if (json_begin(to, xl->out)) {
		return xl_end(xl, -ENOMEM);
	} else {
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
