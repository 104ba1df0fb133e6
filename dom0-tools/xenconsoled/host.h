/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the console daemon needs of the machine it runs on: guests' rings, event channels, the
 * hypervisor's own log. host_xen.c is the real one; tests bring rings in shared memory.
 */
#ifndef XENCONSOLED_HOST_H
#define XENCONSOLED_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report;
struct xencons_interface;

struct console_host {
	/* *ring stays mapped until unmap(). ref is the store's ring-ref: a channel's (number from
	 * 1) is a grant, the console's a frame, of use on hosts without grants. */
	int (*map)(void *context, unsigned int domid, unsigned int number, uint64_t ref,
		   struct xencons_interface **ring);
	void (*unmap)(void *context, struct xencons_interface *ring);

	/* Ports belong to the descriptor; it is handed to bind() and what follows. */
	int (*open_ports)(void *context, int *fd);
	int (*bind)(void *context, int fd, unsigned int domid, uint32_t remote, uint32_t *port);
	int (*bind_log)(void *context, int fd, uint32_t *port);
	void (*unbind)(void *context, int fd, uint32_t port);
	void (*notify)(void *context, int fd, uint32_t port);
	void (*unmask)(void *context, int fd, uint32_t port);
	/* As port_pending() in call/port.h; an overrun is reset, and answered by -EFBIG. */
	int (*pending)(void *context, int fd, uint32_t *ports, size_t room, size_t *count);

	/* The domain is dying or gone: nothing of it is to be held any longer. */
	bool (*is_gone)(void *context, unsigned int domid);
	/* As call_host_read_console(). */
	int (*read_log)(void *context, char *text, uint32_t size, uint32_t *index,
			uint32_t *length);
};

/* The hypervisor this runs on. *context is to be handed to the functions, and to host_xen_close().
 */
int host_xen_open(const struct console_host **host, void **context, struct report *report);
void host_xen_close(void *context);

#endif
