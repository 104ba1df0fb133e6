/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs models in processes of their own and shrinks those that fail; see model.h. */
#include "unit/model.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Shrinking ends after so many times the steps of the run that failed. */
#define SHRINK_EFFORT 64U
#define TOLD_STEPS 100U

struct plan {
	const struct model *model;
	uint64_t seed, audit;
	const uint64_t *kept; /* NULL: all */
	uint64_t count;
};

enum manner {
	FIRST, /* says what it compared, looks for leaks */
	QUIET,
	TOLD,
};

/* Written by the process that runs, read when it has died. */
static uint64_t *steps_made;

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

uint32_t model_pick(struct model_run *run, uint32_t below)
{
	run->state = run->state * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(run->state >> 33) % below;
}

void model_say(const struct model_run *run, const char *format, ...)
{
	va_list args;

	if (run->told) {
		printf("#   %lu by %u: ", run->step, run->actor);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		putchar('\n');
		fflush(stdout);
	}
}

static void play_steps(const struct plan *plan, struct model_run *run, unsigned int failures)
{
	const struct model *model = plan->model;

	model->begin(run);
	for (uint64_t i = 0; i < plan->count && CU_get_number_of_failures() == failures; i++) {
		run->step = plan->kept ? plan->kept[i] : i + 1;
		run->state = mixed(run->seed + run->step * 0x9e3779b97f4a7c15UL);
		run->actor = model_pick(run, model->actors);
		*steps_made = i + 1;
		model->step(run);
		if ((i + 1) % plan->audit == 0 || i + 1 == plan->count) {
			model->audit(run);
		}
	}
	if (CU_get_number_of_failures() == failures) {
		model->end(run);
	}
}

/* True: without a failure. */
static bool play(const struct plan *plan, struct model_run *run)
{
	unsigned int failures = CU_get_number_of_failures();
	jmp_buf fatal;

	/* Where an assertion that ends the test goes. */
	CU_get_current_test()->pJumpBuf = &fatal;
	if (setjmp(fatal) == 0) {
		play_steps(plan, run, failures);
	}
	if (plan->model->close) {
		plan->model->close(run);
	}
	return CU_get_number_of_failures() == failures;
}

static void tell_failures(void)
{
	for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext) {
		printf("#   fails: %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
	}
}

static void be_quiet(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, 1);
	dup2(nowhere, 2);
}

static bool holds(const struct plan *plan, enum manner manner)
{
	struct model_run run = {.seed = plan->seed, .told = manner == TOLD};
	int status;
	bool good;
	pid_t child;

	*steps_made = 0;
	fflush(stdout);
	child = fork();
	if (child < 0) {
		perror("fork");
		abort();
	}
	if (child == 0) {
		if (manner == QUIET) {
			be_quiet();
		}
		good = play(plan, &run);
		if (manner == TOLD) {
			tell_failures();
		}
		if (manner == FIRST && good && getenv("MODEL_STEPS")) {
			printf("# model %s: %lu calls compared, seed %lu, %ld ms\n",
			       plan->model->name, plan->count, plan->seed,
			       (long)(clock() / (CLOCKS_PER_SEC / 1000)));
		}
		fflush(stdout);
		if (manner == FIRST) {
			exit(good ? 0 : 1);
		}
		_exit(good ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child) {
		perror("waitpid");
		abort();
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* kept of plan, without those from there on; where they went. */
static uint64_t *without(const struct plan *plan, uint64_t from, uint64_t chunk, uint64_t *count)
{
	uint64_t *rest = malloc((plan->count + 1) * sizeof(*rest));
	uint64_t end = from + chunk < plan->count ? from + chunk : plan->count;

	if (!rest) {
		abort();
	}
	memcpy(rest, plan->kept, from * sizeof(*rest));
	memcpy(rest + from, plan->kept + end, (plan->count - end) * sizeof(*rest));
	*count = plan->count - (end - from);
	return rest;
}

/* Leaves out chunk by chunk what is not needed; true: something was not. */
static bool leave_out(struct plan *plan, uint64_t chunk, uint64_t *effort)
{
	bool smaller = false;
	struct plan next = *plan;
	uint64_t from = 0;

	while (from < plan->count && *effort >= plan->count) {
		uint64_t *rest = without(plan, from, chunk, &next.count);

		next.kept = rest;
		*effort -= next.count;
		if (holds(&next, QUIET)) {
			free(rest);
			from += chunk;
			continue;
		}
		free((void *)(uintptr_t)plan->kept);
		plan->kept = rest;
		plan->count = *steps_made;
		smaller = true;
	}
	return smaller;
}

static void shrink(struct plan *plan)
{
	uint64_t effort = SHRINK_EFFORT * plan->count;
	uint64_t chunk = plan->count / 2;

	while (chunk > 1) {
		(void)leave_out(plan, chunk, &effort);
		chunk = chunk / 2 < plan->count ? chunk / 2 : plan->count;
	}
	while (leave_out(plan, 1, &effort)) {
	}
}

static void tell(struct plan *plan)
{
	printf("# again: MODEL_AGAIN=%s:%lu:", plan->model->name, plan->seed);
	for (uint64_t i = 0; i < plan->count && i < TOLD_STEPS; i++) {
		printf("%s%lu", i ? "," : "", plan->kept[i]);
	}
	puts(plan->count > TOLD_STEPS ? ",..." : "");
	plan->audit = 1;
	if (plan->count <= TOLD_STEPS && holds(plan, TOLD)) {
		puts("#   does not fail when the books are audited after each step");
	}
}

/* "name:seed:1,2,3" of this model: into plan. */
static bool is_asked_again(struct plan *plan)
{
	const char *text = getenv("MODEL_AGAIN");
	size_t length = strlen(plan->model->name);
	uint64_t *kept;
	char *end;

	if (!text || strncmp(text, plan->model->name, length) != 0 || text[length] != ':') {
		return false;
	}
	kept = malloc((strlen(text) + 1) * sizeof(*kept));
	if (!kept) {
		abort();
	}
	plan->kept = kept;
	plan->seed = strtoull(text + length + 1, &end, 0);
	for (plan->count = 0; *end && end[1]; plan->count++) {
		kept[plan->count] = strtoull(end + 1, &end, 0);
	}
	return true;
}

static uint64_t *all_up_to(uint64_t count)
{
	uint64_t *all = malloc((count + 1) * sizeof(*all));

	if (!all) {
		abort();
	}
	for (uint64_t i = 0; i < count; i++) {
		all[i] = i + 1;
	}
	return all;
}

void model_try(const struct model *model, struct model_result *result)
{
	struct plan plan = {
		.model = model,
		.seed = setting("MODEL_SEED", 0) + model->seed,
		.audit = setting("MODEL_AUDIT", 1),
		.count = setting("MODEL_STEPS", model->steps),
	};

	*result = (struct model_result){0};
	steps_made = mmap(NULL, sizeof(*steps_made), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (steps_made == MAP_FAILED) {
		perror("mmap");
		abort();
	}
	if (is_asked_again(&plan)) {
		result->failed = !holds(&plan, TOLD);
	} else if (!holds(&plan, FIRST)) {
		result->failed = true;
		result->first = plan.count = *steps_made;
		plan.kept = all_up_to(plan.count);
		printf("# model %s: seed %lu fails at step %lu\n", model->name, plan.seed,
		       plan.count);
		shrink(&plan);
		printf("# model %s: %lu steps of %lu are enough\n", model->name, plan.count,
		       result->first);
		tell(&plan);
	}
	result->count = plan.count;
	for (uint64_t i = 0; plan.kept && i < plan.count && i < 16; i++) {
		result->kept[i] = plan.kept[i];
	}
	free((void *)(uintptr_t)plan.kept);
	munmap(steps_made, sizeof(*steps_made));
}

void model_check(const struct model *model)
{
	struct model_result result;

	model_try(model, &result);
	CU_ASSERT_FALSE(result.failed);
}
