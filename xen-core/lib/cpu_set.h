/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of physical CPUs, passed and compared by value where convenient. Not atomic: a set that
 * several CPUs change has an owner with a lock. Searches answer CPUS_MAX when there is none.
 */
#ifndef LIB_CPU_SET_H
#define LIB_CPU_SET_H

#include "lib/bitmap.h"

#define CPUS_MAX 256

struct cpu_set {
	uint64_t words[CPUS_MAX / 64];
};

static inline void cpu_set_zero(struct cpu_set *set)
{
	bitmap_zero(set->words, CPUS_MAX);
}

/* The set {0, ..., count - 1}; count <= CPUS_MAX. */
static inline void cpu_set_fill(struct cpu_set *set, unsigned int count)
{
	bitmap_zero(set->words, CPUS_MAX);
	bitmap_fill(set->words, count);
}

static inline struct cpu_set cpu_set_of(unsigned int cpu)
{
	struct cpu_set set = {{0}};

	bitmap_set(set.words, cpu);
	return set;
}

static inline void cpu_set_add(struct cpu_set *set, unsigned int cpu)
{
	bitmap_set(set->words, cpu);
}

static inline void cpu_set_remove(struct cpu_set *set, unsigned int cpu)
{
	bitmap_clear(set->words, cpu);
}

/* False for any cpu >= CPUS_MAX. */
static inline bool cpu_set_has(const struct cpu_set *set, unsigned int cpu)
{
	return cpu < CPUS_MAX && bitmap_test(set->words, cpu);
}

static inline unsigned int cpu_set_first(const struct cpu_set *set)
{
	return (unsigned int)bitmap_first_set(set->words, CPUS_MAX);
}

/* The lowest member above cpu. */
static inline unsigned int cpu_set_next(const struct cpu_set *set, unsigned int cpu)
{
	return (unsigned int)bitmap_next_set(set->words, CPUS_MAX, (size_t)cpu + 1);
}

static inline unsigned int cpu_set_weight(const struct cpu_set *set)
{
	return (unsigned int)bitmap_weight(set->words, CPUS_MAX);
}

static inline bool cpu_set_is_empty(const struct cpu_set *set)
{
	return cpu_set_first(set) == CPUS_MAX;
}

static inline bool cpu_set_eq(const struct cpu_set *a, const struct cpu_set *b)
{
	for (size_t i = 0; i < array_size(a->words); i++) {
		if (a->words[i] != b->words[i]) {
			return false;
		}
	}
	return true;
}

/* *result may be one of the operands. */
static inline void cpu_set_and(struct cpu_set *result, const struct cpu_set *a,
			       const struct cpu_set *b)
{
	for (size_t i = 0; i < array_size(a->words); i++) {
		result->words[i] = a->words[i] & b->words[i];
	}
}

static inline bool cpu_set_intersects(const struct cpu_set *a, const struct cpu_set *b)
{
	for (size_t i = 0; i < array_size(a->words); i++) {
		if (a->words[i] & b->words[i]) {
			return true;
		}
	}
	return false;
}

#define cpu_set_for_each(cpu, set)                                                            \
	for ((cpu) = cpu_set_first(set); (cpu) < CPUS_MAX; (cpu) = cpu_set_next(set, cpu))

#endif
