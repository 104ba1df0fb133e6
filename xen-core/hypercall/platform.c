/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platform_op: the hardware domain sets the clock, asks what the firmware left behind and which
 * CPUs there are, and sends the machine to sleep for good. Another interface version is refused
 * before anything else is looked at.
 */
#include "hypercall/efi.h"
#include "hypercall/host_info.h"

#include "domain/vtime.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/smp.h"

#include <xen/errno.h>

#define NS_PER_SECOND 1000000000U
#define ACPI_S5 5U
/* XENPF_firmware_info: UTF-16 characters of the vendor's name, with the end. */
#define VENDOR_CHARACTERS 100U

void (*platform_sleep_hook)(uint16_t pm1a, uint16_t pm1b);

static int set_time(uint64_t seconds, uint32_t nanoseconds, uint64_t system_time)
{
	if (nanoseconds >= NS_PER_SECOND) {
		return -XEN_EINVAL;
	}
	vtime_set_wallclock(seconds, nanoseconds, system_time);
	return 0;
}

static int set_time32(struct vcpu *v unused_arg, struct xen_platform_op *op)
{
	const struct xenpf_settime32 *time = &op->u.settime32;

	return set_time(time->secs, time->nsecs, time->system_time);
}

static int set_time64(struct vcpu *v unused_arg, struct xen_platform_op *op)
{
	const struct xenpf_settime64 *time = &op->u.settime64;

	return time->mbz != 0 ? -XEN_EINVAL : set_time(time->secs, time->nsecs, time->system_time);
}

static int vendor_name(struct vcpu *v, union xenpf_efi_info *info)
{
	uint16_t name[VENDOR_CHARACTERS] = {0};
	size_t count = min_u64(strlen(host_info->efi_vendor), VENDOR_CHARACTERS - 1);

	info->vendor.revision = host_info->efi_firmware_revision;
	if (info->vendor.bufsz < sizeof(name[0]) || info->vendor.name == 0) {
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		name[i] = (uint8_t)host_info->efi_vendor[i];
	}
	/* Cut to the room there is, always with an end. */
	count = min_u64(count, info->vendor.bufsz / sizeof(name[0]) - 1);
	name[count] = 0;
	return guest_out(v, guest_ptr(info->vendor.name), name, (count + 1) * sizeof(name[0]));
}

static int efi_info(struct vcpu *v, uint32_t index, union xenpf_efi_info *info)
{
	if (!host_info->is_efi) {
		return -XEN_ENOSYS;
	}
	switch (index) {
	case XEN_FW_EFI_VERSION:
	case XEN_FW_EFI_RT_VERSION:
		info->version = host_info->efi_revision;
		return 0;
	case XEN_FW_EFI_CONFIG_TABLE:
		info->cfg.addr = host_info->efi_config_table;
		info->cfg.nent = host_info->efi_config_count;
		return 0;
	case XEN_FW_EFI_VENDOR:
		return vendor_name(v, info);
	case XEN_FW_EFI_MEM_INFO:
		return -XEN_ESRCH;
	default:
		return -XEN_EINVAL;
	}
}

static int firmware_info(struct vcpu *v, struct xen_platform_op *op)
{
	struct xenpf_firmware_info *info = &op->u.firmware_info;

	return info->type == XEN_FW_EFI_INFO ? efi_info(v, info->index, &info->u.efi_info)
					     : -XEN_ESRCH;
}

/* Asked about an absent CPU it answers about the first, with the flag that says so. */
static int cpu_info(struct vcpu *v unused_arg, struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t cpu = info->xen_cpuid;

	info->max_present = smp_cpu_count() - 1;
	if (!cpu_set_has(&cpus_online, cpu)) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	info->flags = XEN_PCPU_FLAGS_ONLINE;
	info->apic_id = host_info->cpus[cpu].apic_id;
	info->acpi_id = host_info->cpus[cpu].acpi_id;
	return 0;
}

static int enter_sleep(struct vcpu *v unused_arg, struct xen_platform_op *op)
{
	const struct xenpf_enter_acpi_sleep *sleep = &op->u.enter_acpi_sleep;

	if (sleep->sleep_state != ACPI_S5 || sleep->flags != 0) {
		return -XEN_EINVAL;
	}
	if (!platform_sleep_hook) {
		return -XEN_EOPNOTSUPP;
	}
	platform_sleep_hook(sleep->val_a, sleep->val_b);
	return -XEN_EIO;
}

struct platform_row {
	int (*run)(struct vcpu *v, struct xen_platform_op *op);
	bool copies_back;
};

static const struct platform_row rows[] = {
	[XENPF_settime32] = {set_time32, false},
	[XENPF_efi_runtime_call] = {platform_efi_call, true},
	[XENPF_firmware_info] = {firmware_info, true},
	[XENPF_enter_acpi_sleep] = {enter_sleep, false},
	[XENPF_get_cpuinfo] = {cpu_info, true},
	[XENPF_settime64] = {set_time64, false},
};

int64_t hypercall_platform_op(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[0]);
	struct xen_platform_op op;
	int err;

	if (guest_in(call->v, &op, at, sizeof(op))) {
		return -XEN_EFAULT;
	}
	if (op.interface_version != XENPF_INTERFACE_VERSION) {
		return -XEN_EACCES;
	}
	err = rights_check(call->v->domain, NULL, RIGHT_HARDWARE);
	if (err) {
		return err;
	}
	if (op.cmd >= array_size(rows) || !rows[op.cmd].run) {
		return -XEN_ENOSYS;
	}
	err = rows[op.cmd].run(call->v, &op);
	if (err || !rows[op.cmd].copies_back) {
		return err;
	}
	return guest_out(call->v, at, &op, sizeof(op));
}
