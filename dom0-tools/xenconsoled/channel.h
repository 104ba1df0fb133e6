/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store says of channels: consoles from number 1 on, which are devices with two ends. The
 * backend's folder, /local/domain/0/backend/console/D/N, is dom0's, and alone says what a channel
 * is; of the frontend's, which the guest writes, only the state, the grant of its ring and its port
 * are read.
 *
 *     backend 1 -> 2    its terminal or socket is there (`tty` names a terminal); or 6 with
 *                       `error`: it cannot be served
 *     frontend -> 3     the guest's driver tells ring-ref and port
 *     backend 2 -> 4    connected; the driver follows
 *     frontend -> 5, 6  backend 6; and 2 when the driver comes back
 *
 * All functions return 0 or a negative errno. What is written replaces a node that is there: of a
 * folder somebody removes, nothing is made anew.
 */
#ifndef XENCONSOLED_CHANNEL_H
#define XENCONSOLED_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/io/xenbus.h>

struct store;

#define CHANNEL_BACKENDS "/local/domain/0/backend/console"
#define CHANNEL_PATH 96

/* Numbers of a domain's channels that are ours to serve and not given up, in *numbers, which is the
 * caller's. */
int channel_list(struct store *store, unsigned int domid, unsigned int **numbers,
		 unsigned int *count);
/* Whether this is one of them. */
bool channel_is_ours(struct store *store, unsigned int domid, unsigned int number);
/* The path of its socket, the caller's; NULL: it is a terminal. */
int channel_socket(struct store *store, unsigned int domid, unsigned int number, char **path);

/* Domain and number of a path in a backend's folder; false: there is no number in it. */
bool channel_of_path(const char *path, unsigned int *domid, unsigned int *number);
void channel_frontend_path(unsigned int domid, unsigned int number, char path[CHANNEL_PATH]);

/* What the guest says; *ring_ref and *port only with states 3 and 4.
 * -ENOENT: nothing, or not all of it. */
int channel_read_frontend(struct store *store, unsigned int domid, unsigned int number,
			  unsigned int *state, uint64_t *ring_ref, uint32_t *port);

/* The name of the terminal goes to both ends. */
int channel_write_terminal(struct store *store, unsigned int domid, unsigned int number,
			   const char *tty);
int channel_write_state(struct store *store, unsigned int domid, unsigned int number,
			enum xenbus_state state);
/* It is not tried again. */
int channel_give_up(struct store *store, unsigned int domid, unsigned int number, const char *why);

#endif
