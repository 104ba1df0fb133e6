/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl domxml: a configuration as libvirt's domain XML. An argument with a slash or of an existing
 * file is a file, any other a domain.
 */
#include "xl/xl.h"

#include "config/config.h"
#include "control/domains.h"
#include "control/record.h"
#include "xl/guest_config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int read_domain(struct xl *xl, const char *name, struct vm_config **config)
{
	struct control_domains domains;
	domid_t domid;
	int err, status = xl_find_domain(xl, name, &domid);

	if (status) {
		return status;
	}
	err = control_domains_one(xl->control, domid, &domains, &xl->report);
	if (!err) {
		err = control_record_current(xl->control, &domains.list[0].info, config,
					     &xl->report);
		control_domains_clear(&domains);
	}
	return xl_end(xl, err);
}

int cmd_domxml(struct xl *xl, int argc, char **argv)
{
	struct vm_config *config = NULL;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "", NULL)) != -1) {
		return xl_getopt_end(option);
	}
	if (!xl_has_arguments(xl, argc, 1)) {
		return XL_USAGE;
	}
	if (strchr(argv[optind], '/') || access(argv[optind], R_OK) == 0) {
		status = xl_end(xl, guest_config_read(xl, argv[optind], NULL, 0, &config));
	} else {
		status = read_domain(xl, argv[optind], &config);
	}
	if (!status) {
		status = xl_end(xl, guest_config_print_xml(xl, config));
	}
	vm_config_free(config);
	return status;
}
