/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl cpupool-list: the pools, and with -c their CPUs.
 */
#include "xl/xl.h"

#include "control/host.h"
#include "control/sched.h"
#include "xl/json.h"

#include <stdlib.h>
#include <string.h>

/* "0,1,5": as scripts read it, without ranges. */
static void print_cpus(FILE *to, const struct control_pool *pool, unsigned int bits)
{
	bool first = true;

	for (unsigned int cpu = 0; cpu < bits; cpu++) {
		if (pool->cpus[cpu / 8] >> (cpu % 8) & 1) {
			fprintf(to, "%s%u", first ? "" : ",", cpu);
			first = false;
		}
	}
}

static void put_pool(struct json *json, const struct control_pool *pool, unsigned int bits)
{
	json_map(json);
	json_put_text(json, "name", pool->name);
	json_put_number(json, "poolid", pool->info.cpupool_id);
	json_put_text(json, "scheduler", control_scheduler_name(pool->info.sched_id));
	json_put_number(json, "domains", pool->info.n_dom);
	json_key(json, "cpus");
	json_array(json);
	for (unsigned int cpu = 0; cpu < bits; cpu++) {
		if (pool->cpus[cpu / 8] >> (cpu % 8) & 1) {
			json_number(json, cpu);
		}
	}
	json_array_end(json);
	json_map_end(json);
}

static void print_pool(FILE *to, const struct control_pool *pool, unsigned int bits, bool cpus)
{
	fprintf(to, "%-19s", pool->name);
	if (cpus) {
		print_cpus(to, pool, bits);
	} else {
		fprintf(to, "%3u %9s       y       %4u", pool->cpu_count,
			control_scheduler_name(pool->info.sched_id), pool->info.n_dom);
	}
	fputc('\n', to);
}

static int print_json(struct xl *xl, const struct control_pools *pools, const char *only)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (unsigned int i = 0; i < pools->count; i++) {
		if (!only || !strcmp(only, pools->list[i].name)) {
			put_pool(&json, &pools->list[i], pools->cpu_ids);
		}
	}
	json_array_end(&json);
	return json_end(&json);
}

static void print_table(struct xl *xl, const struct control_pools *pools, const char *only,
			bool cpus)
{
	fprintf(xl->out, "%-19s%s\n", "Name",
		cpus ? "CPU list" : "CPUs   Sched     Active   Domain count");
	for (unsigned int i = 0; i < pools->count; i++) {
		if (!only || !strcmp(only, pools->list[i].name)) {
			print_pool(xl->out, &pools->list[i], pools->cpu_ids, cpus);
		}
	}
}

int cmd_cpupool_list(struct xl *xl, int argc, char **argv)
{
	bool cpus = false, json = false;
	const struct xl_switch switches[] = {{'c', "cpus", &cpus}, {XL_OPT_JSON, NULL, &json}, {0}};
	struct control_pools pools;
	const char *only;
	uint32_t id;
	int err, status;

	if (!xl_begin_open(xl, argc, argv, switches, &status)) {
		return status;
	}
	only = optind < argc ? argv[optind] : NULL;
	err = only ? control_pool_find(xl->control, only, &id, &xl->report) : 0;
	if (!err) {
		err = control_pools_list(xl->control, &pools, &xl->report);
	}
	if (err) {
		return xl_end(xl, err);
	}
	if (json) {
		err = print_json(xl, &pools, only);
	} else {
		print_table(xl, &pools, only, cpus);
	}
	control_pools_clear(&pools);
	return xl_end(xl, err);
}
