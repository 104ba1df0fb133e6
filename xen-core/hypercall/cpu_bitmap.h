/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of CPUs in a guest's memory (struct xenctl_bitmap), which may be shorter or longer than
 * ours: what is missing reads as zeros, what is too much is ignored, or zeroed when written.
 */
#ifndef HYPERCALL_CPU_BITMAP_H
#define HYPERCALL_CPU_BITMAP_H

#include "domain/guest.h"
#include "lib/cpu_set.h"

#include <xen/base.h>

int must_check cpu_bitmap_in(struct vcpu *v, const struct xenctl_bitmap *from, struct cpu_set *set);
int must_check cpu_bitmap_out(struct vcpu *v, const struct xenctl_bitmap *to,
			      const struct cpu_set *set);

#endif
