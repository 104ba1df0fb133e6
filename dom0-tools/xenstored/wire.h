/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol's texts: names of errors and of message types, and the strings of a payload. The
 * layouts are in <xen/io/xs_wire.h>.
 */
#ifndef XENSTORED_WIRE_H
#define XENSTORED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_HEADER 16u
#define WIRE_MESSAGE_MAX (WIRE_HEADER + 4096u)

/* "ENOENT" for ENOENT; errors the protocol has no name for become "EINVAL". */
const char *wire_error_name(int error);

/* "WRITE"; "?" for numbers that name nothing. */
const char *wire_type_name(uint32_t type);

/* Number of NUL-terminated strings at the beginning of the payload. */
unsigned int wire_string_count(const char *payload, size_t size);

/* Points strings[0..] at the payload's strings, at most `room` of them; returns how many there are.
 * What follows the last NUL is no string. */
unsigned int wire_strings(const char *payload, size_t size, const char **strings,
			  unsigned int room);

/* The payload as exactly one string, NUL included; else NULL. */
const char *wire_one_string(const char *payload, size_t size);

/* A decimal domain id below DOMID_FIRST_RESERVED; anything else is false. */
bool wire_domid(const char *text, unsigned int *domid);

#endif
