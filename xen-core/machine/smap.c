/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts stac and clac where smap.h left room for them, when the CPU has them.
 */
#include "machine/smap.h"

#include "machine/cpu.h"
#include "x86/cpuid.h"

#define LAST_BYTE_STAC 0xcb /* 0f 01 cb */
#define LAST_BYTE_CLAC 0xca /* 0f 01 ca */
#define MODRM_OPEN 0x03

extern const int32_t smap_sites_start[], smap_sites_end[];

static bool patched;

void smap_patch(void)
{
	if (cpu_cpuid(0, 0).a < 7 || !(cpu_cpuid(7, 0).b & CPUID_7B_SMAP)) {
		return;
	}
	for (const int32_t *site = smap_sites_start; site < smap_sites_end; site++) {
		uint8_t *code = (uint8_t *)((uint64_t)site + (uint64_t)(int64_t)*site);

		code[1] = 0x01;
		code[2] = code[2] == MODRM_OPEN ? LAST_BYTE_STAC : LAST_BYTE_CLAC;
	}
	patched = true;
}

bool smap_is_patched(void)
{
	return patched;
}
