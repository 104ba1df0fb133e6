/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl block-list, xl network-list, xl channel-list: the disks, the network interfaces, or the byte
 * channels of one or several domains.
 */
#include "xl/xl.h"

#include "control/devices.h"
#include "xl/json.h"

#include <errno.h>
#include <inttypes.h>

/* What differs between the kinds. */
struct kind {
	void (*header)(struct xl *xl);
	bool header_each; /* before each domain's devices, not once */
	void (*print)(struct xl *xl, const struct control_device *device);
	void (*put)(struct json *json, const struct control_device *device);
	int (*list)(struct control *control, domid_t domid, struct control_devices *devices,
		    struct report *report);
};

static void print_disk_header(struct xl *xl)
{
	fprintf(xl->out, "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state",
		"evt-ch", "ring-ref", "BE-path");
}

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

static void print_nic_header(struct xl *xl)
{
	fprintf(xl->out, "%-3s %-2s %-17s %-6s %-5s %-8s %-14s %-30s\n", "Idx", "BE", "Mac Addr.",
		"handle", "state", "evt-ch", "tx-/rx-ring-ref", "BE-path");
}

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

static void print_channel_header(struct xl *xl)
{
	fprintf(xl->out, "%-3s %-2s %-5s %-6s %8s %-10s %-30s\n", "Idx", "BE", "state", "evt-ch",
		"ring-ref", "connection", "");
}

static void print_channel(struct xl *xl, const struct control_device *channel)
{
	fprintf(xl->out, "%-3u %-2u %-5u %-6" PRId64 " %-8" PRId64 " %-10s %-30s \n",
		channel->devid, channel->backend_domid, channel->state, channel->port,
		channel->ring, channel->mode ? channel->mode : "unknown",
		channel->target ? channel->target : "");
}

static void put_channel(struct json *json, const struct control_device *channel)
{
	json_map(json);
	json_put_number(json, "domid", channel->domid);
	json_put_number(json, "devid", channel->devid);
	json_put_text(json, "name", channel->name);
	json_put_text(json, "connection", channel->mode);
	json_put_text(json, "path", channel->target);
	json_put_number(json, "backend_domid", channel->backend_domid);
	json_put_number(json, "state", channel->state);
	json_put_text(json, "state_name", channel->state_name);
	json_put_text(json, "backend", channel->backend);
	json_map_end(json);
}

/* json NULL: as a table. */
static int show(struct xl *xl, const char *name, const struct kind *kind, struct json *json)
{
	struct control_devices devices;
	domid_t domid;
	int err, status = xl_find_domain(xl, name, &domid);

	if (status) {
		return status;
	}
	if (!json && kind->header_each) {
		kind->header(xl);
	}
	err = kind->list(xl->control, domid, &devices, &xl->report);
	for (unsigned int i = 0; !err && i < devices.count; i++) {
		if (json) {
			kind->put(json, &devices.list[i]);
		} else {
			kind->print(xl, &devices.list[i]);
		}
	}
	if (!err) {
		control_devices_clear(&devices);
	}
	return xl_end(xl, err);
}

static int show_all(struct xl *xl, int argc, char **argv, const struct kind *kind)
{
	bool as_json = false;
	const struct xl_switch switches[] = {{XL_OPT_JSON, NULL, &as_json}, {0}};
	struct json json, *to = NULL;
	int status;

	if (!xl_begin(xl, argc, argv, switches, 1, &status)) {
		return status;
	}
	if (as_json) {
		to = &json;
		if (json_begin(to, xl->out)) {
			return xl_end(xl, -ENOMEM);
		}
		json_array(to);
	} else if (!kind->header_each) {
		kind->header(xl);
	}
	status = XL_OK;
	for (int i = optind; i < argc; i++) {
		int one = show(xl, argv[i], kind, to);

		status = status ? status : one;
	}
	if (to) {
		json_array_end(to);
		status = json_end(to) ? XL_FAILED : status;
	}
	return status;
}

int cmd_block_list(struct xl *xl, int argc, char **argv)
{
	static const struct kind disks = {print_disk_header, false, print_disk, put_disk,
					  control_disks_list};

	return show_all(xl, argc, argv, &disks);
}

int cmd_network_list(struct xl *xl, int argc, char **argv)
{
	static const struct kind nics = {print_nic_header, true, print_nic, put_nic,
					 control_nics_list};

	return show_all(xl, argc, argv, &nics);
}

int cmd_channel_list(struct xl *xl, int argc, char **argv)
{
	static const struct kind channels = {print_channel_header, false, print_channel,
					     put_channel, control_channels_list};

	return show_all(xl, argc, argv, &channels);
}
