/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control domain reads and writes of another's vcpus when it saves, restores and adjusts
 * it, what a paravirtual kernel says of itself, and what tools ask about the host: refusals first,
 * then that what was written is what is read. On the whole core.
 */
#include "unit/whole_world.h"

#include "lib/log.h"
#include "machine/fpu.h"
#include "unit/unit.h"

#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/mca.h>
#include <xen/nmi.h>
#include <xen/sysctl.h>

#define XSTATE_HEAD 16U
#define LEGACY_BYTES 576U
#define AVX_BYTES 832U
#define NOT_CANONICAL 0x800000000000UL
#define NOBODYS_ADDRESS 0x7f0000000000UL

static struct xen_domctl op;
static struct xen_sysctl sys;
static struct vcpu *v0, *v1, *v2;

static void setup(void)
{
	whole_start();
	memset(&op, 0, sizeof(op));
	memset(&sys, 0, sizeof(sys));
	v0 = domain_find(0)->vcpus[0];
	v1 = domain_find(1)->vcpus[1];
	v2 = domain_find(2)->vcpus[0];
}

/* Domain 0 asks; what it was asked with and answered is in op. */
static int64_t domctl(uint32_t cmd, uint16_t domid)
{
	uint64_t args[6] = {place_va(0, 0)};
	int64_t result;

	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = domid;
	memcpy(place(0, 0), &op, sizeof(op));
	result = whole_call(v0, __HYPERVISOR_domctl, args);
	memcpy(&op, place(0, 0), sizeof(op));
	return result;
}

static int64_t sysctl(uint32_t cmd)
{
	uint64_t args[6] = {place_va(0, 0)};
	int64_t result;

	sys.cmd = cmd;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(place(0, 0), &sys, sizeof(sys));
	result = whole_call(v0, __HYPERVISOR_sysctl, args);
	memcpy(&sys, place(0, 0), sizeof(sys));
	return result;
}

static int64_t call_of(struct vcpu *v, uint64_t number, uint64_t a, uint64_t b)
{
	uint64_t args[6] = {a, b};

	return whole_call(v, number, args);
}

/* --- extended state -------------------------------------------------------------------------- */

/* Two pages: what one address more or less would tear apart is in one piece for the core. */
static uint8_t xstate[XSTATE_HEAD + FPU_AREA_BYTES];

static void put_words(size_t at, uint64_t value, size_t bytes)
{
	memcpy(xstate + at, &value, bytes);
}

static void make_xstate(uint64_t xcr0, uint64_t ever)
{
	memset(xstate, 0, sizeof(xstate));
	put_words(0, xcr0, 8);
	put_words(8, ever, 8);
	put_words(XSTATE_HEAD + 24, 0x1f80, 4);
}

static int64_t set_xstate(uint64_t size, uint64_t mask)
{
	memcpy(place(0, 1), xstate, PAGE_SIZE);
	memcpy(place(0, 2), xstate + PAGE_SIZE, sizeof(xstate) - PAGE_SIZE);
	op.u.vcpuextstate = (struct xen_domctl_vcpuextstate){
		.vcpu = 1, .xfeature_mask = mask, .size = size, .buffer = place_va(0, 1)};
	return domctl(XEN_DOMCTL_setvcpuextstate, 1);
}

static int64_t get_xstate(uint32_t vcpu, uint64_t size, uint64_t buffer)
{
	op.u.vcpuextstate =
		(struct xen_domctl_vcpuextstate){.vcpu = vcpu, .size = size, .buffer = buffer};
	return domctl(XEN_DOMCTL_getvcpuextstate, 1);
}

static void extended_state_that_would_fault_is_refused(void)
{
	static const struct {
		uint64_t xcr0, ever, mask, size;
		size_t at;
		uint64_t value;
	} bad[] = {
		{2, 3, 7, XSTATE_HEAD + LEGACY_BYTES, 0, 2},		   /* no x87 */
		{5, 5, 7, XSTATE_HEAD + AVX_BYTES, 0, 5},		   /* AVX without SSE */
		{7, 3, 7, XSTATE_HEAD + AVX_BYTES, 0, 7},		   /* more than ever */
		{0xf, 0xf, 0xf, XSTATE_HEAD + AVX_BYTES, 0, 0xf},	   /* more than there is */
		{7, 7, 3, XSTATE_HEAD + AVX_BYTES, 0, 7},		   /* more than announced */
		{7, 7, 7, XSTATE_HEAD + LEGACY_BYTES, 0, 7},		   /* no room for AVX */
		{3, 3, 7, XSTATE_HEAD + LEGACY_BYTES - 1, 0, 3},	   /* too short */
		{3, 3, 7, XSTATE_HEAD + FPU_AREA_BYTES + 1, 0, 3},	   /* too long */
		{3, 3, 7, XSTATE_HEAD + LEGACY_BYTES, XSTATE_HEAD + 24, 0x10000}, /* MXCSR */
		{3, 3, 7, XSTATE_HEAD + LEGACY_BYTES, XSTATE_HEAD + 512, 4}, /* not in xcr0_ever */
		{3, 3, 7, XSTATE_HEAD + LEGACY_BYTES, XSTATE_HEAD + 520, 1UL << 63}, /* compact */
		{3, 3, 7, XSTATE_HEAD + LEGACY_BYTES, XSTATE_HEAD + 568, 1}, /* end of the header */
	};
	uint8_t before[FPU_AREA_BYTES];
	uint64_t xcr0 = v1->xcr0;

	memcpy(before, v1->fpu, sizeof(before));
	for (unsigned int i = 0; i < array_size(bad); i++) {
		make_xstate(bad[i].xcr0, bad[i].ever);
		put_words(bad[i].at, bad[i].value, bad[i].at == XSTATE_HEAD + 24 ? 4 : 8);
		CU_ASSERT_EQUAL(set_xstate(bad[i].size, bad[i].mask), -XEN_EINVAL);
	}
	make_xstate(3, 3);
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(set_xstate(XSTATE_HEAD + LEGACY_BYTES, 7), -XEN_ENOMEM);
	sim_fail_allocation_after(~0UL);
	op.u.vcpuextstate.buffer = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuextstate, 1), -XEN_EFAULT);
	op.u.vcpuextstate.vcpu = 2;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuextstate, 1), -XEN_ESRCH);
	CU_ASSERT_EQUAL(memcmp(before, v1->fpu, sizeof(before)), 0);
	CU_ASSERT_EQUAL(v1->xcr0, xcr0);
}

static void extended_state_comes_back_as_it_was_read(void)
{
	make_xstate(7, 7);
	put_words(XSTATE_HEAD + 512, 7, 8);
	put_words(XSTATE_HEAD + 160, 0x1122334455667788UL, 8);
	put_words(XSTATE_HEAD + AVX_BYTES - 8, 0x99aabbccddeeff00UL, 8);
	CU_ASSERT_EQUAL(set_xstate(XSTATE_HEAD + AVX_BYTES, 7), 0);
	CU_ASSERT_EQUAL(v1->xcr0, 7);
	CU_ASSERT_EQUAL(memcmp(v1->fpu, xstate + XSTATE_HEAD, AVX_BYTES), 0);

	CU_ASSERT_EQUAL(get_xstate(1, 0, 0), 0);
	CU_ASSERT_EQUAL(op.u.vcpuextstate.size, XSTATE_HEAD + AVX_BYTES);
	CU_ASSERT_EQUAL(op.u.vcpuextstate.xfeature_mask, 7);
	memset(place(0, 1), 0xee, PAGE_SIZE);
	CU_ASSERT_EQUAL(get_xstate(1, XSTATE_HEAD + AVX_BYTES, place_va(0, 1)), 0);
	CU_ASSERT_EQUAL(memcmp(place(0, 1), xstate, XSTATE_HEAD + AVX_BYTES), 0);
	CU_ASSERT_EQUAL(((uint8_t *)place(0, 1))[XSTATE_HEAD + AVX_BYTES], 0xee);

	CU_ASSERT_EQUAL(get_xstate(1, XSTATE_HEAD + AVX_BYTES - 1, place_va(0, 1)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(get_xstate(1, XSTATE_HEAD + AVX_BYTES, NOBODYS_ADDRESS), -XEN_EFAULT);
	CU_ASSERT_EQUAL(get_xstate(2, 0, 0), -XEN_ESRCH);
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(get_xstate(1, XSTATE_HEAD + AVX_BYTES, place_va(0, 1)), -XEN_ENOMEM);
	sim_fail_allocation_after(~0UL);
}

/* --- MSRs, 32-bit entries -------------------------------------------------------------------- */

static int64_t msrs(uint32_t cmd, uint16_t domid, uint32_t count, uint64_t list)
{
	op.u.vcpu_msrs =
		(struct xen_domctl_vcpu_msrs){.vcpu = 0, .msr_count = count, .msrs = list};
	return domctl(cmd, domid);
}

static int64_t set_msr(uint32_t index, uint32_t reserved, uint64_t value)
{
	*(struct xen_domctl_vcpu_msr *)place(0, 1) =
		(struct xen_domctl_vcpu_msr){index, reserved, value};
	return msrs(XEN_DOMCTL_set_vcpu_msrs, 1, 1, place_va(0, 1));
}

static void msrs_are_carried_and_unknown_ones_must_be_zero(void)
{
	struct xen_domctl_vcpu_msr *entry = place(0, 1);
	uint32_t get = XEN_DOMCTL_get_vcpu_msrs, set = XEN_DOMCTL_set_vcpu_msrs;

	CU_ASSERT_EQUAL(set_msr(MSR_TSC_AUX, 1, 5), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set_msr(MSR_TSC_AUX, 0, 1UL << 32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set_msr(MSR_EFER, 0, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set_msr(MSR_EFER, 0, 0), 0);
	CU_ASSERT_EQUAL(msrs(set, 1, 65, place_va(0, 1)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(msrs(set, 1, 1, NOBODYS_ADDRESS), -XEN_EFAULT);
	CU_ASSERT_EQUAL(msrs(set, 2, 1, place_va(0, 1)), -XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(msrs(get, 2, 1, place_va(0, 1)), -XEN_EOPNOTSUPP);

	CU_ASSERT_EQUAL(msrs(get, 1, 0, 0), 0);
	CU_ASSERT_EQUAL(op.u.vcpu_msrs.msr_count, 1);
	CU_ASSERT_EQUAL(msrs(get, 1, 1, place_va(0, 1)), 0);
	CU_ASSERT_EQUAL(op.u.vcpu_msrs.msr_count, 0);
	CU_ASSERT_EQUAL(set_msr(MSR_TSC_AUX, 0, 0xffffffff), 0);
	*entry = (struct xen_domctl_vcpu_msr){0, 7, 0};
	CU_ASSERT_EQUAL(msrs(get, 1, 0, place_va(0, 1)), -XEN_ENOBUFS);
	CU_ASSERT_EQUAL(msrs(get, 1, 5, NOBODYS_ADDRESS), -XEN_EFAULT);
	CU_ASSERT_EQUAL(msrs(get, 1, 5, place_va(0, 1)), 0);
	CU_ASSERT_EQUAL(op.u.vcpu_msrs.msr_count, 1);
	CU_ASSERT(entry->index == MSR_TSC_AUX && entry->value == 0xffffffff &&
		  entry->reserved == 0);
	op.u.vcpu_msrs.vcpu = 9;
	CU_ASSERT_EQUAL(domctl(get, 1), -XEN_ESRCH);
	CU_ASSERT_EQUAL(domctl(set, 1), -XEN_ESRCH);
}

static int64_t set_entries(uint16_t domid, uint32_t vcpu, uint32_t size, uint64_t address)
{
	op.u.ext_vcpucontext = (struct xen_domctl_ext_vcpucontext){
		.vcpu = vcpu,
		.size = size,
		.syscall32_callback_eip = 0x1000,
		.sysenter_callback_eip = address,
		.sysenter_disables_events = 1,
	};
	return domctl(XEN_DOMCTL_set_ext_vcpucontext, domid);
}

static void entries_of_32_bit_code_are_carried(void)
{
	uint32_t least = offsetof(struct xen_domctl_ext_vcpucontext, vmce);

	CU_ASSERT_EQUAL(set_entries(1, 2, least, 0x2000), -XEN_ESRCH);
	CU_ASSERT_EQUAL(set_entries(2, 0, least, 0x2000), -XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(set_entries(1, 1, least - 1, 0x2000), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set_entries(1, 1, least, NOT_CANONICAL), -XEN_EINVAL);
	CU_ASSERT_EQUAL(v1->pv->callbacks[PV_CALLBACK_SYSCALL32].address, 0);
	CU_ASSERT_EQUAL(set_entries(1, 1, least, 0x2000), 0);
	memset(&op.u, 0xff, sizeof(op.u));
	op.u.ext_vcpucontext.vcpu = 1;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_get_ext_vcpucontext, 1), 0);
	CU_ASSERT_EQUAL(op.u.ext_vcpucontext.syscall32_callback_eip, 0x1000);
	CU_ASSERT_EQUAL(op.u.ext_vcpucontext.sysenter_callback_eip, 0x2000);
	CU_ASSERT_EQUAL(op.u.ext_vcpucontext.syscall32_disables_events, 0);
	CU_ASSERT_EQUAL(op.u.ext_vcpucontext.sysenter_disables_events, 1);
	CU_ASSERT_EQUAL(op.u.ext_vcpucontext.vmce.caps, 0);
	op.u.ext_vcpucontext.vcpu = 2;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_get_ext_vcpucontext, 1), -XEN_ESRCH);
	op.u.ext_vcpucontext.vcpu = 0;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_get_ext_vcpucontext, 2), -XEN_EOPNOTSUPP);
}

/* --- time, shares, life ---------------------------------------------------------------------- */

static void the_counter_of_a_guest_goes_on_where_it_was_saved(void)
{
	struct domain *d = v1->domain;

	op.u.tsc_info = (struct xen_domctl_tsc_info){.tsc_mode = 9};
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_settscinfo, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(d->pause_count, 0);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_gettscinfo, 1), 0);
	CU_ASSERT_EQUAL(op.u.tsc_info.tsc_mode, 0);
	CU_ASSERT_EQUAL(op.u.tsc_info.gtsc_khz, 0);
	/* Emulated at a frequency that is not the host's. */
	op.u.tsc_info = (struct xen_domctl_tsc_info){
		.tsc_mode = 1, .gtsc_khz = 1000000, .incarnation = 3, .elapsed_nsec = 5000000000UL};
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_settscinfo, 1), 0);
	memset(&op.u, 0xff, sizeof(op.u));
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_gettscinfo, 1), 0);
	CU_ASSERT_EQUAL(op.u.tsc_info.tsc_mode, 1);
	CU_ASSERT_EQUAL(op.u.tsc_info.gtsc_khz, 1000000);
	CU_ASSERT_EQUAL(op.u.tsc_info.incarnation, 3);
	CU_ASSERT(op.u.tsc_info.elapsed_nsec >= 5000000000UL - 1);
	CU_ASSERT(op.u.tsc_info.elapsed_nsec < 6000000000UL);
	CU_ASSERT_EQUAL(op.u.tsc_info.pad, 0);
	CU_ASSERT_EQUAL(d->pause_count, 0);
}

static int64_t shares(uint32_t sched_id, uint32_t cmd, uint16_t weight, uint16_t cap)
{
	op.u.scheduler_op =
		(struct xen_domctl_scheduler_op){.sched_id = sched_id, .cmd = cmd};
	op.u.scheduler_op.u.credit2.weight = weight;
	op.u.scheduler_op.u.credit2.cap = cap;
	return domctl(XEN_DOMCTL_scheduler_op, 1);
}

static void weight_and_cap_are_set_and_told(void)
{
	uint32_t put = XEN_DOMCTL_SCHEDOP_putinfo, get = XEN_DOMCTL_SCHEDOP_getinfo;

	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2 + 1, put, 512, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2, 9, 512, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2, get, 0, 0), 0);
	CU_ASSERT_EQUAL(op.u.scheduler_op.u.credit2.weight, 256);
	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2, put, 512, 50), 0);
	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2, put, 0, 0), 0);
	CU_ASSERT_EQUAL(shares(SCHED_ID_CREDIT2, get, 1, 1), 0);
	CU_ASSERT_EQUAL(op.u.scheduler_op.u.credit2.weight, 512);
	CU_ASSERT_EQUAL(op.u.scheduler_op.u.credit2.cap, 0);
}

static void a_vcpu_without_context_is_as_new(void)
{
	v1->is_initialised = true;
	vcpu_clear_flag(v1, VCPU_DOWN);
	v1->pv->callbacks[PV_CALLBACK_EVENT].address = 0x1000;
	op.u.vcpucontext.vcpu = 5;
	op.u.vcpucontext.ctxt = 0;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 1), -XEN_EINVAL);
	op.u.vcpucontext.vcpu = 1;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 1), 0);
	CU_ASSERT_FALSE(v1->is_initialised);
	CU_ASSERT_NOT_EQUAL(v1->pause_flags & VCPU_DOWN, 0);
	CU_ASSERT_EQUAL(v1->domain->pause_count, 0);
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt = place_va(0, 1);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 2), -XEN_EOPNOTSUPP);
	op.u.vcpucontext.ctxt = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 1), -XEN_EFAULT);
	CU_ASSERT_EQUAL(v1->domain->pause_count, 0);
}

static void a_suspended_domain_resumes(void)
{
	struct domain *d = v1->domain;

	domain_shutdown(d, 2);
	CU_ASSERT_TRUE(d->is_shut_down);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_resumedomain, 1), 0);
	CU_ASSERT_FALSE(d->is_shut_down);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_resumedomain, 1), 0);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_resumedomain, 77), -XEN_ESRCH);
}

/* --- what a paravirtual kernel says of itself ------------------------------------------------ */

static int64_t callback(struct vcpu *v, uint64_t what, uint16_t type, uint64_t address)
{
	*(struct callback_register *)place(1, 0) = (struct callback_register){
		.type = type, .flags = CALLBACKF_mask_events, .address = address};
	return call_of(v, __HYPERVISOR_callback_op, what, place_va(1, 0));
}

static void each_kind_of_callback_goes_to_its_place(void)
{
	static const struct {
		uint16_t type;
		enum pv_callback_kind kind;
	} kinds[] = {{0, PV_CALLBACK_EVENT},
		     {CALLBACKTYPE_failsafe, PV_CALLBACK_FAILSAFE},
		     {CALLBACKTYPE_syscall, PV_CALLBACK_SYSCALL},
		     {CALLBACKTYPE_syscall32, PV_CALLBACK_SYSCALL32},
		     {CALLBACKTYPE_sysenter, PV_CALLBACK_SYSENTER}};

	for (unsigned int i = 0; i < array_size(kinds); i++) {
		uint64_t address = 0x1000 + i;
		const struct pv_callback *set = &v1->pv->callbacks[kinds[i].kind];

		CU_ASSERT_EQUAL(callback(v1, 0, kinds[i].type, NOT_CANONICAL), -XEN_EINVAL);
		CU_ASSERT_EQUAL(set->address, 0);
		CU_ASSERT_EQUAL(callback(v1, 0, kinds[i].type, address), 0);
		CU_ASSERT_TRUE(set->address == address && set->masks_events);
		CU_ASSERT_EQUAL(callback(v1, 1, kinds[i].type, 0), -XEN_EINVAL);
		CU_ASSERT_EQUAL(set->address, address);
	}
	CU_ASSERT_EQUAL(callback(v1, 0, CALLBACKTYPE_nmi, 0x7000), 0);
	CU_ASSERT_EQUAL(v1->pv->traps[2].address, 0x7000);
	CU_ASSERT_EQUAL(callback(v1, 1, CALLBACKTYPE_nmi, 0), 0);
	CU_ASSERT_EQUAL(v1->pv->traps[2].address, 0);
	CU_ASSERT_EQUAL(callback(v1, 0, 99, 0x1000), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(callback(v1, 1, 99, 0), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(callback(v1, 2, 0, 0), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_callback_op, 0, NOBODYS_ADDRESS), -XEN_EFAULT);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_callback_op, 1, NOBODYS_ADDRESS), -XEN_EFAULT);
}

static void an_nmi_handler_is_set_and_taken_back(void)
{
	struct xennmi_callback *handler = place(1, 0);

	handler->handler_address = NOT_CANONICAL;
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_nmi_op, 0, place_va(1, 0)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_nmi_op, 0, NOBODYS_ADDRESS), -XEN_EFAULT);
	CU_ASSERT_EQUAL(v1->pv->traps[2].address, 0);
	handler->handler_address = 0x3000;
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_nmi_op, 0, place_va(1, 0)), 0);
	CU_ASSERT_EQUAL(v1->pv->traps[2].address, 0x3000);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_nmi_op, 1, 0), 0);
	CU_ASSERT_EQUAL(v1->pv->traps[2].address, 0);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_nmi_op, 2, 0), -XEN_ENOSYS);
}

static void addresses_of_old_style_callbacks_are_checked_too(void)
{
	uint64_t good[6] = {0x1000, 0x2000, 0x3000}, bad[6] = {0x4000, 0x5000, NOT_CANONICAL};

	CU_ASSERT_EQUAL(whole_call(v1, __HYPERVISOR_set_callbacks, good), 0);
	CU_ASSERT_EQUAL(whole_call(v1, __HYPERVISOR_set_callbacks, bad), -XEN_EINVAL);
	CU_ASSERT_EQUAL(v1->pv->callbacks[PV_CALLBACK_SYSCALL].address, 0x3000);
}

static void debug_registers_and_bases_are_the_vcpus_own(void)
{
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_set_debugreg, 0, 0x1234), 0);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_get_debugreg, 0, 0), 0x1234);
	CU_ASSERT_EQUAL(call_of(v0, __HYPERVISOR_get_debugreg, 0, 0), 0);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_set_debugreg, 9, 0), -XEN_ENODEV);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_get_debugreg, 9, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_set_segment_base, 0, NOT_CANONICAL), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_set_segment_base, 0, 0x5000), 0);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_set_segment_base, 9, 0), -XEN_EINVAL);
}

static void assists_are_those_of_the_domains_kind(void)
{
	uint64_t enable = 0, disable = 1;
	uint32_t before = v1->domain->vm_assist;

	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, enable, 4), 0);
	CU_ASSERT_EQUAL(v1->domain->vm_assist, before | 1U << 4);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, disable, 4), 0);
	CU_ASSERT_EQUAL(v1->domain->vm_assist, before & ~(1U << 4));
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, enable, 32), 0);
	CU_ASSERT_EQUAL(v1->domain->vm_assist_high, 1);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, disable, 32), 0);
	CU_ASSERT_EQUAL(v1->domain->vm_assist_high, 0);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, enable, 31), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, enable, 1UL << 32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v2, __HYPERVISOR_vm_assist, enable, 32), -XEN_EINVAL);
	CU_ASSERT_EQUAL(call_of(v1, __HYPERVISOR_vm_assist, 2, 4), -XEN_ENOSYS);
}

/* --- what tools ask about the host ----------------------------------------------------------- */

static int64_t mca(struct vcpu *v, const struct xen_mc *request)
{
	uint64_t args[6] = {place_va(v->domain->id, 0)};

	memcpy(place(v->domain->id, 0), request, sizeof(*request));
	return whole_call(v, __HYPERVISOR_mca, args);
}

static void there_is_never_a_record_of_a_machine_check(void)
{
	struct xen_mc request = {.cmd = XEN_MC_fetch,
				 .interface_version = XEN_MCA_INTERFACE_VERSION};
	const struct xen_mc *answer = place(0, 0);

	CU_ASSERT_EQUAL(mca(v1, &request), -XEN_EPERM);
	CU_ASSERT_EQUAL(mca(v0, &request), 0);
	CU_ASSERT_EQUAL(answer->u.mc_fetch.flags, XEN_MC_NODATA);
	request.u.mc_fetch.flags = XEN_MC_ACK;
	request.u.mc_fetch.fetch_id = 9;
	CU_ASSERT_EQUAL(mca(v0, &request), 0);
	CU_ASSERT_EQUAL(answer->u.mc_fetch.flags, XEN_MC_OK);
	CU_ASSERT_EQUAL(answer->u.mc_fetch.fetch_id, 0);
	request.interface_version++;
	CU_ASSERT_EQUAL(mca(v0, &request), -XEN_EACCES);
	request.interface_version--;
	request.cmd = XEN_MC_msrinject;
	CU_ASSERT(mca(v0, &request) < 0);
	CU_ASSERT_EQUAL(call_of(v0, __HYPERVISOR_mca, NOBODYS_ADDRESS, 0), -XEN_EFAULT);
}

static void the_collector_of_records_learns_the_cpus(void)
{
	struct xen_mc request = {.cmd = XEN_MC_physcpuinfo,
				 .interface_version = XEN_MCA_INTERFACE_VERSION};
	const struct xen_mc *answer = place(0, 0);
	struct mcinfo_logical_cpu *cpus = place(0, 1);

	CU_ASSERT_EQUAL(mca(v0, &request), 0);
	CU_ASSERT_EQUAL(answer->u.mc_physcpuinfo.ncpus, 1);
	request.u.mc_physcpuinfo.info = place_va(0, 1);
	CU_ASSERT_EQUAL(mca(v0, &request), 0);
	CU_ASSERT_EQUAL(answer->u.mc_physcpuinfo.ncpus, 0);
	request.u.mc_physcpuinfo.ncpus = 8;
	memset(cpus, 0xff, PAGE_SIZE);
	CU_ASSERT_EQUAL(mca(v0, &request), 0);
	CU_ASSERT_EQUAL(answer->u.mc_physcpuinfo.ncpus, 1);
	CU_ASSERT_EQUAL(cpus[0].mc_cpunr, 0);
	CU_ASSERT_EQUAL(cpus[0].mc_ncores, 4);
	CU_ASSERT_EQUAL(memcmp(cpus[0].mc_vendorid, "AuthenticAMD", 13), 0);
	CU_ASSERT_EQUAL(cpus[1].mc_cpunr, ~0U);
	request.u.mc_physcpuinfo.info = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(mca(v0, &request), -XEN_EFAULT);
}

static void the_log_is_read_in_pieces(void)
{
	struct xen_sysctl_readconsole *request = &sys.u.readconsole;
	char *text = place(0, 1);

	for (unsigned int i = 0; i < 40; i++) {
		log_info("line %u of a log that is longer than one piece of it", i);
	}
	memset(text, '#', PAGE_SIZE);
	request->buffer = place_va(0, 1);
	request->count = 10;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_readconsole), 0);
	CU_ASSERT_EQUAL(request->count, 10);
	CU_ASSERT(text[9] != '#' && text[10] == '#');
	request->incremental = 1;
	request->count = 2 * PAGE_SIZE;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_readconsole), 0);
	CU_ASSERT(request->count > 1024);
	request->incremental = 0;
	request->buffer = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_readconsole), -XEN_EFAULT);
}

static void the_one_node_and_its_cpus_are_told(void)
{
	struct xen_sysctl_meminfo *memory = place(0, 1);
	uint32_t *distance = place(0, 2);
	struct xen_sysctl_cputopo *cpus = place(0, 3);
	struct xen_sysctl_cpuinfo *idle = place(0, 4);

	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_numainfo), 0);
	CU_ASSERT_EQUAL(sys.u.numainfo.num_nodes, 1);
	sys.u.numainfo = (struct xen_sysctl_numainfo){
		.num_nodes = 8, .meminfo = place_va(0, 1), .distance = place_va(0, 2)};
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_numainfo), 0);
	CU_ASSERT_EQUAL(sys.u.numainfo.num_nodes, 1);
	CU_ASSERT(memory->memsize >= memory->memfree && memory->memfree != 0);
	CU_ASSERT_EQUAL(*distance, 10);
	sys.u.numainfo.distance = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_numainfo), -XEN_EFAULT);
	sys.u.numainfo.meminfo = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_numainfo), -XEN_EFAULT);

	memset(&sys.u, 0, sizeof(sys.u));
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_cputopoinfo), 0);
	CU_ASSERT_EQUAL(sys.u.cputopoinfo.num_cpus, 1);
	sys.u.cputopoinfo = (struct xen_sysctl_cputopoinfo){8, 0, place_va(0, 3)};
	memset(cpus, 0xee, PAGE_SIZE);
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_cputopoinfo), 0);
	CU_ASSERT_EQUAL(sys.u.cputopoinfo.num_cpus, 1);
	CU_ASSERT(cpus[0].core == 0 && cpus[0].node == 0 && cpus[1].core == 0xeeeeeeee);
	sys.u.cputopoinfo.cputopo = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_cputopoinfo), -XEN_EFAULT);

	sys.u.getcpuinfo = (struct xen_sysctl_getcpuinfo){.max_cpus = 8, .info = place_va(0, 4)};
	memset(idle, 0xee, PAGE_SIZE);
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_getcpuinfo), 0);
	CU_ASSERT_EQUAL(sys.u.getcpuinfo.nr_cpus, 1);
	CU_ASSERT(idle[0].idletime < 1UL << 62 && idle[1].idletime == 0xeeeeeeeeeeeeeeeeUL);
	sys.u.getcpuinfo.info = NOBODYS_ADDRESS;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_getcpuinfo), -XEN_EFAULT);
}

static int64_t pool(uint32_t what, uint32_t id)
{
	sys.u.cpupool_op = (struct xen_sysctl_cpupool_op){
		.op = what, .cpupool_id = id, .cpumap = {place_va(0, 1), 8, 0}};
	*(uint8_t *)place(0, 1) = 0xff;
	return sysctl(XEN_SYSCTL_cpupool_op);
}

static int64_t scheduler(uint32_t id, uint32_t cmd, uint32_t rate)
{
	sys.u.scheduler_op = (struct xen_sysctl_scheduler_op){.sched_id = id, .cmd = cmd};
	sys.u.scheduler_op.u.sched_credit2.ratelimit_us = rate;
	return sysctl(XEN_SYSCTL_scheduler_op);
}

static void the_first_pool_has_all_domains_and_the_only_scheduler(void)
{
	uint8_t *map = place(0, 1);

	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), 0);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.n_dom, 3);
	CU_ASSERT_EQUAL(*map, 1);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, SCHED_ANY), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0), 0);
	CU_ASSERT_EQUAL(*map, 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0), -XEN_EBUSY);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO + 1, 0),
			-XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(scheduler(SCHED_ID_CREDIT2, XEN_SYSCTL_SCHEDOP_getinfo, 7), 0);
	CU_ASSERT_EQUAL(sys.u.scheduler_op.u.sched_credit2.ratelimit_us, 0);
	CU_ASSERT_EQUAL(scheduler(SCHED_ID_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo, 0), 0);
	CU_ASSERT_EQUAL(scheduler(SCHED_ID_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo, 100),
			-XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(scheduler(SCHED_ID_CREDIT2, 7, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(scheduler(SCHED_ID_CREDIT2 - 1, 0, 0), -XEN_EINVAL);
	sys.u.scheduler_op.cpupool_id = 1;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_scheduler_op), -XEN_ESRCH);
	/* Number 32 is how free CPUs are kept: no pool to anybody. */
	sys.u.scheduler_op.cpupool_id = SCHED_POOL_FREE;
	CU_ASSERT_EQUAL(sysctl(XEN_SYSCTL_scheduler_op), -XEN_ESRCH);
}

static int64_t featureset(uint32_t index, uint32_t room, uint64_t list)
{
	sys.u.cpu_featureset = (struct xen_sysctl_cpu_featureset){index, room, list};
	return sysctl(XEN_SYSCTL_get_cpu_featureset);
}

static int64_t policy(uint32_t index, uint32_t leaves, uint32_t how_many_msrs)
{
	sys.u.cpu_policy = (struct xen_sysctl_cpu_policy){.index = index,
							  .nr_leaves = leaves,
							  .nr_msrs = how_many_msrs,
							  .leaves = place_va(0, 1),
							  .msrs = place_va(0, 8)};
	return sysctl(XEN_SYSCTL_get_cpu_policy);
}

static void policies_narrow_from_the_host_to_the_default(void)
{
	/* Featuresets: of the host, at most, by default; PV, then HVM. */
	static const uint32_t chains[2][3] = {{1, 4, 2}, {1, 5, 3}};
	uint32_t wider[32], *words = place(0, 1);

	for (unsigned int i = 0; i < 2; i++) {
		memset(wider, 0xff, sizeof(wider));
		for (unsigned int j = 0; j < 3; j++) {
			memset(words, 0, PAGE_SIZE);
			CU_ASSERT_EQUAL(featureset(chains[i][j], 32, place_va(0, 1)), 0);
			CU_ASSERT(sys.u.cpu_featureset.nr_features > 4);
			/* x87 is in all of them. */
			CU_ASSERT_EQUAL(words[0] & 1, 1);
			for (uint32_t w = 0; j == 2 && w < 4; w++) {
				CU_ASSERT_EQUAL(words[w] & ~wider[w], 0);
			}
			memcpy(wider, words, sizeof(wider));
		}
	}
	CU_ASSERT_EQUAL(featureset(6, 32, place_va(0, 1)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(featureset(1, 0, 0), 0);
	CU_ASSERT_EQUAL(featureset(1, 1, place_va(0, 1)), -XEN_ENOBUFS);
	CU_ASSERT_EQUAL(featureset(1, 32, NOBODYS_ADDRESS), -XEN_EFAULT);
	for (uint32_t i = 0; i <= XEN_SYSCTL_cpu_policy_hvm_default; i++) {
		CU_ASSERT_EQUAL(policy(i, 100, 10), 0);
		CU_ASSERT(sys.u.cpu_policy.nr_leaves > 4 && sys.u.cpu_policy.nr_leaves < 100);
	}
	CU_ASSERT_EQUAL(policy(6, 100, 10), -XEN_EINVAL);
	CU_ASSERT_EQUAL(policy(0, 1, 10), -XEN_ENOBUFS);
	virt_ops = NULL;
	CU_ASSERT_EQUAL(policy(XEN_SYSCTL_cpu_policy_hvm_max, 100, 10), -XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(featureset(3, 32, place_va(0, 1)), -XEN_EOPNOTSUPP);
	virt_ops = &fake_ops;
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(extended_state_that_would_fault_is_refused),
		UNIT(extended_state_comes_back_as_it_was_read),
		UNIT(msrs_are_carried_and_unknown_ones_must_be_zero),
		UNIT(entries_of_32_bit_code_are_carried),
		UNIT(the_counter_of_a_guest_goes_on_where_it_was_saved),
		UNIT(weight_and_cap_are_set_and_told),
		UNIT(a_vcpu_without_context_is_as_new),
		UNIT(a_suspended_domain_resumes),
		UNIT(each_kind_of_callback_goes_to_its_place),
		UNIT(an_nmi_handler_is_set_and_taken_back),
		UNIT(addresses_of_old_style_callbacks_are_checked_too),
		UNIT(debug_registers_and_bases_are_the_vcpus_own),
		UNIT(assists_are_those_of_the_domains_kind),
		UNIT(there_is_never_a_record_of_a_machine_check),
		UNIT(the_collector_of_records_learns_the_cpus),
		UNIT(the_log_is_read_in_pieces),
		UNIT(the_one_node_and_its_cpus_are_told),
		UNIT(the_first_pool_has_all_domains_and_the_only_scheduler),
		UNIT(policies_narrow_from_the_host_to_the_default),
	};

	return unit_main("hypercall_state", tests, array_size(tests), setup);
}
