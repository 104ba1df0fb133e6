/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl config-update: another stored configuration for a running domain. It keeps its number and
 * UUID; what the new text says holds from the next restart on.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/domains.h"
#include "control/record.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int update(struct xl *xl, domid_t domid, struct vm_config *config, bool show)
{
	struct control_domains domains;
	int err = control_domains_one(xl->control, domid, &domains, &xl->report);

	if (err) {
		return xl_end(xl, err);
	}
	memcpy(config->uuid, domains.list[0].info.handle, sizeof(config->uuid));
	control_domains_clear(&domains);
	if (show || xl->dry_run) {
		err = guest_config_print(xl, config);
	}
	if (!err && !xl->dry_run) {
		err = control_record_write(xl->control, domid, config, &xl->report);
	}
	return xl_end(xl, err);
}

int cmd_config_update(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {{"defconfig", required_argument, NULL, 'f'}, {0}};
	const char *file = NULL;
	struct vm_config *config = NULL;
	bool show = false;
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "df:", options)) != -1) {
		switch (option) {
		case 'd':
			show = true;
			break;
		case 'f':
			file = optarg;
			break;
		default:
			return xl_getopt_end(option);
		}
	}
	if (!xl_has_arguments(xl, argc, file ? 1 : 2)) {
		return XL_USAGE;
	}
	status = xl_find_domain(xl, argv[optind++], &domid);
	if (status) {
		return status;
	}
	if (!file) {
		file = argv[optind++];
	}
	if (guest_config_read(xl, file, argv + optind, (unsigned int)(argc - optind), &config)) {
		return xl_end(xl, -EINVAL);
	}
	status = update(xl, domid, config, show);
	vm_config_free(config);
	return status;
}
