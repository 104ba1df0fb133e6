/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A long random run of everything a hostile guest and the control domain can do to page tables,
 * by two vcpus of a guest and one of domain 0 whose calls stop and go on at any time, with the
 * audit after each step and a naive model of the one rule all others serve: no frame is at once
 * mapped writable and a page table. At the end both domains die and nothing may be left.
 */
#include "unit/pv_world.h"

#include "unit/model.h"

#define FRAMES 48U
#define DOM0_FRAMES 8U
#define ACTORS 3U

static mfn_t frames[FRAMES];
static mfn_t dom0_frames[DOM0_FRAMES];
static struct tree dom0_tree;
static struct model_run *model;

/* A vcpu, and the call it has under way: between its stays in the core others make theirs. */
static struct actor {
	struct vcpu *v;
	uint64_t at; /* where its requests lie */
	hypercall_handler *handler; /* NULL: none is under way */
	struct hypercall call;
} actors[ACTORS];

static uint32_t pick(uint32_t below)
{
	return model_pick(model, below);
}

static mfn_t any_frame(void)
{
	return frames[pick(FRAMES)];
}

/* Mostly few indices, so that operations meet. */
static unsigned int any_index(void)
{
	static const unsigned int few[] = {0, 1, 7, 8, 255, 256, 271, 272, 300, 511};

	return few[pick(array_size(few))];
}

static uint64_t any_value(void)
{
	uint64_t flags = PTE_P | (pick(2) ? PTE_RW : 0) | (pick(2) ? PTE_US : 0);

	switch (pick(12)) {
	case 0:
		return 0;
	case 1:
		return pte_make(any_frame(), flags & ~PTE_P).raw;
	case 2:
		return pte_make(dom0_frames[pick(DOM0_FRAMES)], flags).raw;
	case 3:
		return pte_make(any_frame(), flags | 1UL << pick(12)).raw;
	case 4:
		return pte_make(mfn(pick(64)), flags).raw;
	default:
		return pte_make(any_frame(), flags | (pick(8) ? 0 : PTE_NX | PTE_A)).raw;
	}
}

/* What a guest can do to memory it has mapped writable: anything, unless it is a table. */
static void write_plain_memory(void)
{
	mfn_t m = any_frame();

	if (frame_type_count(frame_of(m)) == 0 || frame_type(frame_of(m)) == TYPE_WRITABLE) {
		entry(m, any_index())->raw = any_value();
	}
}

static void make_small_tree(void)
{
	mfn_t table[4];

	for (unsigned int i = 0; i < 4; i++) {
		table[i] = any_frame();
		if (type_count(table[i])) {
			return;
		}
	}
	for (unsigned int i = 0; i < 3; i++) {
		memset(frame_map(table[i]), 0, PAGE_SIZE);
		*entry(table[i], i ? 0 : TREE_L4) = pte_make(table[i + 1], RW);
	}
	memset(frame_map(table[3]), 0, PAGE_SIZE);
	*entry(table[3], 1) = pte_make(any_frame(), pick(2) ? RW : RO);
	model_say(model, "a tree of %lx %lx %lx %lx", table[0].n, table[1].n, table[2].n,
		  table[3].n);
	(void)extended(pick(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_PIN_L4_TABLE, table[0].n);
}

/* One stay in the core. */
static void go_on(struct actor *a)
{
	int64_t result;

	world_budget = pick(3) ? 1 + pick(3) : 0;
	enter();
	result = a->handler(&a->call);
	world_budget = 0;
	CU_ASSERT_EQUAL(sim_violations(), 0);
	model_say(model, "is answered %d", (int)result);
	if (result != -XEN_ERESTART) {
		a->handler = NULL;
	}
}

static void begin_call(struct actor *a, hypercall_handler *handler, uint64_t first,
		       uint64_t second, uint64_t third, uint64_t fourth)
{
	a->handler = handler;
	a->call = (struct hypercall){.v = a->v, .args = {first, second, third, fourth}};
	go_on(a);
}

static void random_extended(struct actor *a)
{
	static const uint32_t commands[] = {MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
					    MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
					    MMUEXT_UNPIN_TABLE,	 MMUEXT_UNPIN_TABLE,
					    MMUEXT_UNPIN_TABLE,	 MMUEXT_NEW_BASEPTR,
					    MMUEXT_NEW_BASEPTR,	 MMUEXT_NEW_USER_BASEPTR};
	struct mmuext_op ops[3];
	uint32_t count = 1 + pick(array_size(ops));

	for (uint32_t i = 0; i < count; i++) {
		ops[i] = (struct mmuext_op){.cmd = commands[pick(array_size(commands))],
					    .arg1.mfn = pick(16) ? any_frame().n : 0};
		model_say(model, "mmuext %u of frame %lx", ops[i].cmd, ops[i].arg1.mfn);
	}
	sim_guest_write(a->at, ops, count * sizeof(ops[0]));
	begin_call(a, hypercall_mmuext_op, a->at, count, a->at + 0xf00, DOMID_SELF);
}

static void random_update(struct actor *a, uint32_t domid)
{
	struct mmu_update requests[4];
	uint32_t count = 1 + pick(array_size(requests));

	for (uint32_t i = 0; i < count; i++) {
		maddr_t at = entry_address(any_frame(), any_index());

		requests[i] = (struct mmu_update){
			at.n | (pick(3) ? MMU_NORMAL_PT_UPDATE : MMU_PT_UPDATE_PRESERVE_AD),
			any_value()};
		model_say(model, "update of %lx to %lx", requests[i].ptr, requests[i].val);
	}
	sim_guest_write(a->at, requests, count * sizeof(requests[0]));
	begin_call(a, hypercall_mmu_update, a->at, count, a->at + 0xf00, domid);
}

static void random_va(struct actor *a)
{
	uint64_t va = TREE_VA + (uint64_t)any_index() * PAGE_SIZE, value = any_value();

	model_say(model, "update of address %lx to %lx", va, value);
	begin_call(a, hypercall_update_va_mapping, va, value, pick(4), 0);
}

static void foreign_mapping(struct actor *a)
{
	struct mmu_update request = {
		entry_address(dom0_tree.l1, any_index()).n | MMU_NORMAL_PT_UPDATE, any_value()};

	model_say(model, "foreign update of %lx to %lx", request.ptr, request.val);
	sim_guest_write(a->at, &request, sizeof(request));
	begin_call(a, hypercall_mmu_update, a->at, 1, a->at + 0xf00, pick(2) ? 1 : DOMID_SELF);
}

/* As grant/map.c does: references first, given back if the mapping fails. */
static void grant_mapping(struct vcpu *v)
{
	mfn_t m = dom0_frames[pick(DOM0_FRAMES)];
	struct grant_mapping mapping = {
		.host_address =
			pick(2) ? entry_address(any_frame(), any_index()).n : TREE_VA + 0x1000,
		.mfn = m,
		.readonly = pick(2),
	};

	mapping.flags = mapping.host_address < TREE_VA ? GNTMAP_contains_pte : 0;
	CU_ASSERT_FATAL(pv_frame_get(frame_of(m), 0));
	if (!mapping.readonly && pv_get_writable(dom0, frame_of(m))) {
		pv_frame_put(frame_of(m));
		return;
	}
	if (pick(2) && pv_grant_map(v, &mapping) == GNTST_okay) {
		return;
	}
	if (!mapping.readonly) {
		pv_put_writable(dom0, frame_of(m));
	}
	pv_frame_put(frame_of(m));
}

static void grant_unmapping(struct vcpu *v)
{
	mfn_t m = dom0_frames[pick(DOM0_FRAMES)];
	struct grant_mapping mapping = {
		.host_address = entry_address(any_frame(), any_index()).n,
		.flags = GNTMAP_contains_pte,
		.mfn = m,
		.readonly = pick(2),
	};

	if (pv_grant_unmap(v, &mapping) == GNTST_okay) {
		if (!mapping.readonly) {
			pv_put_writable(dom0, frame_of(m));
		}
		pv_frame_put(frame_of(m));
	}
}

static void begin_something(struct actor *a)
{
	bool is_dom0 = a->v->domain == dom0;

	switch (pick(12)) {
	case 0:
	case 1:
		write_plain_memory();
		break;
	case 2:
		make_small_tree();
		break;
	case 3:
		grant_mapping(vcpu1);
		break;
	case 4:
		grant_unmapping(vcpu1);
		break;
	case 5:
	case 6:
	case 7:
		is_dom0 ? foreign_mapping(a) : random_extended(a);
		break;
	case 8:
		is_dom0 ? foreign_mapping(a) : random_va(a);
		break;
	default:
		random_update(a, is_dom0 ? DOMID_SELF | 2U << 16 : DOMID_SELF);
		break;
	}
}

/* A guest need not go on with what it began. */
static void step(struct model_run *run)
{
	struct actor *a = &actors[run->actor];

	model = run;
	if (a->handler && pick(8)) {
		go_on(a);
	} else {
		a->handler = NULL;
		begin_something(a);
	}
}

/* Naive: looks at the contents of every table in use, whatever the counts say. */
static void check_no_table_is_writable(void)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		struct frame *f = frame_of(frames[i]);

		if (!is_table(frames[i]) || frame_type(f) != TYPE_L1 ||
		    !(f->type & TYPE_VALIDATED)) {
			continue;
		}
		for (unsigned int j = 0; j < PT_ENTRIES; j++) {
			pte_t pte = *entry(frames[i], j);

			CU_ASSERT_FALSE_FATAL((pte.raw & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW) &&
					      is_table(pte_mfn(pte)));
		}
	}
	for (unsigned int j = 0; j < PT_ENTRIES; j++) {
		pte_t pte = *entry(dom0_tree.l1, j);

		CU_ASSERT_FALSE_FATAL((pte.raw & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW) &&
				      is_table(pte_mfn(pte)));
	}
}

static void kill(struct domain *d)
{
	int err;

	d->life = DOMAIN_DYING;
	world_budget = 1;
	do {
		enter();
		err = pv_mmu_teardown(d);
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
}

static void audit(struct model_run *run)
{
	check_no_table_is_writable();
	CU_ASSERT_EQUAL_FATAL(pv_audit_excess(domu), 0);
	CU_ASSERT_EQUAL_FATAL(pv_audit_excess(dom0), 0);
}

static void begin(struct model_run *run)
{
	static struct vcpu *const vcpus[ACTORS] = {&world[1].v[0], &world[1].v[1], &world[0].v[0]};

	model = run;
	world_reset();
	domu->max_vcpus = 2;
	for (unsigned int i = 0; i < ACTORS; i++) {
		actors[i] = (struct actor){.v = vcpus[i], .at = ARGS_VA + (i + 1) * PAGE_SIZE};
		sim_guest_map(actors[i].at, give(dom0), true);
	}
	for (unsigned int i = 0; i < FRAMES; i++) {
		frames[i] = give(domu);
	}
	for (unsigned int i = 0; i < DOM0_FRAMES; i++) {
		dom0_frames[i] = give(dom0);
	}
	dom0_tree = tree_load(vcpu0);
}

static void end(struct model_run *run)
{
	kill(domu);
	for (unsigned int j = 0; j < PT_ENTRIES; j++) {
		(void)update_by(vcpu0, entry_address(dom0_tree.l1, j), 0, 0, DOMID_SELF);
	}
	kill(dom0);
	for (unsigned int i = 0; i < FRAMES; i++) {
		CU_ASSERT_EQUAL(type_count(frames[i]), 0);
		CU_ASSERT_EQUAL(ref_count(frames[i]), 1);
	}
	for (unsigned int i = 0; i < DOM0_FRAMES; i++) {
		CU_ASSERT_EQUAL(type_count(dom0_frames[i]), 0);
		CU_ASSERT_EQUAL(ref_count(dom0_frames[i]), 1);
	}
}

static void run_with(uint64_t seed)
{
	const struct model tables = {
		.name = "page-tables",
		.seed = seed,
		.steps = 2500,
		.actors = ACTORS,
		.begin = begin,
		.step = step,
		.audit = audit,
		.end = end,
	};

	model_check(&tables);
}

static void random_operations_never_break_the_counts(void)
{
	run_with(1);
}

static void another_run_does_not_either(void)
{
	run_with(20261122);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(random_operations_never_break_the_counts),
		UNIT(another_run_does_not_either),
	};

	return unit_main("pv_model", tests, array_size(tests), world_reset);
}
