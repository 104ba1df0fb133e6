/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One domain as a line of xl list and xl claims, and tables of nothing but such lines.
 */
#include "xl/rows.h"

#include "control/domains.h"
#include "xl/json.h"
#include "xl/xl.h"

void row_print_domain(FILE *to, const struct control_domain *domain)
{
	char flags[7];

	control_domain_flags(&domain->info, flags);
	fprintf(to, "%-40s %5d %5lu %5d     %s  %8.1f", domain->name ? domain->name : "(null)",
		domain->info.domain, (unsigned long)control_domain_kib(&domain->info) / 1024,
		(int)domain->info.nr_online_vcpus, flags, (double)domain->info.cpu_time / 1e9);
}

static int print_json(struct xl *xl, const struct control_domains *domains,
		      const struct row_table *table)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (unsigned int i = 0; i < domains->count; i++) {
		json_map(&json);
		table->put(&json, &domains->list[i]);
		json_map_end(&json);
	}
	json_array_end(&json);
	return json_end(&json);
}

int row_table_run(struct xl *xl, int argc, char **argv, const struct row_table *table)
{
	bool json = false;
	const struct xl_switch switches[] = {{XL_OPT_JSON, NULL, &json}, {0}};
	struct control_domains domains;
	int err, status;

	if (!xl_begin_open(xl, argc, argv, switches, &status)) {
		return status;
	}
	err = control_domains_list(xl->control, &domains, &xl->report);
	if (err) {
		return xl_end(xl, err);
	}
	if (json) {
		err = print_json(xl, &domains, table);
	} else {
		fprintf(xl->out, "%s\n", table->header);
		for (unsigned int i = 0; i < domains.count; i++) {
			table->print(xl->out, &domains.list[i]);
		}
	}
	control_domains_clear(&domains);
	return xl_end(xl, err);
}
