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
	char *text = NULL;
	int option, err, status;

	while ((option = xl_getopt(xl, argc, argv, "c", NULL)) != -1) {
		switch (option) {
		case 'c':
			clear = true;
			break;
		case XL_OPT_JSON:
			json = true;
			break;
		default:
			return xl_getopt_end(option);
		}
	}
	status = xl_open(xl);
	if (status) {
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
