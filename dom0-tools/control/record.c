/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of stored configurations; see record.h. The UUID in the name is what ties a file to a
 * domain: ids are used again, UUIDs of two domains under one id are not equal unless it is the same
 * guest, rebooted.
 */
#include "control/record.h"

#include "call/domain.h"
#include "call/host.h"
#include "config/config.h"
#include "control/domains.h"
#include "lib/report.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_LIMIT (8U << 20) /* no configuration is longer */

void control_uuid_format(const xen_domain_handle_t uuid, char text[37])
{
	config_write_uuid(uuid, text);
}

static int record_path(struct control *control, domid_t domid, char **path, struct report *report)
{
	struct xen_domctl_getdomaininfo info;
	char uuid[37];
	int err = call_domain_info(control->call, domid, &info);

	*path = NULL;
	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	control_uuid_format(info.handle, uuid);
	if (asprintf(path, "%s/userdata-d.%u.%s.libxl-json", control->state_dir, domid, uuid) < 0) {
		*path = NULL;
		return report_error(report, ENOMEM, "the stored configuration of domain %u", domid);
	}
	return 0;
}

static int read_whole(const char *path, char **text, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat status;
	size_t length = 0;

	*text = NULL;
	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status)) {
		err = -errno;
	} else if (status.st_size > RECORD_LIMIT) {
		err = -EFBIG;
	} else {
		length = (size_t)status.st_size;
		*text = malloc(length + 1);
		err = *text ? 0 : -ENOMEM;
	}
	for (size_t done = 0; !err && done < length;) {
		ssize_t got = read(fd, *text + done, length - done);

		if (got < 0 && errno != EINTR) {
			err = -errno;
		} else if (got == 0) {
			length = done;
		} else if (got > 0) {
			done += (size_t)got;
		}
	}
	close(fd);
	if (err) {
		free(*text);
		*text = NULL;
		return err;
	}
	*size = length;
	return 0;
}

int control_record_read(struct control *control, domid_t domid, struct vm_config **config,
			struct report *report)
{
	char *path, *text = NULL;
	size_t size = 0;
	int err = record_path(control, domid, &path, report);

	*config = NULL;
	if (err) {
		return err;
	}
	err = read_whole(path, &text, &size);
	if (err == 0) {
		err = config_json_read(text, strnlen(text, size), path, config, NULL, report);
	} else if (err != -ENOENT) {
		report_error(report, -err, "stored configuration %s", path);
	}
	free(text);
	free(path);
	return err;
}

/* With the NUL, as libxl wants it: it reads the file into memory and takes it for a string. */
static int write_whole(int fd, const char *text)
{
	size_t length = strlen(text) + 1;

	for (size_t done = 0; done < length;) {
		ssize_t put = write(fd, text + done, length - done);

		if (put < 0 && errno != EINTR) {
			return -errno;
		}
		done += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

static int replace_file(const char *path, const char *text, struct report *report)
{
	char *fresh;
	int fd, err;

	if (asprintf(&fresh, "%s.new-%d", path, (int)getpid()) < 0) {
		return report_error(report, ENOMEM, "%s", path);
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		err = report_error(report, errno, "stored configuration %s", fresh);
		free(fresh);
		return err;
	}
	err = write_whole(fd, text);
	close(fd);
	if (!err && rename(fresh, path)) {
		err = -errno;
	}
	if (err) {
		unlink(fresh);
		report_error(report, -err, "stored configuration %s", path);
		report_next(report, "without it the guest cannot be restarted; is the disk full?");
	}
	free(fresh);
	return err;
}

int control_record_write(struct control *control, domid_t domid, const struct vm_config *config,
			 struct report *report)
{
	char *path = NULL, *text = NULL;
	int err = control_step(control, "storing the configuration", report);

	if (!err) {
		err = record_path(control, domid, &path, report);
	}
	if (!err) {
		err = config_json_write(config, &text, report);
	}
	if (!err) {
		mkdir(control->state_dir, 0755);
		err = replace_file(path, text, report);
	}
	free(text);
	free(path);
	return err;
}

/* What the hypervisor knows about a domain nobody stored. */
static struct vm_config *describe(const struct xen_domctl_getdomaininfo *info)
{
	struct vm_config *config = vm_config_new();

	if (config) {
		bool hvm = info->flags & XEN_DOMINF_hvm_guest;

		config->type = hvm ? VM_TYPE_PVH : VM_TYPE_PV;
		memcpy(config->uuid, info->handle, sizeof(config->uuid));
		config->max_vcpus =
			info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 1 : info->max_vcpu_id + 1;
		config->max_kib = info->max_pages * 4;
		config->target_kib = info->tot_pages * 4;
	}
	return config;
}

static void refresh_memory(struct control *control, domid_t domid, struct vm_config *config)
{
	struct store *store;
	char path[64];
	uint64_t kib;

	if (control_store(control, &store, NULL)) {
		return;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", domid);
	if (!store_read_number(store, STORE_NO_TX, path, &kib)) {
		config->target_kib = kib;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/memory/static-max", domid);
	if (!store_read_number(store, STORE_NO_TX, path, &kib)) {
		config->max_kib = kib;
	}
}

static void refresh_weight(struct control *control, domid_t domid, struct vm_config *config)
{
	struct xen_domctl_scheduler_op op = {.cmd = XEN_DOMCTL_SCHEDOP_getinfo};

	if (call_host_scheduler(control->call, &op.sched_id) || op.sched_id == XEN_SCHEDULER_NULL ||
	    call_domain_sched(control->call, domid, &op)) {
		return;
	}
	config->weight = op.u.credit2.weight; /* credit's fields lie at the same places */
	config->cap = op.u.credit2.cap;
}

int control_record_current(struct control *control, const struct xen_domctl_getdomaininfo *info,
			   struct vm_config **config, struct report *report)
{
	char *name = NULL;
	int err = control_record_read(control, info->domain, config, report);

	if (err && err != -ENOENT) {
		return err;
	}
	if (!*config) {
		*config = describe(info);
	}
	if (!*config) {
		return report_error(report, ENOMEM, "domain %u", info->domain);
	}
	if (!control_domain_name(control, info->domain, &name, NULL)) {
		free((*config)->name);
		(*config)->name = name;
	}
	if (!(*config)->name) {
		(*config)->name = strdup("");
	}
	refresh_memory(control, info->domain, *config);
	refresh_weight(control, info->domain, *config);
	return 0;
}

/* userdata-K.DOMID.UUID.USERID: the domain a file of this directory belongs to, or -1. */
static int file_owner(const char *name, char uuid[37])
{
	int domid = -1, used = 0;

	if (sscanf(name, "userdata-%*1[a-z].%d.%36[0-9a-f-]%n", &domid, uuid, &used) != 2 ||
	    strlen(uuid) != 36 || name[used] != '.') {
		return -1;
	}
	return domid;
}

static void remove_files(struct control *control,
			 bool (*unwanted)(struct control *control, int domid, const char *uuid,
					  const void *data),
			 const void *data)
{
	DIR *directory = opendir(control->state_dir);
	struct dirent *entry;
	char uuid[37];

	while (directory && (entry = readdir(directory))) {
		int domid = file_owner(entry->d_name, uuid);

		if (domid >= 0 && unwanted(control, domid, uuid, data)) {
			unlinkat(dirfd(directory), entry->d_name, 0);
		}
	}
	if (directory) {
		closedir(directory);
	}
}

static bool is_of(struct control *control, int domid, const char *uuid, const void *data)
{
	const domid_t *wanted = data;

	return domid == *wanted;
}

void control_record_remove(struct control *control, domid_t domid)
{
	remove_files(control, is_of, &domid);
}

static bool has_no_domain(struct control *control, int domid, const char *uuid, const void *data)
{
	const struct control_domains *domains = data;
	char text[37];

	for (unsigned int i = 0; i < domains->count; i++) {
		control_uuid_format(domains->list[i].info.handle, text);
		if (domains->list[i].info.domain == domid && !strcmp(text, uuid)) {
			return false;
		}
	}
	return true;
}

int control_record_sweep(struct control *control, struct report *report)
{
	struct control_domains domains;
	int err = control_domains_list(control, &domains, report);

	if (!err) {
		remove_files(control, has_no_domain, &domains);
		control_domains_clear(&domains);
	}
	return err;
}
