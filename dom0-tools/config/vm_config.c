/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a struct vm_config: made with every default, grown by devices, freed as a whole. What
 * the members are is known to the tables of fields.c only; the exceptions (keys that were ignored)
 * are here.
 */
#include "config/vm_config.h"

#include "config/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64U

struct vm_config *vm_config_new(void)
{
	struct vm_config *config = calloc(1, sizeof(*config));

	if (config) {
		fields_init(&vm_config_fields, config);
	}
	return config;
}

void vm_config_free(struct vm_config *config)
{
	if (!config) {
		return;
	}
	fields_clear(&vm_config_fields, config);
	for (unsigned int i = 0; i < config->ignored_count; i++) {
		free(config->ignored[i].name);
	}
	free(config->ignored);
	free(config);
}

void vm_disk_init(struct vm_disk *disk)
{
	memset(disk, 0, sizeof(*disk));
	fields_init(&vm_disk_fields, disk);
}

void vm_disk_clear(struct vm_disk *disk)
{
	fields_clear(&vm_disk_fields, disk);
}

void vm_nic_init(struct vm_nic *nic)
{
	memset(nic, 0, sizeof(*nic));
	fields_init(&vm_nic_fields, nic);
}

void vm_nic_clear(struct vm_nic *nic)
{
	fields_clear(&vm_nic_fields, nic);
}

struct vm_disk *vm_config_add_disk(struct vm_config *config)
{
	struct vm_disk *disks = reallocarray(config->disks, config->disk_count + 1, sizeof(*disks));

	if (!disks) {
		return NULL;
	}
	config->disks = disks;
	vm_disk_init(&disks[config->disk_count]);
	return &disks[config->disk_count++];
}

struct vm_nic *vm_config_add_nic(struct vm_config *config)
{
	struct vm_nic *nics = reallocarray(config->nics, config->nic_count + 1, sizeof(*nics));

	if (!nics) {
		return NULL;
	}
	config->nics = nics;
	vm_nic_init(&nics[config->nic_count]);
	return &nics[config->nic_count++];
}

void vm_config_remove_disk(struct vm_config *config, unsigned int index)
{
	vm_disk_clear(&config->disks[index]);
	config->disk_count--;
	memmove(&config->disks[index], &config->disks[index + 1],
		(config->disk_count - index) * sizeof(config->disks[0]));
}

void vm_config_remove_nic(struct vm_config *config, unsigned int index)
{
	vm_nic_clear(&config->nics[index]);
	config->nic_count--;
	memmove(&config->nics[index], &config->nics[index + 1],
		(config->nic_count - index) * sizeof(config->nics[0]));
}

int vm_set_add(struct vm_set *set, unsigned int number)
{
	unsigned int words = number / WORD_BITS + 1;

	if (number >= VM_CPUS_MAX) {
		return -ERANGE;
	}
	if (words > set->words) {
		uint64_t *word = reallocarray(set->word, words, sizeof(*word));

		if (!word) {
			return -ENOMEM;
		}
		memset(word + set->words, 0, (words - set->words) * sizeof(*word));
		set->word = word;
		set->words = words;
	}
	set->word[number / WORD_BITS] |= (uint64_t)1 << number % WORD_BITS;
	return 0;
}

void vm_set_remove(struct vm_set *set, unsigned int number)
{
	if (number / WORD_BITS < set->words) {
		set->word[number / WORD_BITS] &= ~((uint64_t)1 << number % WORD_BITS);
	}
}

bool vm_set_has(const struct vm_set *set, unsigned int number)
{
	return set->all || (number / WORD_BITS < set->words &&
			    (set->word[number / WORD_BITS] >> number % WORD_BITS & 1));
}

unsigned int vm_set_count(const struct vm_set *set)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < set->words; i++) {
		count += (unsigned int)__builtin_popcountll(set->word[i]);
	}
	return count;
}

void vm_set_clear(struct vm_set *set)
{
	free(set->word);
	*set = (struct vm_set){0};
}

const char *vm_type_name(enum vm_type type)
{
	const char *name = field_name_of(&vm_type_names, (int64_t)type);

	return name ? name : "unknown";
}

const char *vm_action_name(enum vm_action action)
{
	static const char *const names[] = {
		[VM_ACTION_DESTROY] = "destroy",
		[VM_ACTION_RESTART] = "restart",
		[VM_ACTION_RESTART_RENAME] = "rename-restart",
		[VM_ACTION_PRESERVE] = "preserve",
		[VM_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
		[VM_ACTION_COREDUMP_RESTART] = "coredump-restart",
		[VM_ACTION_SOFT_RESET] = "soft-reset",
	};

	return action >= VM_ACTION_DESTROY && action <= VM_ACTION_SOFT_RESET ? names[action]
									     : "unknown";
}
