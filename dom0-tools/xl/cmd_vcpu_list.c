/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl vcpu-list: each vcpu of all domains or of some.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "control/vcpus.h"
#include "xl/json.h"

#include <errno.h>
#include <stdlib.h>

static void print_vcpu(struct xl *xl, const struct control_domain *domain,
		       const struct control_vcpu *vcpu, unsigned int cpu_ids)
{
	char *hard = control_cpus_format(vcpu->hard, cpu_ids);
	char *soft = control_cpus_format(vcpu->soft, cpu_ids);

	fprintf(xl->out, "%-32s %5u %5u", domain->name ? domain->name : "(null)",
		domain->info.domain, vcpu->id);
	if (vcpu->online) {
		fprintf(xl->out, "%5u %3c%c- ", vcpu->cpu, vcpu->running ? 'r' : '-',
			vcpu->blocked ? 'b' : '-');
	} else {
		fprintf(xl->out, "%5c %3c%cp ", '-', '-', '-');
	}
	fprintf(xl->out, "%9.1f  %s / %s\n", (double)vcpu->time / 1e9, hard ? hard : "?",
		soft ? soft : "?");
	free(hard);
	free(soft);
}

static void put_vcpu(struct json *json, const struct control_domain *domain,
		     const struct control_vcpu *vcpu, unsigned int cpu_ids)
{
	char *hard = control_cpus_format(vcpu->hard, cpu_ids);
	char *soft = control_cpus_format(vcpu->soft, cpu_ids);

	json_map(json);
	json_put_number(json, "domid", domain->info.domain);
	json_put_text(json, "name", domain->name);
	json_put_number(json, "vcpu", vcpu->id);
	json_put_bool(json, "online", vcpu->online);
	json_put_bool(json, "running", vcpu->running);
	json_put_bool(json, "blocked", vcpu->blocked);
	json_key(json, "cpu");
	if (vcpu->online) {
		json_number(json, vcpu->cpu);
	} else {
		json_text(json, NULL);
	}
	json_put_number(json, "cpu_time_ns", (int64_t)vcpu->time);
	json_put_text(json, "hard_affinity", hard);
	json_put_text(json, "soft_affinity", soft);
	json_map_end(json);
	free(hard);
	free(soft);
}

/* json NULL: as a table. */
static int show_domain(struct xl *xl, const struct control_domain *domain, struct json *json)
{
	struct control_vcpus vcpus;
	int err = control_vcpus_list(xl->control, &domain->info, &vcpus, &xl->report);

	for (unsigned int i = 0; !err && i < vcpus.count; i++) {
		if (json) {
			put_vcpu(json, domain, &vcpus.list[i], vcpus.cpu_ids);
		} else {
			print_vcpu(xl, domain, &vcpus.list[i], vcpus.cpu_ids);
		}
	}
	if (!err) {
		control_vcpus_clear(&vcpus);
	}
	return err;
}

static int show_domains(struct xl *xl, const struct control_domains *domains, struct json *json)
{
	int first = 0;

	for (unsigned int i = 0; i < domains->count; i++) {
		int err = show_domain(xl, &domains->list[i], json);

		first = first ? first : err;
	}
	return first;
}

static int show_named(struct xl *xl, char **names, struct json *json)
{
	int failed = XL_OK;

	for (; *names; names++) {
		struct control_domains domains;
		domid_t domid;
		int status = xl_find_domain(xl, *names, &domid);

		if (!status) {
			status = xl_end(
				xl, control_domains_one(xl->control, domid, &domains, &xl->report));
		}
		if (!status) {
			status = xl_end(xl, show_domains(xl, &domains, json));
			control_domains_clear(&domains);
		}
		failed = failed ? failed : status;
	}
	return failed;
}

static int show_all(struct xl *xl, struct json *json)
{
	struct control_domains domains;
	int err = control_domains_list(xl->control, &domains, &xl->report);

	if (!err) {
		err = show_domains(xl, &domains, json);
		control_domains_clear(&domains);
	}
	return xl_end(xl, err);
}

int cmd_vcpu_list(struct xl *xl, int argc, char **argv)
{
	struct json json, *to = NULL;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		if (option != XL_OPT_JSON) {
			return xl_getopt_end(option);
		}
		to = &json;
	}
	status = xl_open(xl);
	if (status) {
		return status;
	}
	if (!to) {
		fprintf(xl->out, "%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
			"State", "Time(s)", "Affinity (Hard / Soft)");
	} else if (json_begin(to, xl->out)) {
		return xl_end(xl, -ENOMEM);
	} else {
		json_array(to);
	}
	status = optind < argc ? show_named(xl, argv + optind, to) : show_all(xl, to);
	if (to) {
		json_array_end(to);
		status = json_end(to) ? XL_FAILED : status;
	}
	return status;
}
