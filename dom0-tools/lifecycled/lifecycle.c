/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at all domains; see lifecycle.h.
 */
#include "lifecycled/lifecycle.h"

#include "call/domain.h"
#include "control/create.h"
#include "control/domains.h"
#include "control/life.h"
#include "control/nodes.h"
#include "control/pending.h"
#include "control/record.h"
#include "control/settle.h"
#include "device/device.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lifecycle_guest {
	xen_domain_handle_t uuid;
	unsigned int restarts; /* since `since` */
	int64_t since;
	int64_t not_before; /* ms: no restart earlier */
};

void lifecycle_clear(struct lifecycle *lifecycle)
{
	free(lifecycle->guests);
	*lifecycle = (struct lifecycle){0};
}

/* NULL when out of memory: the guest is then restarted at once, every time. */
static struct lifecycle_guest *remember(struct lifecycle *lifecycle, const xen_domain_handle_t uuid)
{
	struct lifecycle_guest *grown;

	for (unsigned int i = 0; i < lifecycle->guest_count; i++) {
		if (!memcmp(lifecycle->guests[i].uuid, uuid, sizeof(xen_domain_handle_t))) {
			return &lifecycle->guests[i];
		}
	}
	grown = reallocarray(lifecycle->guests, lifecycle->guest_count + 1, sizeof(*grown));
	if (!grown) {
		return NULL;
	}
	lifecycle->guests = grown;
	grown[lifecycle->guest_count] = (struct lifecycle_guest){0};
	memcpy(grown[lifecycle->guest_count].uuid, uuid, sizeof(xen_domain_handle_t));
	return &grown[lifecycle->guest_count++];
}

static void count_restart(struct lifecycle *lifecycle, const xen_domain_handle_t uuid)
{
	const struct control_clock *clock = &lifecycle->control->clock;
	struct lifecycle_guest *guest = remember(lifecycle, uuid);
	int64_t now = clock->now(clock->context);

	if (!guest) {
		return;
	}
	if (guest->restarts == 0 || now - guest->since > LIFECYCLE_WINDOW_S * 1000) {
		guest->restarts = 0;
		guest->since = now;
	}
	if (++guest->restarts >= LIFECYCLE_FAST) {
		guest->not_before = now + LIFECYCLE_REST_S * 1000;
		guest->restarts = 0;
	}
}

static bool must_rest(struct lifecycle *lifecycle, const xen_domain_handle_t uuid)
{
	const struct control_clock *clock = &lifecycle->control->clock;

	for (unsigned int i = 0; i < lifecycle->guest_count; i++) {
		if (!memcmp(lifecycle->guests[i].uuid, uuid, sizeof(xen_domain_handle_t))) {
			return clock->now(clock->context) < lifecycle->guests[i].not_before;
		}
	}
	return false;
}

static bool is_ours(struct control *control, domid_t domid)
{
	char *text = NULL;
	bool ours = !control_lifecycle_read(control, domid, &text) &&
		    !strcmp(text, CONTROL_LIFECYCLE_DAEMON);

	free(text);
	return ours;
}

static int settle_one(struct lifecycle *lifecycle, const struct control_domain *domain,
		      struct report *report)
{
	enum control_settled settled = CONTROL_SETTLED_NOT;
	domid_t domid = domain->info.domain;
	int reason = control_domain_reason(&domain->info);
	int err;

	if (must_rest(lifecycle, domain->info.handle)) {
		lifecycle->resting++;
		return 0;
	}
	err = control_domain_settle(lifecycle->control, &domid, CONTROL_LIFECYCLE_DAEMON, &settled,
				    report);
	if (err) {
		report_detail(report, "domain %u (%s) stopped (%s) and could not be settled",
			      domain->info.domain, domain->name ? domain->name : "?",
			      control_reason_name(reason));
		/* What fails now fails the same way a moment later. */
		count_restart(lifecycle, domain->info.handle);
		return err;
	}
	if (settled == CONTROL_SETTLED_GONE || settled == CONTROL_SETTLED_RESTARTED) {
		lifecycle->settled++;
		report_detail(report, "domain %u (%s) stopped (%s): %s", domain->info.domain,
			      domain->name ? domain->name : "?", control_reason_name(reason),
			      settled == CONTROL_SETTLED_GONE ? "destroyed" : "restarted");
	}
	if (settled == CONTROL_SETTLED_RESTARTED) {
		report_detail(report, "its new number is %u", domid);
		count_restart(lifecycle, domain->info.handle);
	}
	return 0;
}

static int settle_all(struct lifecycle *lifecycle, struct report *report)
{
	struct control *control = lifecycle->control;
	struct control_domains domains;
	int first = 0, err = control_domains_list(control, &domains, report);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < domains.count; i++) {
		const struct xen_domctl_getdomaininfo *info = &domains.list[i].info;

		if (info->domain == 0 || !(info->flags & XEN_DOMINF_shutdown) ||
		    (info->flags & XEN_DOMINF_dying) || !is_ours(control, info->domain) ||
		    control_pending_is(control, info->domain)) {
			continue;
		}
		err = settle_one(lifecycle, &domains.list[i], report);
		first = first ? first : err;
	}
	control_domains_clear(&domains);
	return first;
}

/* The hypervisor is asked after the store: who is in the one and then not in the other is gone. */
static int sweep_one(struct control *control, const char *name, unsigned int *forgotten,
		     struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	struct device_site site;
	unsigned long domid = strtoul(name, NULL, 10);
	int err;

	if (strspn(name, "0123456789") != strlen(name) || domid == 0 ||
	    domid >= DOMID_FIRST_RESERVED ||
	    call_domain_info(control->call, (domid_t)domid, &info) != -ESRCH ||
	    control_pending_is(control, (domid_t)domid)) {
		return 0;
	}
	err = control_device_site(control, &site, report);
	if (!err) {
		err = device_detach_all(&site, (domid_t)domid, report);
	}
	if (!err) {
		err = control_domain_forget(control, (domid_t)domid, report);
	}
	if (!err) {
		(*forgotten)++;
		report_detail(report, "what was left of domain %lu in the store is removed", domid);
	}
	return err;
}

int lifecycle_sweep_store(struct control *control, unsigned int *forgotten, struct report *report)
{
	static const char *const folders[] = {"/libxl", "/local/domain"};
	struct store *store;
	int first = 0, err = control_store(control, &store, report);

	for (unsigned int i = 0; i < 2 && !err; i++) {
		char **names = NULL;
		unsigned int count = 0;

		if (store_list(store, STORE_NO_TX, folders[i], &names, &count)) {
			continue; /* nobody was there yet */
		}
		for (unsigned int j = 0; j < count; j++) {
			int failed = sweep_one(control, names[j], forgotten, report);

			first = first ? first : failed;
		}
		free(names);
	}
	return err ? err : first;
}

int lifecycle_look(struct lifecycle *lifecycle, struct report *report)
{
	struct control *control = lifecycle->control;
	unsigned int resumed = 0;
	int first, err;

	lifecycle->settled = 0;
	lifecycle->reaped = 0;
	lifecycle->forgotten = 0;
	lifecycle->resting = 0;
	first = control_pending_reap(control, &lifecycle->reaped, report);
	err = control_restarts_resume(control, CONTROL_LIFECYCLE_DAEMON, &resumed, report);
	first = first ? first : err;
	lifecycle->settled += resumed;
	err = settle_all(lifecycle, report);
	first = first ? first : err;
	err = lifecycle_sweep_store(control, &lifecycle->forgotten, report);
	first = first ? first : err;
	err = control_record_sweep(control, report);
	return first ? first : err;
}
