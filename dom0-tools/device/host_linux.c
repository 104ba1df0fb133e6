/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_host_linux: loop devices, bridges, hotplug scripts by Linux's own calls; see
 * device_host.h.
 *
 * Loop devices are set up in one step (LOOP_CONFIGURE), so no other process ever sees a half made
 * one, and with autoclear: the last close frees them. Between LOOP_CTL_GET_FREE and LOOP_CONFIGURE
 * somebody else may take the device: EBUSY, and the next one is tried. Numbers:
 * include/uapi/linux/loop.h.
 */
#include "device/device_host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOP_TRIES 64
#define SCRIPT_STEP_NS 10000000L

/* Backends' interfaces have the address that no bridge takes for its own. */
static const unsigned char backend_mac[6] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff};

/* --- disks --------------------------------------------------------------------------------------
 */
static int try_loop(int control, int file, bool readwrite, bool direct_io, const char *path,
		    struct device_target *target)
{
	struct loop_config config = {.fd = (uint32_t)file};
	struct stat status;
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	int err;

	if (number < 0) {
		return -errno;
	}
	snprintf(target->path, sizeof(target->path), "/dev/loop%d", number);
	target->fd = open(target->path, (readwrite ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (target->fd < 0) {
		return -errno;
	}
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (readwrite ? 0U : LO_FLAGS_READ_ONLY) |
			       (direct_io ? LO_FLAGS_DIRECT_IO : 0U);
	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", path);
	if (ioctl(target->fd, LOOP_CONFIGURE, &config) || fstat(target->fd, &status)) {
		err = -errno;
		close(target->fd);
		target->fd = -1;
		return err;
	}
	target->number = status.st_rdev;
	return 0;
}

static int open_file(int file, const struct stat *status, const char *path, bool readwrite,
		     bool direct_io, struct device_target *target)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int err = control < 0 ? -errno : -EBUSY;

	for (int i = 0; err == -EBUSY && i < LOOP_TRIES; i++) {
		err = try_loop(control, file, readwrite, direct_io, path, target);
	}
	/* Not every file system can do direct I/O. */
	if (err == -EINVAL && direct_io) {
		err = try_loop(control, file, readwrite, false, path, target);
	}
	if (control >= 0) {
		close(control);
	}
	target->is_loop = true;
	target->file_dev = status->st_dev;
	target->file_inode = status->st_ino;
	return err;
}

static int open_block(int *fd, const struct stat *status, const char *path, bool readwrite,
		      struct device_target *target)
{
	snprintf(target->path, sizeof(target->path), "%s", path);
	target->number = status->st_rdev;
	/* Exclusive: fails if it is mounted, or part of something that is. */
	if (readwrite) {
		close(*fd);
		*fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
		if (*fd < 0) {
			return -errno;
		}
	}
	return 0;
}

static int linux_open_disk(void *context, const char *path, bool readwrite, bool direct_io,
			   struct device_target *target)
{
	int fd = open(path, (readwrite ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int err = -ENOTBLK;

	*target = (struct device_target){.fd = -1};
	if (fd < 0) {
		return errno == EISDIR ? -ENOTBLK : -errno;
	}
	if (fstat(fd, &status)) {
		err = -errno;
	} else if (S_ISBLK(status.st_mode)) {
		err = open_block(&fd, &status, path, readwrite, target);
	} else if (S_ISREG(status.st_mode)) {
		err = open_file(fd, &status, path, readwrite, direct_io, target);
	}
	if (fd >= 0) {
		close(fd);
	}
	return err;
}

static void linux_close_disk(void *context, struct device_target *target)
{
	if (target->fd >= 0) {
		close(target->fd);
	}
	target->fd = -1;
}

static int linux_identify(void *context, const char *path, struct device_target *target)
{
	struct stat status;

	*target = (struct device_target){.fd = -1};
	if (stat(path, &status)) {
		return -errno;
	}
	if (S_ISBLK(status.st_mode)) {
		target->number = status.st_rdev;
	} else if (S_ISREG(status.st_mode)) {
		target->is_loop = true;
		target->file_dev = status.st_dev;
		target->file_inode = status.st_ino;
	} else {
		return -ENOTBLK;
	}
	return 0;
}

/* The driver shows `physical_device` once it has opened the device. */
static int linux_backend_holds(void *context, unsigned int domid, uint32_t devid)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vbd-%u-%u/physical_device",
		 domid, devid);
	return access(path, F_OK) ? -EAGAIN : 0;
}

/* --- interfaces ---------------------------------------------------------------------------------
 */
static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return request;
}

static int interface_ioctl(int fd, unsigned long number, struct ifreq *request)
{
	return ioctl(fd, number, request) < 0 ? -errno : 0;
}

static int set_flags(int fd, const char *name, int on, int off)
{
	struct ifreq request = request_for(name);
	int err = interface_ioctl(fd, SIOCGIFFLAGS, &request);

	if (err) {
		return err;
	}
	request.ifr_flags = (short)((request.ifr_flags | on) & ~off);
	return interface_ioctl(fd, SIOCSIFFLAGS, &request);
}

static int rename_interface(int fd, const char *name, const char *wanted)
{
	struct ifreq request = request_for(name);

	snprintf(request.ifr_newname, sizeof(request.ifr_newname), "%s", wanted);
	return interface_ioctl(fd, SIOCSIFNAME, &request);
}

static int set_mac(int fd, const char *name)
{
	struct ifreq request = request_for(name);

	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, backend_mac, sizeof(backend_mac));
	return interface_ioctl(fd, SIOCSIFHWADDR, &request);
}

/* mtu 0: the bridge's. Too large for the device is no reason to fail. */
static void set_mtu(int fd, const char *name, const char *bridge, unsigned int mtu)
{
	struct ifreq request = request_for(bridge);

	if (!mtu) {
		if (interface_ioctl(fd, SIOCGIFMTU, &request)) {
			return;
		}
		mtu = (unsigned int)request.ifr_mtu;
	}
	request = request_for(name);
	request.ifr_mtu = (int)mtu;
	interface_ioctl(fd, SIOCSIFMTU, &request);
}

/* dom0 itself does not speak on it. */
static void quiet_ipv6(const char *name)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		/* What fails here costs only some traffic nobody wanted. */
		ssize_t put = write(fd, "1", 1);

		(void)put;
		close(fd);
	}
}

static int add_to_bridge(int fd, const char *name, const char *bridge)
{
	struct ifreq request = request_for(name);
	int err = interface_ioctl(fd, SIOCGIFINDEX, &request);
	int index = request.ifr_ifindex;

	if (err) {
		return err;
	}
	request = request_for(bridge);
	request.ifr_ifindex = index;
	err = interface_ioctl(fd, SIOCBRADDIF, &request);
	if (err == -ENODEV || err == -EOPNOTSUPP || err == -EINVAL) {
		return -ENXIO; /* no such device, or no bridge */
	}
	return err == -EBUSY ? 0 : err; /* it is on it already */
}

static int plug_in(int fd, const struct device_interface *interface)
{
	const char *name = interface->name;
	int err = set_flags(fd, name, 0, IFF_UP);

	if (err == -ENODEV && interface->rename) {
		/* We renamed it in an earlier try. */
		name = interface->rename;
		err = set_flags(fd, name, 0, IFF_UP);
	} else if (!err && interface->rename) {
		err = rename_interface(fd, name, interface->rename);
		name = interface->rename;
	}
	if (err) {
		return err;
	}
	err = set_mac(fd, name);
	if (!err && interface->bridge) {
		set_mtu(fd, name, interface->bridge, interface->mtu);
		quiet_ipv6(name);
		err = add_to_bridge(fd, name, interface->bridge);
	}
	return err ? err : set_flags(fd, name, IFF_UP | IFF_NOARP, 0);
}

static int linux_plug(void *context, const struct device_interface *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0) {
		return -errno;
	}
	err = plug_in(fd, interface);
	close(fd);
	return err;
}

/* A bridge forgets an interface that goes; one that stays a moment longer shall not forward. */
static void linux_unplug(void *context, const struct device_interface *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		set_flags(fd, interface->name, 0, IFF_UP);
		close(fd);
	}
}

/* --- scripts ------------------------------------------------------------------------------------
 */
static void exec_script(const char *path, const char *argument, const char *const *environment)
{
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; environment[i]; i++) {
		char *copy = strdup(environment[i]);

		if (!copy || putenv(copy)) {
			_exit(126);
		}
	}
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	setpgid(0, 0);
	execl(path, path, argument, (char *)NULL);
	_exit(127);
}

static int wait_script(pid_t pid, unsigned int timeout_ms, int *status)
{
	const struct timespec step = {.tv_nsec = SCRIPT_STEP_NS};

	for (unsigned int ms = 0; ms < timeout_ms; ms += SCRIPT_STEP_NS / 1000000) {
		pid_t done = waitpid(pid, status, WNOHANG);

		if (done == pid) {
			return 0;
		}
		if (done < 0 && errno != EINTR) {
			return -errno;
		}
		nanosleep(&step, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return -ETIMEDOUT;
}

static int linux_script(void *context, const char *path, const char *argument,
			const char *const *environment, unsigned int timeout_ms, int *status)
{
	pid_t pid;

	if (access(path, X_OK)) {
		return -errno;
	}
	pid = fork();
	if (pid < 0) {
		return -errno;
	}
	if (!pid) {
		exec_script(path, argument, environment);
	}
	return wait_script(pid, timeout_ms, status);
}

static int linux_random(void *context, void *bytes, size_t count)
{
	return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -EIO;
}

const struct device_host device_host_linux = {
	.open_disk = linux_open_disk,
	.close_disk = linux_close_disk,
	.identify = linux_identify,
	.backend_holds = linux_backend_holds,
	.plug = linux_plug,
	.unplug = linux_unplug,
	.script = linux_script,
	.random = linux_random,
};
