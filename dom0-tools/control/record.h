/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stored configuration of a running domain: what `xl list -l` shows, and from which it is made
 * anew on reboot. One file per domain below state_dir,
 *
 *     userdata-d.DOMID.UUID.libxl-json
 *
 * the JSON of config_json_write(), in the place and form where libxl keeps its own, so that either
 * toolstack lists the other's domains. Files are replaced by rename: a reader sees the old or the
 * new one. A file whose domain is gone belongs to nobody; control_record_sweep() removes it.
 */
#ifndef CONTROL_RECORD_H
#define CONTROL_RECORD_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/domctl.h>

/* text has room for 37 bytes. */
void control_uuid_format(const xen_domain_handle_t uuid, char text[37]);

/* -ENOENT: none is stored, which is not reported. *config is the caller's. */
int control_record_read(struct control *control, domid_t domid, struct vm_config **config,
			struct report *report);
int control_record_write(struct control *control, domid_t domid, const struct vm_config *config,
			 struct report *report);

/* The stored configuration with what changed since: name, memory target, weights. A domain without
 * one (dom0, a foreign toolstack's) is described from what the hypervisor says. */
int control_record_current(struct control *control, const struct xen_domctl_getdomaininfo *info,
			   struct vm_config **config, struct report *report);

/* Removes all that is stored of this domain under any UUID. */
void control_record_remove(struct control *control, domid_t domid);

/* Removes the files of domains that do not exist. */
int control_record_sweep(struct control *control, struct report *report);

#endif
