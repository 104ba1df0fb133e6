/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl sched-credit and xl sched-credit2: weight and cap of domains, and the schedulers' own
 * settings. The two differ in what a pool has: credit a time slice, a rate limit and a migration
 * delay, credit2 a rate limit.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "control/host.h"
#include "control/sched.h"
#include "xl/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request {
	uint32_t sched_id;
	const char *domain; /* NULL: all */
	const char *pool;   /* NULL: all */
	struct control_weight weight;
	long tslice; /* -1: not given */
	long ratelimit;
	bool params; /* -s */
	bool json;
};

static bool changes_domain(const struct request *request)
{
	return request->weight.weight != -1 || request->weight.cap != -1;
}

static void print_params(struct xl *xl, const struct control_pool *pool,
			 const struct xen_sysctl_scheduler_op *op)
{
	if (pool->info.sched_id == XEN_SCHEDULER_CREDIT) {
		fprintf(xl->out, "Cpupool %s: tslice=%ums ratelimit=%uus migration-delay=%uus\n",
			pool->name, op->u.sched_credit.tslice_ms, op->u.sched_credit.ratelimit_us,
			op->u.sched_credit.vcpu_migr_delay_us);
	} else {
		fprintf(xl->out, "Cpupool %s: ratelimit=%uus\n", pool->name,
			op->u.sched_credit2.ratelimit_us);
	}
}

static void print_domain_header(struct xl *xl)
{
	fprintf(xl->out, "%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static int print_domain(struct xl *xl, const struct control_domain *domain, uint32_t sched_id,
			struct json *json)
{
	struct control_weight weight;
	int err = control_weight_get(xl->control, domain->info.domain, sched_id, &weight,
				     &xl->report);

	if (err) {
		return err;
	}
	if (!json) {
		fprintf(xl->out, "%-33s %4d %6d %4d\n", domain->name ? domain->name : "(null)",
			domain->info.domain, weight.weight, weight.cap);
		return 0;
	}
	json_map(json);
	json_put_number(json, "domid", domain->info.domain);
	json_put_text(json, "name", domain->name);
	json_put_number(json, "weight", weight.weight);
	json_put_number(json, "cap", weight.cap);
	json_map_end(json);
	return 0;
}

static void put_pool(struct json *json, const struct control_pool *pool,
		     const struct xen_sysctl_scheduler_op *op)
{
	json_put_text(json, "cpupool", pool->name);
	json_put_text(json, "scheduler", control_scheduler_name(pool->info.sched_id));
	if (pool->info.sched_id == XEN_SCHEDULER_CREDIT) {
		json_put_number(json, "tslice_ms", op->u.sched_credit.tslice_ms);
		json_put_number(json, "ratelimit_us", op->u.sched_credit.ratelimit_us);
		json_put_number(json, "migration_delay_us", op->u.sched_credit.vcpu_migr_delay_us);
	} else {
		json_put_number(json, "ratelimit_us", op->u.sched_credit2.ratelimit_us);
	}
}

/* One pool with its domains. */
static int show_pool(struct xl *xl, const struct request *request, const struct control_pool *pool,
		     const struct control_domains *domains, struct json *json)
{
	struct xen_sysctl_scheduler_op op = {0};
	int err = control_pool_params_get(xl->control, pool, &op, &xl->report);

	if (err) {
		return err;
	}
	if (json) {
		json_map(json);
		put_pool(json, pool, &op);
		json_key(json, "domains");
		json_array(json);
	} else {
		print_params(xl, pool, &op);
	}
	if (!json && !request->params) {
		print_domain_header(xl);
	}
	for (unsigned int i = 0; !err && !request->params && i < domains->count; i++) {
		if (domains->list[i].info.cpupool == pool->info.cpupool_id) {
			err = print_domain(xl, &domains->list[i], request->sched_id, json);
			err = err == -ESRCH ? 0 : err; /* it went meanwhile */
		}
	}
	if (json) {
		json_array_end(json);
		json_map_end(json);
	}
	return err;
}

static bool wanted(const struct request *request, const struct control_pool *pool)
{
	return pool->info.sched_id == request->sched_id &&
	       (!request->pool || !strcmp(pool->name, request->pool) ||
		strtoul(request->pool, NULL, 10) == pool->info.cpupool_id);
}

static int show_pools(struct xl *xl, const struct request *request, struct json *json)
{
	struct control_domains domains;
	struct control_pools pools;
	int err = control_pools_list(xl->control, &pools, &xl->report);

	if (err) {
		return err;
	}
	err = control_domains_list(xl->control, &domains, &xl->report);
	for (unsigned int i = 0; !err && i < pools.count; i++) {
		if (wanted(request, &pools.list[i])) {
			err = show_pool(xl, request, &pools.list[i], &domains, json);
		}
	}
	control_domains_clear(&domains);
	control_pools_clear(&pools);
	return err;
}

static void change_op(const struct request *request, struct xen_sysctl_scheduler_op *op)
{
	if (request->sched_id == XEN_SCHEDULER_CREDIT2) {
		op->u.sched_credit2.ratelimit_us = (uint32_t)request->ratelimit;
		return;
	}
	if (request->tslice >= 0) {
		op->u.sched_credit.tslice_ms = (uint32_t)request->tslice;
	}
	if (request->ratelimit >= 0) {
		op->u.sched_credit.ratelimit_us = (uint32_t)request->ratelimit;
	}
}

/* Without -p it is pool 0 that changes. */
static int set_params(struct xl *xl, const struct request *request)
{
	struct control_pools pools;
	uint32_t id = 0;
	int err = control_pool_find(xl->control, request->pool ? request->pool : "0", &id,
				    &xl->report);

	if (!err) {
		err = control_pools_list(xl->control, &pools, &xl->report);
	}
	if (err) {
		return err;
	}
	for (unsigned int i = 0; !err && i < pools.count; i++) {
		struct xen_sysctl_scheduler_op op = {0};

		if (pools.list[i].info.cpupool_id != id) {
			continue;
		}
		err = control_pool_params_get(xl->control, &pools.list[i], &op, &xl->report);
		if (!err) {
			change_op(request, &op);
			err = control_pool_params_set(xl->control, &pools.list[i], &op,
						      &xl->report);
		}
	}
	control_pools_clear(&pools);
	return err;
}

static int show_one(struct xl *xl, const struct request *request, domid_t domid, struct json *json)
{
	struct control_domains domains;
	int err = control_domains_one(xl->control, domid, &domains, &xl->report);

	if (err) {
		return err;
	}
	if (!json) {
		print_domain_header(xl);
	}
	err = print_domain(xl, &domains.list[0], request->sched_id, json);
	control_domains_clear(&domains);
	return err;
}

static int show(struct xl *xl, const struct request *request, domid_t domid)
{
	struct json json;
	int err;

	if (!request->json) {
		return request->domain ? show_one(xl, request, domid, NULL)
				       : show_pools(xl, request, NULL);
	}
	err = json_begin(&json, xl->out);
	if (err) {
		return err;
	}
	json_array(&json);
	err = request->domain ? show_one(xl, request, domid, &json)
			      : show_pools(xl, request, &json);
	json_array_end(&json);
	return json_end(&json) ? -EIO : err;
}

static int carry_out(struct xl *xl, const struct request *request)
{
	domid_t domid = 0;
	int status = request->domain ? xl_find_domain(xl, request->domain, &domid) : xl_open(xl);

	if (status) {
		return status;
	}
	if (request->domain && changes_domain(request)) {
		return xl_end(xl, control_weight_set(xl->control, domid, request->sched_id,
						     &request->weight, &xl->report));
	}
	if (request->params && (request->tslice >= 0 || request->ratelimit >= 0)) {
		return xl_end(xl, set_params(xl, request));
	}
	return xl_end(xl, show(xl, request, domid));
}

static int check(struct xl *xl, const struct request *request)
{
	const char *problem = NULL;

	if (request->domain && request->params) {
		problem = "Specifying a domain and scheduler parameters at once is not allowed.";
	} else if (!request->domain && changes_domain(request)) {
		problem = "Must specify a domain.";
	} else if (!request->params && (request->tslice >= 0 || request->ratelimit >= 0)) {
		problem = "Must specify schedparam to set schedule parameter values.";
	}
	if (problem) {
		fprintf(xl->err, "%s\n    `xl help %s` lists the options\n", problem,
			xl->command->name);
	}
	return problem ? XL_FAILED : XL_OK;
}

static int read_value(struct xl *xl, const char *text, long *value)
{
	unsigned long number;

	if (xl_read_number(text, &number) || number > 1000000) {
		fprintf(xl->err, "'%s' is not a usable number.\n", text);
		return XL_FAILED;
	}
	*value = (long)number;
	return XL_OK;
}

static int take_option(struct xl *xl, int option, struct request *request)
{
	long value = -1;
	int status = XL_OK;

	switch (option) {
	case 'd':
		request->domain = optarg;
		break;
	case 'w':
		status = read_value(xl, optarg, &value);
		request->weight.weight = (int)value;
		break;
	case 'c':
		status = read_value(xl, optarg, &value);
		request->weight.cap = (int)value;
		break;
	case 's':
		request->params = true;
		break;
	case 't':
		status = read_value(xl, optarg, &request->tslice);
		break;
	case 'r':
		status = read_value(xl, optarg, &request->ratelimit);
		break;
	case 'p':
		request->pool = optarg;
		break;
	case XL_OPT_JSON:
		request->json = true;
		break;
	default:
		return -1;
	}
	return status;
}

static int run(struct xl *xl, int argc, char **argv, uint32_t sched_id, const char *letters)
{
	static const struct option options[] = {
		{"domain", required_argument, NULL, 'd'},
		{"weight", required_argument, NULL, 'w'},
		{"cap", required_argument, NULL, 'c'},
		{"schedparam", no_argument, NULL, 's'},
		{"ratelimit_us", required_argument, NULL, 'r'},
		{"cpupool", required_argument, NULL, 'p'},
		{"tslice_ms", required_argument, NULL, 't'},
		{0},
	};
	struct request request = {
		.sched_id = sched_id, .weight = {-1, -1}, .tslice = -1, .ratelimit = -1};
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, letters, options)) != -1) {
		status = take_option(xl, option, &request);
		if (status) {
			return status < 0 ? xl_getopt_end(option) : status;
		}
	}
	status = check(xl, &request);
	return status ? status : carry_out(xl, &request);
}

int cmd_sched_credit(struct xl *xl, int argc, char **argv)
{
	return run(xl, argc, argv, XEN_SCHEDULER_CREDIT, "d:w:c:st:r:p:");
}

int cmd_sched_credit2(struct xl *xl, int argc, char **argv)
{
	return run(xl, argc, argv, XEN_SCHEDULER_CREDIT2, "d:w:c:sr:p:");
}
