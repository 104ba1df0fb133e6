/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol's texts; see wire.h. Payloads come from guests: nothing here reads behind `size`.
 */
#include "xenstored/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/base.h>
#include <xen/io/xs_wire.h>

const char *wire_error_name(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{EINVAL, "EINVAL"}, {EACCES, "EACCES"},   {EEXIST, "EEXIST"},
		{EISDIR, "EISDIR"}, {ENOENT, "ENOENT"},   {ENOMEM, "ENOMEM"},
		{ENOSPC, "ENOSPC"}, {EIO, "EIO"},         {ENOTEMPTY, "ENOTEMPTY"},
		{ENOSYS, "ENOSYS"}, {EROFS, "EROFS"},     {EBUSY, "EBUSY"},
		{EAGAIN, "EAGAIN"}, {EISCONN, "EISCONN"}, {E2BIG, "E2BIG"},
		{EPERM, "EPERM"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == error) {
			return names[i].name;
		}
	}
	return "EINVAL";
}

const char *wire_type_name(uint32_t type)
{
	static const char *const names[XS_TYPE_COUNT] = {
		[XS_CONTROL] = "CONTROL",
		[XS_DIRECTORY] = "DIRECTORY",
		[XS_READ] = "READ",
		[XS_GET_PERMS] = "GET_PERMS",
		[XS_WATCH] = "WATCH",
		[XS_UNWATCH] = "UNWATCH",
		[XS_TRANSACTION_START] = "TRANSACTION_START",
		[XS_TRANSACTION_END] = "TRANSACTION_END",
		[XS_INTRODUCE] = "INTRODUCE",
		[XS_RELEASE] = "RELEASE",
		[XS_GET_DOMAIN_PATH] = "GET_DOMAIN_PATH",
		[XS_WRITE] = "WRITE",
		[XS_MKDIR] = "MKDIR",
		[XS_RM] = "RM",
		[XS_SET_PERMS] = "SET_PERMS",
		[XS_WATCH_EVENT] = "WATCH_EVENT",
		[XS_ERROR] = "ERROR",
		[XS_IS_DOMAIN_INTRODUCED] = "IS_DOMAIN_INTRODUCED",
		[XS_RESUME] = "RESUME",
		[XS_SET_TARGET] = "SET_TARGET",
		[XS_RESET_WATCHES] = "RESET_WATCHES",
		[XS_DIRECTORY_PART] = "DIRECTORY_PART",
	};

	return type < XS_TYPE_COUNT && names[type] ? names[type] : "?";
}

unsigned int wire_string_count(const char *payload, size_t size)
{
	unsigned int count = 0;

	for (size_t i = 0; i < size; i++) {
		count += payload[i] == '\0';
	}
	return count;
}

unsigned int wire_strings(const char *payload, size_t size, const char **strings, unsigned int room)
{
	unsigned int count = 0;
	const char *end = payload + size;

	while (payload < end) {
		const char *nul = memchr(payload, '\0', (size_t)(end - payload));

		if (!nul) {
			break;
		}
		if (count < room) {
			strings[count] = payload;
		}
		count++;
		payload = nul + 1;
	}
	return count;
}

const char *wire_one_string(const char *payload, size_t size)
{
	return size && memchr(payload, '\0', size) == payload + size - 1 ? payload : NULL;
}

bool wire_domid(const char *text, unsigned int *domid)
{
	unsigned long value = 0;

	if (!*text) {
		return false;
	}
	for (; *text; text++) {
		if (*text < '0' || *text > '9') {
			return false;
		}
		value = value * 10 + (unsigned long)(*text - '0');
		if (value >= DOMID_FIRST_RESERVED) {
			return false;
		}
	}
	*domid = (unsigned int)value;
	return true;
}
