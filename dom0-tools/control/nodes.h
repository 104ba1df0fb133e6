/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes of a domain in the store, other than its devices': the layout that guests and other
 * toolstacks of this family expect. Owner and rights are part of it: what the guest may write is
 * its own, everything else it may read.
 *
 *     /local/domain/N   the guest's home          /vm/UUID   name, image, start time
 *     /libxl/N          for toolstacks only
 */
#ifndef CONTROL_NODES_H
#define CONTROL_NODES_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/base.h>

struct build_result;

/* The skeleton, in one transaction: all of it or nothing. -EEXIST: the name is taken. */
int control_nodes_write(struct control *control, domid_t domid, const struct vm_config *config,
			struct report *report);
/* What is known once it is built: memory, vcpus, the store's ring. */
int control_nodes_write_built(struct control *control, domid_t domid,
			      const struct vm_config *config, const struct build_result *built,
			      struct report *report);
/* The last of them: when it started, who looks after it. */
int control_nodes_write_whole(struct control *control, domid_t domid,
			      const struct vm_config *config, const char *lifecycle,
			      struct report *report);

/* The control domain's own: its name and number, unless it has them. A store that is new knows of
 * no domain. */
int control_nodes_write_host(struct control *control, struct report *report);

/* /libxl/N/lifecycle; *text is the caller's. -ENOENT: a domain of another toolstack. */
int control_lifecycle_read(struct control *control, domid_t domid, char **text);

#endif
