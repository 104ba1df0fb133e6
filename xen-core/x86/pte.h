/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page-table entry of any level, as a type of its own, and where an address is found in each
 * level. Intel SDM 3A 4.5, tables 4-15 to 4-20. Flags are kept at their place in the entry:
 * bits 0-11 and 52-63; the frame number is bits 12-51.
 *
 * Bit 52 is ignored by the CPU. In the page tables of PV guests it tells pages of the guest
 * kernel from those of its user programs, as both run with US set (public xen-x86_64.h ABI).
 */
#ifndef X86_PTE_H
#define X86_PTE_H

#include "x86/addr.h"

typedef struct {
	uint64_t raw;
} pte_t;

#define PTE_P (1UL << 0)
#define PTE_RW (1UL << 1)
#define PTE_US (1UL << 2)
#define PTE_PWT (1UL << 3)
#define PTE_PCD (1UL << 4)
#define PTE_A (1UL << 5)
#define PTE_D (1UL << 6)
#define PTE_PSE (1UL << 7)
#define PTE_PAT (1UL << 7) /* in an L1 entry, where PSE has no meaning */
#define PTE_G (1UL << 8)
#define PTE_AVAIL (7UL << 9)
#define PTE_GUEST_KERNEL (1UL << 52)
#define PTE_AVAIL_HIGH (0x7ffUL << 52)
#define PTE_NX (1UL << 63)

#define PTE_ADDRESS_MASK 0x000ffffffffff000UL
#define PTE_FLAGS_MASK (~PTE_ADDRESS_MASK)
#define PTE_CACHE_MASK (PTE_PWT | PTE_PCD | PTE_PAT)

#define PTE_NONE ((pte_t){0})

#define PT_ENTRIES 512U
#define PT_INDEX_BITS 9
#define L1_SHIFT 12
#define L2_SHIFT 21
#define L3_SHIFT 30
#define L4_SHIFT 39

static inline pte_t pte_raw(uint64_t raw)
{
	return (pte_t){raw};
}

static inline pte_t pte_make(mfn_t frame, uint64_t flags)
{
	return pte_raw(((frame.n << PAGE_SHIFT) & PTE_ADDRESS_MASK) | (flags & PTE_FLAGS_MASK));
}

static inline mfn_t pte_mfn(pte_t pte)
{
	return mfn((pte.raw & PTE_ADDRESS_MASK) >> PAGE_SHIFT);
}

static inline uint64_t pte_flags(pte_t pte)
{
	return pte.raw & PTE_FLAGS_MASK;
}

static inline bool pte_is_present(pte_t pte)
{
	return pte.raw & PTE_P;
}

static inline bool pte_is_writable(pte_t pte)
{
	return pte.raw & PTE_RW;
}

/* Whether an L2 or L3 entry maps memory itself; L1 and L4 entries have no such bit. */
static inline bool pte_is_large(pte_t pte)
{
	return pte.raw & PTE_PSE;
}

static inline bool pte_eq(pte_t a, pte_t b)
{
	return a.raw == b.raw;
}

static inline pte_t pte_set(pte_t pte, uint64_t flags)
{
	return pte_raw(pte.raw | (flags & PTE_FLAGS_MASK));
}

static inline pte_t pte_clear(pte_t pte, uint64_t flags)
{
	return pte_raw(pte.raw & ~(flags & PTE_FLAGS_MASK));
}

static inline unsigned int l1_index(uint64_t va)
{
	return (unsigned int)(va >> L1_SHIFT) & (PT_ENTRIES - 1);
}

static inline unsigned int l2_index(uint64_t va)
{
	return (unsigned int)(va >> L2_SHIFT) & (PT_ENTRIES - 1);
}

static inline unsigned int l3_index(uint64_t va)
{
	return (unsigned int)(va >> L3_SHIFT) & (PT_ENTRIES - 1);
}

static inline unsigned int l4_index(uint64_t va)
{
	return (unsigned int)(va >> L4_SHIFT) & (PT_ENTRIES - 1);
}

/* level is 1 to 4. */
static inline unsigned int pt_index(uint64_t va, unsigned int level)
{
	return (unsigned int)(va >> (PAGE_SHIFT + PT_INDEX_BITS * (level - 1))) & (PT_ENTRIES - 1);
}

_Static_assert(sizeof(pte_t) == 8, "an entry is eight bytes");

#endif
