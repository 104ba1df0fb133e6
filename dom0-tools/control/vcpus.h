/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual CPUs: what they do, where they may run, how many the guest shall use. Affinity maps are
 * bytes, bit 0 of byte 0 being CPU 0, as long as the machine's highest CPU id needs.
 */
#ifndef CONTROL_VCPUS_H
#define CONTROL_VCPUS_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/domctl.h>

struct control_vcpu {
	uint32_t id;
	bool online;
	bool blocked;
	bool running;
	uint32_t cpu;
	uint64_t time; /* ns */
	uint8_t *hard;
	uint8_t *soft;
};

struct control_vcpus {
	struct control_vcpu *list;
	unsigned int count;
	unsigned int cpu_ids; /* bits in a map */
	uint8_t *maps;        /* where the list's maps lie */
};

int control_vcpus_list(struct control *control, const struct xen_domctl_getdomaininfo *info,
		       struct control_vcpus *vcpus, struct report *report);
void control_vcpus_clear(struct control_vcpus *vcpus);

/* "all", "none", "0-2,5": a map of `bits` CPUs; *text is the caller's, NULL when out of memory. */
char *control_cpus_format(const uint8_t *map, unsigned int bits);
/* A set of the configuration as a map of `bits` CPUs; *map is the caller's. */
int control_cpus_map(const struct vm_set *set, unsigned int bits, uint8_t **map);

/* vcpu -1: all of them. hard or soft NULL: left alone. */
int control_vcpu_pin(struct control *control, domid_t domid, int vcpu, const struct vm_set *hard,
		     const struct vm_set *soft, bool force, struct report *report);

/* Tells the guest to use the first `count` of its vcpus. */
int control_vcpus_set(struct control *control, domid_t domid, unsigned int count,
		      struct report *report);

#endif
