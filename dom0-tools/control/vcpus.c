/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual CPUs of running domains. Their number online is the guest's own doing: we write
 * cpu/N/availability and its kernel brings vcpu N up or down.
 */
#include "control/vcpus.h"

#include "call/domain.h"
#include "control/host.h"
#include "control/record.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t map_bytes(unsigned int bits)
{
	return (bits + 7) / 8;
}

static bool map_has(const uint8_t *map, unsigned int bit)
{
	return map[bit / 8] >> (bit % 8) & 1;
}

static int read_vcpu(struct control *control, domid_t domid, struct control_vcpu *vcpu,
		     size_t bytes)
{
	struct xen_domctl_getvcpuinfo info;
	int err = call_vcpu_info(control->call, domid, vcpu->id, &info);

	if (err) {
		return err;
	}
	vcpu->online = info.online;
	vcpu->blocked = info.blocked;
	vcpu->running = info.running;
	vcpu->cpu = info.cpu;
	vcpu->time = info.cpu_time;
	return call_vcpu_get_affinity(control->call, domid, vcpu->id, vcpu->hard, vcpu->soft,
				      bytes);
}

int control_vcpus_list(struct control *control, const struct xen_domctl_getdomaininfo *info,
		       struct control_vcpus *vcpus, struct report *report)
{
	uint32_t count = info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info->max_vcpu_id + 1;
	size_t bytes;
	int err;

	*vcpus = (struct control_vcpus){0};
	err = control_host_cpus(control, &vcpus->cpu_ids, NULL, report);
	if (err) {
		return err;
	}
	bytes = map_bytes(vcpus->cpu_ids);
	vcpus->list = calloc(count ? count : 1, sizeof(*vcpus->list));
	vcpus->maps = calloc(count ? (size_t)count * 2 : 1, bytes);
	if (!vcpus->list || !vcpus->maps) {
		control_vcpus_clear(vcpus);
		return report_error(report, ENOMEM, "the vcpus of domain %u", info->domain);
	}
	for (uint32_t id = 0; id < count; id++) {
		struct control_vcpu *vcpu = &vcpus->list[vcpus->count];

		vcpu->id = id;
		vcpu->hard = vcpus->maps + (size_t)id * 2 * bytes;
		vcpu->soft = vcpu->hard + bytes;
		err = read_vcpu(control, info->domain, vcpu, bytes);
		if (err && err != -ESRCH) {
			control_failed(report, err, "domctl getvcpuinfo", "vcpu %u of domain %u",
				       id, info->domain);
			control_vcpus_clear(vcpus);
			return err;
		}
		vcpus->count += err ? 0 : 1; /* a hole in the numbering is passed over */
	}
	return 0;
}

void control_vcpus_clear(struct control_vcpus *vcpus)
{
	free(vcpus->list);
	free(vcpus->maps);
	vcpus->list = NULL;
	vcpus->maps = NULL;
	vcpus->count = 0;
}

static bool map_is(const uint8_t *map, unsigned int bits, bool value)
{
	for (unsigned int i = 0; i < bits; i++) {
		if (map_has(map, i) != value) {
			return false;
		}
	}
	return true;
}

char *control_cpus_format(const uint8_t *map, unsigned int bits)
{
	char *text = NULL;
	size_t size;
	FILE *to;

	if (map_is(map, bits, true) || map_is(map, bits, false)) {
		return strdup(map_is(map, bits, true) ? "all" : "none");
	}
	to = open_memstream(&text, &size);
	if (!to) {
		return NULL;
	}
	for (unsigned int first = 0, last; first < bits; first = last + 1) {
		last = first;
		if (!map_has(map, first)) {
			continue;
		}
		while (last + 1 < bits && map_has(map, last + 1)) {
			last++;
		}
		fprintf(to, "%s%u", ftell(to) > 0 ? "," : "", first);
		if (last > first) {
			fprintf(to, "-%u", last);
		}
		last++;
	}
	fclose(to);
	return text;
}

int control_cpus_map(const struct vm_set *set, unsigned int bits, uint8_t **map)
{
	*map = calloc(1, map_bytes(bits) + 1);
	if (!*map) {
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < bits; i++) {
		if (set->all || vm_set_has(set, i)) {
			(*map)[i / 8] = (uint8_t)((*map)[i / 8] | 1U << (i % 8));
		}
	}
	return 0;
}

struct pin {
	domid_t domid;
	uint8_t *hard;
	uint8_t *soft;
	unsigned int bits;
	bool force;
};

static int pin_one(struct control *control, const struct pin *pin, uint32_t vcpu,
		   struct report *report)
{
	int err = call_vcpu_set_affinity(control->call, pin->domid, vcpu, pin->hard, pin->soft,
					 map_bytes(pin->bits), pin->force);

	if (err) {
		control_failed(report, err, "domctl setvcpuaffinity", "vcpu %u of domain %u", vcpu,
			       pin->domid);
		if (err == -EINVAL) {
			report_why(report, "there is no such vcpu, or no usable CPU in that list");
		}
	}
	return err;
}

static int pin_all(struct control *control, const struct pin *pin, struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	int err = call_domain_info(control->call, pin->domid, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", pin->domid);
	}
	for (uint32_t vcpu = 0;
	     !err && info.max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && vcpu <= info.max_vcpu_id;
	     vcpu++) {
		err = pin_one(control, pin, vcpu, report);
	}
	return err;
}

int control_vcpu_pin(struct control *control, domid_t domid, int vcpu, const struct vm_set *hard,
		     const struct vm_set *soft, bool force, struct report *report)
{
	struct pin pin = {.domid = domid, .force = force};
	int err = control_host_cpus(control, &pin.bits, NULL, report);

	if (err) {
		return err;
	}
	if ((hard && control_cpus_map(hard, pin.bits, &pin.hard)) ||
	    (soft && control_cpus_map(soft, pin.bits, &pin.soft))) {
		err = report_error(report, ENOMEM, "affinity of domain %u", domid);
	} else if (vcpu >= 0) {
		err = pin_one(control, &pin, (uint32_t)vcpu, report);
	} else {
		err = pin_all(control, &pin, report);
	}
	free(pin.hard);
	free(pin.soft);
	return err;
}

struct online {
	domid_t domid;
	unsigned int count;
	unsigned int all;
};

static int write_online(struct store *store, uint32_t tx, void *data)
{
	const struct online *online = data;
	int err = 0;

	for (unsigned int i = 0; i < online->all && !err; i++) {
		char path[80];

		snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", online->domid,
			 i);
		err = store_write_text(store, tx, path, i < online->count ? "online" : "offline");
	}
	return err;
}

static void record_online(struct control *control, const struct online *online,
			  struct report *report)
{
	struct vm_config *config;

	if (control_record_read(control, online->domid, &config, report)) {
		return; /* dom0 has none, and the domain has its vcpus all the same */
	}
	vm_set_clear(&config->avail_vcpus);
	for (unsigned int i = 0; i < online->count; i++) {
		if (vm_set_add(&config->avail_vcpus, i)) {
			break;
		}
	}
	control_record_write(control, online->domid, config, report);
	vm_config_free(config);
}

int control_vcpus_set(struct control *control, domid_t domid, unsigned int count,
		      struct report *report)
{
	struct online online = {.domid = domid, .count = count};
	struct xen_domctl_getdomaininfo info;
	struct store *store;
	int err = call_domain_info(control->call, domid, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	online.all = info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info.max_vcpu_id + 1;
	if (count == 0 || count > online.all) {
		report_error(report, EINVAL, "%u vcpus for domain %u", count, domid);
		report_why(report, "it has between 1 and %u", online.all);
		report_next(report, "maxvcpus= of its configuration sets how many it can have");
		return -EINVAL;
	}
	err = control_store(control, &store, report);
	if (err) {
		return err;
	}
	err = store_transact(store, write_online, &online);
	if (err) {
		return report_error(report, -err, "writing how many vcpus domain %u shall use",
				    domid);
	}
	record_online(control, &online, report);
	return 0;
}
