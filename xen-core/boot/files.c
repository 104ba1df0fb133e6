/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files beside the EFI binary, and the memory they are read into.
 *
 * Names in the configuration are relative to the binary's directory unless they begin with a
 * separator; '/' and '\' mean the same. Modules go to whole pages of EfiLoaderData below 4 GiB,
 * or anywhere when there is no room there (a ramdisk may be larger than the hole allows); the
 * rest of the last page is zeroed. Reads are done in pieces because some firmware fails on a
 * single read of a large file.
 */
#include "loader.h"

#define READ_PIECE (1UL << 20)
#define BELOW_4_GIB 0xffffffffUL

static size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		length++;
	}
	return length;
}

static void take_directory(struct loader *loader, const CHAR16 *path, size_t length)
{
	size_t slash = 0;

	for (size_t i = 0; i < length; i++) {
		if (path[i] == '\\' || path[i] == '/') {
			slash = i + 1;
		}
	}
	for (size_t i = 0; i < slash; i++) {
		loader->directory[i] = path[i];
	}
	loader->directory[slash] = 0;
	for (size_t i = slash; i < length; i++) {
		loader->program[i - slash] = path[i] < 0x80 ? (char)path[i] : '?';
	}
	loader->program[length - slash] = '\0';
}

/* A path may be spread over several nodes, which join with a separator (UEFI 2.10, 10.3.5.4). */
static bool join_path(EFI_DEVICE_PATH *node, CHAR16 *path, size_t size, size_t *length)
{
	*length = 0;
	for (; node && !IsDevicePathEnd(node); node = NextDevicePathNode(node)) {
		size_t bytes = (size_t)DevicePathNodeLength(node);
		const CHAR16 *name = (const CHAR16 *)(void *)(node + 1);

		if (bytes < sizeof(*node)) {
			return false;
		}
		if (DevicePathType(node) != MEDIA_DEVICE_PATH ||
		    DevicePathSubType(node) != MEDIA_FILEPATH_DP) {
			continue;
		}
		if (*length && path[*length - 1] != '\\' && *length + 1 < size) {
			path[(*length)++] = '\\';
		}
		for (size_t i = 0; i < (bytes - sizeof(*node)) / sizeof(CHAR16) && name[i]; i++) {
			if (*length + 1 >= size) {
				return false;
			}
			path[(*length)++] = name[i];
		}
	}
	return *length > 0;
}

bool files_open_volume(struct loader *loader, EFI_LOADED_IMAGE *image)
{
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume = NULL;
	CHAR16 path[CONFIG_NAME_MAX];
	size_t length = 0;
	EFI_STATUS status;

	status = BS->HandleProtocol(image->DeviceHandle, &guid, (void **)&volume);
	if (!EFI_ERROR(status)) {
		status = volume->OpenVolume(volume, &loader->root);
	}
	if (EFI_ERROR(status)) {
		return loader_complain("the boot device", "holds no file system firmware can read",
				       status,
				       "Start this program from a FAT file system, such as the EFI "
				       "system partition.");
	}
	if (!join_path(image->FilePath, path, CONFIG_NAME_MAX, &length)) {
		return loader_complain(
			"this program", "firmware does not say where it was read from",
			EFI_INVALID_PARAMETER,
			"Give the boot entry a file path of at most 255 characters.");
	}
	take_directory(loader, path, length);
	return true;
}

static EFI_STATUS open_file(struct loader *loader, const char *name, EFI_FILE_HANDLE *file)
{
	CHAR16 path[2 * CONFIG_NAME_MAX];
	size_t length = 0;

	if (name[0] != '/' && name[0] != '\\') {
		while (loader->directory[length]) {
			path[length] = loader->directory[length];
			length++;
		}
	}
	if (length + text_length(name) >= 2 * CONFIG_NAME_MAX) {
		return EFI_NOT_FOUND;
	}
	for (size_t i = 0; name[i]; i++) {
		path[length++] = name[i] == '/' ? L'\\' : (CHAR16)(unsigned char)name[i];
	}
	path[length] = 0;
	return loader->root->Open(loader->root, file, path, EFI_FILE_MODE_READ, 0);
}

bool files_exist(struct loader *loader, const char *name)
{
	EFI_FILE_HANDLE file;

	if (EFI_ERROR(open_file(loader, name, &file))) {
		return false;
	}
	file->Close(file);
	return true;
}

static EFI_STATUS file_bytes(EFI_FILE_HANDLE file, uint64_t *bytes)
{
	EFI_FILE_INFO *info = LibFileInfo(file);

	if (!info) {
		return EFI_DEVICE_ERROR;
	}
	*bytes = info->Attribute & EFI_FILE_DIRECTORY ? 0 : info->FileSize;
	FreePool(info);
	return EFI_SUCCESS;
}

static EFI_STATUS read_all(EFI_FILE_HANDLE file, char *to, uint64_t bytes)
{
	for (uint64_t done = 0; done < bytes;) {
		UINTN piece = bytes - done < READ_PIECE ? bytes - done : READ_PIECE;
		EFI_STATUS status = file->Read(file, &piece, to + done);

		if (EFI_ERROR(status)) {
			return status;
		}
		if (!piece) {
			return EFI_END_OF_FILE;
		}
		done += piece;
	}
	return EFI_SUCCESS;
}

static bool complain_file(const char *name, EFI_STATUS status)
{
	if (status == EFI_NOT_FOUND) {
		return loader_complain(name, "no such file", status,
				       "Put it beside this program, or correct its name in the "
				       "configuration file.");
	}
	return loader_complain(name, "cannot be read", status,
			       "Check the file system and copy the file again.");
}

bool files_read_text(struct loader *loader, const char *name, char *text, size_t size,
		     size_t *bytes)
{
	EFI_FILE_HANDLE file;
	uint64_t length = 0;
	EFI_STATUS status = open_file(loader, name, &file);

	if (EFI_ERROR(status)) {
		return complain_file(name, status);
	}
	status = file_bytes(file, &length);
	if (!EFI_ERROR(status) && length <= size) {
		status = read_all(file, text, length);
	}
	file->Close(file);
	if (EFI_ERROR(status)) {
		return complain_file(name, status);
	}
	if (!length || length > size) {
		return loader_complain(
			name, length ? "is larger than 64 KiB" : "is empty", EFI_LOAD_ERROR,
			"A configuration file is a short text of sections and keys.");
	}
	*bytes = length;
	return true;
}

bool files_allocate_low(const char *what, EFI_MEMORY_TYPE type, uint64_t bytes, uint64_t *start)
{
	EFI_PHYSICAL_ADDRESS address = BELOW_4_GIB;
	EFI_STATUS status =
		BS->AllocatePages(AllocateMaxAddress, type, LOADER_PAGES(bytes), &address);

	if (EFI_ERROR(status)) {
		Print(L"proxenos: %a needs %ld KiB of memory below 4 GiB\n", what, bytes >> 10);
		return loader_complain(what, "too little memory", status,
				       "Give the machine more memory.");
	}
	*start = address;
	return true;
}

static bool allocate_module(const char *name, uint64_t bytes, uint64_t *start)
{
	EFI_PHYSICAL_ADDRESS address = BELOW_4_GIB;
	UINTN pages = LOADER_PAGES(bytes);
	EFI_STATUS status =
		BS->AllocatePages(AllocateMaxAddress, EfiLoaderData, pages, &address);

	if (EFI_ERROR(status)) {
		status = BS->AllocatePages(AllocateAnyPages, EfiLoaderData, pages, &address);
	}
	if (EFI_ERROR(status)) {
		Print(L"proxenos: %a needs %ld KiB of memory\n", name, bytes >> 10);
		return loader_complain(name, "too little memory", status,
				       "Give the machine more memory, or use a smaller file.");
	}
	*start = address;
	return true;
}

static const char *kind_name(enum boot_module_kind kind)
{
	switch (kind) {
	case BOOT_MODULE_KERNEL:
		return "kernel";
	case BOOT_MODULE_RAMDISK:
		return "ramdisk";
	case BOOT_MODULE_UCODE:
		return "ucode";
	}
	return "module";
}

static bool read_module(EFI_FILE_HANDLE file, const char *name, struct boot_module *module)
{
	EFI_STATUS status = file_bytes(file, &module->bytes);

	if (EFI_ERROR(status)) {
		return complain_file(name, status);
	}
	if (!module->bytes) {
		return loader_complain(name, "is empty, or a directory", EFI_LOAD_ERROR,
				       "Copy the file again.");
	}
	if (!allocate_module(name, module->bytes, &module->start)) {
		return false;
	}
	/* Firmware's map is the identity: UEFI 2.10, 2.3.4. */
	status = read_all(file, (char *)module->start, module->bytes);
	if (EFI_ERROR(status)) {
		return complain_file(name, status);
	}
	SetMem((char *)module->start + module->bytes,
	       LOADER_PAGES(module->bytes) * LOADER_PAGE - module->bytes, 0);
	return true;
}

bool files_load_module(struct loader *loader, enum boot_module_kind kind, const char *name,
		       const char *cmdline)
{
	struct boot_module *module = &loader->info->modules[loader->info->module_count];
	EFI_FILE_HANDLE file;
	EFI_STATUS status = open_file(loader, name, &file);
	bool is_read;

	if (EFI_ERROR(status)) {
		return complain_file(name, status);
	}
	module->kind = kind;
	CopyMem(module->cmdline, cmdline, text_length(cmdline) + 1);
	is_read = read_module(file, name, module);
	file->Close(file);
	if (!is_read) {
		return false;
	}
	loader->info->module_count++;
	Print(L"proxenos: %a %a, %ld bytes\n", kind_name(kind), name, module->bytes);
	return true;
}
