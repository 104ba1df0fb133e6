/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl vm-list: UUID, number and name of each domain.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "control/record.h"
#include "xl/json.h"
#include "xl/rows.h"

static void put(struct json *json, const struct control_domain *domain)
{
	char uuid[37];

	control_uuid_format(domain->info.handle, uuid);
	json_put_text(json, "uuid", uuid);
	json_put_number(json, "domid", domain->info.domain);
	json_put_text(json, "name", domain->name);
}

static void print(FILE *to, const struct control_domain *domain)
{
	char uuid[37];

	control_uuid_format(domain->info.handle, uuid);
	fprintf(to, "%s  %-4d %-30s\n", uuid, domain->info.domain,
		domain->name ? domain->name : "(null)");
}

int cmd_vm_list(struct xl *xl, int argc, char **argv)
{
	static const struct row_table table = {"UUID                                  ID    name",
					       print, put};

	return row_table_run(xl, argc, argv, &table);
}
