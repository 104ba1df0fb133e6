/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl claims: the table of domains with what is claimed for them but not yet theirs.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "xl/json.h"
#include "xl/rows.h"

static void put(struct json *json, const struct control_domain *domain)
{
	json_put_number(json, "domid", domain->info.domain);
	json_put_text(json, "name", domain->name);
	json_put_number(json, "memory_kib", (int64_t)domain->info.tot_pages * 4);
	json_put_number(json, "claimed_kib", (int64_t)domain->info.outstanding_pages * 4);
}

static void print(FILE *to, const struct control_domain *domain)
{
	row_print_domain(to, domain);
	fprintf(to, " %5lu\n", (unsigned long)domain->info.outstanding_pages / 256);
}

int cmd_claims(struct xl *xl, int argc, char **argv)
{
	static const struct row_table table = {ROW_DOMAIN_HEADER "  Claimed", print, put};

	return row_table_run(xl, argc, argv, &table);
}
