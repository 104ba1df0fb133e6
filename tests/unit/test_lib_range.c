/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Range sets: refusals change nothing, and random operations agree with a plain array of bools. */
#include "lib/range.h"

#include "unit/unit.h"

#include <stdlib.h>

#include <xen/errno.h>

static struct range storage[64];
static struct range_set set;

static void setup(void)
{
	range_set_init(&set, storage, 3);
}

static void a_backward_range_is_refused(void)
{
	CU_ASSERT_EQUAL(range_add(&set, 2, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(range_remove(&set, 2, 1), -XEN_EINVAL);
	CU_ASSERT_FALSE(range_contains(&set, 2, 1));
	CU_ASSERT(range_is_empty(&set));
}

static void a_full_set_refuses_and_stays_as_it_was(void)
{
	CU_ASSERT_EQUAL(range_add(&set, 0, 9), 0);
	CU_ASSERT_EQUAL(range_add(&set, 20, 29), 0);
	CU_ASSERT_EQUAL(range_add(&set, 40, 49), 0);
	CU_ASSERT_EQUAL(range_add(&set, 60, 69), -XEN_ENOSPC);
	CU_ASSERT_EQUAL(range_remove(&set, 44, 45), -XEN_ENOSPC);
	CU_ASSERT(range_contains(&set, 40, 49));
	CU_ASSERT_EQUAL(range_add(&set, 10, 19), 0);
	CU_ASSERT_EQUAL(set.count, 2);
	CU_ASSERT(range_contains(&set, 0, 29));
}

static void the_ends_of_the_number_space_do_not_wrap(void)
{
	CU_ASSERT_EQUAL(range_add(&set, UINT64_MAX, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(range_add(&set, 0, 0), 0);
	CU_ASSERT_EQUAL(set.count, 2);
	CU_ASSERT_EQUAL(range_add(&set, 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(set.count, 1);
	CU_ASSERT_EQUAL(range_remove(&set, 0, UINT64_MAX), 0);
	CU_ASSERT(range_is_empty(&set));
}

static void random_operations_agree_with_a_naive_set(void)
{
	bool naive[128] = {false};

	srand(3);
	range_set_init(&set, storage, array_size(storage));
	for (int round = 0; round < 5000; round++) {
		unsigned int first = (unsigned int)rand() % 128;
		unsigned int last = first + (unsigned int)rand() % 9;
		bool add = rand() % 2;
		bool all = true, any = false;

		last = last < 128 ? last : 127;
		for (unsigned int i = first; i <= last; i++) {
			all = all && naive[i];
			any = any || naive[i];
		}
		CU_ASSERT_EQUAL(range_contains(&set, first, last), all);
		CU_ASSERT_EQUAL(range_overlaps(&set, first, last), any);
		CU_ASSERT_EQUAL(
			add ? range_add(&set, first, last) : range_remove(&set, first, last), 0);
		for (unsigned int i = first; i <= last; i++) {
			naive[i] = add;
		}
		for (size_t i = 1; i < set.count; i++) {
			CU_ASSERT(storage[i].first > storage[i - 1].last + 1);
		}
	}
}

static const struct unit_test tests[] = {
	UNIT(a_backward_range_is_refused),
	UNIT(a_full_set_refuses_and_stays_as_it_was),
	UNIT(the_ends_of_the_number_space_do_not_wrap),
	UNIT(random_operations_agree_with_a_naive_set),
};

int main(void)
{
	return unit_main("lib/range", tests, array_size(tests), setup);
}
