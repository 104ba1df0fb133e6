/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `bootloader=` of a PV guest: a program that looks into the guest's disk and says what to
 * boot. The convention is pygrub's: the program gets `--output=FIFO --output-format=simple0
 * --output-directory=DIR`, the arguments of the configuration and the disk; it copies kernel and
 * ramdisk into DIR and writes lines `kernel PATH`, `ramdisk PATH`, `args TEXT` to FIFO. Its
 * terminal is a pty.
 *
 * The program reads a file system the guest has written, so it is not trusted: it runs under a uid
 * of its own, without privileges or network, with limits on memory, time, files and what it may
 * write, and the only thing it can hand back are files in DIR, checked after it ended.
 */
#ifndef CONFIG_BOOTLOADER_H
#define CONFIG_BOOTLOADER_H

#include "config/vm_config.h"

#include <sys/types.h>

struct report;

struct bootloader_options {
	const char *directory;        /* made below this; NULL: /run/proxenos/bootloader */
	const char *user;             /* NULL: "xen-bootloader" if that exists, else uid 65534 */
	unsigned int timeout_seconds; /* 0: 120 */
	int console; /* the user's terminal to connect to the program's pty, or -1 */
};

/* What the program chose. The files are the caller's: bootloader_result_clear() removes them. */
struct bootloader_result {
	char *kernel;
	char *ramdisk; /* NULL: none */
	char *cmdline; /* NULL: none */
	char *directory;
};

/* Runs config->bootloader on the device or file `disk`. */
int bootloader_run(const struct vm_config *config, const char *disk,
		   const struct bootloader_options *options, struct bootloader_result *result,
		   struct report *report);

/* Removes the copied files and their directory, and frees the texts. */
void bootloader_result_clear(struct bootloader_result *result);

#endif
