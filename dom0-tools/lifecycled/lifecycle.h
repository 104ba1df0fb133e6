/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be done for the domains of this host, found by looking at all of them: guests that
 * stopped get what their configuration wants, half-made domains and leftovers go. A look changes
 * nothing that is in order; so one may look at any time, and a daemon that was killed in the middle
 * of its work finds the rest of it by the next look.
 *
 * Only domains whose node /libxl/N/lifecycle says "daemon" are settled: those of other toolstacks
 * have their own.
 *
 * A guest that restarts again and again is restarted ever more rarely: after LIFECYCLE_FAST
 * restarts within LIFECYCLE_WINDOW_S it waits LIFECYCLE_REST_S.
 */
#ifndef LIFECYCLED_LIFECYCLE_H
#define LIFECYCLED_LIFECYCLE_H

#include "control/control.h"

#define LIFECYCLE_FAST 5U
#define LIFECYCLE_WINDOW_S 60
#define LIFECYCLE_REST_S 30

struct lifecycle_guest;

struct lifecycle {
	struct control *control;
	struct lifecycle_guest *guests; /* restarts of late, by UUID */
	unsigned int guest_count;

	/* Of the last look: */
	unsigned int settled;   /* guests */
	unsigned int reaped;    /* half-made domains */
	unsigned int forgotten; /* leftovers in the store */
	unsigned int resting;   /* guests that wait for their restart */
};

/* Looks once. The first error is returned; the others are in the report too, and what can be done
 * is done. */
int lifecycle_look(struct lifecycle *lifecycle, struct report *report);
void lifecycle_clear(struct lifecycle *lifecycle);

/* Domains in the store that the hypervisor does not have: their devices and nodes go. */
int lifecycle_sweep_store(struct control *control, unsigned int *forgotten, struct report *report);

#endif
