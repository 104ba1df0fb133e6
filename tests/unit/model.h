/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A long random run against a model, the same each time unless the environment says otherwise:
 * MODEL_SEED makes it another, MODEL_STEPS makes it longer or shorter, MODEL_AUDIT says after how
 * many steps the books are audited (1 where a failure is to be found). With MODEL_STEPS it prints
 * what it compared; tests/assurance/run adds that up.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct model_run {
	const char *name;
	uint64_t seed, steps, step, audit;
	uint64_t state;
	unsigned int failures;
	clock_t start;
};

static inline uint64_t model_setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static inline void model_begin(struct model_run *run, const char *name, uint64_t seed,
			       uint64_t steps)
{
	*run = (struct model_run){.name = name,
				  .seed = model_setting("MODEL_SEED", 0) + seed,
				  .steps = model_setting("MODEL_STEPS", steps),
				  .audit = model_setting("MODEL_AUDIT", 1),
				  .failures = CU_get_number_of_failures(),
				  .start = clock()};
	run->state = run->seed;
}

static inline uint32_t model_pick(struct model_run *run, uint32_t below)
{
	run->state = run->state * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(run->state >> 33) % below;
}

/* True: there is another step. */
static inline bool model_next(struct model_run *run)
{
	if (CU_get_number_of_failures() != run->failures) {
		printf("# model %s: first difference at step %lu of seed %lu\n", run->name,
		       run->step, run->seed);
		return false;
	}
	if (run->step == run->steps) {
		return false;
	}
	run->step++;
	return true;
}

static inline bool model_is_audited(const struct model_run *run)
{
	return run->step % run->audit == 0;
}

static inline void model_end(const struct model_run *run)
{
	if (getenv("MODEL_STEPS")) {
		printf("# model %s: %lu calls compared, seed %lu, %ld ms\n", run->name, run->step,
		       run->seed, (long)((clock() - run->start) / (CLOCKS_PER_SEC / 1000)));
	}
}

#endif
