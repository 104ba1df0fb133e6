/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct vm_config as the JSON that `xl list -l` and `xl create -n` print. Members, their order and
 * the beautified form (yajl, 4 spaces, an empty line within empty objects) are upstream's to the
 * byte, because scripts pick them out by sed; tests/golden/config holds examples made by Debian's
 * own xl. The tables in fields.c say what there is; here is only how each kind looks.
 */
#include "config/config.h"
#include "config/fields.h"

#include "lib/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

static int write_table(yajl_gen gen, const struct field_table *table, const void *object);

/* The generator's answer as an errno. */
static int outcome(yajl_gen_status status)
{
	if (status == yajl_gen_status_ok) {
		return 0;
	}
	return status == yajl_gen_invalid_string ? -EINVAL : -ENOMEM;
}

static int write_text(yajl_gen gen, const char *text)
{
	return outcome(yajl_gen_string(gen, (const unsigned char *)text, strlen(text)));
}

static int write_number(yajl_gen gen, int64_t value)
{
	return outcome(yajl_gen_integer(gen, value));
}

static int open_array(yajl_gen gen)
{
	return outcome(yajl_gen_array_open(gen));
}

static int close_array(yajl_gen gen, int err)
{
	return err ? err : outcome(yajl_gen_array_close(gen));
}

static int open_map(yajl_gen gen)
{
	return outcome(yajl_gen_map_open(gen));
}

static int close_map(yajl_gen gen, int err)
{
	return err ? err : outcome(yajl_gen_map_close(gen));
}

static int write_texts(yajl_gen gen, const struct vm_strings *texts)
{
	int err = open_array(gen);

	for (unsigned int i = 0; !err && i < texts->count; i++) {
		err = write_text(gen, texts->item[i]);
	}
	return close_array(gen, err);
}

static int write_set(yajl_gen gen, const struct vm_set *set)
{
	int err = open_array(gen);

	for (unsigned int n = 0; !err && n < set->words * 64; n++) {
		if (vm_set_has(set, n)) {
			err = write_number(gen, n);
		}
	}
	return close_array(gen, err);
}

static int write_bytes(yajl_gen gen, const uint8_t *byte, size_t size)
{
	int err = open_array(gen);

	for (size_t i = 0; !err && i < size; i++) {
		err = write_number(gen, byte[i]);
	}
	return close_array(gen, err);
}

static int write_array(yajl_gen gen, const struct field *field, const void *object)
{
	const void *array = *(const void *const *)field_in(field, object);
	unsigned int count = *(const unsigned int *)((const char *)object + field->count);
	int err = open_array(gen);

	for (unsigned int i = 0; !err && i < count; i++) {
		if (field->kind == FIELD_SETS) {
			err = write_set(gen, (const struct vm_set *)array + i);
		} else if (field->kind == FIELD_U32S) {
			err = write_number(gen, ((const uint32_t *)array)[i]);
		} else {
			err = write_table(gen, field->table,
					  (const char *)array + i * field->table->size);
		}
	}
	return close_array(gen, err);
}

static int write_leaf(yajl_gen gen, const struct vm_cpuid *entry)
{
	static const char *const reg_name[] = {"eax", "ebx", "ecx", "edx"};
	int err = open_map(gen);

	if (!err) {
		err = write_text(gen, "leaf");
	}
	if (!err) {
		err = write_number(gen, entry->leaf);
	}
	if (!err && entry->subleaf != UINT32_MAX) {
		err = write_text(gen, "subleaf");
		if (!err) {
			err = write_number(gen, entry->subleaf);
		}
	}
	for (unsigned int r = 0; !err && r < 4; r++) {
		if (entry->reg[r]) {
			err = write_text(gen, reg_name[r]);
			if (!err) {
				err = write_text(gen, entry->reg[r]);
			}
		}
	}
	return close_map(gen, err);
}

/* {"cpuid": [...], "msr": []}: the form of 4.17 since it also knows MSRs. */
static int write_cpuid(yajl_gen gen, const struct vm_config *config)
{
	int err = open_map(gen);

	if (!err) {
		err = write_text(gen, "cpuid");
	}
	if (!err) {
		err = open_array(gen);
	}
	for (unsigned int i = 0; !err && i < config->cpuids; i++) {
		err = write_leaf(gen, &config->cpuid[i]);
	}
	err = close_array(gen, err);
	if (!err) {
		err = write_text(gen, "msr");
	}
	if (!err) {
		err = open_array(gen);
	}
	return close_map(gen, close_array(gen, err));
}

static int write_type(yajl_gen gen, const struct vm_config *config)
{
	switch (config->type) {
	case VM_TYPE_PV:
		return write_table(gen, &vm_pv_fields, &config->pv);
	case VM_TYPE_PVH:
		return write_table(gen, &vm_pvh_fields, &config->pv);
	case VM_TYPE_HVM:
		return write_table(gen, &vm_hvm_fields, &config->hvm);
	}
	return -EINVAL;
}

static int write_connection(yajl_gen gen, const struct vm_channel *channel)
{
	int err = open_map(gen);

	if (!err && channel->connection == VM_CHANNEL_SOCKET && channel->path) {
		err = write_text(gen, "path");
		if (!err) {
			err = write_text(gen, channel->path);
		}
	}
	return close_map(gen, err);
}

static int write_mac(yajl_gen gen, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return write_text(gen, text);
}

static int write_uuid(yajl_gen gen, const uint8_t *uuid)
{
	char text[37];

	config_write_uuid(uuid, text);
	return write_text(gen, text);
}

/* The member's name; for the two kinds of unions it ends in what the union holds. */
static int write_name(yajl_gen gen, const struct field *field, const void *object)
{
	static const char *const connection[] = {"unknown", "pty", "socket"};
	char name[40];

	if (field->kind == FIELD_TYPE) {
		snprintf(name, sizeof(name), "%s%s", field->name,
			 vm_type_name(((const struct vm_config *)object)->type));
		return write_text(gen, name);
	}
	if (field->kind == FIELD_CONNECTION) {
		snprintf(name, sizeof(name), "%s%s", field->name,
			 connection[((const struct vm_channel *)object)->connection]);
		return write_text(gen, name);
	}
	return write_text(gen, field->name);
}

static int write_value(yajl_gen gen, const struct field *field, const void *object)
{
	const void *at = field_in(field, object);

	switch (field->kind) {
	case FIELD_TEXT:
		return write_text(gen, *(char *const *)at);
	case FIELD_TEXTS:
		return write_texts(gen, at);
	case FIELD_BOOL:
		return outcome(yajl_gen_bool(gen, *(const bool *)at));
	case FIELD_CHOICE:
		return write_text(gen, *(const enum choice *)at == CHOICE_YES ? "True" : "False");
	case FIELD_FLAG:
	case FIELD_INT:
	case FIELD_U8:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_VCPUS:
		return write_number(gen, field_get(field, object));
	case FIELD_ENUM: {
		const char *name = field_name_of(field->names, field_get(field, object));

		return name ? write_text(gen, name) : -EINVAL;
	}
	case FIELD_UUID:
		return write_uuid(gen, at);
	case FIELD_BYTES16:
		return write_bytes(gen, at, 16);
	case FIELD_MAC:
		return write_mac(gen, at);
	case FIELD_SET:
		return write_set(gen, at);
	case FIELD_SETS:
	case FIELD_U32S:
	case FIELD_STRUCTS:
		return write_array(gen, field, object);
	case FIELD_STRUCT:
		return write_table(gen, field->table, at);
	case FIELD_TYPE:
		return write_type(gen, object);
	case FIELD_CONNECTION:
		return write_connection(gen, object);
	case FIELD_CPUID:
		return write_cpuid(gen, object);
	case FIELD_EMPTY:
		return close_map(gen, open_map(gen));
	case FIELD_SKIP:
		break;
	}
	return -EINVAL;
}

static int write_table(yajl_gen gen, const struct field_table *table, const void *object)
{
	int err = open_map(gen);

	for (unsigned int i = 0; !err && i < table->count; i++) {
		const struct field *field = &table->field[i];

		if (field_is_none(field, object)) {
			continue;
		}
		err = write_name(gen, field, object);
		if (!err) {
			err = write_value(gen, field, object);
		}
	}
	return close_map(gen, err);
}

int config_json_gen(struct yajl_gen_t *gen, const struct vm_config *config)
{
	return write_table(gen, &vm_config_fields, config);
}

int config_json_write(const struct vm_config *config, char **text, struct report *report)
{
	const unsigned char *made;
	yajl_gen gen = yajl_gen_alloc(NULL);
	size_t size;
	int err;

	if (!gen) {
		return report_error(report, ENOMEM, "writing the configuration of '%s'",
				    config->name);
	}
	yajl_gen_config(gen, yajl_gen_beautify, 1);
	yajl_gen_config(gen, yajl_gen_indent_string, "    ");
	yajl_gen_config(gen, yajl_gen_validate_utf8, 1);
	err = config_json_gen(gen, config);
	if (!err) {
		err = outcome(yajl_gen_get_buf(gen, &made, &size));
	}
	if (!err) {
		*text = strndup((const char *)made, size);
		err = *text ? 0 : -ENOMEM;
	}
	yajl_gen_free(gen);
	if (err) {
		report_error(report, -err, "writing the configuration of '%s'", config->name);
	}
	return err;
}
