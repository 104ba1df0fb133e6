/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physdev_op: devices are the hardware domain's; I/O privilege is everyone's own; the order of
 * calls Linux makes for a line and for an MSI succeeds.
 */
#include "unit/call_world.h"

#include <xen/physdev.h>

static int64_t physdev(struct domain *d, uint64_t cmd, void *arg, size_t bytes)
{
	int64_t result;

	put(WORLD_VA, arg, bytes);
	result = call_as(d, hypercall_physdev_op, cmd, WORLD_VA, 0);
	get(arg, WORLD_VA, bytes);
	return result;
}

static void devices_are_the_hardware_domains(void)
{
	static const unsigned int commands[] = {5, 8, 10, 12, 13, 14, 15, 16, 20, 21, 24, 25, 26};
	uint8_t nothing[64] = {0};

	for (size_t i = 0; i < array_size(commands); i++) {
		CU_ASSERT_EQUAL(physdev(dom1, commands[i], nothing, sizeof(nothing)), -XEN_EPERM);
	}
	CU_ASSERT_EQUAL(world_devices, 0);
}

static void what_is_not_there_is_enosys_for_all(void)
{
	static const uint64_t commands[] = {0, 4, 17, 19, 22, 23, 27, 28, 29, 30, 31, 32, ~0UL};
	uint8_t nothing[64] = {0};

	for (size_t i = 0; i < array_size(commands); i++) {
		CU_ASSERT_EQUAL(physdev(dom0, commands[i], nothing, sizeof(nothing)), -XEN_ENOSYS);
		CU_ASSERT_EQUAL(physdev(dom1, commands[i], nothing, sizeof(nothing)), -XEN_ENOSYS);
	}
}

static void io_privilege_is_a_vcpus_own(void)
{
	struct physdev_set_iopl iopl = {4};
	struct physdev_set_iobitmap bitmap = {0x1000, 65537, 0};

	CU_ASSERT_EQUAL(physdev(dom1, PHYSDEVOP_set_iopl, &iopl, sizeof(iopl)), -XEN_EINVAL);
	iopl.iopl = 3;
	CU_ASSERT_EQUAL(physdev(dom1, PHYSDEVOP_set_iopl, &iopl, sizeof(iopl)), 0);
	CU_ASSERT_EQUAL(dom1->vcpus[0]->pv->iopl, 3);
	CU_ASSERT_EQUAL(physdev(dom1, PHYSDEVOP_set_iobitmap, &bitmap, sizeof(bitmap)),
			-XEN_EINVAL);
	bitmap.nr_ports = 65536;
	CU_ASSERT_EQUAL(physdev(dom1, PHYSDEVOP_set_iobitmap, &bitmap, sizeof(bitmap)), 0);
	CU_ASSERT_EQUAL(dom1->vcpus[0]->pv->iobitmap_ports, 65536);
}

static void a_line_is_set_up_as_linux_does(void)
{
	struct physdev_map_pirq map = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 17,
				       .pirq = 17};
	struct physdev_irq irq = {17, 0};
	struct physdev_irq_status_query status = {17, 0};
	struct physdev_setup_gsi gsi = {17, 1, 1, 0};
	struct physdev_eoi eoi = {17};
	struct physdev_unmap_pirq unmap = {DOMID_SELF, 0, 17};

	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), -XEN_EPERM);
	CU_ASSERT_EQUAL(access_grant_all(dom0), 0);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), 0);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), 0);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_alloc_irq_vector, &irq, sizeof(irq)), 0);
	CU_ASSERT_EQUAL(irq.vector, 17);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_irq_status_query, &status, sizeof(status)), 0);
	CU_ASSERT_EQUAL(status.flags, XENIRQSTAT_needs_eoi);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_setup_gsi, &gsi, sizeof(gsi)), 0);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_eoi, &eoi, sizeof(eoi)), 0);
	CU_ASSERT_EQUAL(world_eois, 1);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_unmap_pirq, &unmap, sizeof(unmap)), 0);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_unmap_pirq, &unmap, sizeof(unmap)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_eoi, &eoi, sizeof(eoi)), -XEN_EINVAL);
}

static void an_msi_gets_a_pirq(void)
{
	struct physdev_map_pirq map = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG,
				       .index = -1, .pirq = -1, .bus = 3, .devfn = 8,
				       .entry_nr = 2, .table_base = 0xf0000000};

	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), 0);
	CU_ASSERT_EQUAL(map.pirq, 509);
	map.bus = 1 << 16;
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), -XEN_ENODEV);
	map.type = MAP_PIRQ_TYPE_MULTI_MSI;
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), -XEN_EOPNOTSUPP);
	map.domid = 1;
	CU_ASSERT_EQUAL(physdev(dom0, PHYSDEVOP_map_pirq, &map, sizeof(map)), -XEN_EPERM);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(devices_are_the_hardware_domains),
		UNIT(what_is_not_there_is_enosys_for_all),
		UNIT(io_privilege_is_a_vcpus_own),
		UNIT(a_line_is_set_up_as_linux_does),
		UNIT(an_msi_gets_a_pirq),
	};

	return unit_main("hypercall_physdev", tests, array_size(tests), world_reset);
}
