/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl info: the machine and the hypervisor, one "name : value" per line, in the order and form that
 * scripts read: every line has a colon, numbers stand alone.
 */
#include "xl/xl.h"

#include "call/host.h"
#include "control/host.h"
#include "xl/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEY "%-23s: "

static unsigned long pages_to_mib(uint64_t pages)
{
	return (unsigned long)(pages / 256);
}

static void print_machine(FILE *to, const struct control_host *host)
{
	const struct xen_sysctl_physinfo *phys = &host->phys;
	char caps[256];

	fprintf(to, KEY "%s\n", "host", host->system.nodename);
	fprintf(to, KEY "%s\n", "release", host->system.release);
	fprintf(to, KEY "%s\n", "version", host->system.version);
	fprintf(to, KEY "%s\n", "machine", host->system.machine);
	fprintf(to, KEY "%u\n", "nr_cpus", phys->nr_cpus);
	fprintf(to, KEY "%u\n", "max_cpu_id", phys->max_cpu_id);
	fprintf(to, KEY "%u\n", "nr_nodes", phys->nr_nodes);
	fprintf(to, KEY "%u\n", "cores_per_socket", phys->cores_per_socket);
	fprintf(to, KEY "%u\n", "threads_per_core", phys->threads_per_core);
	fprintf(to, KEY "%u.%03u\n", "cpu_mhz", phys->cpu_khz / 1000, phys->cpu_khz % 1000);
	fprintf(to, KEY "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x\n", "hw_caps", phys->hw_cap[0],
		phys->hw_cap[1], phys->hw_cap[2], phys->hw_cap[3], phys->hw_cap[4], phys->hw_cap[5],
		phys->hw_cap[6], phys->hw_cap[7]);
	control_host_virt_caps(host, caps, sizeof(caps));
	fprintf(to, KEY "%s\n", "virt_caps", caps);
	fprintf(to, KEY "%lu\n", "total_memory", pages_to_mib(phys->total_pages));
	fprintf(to, KEY "%lu\n", "free_memory", pages_to_mib(phys->free_pages + phys->scrub_pages));
	fprintf(to, KEY "%lu\n", "sharing_freed_memory",
		(unsigned long)(host->sharing_freed >> 20));
	fprintf(to, KEY "%lu\n", "sharing_used_memory", (unsigned long)(host->sharing_used >> 20));
	fprintf(to, KEY "%lu\n", "outstanding_claims", pages_to_mib(phys->outstanding_pages));
	fprintf(to, KEY "%u\n", "free_cpus", host->free_cpus);
}

static void print_topology(FILE *to, const struct control_host *host)
{
	fprintf(to, "cpu_topology           :\ncpu:    core    socket     node\n");
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		const struct xen_sysctl_cputopo *cpu = &host->cpus[i];

		if (cpu->core != XEN_INVALID_CORE_ID) {
			fprintf(to, "%3u:    %4u     %4u     %4u\n", i, cpu->core, cpu->socket,
				cpu->node);
		}
	}
	fprintf(to, "device topology        :\ndevice           node\n"
		    "No device topology data available\n");
	fprintf(to, "numa_info              :\nnode:    memsize    memfree    distances\n");
	for (uint32_t i = 0; i < host->node_count; i++) {
		fprintf(to, "%4u:    %6" PRIu64 "     %6" PRIu64 "      ", i,
			host->nodes[i].memsize >> 20, host->nodes[i].memfree >> 20);
		for (uint32_t j = 0; j < host->node_count; j++) {
			fprintf(to, "%s%u", j ? "," : "",
				host->distances[(size_t)i * host->node_count + j]);
		}
		fputc('\n', to);
	}
}

static void print_hypervisor(FILE *to, const struct control_host *host)
{
	fprintf(to, KEY "%u\n", "xen_major", host->major);
	fprintf(to, KEY "%u\n", "xen_minor", host->minor);
	fprintf(to, KEY "%s\n", "xen_extra", host->extra);
	fprintf(to, KEY "%u.%u%s\n", "xen_version", host->major, host->minor, host->extra);
	fprintf(to, KEY "%s\n", "xen_caps", host->capabilities);
	fprintf(to, KEY "%s\n", "xen_scheduler", control_scheduler_name(host->scheduler));
	fprintf(to, KEY "%u\n", "xen_pagesize", host->page_size);
	fprintf(to, KEY "virt_start=0x%" PRIx64 "\n", "platform_params", host->virt_start);
	fprintf(to, KEY "%s\n", "xen_changeset", host->changeset);
	fprintf(to, KEY "%s\n", "xen_commandline", host->command_line);
	fprintf(to, KEY "%s\n", "cc_compiler", host->compile.compiler);
	fprintf(to, KEY "%s\n", "cc_compile_by", host->compile.compile_by);
	fprintf(to, KEY "%s\n", "cc_compile_domain", host->compile.compile_domain);
	fprintf(to, KEY "%s\n", "cc_compile_date", host->compile.compile_date);
	fprintf(to, KEY "%s\n", "build_id", host->build_id);
	fprintf(to, KEY "%d\n", "xend_config_format", 4);
}

static void put_machine(struct json *json, const struct control_host *host)
{
	const struct xen_sysctl_physinfo *phys = &host->phys;
	char caps[256];

	control_host_virt_caps(host, caps, sizeof(caps));
	json_put_text(json, "host", host->system.nodename);
	json_put_text(json, "release", host->system.release);
	json_put_text(json, "machine", host->system.machine);
	json_put_number(json, "nr_cpus", phys->nr_cpus);
	json_put_number(json, "max_cpu_id", phys->max_cpu_id);
	json_put_number(json, "nr_nodes", phys->nr_nodes);
	json_put_number(json, "cores_per_socket", phys->cores_per_socket);
	json_put_number(json, "threads_per_core", phys->threads_per_core);
	json_put_number(json, "cpu_khz", phys->cpu_khz);
	json_put_text(json, "virt_caps", caps);
	json_put_number(json, "total_memory_kib", (int64_t)phys->total_pages * 4);
	json_put_number(json, "free_memory_kib",
			(int64_t)(phys->free_pages + phys->scrub_pages) * 4);
	json_put_number(json, "scrub_memory_kib", (int64_t)phys->scrub_pages * 4);
	json_put_number(json, "outstanding_claims_kib", (int64_t)phys->outstanding_pages * 4);
	json_put_number(json, "free_cpus", host->free_cpus);
}

static void put_topology(struct json *json, const struct control_host *host)
{
	json_key(json, "cpu_topology");
	json_array(json);
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		if (host->cpus[i].core != XEN_INVALID_CORE_ID) {
			json_map(json);
			json_put_number(json, "cpu", i);
			json_put_number(json, "core", host->cpus[i].core);
			json_put_number(json, "socket", host->cpus[i].socket);
			json_put_number(json, "node", host->cpus[i].node);
			json_map_end(json);
		}
	}
	json_array_end(json);
	json_key(json, "numa_info");
	json_array(json);
	for (uint32_t i = 0; i < host->node_count; i++) {
		json_map(json);
		json_put_number(json, "node", i);
		json_put_number(json, "memsize_bytes", (int64_t)host->nodes[i].memsize);
		json_put_number(json, "memfree_bytes", (int64_t)host->nodes[i].memfree);
		json_map_end(json);
	}
	json_array_end(json);
}

static void put_hypervisor(struct json *json, const struct control_host *host)
{
	char version[64];

	snprintf(version, sizeof(version), "%u.%u%s", host->major, host->minor, host->extra);
	json_put_text(json, "xen_version", version);
	json_put_text(json, "xen_caps", host->capabilities);
	json_put_text(json, "xen_scheduler", control_scheduler_name(host->scheduler));
	json_put_text(json, "xen_changeset", host->changeset);
	json_put_text(json, "xen_commandline", host->command_line);
	json_put_text(json, "cc_compiler", host->compile.compiler);
	json_put_text(json, "cc_compile_date", host->compile.compile_date);
	json_put_text(json, "build_id", host->build_id);
}

static int print_json(struct xl *xl, const struct control_host *host, bool numa)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_map(&json);
	put_machine(&json, host);
	if (numa) {
		put_topology(&json, host);
	}
	put_hypervisor(&json, host);
	json_map_end(&json);
	return json_end(&json);
}

static int print(struct xl *xl, const struct control_host *host, bool numa, bool json)
{
	if (json) {
		return print_json(xl, host, numa);
	}
	print_machine(xl->out, host);
	if (numa) {
		print_topology(xl->out, host);
	}
	print_hypervisor(xl->out, host);
	return 0;
}

int cmd_info(struct xl *xl, int argc, char **argv)
{
	bool numa = false, json = false;
	const struct xl_switch switches[] = {{'n', "numa", &numa}, {XL_OPT_JSON, NULL, &json}, {0}};
	struct control_host host;
	int err, status;

	if (!xl_begin_open(xl, argc, argv, switches, &status)) {
		return status;
	}
	err = control_host_read(xl->control, &host, &xl->report);
	if (!err && numa) {
		err = control_host_topology(xl->control, &host, &xl->report);
	}
	if (!err) {
		err = print(xl, &host, numa, json);
	}
	control_host_clear(&host);
	return xl_end(xl, err);
}
