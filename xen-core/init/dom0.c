/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain 0: what it is made of, whichever kind it is; dom0_pv.c and dom0_pvh.c make the rest. Then
 * it is unpaused.
 */
#include "init/dom0.h"
#include "init/init.h"

#include "domain/access.h"
#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "lib/check.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/math.h"
#include "machine/smp.h"
#include "mm/buddy.h"

#include <xen/domctl.h>

void dom0_refuse(const char *what, const char *why)
{
	panic("dom0: %s: %s", what, why);
}

static struct boot_module *module_of(enum boot_module_kind kind)
{
	for (uint32_t i = 0; i < boot.module_count; i++) {
		if (boot.modules[i].kind == kind) {
			return &boot.modules[i];
		}
	}
	return NULL;
}

static uint64_t choose_pages(void)
{
	uint64_t free = buddy_free_count();
	uint64_t reserve = min_u64(free / 16, MIB(128) >> PAGE_SHIFT);
	uint64_t wanted = options.dom0_memory >> PAGE_SHIFT;

	if (wanted == 0 || wanted > free - reserve) {
		wanted = free - reserve;
	}
	return wanted;
}

static struct domain *create_domain(const struct guest_ops *ops)
{
	struct domain_config config = {
		.max_vcpus = (uint32_t)min_u64(options.dom0_vcpus ? options.dom0_vcpus
								  : smp_cpu_count(),
					       DOMAIN_VCPUS_MAX),
		.max_evtchn_port = ~0U,
		.max_grant_frames = GRANT_FRAMES_DEFAULT,
		.max_maptrack_frames = MAPTRACK_FRAMES_DEFAULT,
		.emulation_flags = ops->is_pv ? 0 : XEN_X86_EMU_LAPIC,
	};
	struct domain *d;

	if (domain_create(0, &config, ops, true, &d)) {
		dom0_refuse("domain", "no memory to create it");
	}
	for (uint32_t i = 0; i < config.max_vcpus; i++) {
		if (vcpu_create(d, i)) {
			dom0_refuse("domain", "no memory for a vcpu");
		}
	}
	if (access_grant_all(d)) {
		dom0_refuse("domain", "no memory for its rights");
	}
	return d;
}

static void give_back(struct dom0 *from)
{
	dom0_image_close(&from->image);
	memory_free_module(from->kernel);
	if (from->initrd) {
		memory_free_module(from->initrd);
	}
}

void dom0_build(void)
{
	bool is_pvh = cmdline_list_has(options.dom0, "pvh");
	static struct dom0 from;
	const char *why = "?";

	from.kernel = module_of(BOOT_MODULE_KERNEL);
	from.initrd = module_of(BOOT_MODULE_RAMDISK);
	if (!from.kernel) {
		dom0_refuse("kernel", "the boot loader passed none");
	}
	if (is_pvh && !virt_ops) {
		dom0_refuse("dom0=pvh", "the machine has no hardware virtualization");
	}
	if (dom0_image_open(&from.image, memory_module(from.kernel), from.kernel->bytes, &why)) {
		dom0_refuse("kernel", why);
	}
	from.d = create_domain(is_pvh ? &hvm_guest_ops : &pv_guest_ops);
	from.pages = choose_pages();
	(is_pvh ? dom0_build_pvh : dom0_build_pv)(&from);
	from.d->vcpus[0]->is_initialised = true;
	vtime_update_wallclock(from.d);
	vcpu_clear_flag(from.d->vcpus[0], VCPU_DOWN);
	from.d->frame_max = max_u64(from.pages, options.dom0_memory_max >> PAGE_SHIFT);
	give_back(&from);
	log_info("*** Serial input to dom0 (type Ctrl-a three times to switch)");
	if (domain_control_unpause(from.d)) {
		dom0_refuse("domain", "it was not paused");
	}
}
