/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of what stands at a guest frame number. One lock per domain; each change is one store per
 * entry, so readers and the CPUs' walkers see the old or the new.
 *
 * A CPU may cache what an entry said. Each change of an entry that was present moves the
 * generation on; a CPU that enters the guest compares it and takes a fresh ASID if it moved
 * (hvm/svm/asid.c), and p2m_flush() makes the CPUs that are inside come out. So after p2m_flush()
 * no CPU uses the old entry.
 */
#include "hvm/p2m.h"

#include "hvm/hvm.h"
#include "hvm/npt.h"

#include "lib/check.h"
#include "lib/math.h"
#include "machine/atomic.h"
#include "machine/tlb.h"

#include <xen/errno.h>

#define FREED_AT_ONCE 32U

int p2m_create(struct p2m *p2m)
{
	spin_init(&p2m->lock, p2m);
	p2m->root = npt_create_root();
	p2m->tables = 1;
	return mfn_is_none(p2m->root) ? -XEN_ENOMEM : 0;
}

bool p2m_shrink(struct p2m *p2m)
{
	return npt_free(p2m->root, FREED_AT_ONCE) != 0;
}

void p2m_destroy(struct p2m *p2m)
{
	assert(p2m->foreign == 0);
	while (!p2m_shrink(p2m)) {
	}
	npt_free_root(p2m->root);
	p2m->root = MFN_NONE;
}

void p2m_get(const struct p2m *p2m, gfn_t g, struct p2m_entry *entry)
{
	unsigned int level = NPT_LEVELS;
	pte_t pte = PTE_NONE;

	if (g.n < P2M_GFN_END) {
		(void)npt_find(p2m->root, g.n, 1, &level, &pte);
	}
	entry->order = npt_level_order(level);
	entry->kind = npt_kind(pte);
	entry->mfn = entry->kind == P2M_HOLE
			     ? MFN_NONE
			     : mfn_add(pte_mfn(pte), g.n & ((1UL << entry->order) - 1));
}

int p2m_frame_get(struct domain *d, gfn_t g, bool writable, struct frame **f)
{
	struct p2m_entry entry;

	p2m_get(&d->hvm->p2m, g, &entry);
	if (entry.kind != P2M_RAM && entry.kind != P2M_SHARED &&
	    (writable || entry.kind != P2M_RAM_RO)) {
		return -XEN_EINVAL;
	}
	/* Whatever became of the entry meanwhile, this says that the frame is d's. */
	if (!frame_is_valid(entry.mfn) || !frame_get(frame_of(entry.mfn), d->id)) {
		return -XEN_EINVAL;
	}
	*f = frame_of(entry.mfn);
	return 0;
}

/* With the lock: the entry itself. */
static void store(struct p2m *p2m, pte_t *slot, pte_t entry)
{
	pte_t old = pte_raw(atomic_exchange(&slot->raw, entry.raw));

	p2m->foreign += p2m_is_foreign(npt_kind(entry));
	p2m->foreign -= p2m_is_foreign(npt_kind(old));
	if (pte_is_present(old)) {
		atomic_add(&p2m->generation, 1);
	}
}

/* Whether 2^9 frames can be one entry: nothing finer stands there. */
static bool can_be_large(const struct p2m *p2m, uint64_t g, mfn_t first, unsigned int order)
{
	unsigned int level;
	pte_t entry;

	if (order < npt_level_order(2) || !is_aligned(first.n, 1UL << npt_level_order(2))) {
		return false;
	}
	(void)npt_find(p2m->root, g, 2, &level, &entry);
	return !npt_is_table(entry, level);
}

static int set_range_locked(struct p2m *p2m, uint64_t g, mfn_t first, uint64_t count,
			    enum p2m_kind kind)
{
	unsigned int order = count >= 1UL << npt_level_order(2) ? npt_level_order(2) : 0;
	uint64_t done = 0;

	while (done < count) {
		bool large = can_be_large(p2m, g + done, mfn_add(first, done), order);
		unsigned int level = large ? 2 : 1;
		pte_t *slot = npt_make_slot(p2m->root, g + done, level, &p2m->tables);

		if (!slot) {
			return -XEN_ENOMEM;
		}
		if (p2m_is_foreign(npt_kind(pte_raw(atomic_read(&slot->raw))))) {
			return -XEN_EBUSY;
		}
		store(p2m, slot, npt_make(mfn_add(first, done), kind, level));
		done += 1UL << npt_level_order(level);
	}
	return 0;
}

int p2m_set_locked(struct p2m *p2m, gfn_t g, mfn_t first, unsigned int order, enum p2m_kind kind)
{
	uint64_t count = 1UL << order;
	int err;

	if (g.n >= P2M_GFN_END || P2M_GFN_END - g.n < count || !is_aligned(g.n, count)) {
		return -XEN_EINVAL;
	}
	err = set_range_locked(p2m, g.n, first, count, kind);
	if (err) {
		/* The slots exist that far: taking back needs no memory. */
		for (uint64_t i = 0; i < count; i++) {
			bool removed;

			if (p2m_remove_locked(p2m, gfn(g.n + i), mfn_add(first, i), &removed)) {
				break;
			}
		}
		return err;
	}
	p2m->gfn_end = max_u64(p2m->gfn_end, g.n + count);
	return 0;
}

int p2m_fill_locked(struct p2m *p2m, gfn_t g, mfn_t m, enum p2m_kind kind)
{
	struct p2m_entry entry;

	p2m_get(p2m, g, &entry);
	return entry.kind == P2M_HOLE ? p2m_set_locked(p2m, g, m, 0, kind) : -XEN_EBUSY;
}

int p2m_remove_locked(struct p2m *p2m, gfn_t g, mfn_t m, bool *removed)
{
	struct p2m_entry entry;
	pte_t *slot;

	p2m_get(p2m, g, &entry);
	*removed = entry.kind != P2M_HOLE && mfn_eq(entry.mfn, m);
	if (!*removed) {
		return 0;
	}
	slot = npt_make_slot(p2m->root, g.n, 1, &p2m->tables);
	if (!slot) {
		*removed = false;
		return -XEN_ENOMEM;
	}
	store(p2m, slot, PTE_NONE);
	return 0;
}

void p2m_flush(struct domain *d)
{
	tlb_flush_cpus(&d->dirty_cpus);
}

/* --- for debug keys -------------------------------------------------------------------------- */

#define DUMP_LINES 64U
#define DUMP_ENTRIES 65536U

static bool goes_on(const struct p2m_entry *run, uint64_t frames, const struct p2m_entry *next)
{
	return next->kind == run->kind &&
	       (run->kind == P2M_HOLE || next->mfn.n == run->mfn.n + frames);
}

void p2m_dump(struct domain *d, void (*print)(const char *format, ...))
{
	static const char *const names[] = {"hole", "RAM", "read-only RAM", "grant",
					    "read-only grant", "shared", "foreign",
					    "read-only foreign", "device"};
	struct p2m_entry run = {MFN_NONE, P2M_HOLE, 0}, next;
	uint64_t start = 0, end = d->is_pv ? 0 : d->hvm->p2m.gfn_end, lines = 0, entries = 0;

	for (uint64_t g = 0; g <= end && end != 0; g = (g | ((1UL << next.order) - 1)) + 1) {
		if (lines == DUMP_LINES || entries++ == DUMP_ENTRIES) {
			print("  ... from %lx on", start);
			return;
		}
		p2m_get(&d->hvm->p2m, gfn(g), &next);
		if (goes_on(&run, g - start, &next)) {
			continue;
		}
		if (run.kind != P2M_HOLE) {
			print("  %lx-%lx %s at %lx", start, g - 1, names[run.kind], run.mfn.n);
			lines++;
		}
		run = next;
		start = g;
	}
}
