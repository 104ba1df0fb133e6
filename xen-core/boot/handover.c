/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out of firmware: place the core, describe firmware's tables and memory, end boot
 * services, jump.
 *
 * The core runs on firmware's own page tables until it has made its own, so before anything is
 * irrevocable those are walked: every page of the core and of boot_info must be mapped at its
 * machine address, and the core's must be executable. For that reason the core lies in
 * EfiLoaderCode: firmware may forbid execution of EfiLoaderData. Five-level paging is refused,
 * since the core's tables have four and the depth cannot change without leaving long mode.
 *
 * Between GetMemoryMap and ExitBootServices nothing may allocate, hence the map's fixed buffer.
 * When ExitBootServices reports a stale key, only those two calls may be repeated (UEFI 2.10,
 * 7.4.6).
 */
#include "loader.h"

#include "boot/core_image.h"
#include "boot/memmap.h"

#define MAP_BYTES (128UL << 10)
#define EXIT_ATTEMPTS 8
#define CR4_LA57 (1UL << 12)
#define PTE_PRESENT 1UL
#define PTE_WRITABLE 2UL
#define PTE_LARGE 0x80UL
#define PTE_NO_EXECUTE (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL

extern const struct core_image_header core_image_start;
extern const char core_image_end[];

uint64_t handoff_read_cr3(void);
uint64_t handoff_read_cr4(void);
void noreturn_fn handoff_jump(uint64_t entry, const struct boot_info *info);

bool handover_place_core(struct loader *loader)
{
	const struct core_image_header *core = &core_image_start;
	const char *bytes = (const char *)core;
	uint64_t file_bytes = (uint64_t)(core_image_end - bytes), start, block;
	const char *fault = core_image_fault(core, file_bytes);

	if (fault) {
		return loader_complain("this program", fault, EFI_LOAD_ERROR,
				       "The file is damaged: install it again.");
	}
	if (!files_allocate_low("the hypervisor", EfiLoaderCode,
				core->memory_bytes + CORE_IMAGE_ALIGNMENT, &block)) {
		return false;
	}
	start = (block + CORE_IMAGE_ALIGNMENT - 1) & ~(CORE_IMAGE_ALIGNMENT - 1);
	CopyMem((void *)start, bytes, file_bytes);
	SetMem((char *)start + file_bytes, core->memory_bytes - file_bytes, 0);
	loader->info->core_start = start;
	loader->info->core_bytes = LOADER_PAGES(core->memory_bytes) * LOADER_PAGE;
	loader->entry = start + core->entry64_offset;
	return true;
}

static void describe_vendor(struct boot_info *info, const CHAR16 *vendor)
{
	for (size_t i = 0; vendor && vendor[i] && i + 1 < sizeof(info->efi_vendor); i++) {
		info->efi_vendor[i] = vendor[i] >= ' ' && vendor[i] < 0x7f ? (char)vendor[i] : '?';
	}
}

void handover_describe_firmware(struct loader *loader)
{
	static EFI_GUID acpi_20 = ACPI_20_TABLE_GUID, acpi_10 = ACPI_TABLE_GUID;
	EFI_SYSTEM_TABLE *table = loader->table;
	struct boot_info *info = loader->info;
	bool is_20 = false;

	info->efi_system_table = (uint64_t)table;
	info->efi_config_table = (uint64_t)table->ConfigurationTable;
	info->efi_config_count = table->NumberOfTableEntries;
	info->efi_revision = table->Hdr.Revision;
	describe_vendor(info, table->FirmwareVendor);
	for (UINTN i = 0; i < table->NumberOfTableEntries; i++) {
		EFI_CONFIGURATION_TABLE *entry = &table->ConfigurationTable[i];

		if (!CompareGuid(&entry->VendorGuid, &acpi_20)) {
			info->rsdp = (uint64_t)entry->VendorTable;
			is_20 = true;
		} else if (!is_20 && !CompareGuid(&entry->VendorGuid, &acpi_10)) {
			info->rsdp = (uint64_t)entry->VendorTable;
		}
	}
}

static bool is_mapped_identically(uint64_t address, bool must_execute)
{
	uint64_t table = handoff_read_cr3() & PTE_ADDRESS;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		uint64_t entry = ((const uint64_t *)table)[(address >> shift) & 511];
		uint64_t offset_mask = (1UL << shift) - 1;

		if (!(entry & PTE_PRESENT) || !(entry & PTE_WRITABLE) ||
		    (must_execute && (entry & PTE_NO_EXECUTE))) {
			return false;
		}
		table = entry & PTE_ADDRESS;
		if (shift == 12 || (shift < 39 && (entry & PTE_LARGE))) {
			return (table & ~offset_mask) == (address & ~offset_mask);
		}
	}
	return false;
}

static bool check_mapping(struct loader *loader)
{
	struct boot_info *info = loader->info;
	bool is_good = true;

	if (handoff_read_cr4() & CR4_LA57) {
		return loader_complain("firmware", "runs with five-level paging", EFI_UNSUPPORTED,
				       "Switch it off in the firmware's setup (\"5-level paging\", "
				       "\"LA57\").");
	}
	for (uint64_t at = 0; at < info->core_bytes; at += LOADER_PAGE) {
		is_good = is_good && is_mapped_identically(info->core_start + at, true);
	}
	for (uint64_t at = 0; at < sizeof(*info); at += LOADER_PAGE) {
		is_good = is_good && is_mapped_identically((uint64_t)info + at, false);
	}
	if (!is_good) {
		return loader_complain("firmware",
				       "does not map the hypervisor's memory one to one",
				       EFI_UNSUPPORTED,
				       "Switch off memory protection in the firmware's setup, or "
				       "update the firmware.");
	}
	return true;
}

/* Descriptors may be longer than the structure we know: they lie descriptor_bytes apart. */
static EFI_STATUS get_map(UINTN *map_bytes, UINTN *key, UINTN *descriptor_bytes, char **map)
{
	static char buffer[MAP_BYTES] __attribute__((aligned(8)));
	UINT32 version;

	*map = buffer;
	*map_bytes = sizeof(buffer);
	return BS->GetMemoryMap(map_bytes, (EFI_MEMORY_DESCRIPTOR *)(void *)buffer, key,
				descriptor_bytes, &version);
}

static bool claim_ours(struct boot_info *info)
{
	if (!memmap_claim(info, info->core_start, info->core_bytes) ||
	    !memmap_claim(info, (uint64_t)info, LOADER_PAGES(sizeof(*info)) * LOADER_PAGE)) {
		return false;
	}
	for (uint32_t i = 0; i < info->module_count; i++) {
		if (!memmap_claim(info, info->modules[i].start,
				  LOADER_PAGES(info->modules[i].bytes) * LOADER_PAGE)) {
			return false;
		}
	}
	return true;
}

static bool translate_map(struct boot_info *info, const char *map, UINTN map_bytes,
			  UINTN descriptor_bytes)
{
	info->memory_count = 0;
	for (UINTN at = 0; at + descriptor_bytes <= map_bytes; at += descriptor_bytes) {
		const EFI_MEMORY_DESCRIPTOR *from = (const void *)(map + at);
		struct boot_memory_range range = {
			.start = from->PhysicalStart,
			.bytes = from->NumberOfPages * LOADER_PAGE,
			.type = memmap_efi_type(from->Type, from->Attribute),
			.attributes = ((uint32_t)from->Attribute & ~BOOT_MEMORY_CODE) |
				      (from->Type == EfiRuntimeServicesCode ? BOOT_MEMORY_CODE : 0),
		};

		if (!memmap_add(info, range)) {
			return false;
		}
	}
	return claim_ours(info);
}

bool handover_go(struct loader *loader)
{
	struct boot_info *info = loader->info;
	UINTN map_bytes, key, descriptor_bytes;
	EFI_STATUS status = EFI_SUCCESS;
	char *map;

	if (!check_mapping(loader)) {
		return false;
	}
	Print(L"proxenos: starting the hypervisor\n");
	for (int attempt = 0; attempt < EXIT_ATTEMPTS; attempt++) {
		status = get_map(&map_bytes, &key, &descriptor_bytes, &map);
		if (EFI_ERROR(status)) {
			break;
		}
		if (!translate_map(info, map, map_bytes, descriptor_bytes)) {
			return loader_complain("firmware's memory map",
					       "is inconsistent or has more than 256 ranges",
					       EFI_UNSUPPORTED, "Update the firmware.");
		}
		status = BS->ExitBootServices(loader->image, key);
		if (!EFI_ERROR(status)) {
			handoff_jump(loader->entry, info);
		}
	}
	return loader_complain("firmware", "does not end its boot services", status,
			       "Update the firmware.");
}
