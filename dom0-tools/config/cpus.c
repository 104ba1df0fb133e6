/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of CPUs: `0-3,^1`, `all`, `nodes:0-1,^nodes:1,^5`. The items are carried out from left to
 * right: each adds its CPUs or, after "^", removes them. CPUs the host does not have are passed
 * over, with a warning, as long as one remains.
 */
#include "config/spec.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct list {
	const struct config_host *host;
	const struct cfg_where *where;
	struct report *report;
	struct vm_set *set;
	bool absent; /* a CPU was named that the host does not have */
};

static int wrong(const struct list *list, const char *item)
{
	cfg_error(list->where, list->report, "'%s' is not a list of CPUs", item);
	report_next(list->report, "for example 0-3,^1 or all or nodes:0");
	return -EINVAL;
}

/* "3" or "0-3", in decimal. */
static int read_range(const char *text, unsigned int *low, unsigned int *high)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9') {
		return -EINVAL;
	}
	value = strtoul(text, &end, 10);
	*low = *high = value < VM_CPUS_MAX ? (unsigned int)value : VM_CPUS_MAX;
	if (*end == '-') {
		text = end + 1;
		if (*text < '0' || *text > '9') {
			return -EINVAL;
		}
		value = strtoul(text, &end, 10);
		*high = value < VM_CPUS_MAX ? (unsigned int)value : VM_CPUS_MAX;
	}
	return *end || *low > *high || *high == VM_CPUS_MAX ? -EINVAL : 0;
}

static int change(struct list *list, unsigned int cpu, bool remove)
{
	if (list->host->cpus && cpu >= list->host->cpus) {
		list->absent = true;
		return 0;
	}
	if (remove) {
		vm_set_remove(list->set, cpu);
		return 0;
	}
	return vm_set_add(list->set, cpu) < 0 ? cfg_no_memory(list->report) : 0;
}

static int add_all(struct list *list)
{
	if (!list->host->cpus) {
		list->set->all = true;
		return 0;
	}
	for (unsigned int cpu = 0; cpu < list->host->cpus; cpu++) {
		int err = change(list, cpu, false);

		if (err) {
			return err;
		}
	}
	return 0;
}

static int change_nodes(struct list *list, const char *item, unsigned int low, unsigned int high,
			bool remove)
{
	if (!list->host->cpu_to_node) {
		cfg_error(list->where, list->report, "'%s': the nodes of this host are not known",
			  item);
		report_next(list->report, "list the CPUs by number");
		return -EINVAL;
	}
	for (unsigned int cpu = 0; cpu < list->host->cpus; cpu++) {
		uint32_t node = list->host->cpu_to_node[cpu];

		if (node >= low && node <= high) {
			int err = change(list, cpu, remove);

			if (err) {
				return err;
			}
		}
	}
	return 0;
}

static int read_item(struct list *list, const char *item)
{
	bool remove = *item == '^';
	const char *text = item + remove;
	unsigned int high;
	unsigned int low;
	bool nodes = false;
	int err = 0;

	if (!*item) {
		return 0;
	}
	if (strcmp(text, "all") == 0) {
		return remove ? wrong(list, item) : add_all(list);
	}
	if (strncmp(text, "nodes:", 6) == 0 || strncmp(text, "node:", 5) == 0) {
		text = strchr(text, ':') + 1;
		nodes = true;
		remove = remove || *text == '^';
		text += *text == '^';
	}
	if (read_range(text, &low, &high) < 0) {
		return wrong(list, item);
	}
	if (nodes) {
		return change_nodes(list, item, low, high, remove);
	}
	if (remove && list->set->all) {
		cfg_error(list->where, list->report,
			  "'%s': how many CPUs this host has is not known", item);
		return -EINVAL;
	}
	for (unsigned int cpu = low; !err && cpu <= high; cpu++) {
		err = change(list, cpu, remove);
	}
	return err;
}

int spec_cpus(const char *spec, const struct config_host *host, const struct cfg_where *where,
	      struct vm_set *set, struct report *report)
{
	struct list list = {.host = host, .where = where, .report = report, .set = set};
	char *copy = strdup(spec);
	char *rest = copy;
	char *item;
	int err = copy ? 0 : cfg_no_memory(report);

	*set = (struct vm_set){0};
	while (!err && (item = strsep(&rest, ","))) {
		err = read_item(&list, spec_trim(item));
	}
	free(copy);
	if (!err && !set->all && vm_set_count(set) == 0) {
		err = cfg_error(where, report, "the list of CPUs '%s' is empty", spec);
		if (host->cpus) {
			report_next(report, "this host has the CPUs 0 to %u", host->cpus - 1);
		}
	}
	if (!err && list.absent) {
		cfg_warning(where, report, "'%s' names CPUs this host does not have (it has %u)",
			    spec, host->cpus);
	}
	if (err) {
		vm_set_clear(set);
	}
	return err;
}

int config_read_cpus(const char *spec, const struct config_host *host, struct vm_set *set,
		     struct report *report)
{
	return spec_cpus(spec, host, NULL, set, report);
}
