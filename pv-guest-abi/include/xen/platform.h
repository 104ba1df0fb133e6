/* SPDX-License-Identifier: MIT */
/*
 * platform_op: what the hardware domain asks of the machine itself: clock, firmware data, EFI
 * services, sleep states, host CPUs. Every request carries XENPF_INTERFACE_VERSION; another
 * version is refused with -XEN_EACCES.
 */
#ifndef XEN_ABI_PLATFORM_H
#define XEN_ABI_PLATFORM_H

#include "base.h"

#define XENPF_INTERFACE_VERSION 0x03000001U

#define XENPF_settime32 17
#define XENPF_add_memtype 31
#define XENPF_del_memtype 32
#define XENPF_read_memtype 33
#define XENPF_microcode_update 35
#define XENPF_platform_quirk 39
#define XENPF_get_cpu_version 48
#define XENPF_efi_runtime_call 49
#define XENPF_firmware_info 50
#define XENPF_enter_acpi_sleep 51
#define XENPF_change_freq 52
#define XENPF_getidletime 53
#define XENPF_set_processor_pminfo 54
#define XENPF_get_cpuinfo 55
#define XENPF_cpu_online 56
#define XENPF_cpu_offline 57
#define XENPF_cpu_hotadd 58
#define XENPF_mem_hotadd 59
#define XENPF_core_parking 60
#define XENPF_resource_op 61
#define XENPF_settime64 62
#define XENPF_get_symbol 63

struct xenpf_settime32 {
	uint32_t secs;
	uint32_t nsecs;
	uint64_t system_time; /* at which the wall clock showed that */
};
XEN_ABI_SIZE(struct xenpf_settime32, 16);

struct xenpf_settime64 {
	uint64_t secs;
	uint32_t nsecs;
	uint32_t mbz;
	uint64_t system_time;
};
XEN_ABI_SIZE(struct xenpf_settime64, 24);

struct xenpf_microcode_update {
	uint64_t data; /* guest pointer */
	uint32_t length;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct xenpf_microcode_update, 16);

/* --- EFI runtime services -------------------------------------------------------------------- */
#define XEN_EFI_get_time 1
#define XEN_EFI_set_time 2
#define XEN_EFI_get_wakeup_time 3
#define XEN_EFI_set_wakeup_time 4
#define XEN_EFI_get_next_high_monotonic_count 5
#define XEN_EFI_get_variable 6
#define XEN_EFI_set_variable 7
#define XEN_EFI_get_next_variable_name 8
#define XEN_EFI_query_variable_info 9
#define XEN_EFI_query_capsule_capabilities 10
#define XEN_EFI_update_capsule 11

/* misc, by function */
#define XEN_EFI_GET_TIME_SET_CLEARS_NS 0x00000001
#define XEN_EFI_GET_WAKEUP_TIME_ENABLED 0x00000001
#define XEN_EFI_GET_WAKEUP_TIME_PENDING 0x00000002
#define XEN_EFI_SET_WAKEUP_TIME_ENABLE 0x00000001
#define XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY 0x00000002
#define XEN_EFI_VARIABLE_NON_VOLATILE 0x00000001
#define XEN_EFI_VARIABLE_BOOTSERVICE_ACCESS 0x00000002
#define XEN_EFI_VARIABLE_RUNTIME_ACCESS 0x00000004
#define XEN_EFI_VARINFO_BOOT_SNAPSHOT 0x00000001

struct xenpf_efi_time {
	uint16_t year;
	uint8_t month;
	uint8_t day;
	uint8_t hour;
	uint8_t min;
	uint8_t sec;
	uint8_t pad0;
	uint32_t ns;
	int16_t tz;
	uint8_t daylight;
	uint8_t pad1;
};
XEN_ABI_SIZE(struct xenpf_efi_time, 16);

struct xenpf_efi_guid {
	uint32_t data1;
	uint16_t data2;
	uint16_t data3;
	uint8_t data4[8];
};
XEN_ABI_SIZE(struct xenpf_efi_guid, 16);

struct xenpf_efi_variable {
	uint64_t name; /* guest pointer to UTF-16 */
	uint64_t size; /* of the data; written back by get even on a too small buffer */
	uint64_t data; /* guest pointer */
	struct xenpf_efi_guid vendor_guid;
};
XEN_ABI_SIZE(struct xenpf_efi_variable, 40);

struct xenpf_efi_runtime_call {
	uint32_t function; /* XEN_EFI_* */
	uint32_t misc;
	uint64_t status; /* out: EFI_STATUS */
	union {
		struct {
			struct xenpf_efi_time time;
			uint32_t resolution;
			uint32_t accuracy;
		} get_time;
		struct xenpf_efi_time set_time;
		struct xenpf_efi_time get_wakeup_time;
		struct xenpf_efi_time set_wakeup_time;
		struct xenpf_efi_variable get_variable;
		struct xenpf_efi_variable set_variable;
		struct {
			uint64_t size;
			uint64_t name; /* guest pointer */
			struct xenpf_efi_guid vendor_guid;
		} get_next_variable_name;
		struct {
			uint32_t attr;
			uint32_t pad0;
			uint64_t max_store_size;
			uint64_t remain_store_size;
			uint64_t max_size;
		} query_variable_info;
		struct {
			uint64_t capsule_header_array; /* guest pointer */
			uint64_t capsule_count;
			uint64_t max_capsule_size;
			uint32_t reset_type;
			uint32_t pad0;
		} query_capsule_capabilities;
		struct {
			uint64_t capsule_header_array; /* guest pointer */
			uint64_t capsule_count;
			uint64_t sg_list;
		} update_capsule;
	} u;
};
XEN_ABI_SIZE(struct xenpf_efi_runtime_call, 56);
XEN_ABI_AT(struct xenpf_efi_runtime_call, u, 16);
XEN_ABI_AT(struct xenpf_efi_runtime_call, u.get_time.resolution, 32);
XEN_ABI_AT(struct xenpf_efi_runtime_call, u.get_variable.vendor_guid, 40);

/* --- firmware data --------------------------------------------------------------------------- */
#define XEN_FW_DISK_INFO 1
#define XEN_FW_DISK_MBR_SIGNATURE 2
#define XEN_FW_VBEDDC_INFO 3
#define XEN_FW_EFI_INFO 4
#define XEN_FW_KBD_SHIFT_FLAGS 5

/* index, with type XEN_FW_EFI_INFO */
#define XEN_FW_EFI_VERSION 0
#define XEN_FW_EFI_CONFIG_TABLE 1
#define XEN_FW_EFI_VENDOR 2
#define XEN_FW_EFI_MEM_INFO 3
#define XEN_FW_EFI_RT_VERSION 4
#define XEN_FW_EFI_PCI_ROM 5
#define XEN_FW_EFI_APPLE_PROPERTIES 6

union xenpf_efi_info {
	uint32_t version;
	struct {
		uint64_t addr; /* machine address of the configuration table */
		uint32_t nent;
		uint32_t pad0;
	} cfg;
	struct {
		uint32_t revision;
		uint32_t bufsz; /* in bytes */
		uint64_t name;  /* guest pointer to UTF-16 */
	} vendor;
	struct {
		uint64_t addr; /* in: inside the region, out: its start */
		uint64_t size;
		uint64_t attr;
		uint32_t type;
		uint32_t pad0;
	} mem;
	struct {
		uint16_t segment;
		uint8_t bus;
		uint8_t devfn;
		uint16_t vendor;
		uint16_t devid;
		uint64_t address;
		uint64_t size;
	} pci_rom;
	struct {
		uint64_t address;
		uint64_t size;
	} apple_properties;
};
XEN_ABI_SIZE(union xenpf_efi_info, 32);

struct xenpf_firmware_info {
	uint32_t type;
	uint32_t index;
	union {
		struct {
			uint8_t device;
			uint8_t version;
			uint16_t interface_support;
			uint16_t legacy_max_cylinder;
			uint8_t legacy_max_head;
			uint8_t legacy_sectors_per_track;
			uint64_t edd_params; /* guest pointer */
		} disk_info;
		struct {
			uint8_t device;
			uint8_t pad0[3];
			uint32_t mbr_signature;
		} disk_mbr_signature;
		struct {
			uint8_t capabilities;
			uint8_t edid_transfer_time;
			uint8_t pad0[6];
			uint64_t edid; /* guest pointer to 128 bytes */
		} vbeddc_info;
		union xenpf_efi_info efi_info;
		uint8_t kbd_shift_flags;
	} u;
};
XEN_ABI_SIZE(struct xenpf_firmware_info, 40);
XEN_ABI_AT(struct xenpf_firmware_info, u, 8);
XEN_ABI_AT(struct xenpf_firmware_info, u.efi_info.vendor.name, 16);

/* --- power ----------------------------------------------------------------------------------- */
#define XENPF_ACPI_SLEEP_EXTENDED 0x00000001

struct xenpf_enter_acpi_sleep {
	uint16_t val_a; /* complete PM1a and PM1b control values, or the extended registers' */
	uint16_t val_b;
	uint32_t sleep_state;
	uint32_t flags;
};
XEN_ABI_SIZE(struct xenpf_enter_acpi_sleep, 12);

struct xenpf_change_freq {
	uint32_t flags;
	uint32_t cpu;
	uint64_t freq;
};
XEN_ABI_SIZE(struct xenpf_change_freq, 16);

struct xenpf_getidletime {
	uint64_t cpumap_bitmap; /* guest pointer */
	uint32_t cpumap_nr_cpus;
	uint32_t pad0;
	uint64_t idletime; /* guest pointer to uint64_t[cpumap_nr_cpus] */
	uint64_t now;
};
XEN_ABI_SIZE(struct xenpf_getidletime, 32);

#define XEN_PM_CX 0
#define XEN_PM_PX 1
#define XEN_PM_TX 2
#define XEN_PM_PDC 3

#define XEN_PX_PCT 1
#define XEN_PX_PSS 2
#define XEN_PX_PPC 4
#define XEN_PX_PSD 8

struct xen_power_register {
	uint32_t space_id;
	uint32_t bit_width;
	uint32_t bit_offset;
	uint32_t access_size;
	uint64_t address;
};
XEN_ABI_SIZE(struct xen_power_register, 24);

struct xen_processor_csd {
	uint32_t domain;
	uint32_t coord_type;
	uint32_t num;
};
XEN_ABI_SIZE(struct xen_processor_csd, 12);

struct xen_processor_cx {
	struct xen_power_register reg;
	uint8_t type;
	uint8_t pad0[3];
	uint32_t latency;
	uint32_t power;
	uint32_t dpcnt;
	uint64_t dp; /* guest pointer to struct xen_processor_csd */
};
XEN_ABI_SIZE(struct xen_processor_cx, 48);

struct xen_processor_power {
	uint32_t count;
	uint32_t flags;  /* bits: bm_control, bm_check, has_cst, power_setup_done, bm_rld_set */
	uint64_t states; /* guest pointer to struct xen_processor_cx */
};
XEN_ABI_SIZE(struct xen_processor_power, 16);

struct xen_pct_register {
	uint8_t descriptor;
	uint8_t pad0;
	uint16_t length;
	uint8_t space_id;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t reserved;
	uint64_t address;
};
XEN_ABI_SIZE(struct xen_pct_register, 16);

struct xen_processor_px {
	uint64_t core_frequency; /* MHz */
	uint64_t power;
	uint64_t transition_latency;
	uint64_t bus_master_latency;
	uint64_t control;
	uint64_t status;
};
XEN_ABI_SIZE(struct xen_processor_px, 48);

struct xen_psd_package {
	uint64_t num_entries;
	uint64_t revision;
	uint64_t domain;
	uint64_t coord_type;
	uint64_t num_processors;
};
XEN_ABI_SIZE(struct xen_psd_package, 40);

struct xen_processor_performance {
	uint32_t flags; /* XEN_PX_* */
	uint32_t platform_limit;
	struct xen_pct_register control_register;
	struct xen_pct_register status_register;
	uint32_t state_count;
	uint32_t pad0;
	uint64_t states; /* guest pointer to struct xen_processor_px */
	struct xen_psd_package domain_info;
	uint32_t shared_type;
	uint32_t pad1;
};
XEN_ABI_SIZE(struct xen_processor_performance, 104);

struct xenpf_set_processor_pminfo {
	uint32_t id;   /* ACPI id */
	uint32_t type; /* XEN_PM_* */
	union {
		struct xen_processor_power power;
		struct xen_processor_performance perf;
		uint64_t pdc; /* guest pointer to uint32_t[] */
	} u;
};
XEN_ABI_SIZE(struct xenpf_set_processor_pminfo, 112);

/* --- host CPUs and memory -------------------------------------------------------------------- */
#define XEN_PCPU_FLAGS_ONLINE 1
#define XEN_PCPU_FLAGS_INVALID 2

struct xenpf_pcpuinfo {
	uint32_t xen_cpuid;
	uint32_t max_present; /* out, and all that follows */
	uint32_t flags;
	uint32_t apic_id;
	uint32_t acpi_id;
};
XEN_ABI_SIZE(struct xenpf_pcpuinfo, 20);

struct xenpf_pcpu_version {
	uint32_t xen_cpuid;
	uint32_t max_present; /* out, and all that follows */
	char vendor_id[12];
	uint32_t family;
	uint32_t model;
	uint32_t stepping;
};
XEN_ABI_SIZE(struct xenpf_pcpu_version, 32);

struct xenpf_cpu_ol {
	uint32_t cpuid;
};
XEN_ABI_SIZE(struct xenpf_cpu_ol, 4);

struct xenpf_cpu_hotadd {
	uint32_t apic_id;
	uint32_t acpi_id;
	uint32_t pxm;
};
XEN_ABI_SIZE(struct xenpf_cpu_hotadd, 12);

struct xenpf_mem_hotadd {
	uint64_t spfn;
	uint64_t epfn;
	uint32_t pxm;
	uint32_t flags;
};
XEN_ABI_SIZE(struct xenpf_mem_hotadd, 24);

#define XEN_CORE_PARKING_SET 1
#define XEN_CORE_PARKING_GET 2

struct xenpf_core_parking {
	uint32_t type;
	uint32_t idle_nums;
};
XEN_ABI_SIZE(struct xenpf_core_parking, 8);

struct xenpf_symdata {
	uint32_t namelen;
	uint32_t symnum;
	uint64_t name; /* guest pointer */
	uint64_t address;
	char type;
	char pad0[7];
};
XEN_ABI_SIZE(struct xenpf_symdata, 32);

struct xen_platform_op {
	uint32_t cmd; /* XENPF_* */
	uint32_t interface_version;
	union {
		struct xenpf_settime32 settime32;
		struct xenpf_settime64 settime64;
		struct xenpf_microcode_update microcode;
		struct xenpf_efi_runtime_call efi_runtime_call;
		struct xenpf_firmware_info firmware_info;
		struct xenpf_enter_acpi_sleep enter_acpi_sleep;
		struct xenpf_change_freq change_freq;
		struct xenpf_getidletime getidletime;
		struct xenpf_set_processor_pminfo set_pminfo;
		struct xenpf_pcpuinfo pcpu_info;
		struct xenpf_pcpu_version pcpu_version;
		struct xenpf_cpu_ol cpu_ol;
		struct xenpf_cpu_hotadd cpu_add;
		struct xenpf_mem_hotadd mem_add;
		struct xenpf_core_parking core_parking;
		struct xenpf_symdata symdata;
		uint8_t pad[128];
	} u;
};
XEN_ABI_SIZE(struct xen_platform_op, 136);
XEN_ABI_AT(struct xen_platform_op, u, 8);

#endif
