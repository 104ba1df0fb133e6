/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl vcpu-pin: hard and soft affinity of one vcpu or all. "-" leaves one of the two alone.
 */
#include "xl/xl.h"

#include "call/host.h"
#include "config/config.h"
#include "control/vcpus.h"

#include <errno.h>
#include <string.h>

struct pinning {
	int vcpu; /* -1: all */
	bool has_hard;
	bool has_soft;
	struct vm_set hard;
	struct vm_set soft;
	bool force;
};

static int read_set(struct xl *xl, const char *text, bool *has, struct vm_set *set)
{
	struct config_host host = {0};
	struct xen_sysctl_physinfo phys;

	*has = strcmp(text, "-") != 0;
	if (!*has) {
		return 0;
	}
	if (!call_host_physinfo(xl->control->call, &phys)) {
		host.cpus = phys.max_cpu_id + 1;
	}
	return config_read_cpus(text, &host, set, &xl->report);
}

static int show(struct xl *xl, domid_t domid, const struct pinning *pinning)
{
	fprintf(xl->out, "cpumap: %s affinity of domain %u, vcpu ", "new", domid);
	if (pinning->vcpu < 0) {
		fprintf(xl->out, "all\n");
	} else {
		fprintf(xl->out, "%d\n", pinning->vcpu);
	}
	return XL_OK;
}

static int pin(struct xl *xl, domid_t domid, const char *vcpu, struct pinning *pinning)
{
	if (!pinning->has_hard && !pinning->has_soft) {
		report_error(&xl->report, 0, "vcpu-pin of domain %u", domid);
		report_why(&xl->report, "both affinities are '-': nothing would change");
		return xl_end(xl, -EINVAL);
	}
	if (xl->dry_run) {
		return show(xl, domid, pinning);
	}
	if (control_vcpu_pin(
		    xl->control, domid, pinning->vcpu, pinning->has_hard ? &pinning->hard : NULL,
		    pinning->has_soft ? &pinning->soft : NULL, pinning->force, &xl->report)) {
		xl_show(xl);
		fprintf(xl->err, "Could not set affinity for vcpu `%s'.\n", vcpu);
		return XL_FAILED;
	}
	return XL_OK;
}

int cmd_vcpu_pin(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {0}};
	struct pinning pinning = {.vcpu = -1, .force = xl->force};
	unsigned long number;
	domid_t domid;
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "f", options)) != -1) {
		if (option != 'f') {
			return xl_getopt_end(option);
		}
		pinning.force = true;
	}
	if (!xl_has_arguments(xl, argc, 3)) {
		return XL_USAGE;
	}
	if (strcmp(argv[optind + 1], "all") != 0) {
		if (xl_read_number(argv[optind + 1], &number) || number >= VM_VCPUS_MAX) {
			fprintf(xl->err,
				"Invalid argument \"%s\" for <VCPU>.\n    a number, or \"all\"\n",
				argv[optind + 1]);
			return XL_FAILED;
		}
		pinning.vcpu = (int)number;
	}
	status = xl_find_domain(xl, argv[optind], &domid);
	if (status) {
		return status;
	}
	if (read_set(xl, argv[optind + 2], &pinning.has_hard, &pinning.hard) ||
	    (argc - optind > 3 &&
	     read_set(xl, argv[optind + 3], &pinning.has_soft, &pinning.soft))) {
		status = xl_end(xl, -EINVAL);
	} else {
		status = pin(xl, domid, argv[optind + 1], &pinning);
	}
	vm_set_clear(&pinning.hard);
	vm_set_clear(&pinning.soft);
	return status;
}
