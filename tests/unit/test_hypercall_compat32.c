/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of 32-bit code: structures with 32-bit pointers mean the same as 64-bit ones, progress
 * survives restarts, and the window they travel in is nobody else's.
 */
#include "unit/hvm_world.h"

#include "domain/guest.h"
#include "evtchn/evtchn.h"
#include "hypercall/call.h"
#include "mm/map.h"

#include <xen/base.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm_op.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Of paravirtual domains, which are linked but not here. */
void map_install_slots(pte_t *l4 unused_arg)
{
}

mfn_t map_idle_root(void)
{
	return mfn(1);
}

#define BUFFER 0x1000UL
#define LIST 0x2000UL
#define TARGET_GFN 0x100UL

static void setup(void)
{
	hvm_setup();
	for (uint64_t i = 0; i < 4; i++) {
		hvm_ram_at((BUFFER >> PAGE_SHIFT) + i);
	}
	hvm_load_vcpu(h0);
	fake(h0)->registers[HVM_CR0] = 0;
}

static void poke(uint64_t at, const void *from, size_t bytes)
{
	CU_ASSERT_EQUAL_FATAL(guest_out(h0, guest_ptr(at), from, bytes), 0);
}

static void peek(void *to, uint64_t at, size_t bytes)
{
	CU_ASSERT_EQUAL_FATAL(guest_in(h0, to, guest_ptr(at), bytes), 0);
}

static unsigned int stays;

/* As the guest runs it: again, as long as RIP stays. */
static int32_t call(uint32_t number, uint32_t ebx, uint32_t ecx, unsigned int units)
{
	struct cpu_regs *regs = &cpu_local()->regs;

	stays = 0;
	regs->rip = 0x5000;
	regs->rax = number | 0xffffffff00000000UL; /* upper halves mean nothing */
	regs->rbx = ebx | 0x5500000000UL;
	regs->rcx = ecx | 0x5500000000UL;
	do {
		restart_reset();
		restart_spend(RESTART_UNITS - units);
		hypercall_vmmcall32(h0, regs);
	} while (regs->rip == 0x5000 && ++stays < 1000);
	CU_ASSERT_EQUAL(regs->rip, 0x5003);
	CU_ASSERT_EQUAL(regs->rax >> 32, 0);
	CU_ASSERT_EQUAL(h0->window.bytes, 0);
	return (int32_t)regs->rax;
}

/* One with three arguments; its result is in RAX. */
static void call3(uint32_t number, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	cpu_local()->regs.rdx = edx | 0x5500000000UL;
	(void)call(number, ebx, ecx, 40);
}

static void versions_and_features_are_told(void)
{
	struct xen_feature_info feature = {0, 0};
	uint32_t parameters[2] = {7, 7};

	CU_ASSERT_EQUAL(call(__HYPERVISOR_xen_version, XENVER_version, 0, 40), 4 << 16 | 17);
	poke(BUFFER, &feature, sizeof(feature));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_xen_version, XENVER_get_features, BUFFER, 40), 0);
	peek(&feature, BUFFER, sizeof(feature));
	CU_ASSERT_EQUAL(feature.submap & 4, 4); /* auto-translated */
	poke(BUFFER, parameters, sizeof(parameters));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_xen_version, XENVER_platform_parameters, BUFFER, 40), 0);
	peek(parameters, BUFFER, sizeof(parameters));
	CU_ASSERT_EQUAL(parameters[0], 0);
	CU_ASSERT_EQUAL(parameters[1], 7);
	hvm_destroy();
}

static void populate(uint32_t count)
{
	const uint32_t op[5] = {LIST, count, 0, 0, DOMID_SELF};

	for (uint32_t i = 0; i < count; i++) {
		uint32_t g = (uint32_t)TARGET_GFN + i;

		poke(LIST + 4 * i, &g, sizeof(g));
	}
	poke(BUFFER, op, sizeof(op));
}

static void memory_comes_and_goes_in_many_stays(void)
{
	uint64_t before = hvm->frame_count;
	struct p2m_entry entry;

	populate(100);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, BUFFER, 7), 100);
	CU_ASSERT(stays > 3);
	CU_ASSERT_EQUAL(hvm->frame_count, before + 100);
	p2m_get(&hvm->hvm->p2m, gfn(TARGET_GFN + 99), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_RAM);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, BUFFER, 7), 100);
	CU_ASSERT_EQUAL(hvm->frame_count, before);
	p2m_get(&hvm->hvm->p2m, gfn(TARGET_GFN + 99), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	hvm_destroy();
}

static void what_cannot_be_done_says_how_far_it_came(void)
{
	uint32_t op[5] = {0x80000000, 10, 0, 0, DOMID_SELF};

	poke(BUFFER, op, sizeof(op));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, BUFFER, 40), 0);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, 0x90000000, 40), 0);
	/* A start the guest made up. */
	populate(2);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap | 5 << 6, BUFFER, 40),
			5);
	populate(2);
	op[1] = ~0U;
	op[0] = LIST;
	poke(BUFFER, op, sizeof(op));
	CU_ASSERT(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap | 0x3ffffffU << 6, BUFFER,
		       40) >= 0);
	hvm_destroy();
}

static void shared_info_moves_to_where_the_guest_wants_it(void)
{
	const uint32_t op[4] = {DOMID_SELF, XENMAPSPACE_shared_info, 0, TARGET_GFN};
	const uint32_t out[2] = {DOMID_SELF, TARGET_GFN};
	struct p2m_entry entry;

	poke(BUFFER, op, sizeof(op));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, BUFFER, 40), 0);
	p2m_get(&hvm->hvm->p2m, gfn(TARGET_GFN), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_SHARED);
	CU_ASSERT_EQUAL(entry.mfn.n, pointer_to_mfn(hvm->shared).n);
	poke(BUFFER, out, sizeof(out));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, BUFFER, 40), 0);
	p2m_get(&hvm->hvm->p2m, gfn(TARGET_GFN), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	hvm_destroy();
}

static void parameters_are_the_same_for_both(void)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN};

	CU_ASSERT_EQUAL(hvm_params_set(&hvm->hvm->params, false, HVM_PARAM_CONSOLE_PFN, 0xfefff),
			0);
	poke(BUFFER, &p, sizeof(p));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_hvm_op, HVMOP_get_param, BUFFER, 40), 0);
	peek(&p, BUFFER, sizeof(p));
	CU_ASSERT_EQUAL(p.value, 0xfefff);
	hvm_destroy();
}

/* All that is left to lay out anew: where the 64-bit call would read other bytes. */
static void structures_with_times_and_pointers_are_laid_out_anew(void)
{
	const uint32_t poll[4] = {0x90000000, 1, 0, 0}, none[4] = {0, 0, 5, 1};
	const uint32_t once[3] = {5, 1, 0}, map[2] = {2, LIST};
	uint64_t later = 1UL << 32 | 5;

	/* A list of ports that is not there, none at all, then a time that has passed. */
	poke(BUFFER, poll, sizeof(poll));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_sched_op, SCHEDOP_poll, BUFFER, 40), -XEN_EFAULT);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_sched_op, SCHEDOP_poll, 0x90000000, 40), -XEN_EFAULT);
	poke(BUFFER, none, sizeof(none));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_sched_op, SCHEDOP_poll, BUFFER, 40), 0);
	CU_ASSERT_EQUAL(h0->poll_timer.expires, later);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 40), 0);

	poke(BUFFER, once, sizeof(once));
	call3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, BUFFER);
	CU_ASSERT_EQUAL((int32_t)cpu_local()->regs.rax, 0);
	CU_ASSERT_EQUAL(h0->singleshot_timer.expires, later);
	call3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, 0x90000000);
	CU_ASSERT_EQUAL((int32_t)cpu_local()->regs.rax, -XEN_EFAULT);
	call3(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0);
	CU_ASSERT_EQUAL((int32_t)cpu_local()->regs.rax, 0);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_set_timer_op, 9, 1, 40), 0);
	CU_ASSERT_EQUAL(h0->singleshot_timer.expires, 1UL << 32 | 9);

	poke(BUFFER, map, sizeof(map));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_memory_map, 0x90000000, 40),
			-XEN_EFAULT);
	CU_ASSERT(call(__HYPERVISOR_memory_op, XENMEM_memory_map, BUFFER, 40) <= 0);
	hvm_destroy();
}

static void calls_without_pointers_inside_are_the_same_for_both(void)
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct evtchn_alloc_unbound unbound = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};

	hvm->config.max_evtchn_port = 63;
	CU_ASSERT_EQUAL_FATAL(evtchn_domain_create(hvm), 0);
	poke(BUFFER, &size, sizeof(size));
	call3(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, BUFFER, 1);
	CU_ASSERT_EQUAL((int32_t)cpu_local()->regs.rax, 0);
	peek(&size, BUFFER, sizeof(size));
	CU_ASSERT_EQUAL(size.status, GNTST_okay);
	poke(BUFFER, &unbound, sizeof(unbound));
	CU_ASSERT_EQUAL(call(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, BUFFER, 40), 0);
	peek(&unbound, BUFFER, sizeof(unbound));
	CU_ASSERT_NOT_EQUAL(unbound.port, 0);
	CU_ASSERT_EQUAL(evtchn_close(hvm, unbound.port), 0);
	evtchn_domain_free(hvm);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_vm_assist, 0, 31, 40), -XEN_EINVAL);
	poke(BUFFER, "hello", 5);
	call3(__HYPERVISOR_console_io, 0, 5, BUFFER);
	CU_ASSERT_EQUAL((int32_t)cpu_local()->regs.rax, -XEN_EPERM);
	poke(BUFFER, &unbound.dom, sizeof(unbound.dom));
	CU_ASSERT(call(__HYPERVISOR_memory_op, XENMEM_maximum_gpfn, BUFFER, 40) > 2);
	hvm_destroy();
}

static void what_32_bit_code_does_not_call_is_not_there(void)
{
	static const uint32_t none[] = {0, 1, 2, 7, 13, 23, 26, 33, 35, 36, 63, 64, 0xffffffff};

	for (unsigned int i = 0; i < array_size(none); i++) {
		CU_ASSERT_EQUAL(call(none[i], 0, BUFFER, 40), -XEN_ENOSYS);
	}
	CU_ASSERT_EQUAL(call(__HYPERVISOR_memory_op, XENMEM_exchange, BUFFER, 40), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_vcpu_op, 5, 0, 40), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(call(__HYPERVISOR_grant_table_op, 5, BUFFER, 40), -XEN_ENOSYS);
	hvm_destroy();
}

static void the_window_is_no_address_of_the_guests(void)
{
	uint8_t secret[16] = "secret", byte = 1;

	CU_ASSERT_EQUAL(guest_in(h0, &byte, guest_ptr(GUEST_WINDOW), 1), -XEN_EFAULT);
	CU_ASSERT_EQUAL(guest_out(h0, guest_ptr(GUEST_WINDOW), &byte, 1), -XEN_EFAULT);
	h0->window = (struct guest_window){secret, sizeof(secret)};
	CU_ASSERT_EQUAL(guest_in(h0, &byte, guest_ptr(GUEST_WINDOW + 1), 1), 0);
	CU_ASSERT_EQUAL(byte, 'e');
	CU_ASSERT_EQUAL(guest_in(h0, secret, guest_ptr(GUEST_WINDOW + 8), 9), -XEN_EFAULT);
	CU_ASSERT_EQUAL(guest_in(h0, secret, guest_ptr(GUEST_WINDOW - 1), 2), -XEN_EFAULT);
	h0->window.bytes = 0;
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(versions_and_features_are_told),
		UNIT(memory_comes_and_goes_in_many_stays),
		UNIT(what_cannot_be_done_says_how_far_it_came),
		UNIT(shared_info_moves_to_where_the_guest_wants_it),
		UNIT(parameters_are_the_same_for_both),
		UNIT(structures_with_times_and_pointers_are_laid_out_anew),
		UNIT(calls_without_pointers_inside_are_the_same_for_both),
		UNIT(what_32_bit_code_does_not_call_is_not_there),
		UNIT(the_window_is_no_address_of_the_guests),
	};

	return unit_main("hypercall_compat32", tests, array_size(tests), setup);
}
