/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes a sample; see sample.h. A number the kernel does not offer counts as 0.
 */
#include "control/sample.h"

#include "call/host.h"
#include "lib/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK "/sys/class/net"
#define BACKENDS "/sys/bus/xen-backend/devices"

static uint64_t read_count(const char *folder, const char *device, const char *name)
{
	char path[512];
	unsigned long long number = 0;
	FILE *from;

	snprintf(path, sizeof(path), "%s/%s/statistics/%s", folder, device, name);
	from = fopen(path, "re");
	if (from) {
		if (fscanf(from, "%llu", &number) != 1) {
			number = 0;
		}
		fclose(from);
	}
	return number;
}

static struct control_traffic *add(struct control_sample_domain *domain)
{
	struct control_traffic *grown =
		reallocarray(domain->traffic, domain->traffic_count + 1, sizeof(*domain->traffic));

	if (!grown) {
		return NULL;
	}
	domain->traffic = grown;
	grown[domain->traffic_count] = (struct control_traffic){0};
	return &grown[domain->traffic_count++];
}

/* What the backend receives the guest has sent. */
static void add_nic(struct control_sample_domain *domain, const char *name, uint32_t devid)
{
	struct control_traffic *nic = add(domain);

	if (!nic) {
		return;
	}
	nic->devid = devid;
	nic->sent_bytes = read_count(NETWORK, name, "rx_bytes");
	nic->sent_packets = read_count(NETWORK, name, "rx_packets");
	nic->sent_errors = read_count(NETWORK, name, "rx_errors");
	nic->sent_dropped = read_count(NETWORK, name, "rx_dropped");
	nic->received_bytes = read_count(NETWORK, name, "tx_bytes");
	nic->received_packets = read_count(NETWORK, name, "tx_packets");
	nic->received_errors = read_count(NETWORK, name, "tx_errors");
	nic->received_dropped = read_count(NETWORK, name, "tx_dropped");
}

static void add_disk(struct control_sample_domain *domain, const char *name, uint32_t devid)
{
	struct control_traffic *disk = add(domain);

	if (!disk) {
		return;
	}
	disk->devid = devid;
	disk->disk = true;
	disk->full = read_count(BACKENDS, name, "oo_req");
	disk->reads = read_count(BACKENDS, name, "rd_req");
	disk->writes = read_count(BACKENDS, name, "wr_req");
	disk->read_sectors = read_count(BACKENDS, name, "rd_sect");
	disk->written_sectors = read_count(BACKENDS, name, "wr_sect");
}

static struct control_sample_domain *find(const struct control_sample *sample, unsigned int domid)
{
	for (unsigned int i = 0; i < sample->count; i++) {
		if (sample->domains[i].domain.info.domain == domid) {
			return &sample->domains[i];
		}
	}
	return NULL;
}

/* Names are vifDOMID.N there, vbd-DOMID-DEVID here. */
static void read_folder(struct control_sample *sample, const char *folder,
			void (*take)(struct control_sample_domain *domain, const char *name,
				     uint32_t devid))
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		struct control_sample_domain *domain;
		unsigned int domid, devid;
		int used = 0;

		if (take == add_nic
			    ? sscanf(entry->d_name, "vif%u.%u%n", &domid, &devid, &used) != 2
			    : sscanf(entry->d_name, "vbd-%u-%u%n", &domid, &devid, &used) != 2) {
			continue;
		}
		domain = find(sample, domid);
		if (domain && entry->d_name[used] == '\0') {
			take(domain, entry->d_name, devid);
		}
	}
	if (entries) {
		closedir(entries);
	}
}

static void compute_rate(const struct control_sample *before, struct control_sample *sample,
			 struct control_sample_domain *domain)
{
	const struct control_sample_domain *old = find(before, domain->domain.info.domain);
	int64_t passed = sample->when - before->when;

	if (old && passed > 0 && domain->domain.info.cpu_time >= old->domain.info.cpu_time) {
		domain->cpu_percent =
			(double)(domain->domain.info.cpu_time - old->domain.info.cpu_time) /
			((double)passed * 1e4);
	}
}

static int read_host(struct control *control, struct control_sample *sample, struct report *report)
{
	struct xen_sysctl_physinfo phys;
	unsigned int major = 0, minor = 0;
	char extra[XEN_EXTRAVERSION_LEN] = "";
	int err = call_host_physinfo(control->call, &phys);

	if (err) {
		return control_failed(report, err, "sysctl physinfo", "the machine's facts");
	}
	call_host_version(control->call, &major, &minor);
	call_host_extraversion(control->call, extra);
	snprintf(sample->version, sizeof(sample->version), "%u.%u%s", major, minor, extra);
	sample->total_kib = phys.total_pages * 4;
	sample->free_kib = (phys.free_pages + phys.scrub_pages) * 4;
	sample->cpus = phys.nr_cpus;
	sample->cpu_khz = phys.cpu_khz;
	return 0;
}

int control_sample_take(struct control *control, bool vcpus, const struct control_sample *before,
			struct control_sample *sample, struct report *report)
{
	struct control_domains domains;
	int err;

	*sample = (struct control_sample){.when = control->clock.now(control->clock.context)};
	err = read_host(control, sample, report);
	if (!err) {
		err = control_domains_list(control, &domains, report);
	}
	if (err) {
		return err;
	}
	sample->domains = calloc(domains.count + 1, sizeof(*sample->domains));
	if (!sample->domains) {
		control_domains_clear(&domains);
		return report_error(report, ENOMEM, "the list of domains");
	}
	sample->count = domains.count;
	for (unsigned int i = 0; i < domains.count; i++) {
		struct control_sample_domain *domain = &sample->domains[i];

		domain->domain = domains.list[i];
		domains.list[i].name = NULL; /* it is the sample's now */
		if (before) {
			compute_rate(before, sample, domain);
		}
		if (vcpus) {
			control_vcpus_list(control, &domain->domain.info, &domain->vcpus, NULL);
		}
	}
	control_domains_clear(&domains);
	read_folder(sample, NETWORK, add_nic);
	read_folder(sample, BACKENDS, add_disk);
	return 0;
}

void control_sample_clear(struct control_sample *sample)
{
	for (unsigned int i = 0; i < sample->count; i++) {
		free(sample->domains[i].domain.name);
		control_vcpus_clear(&sample->domains[i].vcpus);
		free(sample->domains[i].traffic);
	}
	free(sample->domains);
	*sample = (struct control_sample){0};
}
