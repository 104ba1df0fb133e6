/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EFI program: finds its configuration, loads the files it names, describes the machine, and
 * hands over to the core it carries inside itself.
 *
 *     arguments -> configuration (X.cfg, proxenos.cfg, xen.cfg) -> boot_info -> core, modules,
 *     screen, firmware tables -> memory map, end of boot services, jump
 *
 * Whatever fails is said on the console: the object, the cause, what to do. Then a key is awaited,
 * so that the message can be read, and firmware goes on with its next boot entry. Memory taken
 * until then is left to firmware, which frees nothing of a program that ended; it is EfiLoader*
 * memory, which the next operating system reclaims.
 */
#include "loader.h"

#define CHAIN_MAX 4

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* Too large for firmware's stack. */
static struct boot_arguments arguments;
static struct boot_config config;
static char config_text[CONFIG_FILE_MAX];

bool loader_complain(const char *object, const char *cause, EFI_STATUS status, const char *remedy)
{
	if (status == EFI_LOAD_ERROR) {
		Print(L"proxenos: error: %a: %a\n", object, cause);
	} else {
		Print(L"proxenos: error: %a: %a (%r)\n", object, cause, status);
	}
	Print(L"proxenos: %a\n", remedy);
	return false;
}

static void wait_for_key(struct loader *loader)
{
	SIMPLE_INPUT_INTERFACE *input = loader->table->ConIn;
	EFI_INPUT_KEY key;
	UINTN index;

	if (!input) {
		return;
	}
	input->Reset(input, FALSE);
	Print(L"proxenos: press a key to return to the firmware\n");
	if (!EFI_ERROR(BS->WaitForEvent(1, &input->WaitForKey, &index))) {
		input->ReadKeyStroke(input, &key);
	}
}

/* Load options are UTF-16 and need not be terminated; anything but ASCII cannot name a section. */
static bool read_arguments(struct loader *loader, EFI_LOADED_IMAGE *image)
{
	static char text[BOOT_CMDLINE_MAX];
	const CHAR16 *options = image->LoadOptions;
	size_t length = options ? image->LoadOptionsSize / sizeof(CHAR16) : 0, used = 0;
	bool is_whole;

	while (used < length && used + 1 < sizeof(text) && options[used]) {
		text[used] = options[used] < 0x80 ? (char)options[used] : '?';
		used++;
	}
	is_whole = used == length || !options[used];
	if (!is_whole || !boot_arguments_parse(text, loader->program, &arguments)) {
		return loader_complain("the load options", "a word or the whole line is too long",
				       EFI_LOAD_ERROR, "Shorten them, or move options to the "
				       "configuration file.");
	}
	if (arguments.unknown[0]) {
		Print(L"proxenos: warning: option %a is not known and ignored\n",
		      arguments.unknown);
	}
	return true;
}

static void show_help(void)
{
	Print(L"usage: proxenos.efi [-cfg=FILE] [-basevideo] [SECTION] [-- HYPERVISOR OPTIONS]\n"
	      L"  -cfg=FILE   read FILE instead of <program>.cfg, proxenos.cfg or xen.cfg\n"
	      L"  -basevideo  accepted; the screen's mode is never changed\n"
	      L"  SECTION     the section of the configuration file to start\n");
}

/* X.efi is configured by X.cfg. */
static void own_config_name(const char *program, char *name)
{
	size_t end = 0, dot = 0;

	for (; program[end]; end++) {
		name[end] = program[end];
		if (program[end] == '.') {
			dot = end;
		}
	}
	end = dot && end - dot == 4 ? dot : end;
	for (size_t i = 0; i < 5; i++) {
		name[end + i] = ".cfg"[i];
	}
}

static const char *choose_config_file(struct loader *loader)
{
	static char own[CONFIG_NAME_MAX + 8];
	const char *const names[] = {own, "proxenos.cfg", "xen.cfg"};

	if (arguments.config_file[0]) {
		return arguments.config_file;
	}
	own_config_name(loader->program, own);
	for (size_t i = 0; i < array_size(names); i++) {
		if (files_exist(loader, names[i])) {
			return names[i];
		}
	}
	Print(L"proxenos: looked for %a, proxenos.cfg and xen.cfg in %s\n", own,
	      loader->directory[0] ? loader->directory : L"\\");
	loader_complain("the configuration file", "no such file", EFI_NOT_FOUND,
			"Put one of these files beside this program, or name one with -cfg=FILE.");
	return NULL;
}

static bool complain_config(const char *file, enum config_status status)
{
	switch (status) {
	case CONFIG_OK:
		return true;
	case CONFIG_NOT_TEXT:
		return loader_complain(file, "is not an ASCII or UTF-8 text", EFI_LOAD_ERROR,
				       "Save the configuration file as plain text.");
	case CONFIG_NO_SECTION:
		Print(L"proxenos: %a: section [%a] is wanted\n", file, config.detail);
		return loader_complain(config.detail, "no such section in the configuration file",
				       EFI_LOAD_ERROR,
				       "Add the section, or correct default= under [global].");
	case CONFIG_NO_KERNEL:
		Print(L"proxenos: %a: section [%a] was read\n", file,
		      config.detail[0] ? config.detail : "global");
		return loader_complain("kernel=", "no such key in the section or in [global]",
				       EFI_LOAD_ERROR,
				       "Add a line kernel=FILE ARGUMENTS, or name another section "
				       "with default= under [global].");
	case CONFIG_TOO_LONG:
		Print(L"proxenos: %a: key %a=\n", file, config.detail);
		return loader_complain(
			config.detail, "the value is too long", EFI_LOAD_ERROR,
			"A file name has at most 255 characters, a command line 2047.");
	}
	return false;
}

static bool read_config(struct loader *loader)
{
	const char *file = choose_config_file(loader);
	static char chained[CONFIG_NAME_MAX];

	for (int hops = 0; file && hops <= CHAIN_MAX; hops++) {
		enum config_status status;
		size_t bytes;

		if (!files_read_text(loader, file, config_text, sizeof(config_text), &bytes)) {
			return false;
		}
		status = boot_config_parse(config_text, bytes, arguments.section, &config);
		if ((status != CONFIG_NO_SECTION && status != CONFIG_NO_KERNEL) ||
		    !config.chain[0]) {
			if (status == CONFIG_OK && config.wanted_is_missing) {
				Print(L"proxenos: warning: %a has no section [%a], using [%a]\n",
				      file, arguments.section, config.section);
			}
			return complain_config(file, status);
		}
		CopyMem(chained, config.chain, sizeof(chained));
		file = chained;
	}
	return file ? loader_complain(file, "chain= leads in a circle or through too many files",
				      EFI_LOAD_ERROR, "Correct chain= under [global].") :
		      false;
}

static bool make_info(struct loader *loader)
{
	struct boot_info *info;
	uint64_t start;

	if (!files_allocate_low("boot information", EfiLoaderData, sizeof(*info), &start)) {
		return false;
	}
	info = (void *)start;
	SetMem(info, sizeof(*info), 0);
	info->magic = BOOT_INFO_MAGIC;
	info->version = BOOT_INFO_VERSION;
	info->front_door = BOOT_FROM_EFI;
	loader->info = info;
	CopyMem(info->cmdline, config.options, sizeof(info->cmdline));
	if (!boot_line_append(info->cmdline, sizeof(info->cmdline), arguments.options)) {
		return loader_complain("the hypervisor's options", "are too long", EFI_LOAD_ERROR,
				       "All options together have at most 2047 characters.");
	}
	return true;
}

static bool load_files(struct loader *loader)
{
	if (!files_load_module(loader, BOOT_MODULE_KERNEL, config.kernel, config.kernel_args)) {
		return false;
	}
	if (config.ramdisk[0] &&
	    !files_load_module(loader, BOOT_MODULE_RAMDISK, config.ramdisk, "")) {
		return false;
	}
	return !config.ucode[0] ||
	       files_load_module(loader, BOOT_MODULE_UCODE, config.ucode, "");
}

static bool run(struct loader *loader)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *image = NULL;
	EFI_STATUS status = BS->HandleProtocol(loader->image, &guid, (void **)&image);

	if (EFI_ERROR(status)) {
		return loader_complain("firmware", "does not describe the loaded program", status,
				       "Update the firmware.");
	}
	if (!files_open_volume(loader, image) || !read_arguments(loader, image)) {
		return false;
	}
	if (arguments.wants_help) {
		show_help();
		return false;
	}
	if (!read_config(loader) || !make_info(loader) || !handover_place_core(loader) ||
	    !load_files(loader)) {
		return false;
	}
	video_describe(&loader->info->framebuffer);
	handover_describe_firmware(loader);
	return handover_go(loader);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	static struct loader loader;

	InitializeLib(image, table);
	loader.image = image;
	loader.table = table;
	/* Loading a large ramdisk from slow media is no hang (UEFI 2.10, 7.5.1). */
	BS->SetWatchdogTimer(0, 0, 0, NULL);
	if (!run(&loader)) {
		wait_for_key(&loader);
	}
	return EFI_LOAD_ERROR;
}
