/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner of models itself, on a toy with planted faults: it finds them, shrinks the run to the
 * steps that matter, whatever way it fails, and the same seed is the same run.
 */
#include "unit/model.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ACTORS 3U

/* What one step drew; shared, so that the test sees what its runs did. */
struct drawn {
	uint64_t count;
	uint32_t values[600];
	unsigned int actors[ACTORS];
};

static struct drawn *drawn;
static bool opened[ACTORS], leaked;
static enum { SOUND, ASSERTS, ENDS_THE_TEST, DIES, FAILS_AT_THE_END } planted;

static void setup(void)
{
	if (!drawn) {
		drawn = mmap(NULL, sizeof(*drawn), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	}
	planted = SOUND;
}

static void toy_begin(struct model_run *run)
{
	(void)run;
	memset(opened, 0, sizeof(opened));
	memset(drawn, 0, sizeof(*drawn));
	leaked = false;
}

/* The planted fault: one closes what another has opened. */
static void toy_step(struct model_run *run)
{
	uint32_t what = model_pick(run, 64);

	drawn->values[drawn->count++ % 600] = what;
	drawn->actors[run->actor]++;
	if (what == 1) {
		model_say(run, "open");
		opened[run->actor] = true;
	} else if (what == 2 && opened[(run->actor + 1) % ACTORS]) {
		model_say(run, "close");
		leaked = true;
	}
	if (leaked && planted == ASSERTS) {
		CU_ASSERT(!leaked);
	} else if (leaked && planted == ENDS_THE_TEST) {
		CU_ASSERT_FATAL(!leaked);
	} else if (leaked && planted == DIES) {
		abort();
	}
}

static void toy_audit(struct model_run *run)
{
	(void)run;
}

static void toy_end(struct model_run *run)
{
	(void)run;
	CU_ASSERT(!leaked || planted != FAILS_AT_THE_END);
}

static const struct model toy = {.name = "toy",
				 .seed = 4,
				 .steps = 600,
				 .actors = ACTORS,
				 .begin = toy_begin,
				 .step = toy_step,
				 .audit = toy_audit,
				 .end = toy_end};

static void a_sound_model_passes_and_every_actor_has_its_turns(void)
{
	struct model_result result;

	model_try(&toy, &result);
	CU_ASSERT_FALSE(result.failed);
	CU_ASSERT_EQUAL(drawn->count, 600);
	for (unsigned int i = 0; i < ACTORS; i++) {
		CU_ASSERT_TRUE(drawn->actors[i] > 100);
	}
}

static void the_same_seed_is_the_same_run_and_another_is_another(void)
{
	struct model other = toy;
	struct model_result result;
	struct drawn first;

	model_try(&toy, &result);
	first = *drawn;
	model_try(&toy, &result);
	CU_ASSERT_EQUAL(memcmp(&first, drawn, sizeof(first)), 0);
	other.seed++;
	model_try(&other, &result);
	CU_ASSERT_NOT_EQUAL(memcmp(&first, drawn, sizeof(first)), 0);
}

/* What is left is one step that opens and one that closes, and plays the same again. */
static void shrinks_to_two(void)
{
	struct model_result result;

	model_try(&toy, &result);
	CU_ASSERT_TRUE(result.failed);
	CU_ASSERT_TRUE(result.first > 2);
	CU_ASSERT_EQUAL(result.count, 2);
	CU_ASSERT_EQUAL(drawn->count, 2);
	CU_ASSERT_EQUAL(drawn->values[0], 1);
	CU_ASSERT_EQUAL(drawn->values[1], 2);
}

static void a_failed_claim_is_shrunk(void)
{
	planted = ASSERTS;
	shrinks_to_two();
}

static void a_claim_that_ends_the_test_is_shrunk(void)
{
	planted = ENDS_THE_TEST;
	shrinks_to_two();
}

static void a_death_is_shrunk(void)
{
	planted = DIES;
	shrinks_to_two();
}

static void what_shows_at_the_end_only_is_shrunk(void)
{
	planted = FAILS_AT_THE_END;
	shrinks_to_two();
}

static void what_is_printed_plays_these_steps_again(void)
{
	char again[64];
	struct model_result result;

	planted = ASSERTS;
	model_try(&toy, &result);
	snprintf(again, sizeof(again), "toy:4:%lu,%lu", result.kept[0], result.kept[1]);
	setenv("MODEL_AGAIN", again, 1);
	model_try(&toy, &result);
	CU_ASSERT_TRUE(result.failed && drawn->count == 2);
	snprintf(again, sizeof(again), "toy:4:%lu", result.kept[0]);
	setenv("MODEL_AGAIN", again, 1);
	model_try(&toy, &result);
	CU_ASSERT_TRUE(!result.failed && drawn->count == 1);
	unsetenv("MODEL_AGAIN");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_sound_model_passes_and_every_actor_has_its_turns),
		UNIT(the_same_seed_is_the_same_run_and_another_is_another),
		UNIT(a_failed_claim_is_shrunk),
		UNIT(a_claim_that_ends_the_test_is_shrunk),
		UNIT(a_death_is_shrunk),
		UNIT(what_shows_at_the_end_only_is_shrunk),
		UNIT(what_is_printed_plays_these_steps_again),
	};

	/* Its own runs, whatever the environment asks of the models. */
	unsetenv("MODEL_SEED");
	unsetenv("MODEL_STEPS");
	unsetenv("MODEL_AUDIT");
	unsetenv("MODEL_AGAIN");
	return unit_main("unit_model", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
