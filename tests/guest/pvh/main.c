/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what a PVH domain sees of the hypervisor: builds one around the program in payload/, lets
 * it run, and repeats what it claims; then several that run code at random (payload/fuzz.c). A
 * machine without SVM must refuse to make one. Words: rounds=N of them, from seed=N on. Its memory
 * is 2 MiB; its first vcpu starts as a builder says, its second by INIT and SIPI.
 *
 * cpus: 2
 */
#include "guest.h"
#include "payload/results.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/hvm_start_info.h>
#include <xen/sched.h>

#define DOMAIN_PAGES 512U
#define PATIENCE 2400U     /* times 50 ms */
#define FUZZ_PATIENCE 100U /* times 10 ms */

extern const uint8_t payload[], payload_end[];
extern const uint64_t payload_entry;

static char window[PAGE] __attribute__((aligned(4096)));
static uint64_t frames[DOMAIN_PAGES];
static struct results results;

static int64_t put_image(uint32_t domid)
{
	return pvh_put(domid, PAYLOAD_ADDRESS, payload, (size_t)(payload_end - payload), window);
}

static int64_t put_start_info(uint32_t domid)
{
	struct hvm_start_info *info = (void *)window;
	struct hvm_memmap_table_entry *entry = (void *)(window + sizeof(*info));
	int64_t err = pvh_map(domid, START_INFO_ADDRESS / PAGE, window);

	if (err) {
		return err;
	}
	info->magic = XEN_HVM_START_MAGIC_VALUE;
	info->version = 1;
	info->memmap_paddr = START_INFO_ADDRESS + sizeof(*info);
	info->memmap_entries = 1;
	entry->size = DOMAIN_PAGES * PAGE;
	entry->type = 1;
	return 0;
}

static int64_t read_results(uint32_t domid)
{
	for (uint32_t i = 0; i < RESULTS_PAGES; i++) {
		int64_t err = pvh_map(domid, RESULTS_ADDRESS / PAGE + i, window);

		if (err) {
			return err;
		}
		memcpy((char *)&results + i * PAGE, window, PAGE);
	}
	return 0;
}

static void repeat_claims(void)
{
	for (uint32_t i = 0; i < results.count && i < RESULTS_MAX; i++) {
		results.claims[i].name[sizeof(results.claims[i].name) - 1] = '\0';
		claim(results.claims[i].holds, results.claims[i].name);
	}
	/* Fewer: it did not come to its end. */
	claim(results.count > 110, "it_claims_all_it_has_to");
}

static int64_t build(uint32_t domid)
{
	int64_t err = -XEN_ENOMEM;

	if (domain_populate(domid, frames, DOMAIN_PAGES) == DOMAIN_PAGES) {
		err = put_image(domid);
	}
	err = err ? err : put_start_info(domid);
	return err ? err : pvh_set_entry(domid, payload_entry, START_INFO_ADDRESS);
}

static void run(uint32_t domid)
{
	uint64_t home = mfn_of(window);
	uint32_t reason = 255;

	claim_equal("it_has_memory", domain_populate(domid, frames, DOMAIN_PAGES), DOMAIN_PAGES);
	claim_equal("its_pages_can_be_mapped", put_image(domid), 0);
	claim_equal("all_of_them", put_start_info(domid), 0);
	claim(pvh_map(domid, DOMAIN_PAGES, window) != 0, "but_no_hole");
	claim_equal("its_state_can_be_set", pvh_set_entry(domid, payload_entry, START_INFO_ADDRESS),
		    0);
	claim_equal("it_is_started", domctl_on(XEN_DOMCTL_unpausedomain, domid), 0);
	for (unsigned int i = 0; i < PATIENCE && domain_is_alive(domid, &reason); i++) {
		sleep_ns(50000000);
	}
	claim_equal("it_ends_by_itself", reason, SHUTDOWN_poweroff);
	domctl_on(XEN_DOMCTL_pausedomain, domid);
	claim_equal("its_claims_are_read", read_results(domid), 0);
	remap(window, home, PTE_RW);
	repeat_claims();
}

/* Returns how many pieces of code it has run. */
static uint64_t fuzz(uint32_t seed)
{
	uint64_t home = mfn_of(window);
	uint32_t domid = 0, reason = 255;
	int64_t err = pvh_make(2, DOMAIN_PAGES, &domid);

	err = err ? err : build(domid);
	err = err ? err : pvh_map(domid, RESULTS_ADDRESS / PAGE, window);
	if (err) {
		claim_equal("a_domain_to_fuzz_is_built", err, 0);
		return 0;
	}
	((struct results *)(void *)window)->seed = seed;
	domctl_on(XEN_DOMCTL_unpausedomain, domid);
	for (unsigned int i = 0; i < FUZZ_PATIENCE && domain_is_alive(domid, &reason); i++) {
		sleep_ns(10000000);
	}
	domctl_on(XEN_DOMCTL_pausedomain, domid);
	read_results(domid);
	remap(window, home, PTE_RW);
	print("# seed %u: %lu pieces of code, end %u\n", seed, results.runs, reason);
	domain_destroy(domid);
	/* It may have written over it. */
	return results.runs <= FUZZ_RUNS ? results.runs : 0;
}

static bool is_pattern(const uint64_t *page, bool write)
{
	for (uint64_t i = 0; i < PAGE / 8; i++) {
		if (write) {
			((uint64_t *)(uint64_t)page)[i] = 0x5a5a000000000000UL + i;
		} else if (page[i] != 0x5a5a000000000000UL + i) {
			return false;
		}
	}
	return true;
}

void guest_test(void)
{
	uint64_t *pattern = page_alloc();
	uint32_t rounds = (uint32_t)guest_word("rounds", 16);
	uint32_t seed = (uint32_t)guest_word("seed", 1);
	uint64_t runs = 0;
	uint64_t before = free_pages();
	uint32_t domid = 0;
	int64_t err = pvh_make(2, DOMAIN_PAGES, &domid);

	if (err == -XEN_EINVAL) {
		print("# this machine cannot make translated domains\n");
		return;
	}
	claim_equal("a_translated_domain_is_made", err, 0);
	is_pattern(pattern, true);
	if (err) {
		return;
	}
	run(domid);
	claim_equal("it_is_destroyed", domain_destroy(domid), 0);
	for (uint32_t i = 0; i < rounds; i++) {
		runs += fuzz(seed + i);
	}
	print("# %lu pieces of code in %u domains\n", runs, rounds);
	claim(runs > 10 * rounds, "others_run_code_at_random");
	claim(is_pattern(pattern, false), "dom0s_page_is_as_it_was");
	sleep_ns(200000000);
	claim((int64_t)(before - free_pages()) <= 3, "their_memory_is_back");
}
