/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out what a configuration wants when its guest stops; see settle.h.
 *
 *     shut down -> kept               preserve: marked in /libxl/N/settled
 *     shut down -> gone               destroy
 *     shut down -> gone -> running    restart: configuration set aside, destroyed, created
 *     shut down -> renamed + running  rename-restart: the old one keeps its memory under NAME-TIME
 *
 * All of it under the lock "settle", so that a foreground xl and the daemon never both do it.
 */
#include "control/settle.h"

#include "call/domain.h"
#include "config/config.h"
#include "control/core.h"
#include "control/create.h"
#include "control/domains.h"
#include "control/life.h"
#include "control/pending.h"
#include "control/record.h"
#include "lib/report.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum vm_action control_action(const struct vm_config *config, int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		return config->on_poweroff;
	case SHUTDOWN_reboot:
		return config->on_reboot;
	case SHUTDOWN_crash:
		return config->on_crash;
	case SHUTDOWN_watchdog:
		return config->on_watchdog;
	case SHUTDOWN_soft_reset:
		return config->on_soft_reset;
	default:
		return VM_ACTION_PRESERVE; /* suspended: whoever suspended it goes on with it */
	}
}

/* --- what survives between death and rebirth ------------------------------------------------- */
static int restart_path(struct control *control, const struct vm_config *config, char **path,
			struct report *report)
{
	char uuid[37], name[64];
	char *directory;
	int err = control_run_path(control, "restart", &directory, report);

	if (err) {
		return err;
	}
	if (mkdir(directory, 0700) && errno != EEXIST) {
		err = report_error(report, errno, "directory %s", directory);
	}
	free(directory);
	config_write_uuid(config->uuid, uuid);
	snprintf(name, sizeof(name), "restart/%s", uuid);
	return err ? err : control_run_path(control, name, path, report);
}

static int set_aside(struct control *control, const struct vm_config *config, char **path,
		     struct report *report)
{
	char *text = NULL, *fresh = NULL;
	FILE *to = NULL;
	int err = restart_path(control, config, path, report);

	if (!err) {
		err = config_json_write(config, &text, report);
	}
	if (!err && asprintf(&fresh, "%s.new", *path) < 0) {
		fresh = NULL;
		err = -ENOMEM;
	}
	if (!err) {
		to = fopen(fresh, "we");
		if (!to || fputs(text, to) < 0 || fflush(to)) {
			err = report_error(report, errno, "%s", fresh);
		}
	}
	if (to) {
		fclose(to);
	}
	if (!err && rename(fresh, *path)) {
		err = report_error(report, errno, "%s", *path);
	}
	free(fresh);
	free(text);
	return err;
}

static int create_again(struct control *control, struct vm_config *config, const char *lifecycle,
			domid_t *domid, struct report *report)
{
	struct control_create how = {.lifecycle = lifecycle, .console = -1};

	return control_domain_create(control, config, &how, domid, report);
}

static int restart(struct control *control, struct vm_config *config, const char *lifecycle,
		   domid_t *domid, struct report *report)
{
	char *path = NULL;
	int err = set_aside(control, config, &path, report);

	if (!err) {
		err = control_domain_destroy(control, *domid, report);
		err = err == -ESRCH ? 0 : err;
	}
	if (!err) {
		err = create_again(control, config, lifecycle, domid, report);
	}
	if (path) {
		/* A creation that failed is reported, not tried for ever. */
		unlink(path);
	}
	free(path);
	return err;
}

/* --- one action each ------------------------------------------------------------------------- */
static int mark_kept(struct control *control, domid_t domid, struct report *report)
{
	struct store *store;
	char path[48];
	int err = control_store(control, &store, report);

	if (err) {
		return err;
	}
	snprintf(path, sizeof(path), "/libxl/%u/settled", domid);
	err = store_write_text(store, STORE_NO_TX, path, "preserve");
	return err ? report_error(report, -err, "%s", path) : 0;
}

static bool is_kept(struct control *control, domid_t domid)
{
	struct store *store;
	char path[48], *text = NULL;
	bool kept;

	if (control_store(control, &store, NULL)) {
		return false;
	}
	snprintf(path, sizeof(path), "/libxl/%u/settled", domid);
	kept = !store_read(store, STORE_NO_TX, path, &text, NULL);
	free(text);
	return kept;
}

/* The stopped domain steps aside under another name and UUID, and stays for its owner. */
static int step_aside(struct control *control, domid_t domid, const struct vm_config *config,
		      struct report *report)
{
	xen_domain_handle_t uuid;
	time_t now = (time_t)control->clock.wall(control->clock.context);
	struct tm utc;
	char stamp[32];
	char *name;
	int err;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "-%Y%m%dT%H%MZ", &utc);
	if (asprintf(&name, "%s%s", config->name, stamp) < 0) {
		return report_error(report, ENOMEM, "%s", config->name);
	}
	err = control_domain_rename(control, domid, name, report);
	free(name);
	if (!err && getrandom(uuid, sizeof(uuid), 0) == (ssize_t)sizeof(uuid)) {
		uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122: random */
		uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
		err = call_domain_set_handle(control->call, domid, uuid);
		if (err) {
			control_failed(report, err, "domctl setdomainhandle", "domain %u", domid);
		}
	}
	return err ? err : mark_kept(control, domid, report);
}

static int dump(struct control *control, domid_t domid, const struct vm_config *config,
		struct report *report)
{
	char *path;
	int err;

	mkdir(CONTROL_STATE_DIR "/dump", 0700);
	if (asprintf(&path, CONTROL_STATE_DIR "/dump/%s", config->name) < 0) {
		return report_error(report, ENOMEM, "%s", config->name);
	}
	err = control_domain_dump(control, domid, path, report);
	free(path);
	return err;
}

static int destroy(struct control *control, domid_t domid, struct report *report)
{
	int err = control_domain_destroy(control, domid, report);

	return err == -ESRCH ? 0 : err;
}

static int act(struct control *control, domid_t *domid, struct vm_config *config,
	       enum vm_action action, const char *lifecycle, enum control_settled *settled,
	       struct report *report)
{
	int err = 0;

	switch (action) {
	case VM_ACTION_PRESERVE:
		*settled = CONTROL_SETTLED_KEPT;
		return mark_kept(control, *domid, report);
	case VM_ACTION_COREDUMP_DESTROY:
		dump(control, *domid, config, report); /* without one it ends all the same */
		*settled = CONTROL_SETTLED_GONE;
		return destroy(control, *domid, report);
	case VM_ACTION_DESTROY:
		*settled = CONTROL_SETTLED_GONE;
		return destroy(control, *domid, report);
	case VM_ACTION_RESTART_RENAME:
		err = step_aside(control, *domid, config, report);
		*settled = CONTROL_SETTLED_RESTARTED;
		return err ? err : create_again(control, config, lifecycle, domid, report);
	case VM_ACTION_SOFT_RESET:
		report_warning(report, "domain %u asks for a soft reset", *domid);
		report_why(report, "this toolstack restarts it instead");
		*settled = CONTROL_SETTLED_RESTARTED;
		return restart(control, config, lifecycle, domid, report);
	case VM_ACTION_COREDUMP_RESTART:
		dump(control, *domid, config, report);
		*settled = CONTROL_SETTLED_RESTARTED;
		return restart(control, config, lifecycle, domid, report);
	case VM_ACTION_RESTART:
		*settled = CONTROL_SETTLED_RESTARTED;
		return restart(control, config, lifecycle, domid, report);
	}
	return destroy(control, *domid, report);
}

/* The stored configuration, with the name, memory and weight it has now. Without a stored one
 * nothing can be restarted. */
static int read_config(struct control *control, const struct xen_domctl_getdomaininfo *info,
		       struct vm_config **config, struct report *report)
{
	int err = control_record_read(control, info->domain, config, report);

	if (err == -ENOENT) {
		report_error(report, ENOENT, "domain %u has stopped", info->domain);
		report_why(report, "no configuration of it is stored in %s", control->state_dir);
		report_next(report, "xl destroy %u", info->domain);
	}
	if (!err) {
		vm_config_free(*config);
		err = control_record_current(control, info, config, report);
	}
	return err;
}

static int settle_locked(struct control *control, domid_t *domid, const char *lifecycle,
			 enum control_settled *settled, struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	struct vm_config *config = NULL;
	int reason, err = call_domain_info(control->call, *domid, &info);

	*settled = CONTROL_SETTLED_GONE;
	if (err == -ESRCH || (!err && (info.flags & XEN_DOMINF_dying))) {
		return 0;
	}
	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", *domid);
	}
	reason = control_domain_reason(&info);
	*settled = CONTROL_SETTLED_NOT;
	if (reason < 0 || reason == SHUTDOWN_suspend) {
		return 0;
	}
	if (is_kept(control, *domid)) {
		*settled = CONTROL_SETTLED_KEPT;
		return 0;
	}
	err = read_config(control, &info, &config, report);
	if (!err) {
		err = act(control, domid, config, control_action(config, reason), lifecycle,
			  settled, report);
	}
	vm_config_free(config);
	return err;
}

int control_domain_settle(struct control *control, domid_t *domid, const char *lifecycle,
			  enum control_settled *settled, struct report *report)
{
	int lock, err = control_lock(control, "settle", &lock, report);

	if (!err) {
		err = settle_locked(control, domid, lifecycle, settled, report);
		close(lock);
	}
	return err;
}

/* The old domain may still be there (killed before its destruction), or the new one already. */
static int resume_one(struct control *control, const char *path, const char *lifecycle,
		      unsigned int *resumed, struct report *report)
{
	struct control_domains domains;
	struct vm_config *config = NULL;
	char *text = NULL;
	size_t size = 0;
	bool found = false;
	domid_t domid;
	FILE *from = fopen(path, "re");
	int err;

	if (!from || getdelim(&text, &size, '\0', from) < 0) {
		err = -errno;
	} else {
		err = config_json_read(text, strlen(text), path, &config, NULL, report);
	}
	if (from) {
		fclose(from);
	}
	free(text);
	if (!err) {
		err = control_domains_list(control, &domains, report);
	}
	for (unsigned int i = 0; !err && i < domains.count; i++) {
		found = found ||
			!memcmp(domains.list[i].info.handle, config->uuid, sizeof(config->uuid));
	}
	if (!err) {
		control_domains_clear(&domains);
	}
	if (!err && !found) {
		err = create_again(control, config, lifecycle, &domid, report);
		*resumed += err ? 0 : 1;
	}
	if (!err || err == -EINVAL || err == -ENOENT) {
		unlink(path); /* done, or never possible */
	}
	vm_config_free(config);
	return err;
}

int control_restarts_resume(struct control *control, const char *lifecycle, unsigned int *resumed,
			    struct report *report)
{
	unsigned int count = 0;
	char *directory;
	struct dirent *entry;
	DIR *entries;
	int lock, err = control_lock(control, "settle", &lock, report);

	if (!err) {
		err = control_run_path(control, "restart", &directory, report);
		if (err) {
			close(lock);
		}
	}
	if (err) {
		return err;
	}
	control_pending_reap(control, NULL, report); /* a rebirth that was killed half way */
	entries = opendir(directory);
	while (entries && (entry = readdir(entries))) {
		char *path;

		if (strlen(entry->d_name) == 36 &&
		    asprintf(&path, "%s/%s", directory, entry->d_name) > 0) {
			int failed = resume_one(control, path, lifecycle, &count, report);

			err = err ? err : failed;
			free(path);
		}
	}
	if (entries) {
		closedir(entries);
	}
	free(directory);
	close(lock);
	if (resumed) {
		*resumed = count;
	}
	return err;
}

bool control_lifecycled_runs(struct control *control)
{
	char *path;
	bool runs;
	int fd;

	if (control_run_path(control, "lifecycled", &path, NULL)) {
		return false;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		return false;
	}
	runs = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return runs;
}
