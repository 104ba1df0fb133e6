/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of creations under way; see pending.h.
 *
 *     no file -> locked          begin: under the lock "domids", which orders all takers
 *     locked -> no file          end: unlinked first, then unlocked
 *     locked -> left behind      the creator was killed
 *     left behind -> no file     reap: locked by the reaper, domain destroyed, unlinked
 *
 * Between open and lock a file may have been unlinked by its owner: a reaper that gets the lock
 * looks whether the name still leads to what it has locked.
 */
#include "control/pending.h"

#include "call/domain.h"
#include "control/life.h"
#include "control/record.h"
#include "lib/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOMID_FIRST 1U
#define DOMID_LIMIT 0x7ff0U

static int pending_path(struct control *control, domid_t domid, char **path, struct report *report)
{
	char name[32];
	char *directory;
	int err = control_run_path(control, "create", &directory, report);

	if (err) {
		return err;
	}
	if (mkdir(directory, 0700) && errno != EEXIST) {
		err = report_error(report, errno, "directory %s", directory);
	}
	free(directory);
	snprintf(name, sizeof(name), "create/%u", domid);
	return err ? err : control_run_path(control, name, path, report);
}

static bool is_free(struct control *control, domid_t domid)
{
	struct xen_domctl_getdomaininfo info;

	return call_domain_info(control->call, domid, &info) == -ESRCH;
}

/* A file nobody has: created, locked, described. -EEXIST: somebody has it. */
static int take_file(const char *path, const xen_domain_handle_t uuid, int *fd)
{
	char text[37];
	int err = 0;

	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0) {
		return -errno;
	}
	control_uuid_format(uuid, text);
	if (flock(*fd, LOCK_EX | LOCK_NB) || write(*fd, text, 36) != 36) {
		err = errno ? -errno : -EIO;
		unlink(path);
		close(*fd);
		*fd = -1;
	}
	return err;
}

/* The number given out last is the text of the file that is locked as "domids". */
static unsigned int read_last(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		return 0;
	}
	return (unsigned int)strtoul(text, NULL, 10) % DOMID_LIMIT;
}

static void write_last(int fd, unsigned int domid)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u\n", domid);

	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) != length) {
		(void)ftruncate(fd, 0); /* then numbers start over, which is only less pleasant */
	}
}

static unsigned int highest_domid(struct control *control)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	uint32_t count = 0;
	unsigned int highest = 0;

	if (call_domain_list_all(control->call, &infos, &count) == 0 && count) {
		highest = infos[count - 1].domain;
	}
	free(infos);
	return highest < DOMID_LIMIT ? highest : 0;
}

static int take_number(struct control *control, const xen_domain_handle_t uuid, unsigned int after,
		       struct control_pending *pending, struct report *report)
{
	for (unsigned int tries = 0; tries < DOMID_LIMIT; tries++) {
		unsigned int domid = after + 1 + tries;
		char *path = NULL;
		int err;

		if (domid >= DOMID_LIMIT) {
			domid = domid - DOMID_LIMIT + DOMID_FIRST;
		}
		if (!is_free(control, (domid_t)domid)) {
			continue;
		}
		err = pending_path(control, (domid_t)domid, &path, report);
		if (err) {
			return err;
		}
		err = take_file(path, uuid, &pending->fd);
		if (err && err != -EEXIST) {
			report_error(report, -err, "%s", path);
		}
		free(path);
		if (err != -EEXIST) {
			pending->domid = (domid_t)domid;
			return err;
		}
	}
	return report_error(report, ENOSPC, "every domain number is in use");
}

int control_pending_begin(struct control *control, const xen_domain_handle_t uuid,
			  struct control_pending *pending, struct report *report)
{
	unsigned int last, highest;
	int lock, err = control_lock(control, "domids", &lock, report);

	*pending = (struct control_pending){.fd = -1};
	if (err) {
		return err;
	}
	last = read_last(lock);
	highest = highest_domid(control);
	err = take_number(control, uuid, last ? last : highest, pending, report);
	if (!err) {
		write_last(lock, pending->domid);
	}
	close(lock);
	return err;
}

void control_pending_end(struct control *control, struct control_pending *pending)
{
	char *path;

	if (pending->fd < 0) {
		return;
	}
	if (!pending_path(control, pending->domid, &path, NULL)) {
		unlink(path);
		free(path);
	}
	close(pending->fd);
	pending->fd = -1;
}

/* Locks what was left behind. False: its creator lives, or it is gone. */
static bool lock_left_behind(const char *path, int *fd)
{
	struct stat locked, named;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0) {
		return false;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0 && fstat(*fd, &locked) == 0 &&
	    stat(path, &named) == 0 && locked.st_ino == named.st_ino) {
		return true;
	}
	close(*fd);
	return false;
}

static int reap_one(struct control *control, domid_t domid, const char *path, unsigned int *reaped,
		    struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	char uuid[37] = "", text[37];
	int fd, err = 0;

	if (!lock_left_behind(path, &fd)) {
		return 0;
	}
	if (pread(fd, uuid, 36, 0) == 36 && !call_domain_info(control->call, domid, &info)) {
		control_uuid_format(info.handle, text);
		if (!strcmp(uuid, text)) {
			err = control_domain_destroy(control, domid, report);
			*reaped += err ? 0 : 1;
		}
	} else {
		control_domain_forget(control, domid, report);
	}
	if (!err) {
		unlink(path);
	}
	close(fd);
	return err;
}

int control_pending_reap(struct control *control, unsigned int *reaped, struct report *report)
{
	unsigned int count = 0;
	char *directory;
	DIR *entries;
	struct dirent *entry;
	int first = 0, err = control_run_path(control, "create", &directory, report);

	if (err) {
		return err;
	}
	entries = opendir(directory);
	while (entries && (entry = readdir(entries))) {
		char *path;

		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
		    asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
			continue;
		}
		err = reap_one(control, (domid_t)strtoul(entry->d_name, NULL, 10), path, &count,
			       report);
		first = first ? first : err;
		free(path);
	}
	if (entries) {
		closedir(entries);
	}
	free(directory);
	if (reaped) {
		*reaped = count;
	}
	return first;
}

bool control_pending_is(struct control *control, domid_t domid)
{
	char *path;
	bool is;
	int fd;

	if (pending_path(control, domid, &path, NULL)) {
		return false;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		return false;
	}
	is = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return is;
}
