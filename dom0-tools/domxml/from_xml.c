/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's domain XML to struct vm_config. The model: for each element a table says which children
 * it may have and who reads them; a child without a reader is accepted without effect (it describes
 * what there is anyway, or is of interest to libvirt alone), a child that is in no table is an
 * error naming it and its line. Attributes beyond those read are not looked at.
 *
 * The document comes from anywhere: it is parsed without network, without entities, without a
 * document type, and is at most 1 MiB; the process around this can do nothing but read and write.
 */
#include "domxml/domxml.h"

#include "config/config.h"
#include "config/spec.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#define XML_SIZE_MAX (1U << 20)
#define COUNT(array) ((unsigned int)(sizeof(array) / sizeof((array)[0])))

struct reading {
	const char *source;
	struct report *report;
	struct vm_config *config;
};

typedef int reader(struct reading *reading, xmlNode *node, void *object);

struct rule {
	const char *name;
	reader *read; /* NULL: accepted without effect */
};

static int wrong(struct reading *reading, const xmlNode *node, const char *text, const char *value)
{
	return report_error(reading->report, 0, "%s:%ld: <%s>: %s '%s'", reading->source,
			    xmlGetLineNo(node), (const char *)node->name, text, value);
}

static int unsupported(struct reading *reading, const xmlNode *node, const char *what)
{
	report_error(reading->report, 0, "%s:%ld: %s is not supported", reading->source,
		     xmlGetLineNo(node), what);
	report_next(reading->report, "domxml(8) lists what is; leave it out, or use xl.cfg");
	return -ENOTSUP;
}

static int no_memory(struct reading *reading)
{
	return report_error(reading->report, ENOMEM, "%s", reading->source);
}

/* The only text among the children, "" for none. It belongs to the tree. */
static char *only_text(xmlNode *children)
{
	static char nothing[1];

	for (xmlNode *child = children; child; child = child->next) {
		if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) {
			return (char *)child->content;
		}
	}
	nothing[0] = '\0';
	return nothing;
}

static char *text_of(xmlNode *node)
{
	return spec_trim(only_text(node->children));
}

/* An attribute's text, or NULL. */
static char *attribute(const xmlNode *node, const char *name)
{
	for (xmlAttr *at = node->properties; at; at = at->next) {
		if (strcmp((const char *)at->name, name) == 0) {
			return only_text(at->children);
		}
	}
	return NULL;
}

static bool attribute_is(const xmlNode *node, const char *name, const char *value)
{
	const char *text = attribute(node, name);

	return text && strcmp(text, value) == 0;
}

static int set_text(struct reading *reading, char **to, const char *text)
{
	return spec_set(to, text, reading->report);
}

static int walk(struct reading *reading, xmlNode *parent, const struct rule *rules,
		unsigned int count, void *object)
{
	for (xmlNode *node = parent->children; node; node = node->next) {
		unsigned int i = 0;
		char what[80];
		int err;

		if (node->type != XML_ELEMENT_NODE) {
			continue;
		}
		while (i < count &&
		       (node->ns || strcmp((const char *)node->name, rules[i].name) != 0)) {
			i++;
		}
		if (i == count) {
			snprintf(what, sizeof(what), "<%.30s> in <%.30s>", (const char *)node->name,
				 (const char *)parent->name);
			return unsupported(reading, node, what);
		}
		err = rules[i].read ? rules[i].read(reading, node, object) : 0;
		if (err) {
			return err;
		}
	}
	return 0;
}

static int number_of(struct reading *reading, const xmlNode *node, const char *text, int64_t low,
		     int64_t high, int64_t *number)
{
	if (!text || spec_number(text, 0, number) < 0 || *number < low || *number > high) {
		return wrong(reading, node, "not a number in range:", text ? text : "");
	}
	return 0;
}

/* --- memory and CPUs --- */

/* A size with libvirt's units; KiB without one. */
static int size_of(struct reading *reading, xmlNode *node, uint64_t *kib)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{"b", 1},
		{"bytes", 1},
		{"KB", 1000},
		{"k", 1024},
		{"KiB", 1024},
		{"MB", 1000000},
		{"M", 1 << 20},
		{"MiB", 1 << 20},
		{"GB", 1000000000},
		{"G", 1 << 30},
		{"GiB", 1 << 30},
		{"TB", 1000000000000},
		{"T", (uint64_t)1 << 40},
		{"TiB", (uint64_t)1 << 40},
	};
	const char *unit = attribute(node, "unit");
	int64_t number = 0;
	uint64_t bytes;
	int err = number_of(reading, node, text_of(node), 0, INT64_MAX, &number);

	for (unsigned int i = 0; !err && i < COUNT(units); i++) {
		if (strcmp(unit ? unit : "KiB", units[i].unit) == 0) {
			if (__builtin_mul_overflow((uint64_t)number, units[i].bytes, &bytes)) {
				return wrong(reading, node, "too large:", text_of(node));
			}
			*kib = bytes >> 10;
			return 0;
		}
	}
	return err ? err : wrong(reading, node, "unknown unit", unit);
}

static int read_memory(struct reading *reading, xmlNode *node, void *object)
{
	return size_of(reading, node, &reading->config->max_kib);
}

static int read_current_memory(struct reading *reading, xmlNode *node, void *object)
{
	return size_of(reading, node, &reading->config->target_kib);
}

static int read_vcpu(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_config *config = reading->config;
	const char *current = attribute(node, "current");
	const char *cpuset = attribute(node, "cpuset");
	static const struct config_host unknown;
	int64_t most = 0;
	int64_t online;
	int err = number_of(reading, node, text_of(node), 1, VM_VCPUS_MAX, &most);

	online = most;
	if (!err && current) {
		err = number_of(reading, node, current, 1, most, &online);
	}
	config->max_vcpus = (unsigned int)most;
	for (unsigned int i = 0; !err && i < online; i++) {
		err = vm_set_add(&config->avail_vcpus, i);
	}
	if (err || !cpuset) {
		return err;
	}
	if (config->hard_affinities) {
		return wrong(reading, node, "stands twice, or after <cputune>:", cpuset);
	}
	config->hard_affinity = calloc(config->max_vcpus, sizeof(struct vm_set));
	if (!config->hard_affinity) {
		return no_memory(reading);
	}
	config->hard_affinities = config->max_vcpus;
	config->numa_placement = CHOICE_NO;
	for (unsigned int i = 0; !err && i < config->max_vcpus; i++) {
		err = config_read_cpus(cpuset, &unknown, &config->hard_affinity[i],
				       reading->report);
	}
	return err;
}

static int read_vcpupin(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_config *config = reading->config;
	static const struct config_host unknown;
	const char *cpuset = attribute(node, "cpuset");
	int64_t vcpu = 0;
	int err =
		number_of(reading, node, attribute(node, "vcpu"), 0, config->max_vcpus - 1, &vcpu);

	if (err) {
		return err;
	}
	if (!cpuset) {
		return wrong(reading, node, "has no", "cpuset");
	}
	if (!config->hard_affinity) {
		config->hard_affinity = calloc(config->max_vcpus, sizeof(struct vm_set));
		if (!config->hard_affinity) {
			return no_memory(reading);
		}
		config->hard_affinities = config->max_vcpus;
		config->numa_placement = CHOICE_NO;
		for (unsigned int i = 0; i < config->max_vcpus; i++) {
			config->hard_affinity[i].all = true;
		}
	}
	vm_set_clear(&config->hard_affinity[vcpu]);
	return config_read_cpus(cpuset, &unknown, &config->hard_affinity[vcpu], reading->report);
}

static int read_cputune(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {{"vcpupin", read_vcpupin}};

	return walk(reading, node, rules, COUNT(rules), object);
}

/* <feature policy='disable' name='avx'/> is the same as cpuid = "host,avx=0". */
static int read_cpu_feature(struct reading *reading, xmlNode *node, void *object)
{
	const char *policy = attribute(node, "policy");
	const char *name = attribute(node, "name");
	bool on = !policy || strcmp(policy, "force") == 0 || strcmp(policy, "require") == 0;
	char text[128];

	if (!name) {
		return wrong(reading, node, "has no", "name");
	}
	if (policy && strcmp(policy, "optional") == 0) {
		return 0;
	}
	if (strcmp(name, "vmx") == 0 || strcmp(name, "svm") == 0) {
		reading->config->nested_hvm = on ? CHOICE_YES : CHOICE_NO;
		return 0;
	}
	snprintf(text, sizeof(text), "host,%.64s=%d", name, on);
	return spec_cpuid_features(text, NULL, reading->config, reading->report);
}

static int read_cpu(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"feature", read_cpu_feature},
		{"topology", NULL},
		{"cache", NULL},
	};

	if (attribute(node, "mode") && !attribute_is(node, "mode", "host-passthrough")) {
		return unsupported(reading, node, "<cpu> of another mode than host-passthrough");
	}
	return walk(reading, node, rules, COUNT(rules), object);
}

/* --- what it starts from --- */

static int read_name(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->name, text_of(node));
}

static int read_uuid(struct reading *reading, xmlNode *node, void *object)
{
	reading->config->uuid_given = true;
	return config_read_uuid(text_of(node), reading->config->uuid) < 0
		       ? wrong(reading, node, "not a UUID:", text_of(node))
		       : 0;
}

static int read_os_type(struct reading *reading, xmlNode *node, void *object)
{
	const char *text = text_of(node);

	if (strcmp(text, "linux") == 0 || strcmp(text, "xen") == 0) {
		reading->config->type =
			attribute_is(node, "machine", "xenpvh") ? VM_TYPE_PVH : VM_TYPE_PV;
	} else if (strcmp(text, "xenpvh") == 0) {
		reading->config->type = VM_TYPE_PVH;
	} else if (strcmp(text, "hvm") == 0) {
		reading->config->type = VM_TYPE_HVM;
	} else {
		return wrong(reading, node, "unknown type", text);
	}
	if (attribute(node, "arch") && !attribute_is(node, "arch", "x86_64")) {
		return wrong(reading, node,
			     "another architecture than x86_64:", attribute(node, "arch"));
	}
	return 0;
}

static int read_loader(struct reading *reading, xmlNode *node, void *object)
{
	const char *path = text_of(node);
	const char *base = strrchr(path, '/');

	if (strcmp(base ? base + 1 : path, "hvmloader") == 0) {
		return 0;
	}
	if (attribute_is(node, "type", "pflash") || attribute_is(node, "type", "rom")) {
		reading->config->hvm.bios = VM_BIOS_OVMF;
		return set_text(reading, &reading->config->hvm.system_firmware, path);
	}
	return set_text(reading, &reading->config->hvm.firmware, path);
}

static int read_kernel(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->kernel, text_of(node));
}

static int read_initrd(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->ramdisk, text_of(node));
}

static int read_cmdline(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->cmdline, only_text(node->children));
}

/* <boot dev='hd'/>, in order, to letters. */
static int read_boot(struct reading *reading, xmlNode *node, void *object)
{
	static const struct {
		const char *dev;
		char letter;
	} devices[] = {{"hd", 'c'}, {"cdrom", 'd'}, {"network", 'n'}, {"fd", 'a'}};
	const char *dev = attribute(node, "dev");
	char **boot = &reading->config->hvm.boot;
	char text[16];

	for (unsigned int i = 0; dev && i < COUNT(devices); i++) {
		if (strcmp(dev, devices[i].dev) == 0) {
			snprintf(text, sizeof(text), "%.8s%c", *boot ? *boot : "",
				 devices[i].letter);
			return set_text(reading, boot, text);
		}
	}
	return wrong(reading, node, "unknown device", dev ? dev : "");
}

static int read_os(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"type", read_os_type},  {"loader", read_loader},   {"kernel", read_kernel},
		{"initrd", read_initrd}, {"cmdline", read_cmdline}, {"boot", read_boot},
		{"bootmenu", NULL},
	};

	return walk(reading, node, rules, COUNT(rules), object);
}

static int read_bootloader(struct reading *reading, xmlNode *node, void *object)
{
	return *text_of(node) ? set_text(reading, &reading->config->bootloader, text_of(node)) : 0;
}

static int read_bootloader_args(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_strings *args = &reading->config->bootloader_args;
	char *rest = text_of(node);
	char *word;

	while ((word = strsep(&rest, " \t\n"))) {
		char **item;

		if (!*word) {
			continue;
		}
		item = reallocarray(args->item, args->count + 1, sizeof(*item));
		if (!item) {
			return no_memory(reading);
		}
		args->item = item;
		item[args->count] = strdup(word);
		if (!item[args->count]) {
			return no_memory(reading);
		}
		args->count++;
	}
	return 0;
}

/* --- features, clock, ends --- */

static enum choice state_of(const xmlNode *node)
{
	return attribute_is(node, "state", "off") ? CHOICE_NO : CHOICE_YES;
}

static int read_feature(struct reading *reading, xmlNode *node, void *object)
{
	*(enum choice *)object = state_of(node);
	return 0;
}

static int read_acpi(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->acpi);
}

static int read_apic(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->apic);
}

static int read_pae(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->hvm.pae);
}

static int read_hap(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->hap);
}

static int read_viridian(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->hvm.viridian);
}

static int read_e820_host(struct reading *reading, xmlNode *node, void *object)
{
	return read_feature(reading, node, &reading->config->pv.e820_host);
}

static int read_passthrough(struct reading *reading, xmlNode *node, void *object)
{
	const char *mode = attribute(node, "mode");

	reading->config->passthrough = VM_PASSTHROUGH_ENABLED;
	if (state_of(node) == CHOICE_NO) {
		reading->config->passthrough = VM_PASSTHROUGH_DISABLED;
	} else if (mode && strcmp(mode, "sync_pt") == 0) {
		reading->config->passthrough = VM_PASSTHROUGH_SYNC_PT;
	} else if (mode && strcmp(mode, "share_pt") == 0) {
		reading->config->passthrough = VM_PASSTHROUGH_SHARE_PT;
	}
	return 0;
}

static int read_xen(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"e820_host", read_e820_host},
		{"passthrough", read_passthrough},
	};

	return walk(reading, node, rules, COUNT(rules), object);
}

static int read_features(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"acpi", read_acpi}, {"apic", read_apic},         {"pae", read_pae},
		{"hap", read_hap},   {"viridian", read_viridian}, {"xen", read_xen},
	};

	return walk(reading, node, rules, COUNT(rules), object);
}

static int read_timer(struct reading *reading, xmlNode *node, void *object)
{
	static const struct {
		const char *mode;
		enum vm_tsc_mode tsc;
	} modes[] = {
		{"auto", VM_TSC_DEFAULT},
		{"native", VM_TSC_NATIVE},
		{"emulate", VM_TSC_ALWAYS_EMULATE},
		{"paravirt", VM_TSC_NATIVE_PARAVIRT},
	};
	const char *mode = attribute(node, "mode");

	if (attribute_is(node, "name", "hpet")) {
		reading->config->hvm.hpet =
			attribute_is(node, "present", "no") ? CHOICE_NO : CHOICE_YES;
		return 0;
	}
	if (!attribute_is(node, "name", "tsc")) {
		return unsupported(reading, node, "a <timer> other than tsc and hpet");
	}
	for (unsigned int i = 0; mode && i < COUNT(modes); i++) {
		if (strcmp(mode, modes[i].mode) == 0) {
			reading->config->tsc_mode = modes[i].tsc;
			return 0;
		}
	}
	return mode ? wrong(reading, node, "unknown mode", mode) : 0;
}

static int read_clock(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {{"timer", read_timer}};
	const char *offset = attribute(node, "offset");
	const char *adjustment = attribute(node, "adjustment");
	int64_t seconds = 0;
	int err = 0;

	if (!offset || strcmp(offset, "utc") == 0) {
		reading->config->localtime = CHOICE_NO;
	} else if (strcmp(offset, "localtime") == 0) {
		reading->config->localtime = CHOICE_YES;
	} else if (strcmp(offset, "variable") == 0) {
		reading->config->localtime =
			attribute_is(node, "basis", "localtime") ? CHOICE_YES : CHOICE_NO;
	} else {
		return wrong(reading, node, "unknown offset", offset);
	}
	if (adjustment && strcmp(adjustment, "reset") != 0) {
		err = number_of(reading, node, adjustment, INT32_MIN, INT32_MAX, &seconds);
		reading->config->rtc_timeoffset = (uint32_t)seconds;
	}
	return err ? err : walk(reading, node, rules, COUNT(rules), object);
}

static int action_of(struct reading *reading, xmlNode *node, enum vm_action *action)
{
	const char *text = text_of(node);

	for (unsigned int i = VM_ACTION_DESTROY; i <= VM_ACTION_COREDUMP_RESTART; i++) {
		if (strcmp(text, vm_action_name((enum vm_action)i)) == 0) {
			*action = (enum vm_action)i;
			return 0;
		}
	}
	return wrong(reading, node, "unknown action", text);
}

static int read_on_poweroff(struct reading *reading, xmlNode *node, void *object)
{
	return action_of(reading, node, &reading->config->on_poweroff);
}

static int read_on_reboot(struct reading *reading, xmlNode *node, void *object)
{
	return action_of(reading, node, &reading->config->on_reboot);
}

static int read_on_crash(struct reading *reading, xmlNode *node, void *object)
{
	return action_of(reading, node, &reading->config->on_crash);
}

/* --- devices --- */

static int read_disk_driver(struct reading *reading, xmlNode *node, void *object)
{
	static const struct {
		const char *type;
		enum vm_disk_format format;
	} formats[] = {
		{"raw", VM_DISK_FORMAT_RAW},   {"aio", VM_DISK_FORMAT_RAW},
		{"qcow", VM_DISK_FORMAT_QCOW}, {"qcow2", VM_DISK_FORMAT_QCOW2},
		{"vhd", VM_DISK_FORMAT_VHD},   {"qed", VM_DISK_FORMAT_QED},
	};
	struct vm_disk *disk = object;
	const char *type = attribute(node, "type");
	const char *discard = attribute(node, "discard");

	if (attribute_is(node, "name", "phy")) {
		disk->backend = VM_DISK_BACKEND_PHY;
	} else if (attribute_is(node, "name", "qemu")) {
		disk->backend = VM_DISK_BACKEND_QDISK;
	} else if (attribute_is(node, "name", "tap") || attribute_is(node, "name", "tap2")) {
		disk->backend = VM_DISK_BACKEND_TAP;
	} else if (attribute(node, "name") && !attribute_is(node, "name", "file")) {
		return wrong(reading, node, "unknown name", attribute(node, "name"));
	}
	if (discard) {
		disk->discard = strcmp(discard, "unmap") == 0 ? CHOICE_YES : CHOICE_NO;
	}
	for (unsigned int i = 0; type && i < COUNT(formats); i++) {
		if (strcmp(type, formats[i].type) == 0) {
			disk->format = formats[i].format;
			return 0;
		}
	}
	return type ? wrong(reading, node, "unknown type", type) : 0;
}

static int read_disk_source(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_disk *disk = object;
	const char *path = attribute(node, "file");

	path = path ? path : attribute(node, "dev");
	if (!path) {
		return unsupported(reading, node, "a disk <source> other than a file or device");
	}
	return set_text(reading, &disk->path, path);
}

static int read_disk_target(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_disk *disk = object;
	const char *dev = attribute(node, "dev");

	return dev ? set_text(reading, &disk->vdev, dev) : wrong(reading, node, "has no", "dev");
}

static int read_disk_readonly(struct reading *reading, xmlNode *node, void *object)
{
	((struct vm_disk *)object)->readwrite = false;
	return 0;
}

static int read_disk_script(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_disk *)object)->script, attribute(node, "path"));
}

static int read_disk_backend(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_disk *)object)->backend_domname,
			attribute(node, "name"));
}

static int read_disk(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"driver", read_disk_driver},
		{"source", read_disk_source},
		{"target", read_disk_target},
		{"readonly", read_disk_readonly},
		{"script", read_disk_script},
		{"backenddomain", read_disk_backend},
		{"address", NULL},
		{"alias", NULL},
		{"backingStore", NULL},
		{"shareable", NULL},
		{"serial", NULL},
	};
	struct vm_disk *disk = vm_config_add_disk(reading->config);
	int err;

	if (!disk) {
		return no_memory(reading);
	}
	disk->cdrom = attribute_is(node, "device", "cdrom");
	disk->removable = disk->cdrom;
	disk->readwrite = !disk->cdrom;
	if (attribute(node, "device") && !disk->cdrom && !attribute_is(node, "device", "disk")) {
		return unsupported(reading, node, "a <disk> other than disk and cdrom");
	}
	err = walk(reading, node, rules, COUNT(rules), disk);
	if (err) {
		return err;
	}
	if (!disk->vdev) {
		return wrong(reading, node, "has no", "target");
	}
	if (!disk->path && !disk->cdrom) {
		return wrong(reading, node, "has no source for", disk->vdev);
	}
	if (!disk->path) {
		disk->format = VM_DISK_FORMAT_EMPTY;
	} else if (disk->format == VM_DISK_FORMAT_UNKNOWN) {
		disk->format = VM_DISK_FORMAT_RAW;
	}
	return 0;
}

static int read_nic_mac(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_nic nic;
	struct vm_nic *to = object;
	const char *address = attribute(node, "address");
	char spec[32];
	int err;

	snprintf(spec, sizeof(spec), "mac=%.24s", address ? address : "");
	err = config_read_nic(spec, NULL, &nic, reading->report);
	if (err) {
		return wrong(reading, node, "not a MAC address:", address ? address : "");
	}
	memcpy(to->mac, nic.mac, sizeof(to->mac));
	vm_nic_clear(&nic);
	return 0;
}

static int read_nic_source(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_nic *)object)->bridge, attribute(node, "bridge"));
}

static int read_nic_script(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_nic *)object)->script, attribute(node, "path"));
}

static int read_nic_target(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_nic *)object)->ifname, attribute(node, "dev"));
}

static int read_nic_backend(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_nic *)object)->backend_domname,
			attribute(node, "name"));
}

static int read_nic_ip(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_nic *)object)->ip, attribute(node, "address"));
}

/* "netfront" is the paravirtual interface alone. */
static int read_nic_model(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_nic *nic = object;
	const char *type = attribute(node, "type");

	if (type && strcmp(type, "netfront") == 0) {
		nic->type = VM_NIC_VIF;
		return 0;
	}
	nic->type = type ? VM_NIC_VIF_IOEMU : VM_NIC_DEFAULT;
	return set_text(reading, &nic->model, type);
}

static int read_nic_mtu(struct reading *reading, xmlNode *node, void *object)
{
	int64_t size = 0;
	int err = number_of(reading, node, attribute(node, "size"), 68, 65535, &size);

	((struct vm_nic *)object)->mtu = (int)size;
	return err;
}

/* In units of 1024 bytes each second; kept for intervals of 50 ms. */
static int read_outbound(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_nic *nic = object;
	int64_t average = 0;
	int err =
		number_of(reading, node, attribute(node, "average"), 1, UINT32_MAX >> 10, &average);

	nic->rate_interval_us = 50000;
	nic->rate_bytes_per_interval = (uint64_t)average * 1024 / 20;
	return err;
}

static int read_bandwidth(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {{"outbound", read_outbound}};

	return walk(reading, node, rules, COUNT(rules), object);
}

static int read_interface(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"mac", read_nic_mac},
		{"source", read_nic_source},
		{"script", read_nic_script},
		{"target", read_nic_target},
		{"backenddomain", read_nic_backend},
		{"ip", read_nic_ip},
		{"model", read_nic_model},
		{"mtu", read_nic_mtu},
		{"bandwidth", read_bandwidth},
		{"address", NULL},
		{"alias", NULL},
	};
	struct vm_nic *nic;

	if (!attribute_is(node, "type", "bridge") && !attribute_is(node, "type", "ethernet")) {
		return unsupported(reading, node, "an <interface> other than bridge and ethernet");
	}
	nic = vm_config_add_nic(reading->config);
	if (!nic) {
		return no_memory(reading);
	}
	nic->devid = (int)reading->config->nic_count - 1;
	return walk(reading, node, rules, COUNT(rules), nic);
}

static int read_emulator(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->device_model, text_of(node));
}

static int read_serial(struct reading *reading, xmlNode *node, void *object)
{
	if (!attribute_is(node, "type", "pty")) {
		return unsupported(reading, node, "a <serial> other than pty");
	}
	return set_text(reading, &reading->config->hvm.serial, "pty");
}

/* Where the picture's settings go: the firmware machine's own, or a framebuffer's. */
static int screen_of(struct reading *reading, struct vm_vnc **vnc, struct vm_sdl **sdl,
		     char ***keymap)
{
	struct vm_config *config = reading->config;

	if (config->type == VM_TYPE_HVM) {
		*vnc = &config->hvm.vnc;
		*sdl = &config->hvm.sdl;
		*keymap = &config->hvm.keymap;
		return 0;
	}
	if (!config->vfbs) {
		config->vfbs = calloc(1, sizeof(*config->vfbs));
		config->vkbs = calloc(1, sizeof(*config->vkbs));
		config->vfb_count = config->vfbs != NULL;
		config->vkb_count = config->vkbs != NULL;
		if (!config->vfbs || !config->vkbs) {
			return no_memory(reading);
		}
	}
	*vnc = &config->vfbs->vnc;
	*sdl = &config->vfbs->sdl;
	*keymap = &config->vfbs->keymap;
	return 0;
}

static int read_vnc(struct reading *reading, xmlNode *node, struct vm_vnc *vnc, char **keymap)
{
	const char *listen = attribute(node, "listen");
	const char *port = attribute(node, "port");
	bool automatic = attribute_is(node, "autoport", "yes") || !port;
	int64_t number = 0;
	int err = 0;

	vnc->enable = CHOICE_YES;
	vnc->findunused = automatic ? CHOICE_YES : CHOICE_NO;
	if (!automatic) {
		err = number_of(reading, node, port, 5900, 65535, &number);
		vnc->display = (int)number - 5900;
	}
	for (xmlNode *child = node->children; !err && child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE &&
		    strcmp((const char *)child->name, "listen") == 0 && !listen) {
			listen = attribute(child, "address");
		}
	}
	if (!err && listen) {
		err = set_text(reading, &vnc->listen, listen);
	}
	if (!err && attribute(node, "passwd")) {
		err = set_text(reading, &vnc->passwd, attribute(node, "passwd"));
	}
	if (!err && attribute(node, "keymap")) {
		err = set_text(reading, keymap, attribute(node, "keymap"));
	}
	return err;
}

static int read_graphics(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_vnc *vnc = NULL;
	struct vm_sdl *sdl = NULL;
	char **keymap = NULL;
	int err = screen_of(reading, &vnc, &sdl, &keymap);

	if (err) {
		return err;
	}
	if (attribute_is(node, "type", "vnc")) {
		return read_vnc(reading, node, vnc, keymap);
	}
	if (!attribute_is(node, "type", "sdl")) {
		return unsupported(reading, node, "<graphics> other than vnc and sdl");
	}
	sdl->enable = CHOICE_YES;
	err = set_text(reading, &sdl->display, attribute(node, "display"));
	return err ? err : set_text(reading, &sdl->xauthority, attribute(node, "xauth"));
}

static int read_video_model(struct reading *reading, xmlNode *node, void *object)
{
	static const struct {
		const char *type;
		enum vm_vga vga;
	} models[] = {
		{"cirrus", VM_VGA_CIRRUS}, {"vga", VM_VGA_STD},     {"none", VM_VGA_NONE},
		{"qxl", VM_VGA_QXL},       {"xen", VM_VGA_DEFAULT},
	};
	const char *type = attribute(node, "type");
	const char *vram = attribute(node, "vram");
	int64_t kib = 0;
	int err = vram ? number_of(reading, node, vram, 0, 1 << 20, &kib) : 0;

	if (!err && vram && !attribute_is(node, "type", "xen")) {
		reading->config->video_kib = (uint64_t)kib;
	}
	for (unsigned int i = 0; !err && type && i < COUNT(models); i++) {
		if (strcmp(type, models[i].type) == 0) {
			reading->config->hvm.vga = models[i].vga;
			return 0;
		}
	}
	return err ? err : wrong(reading, node, "unknown type", type ? type : "");
}

static int read_video(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"model", read_video_model}, {"address", NULL}, {"alias", NULL}};

	return walk(reading, node, rules, COUNT(rules), object);
}

/* Only the tablet is something to add; mouse and keyboard are there anyway. */
static int read_input(struct reading *reading, xmlNode *node, void *object)
{
	if (!attribute_is(node, "type", "tablet")) {
		return 0;
	}
	reading->config->hvm.usb = CHOICE_YES;
	return set_text(reading, &reading->config->hvm.usbdevice, "tablet");
}

static int read_sound(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &reading->config->hvm.soundhw, attribute(node, "model"));
}

static int read_pci_address(struct reading *reading, xmlNode *node, void *object)
{
	struct vm_pci *pci = object;
	int64_t domain = 0;
	int64_t bus = 0;
	int64_t slot = 0;
	int64_t function = 0;
	int err = 0;

	if (attribute(node, "domain")) {
		err = number_of(reading, node, attribute(node, "domain"), 0, 0xffff, &domain);
	}
	if (!err) {
		err = number_of(reading, node, attribute(node, "bus"), 0, 0xff, &bus);
	}
	if (!err) {
		err = number_of(reading, node, attribute(node, "slot"), 0, 0x1f, &slot);
	}
	if (!err) {
		err = number_of(reading, node, attribute(node, "function"), 0, 7, &function);
	}
	pci->domain = (int)domain;
	pci->bus = (uint8_t)bus;
	pci->device = (uint8_t)slot;
	pci->function = (uint8_t)function;
	return err;
}

static int read_pci_driver(struct reading *reading, xmlNode *node, void *object)
{
	return attribute_is(node, "name", "xen") ? 0 : wrong(reading, node, "is not", "xen");
}

static int read_pci_source(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {{"address", read_pci_address}};

	((struct vm_pci *)object)->permissive = attribute_is(node, "writeFiltering", "no");
	return walk(reading, node, rules, COUNT(rules), object);
}

static int read_hostdev(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"source", read_pci_source},
		{"driver", read_pci_driver},
		{"address", NULL},
		{"alias", NULL},
	};
	struct vm_config *config = reading->config;
	struct vm_pci *pci;

	if (!attribute_is(node, "type", "pci")) {
		return unsupported(reading, node, "a <hostdev> other than pci");
	}
	pci = reallocarray(config->pcis, config->pci_count + 1, sizeof(*pci));
	if (!pci) {
		return no_memory(reading);
	}
	config->pcis = pci;
	pci += config->pci_count++;
	*pci = (struct vm_pci){.function_mask = 1};
	pci->seize = attribute_is(node, "managed", "yes");
	pci->rdm_policy = config->type == VM_TYPE_HVM ? VM_RDM_INVALID : VM_RDM_STRICT;
	return walk(reading, node, rules, COUNT(rules), pci);
}

static int read_channel_source(struct reading *reading, xmlNode *node, void *object)
{
	return set_text(reading, &((struct vm_channel *)object)->path, attribute(node, "path"));
}

static int read_channel_target(struct reading *reading, xmlNode *node, void *object)
{
	return attribute_is(node, "type", "xen")
		       ? set_text(reading, &((struct vm_channel *)object)->name,
				  attribute(node, "name"))
		       : unsupported(reading, node, "a <channel> <target> other than xen");
}

static int read_channel(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"source", read_channel_source},
		{"target", read_channel_target},
		{"alias", NULL},
		{"address", NULL},
	};
	struct vm_config *config = reading->config;
	struct vm_channel *channel;

	channel = reallocarray(config->channels, config->channel_count + 1, sizeof(*channel));
	if (!channel) {
		return no_memory(reading);
	}
	config->channels = channel;
	channel += config->channel_count;
	*channel = (struct vm_channel){.devid = (int)config->channel_count++};
	if (attribute_is(node, "type", "pty")) {
		channel->connection = VM_CHANNEL_PTY;
	} else if (attribute_is(node, "type", "unix")) {
		channel->connection = VM_CHANNEL_SOCKET;
	} else {
		return unsupported(reading, node, "a <channel> other than pty and unix");
	}
	return walk(reading, node, rules, COUNT(rules), channel);
}

/* xenbus' limits are the machine's; other controllers are there anyway. */
static int read_controller(struct reading *reading, xmlNode *node, void *object)
{
	const char *frames = attribute(node, "maxGrantFrames");
	const char *channels = attribute(node, "maxEventChannels");
	int64_t number = 0;
	int err = 0;

	if (!attribute_is(node, "type", "xenbus")) {
		return 0;
	}
	if (frames) {
		err = number_of(reading, node, frames, 0, INT32_MAX, &number);
		reading->config->max_grant_frames = (uint32_t)number;
	}
	if (!err && channels) {
		err = number_of(reading, node, channels, 0, INT32_MAX, &number);
		reading->config->event_channels = (uint32_t)number;
	}
	return err;
}

static int read_devices(struct reading *reading, xmlNode *node, void *object)
{
	static const struct rule rules[] = {
		{"emulator", read_emulator},
		{"disk", read_disk},
		{"interface", read_interface},
		{"serial", read_serial},
		{"console", NULL},
		{"graphics", read_graphics},
		{"video", read_video},
		{"input", read_input},
		{"sound", read_sound},
		{"hostdev", read_hostdev},
		{"channel", read_channel},
		{"controller", read_controller},
		{"memballoon", NULL},
		{"audio", NULL},
	};

	return walk(reading, node, rules, COUNT(rules), object);
}

/* --- the whole --- */

/* <os> decides what the rest means, so it is read first. */
static int read_domain(struct reading *reading, xmlNode *root)
{
	static const struct rule rules[] = {
		{"os", NULL},
		{"name", read_name},
		{"uuid", read_uuid},
		{"memory", read_memory},
		{"currentMemory", read_current_memory},
		{"vcpu", read_vcpu},
		{"cputune", read_cputune},
		{"cpu", read_cpu},
		{"bootloader", read_bootloader},
		{"bootloader_args", read_bootloader_args},
		{"features", read_features},
		{"clock", read_clock},
		{"on_poweroff", read_on_poweroff},
		{"on_reboot", read_on_reboot},
		{"on_crash", read_on_crash},
		{"devices", read_devices},
		{"title", NULL},
		{"description", NULL},
		{"metadata", NULL},
		{"resource", NULL},
		{"seclabel", NULL},
		{"iothreads", NULL},
	};

	for (xmlNode *node = root->children; node; node = node->next) {
		if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "os") == 0) {
			int err = read_os(reading, node, NULL);

			if (err) {
				return err;
			}
		}
	}
	return walk(reading, root, rules, COUNT(rules), NULL);
}

static int finish(struct reading *reading)
{
	struct vm_config *config = reading->config;

	if (!config->name || !*config->name) {
		return report_error(reading->report, 0, "%s: the domain has no <name>",
				    reading->source);
	}
	if (config->max_kib == VM_KIB_DEFAULT) {
		return report_error(reading->report, 0, "%s: the domain has no <memory>",
				    reading->source);
	}
	if (config->target_kib == VM_KIB_DEFAULT) {
		config->target_kib = config->max_kib;
	}
	if (config->target_kib > config->max_kib) {
		return report_error(reading->report, 0, "%s: <currentMemory> is more than <memory>",
				    reading->source);
	}
	return 0;
}

static int read_document(struct reading *reading, xmlDoc *document)
{
	xmlNode *root = xmlDocGetRootElement(document);

	if (document->intSubset || document->extSubset) {
		return report_error(reading->report, 0,
				    "%s: has a document type, which is not accepted",
				    reading->source);
	}
	if (!root || strcmp((const char *)root->name, "domain") != 0) {
		return report_error(reading->report, 0, "%s: is not the description of a domain",
				    reading->source);
	}
	if (attribute(root, "type") && !attribute_is(root, "type", "xen")) {
		return wrong(reading, root, "is for another hypervisor:", attribute(root, "type"));
	}
	reading->config->on_reboot = VM_ACTION_RESTART;
	reading->config->on_soft_reset = VM_ACTION_SOFT_RESET;
	reading->config->run_hotplug_scripts = CHOICE_YES;
	reading->config->claim_mode = CHOICE_YES;
	return read_domain(reading, root);
}

int domxml_read(const char *text, size_t size, const char *source, struct vm_config **config,
		struct report *report)
{
	struct reading reading = {.source = source, .report = report};
	xmlDoc *document;
	int err;

	if (size > XML_SIZE_MAX) {
		return report_error(report, EFBIG, "%s", source);
	}
	if (memmem(text, size, "<!DOCTYPE", 9) || memmem(text, size, "<!ENTITY", 8)) {
		return report_error(report, 0, "%s: has a document type, which is not accepted",
				    source);
	}
	document = xmlReadMemory(text, (int)size, "domain.xml", NULL,
				 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					 XML_PARSE_NOCDATA | XML_PARSE_NODICT);
	if (!document) {
		const xmlError *error = xmlGetLastError();

		report_error(report, 0, "%s:%d: is not XML", source, error ? error->line : 0);
		if (error && error->message) {
			report_why(report, "%.*s", (int)strcspn(error->message, "\n"),
				   error->message);
		}
		return -EINVAL;
	}
	reading.config = vm_config_new();
	err = reading.config ? read_document(&reading, document) : no_memory(&reading);
	if (!err) {
		err = finish(&reading);
	}
	xmlFreeDoc(document);
	if (err) {
		vm_config_free(reading.config);
		return err;
	}
	*config = reading.config;
	return 0;
}
