/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks cleared over several stays: how long that takes, what comes of those nobody comes back
 * for. Every test ends with all frames accounted for.
 */
#include "domain/clearing.h"
#include "machine/sim.h"
#include "unit/unit.h"

#include "domain/restart.h"
#include "machine/frames.h"
#include "mm/buddy.h"

#include <string.h>
#include <xen/errno.h>

#define RAM 2048UL
#define ORDER 9U

static struct domain d;

struct domain *domain_find(uint16_t id)
{
	return id == d.id ? &d : NULL;
}

bool domain_get(struct domain *domain)
{
	domain->refs++;
	return true;
}

void domain_put(struct domain *domain)
{
	domain->refs--;
}

static void setup(void)
{
	sim_reset(RAM);
	memset(&d, 0, sizeof(d));
	d.id = 1;
	d.life = DOMAIN_ALIVE;
	d.refs = 1;
	d.frame_max = 1000;
	spin_init(&d.memory_lock, memory);
	frame_list_init(&d.frames);
	restart_reset();
}

static void nothing_is_lost(void)
{
	CU_ASSERT_EQUAL(clearing_teardown(&d), 0);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
	CU_ASSERT_EQUAL(buddy_claimed_count(), d.claimed);
	CU_ASSERT(lock_none_held());
}

static unsigned int stays;

/* As a hypercall that restarts: each try is a stay of its own. */
static int alloc(unsigned int order, unsigned int bits, unsigned int flags, mfn_t *m)
{
	int err;

	stays = 0;
	do {
		restart_reset();
		stays++;
		err = clearing_alloc(&d, order, bits, flags, m);
	} while (err == -XEN_ERESTART);
	return err;
}

static void without_room_nothing_is_begun(void)
{
	mfn_t m;

	d.frame_max = (1UL << ORDER) - 1;
	CU_ASSERT_EQUAL(alloc(ORDER, 0, CLEARING_COUNTED, &m), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(alloc(12, 0, 0, &m), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(alloc(64, 0, 0, &m), -XEN_ENOMEM);
	d.life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(alloc(ORDER, 0, 0, &m), -XEN_EINVAL);
	CU_ASSERT_FALSE(d.clearing.is_busy);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
	nothing_is_lost();
}

static void a_block_is_cleared_over_several_stays(void)
{
	mfn_t m = MFN_NONE;

	CU_ASSERT_EQUAL(alloc(ORDER, 0, CLEARING_COUNTED, &m), 0);
	CU_ASSERT(stays > 3);
	for (uint64_t i = 0; i < 1UL << ORDER; i++) {
		static const uint8_t zero[PAGE_SIZE];
		void *page = frame_map(mfn_add(m, i));

		CU_ASSERT_EQUAL(memcmp(page, zero, PAGE_SIZE), 0);
		frame_unmap(page);
	}
	buddy_free(m, ORDER);
	nothing_is_lost();
}

static void the_stay_that_hands_out_has_cleared_nothing(void)
{
	mfn_t m;

	CU_ASSERT_EQUAL(clearing_alloc(&d, 1, 0, 0, &m), -XEN_ERESTART);
	restart_reset();
	CU_ASSERT_EQUAL(clearing_alloc(&d, 1, 0, 0, &m), 0);
	CU_ASSERT_EQUAL(cpu_local()->units_spent, 0);
	buddy_free(m, 1);
	nothing_is_lost();
}

static void another_size_replaces_what_was_begun(void)
{
	mfn_t m;

	CU_ASSERT_EQUAL(clearing_alloc(&d, ORDER, 0, 0, &m), -XEN_ERESTART);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - (1UL << ORDER));
	CU_ASSERT_EQUAL(alloc(5, 0, 0, &m), 0);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - 32);
	buddy_free(m, 5);
	nothing_is_lost();
}

static void one_that_another_cpu_clears_is_waited_for(void)
{
	mfn_t m;

	CU_ASSERT_EQUAL(clearing_alloc(&d, ORDER, 0, 0, &m), -XEN_ERESTART);
	d.clearing.is_busy = true;
	restart_reset();
	CU_ASSERT_EQUAL(clearing_alloc(&d, ORDER, 0, 0, &m), -XEN_ERESTART);
	CU_ASSERT_EQUAL(clearing_teardown(&d), 0);
	CU_ASSERT(d.clearing.exists);
	d.clearing.is_busy = false;
	nothing_is_lost();
}

static void a_domain_that_died_keeps_none(void)
{
	mfn_t m;

	CU_ASSERT_EQUAL(clearing_alloc(&d, ORDER, 0, 0, &m), -XEN_ERESTART);
	d.life = DOMAIN_DYING;
	restart_reset();
	CU_ASSERT_EQUAL(clearing_alloc(&d, ORDER, 0, 0, &m), -XEN_ERESTART);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
	nothing_is_lost();
}

static void a_claim_covers_the_block(void)
{
	mfn_t m;

	CU_ASSERT(buddy_claim(600));
	d.claimed = 600;
	CU_ASSERT_EQUAL(alloc(ORDER, 0, CLEARING_COUNTED, &m), 0);
	CU_ASSERT_EQUAL(d.claimed, 600 - 512);
	buddy_free(m, ORDER);
	CU_ASSERT_EQUAL(alloc(ORDER, 0, CLEARING_COUNTED, &m), 0);
	CU_ASSERT_EQUAL(d.claimed, 0);
	buddy_free(m, ORDER);
	CU_ASSERT(buddy_claim(600));
	d.claimed = 600;
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(alloc(ORDER, 0, CLEARING_COUNTED, &m), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(d.claimed, 600);
	nothing_is_lost();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(without_room_nothing_is_begun),
		UNIT(a_block_is_cleared_over_several_stays),
		UNIT(the_stay_that_hands_out_has_cleared_nothing),
		UNIT(another_size_replaces_what_was_begun),
		UNIT(one_that_another_cpu_clears_is_waited_for),
		UNIT(a_domain_that_died_keeps_none),
		UNIT(a_claim_covers_the_block),
	};

	return unit_main("domain_clearing", tests, array_size(tests), setup);
}
