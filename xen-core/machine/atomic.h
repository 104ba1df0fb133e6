/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Atomic operations, all sequentially consistent unless the name says relaxed. On x86 the
 * compiler's builtins are one locked instruction each; both builds use them.
 */
#ifndef MACHINE_ATOMIC_H
#define MACHINE_ATOMIC_H

#include "lib/types.h"

#define atomic_read(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_write(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#define atomic_read_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_write_release(p, value) __atomic_store_n((p), (value), __ATOMIC_RELEASE)
#define atomic_exchange(p, value) __atomic_exchange_n((p), (value), __ATOMIC_SEQ_CST)
#define atomic_add(p, value) __atomic_add_fetch((p), (value), __ATOMIC_SEQ_CST)
#define atomic_sub(p, value) __atomic_sub_fetch((p), (value), __ATOMIC_SEQ_CST)
#define atomic_or(p, value) __atomic_fetch_or((p), (value), __ATOMIC_SEQ_CST)
#define atomic_and(p, value) __atomic_fetch_and((p), (value), __ATOMIC_SEQ_CST)
/* True if *p was *expected and is now desired; else *expected is what was found. */
#define atomic_compare_exchange(p, expected, desired) \
	__atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_SEQ_CST, \
				    __ATOMIC_SEQ_CST)
#define atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static inline bool atomic_bit_test_and_set(uint64_t *words, unsigned int bit)
{
	uint64_t mask = 1UL << (bit & 63);

	return (atomic_or(&words[bit >> 6], mask) & mask) != 0;
}

static inline bool atomic_bit_test_and_clear(uint64_t *words, unsigned int bit)
{
	uint64_t mask = 1UL << (bit & 63);

	return (atomic_and(&words[bit >> 6], ~mask) & mask) != 0;
}

static inline bool atomic_bit_test(const uint64_t *words, unsigned int bit)
{
	return (atomic_read(&words[bit >> 6]) >> (bit & 63) & 1) != 0;
}

#endif
