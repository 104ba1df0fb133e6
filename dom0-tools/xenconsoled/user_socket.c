/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See user_socket.h. */
#include "xenconsoled/user_socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that refuses to be connected to was left by somebody who died. */
static bool is_left_over(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused;

	if (fd < 0) {
		return false;
	}
	refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(mask);
	return err;
}

int user_socket_listen(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat state;
	int err;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0) {
		return -errno;
	}
	err = bind_private(*fd, &address);
	if (err == -EADDRINUSE && lstat(path, &state) == 0 && S_ISSOCK(state.st_mode) &&
	    is_left_over(&address) && unlink(path) == 0) {
		err = bind_private(*fd, &address);
	}
	if (err) {
		close(*fd);
	} else if (listen(*fd, 8) < 0) {
		err = -errno;
		user_socket_remove(*fd);
	}
	return err;
}

int user_socket_accept(int listener, int *fd)
{
	*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

void user_socket_remove(int listener)
{
	struct sockaddr_un address = {0};
	socklen_t length = sizeof(address) - 1;

	if (getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
	    address.sun_path[0]) {
		unlink(address.sun_path);
	}
	close(listener);
}

size_t user_socket_unread(int fd)
{
	int count = 0;

	return ioctl(fd, SIOCOUTQ, &count) < 0 || count < 0 ? 0 : (size_t)count;
}
