/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of the keeper; see keeper.h. State is what was inherited and has not been
 * claimed yet: the keeper itself knows what it holds. Sends block, so a slow keeper slows a daemon
 * down but loses nothing; a keeper that is gone makes sends fail, which a daemon may ignore.
 */
#include "keeper/keeper.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3

static bool name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= KEEPER_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789.-_@") == length;
}

/* Numbers of the environment: -1 for anything that is not one, or is no descriptor's. */
static int number_of(const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	return errno || end == text || *end || number < 0 || number > 1 << 24 ? -1 : (int)number;
}

static int set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0 ? -errno : 0;
}

/* systemd's names: separated by colons, "unknown" or nothing where a socket has none. */
static char *next_name(const char **names)
{
	size_t length = strcspn(*names, ":");
	char *name = strndup(*names, length);

	*names += length;
	*names += **names == ':';
	return name;
}

static int inherit(struct keeper *keeper, unsigned int count, const char *names,
		   struct report *report)
{
	keeper->inherited = calloc(count, sizeof(*keeper->inherited));
	if (!keeper->inherited) {
		return report_error(report, ENOMEM, "inherited descriptors");
	}
	for (unsigned int i = 0; i < count; i++) {
		struct keeper_fd *held = &keeper->inherited[i];
		int fd = FIRST_INHERITED + (int)i;

		if (set_cloexec(fd)) {
			return report_error(report, EBADF, "LISTEN_FDS=%u: descriptor %d", count,
					    fd);
		}
		held->fd = fd;
		held->name = next_name(&names);
		keeper->count = i + 1;
		if (!held->name) {
			return report_error(report, ENOMEM, "inherited descriptors");
		}
	}
	return 0;
}

static int read_inherited(struct keeper *keeper, struct report *report)
{
	const char *count = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	const char *names = getenv("LISTEN_FDNAMES");
	int number;

	/* Meant for another process of the same session: not an error, and not ours. */
	if (!count || (pid && number_of(pid) != getpid())) {
		return 0;
	}
	number = number_of(count);
	if (number < 0) {
		return report_error(report, EINVAL, "LISTEN_FDS=%s", count);
	}
	return number ? inherit(keeper, (unsigned int)number, names ? names : "", report) : 0;
}

/* A datagram socket that is connected to NOTIFY_SOCKET; "@" begins an abstract name. */
static int connect_notify(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || length < 2 ||
	    length >= sizeof(address.sun_path)) {
		return -EINVAL;
	}
	memcpy(address.sun_path, path, length);
	if (path[0] == '@') {
		address.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int open_socket(struct keeper *keeper, struct report *report)
{
	const char *own = getenv("PROXENOS_KEEPER_FD");
	const char *notify = getenv("NOTIFY_SOCKET");
	int fd;

	if (own) {
		fd = number_of(own);
		if (fd < 0 || set_cloexec(fd)) {
			return report_error(report, EBADF, "PROXENOS_KEEPER_FD=%s", own);
		}
		keeper->private = true;
		keeper->socket = fd;
	} else if (notify) {
		fd = connect_notify(notify);
		if (fd < 0) {
			return report_error(report, -fd, "NOTIFY_SOCKET=%s", notify);
		}
		keeper->socket = fd;
	}
	return 0;
}

int keeper_open(struct keeper *keeper, struct report *report)
{
	int err;

	*keeper = (struct keeper){.socket = -1};
	err = open_socket(keeper, report);
	if (!err) {
		err = read_inherited(keeper, report);
	}
	/* Programs we start must not take these for theirs. */
	unsetenv("PROXENOS_KEEPER_FD");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (err) {
		keeper_close(keeper);
	}
	return err;
}

void keeper_close(struct keeper *keeper)
{
	for (unsigned int i = 0; i < keeper->count; i++) {
		if (keeper->inherited[i].fd >= 0) {
			close(keeper->inherited[i].fd);
		}
		free(keeper->inherited[i].name);
	}
	free(keeper->inherited);
	if (keeper->socket >= 0) {
		close(keeper->socket);
	}
	*keeper = (struct keeper){.socket = -1};
}

bool keeper_is_present(const struct keeper *keeper)
{
	return keeper->socket >= 0;
}

int keeper_take(struct keeper *keeper, const char *name, int *fd)
{
	for (unsigned int i = 0; i < keeper->count; i++) {
		struct keeper_fd *held = &keeper->inherited[i];

		if (held->fd >= 0 && strcmp(held->name, name) == 0) {
			*fd = held->fd;
			held->fd = -1;
			return 0;
		}
	}
	return -ENOENT;
}

bool keeper_each(struct keeper *keeper, const char *prefix, const char **name, int *fd)
{
	for (unsigned int i = 0; i < keeper->count; i++) {
		struct keeper_fd *held = &keeper->inherited[i];

		if (held->fd >= 0 && strncmp(held->name, prefix, strlen(prefix)) == 0) {
			*name = held->name;
			*fd = held->fd;
			held->fd = -1;
			return true;
		}
	}
	return false;
}

/* One datagram, with fd beside it unless fd < 0. */
static int send_text(const struct keeper *keeper, char *text, size_t length, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {.iov_base = text, .iov_len = length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	do {
		sent = sendmsg(keeper->socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int tell(const struct keeper *keeper, const char *lines, const char *name, int fd)
{
	char text[KEEPER_NAME_MAX + 64];
	int length;

	if (keeper->socket < 0) {
		return 0;
	}
	length = name ? snprintf(text, sizeof(text), "%sFDNAME=%s\n", lines, name)
		      : snprintf(text, sizeof(text), "%s", lines);
	return send_text(keeper, text, (size_t)length, fd);
}

int keeper_store(struct keeper *keeper, const char *name, int fd)
{
	if (!name_is_valid(name) || fd < 0) {
		return -EINVAL;
	}
	/* systemd would keep both under the name, and would drop those that hang up: a pty whose
	 * other end is closed does. */
	if (!keeper->private) {
		int err = tell(keeper, "FDSTOREREMOVE=1\n", name, -1);

		if (err) {
			return err;
		}
	}
	return tell(keeper, "FDSTORE=1\nFDPOLL=0\n", name, fd);
}

int keeper_forget(struct keeper *keeper, const char *name)
{
	return name_is_valid(name) ? tell(keeper, "FDSTOREREMOVE=1\n", name, -1) : -EINVAL;
}

static int make_journal(const char *name, size_t size, int *fd)
{
	int made = memfd_create(name, MFD_CLOEXEC);

	if (made < 0) {
		return -errno;
	}
	if (ftruncate(made, (off_t)size) < 0) {
		int err = -errno;

		close(made);
		return err;
	}
	*fd = made;
	return 0;
}

int keeper_journal(struct keeper *keeper, const char *name, size_t size, void **map, bool *fresh,
		   struct report *report)
{
	struct stat state;
	int fd = -1;
	int err = keeper_take(keeper, name, &fd);

	*fresh = false;
	if (!err && (fstat(fd, &state) < 0 || state.st_size != (off_t)size)) {
		report_warning(report, "journal '%s': found with another size, begun anew", name);
		close(fd);
		err = -ENOENT;
	}
	if (err) {
		*fresh = true;
		err = make_journal(name, size, &fd);
		if (err) {
			return report_error(report, -err, "journal '%s'", name);
		}
	}
	*map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*map == MAP_FAILED) {
		err = report_error(report, errno, "journal '%s'", name);
	} else if (*fresh) {
		err = keeper_store(keeper, name, fd);
		if (err) {
			munmap(*map, size);
			err = report_error(report, -err, "journal '%s': giving it to the keeper",
					   name);
		}
	}
	close(fd);
	return err;
}

int keeper_settle(struct keeper *keeper)
{
	for (unsigned int i = 0; i < keeper->count; i++) {
		struct keeper_fd *held = &keeper->inherited[i];

		if (held->fd >= 0) {
			close(held->fd);
			held->fd = -1;
			if (name_is_valid(held->name)) {
				keeper_forget(keeper, held->name);
			}
		}
	}
	return tell(keeper, "READY=1\n", NULL, -1);
}
