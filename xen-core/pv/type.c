/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The type word of a frame: {type, PINNED, VALIDATED, PARTIAL, LOCKED, count}, changed by single
 * compare-exchanges.
 *
 *     T(0)            label only: binds nothing, may become any type
 *     T(n), VALIDATED in use n times
 *     T(n)            busy: one CPU checks the contents or gives them back; that CPU has one count
 *     T(n), PARTIAL   that work stopped half way; partial_index tells how far
 *
 *     T(0) -> U(1) busy -> U(1) VALIDATED      first get; contents are read after the flush
 *     U(n) -> U(n+1)                           further gets of the same type
 *     U(1) VALIDATED -> U(1) busy -> U(0)      last put of a table: entries are given back
 *     U(1) busy -> U(1) PARTIAL -> U(1) busy   budget spent; resumed by the next get or put
 *
 * Writable and descriptor frames keep VALIDATED at count 0: nothing can have changed what was
 * checked while the label stays. Tables lose it with the last count.
 *
 * Who owns the count of a PARTIAL table: a stopped validation owns it itself (PARTIAL_OWNED, with
 * one general reference); of a stopped put the caller still does. A get may go on with the latter
 * too: it then counts itself beside the putter, so the putter's retry finds a table in use.
 *
 * A label change flushes the CPUs that may hold translations made under the old label. The stamp
 * is taken before a count falls to 0. Nobody waits here for another CPU's validation: same type
 * restarts, another is refused; only short waits (a flush, 512 descriptors) are spun through.
 */
#include "pv/type.h"

#include "pv/validate.h"

#include "domain/domain.h"
#include "lib/check.h"
#include "machine/frames.h"
#include "x86/desc.h"
#include "x86/pte.h"

static void wait_a_little(void)
{
	tlb_poll();
	cpu_pause();
}

static void mark_validated(struct frame *f)
{
	(void)atomic_or(&f->type, TYPE_VALIDATED);
}

/* From busy with the only count to the bare label. */
static void leave_label(struct frame *f, enum frame_type type)
{
	atomic_write(&f->epoch, tlb_epoch());
	atomic_write(&f->type, (uint32_t)type << TYPE_SHIFT);
}

static int check_descriptors(const struct frame *f)
{
	uint64_t *table = frame_map(frame_mfn(f));
	int err = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*table) && !err; i++) {
		uint64_t raw = atomic_read(&table[i]);
		uint64_t fixed = raw;

		if (raw) {
			err = desc_guest_check(raw, &fixed);
		}
		if (!err && fixed != raw) {
			atomic_write(&table[i], fixed);
		}
	}
	frame_unmap(table);
	return err ? -XEN_EINVAL : 0;
}

/* The work stops; owned says whose the count is. */
static int suspend(struct frame *f, uint32_t progress)
{
	f->partial_index = (uint16_t)progress;
	if (progress & PARTIAL_OWNED) {
		(void)atomic_or(&f->type, TYPE_PARTIAL);
	} else {
		/* The getter beside the putter steps back. */
		(void)atomic_add(&f->type, TYPE_PARTIAL - 1);
	}
	return -XEN_ERESTART;
}

/* Goes on with an L2..L4 table that is busy by us, from progress on. */
static int build(struct domain *d, struct frame *f, enum frame_type type, uint32_t progress)
{
	int err;

	if (!(progress & PARTIAL_FAILED)) {
		err = pv_table_validate(d, f, type, &progress);
		if (!err) {
			f->partial_index = 0;
			mark_validated(f);
			if (progress & PARTIAL_OWNED) {
				pv_frame_put(f);
			}
			return 0;
		}
		if (err == -XEN_ERESTART) {
			return suspend(f, progress);
		}
		progress |= PARTIAL_FAILED;
	}
	err = pv_table_release(d, f, type, &progress);
	if (err) {
		return suspend(f, progress);
	}
	f->partial_index = 0;
	if (progress & PARTIAL_OWNED) {
		leave_label(f, type);
		pv_frame_put(f);
	} else {
		(void)atomic_add(&f->type, TYPE_PARTIAL - 1);
	}
	return -XEN_EINVAL;
}

/* The first count: this CPU alone decides whether the frame becomes one of that type. */
static int begin(struct domain *d, struct frame *f, enum frame_type type, enum frame_type old)
{
	int err = 0;

	if (old != type && old != TYPE_NONE) {
		tlb_flush_stale(&d->dirty_cpus, atomic_read(&f->epoch));
	}
	if (type > TYPE_L1 && type <= TYPE_L4) {
		if (!frame_get_again(f)) {
			leave_label(f, type);
			return -XEN_EINVAL;
		}
		return build(d, f, type, PARTIAL_OWNED);
	}
	if (type == TYPE_L1) {
		err = pv_l1_validate(d, f);
	} else if (type == TYPE_SEGDESC) {
		err = check_descriptors(f);
	}
	if (err) {
		leave_label(f, type);
		return -XEN_EINVAL;
	}
	mark_validated(f);
	return 0;
}

/* Made busy by us. Whose the count is can be told only now, when nobody else moves it. */
static int resume(struct domain *d, struct frame *f, enum frame_type type)
{
	if (!(f->partial_index & PARTIAL_OWNED)) {
		(void)atomic_add(&f->type, 1);
	}
	return build(d, f, type, f->partial_index);
}

int pv_type_get(struct domain *d, struct frame *f, enum frame_type type)
{
	uint32_t word = atomic_read(&f->type);

	for (;;) {
		uint32_t count = word & TYPE_COUNT_MASK;
		enum frame_type old = (enum frame_type)(word >> TYPE_SHIFT);

		if (count == 0 && !(old == type && (word & TYPE_VALIDATED))) {
			if (atomic_compare_exchange(&f->type, &word,
						    ((uint32_t)type << TYPE_SHIFT) | 1)) {
				return begin(d, f, type, old);
			}
		} else if (old != type || count == TYPE_COUNT_MASK) {
			return -XEN_EINVAL;
		} else if (word & TYPE_VALIDATED) {
			if (atomic_compare_exchange(&f->type, &word, word + 1)) {
				return 0;
			}
		} else if (word & TYPE_PARTIAL) {
			if (atomic_compare_exchange(&f->type, &word, word & ~TYPE_PARTIAL)) {
				return resume(d, f, type);
			}
		} else if (pv_type_is_table(type)) {
			return -XEN_ERESTART;
		} else {
			wait_a_little();
			word = atomic_read(&f->type);
		}
	}
}

/* The last count of a table, busy by us (word: before that): gives the entries back, then the
 * count. */
static int demote(struct domain *d, struct frame *f, uint32_t word, uint32_t drop)
{
	enum frame_type type = (enum frame_type)(word >> TYPE_SHIFT);
	uint32_t progress = PT_ENTRIES;
	int err = 0;

	if (word & TYPE_PARTIAL) {
		progress = f->partial_index & (PARTIAL_INDEX_MASK | PARTIAL_HALF);
	}

	if (type == TYPE_L1) {
		pv_l1_release(d, f);
	} else {
		err = pv_table_release(d, f, type, &progress);
	}
	if (err) {
		f->partial_index = (uint16_t)progress;
		(void)atomic_or(&f->type, TYPE_PARTIAL);
		return err;
	}
	f->partial_index = 0;
	atomic_write(&f->epoch, tlb_epoch());
	(void)atomic_sub(&f->type, drop);
	return 0;
}

/* drop: 1, or 1 | TYPE_PINNED, which leaves the word with the count. */
static int put(struct domain *d, struct frame *f, uint32_t drop)
{
	uint32_t word = atomic_read(&f->type);

	for (;;) {
		uint32_t count = word & TYPE_COUNT_MASK;
		enum frame_type type = (enum frame_type)(word >> TYPE_SHIFT);

		if ((drop & TYPE_PINNED) && !(word & TYPE_PINNED)) {
			return -XEN_EINVAL;
		}
		assert(count != 0);
		if (pv_type_is_table(type) && !(word & (TYPE_VALIDATED | TYPE_PARTIAL))) {
			return -XEN_ERESTART;
		}
		if (count > 1 || !pv_type_is_table(type)) {
			if (count == 1) {
				atomic_write(&f->epoch, tlb_epoch());
			}
			if (atomic_compare_exchange(&f->type, &word, word - drop)) {
				return 0;
			}
		} else if (word & TYPE_LOCKED) {
			wait_a_little();
			word = atomic_read(&f->type);
		} else {
			if (atomic_compare_exchange(&f->type, &word,
						    word & ~(TYPE_VALIDATED | TYPE_PARTIAL))) {
				return demote(d, f, word, drop);
			}
		}
	}
}

int pv_type_put(struct domain *d, struct frame *f)
{
	return put(d, f, 1);
}

bool pv_type_pin(struct frame *f)
{
	return !(atomic_or(&f->type, TYPE_PINNED) & TYPE_PINNED);
}

int pv_type_unpin(struct domain *d, struct frame *f)
{
	int err = put(d, f, 1 | TYPE_PINNED);

	if (!err) {
		pv_frame_put(f);
	}
	return err;
}

int pv_type_abandon(struct domain *d, struct frame *f)
{
	uint32_t word = atomic_read(&f->type);
	int err;

	if (!(word & TYPE_PARTIAL) || !(f->partial_index & PARTIAL_OWNED)) {
		return 0;
	}
	if (!atomic_compare_exchange(&f->type, &word, word & ~TYPE_PARTIAL)) {
		return -XEN_ERESTART;
	}
	if (!(f->partial_index & PARTIAL_OWNED)) {
		(void)atomic_or(&f->type, TYPE_PARTIAL);
		return -XEN_ERESTART;
	}
	err = build(d, f, (enum frame_type)(word >> TYPE_SHIFT),
		    f->partial_index | PARTIAL_FAILED);
	return err == -XEN_ERESTART ? err : 0;
}

int pv_get_writable(struct domain *d, struct frame *f)
{
	return pv_writable_get(d, f);
}

void pv_put_writable(struct domain *d unused_arg, struct frame *f)
{
	pv_writable_put(f);
}
