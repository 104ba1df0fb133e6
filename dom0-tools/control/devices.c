/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, interfaces and channels; see devices.h. The store is the truth about what is attached, the
 * stored configuration follows it: an attached device whose configuration could not be stored
 * works, and the failure is a warning.
 */
#include "control/devices.h"

#include "config/config.h"
#include "control/domains.h"
#include "control/life.h"
#include "control/record.h"
#include "device/device.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

int control_mac_random(uint8_t mac[6])
{
	static const uint8_t oui[3] = {0x00, 0x16, 0x3e};

	memcpy(mac, oui, sizeof(oui));
	if (getrandom(mac + 3, 3, 0) != 3) {
		return -errno;
	}
	mac[3] &= 0x7f; /* the half of the range that is free for local use */
	return 0;
}

static char *read_text(struct store *store, const char *folder, const char *node)
{
	char path[256], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", folder, node);
	return store_read(store, STORE_NO_TX, path, &text, NULL) ? NULL : text;
}

static int64_t read_number(struct store *store, const char *folder, const char *node)
{
	char path[256];
	uint64_t number;

	snprintf(path, sizeof(path), "%s/%s", folder, node);
	return store_read_number(store, STORE_NO_TX, path, &number) ? -1 : (int64_t)number;
}

static void fill(struct store *store, domid_t domid, const struct device_entry *entry,
		 struct control_device *device)
{
	const char *front = entry->frontend;
	const char *back = entry->backend;

	*device = (struct control_device){
		.domid = domid,
		.devid = entry->devid,
		.backend_domid = entry->backend_domid,
		.state = entry->frontend_state,
		.state_name = device_state_name(entry->frontend_state),
		.port = -1,
		.ring_rx = -1,
		.backend = strdup(back),
	};
	switch (entry->kind) {
	case DEVICE_VBD:
		device->port = read_number(store, front, "event-channel");
		device->ring = read_number(store, front, "ring-ref");
		device->target = read_text(store, back, "params");
		device->vdev = read_text(store, back, "dev");
		device->mode = read_text(store, back, "mode");
		break;
	case DEVICE_VIF:
		device->port = read_number(store, front, "event-channel");
		device->ring = read_number(store, front, "tx-ring-ref");
		device->ring_rx = read_number(store, front, "rx-ring-ref");
		device->target = read_text(store, back, "bridge");
		device->mac = read_text(store, front, "mac");
		break;
	case DEVICE_CONSOLE:
	case DEVICE_OTHER:
		device->port = read_number(store, front, "port");
		device->ring = read_number(store, front, "ring-ref");
		device->mode = read_text(store, back, "connection");
		device->name = read_text(store, back, "name");
		device->target = read_text(store, back, "path");
		if (!device->target) {
			device->target = read_text(store, back, "tty");
		}
		break;
	}
}

/* The console is no device to users. */
static bool is_listed(const struct device_entry *entry, enum device_kind kind)
{
	return entry->kind == kind && (kind != DEVICE_CONSOLE || entry->devid > 0);
}

static int list(struct control *control, domid_t domid, enum device_kind kind,
		struct control_devices *devices, struct report *report)
{
	struct device_entry *entries = NULL;
	unsigned int count = 0;
	struct store *store;
	int err = control_store(control, &store, report);

	*devices = (struct control_devices){0};
	if (err) {
		return err;
	}
	err = device_list(store, domid, &entries, &count);
	if (err) {
		return report_error(report, -err, "the devices of domain %u", domid);
	}
	devices->list = calloc(count ? count : 1, sizeof(*devices->list));
	for (unsigned int i = 0; devices->list && i < count; i++) {
		if (is_listed(&entries[i], kind)) {
			fill(store, domid, &entries[i], &devices->list[devices->count]);
			devices->count += devices->list[devices->count].backend != NULL;
		}
	}
	device_entries_free(entries, count);
	return devices->list ? 0 : report_error(report, ENOMEM, "the devices of domain %u", domid);
}

int control_disks_list(struct control *control, domid_t domid, struct control_devices *devices,
		       struct report *report)
{
	return list(control, domid, DEVICE_VBD, devices, report);
}

int control_nics_list(struct control *control, domid_t domid, struct control_devices *devices,
		      struct report *report)
{
	return list(control, domid, DEVICE_VIF, devices, report);
}

int control_channels_list(struct control *control, domid_t domid, struct control_devices *devices,
			  struct report *report)
{
	return list(control, domid, DEVICE_CONSOLE, devices, report);
}

void control_devices_clear(struct control_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		struct control_device *device = &devices->list[i];

		free(device->backend);
		free(device->vdev);
		free(device->target);
		free(device->mode);
		free(device->mac);
		free(device->name);
	}
	free(devices->list);
	*devices = (struct control_devices){0};
}

/* --- the stored configuration ---------------------------------------------------------------- */
static void update_record(struct control *control, domid_t domid,
			  int (*change)(struct vm_config *config, const void *data),
			  const void *data, struct report *report)
{
	struct report trouble = {0};
	struct vm_config *config = NULL;
	int err = control_record_read(control, domid, &config, &trouble);

	if (!err) {
		err = change(config, data);
	}
	if (!err) {
		err = control_record_write(control, domid, config, &trouble);
	}
	if (err && err != -ENOENT) {
		report_warning(report, "the stored configuration of domain %u is as before", domid);
		report_why(report, "%s", trouble.count ? trouble.messages[0].what : strerror(-err));
		report_next(report, "after its next restart the device is as it was");
	}
	report_clear(&trouble);
	vm_config_free(config);
}

/* Copies of texts; a copy that failed is found by comparing. */
static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int add_disk(struct vm_config *config, const void *data)
{
	const struct vm_disk *disk = data;
	struct vm_disk *copy = vm_config_add_disk(config);

	if (!copy) {
		return -ENOMEM;
	}
	*copy = *disk;
	copy->backend_domname = copy_text(disk->backend_domname);
	copy->path = copy_text(disk->path);
	copy->vdev = copy_text(disk->vdev);
	copy->script = copy_text(disk->script);
	return !copy->vdev || (disk->path && !copy->path) ? -ENOMEM : 0;
}

static int add_nic(struct vm_config *config, const void *data)
{
	const struct vm_nic *nic = data;
	struct vm_nic *copy = vm_config_add_nic(config);

	if (!copy) {
		return -ENOMEM;
	}
	*copy = *nic;
	copy->backend_domname = copy_text(nic->backend_domname);
	copy->model = copy_text(nic->model);
	copy->ip = copy_text(nic->ip);
	copy->bridge = copy_text(nic->bridge);
	copy->ifname = copy_text(nic->ifname);
	copy->script = copy_text(nic->script);
	copy->gatewaydev = copy_text(nic->gatewaydev);
	return 0;
}

static int remove_disk(struct vm_config *config, const void *data)
{
	const uint32_t *devid = data;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		unsigned int number;

		if (!config_vdev_number(config->disks[i].vdev, &number, NULL, NULL) &&
		    number == *devid) {
			vm_config_remove_disk(config, i);
			return 0;
		}
	}
	return 0;
}

static int remove_nic(struct vm_config *config, const void *data)
{
	const uint32_t *devid = data;

	for (unsigned int i = 0; i < config->nic_count; i++) {
		if (config->nics[i].devid == (int)*devid) {
			vm_config_remove_nic(config, i);
			return 0;
		}
	}
	return 0;
}

/* --- attaching ------------------------------------------------------------------------------- */
static int prepare(struct control *control, domid_t domid, struct device_site *site,
		   struct report *report)
{
	struct control_domains domains;
	int err = control_domains_one(control, domid, &domains, report);

	if (!err) {
		control_domains_clear(&domains);
		err = control_device_site(control, site, report);
	}
	return err;
}

int control_disk_attach(struct control *control, domid_t domid, const struct vm_disk *disk,
			struct report *report)
{
	struct device_site site;
	int err = prepare(control, domid, &site, report);

	if (!err) {
		err = device_attach_disk(&site, domid, disk, NULL, report);
	}
	if (!err) {
		update_record(control, domid, add_disk, disk, report);
	}
	return err;
}

int control_nic_attach(struct control *control, domid_t domid, struct vm_nic *nic,
		       struct report *report)
{
	static const uint8_t none[6];
	struct device_site site;
	uint32_t devid = 0;
	int err = prepare(control, domid, &site, report);

	if (!err && !memcmp(nic->mac, none, sizeof(none))) {
		err = control_mac_random(nic->mac);
	}
	if (!err) {
		err = device_attach_nic(&site, domid, nic, &devid, report);
	}
	if (!err) {
		nic->devid = (int)devid;
		update_record(control, domid, add_nic, nic, report);
	}
	return err;
}

/* --- detaching ------------------------------------------------------------------------------- */
static bool is_meant(const struct control_device *device, const char *name)
{
	unsigned int number;
	char *end;

	if (device->mac && !strcasecmp(device->mac, name)) {
		return true;
	}
	if (device->vdev &&
	    (!strcmp(device->vdev, name) ||
	     (!config_vdev_number(name, &number, NULL, NULL) && number == device->devid))) {
		return true;
	}
	return *name >= '0' && *name <= '9' && strtoul(name, &end, 10) == device->devid && !*end;
}

static int find(struct control *control, domid_t domid, enum device_kind kind, const char *name,
		uint32_t *devid, struct report *report)
{
	struct control_devices devices;
	int err = list(control, domid, kind, &devices, report);

	if (err) {
		return err;
	}
	err = -ENOENT;
	for (unsigned int i = 0; i < devices.count && err; i++) {
		if (is_meant(&devices.list[i], name)) {
			*devid = devices.list[i].devid;
			err = 0;
		}
	}
	control_devices_clear(&devices);
	if (err) {
		bool disk = kind == DEVICE_VBD;

		report_error(report, ENOENT, "%s '%s' of domain %u", disk ? "disk" : "interface",
			     name, domid);
		report_why(report, "the domain has none of that name");
		report_next(report, "`xl %s-list %u` shows those it has",
			    disk ? "block" : "network", domid);
	}
	return err;
}

static int detach(struct control *control, domid_t domid, enum device_kind kind, const char *name,
		  bool force, struct report *report)
{
	struct device_site site;
	uint32_t devid = 0;
	int err = prepare(control, domid, &site, report);

	if (!err) {
		err = find(control, domid, kind, name, &devid, report);
	}
	if (!err) {
		err = device_detach(&site, domid, kind, devid, force, report);
	}
	if (!err) {
		update_record(control, domid, kind == DEVICE_VBD ? remove_disk : remove_nic, &devid,
			      report);
	}
	return err;
}

int control_disk_detach(struct control *control, domid_t domid, const char *name, bool force,
			struct report *report)
{
	return detach(control, domid, DEVICE_VBD, name, force, report);
}

int control_nic_detach(struct control *control, domid_t domid, const char *name, bool force,
		       struct report *report)
{
	return detach(control, domid, DEVICE_VIF, name, force, report);
}
