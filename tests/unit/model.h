/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long random runs against a model, each reproducible, failures shrunk.
 *
 * A run is begin(), steps numbered from 1, end(). In each step one of several actors (vcpus,
 * connections) makes a call, a part of one, or goes on with what it began. Who, and all that a step
 * picks, is drawn from the run's seed and the number of the step: steps left out change nothing of
 * what the others draw. So a run that fails is made again with parts left out, halves first, at
 * last single steps, as long as it still fails; what remains is told and played once more, each
 * step in words. Every run is a process of its own: a failed assertion of the core or a report of a
 * sanitizer is a failure like others.
 *
 * MODEL_SEED makes other runs, MODEL_STEPS longer or shorter ones, MODEL_AUDIT says after how many
 * steps the books are audited, MODEL_AGAIN=<name>:<seed>:<step>,<step>... plays these steps only.
 * With MODEL_STEPS it prints what it compared; tests/assurance/run adds that up.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct model_run {
	uint64_t seed;
	uint64_t step;	/* the number of this one */
	uint64_t state; /* of the source of numbers */
	unsigned int actor;
	bool told;
};

struct model {
	const char *name;
	uint64_t seed, steps;
	unsigned int actors;
	void (*begin)(struct model_run *run);
	void (*step)(struct model_run *run);
	void (*audit)(struct model_run *run); /* after the last step too */
	void (*end)(struct model_run *run);   /* of a run that has not failed */
	void (*close)(struct model_run *run); /* NULL, or what any run must do that lives */
};

struct model_result {
	bool failed;
	uint64_t first;	   /* steps made when it failed first */
	uint64_t count;	   /* steps that are enough */
	uint64_t kept[16]; /* their numbers, the first ones */
};

/* A claim of CUnit: the run does not fail. */
void model_check(const struct model *model);
void model_try(const struct model *model, struct model_result *result);

uint32_t model_pick(struct model_run *run, uint32_t below);
/* What the step does, in words; printed for the few steps that are left of a failure. */
void model_say(const struct model_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
