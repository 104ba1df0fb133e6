/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's /dev/xen/evtchn: see port.h. Binding is an ioctl that returns the port; the read stream
 * is of u32 ports, and writing a port back unmasks it. Numbers: include/uapi/xen/evtchn.h.
 */
#include "call/port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct bind_virq {
	uint32_t virq;
};

struct bind_remote {
	uint32_t domid;
	uint32_t port;
};

struct bind_unbound {
	uint32_t domid;
};

struct one_port {
	uint32_t port;
};

struct restrict_domid {
	domid_t domid;
};

#define BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(struct bind_virq))
#define BIND_REMOTE _IOC(_IOC_NONE, 'E', 1, sizeof(struct bind_remote))
#define BIND_UNBOUND _IOC(_IOC_NONE, 'E', 2, sizeof(struct bind_unbound))
#define UNBIND _IOC(_IOC_NONE, 'E', 3, sizeof(struct one_port))
#define NOTIFY _IOC(_IOC_NONE, 'E', 4, sizeof(struct one_port))
#define RESET _IOC(_IOC_NONE, 'E', 5, 0)
#define RESTRICT _IOC(_IOC_NONE, 'E', 6, sizeof(struct restrict_domid))

int port_open(void)
{
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int bind_port(int fd, unsigned long request, void *argument, uint32_t *port)
{
	int bound = ioctl(fd, request, argument);

	if (bound < 0) {
		return -errno;
	}
	*port = (uint32_t)bound;
	return 0;
}

int port_bind_virq(int fd, uint32_t virq, uint32_t *port)
{
	struct bind_virq argument = {.virq = virq};

	return bind_port(fd, BIND_VIRQ, &argument, port);
}

int port_bind_remote(int fd, domid_t domid, uint32_t remote_port, uint32_t *port)
{
	struct bind_remote argument = {.domid = domid, .port = remote_port};

	return bind_port(fd, BIND_REMOTE, &argument, port);
}

int port_bind_unbound(int fd, domid_t remote, uint32_t *port)
{
	struct bind_unbound argument = {.domid = remote};

	return bind_port(fd, BIND_UNBOUND, &argument, port);
}

int port_unbind(int fd, uint32_t port)
{
	struct one_port argument = {.port = port};

	return ioctl(fd, UNBIND, &argument) < 0 ? -errno : 0;
}

int port_notify(int fd, uint32_t port)
{
	struct one_port argument = {.port = port};

	return ioctl(fd, NOTIFY, &argument) < 0 ? -errno : 0;
}

int port_unmask(int fd, uint32_t port)
{
	for (;;) {
		ssize_t written = write(fd, &port, sizeof(port));

		if (written == sizeof(port)) {
			return 0;
		}
		if (written >= 0) {
			return -EIO;
		}
		if (errno != EINTR) {
			return -errno;
		}
	}
}

int port_pending(int fd, uint32_t *ports, size_t room, size_t *count)
{
	ssize_t got;

	*count = 0;
	do {
		got = read(fd, ports, room * sizeof(*ports));
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	*count = (size_t)got / sizeof(*ports);
	return 0;
}

int port_reset(int fd)
{
	return ioctl(fd, RESET) < 0 ? -errno : 0;
}

int port_restrict(int fd, domid_t domid)
{
	struct restrict_domid argument = {.domid = domid};

	return ioctl(fd, RESTRICT, &argument) < 0 ? -errno : 0;
}
