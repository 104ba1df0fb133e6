/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames exist, references and their ends, lists, the M2P. */
#include "machine/sim.h"
#include "mm/frame.h"
#include "unit/unit.h"

#include <xen/base.h>

static unsigned int released;

static void count_release(struct frame *f)
{
	f->refs = 0;
	released++;
}

static void setup(void)
{
	sim_reset_bare(600);
	frame_set_release_hook(count_release);
	released = 0;
}

static struct frame *allocated(uint64_t n, uint16_t owner)
{
	struct frame *f = frame_of(mfn(n));

	f->owner = owner;
	f->refs = FRAME_ALLOCATED | 1;
	return f;
}

static void frames_that_are_not_ram_are_invalid(void)
{
	CU_ASSERT_FALSE(frame_is_valid(MFN_NONE));
	CU_ASSERT_FALSE(frame_is_valid(mfn(0)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(255)));
	CU_ASSERT_TRUE(frame_is_valid(mfn(256)));
	CU_ASSERT_TRUE(frame_is_valid(mfn(855)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(856)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(1024)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(FRAME_END_MAX - 1)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(FRAME_END_MAX)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(1UL << 52)));
}

static void a_second_range_in_a_granule_keeps_the_first(void)
{
	allocated(855, 3);
	sim_add_ram(mfn(900), 10);
	CU_ASSERT_TRUE(frame_is_valid(mfn(855)));
	CU_ASSERT_EQUAL(frame_of(mfn(855))->owner, 3);
	CU_ASSERT_FALSE(frame_is_valid(mfn(899)));
	CU_ASSERT_TRUE(frame_is_valid(mfn(909)));
	CU_ASSERT_FALSE(frame_is_valid(mfn(910)));
	CU_ASSERT_EQUAL(frame_end, 910);
}

static void a_free_frame_gives_no_reference(void)
{
	CU_ASSERT_FALSE(frame_get(frame_of(mfn(300)), DOMID_XEN));
	CU_ASSERT_EQUAL(frame_of(mfn(300))->refs, 0);
}

static void a_stranger_gets_no_reference(void)
{
	struct frame *f = allocated(300, 1);

	CU_ASSERT_FALSE(frame_get(f, 2));
	CU_ASSERT_EQUAL(f->refs, FRAME_ALLOCATED | 1);
	CU_ASSERT_EQUAL(released, 0);
}

static void a_full_count_gives_no_reference(void)
{
	struct frame *f = allocated(300, 1);

	f->refs = FRAME_ALLOCATED | FRAME_REF_MASK;
	CU_ASSERT_FALSE(frame_get(f, 1));
	CU_ASSERT_FALSE(frame_get_again(f));
	CU_ASSERT_EQUAL(f->refs, FRAME_ALLOCATED | FRAME_REF_MASK);
}

static void the_allocation_is_given_up_once(void)
{
	struct frame *f = allocated(300, 1);

	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_TRUE(frame_clear_allocated(f));
	CU_ASSERT_FALSE(frame_clear_allocated(f));
	CU_ASSERT_FALSE(frame_get(f, 1));
	CU_ASSERT_TRUE(frame_get_again(f));
	frame_put(f);
	frame_put(f);
	CU_ASSERT_EQUAL(released, 0);
	frame_put(f);
	CU_ASSERT_EQUAL(released, 1);
}

static void flags_do_not_keep_a_frame(void)
{
	struct frame *f = allocated(300, 1);

	f->refs |= FRAME_HEAP | FRAME_RELINQUISHED;
	CU_ASSERT_TRUE(frame_clear_allocated(f));
	frame_put(f);
	CU_ASSERT_EQUAL(released, 1);
}

static void lists_keep_order_through_removal(void)
{
	struct frame_list list;
	struct frame *f;

	frame_list_init(&list);
	CU_ASSERT_PTR_NULL(frame_list_first(&list));
	for (uint64_t n = 300; n < 304; n++) {
		frame_list_add(&list, frame_of(mfn(n)));
	}
	frame_list_remove(&list, frame_of(mfn(301)));
	frame_list_remove(&list, frame_of(mfn(303)));
	f = frame_list_first(&list);
	CU_ASSERT_EQUAL(frame_mfn(f).n, 300);
	f = frame_list_next(f);
	CU_ASSERT_EQUAL(frame_mfn(f).n, 302);
	CU_ASSERT_PTR_NULL(frame_list_next(f));
	frame_list_remove(&list, frame_of(mfn(300)));
	frame_list_remove(&list, frame_of(mfn(302)));
	CU_ASSERT(list.count == 0 && frame_list_first(&list) == NULL);
	frame_list_add(&list, frame_of(mfn(301)));
	CU_ASSERT_EQUAL(list.last, 301);
}

static void the_m2p_answers_for_ram_only(void)
{
	m2p_set(mfn(300), 12345);
	CU_ASSERT_EQUAL(m2p_get(mfn(300)), 12345);
	CU_ASSERT_EQUAL(m2p_get(mfn(100)), M2P_INVALID);
	CU_ASSERT_EQUAL(m2p_get(mfn(1UL << 40)), M2P_INVALID);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(frames_that_are_not_ram_are_invalid),
		UNIT(a_second_range_in_a_granule_keeps_the_first),
		UNIT(a_free_frame_gives_no_reference),
		UNIT(a_stranger_gets_no_reference),
		UNIT(a_full_count_gives_no_reference),
		UNIT(the_allocation_is_given_up_once),
		UNIT(flags_do_not_keep_a_frame),
		UNIT(lists_keep_order_through_removal),
		UNIT(the_m2p_answers_for_ram_only),
	};

	return unit_main("mm_frame", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
