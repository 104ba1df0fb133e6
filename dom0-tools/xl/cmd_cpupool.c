/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl cpupool-create, -destroy, -rename, -cpu-add, -cpu-remove, -migrate: CPU pools that change.
 * A pool's file has the syntax of xl.cfg: name=, sched=, and cpus= as text or a list.
 */
#include "xl/xl.h"

#include "call/host.h"
#include "config/config.h"
#include "config/syntax.h"
#include "control/host.h"
#include "control/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULERS 16U

struct cpus {
	uint8_t *map; /* NULL: none named */
	size_t bytes;
};

static int begin_cpus(struct xl *xl, struct cpus *cpus)
{
	unsigned int ids;
	int err = control_host_cpus(xl->control, &ids, NULL, &xl->report);

	*cpus = (struct cpus){.bytes = (ids + 7) / 8};
	return err;
}

/* Adds `0-3,^1` and the like to the map. */
static int add_cpus(struct xl *xl, const char *text, struct cpus *cpus)
{
	struct config_host host = {0};
	struct vm_set set = {0};
	unsigned int ids;
	int err = control_host_cpus(xl->control, &ids, NULL, &xl->report);

	if (!err && !cpus->map) {
		cpus->map = calloc(1, cpus->bytes);
		err = cpus->map ? 0 : report_error(&xl->report, ENOMEM, "CPUs");
	}
	host.cpus = ids;
	if (!err) {
		err = config_read_cpus(text, &host, &set, &xl->report);
	}
	for (unsigned int cpu = 0; !err && cpu < ids; cpu++) {
		if (vm_set_has(&set, cpu)) {
			cpus->map[cpu / 8] |= (uint8_t)(1U << (cpu % 8));
		}
	}
	vm_set_clear(&set);
	return err;
}

static int add_value(struct xl *xl, const struct cfg_setting *setting, struct cpus *cpus)
{
	int err = 0;

	if (setting && setting->value.text) {
		return add_cpus(xl, setting->value.text, cpus);
	}
	for (unsigned int i = 0; setting && !err && i < setting->value.items; i++) {
		err = setting->value.item[i].text
			      ? add_cpus(xl, setting->value.item[i].text, cpus)
			      : cfg_error(&setting->value.item[i].where, &xl->report,
					  "a list within the list of CPUs");
	}
	return err;
}

static int find_scheduler(struct xl *xl, const struct cfg_setting *setting, uint32_t *id)
{
	if (!setting) {
		int err = call_host_scheduler(xl->control->call, id);

		return err ? control_failed(&xl->report, err, "sysctl sched_id", "the scheduler")
			   : 0;
	}
	for (*id = 0; setting->value.text && *id < SCHEDULERS; (*id)++) {
		if (!strcmp(control_scheduler_name(*id), setting->value.text)) {
			return 0;
		}
	}
	return cfg_error(&setting->where, &xl->report, "sched names no scheduler");
}

static int make_pool(struct xl *xl, struct cfg_file *file, bool dry_run)
{
	const struct cfg_setting *name = cfg_find(file, "name");
	struct cpus cpus;
	uint32_t id, sched_id = 0;
	unsigned int count = 0;
	int err = begin_cpus(xl, &cpus);

	if (!err && (!name || !name->value.text || !*name->value.text)) {
		err = report_error(&xl->report, EINVAL, "CPU pool");
		report_why(&xl->report, "it has no name");
		report_next(&xl->report, "add name=\"...\" to the file or the command");
	}
	err = err ? err : find_scheduler(xl, cfg_find(file, "sched"), &sched_id);
	err = err ? err : add_value(xl, cfg_find(file, "cpus"), &cpus);
	for (unsigned int i = 0; !err && i < file->settings; i++) {
		if (!file->setting[i].used) {
			err = cfg_error(&file->setting[i].where, &xl->report,
					"a CPU pool has no setting '%s'", file->setting[i].name);
		}
	}
	if (!err && !dry_run) {
		err = control_pool_create(xl->control, name->value.text, sched_id, cpus.map,
					  cpus.bytes, &id, &xl->report);
	}
	if (!err) {
		for (size_t i = 0; cpus.map && i < cpus.bytes; i++) {
			count += (unsigned int)__builtin_popcount(cpus.map[i]);
		}
		fprintf(xl->out, "cpupool name:   %s\n", name->value.text);
		fprintf(xl->out, "scheduler:      %s\n", control_scheduler_name(sched_id));
		fprintf(xl->out, "number of cpus: %u\n", cpus.map ? count : 1);
	}
	free(cpus.map);
	return err;
}

int cmd_cpupool_create(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {{"defconfig", required_argument, NULL, 'f'},
						{"dryrun", no_argument, NULL, 'n'},
						{0}};
	bool dry_run = xl->dry_run;
	const char *path = NULL;
	struct cfg_file file = {0};
	int option, status, err = 0;

	while ((option = xl_getopt(xl, argc, argv, "f:n", options)) != -1) {
		if (option == 'f') {
			path = optarg;
		} else if (option == 'n') {
			dry_run = true;
		} else {
			return xl_getopt_end(option);
		}
	}
	if (!path && !xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	status = xl_open(xl);
	if (status) {
		return status;
	}
	if (!path && !strchr(argv[optind], '=')) {
		path = argv[optind++];
	}
	if (path) {
		char *text = NULL;
		size_t size;

		err = cfg_read(path, &text, &size, &xl->report);
		err = err ? err : cfg_parse(&file, text, size, path, &xl->report);
		free(text);
	}
	for (int i = optind; !err && i < argc; i++) {
		err = cfg_parse_argument(&file, argv[i], (unsigned int)(i - optind + 1),
					 &xl->report);
	}
	err = err ? err : make_pool(xl, &file, dry_run);
	cfg_clear(&file);
	return xl_end(xl, err);
}

/* The pool that the first argument names; false when the command ends here, with *status. */
static bool begin_pool(struct xl *xl, int argc, char **argv, int count, uint32_t *id, int *status)
{
	if (!xl_begin(xl, argc, argv, NULL, count, status)) {
		return false;
	}
	*status = xl_open(xl);
	if (!*status && control_pool_find(xl->control, argv[optind], id, &xl->report)) {
		*status = xl_end(xl, -ENOENT);
	}
	return *status == XL_OK;
}

int cmd_cpupool_destroy(struct xl *xl, int argc, char **argv)
{
	uint32_t id;
	int status;

	if (!begin_pool(xl, argc, argv, 1, &id, &status)) {
		return status;
	}
	return xl_end(xl, control_pool_destroy(xl->control, id, &xl->report));
}

int cmd_cpupool_rename(struct xl *xl, int argc, char **argv)
{
	uint32_t id;
	int status;

	if (!begin_pool(xl, argc, argv, 2, &id, &status)) {
		return status;
	}
	return xl_end(xl,
		      control_pool_rename(xl->control, id, argv[optind + 1], &xl->report));
}

static int change_cpus(struct xl *xl, int argc, char **argv, bool add)
{
	struct cpus cpus;
	uint32_t id;
	int err, status;

	if (!begin_pool(xl, argc, argv, 2, &id, &status)) {
		return status;
	}
	err = begin_cpus(xl, &cpus);
	err = err ? err : add_cpus(xl, argv[optind + 1], &cpus);
	if (!err) {
		err = control_pool_cpus(xl->control, id, cpus.map, cpus.bytes, add, &xl->report);
	}
	free(cpus.map);
	return xl_end(xl, err);
}

int cmd_cpupool_cpu_add(struct xl *xl, int argc, char **argv)
{
	return change_cpus(xl, argc, argv, true);
}

int cmd_cpupool_cpu_remove(struct xl *xl, int argc, char **argv)
{
	return change_cpus(xl, argc, argv, false);
}

int cmd_cpupool_migrate(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	uint32_t id;
	int err, status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 2, &domid, &status)) {
		return status;
	}
	err = control_pool_find(xl->control, argv[optind + 1], &id, &xl->report);
	return xl_end(xl, err ? err : control_pool_move(xl->control, id, domid, &xl->report));
}
