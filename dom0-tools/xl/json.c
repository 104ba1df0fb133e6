/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thin cover of yajl's generator that remembers the first failure instead of returning it from
 * every call.
 */
#include "xl/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int json_begin(struct json *json, FILE *to)
{
	*json = (struct json){.gen = yajl_gen_alloc(NULL), .to = to};
	if (!json->gen) {
		return -ENOMEM;
	}
	yajl_gen_config(json->gen, yajl_gen_beautify, 1);
	yajl_gen_config(json->gen, yajl_gen_indent_string, "    ");
	return 0;
}

int json_end(struct json *json)
{
	const unsigned char *text;
	size_t length;
	int err = json->failed ? -ENOMEM : 0;

	if (yajl_gen_get_buf(json->gen, &text, &length) != yajl_gen_status_ok) {
		err = -ENOMEM;
	} else if (!err && fwrite(text, 1, length, json->to) != length) {
		err = -EIO;
	}
	yajl_gen_free(json->gen);
	json->gen = NULL;
	return err;
}

static void note(struct json *json, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete) {
		json->failed = true;
	}
}

void json_map(struct json *json)
{
	note(json, yajl_gen_map_open(json->gen));
}

void json_map_end(struct json *json)
{
	note(json, yajl_gen_map_close(json->gen));
}

void json_array(struct json *json)
{
	note(json, yajl_gen_array_open(json->gen));
}

void json_array_end(struct json *json)
{
	note(json, yajl_gen_array_close(json->gen));
}

void json_key(struct json *json, const char *key)
{
	note(json, yajl_gen_string(json->gen, (const unsigned char *)key, strlen(key)));
}

/* The bytes of the UTF-8 sequence at text, 0 if there is none: RFC 3629 without its rarer limits.
 */
static size_t sequence_length(const unsigned char *text)
{
	size_t length = *text < 0x80   ? 1
			: *text < 0xc2 ? 0
			: *text < 0xe0 ? 2
			: *text < 0xf0 ? 3
			: *text < 0xf5 ? 4
				       : 0;

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return length;
}

void json_text(struct json *json, const char *text)
{
	unsigned char *copy;

	if (!text) {
		note(json, yajl_gen_null(json->gen));
		return;
	}
	copy = (unsigned char *)strdup(text);
	if (!copy) {
		json->failed = true;
		return;
	}
	for (unsigned char *at = copy; *at;) {
		size_t length = sequence_length(at);

		if (length == 0) {
			*at = '?';
			length = 1;
		}
		at += length;
	}
	note(json, yajl_gen_string(json->gen, copy, strlen((const char *)copy)));
	free(copy);
}

void json_number(struct json *json, int64_t number)
{
	note(json, yajl_gen_integer(json->gen, number));
}

void json_bool(struct json *json, bool value)
{
	note(json, yajl_gen_bool(json->gen, value));
}

void json_real(struct json *json, double number, unsigned int decimals)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%.*f", (int)decimals, number);

	note(json, yajl_gen_number(json->gen, text, (size_t)length));
}

void json_put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

void json_put_number(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_number(json, number);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

void json_put_real(struct json *json, const char *key, double number, unsigned int decimals)
{
	json_key(json, key);
	json_real(json, number, decimals);
}
