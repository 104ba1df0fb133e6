/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up CPU for the simulated machine.
 */
#ifndef UNIT_FAKE_CPU_H
#define UNIT_FAKE_CPU_H

#include "machine/sim.h"
#include "x86/cr.h"
#include "x86/msr.h"

static void set_leaf(uint32_t leaf, uint32_t subleaf, uint32_t a, uint32_t b, uint32_t c,
		     uint32_t d)
{
	sim_cpuid_set(leaf, subleaf, (struct cpuid_result){a, b, c, d});
}

/* Has everything, the hypervisor bit excepted. */
static void make_cpu(void)
{
	set_leaf(0, 0, 0x10, 0x68747541, 0x444d4163, 0x69746e65); /* AuthenticAMD */
	set_leaf(1, 0, 0x00800f12, 0x0f080800, 0x7fffffff, 0xffffffff);
	set_leaf(5, 0, 0x40, 0x40, 3, 0);
	set_leaf(6, 0, 1, 2, 3, 4);
	set_leaf(7, 0, 1, 0xffffffff, 0xffffffff, 0xffffffff);
	set_leaf(7, 1, 0xffffffff, 0xffffffff, 0, 0);
	set_leaf(0xd, 0, 7, 0x340, 0x340, 0);
	set_leaf(0xd, 1, 0xf, 0x340, 0, 0);
	set_leaf(0xd, 2, 256, 576, 0, 0);
	set_leaf(0x80000000, 0, 0x8000001f, 0x68747541, 0x444d4163, 0x69746e65);
	set_leaf(0x80000001, 0, 0x00800f12, 0, 0xffffffff, 0xffffffff);
	set_leaf(0x80000007, 0, 0, 0, 0, 0x100);
	set_leaf(0x80000008, 0, 0x3030, 0xffffffff, 0x7007, 0);
	set_leaf(0x8000000a, 0, 1, 2, 3, 4);
	sim_msr_set(MSR_FS_BASE, 0);
	sim_msr_set(MSR_GS_BASE, 0);
	sim_msr_set(MSR_KERNEL_GS_BASE, 0);
	sim_msr_set(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME);
	sim_msr_set(MSR_TSC_AUX, 0);
}

#endif
