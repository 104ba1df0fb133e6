/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls with any arguments, from every kind of domain, on the whole core
 * (unit/whole_world.h). The input is a list of calls of RECORD bytes: who calls, the number of the
 * call, which of the calls' arguments are addresses of its places, what those places hold. The
 * books are audited at the end; all memory must come back when every domain is destroyed.
 */
#include "unit/whole_world.h"

#include "fuzz/fuzz.h"

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define RECORD 64U
#define CALLS_MAX 64U
#define WORDS 6U

struct record {
	uint8_t who;       /* domain, and bit 7: with a budget of one unit */
	uint8_t number;
	uint8_t is_place;  /* a bit for each of the first four arguments */
	uint8_t word_kind; /* what the words of the argument's place are made of */
	uint16_t args[4];
	uint8_t room[4];
	uint64_t words[WORDS]; /* what stands in the place of the second argument */
};
_Static_assert(sizeof(struct record) == RECORD, "as the corpus has it");

static uint64_t argument(const struct record *r, unsigned int n, unsigned int i)
{
	if (r->is_place >> i & 1) {
		return place_va(n, r->args[i] % PLACES) + (r->args[i] / PLACES % 8) * 8;
	}
	/* Small numbers, and those at the ends. */
	return r->args[i] & 0x8000 ? (uint64_t)(int64_t)(int16_t)r->args[i] : r->args[i];
}

/* Some words become the number of a frame, or the address of a place. */
static uint64_t word(const struct record *r, unsigned int n, unsigned int i)
{
	switch (r->word_kind >> i & 1) {
	case 0:
		return r->words[i];
	default:
		return r->words[i] & 1 ? place_va(n, r->words[i] / 2 % PLACES)
				       : place_gfn(n, r->words[i] / 2 % PLACES);
	}
}

static void fill(const struct record *r, unsigned int n)
{
	uint64_t *at = place(n, r->args[1] % PLACES);
	uint64_t *first = place(n, r->args[0] % PLACES);

	/* A place may have been given up, and its frame be nobody's. */
	if (frame_of(whole_places[n][r->args[1] % PLACES])->owner == n) {
		for (unsigned int i = 0; i < WORDS; i++) {
			at[i] = word(r, n, i);
		}
	}
	if (frame_of(whole_places[n][r->args[0] % PLACES])->owner != n) {
		return;
	}
	/* Calls with a version would hardly ever get past it. */
	switch (r->number) {
	case __HYPERVISOR_domctl:
		first[0] = r->args[2] % 90 | (uint64_t)XEN_DOMCTL_INTERFACE_VERSION << 32;
		break;
	case __HYPERVISOR_sysctl:
		first[0] = r->args[2] % 30 | (uint64_t)XEN_SYSCTL_INTERFACE_VERSION << 32;
		break;
	case __HYPERVISOR_platform_op:
		first[0] = r->args[2] % 70 | (uint64_t)XENPF_INTERFACE_VERSION << 32;
		break;
	default:
		return;
	}
	for (unsigned int i = 0; i < WORDS; i++) {
		first[i + 1] = word(r, n, i);
	}
}

/* A place the guest gave up or made a table of is not its to write any more. */
static bool is_writable(unsigned int n, unsigned int which)
{
	const struct frame *f = frame_of(whole_places[n][which]);

	return f->owner == n && (frame_type_count(f) == 0 || frame_type(f) == TYPE_WRITABLE);
}

static void make(const struct record *r)
{
	unsigned int n = r->who % WHOLE_DOMAINS;
	struct domain *d = domain_find((uint16_t)n);
	uint64_t args[6] = {0};

	if (!d || domain_is_dying(d) || !is_writable(n, r->args[0] % PLACES) ||
	    !is_writable(n, r->args[1] % PLACES)) {
		return;
	}
	fill(r, n);
	for (unsigned int i = 0; i < 4; i++) {
		args[i] = argument(r, n, i);
	}
	whole_units = r->who & 0x80 ? 1 : RESTART_UNITS;
	(void)whole_call(d->vcpus[0], r->number % HYPERCALL_NUMBERS, args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	whole_start();
	for (unsigned int i = 0; i < CALLS_MAX && size >= RECORD; i++) {
		struct record record;

		memcpy(&record, data, sizeof(record));
		make(&record);
		data += RECORD;
		size -= RECORD;
	}
	whole_exit_paths();
	whole_audit();
	assert(whole_end() == 0);
	return 0;
}
