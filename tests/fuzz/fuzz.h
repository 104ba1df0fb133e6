/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target offers, to libFuzzer as to replay.c: one function that takes any bytes and
 * returns, or aborts where something does not hold.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
