/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of xl.cfg about the machine itself that need more than a kind: what it is, its vcpus and
 * where they run, its virtual nodes, firmware, timers, the kernel's command line.
 *
 * Rules that are upstream's and not obvious: `cmdline` wins over `root` and `extra`; one `cpus`
 * text holds for every vcpu, a list for vcpu 0, 1, ...; `maxmem` is `memory` unless given; an HVM
 * domain's `kernel` that names hvmloader is ignored; keys for firmware are read, and without
 * effect, for PV.
 */
#include "config/spec.h"
#include "config/special.h"

#include "lib/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int read_optional_number(struct reading *reading, const char *name, int64_t low, int64_t high,
			 int64_t *number)
{
	const struct cfg_setting *setting = cfg_find(reading->file, name);

	return setting ? schema_number(setting, low, high, number, reading->report) : 0;
}

static int type_of(const struct cfg_setting *setting, enum vm_type *type, struct report *report)
{
	static const struct {
		const char *word;
		enum vm_type type;
	} words[] = {
		{"pv", VM_TYPE_PV},      {"pvh", VM_TYPE_PVH},  {"hvm", VM_TYPE_HVM},
		{"generic", VM_TYPE_PV}, {"linux", VM_TYPE_PV},
	};
	const char *text;
	int err = schema_text(setting, &text, report);

	if (err) {
		return err;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*type = words[i].type;
			return 0;
		}
	}
	cfg_error(&setting->value.where, report, "%s: '%s' is no type of domain", setting->name,
		  text);
	report_next(report, "one of: pv pvh hvm");
	return -EINVAL;
}

int read_type(struct reading *reading, const struct cfg_setting *setting)
{
	return type_of(setting, &reading->config->type, reading->report);
}

/* The older key: alone it decides, beside `type` it must agree. */
int read_builder(struct reading *reading, const struct cfg_setting *setting)
{
	enum vm_type type = VM_TYPE_PV;
	int err = type_of(setting, &type, reading->report);

	if (err) {
		return err;
	}
	if (!cfg_find(reading->file, "type")) {
		reading->config->type = type;
	} else if ((type == VM_TYPE_HVM) != (reading->config->type == VM_TYPE_HVM)) {
		err = cfg_error(&setting->where, reading->report,
				"builder and type contradict each other");
		report_next(reading->report, "leave out builder");
	}
	return err;
}

int read_uuid(struct reading *reading, const struct cfg_setting *setting)
{
	const char *text;
	int err = schema_text(setting, &text, reading->report);

	if (err) {
		return err;
	}
	if (config_read_uuid(text, reading->config->uuid) < 0) {
		cfg_error(&setting->value.where, reading->report, "uuid: '%s' is not a UUID", text);
		report_next(reading->report, "32 hexadecimal digits; uuidgen makes one");
		return -EINVAL;
	}
	reading->config->uuid_given = true;
	return 0;
}

static int random_bytes(uint8_t *byte, size_t size, struct report *report)
{
	if (getrandom(byte, size, 0) != (ssize_t)size) {
		return report_error(report, errno, "random numbers");
	}
	return 0;
}

/* Version 4, variant 1 (RFC 4122). */
static int make_uuid(struct vm_config *config, struct report *report)
{
	int err = random_bytes(config->uuid, sizeof(config->uuid), report);

	config->uuid[6] = (uint8_t)((config->uuid[6] & 0x0f) | 0x40);
	config->uuid[8] = (uint8_t)((config->uuid[8] & 0x3f) | 0x80);
	return err;
}

int read_genid(struct reading *reading, const struct cfg_setting *setting)
{
	const char *text;
	int err = schema_text(setting, &text, reading->report);

	if (err || strcmp(text, "none") == 0) {
		return err;
	}
	if (strcmp(text, "generate") != 0) {
		return cfg_error(&setting->value.where, reading->report,
				 "ms_vm_genid: '%s' is neither generate nor none", text);
	}
	return random_bytes(reading->config->hvm.genid, 16, reading->report);
}

/* A kernel called hvmloader is what xm's files had for HVM: not a kernel. */
int read_kernel(struct reading *reading, const struct cfg_setting *setting)
{
	const char *base;
	const char *text;
	int err = schema_text(setting, &text, reading->report);

	if (err) {
		return err;
	}
	base = strrchr(text, '/');
	base = base ? base + 1 : text;
	if (reading->config->type == VM_TYPE_HVM && strcmp(base, "hvmloader") == 0) {
		cfg_warning(&setting->where, reading->report,
			    "kernel = \"%s\" has no effect: it is firmware", text);
		report_next(reading->report, "leave it out, or use firmware_override");
		return 0;
	}
	return spec_set(&reading->config->kernel, text, reading->report);
}

int read_bootloader_args(struct reading *reading, const struct cfg_setting *setting)
{
	struct vm_strings *args = &reading->config->bootloader_args;
	char *word;
	char *copy;
	char *rest;
	int err = 0;

	if (!setting->value.text) {
		return schema_texts(setting, args, reading->report);
	}
	copy = strdup(setting->value.text);
	if (!copy) {
		return cfg_no_memory(reading->report);
	}
	rest = copy;
	while (!err && (word = strsep(&rest, " \t"))) {
		if (*word) {
			err = schema_add_text(args, word, reading->report);
		}
	}
	free(copy);
	return err;
}

int read_timeoffset(struct reading *reading, const struct cfg_setting *setting)
{
	int64_t number;
	int err = schema_number(setting, INT32_MIN, UINT32_MAX, &number, reading->report);

	if (!err) {
		reading->config->rtc_timeoffset = (uint32_t)number;
	}
	return err;
}

/* --- firmware --- */

int read_firmware(struct reading *reading, const struct cfg_setting *setting)
{
	static const char *const text[] = {"rombios", "seabios", "ovmf"};
	static const char *const alias[] = {"bios", "uefi"};
	static const struct schema_words words = {text, 3, VM_BIOS_ROMBIOS, false};
	static const struct schema_words aliases = {alias, 2, VM_BIOS_SEABIOS, false};
	int bios = 0;

	if (setting->value.text && schema_word(setting, &aliases, &bios, NULL) == 0) {
		reading->config->hvm.bios = (enum vm_bios)bios;
		return 0;
	}
	if (schema_word(setting, &words, &bios, reading->report) < 0) {
		report_next(reading->report, "one of: bios uefi rombios seabios ovmf");
		return -EINVAL;
	}
	reading->config->hvm.bios = (enum vm_bios)bios;
	return 0;
}

int read_apic(struct reading *reading, const struct cfg_setting *setting)
{
	int64_t number;
	int err = schema_number(setting, INT64_MIN, INT64_MAX, &number, reading->report);

	if (!err && reading->config->type == VM_TYPE_HVM) {
		reading->config->apic = number ? CHOICE_YES : CHOICE_NO;
	}
	return err;
}

int read_timer_mode(struct reading *reading, const struct cfg_setting *setting)
{
	static const char *const text[] = {"unknown", "delay_for_missed_ticks",
					   "no_delay_for_missed_ticks", "no_missed_ticks_pending",
					   "one_missed_tick_pending"};
	static const struct schema_words words = {text, 5, VM_TIMER_UNKNOWN, true};
	int mode = VM_TIMER_UNKNOWN;
	int err;

	if (reading->config->type == VM_TYPE_PV) {
		cfg_error(&setting->where, reading->report,
			  "timer_mode: a PV domain has no timers "
			  "of its own");
		report_next(reading->report, "leave it out, or use type = \"hvm\"");
		return -EINVAL;
	}
	err = schema_word(setting, &words, &mode, reading->report);
	reading->config->timer_mode = (enum vm_timer_mode)mode;
	return err;
}

int read_mmio_hole(struct reading *reading, const struct cfg_setting *setting)
{
	int64_t number;
	int err = schema_number(setting, 0, 4096, &number, reading->report);

	if (!err) {
		reading->config->hvm.mmio_hole_kib = (uint64_t)number << 10;
	}
	return err;
}

/* The interfaces by name; the numbers are upstream's. */
static int viridian_number(const char *name)
{
	static const char *const names[] = {
		"base",
		"freq",
		"time_ref_count",
		"reference_tsc",
		"hcall_remote_tlb_flush",
		"apic_assist",
		"crash_ctl",
		"synic",
		"stimer",
		"hcall_ipi",
		"ex_processor_masks",
		"no_vp_limit",
		"cpu_hotplug",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			return (int)i;
		}
	}
	return -EINVAL;
}

#define VIRIDIAN_MAX 64U

/* One word of the list: NAME, !NAME, all. */
static int read_viridian_word(struct reading *reading, const struct cfg_value *item)
{
	struct vm_hvm *hvm = &reading->config->hvm;
	const char *name = item->text;
	bool remove = *name == '!';
	int number;
	int err = 0;

	name += remove;
	if (strcmp(name, "all") == 0) {
		for (unsigned int i = 0; !err && i < VIRIDIAN_MAX; i++) {
			err = vm_set_add(remove ? &hvm->viridian_disable : &hvm->viridian_enable,
					 i);
			vm_set_remove(remove ? &hvm->viridian_enable : &hvm->viridian_disable, i);
		}
		return err;
	}
	number = strcmp(name, "defaults") == 0 ? 0 : viridian_number(name);
	if (number < 0) {
		return cfg_error(&item->where, reading->report, "viridian: '%s' is unknown", name);
	}
	err = vm_set_add(remove ? &hvm->viridian_disable : &hvm->viridian_enable,
			 (unsigned int)number);
	vm_set_remove(remove ? &hvm->viridian_enable : &hvm->viridian_disable,
		      (unsigned int)number);
	return err;
}

int read_viridian(struct reading *reading, const struct cfg_setting *setting)
{
	int64_t number;
	int err = 0;

	if (setting->value.text) {
		err = schema_number(setting, INT64_MIN, INT64_MAX, &number, reading->report);
		if (!err) {
			reading->config->hvm.viridian = number ? CHOICE_YES : CHOICE_NO;
		} else {
			report_next(reading->report, "0, 1, or a list of names");
		}
		return err;
	}
	for (unsigned int i = 0; !err && i < setting->value.items; i++) {
		const char *text;

		err = schema_item(setting, i, &text, reading->report);
		if (!err) {
			err = read_viridian_word(reading, &setting->value.item[i]);
		}
	}
	return err;
}

int read_serial(struct reading *reading, const struct cfg_setting *setting)
{
	if (setting->value.text) {
		return spec_set(&reading->config->hvm.serial, setting->value.text, reading->report);
	}
	return schema_texts(setting, &reading->config->hvm.serial_list, reading->report);
}

int read_usbdevice(struct reading *reading, const struct cfg_setting *setting)
{
	if (setting->value.text) {
		return spec_set(&reading->config->hvm.usbdevice, setting->value.text,
				reading->report);
	}
	return schema_texts(setting, &reading->config->hvm.usbdevice_list, reading->report);
}

int read_vga(struct reading *reading, const struct cfg_setting *setting)
{
	static const char *const text[] = {"cirrus", "stdvga", "none", "qxl"};
	static const struct schema_words words = {text, 4, VM_VGA_CIRRUS, false};
	int kind = 0;
	int err = schema_word(setting, &words, &kind, reading->report);

	reading->config->hvm.vga = (enum vm_vga)kind;
	return err;
}

int read_cpuid(struct reading *reading, const struct cfg_setting *setting)
{
	int err = 0;

	if (setting->value.text) {
		return spec_cpuid_features(setting->value.text, &setting->value.where,
					   reading->config, reading->report);
	}
	for (unsigned int i = 0; !err && i < setting->value.items; i++) {
		const char *text = NULL;

		err = schema_item(setting, i, &text, reading->report);
		if (!err) {
			err = spec_cpuid_leaf(text, &setting->value.item[i].where, reading->config,
					      reading->report);
		}
	}
	return err;
}

/* --- virtual nodes --- */

/* "0-3": numbers of vcpus. */
static int read_vcpu_range(const struct cfg_value *item, const char *text, struct vm_set *set,
			   struct report *report)
{
	static const struct config_host unknown;

	vm_set_clear(set);
	return spec_cpus(text, &unknown, &item->where, set, report);
}

static int read_distances(const struct cfg_value *item, char *text, struct vm_vnode *node,
			  unsigned int nodes, struct report *report)
{
	char *word;

	while ((word = strsep(&text, ","))) {
		int64_t number;

		if (node->distances == nodes || spec_number(spec_trim(word), 0, &number) < 0 ||
		    number < 0 || number > UINT32_MAX) {
			return cfg_error(&item->where, report,
					 "vnuma: vdistances wants a number for each of %u nodes",
					 nodes);
		}
		node->distance[node->distances++] = (uint32_t)number;
	}
	return 0;
}

static int read_vnode_word(const struct cfg_value *item, struct vm_vnode *node, unsigned int nodes,
			   struct report *report)
{
	char *copy = strdup(item->text);
	char *sign = copy ? strchr(copy, '=') : NULL;
	int64_t number = 0;
	int err = 0;
	char *key;
	char *value;

	if (!copy) {
		return cfg_no_memory(report);
	}
	if (!sign) {
		free(copy);
		return cfg_error(&item->where, report, "vnuma: '%s' has no value", item->text);
	}
	*sign = '\0';
	key = spec_trim(copy);
	value = spec_trim(sign + 1);
	if (strcmp(key, "vcpus") == 0) {
		err = read_vcpu_range(item, value, &node->vcpus, report);
	} else if (strcmp(key, "vdistances") == 0) {
		node->distances = 0;
		err = read_distances(item, value, node, nodes, report);
		node->distances = nodes;
	} else if (strcmp(key, "pnode") == 0 || strcmp(key, "size") == 0) {
		if (spec_number(value, 0, &number) < 0 || number < 0 || number > UINT32_MAX) {
			err = cfg_error(&item->where, report, "vnuma: '%s' is not a number", value);
		} else if (*key == 'p') {
			node->pnode = (uint32_t)number;
		} else {
			node->memory_kib = (uint64_t)number << 10;
		}
	} else {
		err = cfg_error(&item->where, report, "vnuma: '%s' is unknown", key);
		report_next(report, "pnode, size, vcpus, vdistances");
	}
	free(copy);
	return err;
}

static int read_vnode(struct reading *reading, const struct cfg_value *list, struct vm_vnode *node,
		      unsigned int nodes)
{
	int err = 0;

	if (list->text) {
		cfg_error(&list->where, reading->report, "vnuma: each node must be a list");
		report_next(reading->report, "vnuma = [ [ \"pnode=0\", \"size=512\", ... ], ... ]");
		return -EINVAL;
	}
	node->distance = calloc(nodes, sizeof(*node->distance));
	if (!node->distance) {
		return cfg_no_memory(reading->report);
	}
	node->distances = nodes;
	for (unsigned int i = 0; !err && i < list->items; i++) {
		if (!list->item[i].text) {
			err = cfg_error(&list->item[i].where, reading->report,
					"vnuma: a list within a node's list");
		} else {
			err = read_vnode_word(&list->item[i], node, nodes, reading->report);
		}
	}
	return err;
}

int read_vnuma(struct reading *reading, const struct cfg_setting *setting)
{
	unsigned int nodes = setting->value.items;
	int err = schema_list(setting, reading->report);

	if (err || nodes == 0) {
		return err;
	}
	if (nodes > 64) {
		return cfg_error(&setting->where, reading->report, "vnuma: more than 64 nodes");
	}
	reading->config->vnuma = calloc(nodes, sizeof(struct vm_vnode));
	if (!reading->config->vnuma) {
		return cfg_no_memory(reading->report);
	}
	reading->config->vnodes = nodes;
	for (unsigned int i = 0; !err && i < nodes; i++) {
		err = read_vnode(reading, &setting->value.item[i], &reading->config->vnuma[i],
				 nodes);
	}
	return err;
}

/* --- after all keys --- */

static int finish_vcpus(struct reading *reading)
{
	struct vm_config *config = reading->config;
	int64_t online = 0;
	int64_t most = 0;
	int err = read_optional_number(reading, "vcpus", 0, VM_VCPUS_MAX, &online);

	if (!err) {
		err = read_optional_number(reading, "maxvcpus", 0, VM_VCPUS_MAX, &most);
	}
	if (err) {
		return err;
	}
	if (most && online > most) {
		return cfg_error(&cfg_find(reading->file, "maxvcpus")->where, reading->report,
				 "maxvcpus is %lld but vcpus is %lld", (long long)most,
				 (long long)online);
	}
	for (unsigned int i = 0; !err && i < online; i++) {
		err = vm_set_add(&config->avail_vcpus, i);
	}
	config->max_vcpus = (unsigned int)(most ? most : online ? online : 1);
	if (!most && !online && config->vnodes) {
		config->max_vcpus = 0;
		for (unsigned int i = 0; i < config->vnodes; i++) {
			config->max_vcpus += vm_set_count(&config->vnuma[i].vcpus);
		}
		if (config->max_vcpus == 0 || config->max_vcpus > VM_VCPUS_MAX) {
			return report_error(reading->report, 0,
					    "vnuma: the nodes have %u vcpus together",
					    config->max_vcpus);
		}
	}
	return err;
}

static int copy_set(const struct vm_set *from, struct vm_set *to)
{
	to->all = from->all;
	to->words = 0;
	to->word = NULL;
	if (from->words) {
		to->word = malloc(from->words * sizeof(*to->word));
		if (!to->word) {
			return -ENOMEM;
		}
		memcpy(to->word, from->word, from->words * sizeof(*to->word));
		to->words = from->words;
	}
	return 0;
}

/* Where vcpus may or would run. */
static int read_affinity(struct reading *reading, const char *name, struct vm_set **sets,
			 unsigned int *count)
{
	const struct config_host *host = &reading->options->host;
	const struct cfg_setting *setting = cfg_find(reading->file, name);
	const struct cfg_value *value;
	unsigned int wanted;
	int err = 0;

	if (!setting) {
		return 0;
	}
	value = &setting->value;
	wanted = reading->config->max_vcpus;
	if (!value->text && value->items < wanted) {
		wanted = value->items;
	}
	*sets = calloc(wanted ? wanted : 1, sizeof(**sets));
	if (!*sets) {
		return cfg_no_memory(reading->report);
	}
	*count = wanted;
	for (unsigned int i = 0; !err && i < wanted; i++) {
		const char *text = value->text;

		if (text && i > 0) {
			err = copy_set(&(*sets)[0], &(*sets)[i]);
			continue;
		}
		if (!text) {
			err = schema_item(setting, i, &text, reading->report);
		}
		if (!err) {
			err = spec_cpus(text, host,
					text == value->text ? &value->where : &value->item[i].where,
					&(*sets)[i], reading->report);
		}
	}
	return err == -ENOMEM ? cfg_no_memory(reading->report) : err;
}

static bool is_list(struct reading *reading, const char *name)
{
	const struct cfg_setting *setting = cfg_find(reading->file, name);

	return setting && !setting->value.text;
}

/* Upstream chooses nodes by itself unless vcpus or nodes are laid out one by one. */
static int finish_affinity(struct reading *reading)
{
	struct vm_config *config = reading->config;
	int err = read_affinity(reading, "cpus", &config->hard_affinity, &config->hard_affinities);

	if (!err) {
		err = read_affinity(reading, "cpus_soft", &config->soft_affinity,
				    &config->soft_affinities);
	}
	if (!err && (is_list(reading, "cpus") || is_list(reading, "cpus_soft") || config->vnodes)) {
		config->numa_placement = CHOICE_NO;
	}
	return err;
}

static int finish_memory(struct reading *reading)
{
	struct vm_config *config = reading->config;
	const struct cfg_setting *most = cfg_find(reading->file, "maxmem");

	if (config->max_kib == VM_KIB_DEFAULT) {
		config->max_kib = config->target_kib;
	}
	if (most && config->target_kib != VM_KIB_DEFAULT && config->max_kib < config->target_kib) {
		cfg_error(&most->where, reading->report,
			  "maxmem is %llu MiB, less than memory, %llu MiB",
			  (unsigned long long)config->max_kib >> 10,
			  (unsigned long long)config->target_kib >> 10);
		report_next(reading->report, "raise maxmem or leave it out");
		return -EINVAL;
	}
	return 0;
}

static int finish_labels(struct reading *reading)
{
	const struct cfg_setting *running = cfg_find(reading->file, "seclabel");
	const struct cfg_setting *building = cfg_find(reading->file, "init_seclabel");
	struct vm_config *config = reading->config;
	const char *text;
	int err = 0;

	if (running) {
		err = schema_text(running, &text, reading->report);
		if (!err) {
			err = spec_set(building ? &config->exec_ssid_label : &config->ssid_label,
				       text, reading->report);
		}
	}
	if (!err && building) {
		err = schema_text(building, &text, reading->report);
		if (!err) {
			err = spec_set(&config->ssid_label, text, reading->report);
		}
	}
	return err;
}

static int optional_text(struct reading *reading, const char *name, const char **text)
{
	const struct cfg_setting *setting = cfg_find(reading->file, name);

	*text = NULL;
	return setting ? schema_text(setting, text, reading->report) : 0;
}

static int finish_cmdline(struct reading *reading)
{
	char **to = &reading->config->cmdline;
	const char *cmdline;
	const char *extra;
	const char *root;
	int err = optional_text(reading, "cmdline", &cmdline);

	if (!err) {
		err = optional_text(reading, "root", &root);
	}
	if (!err) {
		err = optional_text(reading, "extra", &extra);
	}
	if (err) {
		return err;
	}
	if (cmdline) {
		if (root || extra) {
			cfg_warning(&cfg_find(reading->file, "cmdline")->where, reading->report,
				    "root and extra have no effect beside cmdline");
		}
		return spec_set(to, cmdline, reading->report);
	}
	if (!root) {
		return spec_set(to, extra, reading->report);
	}
	if (asprintf(to, "root=%s%s%s", root, extra ? " " : "", extra ? extra : "") < 0) {
		*to = NULL;
		return cfg_no_memory(reading->report);
	}
	return 0;
}

/* The older keys stand back behind the newer. */
static int finish_old_keys(struct reading *reading)
{
	const struct cfg_setting *bios = cfg_find(reading->file, "bios");
	int64_t stdvga = -1;
	int err = read_optional_number(reading, "stdvga", INT64_MIN, INT64_MAX, &stdvga);

	if (!err && stdvga != -1 && !cfg_find(reading->file, "vga")) {
		reading->config->hvm.vga = stdvga ? VM_VGA_STD : VM_VGA_CIRRUS;
	}
	if (!err && bios && !cfg_find(reading->file, "firmware")) {
		err = read_firmware(reading, bios);
	}
	return err;
}

int finish_machine(struct reading *reading)
{
	static int (*const steps[])(struct reading * reading) = {
		finish_vcpus,  finish_affinity, finish_memory,
		finish_labels, finish_cmdline,  finish_old_keys,
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(steps[0]); i++) {
		err = steps[i](reading);
	}
	if (!err && !reading->config->uuid_given) {
		err = make_uuid(reading->config, reading->report);
	}
	return err;
}
