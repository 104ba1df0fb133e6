/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON to struct vm_config: what json_write.c wrote, what upstream's xl printed, and what domxml
 * makes of libvirt's XML. The walk is by the tables of fields.c. Every value is checked for kind
 * and range; the path of a member ("b_info.vnuma_nodes[1].memkb") names it in errors. Members
 * nobody knows, or that this release does not support, are warned of and passed over, so that newer
 * and foreign descriptions can be read.
 *
 * The text is parsed by yajl into a tree; its depth is bounded beforehand, because trees are freed
 * recursively.
 */
#include "config/config.h"
#include "config/fields.h"

#include "lib/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#define JSON_SIZE_MAX (16U << 20)
#define JSON_DEPTH_MAX 32U

struct walk {
	const char *source;
	struct report *report;
	char path[160];
	size_t length; /* of path */
};

static int read_table(struct walk *walk, const struct field_table *table, void *object,
		      yajl_val map);

/* Goes down to a member; returns what walk_up() needs. */
static size_t walk_down(struct walk *walk, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static size_t walk_down(struct walk *walk, const char *format, ...)
{
	size_t before = walk->length;
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(walk->path + before, sizeof(walk->path) - before, format, args);
	va_end(args);
	walk->length += added > 0 ? (size_t)added : 0;
	if (walk->length >= sizeof(walk->path)) {
		walk->length = sizeof(walk->path) - 1;
	}
	return before;
}

static void walk_up(struct walk *walk, size_t before)
{
	walk->length = before;
	walk->path[before] = '\0';
}

static int wrong(struct walk *walk, const char *wanted)
{
	return report_error(walk->report, 0, "%s: %s is not %s", walk->source, walk->path, wanted);
}

static int no_memory(struct walk *walk)
{
	return report_error(walk->report, ENOMEM, "%s", walk->source);
}

static int read_text(struct walk *walk, yajl_val value, char **text)
{
	const char *given = YAJL_GET_STRING(value);
	char *copy;

	if (!given) {
		return wrong(walk, "a string");
	}
	copy = strdup(given);
	if (!copy) {
		return no_memory(walk);
	}
	free(*text);
	*text = copy;
	return 0;
}

static int read_texts(struct walk *walk, yajl_val value, struct vm_strings *texts)
{
	if (!YAJL_IS_ARRAY(value)) {
		return wrong(walk, "an array of strings");
	}
	for (size_t i = 0; i < value->u.array.len; i++) {
		char **item = reallocarray(texts->item, texts->count + 1, sizeof(*item));
		int err;

		if (!item) {
			return no_memory(walk);
		}
		texts->item = item;
		item[texts->count] = NULL;
		err = read_text(walk, value->u.array.values[i], &item[texts->count]);
		if (err) {
			return err;
		}
		texts->count++;
	}
	return 0;
}

static int read_integer(struct walk *walk, yajl_val value, int64_t low, int64_t high,
			int64_t *number)
{
	if (!YAJL_IS_INTEGER(value)) {
		return wrong(walk, "an integer");
	}
	*number = YAJL_GET_INTEGER(value);
	return *number < low || *number > high ? wrong(walk, "in range") : 0;
}

static int read_number(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	int64_t number = 0;
	int err = read_integer(walk, value, INT64_MIN, INT64_MAX, &number);

	if (err) {
		return err;
	}
	if (!field_fits(field, number) || (field->kind == FIELD_U64 && number < 0) ||
	    (field->kind == FIELD_VCPUS && (number < 1 || number > VM_VCPUS_MAX))) {
		return wrong(walk, "in range");
	}
	field_put(field, object, number);
	return 0;
}

static int read_choice(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	const char *text = YAJL_GET_STRING(value);
	bool yes = YAJL_IS_TRUE(value) || (text && strcmp(text, "True") == 0);
	bool no = YAJL_IS_FALSE(value) || (text && strcmp(text, "False") == 0);

	if (text && strcmp(text, "<default>") == 0) {
		return 0;
	}
	if (!yes && !no) {
		return wrong(walk, "\"True\" or \"False\"");
	}
	field_put(field, object, yes ? CHOICE_YES : CHOICE_NO);
	return 0;
}

static int read_enum(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	const char *text = YAJL_GET_STRING(value);

	for (unsigned int i = 0; text && i < field->names->count; i++) {
		if (strcmp(text, field->names->name[i]) == 0) {
			field_put(field, object, field->names->first + (int)i);
			return 0;
		}
	}
	wrong(walk, "one of the known words");
	if (text) {
		report_why(walk->report, "'%s' is unknown", text);
	}
	return -EINVAL;
}

static int read_bool(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	if (!YAJL_IS_TRUE(value) && !YAJL_IS_FALSE(value)) {
		return wrong(walk, "true or false");
	}
	field_put(field, object, YAJL_IS_TRUE(value));
	return 0;
}

static int read_mac(struct walk *walk, yajl_val value, uint8_t mac[6])
{
	const char *text = YAJL_GET_STRING(value);
	unsigned int byte[6];
	char end;

	if (!text || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0], &byte[1], &byte[2],
			    &byte[3], &byte[4], &byte[5], &end) != 6) {
		return wrong(walk, "a MAC address");
	}
	for (unsigned int i = 0; i < 6; i++) {
		mac[i] = (uint8_t)byte[i];
	}
	return 0;
}

static int read_bytes(struct walk *walk, yajl_val value, uint8_t byte[16])
{
	if (!YAJL_IS_ARRAY(value) || value->u.array.len != 16) {
		return wrong(walk, "an array of 16 numbers");
	}
	for (size_t i = 0; i < 16; i++) {
		int64_t number = 0;
		int err = read_integer(walk, value->u.array.values[i], 0, 255, &number);

		if (err) {
			return err;
		}
		byte[i] = (uint8_t)number;
	}
	return 0;
}

static int read_set(struct walk *walk, yajl_val value, struct vm_set *set)
{
	if (!YAJL_IS_ARRAY(value)) {
		return wrong(walk, "an array of numbers");
	}
	for (size_t i = 0; i < value->u.array.len; i++) {
		int64_t number = 0;
		int err = read_integer(walk, value->u.array.values[i], 0, VM_CPUS_MAX - 1, &number);

		if (!err && vm_set_add(set, (unsigned int)number) < 0) {
			err = no_memory(walk);
		}
		if (err) {
			return err;
		}
	}
	return 0;
}

/* Room for `count` plain elements of `size` bytes, all zero; the array was empty. */
static int make_array(struct walk *walk, const struct field *field, void *object, size_t size,
		      size_t count, void **array)
{
	if (count == 0) {
		return 0;
	}
	*array = calloc(count, size);
	if (!*array) {
		return no_memory(walk);
	}
	*(void **)field_at(field, object) = *array;
	*(unsigned int *)((char *)object + field->count) = (unsigned int)count;
	return 0;
}

static int read_plain_array(struct walk *walk, const struct field *field, void *object,
			    yajl_val value)
{
	size_t size = field->kind == FIELD_SETS ? sizeof(struct vm_set) : sizeof(uint32_t);
	void *array = NULL;
	int err;

	if (!YAJL_IS_ARRAY(value)) {
		return wrong(walk, "an array");
	}
	err = make_array(walk, field, object, size, value->u.array.len, &array);
	for (size_t i = 0; !err && i < value->u.array.len; i++) {
		if (field->kind == FIELD_SETS) {
			struct vm_set *set = (struct vm_set *)array + i;

			err = read_set(walk, value->u.array.values[i], set);
			set->all = vm_set_count(set) == 0; /* a vcpu that may run anywhere */
		} else {
			int64_t number = 0;

			err = read_integer(walk, value->u.array.values[i], 0, UINT32_MAX, &number);
			((uint32_t *)array)[i] = (uint32_t)number;
		}
	}
	return err;
}

static int read_structs(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	if (!YAJL_IS_ARRAY(value)) {
		return wrong(walk, "an array of objects");
	}
	for (size_t i = 0; i < value->u.array.len; i++) {
		size_t before = walk_down(walk, "[%zu]", i);
		void *element = fields_add(field, object);
		int err =
			element ? read_table(walk, field->table, element, value->u.array.values[i])
				: no_memory(walk);

		if (err) {
			return err;
		}
		walk_up(walk, before);
	}
	return 0;
}

static yajl_val member(yajl_val map, const char *name)
{
	const char *path[] = {name, NULL};

	return yajl_tree_get(map, path, yajl_t_any);
}

static int read_register(struct walk *walk, yajl_val value, char **text)
{
	int err;

	if (!value) {
		return 0;
	}
	err = read_text(walk, value, text);
	if (!err && (strlen(*text) != 32 || strspn(*text, "01xks") != 32)) {
		err = wrong(walk, "32 characters out of 0, 1, x, k, s");
	}
	return err;
}

static int read_leaf(struct walk *walk, yajl_val map, struct vm_cpuid *entry)
{
	static const char *const reg_name[] = {"eax", "ebx", "ecx", "edx"};
	yajl_val subleaf;
	int64_t number = 0;
	int err;

	entry->subleaf = UINT32_MAX;
	if (!YAJL_IS_OBJECT(map) || !member(map, "leaf")) {
		return wrong(walk, "an object with a leaf");
	}
	err = read_integer(walk, member(map, "leaf"), 0, UINT32_MAX, &number);
	if (err) {
		return err;
	}
	entry->leaf = (uint32_t)number;
	subleaf = member(map, "subleaf");
	if (subleaf) {
		err = read_integer(walk, subleaf, 0, UINT32_MAX, &number);
		if (err) {
			return err;
		}
		entry->subleaf = (uint32_t)number;
	}
	for (unsigned int r = 0; !err && r < 4; r++) {
		err = read_register(walk, member(map, reg_name[r]), &entry->reg[r]);
	}
	return err;
}

/* Both upstream's forms: {"cpuid": [...], "msr": [...]} and, earlier, the array alone. */
static int read_cpuid(struct walk *walk, const struct field *field, void *object, yajl_val value)
{
	yajl_val list = YAJL_IS_OBJECT(value) ? member(value, "cpuid") : value;
	yajl_val msr = YAJL_IS_OBJECT(value) ? member(value, "msr") : NULL;
	void *array = NULL;
	int err;

	if (!YAJL_IS_ARRAY(list)) {
		return wrong(walk, "a CPUID policy");
	}
	if (YAJL_IS_ARRAY(msr) && msr->u.array.len) {
		report_warning(walk->report, "%s: %s.msr is not supported and has no effect",
			       walk->source, walk->path);
	}
	err = make_array(walk, field, object, sizeof(struct vm_cpuid), list->u.array.len, &array);
	for (size_t i = 0; !err && i < list->u.array.len; i++) {
		err = read_leaf(walk, list->u.array.values[i], (struct vm_cpuid *)array + i);
	}
	return err;
}

static int read_type(struct walk *walk, struct vm_config *config, const char *type, yajl_val value)
{
	if (strcmp(type, "pv") == 0) {
		return read_table(walk, &vm_pv_fields, &config->pv, value);
	}
	if (strcmp(type, "pvh") == 0) {
		return read_table(walk, &vm_pvh_fields, &config->pv, value);
	}
	if (strcmp(type, "hvm") == 0) {
		return read_table(walk, &vm_hvm_fields, &config->hvm, value);
	}
	return wrong(walk, "a type of machine");
}

static int read_connection(struct walk *walk, struct vm_channel *channel, const char *type,
			   yajl_val value)
{
	yajl_val path = YAJL_IS_OBJECT(value) ? member(value, "path") : NULL;

	if (strcmp(type, "pty") == 0) {
		channel->connection = VM_CHANNEL_PTY;
		return 0;
	}
	if (strcmp(type, "socket") == 0) {
		channel->connection = VM_CHANNEL_SOCKET;
		return path ? read_text(walk, path, &channel->path) : 0;
	}
	return strcmp(type, "unknown") == 0 ? 0 : wrong(walk, "a connection");
}

static int read_uuid(struct walk *walk, yajl_val value, uint8_t *uuid)
{
	const char *text = YAJL_GET_STRING(value);

	return text && config_read_uuid(text, uuid) == 0 ? 0 : wrong(walk, "a UUID");
}

/* `rest` is what follows the field's name in the member's, for unions. */
static int read_member(struct walk *walk, const struct field *field, void *object, const char *rest,
		       yajl_val value)
{
	void *at = field_at(field, object);

	switch (field->kind) {
	case FIELD_TEXT:
		return YAJL_IS_NULL(value) ? 0 : read_text(walk, value, at);
	case FIELD_TEXTS:
		return read_texts(walk, value, at);
	case FIELD_BOOL:
		return read_bool(walk, field, object, value);
	case FIELD_CHOICE:
		return read_choice(walk, field, object, value);
	case FIELD_FLAG:
	case FIELD_INT:
	case FIELD_U8:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_VCPUS:
		return read_number(walk, field, object, value);
	case FIELD_ENUM:
		return read_enum(walk, field, object, value);
	case FIELD_UUID:
		return read_uuid(walk, value, at);
	case FIELD_BYTES16:
		return read_bytes(walk, value, at);
	case FIELD_MAC:
		return read_mac(walk, value, at);
	case FIELD_SET:
		return read_set(walk, value, at);
	case FIELD_SETS:
	case FIELD_U32S:
		return read_plain_array(walk, field, object, value);
	case FIELD_STRUCTS:
		return read_structs(walk, field, object, value);
	case FIELD_STRUCT:
		return read_table(walk, field->table, at, value);
	case FIELD_TYPE:
		return read_type(walk, object, rest, value);
	case FIELD_CONNECTION:
		return read_connection(walk, object, rest, value);
	case FIELD_CPUID:
		return read_cpuid(walk, field, object, value);
	case FIELD_EMPTY:
	case FIELD_SKIP:
		break;
	}
	return 0;
}

/* Whether upstream's member says something that is lost here. */
static bool says_something(yajl_val value)
{
	return !YAJL_IS_NULL(value) && !(YAJL_IS_OBJECT(value) && value->u.object.len == 0) &&
	       !(YAJL_IS_ARRAY(value) && value->u.array.len == 0);
}

static const struct field *find_field(const struct field_table *table, const char *name,
				      const char **rest)
{
	for (unsigned int i = 0; i < table->count; i++) {
		const struct field *field = &table->field[i];
		size_t length = strlen(field->name);
		bool is_union = field->kind == FIELD_TYPE || field->kind == FIELD_CONNECTION;

		if (strncmp(name, field->name, length) == 0 && (is_union || name[length] == '\0')) {
			*rest = name + length;
			return field;
		}
	}
	return NULL;
}

/* A member given twice would leak, or leave half of the first behind. */
static int check_once(struct walk *walk, yajl_val map, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(map->u.object.keys[i], map->u.object.keys[index]) == 0) {
			return report_error(walk->report, 0, "%s: %s is given twice", walk->source,
					    walk->path);
		}
	}
	return 0;
}

static int read_table(struct walk *walk, const struct field_table *table, void *object,
		      yajl_val map)
{
	if (!YAJL_IS_OBJECT(map)) {
		return wrong(walk, "an object");
	}
	if (map->u.object.len > 256) {
		return wrong(walk, "an object of at most 256 members");
	}
	for (size_t i = 0; i < map->u.object.len; i++) {
		const char *name = map->u.object.keys[i];
		size_t before = walk_down(walk, "%s%s", walk->length ? "." : "", name);
		const char *rest = NULL;
		const struct field *field = find_field(table, name, &rest);
		yajl_val value = map->u.object.values[i];
		int err = check_once(walk, map, i);

		if (!err && field) {
			err = read_member(walk, field, object, rest, value);
		}
		if (err) {
			return err;
		}
		if (!field || ((field->kind == FIELD_SKIP || field->kind == FIELD_EMPTY) &&
			       says_something(value))) {
			report_warning(walk->report, "%s: %s is %s and has no effect", walk->source,
				       walk->path, field ? "not supported" : "unknown");
		}
		walk_up(walk, before);
	}
	return 0;
}

/* Refuses what is too large or too deeply nested to be a configuration. */
static int check_size(const char *text, size_t size, const char *source, struct report *report)
{
	unsigned int depth = 0;
	bool quoted = false;

	if (size > JSON_SIZE_MAX) {
		return report_error(report, EFBIG, "%s", source);
	}
	for (size_t i = 0; i < size; i++) {
		if (quoted) {
			if (text[i] == '\\') {
				i++;
			} else if (text[i] == '"') {
				quoted = false;
			}
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '[' || text[i] == '{') {
			if (++depth > JSON_DEPTH_MAX) {
				return report_error(report, 0, "%s: nested too deeply", source);
			}
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return 0;
}

/* From whole documents to the object that describes the machine. */
static int find_config(struct walk *walk, yajl_val root, yajl_val *map, int *domid)
{
	yajl_val id;

	*domid = -1;
	if (YAJL_IS_ARRAY(root)) {
		if (root->u.array.len != 1) {
			return report_error(walk->report, 0, "%s: describes %zu domains, not one",
					    walk->source, root->u.array.len);
		}
		root = root->u.array.values[0];
	}
	if (!YAJL_IS_OBJECT(root)) {
		return report_error(walk->report, 0, "%s: is not the description of a domain",
				    walk->source);
	}
	id = member(root, "domid");
	*map = member(root, "config");
	if (!*map) {
		*map = root;
		return 0;
	}
	if (YAJL_IS_INTEGER(id) && YAJL_GET_INTEGER(id) >= 0 && YAJL_GET_INTEGER(id) < 0x7ff0) {
		*domid = (int)YAJL_GET_INTEGER(id);
	}
	return 0;
}

static int read_root(struct walk *walk, yajl_val root, struct vm_config *config, int *domid)
{
	yajl_val map = NULL;
	int err = find_config(walk, root, &map, domid);

	if (!err) {
		err = read_table(walk, &vm_config_fields, config, map);
	}
	if (!err && !config->name) {
		err = report_error(walk->report, 0, "%s: c_info.name is missing", walk->source);
	}
	config->uuid_given = true;
	return err;
}

int config_json_read(const char *text, size_t size, const char *source, struct vm_config **config,
		     int *domid, struct report *report)
{
	struct walk walk = {.source = source, .report = report};
	struct vm_config *made;
	char message[256] = "";
	yajl_val root;
	char *copy;
	int id;
	int err = check_size(text, size, source, report);

	if (err) {
		return err;
	}
	copy = strndup(text, size); /* the parser wants a terminator */
	made = vm_config_new();
	if (!copy || !made) {
		free(copy);
		vm_config_free(made);
		return no_memory(&walk);
	}
	root = strlen(copy) == size ? yajl_tree_parse(copy, message, sizeof(message)) : NULL;
	free(copy);
	if (!root) {
		err = report_error(report, 0, "%s: is not JSON", source);
		message[strcspn(message, "\n")] = '\0';
		if (message[0]) {
			report_why(report, "%s", message);
		}
	} else {
		err = read_root(&walk, root, made, domid ? domid : &id);
	}
	yajl_tree_free(root);
	if (err) {
		vm_config_free(made);
		return err;
	}
	*config = made;
	return 0;
}
