/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual machine shall be: the typed form of an xl.cfg file, of a libvirt domain and of the
 * JSON that `xl list -l` prints. Whoever builds, lists or restarts a domain works from this
 * structure alone; no other module sees the text it came from.
 *
 * Conventions, for every member:
 * - A pointer is NULL when the configuration does not speak of it. All memory belongs to the
 *   structure: vm_config_free() frees all of it, and a member is replaced by freeing the old text.
 * - A question with three answers is an enum choice; CHOICE_DEFAULT leaves the decision to the
 *   builder.
 * - A number that may be absent has a value of its own for that: VM_KIB_DEFAULT, VM_FRAMES_DEFAULT,
 *   VM_UNSET. vm_config_new() sets all of them so.
 * - Memory is in KiB, as in the JSON, although xl.cfg counts in MiB.
 *
 * The tables in config/fields.c describe the members for JSON and for releasing; a new member must
 * be entered there. Not locked: a configuration has one owner.
 */
#ifndef CONFIG_VM_CONFIG_H
#define CONFIG_VM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define VM_KIB_DEFAULT UINT64_MAX    /* a memory size nobody gave */
#define VM_FRAMES_DEFAULT UINT32_MAX /* max_grant_frames, max_maptrack_frames nobody gave */
#define VM_UNSET (-1)                /* an int nobody gave */
#define VM_VCPUS_MAX 4096U
#define VM_CPUS_MAX 4096U /* physical CPUs and nodes a set can name */
#define VM_POOL_DEFAULT ""

enum choice {
	CHOICE_DEFAULT,
	CHOICE_NO,
	CHOICE_YES,
};

/* The answer, or `otherwise` where the configuration leaves it open. */
static inline bool choice_or(enum choice choice, bool otherwise)
{
	return choice == CHOICE_DEFAULT ? otherwise : choice == CHOICE_YES;
}

enum vm_type {
	VM_TYPE_PV,
	VM_TYPE_PVH,
	VM_TYPE_HVM,
};

/* What happens when the guest stops. The order is upstream's, from 1. */
enum vm_action {
	VM_ACTION_DESTROY = 1,
	VM_ACTION_RESTART,
	VM_ACTION_RESTART_RENAME,
	VM_ACTION_PRESERVE,
	VM_ACTION_COREDUMP_DESTROY,
	VM_ACTION_COREDUMP_RESTART,
	VM_ACTION_SOFT_RESET,
};

enum vm_tsc_mode {
	VM_TSC_DEFAULT,
	VM_TSC_ALWAYS_EMULATE,
	VM_TSC_NATIVE,
	VM_TSC_NATIVE_PARAVIRT,
};

enum vm_timer_mode {
	VM_TIMER_UNKNOWN = -1,
	VM_TIMER_DELAY_FOR_MISSED_TICKS,
	VM_TIMER_NO_DELAY_FOR_MISSED_TICKS,
	VM_TIMER_NO_MISSED_TICKS_PENDING,
	VM_TIMER_ONE_MISSED_TICK_PENDING,
};

enum vm_bios {
	VM_BIOS_DEFAULT,
	VM_BIOS_ROMBIOS,
	VM_BIOS_SEABIOS,
	VM_BIOS_OVMF,
};

enum vm_vga {
	VM_VGA_DEFAULT,
	VM_VGA_CIRRUS,
	VM_VGA_STD,
	VM_VGA_NONE,
	VM_VGA_QXL,
};

enum vm_device_model_version {
	VM_DEVICE_MODEL_DEFAULT,
	VM_DEVICE_MODEL_TRADITIONAL,
	VM_DEVICE_MODEL_QEMU_XEN,
};

enum vm_passthrough {
	VM_PASSTHROUGH_DEFAULT,
	VM_PASSTHROUGH_DISABLED,
	VM_PASSTHROUGH_ENABLED,
	VM_PASSTHROUGH_SYNC_PT,
	VM_PASSTHROUGH_SHARE_PT,
};

struct vm_strings {
	char **item;
	unsigned int count;
};

/* A set of CPUs, nodes or vcpus: bit n%64 of word n/64. No words: the empty set. */
struct vm_set {
	uint64_t *word;
	unsigned int words;
	bool all; /* "all" of a host whose size was not known; the words are then empty */
};

enum vm_disk_backend {
	VM_DISK_BACKEND_DEFAULT,
	VM_DISK_BACKEND_PHY,
	VM_DISK_BACKEND_TAP,
	VM_DISK_BACKEND_QDISK,
	VM_DISK_BACKEND_STANDALONE,
};

enum vm_disk_format {
	VM_DISK_FORMAT_UNKNOWN,
	VM_DISK_FORMAT_QCOW,
	VM_DISK_FORMAT_QCOW2,
	VM_DISK_FORMAT_VHD,
	VM_DISK_FORMAT_RAW,
	VM_DISK_FORMAT_EMPTY, /* a CD drive without a disc; path is NULL or "" */
	VM_DISK_FORMAT_QED,
};

/* The interface the disk is offered by; not whether it is a disk or a CD drive. */
enum vm_disk_specification {
	VM_DISK_SPECIFICATION_UNKNOWN,
	VM_DISK_SPECIFICATION_XEN,
	VM_DISK_SPECIFICATION_VIRTIO,
};

struct vm_disk {
	uint32_t backend_domid; /* when backend_domname is NULL */
	char *backend_domname;  /* a name or a number, as written */
	char *path;             /* device, file, or what `script` understands */
	char *vdev;             /* "xvda", "hdc", "sdb1", "d1p2" */
	enum vm_disk_backend backend;
	enum vm_disk_format format;
	char *script; /* "block-iscsi": a name in the scripts directory, or a path */
	bool removable;
	bool readwrite;
	bool cdrom;
	bool direct_io_safe;
	enum choice discard;
	enum vm_disk_specification specification;
	enum choice trusted;
};

enum vm_nic_type {
	VM_NIC_DEFAULT,
	VM_NIC_VIF_IOEMU,
	VM_NIC_VIF,
};

struct vm_nic {
	uint32_t backend_domid;
	char *backend_domname;
	int devid; /* VM_UNSET: the next free one */
	int mtu;   /* 0: not given */
	char *model;
	uint8_t mac[6]; /* all zero: the builder makes one up */
	char *ip;
	char *bridge;
	char *ifname;
	char *script;
	enum vm_nic_type type;
	uint64_t rate_bytes_per_interval; /* 0: unlimited */
	uint32_t rate_interval_us;
	char *gatewaydev;
	enum choice trusted;
};

enum vm_channel_connection {
	VM_CHANNEL_UNKNOWN,
	VM_CHANNEL_PTY,
	VM_CHANNEL_SOCKET,
};

struct vm_channel {
	uint32_t backend_domid;
	char *backend_domname;
	int devid;
	char *name;
	enum vm_channel_connection connection;
	char *path; /* of a socket */
};

struct vm_p9 {
	uint32_t backend_domid;
	char *backend_domname;
	char *tag;
	char *path;
	char *security_model;
	int devid;
};

enum vm_rdm_policy {
	VM_RDM_INVALID = -1,
	VM_RDM_STRICT,
	VM_RDM_RELAXED,
};

struct vm_pci {
	int domain;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
	uint32_t vdevfn; /* 0: any slot */
	uint32_t function_mask;
	bool msitranslate;
	bool power_management;
	bool permissive;
	bool seize;
	enum vm_rdm_policy rdm_policy;
	char *name;
};

struct vm_vnc {
	enum choice enable;
	char *listen;
	char *passwd;
	int display;
	enum choice findunused;
};

struct vm_sdl {
	enum choice enable;
	enum choice opengl;
	char *display;
	char *xauthority;
};

struct vm_vfb {
	uint32_t backend_domid;
	char *backend_domname;
	int devid;
	struct vm_vnc vnc;
	struct vm_sdl sdl;
	char *keymap;
};

struct vm_vkb {
	int devid;
};

/* A virtual NUMA node. */
struct vm_vnode {
	uint64_t memory_kib;
	uint32_t *distance; /* to each virtual node */
	unsigned int distances;
	uint32_t pnode;
	struct vm_set vcpus;
};

struct vm_ioports {
	uint32_t first;
	uint32_t count;
};

struct vm_iomem {
	uint64_t start; /* frames */
	uint64_t count;
	uint64_t gfn; /* UINT64_MAX: the same as start */
};

/* One entry of a CPUID policy, in libxl's form: leaf, optional subleaf and, for each of eax, ebx,
 * ecx, edx, NULL or 32 characters out of 0 1 x k s, bit 31 first. */
struct vm_cpuid {
	uint32_t leaf;
	uint32_t subleaf; /* UINT32_MAX: none */
	char *reg[4];
};

/* What only a fully virtualized machine has. */
struct vm_hvm {
	char *firmware; /* of `firmware_override`, formerly "hvmloader" */
	enum vm_bios bios;
	char *system_firmware; /* of `bios_path_override` */
	char *smbios_firmware;
	char *acpi_firmware;
	enum choice pae;
	enum choice acpi_s3;
	enum choice acpi_s4;
	enum choice nx;
	enum choice hpet;
	enum choice vpt_align;
	enum choice viridian;
	struct vm_set viridian_enable;
	struct vm_set viridian_disable;
	uint64_t mmio_hole_kib;
	char *timeoffset;
	int hdtype; /* 1 ide, the default; 2 ahci */
	enum choice nographic;
	enum vm_vga vga;
	struct vm_vnc vnc;
	struct vm_sdl sdl;
	char *keymap;
	char *serial;                  /* one serial port */
	struct vm_strings serial_list; /* or several; never both */
	char *boot;                    /* "cda" and the like */
	enum choice usb;
	char *usbdevice;
	struct vm_strings usbdevice_list;
	enum choice vkb_device;
	char *soundhw;
	enum choice xen_platform_pci;
	uint8_t genid[16]; /* all zero: none */
};

/* What only PV and PVH machines have, as far as 4.17 tells them apart. */
struct vm_pv {
	enum choice e820_host;
	enum choice pvshim;
	char *pvshim_path;
	char *pvshim_cmdline;
	char *pvshim_extra;
};

/* A key of the file that the machine does not get. */
struct vm_ignored_key {
	char *name;
	unsigned int line; /* 0: not from a file */
	unsigned int column;
	bool known; /* the key exists, but this release does not support it */
};

struct vm_config {
	/* Identity and placement. */
	char *name;       /* never NULL in a configuration that was read */
	uint8_t uuid[16]; /* made up while reading when the file has none */
	bool uuid_given;  /* the file has one */
	enum vm_type type;
	char *pool_name;
	char *ssid_label;
	char *exec_ssid_label;
	enum choice hap;
	enum choice oos;
	enum choice driver_domain;
	enum choice run_hotplug_scripts;
	enum choice xend_suspend_evtchn_compat;
	enum vm_passthrough passthrough;

	/* CPUs. */
	unsigned int max_vcpus;       /* >= 1 */
	struct vm_set avail_vcpus;    /* online at the start; empty: vcpu 0 */
	struct vm_set *hard_affinity; /* of vcpu n; vcpus beyond the array run anywhere */
	unsigned int hard_affinities;
	struct vm_set *soft_affinity;
	unsigned int soft_affinities;
	enum choice numa_placement;
	int weight; /* VM_UNSET: the scheduler's default */
	int cap;
	enum vm_tsc_mode tsc_mode;
	struct vm_cpuid *cpuid;
	unsigned int cpuids;
	struct vm_vnode *vnuma;
	unsigned int vnodes;
	enum choice nested_hvm;
	enum choice vpmu;
	enum choice msr_relaxed;
	int altp2m; /* 0 disabled, 1 mixed, 2 external, 3 limited */

	/* Memory. */
	uint64_t target_kib; /* at the start: `memory` */
	uint64_t max_kib;    /* `maxmem`, or `memory` where that is not given */
	uint64_t video_kib;
	uint64_t shadow_kib;
	enum choice claim_mode;

	/* Limits. */
	uint32_t max_grant_frames;    /* VM_FRAMES_DEFAULT: xl.conf's, else the hypervisor's */
	uint32_t max_maptrack_frames; /* likewise */
	int max_grant_version;        /* VM_UNSET likewise */
	uint32_t event_channels;      /* 0: 1023, as upstream */

	/* Start. */
	char *kernel;
	char *ramdisk;
	char *cmdline;
	char *bootloader;
	struct vm_strings bootloader_args;
	char *blkdev_start;
	enum choice acpi;
	enum choice apic;
	enum choice localtime;
	uint32_t rtc_timeoffset; /* seconds, two's complement */
	enum vm_timer_mode timer_mode;
	enum choice disable_migrate;

	/* The device model. */
	enum vm_device_model_version device_model_version;
	enum choice device_model_stubdomain;
	enum choice dm_restrict;
	uint64_t stubdomain_kib;
	char *stubdomain_kernel;
	char *stubdomain_cmdline;
	char *stubdomain_ramdisk;
	char *device_model;
	char *device_model_user;
	struct vm_strings device_model_args;
	struct vm_strings device_model_args_pv;
	struct vm_strings device_model_args_hvm;

	struct vm_pv pv;
	struct vm_hvm hvm;

	/* Hardware handed over. */
	struct vm_ioports *ioports;
	unsigned int ioport_ranges;
	uint32_t *irqs;
	unsigned int irq_count;
	struct vm_iomem *iomem;
	unsigned int iomem_ranges;

	/* Devices. */
	struct vm_disk *disks;
	unsigned int disk_count;
	struct vm_nic *nics;
	unsigned int nic_count;
	struct vm_pci *pcis;
	unsigned int pci_count;
	struct vm_vfb *vfbs;
	unsigned int vfb_count;
	struct vm_vkb *vkbs;
	unsigned int vkb_count;
	struct vm_p9 *p9s;
	unsigned int p9_count;
	struct vm_channel *channels;
	unsigned int channel_count;

	/* When it stops. */
	enum vm_action on_poweroff;
	enum vm_action on_reboot;
	enum vm_action on_watchdog;
	enum vm_action on_crash;
	enum vm_action on_soft_reset;

	/* What was read but has no effect; already warned of. */
	struct vm_ignored_key *ignored;
	unsigned int ignored_count;
};

/* A machine with every default and no name; NULL when out of memory. */
struct vm_config *vm_config_new(void);

/* Frees config and all it refers to; NULL is allowed. */
void vm_config_free(struct vm_config *config);

/* Append a device with its defaults and return it, to be filled in; NULL when out of memory. The
 * pointer holds until the next device of its kind is added. */
struct vm_disk *vm_config_add_disk(struct vm_config *config);
struct vm_nic *vm_config_add_nic(struct vm_config *config);

/* Remove and free one device; index < count. */
void vm_config_remove_disk(struct vm_config *config, unsigned int index);
void vm_config_remove_nic(struct vm_config *config, unsigned int index);

/* For devices outside a configuration (block-attach): start from vm_disk_init() / vm_nic_init(),
 * end with the other, which frees the members but not the structure. */
void vm_disk_init(struct vm_disk *disk);
void vm_disk_clear(struct vm_disk *disk);
void vm_nic_init(struct vm_nic *nic);
void vm_nic_clear(struct vm_nic *nic);

/* Sets grow as needed; numbers >= VM_CPUS_MAX are refused with -ERANGE. -ENOMEM otherwise. */
int vm_set_add(struct vm_set *set, unsigned int number);
void vm_set_remove(struct vm_set *set, unsigned int number);
bool vm_set_has(const struct vm_set *set, unsigned int number);
unsigned int vm_set_count(const struct vm_set *set);
void vm_set_clear(struct vm_set *set);

/* Names as xl.cfg and the JSON spell them ("pvh", "coredump-restart"); "unknown" outside the enum.
 */
const char *vm_type_name(enum vm_type type);
const char *vm_action_name(enum vm_action action);

#endif
