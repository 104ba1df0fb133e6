/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pausing, asking, destroying.
 *
 * The order of destruction: the guest stops first, so that nothing changes any more; then backends
 * let go of its memory; then the hypervisor takes it all back; then the store and the stored
 * configuration forget it. A killed destroyer leaves a domain that can be destroyed once more, or,
 * after the hypervisor's part, only nodes, which the next sweep removes.
 */
#include "control/life.h"

#include "call/domain.h"
#include "control/domains.h"
#include "control/record.h"
#include "device/device.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 500     /* how often a wait looks itself, should no event come */
#define HELD_LOOKS 50 /* until pages of a dead domain are called held */
#define HELD_LOOK_MS 20
#define ANSWER_MS 60000 /* how long a guest may take to take a request */

int control_device_site(struct control *control, struct device_site *site, struct report *report)
{
	struct store *store;
	int err = control_store(control, &store, report);

	if (!err) {
		*site = (struct device_site){
			.store = store,
			.host = control->device_host,
			.host_context = control->device_context,
			.run_scripts = choice_or(control->conf.run_hotplug_scripts, true),
			.bridge = control->conf.vif_bridge,
			.vif_script = control->conf.vif_script,
			.gatewaydev = control->conf.vif_gatewaydev,
		};
	}
	return err;
}

int control_domain_pause(struct control *control, domid_t domid, struct report *report)
{
	int err = call_domain_pause(control->call, domid);

	return err ? control_failed(report, err, "domctl pausedomain", "pausing domain %u", domid)
		   : 0;
}

int control_domain_unpause(struct control *control, domid_t domid, struct report *report)
{
	int err = call_domain_unpause(control->call, domid);

	if (err == -EINVAL) {
		control_failed(report, err, "domctl unpausedomain", "unpausing domain %u", domid);
		report_why(report, "it is not paused");
		return err;
	}
	return err ? control_failed(report, err, "domctl unpausedomain", "unpausing domain %u",
				    domid)
		   : 0;
}

static bool has_stopped(const struct xen_domctl_getdomaininfo *info, bool death)
{
	return info->flags & (death ? XEN_DOMINF_dying : XEN_DOMINF_dying | XEN_DOMINF_shutdown);
}

/* Whether the guest looks at control/shutdown. A PV guest is taken to; a translated one has told
 * where it wants events when it has such drivers. */
static int has_control_driver(struct control *control, domid_t domid, bool *has,
			      struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	uint64_t callback = 0;
	int err = call_domain_info(control->call, domid, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	*has = !(info.flags & XEN_DOMINF_hvm_guest);
	if (!*has) {
		err = call_domain_get_param(control->call, domid, HVM_PARAM_CALLBACK_IRQ,
					    &callback);
		*has = !err && callback != 0;
	}
	return 0;
}

struct request {
	char path[64];
	const char *text;
};

static int write_request(struct store *store, uint32_t tx, void *data)
{
	const struct request *request = data;
	char *home = NULL, parent[64];
	int err;

	/* Not to make nodes for a domain that has just gone. */
	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(request->path, '/') - request->path),
		 request->path);
	err = store_read(store, tx, parent, &home, NULL);
	free(home);
	return err ? err : store_write_text(store, tx, request->path, request->text);
}

static int write_control(struct control *control, domid_t domid, const char *node, const char *text,
			 struct report *report)
{
	struct request request = {.text = text};
	struct store *store;
	int err = control_store(control, &store, report);

	if (err) {
		return err;
	}
	snprintf(request.path, sizeof(request.path), "/local/domain/%u/control/%s", domid, node);
	err = store_transact(store, write_request, &request);
	if (err) {
		report_error(report, -err, "asking domain %u through %s", domid, request.path);
		if (err == -ENOENT) {
			report_why(report, "the domain has no such part in the store");
			report_next(report, "`xl destroy` works without the guest's help");
		}
	}
	return err;
}

/* The guest's driver takes a request by emptying the node. A domain that stops has taken it too. */
static int wait_for_answer(struct control *control, domid_t domid, const char *request,
			   struct report *report)
{
	int64_t end = control->clock.now(control->clock.context) + ANSWER_MS;
	struct xen_domctl_getdomaininfo info;
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	for (;;) {
		char *text = NULL;
		int err = store_read(control->store, STORE_NO_TX, path, &text, NULL);
		bool taken = err == -ENOENT || (!err && strcmp(text, request) != 0);

		free(text);
		if (taken || call_domain_info(control->call, domid, &info) ||
		    has_stopped(&info, false)) {
			return 0;
		}
		if (control->clock.now(control->clock.context) >= end) {
			break;
		}
		control->clock.sleep(control->clock.context, 50);
	}
	report_error(report, ETIMEDOUT, "domain %u does not react to '%s'", domid, request);
	report_why(report, info.flags & XEN_DOMINF_paused ? "it is paused"
							  : "its driver did not take the request");
	report_next(report,
		    info.flags & XEN_DOMINF_paused ? "xl unpause %u; the request waits for it"
						   : "`xl destroy %u` ends it without asking",
		    domid);
	return -ETIMEDOUT;
}

static const char *request_text(enum control_request request)
{
	return request == CONTROL_REBOOT ? "reboot" : "poweroff";
}

int control_domain_ask(struct control *control, domid_t domid, enum control_request request,
		       struct report *report)
{
	return write_control(control, domid, "shutdown", request_text(request), report);
}

int control_domain_request(struct control *control, domid_t domid, enum control_request request,
			   bool fallback, struct report *report)
{
	bool reboot = request == CONTROL_REBOOT, has = false;
	int err = has_control_driver(control, domid, &has, report);

	if (err) {
		return err;
	}
	if (has) {
		err = control_domain_ask(control, domid, request, report);
		return err ? err : wait_for_answer(control, domid, request_text(request), report);
	}
	if (fallback) {
		return control_domain_trigger(control, domid, reboot ? "reset" : "power", -1,
					      report);
	}
	report_error(report, EOPNOTSUPP, "domain %u cannot be asked to %s", domid,
		     reboot ? "reboot" : "shut down");
	report_why(report, "it has no driver that would listen");
	report_next(report, "-F sends it an ACPI %s event instead", reboot ? "reset" : "power");
	return -EOPNOTSUPP;
}

/* Until something in the store happens, or POLL_MS; other watches of ours are passed over. */
static void wait_for_news(struct control *control, struct store *store, int64_t left)
{
	int limit = left >= 0 && left < POLL_MS ? (int)left : POLL_MS;
	struct store_event event = {0};
	int err = store ? store_next_event(store, limit, &event) : -ENOTCONN;

	if (!err) {
		store_event_clear(&event);
	} else if (err != -ETIMEDOUT) {
		control->clock.sleep(control->clock.context, (unsigned int)limit);
	}
}

int control_domain_wait(struct control *control, domid_t domid, bool death, int64_t timeout_ms,
			int *reason, struct report *report)
{
	int64_t begin = control->clock.now(control->clock.context), passed = 0;
	struct xen_domctl_getdomaininfo info;
	struct store *store = NULL;
	int err = 0;

	if (control_store(control, &store, NULL) == 0) {
		store_watch(store, "@releaseDomain", "wait");
	}
	for (;;) {
		err = call_domain_info(control->call, domid, &info);
		if (err || has_stopped(&info, death)) {
			break;
		}
		passed = control->clock.now(control->clock.context) - begin;
		if (timeout_ms >= 0 && passed >= timeout_ms) {
			err = -ETIMEDOUT;
			break;
		}
		wait_for_news(control, store, timeout_ms < 0 ? -1 : timeout_ms - passed);
	}
	if (store) {
		store_unwatch(store, "@releaseDomain", "wait");
	}
	if (reason) {
		*reason = err ? -1 : control_domain_reason(&info);
	}
	if (err == -ESRCH) {
		return 0; /* gone is what one waits for */
	}
	if (err == -ETIMEDOUT) {
		report_error(report, ETIMEDOUT, "domain %u did not stop within %lld s", domid,
			     (long long)(timeout_ms / 1000));
		return err;
	}
	return err ? control_failed(report, err, "domctl getdomaininfo", "domain %u", domid) : 0;
}

/* /vm/UUID goes with its domain, unless another domain (a rebooted self) names it. */
static int forget_vm(struct store *store, uint32_t tx, domid_t domid)
{
	struct control_home *homes;
	unsigned int count, users = 0;
	const char *vm = NULL;
	int err = control_homes_read(store, tx, "vm", &homes, &count);

	for (unsigned int i = 0; i < count && !vm; i++) {
		vm = homes[i].domid == domid ? homes[i].value : NULL;
	}
	for (unsigned int i = 0; i < count && vm; i++) {
		users += homes[i].value && !strcmp(homes[i].value, vm);
	}
	if (users == 1 && !strncmp(vm, "/vm/", 4)) {
		err = store_rm(store, tx, vm);
	}
	control_homes_free(homes, count);
	return err == -ENOENT ? 0 : err;
}

static int forget_in_store(struct store *store, uint32_t tx, void *data)
{
	const domid_t *domid = data;
	int err = forget_vm(store, tx, *domid);

	for (unsigned int i = 0; i < 2 && !err; i++) {
		char path[64];

		snprintf(path, sizeof(path), i ? "/libxl/%u" : "/local/domain/%u", *domid);
		err = store_rm(store, tx, path);
		err = err == -ENOENT ? 0 : err;
	}
	return err;
}

int control_domain_forget(struct control *control, domid_t domid, struct report *report)
{
	struct store *store;
	int err = control_store(control, &store, report);

	if (!err) {
		err = store_transact(store, forget_in_store, &domid);
		if (err) {
			report_error(report, -err, "removing domain %u from the store", domid);
		}
	}
	control_record_remove(control, domid);
	return err;
}

static int remove_devices(struct control *control, domid_t domid, struct report *report)
{
	struct device_site site;
	int err = control_device_site(control, &site, report);

	return err ? err : device_detach_all(&site, domid, report);
}

int control_domain_destroy(struct control *control, domid_t domid, struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	struct store *store = NULL;
	int first, err = call_domain_info(control->call, domid, &info);

	if (err == -ESRCH) {
		return err;
	}
	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	call_domain_pause(control->call, domid); /* a dying one refuses, which is as good */
	first = remove_devices(control, domid, report);
	err = call_domain_destroy(control->call, domid);
	if (err && err != -ESRCH) {
		control_failed(report, err, "domctl destroydomain", "destroying domain %u", domid);
		return err;
	}
	/* Not before: who looks at the domain because the store has let go of it must find it
	 * dying. A store that has noticed by itself, or was never told of it, refuses: fine. */
	if (control_store(control, &store, NULL) == 0) {
		store_release(store, domid);
	}
	/* What the store refused to let go of is found by /libxl/DOMID, which then has to stay. */
	if (first && remove_devices(control, domid, NULL)) {
		return first;
	}
	err = control_domain_forget(control, domid, report);
	return first ? first : err;
}

void control_domain_note_held(struct control *control, domid_t domid, struct report *report)
{
	struct xen_domctl_getdomaininfo info;

	for (unsigned int i = 0; i < HELD_LOOKS; i++) {
		if (call_domain_info(control->call, domid, &info) ||
		    !(info.flags & XEN_DOMINF_dying)) {
			return;
		}
		control->clock.sleep(control->clock.context, HELD_LOOK_MS);
	}
	report_warning(report, "domain %u is dead, but %llu of its pages are not free", domid,
		       (unsigned long long)info.tot_pages);
	report_why(report, "other domains have them mapped: a backend that has not let go, or a "
			   "program");
	report_next(report, "'xl debug-keys g', then 'xl dmesg', shows who maps whose grants; "
			    "they are free when that one unmaps them or ends");
}

int control_domain_trigger(struct control *control, domid_t domid, const char *name, int vcpu,
			   struct report *report)
{
	static const struct {
		const char *name;
		uint32_t number;
	} triggers[] = {
		{"nmi", XEN_DOMCTL_SENDTRIGGER_NMI},     {"reset", XEN_DOMCTL_SENDTRIGGER_RESET},
		{"init", XEN_DOMCTL_SENDTRIGGER_INIT},   {"power", XEN_DOMCTL_SENDTRIGGER_POWER},
		{"sleep", XEN_DOMCTL_SENDTRIGGER_SLEEP}, {"s3resume", 0},
	};

	for (unsigned int i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		int err;

		if (strcmp(triggers[i].name, name) != 0) {
			continue;
		}
		if (!strcmp(name, "s3resume")) {
			err = call_domain_set_param(control->call, domid, HVM_PARAM_ACPI_S_STATE,
						    0);
		} else {
			err = call_domain_send_trigger(control->call, domid, triggers[i].number,
						       vcpu < 0 ? 0 : (uint32_t)vcpu);
		}
		return err ? control_failed(report, err, "domctl sendtrigger",
					    "sending '%s' to domain %u", name, domid)
			   : 0;
	}
	report_error(report, EINVAL, "trigger '%s'", name);
	report_why(report, "there is none of that name");
	report_next(report, "one of: nmi reset init power sleep s3resume");
	return -EINVAL;
}

int control_domain_sysrq(struct control *control, domid_t domid, char key, struct report *report)
{
	char text[2] = {key, '\0'};

	return write_control(control, domid, "sysrq", text, report);
}
