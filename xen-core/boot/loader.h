/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EFI half of the loader: everything that knows firmware types. Functions that can fail print
 * what failed, why, and what to do, then return false; only efi_main() decides what follows.
 */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#include <efi.h>
#include <efilib.h>

#include "boot/boot_info.h"
#include "boot/config.h"

#define LOADER_PAGE 4096UL
#define LOADER_PAGES(bytes) (((bytes) + LOADER_PAGE - 1) / LOADER_PAGE)

struct loader {
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *table;
	EFI_FILE_HANDLE root;            /* the file system the binary was read from */
	CHAR16 directory[CONFIG_NAME_MAX]; /* where the binary lies, ends in a backslash */
	char program[CONFIG_NAME_MAX];   /* its file name */
	struct boot_info *info;
	uint64_t entry;
};

/* One message: the object, what is wrong with it, what to do about it. Returns false. */
bool loader_complain(const char *object, const char *cause, EFI_STATUS status, const char *remedy);

/* files.c */
bool must_check files_open_volume(struct loader *loader, EFI_LOADED_IMAGE *image);
bool files_exist(struct loader *loader, const char *name);
bool must_check files_read_text(struct loader *loader, const char *name, char *text, size_t size,
				size_t *bytes);
bool must_check files_load_module(struct loader *loader, enum boot_module_kind kind,
				  const char *name, const char *cmdline);
/* Pages below 4 GiB, not zeroed. What names the object in the message. */
bool must_check files_allocate_low(const char *what, EFI_MEMORY_TYPE type, uint64_t bytes,
				   uint64_t *start);

/* video.c */
void video_describe(struct boot_framebuffer *framebuffer);

/* handover.c */
bool must_check handover_place_core(struct loader *loader);
void handover_describe_firmware(struct loader *loader);
bool handover_go(struct loader *loader); /* returns only when boot services refuse to end */

#endif
