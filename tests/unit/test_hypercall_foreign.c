/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of other domains at the numbers of a translated one: who may have them there, of whom,
 * what each mapping holds, and that all of it comes back whoever dies first.
 *
 * Domain 2 is translated and in these tests a control domain; 1 is paravirtual, 3 is translated.
 */
#include "unit/whole_world.h"

#include "hvm/hvm.h"
#include "hvm/npt.h"
#include "pv/type.h"
#include "unit/unit.h"

#include <xen/memory.h>

#define MAPPER 2U
#define ARG 0U
#define INDEXES 1U
#define GFNS 2U
#define ERRORS 3U
#define FREE_PLACE 5U /* of domain 1's: the first no call uses */
#define OWN_GFN 0x700UL /* where domain 3 has RAM */

static struct domain *mapper, *owner;
static mfn_t theirs; /* of domain 1 */
static uint64_t frames_at_start;

static uint64_t *indexes(void)
{
	return place(MAPPER, INDEXES);
}

static uint64_t *gfns(void)
{
	return place(MAPPER, GFNS);
}

static int32_t *errors(void)
{
	return place(MAPPER, ERRORS);
}

static void setup(void)
{
	whole_start();
	mapper = domain_find(MAPPER);
	owner = domain_find(1);
	mapper->is_control = true;
	theirs = whole_places[1][FREE_PLACE];
	frames_at_start = buddy_free_count();
}

/* What was used is free again, but for nested tables, which stay. */
static void finish(void)
{
	CU_ASSERT_EQUAL(whole_end(), 0);
}

static struct xen_add_to_physmap_batch request_of(uint16_t owner_id, uint16_t count)
{
	return (struct xen_add_to_physmap_batch){
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_gmfn_foreign,
		.size = count,
		.u = {.foreign_domid = owner_id},
		.idxs = place_va(MAPPER, INDEXES),
		.gpfns = place_va(MAPPER, GFNS),
		.errs = place_va(MAPPER, ERRORS),
	};
}

static int64_t op(unsigned int n, uint64_t command, const void *arg, size_t bytes)
{
	uint64_t args[6] = {command, place_va(n, ARG)};
	int64_t result;

	memcpy(place(n, ARG), arg, bytes);
	result = whole_call(domain_find((uint16_t)n)->vcpus[0], __HYPERVISOR_memory_op, args);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	return result;
}

static int64_t batch(const struct xen_add_to_physmap_batch *request)
{
	return op(MAPPER, XENMEM_add_to_physmap_batch, request, sizeof(*request));
}

/* One element; its own error if the call has none. */
static int64_t map(uint16_t owner_id, uint64_t index, uint64_t g)
{
	struct xen_add_to_physmap_batch request = request_of(owner_id, 1);
	int64_t result;

	indexes()[0] = index;
	gfns()[0] = g;
	errors()[0] = 77;
	result = batch(&request);
	return result ? result : errors()[0];
}

static int64_t unmap(uint64_t g)
{
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = g};

	return op(MAPPER, XENMEM_remove_from_physmap, &r, sizeof(r));
}

static int64_t reserve(uint64_t command, uint64_t g)
{
	struct xen_memory_reservation r = {
		.extent_start = place_va(MAPPER, INDEXES), .nr_extents = 1, .domid = DOMID_SELF};

	indexes()[0] = g;
	return op(MAPPER, command, &r, sizeof(r));
}

static struct p2m_entry entry_at(uint64_t g)
{
	struct p2m_entry entry;

	p2m_get(&mapper->hvm->p2m, gfn(g), &entry);
	return entry;
}

static enum p2m_kind kind_at(uint64_t g)
{
	return entry_at(g).kind;
}

static uint32_t refs_of(mfn_t m)
{
	return frame_of(m)->refs & FRAME_REF_MASK;
}

static int set_p2m(struct domain *d, uint64_t g, mfn_t m, enum p2m_kind kind)
{
	int err;

	spin_lock(&d->hvm->p2m.lock);
	err = p2m_set_locked(&d->hvm->p2m, gfn(g), m, 0, kind);
	spin_unlock(&d->hvm->p2m.lock);
	return err;
}

/* Domain 3, with a frame of RAM. */
static struct domain *make_translated_owner(mfn_t *m)
{
	struct domain_config config = {
		.max_vcpus = 1, .max_grant_frames = 4, .max_maptrack_frames = 4};
	struct domain *d = NULL;

	CU_ASSERT_EQUAL_FATAL(domain_create(3, &config, &hvm_guest_ops, false, &d), 0);
	d->frame_max = 16;
	CU_ASSERT_EQUAL_FATAL(memory_allocate(d, 0, 0, 0, m), 0);
	CU_ASSERT_EQUAL_FATAL(set_p2m(d, OWN_GFN, *m, P2M_RAM), 0);
	return d;
}

static void kill(struct domain *d)
{
	int err;

	do {
		whole_exit_path();
		restart_spend(RESTART_UNITS - whole_units);
		err = domain_kill(d);
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	whole_exit_paths();
}

/* --- what is mapped -------------------------------------------------------------------------- */

static void a_paravirtual_domains_frame_is_mapped_and_held(void)
{
	uint32_t refs = refs_of(theirs), writable = frame_type_count(frame_of(theirs));

	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	CU_ASSERT_EQUAL(entry_at(0x900).mfn.n, theirs.n);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 1);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(theirs)), writable + 1);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 1);
	/* The owner's number of it is the owner's. */
	CU_ASSERT_NOT_EQUAL(m2p_get(theirs), 0x900);
	whole_audit();
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_HOLE);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(theirs)), writable);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 0);
	CU_ASSERT_EQUAL(unmap(0x900), -XEN_ENOENT);
	finish();
}

static void a_translated_domains_ram_is_mapped_by_its_own_number(void)
{
	mfn_t m;

	(void)make_translated_owner(&m);
	CU_ASSERT_EQUAL(map(3, OWN_GFN, 0x900), 0);
	CU_ASSERT_EQUAL(entry_at(0x900).mfn.n, m.n);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	CU_ASSERT_EQUAL(refs_of(m), 2);
	CU_ASSERT_EQUAL(map(3, m.n, 0x901), -XEN_EINVAL);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(refs_of(m), 1);
	finish();
}

static void only_ram_of_a_translated_domain_is_mapped(void)
{
	mfn_t m;
	struct domain *d = make_translated_owner(&m);

	CU_ASSERT_EQUAL(set_p2m(d, 0x710, pointer_to_mfn(d->shared), P2M_SHARED), 0);
	CU_ASSERT_EQUAL(set_p2m(d, 0x711, theirs, P2M_GRANT), 0);
	CU_ASSERT_EQUAL(set_p2m(d, 0x713, theirs, P2M_RAM), 0);
	CU_ASSERT_EQUAL(map(3, 0x710, 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(map(3, 0x711, 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(map(3, 0x712, 0x900), -XEN_EINVAL);
	/* An entry that has lost its frame to another domain. */
	CU_ASSERT_EQUAL(map(3, 0x713, 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(map(3, P2M_GFN_END, 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(map(3, ~0UL, 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_HOLE);
	finish();
}

static void what_is_foreign_is_not_mapped_again(void)
{
	mfn_t m;
	struct domain *d = make_translated_owner(&m);
	struct xen_add_to_physmap_batch request = request_of(1, 1);

	request.domid = 3;
	indexes()[0] = theirs.n;
	gfns()[0] = 0x720;
	CU_ASSERT_EQUAL(batch(&request), 0);
	CU_ASSERT_EQUAL(errors()[0], 0);
	CU_ASSERT_EQUAL(d->hvm->p2m.foreign, 1);
	CU_ASSERT_EQUAL(map(3, 0x720, 0x900), -XEN_EINVAL);
	finish();
}

static void a_frame_used_as_a_table_is_mapped_read_only(void)
{
	struct frame *f = frame_of(theirs);
	uint32_t refs = refs_of(theirs);

	memset(frame_map(theirs), 0, PAGE_SIZE);
	CU_ASSERT_EQUAL(pv_type_get(owner, f, TYPE_SEGDESC), 0);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN_RO);
	CU_ASSERT_EQUAL(npt_access(P2M_FOREIGN_RO) & PTE_RW, 0);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 1);
	CU_ASSERT_EQUAL(frame_type_count(f), 1);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(frame_type_count(f), 1);
	CU_ASSERT_EQUAL(pv_type_put(owner, f), 0);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	finish();
}

static void a_mapped_frame_does_not_become_a_table(void)
{
	struct frame *f = frame_of(theirs);

	memset(frame_map(theirs), 0, PAGE_SIZE);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(pv_type_get(owner, f, TYPE_L1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(pv_type_get(owner, f, TYPE_L1), 0);
	CU_ASSERT_EQUAL(pv_type_put(owner, f), 0);
	finish();
}

static void a_paravirtual_domains_shared_page_is_mapped_without_its_type(void)
{
	mfn_t shared = pointer_to_mfn(owner->shared);
	uint32_t refs = refs_of(shared);

	CU_ASSERT_EQUAL(map(1, shared.n, 0x900), 0);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(shared)), 1);
	CU_ASSERT_EQUAL(refs_of(shared), refs + 1);
	/* It outlives the domain, which nobody but this page remembers. */
	for (unsigned int i = 0; i < PLACES; i++) {
		frame_put(frame_of(whole_places[1][i]));
	}
	kill(owner);
	CU_ASSERT_PTR_NULL(domain_find(1));
	CU_ASSERT_EQUAL(refs_of(shared), 1);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(frame_of(shared)->refs, 0);
	/* For whole_end(). */
	(void)whole_domain(1, &pv_guest_ops);
	finish();
}

static unsigned int puts_seen;

static void put_of_what_nobody_sees(struct domain *d, struct frame *f)
{
	struct cpu_set may_see = sim_tlb_may_see(frame_mfn(f));

	puts_seen++;
	CU_ASSERT(cpu_set_is_empty(&may_see));
	pv_guest_ops.put_writable(d, f);
}

/* Before its owner could make a table of it. */
static void the_mappers_cpus_forget_a_frame_before_it_is_let_go(void)
{
	puts_seen = 0;
	whole_ops[true].put_writable = put_of_what_nobody_sees;
	cpu_set_add(&mapper->dirty_cpus, 0);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	sim_tlb_remember(0, theirs);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	CU_ASSERT_EQUAL(puts_seen, 1);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	sim_tlb_remember(0, theirs);
	CU_ASSERT_EQUAL(map(1, whole_places[1][FREE_PLACE + 1].n, 0x900), 0);
	CU_ASSERT_EQUAL(puts_seen, 2);
	finish();
}

/* --- who may --------------------------------------------------------------------------------- */

static void without_control_nothing_is_mapped(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 1);
	mfn_t m;

	(void)make_translated_owner(&m);
	mapper->is_control = false;
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(3, OWN_GFN, 0x900), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(0, whole_places[0][5].n, 0x900), -XEN_EPERM);
	request.domid = 3;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EPERM);
	/* Nor by a paravirtual one, into itself or another. */
	CU_ASSERT_EQUAL(op(1, XENMEM_add_to_physmap_batch, &request, sizeof(request)), -XEN_EPERM);
	request.domid = DOMID_SELF;
	CU_ASSERT_EQUAL(op(1, XENMEM_add_to_physmap_batch, &request, sizeof(request)), -XEN_EACCES);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_HOLE);
	finish();
}

static void hostile_names_are_refused(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 1);
	struct xen_add_to_physmap single = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .idx = theirs.n,
		.gpfn = 0x900};

	CU_ASSERT_EQUAL(map(9, theirs.n, 0x900), -XEN_ESRCH);
	CU_ASSERT_EQUAL(map(DOMID_IO, 0, 0x900), -XEN_ESRCH);
	CU_ASSERT_EQUAL(map(DOMID_XEN, 0x100, 0x900), -XEN_ESRCH);
	CU_ASSERT_EQUAL(map(DOMID_SELF, place_gfn(MAPPER, FREE_PLACE), 0x900), -XEN_EINVAL);
	CU_ASSERT_EQUAL(map(MAPPER, place_gfn(MAPPER, FREE_PLACE), 0x900), -XEN_EINVAL);
	request.domid = 9;
	CU_ASSERT_EQUAL(batch(&request), -XEN_ESRCH);
	request.domid = 1;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EACCES);
	/* In batches only. */
	CU_ASSERT_EQUAL(op(MAPPER, XENMEM_add_to_physmap, &single, sizeof(single)), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_HOLE);
	finish();
}

static void hostile_numbers_are_refused_one_by_one(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 8);
	static const int32_t expected[] = {0,		 -XEN_EINVAL, -XEN_EINVAL, 0,
					   -XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL, 0};
	uint32_t refs = refs_of(theirs);
	uint64_t numbers[][2] = {
		{theirs.n, 0x900},
		{whole_places[0][5].n, 0x901}, /* another's */
		{SIM_RAM_FIRST, 0x902},        /* the core's */
		{theirs.n, 0x903},
		{~0UL, 0x904},
		{1UL << 40, 0x905}, /* no RAM at all */
		{theirs.n, P2M_GFN_END},
		{theirs.n, P2M_GFN_END - 1},
	};

	for (unsigned int i = 0; i < 8; i++) {
		indexes()[i] = numbers[i][0];
		gfns()[i] = numbers[i][1];
		errors()[i] = 77;
	}
	CU_ASSERT_EQUAL(batch(&request), 0);
	for (unsigned int i = 0; i < 8; i++) {
		CU_ASSERT_EQUAL(errors()[i], expected[i]);
	}
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 3);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 3);
	CU_ASSERT_EQUAL(unmap(P2M_GFN_END), -XEN_ENOENT);
	CU_ASSERT_EQUAL(unmap(~0UL), -XEN_ENOENT);
	kill(mapper);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	finish();
}

static void lists_that_cannot_be_read_or_written_end_the_call(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 2);
	uint32_t refs = refs_of(theirs);

	indexes()[0] = indexes()[1] = theirs.n;
	gfns()[0] = 0x900;
	gfns()[1] = 0x901;
	request.idxs = 0x10000000;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EFAULT);
	request = request_of(1, 2);
	request.gpfns = 0x10000000;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EFAULT);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	/* What is done stays done. */
	request = request_of(1, 2);
	request.errs = 0x10000000;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EFAULT);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	CU_ASSERT_EQUAL(kind_at(0x901), P2M_HOLE);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 1);
	finish();
}

/* --- places that are taken ------------------------------------------------------------------- */

static void what_stood_there_goes_first(void)
{
	mfn_t others = whole_places[1][FREE_PLACE + 1];
	uint32_t refs = refs_of(theirs);
	uint64_t count;

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x900), 1);
	count = mapper->frame_count;
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(mapper->frame_count, count - 1);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 1);
	CU_ASSERT_EQUAL(map(1, others.n, 0x900), 0);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	CU_ASSERT_EQUAL(refs_of(others), refs + 1);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 1);
	/* RAM takes its place as it takes that of RAM. */
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x900), 1);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_RAM);
	CU_ASSERT_EQUAL(refs_of(others), refs);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 0);
	finish();
}

static void a_granted_frame_is_not_replaced(void)
{
	uint32_t refs = refs_of(theirs);

	CU_ASSERT_EQUAL(set_p2m(mapper, 0x900, whole_places[0][5], P2M_GRANT), 0);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), -XEN_EBUSY);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_GRANT);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	finish();
}

static void a_foreign_entry_is_never_forgotten(void)
{
	mfn_t m;

	(void)make_translated_owner(&m);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x903), 0);
	/* Whoever sets without having looked; what it did set goes again. */
	CU_ASSERT_EQUAL(set_p2m(mapper, 0x903, m, P2M_RAM), -XEN_EBUSY);
	spin_lock(&mapper->hvm->p2m.lock);
	CU_ASSERT_EQUAL(p2m_set_locked(&mapper->hvm->p2m, gfn(0x900), mfn(0x2000), 3, P2M_RAM),
			-XEN_EBUSY);
	spin_unlock(&mapper->hvm->p2m.lock);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_HOLE);
	CU_ASSERT_EQUAL(kind_at(0x903), P2M_FOREIGN);
	CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 1);
	finish();
}

static void it_is_no_memory_of_the_mappers(void)
{
	struct xen_add_to_physmap move = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn, .idx = 0x900, .gpfn = 0x901};
	struct xen_memory_domain who = {.domid = DOMID_SELF};
	uint64_t args[6] = {XENMEM_current_reservation, 0x900UL << PAGE_SHIFT};
	struct frame *f;

	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(op(MAPPER, XENMEM_add_to_physmap, &move, sizeof(move)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(reserve(XENMEM_decrease_reservation, 0x900), 0);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	/* Arguments of calls do not lie in it. */
	CU_ASSERT_EQUAL(p2m_frame_get(mapper, gfn(0x900), false, &f), -XEN_EINVAL);
	memcpy(frame_map(theirs), &who, sizeof(who));
	CU_ASSERT_EQUAL(whole_call(mapper->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_EFAULT);
	finish();
}

/* --- long calls, other spaces, no memory ----------------------------------------------------- */

static void fill_batch(uint16_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		indexes()[i] = theirs.n;
		/* In three tables. */
		gfns()[i] = 0x1000 + (i % 3) * 0x200 + i;
		errors()[i] = 77;
	}
}

static void a_long_batch_stops_and_goes_on(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 200);
	uint64_t args[6] = {XENMEM_add_to_physmap_batch | 201UL << MEMOP_EXTENT_SHIFT,
			    place_va(MAPPER, ARG)};
	uint32_t refs = refs_of(theirs);

	fill_batch(200);
	whole_units = 1;
	CU_ASSERT_EQUAL(batch(&request), 0);
	for (unsigned int i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(errors()[i], 0);
	}
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 200);
	/* Its progress is the guest's to write. */
	CU_ASSERT_EQUAL(whole_call(mapper->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_EINVAL);
	args[0] = XENMEM_add_to_physmap_batch | 200UL << MEMOP_EXTENT_SHIFT;
	CU_ASSERT_EQUAL(whole_call(mapper->vcpus[0], __HYPERVISOR_memory_op, args), 0);
	args[0] = XENMEM_add_to_physmap_batch | ~0UL << MEMOP_EXTENT_SHIFT;
	CU_ASSERT_EQUAL(whole_call(mapper->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_EINVAL);
	request.size = 0;
	CU_ASSERT_EQUAL(batch(&request), 0);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 200);
	finish();
}

static void other_spaces_come_in_batches_too(void)
{
	struct xen_add_to_physmap_batch request = request_of(0, 2);

	request.space = XENMAPSPACE_grant_table;
	indexes()[0] = 0;
	indexes()[1] = 1000;
	gfns()[0] = 0x900;
	gfns()[1] = 0x901;
	CU_ASSERT_EQUAL(batch(&request), 0);
	CU_ASSERT_EQUAL(errors()[0], 0);
	CU_ASSERT_EQUAL(errors()[1], -XEN_EINVAL);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_SHARED);
	request.space = 9;
	CU_ASSERT_EQUAL(batch(&request), 0);
	CU_ASSERT_EQUAL(errors()[0], -XEN_ENOSYS);
	request.space = XENMAPSPACE_shared_info;
	request.u.res0 = 1;
	CU_ASSERT_EQUAL(batch(&request), -XEN_EOPNOTSUPP);
	finish();
}

static void without_memory_for_tables_nothing_is_held(void)
{
	uint32_t refs = refs_of(theirs);

	for (uint64_t n = 0; n < 2; n++) {
		sim_fail_allocation_after(n);
		CU_ASSERT_EQUAL(map(1, theirs.n, 0x7000000), -XEN_ENOMEM);
		sim_fail_allocation_after(~0UL);
		CU_ASSERT_EQUAL(refs_of(theirs), refs);
		CU_ASSERT_EQUAL(mapper->hvm->p2m.foreign, 0);
	}
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x7000000), 0);
	finish();
}

/* --- who dies first -------------------------------------------------------------------------- */

static void a_dead_owners_frame_stays_until_it_is_unmapped(void)
{
	mfn_t m;
	struct domain *d = make_translated_owner(&m);

	CU_ASSERT_EQUAL(map(3, OWN_GFN, 0x900), 0);
	CU_ASSERT_EQUAL(map(1, theirs.n, 0x901), 0);
	kill(d);
	CU_ASSERT_EQUAL(refs_of(m), 1);
	CU_ASSERT_PTR_EQUAL(domain_find(3), d);
	CU_ASSERT_EQUAL(kind_at(0x900), P2M_FOREIGN);
	/* Nobody new gets at it. */
	CU_ASSERT_EQUAL(map(3, OWN_GFN, 0x902), -XEN_EBUSY);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	whole_exit_paths();
	CU_ASSERT_PTR_NULL(domain_find(3));
	kill(owner);
	/* The mapping, and what whole_end() drops. */
	CU_ASSERT_EQUAL(refs_of(theirs), 2);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(theirs)), 1);
	CU_ASSERT_EQUAL(unmap(0x901), 0);
	CU_ASSERT_EQUAL(refs_of(theirs), 1);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(theirs)), 0);
	finish();
}

static void a_dying_mapper_drops_all_it_held(void)
{
	struct xen_add_to_physmap_batch request = request_of(1, 200);
	uint32_t refs = refs_of(theirs), stays = 0;
	int err;

	fill_batch(200);
	CU_ASSERT_EQUAL(batch(&request), 0);
	CU_ASSERT_EQUAL(map(1, theirs.n, P2M_GFN_END - 1), 0);
	CU_ASSERT_EQUAL(refs_of(theirs), refs + 201);
	do {
		whole_exit_path();
		restart_spend(RESTART_UNITS - 1);
		err = domain_kill(mapper);
		stays++;
		/* It goes on while others work: a control domain may still name it. */
		if (mapper->life != DOMAIN_DEAD) {
			struct xen_add_to_physmap_batch late = {.domid = MAPPER,
								.space = XENMAPSPACE_gmfn_foreign,
								.size = 1,
								.u = {1},
								.idxs = place_va(0, INDEXES),
								.gpfns = place_va(0, GFNS),
								.errs = place_va(0, ERRORS)};

			*(uint64_t *)place(0, INDEXES) = theirs.n;
			*(uint64_t *)place(0, GFNS) = 0x10;
			CU_ASSERT_EQUAL(op(0, XENMEM_add_to_physmap_batch, &late, sizeof(late)), 0);
			CU_ASSERT_EQUAL(*(int32_t *)place(0, ERRORS), -XEN_ESRCH);
		}
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(stays > 20);
	CU_ASSERT_EQUAL(refs_of(theirs), refs);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(theirs)), 0);
	finish();
}

static void all_memory_comes_back(void)
{
	uint64_t before;

	CU_ASSERT_EQUAL(map(1, theirs.n, 0x900), 0);
	CU_ASSERT_EQUAL(unmap(0x900), 0);
	before = buddy_free_count();
	for (unsigned int i = 0; i < 50; i++) {
		CU_ASSERT_EQUAL(map(1, theirs.n, 0x900 + i % 4), 0);
		CU_ASSERT_EQUAL(unmap(0x900 + i % 4), 0);
	}
	CU_ASSERT_EQUAL(buddy_free_count(), before);
	CU_ASSERT(before <= frames_at_start);
	finish();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_paravirtual_domains_frame_is_mapped_and_held),
		UNIT(a_translated_domains_ram_is_mapped_by_its_own_number),
		UNIT(only_ram_of_a_translated_domain_is_mapped),
		UNIT(what_is_foreign_is_not_mapped_again),
		UNIT(a_frame_used_as_a_table_is_mapped_read_only),
		UNIT(a_mapped_frame_does_not_become_a_table),
		UNIT(a_paravirtual_domains_shared_page_is_mapped_without_its_type),
		UNIT(the_mappers_cpus_forget_a_frame_before_it_is_let_go),
		UNIT(without_control_nothing_is_mapped),
		UNIT(hostile_names_are_refused),
		UNIT(hostile_numbers_are_refused_one_by_one),
		UNIT(lists_that_cannot_be_read_or_written_end_the_call),
		UNIT(what_stood_there_goes_first),
		UNIT(a_granted_frame_is_not_replaced),
		UNIT(a_foreign_entry_is_never_forgotten),
		UNIT(it_is_no_memory_of_the_mappers),
		UNIT(a_long_batch_stops_and_goes_on),
		UNIT(other_spaces_come_in_batches_too),
		UNIT(without_memory_for_tables_nothing_is_held),
		UNIT(a_dead_owners_frame_stays_until_it_is_unmapped),
		UNIT(a_dying_mapper_drops_all_it_held),
		UNIT(all_memory_comes_back),
	};

	return unit_main("hypercall_foreign", tests, array_size(tests), setup);
}
