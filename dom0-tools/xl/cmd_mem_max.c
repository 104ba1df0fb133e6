/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl mem-max: what a domain may have at most.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/memory.h"

int cmd_mem_max(struct xl *xl, int argc, char **argv)
{
	uint64_t kib;
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		return xl_getopt_end(option);
	}
	if (!xl_has_arguments(xl, argc, 2)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	if (config_read_memory(argv[optind + 1], &kib, NULL)) {
		fprintf(xl->err,
			"invalid memory size: %s\n"
			"    a number of MiB, or one with b, k, m, g or t behind it\n",
			argv[optind + 1]);
		return XL_FAILED;
	}
	return xl_end(xl, control_memory_set_max(xl->control, domid, kib, &xl->report));
}
