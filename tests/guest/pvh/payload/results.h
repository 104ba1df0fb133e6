/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the payload tells dom0 what it has claimed: a table at a fixed place in its memory.
 */
#ifndef PVH_RESULTS_H
#define PVH_RESULTS_H

#include <stdint.h>

#define RESULTS_ADDRESS 0x1e0000UL
#define RESULTS_PAGES 4U
#define RESULTS_MAX 255U
#define START_INFO_ADDRESS 0x1f0000UL
#define PAYLOAD_ADDRESS 0x100000UL
#define FUZZ_RUNS 200U

struct result {
	uint8_t holds;
	char name[63];
};

/* Entry 0 is no claim: how many there are; set by dom0, a seed for fuzz() instead of claims, if not
 * 0; how many pieces of code that has run. */
struct results {
	uint32_t count, seed;
	uint64_t runs;
	uint8_t pad[48];
	struct result claims[RESULTS_MAX];
};
_Static_assert(sizeof(struct results) == RESULTS_PAGES * 4096, "whole pages");

#endif
