/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl uptime: since when domains run, long or in the style of uptime(1).
 */
#include "xl/xl.h"

#include "control/domains.h"
#include "xl/json.h"

#include <errno.h>
#include <time.h>

static void format_time(uint64_t seconds, bool brief, char text[64])
{
	unsigned long days = (unsigned long)(seconds / 86400);
	unsigned int hours = (unsigned int)(seconds / 3600 % 24);
	unsigned int minutes = (unsigned int)(seconds / 60 % 60);
	int used = 0;

	if (days) {
		used = snprintf(text, 64, "%lu day%s, ", days, days > 1 ? "s" : "");
	}
	if (brief) {
		snprintf(text + used, (size_t)(64 - used), "%2u:%02u", hours, minutes);
	} else {
		snprintf(text + used, (size_t)(64 - used), "%2u:%02u:%02u", hours, minutes,
			 (unsigned int)(seconds % 60));
	}
}

static void print_brief(struct xl *xl, const struct control_domain *domain, const char *text)
{
	time_t now = (time_t)xl->control->clock.wall(xl->control->clock.context);
	struct tm local;
	char hour[16];

	localtime_r(&now, &local);
	strftime(hour, sizeof(hour), "%H:%M:%S", &local);
	fprintf(xl->out, " %s up %s, %s (%u)\n", hour, text, domain->name ? domain->name : "(null)",
		domain->info.domain);
}

static int print_domains(struct xl *xl, const struct control_domains *domains, bool brief)
{
	if (!brief) {
		fprintf(xl->out, "%-33s %4s %s\n", "Name", "ID", "Uptime");
	}
	for (unsigned int i = 0; i < domains->count; i++) {
		const struct control_domain *domain = &domains->list[i];
		uint64_t seconds = 0;
		char text[64];
		int err = control_domain_uptime(xl->control, domain, &seconds, &xl->report);

		if (err && err != -ENOENT) {
			return err;
		}
		format_time(seconds, brief, text);
		if (brief) {
			print_brief(xl, domain, text);
		} else {
			fprintf(xl->out, "%-33s %4d %s\n", domain->name ? domain->name : "(null)",
				domain->info.domain, text);
		}
	}
	return 0;
}

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
		uint64_t seconds = 0;

		json_map(&json);
		json_put_number(&json, "domid", domain->info.domain);
		json_put_text(&json, "name", domain->name);
		json_key(&json, "uptime_seconds");
		if (control_domain_uptime(xl->control, domain, &seconds, &xl->report)) {
			json_text(&json, NULL);
		} else {
			json_number(&json, (int64_t)seconds);
		}
		json_map_end(&json);
	}
	json_array_end(&json);
	return json_end(&json);
}

static int read_domains(struct xl *xl, const char *text, struct control_domains *domains)
{
	domid_t domid;
	int status = text ? xl_find_domain(xl, text, &domid) : xl_open(xl);

	if (status) {
		return status;
	}
	return xl_end(xl, text ? control_domains_one(xl->control, domid, domains, &xl->report)
			       : control_domains_list(xl->control, domains, &xl->report));
}

int cmd_uptime(struct xl *xl, int argc, char **argv)
{
	bool brief = false, json = false;
	const struct xl_switch switches[] = {
		{'s', "short", &brief}, {XL_OPT_JSON, NULL, &json}, {0}};
	struct control_domains domains;
	int err, status;

	if (!xl_begin(xl, argc, argv, switches, 0, &status)) {
		return status;
	}
	status = read_domains(xl, optind < argc ? argv[optind] : NULL, &domains);
	if (status) {
		return status;
	}
	err = json ? print_json(xl, &domains) : print_domains(xl, &domains, brief);
	control_domains_clear(&domains);
	return xl_end(xl, err);
}
