/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Zstandard and LZ4 decoders against the libraries that packed the data: programs, text, runs
 * and noise, at every level; and damaged data, which ends in an error or in what was packed.
 */
#include "lib/lz4.h"
#include "lib/zstd.h"

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4hc.h>
#include <zstd.h>

#include <xen/errno.h>

#define BIGGEST (3U << 20)

static struct zstd_workspace workspace;
static uint8_t plain[BIGGEST], packed[BIGGEST * 2], unpacked[BIGGEST];
static const char *why;

/* --- what is packed -------------------------------------------------------------------------- */

static size_t this_program(void)
{
	FILE *file = fopen("/proc/self/exe", "rb");
	size_t bytes = fread(plain, 1, BIGGEST, file);

	fclose(file);
	return bytes;
}

static size_t words(void)
{
	static const char *const list[] = {"hypervisor ", "event ", "channel ", "grant ",
					   "of ",         "the ",   "frame\n"};
	size_t at = 0;

	while (at + 16 < 300000) {
		const char *word = list[(unsigned int)rand() % 7];

		memcpy(plain + at, word, strlen(word));
		at += strlen(word);
	}
	return at;
}

static size_t noise(void)
{
	for (unsigned int i = 0; i < 200000; i++) {
		plain[i] = (uint8_t)rand();
	}
	return 200000;
}

static size_t runs(void)
{
	size_t at = 0;

	while (at < 1000000) {
		size_t length = 1 + (size_t)rand() % 70000;

		memset(plain + at, rand() % 4, length);
		at += length;
	}
	return at;
}

static size_t few_symbols(void)
{
	for (unsigned int i = 0; i < 150000; i++) {
		plain[i] = (uint8_t)(__builtin_ctz((unsigned int)rand() | 1U << 7));
	}
	return 150000;
}

static size_t one_byte(void)
{
	plain[0] = 'x';
	return 1;
}

static size_t nothing(void)
{
	return 0;
}

static size_t (*const contents[])(void) = {this_program, words,    noise,  runs,
					   few_symbols,  one_byte, nothing};

/* --- packing and unpacking ------------------------------------------------------------------- */

static size_t pack_zstd(size_t bytes, int level, bool checksum, bool says_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t size;

	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
	ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, says_size);
	size = ZSTD_compress2(context, packed, sizeof(packed), plain, bytes);
	ZSTD_freeCCtx(context);
	CU_ASSERT_FATAL(!ZSTD_isError(size));
	return size;
}

static size_t pack_lz4(size_t bytes, int level)
{
	static const uint8_t magic[] = {0x02, 0x21, 0x4c, 0x18};
	int size = LZ4_compress_HC((const char *)plain, (char *)packed + 8, (int)bytes,
				   (int)sizeof(packed) - 8, level);

	memcpy(packed, magic, 4);
	memcpy(packed + 4, &size, 4);
	return (size_t)size + 8;
}

/* From and into memory of just the size, so that ASan sees a step beside it. */
static int unpack(bool lz4, size_t size, size_t room, size_t *written)
{
	uint8_t *in = malloc(size ? size : 1), *out = malloc(room ? room : 1);
	int err;

	memcpy(in, packed, size);
	err = lz4 ? lz4_decode(in, size, out, room, written, &why)
		  : zstd_decode(&workspace, in, size, out, room, written, &why);
	if (!err) {
		memcpy(unpacked, out, *written);
	}
	free(in);
	free(out);
	return err;
}

static bool comes_back(bool lz4, size_t size, size_t bytes)
{
	size_t written = 0;

	return unpack(lz4, size, bytes, &written) == 0 && written == bytes &&
	       memcmp(plain, unpacked, bytes) == 0;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void what_the_library_packed_comes_back(void)
{
	static const int levels[] = {-5, 1, 3, 6, 12, 19, 22};

	srand(1);
	for (unsigned int i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		size_t bytes = contents[i]();

		for (unsigned int l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
			size_t size = pack_zstd(bytes, levels[l], l % 2 == 0, l % 3 != 0);

			CU_ASSERT(comes_back(false, size, bytes));
		}
		CU_ASSERT(comes_back(true, pack_lz4(bytes, 1), bytes));
		CU_ASSERT(comes_back(true, pack_lz4(bytes, 12), bytes));
	}
}

static void what_follows_a_frame_is_left_alone(void)
{
	size_t bytes = words(), size = pack_zstd(bytes, 3, true, true);

	packed[size] = 0x55;
	CU_ASSERT(comes_back(false, size + 1, bytes));
}

static void truncated_data_is_refused(void)
{
	size_t bytes = words(), written;
	size_t size = pack_zstd(bytes, 19, true, true);

	for (size_t i = 0; i < size; i += 1 + size / 500) {
		CU_ASSERT_EQUAL(unpack(false, i, bytes, &written), -XEN_EINVAL);
	}
	CU_ASSERT_EQUAL(unpack(false, size - 1, bytes, &written), -XEN_EINVAL);
	size = pack_lz4(bytes, 9);
	for (size_t i = 0; i < size; i += 1 + size / 500) {
		CU_ASSERT(unpack(true, i, bytes, &written) == -XEN_EINVAL || written < bytes);
	}
}

static void a_short_buffer_is_refused(void)
{
	size_t bytes = words(), written;
	size_t size = pack_zstd(bytes, 3, true, true);

	for (size_t room = 0; room < bytes; room += 997) {
		CU_ASSERT_EQUAL(unpack(false, size, room, &written), -XEN_ENOSPC);
	}
	size = pack_lz4(bytes, 9);
	for (size_t room = 0; room < bytes; room += 997) {
		CU_ASSERT_EQUAL(unpack(true, size, room, &written), -XEN_ENOSPC);
	}
}

static void what_is_not_known_is_said(void)
{
	size_t written;

	pack_zstd(words(), 3, true, true);
	packed[0] ^= 1;
	CU_ASSERT_EQUAL(unpack(false, 100, 100, &written), -XEN_EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "this is no Zstandard frame");
	CU_ASSERT_EQUAL(unpack(true, 100, 100, &written), -XEN_EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "this is no LZ4 legacy frame");
	memcpy(packed, (const uint8_t[]){0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 0x00}, 7);
	CU_ASSERT_EQUAL(unpack(false, 100, 100, &written), -XEN_EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "the frame needs a dictionary");
}

/* Bytes from a length of the packed data on are changed; with a checksum, nothing wrong passes. */
static void damage(size_t bytes, size_t size, bool lz4, unsigned int rounds)
{
	static uint8_t whole[sizeof(packed)];

	memcpy(whole, packed, size);
	for (unsigned int i = 0; i < rounds; i++) {
		size_t written = 0;
		int err;

		memcpy(packed, whole, size);
		for (int flips = 1 + rand() % 4; flips > 0; flips--) {
			packed[(size_t)rand() % size] = (uint8_t)rand();
		}
		/* The flag that says a checksum follows. */
		packed[4] = whole[4];
		err = unpack(lz4, size, bytes + (size_t)rand() % 64, &written);
		CU_ASSERT(err || lz4 || (written == bytes && memcmp(plain, unpacked, bytes) == 0));
	}
}

static void damaged_data_never_passes_or_leaves_its_buffers(void)
{
	srand(3);
	for (unsigned int i = 0; i < 5; i++) {
		size_t bytes = contents[i]();

		bytes = bytes < 30000 ? bytes : 30000;
		damage(bytes, pack_zstd(bytes, 3, true, true), false, 1500);
		damage(bytes, pack_zstd(bytes, 19, true, true), false, 1500);
		damage(bytes, pack_lz4(bytes, 9), true, 1000);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(what_the_library_packed_comes_back),
		UNIT(what_follows_a_frame_is_left_alone),
		UNIT(truncated_data_is_refused),
		UNIT(a_short_buffer_is_refused),
		UNIT(what_is_not_known_is_said),
		UNIT(damaged_data_never_passes_or_leaves_its_buffers),
	};

	return unit_main("lib/zstd", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
