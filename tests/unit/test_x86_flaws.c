/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flaws a CPU is said to have. */
#include "unit/unit.h"

#include "x86/flaws.h"

#include <string.h>

static enum flaw_state state_of(const struct flaws_input *in, const char *name)
{
	struct flaw flaws[FLAWS_MAX];
	unsigned int count = flaws_find(in, flaws);

	CU_ASSERT(count <= FLAWS_MAX);
	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(flaws[i].name, name) == 0) {
			return flaws[i].state;
		}
	}
	CU_FAIL("no such flaw");
	return FLAW_ABSENT;
}

static void an_old_intel_cpu_has_meltdown_and_needs_isolation(void)
{
	struct flaws_input in = {.is_intel = true, .family = 6};

	CU_ASSERT_EQUAL(state_of(&in, "Meltdown"), FLAW_OPEN);
	CU_ASSERT_EQUAL(state_of(&in, "L1TF"), FLAW_OPEN);
	CU_ASSERT_EQUAL(state_of(&in, "TAA"), FLAW_ABSENT);
	CU_ASSERT(flaws_need_isolation(&in));
	in.has_tsx = true;
	CU_ASSERT_EQUAL(state_of(&in, "TAA"), FLAW_OPEN);
}

static void an_intel_cpu_that_says_no_is_believed(void)
{
	struct flaws_input in = {.is_intel = true, .family = 6, .arch_capabilities = 1 | 1 << 5};

	CU_ASSERT_EQUAL(state_of(&in, "Meltdown"), FLAW_ABSENT);
	CU_ASSERT_EQUAL(state_of(&in, "L1TF"), FLAW_ABSENT);
	CU_ASSERT_EQUAL(state_of(&in, "MDS"), FLAW_ABSENT);
	CU_ASSERT_EQUAL(state_of(&in, "GDS"), FLAW_OPEN);
	CU_ASSERT(!flaws_need_isolation(&in));
}

static void guests_are_kept_apart_by_a_barrier_if_there_is_one(void)
{
	struct flaws_input in = {.is_amd = true, .family = 0x17};

	CU_ASSERT_EQUAL(state_of(&in, "Spectre v2 between guests"), FLAW_OPEN);
	in.has_ibpb = true;
	CU_ASSERT_EQUAL(state_of(&in, "Spectre v2 between guests"), FLAW_MITIGATED);
}

static void all_bits_of_a_family_of_flaws_are_needed(void)
{
	struct flaws_input in = {.is_intel = true, .arch_capabilities = 3UL << 13 | 1UL << 27};

	CU_ASSERT_EQUAL(state_of(&in, "MMIO stale data, RFDS"), FLAW_OPEN);
	in.arch_capabilities |= 1UL << 15;
	CU_ASSERT_EQUAL(state_of(&in, "MMIO stale data, RFDS"), FLAW_ABSENT);
}

static void amd_cpus_have_flaws_by_family(void)
{
	struct flaws_input in = {.is_amd = true, .family = 0x17};

	CU_ASSERT_EQUAL(state_of(&in, "Meltdown"), FLAW_ABSENT);
	CU_ASSERT_EQUAL(state_of(&in, "Retbleed"), FLAW_OPEN);
	CU_ASSERT_EQUAL(state_of(&in, "SRSO"), FLAW_OPEN);
	in.family = 0x19;
	CU_ASSERT_EQUAL(state_of(&in, "Retbleed"), FLAW_ABSENT);
	in.extended_21_a = 1U << 29;
	CU_ASSERT_EQUAL(state_of(&in, "SRSO"), FLAW_ABSENT);
	CU_ASSERT(!flaws_need_isolation(&in));
}

static void an_unknown_maker_is_trusted_with_nothing(void)
{
	struct flaws_input in = {.family = 6};

	CU_ASSERT_EQUAL(state_of(&in, "Meltdown"), FLAW_OPEN);
	CU_ASSERT(flaws_need_isolation(&in));
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_old_intel_cpu_has_meltdown_and_needs_isolation),
		UNIT(an_intel_cpu_that_says_no_is_believed),
		UNIT(guests_are_kept_apart_by_a_barrier_if_there_is_one),
		UNIT(all_bits_of_a_family_of_flaws_are_needed),
		UNIT(amd_cpus_have_flaws_by_family),
		UNIT(an_unknown_maker_is_trusted_with_nothing),
	};

	return unit_main("x86/flaws", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
