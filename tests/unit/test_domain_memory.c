/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's frames with a fake domain table of two. Every test ends with audit(): lists, counts,
 * claims and the domain's reference agree, no lock is held.
 */
#include "domain/memory.h"
#include "machine/sim.h"
#include "unit/unit.h"

#include "domain/restart.h"
#include "machine/frames.h"
#include "mm/buddy.h"

#include <string.h>
#include <xen/errno.h>

#define RAM 2048UL

static struct domain one, two;

struct domain *domain_find(uint16_t id)
{
	return id == one.id ? &one : id == two.id ? &two : NULL;
}

bool domain_get(struct domain *d)
{
	d->refs++;
	return true;
}

void domain_put(struct domain *d)
{
	d->refs--;
}

static void init_domain(struct domain *d, uint16_t id)
{
	memset(d, 0, sizeof(*d));
	d->id = id;
	d->life = DOMAIN_ALIVE;
	d->refs = 1;
	d->frame_max = 1000;
	spin_init(&d->memory_lock, memory);
	frame_list_init(&d->frames);
	frame_list_init(&d->heap_frames);
}

static void setup(void)
{
	sim_reset(RAM);
	init_domain(&one, 1);
	init_domain(&two, 2);
	memory_init();
	restart_reset();
}

static void audit_domain(struct domain *d)
{
	uint64_t listed = 0;

	for (struct frame *f = frame_list_first(&d->frames); f; f = frame_list_next(f)) {
		CU_ASSERT(f->owner == d->id && (f->refs & FRAME_REF_MASK) != 0);
		listed++;
	}
	CU_ASSERT_EQUAL(listed, d->frames.count);
	CU_ASSERT_EQUAL(listed, d->frame_count);
	CU_ASSERT_EQUAL(d->refs, listed ? 2U : 1U);
}

static void audit(void)
{
	audit_domain(&one);
	audit_domain(&two);
	CU_ASSERT_EQUAL(one.claimed + two.claimed, buddy_claimed_count());
	CU_ASSERT_EQUAL(buddy_free_count() + one.frame_count + two.frame_count +
				one.heap_frames.count + two.heap_frames.count,
			RAM);
	CU_ASSERT(lock_none_held());
}

static mfn_t give(struct domain *d, unsigned int order)
{
	mfn_t m = MFN_NONE;

	CU_ASSERT_EQUAL(memory_allocate(d, order, 0, 0, &m), 0);
	return m;
}

static void a_dying_domain_gets_nothing(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);

	one.life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(memory_assign(&one, m, 0), -XEN_EINVAL);
	buddy_free(m, 0);
	CU_ASSERT_EQUAL(memory_allocate(&one, 0, 0, 0, &m), -XEN_EINVAL);
	CU_ASSERT_EQUAL(memory_claim(&one, 5), -XEN_EINVAL);
	audit();
}

static void the_maximum_is_kept(void)
{
	mfn_t m;

	one.frame_max = 4;
	give(&one, 1);
	CU_ASSERT_EQUAL(memory_allocate(&one, 2, 0, 0, &m), -XEN_ENOMEM);
	give(&one, 1);
	CU_ASSERT_EQUAL(memory_allocate(&one, 0, 0, 0, &m), -XEN_ENOMEM);
	one.frame_max = 2;
	CU_ASSERT_EQUAL(memory_allocate(&one, 0, 0, 0, &m), -XEN_ENOMEM);
	audit();
}

static void failed_allocations_leave_nothing_behind(void)
{
	mfn_t m;

	CU_ASSERT_EQUAL(memory_claim(&one, 10), 0);
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(memory_allocate(&one, 0, 0, 0, &m), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(memory_allocate(&one, 4, 0, 0, &m), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(memory_allocate(&one, 64, 0, 0, &m), -XEN_ENOMEM);
	CU_ASSERT_PTR_NULL(memory_allocate_heap(&one));
	audit();
}

static void frames_come_zeroed_owned_and_counted(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);
	const uint8_t *page;

	memset(frame_map(m), 0xaa, PAGE_SIZE);
	buddy_free(m, 0);
	CU_ASSERT(mfn_eq(give(&one, 0), m));
	page = frame_map(m);
	CU_ASSERT(page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0);
	CU_ASSERT_EQUAL(frame_of(m)->refs, FRAME_ALLOCATED | 1);
	CU_ASSERT_EQUAL(frame_of(m)->owner, 1);
	CU_ASSERT_EQUAL(one.frame_count, 1);
	audit();
}

static void the_last_reference_returns_the_frame(void)
{
	mfn_t m = give(&one, 0);
	struct frame *f = frame_of(m);

	m2p_set(m, 77);
	CU_ASSERT_FALSE(frame_get(f, 2));
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_TRUE(frame_clear_allocated(f));
	CU_ASSERT_FALSE(frame_clear_allocated(f));
	frame_put(f);
	CU_ASSERT_EQUAL(one.frame_count, 1);
	CU_ASSERT_FALSE(frame_get(f, 1));
	audit();
	frame_put(f);
	CU_ASSERT_EQUAL(one.frame_count, 0);
	CU_ASSERT_EQUAL(m2p_get(m), M2P_INVALID);
	CU_ASSERT(sim_is_poisoned(m));
	audit();
}

static void a_frame_in_use_cannot_be_stolen(void)
{
	mfn_t m = give(&one, 0);
	struct frame *f = frame_of(m);

	CU_ASSERT_EQUAL(memory_steal(&two, f), -XEN_EINVAL);
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_EQUAL(memory_steal(&one, f), -XEN_EINVAL);
	frame_put(f);
	f->type = (uint32_t)TYPE_WRITABLE << TYPE_SHIFT | TYPE_VALIDATED | 1;
	CU_ASSERT_EQUAL(memory_steal(&one, f), -XEN_EINVAL);
	f->type = 0;
	CU_ASSERT_EQUAL(memory_steal(&one, f), 0);
	CU_ASSERT(f->refs == 0 && f->owner == DOMID_XEN);
	CU_ASSERT_EQUAL(memory_assign(&two, m, 0), 0);
	CU_ASSERT_EQUAL(two.frame_count, 1);
	audit();
}

static void a_heap_frame_cannot_be_stolen_and_outlives_its_domain(void)
{
	void *page = memory_allocate_heap(&one);
	struct frame *f = frame_of(pointer_to_mfn(page));

	CU_ASSERT_EQUAL(memory_steal(&one, f), -XEN_EINVAL);
	CU_ASSERT_EQUAL(frame_type(f), TYPE_WRITABLE);
	CU_ASSERT_TRUE(frame_get(f, 1));
	audit();
	memory_free_heap(&one, page);
	memory_free_heap(&one, NULL);
	one.id = 99; /* the domain is gone */
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - 1);
	CU_ASSERT_FALSE(frame_get(f, 1));
	frame_put(f);
	audit();
}

static void relinquishing_restarts_and_ends(void)
{
	unsigned int calls = 1;
	struct frame *kept;

	one.frame_max = 2000;
	for (unsigned int i = 0; i < 1000; i++) {
		give(&one, 0);
	}
	kept = frame_list_first(&one.frames);
	CU_ASSERT_TRUE(frame_get(kept, 1));
	CU_ASSERT_EQUAL(memory_claim(&one, 1010), 0);
	one.life = DOMAIN_DYING;
	while (memory_relinquish(&one) == -XEN_ERESTART) {
		restart_reset();
		CU_ASSERT_FATAL(calls++ < 100);
	}
	CU_ASSERT(calls > 1);
	CU_ASSERT_EQUAL(one.frame_count, 1);
	CU_ASSERT_EQUAL(one.claimed, 0);
	audit();
	CU_ASSERT_EQUAL(memory_relinquish(&one), 0);
	frame_put(kept);
	CU_ASSERT_EQUAL(one.frame_count, 0);
	audit();
}

static void relinquishing_passes_frames_already_given_up(void)
{
	struct frame *f = frame_of(give(&one, 0));

	give(&one, 3);
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_TRUE(frame_clear_allocated(f));
	frame_put(f);
	CU_ASSERT_EQUAL(memory_relinquish(&one), 0);
	CU_ASSERT_EQUAL(one.frame_count, 1);
	frame_put(f);
	audit();
}

static void a_claim_is_used_up_and_dropped(void)
{
	CU_ASSERT_EQUAL(memory_claim(&one, 1001), -XEN_EINVAL);
	CU_ASSERT_EQUAL(memory_claim(&one, 100), 0);
	CU_ASSERT_EQUAL(memory_claim(&one, 100), -XEN_EINVAL);
	give(&one, 3);
	CU_ASSERT_EQUAL(one.claimed, 92);
	audit();
	give(&one, 7); /* more than is left of the claim */
	CU_ASSERT_EQUAL(one.claimed, 0);
	CU_ASSERT_EQUAL(memory_claim(&one, 136), -XEN_EINVAL);
	CU_ASSERT_EQUAL(memory_claim(&one, 137), 0);
	CU_ASSERT_EQUAL(memory_claim(&one, 0), 0);
	two.frame_max = 1UL << 40;
	CU_ASSERT_EQUAL(memory_claim(&two, RAM), -XEN_ENOMEM);
	audit();
}

static void claimed_frames_are_not_given_to_others(void)
{
	mfn_t m;

	one.frame_max = RAM;
	CU_ASSERT_EQUAL(memory_claim(&one, RAM - 1), 0);
	give(&two, 0);
	CU_ASSERT_EQUAL(memory_allocate(&two, 0, 0, 0, &m), -XEN_ENOMEM);
	give(&one, 0);
	audit();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_dying_domain_gets_nothing),
		UNIT(the_maximum_is_kept),
		UNIT(failed_allocations_leave_nothing_behind),
		UNIT(frames_come_zeroed_owned_and_counted),
		UNIT(the_last_reference_returns_the_frame),
		UNIT(a_frame_in_use_cannot_be_stolen),
		UNIT(a_heap_frame_cannot_be_stolen_and_outlives_its_domain),
		UNIT(relinquishing_restarts_and_ends),
		UNIT(relinquishing_passes_frames_already_given_up),
		UNIT(a_claim_is_used_up_and_dropped),
		UNIT(claimed_frames_are_not_given_to_others),
	};

	return unit_main("domain_memory", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
