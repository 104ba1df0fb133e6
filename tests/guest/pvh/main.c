/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what a PVH domain sees of the hypervisor: builds one around the program in payload/, lets
 * it run, and repeats what it claims; then several that run code at random (payload/fuzz.c). A
 * machine without SVM must refuse to make one. Its memory is
 * 2 MiB; its first vcpu starts as a builder says, its second by INIT and SIPI.
 * cpus: 2
 */
#include "guest.h"
#include "payload/results.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/hvm_save.h>
#include <xen/hvm_start_info.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define DOMAIN_PAGES 512U
#define PATIENCE 2400U /* times 50 ms */
#define CR0_START 0x11U
#define FUZZ_ROUNDS 16U
#define FUZZ_PATIENCE 100U /* times 10 ms */

extern const uint8_t payload[], payload_end[];
extern const uint64_t payload_entry;

static char window[PAGE] __attribute__((aligned(4096)));
static uint64_t frames[DOMAIN_PAGES];
static struct results results;

static int64_t make(uint32_t *domid)
{
	struct xen_domctl create = {.cmd = XEN_DOMCTL_createdomain, .domain = 0xffff};
	struct xen_domctl vcpus = {.cmd = XEN_DOMCTL_max_vcpus};
	struct xen_domctl memory = {.cmd = XEN_DOMCTL_max_mem};
	int64_t err;

	create.u.createdomain.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	create.u.createdomain.max_vcpus = 2;
	create.u.createdomain.max_evtchn_port = 1023;
	create.u.createdomain.max_grant_frames = -1;
	create.u.createdomain.max_maptrack_frames = -1;
	create.u.createdomain.grant_opts = 1;
	create.u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	err = domctl(&create);
	if (err) {
		return err;
	}
	*domid = create.domain;
	vcpus.domain = memory.domain = create.domain;
	vcpus.u.max_vcpus.max = 2;
	memory.u.max_mem.max_memkb = (DOMAIN_PAGES + 16) * 4UL;
	err = domctl(&vcpus);
	return err ? err : domctl(&memory);
}

/* The page of the domain at the window. */
static int64_t map(uint32_t domid, uint64_t gfn)
{
	uint64_t slot = pte_mfn(*entry_of(window, 2)) * PAGE +
			((uint64_t)pte_of(window) & (PAGE - 1));
	int64_t err = mmu_update(slot, gfn * PAGE | PTE_RW, domid);

	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	return err;
}

static int64_t put_image(uint32_t domid)
{
	size_t left = (size_t)(payload_end - payload);

	for (uint64_t at = 0; left; at += PAGE) {
		size_t bytes = left < PAGE ? left : PAGE;
		int64_t err = map(domid, (PAYLOAD_ADDRESS + at) / PAGE);

		if (err) {
			return err;
		}
		memcpy(window, payload + at, bytes);
		left -= bytes;
	}
	return 0;
}

static int64_t put_start_info(uint32_t domid)
{
	struct hvm_start_info *info = (void *)window;
	struct hvm_memmap_table_entry *entry = (void *)(window + sizeof(*info));
	int64_t err = map(domid, START_INFO_ADDRESS / PAGE);

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

static int64_t set_state(uint32_t domid)
{
	static struct {
		struct hvm_save_descriptor header_descriptor;
		struct hvm_save_header header;
		struct hvm_save_descriptor cpu_descriptor;
		struct hvm_hw_cpu cpu;
		struct hvm_save_descriptor end;
	} stream = {
		.header_descriptor = {HVM_SAVE_HEADER, 0, sizeof(struct hvm_save_header)},
		.header = {.magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION},
		.cpu_descriptor = {HVM_SAVE_CPU, 0, sizeof(struct hvm_hw_cpu)},
		.cpu = {.rflags = 2, .cr0 = CR0_START, .dr6 = 0xffff0ff0, .dr7 = 0x400,
			.cs_limit = ~0U, .cs_arbytes = 0xc9b, .ds_limit = ~0U,
			.ds_arbytes = 0xc93, .es_limit = ~0U, .es_arbytes = 0xc93,
			.ss_limit = ~0U, .ss_arbytes = 0xc93, .tr_limit = 0x67,
			.tr_arbytes = 0x8b},
		.end = {HVM_SAVE_END, 0, 0},
	};
	struct xen_domctl op = {.cmd = XEN_DOMCTL_sethvmcontext, .domain = (domid_t)domid};

	stream.cpu.rip = payload_entry;
	stream.cpu.rbx = START_INFO_ADDRESS;
	op.u.hvmcontext.size = sizeof(stream);
	op.u.hvmcontext.buffer = (uint64_t)&stream;
	return domctl(&op);
}

static bool is_alive(uint32_t domid, uint32_t *reason)
{
	struct xen_domctl info = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid};

	if (domctl(&info) || info.domain != domid) {
		return false;
	}
	*reason = info.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift & 255;
	return !(info.u.getdomaininfo.flags & XEN_DOMINF_shutdown);
}

static int64_t read_results(uint32_t domid)
{
	for (uint32_t i = 0; i < RESULTS_PAGES; i++) {
		int64_t err = map(domid, RESULTS_ADDRESS / PAGE + i);

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
	return err ? err : set_state(domid);
}

static void run(uint32_t domid)
{
	uint64_t home = mfn_of(window);
	uint32_t reason = 255;

	claim_equal("it_has_memory", domain_populate(domid, frames, DOMAIN_PAGES), DOMAIN_PAGES);
	claim_equal("its_pages_can_be_mapped", put_image(domid), 0);
	claim_equal("all_of_them", put_start_info(domid), 0);
	claim(map(domid, DOMAIN_PAGES) != 0, "but_no_hole");
	claim_equal("its_state_can_be_set", set_state(domid), 0);
	claim_equal("it_is_started", domctl_on(XEN_DOMCTL_unpausedomain, domid), 0);
	for (unsigned int i = 0; i < PATIENCE && is_alive(domid, &reason); i++) {
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
	int64_t err = make(&domid);

	err = err ? err : build(domid);
	err = err ? err : map(domid, RESULTS_ADDRESS / PAGE);
	if (err) {
		claim_equal("a_domain_to_fuzz_is_built", err, 0);
		return 0;
	}
	((struct results *)(void *)window)->seed = seed;
	domctl_on(XEN_DOMCTL_unpausedomain, domid);
	for (unsigned int i = 0; i < FUZZ_PATIENCE && is_alive(domid, &reason); i++) {
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
	uint64_t runs = 0;
	uint64_t before = free_pages();
	uint32_t domid = 0;
	int64_t err = make(&domid);

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
	for (uint32_t seed = 1; seed <= FUZZ_ROUNDS; seed++) {
		runs += fuzz(seed);
	}
	claim(runs > 10 * FUZZ_ROUNDS, "others_run_code_at_random");
	claim(is_pattern(pattern, false), "dom0s_page_is_as_it_was");
	sleep_ns(200000000);
	claim((int64_t)(before - free_pages()) <= 3, "their_memory_is_back");
}
