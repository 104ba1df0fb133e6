/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's command line: one table. Names and meanings are those users of Xen know;
 * docs/man/proxenos.7 lists them.
 */
#include "init/init.h"

#include "entry/crash.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <xen/errno.h>

struct core_options options = {
	.com1 = "115200,8n1",
	.console = "com1,vga",
	.loglvl = "info",
	.guest_loglvl = "warning",
	.evtchn_fifo = true,
};

static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* dom0_mem=SIZE[,max:SIZE][,min:SIZE]: comma-separated, each optional; min is accepted. */
static int parse_dom0_mem(const char *text, void *data unused_arg)
{
	const char *rest = text;

	while (*rest) {
		const char *max = after(rest, "max:");
		const char *min = after(rest, "min:");
		uint64_t bytes;
		int err = cmdline_read_size(max ? max : min ? min : rest, 1024, &bytes, &rest);

		if (err) {
			return err;
		}
		if (max) {
			options.dom0_memory_max = bytes;
		} else if (!min) {
			options.dom0_memory = bytes;
		}
		if (*rest == ',') {
			rest++;
		} else if (*rest) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

/* dom0_max_vcpus=N or MIN-MAX. */
static int parse_dom0_vcpus(const char *text, void *data unused_arg)
{
	const char *rest;
	uint64_t low;
	int err = cmdline_read_u64(text, &low, &rest);

	if (err) {
		return err;
	}
	options.dom0_vcpus = low;
	if (*rest == '-' && rest[1]) {
		return cmdline_read_u64(rest + 1, &options.dom0_vcpus, &rest);
	}
	return *rest && *rest != '-' ? -XEN_EINVAL : 0;
}

static bool accepted_flag;
static char accepted_text[256];

static const struct cmdline_option table[] = {
	{"com1", CMDLINE_STRING, options.com1, sizeof(options.com1), NULL},
	{"com2", CMDLINE_STRING, options.com2, sizeof(options.com2), NULL},
	{"console", CMDLINE_STRING, options.console, sizeof(options.console), NULL},
	{"vga", CMDLINE_STRING, options.vga, sizeof(options.vga), NULL},
	{"loglvl", CMDLINE_STRING, options.loglvl, sizeof(options.loglvl), NULL},
	{"guest_loglvl", CMDLINE_STRING, options.guest_loglvl, sizeof(options.guest_loglvl), NULL},
	{"noreboot", CMDLINE_FLAG, &options.noreboot, 0, NULL},
	{"watchdog", CMDLINE_FLAG, &options.watchdog, 0, NULL},
	{"dom0", CMDLINE_STRING, options.dom0, sizeof(options.dom0), NULL},
	{"dom0_mem", CMDLINE_CUSTOM, NULL, 0, parse_dom0_mem},
	{"dom0_max_vcpus", CMDLINE_CUSTOM, NULL, 0, parse_dom0_vcpus},
	{"maxcpus", CMDLINE_U64, &options.cpus_max, 0, NULL},
	{"pv-unisolated", CMDLINE_FLAG, &options.pv_unisolated, 0, NULL},
	{"evtchn-fifo", CMDLINE_FLAG, &options.evtchn_fifo, 0, NULL},
	/* Accepted for the sake of existing configurations; nothing here depends on them. */
	{"sync_console", CMDLINE_FLAG, &accepted_flag, 0, NULL},
	{"console_timestamps", CMDLINE_STRING, accepted_text, sizeof(accepted_text), NULL},
	{"sched", CMDLINE_STRING, accepted_text, sizeof(accepted_text), NULL},
	{"ucode", CMDLINE_STRING, accepted_text, sizeof(accepted_text), NULL},
	{"iommu", CMDLINE_STRING, accepted_text, sizeof(accepted_text), NULL},
	{"no-real-mode", CMDLINE_FLAG, &accepted_flag, 0, NULL},
	{"edd", CMDLINE_STRING, accepted_text, sizeof(accepted_text), NULL},
};

static void reject(const char *word, const char *why)
{
	log_warning("option '%s': %s; ignored", word, why);
}

/* "warning", "all", or as in Xen "low/high": the part before the slash counts. */
static enum log_level level_of(const char *text)
{
	if (after(text, "none") || after(text, "error")) {
		return LOG_ERROR;
	}
	if (after(text, "warning")) {
		return LOG_WARNING;
	}
	if (after(text, "all") || after(text, "debug")) {
		return LOG_DEBUG;
	}
	return LOG_INFO;
}

void options_parse(const char *command_line)
{
	(void)cmdline_parse(command_line, table, array_size(table), reject);
	log_set_level(level_of(options.loglvl));
	crash_set_reboot(!options.noreboot);
}
