/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core as a guest of a Xen: what that offers in place of a PC's devices, which a PVH guest has
 * none of. On any other machine these do nothing.
 */
#ifndef PLAT_NESTED_H
#define PLAT_NESTED_H

#include "plat/time_source.h"

/* Sends the log to the port that ends in the outer hypervisor's log, and the end of this machine to
 * it as that of its domain. Early: at most what CPUID needs is there. */
void nested_init(void);

/* The TSC, whose frequency the outer hypervisor tells; NULL: there is none, or it does not. */
const struct time_source *nested_tsc(void);
/* Seconds since 1970, by what the outer hypervisor says; 0: there is none. */
uint64_t nested_wallclock(void);

#endif
