/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the store itself (xsd.c, event.c, conn.c) share and nobody else needs.
 */
#ifndef XENSTORED_XSD_PRIVATE_H
#define XENSTORED_XSD_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct slot;
struct xsd;

/* The memory of a connection whose slot is filled in. */
struct conn *conn_new(struct xsd *store, struct slot *slot);

/* Makes a connection part of the current batch. */
void conn_touch(struct xsd *store, struct conn *conn);

/* Appends a whole message to what the batch sends; the caller has checked the room. */
void conn_send(struct xsd *store, struct conn *conn, const void *message, size_t size);

/* An event waits in the database. */
void conn_note_spilled(struct conn *conn, uint64_t number, const void *message, size_t size);

#endif
