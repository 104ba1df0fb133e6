/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of creation; see create.h. Files are opened and unpacked before there is a domain:
 * most mistakes of a configuration cost nothing. Undoing is control_domain_destroy(), which copes
 * with any part missing; so there is one way back, the same for a failed step, a killed creator
 * and an ordinary guest.
 */
#include "control/create.h"

#include "call/domain.h"
#include "call/host.h"
#include "config/bootloader.h"
#include "config/config.h"
#include "control/cpuid.h"
#include "control/devices.h"
#include "control/domains.h"
#include "control/life.h"
#include "control/memory.h"
#include "control/nodes.h"
#include "control/pending.h"
#include "control/record.h"
#include "control/sched.h"
#include "control/vcpus.h"
#include "device/device.h"
#include "guest/build.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define EVENT_CHANNELS_DEFAULT 1023

struct creation {
	struct control *control;
	struct vm_config *config;
	const struct control_create *how;
	struct bootloader_result loaded;
	struct build *build;
	struct build_result built;
	struct control_pending pending;
	bool exists; /* the hypervisor has the domain */
	int room_lock;
	struct report *report;
};

static int refuse(struct report *report, const struct vm_config *config, const char *what,
		  const char *next)
{
	report_error(report, EINVAL, "guest '%s'", config->name);
	report_why(report, "%s", what);
	report_next(report, "%s", next);
	return -EINVAL;
}

int control_config_check(struct control *control, const struct vm_config *config,
			 struct report *report)
{
	if (config->type == VM_TYPE_HVM) {
		return refuse(report, config,
			      "type=\"hvm\" needs a device model, which is not here",
			      "use type=\"pvh\" or type=\"pv\"");
	}
	if (config->target_kib == VM_KIB_DEFAULT || config->target_kib == 0) {
		return refuse(report, config, "it has no memory", "add memory=MEGABYTES");
	}
	if (config->max_kib != VM_KIB_DEFAULT && config->max_kib < config->target_kib) {
		return refuse(report, config,
			      "maxmem= is less than memory=", "raise maxmem= or leave it out");
	}
	if (!config->kernel && !config->bootloader) {
		return refuse(report, config, "nothing says what to boot",
			      "add kernel=\"FILE\" or bootloader=\"pygrub\"");
	}
	if (!config->kernel && config->disk_count == 0) {
		return refuse(report, config, "bootloader= has no disk to look into",
			      "add disk=[...] or kernel=\"FILE\"");
	}
	if (config->pci_count || config->ioport_ranges || config->irq_count ||
	    config->iomem_ranges) {
		return refuse(report, config, "handing hardware over is not supported",
			      "remove pci=, ioports=, irqs= and iomem=");
	}
	return strchr(config->name, '/') || !*config->name
		       ? refuse(report, config, "a name is not empty and has no slash",
				"change name=")
		       : 0;
}

/* Keys whose work is done by programs or a hypervisor that are not here: such a domain is created
 * without. */
static void warn_of_no_effect(const struct creation *creation)
{
	const struct vm_config *config = creation->config;
	bool translated = config->type != VM_TYPE_PV;
	const struct {
		bool given;
		const char *keys;
		const char *why;
	} without[] = {
		{config->vfb_count, "vfb=", "no program here serves a screen and keyboard"},
		{config->p9_count, "p9=", "no program here serves 9pfs"},
		{config->vnodes, "vnuma=", "guests have one node"},
		{translated && config->hap == CHOICE_NO, "hap=0", "guests have nested pages"},
		{translated && config->acpi == CHOICE_NO, "acpi=0",
		 "a PVH guest learns of its CPUs by ACPI"},
		{config->pv.pvshim == CHOICE_YES, "pvshim=", "there is no shim"},
		{config->nested_hvm == CHOICE_YES, "nestedhvm=", "guests cannot have guests"},
	};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		if (without[i].given) {
			report_warning(creation->report, "guest '%s': %s has no effect",
				       config->name, without[i].keys);
			report_why(creation->report, "%s", without[i].why);
			report_next(creation->report, "remove it if the guest does without");
		}
	}
}

static int check_name_free(struct creation *creation)
{
	domid_t other;
	int err = control_domain_find_name(creation->control, creation->config->name, &other,
					   creation->report);

	if (err == -ENOENT) {
		return 0;
	}
	if (!err) {
		report_error(creation->report, EEXIST, "Domain with name \"%s\" already exists",
			     creation->config->name);
		report_why(creation->report, "it is domain %u", other);
		report_next(creation->report, "change name=, or xl destroy %u", other);
		err = -EEXIST;
	}
	return err;
}

/* What the configuration leaves open and the stored one must have. */
static int complete_config(struct creation *creation)
{
	static const uint8_t none[6];
	struct vm_config *config = creation->config;
	int next = 0;

	if (config->max_kib == VM_KIB_DEFAULT) {
		config->max_kib = config->target_kib;
	}
	if (config->video_kib == VM_KIB_DEFAULT) {
		config->video_kib = 0; /* else libxl takes it for memory of unknown size */
	}
	for (unsigned int i = 0; i < config->nic_count; i++) {
		struct vm_nic *nic = &config->nics[i];

		if (nic->devid == VM_UNSET) {
			nic->devid = next;
		}
		next = nic->devid + 1;
		if (nic->type == VM_NIC_DEFAULT) {
			nic->type = VM_NIC_VIF;
		}
		if (!memcmp(nic->mac, none, sizeof(none)) && control_mac_random(nic->mac)) {
			return report_error(creation->report, errno, "a MAC address");
		}
	}
	return 0;
}

static int run_bootloader(struct creation *creation)
{
	const struct vm_config *config = creation->config;
	struct bootloader_options options = {.console = creation->how->console};

	if (config->kernel || !config->bootloader) {
		return 0;
	}
	return bootloader_run(config, config->disks[0].path, &options, &creation->loaded,
			      creation->report);
}

static int prepare_build(struct creation *creation)
{
	const struct vm_config *config = creation->config;
	bool loaded = creation->loaded.kernel != NULL;
	struct build_spec spec = {
		.type = config->type == VM_TYPE_PV ? BUILD_PV : BUILD_PVH,
		.kernel = loaded ? creation->loaded.kernel : config->kernel,
		.ramdisk = loaded ? creation->loaded.ramdisk : config->ramdisk,
		.command_line = loaded && creation->loaded.cmdline ? creation->loaded.cmdline
								   : config->cmdline,
		.memory_kib = config->target_kib,
		.max_memory_kib = config->max_kib,
		.max_vcpus = config->max_vcpus,
		.online_vcpus = vm_set_count(&config->avail_vcpus),
		.cache = BUILD_CACHE_DIRECTORY,
		.unclaimed = config->claim_mode == CHOICE_NO,
	};

	return build_prepare(&spec, &creation->build, creation->report);
}

/* While memory is moved from dom0 to a new guest, no other creation may count on it. */
static int make_room(struct creation *creation)
{
	struct control *control = creation->control;
	char whom[160];

	if (control_memory_autoballoons(control)) {
		creation->room_lock =
			open(control->conf.lockfile, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (creation->room_lock < 0 || flock(creation->room_lock, LOCK_EX)) {
			return report_error(creation->report, errno, "lock %s",
					    control->conf.lockfile);
		}
	}
	snprintf(whom, sizeof(whom), "guest '%.120s'", creation->config->name);
	return control_memory_make_room(control, build_needs_kib(creation->build), whom,
					creation->report);
}

static int fill_domain(struct creation *creation, struct xen_domctl_createdomain *domain)
{
	const struct vm_config *config = creation->config;
	const struct xl_conf *conf = &creation->control->conf;
	struct xen_sysctl_physinfo phys;
	int err = call_host_physinfo(creation->control->call, &phys);

	if (err) {
		return control_failed(creation->report, err, "sysctl physinfo",
				      "the machine's facts");
	}
	build_fill_config(creation->build, phys.capabilities, domain);
	memcpy(domain->handle, config->uuid, sizeof(domain->handle));
	domain->max_evtchn_port =
		config->event_channels ? config->event_channels : EVENT_CHANNELS_DEFAULT;
	if (config->max_grant_frames != VM_FRAMES_DEFAULT) {
		domain->max_grant_frames = (int32_t)config->max_grant_frames;
	} else if (conf->max_grant_frames != VM_FRAMES_DEFAULT) {
		domain->max_grant_frames = (int32_t)conf->max_grant_frames;
	}
	if (config->max_maptrack_frames != VM_FRAMES_DEFAULT) {
		domain->max_maptrack_frames = (int32_t)config->max_maptrack_frames;
	} else if (conf->max_maptrack_frames != VM_FRAMES_DEFAULT) {
		domain->max_maptrack_frames = (int32_t)conf->max_maptrack_frames;
	}
	if (config->pool_name && *config->pool_name) {
		err = control_pool_find(creation->control, config->pool_name, &domain->cpupool_id,
					creation->report);
	}
	return err;
}

/* Takes a number and a domain under it. Another toolstack may have been faster: then the next. */
static int make_domain(struct creation *creation)
{
	struct control *control = creation->control;
	struct xen_domctl_createdomain domain = {0};
	int err = fill_domain(creation, &domain);

	for (unsigned int tries = 0; !err && tries < 16; tries++) {
		domid_t domid;

		err = control_pending_begin(control, creation->config->uuid, &creation->pending,
					    creation->report);
		if (err) {
			return err;
		}
		err = control_step(control, "making the domain", creation->report);
		if (err) {
			return err;
		}
		domid = creation->pending.domid;
		err = call_domain_create(control->call, &domain, &domid);
		if (err != -EEXIST) {
			creation->exists = !err;
			return err ? control_failed(creation->report, err, "domctl createdomain",
						    "making the domain of guest '%s'",
						    creation->config->name)
				   : 0;
		}
		control_pending_end(control, &creation->pending);
		err = 0;
	}
	return err ? err
		   : report_error(creation->report, EEXIST,
				  "no domain number stays free long enough");
}

static const struct vm_set *mask_of(const struct creation *creation)
{
	const struct xl_conf *conf = &creation->control->conf;
	const struct vm_set *kind =
		creation->config->type == VM_TYPE_PV ? &conf->vm_pv_cpumask : &conf->vm_hvm_cpumask;

	return kind->all ? &conf->vm_cpumask : kind;
}

/* A vcpu's CPUs: the configuration's, without those xl.conf keeps from guests. */
static int pin_vcpu(struct creation *creation, unsigned int vcpu)
{
	static const struct vm_set anywhere = {.all = true};
	const struct vm_config *config = creation->config;
	const struct vm_set *mask = mask_of(creation), *hard = &anywhere, *soft = NULL;
	struct vm_set both = {0};
	int err = 0;

	if (vcpu < config->hard_affinities) {
		hard = &config->hard_affinity[vcpu];
	}
	if (vcpu < config->soft_affinities) {
		soft = &config->soft_affinity[vcpu];
	}
	if (!mask->all && !creation->how->ignore_masks) {
		for (unsigned int cpu = 0; cpu < VM_CPUS_MAX && !err; cpu++) {
			if (vm_set_has(mask, cpu) && (hard->all || vm_set_has(hard, cpu))) {
				err = vm_set_add(&both, cpu);
			}
		}
		hard = &both;
	}
	if (!err && (hard != &anywhere || soft)) {
		err = control_vcpu_pin(creation->control, creation->pending.domid, (int)vcpu, hard,
				       soft, false, creation->report);
	}
	vm_set_clear(&both);
	return err;
}

/* After the vcpus exist. */
static int set_scheduling(struct creation *creation)
{
	struct control *control = creation->control;
	const struct vm_config *config = creation->config;
	struct control_weight weight = {.weight = config->weight, .cap = config->cap};
	uint32_t scheduler = 0;
	int err = 0;

	for (unsigned int vcpu = 0; vcpu < config->max_vcpus && !err; vcpu++) {
		err = pin_vcpu(creation, vcpu);
	}
	if (err || (weight.weight == VM_UNSET && weight.cap == VM_UNSET)) {
		return err;
	}
	err = call_host_scheduler(control->call, &scheduler);
	if (err) {
		return control_failed(creation->report, err, "sysctl sched_id", "the scheduler");
	}
	if (scheduler == XEN_SCHEDULER_NULL) {
		report_warning(creation->report, "cpu_weight= and cap= of guest '%s'",
			       config->name);
		report_why(creation->report, "the scheduler in use has no weights");
		return 0;
	}
	return control_weight_set(control, creation->pending.domid, scheduler, &weight,
				  creation->report);
}

/* Seconds its clock is ahead of UTC. */
static int32_t clock_offset(const struct creation *creation)
{
	const struct vm_config *config = creation->config;
	const struct control_clock *clock = &creation->control->clock;
	uint32_t offset = config->rtc_timeoffset; /* two's complement */

	if (config->localtime == CHOICE_YES) {
		time_t now = (time_t)clock->wall(clock->context);
		struct tm local;

		tzset();
		if (localtime_r(&now, &local)) {
			offset += (uint32_t)local.tm_gmtoff;
		}
	}
	return (int32_t)offset;
}

static int set_clock(struct creation *creation)
{
	static const uint32_t modes[] = {
		[VM_TSC_DEFAULT] = 0,
		[VM_TSC_ALWAYS_EMULATE] = 1,
		[VM_TSC_NATIVE] = 2,
		[VM_TSC_NATIVE_PARAVIRT] = 2, /* the mode itself is gone since 4.13 */
	};
	struct xen_domctl_tsc_info info = {.tsc_mode = modes[creation->config->tsc_mode]};
	int32_t offset = clock_offset(creation);
	int err = call_domain_set_tsc(creation->control->call, creation->pending.domid, &info);

	if (!err && offset) {
		err = call_domain_set_time_offset(creation->control->call, creation->pending.domid,
						  offset);
	}
	return err ? control_failed(creation->report, err, "domctl settscinfo",
				    "the clock of guest '%s'", creation->config->name)
		   : 0;
}

static int build_domain(struct creation *creation)
{
	int err = control_step(creation->control, "building the domain", creation->report);

	if (!err) {
		err = set_clock(creation);
	}
	if (!err) {
		err = control_cpuid_apply(creation->control, creation->pending.domid,
					  creation->config, creation->report);
	}
	if (!err) {
		err = build_run(creation->build, creation->control->call, creation->pending.domid,
				&creation->built, creation->report);
	}
	if (!err) {
		err = set_scheduling(creation);
	}
	return err;
}

static int introduce(struct creation *creation)
{
	struct control *control = creation->control;
	domid_t domid = creation->pending.domid;
	int err = control_step(control, "introducing the domain", creation->report);

	if (!err) {
		err = control_nodes_write_built(control, domid, creation->config, &creation->built,
						creation->report);
	}
	if (!err) {
		err = store_introduce(control->store, domid, creation->built.store_frame,
				      creation->built.store_port);
		if (err) {
			report_error(creation->report, -err, "introducing domain %u to the store",
				     domid);
		}
	}
	return err;
}

static int furnish(struct creation *creation)
{
	struct device_console console = {.frame = creation->built.console_frame,
					 .port = creation->built.console_port};
	struct control *control = creation->control;
	domid_t domid = creation->pending.domid;
	struct device_site site;
	int err = control_step(control, "attaching devices", creation->report);

	if (!err) {
		err = control_device_site(control, &site, creation->report);
	}
	if (!err) {
		err = device_add_console(&site, domid, &console, creation->report);
	}
	if (!err) {
		err = introduce(creation);
	}
	if (!err) {
		err = device_attach_all(&site, domid, creation->config, creation->report);
	}
	if (!err) {
		err = control_record_write(control, domid, creation->config, creation->report);
	}
	return err;
}

static int start(struct creation *creation)
{
	struct control *control = creation->control;
	domid_t domid = creation->pending.domid;
	int err = control_step(control, "starting the domain", creation->report);

	if (!err) {
		err = control_nodes_write_whole(control, domid, creation->config,
						creation->how->lifecycle, creation->report);
	}
	if (!err && creation->how->ready) {
		creation->how->ready(creation->how->data, domid);
	}
	if (!err && !creation->how->paused) {
		err = control_domain_unpause(control, domid, creation->report);
	}
	return err;
}

static int prepare(struct creation *creation)
{
	int err = control_config_check(creation->control, creation->config, creation->report);

	if (!err) {
		warn_of_no_effect(creation);
		err = check_name_free(creation);
	}
	if (!err) {
		err = complete_config(creation);
	}
	if (!err) {
		err = run_bootloader(creation);
	}
	if (!err) {
		err = prepare_build(creation);
	}
	if (!err) {
		err = make_room(creation);
	}
	return err;
}

static int carry_out(struct creation *creation)
{
	int err = make_domain(creation);

	if (!err) {
		err = control_nodes_write(creation->control, creation->pending.domid,
					  creation->config, creation->report);
	}
	if (!err) {
		err = build_domain(creation);
	}
	if (!err) {
		err = furnish(creation);
	}
	if (!err) {
		err = start(creation);
	}
	return err;
}

/* After a failure; what cannot be undone now stays marked, for the next reap. */
static void undo(struct creation *creation)
{
	struct report trouble = {0};
	domid_t domid = creation->pending.domid;
	int err;

	if (creation->pending.fd < 0) {
		return;
	}
	err = creation->exists ? control_domain_destroy(creation->control, domid, &trouble)
			       : control_domain_forget(creation->control, domid, &trouble);
	if (err && err != -ESRCH) {
		report_warning(creation->report, "domain %u could not be removed again", domid);
		if (trouble.count) {
			report_why(creation->report, "%s", trouble.messages[0].what);
		}
		report_next(creation->report, "it will be tried again: by lifecycled, or the next "
					      "xl create");
		close(creation->pending.fd);
		creation->pending.fd = -1;
	} else {
		control_pending_end(creation->control, &creation->pending);
	}
	report_clear(&trouble);
}

int control_domain_create(struct control *control, struct vm_config *config,
			  const struct control_create *how, domid_t *domid, struct report *report)
{
	struct creation creation = {
		.control = control,
		.config = config,
		.how = how,
		.pending = {.fd = -1},
		.room_lock = -1,
		.report = report,
	};
	struct store *store;
	int err = control_store(control, &store, report);

	if (!err) {
		control_pending_reap(control, NULL, NULL);
		err = prepare(&creation);
	}
	if (!err) {
		err = carry_out(&creation);
		if (err) {
			undo(&creation);
		} else {
			*domid = creation.pending.domid;
			control_pending_end(control, &creation.pending);
		}
	}
	if (creation.room_lock >= 0) {
		close(creation.room_lock);
	}
	bootloader_result_clear(&creation.loaded);
	build_free(creation.build);
	return err;
}
