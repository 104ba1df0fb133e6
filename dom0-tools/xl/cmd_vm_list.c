/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl vm-list: UUID, number and name of each domain.
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "control/record.h"
#include "xl/json.h"

static int print_json(struct xl *xl, const struct control_domains *domains)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (unsigned int i = 0; i < domains->count; i++) {
		char uuid[37];

		control_uuid_format(domains->list[i].info.handle, uuid);
		json_map(&json);
		json_put_text(&json, "uuid", uuid);
		json_put_number(&json, "domid", domains->list[i].info.domain);
		json_put_text(&json, "name", domains->list[i].name);
		json_map_end(&json);
	}
	json_array_end(&json);
	return json_end(&json);
}

static void print_table(struct xl *xl, const struct control_domains *domains)
{
	fprintf(xl->out, "UUID                                  ID    name\n");
	for (unsigned int i = 0; i < domains->count; i++) {
		const struct control_domain *domain = &domains->list[i];
		char uuid[37];

		control_uuid_format(domain->info.handle, uuid);
		fprintf(xl->out, "%s  %-4d %-30s\n", uuid, domain->info.domain,
			domain->name ? domain->name : "(null)");
	}
}

int cmd_vm_list(struct xl *xl, int argc, char **argv)
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
