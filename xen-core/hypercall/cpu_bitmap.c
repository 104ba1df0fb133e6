/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bitmaps of control calls: hypercall/cpu_bitmap.h. Bytes are little-endian words, as on x86. */
#include "hypercall/cpu_bitmap.h"

#include "lib/math.h"

#define SET_BYTES (CPUS_MAX / 8U)
/* Beyond our CPUs this much is zeroed; a longer bitmap keeps the rest as it was. */
#define CLEAR_BYTES_MAX 4096U

int cpu_bitmap_in(struct vcpu *v, const struct xenctl_bitmap *from, struct cpu_set *set)
{
	uint32_t bits = min_u32(from->nr_bits, CPUS_MAX);
	int err;

	cpu_set_zero(set);
	err = guest_in(v, set->words, guest_ptr(from->bitmap), (bits + 7) / 8);
	if (err) {
		return err;
	}
	for (size_t i = 0; i < BITMAP_WORDS(bits); i++) {
		set->words[i] &= bitmap_word_mask(i, bits);
	}
	return 0;
}

int cpu_bitmap_out(struct vcpu *v, const struct xenctl_bitmap *to, const struct cpu_set *set)
{
	uint64_t bytes = div_round_up(to->nr_bits, 8);
	struct cpu_set cut = *set;
	int err;

	for (size_t i = 0; i < array_size(cut.words); i++) {
		if (i * 64 >= to->nr_bits) {
			cut.words[i] = 0;
		} else {
			cut.words[i] &= bitmap_word_mask(i, to->nr_bits);
		}
	}
	err = guest_out(v, guest_ptr(to->bitmap), cut.words, min_u64(bytes, SET_BYTES));
	if (err || bytes <= SET_BYTES) {
		return err;
	}
	return guest_clear(v, guest_ptr(to->bitmap + SET_BYTES),
			   min_u64(bytes - SET_BYTES, CLEAR_BYTES_MAX));
}
