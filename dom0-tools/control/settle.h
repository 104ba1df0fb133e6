/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a domain that stopped: on_poweroff=, on_reboot=, on_crash=, on_watchdog=,
 * on_soft_reset=. Used by lifecycled and by `xl create -F`.
 *
 * Safe against a kill between any two steps: what is not finished is seen again, because the domain
 * is still there and still shut down, or, between the death of the old and the birth of the new
 * domain, because of a file run_dir/restart/UUID with the configuration, which
 * control_restarts_resume() picks up.
 */
#ifndef CONTROL_SETTLE_H
#define CONTROL_SETTLE_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/domctl.h>

enum control_settled {
	CONTROL_SETTLED_NOT,       /* it runs, or it is suspended: nothing to do */
	CONTROL_SETTLED_GONE,      /* destroyed */
	CONTROL_SETTLED_KEPT,      /* left for its owner to look at */
	CONTROL_SETTLED_RESTARTED, /* *domid is the new one's */
};

/* What the configuration says for a SHUTDOWN_* reason. */
enum vm_action control_action(const struct vm_config *config, int reason);

/* Carries it out for domain *domid. `lifecycle` is given on to the domain that replaces it. */
int control_domain_settle(struct control *control, domid_t *domid, const char *lifecycle,
			  enum control_settled *settled, struct report *report);

/* Creates what a killed settler had destroyed already. *resumed (may be NULL) counts them. */
int control_restarts_resume(struct control *control, const char *lifecycle, unsigned int *resumed,
			    struct report *report);

/* Whether lifecycled runs: it keeps the lock "lifecycled". */
bool control_lifecycled_runs(struct control *control);

#endif
