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

struct result {
	uint8_t holds;
	char name[63];
};

/* Entry 0 is the count and nothing else. */
struct results {
	uint32_t count;
	uint8_t pad[60];
	struct result claims[RESULTS_MAX];
};
_Static_assert(sizeof(struct results) == RESULTS_PAGES * 4096, "whole pages");

#endif
