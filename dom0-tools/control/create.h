/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain from a configuration: all of it or nothing. Whatever step fails, what was done before is
 * taken back; a creator that is killed leaves a mark from which the next reap does that
 * (pending.h).
 *
 *     nothing -> reserved     a number, marked as being created
 *     reserved -> built       the hypervisor's domain, its memory, nodes in the store
 *     built -> furnished      devices attached, known to the store, configuration stored
 *     furnished -> running    unpaused, unless asked not to; the mark goes
 */
#ifndef CONTROL_CREATE_H
#define CONTROL_CREATE_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/base.h>

/* Who carries out on_poweroff= and its kin: the node /libxl/DOMID/lifecycle. */
#define CONTROL_LIFECYCLE_DAEMON "daemon"
#define CONTROL_LIFECYCLE_FOREGROUND "foreground"
#define CONTROL_LIFECYCLE_NONE "none"

struct control_create {
	bool paused;           /* leave it paused */
	const char *lifecycle; /* CONTROL_LIFECYCLE_*; NULL: nobody */
	int console;           /* the user's terminal for a bootloader, or -1 */
	bool ignore_masks;     /* xl.conf's vm.cpumask and its kin do not apply */

	/* Called when the domain is whole and still paused (to attach its console); may be NULL. */
	void (*ready)(void *data, domid_t domid);
	void *data;
};

/* Completes *config (MAC addresses, device numbers): what is stored is what runs. */
int control_domain_create(struct control *control, struct vm_config *config,
			  const struct control_create *how, domid_t *domid, struct report *report);

/* What this release cannot build is said here, before anything exists. */
int control_config_check(struct control *control, const struct vm_config *config,
			 struct report *report);

#endif
