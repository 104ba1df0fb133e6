/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory a domain shall have, may have, and whether there is enough for one more. All
 * sizes in KiB.
 *
 *     target  what the guest's balloon driver aims at: memory/target in the store
 *     limit   what the hypervisor lets it have: target plus a slack of 1 MiB
 *     static  what it can never exceed: memory/static-max, set at its creation
 */
#ifndef CONTROL_MEMORY_H
#define CONTROL_MEMORY_H

#include "control/control.h"

#include <xen/domctl.h>

#define CONTROL_MEMORY_SLACK_KIB 1024U

int control_memory_set_target(struct control *control, domid_t domid, uint64_t kib,
			      struct report *report);
int control_memory_set_max(struct control *control, domid_t domid, uint64_t kib,
			   struct report *report);

/* Free and not claimed by others. */
int control_memory_free(struct control *control, uint64_t *kib, struct report *report);

/* Whether xl.conf wants dom0 to give memory for guests. */
bool control_memory_autoballoons(struct control *control);

/* -ENOMEM, saying how much there is and what helps, unless `kib` are free; takes them from dom0
 * first where that is wanted. */
int control_memory_make_room(struct control *control, uint64_t kib, const char *whom,
			     struct report *report);

#endif
