/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting and stopping all guests; see guests.h.
 */
#include "lifecycled/guests.h"

#include "call/domain.h"
#include "call/host.h"
#include "config/config.h"
#include "control/create.h"
#include "control/domains.h"
#include "control/life.h"
#include "lib/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_config(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	/* Editors and package managers leave files with these names. */
	return entry->d_name[0] != '.' && length > 0 && entry->d_name[length - 1] != '~' &&
	       !strstr(entry->d_name, ".dpkg-");
}

static int start_one(struct control *control, const char *path, bool *started,
		     struct report *report)
{
	struct control_create how = {.lifecycle = CONTROL_LIFECYCLE_DAEMON, .console = -1};
	struct config_options options = {.conf = &control->conf};
	struct xen_sysctl_physinfo phys;
	struct vm_config *config = NULL;
	domid_t domid;
	int err;

	if (!call_host_physinfo(control->call, &phys)) {
		options.host.cpus = phys.max_cpu_id + 1;
	}
	err = config_read_file(path, &options, &config, report);
	if (!err && control_domain_find_name(control, config->name, &domid, report) == -ENOENT) {
		err = control_domain_create(control, config, &how, &domid, report);
		*started = !err;
	}
	vm_config_free(config);
	return err;
}

int guests_start(struct control *control, const char *directory, unsigned int *started,
		 struct report *report)
{
	struct dirent **entries;
	int first = 0, count = scandir(directory, &entries, is_config, alphasort);

	*started = 0;
	if (count < 0) {
		return errno == ENOENT ? 0 : report_error(report, errno, "%s", directory);
	}
	for (int i = 0; i < count; i++) {
		bool ran = false;
		char *path;
		int err = -ENOMEM;

		if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) >= 0) {
			err = start_one(control, path, &ran, report);
			free(path);
		}
		*started += ran;
		first = first ? first : err;
		free(entries[i]);
	}
	free(entries);
	return first;
}

static unsigned int ask_all(struct control *control, const struct control_domains *domains,
			    struct report *report)
{
	unsigned int asked = 0;

	for (unsigned int i = 0; i < domains->count; i++) {
		const struct xen_domctl_getdomaininfo *info = &domains->list[i].info;

		if (!control_domain_is_guest(info) || info->flags & XEN_DOMINF_dying) {
			continue;
		}
		if (info->flags & XEN_DOMINF_paused) {
			control_domain_unpause(control, info->domain, NULL);
		}
		asked++;
		/* Who cannot be asked is ended below. */
		control_domain_ask(control, info->domain, CONTROL_POWEROFF, report);
	}
	return asked;
}

/* Shut down counts as stopped: what becomes of its remains is settled elsewhere. */
static bool still_runs(struct control *control, const struct control_domain *domain)
{
	struct xen_domctl_getdomaininfo info;

	return control_domain_is_guest(&domain->info) &&
	       !call_domain_info(control->call, domain->info.domain, &info) &&
	       !(info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown));
}

static unsigned int count_running(struct control *control, const struct control_domains *domains)
{
	unsigned int running = 0;

	for (unsigned int i = 0; i < domains->count; i++) {
		running += still_runs(control, &domains->list[i]);
	}
	return running;
}

static int end_rest(struct control *control, const struct control_domains *domains,
		    unsigned int *ended, struct report *report)
{
	int first = 0;

	for (unsigned int i = 0; i < domains->count; i++) {
		int err;

		if (!still_runs(control, &domains->list[i])) {
			continue;
		}
		report_warning(report, "domain %u (%s) did not shut down in time",
			       domains->list[i].info.domain,
			       domains->list[i].name ? domains->list[i].name : "?");
		report_why(report, "it is destroyed");
		err = control_domain_destroy(control, domains->list[i].info.domain, report);
		*ended += !err;
		first = first ? first : err;
	}
	return first;
}

int guests_stop(struct control *control, unsigned int seconds, unsigned int *stopped,
		unsigned int *ended, struct report *report)
{
	const struct control_clock *clock = &control->clock;
	int64_t end = clock->now(clock->context) + (int64_t)seconds * 1000;
	struct control_domains domains;
	unsigned int asked;
	int err = control_domains_list(control, &domains, report);

	*stopped = 0;
	*ended = 0;
	if (err) {
		return err;
	}
	asked = ask_all(control, &domains, report);
	while (count_running(control, &domains) && clock->now(clock->context) < end) {
		clock->sleep(clock->context, 200);
	}
	*stopped = asked - count_running(control, &domains);
	err = end_rest(control, &domains, ended, report);
	control_domains_clear(&domains);
	return err;
}
