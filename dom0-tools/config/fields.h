/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of struct vm_config and of what belongs to it, described once: name in the JSON,
 * kind, place, and the value that stands for "not given". Releasing, first values, JSON out and
 * JSON in walk these tables; the order of the entries is the order of the JSON, which is upstream's
 * (libxl_types of 4.17) and which scripts rely on.
 *
 * The value for "not given" is at once the first value of the member and what the JSON leaves out.
 */
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include "config/vm_config.h"

#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_TEXT,       /* char * */
	FIELD_TEXTS,      /* struct vm_strings */
	FIELD_BOOL,       /* bool as true */
	FIELD_FLAG,       /* bool as 1 */
	FIELD_CHOICE,     /* enum choice as "True", "False" */
	FIELD_INT,        /* int */
	FIELD_U8,         /* uint8_t */
	FIELD_U32,        /* uint32_t */
	FIELD_U64,        /* uint64_t */
	FIELD_VCPUS,      /* unsigned int; left out only beside an empty avail_vcpus */
	FIELD_ENUM,       /* an enum, by its names */
	FIELD_UUID,       /* uint8_t[16] */
	FIELD_BYTES16,    /* uint8_t[16] as an array of numbers; all zero: not given */
	FIELD_MAC,        /* uint8_t[6]; all zero: not given */
	FIELD_SET,        /* struct vm_set */
	FIELD_SETS,       /* struct vm_set * and a count */
	FIELD_U32S,       /* uint32_t * and a count */
	FIELD_STRUCT,     /* a structure in place; always shown */
	FIELD_STRUCTS,    /* an array of structures and a count */
	FIELD_TYPE,       /* "type.pv": the part that only one type of machine has */
	FIELD_CONNECTION, /* "connection.pty" of a channel */
	FIELD_CPUID,      /* struct vm_cpuid * and a count */
	FIELD_EMPTY,      /* upstream's object whose members are not supported; shown empty */
	FIELD_SKIP,       /* upstream's member that is not supported; never shown */
};

struct field_names {
	int first; /* the enum's value of name[0] */
	unsigned int count;
	const char *const *name;
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	size_t count; /* offset of the count, for arrays */
	int64_t none; /* "not given", for numbers and enums */
	const struct field_table *table;
	const struct field_names *names;
};

struct field_table {
	size_t size; /* of the structure */
	unsigned int count;
	const struct field *field;
};

/* Marks an enum that is always shown. */
#define FIELD_ALWAYS INT64_MIN

extern const struct field_table vm_config_fields;
extern const struct field_table vm_disk_fields;
extern const struct field_table vm_nic_fields;
extern const struct field_table vm_pv_fields;
extern const struct field_table vm_pvh_fields;
extern const struct field_table vm_hvm_fields;

extern const struct field_names vm_type_names;

/* Sets every member of object to "not given". */
void fields_init(const struct field_table *table, void *object);

/* Frees what the members own and sets them to "not given". */
void fields_clear(const struct field_table *table, void *object);

/* An element more in an array of structures, with its first values; NULL when out of memory. */
void *fields_add(const struct field *field, void *object);

/* The name of a value, or NULL. */
const char *field_name_of(const struct field_names *names, int64_t value);

/* Reading and writing the numbers behind the kinds FLAG, BOOL, CHOICE, INT, U8, U32, U64, VCPUS and
 * ENUM. field_put() does not check the range: field_fits() does. */
int64_t field_get(const struct field *field, const void *object);
void field_put(const struct field *field, void *object, int64_t value);
int field_fits(const struct field *field, int64_t value);

/* Whether the member has the value that the JSON leaves out. */
int field_is_none(const struct field *field, const void *object);

static inline void *field_at(const struct field *field, void *object)
{
	return (char *)object + field->offset;
}

static inline const void *field_in(const struct field *field, const void *object)
{
	return (const char *)object + field->offset;
}

#endif
