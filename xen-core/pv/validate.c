/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks the 512 entries of a table that gets or loses its type. Most are empty: they are skipped
 * 32 or eight at a time. An L1 table is done in one go (512 entries at most, paid for afterwards);
 * the others stop when the budget of this stay in the core is spent, always after at least one
 * entry.
 *
 * Entries are corrected in place while they are checked: the guest sees the forced bits. Slots
 * 256..271 of an L4 table are the hypervisor's, written when the rest is good, never counted.
 */
#include "pv/validate.h"

#include "pv/pte_rules.h"
#include "pv/type.h"

#include "domain/domain.h"
#include "domain/restart.h"
#include "lib/check.h"
#include "machine/frames.h"
#include "mm/map.h"

#define GROUP 8U
#define BLOCK 32U

/* How many entries are worth one unit of the restart budget. */
#define L1_ENTRIES_PER_UNIT 8U
#define CHEAP_ENTRIES_PER_UNIT 16U

static inline bool group_is_empty(const pte_t *group)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < GROUP; i++) {
		all |= group[i].raw;
	}
	return all == 0;
}

/* One instruction for each word and few besides: most of most tables is passed this way. */
static inline bool block_is_empty(const pte_t *block)
{
	uint64_t all = 0;

#pragma GCC unroll 32
	for (unsigned int i = 0; i < BLOCK; i++) {
		all |= block[i].raw;
	}
	return all == 0;
}

/* The first group from i on, i on a group's border, that is not empty; end, on a block's border, if
 * there is none. */
static inline unsigned int next_group(const pte_t *table, unsigned int i, unsigned int end)
{
	while (i < end) {
		if (i % BLOCK == 0 && block_is_empty(&table[i])) {
			i += BLOCK;
		} else if (group_is_empty(&table[i])) {
			i += GROUP;
		} else {
			break;
		}
	}
	return i;
}

/* The end of the last group below i, likewise, that is not empty; start if there is none. */
static inline unsigned int previous_group(const pte_t *table, unsigned int i, unsigned int start)
{
	while (i > start) {
		if (i % BLOCK == 0 && block_is_empty(&table[i - BLOCK])) {
			i -= BLOCK;
		} else if (group_is_empty(&table[i - GROUP])) {
			i -= GROUP;
		} else {
			break;
		}
	}
	return i;
}

/* Gives back entries [0, end). */
static unsigned int release_entries(struct domain *d, const pte_t *table, unsigned int end)
{
	unsigned int present = 0;

	for (unsigned int i = next_group(table, 0, PT_ENTRIES); i < end;
	     i = next_group(table, i + GROUP, PT_ENTRIES)) {
		for (unsigned int j = i; j < i + GROUP && j < end; j++) {
			pte_t pte = table[j];

			if (pte_is_present(pte)) {
				pv_l1_put(d, pte);
				present++;
			}
		}
	}
	return present;
}

int pv_l1_validate(struct domain *d, struct frame *f)
{
	pte_t *table = frame_map(frame_mfn(f));
	unsigned int present = 0;
	struct pv_mapping map;
	int err = 0;

	pv_mapping_init(&map, d, d, d, d->id);
	for (unsigned int i = next_group(table, 0, PT_ENTRIES); i < PT_ENTRIES;
	     i = next_group(table, i + GROUP, PT_ENTRIES)) {
		for (unsigned int j = i; j < i + GROUP; j++) {
			pte_t old = pte_raw(atomic_read(&table[j].raw));
			pte_t new = old;

			if (!pte_is_present(old)) {
				continue;
			}
			err = pv_l1_get(&map, &new);
			if (err) {
				present += release_entries(d, table, j);
				goto out;
			}
			present++;
			if (!pte_eq(new, old)) {
				atomic_write(&table[j].raw, new.raw);
			}
		}
	}
out:
	frame_unmap(table);
	restart_spend(1 + present / L1_ENTRIES_PER_UNIT);
	return err ? -XEN_EINVAL : 0;
}

void pv_l1_release(struct domain *d, struct frame *f)
{
	pte_t *table = frame_map(frame_mfn(f));
	unsigned int present = release_entries(d, table, PT_ENTRIES);

	frame_unmap(table);
	restart_spend(1 + present / L1_ENTRIES_PER_UNIT);
}

/* *slow is set if the child's own contents had to be looked at. */
static int upper_get(struct domain *d, pte_t *pte, enum frame_type type, bool *slow)
{
	enum frame_type child = (enum frame_type)(type - 1);
	mfn_t m = pte_mfn(*pte);
	struct frame *f;
	int err;

	if ((pte->raw & PTE_UPPER_REFUSED) || !frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	if (!pv_frame_get(f, d->id)) {
		return -XEN_EINVAL;
	}
	if (!pv_type_get_fast(f, child)) {
		*slow = true;
		err = pv_type_get(d, f, child);
		if (err) {
			pv_frame_put(f);
			return err;
		}
	}
	*pte = pv_upper_force(*pte, type);
	return 0;
}

int pv_upper_get(struct domain *d, pte_t *pte, enum frame_type type)
{
	bool slow = false;

	return upper_get(d, pte, type, &slow);
}

/* The child of an entry was being put when its table was wanted again: makes it whole. */
static int revive(struct domain *d, pte_t pte, enum frame_type type)
{
	struct frame *f = frame_of(pte_mfn(pte));
	int err = pv_type_get(d, f, (enum frame_type)(type - 1));

	if (!err) {
		err = pv_type_put(d, f);
		assert(!err);
	}
	return err;
}

/* Counts an entry done; true when the budget is spent, or would not do for another slow one: a full
 * L1 whose frames all become writable takes most of a stay. */
static bool pay(unsigned int *cheap, bool slow)
{
	if (++*cheap < CHEAP_ENTRIES_PER_UNIT && !slow) {
		return false;
	}
	*cheap = 0;
	return restart_wanted() || (slow && restart_is_late());
}

/* The first index from i on that may hold a guest's entry, skipping empty groups. */
static unsigned int next_candidate(const pte_t *table, unsigned int i, enum frame_type type)
{
	if (i % GROUP != 0) {
		return i;
	}
	if (type == TYPE_L4 && i <= HYPERVISOR_SLOT_FIRST) {
		i = next_group(table, i, HYPERVISOR_SLOT_FIRST);
		if (i < HYPERVISOR_SLOT_FIRST) {
			return i;
		}
		i = HYPERVISOR_SLOT_END;
	}
	return next_group(table, i, PT_ENTRIES);
}

/* From index *i on; *i is then where to go on. */
static int validate_entries(struct domain *d, pte_t *table, enum frame_type type, unsigned int *i)
{
	unsigned int cheap = 0;

	for (*i = next_candidate(table, *i, type); *i < PT_ENTRIES;
	     *i = next_candidate(table, *i + 1, type)) {
		pte_t old = pte_raw(atomic_read(&table[*i].raw));
		pte_t new = old;
		bool slow = false;
		int err;

		if (!pte_is_present(old)) {
			continue;
		}
		err = upper_get(d, &new, type, &slow);
		if (err) {
			return err;
		}
		if (!pte_eq(new, old)) {
			atomic_write(&table[*i].raw, new.raw);
		}
		if (pay(&cheap, slow)) {
			*i += 1;
			return *i < PT_ENTRIES ? -XEN_ERESTART : 0;
		}
	}
	return 0;
}

int pv_table_validate(struct domain *d, struct frame *f, enum frame_type type,
		      uint32_t *progress)
{
	pte_t *table = frame_map(frame_mfn(f));
	unsigned int i = *progress & PARTIAL_INDEX_MASK;
	int err = 0;

	if (*progress & PARTIAL_HALF) {
		err = revive(d, table[i - 1], type);
		if (err) {
			goto out;
		}
		*progress &= ~PARTIAL_HALF;
	}
	err = validate_entries(d, table, type, &i);
	*progress = (*progress & ~PARTIAL_INDEX_MASK) | i;
	if (!err && type == TYPE_L4) {
		map_install_slots(table);
	}
out:
	frame_unmap(table);
	return err;
}

/* Drops the references of one entry; -XEN_ERESTART: it still has them. */
static int upper_put(struct domain *d, pte_t pte, bool *slow)
{
	struct frame *f = frame_of(pte_mfn(pte));
	int err;

	*slow = frame_type_count(f) == 1;
	err = pv_type_put(d, f);
	if (!err) {
		pv_frame_put(f);
	}
	return err;
}

/* Likewise downwards: the end of what may hold a guest's entry, at most i. */
static unsigned int previous_candidate(const pte_t *table, unsigned int i, enum frame_type type)
{
	if (i % GROUP != 0) {
		return i;
	}
	if (type == TYPE_L4 && i >= HYPERVISOR_SLOT_END) {
		i = previous_group(table, i, HYPERVISOR_SLOT_END);
		if (i > HYPERVISOR_SLOT_END) {
			return i;
		}
		i = HYPERVISOR_SLOT_FIRST;
	}
	return previous_group(table, i, 0);
}

int pv_table_release(struct domain *d, struct frame *f, enum frame_type type, uint32_t *progress)
{
	pte_t *table = frame_map(frame_mfn(f));
	unsigned int i = *progress & PARTIAL_INDEX_MASK;
	uint32_t flags = *progress & ~(PARTIAL_INDEX_MASK | PARTIAL_HALF);
	unsigned int cheap = 0;
	int err = 0;

	for (i = previous_candidate(table, i, type); i > 0 && !err;
	     i = previous_candidate(table, i, type)) {
		if (pte_is_present(table[i - 1])) {
			bool slow;

			err = upper_put(d, table[i - 1], &slow);
			if (err) {
				flags |= PARTIAL_HALF;
				break;
			}
			if (pay(&cheap, slow) && i > 1) {
				err = -XEN_ERESTART;
			}
		}
		i--;
	}
	*progress = flags | i;
	frame_unmap(table);
	return err;
}
