/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the microcode for a CPU in the file a boot loader passed: Intel's updates one behind the
 * other (SDM 3A 9.11), or AMD's container of an equivalence table and patches. Pure; every length
 * in the file is checked.
 */
#ifndef X86_UCODE_H
#define X86_UCODE_H

#include "lib/types.h"

struct ucode_cpu {
	bool is_amd;
	uint32_t signature; /* CPUID 1.EAX */
	uint32_t platform;  /* Intel: bit of MSR_PLATFORM_ID[52:50] */
	uint32_t revision;  /* what runs now */
};

struct ucode_update {
	const void *data; /* what the trigger MSR wants the address of: in the file */
	size_t bytes;
	uint32_t revision;
};

/* The newest update for the CPU that is newer than what it runs. 0; -XEN_ENOENT: none in there;
 * -XEN_EINVAL: the file is damaged or no microcode. */
int must_check ucode_find(const void *file, size_t bytes, const struct ucode_cpu *cpu,
			  struct ucode_update *update);

#endif
