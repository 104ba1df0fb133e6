/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/xen/xl.conf: how the tools behave on this host. The syntax is that of xl.cfg. All memory
 * belongs to the structure.
 */
#ifndef CONFIG_XL_CONF_H
#define CONFIG_XL_CONF_H

#include "config/vm_config.h"

#include <stdbool.h>
#include <stdint.h>

struct report;

#define XL_CONF_PATH "/etc/xen/xl.conf"

enum xl_conf_autoballoon {
	XL_CONF_AUTOBALLOON_AUTO, /* unless dom0 was given dom0_mem= */
	XL_CONF_AUTOBALLOON_ON,
	XL_CONF_AUTOBALLOON_OFF,
};

enum xl_conf_output {
	XL_CONF_OUTPUT_JSON,
	XL_CONF_OUTPUT_SXP, /* accepted as upstream does */
};

struct xl_conf {
	enum xl_conf_autoballoon autoballoon;
	enum choice run_hotplug_scripts; /* default: yes */
	enum choice claim_mode;          /* default: yes, as upstream's */
	bool domid_random;               /* domid_policy=libxl; else the hypervisor counts on */
	enum xl_conf_output output;
	char *lockfile;     /* never NULL */
	char *blkdev_start; /* never NULL */
	char *vif_script;   /* NULL: none; likewise the next three */
	char *vif_bridge;
	char *vif_backend;
	char *vif_gatewaydev;
	char *netbuf_script;
	char *proxy_script;
	uint32_t max_grant_frames;    /* VM_FRAMES_DEFAULT: not given */
	uint32_t max_maptrack_frames; /* likewise */
	int max_grant_version;        /* VM_UNSET: not given */
	struct vm_set vm_cpumask;     /* empty with `all` set: any CPU; likewise the next two */
	struct vm_set vm_hvm_cpumask;
	struct vm_set vm_pv_cpumask;
};

/* Defaults, without reading a file. -ENOMEM. */
int xl_conf_init(struct xl_conf *conf);

/* Reads the file over the defaults; a file that does not exist is an empty one. NULL: XL_CONF_PATH.
 * *conf is to be cleared, after an error too. */
int xl_conf_read(const char *path, struct xl_conf *conf, struct report *report);

void xl_conf_clear(struct xl_conf *conf);

#endif
