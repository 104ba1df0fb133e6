/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From paused to running to stopped to gone, as asked from outside.
 *
 *     paused <-> running          control_domain_pause, _unpause
 *     running -> shut down        control_domain_request asks the guest; it may take its time
 *     any -> gone                 control_domain_destroy asks nobody
 *
 * Asking a guest means writing control/shutdown in its part of the store; a guest without such a
 * driver can be sent an ACPI event instead.
 */
#ifndef CONTROL_LIFE_H
#define CONTROL_LIFE_H

#include "control/control.h"

#include <xen/domctl.h>

struct device_site;

int control_domain_pause(struct control *control, domid_t domid, struct report *report);
int control_domain_unpause(struct control *control, domid_t domid, struct report *report);

enum control_request {
	CONTROL_POWEROFF,
	CONTROL_REBOOT,
};

/* -EOPNOTSUPP: a translated guest that has no driver for it; with `fallback` it is sent the power
 * button (or reset) instead, as xl's -F. */
int control_domain_request(struct control *control, domid_t domid, enum control_request request,
			   bool fallback, struct report *report);

/* The same without waiting for the guest to take it. */
int control_domain_ask(struct control *control, domid_t domid, enum control_request request,
		       struct report *report);

/* Waits until the domain is shut down or dying or gone (`death` false), or gone or dying (true).
 * timeout_ms < 0: no limit; -ETIMEDOUT. *reason (may be NULL): SHUTDOWN_*, -1 if it is gone. */
int control_domain_wait(struct control *control, domid_t domid, bool death, int64_t timeout_ms,
			int *reason, struct report *report);

/* Pauses it, takes its devices from the host, gives its memory back and removes all traces. Goes on
 * past errors; the first one is returned. -ESRCH without a report: there is none. */
int control_domain_destroy(struct control *control, domid_t domid, struct report *report);

/* Afterwards: a warning if it is still there, with how many pages others have not let go of. Waits
 * a moment for those who are about to. */
void control_domain_note_held(struct control *control, domid_t domid, struct report *report);

/* The last part of that alone, for a domain the hypervisor does not have any more. */
int control_domain_forget(struct control *control, domid_t domid, struct report *report);

/* "nmi", "reset", "init", "power", "sleep", "s3resume"; -EINVAL: unknown name. vcpu -1: 0. */
int control_domain_trigger(struct control *control, domid_t domid, const char *name, int vcpu,
			   struct report *report);
int control_domain_sysrq(struct control *control, domid_t domid, char key, struct report *report);

/* What device/ needs, from the settings of control. */
int control_device_site(struct control *control, struct device_site *site, struct report *report);

#endif
