/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, interfaces and channels of a running domain: listed as a user knows them, attached and
 * detached, and the stored configuration kept in step, so that the next restart has them or not.
 */
#ifndef CONTROL_DEVICES_H
#define CONTROL_DEVICES_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/base.h>

struct control_device {
	domid_t domid;
	uint32_t devid;
	domid_t backend_domid;
	unsigned int state; /* of the frontend */
	const char *state_name;
	int64_t port; /* event channel; -1: none at that place (several queues) */
	int64_t ring; /* a disk's ring, an interface's transmit ring; -1 likewise */
	int64_t ring_rx;
	char *backend; /* path in the store */
	char *vdev;    /* disks: "xvda" */
	char *target;  /* disks: what is behind it; interfaces: the bridge; channels: path of the
			* terminal or socket */
	char *mode;    /* disks: "w", "r"; channels: "pty", "socket" */
	char *mac;     /* interfaces */
	char *name;    /* channels */
};

struct control_devices {
	struct control_device *list;
	unsigned int count;
};

int control_disks_list(struct control *control, domid_t domid, struct control_devices *devices,
		       struct report *report);
int control_nics_list(struct control *control, domid_t domid, struct control_devices *devices,
		      struct report *report);
int control_channels_list(struct control *control, domid_t domid, struct control_devices *devices,
			  struct report *report);
void control_devices_clear(struct control_devices *devices);

int control_disk_attach(struct control *control, domid_t domid, const struct vm_disk *disk,
			struct report *report);
/* nic gets a MAC and a number if it has none. */
int control_nic_attach(struct control *control, domid_t domid, struct vm_nic *nic,
		       struct report *report);

/* name: "xvdb" or a number; a number or a MAC. force: do not wait for the guest. */
int control_disk_detach(struct control *control, domid_t domid, const char *name, bool force,
			struct report *report);
int control_nic_detach(struct control *control, domid_t domid, const char *name, bool force,
		       struct report *report);

/* A random address in the range of Xen's guests. */
int control_mac_random(uint8_t mac[6]);

#endif
