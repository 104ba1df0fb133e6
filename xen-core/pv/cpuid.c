/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID for PV guests: the policies of the machine, one copy per domain, and the inputs of the
 * moment. A PV kernel asks with the forced-emulation prefix; what it then sees of OSXSAVE is what
 * is offered, not what it has turned on, because kernels look before they turn it on.
 */
#include "pv/cpuid.h"

#include "pv/pv.h"

#include "domain/policy.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "x86/cr.h"

#define HYPERCALL_SLOT_BYTES 32U

static struct cpu_policy host, pv_max, pv_default;

static void read_host(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	struct cpuid_result result = cpu_cpuid(leaf, subleaf);

	*out = (struct cpuid_leaf){result.a, result.b, result.c, result.d};
}

void pv_policy_init(void)
{
	policy_from_host(&host, read_host, fpu_features());
	policy_pv_max(&pv_max, &host);
	policy_pv_default(&pv_default, &host);
}

const struct cpu_policy *pv_policy_host(void)
{
	return &host;
}

const struct cpu_policy *pv_policy_max(void)
{
	return &pv_max;
}

const struct cpu_policy *pv_policy_default(void)
{
	return &pv_default;
}

int pv_policy_create(struct domain *d)
{
	int err = domain_policy_create(d, &pv_default);

	if (!err && d->is_hardware) {
		/* It is never moved to another machine, so its TSC may be called invariant. */
		policy_set_word(d->policy, POLICY_E7D, policy_word(&pv_max, POLICY_E7D));
	}
	return err;
}

struct cpuid_leaf pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, bool forced)
{
	struct pv_vcpu *p = v->pv;
	bool dom0_kernel = v->domain->is_hardware && p->in_kernel;
	struct policy_inputs inputs = {
		.host = &host,
		.is_pv = true,
		.osxsave_offered = forced && p->in_kernel,
		.osxsave = p->cr4 & CR4_OSXSAVE,
		.show_mtrr = dom0_kernel,
		.show_monitor = dom0_kernel && !forced,
		.address_width = (uint8_t)(order_of(frame_end) + PAGE_SHIFT),
		.xcr0 = v->xcr0,
	};

	if (leaf == CPUID_XEN_FIRST + 3) {
		vcpu_tsc_inputs(v, &inputs);
	}
	return policy_cpuid(v->domain->policy, &inputs, leaf, subleaf);
}

/* --- hypercall page -------------------------------------------------------------------------- */

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t count)
{
	memcpy(to, bytes, count);
	return to + count;
}

/* push rcx; push r11; [push rax;] mov eax, n; syscall; then, unless it is iret, pops and ret. */
static void fill_slot(uint8_t *to, uint32_t number)
{
	static const uint8_t enter[] = {0x51, 0x41, 0x53};
	static const uint8_t leave[] = {0x41, 0x5b, 0x59, 0xc3};
	static const uint8_t syscall[] = {0x0f, 0x05};

	to = put_bytes(to, enter, sizeof(enter));
	if (number == __HYPERVISOR_iret) {
		*to++ = 0x50;
	}
	*to++ = 0xb8;
	to = put_bytes(to, &number, sizeof(number));
	to = put_bytes(to, syscall, sizeof(syscall));
	if (number != __HYPERVISOR_iret) {
		put_bytes(to, leave, sizeof(leave));
	}
}

void pv_fill_hypercall_page(void *page)
{
	memset(page, 0xcc, PAGE_SIZE);
	for (uint32_t n = 0; n < PAGE_SIZE / HYPERCALL_SLOT_BYTES; n++) {
		fill_slot((uint8_t *)page + n * HYPERCALL_SLOT_BYTES, n);
	}
}
