/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * standin: lets Debian's xenstored and oxenstored run where there is no hypervisor, for
 * ./bench --store. Preloaded, it takes the place of the libraries' functions that open devices:
 * event channels on which nothing ever happens, one page for the ring of a silent domain 0, and
 * oxenstored's socket at $STORE_SOCKET instead of the path built into it. Sockets, the only thing
 * measured, are the daemon's own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char handle; /* whatever a function has to return that is not NULL */
static char ring[4096] __attribute__((aligned(4096)));

/* --- event channels --------------------------------------------------------- */
void *xenevtchn_open(void *log, unsigned int flags)
{
	return &handle;
}

int xenevtchn_close(void *channels)
{
	return 0;
}

int xenevtchn_fd(void *channels)
{
	static int fd = -1;

	if (fd < 0) {
		fd = eventfd(0, EFD_CLOEXEC);
	}
	return fd;
}

int xenevtchn_bind_virq(void *channels, unsigned int virq)
{
	return 1;
}

int xenevtchn_bind_interdomain(void *channels, uint32_t domid, uint32_t port)
{
	return 2;
}

int xenevtchn_notify(void *channels, uint32_t port)
{
	return 0;
}

int xenevtchn_unmask(void *channels, uint32_t port)
{
	return 0;
}

int xenevtchn_unbind(void *channels, uint32_t port)
{
	return 0;
}

/* --- grants and control ----------------------------------------------------- */
void *xengnttab_open(void *log, unsigned int flags)
{
	return &handle;
}

int xengnttab_close(void *grants)
{
	return 0;
}

int xengnttab_set_max_grants(void *grants, uint32_t count)
{
	return 0;
}

void *xengnttab_map_grant_ref(void *grants, uint32_t domid, uint32_t ref, int protection)
{
	return ring;
}

int xengnttab_unmap(void *grants, void *page, uint32_t count)
{
	return 0;
}

void *xc_interface_open(void *log, void *dombuild_log, unsigned int flags)
{
	return &handle;
}

int xc_interface_close(void *control)
{
	return 0;
}

/* A domain with that number, neither dying nor shut down: the number comes first, then flags. */
int xc_domain_getinfo(void *control, uint32_t first, unsigned int count, void *info)
{
	memset(info, 0, 64);
	memcpy(info, &first, sizeof(first));
	return 1;
}

/* --- files ------------------------------------------------------------------ */
/* domain 0's port and page are told in files of the kernel's */
int open(const char *path, int flags, ...)
{
	unsigned int mode = 0;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_list args;

		va_start(args, flags);
		mode = va_arg(args, unsigned int);
		va_end(args);
	}
	if (strncmp(path, "/proc/xen/xsd_", 14) == 0) {
		int fd = memfd_create("xsd", 0);

		return fd >= 0 && pwrite(fd, "1", 1, 0) == 1 ? fd : -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return 0; /* oxenstored asks for a million files and insists */
}

int mkdir(const char *path, mode_t mode)
{
	return 0;
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	const char *path = getenv("STORE_SOCKET");
	struct sockaddr_un ours = {.sun_family = AF_UNIX};

	if (path && strlen(path) < sizeof(ours.sun_path)) {
		strcpy(ours.sun_path, path);
		address = (const struct sockaddr *)&ours;
		size = sizeof(ours);
	}
	return (int)syscall(SYS_bind, fd, address, size);
}

int unlink(const char *path)
{
	return strncmp(path, "/var/run/", 9) == 0 ? 0 : (int)syscall(SYS_unlink, path);
}
