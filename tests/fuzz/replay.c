/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer: each file of the corpus as it is, then mutations of it, the
 * same in every run. Mutations: bytes changed, pieces removed, repeated or taken from another file,
 * and words that parsers treat specially put in.
 *
 * Usage: PROGRAM [-n MUTATIONS-OF-EACH] [FILE...]     without files: those of CORPUS, a list of
 *                                                     patterns separated by blanks
 * What is being run is in the file named by FUZZ_LAST, if that is set, so that a crash can be
 * replayed. FUZZ_SEED, a number, makes other mutations.
 */
#include "fuzz/fuzz.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536U

struct input {
	uint8_t *data;
	size_t size;
};

static uint64_t seed = 0x9e3779b97f4a7c15;

/* xorshift64*: the same numbers every time. */
static uint64_t next_random(uint64_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return below ? (seed * 0x2545f4914f6cdd1d >> 16) % below : 0;
}

static int load(const char *path, struct input *input)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return -1;
	}
	input->data = malloc(INPUT_MAX);
	input->size = input->data ? fread(input->data, 1, INPUT_MAX, file) : 0;
	fclose(file);
	return input->data ? 0 : -1;
}

/* Replaces `drop` bytes at `at` by other ones. */
static void splice(struct input *input, size_t at, size_t drop, const uint8_t *with, size_t size)
{
	if (input->size - drop + size > INPUT_MAX) {
		return;
	}
	memmove(input->data + at + size, input->data + at + drop, input->size - at - drop);
	memcpy(input->data + at, with, size);
	input->size += size - drop;
}

static void mutate(struct input *input, const struct input *other)
{
	static const char *const words[] = {
		"\"",         "'",  "[",  "]",    "[[",  "{",      "}",  "=",
		"+=",         "\\", "\n", ",",    "^",   "-1",     "0x", "99999999999999999999",
		"\xff",       "<",  "</", "&#0;", "all", "nodes:", "@",  ":",
		"4294967296", "!"};
	size_t at = next_random(input->size + 1);
	size_t left = input->size - at;
	uint8_t piece[64];
	size_t size;
	const char *word;

	switch (next_random(6)) {
	case 0:
		if (left) {
			input->data[at] = (uint8_t)next_random(256);
		}
		break;
	case 1:
		if (left) {
			input->data[at] ^= (uint8_t)(1U << next_random(8));
		}
		break;
	case 2:
		splice(input, at, next_random((left < 64 ? left : 64) + 1), piece, 0);
		break;
	case 3:
		size = left < 64 ? left : 64;
		memcpy(piece, input->data + at, size);
		splice(input, at, 0, piece, next_random(size + 1));
		break;
	case 4:
		if (other->size) {
			size_t from = next_random(other->size);

			size = other->size - from < 64 ? other->size - from : 64;
			memcpy(piece, other->data + from, size);
			splice(input, at, 0, piece, next_random(size + 1));
		}
		break;
	default:
		word = words[next_random(sizeof(words) / sizeof(words[0]))];
		memcpy(piece, word, strlen(word));
		splice(input, at, 0, piece, strlen(word));
		break;
	}
}

static void run(const struct input *input)
{
	const char *last = getenv("FUZZ_LAST");
	FILE *file = last ? fopen(last, "w") : NULL;

	if (file) {
		(void)!fwrite(input->data, 1, input->size, file);
		fclose(file);
	}
	(void)LLVMFuzzerTestOneInput(input->data, input->size);
}

static void run_mutations(const struct input *inputs, size_t count, unsigned long mutations)
{
	struct input copy = {malloc(INPUT_MAX), 0};

	for (size_t i = 0; copy.data && i < count; i++) {
		for (unsigned long m = 0; m < mutations; m++) {
			unsigned int changes = 1 + (unsigned int)next_random(4);

			memcpy(copy.data, inputs[i].data, inputs[i].size);
			copy.size = inputs[i].size;
			while (changes--) {
				mutate(&copy, &inputs[next_random(count)]);
			}
			run(&copy);
		}
	}
	free(copy.data);
}

/* Adds the files of all patterns in `patterns`. */
static void find_corpus(const char *patterns, glob_t *found)
{
	char *copy = strdup(patterns);
	char *rest = copy;
	char *pattern;
	int append = 0;

	while (copy && (pattern = strsep(&rest, " "))) {
		(void)glob(pattern, append, NULL, found);
		append = GLOB_APPEND;
	}
	free(copy);
}

int main(int argc, char **argv)
{
	unsigned long mutations = 100;
	glob_t found = {0};
	struct input *inputs;
	size_t count = 0;
	int first = 1;

	seed += getenv("FUZZ_SEED") ? strtoul(getenv("FUZZ_SEED"), NULL, 10) : 0;
	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		mutations = strtoul(argv[2], NULL, 10);
		first = 3;
	}
	if (first == argc) {
		find_corpus(CORPUS, &found);
		argv = found.gl_pathv;
		argc = (int)found.gl_pathc;
		first = 0;
	}
	inputs = calloc((size_t)argc + 1, sizeof(*inputs));
	for (int i = first; inputs && i < argc; i++) {
		if (load(argv[i], &inputs[count]) < 0) {
			return 1;
		}
		run(&inputs[count++]);
	}
	if (count == 0) {
		fputs("replay: no corpus\n", stderr);
		return 1;
	}
	run_mutations(inputs, count, mutations);
	printf("replay: %zu inputs, %lu mutations of each\n", count, mutations);
	while (count--) {
		free(inputs[count].data);
	}
	free(inputs);
	if (found.gl_pathc) {
		globfree(&found);
	}
	return 0;
}
