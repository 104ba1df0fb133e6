/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects what the hypervisor says of itself. Units are those of the ABI; what a user reads
 * (MiB, text) is made by whoever shows it.
 */
#include "control/host.h"

#include "call/host.h"
#include "lib/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_STEP 16384U

static int read_version(struct control *control, struct control_host *host, struct report *report)
{
	uint8_t id[64];
	uint32_t size = 0;
	int err = call_host_version(control->call, &host->major, &host->minor);

	if (err) {
		return control_failed(report, err, "xen_version", "the hypervisor's version");
	}
	call_host_extraversion(control->call, host->extra);
	call_host_capabilities(control->call, host->capabilities);
	call_host_changeset(control->call, host->changeset);
	call_host_command_line(control->call, host->command_line);
	call_host_compile_info(control->call, &host->compile);
	call_host_virt_start(control->call, &host->virt_start);
	call_host_page_size(control->call, &host->page_size);
	if (!call_host_build_id(control->call, id, sizeof(id), &size)) {
		for (uint32_t i = 0; i < size && i < sizeof(id); i++) {
			snprintf(host->build_id + 2 * i, 3, "%02x", id[i]);
		}
	}
	return 0;
}

/* CPUs of the machine that no pool has. */
static unsigned int count_free_cpus(struct control *control, const struct control_host *host)
{
	size_t bytes = host->phys.max_cpu_id / 8 + 1;
	struct xen_sysctl_cpupool_op pool = {.cpupool_id = 0};
	uint8_t *cpus = calloc(1, bytes);
	unsigned int taken = 0;

	while (cpus && !call_host_pool(control->call, &pool, cpus, bytes)) {
		for (size_t i = 0; i < bytes; i++) {
			taken += (unsigned int)__builtin_popcount(cpus[i]);
		}
		pool = (struct xen_sysctl_cpupool_op){.cpupool_id = pool.cpupool_id + 1};
		memset(cpus, 0, bytes);
	}
	free(cpus);
	return taken < host->phys.nr_cpus ? host->phys.nr_cpus - taken : 0;
}

int control_host_read(struct control *control, struct control_host *host, struct report *report)
{
	uint64_t freed = 0, shared = 0;
	int err;

	*host = (struct control_host){0};
	err = call_host_physinfo(control->call, &host->phys);
	if (err) {
		return control_failed(report, err, "sysctl physinfo", "the machine's facts");
	}
	err = read_version(control, host, report);
	if (err) {
		return err;
	}
	uname(&host->system);
	call_host_scheduler(control->call, &host->scheduler);
	if (!call_host_sharing(control->call, &freed, &shared)) {
		host->sharing_freed = freed * 4096;
		host->sharing_used = shared * 4096;
	}
	host->free_cpus = count_free_cpus(control, host);
	return 0;
}

static int read_cpus(struct control *control, struct control_host *host)
{
	uint32_t count = 0;
	int err = call_host_cpu_topology(control->call, NULL, &count);

	if (err) {
		return err;
	}
	host->cpus = calloc(count ? count : 1, sizeof(*host->cpus));
	if (!host->cpus) {
		return -ENOMEM;
	}
	err = call_host_cpu_topology(control->call, host->cpus, &count);
	host->cpu_count = err ? 0 : count;
	return err;
}

static int read_nodes(struct control *control, struct control_host *host)
{
	uint32_t count = 0;
	int err = call_host_numa(control->call, NULL, NULL, &count);

	if (err) {
		return err;
	}
	host->nodes = calloc(count ? count : 1, sizeof(*host->nodes));
	host->distances = calloc(count ? (size_t)count * count : 1, sizeof(*host->distances));
	if (!host->nodes || !host->distances) {
		return -ENOMEM;
	}
	err = call_host_numa(control->call, host->nodes, host->distances, &count);
	host->node_count = err ? 0 : count;
	return err;
}

int control_host_topology(struct control *control, struct control_host *host, struct report *report)
{
	int err = read_cpus(control, host);

	if (err) {
		return control_failed(report, err, "sysctl cputopoinfo", "the CPUs' topology");
	}
	err = read_nodes(control, host);
	return err ? control_failed(report, err, "sysctl numainfo", "the memory's topology") : 0;
}

void control_host_clear(struct control_host *host)
{
	free(host->cpus);
	free(host->nodes);
	free(host->distances);
	*host = (struct control_host){0};
}

void control_host_virt_caps(const struct control_host *host, char *text, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} caps[] = {
		{XEN_SYSCTL_PHYSCAP_pv, "pv"},
		{XEN_SYSCTL_PHYSCAP_hvm, "hvm"},
		{XEN_SYSCTL_PHYSCAP_directio, "hvm_directio"},
		{XEN_SYSCTL_PHYSCAP_directio, "pv_directio"},
		{XEN_SYSCTL_PHYSCAP_hap, "hap"},
		{XEN_SYSCTL_PHYSCAP_shadow, "shadow"},
		{XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share"},
		{XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace"},
		{XEN_SYSCTL_PHYSCAP_vpmu, "vpmu"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1"},
		{XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2"},
	};
	uint32_t have = host->phys.capabilities;
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		bool direct = caps[i].bit == XEN_SYSCTL_PHYSCAP_directio;
		bool kind = caps[i].name[0] == 'p' ? have & XEN_SYSCTL_PHYSCAP_pv
						   : have & XEN_SYSCTL_PHYSCAP_hvm;

		if ((have & caps[i].bit) && (!direct || kind) && used < size) {
			int length = snprintf(text + used, size - used, "%s%s", used ? " " : "",
					      caps[i].name);

			used += length > 0 ? (size_t)length : 0;
		}
	}
}

const char *control_scheduler_name(uint32_t sched_id)
{
	switch (sched_id) {
	case XEN_SCHEDULER_CREDIT:
		return "credit";
	case XEN_SCHEDULER_CREDIT2:
		return "credit2";
	case XEN_SCHEDULER_ARINC653:
		return "arinc653";
	case XEN_SCHEDULER_RTDS:
		return "rtds";
	case XEN_SCHEDULER_NULL:
		return "null";
	default:
		return "unknown";
	}
}

int control_host_cpus(struct control *control, unsigned int *ids, unsigned int *online,
		      struct report *report)
{
	struct xen_sysctl_physinfo phys;
	int err = call_host_physinfo(control->call, &phys);

	if (err) {
		return control_failed(report, err, "sysctl physinfo", "the number of CPUs");
	}
	*ids = phys.max_cpu_id + 1;
	if (online) {
		*online = phys.nr_cpus;
	}
	return 0;
}

int control_host_log(struct control *control, bool clear, char **text, struct report *report)
{
	size_t used = 0, room = 0;
	uint32_t index = 0;

	*text = NULL;
	for (;;) {
		uint32_t length = 0;
		char *grown = realloc(*text, room + LOG_STEP + 1);
		int err;

		if (!grown) {
			free(*text);
			*text = NULL;
			return report_error(report, ENOMEM, "the hypervisor's log");
		}
		*text = grown;
		room += LOG_STEP;
		err = call_host_read_console(control->call, *text + used, (uint32_t)(room - used),
					     false, &index, &length);
		if (err) {
			free(*text);
			*text = NULL;
			return control_failed(report, err, "sysctl readconsole",
					      "the hypervisor's log");
		}
		used += length;
		if (length == 0) {
			break;
		}
	}
	(*text)[used] = '\0';
	if (clear) {
		char last[1];
		uint32_t length;

		call_host_read_console(control->call, last, 0, true, NULL, &length);
	}
	return 0;
}

int control_host_send_keys(struct control *control, const char *keys, struct report *report)
{
	int err = call_host_send_keys(control->call, keys);

	return err ? control_failed(report, err, "sysctl debug_keys", "sending keys '%s'", keys)
		   : 0;
}
