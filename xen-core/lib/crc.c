/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32 by slicing: table[k][b] is the effect of byte b followed by k zero bytes, so the effects
 * of eight bytes can be looked up side by side and added (that is, xored).
 */
#include "lib/crc.h"

#define POLYNOMIAL UINT32_C(0xedb88320)

void crc32_prepare(struct crc32_tables *tables)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		}
		tables->table[0][byte] = crc;
	}
	for (size_t k = 1; k < 8; k++) {
		for (size_t byte = 0; byte < 256; byte++) {
			uint32_t crc = tables->table[k - 1][byte];

			tables->table[k][byte] = (crc >> 8) ^ tables->table[0][crc & 0xff];
		}
	}
}

static uint32_t slice(const struct crc32_tables *tables, uint64_t word)
{
	return tables->table[7][word & 0xff] ^ tables->table[6][(word >> 8) & 0xff] ^
	       tables->table[5][(word >> 16) & 0xff] ^ tables->table[4][(word >> 24) & 0xff] ^
	       tables->table[3][(word >> 32) & 0xff] ^ tables->table[2][(word >> 40) & 0xff] ^
	       tables->table[1][(word >> 48) & 0xff] ^ tables->table[0][word >> 56];
}

uint32_t crc32_update(const struct crc32_tables *tables, uint32_t crc, const void *data,
		      size_t size)
{
	const uint8_t *at = data;

	crc = ~crc;
	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;

		__builtin_memcpy(&word, at, sizeof(word));
		crc = slice(tables, word ^ crc);
	}
	for (; size > 0; size--, at++) {
		crc = (crc >> 8) ^ tables->table[0][(crc ^ *at) & 0xff];
	}
	return ~crc;
}
