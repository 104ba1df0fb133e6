/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses and frame numbers as types, so that the compiler keeps machine frames, guest frames,
 * machine addresses and guest virtual addresses apart. Each is a structure around one integer
 * and compiles to the same code.
 *
 *     mfn    machine frame number: which 4 KiB frame of the machine
 *     gfn    guest frame number: which frame a translated guest sees (PV guests: equals the mfn)
 *     pfn    a PV guest's own numbering, known to us only through the M2P
 *     maddr  machine (bus) address      gva  guest virtual address
 */
#ifndef X86_ADDR_H
#define X86_ADDR_H

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

typedef struct {
	uint64_t n;
} mfn_t;
typedef struct {
	uint64_t n;
} gfn_t;
typedef struct {
	uint64_t n;
} maddr_t;
typedef struct {
	uint64_t n;
} gva_t;

#define MFN_NONE ((mfn_t){~0UL})

static inline mfn_t mfn(uint64_t n)
{
	return (mfn_t){n};
}

static inline gfn_t gfn(uint64_t n)
{
	return (gfn_t){n};
}

static inline maddr_t maddr(uint64_t n)
{
	return (maddr_t){n};
}

static inline gva_t gva(uint64_t n)
{
	return (gva_t){n};
}

static inline mfn_t mfn_add(mfn_t m, uint64_t count)
{
	return mfn(m.n + count);
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}

static inline bool mfn_is_none(mfn_t m)
{
	return m.n == ~0UL;
}

static inline maddr_t mfn_to_maddr(mfn_t m)
{
	return maddr(m.n << PAGE_SHIFT);
}

static inline mfn_t maddr_to_mfn(maddr_t m)
{
	return mfn(m.n >> PAGE_SHIFT);
}

static inline gva_t gva_add(gva_t a, uint64_t bytes)
{
	return gva(a.n + bytes);
}

static inline unsigned int page_offset(uint64_t address)
{
	return (unsigned int)(address & (PAGE_SIZE - 1));
}

/* The address space contract of 64-bit PV guests (public/arch-x86/xen-x86_64.h). */
#define HYPERVISOR_START 0xffff800000000000UL
#define HYPERVISOR_END 0xffff880000000000UL

static inline bool address_is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static inline bool address_is_hypervisor(uint64_t address)
{
	return address >= HYPERVISOR_START && address < HYPERVISOR_END;
}

#endif
