/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replays the fuzzer's corpus (tests/fuzz/corpus/xenstored_wire, if FUZZ_CORPUS names the folder),
 * and feeds the fuzzer's entry with requests made at random and then damaged: every type, every
 * length, wrong numbers, payloads without terminators.
 */
#include "unit/unit.h"

#include "xenstored/path.h"
#include "xenstored/wire.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t random_state = 1;

static unsigned int pick(unsigned int count)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(random_state >> 33) % count;
}

static size_t some_payload(char *to)
{
	static const char *const words[] = {"/",     "/a",
					    "/a/b",  "/local/domain/1/x",
					    "x",     "@releaseDomain",
					    "n1",    "r2",
					    "b0",    "1",
					    "2",     "T",
					    "F",     "tok",
					    "",      "//",
					    "quota", "set",
					    "nodes", "4294967295",
					    "-1"};
	size_t size = 0;
	unsigned int count = pick(5);

	while (count--) {
		const char *word = words[pick(sizeof(words) / sizeof(words[0]))];

		memcpy(to + size, word, strlen(word) + 1);
		size += strlen(word) + 1;
	}
	if (size && pick(4) == 0) {
		size--; /* without the last terminator */
	}
	return size;
}

/* One chunk of the fuzzer's input: a request, now and then damaged. */
static size_t some_chunk(uint8_t *to)
{
	char message[200];
	struct xsd_sockmsg header = {
		.type = pick(24), .req_id = pick(3), .tx_id = pick(8) ? 0 : pick(4)};
	size_t size = some_payload(message + sizeof(header));

	header.len = (uint32_t)size;
	if (pick(40) == 0) {
		header.len = pick(2) ? pick(5000) : UINT32_MAX;
	}
	memcpy(message, &header, sizeof(header));
	size += sizeof(header);
	if (pick(30) == 0) {
		message[pick((unsigned int)size)] ^= (char)(1 << pick(8));
	}
	to[0] = (uint8_t)(pick(256));
	to[1] = (uint8_t)size;
	memcpy(to + 2, message, size);
	return size + 2;
}

static void damaged_requests_leave_the_store_whole(void)
{
	static uint8_t input[40000];

	for (unsigned int run = 0; run < 60; run++) {
		size_t size = 0;

		while (size < 12000) {
			size += some_chunk(input + size);
		}
		CU_ASSERT_EQUAL(LLVMFuzzerTestOneInput(input, size), 0);
	}
}

static void the_corpus_of_the_fuzzer_passes(void)
{
	const char *folder = getenv("FUZZ_CORPUS");
	DIR *dir = folder ? opendir(folder) : NULL;
	static uint8_t input[65536];
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512];
		FILE *file;
		size_t size;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (file) {
			size = fread(input, 1, sizeof(input), file);
			fclose(file);
			CU_ASSERT_EQUAL(LLVMFuzzerTestOneInput(input, size), 0);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static void strings_of_a_payload_end_with_it(void)
{
	const char *strings[3];
	unsigned int domid;

	CU_ASSERT_EQUAL(wire_strings("a\0b", 3, strings, 3), 1);
	CU_ASSERT_EQUAL(wire_strings("a\0b", 4, strings, 3), 2);
	CU_ASSERT_EQUAL(wire_strings("", 0, strings, 3), 0);
	CU_ASSERT_PTR_NULL(wire_one_string("a\0b", 4));
	CU_ASSERT_PTR_NULL(wire_one_string("a", 1));
	CU_ASSERT_PTR_NOT_NULL(wire_one_string("a", 2));
	CU_ASSERT_FALSE(wire_domid("", &domid));
	CU_ASSERT_FALSE(wire_domid("32752", &domid));
	CU_ASSERT_FALSE(wire_domid("1x", &domid));
	CU_ASSERT_FALSE(wire_domid("99999999999999999999", &domid));
	CU_ASSERT_TRUE(wire_domid("32751", &domid));
	CU_ASSERT_STRING_EQUAL(wire_error_name(ENOSPC), "ENOSPC");
	CU_ASSERT_STRING_EQUAL(wire_error_name(12345), "EINVAL");
}

/* The first vectors of the reference implementation, key 00 01 .. 0f, inputs "", 00, 00 01 ... */
static void the_hash_is_siphash(void)
{
	static const uint8_t expected[2][16] = {
		{0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
		 0x02, 0x93},
		{0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
		 0xfc, 0x45},
	};
	uint8_t key[16];
	struct path_key hash;

	for (uint8_t i = 0; i < 16; i++) {
		key[i] = i;
	}
	for (size_t i = 0; i < 2; i++) {
		path_hash(key, "\0", i, &hash);
		CU_ASSERT_EQUAL(memcmp(hash.byte, expected[i], 16), 0);
	}
}

static const struct unit_test tests[] = {
	UNIT(strings_of_a_payload_end_with_it),
	UNIT(the_hash_is_siphash),
	UNIT(damaged_requests_leave_the_store_whole),
	UNIT(the_corpus_of_the_fuzzer_passes),
};

int main(void)
{
	return unit_main("xenstored_wire", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
