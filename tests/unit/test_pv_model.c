/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A long random run of everything a hostile guest and the control domain can do to page tables,
 * with the audit after each step and a naive model of the one rule all others serve: no frame is
 * at once mapped writable and a page table. At the end both domains die and nothing may be left.
 */
#include "unit/pv_world.h"

#include "unit/model.h"

#define FRAMES 48U
#define STEPS 2500U
#define DOM0_FRAMES 8U

static mfn_t frames[FRAMES];
static mfn_t dom0_frames[DOM0_FRAMES];
static struct tree dom0_tree;
static struct model_run model;

static uint32_t pick(uint32_t below)
{
	return model_pick(&model, below);
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
	(void)extended(pick(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_PIN_L4_TABLE, table[0].n);
}

/* One round only: a guest need not go on with what it began. */
static void abandoned_operation(void)
{
	static const uint32_t commands[] = {0, 1, 2, 3, 4, 5, 15};
	struct mmuext_op op = {.cmd = commands[pick(array_size(commands))]};

	op.arg1.mfn = any_frame().n;
	world_budget = 1;
	enter();
	if (!pv_finish_table(vcpu1)) {
		(void)!pv_mmuext(vcpu1, domu, &op);
	}
	world_budget = 0;
}

static void random_update(struct vcpu *v, uint32_t domid)
{
	maddr_t at = entry_address(any_frame(), any_index());

	(void)update_by(v, at, any_value(), pick(3) ? 0 : MMU_PT_UPDATE_PRESERVE_AD, domid);
}

static void random_va(void)
{
	uint64_t va = TREE_VA + (uint64_t)any_index() * PAGE_SIZE;

	(void)run(hypercall_update_va_mapping, vcpu1, va, any_value(), pick(4), 0);
}

static void foreign_mapping(void)
{
	maddr_t at = entry_address(dom0_tree.l1, any_index());

	(void)update_by(vcpu0, at, any_value(), 0, pick(2) ? 1 : DOMID_SELF);
}

/* As grant/map.c does: references first, given back if the mapping fails. */
static void grant_mapping(void)
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
	if (pick(2) && pv_grant_map(vcpu1, &mapping) == GNTST_okay) {
		return;
	}
	if (!mapping.readonly) {
		pv_put_writable(dom0, frame_of(m));
	}
	pv_frame_put(frame_of(m));
}

static void grant_unmapping(void)
{
	mfn_t m = dom0_frames[pick(DOM0_FRAMES)];
	struct grant_mapping mapping = {
		.host_address = entry_address(any_frame(), any_index()).n,
		.flags = GNTMAP_contains_pte,
		.mfn = m,
		.readonly = pick(2),
	};

	if (pv_grant_unmap(vcpu1, &mapping) == GNTST_okay) {
		if (!mapping.readonly) {
			pv_put_writable(dom0, frame_of(m));
		}
		pv_frame_put(frame_of(m));
	}
}

static void step(void)
{
	switch (pick(16)) {
	case 0:
	case 1:
		write_plain_memory();
		break;
	case 2:
		make_small_tree();
		break;
	case 3:
		abandoned_operation();
		break;
	case 4:
	case 5:
		(void)extended(pick(4), any_frame().n);
		break;
	case 6:
	case 7:
		(void)extended(MMUEXT_UNPIN_TABLE, any_frame().n);
		break;
	case 8:
		(void)extended(pick(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR,
			       pick(4) ? any_frame().n : 0);
		break;
	case 9:
		foreign_mapping();
		break;
	case 10:
		grant_mapping();
		break;
	case 11:
		grant_unmapping();
		break;
	case 12:
		random_va();
		break;
	case 13:
		random_update(vcpu0, DOMID_SELF | 2U << 16);
		break;
	default:
		random_update(vcpu1, DOMID_SELF);
		break;
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

static void run_with(uint64_t first_seed)
{
	world_reset();
	model_begin(&model, "page tables", first_seed, STEPS);
	for (unsigned int i = 0; i < FRAMES; i++) {
		frames[i] = give(domu);
	}
	for (unsigned int i = 0; i < DOM0_FRAMES; i++) {
		dom0_frames[i] = give(dom0);
	}
	dom0_tree = tree_load(vcpu0);
	while (model_next(&model)) {
		/* Often one unit at a time. */
		world_budget = pick(3) ? 0 : 1 + pick(3);
		step();
		if (model_is_audited(&model)) {
			check_no_table_is_writable();
			CU_ASSERT_EQUAL_FATAL(pv_audit_excess(domu), 0);
			CU_ASSERT_EQUAL_FATAL(pv_audit_excess(dom0), 0);
		}
	}
	model_end(&model);
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
