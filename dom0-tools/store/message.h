/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside store/: messages on a connection's descriptor, collected before they are sent, and read in
 * pieces as large as there are. An error, other than -ENOMEM, means that the connection is at its
 * end.
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/connection.h"

/* Behind what is to be sent; sends that first when there is no room. The kernel takes a request
 * with each write, and no more. */
int store_put_message(struct store *store, const struct xsd_sockmsg *header,
		      const struct iovec *parts, unsigned int count);
int store_send_out(struct store *store);

/* Receives one whole message; *payload is allocated, with a NUL behind it. */
int store_receive(struct store *store, struct xsd_sockmsg *header, char **payload);

/* The connection has ended: what was under way gets -ECONNRESET, and the next request opens it
 * anew. */
void store_lose(struct store *store);

#endif
