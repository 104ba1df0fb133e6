/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing one entry of a page table in use.
 *
 * Order: references of the new entry, then the entry, then the old one's references. If present
 * entries differ in soft and accessed flags only, the references stay: the one way to change an
 * entry that maps a foreign frame.
 *
 * L1: all of it under the table's lock bit, as nothing there takes long. L2..L4: typing the new
 * child may take many restarts and is done before the lock; the lock covers the exchange only. So
 * no CPU ever holds two table locks. The old child is dropped after; if that takes too long it
 * becomes the vcpu's unfinished table, and the hypercall does not return before it is done with.
 */
#include "pv/update.h"

#include "pv/pv.h"
#include "pv/validate.h"

#include "machine/frames.h"
#include "mm/map.h"

#define SAME_FRAME_TRIES 2

static inline bool differs_in_flexible_only(pte_t a, pte_t b)
{
	return ((a.raw ^ b.raw) & ~PTE_FLEXIBLE) == 0;
}

static inline pte_t pte_read(const pte_t *slot)
{
	return pte_raw(atomic_read(&slot->raw));
}

static void store_keeping_ad(pte_t *slot, pte_t new)
{
	uint64_t old = atomic_read(&slot->raw);

	while (!atomic_compare_exchange(&slot->raw, &old, new.raw | (old & (PTE_A | PTE_D)))) {
	}
}

static inline bool store(pte_t *slot, pte_t new, struct pv_write *write)
{
	switch (write->mode) {
	case PV_WRITE_STORE:
		atomic_write(&slot->raw, new.raw);
		break;
	case PV_WRITE_KEEP_AD:
		store_keeping_ad(slot, new);
		break;
	case PV_WRITE_COMPARE:
		/* The CPU may set A or D at any moment. */
		write->swapped = atomic_compare_exchange(&slot->raw, &write->expected.raw, new.raw);
		return write->swapped;
	}
	return true;
}

/* The table is locked. *drop: the entry whose references are to be dropped after unlocking. */
static inline int l1_write_locked(const struct pv_mapping *map, pte_t *slot,
				  struct pv_write *write, pte_t *drop)
{
	pte_t old = pte_read(slot);
	pte_t new = write->new;
	int err;

	*drop = PTE_NONE;
	if (write->mode == PV_WRITE_COMPARE && !pte_eq(old, write->expected)) {
		write->expected = old;
		write->swapped = false;
		return 0;
	}
	if (pte_is_present(new)) {
		if (pte_is_present(old) && !write->from_scratch) {
			new = pv_l1_force(new);
			if (differs_in_flexible_only(new, old)) {
				if (new.raw & map->l1_refused) {
					return -XEN_EINVAL;
				}
				(void)store(slot, new, write);
				return 0;
			}
			new = write->new;
		}
		err = pv_l1_get(map, &new);
		if (err) {
			return err;
		}
	}
	*drop = store(slot, new, write) ? old : new;
	return 0;
}

int pv_l1_write(const struct pv_mapping *map, struct frame *table, pte_t *slot,
		struct pv_write *write)
{
	pte_t drop = PTE_NONE;
	int err = -XEN_EINVAL;

	if (!pv_table_lock(table, TYPE_L1)) {
		return err;
	}
	if (table->owner == map->tables->id) {
		err = l1_write_locked(map, slot, write, &drop);
	}
	pv_table_unlock(table);
	if (pte_is_present(drop)) {
		pv_l1_put(map->tables, drop);
	}
	return err;
}

static struct domain *frame_domain(struct vcpu *v, const struct frame *f)
{
	return f->owner == v->domain->id ? v->domain : domain_find(f->owner);
}

int pv_finish_table(struct vcpu *v)
{
	struct frame *f = v->pv->unfinished;
	int err;

	if (!f) {
		return 0;
	}
	err = pv_type_put(frame_domain(v, f), f);
	if (!err) {
		v->pv->unfinished = NULL;
		pv_frame_put(f);
	}
	return err;
}

void pv_table_drop(struct vcpu *v, struct domain *d, struct frame *f)
{
	if (pv_type_put(d, f)) {
		v->pv->unfinished = f;
	} else {
		pv_frame_put(f);
	}
}

/* One try; *raced: the entry changed between the look and the lock, nothing was done. */
static int upper_write_once(struct vcpu *v, struct domain *d, struct frame *table, pte_t *slot,
			    pte_t new, bool keep_ad, bool may_keep, bool *raced)
{
	enum frame_type type = frame_type(table);
	struct pv_write write = {.mode = keep_ad ? PV_WRITE_KEEP_AD : PV_WRITE_STORE};
	pte_t old = pte_read(slot);
	bool present = pte_is_present(new);
	bool keep = false;
	int err;

	*raced = false;
	if (present) {
		pte_t forced = pv_upper_force(new, type);

		keep = may_keep && pte_is_present(old) && differs_in_flexible_only(forced, old);
		if (keep) {
			if (new.raw & PTE_UPPER_REFUSED) {
				return -XEN_EINVAL;
			}
			new = forced;
		} else {
			err = pv_upper_get(d, &new, type);
			if (err) {
				return err;
			}
		}
	}
	err = -XEN_EINVAL;
	if (pv_table_lock(table, type)) {
		old = pte_read(slot);
		*raced = keep && !(pte_is_present(old) && differs_in_flexible_only(new, old));
		if (!*raced) {
			(void)store(slot, new, &write);
			err = 0;
		}
		pv_table_unlock(table);
	}
	if (!keep && err && present) {
		pv_table_drop(v, d, frame_of(pte_mfn(new)));
	} else if (!keep && !err && pte_is_present(old)) {
		pv_table_drop(v, d, frame_of(pte_mfn(old)));
	}
	return err;
}

static int upper_write(struct vcpu *v, const struct pv_mapping *map, struct frame *table,
		       pte_t *slot, unsigned int index, pte_t new, bool keep_ad)
{
	bool raced;
	int err;

	if (map->owner != map->tables) {
		return -XEN_EINVAL;
	}
	if (frame_type(table) == TYPE_L4 && index >= HYPERVISOR_SLOT_FIRST &&
	    index < HYPERVISOR_SLOT_END) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < SAME_FRAME_TRIES; i++) {
		err = upper_write_once(v, map->tables, table, slot, new, keep_ad, i == 0, &raced);
		if (!raced) {
			break;
		}
	}
	return err;
}

/* A frame that is no table: the eight bytes are data. */
static int plain_write(const struct pv_mapping *map, struct frame *f, pte_t *slot, pte_t new)
{
	int err = pv_writable_get(map->tables, f);

	if (err) {
		return -XEN_EINVAL;
	}
	atomic_write(&slot->raw, new.raw);
	pv_writable_put(f);
	return 0;
}

int pv_entry_update(struct vcpu *v, const struct pv_mapping *map, maddr_t at, pte_t new,
		    bool keep_ad, bool *upper)
{
	mfn_t m = maddr_to_mfn(at);
	unsigned int index = page_offset(at.n) / (unsigned int)sizeof(pte_t);
	struct frame *f;
	pte_t *page;
	uint32_t word;
	int err;

	if (!frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	page = frame_map(m);
	word = atomic_read(&f->type);
	if (word >> TYPE_SHIFT == TYPE_L1 && (word & TYPE_VALIDATED)) {
		struct pv_write write = {
			.new = new,
			.mode = keep_ad ? PV_WRITE_KEEP_AD : PV_WRITE_STORE,
		};

		err = pv_l1_write(map, f, &page[index], &write);
	} else if (!pv_frame_get(f, map->tables->id)) {
		err = -XEN_EINVAL;
	} else {
		if (pv_type_is_table(word >> TYPE_SHIFT) && (word & TYPE_VALIDATED)) {
			err = upper_write(v, map, f, &page[index], index, new, keep_ad);
			*upper |= !err;
		} else {
			err = plain_write(map, f, &page[index], new);
		}
		pv_frame_put(f);
	}
	frame_unmap(page);
	return err;
}
