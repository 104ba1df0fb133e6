/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device memory at the numbers of a translated domain: only what it and the caller may use, never
 * RAM, all of a range or nothing.
 *
 * Domain 0 is the caller, 2 is translated. Both may use DEVICE and what lies behind it.
 */
#include "unit/whole_world.h"

#include "hvm/hvm.h"
#include "hvm/npt.h"
#include "hvm/walk.h"
#include "unit/unit.h"

#include <xen/domctl.h>
#include <xen/hvm_op.h>
#include <xen/memory.h>

#define GUEST 2U
#define DEVICE 0xfe000UL
#define DEVICES 0x100UL
#define PLACE 0x9000UL /* of the guest's numbers: nothing stands there */

static struct domain *guest;
static struct xen_domctl op;

static int64_t domctl(uint32_t cmd, uint16_t domid)
{
	uint64_t args[6] = {place_va(0, 0)};
	int64_t result;

	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = domid;
	memcpy(place(0, 0), &op, sizeof(op));
	result = whole_call(domain_find(0)->vcpus[0], __HYPERVISOR_domctl, args);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	return result;
}

static int64_t permit(uint16_t domid, uint64_t first, uint64_t count, bool allow)
{
	op.u.iomem_permission =
		(struct xen_domctl_iomem_permission){first, count, allow, {0}};
	return domctl(XEN_DOMCTL_iomem_permission, domid);
}

static int64_t change(uint16_t domid, uint64_t g, uint64_t m, uint64_t count, uint32_t add)
{
	op.u.memory_mapping = (struct xen_domctl_memory_mapping){g, m, count, add, 0};
	return domctl(XEN_DOMCTL_memory_mapping, domid);
}

static int64_t map(uint64_t g, uint64_t m, uint64_t count)
{
	return change(GUEST, g, m, count, DPCI_ADD_MAPPING);
}

static int64_t unmap(uint64_t g, uint64_t m, uint64_t count)
{
	return change(GUEST, g, m, count, DPCI_REMOVE_MAPPING);
}

static void setup(void)
{
	whole_start();
	guest = domain_find(GUEST);
	CU_ASSERT_EQUAL_FATAL(permit(0, DEVICE, DEVICES, true), 0);
	CU_ASSERT_EQUAL_FATAL(permit(1, DEVICE, DEVICES, true), 0);
	CU_ASSERT_EQUAL_FATAL(permit(GUEST, DEVICE, DEVICES, true), 0);
}

static void finish(void)
{
	CU_ASSERT_EQUAL(whole_end(), 0);
}

static struct p2m_entry entry_at(uint64_t g)
{
	struct p2m_entry entry;

	p2m_get(&guest->hvm->p2m, gfn(g), &entry);
	return entry;
}

static bool stands(uint64_t g, uint64_t m)
{
	struct p2m_entry entry = entry_at(g);

	return entry.kind == P2M_MMIO && entry.mfn.n == m;
}

static int set_p2m(uint64_t g, mfn_t m, enum p2m_kind kind)
{
	int err;

	spin_lock(&guest->hvm->p2m.lock);
	err = p2m_set_locked(&guest->hvm->p2m, gfn(g), m, 0, kind);
	spin_unlock(&guest->hvm->p2m.lock);
	return err;
}

static void device_memory_comes_and_goes(void)
{
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 64), 0);
	for (uint64_t i = 0; i < 64; i++) {
		CU_ASSERT(stands(PLACE + i, DEVICE + i));
	}
	CU_ASSERT_EQUAL(entry_at(PLACE + 64).kind, P2M_HOLE);
	/* Said again, or for part of it, nothing changes. */
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 64), 0);
	CU_ASSERT_EQUAL(map(PLACE + 60, DEVICE + 60, 8), 0);
	CU_ASSERT_EQUAL(unmap(PLACE, DEVICE, 64), 0);
	CU_ASSERT_EQUAL(entry_at(PLACE).kind, P2M_HOLE);
	CU_ASSERT(stands(PLACE + 64, DEVICE + 64));
	CU_ASSERT_EQUAL(unmap(PLACE + 63, DEVICE + 63, 2), -XEN_ENOENT);
	CU_ASSERT_EQUAL(unmap(PLACE + 64, DEVICE + 64, 4), 0);
	finish();
}

static void it_is_uncached_and_holds_no_code(void)
{
	uint64_t access = npt_access(P2M_MMIO);

	CU_ASSERT_EQUAL(access & (PTE_PWT | PTE_PCD), PTE_PWT | PTE_PCD);
	CU_ASSERT((access & PTE_NX) != 0);
	CU_ASSERT((access & PTE_RW) != 0);
	CU_ASSERT_EQUAL(npt_make(mfn(DEVICE), P2M_MMIO, 1).raw & PTE_PAT, 0);
	CU_ASSERT_EQUAL(npt_kind(npt_make(mfn(DEVICE), P2M_MMIO, 1)), P2M_MMIO);
	finish();
}

static void both_must_have_the_right(void)
{
	CU_ASSERT_EQUAL(permit(GUEST, DEVICE + 5, 1, false), 0);
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 8), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 5), 0);
	CU_ASSERT_EQUAL(permit(GUEST, DEVICE + 5, 1, true), 0);
	CU_ASSERT_EQUAL(permit(0, DEVICE + 5, 1, false), 0);
	CU_ASSERT_EQUAL(map(PLACE + 5, DEVICE + 5, 3), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(PLACE + 5, DEVICE + DEVICES, 1), -XEN_EPERM);
	CU_ASSERT_EQUAL(entry_at(PLACE + 5).kind, P2M_HOLE);
	finish();
}

static void a_right_that_goes_takes_no_mapping_away(void)
{
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 1), 0);
	CU_ASSERT_EQUAL(permit(GUEST, DEVICE, 1, false), 0);
	CU_ASSERT(stands(PLACE, DEVICE));
	CU_ASSERT_EQUAL(map(PLACE + 1, DEVICE, 1), -XEN_EPERM);
	/* Taking it away asks for none. */
	CU_ASSERT_EQUAL(unmap(PLACE, DEVICE, 1), 0);
	CU_ASSERT_EQUAL(entry_at(PLACE).kind, P2M_HOLE);
	finish();
}

static void ram_is_nobodys_device(void)
{
	mfn_t own = whole_places[GUEST][5], others = whole_places[1][5];

	CU_ASSERT_EQUAL(permit(0, 0, 1UL << 39, true), 0);
	CU_ASSERT_EQUAL(permit(GUEST, 0, 1UL << 39, true), 0);
	CU_ASSERT_EQUAL(map(PLACE, own.n, 1), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(PLACE, others.n, 1), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(PLACE, SIM_RAM_FIRST, 1), -XEN_EPERM);
	/* The last frame before RAM, and RAM. */
	CU_ASSERT_EQUAL(map(PLACE, SIM_RAM_FIRST - 1, 2), -XEN_EPERM);
	CU_ASSERT_EQUAL(entry_at(PLACE).kind, P2M_HOLE);
	finish();
}

static void what_no_guest_may_write_is_not_placed(void)
{
	CU_ASSERT_EQUAL(range_add(&pv_mmio_readonly, DEVICE + 3, DEVICE + 3), 0);
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 4), -XEN_EPERM);
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 3), 0);
	range_clear(&pv_mmio_readonly);
	finish();
}

static void hostile_ranges_are_refused(void)
{
	static const uint64_t ranges[][3] = {
		{PLACE, DEVICE, 0},
		{~0UL, DEVICE, 2},
		{PLACE, ~0UL, 2},
		{~0UL, DEVICE, 1},
		{P2M_GFN_END, DEVICE, 1},
		{P2M_GFN_END - 1, DEVICE, 2},
		{PLACE, DEVICE, ~0UL},
		/* An entry would keep 40 bits of it: RAM. */
		{PLACE, (1UL << 40) + SIM_RAM_FIRST, 1},
		{PLACE, (1UL << 40) - 1, 1},
	};

	CU_ASSERT_EQUAL(permit(0, 1UL << 39, 1UL << 40, true), 0);
	CU_ASSERT_EQUAL(permit(GUEST, 1UL << 39, 1UL << 40, true), 0);
	for (unsigned int i = 0; i < array_size(ranges); i++) {
		CU_ASSERT_EQUAL(map(ranges[i][0], ranges[i][1], ranges[i][2]), -XEN_EINVAL);
		CU_ASSERT_EQUAL(unmap(ranges[i][0], ranges[i][1], ranges[i][2]), -XEN_EINVAL);
	}
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 65), -XEN_E2BIG);
	CU_ASSERT_EQUAL(unmap(PLACE, DEVICE, 65), -XEN_E2BIG);
	CU_ASSERT_EQUAL(change(9, PLACE, DEVICE, 1, 1), -XEN_ESRCH);
	CU_ASSERT_EQUAL(entry_at(PLACE).kind, P2M_HOLE);
	CU_ASSERT_EQUAL(map(P2M_GFN_END - 1, DEVICE, 1), 0);
	finish();
}

static void a_paravirtual_domain_maps_itself(void)
{
	CU_ASSERT_EQUAL(change(1, PLACE, DEVICE, 8, 1), 0);
	CU_ASSERT_EQUAL(change(1, PLACE, DEVICE, 8, 0), 0);
	CU_ASSERT_EQUAL(change(1, PLACE, DEVICE + DEVICES, 1, 1), -XEN_EPERM);
	finish();
}

static void a_range_is_placed_whole_or_not_at_all(void)
{
	static const enum p2m_kind kinds[] = {P2M_RAM, P2M_GRANT, P2M_SHARED, P2M_MMIO};
	mfn_t m = whole_places[GUEST][5];

	for (unsigned int i = 0; i < array_size(kinds); i++) {
		CU_ASSERT_EQUAL(set_p2m(PLACE + 3, m, kinds[i]), 0);
		CU_ASSERT_EQUAL(map(PLACE, DEVICE, 8), -XEN_EBUSY);
		CU_ASSERT_EQUAL(entry_at(PLACE + 2).kind, P2M_HOLE);
		CU_ASSERT_EQUAL(entry_at(PLACE + 3).kind, kinds[i]);
		CU_ASSERT_EQUAL(entry_at(PLACE + 4).kind, P2M_HOLE);
		/* Nor is what stands there taken for device memory. */
		CU_ASSERT_EQUAL(unmap(PLACE + 3, i == 3 ? DEVICE : m.n, 1), -XEN_ENOENT);
		CU_ASSERT_EQUAL(entry_at(PLACE + 3).kind, kinds[i]);
	}
	finish();
}

static void what_stood_there_already_survives_a_failure(void)
{
	CU_ASSERT_EQUAL(map(PLACE + 1, DEVICE + 1, 1), 0);
	CU_ASSERT_EQUAL(set_p2m(PLACE + 3, whole_places[GUEST][5], P2M_RAM), 0);
	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 8), -XEN_EBUSY);
	CU_ASSERT_EQUAL(entry_at(PLACE).kind, P2M_HOLE);
	CU_ASSERT(stands(PLACE + 1, DEVICE + 1));
	CU_ASSERT_EQUAL(entry_at(PLACE + 2).kind, P2M_HOLE);
	finish();
}

static void without_memory_for_tables_nothing_is_placed(void)
{
	/* At the border of two tables: the second one fails. */
	for (uint64_t n = 0; n < 2; n++) {
		sim_fail_allocation_after(n);
		CU_ASSERT_EQUAL(map(0x71ffffe, DEVICE, 4), -XEN_ENOMEM);
		sim_fail_allocation_after(~0UL);
		CU_ASSERT_EQUAL(entry_at(0x71ffffe).kind, P2M_HOLE);
		CU_ASSERT_EQUAL(entry_at(0x71fffff).kind, P2M_HOLE);
		CU_ASSERT_EQUAL(entry_at(0x7200000).kind, P2M_HOLE);
		/* The tables before the border stay, for the next round to stop behind it. */
		CU_ASSERT_EQUAL(map(0x71ffffe, DEVICE, 2), 0);
		CU_ASSERT_EQUAL(unmap(0x71ffffe, DEVICE, 2), 0);
	}
	finish();
}

static void it_is_no_memory_of_the_guests(void)
{
	struct xen_memory_domain who = {.domid = DOMID_SELF};
	struct xen_hvm_get_mem_type type = {.domid = GUEST, .pfn = PLACE};
	uint64_t args[6] = {XENMEM_current_reservation, PLACE << PAGE_SHIFT};
	struct frame *f;
	mfn_t m;

	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 1), 0);
	CU_ASSERT_EQUAL(p2m_frame_get(guest, gfn(PLACE), false, &f), -XEN_EINVAL);
	CU_ASSERT_EQUAL(guest->ops->translate(guest, gfn(PLACE), &m), -XEN_EINVAL);
	CU_ASSERT_NOT_EQUAL(walk_physical_in(guest, &who, PLACE << PAGE_SHIFT, sizeof(who)), 0);
	CU_ASSERT_NOT_EQUAL(walk_physical_out(guest, PLACE << PAGE_SHIFT, &who, sizeof(who)), 0);
	CU_ASSERT_EQUAL(whole_call(guest->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_EFAULT);
	memcpy(place(0, 0), &type, sizeof(type));
	CU_ASSERT_EQUAL(whole_call(domain_find(0)->vcpus[0], __HYPERVISOR_hvm_op,
				   (uint64_t[6]){HVMOP_get_mem_type, place_va(0, 0)}), 0);
	memcpy(&type, place(0, 0), sizeof(type));
	CU_ASSERT_EQUAL(type.mem_type, HVMMEM_mmio_dm);
	finish();
}

static void the_guest_itself_neither_moves_nor_removes_it(void)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .idx = 0, .gpfn = PLACE};
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = PLACE};
	uint64_t args[6] = {XENMEM_add_to_physmap, place_va(GUEST, 0)};

	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 1), 0);
	memcpy(place(GUEST, 0), &a, sizeof(a));
	CU_ASSERT_EQUAL(whole_call(guest->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_EBUSY);
	args[0] = XENMEM_remove_from_physmap;
	memcpy(place(GUEST, 0), &r, sizeof(r));
	CU_ASSERT_EQUAL(whole_call(guest->vcpus[0], __HYPERVISOR_memory_op, args), -XEN_ENOENT);
	CU_ASSERT(stands(PLACE, DEVICE));
	finish();
}

static void the_guests_cpus_forget_what_is_unmapped(void)
{
	struct cpu_set may_see;

	CU_ASSERT_EQUAL(map(PLACE, DEVICE, 1), 0);
	cpu_set_add(&guest->dirty_cpus, 0);
	sim_tlb_remember(0, mfn(DEVICE));
	CU_ASSERT_EQUAL(unmap(PLACE, DEVICE, 1), 0);
	may_see = sim_tlb_may_see(mfn(DEVICE));
	CU_ASSERT(cpu_set_is_empty(&may_see));
	finish();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(device_memory_comes_and_goes),
		UNIT(it_is_uncached_and_holds_no_code),
		UNIT(both_must_have_the_right),
		UNIT(a_right_that_goes_takes_no_mapping_away),
		UNIT(ram_is_nobodys_device),
		UNIT(what_no_guest_may_write_is_not_placed),
		UNIT(hostile_ranges_are_refused),
		UNIT(a_paravirtual_domain_maps_itself),
		UNIT(a_range_is_placed_whole_or_not_at_all),
		UNIT(what_stood_there_already_survives_a_failure),
		UNIT(without_memory_for_tables_nothing_is_placed),
		UNIT(it_is_no_memory_of_the_guests),
		UNIT(the_guest_itself_neither_moves_nor_removes_it),
		UNIT(the_guests_cpus_forget_what_is_unmapped),
	};

	return unit_main("hypercall_mmio", tests, array_size(tests), setup);
}
