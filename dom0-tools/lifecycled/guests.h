/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All guests of a host at its start and at its end: those of /etc/xen/auto are created, in the
 * order of their files' names, and all running ones asked to shut down and, when they do not,
 * ended.
 */
#ifndef LIFECYCLED_GUESTS_H
#define LIFECYCLED_GUESTS_H

#include "control/control.h"

#define GUESTS_AUTO_DIR "/etc/xen/auto"

/* Those that run already are left alone. *started counts; the first error is returned, after all
 * have been tried. */
int guests_start(struct control *control, const char *directory, unsigned int *started,
		 struct report *report);

/* Together, not one after the other; at most `seconds`. *ended counts those that had to be
 * destroyed. */
int guests_stop(struct control *control, unsigned int seconds, unsigned int *stopped,
		unsigned int *ended, struct report *report);

#endif
