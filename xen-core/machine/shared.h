/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words in memory that a guest writes at the same time as we read it. A value is read once into
 * a local; what is checked is what is used.
 */
#ifndef MACHINE_SHARED_H
#define MACHINE_SHARED_H

#include "lib/types.h"

#define shared_read(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define shared_write(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#define shared_write_release(p, value) __atomic_store_n((p), (value), __ATOMIC_RELEASE)
#define shared_fence_write() __atomic_thread_fence(__ATOMIC_RELEASE)

#endif
