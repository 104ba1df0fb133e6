/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device needs of the machine dom0 runs on, as a table, so that it can be replaced.
 * device_host_linux is the real thing: loop devices, bridges, hotplug scripts by Linux's ways.
 * All functions return 0 or -errno.
 */
#ifndef DEVICE_DEVICE_HOST_H
#define DEVICE_DEVICE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct device_target {
	char path[64];  /* "/dev/loop0", or as much of the block device's name as fits */
	dev_t number;   /* of the block device */
	dev_t file_dev; /* of the file behind a loop device: what it is, to find a second user */
	ino_t file_inode;
	bool is_loop;
	int fd; /* keeps a loop device alive until a backend has it; -1: nothing to keep */
};

struct device_interface {
	const char *name;   /* "vif1.0" */
	const char *rename; /* NULL: keeps its name */
	const char *bridge; /* NULL: none */
	unsigned int mtu;   /* 0: the bridge's */
};

struct device_host {
	/* Opens what a disk names: a block device as it is, a file through a loop device that
	 * vanishes with its last user. -ENOTBLK: neither; -EROFS, -EACCES: not writable. */
	int (*open_disk)(void *context, const char *path, bool readwrite, bool direct_io,
			 struct device_target *target);
	void (*close_disk)(void *context, struct device_target *target);

	/* What a path already in the store is, without opening it for good: number and file_*. */
	int (*identify)(void *context, const char *path, struct device_target *target);

	/* Whether the block backend has opened the device: 0; -EAGAIN: not yet. */
	int (*backend_holds)(void *context, unsigned int domid, uint32_t devid);

	/* Puts an interface of the backend on its bridge, and up. -ENODEV: no such interface;
	 * -ENXIO: no such bridge. */
	int (*plug)(void *context, const struct device_interface *interface);
	void (*unplug)(void *context, const struct device_interface *interface);

	/* Runs a hotplug script with one argument and environ plus `environment` (NAME=VALUE,
	 * NULL at the end), at most timeout_ms. *status: wait status. -ETIMEDOUT: killed. */
	int (*script)(void *context, const char *path, const char *argument,
		      const char *const *environment, unsigned int timeout_ms, int *status);

	/* count random bytes. */
	int (*random)(void *context, void *bytes, size_t count);
};

extern const struct device_host device_host_linux; /* its context is NULL */

#endif
