/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves grants with dom0 on both sides: an entry gives exactly what it says, for as long as a
 * mapping lives; the hypervisor keeps the owner's entry busy; each wrong map, unmap and copy gets
 * its status and changes nothing.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/grant_table.h>

#define REF 20

static volatile struct grant_entry_v1 *table;
static uint64_t *page, *window;
static uint64_t window_pte;

static int64_t call(uint32_t command, void *arg, uint32_t count)
{
	return hypercall3(__HYPERVISOR_grant_table_op, command, arg, count);
}

static void offer(uint32_t ref, uint16_t flags, domid_t domid, uint64_t mfn)
{
	table[ref].domid = domid;
	table[ref].frame = (uint32_t)mfn;
	__atomic_store_n(&table[ref].flags, flags, __ATOMIC_SEQ_CST);
}

static struct gnttab_map_grant_ref map(uint32_t ref, domid_t domid, uint32_t flags,
				       uint64_t address)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = address, .flags = flags, .ref = ref, .dom = domid};

	if (call(GNTTABOP_map_grant_ref, &op, 1)) {
		claim(false, "a_map_call_as_a_whole_succeeds");
	}
	return op;
}

static int unmap(uint32_t handle, uint64_t address)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = address, .handle = handle};

	if (call(GNTTABOP_unmap_grant_ref, &op, 1)) {
		claim(false, "an_unmap_call_as_a_whole_succeeds");
	}
	return op.status;
}

static void setup(void)
{
	uint64_t frames[4];
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct gnttab_setup_table setup = {
		.dom = DOMID_SELF, .nr_frames = 1, .frame_list = (uint64_t)frames};

	claim_equal("query_size", call(GNTTABOP_query_size, &size, 1), 0);
	claim(size.status == 0 && size.max_nr_frames >= 4, "there_is_a_table");
	claim_equal("setup_table", call(GNTTABOP_setup_table, &setup, 1), 0);
	claim_equal("with_status_0", setup.status, 0);
	table = page_alloc();
	claim_equal("its_frame_can_be_mapped", remap((void *)table, frames[0], PTE_RW), 0);
	setup.nr_frames = 100000;
	claim_equal("too_many_frames", call(GNTTABOP_setup_table, &setup, 1), 0);
	claim_equal("are_a_general_error", setup.status, GNTST_general_error);
	claim_equal("two_queries_at_once_are_einval", call(GNTTABOP_query_size, &size, 2),
		    -XEN_EINVAL);
	claim_equal("a_wild_count_is_einval", call(GNTTABOP_map_grant_ref, &size, 0x80000001),
		    -XEN_EINVAL);
	claim_equal("an_unknown_operation_is_enosys", call(99, &size, 1), -XEN_ENOSYS);
	claim_equal("unreadable_operations_are_efault",
		    call(GNTTABOP_map_grant_ref, (void *)0x1000, 1), -XEN_EFAULT);
	claim_equal("a_frame_of_the_table_is_no_page_table",
		    mmuext(MMUEXT_PIN_L1_TABLE, frames[0], 0), -XEN_EINVAL);
}

static void mapping(void)
{
	struct gnttab_map_grant_ref op, second;
	uint64_t at = (uint64_t)window;

	page[0] = 0x1111;
	offer(REF, GTF_permit_access, 0, mfn_of(page));
	op = map(REF, 0, GNTMAP_host_map, at);
	claim_equal("a_grant_maps", op.status, 0);
	claim_equal("dev_bus_addr_is_its_address", op.dev_bus_addr, maddr_of(page));
	claim_equal("the_page_is_there", *(volatile uint64_t *)window, 0x1111);
	window[1] = 0x2222;
	claim_equal("writes_arrive", *(volatile uint64_t *)(page + 1), 0x2222);
	claim_equal("the_entry_is_busy", table[REF].flags,
		    GTF_permit_access | GTF_reading | GTF_writing);
	claim_equal("its_pte_is_nx", *pte_of(window) >> 63, 1);
	second = map(REF, 0, GNTMAP_host_map | GNTMAP_readonly, (uint64_t)(window + 512));
	claim_equal("a_second_time_read_only", second.status, 0);
	claim_equal("it_cannot_be_written", try_write(window + 512, 0), 14);
	claim_equal("the_wrong_address_does_not_unmap", unmap(op.handle, at + PAGE),
		    GNTST_general_error);
	claim_equal("unmapping_the_first", unmap(op.handle, at), 0);
	claim_equal("its_address_is_empty", try_read(window), 14);
	claim_equal("the_entry_is_still_read", table[REF].flags, GTF_permit_access | GTF_reading);
	claim_equal("unmapping_the_second", unmap(second.handle, (uint64_t)(window + 512)), 0);
	claim_equal("frees_the_entry", table[REF].flags, GTF_permit_access);
	claim_equal("a_dead_handle_is_bad", unmap(op.handle, at), GNTST_bad_handle);
	claim_equal("a_wild_handle_is_bad", unmap(0xfffffff0, at), GNTST_bad_handle);
}

static void by_pte(void)
{
	uint32_t flags = GNTMAP_host_map | GNTMAP_application_map | GNTMAP_contains_pte | 1U << 16;
	struct gnttab_map_grant_ref op;

	op = map(REF, 0, flags, window_pte);
	claim_equal("a_grant_maps_by_its_pte", op.status, 0);
	claim_equal("the_page_is_there_too", *(volatile uint64_t *)window, 0x1111);
	claim_equal("available_bits_are_copied", *pte_of(window) >> 9 & 7, 1);
	claim_equal("unmapped_by_its_pte", unmap(op.handle, window_pte), 0);
	op = map(REF, 0, flags, window_pte + 4);
	claim(op.status < 0, "an_unaligned_pte_is_refused");
	op = map(REF, 0, flags, maddr_of(page));
	claim_equal("a_frame_that_is_no_table_is_refused", op.status, GNTST_general_error);
	op = map(REF, 0, GNTMAP_host_map, 9UL << 39);
	claim_equal("an_address_without_table_is_refused", op.status, GNTST_general_error);
	claim_equal("nothing_is_left_of_it", table[REF].flags, GTF_permit_access);
}

static void wrong(void)
{
	uint64_t at = (uint64_t)window, l4 = mfn_of((void *)start_info->pt_base);

	claim_equal("an_unknown_domain", map(REF, 1234, GNTMAP_host_map, at).status,
		    GNTST_bad_domain);
	claim_equal("a_ref_beyond_the_table", map(1U << 30, 0, GNTMAP_host_map, at).status,
		    GNTST_bad_gntref);
	claim_equal("neither_host_nor_device", map(REF, 0, 0, at).status, GNTST_bad_gntref);
	claim_equal("an_invalid_entry", map(REF + 1, 0, GNTMAP_host_map, at).status,
		    GNTST_general_error);
	offer(REF + 1, GTF_permit_access, 7, mfn_of(page));
	claim_equal("an_entry_for_another_domain", map(REF + 1, 0, GNTMAP_host_map, at).status,
		    GNTST_general_error);
	offer(REF + 1, GTF_permit_access | GTF_readonly, 0, mfn_of(page));
	claim_equal("writing_a_read_only_grant", map(REF + 1, 0, GNTMAP_host_map, at).status,
		    GNTST_general_error);
	offer(REF + 1, GTF_permit_access, 0, l4);
	claim_equal("writing_a_page_table", map(REF + 1, 0, GNTMAP_host_map, at).status,
		    GNTST_general_error);
	claim_equal("leaves_the_entry_alone", table[REF + 1].flags, GTF_permit_access);
	offer(REF + 1, GTF_permit_access, 0, 0xfffffff0);
	claim_equal("no_frame", map(REF + 1, 0, GNTMAP_host_map, at).status, GNTST_bad_page);
	claim_equal("leaves_the_entry_alone_too", table[REF + 1].flags, GTF_permit_access);
	offer(REF + 1, 0, 0, 0);
}

static int copy(struct gnttab_copy *op)
{
	op->status = 99;
	if (call(GNTTABOP_copy, op, 1)) {
		claim(false, "a_copy_call_as_a_whole_succeeds");
	}
	return op->status;
}

static void copies(void)
{
	uint64_t *to = page_alloc();
	struct gnttab_copy op = {.source = {.u.ref = REF, .domid = 0, .offset = 8},
				 .dest = {.u.gmfn = mfn_of(to), .domid = DOMID_SELF, .offset = 100},
				 .len = 8,
				 .flags = GNTCOPY_source_gref};

	page[1] = 0x1234567887654321UL;
	claim_equal("copy_from_a_grant", copy(&op), 0);
	claim_equal("the_bytes_are_there", memcmp((char *)to + 100, page + 1, 8), 0);
	claim(((char *)to)[99] == 0 && ((char *)to)[108] == 0, "and_no_others");
	op.dest.offset = 4090;
	claim_equal("across_the_end_of_a_page", copy(&op), GNTST_bad_copy_arg);
	op.dest.offset = 0;
	op.dest.domid = 1234;
	claim_equal("to_a_frame_of_an_unknown_domain", copy(&op) < 0, 1);
	op.dest.domid = DOMID_SELF;
	op.dest.u.gmfn = mfn_of((void *)start_info->pt_base);
	claim_equal("to_a_page_table", copy(&op), GNTST_general_error);
	op.dest.u.gmfn = 0xfffffff0;
	claim(copy(&op) < 0, "to_no_frame");
	op.dest.u.gmfn = mfn_of(to);
	op.source.u.ref = REF + 1;
	claim_equal("from_an_invalid_entry", copy(&op), GNTST_general_error);
	op.source.u.ref = 1U << 30;
	claim_equal("from_no_entry", copy(&op), GNTST_bad_gntref);
	claim_equal("the_entry_is_free_afterwards", table[REF].flags, GTF_permit_access);
}

void guest_test(void)
{
	page = page_alloc();
	window = page_alloc();
	page_alloc();
	window_pte = pte_mfn(*entry_of(window, 2)) * PAGE + ((uint64_t)pte_of(window) & (PAGE - 1));
	setup();
	mapping();
	by_pte();
	wrong();
	copies();
}
