/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channel ports of this domain, through /dev/xen/evtchn. Functions take the descriptor
 * itself, because a keeper may hold it longer than any process: closing it closes its ports.
 *
 * Reading the descriptor yields the ports that became pending since they were last unmasked; each
 * stays masked until port_unmask(). The descriptor is readable when there are any; O_NONBLOCK and
 * poll() work as usual.
 */
#ifndef CALL_PORT_H
#define CALL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/base.h>

/* A descriptor, O_CLOEXEC and O_NONBLOCK; -errno otherwise. */
int port_open(void);

int port_bind_virq(int fd, uint32_t virq, uint32_t *port);
int port_bind_remote(int fd, domid_t domid, uint32_t remote_port, uint32_t *port);
/* A new port that `remote` may bind to. */
int port_bind_unbound(int fd, domid_t remote, uint32_t *port);
int port_unbind(int fd, uint32_t port);
int port_notify(int fd, uint32_t port);
int port_unmask(int fd, uint32_t port);

/* At most `room` pending ports. *count 0: none. -EFBIG: the kernel's buffer overran; events were
 * lost, and port_reset() makes the descriptor usable again. */
int port_pending(int fd, uint32_t *ports, size_t room, size_t *count);
int port_reset(int fd);
/* From now on only ports to this domain may be bound through fd. */
int port_restrict(int fd, domid_t domid);

#endif
