/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves nothing and looks for much: children without rights make random hypercalls with arguments
 * that look valid (their own frames, tables, pages, ids, commands), or with odd seeds run random
 * instructions as a kernel, until they die of it or their second is over. Whatever they do to
 * themselves, dom0 goes on, a pattern page of dom0 stays as it was, and their frames come back.
 * Runs are repeatable: the seeds are 1, 2, 3... Words: rounds=N, from seed=N on.
 */
#include "code.h"
#include "guest.h"
#include "random_code.h"

#include <xen/sched.h>
#include <xen/vcpu.h>

enum { ROUNDS = 30, FREE_SLACK = 24, CODE_RUNS = 5000 };

struct progress {
	uint64_t seed, calls, last_number, last_args[5];
	bool is_code; /* what calls counts are pieces of code */
};

static struct progress *progress;
static uint64_t *pattern;
static char *scratch;

/* A number that might mean something where it ends up. */
static uint64_t plausible(void)
{
	static const uint16_t ids[] = {0, 1, DOMID_SELF, DOMID_IO, DOMID_XEN, 0x7ff4, 0xffff};
	uint64_t frame = mfn_of(scratch + below(2) * PAGE);

	switch (below(14)) {
	case 0:
		return below(4);
	case 1:
		return below(64);
	case 2:
		return ids[below(sizeof(ids) / sizeof(ids[0]))];
	case 3:
		return frame;
	case 4:
		return frame * PAGE | PTE_RW;
	case 5:
		return frame * PAGE | (next_random() & 0xfff);
	case 6:
		return (uint64_t)scratch + below(PAGE);
	case 7:
		return pte_mfn(*entry_of(scratch, 1 + (unsigned int)below(4)));
	case 8:
		return pte_mfn(*entry_of(scratch, 2)) * PAGE + below(512) * 8 + below(3);
	case 9:
		return next_random();
	case 10:
		return ~0UL - below(3);
	case 11:
		return 0xffff800000000000UL + below(1UL << 47);
	case 12:
		return 1UL << below(64);
	default:
		return start_info->pt_base + below(8) * PAGE;
	}
}

static void fill_scratch(void)
{
	uint64_t *words = (uint64_t *)(void *)scratch;

	for (unsigned int i = 0; i < 24; i++) {
		words[below(64)] = below(2) ? plausible() : plausible() | plausible() << 32;
	}
}

/* Calls that only make the child sleep or stop teach nothing. */
static bool is_dull(uint64_t number, const uint64_t *args)
{
	return number == __HYPERVISOR_iret ||
	       (number == __HYPERVISOR_sched_op && args[0] >= SCHEDOP_block &&
		args[0] <= SCHEDOP_poll) ||
	       (number == __HYPERVISOR_sched_op && args[0] == SCHEDOP_watchdog) ||
	       (number == __HYPERVISOR_vcpu_op && args[0] == VCPUOP_down);
}

/* Whatever trapped is over. */
static bool go_on(struct trap_frame *frame)
{
	frame->rip = (uint64_t)code_over;
	frame->rsp = code_stack;
	frame->rflags = 0x200;
	frame->cs = FLAT_KERNEL_CS & ~3U; /* of the kernel, as the ABI shows it */
	frame->ss = FLAT_KERNEL_SS;
	return true;
}

static void run_code(void)
{
	struct sched_shutdown power_off = {.reason = SHUTDOWN_poweroff};

	guest_trap_hook = go_on;
	while (progress->calls < CODE_RUNS) {
		unsigned int length;

		fill_scratch();
		for (unsigned int i = 0; i < 15; i++) {
			code_registers[i] = plausible();
		}
		length = random_code(code_bytes);
		while (length < CODE_SIZE) {
			code_bytes[length] = length % 2 ? 0x0b : 0x0f;
			length++;
		}
		progress->calls++;
		memcpy(progress->last_args, code_bytes, 16);
		code_run();
	}
	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &power_off);
}

static void child(void)
{
	random_state = progress->seed * 0x9e3779b97f4a7c15UL;
	if (progress->is_code) {
		run_code();
	}
	for (;;) {
		uint64_t number = below(43);
		uint64_t args[5];

		fill_scratch();
		for (unsigned int i = 0; i < 5; i++) {
			args[i] = plausible();
		}
		if (below(3)) {
			args[0] = below(3) ? below(34) : (uint64_t)scratch + 8 * below(64);
			args[1] = below(2) ? (uint64_t)scratch + 8 * below(64) : below(40);
		}
		if (is_dull(number, args)) {
			continue;
		}
		progress->calls++;
		progress->last_number = number;
		memcpy(progress->last_args, args, sizeof(args));
		hypercall5(number, args[0], args[1], args[2], args[3], args[4]);
	}
}

static bool pattern_is_whole(void)
{
	for (unsigned int i = 0; i < PAGE / 8; i++) {
		if (pattern[i] != 0x5a5a000000000000UL + i) {
			return false;
		}
	}
	return true;
}

static uint64_t round_calls(uint64_t seed, struct progress *view)
{
	struct child one;
	int64_t err;

	progress->seed = seed;
	progress->calls = 0;
	progress->is_code = seed % 2;
	err = child_build(&one, child);
	if (err) {
		claim_equal("a_child_is_built", err, 0);
		return 0;
	}
	child_run(&one);
	err = child_map(&one, progress, view);
	if (err) {
		claim_equal("its_progress_is_read", err, 0);
	} else {
		print("# seed %lu: %lu %s, the last %lu(%lx, %lx, %lx)\n", seed, view->calls,
		      view->is_code ? "pieces of code" : "calls", view->last_number,
		      view->last_args[0], view->last_args[1], view->last_args[2]);
	}
	seed = err ? 0 : view->calls;
	remap(view, spare_mfn(), PTE_RW);
	domain_destroy(one.domid);
	return seed;
}

void guest_test(void)
{
	struct progress *view = page_alloc();
	uint64_t rounds = guest_word("rounds", ROUNDS), first = guest_word("seed", 1);
	uint64_t counts[2] = {0, 0}, before, after;

	progress = page_alloc();
	pattern = page_alloc();
	scratch = page_alloc();
	page_alloc();
	for (unsigned int i = 0; i < PAGE / 8; i++) {
		pattern[i] = 0x5a5a000000000000UL + i;
	}
	round_calls(1, view);
	before = free_pages();
	for (uint64_t seed = first; seed < first + rounds; seed++) {
		counts[seed % 2] += round_calls(seed, view);
	}
	after = free_pages();
	print("# %lu hypercalls, %lu pieces of code, free pages %lu before, %lu after\n", counts[0],
	      counts[1], before, after);
	claim(counts[0] > rounds / 2, "children_made_hypercalls");
	claim(counts[1] > rounds / 2, "children_ran_code");
	claim(pattern_is_whole(), "dom0s_page_is_as_it_was");
	claim(before - after <= FREE_SLACK || after >= before, "their_frames_came_back");
}
