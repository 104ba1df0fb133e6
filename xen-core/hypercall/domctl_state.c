/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What save and restore carry of a vcpu besides its context: extended state, and the one MSR a PV
 * guest may write that is not in the context.
 *
 * Extended state is {XCR0, XCR0 ever used, XSAVE area in the standard format}. XRSTOR faults on a
 * header or MXCSR with reserved bits (SDM vol. 1, 13.8), so they are checked here.
 */
#include "hypercall/domctl.h"

#include "lib/math.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "mm/heap.h"
#include "pv/pv.h"
#include "x86/msr.h"

#include <xen/errno.h>

struct saved_xstate {
	uint64_t xcr0;
	uint64_t xcr0_ever;
	uint8_t area[];
};

/* SDM vol. 1, 13.4: legacy region, header, then components where CPUID 0xd says. */
#define XSAVE_MXCSR 24
#define XSAVE_HEADER 512
#define XSAVE_HEADER_BYTES 64
#define XSAVE_MIN (XSAVE_HEADER + XSAVE_HEADER_BYTES)
#define CPUID_XSTATE 0xdU
#define XCR0_COMPONENTS 63U
#define XCR0_X87 1UL
#define XCR0_SSE 2UL
#define XCR0_AVX 4UL
#define MXCSR_VALID 0xffffU

static uint64_t area_bytes(uint64_t xcr0)
{
	uint64_t bytes = XSAVE_MIN;

	for (unsigned int i = 2; i < XCR0_COMPONENTS; i++) {
		if (xcr0 >> i & 1) {
			struct cpuid_result at = cpu_cpuid(CPUID_XSTATE, i);

			bytes = max_u64(bytes, (uint64_t)at.a + at.b);
		}
	}
	return min_u64(bytes, FPU_AREA_BYTES);
}

static int write_xstate(struct domctl *c, struct vcpu *v, struct guest_ptr to, uint64_t bytes)
{
	struct saved_xstate *saved = heap_alloc(bytes);
	int err;

	if (!saved) {
		return -XEN_ENOMEM;
	}
	vcpu_pause(v);
	saved->xcr0 = v->xcr0;
	saved->xcr0_ever = v->xcr0;
	memcpy(saved->area, v->fpu, bytes - sizeof(*saved));
	vcpu_unpause(v);
	err = guest_out(c->v, to, saved, bytes);
	heap_free(saved);
	return err;
}

int domctl_getvcpuextstate(struct domctl *c)
{
	struct xen_domctl_vcpuextstate *request = &c->op.u.vcpuextstate;
	struct vcpu *v = domctl_vcpu(c, request->vcpu);
	uint64_t bytes;

	if (!v) {
		return -XEN_ESRCH;
	}
	if (fpu_features() == 0) {
		request->size = 0;
		request->xfeature_mask = 0;
		return 0;
	}
	bytes = sizeof(struct saved_xstate) + area_bytes(v->xcr0);
	if (request->buffer != 0 && request->size != 0) {
		int err = request->size < bytes
				  ? -XEN_EINVAL
				  : write_xstate(c, v, guest_ptr(request->buffer), bytes);

		if (err) {
			return err;
		}
	}
	request->size = bytes;
	request->xfeature_mask = v->xcr0;
	return 0;
}

static int check_xcr0(uint64_t xcr0, uint64_t allowed)
{
	if ((xcr0 & ~allowed) != 0 || (xcr0 & XCR0_X87) == 0 ||
	    ((xcr0 & XCR0_AVX) != 0 && (xcr0 & XCR0_SSE) == 0)) {
		return -XEN_EINVAL;
	}
	return 0;
}

static int check_xstate(const struct saved_xstate *saved, uint64_t bytes, uint64_t mask)
{
	uint64_t header[XSAVE_HEADER_BYTES / 8];
	uint32_t mxcsr;
	int err = check_xcr0(saved->xcr0_ever, fpu_features());

	if (!err) {
		err = check_xcr0(saved->xcr0, saved->xcr0_ever);
	}
	if (err || (saved->xcr0_ever & ~mask) != 0 ||
	    bytes < sizeof(*saved) + area_bytes(saved->xcr0_ever)) {
		return -XEN_EINVAL;
	}
	memcpy(&mxcsr, saved->area + XSAVE_MXCSR, sizeof(mxcsr));
	memcpy(header, saved->area + XSAVE_HEADER, sizeof(header));
	if ((mxcsr & ~MXCSR_VALID) != 0 || (header[0] & ~saved->xcr0_ever) != 0) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 1; i < array_size(header); i++) {
		if (header[i] != 0) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static int read_xstate(struct domctl *c, struct vcpu *v, struct saved_xstate *saved)
{
	const struct xen_domctl_vcpuextstate *request = &c->op.u.vcpuextstate;
	uint64_t bytes = request->size;
	int err;

	if (guest_in(c->v, saved, guest_ptr(request->buffer), bytes)) {
		return -XEN_EFAULT;
	}
	err = check_xstate(saved, bytes, request->xfeature_mask);
	if (err) {
		return err;
	}
	vcpu_pause(v);
	memcpy(v->fpu, saved->area, bytes - sizeof(*saved));
	v->xcr0 = saved->xcr0;
	vcpu_unpause(v);
	return 0;
}

int domctl_setvcpuextstate(struct domctl *c)
{
	const struct xen_domctl_vcpuextstate *request = &c->op.u.vcpuextstate;
	struct vcpu *v = domctl_vcpu(c, request->vcpu);
	struct saved_xstate *saved;
	int err;

	if (!v) {
		return -XEN_ESRCH;
	}
	if (fpu_features() == 0 || request->size < sizeof(*saved) + XSAVE_MIN ||
	    request->size > sizeof(*saved) + FPU_AREA_BYTES) {
		return -XEN_EINVAL;
	}
	saved = heap_alloc(request->size);
	if (!saved) {
		return -XEN_ENOMEM;
	}
	err = read_xstate(c, v, saved);
	heap_free(saved);
	return err;
}

/* --- MSRs ------------------------------------------------------------------------------------ */

#define MSRS_SAVED 1U
#define MSRS_MAX 64U

int domctl_get_vcpu_msrs(struct domctl *c)
{
	struct xen_domctl_vcpu_msrs *request = &c->op.u.vcpu_msrs;
	struct vcpu *v = domctl_vcpu(c, request->vcpu);
	struct xen_domctl_vcpu_msr entry = {.index = MSR_TSC_AUX};

	if (!v) {
		return -XEN_ESRCH;
	}
	if (!v->pv) {
		return -XEN_EOPNOTSUPP;
	}
	if (request->msrs == 0) {
		request->msr_count = MSRS_SAVED;
		return 0;
	}
	vcpu_pause(v);
	entry.value = v->pv->tsc_aux;
	vcpu_unpause(v);
	if (entry.value == 0) {
		request->msr_count = 0;
		return 0;
	}
	if (request->msr_count < MSRS_SAVED) {
		return -XEN_ENOBUFS;
	}
	request->msr_count = MSRS_SAVED;
	return guest_out(c->v, guest_ptr(request->msrs), &entry, sizeof(entry));
}

/* A zero is what every MSR has at first: no knowledge of it is needed to accept that. */
static int set_msr(struct vcpu *v, const struct xen_domctl_vcpu_msr *entry)
{
	if (entry->reserved != 0) {
		return -XEN_EINVAL;
	}
	if (entry->index != MSR_TSC_AUX) {
		return entry->value == 0 ? 0 : -XEN_EINVAL;
	}
	if (entry->value > UINT32_MAX) {
		return -XEN_EINVAL;
	}
	vcpu_pause(v);
	v->pv->tsc_aux = entry->value;
	vcpu_unpause(v);
	return 0;
}

int domctl_set_vcpu_msrs(struct domctl *c)
{
	const struct xen_domctl_vcpu_msrs *request = &c->op.u.vcpu_msrs;
	struct vcpu *v = domctl_vcpu(c, request->vcpu);

	if (!v) {
		return -XEN_ESRCH;
	}
	if (!v->pv) {
		return -XEN_EOPNOTSUPP;
	}
	if (request->msr_count > MSRS_MAX) {
		return -XEN_EINVAL;
	}
	for (uint32_t i = 0; i < request->msr_count; i++) {
		struct xen_domctl_vcpu_msr entry;
		int err;

		if (guest_in(c->v, &entry, guest_ptr_at(guest_ptr(request->msrs), i, sizeof(entry)),
			     sizeof(entry))) {
			return -XEN_EFAULT;
		}
		err = set_msr(v, &entry);
		if (err) {
			return err;
		}
	}
	return 0;
}
