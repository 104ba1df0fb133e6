/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's list of domains, joined with the names in the store.
 *
 * A rename changes three places: the name under the domain's home, that under /vm/UUID and the
 * stored configuration. The first two change in one transaction, which also looks for another
 * domain of that name: two renames to the same name cannot both win.
 */
#include "control/domains.h"

#include "call/domain.h"
#include "control/record.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMID_LIMIT 0x7ff0U /* ids from here on are not domains: public/xen.h */

static int read_name(struct store *store, uint32_t tx, domid_t domid, char **name)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	return store_read(store, tx, path, name, NULL);
}

/* The node below the home of each of homes[], by its id. */
static int read_homes(struct store *store, uint32_t tx, const char *node,
		      struct control_home *homes, unsigned int count)
{
	char(*paths)[64] = calloc(count + 1, sizeof(*paths));
	const char **each = calloc(count + 1, sizeof(*each));
	char **values = calloc(count + 1, sizeof(*values));
	int err = paths && each && values ? 0 : -ENOMEM;

	for (unsigned int i = 0; !err && i < count; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/local/domain/%u/%s", homes[i].domid, node);
		each[i] = paths[i];
	}
	err = err ? err : store_read_many(store, tx, each, count, values);
	for (unsigned int i = 0; !err && i < count; i++) {
		homes[i].value = values[i];
	}
	free(paths);
	free(each);
	free(values);
	return err;
}

int control_homes_read(struct store *store, uint32_t tx, const char *node,
		       struct control_home **homes, unsigned int *count)
{
	char **names = NULL;
	int err;

	*count = 0;
	err = store_list(store, tx, "/local/domain", &names, count);
	*homes = calloc(*count + 1, sizeof(**homes));
	if (!err && !*homes) {
		err = -ENOMEM;
	}
	for (unsigned int i = 0; !err && i < *count; i++) {
		(*homes)[i].domid = (domid_t)strtoul(names[i], NULL, 10);
	}
	free(names);
	err = err ? err : read_homes(store, tx, node, *homes, *count);
	if (err) {
		control_homes_free(*homes, *count);
		*homes = NULL;
		*count = 0;
	}
	return err == -ENOENT ? 0 : err;
}

void control_homes_free(struct control_home *homes, unsigned int count)
{
	for (unsigned int i = 0; homes && i < count; i++) {
		free(homes[i].value);
	}
	free(homes);
}

int control_domain_name(struct control *control, domid_t domid, char **name, struct report *report)
{
	struct store *store;
	int err = control_store(control, &store, report);

	*name = NULL;
	if (err) {
		return err;
	}
	err = read_name(store, STORE_NO_TX, domid, name);
	if (err && err != -ENOENT) {
		report_error(report, -err, "reading the name of domain %u", domid);
	}
	return err;
}

/* Without the store there is still a list, with a warning. */
static void add_names(struct control *control, struct control_domains *domains,
		      struct report *report)
{
	struct report trouble = {0};
	struct store *store;

	if (control_store(control, &store, &trouble)) {
		report_warning(report, "domains are shown without names");
		report_why(report, "%s",
			   trouble.count && trouble.messages[0].what ? trouble.messages[0].what
								     : "no store");
		report_next(report, "is xenstored running?");
		report_clear(&trouble);
		return;
	}
	struct control_home *homes = calloc(domains->count + 1, sizeof(*homes));
	int err = homes ? 0 : -ENOMEM;

	for (unsigned int i = 0; !err && i < domains->count; i++) {
		homes[i].domid = domains->list[i].info.domain;
	}
	err = err ? err : read_homes(store, STORE_NO_TX, "name", homes, domains->count);
	if (err) {
		report_warning(report, "the names of domains");
		report_why(report, "%s", strerror(-err));
	}
	for (unsigned int i = 0; !err && i < domains->count; i++) {
		domains->list[i].name = homes[i].value;
	}
	free(homes);
	report_clear(&trouble);
}

static int wrap(struct control *control, const struct xen_domctl_getdomaininfo *infos,
		unsigned int count, struct control_domains *domains, struct report *report)
{
	domains->list = calloc(count ? count : 1, sizeof(*domains->list));
	if (!domains->list) {
		return report_error(report, ENOMEM, "the list of domains");
	}
	domains->count = count;
	for (unsigned int i = 0; i < count; i++) {
		domains->list[i].info = infos[i];
	}
	add_names(control, domains, report);
	return 0;
}

int control_domains_list(struct control *control, struct control_domains *domains,
			 struct report *report)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	uint32_t count = 0;
	int err = call_domain_list_all(control->call, &infos, &count);

	*domains = (struct control_domains){0};
	if (err) {
		return control_failed(report, err, "sysctl getdomaininfolist",
				      "the list of domains");
	}
	err = wrap(control, infos, count, domains, report);
	free(infos);
	return err;
}

int control_domains_one(struct control *control, domid_t domid, struct control_domains *domains,
			struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	int err = call_domain_info(control->call, domid, &info);

	*domains = (struct control_domains){0};
	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	return wrap(control, &info, 1, domains, report);
}

void control_domains_clear(struct control_domains *domains)
{
	for (unsigned int i = 0; i < domains->count; i++) {
		free(domains->list[i].name);
	}
	free(domains->list);
	*domains = (struct control_domains){0};
}

int control_domain_find_name(struct control *control, const char *name, domid_t *domid,
			     struct report *report)
{
	struct control_domains domains;
	int err = control_domains_list(control, &domains, report);

	if (err) {
		return err;
	}
	err = -ENOENT;
	for (unsigned int i = 0; i < domains.count && err; i++) {
		if (domains.list[i].name && !strcmp(domains.list[i].name, name)) {
			*domid = domains.list[i].info.domain;
			err = 0;
		}
	}
	control_domains_clear(&domains);
	return err;
}

int control_domain_find(struct control *control, const char *text, domid_t *domid,
			struct report *report)
{
	char *end;
	unsigned long number;

	if (*text == '\0' || strspn(text, "0123456789") != strlen(text)) {
		return control_domain_find_name(control, text, domid, report);
	}
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || number >= DOMID_LIMIT) {
		return -ERANGE;
	}
	*domid = (domid_t)number;
	return 0;
}

int control_name_check(struct store *store, uint32_t tx, domid_t domid, const char *wanted)
{
	struct control_home *homes;
	unsigned int count;
	int err = control_homes_read(store, tx, "name", &homes, &count);

	for (unsigned int i = 0; i < count && !err; i++) {
		if (homes[i].domid != domid && homes[i].value && !strcmp(homes[i].value, wanted)) {
			err = -EEXIST;
		}
	}
	control_homes_free(homes, count);
	return err;
}

struct rename {
	domid_t domid;
	const char *name;
};

static int rename_in_store(struct store *store, uint32_t tx, void *data)
{
	const struct rename *rename = data;
	char path[64], *vm = NULL, *vm_name = NULL;
	int err = control_name_check(store, tx, rename->domid, rename->name);

	if (err) {
		return err;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/name", rename->domid);
	err = store_write_text(store, tx, path, rename->name);
	snprintf(path, sizeof(path), "/local/domain/%u/vm", rename->domid);
	if (!err && !store_read(store, tx, path, &vm, NULL)) {
		err = asprintf(&vm_name, "%s/name", vm) < 0
			      ? -ENOMEM
			      : store_write_text(store, tx, vm_name, rename->name);
		free(vm_name);
	}
	free(vm);
	return err;
}

static int rename_record(struct control *control, domid_t domid, const char *name,
			 struct report *report)
{
	struct vm_config *config = NULL;
	int err = control_record_read(control, domid, &config, report);

	if (err == -ENOENT) {
		return 0;
	}
	if (!err) {
		char *copy = strdup(name);

		if (!copy) {
			err = report_error(report, ENOMEM, "%s", name);
		} else {
			free(config->name);
			config->name = copy;
			err = control_record_write(control, domid, config, report);
		}
	}
	vm_config_free(config);
	return err;
}

int control_domain_rename(struct control *control, domid_t domid, const char *name,
			  struct report *report)
{
	struct rename rename = {.domid = domid, .name = name};
	struct xen_domctl_getdomaininfo info;
	struct store *store;
	int err = call_domain_info(control->call, domid, &info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	if (*name == '\0' || strchr(name, '/')) {
		report_error(report, EINVAL, "domain %u cannot be named '%s'", domid, name);
		report_why(report, "a name is not empty and has no slash");
		return -EINVAL;
	}
	err = control_store(control, &store, report);
	if (err) {
		return err;
	}
	err = store_transact(store, rename_in_store, &rename);
	if (err == -EEXIST) {
		report_error(report, EEXIST, "domain %u cannot be named '%s'", domid, name);
		report_why(report, "another domain has that name");
		return err;
	}
	if (err) {
		return report_error(report, -err, "naming domain %u '%s'", domid, name);
	}
	return rename_record(control, domid, name, report);
}

int control_domain_reason(const struct xen_domctl_getdomaininfo *info)
{
	if (!(info->flags & XEN_DOMINF_shutdown)) {
		return -1;
	}
	return (int)((info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask);
}

void control_domain_flags(const struct xen_domctl_getdomaininfo *info, char flags[7])
{
	static const char letters[] = "-rscwS";
	int reason = control_domain_reason(info);
	bool known = reason >= 0 && (size_t)reason < sizeof(letters) - 1;

	flags[0] = info->flags & XEN_DOMINF_running ? 'r' : '-';
	flags[1] = info->flags & XEN_DOMINF_blocked ? 'b' : '-';
	flags[2] = info->flags & XEN_DOMINF_paused ? 'p' : '-';
	flags[3] = info->flags & XEN_DOMINF_shutdown ? 's' : '-';
	flags[4] = '-';
	if (reason >= 0) {
		flags[4] = known ? letters[reason] : '?';
	}
	flags[5] = info->flags & XEN_DOMINF_dying ? 'd' : '-';
	flags[6] = '\0';
}

const char *control_domain_state(const struct xen_domctl_getdomaininfo *info)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} states[] = {
		{XEN_DOMINF_dying, "dying"},     {XEN_DOMINF_shutdown, "shutdown"},
		{XEN_DOMINF_paused, "paused"},   {XEN_DOMINF_running, "running"},
		{XEN_DOMINF_blocked, "blocked"},
	};

	for (unsigned int i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (info->flags & states[i].flag) {
			return states[i].name;
		}
	}
	return "ready"; /* it wants a CPU and has none at this moment */
}

const char *control_reason_name(int reason)
{
	static const char *const names[] = {"poweroff", "reboot",   "suspend",
					    "crash",    "watchdog", "soft_reset"};

	if (reason < 0) {
		return NULL;
	}
	return (size_t)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

uint64_t control_domain_kib(const struct xen_domctl_getdomaininfo *info)
{
	return (info->tot_pages + info->outstanding_pages) * 4;
}

bool control_domain_is_guest(const struct xen_domctl_getdomaininfo *info)
{
	return info->domain != 0 && !(info->flags & XEN_DOMINF_xs_domain);
}

int control_domain_uptime(struct control *control, const struct control_domain *domain,
			  uint64_t *seconds, struct report *report)
{
	char uuid[37], path[64], *text = NULL;
	struct store *store;
	double start;
	int err;

	if (domain->info.domain == 0) {
		*seconds = (uint64_t)control->clock.uptime(control->clock.context);
		return 0;
	}
	err = control_store(control, &store, report);
	if (err) {
		return err;
	}
	control_uuid_format(domain->info.handle, uuid);
	snprintf(path, sizeof(path), "/vm/%s/start_time", uuid);
	err = store_read(store, STORE_NO_TX, path, &text, NULL);
	if (err) {
		return err;
	}
	start = strtod(text, NULL);
	free(text);
	start = control->clock.wall(control->clock.context) - start;
	*seconds = start > 0 ? (uint64_t)start : 0;
	return 0;
}
