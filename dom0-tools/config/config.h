/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing machine descriptions: xl.cfg, the spec strings of devices, and the JSON that
 * `xl list -l` and `xl create -n` print. Nothing here prints or changes the system; every error and
 * warning goes to the report, with file:line:column where there is one.
 *
 * Errors are negative errno values: -EINVAL for what the text says (the report names it), -ENOMEM,
 * and those of open(2) and read(2) for files.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "config/vm_config.h"

#include <stddef.h>
#include <stdint.h>

struct report;
struct xl_conf;

/* What cpu lists may refer to. All zero: unknown; "all" then stays a flag in the set (vm_set.all),
 * ranges are taken as they are, and "nodes:N" is refused. */
struct config_host {
	unsigned int cpus;           /* CPUs of the host */
	const uint32_t *cpu_to_node; /* `cpus` entries, or NULL */
};

struct config_options {
	/* Lines of xl.cfg that follow the text and win over it: `name="x"` from the command line.
	 */
	const char *const *overrides;
	unsigned int override_count;
	struct config_host host;
	/* Defaults out of xl.conf; NULL: upstream's. */
	const struct xl_conf *conf;
};

/* Reads xl.cfg. options may be NULL. On success *config is the caller's, to be freed by
 * vm_config_free(); warnings (unknown keys) may be in the report all the same. A path of "-" is
 * standard input. */
int config_read_file(const char *path, const struct config_options *options,
		     struct vm_config **config, struct report *report);

/* The same for text in memory; `source` names it in messages. The text may hold any bytes. */
int config_read_text(const char *text, size_t size, const char *source,
		     const struct config_options *options, struct vm_config **config,
		     struct report *report);

/* One disk, as in an element of `disk=` or the joined arguments of `xl block-attach`. *disk is
 * initialized here; on error it is empty. */
int config_read_disk(const char *spec, struct vm_disk *disk, struct report *report);

/* One network interface, likewise. conf gives vif.default.* and may be NULL. */
int config_read_nic(const char *spec, const struct xl_conf *conf, struct vm_nic *nic,
		    struct report *report);

/* `0-3,^1`, `all`, `nodes:0`: CPUs of host. *set is initialized here. */
int config_read_cpus(const char *spec, const struct config_host *host, struct vm_set *set,
		     struct report *report);

/* "512", "2g": memory as mem-set takes it, default unit MiB, suffix b k m g t (any case). */
int config_read_memory(const char *text, uint64_t *kib, struct report *report);

/* A UUID in its usual form, with or without dashes. Returns -EINVAL without a report. */
int config_read_uuid(const char *text, uint8_t uuid[16]);
void config_write_uuid(const uint8_t uuid[16], char text[37]);

/* "xvda", "hdc", "sdb1", "d1p2" or a number: *device is the number under which the device appears
 * in the store, *disk and *partition (either may be NULL) its parts. -EINVAL if it is none. */
int config_vdev_number(const char *vdev, unsigned int *device, unsigned int *disk,
		       unsigned int *partition);

/* --- JSON --- */

struct yajl_gen_t; /* what a yajl_gen points to */

/* Writes the object that upstream calls a domain config: members and order are upstream's, and
 * what has its default value is left out. For use within a larger document. -ENOMEM, or -EINVAL if
 * a text is not UTF-8. */
int config_json_gen(struct yajl_gen_t *gen, const struct vm_config *config);

/* The same as text, beautified by 4 spaces and ended by a newline; *text is to be freed. */
int config_json_write(const struct vm_config *config, char **text, struct report *report);

/* Reads such an object back, or an element of `xl list -l` (then its "config" member), or an array
 * with one such element. Members this release does not know are warned of. *domid is the element's
 * or -1; domid may be NULL. */
int config_json_read(const char *text, size_t size, const char *source, struct vm_config **config,
		     int *domid, struct report *report);

#endif
