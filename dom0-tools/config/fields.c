/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that describe struct vm_config; see fields.h. Names and order are those of
 * libxl 4.17's JSON (/usr/include/_libxl_types.h has the same order); members of libxl that this
 * release does not support are entered as FIELD_SKIP, so that reading another tool's JSON can name
 * them.
 */
#include "config/fields.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((unsigned int)(sizeof(array) / sizeof((array)[0])))
#define NAMES(variable, value, ...)                                                                \
	static const char *const variable##_text[] = {__VA_ARGS__};                                \
	static const struct field_names variable = {value, COUNT(variable##_text), variable##_text}
#define TABLE(variable, type, fields)                                                              \
	const struct field_table variable = {sizeof(type), COUNT(fields), fields}

static const char *const type_text[] = {"pv", "pvh", "hvm"};
const struct field_names vm_type_names = {VM_TYPE_PV, COUNT(type_text), type_text};

NAMES(passthrough_names, 0, "default", "disabled", "enabled", "sync_pt", "share_pt");
NAMES(tsc_names, 0, "default", "always_emulate", "native", "native_paravirt");
NAMES(timer_names, -1, "unknown", "delay_for_missed_ticks", "no_delay_for_missed_ticks",
      "no_missed_ticks_pending", "one_missed_tick_pending");
NAMES(bios_names, 0, "unknown", "rombios", "seabios", "ovmf");
NAMES(vga_names, 0, "unknown", "cirrus", "std", "none", "qxl");
NAMES(device_model_names, 0, "unknown", "qemu_xen_traditional", "qemu_xen");
NAMES(altp2m_names, 0, "disabled", "mixed", "external", "limited");
NAMES(hdtype_names, 0, "unknown", "ide", "ahci");
NAMES(backend_names, 0, "unknown", "phy", "tap", "qdisk", "standalone");
NAMES(format_names, 0, "unknown", "qcow", "qcow2", "vhd", "raw", "empty", "qed");
NAMES(specification_names, 0, "unknown", "xen", "virtio");
NAMES(nic_names, 0, "unknown", "vif_ioemu", "vif");
NAMES(rdm_names, -1, "invalid", "strict", "relaxed");
NAMES(action_names, 1, "destroy", "restart", "restart_rename", "preserve", "coredump_destroy",
      "coredump_restart", "soft_reset");

/* One entry; T is the structure, m its member. */
#define AT(T, m) .offset = offsetof(struct T, m)
#define TEXT(T, n, m)                                                                              \
	{                                                                                          \
		.name = n, .kind = FIELD_TEXT, AT(T, m)                                            \
	}
#define TEXTS(T, n, m)                                                                             \
	{                                                                                          \
		.name = n, .kind = FIELD_TEXTS, AT(T, m)                                           \
	}
#define BOOL(T, n, m)                                                                              \
	{                                                                                          \
		.name = n, .kind = FIELD_BOOL, AT(T, m)                                            \
	}
#define FLAG(T, n, m)                                                                              \
	{                                                                                          \
		.name = n, .kind = FIELD_FLAG, AT(T, m)                                            \
	}
#define CHOICE(T, n, m)                                                                            \
	{                                                                                          \
		.name = n, .kind = FIELD_CHOICE, AT(T, m)                                          \
	}
#define INT(T, n, m, absent)                                                                       \
	{                                                                                          \
		.name = n, .kind = FIELD_INT, AT(T, m), .none = absent                             \
	}
#define BYTE(T, n, m)                                                                              \
	{                                                                                          \
		.name = n, .kind = FIELD_U8, AT(T, m)                                              \
	}
#define U32(T, n, m, absent)                                                                       \
	{                                                                                          \
		.name = n, .kind = FIELD_U32, AT(T, m), .none = absent                             \
	}
#define U64(T, n, m, absent)                                                                       \
	{                                                                                          \
		.name = n, .kind = FIELD_U64, AT(T, m), .none = absent                             \
	}
#define KIB(T, n, m)                                                                               \
	{                                                                                          \
		.name = n, .kind = FIELD_U64, AT(T, m), .none = (int64_t)VM_KIB_DEFAULT            \
	}
#define ENUM(T, n, m, absent, enum_names)                                                          \
	{                                                                                          \
		.name = n, .kind = FIELD_ENUM, AT(T, m), .none = absent, .names = &enum_names      \
	}
#define SET(T, n, m)                                                                               \
	{                                                                                          \
		.name = n, .kind = FIELD_SET, AT(T, m)                                             \
	}
#define MANY(T, n, of_kind, m, counter, of_table)                                                  \
	{                                                                                          \
		.name = n, .kind = of_kind, AT(T, m), .count = offsetof(struct T, counter),        \
		.table = of_table                                                                  \
	}
#define INLINE(T, n, m, of_table)                                                                  \
	{                                                                                          \
		.name = n, .kind = FIELD_STRUCT, AT(T, m), .table = &of_table                      \
	}
#define PART(n, of_table)                                                                          \
	{                                                                                          \
		.name = n, .kind = FIELD_STRUCT, .table = &of_table                                \
	}
#define EMPTY(n)                                                                                   \
	{                                                                                          \
		.name = n, .kind = FIELD_EMPTY                                                     \
	}
#define SKIP(n)                                                                                    \
	{                                                                                          \
		.name = n, .kind = FIELD_SKIP                                                      \
	}

static const struct field create_field[] = {
	ENUM(vm_config, "type", type, FIELD_ALWAYS, vm_type_names),
	CHOICE(vm_config, "hap", hap),
	CHOICE(vm_config, "oos", oos),
	SKIP("ssidref"),
	TEXT(vm_config, "ssid_label", ssid_label),
	TEXT(vm_config, "name", name),
	SKIP("domid"),
	{.name = "uuid", .kind = FIELD_UUID, AT(vm_config, uuid)},
	SKIP("xsdata"),
	SKIP("platformdata"),
	SKIP("poolid"),
	TEXT(vm_config, "pool_name", pool_name),
	CHOICE(vm_config, "run_hotplug_scripts", run_hotplug_scripts),
	CHOICE(vm_config, "driver_domain", driver_domain),
	ENUM(vm_config, "passthrough", passthrough, 0, passthrough_names),
	CHOICE(vm_config, "xend_suspend_evtchn_compat", xend_suspend_evtchn_compat),
};
static TABLE(create_fields, struct vm_config, create_field);

static const struct field vnode_field[] = {
	U64(vm_vnode, "memkb", memory_kib, 0),
	MANY(vm_vnode, "distances", FIELD_U32S, distance, distances, NULL),
	U32(vm_vnode, "pnode", pnode, 0),
	SET(vm_vnode, "vcpus", vcpus),
};
static TABLE(vnode_fields, struct vm_vnode, vnode_field);

static const struct field sched_field[] = {
	SKIP("sched"),
	INT(vm_config, "weight", weight, VM_UNSET),
	INT(vm_config, "cap", cap, VM_UNSET),
	SKIP("period"),
	SKIP("budget"),
	SKIP("extratime"),
	SKIP("slice"),
	SKIP("latency"),
};
static TABLE(sched_fields, struct vm_config, sched_field);

static const struct field ioport_field[] = {
	U32(vm_ioports, "first", first, 0),
	U32(vm_ioports, "number", count, 0),
};
static TABLE(ioport_fields, struct vm_ioports, ioport_field);

static const struct field iomem_field[] = {
	U64(vm_iomem, "start", start, 0),
	U64(vm_iomem, "number", count, 0),
	U64(vm_iomem, "gfn", gfn, -1),
};
static TABLE(iomem_fields, struct vm_iomem, iomem_field);

static const struct field vnc_field[] = {
	CHOICE(vm_vnc, "enable", enable),         TEXT(vm_vnc, "listen", listen),
	TEXT(vm_vnc, "passwd", passwd),           INT(vm_vnc, "display", display, 0),
	CHOICE(vm_vnc, "findunused", findunused),
};
static TABLE(vnc_fields, struct vm_vnc, vnc_field);

static const struct field sdl_field[] = {
	CHOICE(vm_sdl, "enable", enable),
	CHOICE(vm_sdl, "opengl", opengl),
	TEXT(vm_sdl, "display", display),
	TEXT(vm_sdl, "xauthority", xauthority),
};
static TABLE(sdl_fields, struct vm_sdl, sdl_field);

static const struct field vga_field[] = {
	ENUM(vm_hvm, "kind", vga, 0, vga_names),
};
static TABLE(vga_fields, struct vm_hvm, vga_field);

static const struct field hvm_field[] = {
	TEXT(vm_hvm, "firmware", firmware),
	ENUM(vm_hvm, "bios", bios, 0, bios_names),
	CHOICE(vm_hvm, "pae", pae),
	SKIP("apic"),
	SKIP("acpi"),
	CHOICE(vm_hvm, "acpi_s3", acpi_s3),
	CHOICE(vm_hvm, "acpi_s4", acpi_s4),
	SKIP("acpi_laptop_slate"),
	CHOICE(vm_hvm, "nx", nx),
	CHOICE(vm_hvm, "viridian", viridian),
	SET(vm_hvm, "viridian_enable", viridian_enable),
	SET(vm_hvm, "viridian_disable", viridian_disable),
	TEXT(vm_hvm, "timeoffset", timeoffset),
	CHOICE(vm_hvm, "hpet", hpet),
	CHOICE(vm_hvm, "vpt_align", vpt_align),
	U64(vm_hvm, "mmio_hole_memkb", mmio_hole_kib, 0),
	SKIP("timer_mode"),
	SKIP("nested_hvm"),
	SKIP("altp2m"),
	TEXT(vm_hvm, "system_firmware", system_firmware),
	TEXT(vm_hvm, "smbios_firmware", smbios_firmware),
	TEXT(vm_hvm, "acpi_firmware", acpi_firmware),
	ENUM(vm_hvm, "hdtype", hdtype, 1, hdtype_names),
	CHOICE(vm_hvm, "nographic", nographic),
	PART("vga", vga_fields),
	INLINE(vm_hvm, "vnc", vnc, vnc_fields),
	TEXT(vm_hvm, "keymap", keymap),
	INLINE(vm_hvm, "sdl", sdl, sdl_fields),
	EMPTY("spice"),
	SKIP("gfx_passthru"),
	SKIP("gfx_passthru_kind"),
	TEXT(vm_hvm, "serial", serial),
	TEXT(vm_hvm, "boot", boot),
	CHOICE(vm_hvm, "usb", usb),
	SKIP("usbversion"),
	TEXT(vm_hvm, "usbdevice", usbdevice),
	CHOICE(vm_hvm, "vkb_device", vkb_device),
	TEXT(vm_hvm, "soundhw", soundhw),
	CHOICE(vm_hvm, "xen_platform_pci", xen_platform_pci),
	TEXTS(vm_hvm, "usbdevice_list", usbdevice_list),
	SKIP("vendor_device"),
	{.name = "ms_vm_genid", .kind = FIELD_BYTES16, AT(vm_hvm, genid)},
	TEXTS(vm_hvm, "serial_list", serial_list),
	EMPTY("rdm"),
	SKIP("rdm_mem_boundary_memkb"),
	SKIP("mca_caps"),
};
TABLE(vm_hvm_fields, struct vm_hvm, hvm_field);

static const struct field pv_field[] = {
	SKIP("kernel"),     SKIP("slack_memkb"),
	SKIP("bootloader"), SKIP("bootloader_args"),
	SKIP("cmdline"),    SKIP("ramdisk"),
	SKIP("features"),   CHOICE(vm_pv, "e820_host", e820_host),
};
TABLE(vm_pv_fields, struct vm_pv, pv_field);

static const struct field pvh_field[] = {
	CHOICE(vm_pv, "pvshim", pvshim),
	TEXT(vm_pv, "pvshim_path", pvshim_path),
	TEXT(vm_pv, "pvshim_cmdline", pvshim_cmdline),
	TEXT(vm_pv, "pvshim_extra", pvshim_extra),
};
TABLE(vm_pvh_fields, struct vm_pv, pvh_field);

static const struct field x86_field[] = {
	CHOICE(vm_config, "msr_relaxed", msr_relaxed),
};
static TABLE(x86_fields, struct vm_config, x86_field);

static const struct field build_field[] = {
	{.name = "max_vcpus", .kind = FIELD_VCPUS, AT(vm_config, max_vcpus), .none = 1},
	SET(vm_config, "avail_vcpus", avail_vcpus),
	SKIP("cpumap"),
	SKIP("nodemap"),
	MANY(vm_config, "vcpu_hard_affinity", FIELD_SETS, hard_affinity, hard_affinities, NULL),
	MANY(vm_config, "vcpu_soft_affinity", FIELD_SETS, soft_affinity, soft_affinities, NULL),
	CHOICE(vm_config, "numa_placement", numa_placement),
	ENUM(vm_config, "tsc_mode", tsc_mode, 0, tsc_names),
	KIB(vm_config, "max_memkb", max_kib),
	KIB(vm_config, "target_memkb", target_kib),
	KIB(vm_config, "video_memkb", video_kib),
	KIB(vm_config, "shadow_memkb", shadow_kib),
	SKIP("iommu_memkb"),
	U32(vm_config, "rtc_timeoffset", rtc_timeoffset, 0),
	SKIP("exec_ssidref"),
	TEXT(vm_config, "exec_ssid_label", exec_ssid_label),
	CHOICE(vm_config, "localtime", localtime),
	CHOICE(vm_config, "disable_migrate", disable_migrate),
	MANY(vm_config, "cpuid", FIELD_CPUID, cpuid, cpuids, NULL),
	TEXT(vm_config, "blkdev_start", blkdev_start),
	MANY(vm_config, "vnuma_nodes", FIELD_STRUCTS, vnuma, vnodes, &vnode_fields),
	U32(vm_config, "max_grant_frames", max_grant_frames, VM_FRAMES_DEFAULT),
	U32(vm_config, "max_maptrack_frames", max_maptrack_frames, VM_FRAMES_DEFAULT),
	INT(vm_config, "max_grant_version", max_grant_version, VM_UNSET),
	ENUM(vm_config, "device_model_version", device_model_version, 0, device_model_names),
	CHOICE(vm_config, "device_model_stubdomain", device_model_stubdomain),
	KIB(vm_config, "stubdomain_memkb", stubdomain_kib),
	TEXT(vm_config, "stubdomain_kernel", stubdomain_kernel),
	TEXT(vm_config, "stubdomain_cmdline", stubdomain_cmdline),
	TEXT(vm_config, "stubdomain_ramdisk", stubdomain_ramdisk),
	TEXT(vm_config, "device_model", device_model),
	SKIP("device_model_ssidref"),
	SKIP("device_model_ssid_label"),
	TEXT(vm_config, "device_model_user", device_model_user),
	TEXTS(vm_config, "extra", device_model_args),
	TEXTS(vm_config, "extra_pv", device_model_args_pv),
	TEXTS(vm_config, "extra_hvm", device_model_args_hvm),
	PART("sched_params", sched_fields),
	MANY(vm_config, "ioports", FIELD_STRUCTS, ioports, ioport_ranges, &ioport_fields),
	MANY(vm_config, "irqs", FIELD_U32S, irqs, irq_count, NULL),
	MANY(vm_config, "iomem", FIELD_STRUCTS, iomem, iomem_ranges, &iomem_fields),
	CHOICE(vm_config, "claim_mode", claim_mode),
	U32(vm_config, "event_channels", event_channels, 0),
	TEXT(vm_config, "kernel", kernel),
	TEXT(vm_config, "cmdline", cmdline),
	TEXT(vm_config, "ramdisk", ramdisk),
	SKIP("device_tree"),
	CHOICE(vm_config, "acpi", acpi),
	TEXT(vm_config, "bootloader", bootloader),
	TEXTS(vm_config, "bootloader_args", bootloader_args),
	ENUM(vm_config, "timer_mode", timer_mode, VM_TIMER_UNKNOWN, timer_names),
	CHOICE(vm_config, "nested_hvm", nested_hvm),
	CHOICE(vm_config, "apic", apic),
	CHOICE(vm_config, "dm_restrict", dm_restrict),
	SKIP("tee"),
	{.name = "type.", .kind = FIELD_TYPE},
	EMPTY("arch_arm"),
	PART("arch_x86", x86_fields),
	ENUM(vm_config, "altp2m", altp2m, 0, altp2m_names),
	SKIP("vmtrace_buf_kb"),
	CHOICE(vm_config, "vpmu", vpmu),
};
static TABLE(build_fields, struct vm_config, build_field);

static const struct field disk_field[] = {
	U32(vm_disk, "backend_domid", backend_domid, 0),
	TEXT(vm_disk, "backend_domname", backend_domname),
	TEXT(vm_disk, "pdev_path", path),
	TEXT(vm_disk, "vdev", vdev),
	ENUM(vm_disk, "backend", backend, 0, backend_names),
	ENUM(vm_disk, "format", format, 0, format_names),
	TEXT(vm_disk, "script", script),
	FLAG(vm_disk, "removable", removable),
	FLAG(vm_disk, "readwrite", readwrite),
	FLAG(vm_disk, "is_cdrom", cdrom),
	BOOL(vm_disk, "direct_io_safe", direct_io_safe),
	CHOICE(vm_disk, "discard_enable", discard),
	ENUM(vm_disk, "specification", specification, 0, specification_names),
	SKIP("transport"),
	SKIP("irq"),
	SKIP("base"),
	SKIP("colo_enable"),
	SKIP("colo_restore_enable"),
	CHOICE(vm_disk, "trusted", trusted),
};
TABLE(vm_disk_fields, struct vm_disk, disk_field);

static const struct field nic_field[] = {
	U32(vm_nic, "backend_domid", backend_domid, 0),
	TEXT(vm_nic, "backend_domname", backend_domname),
	INT(vm_nic, "devid", devid, VM_UNSET),
	INT(vm_nic, "mtu", mtu, 0),
	TEXT(vm_nic, "model", model),
	{.name = "mac", .kind = FIELD_MAC, AT(vm_nic, mac)},
	TEXT(vm_nic, "ip", ip),
	TEXT(vm_nic, "bridge", bridge),
	TEXT(vm_nic, "ifname", ifname),
	TEXT(vm_nic, "script", script),
	ENUM(vm_nic, "nictype", type, 0, nic_names),
	U64(vm_nic, "rate_bytes_per_interval", rate_bytes_per_interval, 0),
	U32(vm_nic, "rate_interval_usecs", rate_interval_us, 0),
	TEXT(vm_nic, "gatewaydev", gatewaydev),
	CHOICE(vm_nic, "trusted", trusted),
};
TABLE(vm_nic_fields, struct vm_nic, nic_field);

static const struct field pci_field[] = {
	BYTE(vm_pci, "func", function),
	BYTE(vm_pci, "dev", device),
	BYTE(vm_pci, "bus", bus),
	INT(vm_pci, "domain", domain, 0),
	U32(vm_pci, "vdevfn", vdevfn, 0),
	U32(vm_pci, "vfunc_mask", function_mask, 0),
	BOOL(vm_pci, "msitranslate", msitranslate),
	BOOL(vm_pci, "power_mgmt", power_management),
	BOOL(vm_pci, "permissive", permissive),
	BOOL(vm_pci, "seize", seize),
	ENUM(vm_pci, "rdm_policy", rdm_policy, VM_RDM_INVALID, rdm_names),
	TEXT(vm_pci, "name", name),
};
static TABLE(pci_fields, struct vm_pci, pci_field);

static const struct field vfb_field[] = {
	U32(vm_vfb, "backend_domid", backend_domid, 0),
	TEXT(vm_vfb, "backend_domname", backend_domname),
	INT(vm_vfb, "devid", devid, VM_UNSET),
	INLINE(vm_vfb, "vnc", vnc, vnc_fields),
	INLINE(vm_vfb, "sdl", sdl, sdl_fields),
	TEXT(vm_vfb, "keymap", keymap),
};
static TABLE(vfb_fields, struct vm_vfb, vfb_field);

static const struct field vkb_field[] = {
	SKIP("backend_domid"), SKIP("backend_domname"), INT(vm_vkb, "devid", devid, VM_UNSET),
	SKIP("backend_type"),  SKIP("unique_id"),
};
static TABLE(vkb_fields, struct vm_vkb, vkb_field);

static const struct field p9_field[] = {
	U32(vm_p9, "backend_domid", backend_domid, 0),
	TEXT(vm_p9, "backend_domname", backend_domname),
	TEXT(vm_p9, "tag", tag),
	TEXT(vm_p9, "path", path),
	TEXT(vm_p9, "security_model", security_model),
	INT(vm_p9, "devid", devid, VM_UNSET),
};
static TABLE(p9_fields, struct vm_p9, p9_field);

static const struct field channel_field[] = {
	U32(vm_channel, "backend_domid", backend_domid, 0),
	TEXT(vm_channel, "backend_domname", backend_domname),
	INT(vm_channel, "devid", devid, VM_UNSET),
	TEXT(vm_channel, "name", name),
	{.name = "connection.", .kind = FIELD_CONNECTION, AT(vm_channel, path)},
};
static TABLE(channel_fields, struct vm_channel, channel_field);

static const struct field config_field[] = {
	PART("c_info", create_fields),
	PART("b_info", build_fields),
	MANY(vm_config, "disks", FIELD_STRUCTS, disks, disk_count, &vm_disk_fields),
	MANY(vm_config, "nics", FIELD_STRUCTS, nics, nic_count, &vm_nic_fields),
	MANY(vm_config, "pcidevs", FIELD_STRUCTS, pcis, pci_count, &pci_fields),
	SKIP("rdms"),
	SKIP("dtdevs"),
	MANY(vm_config, "vfbs", FIELD_STRUCTS, vfbs, vfb_count, &vfb_fields),
	MANY(vm_config, "vkbs", FIELD_STRUCTS, vkbs, vkb_count, &vkb_fields),
	SKIP("vtpms"),
	MANY(vm_config, "p9s", FIELD_STRUCTS, p9s, p9_count, &p9_fields),
	SKIP("pvcallsifs"),
	SKIP("vdispls"),
	SKIP("vsnds"),
	MANY(vm_config, "channels", FIELD_STRUCTS, channels, channel_count, &channel_fields),
	SKIP("usbctrls"),
	SKIP("usbdevs"),
	ENUM(vm_config, "on_poweroff", on_poweroff, VM_ACTION_DESTROY, action_names),
	ENUM(vm_config, "on_reboot", on_reboot, VM_ACTION_DESTROY, action_names),
	ENUM(vm_config, "on_watchdog", on_watchdog, VM_ACTION_DESTROY, action_names),
	ENUM(vm_config, "on_crash", on_crash, VM_ACTION_DESTROY, action_names),
	ENUM(vm_config, "on_soft_reset", on_soft_reset, VM_ACTION_DESTROY, action_names),
};
TABLE(vm_config_fields, struct vm_config, config_field);

const char *field_name_of(const struct field_names *names, int64_t value)
{
	int64_t index = value - names->first;

	return index >= 0 && index < names->count ? names->name[index] : NULL;
}

/* How wide a number is in memory, and whether it has a sign. */
static size_t width_of(const struct field *field, int *is_signed)
{
	*is_signed = field->kind == FIELD_INT || field->kind == FIELD_ENUM;
	if (field->kind == FIELD_BOOL || field->kind == FIELD_FLAG) {
		return sizeof(bool);
	}
	if (field->kind == FIELD_U8) {
		return 1;
	}
	return field->kind == FIELD_U64 ? 8 : 4;
}

int64_t field_get(const struct field *field, const void *object)
{
	int is_signed;
	size_t width = width_of(field, &is_signed);
	uint64_t value = 0;

	memcpy(&value, field_in(field, object), width);
	return is_signed && width == 4 ? (int32_t)value : (int64_t)value;
}

void field_put(const struct field *field, void *object, int64_t value)
{
	int is_signed;

	memcpy(field_at(field, object), &value, width_of(field, &is_signed));
}

int field_fits(const struct field *field, int64_t value)
{
	int is_signed;
	size_t width = width_of(field, &is_signed);

	if (width == 8) {
		return 1;
	}
	if (field->kind == FIELD_BOOL || field->kind == FIELD_FLAG) {
		return value == 0 || value == 1;
	}
	if (is_signed) {
		return value >= INT32_MIN && value <= INT32_MAX;
	}
	return value >= 0 && value < (int64_t)1 << (8 * width);
}

static int all_zero(const uint8_t *byte, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (byte[i]) {
			return 0;
		}
	}
	return 1;
}

static unsigned int *count_at(const struct field *field, void *object)
{
	return (unsigned int *)((char *)object + field->count);
}

int field_is_none(const struct field *field, const void *object)
{
	const void *at = field_in(field, object);

	switch (field->kind) {
	case FIELD_TEXT:
		return *(char *const *)at == NULL;
	case FIELD_TEXTS:
		return ((const struct vm_strings *)at)->count == 0;
	case FIELD_BOOL:
	case FIELD_FLAG:
	case FIELD_CHOICE:
		return field_get(field, object) == 0;
	case FIELD_INT:
	case FIELD_U8:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_ENUM:
		return field_get(field, object) == field->none;
	case FIELD_VCPUS:
		return field_get(field, object) == 1 &&
		       vm_set_count(&((const struct vm_config *)object)->avail_vcpus) == 0;
	case FIELD_BYTES16:
		return all_zero(at, 16);
	case FIELD_MAC:
		return all_zero(at, 6);
	case FIELD_SET:
		return vm_set_count(at) == 0;
	case FIELD_SETS:
	case FIELD_U32S:
	case FIELD_STRUCTS:
	case FIELD_CPUID:
		return *(const unsigned int *)((const char *)object + field->count) == 0;
	case FIELD_UUID:
	case FIELD_STRUCT:
	case FIELD_TYPE:
	case FIELD_CONNECTION:
	case FIELD_EMPTY:
		return 0;
	case FIELD_SKIP:
		return 1;
	}
	return 1;
}

void fields_init(const struct field_table *table, void *object)
{
	for (unsigned int i = 0; i < table->count; i++) {
		const struct field *field = &table->field[i];

		switch (field->kind) {
		case FIELD_INT:
		case FIELD_U8:
		case FIELD_U32:
		case FIELD_U64:
		case FIELD_VCPUS:
			field_put(field, object, field->none);
			break;
		case FIELD_ENUM:
			field_put(field, object, field->none == FIELD_ALWAYS ? 0 : field->none);
			break;
		case FIELD_STRUCT:
			fields_init(field->table, field_at(field, object));
			break;
		case FIELD_TYPE: {
			struct vm_config *config = object;

			fields_init(&vm_pv_fields, &config->pv);
			fields_init(&vm_pvh_fields, &config->pv);
			fields_init(&vm_hvm_fields, &config->hvm);
			break;
		}
		case FIELD_TEXT:
		case FIELD_TEXTS:
		case FIELD_BOOL:
		case FIELD_FLAG:
		case FIELD_CHOICE:
		case FIELD_UUID:
		case FIELD_BYTES16:
		case FIELD_MAC:
		case FIELD_SET:
		case FIELD_SETS:
		case FIELD_U32S:
		case FIELD_STRUCTS:
		case FIELD_CONNECTION:
		case FIELD_CPUID:
		case FIELD_EMPTY:
		case FIELD_SKIP:
			break; /* zero is "not given" */
		}
	}
}

static void clear_texts(struct vm_strings *texts)
{
	for (unsigned int i = 0; i < texts->count; i++) {
		free(texts->item[i]);
	}
	free(texts->item);
	*texts = (struct vm_strings){0};
}

static void clear_array(const struct field *field, void *object)
{
	void **array = field_at(field, object);
	unsigned int *count = count_at(field, object);

	for (unsigned int i = 0; i < *count; i++) {
		if (field->kind == FIELD_SETS) {
			vm_set_clear((struct vm_set *)*array + i);
		} else if (field->kind == FIELD_STRUCTS) {
			fields_clear(field->table, (char *)*array + i * field->table->size);
		} else if (field->kind == FIELD_CPUID) {
			for (unsigned int r = 0; r < 4; r++) {
				free(((struct vm_cpuid *)*array)[i].reg[r]);
			}
		}
	}
	free(*array);
	*array = NULL;
	*count = 0;
}

static void clear_field(const struct field *field, void *object)
{
	void *at = field_at(field, object);

	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_CONNECTION:
		free(*(char **)at);
		*(char **)at = NULL;
		break;
	case FIELD_TEXTS:
		clear_texts(at);
		break;
	case FIELD_SET:
		vm_set_clear(at);
		break;
	case FIELD_SETS:
	case FIELD_U32S:
	case FIELD_STRUCTS:
	case FIELD_CPUID:
		clear_array(field, object);
		break;
	case FIELD_STRUCT:
		fields_clear(field->table, at);
		break;
	case FIELD_TYPE: {
		struct vm_config *config = object;

		fields_clear(&vm_pv_fields, &config->pv);
		fields_clear(&vm_pvh_fields, &config->pv);
		fields_clear(&vm_hvm_fields, &config->hvm);
		break;
	}
	case FIELD_BOOL:
	case FIELD_FLAG:
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_U8:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_VCPUS:
	case FIELD_ENUM:
	case FIELD_UUID:
	case FIELD_BYTES16:
	case FIELD_MAC:
	case FIELD_EMPTY:
	case FIELD_SKIP:
		break;
	}
}

void fields_clear(const struct field_table *table, void *object)
{
	for (unsigned int i = 0; i < table->count; i++) {
		clear_field(&table->field[i], object);
	}
	fields_init(table, object);
}

void *fields_add(const struct field *field, void *object)
{
	void **array = field_at(field, object);
	unsigned int *count = count_at(field, object);
	size_t size = field->table->size;
	char *grown = reallocarray(*array, *count + 1, size);
	char *added;

	if (!grown) {
		return NULL;
	}
	*array = grown;
	added = grown + *count * size;
	memset(added, 0, size);
	fields_init(field->table, added);
	(*count)++;
	return added;
}
