/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl list: the table scripts split into six fields, its wider forms, and two forms of JSON: -l, the
 * configurations as every toolstack of this family prints them, and --json, the table.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/domains.h"
#include "control/record.h"
#include "control/sched.h"
#include "control/vcpus.h"
#include "call/domain.h"
#include "call/host.h"
#include "xl/json.h"
#include "xl/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct view {
	bool details;  /* -v */
	bool context;  /* -Z */
	bool pool;     /* -c */
	bool numa;     /* -n */
	bool complete; /* -l */
	bool json;
};

static void print_header(FILE *to, const struct view *view)
{
	fputs(ROW_DOMAIN_HEADER, to);
	if (view->details) {
		fputs("   UUID                            Reason-Code\tSecurity Label", to);
	}
	if (view->context && !view->details) {
		fputs("   Security Label", to);
	}
	if (view->pool) {
		fputs("         Cpupool", to);
	}
	if (view->numa) {
		fputs(" NODE Affinity", to);
	}
	fputc('\n', to);
}

static char *nodes_of(struct xl *xl, domid_t domid)
{
	struct xen_sysctl_physinfo phys;
	uint8_t nodes[8];

	if (call_host_physinfo(xl->control->call, &phys) ||
	    call_domain_get_nodes(xl->control->call, domid, nodes, sizeof(nodes))) {
		return strdup("all");
	}
	/* Not max_node_id: Xen's is the highest it was built for. */
	return control_cpus_format(nodes, phys.nr_nodes < 64 ? phys.nr_nodes : 64);
}

static void print_row(struct xl *xl, const struct control_domain *domain, const struct view *view)
{
	int reason = control_domain_reason(&domain->info);
	char *text = NULL, uuid[37];

	row_print_domain(xl->out, domain);
	if (view->details) {
		control_uuid_format(domain->info.handle, uuid);
		fprintf(xl->out, " %s", uuid);
		if (reason >= 0) {
			fprintf(xl->out, " %8x", (unsigned int)reason);
		} else {
			fprintf(xl->out, " %8s", "-");
		}
	}
	if (view->details || view->context) {
		fprintf(xl->out, " %16s", "-");
	}
	if (view->pool) {
		control_pool_name(xl->control, domain->info.cpupool, &text, &xl->report);
		fprintf(xl->out, "%16s", text ? text : "-");
		free(text);
	}
	if (view->numa) {
		text = nodes_of(xl, domain->info.domain);
		fprintf(xl->out, " %s", text ? text : "-");
		free(text);
	}
	fputc('\n', xl->out);
}

static void put_state(struct json *json, const struct control_domain *domain)
{
	json_put_text(json, "state", control_domain_state(&domain->info));
	json_put_text(json, "shutdown_reason",
		      control_reason_name(control_domain_reason(&domain->info)));
}

/* The upstream members first, in their order; ours behind them. */
static int put_complete(struct xl *xl, struct json *json, const struct control_domain *domain)
{
	struct vm_config *config = NULL;
	int err = control_record_current(xl->control, &domain->info, &config, &xl->report);

	if (err) {
		return err;
	}
	json_map(json);
	json_put_number(json, "domid", domain->info.domain);
	json_key(json, "config");
	err = config_json_gen(json->gen, config);
	put_state(json, domain);
	json_map_end(json);
	vm_config_free(config);
	return err;
}

static void put_row(struct xl *xl, struct json *json, const struct control_domain *domain)
{
	char uuid[37], *pool = NULL;

	control_uuid_format(domain->info.handle, uuid);
	control_pool_name(xl->control, domain->info.cpupool, &pool, &xl->report);
	json_map(json);
	json_put_number(json, "domid", domain->info.domain);
	json_put_text(json, "name", domain->name);
	json_put_text(json, "uuid", uuid);
	json_put_number(json, "memory_kib", (int64_t)control_domain_kib(&domain->info));
	json_put_number(json, "vcpus_online", domain->info.nr_online_vcpus);
	json_put_number(json, "cpu_time_ns", (int64_t)domain->info.cpu_time);
	put_state(json, domain);
	json_put_bool(json, "dying", domain->info.flags & XEN_DOMINF_dying);
	json_put_bool(json, "paused", domain->info.flags & XEN_DOMINF_paused);
	json_put_text(json, "type", domain->info.flags & XEN_DOMINF_hvm_guest ? "pvh" : "pv");
	json_put_text(json, "cpupool", pool);
	json_map_end(json);
	free(pool);
}

static int print_json(struct xl *xl, const struct control_domains *domains, const struct view *view)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (unsigned int i = 0; i < domains->count; i++) {
		if (view->complete) {
			/* One unreadable configuration must not hide the others. */
			put_complete(xl, &json, &domains->list[i]);
		} else {
			put_row(xl, &json, &domains->list[i]);
		}
	}
	json_array_end(&json);
	err = json_end(&json);
	fputc('\n', xl->out);
	return err;
}

static int print_domains(struct xl *xl, const struct control_domains *domains,
			 const struct view *view)
{
	if (view->complete || view->json) {
		return xl_end(xl, print_json(xl, domains, view));
	}
	print_header(xl->out, view);
	for (unsigned int i = 0; i < domains->count; i++) {
		print_row(xl, &domains->list[i], view);
	}
	return xl_end(xl, 0);
}

static int list_one(struct xl *xl, const char *text, const struct view *view)
{
	struct control_domains domains;
	domid_t domid;
	int err, status = xl_find_domain(xl, text, &domid);

	if (status) {
		return status;
	}
	err = control_domains_one(xl->control, domid, &domains, &xl->report);
	if (err == -ESRCH) {
		fprintf(xl->err, "Error: Domain '%s' does not exist.\n", text);
		report_clear(&xl->report);
		return XL_FAILED;
	}
	if (err) {
		return xl_end(xl, err);
	}
	status = print_domains(xl, &domains, view);
	control_domains_clear(&domains);
	return status;
}

static int list_all(struct xl *xl, const struct view *view)
{
	struct control_domains domains;
	int err, status = xl_open(xl);

	if (status) {
		return status;
	}
	err = control_domains_list(xl->control, &domains, &xl->report);
	if (err) {
		return xl_end(xl, err);
	}
	status = print_domains(xl, &domains, view);
	control_domains_clear(&domains);
	return status;
}

int cmd_list(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {
		{"long", no_argument, NULL, 'l'},    {"verbose", no_argument, NULL, 'v'},
		{"context", no_argument, NULL, 'Z'}, {"cpupool", no_argument, NULL, 'c'},
		{"numa", no_argument, NULL, 'n'},    {0},
	};
	struct view view = {0};
	int option;

	while ((option = xl_getopt(xl, argc, argv, "lvZcn", options)) != -1) {
		switch (option) {
		case 'l':
			view.complete = true;
			break;
		case 'v':
			view.details = true;
			break;
		case 'Z':
			view.context = true;
			break;
		case 'c':
			view.pool = true;
			break;
		case 'n':
			view.numa = true;
			break;
		case XL_OPT_JSON:
			view.json = true;
			break;
		default:
			return xl_getopt_end(option);
		}
	}
	return optind < argc ? list_one(xl, argv[optind], &view) : list_all(xl, &view);
}
