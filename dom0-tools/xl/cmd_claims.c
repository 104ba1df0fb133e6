/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl claims: the table of domains with what is claimed for them but not yet theirs.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "xl/json.h"
#include "xl/rows.h"

static int print_json(struct xl *xl, const struct control_domains *domains)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (unsigned int i = 0; i < domains->count; i++) {
		const struct control_domain *domain = &domains->list[i];

		json_map(&json);
		json_put_number(&json, "domid", domain->info.domain);
		json_put_text(&json, "name", domain->name);
		json_put_number(&json, "memory_kib", (int64_t)domain->info.tot_pages * 4);
		json_put_number(&json, "claimed_kib", (int64_t)domain->info.outstanding_pages * 4);
		json_map_end(&json);
	}
	json_array_end(&json);
	return json_end(&json);
}

static void print_table(struct xl *xl, const struct control_domains *domains)
{
	fprintf(xl->out, "%s  Claimed\n", ROW_DOMAIN_HEADER);
	for (unsigned int i = 0; i < domains->count; i++) {
		row_print_domain(xl->out, &domains->list[i]);
		fprintf(xl->out, " %5lu\n",
			(unsigned long)domains->list[i].info.outstanding_pages / 256);
	}
}

int cmd_claims(struct xl *xl, int argc, char **argv)
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
		err = print_json(xl, &domains);
	} else {
		print_table(xl, &domains);
	}
	control_domains_clear(&domains);
	return xl_end(xl, err);
}
