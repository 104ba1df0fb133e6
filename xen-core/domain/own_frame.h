/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's frames by its own numbers: held, and held for writing.
 */
#ifndef DOMAIN_OWN_FRAME_H
#define DOMAIN_OWN_FRAME_H

#include "lib/types.h"
#include "x86/addr.h"

struct domain;
struct frame;

/* A reference to d's frame of that number: its RAM, or the core's that it sees. -XEN_EINVAL: there
 * is none. */
int must_check own_frame_get(struct domain *d, gfn_t g, struct frame **f);
/* With its writable use; -XEN_EINVAL also if it is used otherwise. */
int must_check own_frame_get_writable(struct domain *d, gfn_t g, struct frame **f);
void own_frame_put_writable(struct domain *d, struct frame *f);

#endif
