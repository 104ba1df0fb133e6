/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor shows of the machine and its domains: one look at all of it. Rates come from two
 * looks. Traffic is counted by dom0's backend drivers and read from sysfs; a domain whose backends
 * are elsewhere has none.
 */
#ifndef CONTROL_SAMPLE_H
#define CONTROL_SAMPLE_H

#include "control/control.h"
#include "control/domains.h"
#include "control/vcpus.h"

struct control_traffic {
	uint32_t devid;
	bool disk;
	/* interfaces, as the guest sees them: what it sent and received */
	uint64_t sent_bytes, sent_packets, sent_errors, sent_dropped;
	uint64_t received_bytes, received_packets, received_errors, received_dropped;
	/* disks */
	uint64_t full; /* times the ring had no room */
	uint64_t reads, writes, read_sectors, written_sectors;
};

struct control_sample_domain {
	struct control_domain domain; /* name and numbers */
	struct control_vcpus vcpus;   /* empty unless asked for */
	struct control_traffic *traffic;
	unsigned int traffic_count;
	double cpu_percent; /* since the look before; 0 at the first */
};

struct control_sample {
	int64_t when; /* ms, of the clock */
	uint64_t total_kib;
	uint64_t free_kib;
	unsigned int cpus;
	unsigned int cpu_khz;
	char version[64];
	struct control_sample_domain *domains; /* domain 0 first */
	unsigned int count;
};

/* before NULL: the first look. */
int control_sample_take(struct control *control, bool vcpus, const struct control_sample *before,
			struct control_sample *sample, struct report *report);
void control_sample_clear(struct control_sample *sample);

#endif
