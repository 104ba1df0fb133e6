/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creations under way. Whoever creates a domain first takes its number by a file
 *
 *     run_dir/create/DOMID      holding the UUID
 *
 * and keeps it locked until the domain is whole. A lock ends with its process, however that ends:
 * a file that can be locked was left behind, and the domain of that number and UUID, if there is
 * one, is half made and belongs to nobody. control_pending_reap() destroys it. Nothing depends on
 * process ids or on time.
 *
 * Numbers are given out ascending and not soon again: scripts that remember one do not hit the
 * next guest.
 */
#ifndef CONTROL_PENDING_H
#define CONTROL_PENDING_H

#include "control/control.h"

#include <xen/domctl.h>

struct control_pending {
	domid_t domid;
	int fd; /* locked; -1: none */
};

/* Takes the next number nobody uses. */
int control_pending_begin(struct control *control, const xen_domain_handle_t uuid,
			  struct control_pending *pending, struct report *report);
/* The domain is whole, or gone: the number's file goes. */
void control_pending_end(struct control *control, struct control_pending *pending);

/* Destroys what creators left behind. *reaped (may be NULL) counts the domains. */
int control_pending_reap(struct control *control, unsigned int *reaped, struct report *report);

/* Whether somebody is creating this domain at this moment. */
bool control_pending_is(struct control *control, domid_t domid);

#endif
