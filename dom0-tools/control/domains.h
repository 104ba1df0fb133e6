/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which domains there are. A user names one by name or by number; a name made of digits only is
 * always taken as a number, as every tool of this family does. Names live in the store, everything
 * else in the hypervisor; a domain without a store entry (a zombie, half-made) has no name.
 */
#ifndef CONTROL_DOMAINS_H
#define CONTROL_DOMAINS_H

#include "control/control.h"

#include <xen/domctl.h>

struct control_domain {
	struct xen_domctl_getdomaininfo info;
	char *name; /* NULL: it has none */
};

struct control_domains {
	struct control_domain *list; /* ascending ids */
	unsigned int count;
};

/* All domains; names stay NULL when the store does not answer, which is a warning. */
int control_domains_list(struct control *control, struct control_domains *domains,
			 struct report *report);
/* One domain, as a list of one. -ESRCH: it does not exist. */
int control_domains_one(struct control *control, domid_t domid, struct control_domains *domains,
			struct report *report);
void control_domains_clear(struct control_domains *domains);

/* -ENOENT: no domain has this name (nothing is reported: what to say is the caller's). A number is
 * not looked up. -ERANGE: a number that cannot be a domain's. */
int control_domain_find(struct control *control, const char *text, domid_t *domid,
			struct report *report);

/* Like the former for exact names only: digits are a name too. */
int control_domain_find_name(struct control *control, const char *name, domid_t *domid,
			     struct report *report);

/* *name is the caller's; -ENOENT: it has none. */
int control_domain_name(struct control *control, domid_t domid, char **name, struct report *report);

/* What the store knows of each domain it has a home for: the value of a node there, NULL where it
 * has none. *homes is the caller's, for control_homes_free(). */
struct control_home {
	domid_t domid;
	char *value;
};
int control_homes_read(struct store *store, uint32_t tx, const char *node,
		       struct control_home **homes, unsigned int *count);
void control_homes_free(struct control_home *homes, unsigned int count);

/* In a transaction, so that two takers of one name conflict: -EEXIST if a domain other than `domid`
 * has it. */
int control_name_check(struct store *store, uint32_t tx, domid_t domid, const char *name);

/* Gives a domain another name, in the store and in its stored configuration. */
int control_domain_rename(struct control *control, domid_t domid, const char *name,
			  struct report *report);

/* "rbpsXd" with '-' for what does not hold; X is the reason letter of a domain that is shut down.
 */
void control_domain_flags(const struct xen_domctl_getdomaininfo *info, char flags[7]);
/* "running", "blocked", "paused", "shutdown", "dying", "ready": what holds most. */
const char *control_domain_state(const struct xen_domctl_getdomaininfo *info);
/* SHUTDOWN_*, or -1 while it runs. */
int control_domain_reason(const struct xen_domctl_getdomaininfo *info);
/* "poweroff", "reboot", "suspend", "crash", "watchdog", "soft_reset", NULL for -1. */
const char *control_reason_name(int reason);

/* Frames in it and claimed for it, in KiB. */
uint64_t control_domain_kib(const struct xen_domctl_getdomaininfo *info);

/* Since when it runs, seconds; for dom0 the machine's. -ENOENT: not known. */
int control_domain_uptime(struct control *control, const struct control_domain *domain,
			  uint64_t *seconds, struct report *report);

/* Whether this domain was made by a toolstack and is a guest (not dom0, not a helper). */
bool control_domain_is_guest(const struct xen_domctl_getdomaininfo *info);

#endif
