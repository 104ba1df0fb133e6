/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of domains. Target, limit and stored target change together: raising sets the limit
 * first, since the guest may act on the target at once; lowering as well, because the limit never
 * takes anything away.
 */
#include "control/memory.h"

#include "call/domain.h"
#include "call/host.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DOM0_MINIMUM_KIB (128U * 1024)
#define BALLOON_TIMEOUT_MS 30000

static int read_node(struct store *store, domid_t domid, const char *node, uint64_t *kib)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", domid, node);
	return store_read_number(store, STORE_NO_TX, path, kib);
}

static int write_node(struct store *store, domid_t domid, const char *node, uint64_t kib)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", domid, node);
	return store_write_format(store, STORE_NO_TX, path, "%llu", (unsigned long long)kib);
}

/* The ceiling: dom0 has no node before somebody ballooned it. */
static int static_maximum(struct control *control, struct store *store, domid_t domid,
			  uint64_t *kib, struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	int err = call_domain_info(control->call, domid, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	err = read_node(store, domid, "static-max", kib);
	if (err == -ENOENT && domid == 0) {
		*kib = info.tot_pages * 4;
		err = write_node(store, 0, "static-max", *kib);
	}
	return err ? report_error(report, -err, "memory/static-max of domain %u", domid) : 0;
}

static int set_limit(struct control *control, domid_t domid, uint64_t kib, struct report *report)
{
	int err = call_domain_set_max_mem(control->call, domid, kib + CONTROL_MEMORY_SLACK_KIB);

	return err ? control_failed(report, err, "domctl max_mem", "the memory limit of domain %u",
				    domid)
		   : 0;
}

int control_memory_set_target(struct control *control, domid_t domid, uint64_t kib,
			      struct report *report)
{
	struct store *store;
	uint64_t most = 0;
	int err = control_store(control, &store, report);

	if (!err) {
		err = static_maximum(control, store, domid, &most, report);
	}
	if (err) {
		return err;
	}
	if (kib > most) {
		report_error(report, EINVAL, "%llu KiB for domain %u", (unsigned long long)kib,
			     domid);
		report_why(report, "its memory can never exceed %llu KiB",
			   (unsigned long long)most);
		report_next(report, "maxmem= of its configuration sets that");
		return -EINVAL;
	}
	if (domid == 0 && kib < DOM0_MINIMUM_KIB) {
		report_error(report, EINVAL, "%llu KiB for dom0", (unsigned long long)kib);
		report_why(report, "with less than %u MiB it would not survive",
			   DOM0_MINIMUM_KIB / 1024);
		return -EINVAL;
	}
	err = set_limit(control, domid, kib, report);
	if (!err) {
		err = write_node(store, domid, "target", kib);
		if (err) {
			report_error(report, -err, "memory/target of domain %u", domid);
		}
	}
	return err;
}

int control_memory_set_max(struct control *control, domid_t domid, uint64_t kib,
			   struct report *report)
{
	struct store *store;
	uint64_t target = 0;
	int err = control_store(control, &store, report);

	if (err) {
		return err;
	}
	if (!read_node(store, domid, "target", &target) && kib < target) {
		report_error(report, EINVAL, "at most %llu KiB for domain %u",
			     (unsigned long long)kib, domid);
		report_why(report, "it is to have %llu KiB now", (unsigned long long)target);
		report_next(report, "lower that first: xl mem-set %u SIZE", domid);
		return -EINVAL;
	}
	err = set_limit(control, domid, kib, report);
	if (!err) {
		err = write_node(store, domid, "static-max", kib);
		if (err) {
			report_error(report, -err, "memory/static-max of domain %u", domid);
		}
	}
	return err;
}

int control_memory_free(struct control *control, uint64_t *kib, struct report *report)
{
	struct xen_sysctl_physinfo phys;
	int err = call_host_physinfo(control->call, &phys);
	uint64_t pages;

	if (err) {
		return control_failed(report, err, "sysctl physinfo", "free memory");
	}
	pages = phys.free_pages + phys.scrub_pages;
	*kib = (pages > phys.outstanding_pages ? pages - phys.outstanding_pages : 0) * 4;
	return 0;
}

bool control_memory_autoballoons(struct control *control)
{
	char line[XEN_COMMANDLINE_LEN];

	switch (control->conf.autoballoon) {
	case XL_CONF_AUTOBALLOON_ON:
		return true;
	case XL_CONF_AUTOBALLOON_OFF:
		return false;
	case XL_CONF_AUTOBALLOON_AUTO:
		break;
	}
	/* A host whose administrator gave dom0 a size has decided. */
	return call_host_command_line(control->call, line) || !strstr(line, "dom0_mem=");
}

/* Lowers dom0's target by what is missing and waits until it has followed. */
static int take_from_dom0(struct control *control, uint64_t kib, uint64_t missing,
			  struct report *report)
{
	int64_t end = control->clock.now(control->clock.context) + BALLOON_TIMEOUT_MS;
	struct xen_domctl_getdomaininfo info;
	uint64_t have = 0;
	int err = call_domain_info(control->call, 0, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "dom0");
	}
	if (info.tot_pages * 4 < missing + DOM0_MINIMUM_KIB) {
		return -ENOMEM;
	}
	err = control_memory_set_target(control, 0, info.tot_pages * 4 - missing, report);
	while (!err) {
		err = control_memory_free(control, &have, report);
		if (err || have >= kib || control->clock.now(control->clock.context) >= end) {
			break;
		}
		control->clock.sleep(control->clock.context, 100);
	}
	return err ? err : (have >= kib ? 0 : -ENOMEM);
}

int control_memory_make_room(struct control *control, uint64_t kib, const char *whom,
			     struct report *report)
{
	bool autoballoons = control_memory_autoballoons(control);
	uint64_t have = 0;
	int err = control_memory_free(control, &have, report);

	if (err || have >= kib) {
		return err;
	}
	if (autoballoons) {
		err = take_from_dom0(control, kib, kib - have, report);
		if (err != -ENOMEM) {
			return err;
		}
	}
	control_memory_free(control, &have, NULL);
	report_error(report, ENOMEM, "%s needs %llu MiB", whom,
		     (unsigned long long)(kib + 1023) / 1024);
	report_why(report, "%llu MiB are free%s", (unsigned long long)have / 1024,
		   autoballoons ? ", and dom0 gives no more" : "");
	report_next(report, "shut a guest down, lower its memory with xl mem-set%s",
		    autoballoons ? "" : ", or set autoballoon=\"on\" in /etc/xen/xl.conf");
	return -ENOMEM;
}
