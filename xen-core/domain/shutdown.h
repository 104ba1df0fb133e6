/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between domain.c and vtime.c: a vcpu has left its CPU.
 */
#ifndef DOMAIN_SHUTDOWN_H
#define DOMAIN_SHUTDOWN_H

struct domain;

/* Reports the shutdown if one is under way and no vcpu runs any more. No lock held. */
void domain_check_shutdown(struct domain *d);

#endif
