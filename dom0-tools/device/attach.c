/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching: the steps of plug.h for one device or for all of a configuration. All are prepared
 * and published before the first is waited for, so that drivers work on them side by side; undoing
 * goes through device_detach(), in reverse order.
 */
#include "device/plug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONSOLE_LIMIT "1048576"

static int publish_one(const struct device_site *site, struct plug *plug, int err,
		       struct report *report)
{
	return err ? err : plug_publish(site, plug, report);
}

static int connect_one(const struct device_site *site, struct plug *plug, struct report *report)
{
	int err = plug_wait_backend(site, plug, report);

	if (err) {
		return err;
	}
	switch (plug->kind) {
	case DEVICE_VBD:
		return disk_connect(site, plug, report);
	case DEVICE_VIF:
		return nic_connect(site, plug, report);
	case DEVICE_CONSOLE:
	case DEVICE_OTHER:
		break;
	}
	return 0;
}

/* What went wrong is in the report already; more of it would only confuse. */
static void undo_one(const struct device_site *site, const struct plug *plug)
{
	if (plug->shown) {
		device_detach(site, plug->domid, plug->kind, plug->devid, true, NULL);
	}
}

/* Takes over plugs[0 .. count - 1], of which the first `published` are published. */
static int finish(const struct device_site *site, struct plug *plugs, unsigned int count, int err,
		  struct report *report)
{
	for (unsigned int i = 0; !err && i < count; i++) {
		err = connect_one(site, &plugs[i], report);
	}
	for (unsigned int i = count; i-- > 0;) {
		if (err) {
			undo_one(site, &plugs[i]);
		}
		plug_release(site, &plugs[i]);
	}
	return err;
}

int device_attach_all(const struct device_site *site, domid_t domid, const struct vm_config *config,
		      struct report *report)
{
	struct plug *plugs = calloc(
		config->disk_count + config->nic_count + config->channel_count + 1, sizeof(*plugs));
	unsigned int count = 0;
	int err = plugs ? 0 : report_error(report, ENOMEM, "devices of domain %u", domid);

	for (unsigned int i = 0; !err && i < config->disk_count; i++) {
		struct plug *plug = &plugs[count++];

		err = disk_prepare(site, domid, &config->disks[i], plug, report);
		err = publish_one(site, plug, err, report);
	}
	for (unsigned int i = 0; !err && i < config->nic_count; i++) {
		struct plug *plug = &plugs[count++];

		err = nic_prepare(site, domid, &config->nics[i], plug, report);
		err = publish_one(site, plug, err, report);
	}
	for (unsigned int i = 0; !err && i < config->channel_count; i++) {
		struct plug *plug = &plugs[count++];

		err = channel_prepare(site, domid, &config->channels[i], i + 1, plug, report);
		err = publish_one(site, plug, err, report);
	}
	if (plugs) {
		err = finish(site, plugs, count, err, report);
	}
	free(plugs);
	return err;
}

static int attach_one(const struct device_site *site, struct plug *plug, int err, uint32_t *devid,
		      struct report *report)
{
	uint32_t number = plug->devid;

	err = publish_one(site, plug, err, report);
	err = finish(site, plug, 1, err, report);
	if (!err && devid) {
		*devid = number;
	}
	return err;
}

int device_attach_disk(const struct device_site *site, domid_t domid, const struct vm_disk *disk,
		       uint32_t *devid, struct report *report)
{
	struct plug plug;
	int err = disk_prepare(site, domid, disk, &plug, report);

	return attach_one(site, &plug, err, devid, report);
}

int device_attach_nic(const struct device_site *site, domid_t domid, const struct vm_nic *nic,
		      uint32_t *devid, struct report *report)
{
	struct plug plug;
	int err = nic_prepare(site, domid, nic, &plug, report);

	return attach_one(site, &plug, err, devid, report);
}

/* --- the console ---------------------------------------------------------------------------------
 */
int device_add_console(const struct device_site *site, domid_t domid,
		       const struct device_console *console, struct report *report)
{
	struct plug plug;
	int err = plug_init(&plug, DEVICE_CONSOLE, domid, 0, 0);

	if (err) {
		return report_error(report, -err, "console of domain %u", domid);
	}
	plug_begin_keys(&plug);
	plug_back(&plug, "protocol", "vt100");
	plug_front(&plug, "limit", "%s", console->limit ? console->limit : CONSOLE_LIMIT);
	plug_front(&plug, "type", "xenconsoled");
	plug_front(&plug, "output", "pty");
	plug_front(&plug, "tty", "%s", "");
	plug_front(&plug, "port", "%u", console->port);
	plug_front(&plug, "ring-ref", "%lu", (unsigned long)console->frame);
	err = plug_publish(site, &plug, report);
	plug_release(site, &plug);
	return err;
}
