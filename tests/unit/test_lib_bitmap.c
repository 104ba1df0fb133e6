/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bitmaps, CPU sets and lists: the ends, the bits beyond the end, removal while walking. */
#include "lib/bitmap.h"
#include "lib/cpu_set.h"
#include "lib/list.h"

#include "unit/unit.h"

struct item {
	int number;
	struct list link;
};

static void bits_beyond_the_end_do_not_count(void)
{
	uint64_t words[2] = {0, ~UINT64_C(0) << 6};

	CU_ASSERT_EQUAL(bitmap_first_set(words, 70), 70);
	CU_ASSERT_EQUAL(bitmap_weight(words, 70), 0);
	bitmap_fill(words, 70);
	CU_ASSERT_EQUAL(words[1], 0x3f);
	CU_ASSERT_EQUAL(bitmap_weight(words, 70), 70);
	CU_ASSERT_EQUAL(bitmap_first_set(words, 0), 0);
}

static void searches_start_at_their_bit(void)
{
	uint64_t words[3] = {0};

	bitmap_set(words, 3);
	bitmap_set(words, 64);
	bitmap_set(words, 191);
	CU_ASSERT_EQUAL(bitmap_next_set(words, 192, 3), 3);
	CU_ASSERT_EQUAL(bitmap_next_set(words, 192, 4), 64);
	CU_ASSERT_EQUAL(bitmap_next_set(words, 192, 65), 191);
	CU_ASSERT_EQUAL(bitmap_next_set(words, 191, 65), 191);
	CU_ASSERT_EQUAL(bitmap_next_set(words, 192, 192), 192);
	bitmap_clear(words, 64);
	CU_ASSERT_FALSE(bitmap_test(words, 64));
}

static void a_cpu_set_ends_at_its_last_cpu(void)
{
	struct cpu_set set, other = cpu_set_of(255);
	unsigned int cpu, count = 0;

	cpu_set_fill(&set, 5);
	CU_ASSERT_FALSE(cpu_set_has(&set, 5));
	CU_ASSERT_FALSE(cpu_set_has(&other, 256));
	CU_ASSERT_FALSE(cpu_set_intersects(&set, &other));
	cpu_set_add(&set, 255);
	CU_ASSERT_EQUAL(cpu_set_next(&set, 4), 255);
	CU_ASSERT_EQUAL(cpu_set_next(&set, 255), CPUS_MAX);
	cpu_set_for_each(cpu, &set) {
		count++;
	}
	CU_ASSERT_EQUAL(count, 6);
	CU_ASSERT_EQUAL(cpu_set_weight(&set), 6);
	cpu_set_and(&set, &set, &other);
	CU_ASSERT(cpu_set_eq(&set, &other));
	cpu_set_remove(&set, 255);
	CU_ASSERT(cpu_set_is_empty(&set));
	cpu_set_fill(&set, CPUS_MAX);
	CU_ASSERT_EQUAL(cpu_set_weight(&set), CPUS_MAX);
}

static void members_may_be_removed_while_walking(void)
{
	struct item items[4];
	struct item *item, *following;
	struct list head = LIST_INIT(head);
	int expected = 0;

	for (int i = 0; i < 4; i++) {
		items[i].number = i;
		list_add_tail(&head, &items[i].link);
	}
	list_for_each_entry_safe(item, following, &head, struct item, link) {
		CU_ASSERT_EQUAL(item->number, expected++);
		list_remove(&item->link);
		list_remove(&item->link);
	}
	CU_ASSERT(list_is_empty(&head));
	list_add_tail(&head, &items[1].link);
	list_add_tail(&head, &items[0].link);
	CU_ASSERT_PTR_EQUAL(list_first_entry(&head, struct item, link), &items[1]);
}

static const struct unit_test tests[] = {
	UNIT(bits_beyond_the_end_do_not_count),
	UNIT(searches_start_at_their_bit),
	UNIT(a_cpu_set_ends_at_its_last_cpu),
	UNIT(members_may_be_removed_while_walking),
};

int main(void)
{
	return unit_main("lib/bitmap", tests, array_size(tests), NULL);
}
