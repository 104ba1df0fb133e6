/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two steps of building a domain: see build.h. Here is what both types have in common: opening
 * and checking the files, the limits, ports, the claim on free memory, and the two grants.
 *
 * A claim makes a lack of memory show before anything is given, not at its end; it is dropped
 * whatever happens, because what is left of it is nobody's.
 */
#include "guest/plan.h"

#include "call/domain.h"
#include "call/grant.h"
#include "call/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/start_info.h>
#include <xen/sysctl.h>

#define SLACK_KIB 1024UL /* beyond the maximum: special pages, and what tools add */
#define MAX_PORT 1023U
#define SSID_DOMU 12U /* the label that upstream's toolstack gives when none is asked for */

/* --- preparing ---------------------------------------------------------------------------------
 */
static int open_ramdisk(struct build *build, struct report *report)
{
	const char *path = build->ramdisk_path;
	struct stat status;

	build->ramdisk.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (build->ramdisk.fd < 0 || fstat(build->ramdisk.fd, &status)) {
		return report_error(report, errno, "ramdisk '%s'", path);
	}
	if (!S_ISREG(status.st_mode)) {
		report_error(report, EINVAL, "ramdisk '%s'", path);
		report_why(report, "not a regular file");
		return -EINVAL;
	}
	build->ramdisk.size = (uint64_t)status.st_size;
	return 0;
}

static int open_kernel(struct build *build, const char *cache, struct report *report)
{
	const char *why = NULL;
	int err = image_open(build->kernel_path, cache, &build->image, report);

	if (err) {
		return err;
	}
	err = kernel_parse(&build->image, &build->kernel, &why);
	if (!err) {
		why = build->type == BUILD_PV ? kernel_check_pv(&build->kernel)
					      : kernel_check_pvh(&build->kernel);
		err = why ? -ENOEXEC : 0;
	}
	if (err) {
		report_error(report, -err, "kernel '%s'", build->kernel_path);
		if (why) {
			report_why(report, "%s", why);
		}
		if (why && build->type == BUILD_PV && build->kernel.phys32_entry.given) {
			report_next(report, "it can start a PVH domain: type = \"pvh\"");
		}
	}
	return err;
}

static int lay_out(struct build *build, struct report *report)
{
	uint64_t needed;
	int err;

	if (build->type == BUILD_PV) {
		err = pv_layout_make(&build->kernel, build->ramdisk.size, build->pages, &build->pv);
		needed = build->pv.used * CALL_PAGE_SIZE;
	} else {
		err = pvh_layout_make(&build->kernel, build->ramdisk.size,
				      strlen(build->command_line) + 1, build->pages, &build->pvh);
		needed = build->pvh.used;
	}
	if (err == -ENOSPC) {
		report_error(report, ENOMEM, "memory=%" PRIu64, build->pages / 256);
		report_why(report,
			   "kernel and ramdisk need at least %" PRIu64 " MiB before they run",
			   (needed + (1UL << 20) - 1) >> 20);
		report_next(report, "give the domain more memory");
		return -ENOMEM;
	}
	if (err) {
		report_error(report, -err, "kernel '%s'", build->kernel_path);
		report_why(report, "its address space has no room for ramdisk and page tables");
	}
	return err;
}

static int check_numbers(const struct build *build, struct report *report)
{
	if (!build->pages) {
		report_error(report, EINVAL, "memory=0");
		report_why(report, "a domain needs memory");
		return -EINVAL;
	}
	if (build->pages > 1UL << 30) {
		report_error(report, EINVAL, "memory=%" PRIu64, build->pages / 256);
		report_why(report, "a domain has at most 4 TiB");
		return -EINVAL;
	}
	if (!build->max_vcpus || build->online_vcpus > build->max_vcpus) {
		report_error(report, EINVAL, "vcpus=%u, maxvcpus=%u", build->online_vcpus,
			     build->max_vcpus);
		report_why(report, "a domain has at least one vcpu, and no more than maxvcpus");
		return -EINVAL;
	}
	if (build->type == BUILD_PV && strlen(build->command_line) >= MAX_GUEST_CMDLINE) {
		report_error(report, E2BIG, "command line of kernel '%s'", build->kernel_path);
		report_why(report, "it has %zu characters; a PV kernel can be given %d",
			   strlen(build->command_line), MAX_GUEST_CMDLINE - 1);
		return -E2BIG;
	}
	return 0;
}

static int prepare(struct build *build, const struct build_spec *spec, struct report *report)
{
	int err;

	build->kernel_path = strdup(spec->kernel);
	build->ramdisk_path = spec->ramdisk ? strdup(spec->ramdisk) : NULL;
	build->command_line = strdup(spec->command_line ? spec->command_line : "");
	if (!build->kernel_path || !build->command_line ||
	    (spec->ramdisk && !build->ramdisk_path)) {
		return report_error(report, ENOMEM, "kernel '%s'", spec->kernel);
	}
	err = check_numbers(build, report);
	err = err ? err : open_kernel(build, spec->cache, report);
	if (!err && build->ramdisk_path) {
		err = open_ramdisk(build, report);
	}
	return err ? err : lay_out(build, report);
}

int build_prepare(const struct build_spec *spec, struct build **result, struct report *report)
{
	struct build *build = calloc(1, sizeof(*build));
	int err;

	if (!build) {
		return report_error(report, ENOMEM, "kernel '%s'", spec->kernel);
	}
	*build = (struct build){
		.type = spec->type,
		.pages = spec->memory_kib / 4,
		.max_memory_kib = spec->max_memory_kib > spec->memory_kib ? spec->max_memory_kib
									  : spec->memory_kib,
		.max_vcpus = spec->max_vcpus,
		.online_vcpus = spec->online_vcpus ? spec->online_vcpus : spec->max_vcpus,
		.store_domid = spec->store_domid,
		.console_domid = spec->console_domid,
		.unclaimed = spec->unclaimed,
		.image.fd = -1,
		.ramdisk.fd = -1,
	};
	err = prepare(build, spec, report);
	if (err) {
		build_free(build);
		return err;
	}
	*result = build;
	return 0;
}

void build_free(struct build *build)
{
	if (!build) {
		return;
	}
	image_close(&build->image);
	image_close(&build->ramdisk);
	free(build->kernel_path);
	free(build->ramdisk_path);
	free(build->command_line);
	free(build);
}

void build_fill_config(const struct build *build, uint32_t capabilities,
		       struct xen_domctl_createdomain *config)
{
	bool has_v2 = capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2;

	*config = (struct xen_domctl_createdomain){
		.ssidref = SSID_DOMU,
		.max_vcpus = build->max_vcpus,
		.max_evtchn_port = MAX_PORT,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(has_v2 ? 2 : 1),
	};
	if (build->type == BUILD_PVH) {
		config->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
		config->arch.emulation_flags = XEN_X86_EMU_LAPIC;
	}
}

uint64_t build_needs_kib(const struct build *build)
{
	uint64_t extra = build->type == BUILD_PVH ? PVH_SPECIAL_PAGES + PVH_ACPI_PAGES : 0;

	return (build->pages + extra) * 4;
}

/* --- running -----------------------------------------------------------------------------------
 */
static int set_limits(const struct run *run)
{
	const struct build *build = run->build;
	int err = call_domain_set_max_vcpus(run->call, run->domid, build->max_vcpus);

	if (err) {
		return run_failed(run, err, "giving it vcpus");
	}
	err = call_domain_set_max_mem(run->call, run->domid, build->max_memory_kib + SLACK_KIB);
	return err ? run_failed(run, err, "setting its maximum of memory") : 0;
}

static int make_ports(const struct run *run)
{
	struct build_result *result = run->result;
	int err = call_domain_alloc_port(run->call, run->domid, run->build->store_domid,
					 &result->store_port);

	if (err) {
		return run_failed(run, err, "making its store's event channel");
	}
	err = call_domain_alloc_port(run->call, run->domid, run->build->console_domid,
				     &result->console_port);
	return err ? run_failed(run, err, "making its console's event channel") : 0;
}

static int claim(const struct run *run)
{
	int err = run->build->unclaimed ? 0
					: call_memory_claim(run->call, run->domid,
							    build_needs_kib(run->build) / 4);

	if (!err || err == -ENOSYS) {
		return 0;
	}
	run_failed(run, err, "reserving memory for it");
	if (err == -ENOMEM) {
		report_why(run->report, "the host does not have %" PRIu64 " MiB free",
			   build_needs_kib(run->build) / 1024);
		report_next(run->report, "free memory on the host: shrink dom0 (xl mem-set 0 "
					 "SIZE) or another domain");
	}
	report_detail(run->report, "memory_op claim_pages %" PRIu64 ": %s",
		      build_needs_kib(run->build) / 4, strerror(-err));
	return err;
}

static int offer_pages(const struct run *run)
{
	const struct grant_seed seeds[] = {
		{.ref = GNTTAB_RESERVED_CONSOLE,
		 .to = run->build->console_domid,
		 .frame = run->result->console_frame},
		{.ref = GNTTAB_RESERVED_XENSTORE,
		 .to = run->build->store_domid,
		 .frame = run->result->store_frame},
	};
	int err = grant_seed(run->call, run->domid, seeds, 2);

	return err ? run_failed(run, err, "granting its store and console pages") : 0;
}

int build_run(const struct build *build, struct call *call, domid_t domid,
	      struct build_result *result, struct report *report)
{
	struct run run = {
		.build = build, .call = call, .domid = domid, .result = result, .report = report};
	int err;

	*result = (struct build_result){0};
	err = set_limits(&run);
	err = err ? err : make_ports(&run);
	err = err ? err : claim(&run);
	if (err) {
		return err;
	}
	err = build->type == BUILD_PV ? pv_run(&run) : pvh_run(&run);
	call_memory_claim(call, domid, 0);
	return err ? err : offer_pages(&run);
}
