/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl mem-set: what a domain shall have, its balloon driver does the rest; xl mem-max: what it may
 * have at most.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/memory.h"

static int set_memory(struct xl *xl, int argc, char **argv,
		      int (*set)(struct control *control, domid_t domid, uint64_t kib,
				 struct report *report))
{
	uint64_t kib;
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 2, &domid, &status)) {
		return status;
	}
	if (config_read_memory(argv[optind + 1], &kib, NULL)) {
		fprintf(xl->err,
			"invalid memory size: %s\n"
			"    a number of MiB, or one with b, k, m, g or t behind it\n",
			argv[optind + 1]);
		return XL_FAILED;
	}
	return xl_end(xl, set(xl->control, domid, kib, &xl->report));
}

int cmd_mem_set(struct xl *xl, int argc, char **argv)
{
	return set_memory(xl, argc, argv, control_memory_set_target);
}

int cmd_mem_max(struct xl *xl, int argc, char **argv)
{
	return set_memory(xl, argc, argv, control_memory_set_max);
}
