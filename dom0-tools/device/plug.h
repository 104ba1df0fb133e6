/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device on its way into a domain: what the files of this folder share. The steps, in order,
 * and what undoes each:
 *
 *     disk_prepare, nic_prepare,
 *     channel_prepare             host resources, keys      plug_release
 *     plug_publish                both folders               plug_remove
 *     plug_wait_state(back, 2)    the driver is there        -
 *     disk_connect, nic_connect   hotplug-status connected   disk_disconnect, nic_disconnect
 */
#ifndef DEVICE_PLUG_H
#define DEVICE_PLUG_H

#include "device/device.h"
#include "device/device_host.h"

#define PLUG_KEYS 24
#define PLUG_PATH 160
#define PLUG_NAME 16 /* of a network interface, with its NUL */

#define STATE_UNKNOWN 0U
#define STATE_INITIALISING 1U
#define STATE_INIT_WAIT 2U
#define STATE_CONNECTED 4U
#define STATE_CLOSING 5U
#define STATE_CLOSED 6U

struct plug_key {
	const char *name;
	char *value;
	bool read_only; /* frontend: the guest may not change it */
};

struct plug {
	enum device_kind kind;
	const char *class;
	domid_t domid;
	domid_t backend_domid;
	uint32_t devid;
	char *title; /* "disk 'xvda' of domain 3" */
	char back[PLUG_PATH];
	char front[PLUG_PATH];
	char record[PLUG_PATH]; /* the copy under /libxl, by which tools find devices */
	struct plug_key back_keys[PLUG_KEYS];
	unsigned int back_count;
	struct plug_key front_keys[PLUG_KEYS];
	unsigned int front_count;
	bool lost;    /* memory ran out while collecting keys */
	bool shown;   /* folders are written */
	char *script; /* to be run instead of doing it here; NULL: none */
	/* disks */
	struct device_target target;
	bool has_target;
	/* interfaces */
	char interface[PLUG_NAME];
	char *rename;
	char *bridge;
	unsigned int mtu;
	bool plugged;
};

/* Sets identity and paths; the primary console has its folder elsewhere. */
int plug_init(struct plug *plug, enum device_kind kind, domid_t domid, domid_t backend,
	      uint32_t devid);
void plug_release(const struct device_site *site, struct plug *plug);

void plug_back(struct plug *plug, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void plug_front(struct plug *plug, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* One the guest may read, and not change. */
void plug_front_fixed(struct plug *plug, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The keys every device begins with. */
void plug_begin_keys(struct plug *plug);
/* "disk 'xvda' of domain 3: <errno's text>"; returns err. */
int plug_failed(const struct plug *plug, int err, struct report *report);

/* -EEXIST: the domain has such a device. */
int plug_publish(const struct device_site *site, struct plug *plug, struct report *report);
/* Removes all three folders, and parents that became empty. */
int plug_remove(struct store *store, const struct plug *plug);

/* Waits until the node at path/state is wanted, or is gone if `or_gone`. *seen becomes the state it
 * was last in. -ETIMEDOUT; -EIO: it is closed, and that was not wanted. */
int plug_wait_state(const struct device_site *site, const char *path, unsigned int wanted,
		    bool or_gone, unsigned int *seen);
/* The same for a new backend's state 2, with a report. */
int plug_wait_backend(const struct device_site *site, const struct plug *plug,
		      struct report *report);

/* Runs plug->script. `action`: "add", "online", ... */
int plug_run_script(const struct device_site *site, const struct plug *plug, const char *action,
		    struct report *report);
/* A script's full path: names without a slash are in DEVICE_SCRIPTS. NULL: out of memory. */
char *plug_script_path(const char *name);

/* A domain by name or number, as written in a configuration. */
int plug_find_domain(struct store *store, const char *name, domid_t *domid);

int disk_prepare(const struct device_site *site, domid_t domid, const struct vm_disk *disk,
		 struct plug *plug, struct report *report);
int disk_connect(const struct device_site *site, struct plug *plug, struct report *report);
int nic_prepare(const struct device_site *site, domid_t domid, const struct vm_nic *nic,
		struct plug *plug, struct report *report);
int nic_connect(const struct device_site *site, struct plug *plug, struct report *report);
/* devid: from 1. There is nothing to connect: when it waits for its guest, xenconsoled has it. */
int channel_prepare(const struct device_site *site, domid_t domid, const struct vm_channel *channel,
		    uint32_t devid, struct plug *plug, struct report *report);

#endif
