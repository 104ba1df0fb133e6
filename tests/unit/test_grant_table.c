/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: every status of map, unmap, copy and the table operations; the life of an entry's
 * reading and writing bits; references and TLBs; what is left when a mapper dies; and a long
 * random run against a naive model, audited after each step.
 */
#include "unit/share_world.h"

#include "grant/table.h"
#include "unit/model.h"

#define HOST GNTMAP_host_map
#define DEVICE GNTMAP_device_map
#define RO GNTMAP_readonly

static uint32_t refs_at_start[WORLD_DOMAINS][FRAMES_EACH];

static struct grant_entry_v1 *entry(unsigned int n, uint32_t ref)
{
	return &dom(n)->grants->frames[ref / 512][ref % 512];
}

static struct frame *frame_n(unsigned int n, unsigned int i)
{
	return frame_of(world[n].frames[i]);
}

static uint32_t refs(unsigned int n, unsigned int i)
{
	return frame_n(n, i)->refs & FRAME_REF_MASK;
}

static void setup(void)
{
	world_reset();
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		if (grant_domain_create(dom(n)) != 0) {
			abort();
		}
		for (unsigned int i = 0; i < FRAMES_EACH; i++) {
			refs_at_start[n][i] = refs(n, i);
		}
	}
}

static void audit_all(void)
{
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		grant_audit(dom(i));
	}
}

static void offer(unsigned int n, uint32_t ref, uint16_t to, unsigned int frame, uint16_t flags)
{
	*entry(n, ref) = (struct grant_entry_v1){
		.flags = flags, .domid = to, .frame = (uint32_t)world[n].frames[frame].n};
}

static struct gnttab_map_grant_ref map(unsigned int by, uint16_t from, uint32_t ref, uint32_t flags,
				       uint64_t address)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = address, .flags = flags, .ref = ref, .dom = from};

	grant_map(cpu_of(by), &op);
	audit_all();
	return op;
}

static int unmap(unsigned int by, uint32_t handle, uint64_t address, uint64_t bus)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = address, .dev_bus_addr = bus, .handle = handle};

	grant_unmap(cpu_of(by), &op, 1);
	audit_all();
	return op.status;
}

static bool nothing_is_held(void)
{
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (unsigned int i = 0; i < FRAMES_EACH; i++) {
			if (refs(n, i) != refs_at_start[n][i] ||
			    frame_type_count(frame_n(n, i)) != 0) {
				return false;
			}
		}
		if (world[n].refs != 0) {
			return false;
		}
	}
	return true;
}

static void a_map_refused_changes_nothing(void)
{
	offer(1, 8, 0, 0, GTF_permit_access);
	offer(1, 9, 0, 0, GTF_permit_access | GTF_readonly);
	offer(1, 10, 2, 0, GTF_permit_access);
	offer(1, 11, 0, 0, GTF_accept_transfer);
	offer(1, 12, 0, 0, GTF_permit_access | GTF_sub_page);
	offer(1, 13, 0, 0, GTF_permit_access);
	entry(1, 13)->frame = (uint32_t)world[2].frames[0].n;
	offer(1, 14, 0, 0, GTF_permit_access);
	entry(1, 14)->frame = 0xffffffff;
	CU_ASSERT_EQUAL(map(0, 1, 8, 0, 0).status, GNTST_bad_gntref);
	CU_ASSERT_EQUAL(map(0, 1, 512, HOST, 0).status, GNTST_bad_gntref);
	CU_ASSERT_EQUAL(map(0, 1, 0xffffffff, HOST, 0).status, GNTST_bad_gntref);
	CU_ASSERT_EQUAL(map(0, 77, 8, HOST, 0).status, GNTST_bad_domain);
	CU_ASSERT_EQUAL(map(0, DOMID_SELF, 8, HOST, 0).status, GNTST_bad_domain);
	CU_ASSERT_EQUAL(map(0, 1, 7, HOST, 0).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 9, HOST, 0).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 10, HOST, 0).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 11, HOST, 0).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 12, HOST, 0).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 13, HOST, 0).status, GNTST_bad_page);
	CU_ASSERT_EQUAL(map(0, 1, 14, HOST, 0).status, GNTST_bad_page);
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST, WORLD_SLOTS * PAGE_SIZE).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST | DEVICE, WORLD_SLOTS * PAGE_SIZE).status,
			GNTST_general_error);
	dom(0)->is_pv = false;
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST | DEVICE, 0).status, GNTST_general_error);
	for (uint32_t ref = 8; ref < 15; ref++) {
		CU_ASSERT_EQUAL(entry(1, ref)->flags & (GTF_reading | GTF_writing), 0);
	}
	CU_ASSERT_TRUE(nothing_is_held());
}

static void a_page_table_cannot_be_mapped_writable(void)
{
	offer(1, 8, 0, 0, GTF_permit_access);
	frame_n(1, 0)->type = (uint32_t)TYPE_L1 << TYPE_SHIFT | 1;
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST, 0x1000).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST | DEVICE, 0x1000).status, GNTST_general_error);
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST | RO, 0x1000).status, GNTST_okay);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 1);
}

static void a_map_and_its_unmap_leave_no_trace(void)
{
	struct gnttab_map_grant_ref op;
	uint16_t before;

	offer(1, 8, 0, 0, GTF_permit_access);
	before = entry(1, 8)->flags;
	op = map(0, 1, 8, HOST, 0x3000);
	CU_ASSERT_EQUAL(op.status, GNTST_okay);
	CU_ASSERT_EQUAL(op.dev_bus_addr, world[1].frames[0].n << PAGE_SHIFT);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, before | GTF_reading | GTF_writing);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 1);
	CU_ASSERT_EQUAL(frame_type_count(frame_n(1, 0)), 1);
	CU_ASSERT_EQUAL(world[1].refs, 1);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x3000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, before);
	CU_ASSERT_TRUE(nothing_is_held());
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x3000, 0), GNTST_bad_handle);
}

static void unmap_checks_handle_address_and_bus_address(void)
{
	struct gnttab_map_grant_ref op;

	offer(1, 8, 0, 0, GTF_permit_access);
	CU_ASSERT_EQUAL(unmap(0, 0, 0x1000, 0), GNTST_bad_handle);
	op = map(0, 1, 8, HOST | DEVICE, 0x1000);
	CU_ASSERT_EQUAL(unmap(0, op.handle + 1, 0x1000, 0), GNTST_bad_handle);
	CU_ASSERT_EQUAL(unmap(0, 0xffffffff, 0x1000, 0), GNTST_bad_handle);
	CU_ASSERT_EQUAL(unmap(2, op.handle, 0x1000, 0), GNTST_bad_handle);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x2000, 0), GNTST_general_error);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x1000, op.dev_bus_addr + 1), GNTST_general_error);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 2);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0, 0), GNTST_okay);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 2);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x1000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 1);
	CU_ASSERT_EQUAL(entry(1, 8)->flags & GTF_writing, GTF_writing);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0, op.dev_bus_addr), GNTST_okay);
	CU_ASSERT_TRUE(nothing_is_held());
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0, op.dev_bus_addr), GNTST_bad_handle);
}

static void the_writing_bit_goes_with_the_last_writable_mapping(void)
{
	struct gnttab_map_grant_ref w, r;

	offer(1, 8, 0, 0, GTF_permit_access);
	r = map(0, 1, 8, HOST | RO, 0x1000);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	w = map(0, 1, 8, HOST, 0x2000);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	CU_ASSERT_NOT_EQUAL(r.handle, w.handle);
	CU_ASSERT_EQUAL(unmap(0, w.handle, 0x2000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	CU_ASSERT_EQUAL(unmap(0, r.handle, 0x1000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access);
	CU_ASSERT_TRUE(nothing_is_held());
}

/* The frame number is read once, at the first pin: changing it later has no effect. */
static void a_pinned_entry_keeps_its_frame_and_domid(void)
{
	struct gnttab_map_grant_ref a, b;

	offer(1, 8, 0, 0, GTF_permit_access);
	a = map(0, 1, 8, HOST, 0x1000);
	entry(1, 8)->frame = (uint32_t)world[1].frames[1].n;
	b = map(0, 1, 8, HOST, 0x2000);
	CU_ASSERT_EQUAL(b.status, GNTST_okay);
	CU_ASSERT_EQUAL(b.dev_bus_addr, a.dev_bus_addr);
	entry(1, 8)->domid = 2;
	CU_ASSERT_EQUAL(map(2, 1, 8, HOST, 0x1000).status, GNTST_general_error);
	CU_ASSERT_EQUAL(unmap(0, a.handle, 0x1000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(unmap(0, b.handle, 0x2000, 0), GNTST_okay);
	CU_ASSERT_EQUAL(entry(1, 8)->domid, 2);
	CU_ASSERT_TRUE(nothing_is_held());
}

static void pins_do_not_overflow(void)
{
	uint32_t handles[255];

	dom(0)->grants->track_max = 1;
	offer(1, 8, 0, 0, GTF_permit_access);
	for (unsigned int i = 0; i < 255; i++) {
		struct gnttab_map_grant_ref op = {.flags = DEVICE | RO, .ref = 8, .dom = 1};

		grant_map(cpu_of(0), &op);
		CU_ASSERT_EQUAL(op.status, GNTST_okay);
		handles[i] = op.handle;
	}
	CU_ASSERT_EQUAL(map(0, 1, 8, DEVICE | RO, 0).status, GNTST_general_error);
	/* Another counter is not concerned; then the handles run out. */
	CU_ASSERT_EQUAL(map(0, 1, 8, DEVICE, 0).status, GNTST_okay);
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST, 0).status, GNTST_no_space);
	for (unsigned int i = 0; i < 255; i++) {
		struct gnttab_unmap_grant_ref op = {
			.dev_bus_addr = world[1].frames[0].n << PAGE_SHIFT, .handle = handles[i]};

		grant_unmap(cpu_of(0), &op, 1);
		CU_ASSERT_EQUAL(op.status, GNTST_okay);
	}
	audit_all();
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST, 0).status, GNTST_okay);
}

static void a_batch_is_flushed_once_before_anything_is_dropped(void)
{
	struct gnttab_unmap_grant_ref ops[GRANT_UNMAP_BATCH];
	unsigned int flushes;

	for (uint32_t i = 0; i < 8; i++) {
		struct gnttab_map_grant_ref op;

		offer(1, 8 + i, 0, i, GTF_permit_access);
		op = map(0, 1, 8 + i, HOST, (i + 1) * PAGE_SIZE);
		CU_ASSERT_EQUAL(op.status, GNTST_okay);
		ops[i] = (struct gnttab_unmap_grant_ref){.host_addr = (i + 1) * PAGE_SIZE,
							 .handle = op.handle};
	}
	/* One fails, and one stands twice. */
	ops[3].host_addr = 0x20000;
	ops[8] = ops[0];
	flushes = sim_tlb_flushes(0);
	grant_unmap(cpu_of(0), ops, 9);
	audit_all();
	CU_ASSERT_EQUAL(sim_tlb_flushes(0), flushes + 1);
	for (uint32_t i = 0; i < 8; i++) {
		struct cpu_set seen = sim_tlb_may_see(world[1].frames[i]);

		CU_ASSERT_EQUAL(ops[i].status, i == 3 ? GNTST_general_error : GNTST_okay);
		CU_ASSERT_TRUE(i == 3 || cpu_set_is_empty(&seen));
	}
	CU_ASSERT_EQUAL(ops[8].status, GNTST_bad_handle);
	CU_ASSERT_EQUAL(unmap(0, ops[3].handle, 4 * PAGE_SIZE, 0), GNTST_okay);
	CU_ASSERT_TRUE(nothing_is_held());
}

/* What an ordinary PTE update does: the entry's references go with it. */
static void overwrite_pte(unsigned int n, uint64_t slot)
{
	struct world_slot *s = &world[n].slots[slot];
	struct frame *f = frame_of(s->mfn);

	s->present = false;
	if (!s->readonly) {
		world_put_writable(NULL, f);
	}
	frame_put(f);
}

static void a_mapping_whose_pte_is_gone_cannot_be_unmapped_but_dies_with_the_mapper(void)
{
	struct gnttab_map_grant_ref op;

	offer(1, 8, 0, 0, GTF_permit_access);
	op = map(0, 1, 8, HOST | DEVICE, 0x1000);
	overwrite_pte(0, 1);
	CU_ASSERT_EQUAL(unmap(0, op.handle, 0x1000, 0), GNTST_general_error);
	CU_ASSERT_EQUAL(entry(1, 8)->flags & GTF_writing, GTF_writing);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 1);
	dom(0)->life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(grant_domain_teardown(dom(0)), 0);
	audit_all();
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access);
	CU_ASSERT_TRUE(nothing_is_held());
}

/* Its map of guest frames holds no references, as a PTE does: nobody else would drop them. */
static void a_translated_mapper_that_dies_gives_everything_back(void)
{
	offer(1, 8, 0, 0, GTF_permit_access);
	offer(1, 9, 0, 1, GTF_permit_access | GTF_readonly);
	dom(0)->is_pv = false;
	CU_ASSERT_EQUAL(map(0, 1, 8, HOST, 0x1000).status, GNTST_okay);
	CU_ASSERT_EQUAL(map(0, 1, 9, HOST | RO, 0x2000).status, GNTST_okay);
	CU_ASSERT_EQUAL(grant_domain_teardown(dom(0)), 0);
	audit_all();
	CU_ASSERT_TRUE(nothing_is_held());
}

static void teardown_releases_all_handles_in_pieces(void)
{
	int err, pieces = 0;

	offer(1, 8, 0, 0, GTF_permit_access);
	for (unsigned int i = 0; i < 200; i++) {
		struct gnttab_map_grant_ref op = {.flags = DEVICE, .ref = 8, .dom = 1};

		grant_map(cpu_of(0), &op);
	}
	restart_spend(RESTART_UNITS - 4);
	while ((err = grant_domain_teardown(dom(0))) == -XEN_ERESTART) {
		restart_reset();
		restart_spend(RESTART_UNITS - 4);
		audit_all();
		pieces++;
	}
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_TRUE(pieces > 2);
	CU_ASSERT_TRUE(nothing_is_held());
}

static int copy(unsigned int by, struct gnttab_copy op)
{
	grant_copy(cpu_of(by), &op);
	audit_all();
	return op.status;
}

static void copies_check_ranges_and_rights(void)
{
	struct gnttab_copy op = {.len = 16, .flags = GNTCOPY_source_gref};

	offer(1, 8, 0, 0, GTF_permit_access);
	offer(1, 9, 0, 1, GTF_permit_access | GTF_readonly);
	op.source.u.ref = 8;
	op.source.domid = 1;
	op.dest.u.gmfn = world[0].frames[0].n;
	op.dest.domid = DOMID_SELF;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_okay);
	op.source.offset = 4081;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_copy_arg);
	op.source.offset = 4080;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_okay);
	op.dest.offset = 4090;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_copy_arg);
	op.dest.offset = 0xffff;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_copy_arg);
	op.dest.offset = 0;
	op.dest.domid = 0;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_permission_denied);
	op.dest.domid = DOMID_SELF;
	op.source.domid = 77;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_domain);
	op.source.domid = 1;
	op.source.u.ref = 1u << 20;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_gntref);
	op.source.u.ref = 20;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_general_error);
	op.source.u.ref = 8;
	op.dest.u.gmfn = world[1].frames[0].n;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_page);
	op.dest.u.gmfn = ~0UL;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_page);
	op.dest.u.gmfn = world[0].frames[1].n;
	frame_n(0, 1)->type = (uint32_t)TYPE_L2 << TYPE_SHIFT | 1;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_general_error);
	frame_n(0, 1)->type = 0;
	/* Into a readonly grant. */
	op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	op.dest.u.ref = 9;
	op.dest.domid = 1;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_general_error);
	op.source.u.ref = 9;
	op.dest.u.ref = 8;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_okay);
	CU_ASSERT_TRUE(nothing_is_held());
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access);
	CU_ASSERT_EQUAL(entry(1, 9)->flags, GTF_permit_access | GTF_readonly);
}

static void a_copy_may_not_name_frames_of_others(void)
{
	struct gnttab_copy op = {.len = 16};

	op.source.u.gmfn = world[1].frames[0].n;
	op.source.domid = 1;
	op.dest.u.gmfn = world[0].frames[0].n;
	op.dest.domid = DOMID_SELF;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_permission_denied);
	op.source.domid = DOMID_SELF;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_bad_page);
	CU_ASSERT_TRUE(nothing_is_held());
}

static void a_dead_mapper_keeps_no_translations(void)
{
	unsigned int before;

	offer(1, 8, 0, 0, GTF_permit_access);
	CU_ASSERT_EQUAL(map(0, 1, 8, DEVICE, 0).status, GNTST_okay);
	before = sim_tlb_flushes(0);
	CU_ASSERT_EQUAL(grant_domain_teardown(dom(0)), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(0), before + 1);
	CU_ASSERT_TRUE(nothing_is_held());
}

static void a_copy_moves_the_bytes_asked_for(void)
{
	uint8_t *from = frame_map(world[1].frames[0]), *to = frame_map(world[0].frames[0]);
	struct gnttab_copy op = {.len = 4094, .flags = GNTCOPY_source_gref};

	offer(1, 8, 0, 0, GTF_permit_access | GTF_readonly);
	for (unsigned int i = 0; i < PAGE_SIZE; i++) {
		from[i] = (uint8_t)(i * 7);
	}
	to[0] = to[4095] = 0xee;
	op.source.u.ref = 8;
	op.source.domid = 1;
	op.source.offset = 2;
	op.dest.u.gmfn = world[0].frames[0].n;
	op.dest.domid = DOMID_SELF;
	op.dest.offset = 1;
	CU_ASSERT_EQUAL(copy(0, op), GNTST_okay);
	CU_ASSERT_EQUAL(memcmp(to + 1, from + 2, 4094), 0);
	CU_ASSERT_TRUE(to[0] == 0xee && to[4095] == 0xee);
}

static void the_table_grows_to_its_limit_and_keeps_what_it_has(void)
{
	mfn_t first = grant_frame(dom(1), 0);

	offer(1, 8, 0, 0, GTF_permit_access);
	CU_ASSERT_EQUAL(grant_frame_count(dom(1)), 1);
	CU_ASSERT_EQUAL(grant_frame_max(dom(1)), 4);
	CU_ASSERT_EQUAL(grant_grow(dom(1), 5), -XEN_EINVAL);
	sim_fail_allocation_after(1);
	CU_ASSERT_EQUAL(grant_grow(dom(1), 3), -XEN_ENOMEM);
	sim_fail_allocation_after(~0UL);
	CU_ASSERT_EQUAL(grant_grow(dom(1), 3), 0);
	CU_ASSERT_EQUAL(grant_frame_count(dom(1)), 3);
	CU_ASSERT_EQUAL(grant_grow(dom(1), 1), 0);
	CU_ASSERT_EQUAL(grant_frame_count(dom(1)), 3);
	CU_ASSERT_TRUE(mfn_eq(first, grant_frame(dom(1), 0)));
	CU_ASSERT_TRUE(mfn_is_none(grant_frame(dom(1), 3)));
	CU_ASSERT_EQUAL(entry(1, 8)->flags, GTF_permit_access);
	offer(1, 1535, 0, 2, GTF_permit_access);
	CU_ASSERT_EQUAL(map(0, 1, 1535, HOST, 0x1000).status, GNTST_okay);
}

static void creation_without_memory_leaves_nothing(void)
{
	for (unsigned int n = 0; n < 6; n++) {
		uint64_t before;
		struct domain *d = dom(2);

		grant_domain_free(d);
		before = heap_used();
		sim_fail_allocation_after(n);
		CU_ASSERT_EQUAL(grant_domain_create(d), -XEN_ENOMEM);
		sim_fail_allocation_after(~0UL);
		CU_ASSERT_EQUAL(heap_used(), before);
		CU_ASSERT_PTR_NULL(d->grants);
	}
}

static void the_hypercall_checks_counts_and_operations(void)
{
	struct gnttab_query_size query = {.dom = 77};
	struct gnttab_set_version version = {.version = 2};
	hypercall_handler *op = hypercall_grant_table_op;
	struct hypercall call = {.v = cpu_of(1), .args = {0, 0xdead000, 1}};

	CU_ASSERT_EQUAL(op(&call), -XEN_EFAULT);
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &query, sizeof(query), 0x80000000), -XEN_EINVAL);
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &query, sizeof(query), 2), -XEN_EINVAL);
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &query, sizeof(query), 1), 0);
	CU_ASSERT_EQUAL(query.status, GNTST_bad_domain);
	query.dom = 0;
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &query, sizeof(query), 1), 0);
	CU_ASSERT_EQUAL(query.status, GNTST_permission_denied);
	query.dom = DOMID_SELF;
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &query, sizeof(query), 1), 0);
	CU_ASSERT_TRUE(query.status == 0 && query.nr_frames == 1 && query.max_nr_frames == 4);
	CU_ASSERT_EQUAL(world_call(op, 1, 8, &version, sizeof(version), 1), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(version.version, 1);
	CU_ASSERT_EQUAL(world_call(op, 1, 8, &version, sizeof(version), 1), 0);
	version.version = 3;
	CU_ASSERT_EQUAL(world_call(op, 1, 8, &version, sizeof(version), 1), -XEN_EINVAL);
	for (uint64_t cmd = 3; cmd < 16; cmd++) {
		if (cmd != 5 && cmd != 6 && cmd != 8) {
			CU_ASSERT_EQUAL(world_call(op, 1, cmd, &query, sizeof(query), 1),
					-XEN_ENOSYS);
		}
	}
}

static void setup_table_grows_and_lists_frames(void)
{
	struct {
		struct gnttab_setup_table op;
		uint64_t list[4];
	} arg = {.op = {.dom = 1, .nr_frames = 5}};
	hypercall_handler *op = hypercall_grant_table_op;

	CU_ASSERT_EQUAL(world_call(op, 0, 2, &arg, sizeof(arg), 1), 0);
	CU_ASSERT_EQUAL(arg.op.status, GNTST_general_error);
	arg.op.nr_frames = 4;
	arg.op.frame_list = 0xdead000;
	CU_ASSERT_EQUAL(world_call(op, 0, 2, &arg, sizeof(arg), 1), 0);
	CU_ASSERT_EQUAL(arg.op.status, GNTST_bad_virt_addr);
	arg.op.frame_list = ARGS_VA + sizeof(arg.op);
	CU_ASSERT_EQUAL(world_call(op, 0, 2, &arg, sizeof(arg), 1), 0);
	CU_ASSERT_EQUAL(arg.op.status, GNTST_okay);
	for (uint32_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(arg.list[i], grant_frame(dom(1), i).n);
	}
	arg.op.dom = 0;
	CU_ASSERT_EQUAL(world_call(op, 1, 2, &arg, sizeof(arg), 1), 0);
	CU_ASSERT_EQUAL(arg.op.status, GNTST_permission_denied);
}

static void a_long_list_restarts_and_does_every_operation_once(void)
{
	struct gnttab_map_grant_ref maps[100];
	struct gnttab_unmap_grant_ref unmaps[100];
	hypercall_handler *op = hypercall_grant_table_op;

	offer(1, 8, 0, 0, GTF_permit_access);
	for (unsigned int i = 0; i < 100; i++) {
		maps[i] = (struct gnttab_map_grant_ref){.flags = DEVICE, .ref = 8, .dom = 1};
	}
	CU_ASSERT_EQUAL(world_call(op, 0, 0, maps, sizeof(maps), 100), 0);
	CU_ASSERT_EQUAL(refs(1, 0), refs_at_start[1][0] + 100);
	for (unsigned int i = 0; i < 100; i++) {
		unmaps[i] = (struct gnttab_unmap_grant_ref){.dev_bus_addr = maps[i].dev_bus_addr,
							    .handle = maps[i].handle};
		CU_ASSERT_EQUAL(maps[i].status, GNTST_okay);
	}
	CU_ASSERT_EQUAL(world_call(op, 0, 1, unmaps, sizeof(unmaps), 100), 0);
	CU_ASSERT_TRUE(nothing_is_held());
	audit_all();
}

/* --- the model: which mappings exist, and what that means for entries and frames ------------- */
#define MODEL_MAPS 96U
#define MODEL_SLOTS 40U
#define MODEL_ENTRIES 8U
#define LIST_MOST 40U
#define NOWHERE (WORLD_SLOTS * PAGE_SIZE)

static struct model_map {
	bool host, device, readonly;
	unsigned int by, from;
	uint32_t ref, handle;
} maps[MODEL_MAPS];
static struct model_slot {
	bool present, readonly;
	unsigned int from, frame;
} slots[WORLD_DOMAINS][MODEL_SLOTS];
static struct model_entry {
	bool permits, readonly;
	unsigned int to;
} entries[WORLD_DOMAINS][MODEL_ENTRIES];

/* A vcpu with a list of operations under way: between its parts others make their calls. */
static struct actor {
	struct hypercall call;
	struct vcpu *v;
	uint64_t at; /* where its list lies */
	uint32_t count, done;
	bool is_map;
} actors[WORLD_DOMAINS * WORLD_VCPUS];

static bool is_live(const struct model_map *m)
{
	return m->host || m->device;
}

/* A mapping that holds the entry, a writable one if there is, or NULL. */
static struct model_map *pinning(unsigned int from, uint32_t ref)
{
	struct model_map *found = NULL;

	for (unsigned int i = 0; i < MODEL_MAPS; i++) {
		struct model_map *m = &maps[i];

		if (is_live(m) && m->from == from && m->ref == ref &&
		    (!found || found->readonly)) {
			found = m;
		}
	}
	return found;
}

static void compare_entry(unsigned int n, uint32_t i)
{
	struct model_map *pin = pinning(n, 8 + i);
	unsigned int flags = (entries[n][i].permits ? GTF_permit_access : 0U) |
			     (entries[n][i].readonly ? GTF_readonly : 0U) |
			     (pin ? GTF_reading : 0U) | (pin && !pin->readonly ? GTF_writing : 0U);

	CU_ASSERT_EQUAL(entry(n, 8 + i)->flags, flags);
}

static void compare_with_model(struct model_run *run)
{
	uint32_t refs_of[WORLD_DOMAINS][FRAMES_EACH] = {{0}};
	uint32_t writes_of[WORLD_DOMAINS][FRAMES_EACH] = {{0}};

	audit_all();
	for (unsigned int i = 0; i < MODEL_MAPS; i++) {
		refs_of[maps[i].from][maps[i].ref % 8] += maps[i].device;
		writes_of[maps[i].from][maps[i].ref % 8] += maps[i].device && !maps[i].readonly;
	}
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (unsigned int i = 0; i < MODEL_SLOTS; i++) {
			struct model_slot *s = &slots[n][i];

			CU_ASSERT_EQUAL(world[n].slots[i].present, s->present);
			refs_of[s->from][s->frame] += s->present;
			writes_of[s->from][s->frame] += s->present && !s->readonly;
		}
	}
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (unsigned int i = 0; i < FRAMES_EACH; i++) {
			CU_ASSERT_EQUAL(refs(n, i), refs_at_start[n][i] + refs_of[n][i]);
			CU_ASSERT_EQUAL(frame_type_count(frame_n(n, i)), writes_of[n][i]);
			compare_entry(n, i);
		}
	}
}

static int model_map(unsigned int n, const struct gnttab_map_grant_ref *op)
{
	struct model_map *pin, *m = maps;
	struct model_entry *e;
	struct model_slot *s = &slots[n][op->host_addr / PAGE_SIZE];
	bool readonly = (op->flags & RO) != 0;

	if ((op->flags & (HOST | DEVICE)) == 0) {
		return GNTST_bad_gntref;
	}
	if (op->dom >= WORLD_DOMAINS) {
		return GNTST_bad_domain;
	}
	e = &entries[op->dom][op->ref - 8];
	pin = pinning(op->dom, op->ref);
	if (pin ? pin->by != n : !e->permits || e->to != n) {
		return GNTST_general_error;
	}
	/* Only the first writable pin looks at the entry again. */
	if (!readonly && e->readonly && (!pin || pin->readonly)) {
		return GNTST_general_error;
	}
	if ((op->flags & HOST) && s->present) {
		return GNTST_general_error;
	}
	while (is_live(m)) {
		m++;
	}
	*m = (struct model_map){(op->flags & HOST) != 0, (op->flags & DEVICE) != 0, readonly, n,
				op->dom, op->ref, op->handle};
	if (m->host) {
		*s = (struct model_slot){true, readonly, op->dom, op->ref - 8};
	}
	return GNTST_okay;
}

static int model_unmap(unsigned int n, const struct gnttab_unmap_grant_ref *op)
{
	for (unsigned int i = 0; i < MODEL_MAPS; i++) {
		struct model_map *m = &maps[i];
		struct model_slot *s = &slots[n][op->host_addr / PAGE_SIZE % MODEL_SLOTS];
		bool host = op->host_addr && m->host, device = op->dev_bus_addr && m->device;

		if (!is_live(m) || m->by != n || m->handle != op->handle) {
			continue;
		}
		if (device && op->dev_bus_addr != world[m->from].frames[m->ref - 8].n * PAGE_SIZE) {
			return GNTST_general_error;
		}
		/* Any page table entry that maps the same frame the same way will do. */
		if (host && (op->host_addr == NOWHERE || !s->present || s->from != m->from ||
			     s->frame != m->ref - 8 || s->readonly != m->readonly)) {
			return GNTST_general_error;
		}
		s->present = s->present && !host;
		m->host = m->host && !host;
		m->device = m->device && !device;
		return GNTST_okay;
	}
	return GNTST_bad_handle;
}

/* One stay of the call: what it has done is what the model says. */
static void go_on(struct model_run *run, struct actor *a, bool in_parts)
{
	size_t size = a->is_map ? sizeof(struct gnttab_map_grant_ref)
				: sizeof(struct gnttab_unmap_grant_ref);
	uint32_t before = a->done;
	int64_t result;

	restart_reset();
	if (in_parts) {
		restart_spend(RESTART_UNITS - 1);
	}
	sim_hypercall_begin();
	result = hypercall_grant_table_op(&a->call);
	restart_reset();
	CU_ASSERT_EQUAL(sim_violations(), 0);
	a->done = result == -XEN_ERESTART ? (uint32_t)((a->call.args[1] - a->at) / size)
					  : a->count;
	CU_ASSERT_TRUE_FATAL(a->done > before && a->done <= a->count);
	CU_ASSERT_EQUAL(result, a->done < a->count ? -XEN_ERESTART : 0);
	for (uint32_t i = before; i < a->done; i++) {
		struct gnttab_map_grant_ref map_op;
		struct gnttab_unmap_grant_ref unmap_op;
		int status, expected;

		if (a->is_map) {
			sim_guest_read(&map_op, a->at + i * size, size);
			status = map_op.status;
			expected = model_map(a->v->domain->id, &map_op);
		} else {
			sim_guest_read(&unmap_op, a->at + i * size, size);
			status = unmap_op.status;
			expected = model_unmap(a->v->domain->id, &unmap_op);
		}
		model_say(run, "%s %u of %u in domain %u: %d", a->is_map ? "map" : "unmap", i + 1,
			  a->count, a->v->domain->id, status);
		CU_ASSERT_EQUAL(status, expected);
	}
	if (a->done == a->count) {
		a->count = a->done = 0;
	}
}

static void put_map(struct model_run *run, uint64_t at)
{
	uint32_t ref = 8 + model_pick(run, MODEL_ENTRIES);
	struct gnttab_map_grant_ref op = {
		.host_addr = (1 + model_pick(run, MODEL_SLOTS - 1)) * PAGE_SIZE,
		.flags = model_pick(run, 8),
		.ref = ref,
		.dom = model_pick(run, 32) ? (uint16_t)model_pick(run, WORLD_DOMAINS) : 77,
	};

	sim_guest_write(at, &op, sizeof(op));
}

/* Mostly what is mapped, mostly right. */
static void put_unmap(struct model_run *run, unsigned int n, uint64_t at)
{
	struct model_map *m = &maps[model_pick(run, MODEL_MAPS)];
	uint64_t bus = world[m->from].frames[m->ref % 8].n * PAGE_SIZE;
	struct gnttab_unmap_grant_ref op = {.handle = m->handle};

	for (unsigned int i = 0; i < 8 && (!is_live(m) || m->by != n); i++) {
		m = &maps[model_pick(run, MODEL_MAPS)];
		op.handle = m->handle;
		bus = world[m->from].frames[m->ref % 8].n * PAGE_SIZE;
	}
	if (model_pick(run, 2)) {
		op.dev_bus_addr = model_pick(run, 16) ? bus : bus + 1;
	}
	if (model_pick(run, 3)) {
		op.host_addr = NOWHERE;
		for (unsigned int i = 1; i < MODEL_SLOTS; i++) {
			struct model_slot *s = &slots[n][i];

			if (s->present && s->from == m->from && s->frame == m->ref % 8 &&
			    s->readonly == m->readonly) {
				op.host_addr = i * PAGE_SIZE;
			}
		}
	}
	sim_guest_write(at, &op, sizeof(op));
}

/* Lists that are under way may all succeed. */
static uint32_t room_for_maps(void)
{
	uint32_t room = 0;

	for (unsigned int i = 0; i < MODEL_MAPS; i++) {
		room += !is_live(&maps[i]);
	}
	for (unsigned int i = 0; i < array_size(actors); i++) {
		room -= actors[i].is_map ? actors[i].count - actors[i].done : 0;
	}
	return room;
}

static void begin_list(struct model_run *run, struct actor *a, bool is_map)
{
	uint32_t count = model_pick(run, 8) ? 1 + model_pick(run, 4)
					    : LIST_MOST - model_pick(run, LIST_MOST / 2);

	a->is_map = is_map;
	a->count = a->done = 0;
	if (is_map && room_for_maps() < count) {
		return;
	}
	a->count = count;
	for (uint32_t i = 0; i < count; i++) {
		if (is_map) {
			put_map(run, a->at + i * sizeof(struct gnttab_map_grant_ref));
		} else {
			put_unmap(run, a->v->domain->id,
				  a->at + i * sizeof(struct gnttab_unmap_grant_ref));
		}
	}
	a->call = (struct hypercall){
		.v = a->v,
		.args = {is_map ? GNTTABOP_map_grant_ref : GNTTABOP_unmap_grant_ref, a->at, count}};
	go_on(run, a, model_pick(run, 8) != 0);
}

/* A well-behaved owner revokes or offers again only what nobody has mapped. */
static void step_owner(struct model_run *run, unsigned int n)
{
	uint32_t i = model_pick(run, MODEL_ENTRIES);
	struct model_entry next = {
		.permits = model_pick(run, 8) < 6,
		.to = model_pick(run, WORLD_DOMAINS),
	};

	next.readonly = next.permits && model_pick(run, 2);
	if (pinning(n, 8 + i)) {
		return;
	}
	model_say(run, "domain %u offers %u to %u: %d %d", n, 8 + i, next.to, next.permits,
		  next.readonly);
	entries[n][i] = next;
	offer(n, 8 + i, (uint16_t)next.to, i,
	      (uint16_t)((next.permits ? GTF_permit_access : 0) |
			 (next.readonly ? GTF_readonly : 0)));
}

static void step_lose(struct model_run *run, unsigned int n)
{
	unsigned int i = model_pick(run, MODEL_SLOTS);

	if (slots[n][i].present) {
		model_say(run, "domain %u overwrites page table entry %u", n, i);
		overwrite_pte(n, i);
		slots[n][i].present = false;
	}
}

static void model_start(struct model_run *run)
{
	setup();
	memset(maps, 0, sizeof(maps));
	memset(slots, 0, sizeof(slots));
	memset(entries, 0, sizeof(entries));
	memset(actors, 0, sizeof(actors));
	for (unsigned int i = 0; i < array_size(actors); i++) {
		actors[i].v = &world[i / WORLD_VCPUS].v[i % WORLD_VCPUS];
		actors[i].at = ARGS_VA + i * PAGE_SIZE;
		sim_guest_map(actors[i].at, world_frame((uint16_t)(i / WORLD_VCPUS)), true);
	}
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (unsigned int i = 0; i < MODEL_ENTRIES; i++) {
			offer(n, 8 + i, 0, i, 0);
		}
	}
}

static void model_step(struct model_run *run)
{
	struct actor *a = &actors[run->actor];
	unsigned int n = run->actor / WORLD_VCPUS, what = model_pick(run, 16);

	/* A guest need not go on with what it began. */
	if (a->count != 0 && what != 0) {
		go_on(run, a, true);
	} else if (what < 4) {
		step_owner(run, n);
	} else if (what == 4) {
		step_lose(run, n);
	} else {
		begin_list(run, a, what < 10);
	}
}

static void model_stop(struct model_run *run)
{
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (unsigned int i = 0; i < MODEL_SLOTS; i++) {
			if (slots[n][i].present) {
				overwrite_pte(n, i);
				slots[n][i].present = false;
			}
		}
		do {
			restart_reset();
		} while (grant_domain_teardown(dom(n)) == -XEN_ERESTART);
		for (unsigned int i = 0; i < MODEL_MAPS; i++) {
			if (maps[i].by == n) {
				maps[i].host = maps[i].device = false;
			}
		}
		compare_with_model(run);
	}
	CU_ASSERT_TRUE(nothing_is_held());
}

static void a_long_random_run_agrees_with_the_model(void)
{
	static const struct model grants = {
		.name = "grants",
		.seed = 2,
		.steps = 8000,
		.actors = WORLD_DOMAINS * WORLD_VCPUS,
		.begin = model_start,
		.step = model_step,
		.audit = compare_with_model,
		.end = model_stop,
	};

	model_check(&grants);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_map_refused_changes_nothing),
		UNIT(a_page_table_cannot_be_mapped_writable),
		UNIT(a_map_and_its_unmap_leave_no_trace),
		UNIT(unmap_checks_handle_address_and_bus_address),
		UNIT(the_writing_bit_goes_with_the_last_writable_mapping),
		UNIT(a_pinned_entry_keeps_its_frame_and_domid),
		UNIT(pins_do_not_overflow),
		UNIT(a_batch_is_flushed_once_before_anything_is_dropped),
		UNIT(a_mapping_whose_pte_is_gone_cannot_be_unmapped_but_dies_with_the_mapper),
		UNIT(a_translated_mapper_that_dies_gives_everything_back),
		UNIT(teardown_releases_all_handles_in_pieces),
		UNIT(copies_check_ranges_and_rights),
		UNIT(a_copy_may_not_name_frames_of_others),
		UNIT(a_dead_mapper_keeps_no_translations),
		UNIT(a_copy_moves_the_bytes_asked_for),
		UNIT(the_table_grows_to_its_limit_and_keeps_what_it_has),
		UNIT(creation_without_memory_leaves_nothing),
		UNIT(the_hypercall_checks_counts_and_operations),
		UNIT(setup_table_grows_and_lists_frames),
		UNIT(a_long_list_restarts_and_does_every_operation_once),
		UNIT(a_long_random_run_agrees_with_the_model),
	};

	return unit_main("grant_table", tests, array_size(tests), setup);
}
