/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON as the commands print it: indented by four spaces, one member per line, written to a stream.
 * Texts that are not UTF-8 have their odd bytes replaced by '?': what a guest is named must not
 * decide whether a list can be read.
 */
#ifndef XL_JSON_H
#define XL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <yajl/yajl_gen.h>

struct json {
	yajl_gen gen;
	FILE *to;
	bool failed;
};

/* -ENOMEM. */
int json_begin(struct json *json, FILE *to);
/* Writes all out, with a newline; 0, or -ENOMEM, -EIO. */
int json_end(struct json *json);

void json_map(struct json *json);
void json_map_end(struct json *json);
void json_array(struct json *json);
void json_array_end(struct json *json);

void json_key(struct json *json, const char *key);
void json_text(struct json *json, const char *text); /* NULL: null */
void json_number(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
void json_real(struct json *json, double number, unsigned int decimals);

/* key and value in one. */
void json_put_text(struct json *json, const char *key, const char *text);
void json_put_number(struct json *json, const char *key, int64_t number);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_real(struct json *json, const char *key, double number, unsigned int decimals);

#endif
