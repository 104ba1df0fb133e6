/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine and the hypervisor on it, as `xl info` shows them: read in one go into one structure.
 * A part an older or other hypervisor does not know stays empty; only what nothing works without
 * (the version, the machine's facts) is an error.
 */
#ifndef CONTROL_HOST_H
#define CONTROL_HOST_H

#include "control/control.h"

#include <sys/utsname.h>
#include <xen/sysctl.h>
#include <xen/version.h>

struct control_host {
	struct utsname system; /* of dom0 */
	struct xen_sysctl_physinfo phys;
	unsigned int free_cpus; /* in no pool */
	uint64_t sharing_freed; /* bytes */
	uint64_t sharing_used;
	unsigned int major;
	unsigned int minor;
	char extra[XEN_EXTRAVERSION_LEN];
	char capabilities[XEN_CAPABILITIES_INFO_LEN];
	char changeset[XEN_CHANGESET_INFO_LEN];
	char command_line[XEN_COMMANDLINE_LEN];
	struct xen_compile_info compile;
	char build_id[129]; /* hexadecimal */
	uint64_t virt_start;
	uint32_t page_size;
	uint32_t scheduler;

	/* Topology: only if asked for; by control_host_topology(). */
	struct xen_sysctl_cputopo *cpus;
	uint32_t cpu_count;
	struct xen_sysctl_meminfo *nodes;
	uint32_t *distances; /* node_count squared */
	uint32_t node_count;
};

int control_host_read(struct control *control, struct control_host *host, struct report *report);
int control_host_topology(struct control *control, struct control_host *host,
			  struct report *report);
void control_host_clear(struct control_host *host);

/* "pv hvm hap ..." into text. */
void control_host_virt_caps(const struct control_host *host, char *text, size_t size);
/* "credit2"; "unknown" for numbers nobody assigned. */
const char *control_scheduler_name(uint32_t sched_id);

/* How many CPUs the machine has: bits in CPU maps, online CPUs. */
int control_host_cpus(struct control *control, unsigned int *ids, unsigned int *online,
		      struct report *report);

/* The hypervisor's log from its beginning; *text is the caller's, ended by NUL. */
int control_host_log(struct control *control, bool clear, char **text, struct report *report);
int control_host_send_keys(struct control *control, const char *keys, struct report *report);

#endif
