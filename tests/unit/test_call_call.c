/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0-tools/call does around a hypercall: the arena, mappings, batches, restarts. */
#include "call/domain.h"
#include "call/grant.h"
#include "call/host.h"
#include "call/memory.h"
#include "unit/fake_xen.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct fake_xen xen;
static struct call *call;

static void begin(void)
{
	fake_xen_open(&xen, 8192, &call);
}

static void end(void)
{
	call_close(call);
	CU_ASSERT_EQUAL(xen.lent, 0);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	CU_ASSERT_TRUE(xen.closed);
	fake_xen_close(&xen);
}

static void the_arena_is_zeroed_and_aligned(void)
{
	begin();
	size_t mark = call_mark(call);
	uint8_t *first = call_take(call, 100);
	memset(first, 1, 100);
	call_release(call, mark);
	uint8_t *again = call_take(call, 100);
	CU_ASSERT_PTR_EQUAL(first, again);
	CU_ASSERT_EQUAL(again[0] | again[99], 0);
	CU_ASSERT_EQUAL((uintptr_t)call_take(call, 1) % 64, 0);
	call_release(call, mark);
	end();
}

static void the_arena_grows_and_shrinks(void)
{
	begin();
	size_t outer = call_mark(call);
	CU_ASSERT_PTR_NOT_NULL(call_take(call, 1000));
	for (int i = 0; i < 50; i++) {
		size_t mark = call_mark(call);

		CU_ASSERT_PTR_NOT_NULL(call_take(call, 3 << 20));
		CU_ASSERT_EQUAL(xen.lent, 2);
		CU_ASSERT_PTR_NOT_NULL(call_take(call, 70000));
		call_release(call, mark);
		CU_ASSERT_EQUAL(xen.lent, 1);
		CU_ASSERT_EQUAL(call_mark(call), mark);
	}
	call_release(call, outer);
	end();
}

static void an_impossible_size_is_refused(void)
{
	begin();
	CU_ASSERT_PTR_NULL(call_take(call, SIZE_MAX));
	CU_ASSERT_PTR_NULL(call_take(call, SIZE_MAX / 2));
	end();
}

static void info_of_a_missing_domain_is_not_the_next_ones(void)
{
	struct xen_domctl_getdomaininfo info;

	begin();
	xen.next_domid = 5;
	fake_xen_domain(&xen, 0);
	CU_ASSERT_EQUAL(call_domain_info(call, 5, &info), 0);
	CU_ASSERT_EQUAL(info.domain, 5);
	CU_ASSERT_EQUAL(call_domain_info(call, 3, &info), -ESRCH);
	CU_ASSERT_EQUAL(call_domain_info(call, 6, &info), -ESRCH);
	end();
}

static void all_domains_are_listed_in_order(void)
{
	struct xen_domctl_getdomaininfo *infos;
	uint32_t count;

	begin();
	fake_xen_domain(&xen, 0);
	fake_xen_domain(&xen, XEN_DOMCTL_CDF_hvm);
	CU_ASSERT_EQUAL(call_domain_list_all(call, &infos, &count), 0);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(infos[0].domain, 0);
	CU_ASSERT_EQUAL(infos[2].domain, 2);
	CU_ASSERT_TRUE(infos[2].flags & XEN_DOMINF_hvm_guest);
	free(infos);
	xen.fail_at = xen.calls + 1;
	xen.fail_with = EPERM;
	CU_ASSERT_EQUAL(call_domain_list_all(call, &infos, &count), -EPERM);
	end();
}

static void a_new_domain_tells_its_id(void)
{
	struct xen_domctl_createdomain config = {.max_vcpus = 1, .grant_opts = 1};
	domid_t domid = DOMID_INVALID;

	begin();
	CU_ASSERT_EQUAL(call_domain_create(call, &config, &domid), 0);
	CU_ASSERT_EQUAL(domid, 1);
	domid = 4;
	CU_ASSERT_EQUAL(call_domain_create(call, &config, &domid), 0);
	CU_ASSERT_EQUAL(domid, 4);
	CU_ASSERT_EQUAL(call_domain_create(call, &config, &domid), -EEXIST);
	CU_ASSERT_EQUAL(call_domain_destroy(call, domid), 0);
	CU_ASSERT_EQUAL(call_domain_destroy(call, domid), -ESRCH);
	end();
}

static void destroying_goes_on_until_it_is_done(void)
{
	begin();
	domid_t domid = fake_xen_domain(&xen, 0);
	xen.fail_at = xen.calls + 1;
	xen.fail_with = EAGAIN;
	CU_ASSERT_EQUAL(call_domain_destroy(call, domid), 0);
	CU_ASSERT_FALSE(xen.domains[domid].exists);
	end();
}

static void memory_comes_in_batches(void)
{
	xen_pfn_t frames[5000];
	size_t done;

	begin();
	domid_t domid = fake_xen_domain(&xen, 0);
	xen.domains[domid].max_pages = 5000;
	for (size_t i = 0; i < 5000; i++) {
		frames[i] = i;
	}
	unsigned int before = xen.calls;
	CU_ASSERT_EQUAL(call_memory_populate(call, domid, frames, 5000, 0, 0, &done), 0);
	CU_ASSERT_EQUAL(done, 5000);
	CU_ASSERT_EQUAL(xen.calls - before, 2);
	CU_ASSERT_EQUAL(xen.m2p[frames[4999] - FAKE_FIRST_MFN], 4999);
	end();
}

static void memory_that_runs_out_says_how_far_it_got(void)
{
	xen_pfn_t frames[64];
	size_t done;

	begin();
	domid_t domid = fake_xen_domain(&xen, 0);
	xen.domains[domid].max_pages = 10;
	for (size_t i = 0; i < 64; i++) {
		frames[i] = i;
	}
	CU_ASSERT_EQUAL(call_memory_populate(call, domid, frames, 64, 0, 0, &done), -ENOMEM);
	CU_ASSERT_EQUAL(done, 10);
	CU_ASSERT_EQUAL(call_memory_populate(call, 7, frames, 64, 0, 0, &done), -ESRCH);
	CU_ASSERT_EQUAL(done, 0);
	end();
}

static void foreign_frames_are_mapped_all_or_none(void)
{
	xen_pfn_t frames[3] = {0, 1, 2};
	int errors[3];
	size_t done;
	size_t bad;
	void *at;

	begin();
	domid_t domid = fake_xen_domain(&xen, 0);
	xen.domains[domid].max_pages = 3;
	CU_ASSERT_EQUAL_FATAL(call_memory_populate(call, domid, frames, 3, 0, 0, &done), 0);
	CU_ASSERT_EQUAL_FATAL(call_map(call, domid, frames, 3, PROT_READ | PROT_WRITE, &at, &bad),
			      0);
	memset((char *)at + CALL_PAGE_SIZE, 7, 1);
	CU_ASSERT_EQUAL(*(uint8_t *)fake_xen_frame(&xen, frames[1]), 7);
	call_unmap(call, at, 3);
	frames[1] = 5;
	CU_ASSERT_EQUAL(call_map(call, domid, frames, 3, PROT_READ, &at, &bad), -EINVAL);
	CU_ASSERT_EQUAL(bad, 1);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	CU_ASSERT_EQUAL(call_map_some(call, domid, frames, 3, PROT_READ, errors, &at), 0);
	CU_ASSERT_EQUAL(errors[0], 0);
	CU_ASSERT_EQUAL(errors[1], -EINVAL);
	call_unmap(call, at, 3);
	end();
}

static void check_seeded(bool resources)
{
	const struct grant_seed seeds[] = {
		{.ref = GNTTAB_RESERVED_CONSOLE, .to = 0, .frame = 0x1234},
		{.ref = GNTTAB_RESERVED_XENSTORE, .to = 3, .frame = 0x1235},
	};

	begin();
	xen.no_resources = !resources;
	domid_t domid = fake_xen_domain(&xen, 0);
	CU_ASSERT_EQUAL_FATAL(grant_seed(call, domid, seeds, 2), 0);
	const struct grant_entry_v1 *table = fake_xen_frame(&xen, xen.domains[domid].grant_table);
	CU_ASSERT_EQUAL(table[0].flags, GTF_permit_access);
	CU_ASSERT_EQUAL(table[0].frame, 0x1234);
	CU_ASSERT_EQUAL(table[1].domid, 3);
	CU_ASSERT_EQUAL(table[2].flags, 0);
	end();
}

static void grants_are_seeded_either_way(void)
{
	check_seeded(true);
	check_seeded(false);
}

static void a_frame_too_large_for_a_grant_is_refused(void)
{
	const struct grant_seed far = {.ref = 0, .to = 0, .frame = 1UL << 32};
	const struct grant_seed high = {.ref = 512, .to = 0, .frame = 1};

	begin();
	domid_t domid = fake_xen_domain(&xen, 0);
	CU_ASSERT_EQUAL(grant_seed(call, domid, &far, 1), -ERANGE);
	CU_ASSERT_EQUAL(grant_seed(call, domid, &high, 1), -ERANGE);
	end();
}

static void the_version_is_told(void)
{
	unsigned int major;
	unsigned int minor;

	begin();
	CU_ASSERT_EQUAL(call_host_version(call, &major, &minor), 0);
	CU_ASSERT_EQUAL(major, 4);
	CU_ASSERT_EQUAL(minor, 17);
	end();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(the_arena_is_zeroed_and_aligned),
		UNIT(the_arena_grows_and_shrinks),
		UNIT(an_impossible_size_is_refused),
		UNIT(info_of_a_missing_domain_is_not_the_next_ones),
		UNIT(all_domains_are_listed_in_order),
		UNIT(a_new_domain_tells_its_id),
		UNIT(destroying_goes_on_until_it_is_done),
		UNIT(memory_comes_in_batches),
		UNIT(memory_that_runs_out_says_how_far_it_got),
		UNIT(foreign_frames_are_mapped_all_or_none),
		UNIT(grants_are_seeded_either_way),
		UNIT(a_frame_too_large_for_a_grant_is_refused),
		UNIT(the_version_is_told),
	};

	return unit_main("call", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
