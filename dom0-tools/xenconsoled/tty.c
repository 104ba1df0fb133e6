/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ptys; see tty.h. */
#include "xenconsoled/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int tty_name(int master, char name[TTY_NAME_MAX])
{
	return -ptsname_r(master, name, TTY_NAME_MAX);
}

static int open_other_end(const char *name)
{
	return open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* Settings belong to the pair, and stay when the other end is closed. */
static int make_raw(const char *name)
{
	int slave = open_other_end(name);
	struct termios settings;
	int err = 0;

	if (slave < 0) {
		return -errno;
	}
	if (tcgetattr(slave, &settings) < 0) {
		err = -errno;
	} else {
		cfmakeraw(&settings);
		err = tcsetattr(slave, TCSANOW, &settings) < 0 ? -errno : 0;
	}
	close(slave);
	return err;
}

int tty_open(int *master, char name[TTY_NAME_MAX])
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	int err = 0;

	if (fd < 0) {
		return -errno;
	}
	if (grantpt(fd) < 0 || unlockpt(fd) < 0) {
		err = -errno;
	}
	if (!err) {
		err = tty_name(fd, name);
	}
	if (!err) {
		err = make_raw(name);
	}
	if (err) {
		close(fd);
		return err;
	}
	*master = fd;
	return 0;
}

bool tty_is_attached(int master)
{
	struct pollfd state = {.fd = master, .events = POLLIN};

	return poll(&state, 1, 0) >= 0 && !(state.revents & POLLHUP);
}

int tty_write(int master, const char *bytes, size_t length)
{
	ssize_t done = write(master, bytes, length);

	if (done < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	return (int)done;
}

int tty_read(int master, char *bytes, size_t length)
{
	ssize_t done = read(master, bytes, length);

	if (done < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	return done ? (int)done : -EIO;
}

void tty_flush(const char *name)
{
	int slave = open_other_end(name);

	if (slave >= 0) {
		tcflush(slave, TCIFLUSH);
		close(slave);
	}
}

size_t tty_unread(const char *name)
{
	int slave = open_other_end(name);
	int count = 0;

	if (slave >= 0) {
		if (ioctl(slave, FIONREAD, &count) < 0) {
			count = 0;
		}
		close(slave);
	}
	return count > 0 ? (size_t)count : 0;
}
