/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl console: a terminal on a guest's console.
 */
#include "xl/xl.h"

#include "xl/console.h"

#include "xenconsole/attach.h"

#include <string.h>

int cmd_console(struct xl *xl, int argc, char **argv)
{
	struct console_options options = {.type = "pv"};
	unsigned long number = 0;
	domid_t domid;
	int option, status, escape;

	while ((option = xl_getopt(xl, argc, argv, "t:n:e:", NULL)) != -1) {
		switch (option) {
		case 't':
			options.type = optarg;
			break;
		case 'n':
			if (xl_read_number(optarg, &number) || number > 255) {
				fprintf(xl->err, "console number '%s' is no number\n", optarg);
				return XL_USAGE;
			}
			options.number = (unsigned int)number;
			break;
		case 'e':
			if (attach_parse_escape(optarg, &escape)) {
				fprintf(xl->err,
					"escape '%s' is not a character, ^X or none\n",
					optarg);
				return XL_USAGE;
			}
			options.escape = optarg;
			break;
		default:
			return xl_getopt_end(option);
		}
	}
	if (strcmp(options.type, "pv") != 0 && strcmp(options.type, "serial") != 0) {
		fprintf(xl->err, "console type supported are: pv, serial\n");
		return XL_USAGE;
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	return status ? status : console_attach(xl, domid, &options);
}
