/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of a domain: disks and network interfaces served by drivers of dom0's kernel, the
 * console and byte channels. A device is two folders of the store, one per end, and something of
 * the host that the backend needs: a block device or a loop device on a file, a port of a bridge.
 *
 *     nothing -> published     both folders written, in one transaction, states 1
 *     published -> offered     the backend's driver is there (state 2), the host did its part,
 *                              hotplug-status is "connected"
 *     offered -> closing -> gone   on removal: online 0, backend 5, frontend 6, folders removed
 *
 * device_attach_*() goes from nothing to offered or, after a failure, back to nothing. The guest
 * takes it from there. Several devices are first all published, then waited for together.
 *
 * What the host does is behind struct device_host, so that tests put failures in. device_host.h
 * has the real one.
 */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "config/vm_config.h"
#include "lib/report.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

#include <xen/base.h>

struct device_host;

#define DEVICE_TIMEOUT_MS 10000U
#define DEVICE_DEFAULT_BRIDGE "xenbr0"
#define DEVICE_SCRIPTS "/etc/xen/scripts"

enum device_kind {
	DEVICE_VBD,
	DEVICE_VIF,
	DEVICE_CONSOLE,
	DEVICE_OTHER, /* only listed and removed: vkbd, vfb, 9pfs ... */
};

/* Everything attaching needs besides the device. */
struct device_site {
	struct store *store;
	const struct device_host *host;
	void *host_context;
	unsigned int timeout_ms; /* for each state waited for; 0: DEVICE_TIMEOUT_MS */
	bool run_scripts;        /* xl.conf's run_hotplug_scripts */
	const char *bridge;      /* vif.default.bridge; NULL: DEVICE_DEFAULT_BRIDGE */
	const char *vif_script;  /* vif.default.script; NULL: bridge in C, no script */
	const char *gatewaydev;  /* vif.default.gatewaydev; NULL: none */
};

/* All disks, interfaces and channels of a configuration. On failure none is left. */
int device_attach_all(const struct device_site *site, domid_t domid, const struct vm_config *config,
		      struct report *report);
/* One; *devid (may be NULL) becomes its number. An interface without devid gets the lowest free
 * one, one without MAC a random address of Xen's range. */
int device_attach_disk(const struct device_site *site, domid_t domid, const struct vm_disk *disk,
		       uint32_t *devid, struct report *report);
int device_attach_nic(const struct device_site *site, domid_t domid, const struct vm_nic *nic,
		      uint32_t *devid, struct report *report);

/* The primary console: nodes for xenconsoled, and for the guest where it looks for them. */
struct device_console {
	xen_pfn_t frame; /* struct build_result's */
	uint32_t port;
	const char *limit; /* NULL: "1048576" bytes of unread output */
};
int device_add_console(const struct device_site *site, domid_t domid,
		       const struct device_console *console, struct report *report);

/* --- what is there -----------------------------------------------------------------------------
 */
struct device_entry {
	enum device_kind kind;
	char *class;    /* "vbd", "vif", "console" */
	uint32_t devid; /* 51712, 0, ... */
	domid_t backend_domid;
	char *backend;  /* path of the backend's folder */
	char *frontend; /* path of the frontend's folder */
	unsigned int backend_state;
	unsigned int frontend_state;
	bool online;
};

/* All devices of a domain, by class and number. *entries is the caller's: device_entries_free(). */
int device_list(struct store *store, domid_t domid, struct device_entry **entries,
		unsigned int *count);
void device_entries_free(struct device_entry *entries, unsigned int count);

/* --- removal -----------------------------------------------------------------------------------
 */
/* Asks both ends to close and waits; -ETIMEDOUT when the guest does not, and then nothing is
 * removed unless `force`, which also skips the waiting for the guest. */
int device_detach(const struct device_site *site, domid_t domid, enum device_kind kind,
		  uint32_t devid, bool force, struct report *report);
/* Everything, of a domain that is being destroyed or gone: the backends are told, waited for, and
 * all folders removed, whatever went wrong; the first error is returned. */
int device_detach_all(const struct device_site *site, domid_t domid, struct report *report);

/* --- texts --------------------------------------------------------------------------------------
 */
const char *device_state_name(unsigned int state); /* "InitWait" */
/* "00:16:3e:xx:xx:xx" with the NUL. */
void device_format_mac(const uint8_t mac[6], char text[18]);

#endif
