/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files the core and its loader read before any guest runs: kernels, plain and packed, and the
 * boot configuration. What is accepted is walked through to its end, so that a wrong size is read
 * beyond; what is refused has a reason.
 */
#include "boot/config.h"
#include "fuzz/fuzz.h"
#include "lib/elf.h"
#include "lib/inflate.h"
#include "lib/xz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNPACKED_MAX (1U << 20)

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_core_files: not so: %s\n", what);
		abort();
	}
}

static bool is_said(const char *why)
{
	return why && why[0];
}

/* Reads every byte. */
static unsigned int touch(const void *from, size_t bytes)
{
	const volatile uint8_t *p = from;
	unsigned int sum = 0;

	for (size_t i = 0; i < bytes; i++) {
		sum += p[i];
	}
	return sum;
}

static void read_elf(const uint8_t *data, size_t size)
{
	struct elf_xen_notes notes;
	struct elf_image image;
	const char *why = NULL;

	if (elf_open(&image, data, size, &why)) {
		require(is_said(why), "a refused ELF file has a reason");
		return;
	}
	for (uint32_t i = 0; i < elf_segment_count(&image); i++) {
		struct elf_segment segment = elf_segment(&image, i);

		(void)touch(elf_segment_data(&image, &segment), segment.filesz);
		require(segment.type != ELF_SEGMENT_LOAD || segment.filesz <= segment.memsz,
			"a segment's contents fit it");
	}
	for (uint32_t i = 0; i < elf_section_count(&image); i++) {
		struct elf_section section;

		if (!elf_section(&image, i, &section)) {
			(void)strlen(section.name);
		}
	}
	why = NULL;
	if (elf_xen_notes_parse(&image, &notes, &why)) {
		require(is_said(why), "refused notes have a reason");
		return;
	}
	(void)touch(notes.features.text, notes.features.text ? notes.features.length : 0);
	(void)touch(notes.loader.text, notes.loader.text ? notes.loader.length : 0);
	why = NULL;
	require(!elf_xen_check_pv(&notes, &why) || is_said(why), "an unfit kernel has a reason");
}

static void unpack(const uint8_t *data, size_t size)
{
	static struct inflate_workspace inflate;
	static struct xz_workspace xz;
	uint8_t *out = malloc(UNPACKED_MAX);
	const char *why = NULL;
	size_t written = 0;

	require(out != NULL, "there is memory");
	if (inflate_gzip(&inflate, data, size, out, UNPACKED_MAX, &written, &why)) {
		require(is_said(why), "a refused gzip file has a reason");
	} else {
		require(written <= UNPACKED_MAX, "no more is written than there is room for");
		read_elf(out, written);
	}
	why = NULL;
	if (xz_decode(&xz, data, size, out, UNPACKED_MAX, &written, &why)) {
		require(is_said(why), "a refused xz file has a reason");
	} else {
		require(written <= UNPACKED_MAX, "no more is written than there is room for");
		read_elf(out, written);
	}
	free(out);
}

static void read_config(const uint8_t *data, size_t size)
{
	static struct boot_arguments arguments;
	static struct boot_config config;
	char *text = malloc(size + 1);

	require(text != NULL, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	(void)!boot_arguments_parse(text, "proxenos.efi", &arguments);
	if (boot_config_parse(text, size, "", &config) == CONFIG_OK) {
		require(config.kernel[0] != '\0', "an accepted configuration has a kernel");
	}
	(void)!boot_config_parse(text, size, arguments.section, &config);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size: reading beyond it is seen. */
	uint8_t *copy = malloc(size);

	require(copy != NULL || size == 0, "there is memory");
	memcpy(copy, data, size);
	read_elf(copy, size);
	unpack(copy, size);
	if (size <= CONFIG_FILE_MAX) {
		read_config(copy, size);
	}
	free(copy);
	return 0;
}
