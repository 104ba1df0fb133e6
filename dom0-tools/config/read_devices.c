/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of xl.cfg about devices: lists of spec strings, one device each. disk and vif have files of
 * their own (disk.c, nic.c), the simpler ones are here. A wrong word in a spec is an error that
 * names the list's element; a domain with fewer devices than its file says would be worse than
 * none.
 */
#include "config/fields.h"
#include "config/spec.h"
#include "config/special.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 4096U

/* Room for one element more in an array; the element is all zero. */
static void *grow(void **array, unsigned int *count, size_t size)
{
	char *grown = *count < DEVICES_MAX ? reallocarray(*array, *count + 1, size) : NULL;

	if (!grown) {
		return NULL;
	}
	*array = grown;
	grown += *count * size;
	memset(grown, 0, size);
	(*count)++;
	return grown;
}

/* Calls `element` for each text of a list. */
static int for_each(struct reading *reading, const struct cfg_setting *setting,
		    int (*element)(struct reading *reading, const char *text,
				   const struct cfg_where *where))
{
	int err = schema_list(setting, reading->report);

	for (unsigned int i = 0; !err && i < setting->value.items; i++) {
		const char *text;

		err = schema_item(setting, i, &text, reading->report);
		if (!err) {
			err = element(reading, text, &setting->value.item[i].where);
		}
	}
	return err;
}

static int add_disk(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_disk disk;
	struct vm_disk *place;
	int err = spec_disk(text, where, &disk, reading->report);

	if (err) {
		return err;
	}
	place = reading->config->disk_count < DEVICES_MAX ? vm_config_add_disk(reading->config)
							  : NULL;
	if (!place) {
		vm_disk_clear(&disk);
		return cfg_no_memory(reading->report);
	}
	*place = disk;
	return 0;
}

int read_disks(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_disk);
}

static int add_nic(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_nic nic;
	struct vm_nic *place;
	int err = spec_nic(text, reading->options->conf, where, &nic, reading->report);

	if (err) {
		return err;
	}
	place = reading->config->nic_count < DEVICES_MAX ? vm_config_add_nic(reading->config)
							 : NULL;
	if (!place) {
		vm_nic_clear(&nic);
		return cfg_no_memory(reading->report);
	}
	if (nic.devid == VM_UNSET) {
		nic.devid = (int)reading->config->nic_count - 1;
	}
	*place = nic;
	return 0;
}

int read_nics(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_nic);
}

/* --- devices whose specs are words KEY=VALUE --- */

typedef int word_function(struct reading *reading, const struct spec_word *word,
			  const struct cfg_where *where, void *device);

static int for_each_word(struct reading *reading, const char *text, const struct cfg_where *where,
			 word_function *function, void *device)
{
	char *copy = strdup(text);
	char *rest = copy;
	struct spec_word word;
	int err = copy ? 0 : cfg_no_memory(reading->report);

	while (!err && spec_next(&rest, &word)) {
		if (*word.key || word.value) {
			err = function(reading, &word, where, device);
		}
	}
	free(copy);
	return err;
}

/* A word that must have a value. */
static int no_value(struct reading *reading, const char *kind, const struct spec_word *word,
		    const struct cfg_where *where)
{
	return cfg_error(where, reading->report, "%s: '%s' has no value", kind, word->key);
}

static int unknown_word(struct reading *reading, const char *kind, const struct spec_word *word,
			const struct cfg_where *where, const char *known)
{
	cfg_error(where, reading->report, "%s: '%s' is unknown", kind, word->key);
	report_next(reading->report, "%s", known);
	return -EINVAL;
}

static int channel_word(struct reading *reading, const struct spec_word *word,
			const struct cfg_where *where, void *device)
{
	struct vm_channel *channel = device;

	if (!word->value) {
		return no_value(reading, "channel", word, where);
	}
	if (strcmp(word->key, "name") == 0) {
		return spec_set(&channel->name, word->value, reading->report);
	}
	if (strcmp(word->key, "backend") == 0) {
		return spec_set(&channel->backend_domname, word->value, reading->report);
	}
	if (strcmp(word->key, "path") == 0) {
		return spec_set(&channel->path, word->value, reading->report);
	}
	if (strcmp(word->key, "connection") != 0) {
		return unknown_word(reading, "channel", word, where,
				    "name, connection, path, backend");
	}
	if (strcmp(word->value, "pty") == 0) {
		channel->connection = VM_CHANNEL_PTY;
	} else if (strcmp(word->value, "socket") == 0) {
		channel->connection = VM_CHANNEL_SOCKET;
	} else {
		return cfg_error(where, reading->report,
				 "channel: connection '%s' is neither pty nor socket", word->value);
	}
	return 0;
}

static int add_channel(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	struct vm_channel *channel =
		grow((void **)&config->channels, &config->channel_count, sizeof(*channel));
	int err;

	if (!channel) {
		return cfg_no_memory(reading->report);
	}
	channel->devid = (int)config->channel_count - 1;
	err = for_each_word(reading, text, where, channel_word, channel);
	if (!err && channel->connection == VM_CHANNEL_UNKNOWN) {
		err = cfg_error(where, reading->report, "channel '%s': no connection is given",
				text);
		report_next(reading->report, "connection=pty or connection=socket,path=...");
	}
	if (!err && channel->connection == VM_CHANNEL_SOCKET && !channel->path) {
		err = cfg_error(where, reading->report, "channel '%s': a socket needs a path",
				text);
	}
	return err;
}

int read_channels(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_channel);
}

static int p9_word(struct reading *reading, const struct spec_word *word,
		   const struct cfg_where *where, void *device)
{
	struct vm_p9 *p9 = device;

	if (!word->value) {
		return no_value(reading, "p9", word, where);
	}
	if (strcmp(word->key, "tag") == 0) {
		return spec_set(&p9->tag, word->value, reading->report);
	}
	if (strcmp(word->key, "path") == 0) {
		return spec_set(&p9->path, word->value, reading->report);
	}
	if (strcmp(word->key, "security_model") == 0) {
		return spec_set(&p9->security_model, word->value, reading->report);
	}
	if (strcmp(word->key, "backend") == 0) {
		return spec_set(&p9->backend_domname, word->value, reading->report);
	}
	return unknown_word(reading, "p9", word, where, "tag, path, security_model, backend");
}

static int add_p9(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	struct vm_p9 *p9 = grow((void **)&config->p9s, &config->p9_count, sizeof(*p9));
	int err;

	if (!p9) {
		return cfg_no_memory(reading->report);
	}
	p9->devid = VM_UNSET;
	err = for_each_word(reading, text, where, p9_word, p9);
	if (!err && (!p9->tag || !p9->path || !p9->security_model)) {
		err = cfg_error(where, reading->report,
				"p9 '%s': tag, path and security_model must be given", text);
	}
	return err;
}

int read_p9s(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_p9);
}

/* --- framebuffers --- */

static int set_choice(struct reading *reading, const struct spec_word *word,
		      const struct cfg_where *where, enum choice *choice)
{
	int64_t number;

	if (spec_number(word->value, 0, &number) < 0) {
		return cfg_error(where, reading->report, "%s: '%s' is neither 0 nor 1", word->key,
				 word->value);
	}
	*choice = number ? CHOICE_YES : CHOICE_NO;
	return 0;
}

static int vfb_word(struct reading *reading, const struct spec_word *word,
		    const struct cfg_where *where, void *device)
{
	struct vm_vfb *vfb = device;
	const struct {
		const char *key;
		enum choice *choice;
		char **text;
	} words[] = {
		{"vnc", &vfb->vnc.enable, NULL},       {"vnclisten", NULL, &vfb->vnc.listen},
		{"vncpasswd", NULL, &vfb->vnc.passwd}, {"vncunused", &vfb->vnc.findunused, NULL},
		{"sdl", &vfb->sdl.enable, NULL},       {"opengl", &vfb->sdl.opengl, NULL},
		{"display", NULL, &vfb->sdl.display},  {"xauthority", NULL, &vfb->sdl.xauthority},
		{"keymap", NULL, &vfb->keymap},        {"backend", NULL, &vfb->backend_domname},
	};
	int64_t number;

	if (!word->value) {
		return no_value(reading, "vfb", word, where);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word->key, words[i].key) == 0) {
			return words[i].text ? spec_set(words[i].text, word->value, reading->report)
					     : set_choice(reading, word, where, words[i].choice);
		}
	}
	if (strcmp(word->key, "vncdisplay") == 0) {
		if (spec_number(word->value, 0, &number) < 0 || number < 0 || number > 65535) {
			return cfg_error(where, reading->report, "vfb: '%s' is not a display",
					 word->value);
		}
		vfb->vnc.display = (int)number;
		return 0;
	}
	cfg_warning(where, reading->report, "vfb: '%s' is unknown and has no effect", word->key);
	return 0;
}

/* A framebuffer comes with a keyboard of the same number. */
static struct vm_vfb *new_vfb(struct vm_config *config)
{
	struct vm_vkb *vkb = grow((void **)&config->vkbs, &config->vkb_count, sizeof(*vkb));
	struct vm_vfb *vfb =
		vkb ? grow((void **)&config->vfbs, &config->vfb_count, sizeof(*vfb)) : NULL;

	if (vfb) {
		vkb->devid = (int)config->vkb_count - 1;
		vfb->devid = (int)config->vfb_count - 1;
	}
	return vfb;
}

static int add_vfb(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_vfb *vfb = new_vfb(reading->config);

	return vfb ? for_each_word(reading, text, where, vfb_word, vfb)
		   : cfg_no_memory(reading->report);
}

int read_vfbs(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_vfb);
}

/* --- hardware handed over --- */

/* A hexadecimal number at *text, which moves on; at most `digits` of them. */
static int hex_number(const char **text, unsigned int digits, unsigned int *number)
{
	char *end;
	unsigned long value;

	if (strspn(*text, "0123456789abcdefABCDEF") == 0) {
		return -EINVAL;
	}
	value = strtoul(*text, &end, 16);
	if ((size_t)(end - *text) > digits) {
		return -EINVAL;
	}
	*text = end;
	*number = (unsigned int)value;
	return 0;
}

/* [DOMAIN:]BUS:DEV.FUNC[@SLOT] */
static int read_address(const char *text, struct vm_pci *pci)
{
	unsigned int part[4];
	unsigned int slot;
	unsigned int n = 0;

	while (n < 3) {
		if (hex_number(&text, 4, &part[n++]) < 0) {
			return -EINVAL;
		}
		if (*text == '.') {
			break;
		}
		if (*text++ != ':') {
			return -EINVAL;
		}
	}
	if (n < 2 || *text++ != '.' || *text < '0' || *text > '7') {
		return -EINVAL;
	}
	pci->function = (uint8_t)(*text++ - '0');
	pci->domain = n == 3 ? (int)part[0] : 0;
	if (part[n - 2] > 0xff || part[n - 1] > 0x1f) {
		return -EINVAL;
	}
	pci->bus = (uint8_t)part[n - 2];
	pci->device = (uint8_t)part[n - 1];
	if (*text == '@') {
		text++;
		if (hex_number(&text, 2, &slot) < 0 || slot > 0x1f) {
			return -EINVAL;
		}
		pci->vdevfn = slot << 3;
	}
	return *text ? -EINVAL : 0;
}

static int pci_flag(struct reading *reading, const struct spec_word *word,
		    const struct cfg_where *where, bool *flag)
{
	int64_t number;

	if (spec_number(word->value, 0, &number) < 0 || number < 0 || number > 1) {
		return cfg_error(where, reading->report, "pci: %s is '%s', neither 0 nor 1",
				 word->key, word->value);
	}
	*flag = number;
	return 0;
}

static int pci_word(struct reading *reading, const struct spec_word *word,
		    const struct cfg_where *where, void *device)
{
	struct vm_pci *pci = device;
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{"msitranslate", &pci->msitranslate},
		{"power_mgmt", &pci->power_management},
		{"permissive", &pci->permissive},
		{"seize", &pci->seize},
	};

	if (!word->value) {
		return no_value(reading, "pci", word, where);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(word->key, flags[i].key) == 0) {
			return pci_flag(reading, word, where, flags[i].flag);
		}
	}
	if (strcmp(word->key, "name") == 0) {
		return spec_set(&pci->name, word->value, reading->report);
	}
	if (strcmp(word->key, "rdm_policy") == 0) {
		if (strcmp(word->value, "strict") == 0) {
			pci->rdm_policy = VM_RDM_STRICT;
		} else if (strcmp(word->value, "relaxed") == 0) {
			pci->rdm_policy = VM_RDM_RELAXED;
		} else {
			return cfg_error(where, reading->report,
					 "pci: rdm_policy '%s' is neither strict nor relaxed",
					 word->value);
		}
		return 0;
	}
	return unknown_word(reading, "pci", word, where,
			    "msitranslate, power_mgmt, permissive, seize, rdm_policy, name");
}

/* The defaults of options, from keys of their own. */
static int pci_defaults(struct reading *reading, struct vm_pci *pci)
{
	int64_t msitranslate = 0;
	int64_t power = 0;
	int64_t permissive = 0;
	int64_t seize = 0;
	int err = read_optional_number(reading, "pci_msitranslate", 0, 1, &msitranslate);

	if (!err) {
		err = read_optional_number(reading, "pci_power_mgmt", 0, 1, &power);
	}
	if (!err) {
		err = read_optional_number(reading, "pci_permissive", 0, 1, &permissive);
	}
	if (!err) {
		err = read_optional_number(reading, "pci_seize", 0, 1, &seize);
	}
	pci->msitranslate = msitranslate;
	pci->power_management = power;
	pci->permissive = permissive;
	pci->seize = seize;
	return err;
}

static int add_pci(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	struct vm_pci *pci = grow((void **)&config->pcis, &config->pci_count, sizeof(*pci));
	size_t length = strcspn(text, ",");
	char *address;
	int err;

	if (!pci) {
		return cfg_no_memory(reading->report);
	}
	pci->function_mask = 1;
	/* Upstream's first value: only HVM domains have a policy of their own. */
	pci->rdm_policy = config->type == VM_TYPE_HVM ? VM_RDM_INVALID : VM_RDM_STRICT;
	err = pci_defaults(reading, pci);
	if (err) {
		return err;
	}
	address = strndup(text, length);
	if (!address) {
		return cfg_no_memory(reading->report);
	}
	err = read_address(spec_trim(address), pci);
	free(address);
	if (err) {
		cfg_error(where, reading->report, "pci '%s': not the address of a device", text);
		report_next(reading->report,
			    "[DOMAIN:]BUS:DEV.FUNC in hexadecimal, such as 01:00.0");
		return err;
	}
	return text[length] ? for_each_word(reading, text + length + 1, where, pci_word, pci) : 0;
}

int read_pcis(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_pci);
}

static int add_ioports(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	struct vm_ioports *ports;
	unsigned long first;
	unsigned long last;
	char *end;

	first = strtoul(text, &end, 16);
	last = first;
	if (end != text && *end == '-') {
		text = end + 1;
		last = strtoul(text, &end, 16);
	}
	if (end == text || *end || first > last || last > 0xffff) {
		cfg_error(where, reading->report, "ioports: not a range of ports");
		report_next(reading->report, "FIRST or FIRST-LAST in hexadecimal, up to ffff");
		return -EINVAL;
	}
	ports = grow((void **)&config->ioports, &config->ioport_ranges, sizeof(*ports));
	if (!ports) {
		return cfg_no_memory(reading->report);
	}
	ports->first = (uint32_t)first;
	ports->count = (uint32_t)(last - first + 1);
	return 0;
}

int read_ioports(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_ioports);
}

static int add_iomem(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	struct vm_iomem range = {.gfn = UINT64_MAX};
	struct vm_iomem *place;
	char *end;

	range.start = strtoull(text, &end, 16);
	if (end != text && *end == ',') {
		text = end + 1;
		range.count = strtoull(text, &end, 16);
		if (end != text && *end == '@') {
			text = end + 1;
			range.gfn = strtoull(text, &end, 16);
		}
	}
	if (end == text || *end || range.count == 0 || range.start > UINT64_MAX >> 12 ||
	    range.count > UINT64_MAX >> 12) {
		cfg_error(where, reading->report, "iomem: not a range of pages");
		report_next(reading->report, "FIRST,COUNT[@GUEST] in hexadecimal");
		return -EINVAL;
	}
	place = grow((void **)&config->iomem, &config->iomem_ranges, sizeof(*place));
	if (!place) {
		return cfg_no_memory(reading->report);
	}
	*place = range;
	return 0;
}

int read_iomem(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_iomem);
}

static int add_irq(struct reading *reading, const char *text, const struct cfg_where *where)
{
	struct vm_config *config = reading->config;
	uint32_t *irq;
	int64_t number;

	if (spec_number(text, 10, &number) < 0 || number < 0 || number > UINT32_MAX) {
		return cfg_error(where, reading->report, "irqs: '%s' is not an interrupt", text);
	}
	irq = grow((void **)&config->irqs, &config->irq_count, sizeof(*irq));
	if (!irq) {
		return cfg_no_memory(reading->report);
	}
	*irq = (uint32_t)number;
	return 0;
}

int read_irqs(struct reading *reading, const struct cfg_setting *setting)
{
	return for_each(reading, setting, add_irq);
}

/* --- after all keys --- */

/* A PV domain has no graphics card: the keys about its screen make a framebuffer. */
static int finish_screen(struct reading *reading)
{
	struct vm_config *config = reading->config;
	struct vm_hvm *hvm = &config->hvm;
	struct vm_vfb *vfb;

	if (config->type == VM_TYPE_HVM || config->vfb_count ||
	    (!choice_or(hvm->vnc.enable, false) && !choice_or(hvm->sdl.enable, false))) {
		return 0;
	}
	vfb = new_vfb(config);
	if (!vfb) {
		return cfg_no_memory(reading->report);
	}
	vfb->vnc = hvm->vnc;
	vfb->sdl = hvm->sdl;
	vfb->keymap = hvm->keymap;
	hvm->vnc = (struct vm_vnc){0};
	hvm->sdl = (struct vm_sdl){0};
	hvm->keymap = NULL;
	return 0;
}

/* Two disks under one name cannot both be made; the second's error would come late and from the
 * store. */
static int check_disks(struct reading *reading)
{
	const struct vm_config *config = reading->config;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		for (unsigned int j = 0; j < i; j++) {
			if (strcmp(config->disks[i].vdev, config->disks[j].vdev) == 0) {
				return report_error(reading->report, 0,
						    "disk: two disks have the vdev '%s'",
						    config->disks[i].vdev);
			}
		}
	}
	return 0;
}

int finish_devices(struct reading *reading)
{
	struct vm_config *config = reading->config;
	int err = finish_screen(reading);

	/* Devices need their memory where the host has it (abi: the P2M of PV guests). */
	if (!err && config->pci_count && config->type == VM_TYPE_PV &&
	    config->pv.e820_host == CHOICE_DEFAULT) {
		config->pv.e820_host = CHOICE_YES;
	}
	return err ? err : check_disks(reading);
}
