/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CRC-32 of gzip, xz and Ethernet (reflected polynomial edb88320), eight bytes per step. The
 * tables live with the caller: they are needed once, at boot.
 */
#ifndef LIB_CRC_H
#define LIB_CRC_H

#include "lib/types.h"

struct crc32_tables {
	uint32_t table[8][256];
};

void crc32_prepare(struct crc32_tables *tables);

/* Continues from `crc`, the value of the bytes before; 0 to begin. */
uint32_t crc32_update(const struct crc32_tables *tables, uint32_t crc, const void *data,
		      size_t size);

#endif
