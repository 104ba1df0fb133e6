/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl dmesg: the hypervisor's log, from its ring.
 */
#include "xl/xl.h"

#include "control/host.h"
#include "xl/json.h"

#include <stdlib.h>
#include <string.h>

static int print_json(struct xl *xl, char *text)
{
	char *rest = NULL;
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_array(&json);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_text(&json, line);
	}
	json_array_end(&json);
	return json_end(&json);
}

int cmd_dmesg(struct xl *xl, int argc, char **argv)
{
	bool clear = false, json = false;
	const struct xl_switch switches[] = {{'c', NULL, &clear}, {XL_OPT_JSON, NULL, &json}, {0}};
	char *text = NULL;
	int err, status;

	if (!xl_begin_open(xl, argc, argv, switches, &status)) {
		return status;
	}
	err = control_host_log(xl->control, clear, &text, &xl->report);
	if (!err && json) {
		err = print_json(xl, text);
	} else if (!err) {
		fputs(text, xl->out);
	}
	free(text);
	return xl_end(xl, err);
}
