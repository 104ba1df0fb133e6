/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt routing on a chip that only remembers what it was told.
 */
#include "plat/irq_table.h"
#include "unit/unit.h"

#include <string.h>
#include <xen/errno.h>

#define GSIS 24U

static struct irq_table table;
static bool masked[PIRQ_MAX];
static unsigned int target[PIRQ_MAX];
static unsigned int programs, releases;

static void chip_program(const struct irq_line *line)
{
	masked[line->pirq] = true;
	target[line->pirq] = line->cpu;
	programs++;
}

static void chip_set_mask(const struct irq_line *line, bool mask)
{
	masked[line->pirq] = mask;
}

static void chip_retarget(const struct irq_line *line)
{
	target[line->pirq] = line->cpu;
}

static void chip_release(const struct irq_line *line)
{
	masked[line->pirq] = true;
	releases++;
}

static const struct irq_chip chip = {chip_program, chip_set_mask, chip_retarget, chip_release};

static void handler(void *data unused_arg)
{
}

static void setup(void)
{
	irq_table_init(&table, &chip, GSIS);
	for (unsigned int gsi = 0; gsi < GSIS; gsi++) {
		if (gsi != 20) { /* a hole */
			irq_table_add_gsi(&table, gsi, gsi >= 16, gsi >= 16);
		}
		masked[gsi] = true;
	}
	programs = 0;
	releases = 0;
}

static struct irq_action interrupt(uint8_t vector, uint64_t now)
{
	struct irq_action action;

	irq_table_interrupt(&table, vector, now, &action);
	return action;
}

static uint8_t vector_of(uint32_t pirq)
{
	return table.line[pirq].vector;
}

static void bind_line(uint32_t gsi)
{
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, gsi), 0);
	CU_ASSERT_EQUAL(irq_table_bind(&table, gsi, 1), 0);
}

static void lines_that_do_not_exist_cannot_be_used(void)
{
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, GSIS), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, ~0U), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, 20), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_setup_gsi(&table, 20, true, true), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 5, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_bind(&table, PIRQ_MAX, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_unmap(&table, PIRQ_MAX), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_unmap(&table, 5), -XEN_EINVAL);
	irq_table_eoi(&table, ~0U);
	irq_table_retarget(&table, ~0U, 1);
	irq_table_unbind(&table, ~0U);
	CU_ASSERT_FALSE(irq_table_needs_eoi(&table, ~0U));
}

static void a_line_is_masked_until_bound(void)
{
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, 16), 0);
	CU_ASSERT_EQUAL(irq_table_setup_gsi(&table, 16, true, true), 0);
	CU_ASSERT_TRUE(masked[16]);
	CU_ASSERT_FALSE(interrupt(vector_of(16), 0).deliver);
	CU_ASSERT_EQUAL(irq_table_setup_gsi(&table, 16, false, true), -XEN_EEXIST);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 16, 3), 0);
	CU_ASSERT_FALSE(masked[16]);
	CU_ASSERT_EQUAL(target[16], 3);
	CU_ASSERT_EQUAL(programs, 1);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 16, 3), -XEN_EEXIST);
	irq_table_unbind(&table, 16);
	CU_ASSERT_TRUE(masked[16]);
}

static void a_legacy_line_may_be_bound_without_setup(void)
{
	bind_line(1);
	CU_ASSERT_EQUAL(programs, 1);
	CU_ASSERT_FALSE(masked[1]);
	CU_ASSERT_FALSE(irq_table_needs_eoi(&table, 1));
	CU_ASSERT_TRUE(interrupt(vector_of(1), 0).deliver);
	CU_ASSERT_FALSE(masked[1]);
	CU_ASSERT_TRUE(interrupt(vector_of(1), 0).deliver);
}

static void a_level_line_is_masked_until_its_eoi(void)
{
	struct irq_action action;

	bind_line(17);
	CU_ASSERT_TRUE(irq_table_needs_eoi(&table, 17));
	irq_table_eoi(&table, 17); /* nothing pending */
	action = interrupt(vector_of(17), 1000);
	CU_ASSERT_TRUE(action.deliver && action.arm);
	CU_ASSERT_EQUAL(action.pirq, 17);
	CU_ASSERT_TRUE(masked[17]);
	CU_ASSERT_EQUAL(table.owing, 1);
	irq_table_eoi(&table, 17);
	CU_ASSERT_FALSE(masked[17]);
	irq_table_eoi(&table, 17);
	CU_ASSERT_EQUAL(table.owing, 0);
}

static void closing_a_line_settles_its_eoi_masked(void)
{
	bind_line(17);
	CU_ASSERT_TRUE(interrupt(vector_of(17), 0).arm);
	irq_table_unbind(&table, 17);
	CU_ASSERT_EQUAL(table.owing, 0);
	CU_ASSERT_TRUE(masked[17]);
	irq_table_eoi(&table, 17);
	CU_ASSERT_TRUE(masked[17]);
}

static void an_overdue_eoi_is_forced(void)
{
	bind_line(17);
	bind_line(18);
	CU_ASSERT_TRUE(interrupt(vector_of(17), 0).arm);
	CU_ASSERT_FALSE(interrupt(vector_of(18), 500).arm);
	CU_ASSERT_EQUAL(irq_table_force_eoi(&table, IRQ_EOI_LIMIT_NS - 1), IRQ_EOI_LIMIT_NS);
	CU_ASSERT_TRUE(masked[17] && masked[18]);
	CU_ASSERT_EQUAL(irq_table_force_eoi(&table, IRQ_EOI_LIMIT_NS), IRQ_EOI_LIMIT_NS + 500);
	CU_ASSERT_FALSE(masked[17]);
	CU_ASSERT_EQUAL(irq_table_force_eoi(&table, 2 * IRQ_EOI_LIMIT_NS), ~0UL);
	CU_ASSERT_EQUAL(table.owing, 0);
	CU_ASSERT_EQUAL(irq_table_force_eoi(&table, ~0UL), ~0UL);
}

static void the_cores_line_is_nobody_elses(void)
{
	struct irq_action action;

	CU_ASSERT_EQUAL(irq_table_request(&table, 17, handler, NULL), -XEN_EBUSY);
	CU_ASSERT_EQUAL(irq_table_request(&table, 99, handler, NULL), -XEN_EINVAL);
	CU_ASSERT_EQUAL(irq_table_request(&table, 4, handler, &table), 0);
	CU_ASSERT_FALSE(masked[4]);
	CU_ASSERT_EQUAL(irq_table_request(&table, 4, handler, NULL), -XEN_EBUSY);
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, 4), 0);
	CU_ASSERT_EQUAL(irq_table_setup_gsi(&table, 4, false, false), -XEN_EEXIST);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 4, 0), -XEN_EBUSY);
	irq_table_unbind(&table, 4);
	CU_ASSERT_EQUAL(irq_table_unmap(&table, 4), 0);
	CU_ASSERT_FALSE(masked[4]);
	action = interrupt(vector_of(4), 0);
	CU_ASSERT_TRUE(action.is_known && !action.deliver && action.handler == handler);
	CU_ASSERT_PTR_EQUAL(action.data, &table);
}

static void messages_are_numbered_from_the_top(void)
{
	struct msi_source source = {.where = {.bus = 1}, .is_msix = true, .entry = 0};
	uint32_t pirq;

	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), 0);
	CU_ASSERT_EQUAL(pirq, PIRQ_MAX - 1);
	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), -XEN_EEXIST);
	source.entry = 1;
	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), 0);
	CU_ASSERT_EQUAL(pirq, PIRQ_MAX - 2);
	CU_ASSERT_TRUE(masked[pirq]);
	CU_ASSERT_FALSE(irq_table_needs_eoi(&table, pirq));
	CU_ASSERT_EQUAL(irq_table_bind(&table, pirq, 2), 0);
	CU_ASSERT_FALSE(masked[pirq]);
	CU_ASSERT_EQUAL(target[pirq], 2);
	irq_table_retarget(&table, pirq, 0);
	CU_ASSERT_EQUAL(target[pirq], 0);
	CU_ASSERT_TRUE(interrupt(vector_of(pirq), 0).deliver);
	CU_ASSERT_FALSE(masked[pirq]);
}

static void unmapping_frees_vector_and_number(void)
{
	struct msi_source source = {.entry = 0};
	uint32_t pirq;
	uint8_t vector;

	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), 0);
	CU_ASSERT_EQUAL(irq_table_bind(&table, pirq, 0), 0);
	vector = vector_of(pirq);
	CU_ASSERT_EQUAL(irq_table_unmap(&table, pirq), 0);
	CU_ASSERT_EQUAL(releases, 1);
	CU_ASSERT_TRUE(masked[pirq]);
	CU_ASSERT_FALSE(interrupt(vector, 0).is_known);
	CU_ASSERT_PTR_NULL(irq_table_line(&table, pirq));
	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), 0);
	CU_ASSERT_EQUAL(pirq, PIRQ_MAX - 1);
	CU_ASSERT_EQUAL(vector_of(pirq), vector);
}

static void vectors_run_out_without_harm(void)
{
	struct msi_source source = {0};
	uint32_t pirq, count = 0;
	bool used[256] = {false};

	while (irq_table_map_msi(&table, &source, &pirq) == 0) {
		CU_ASSERT_FALSE(used[vector_of(pirq)]);
		used[vector_of(pirq)] = true;
		source.entry++;
		count++;
	}
	/* 0x80 and 0x82 are system call vectors of guests. */
	CU_ASSERT_EQUAL(count, VECTOR_DYNAMIC_END - VECTOR_DYNAMIC_FIRST - 2);
	CU_ASSERT_FALSE(used[0x80] || used[0x82]);
	CU_ASSERT_EQUAL(irq_table_map_msi(&table, &source, &pirq), -XEN_ENOSPC);
	CU_ASSERT_EQUAL(irq_table_map_gsi(&table, 1), 0);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 1, 0), -XEN_ENOSPC);
	CU_ASSERT_EQUAL(irq_table_unmap(&table, PIRQ_MAX - 5), 0);
	CU_ASSERT_EQUAL(irq_table_bind(&table, 1, 0), 0);
}

static void a_strangers_vector_is_not_known(void)
{
	CU_ASSERT_FALSE(interrupt(0x33, 0).is_known);
	CU_ASSERT_FALSE(interrupt(0, 0).is_known);
	CU_ASSERT_FALSE(interrupt(0xff, 0).is_known);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(lines_that_do_not_exist_cannot_be_used),
		UNIT(a_line_is_masked_until_bound),
		UNIT(a_legacy_line_may_be_bound_without_setup),
		UNIT(a_level_line_is_masked_until_its_eoi),
		UNIT(closing_a_line_settles_its_eoi_masked),
		UNIT(an_overdue_eoi_is_forced),
		UNIT(the_cores_line_is_nobody_elses),
		UNIT(messages_are_numbered_from_the_top),
		UNIT(unmapping_frees_vector_and_number),
		UNIT(vectors_run_out_without_harm),
		UNIT(a_strangers_vector_is_not_known),
	};

	return unit_main("plat_irq", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
