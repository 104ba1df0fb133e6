/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's page tables, read as the CPU reads them. Four shapes:
 *
 *     paging off      the address is physical
 *     32-bit          2 levels of 4-byte entries, 4 MiB pages with PSE
 *     PAE             4 pointers, then 2 levels of 8-byte entries, 2 MiB pages
 *     long            4 levels, 2 MiB and 1 GiB pages
 *
 * All levels are read once each, the rights of all taken together, then accessed and dirty bits are
 * set by compare-exchange in the entries that lack them; if an entry changed meanwhile the walk
 * begins anew, a few times. Every table frame is held by a reference while it is looked at: the
 * guest may give it back at any moment.
 */
#include "hvm/walk.h"

#include "hvm/p2m.h"

#include "domain/domain.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/atomic.h"
#include "machine/frames.h"
#include "x86/cr.h"
#include "x86/exception.h"
#include "x86/pte.h"

#define LEVELS_MAX 4U
#define TRIES 4
#define PSE36_HIGH_SHIFT 13 /* 32-bit PSE: address bits 32-39 lie in bits 13-20 */
#define ADDRESS_BITS_MASK 0x000ffffffffff000UL

struct shape {
	unsigned int levels;
	unsigned int index_bits;
	unsigned int entry_bytes;
	bool has_nx;
	bool is_pae; /* level 3 entries have no rights */
};

struct step {
	uint64_t at; /* physical address of the entry */
	uint64_t entry;
};

struct path {
	struct step steps[LEVELS_MAX]; /* by level - 1 */
	unsigned int leaf;             /* level of the entry that maps */
	uint64_t physical;
	bool writable, user, no_execute;
};

static bool shape_of(const struct walk_mode *mode, struct shape *shape)
{
	bool nx = mode->efer & EFER_NXE;

	if (!(mode->cr0 & CR0_PG)) {
		return false;
	}
	if (!(mode->cr4 & CR4_PAE)) {
		*shape = (struct shape){2, 10, 4, false, false};
	} else if (mode->efer & EFER_LMA) {
		*shape = (struct shape){4, 9, 8, nx, false};
	} else {
		*shape = (struct shape){3, 9, 8, nx, true};
	}
	return true;
}

/* --- physical memory ------------------------------------------------------------------------- */

static size_t copy_physical(struct domain *d, uint64_t at, void *bytes_of_ours, size_t bytes,
			    bool write)
{
	uint8_t *ours = bytes_of_ours;

	while (bytes) {
		size_t chunk = min_u64(bytes, PAGE_SIZE - page_offset(at));
		struct frame *f;
		uint8_t *page;

		if (p2m_frame_get(d, gfn(at >> PAGE_SHIFT), write, &f)) {
			return bytes;
		}
		page = frame_map(frame_mfn(f));
		if (write) {
			memcpy(page + page_offset(at), ours, chunk);
		} else {
			memcpy(ours, page + page_offset(at), chunk);
		}
		frame_unmap(page);
		frame_put(f);
		at += chunk;
		ours += chunk;
		bytes -= chunk;
	}
	return 0;
}

size_t walk_physical_in(struct domain *d, void *to, uint64_t from, size_t bytes)
{
	return copy_physical(d, from, to, bytes, false);
}

size_t walk_physical_out(struct domain *d, uint64_t to, const void *from, size_t bytes)
{
	/* Written from, never to. */
	union {
		const void *in;
		void *out;
	} ours = {from};

	return copy_physical(d, to, ours.out, bytes, true);
}

/* --- entries --------------------------------------------------------------------------------- */

static bool read_entry(struct domain *d, const struct shape *shape, struct step *step)
{
	struct frame *f;
	uint8_t *page;

	if (p2m_frame_get(d, gfn(step->at >> PAGE_SHIFT), false, &f)) {
		return false;
	}
	page = (uint8_t *)frame_map(frame_mfn(f)) + page_offset(step->at);
	step->entry = shape->entry_bytes == 8 ? atomic_read((uint64_t *)(void *)page)
					      : atomic_read((uint32_t *)(void *)page);
	frame_unmap(page);
	frame_put(f);
	return true;
}

/* False: the entry is not what it was. */
static bool set_bits(struct domain *d, const struct shape *shape, const struct step *step,
		     uint64_t bits)
{
	uint32_t narrow = (uint32_t)step->entry;
	uint64_t wide = step->entry;
	struct frame *f;
	uint8_t *page;
	bool done;

	if ((step->entry & bits) == bits) {
		return true;
	}
	if (p2m_frame_get(d, gfn(step->at >> PAGE_SHIFT), true, &f)) {
		return true; /* read-only to the guest's CPU as well */
	}
	page = (uint8_t *)frame_map(frame_mfn(f)) + page_offset(step->at);
	done = shape->entry_bytes == 8
		       ? atomic_compare_exchange((uint64_t *)(void *)page, &wide, wide | bits)
		       : atomic_compare_exchange((uint32_t *)(void *)page, &narrow,
						 narrow | (uint32_t)bits);
	frame_unmap(page);
	frame_put(f);
	return done;
}

/* --- the walk -------------------------------------------------------------------------------- */

static bool maps_here(const struct walk_mode *mode, const struct shape *shape, unsigned int level,
		      uint64_t entry)
{
	if (level == 1) {
		return true;
	}
	if (!(entry & PTE_PSE)) {
		return false;
	}
	switch (level) {
	case 2:
		return shape->entry_bytes == 8 || (mode->cr4 & CR4_PSE);
	case 3:
		return !shape->is_pae;
	default:
		return false;
	}
}

static unsigned int level_shift(const struct shape *shape, unsigned int level)
{
	return PAGE_SHIFT + shape->index_bits * (level - 1);
}

static uint64_t entry_base(const struct shape *shape, unsigned int level, uint64_t entry)
{
	uint64_t base = entry & ADDRESS_BITS_MASK;

	if (shape->entry_bytes == 4 && level == 2) {
		return (entry & 0xffc00000UL) | (entry >> PSE36_HIGH_SHIFT & 0xff) << 32;
	}
	return base & ~((1UL << level_shift(shape, level)) - 1);
}

static uint64_t table_base(const struct walk_mode *mode, const struct shape *shape)
{
	if (shape->is_pae) {
		return mode->cr3 & 0xffffffe0UL;
	}
	return mode->cr3 & (shape->entry_bytes == 4 ? 0xfffff000UL : ADDRESS_BITS_MASK);
}

/* Bits that must be zero in a present entry. */
static bool is_reserved(const struct shape *shape, unsigned int level, uint64_t entry)
{
	if (shape->entry_bytes == 4) {
		return false;
	}
	if ((entry & PTE_NX) && !shape->has_nx) {
		return true;
	}
	return level == 4 && (entry & PTE_PSE);
}

enum outcome {
	FOUND,
	MISSING,  /* an entry is not present */
	RESERVED, /* an entry has bits it must not have */
};

static enum outcome descend(struct domain *d, const struct walk_mode *mode,
			    const struct shape *shape, uint64_t address, struct path *path)
{
	uint64_t table = table_base(mode, shape);

	path->writable = true;
	path->user = true;
	path->no_execute = false;
	for (unsigned int level = shape->levels; level > 0; level--) {
		struct step *step = &path->steps[level - 1];
		uint64_t index = address >> level_shift(shape, level) &
				 ((1UL << shape->index_bits) - 1);
		bool has_rights = !(shape->is_pae && level == 3);

		step->at = table + index * shape->entry_bytes;
		if (!read_entry(d, shape, step) || !(step->entry & PTE_P)) {
			return MISSING;
		}
		if (is_reserved(shape, level, step->entry)) {
			return RESERVED;
		}
		if (has_rights) {
			path->writable &= (step->entry & PTE_RW) != 0;
			path->user &= (step->entry & PTE_US) != 0;
			path->no_execute |= shape->has_nx && (step->entry & PTE_NX) != 0;
		}
		if (maps_here(mode, shape, level, step->entry)) {
			uint64_t offset = address & ((1UL << level_shift(shape, level)) - 1);

			path->leaf = level;
			path->physical = (level == 1 ? step->entry & ADDRESS_BITS_MASK
						     : entry_base(shape, level, step->entry)) |
					 offset;
			return FOUND;
		}
		table = step->entry & ADDRESS_BITS_MASK;
	}
	return MISSING;
}

static bool is_allowed(const struct walk_mode *mode, const struct path *path, unsigned int access)
{
	if (access & WALK_USER) {
		if (!path->user || ((access & WALK_WRITE) && !path->writable)) {
			return false;
		}
	} else {
		if ((access & WALK_WRITE) && !path->writable && (mode->cr0 & CR0_WP)) {
			return false;
		}
		if ((access & WALK_FETCH) && path->user && (mode->cr4 & CR4_SMEP)) {
			return false;
		}
		if (!(access & (WALK_FETCH | WALK_NO_SMAP)) && path->user &&
		    (mode->cr4 & CR4_SMAP) &&
		    ((access & WALK_IMPLICIT) || !(mode->rflags & RFLAGS_AC))) {
			return false;
		}
	}
	return !((access & WALK_FETCH) && path->no_execute);
}

static bool mark_used(struct domain *d, const struct shape *shape, const struct path *path,
		      unsigned int access)
{
	for (unsigned int level = shape->levels; level >= path->leaf; level--) {
		uint64_t bits = PTE_A;

		if (shape->is_pae && level == 3) {
			continue;
		}
		if (level == path->leaf && (access & WALK_WRITE)) {
			bits |= PTE_D;
		}
		if (!set_bits(d, shape, &path->steps[level - 1], bits)) {
			return false;
		}
	}
	return true;
}

static uint32_t error_bits(const struct walk_mode *mode, unsigned int access)
{
	uint32_t error = 0;

	if (access & WALK_WRITE) {
		error |= PF_ERROR_WRITE;
	}
	if (access & WALK_USER) {
		error |= PF_ERROR_USER;
	}
	if ((access & WALK_FETCH) && (mode->efer & EFER_NXE || mode->cr4 & CR4_SMEP)) {
		error |= PF_ERROR_FETCH;
	}
	return error;
}

static uint32_t try_walk(struct domain *d, const struct walk_mode *mode, const struct shape *shape,
			 uint64_t address, unsigned int access, struct path *path)
{
	switch (descend(d, mode, shape, address, path)) {
	case MISSING:
		return 0;
	case RESERVED:
		return PF_ERROR_PRESENT | PF_ERROR_RESERVED;
	case FOUND:
		break;
	}
	return is_allowed(mode, path, access) ? UINT32_MAX : PF_ERROR_PRESENT;
}

bool walk(struct domain *d, const struct walk_mode *mode, gva_t address, unsigned int access,
	  uint64_t *physical, struct walk_fault *fault)
{
	struct shape shape;
	struct path path;
	uint32_t error = 0;

	if (!(mode->efer & EFER_LMA)) {
		address.n = (uint32_t)address.n;
	}
	if (!shape_of(mode, &shape)) {
		*physical = address.n;
		return true;
	}
	for (int i = 0; i < TRIES; i++) {
		error = try_walk(d, mode, &shape, address.n, access, &path);
		if (error != UINT32_MAX) {
			break;
		}
		if (mark_used(d, &shape, &path, access)) {
			*physical = path.physical;
			return true;
		}
		/* They change under our hands: in the end the guest takes a spurious fault. */
		error = 0;
	}
	fault->address = address.n;
	fault->error = error | error_bits(mode, access);
	return false;
}

static size_t copy_virtual(struct domain *d, const struct walk_mode *mode, gva_t at, void *ours,
			   size_t bytes, unsigned int access, struct walk_fault *fault)
{
	bool write = access & WALK_WRITE;

	while (bytes) {
		size_t chunk = min_u64(bytes, PAGE_SIZE - page_offset(at.n));
		uint64_t physical;

		if (((mode->efer & EFER_LMA) && !address_is_canonical(at.n)) ||
		    !walk(d, mode, at, access, &physical, fault)) {
			return bytes;
		}
		if (copy_physical(d, physical, ours, chunk, write)) {
			*fault = (struct walk_fault){.address = at.n};
			return bytes;
		}
		at = gva_add(at, chunk);
		ours = (uint8_t *)ours + chunk;
		bytes -= chunk;
	}
	return 0;
}

size_t walk_copy_in(struct domain *d, const struct walk_mode *mode, void *to, gva_t from,
		    size_t bytes, unsigned int access, struct walk_fault *fault)
{
	return copy_virtual(d, mode, from, to, bytes, access & ~WALK_WRITE, fault);
}

size_t walk_copy_out(struct domain *d, const struct walk_mode *mode, gva_t to, const void *from,
		     size_t bytes, unsigned int access, struct walk_fault *fault)
{
	union {
		const void *in;
		void *out;
	} ours = {from};

	return copy_virtual(d, mode, to, ours.out, bytes, access | WALK_WRITE, fault);
}
