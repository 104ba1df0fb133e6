/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices a domain has: the records under /libxl/D/device, which only dom0 can write; what a
 * guest claims in its own folders is never taken for a path to remove.
 */
#include "device/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 160

struct list {
	struct device_entry *entries;
	unsigned int count;
};

static const struct {
	const char *name;
	enum device_kind kind;
} kinds[] = {
	{"vbd", DEVICE_VBD},
	{"vif", DEVICE_VIF},
	{"console", DEVICE_CONSOLE},
};

static enum device_kind kind_of(const char *class)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].name, class)) {
			return kinds[i].kind;
		}
	}
	return DEVICE_OTHER;
}

static unsigned int state_of(struct store *store, const char *folder, const char *name)
{
	char path[PATH_SIZE + 64];
	uint64_t number;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return store_read_number(store, STORE_NO_TX, path, &number) || number > 8
		       ? 0
		       : (unsigned int)number;
}

static void entry_clear(struct device_entry *entry)
{
	free(entry->class);
	free(entry->backend);
	free(entry->frontend);
}

static int read_text(struct store *store, const char *folder, const char *name, char **text)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return store_read(store, STORE_NO_TX, path, text, NULL);
}

static int fill(struct store *store, const char *class, const char *id, const char *record,
		struct device_entry *entry)
{
	unsigned int backend_domid = 0;
	int err;

	*entry = (struct device_entry){
		.kind = kind_of(class),
		.class = strdup(class),
		.devid = (uint32_t)strtoul(id, NULL, 10),
	};
	err = entry->class ? read_text(store, record, "backend", &entry->backend) : -ENOMEM;
	err = err ? err : read_text(store, record, "frontend", &entry->frontend);
	if (err) {
		entry_clear(entry);
		return err;
	}
	if (sscanf(entry->backend, "/local/domain/%u/", &backend_domid) == 1) {
		entry->backend_domid = (domid_t)backend_domid;
	}
	entry->backend_state = state_of(store, entry->backend, "state");
	entry->frontend_state = state_of(store, entry->frontend, "state");
	entry->online = state_of(store, entry->backend, "online") == 1;
	return 0;
}

static int add_class(struct store *store, const char *folder, const char *class, struct list *list)
{
	char path[PATH_SIZE];
	char record[PATH_SIZE + 40];
	char **ids = NULL;
	unsigned int count = 0;
	int err;

	snprintf(path, sizeof(path), "%s/%.40s", folder, class);
	err = store_list(store, STORE_NO_TX, path, &ids, &count);
	for (unsigned int i = 0; !err && i < count; i++) {
		struct device_entry *more =
			reallocarray(list->entries, list->count + 1, sizeof(*more));

		if (!more) {
			err = -ENOMEM;
			break;
		}
		list->entries = more;
		snprintf(record, sizeof(record), "%s/%.32s", path, ids[i]);
		err = fill(store, class, ids[i], record, &list->entries[list->count]);
		list->count += !err;
		/* Removed by somebody while we looked. */
		err = err == -ENOENT ? 0 : err;
	}
	free(ids);
	return err == -ENOENT ? 0 : err;
}

static int by_class_and_number(const void *a, const void *b)
{
	const struct device_entry *one = a;
	const struct device_entry *other = b;
	int order = strcmp(one->class, other->class);

	if (order) {
		return order;
	}
	return one->devid < other->devid ? -1 : one->devid > other->devid;
}

int device_list(struct store *store, domid_t domid, struct device_entry **entries,
		unsigned int *count)
{
	struct list list = {0};
	char folder[64];
	char **classes = NULL;
	unsigned int class_count = 0;
	int err;

	snprintf(folder, sizeof(folder), "/libxl/%u/device", domid);
	err = store_list(store, STORE_NO_TX, folder, &classes, &class_count);
	if (err == -ENOENT) {
		err = 0;
	}
	for (unsigned int i = 0; !err && i < class_count; i++) {
		err = add_class(store, folder, classes[i], &list);
	}
	free(classes);
	if (err) {
		device_entries_free(list.entries, list.count);
		return err;
	}
	if (list.count) {
		qsort(list.entries, list.count, sizeof(*list.entries), by_class_and_number);
	}
	*entries = list.entries;
	*count = list.count;
	return 0;
}

void device_entries_free(struct device_entry *entries, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		entry_clear(&entries[i]);
	}
	free(entries);
}
