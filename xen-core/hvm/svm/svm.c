/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's virtualization as virt_ops: turning it on, VMCBs, and what is done with them around each
 * stay in the guest.
 *
 * Physical interrupts come out of the guest as exits (V_INTR_MASKING: the host's IF decides, which
 * machine/vmrun.S sets under GIF 0), and are then taken where the core takes interrupts.
 */
#include "hvm/svm/svm.h"

#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "machine/svm.h"
#include "mm/heap.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>

#define PORT_MAP_ORDER 2 /* 12 KiB and 3 bits */
#define MSR_MAP_ORDER 1
#define MSR_MAP_RANGE_BYTES 2048U
#define CPUID_EXTENDED_LIMIT 0x80000000U
#define CPUID_EXTENDED_FEATURES 0x80000001U

static void *port_map, *msr_map;

int svm_detect(const char **why, uint32_t *features, uint32_t *asid_count)
{
	struct cpuid_result svm;

	*why = "the CPU has none";
	if (cpu_cpuid(CPUID_EXTENDED_LIMIT, 0).a < CPUID_SVM_LEAF ||
	    !(cpu_cpuid(CPUID_EXTENDED_FEATURES, 0).c & CPUID_E1C_SVM)) {
		return -XEN_EOPNOTSUPP;
	}
	*why = "the firmware has disabled SVM";
	if (cpu_rdmsr(MSR_VM_CR) & VM_CR_SVM_DISABLED) {
		return -XEN_EOPNOTSUPP;
	}
	svm = cpu_cpuid(CPUID_SVM_LEAF, 0);
	*why = "SVM is without nested paging";
	if (!(svm.d & SVM_FEATURE_NESTED_PAGING) || svm.b < 2) {
		return -XEN_EOPNOTSUPP;
	}
	*features = svm.d;
	*asid_count = svm.b;
	return 0;
}

/* --- permission maps ------------------------------------------------------------------------- */

/* Two bits per MSR, three ranges of 8192 (APM 2 15.11). */
static void pass_msr(uint8_t *map, uint32_t msr)
{
	static const uint32_t starts[] = {0, 0xc0000000, 0xc0010000};

	for (unsigned int i = 0; i < array_size(starts); i++) {
		uint32_t n = msr - starts[i];

		if (n < 8192) {
			map[i * MSR_MAP_RANGE_BYTES + n / 4] &= (uint8_t)~(3U << n % 4 * 2);
		}
	}
}

static int make_maps(void)
{
	static const uint32_t passed[] = {
		MSR_FS_BASE,	 MSR_GS_BASE,	   MSR_KERNEL_GS_BASE, MSR_STAR,
		MSR_LSTAR,	 MSR_CSTAR,	   MSR_SFMASK,	       MSR_SYSENTER_CS,
		MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};

	port_map = heap_alloc_pages(PORT_MAP_ORDER);
	msr_map = heap_alloc_pages(MSR_MAP_ORDER);
	if (!port_map || !msr_map) {
		return -XEN_ENOMEM;
	}
	memset(port_map, 0xff, PAGE_SIZE << PORT_MAP_ORDER);
	memset(msr_map, 0xff, PAGE_SIZE << MSR_MAP_ORDER);
	for (unsigned int i = 0; i < array_size(passed); i++) {
		pass_msr(msr_map, passed[i]);
	}
	return 0;
}

static int cpu_enable(unsigned int cpu)
{
	void *save_area = heap_alloc_pages(0);
	struct vmcb *host = heap_alloc_pages(0);
	uint32_t features, asid_count;
	const char *why;

	if (!save_area || !host || (!msr_map && make_maps())) {
		return -XEN_ENOMEM;
	}
	if (svm_detect(&why, &features, &asid_count)) {
		return -XEN_EOPNOTSUPP;
	}
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SVME);
	cpu_wrmsr(MSR_VM_HSAVE_PA, pointer_to_maddr(save_area).n);
	svm_save_host(pointer_to_maddr(host).n);
	cpu_local()->host_state = pointer_to_maddr(host).n;
	svm_asid_init(cpu, asid_count);
	return 0;
}

/* --- vcpus ----------------------------------------------------------------------------------- */

static int create_vcpu(struct vcpu *v)
{
	struct svm_vcpu *s = heap_new(struct svm_vcpu);

	if (!s) {
		return -XEN_ENOMEM;
	}
	s->vmcb = heap_alloc_pages(0);
	if (!s->vmcb) {
		heap_free(s);
		return -XEN_ENOMEM;
	}
	svm_vmcb_init(s->vmcb, pointer_to_maddr(port_map).n, pointer_to_maddr(msr_map).n);
	s->vmcb->nested_cr3 = mfn_to_maddr(v->domain->hvm->p2m.root).n;
	v->hvm->arch = s;
	return 0;
}

static void free_vcpu(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	heap_free_pages(s->vmcb, 0);
	heap_free(s);
	v->hvm->arch = NULL;
}

/* Everything is in the VMCB at all times; the host's counterpart in its own. */
static void load(struct vcpu *v unused_arg)
{
}

static uint64_t enter(struct vcpu *v, const struct cpu_regs *regs)
{
	struct vmcb *vmcb = vmcb_of(v);

	vmcb->rax = regs->rax;
	vmcb->rsp = regs->rsp;
	vmcb->rip = regs->rip;
	vmcb->rflags = regs->rflags;
	svm_asid_choose(v);
	return pointer_to_maddr(vmcb).n;
}

static void left(struct vcpu *v, struct cpu_regs *regs, struct hvm_exit *exit)
{
	struct vmcb *vmcb = vmcb_of(v);

	regs->rax = vmcb->rax;
	regs->rsp = vmcb->rsp;
	regs->rip = vmcb->rip;
	regs->rflags = vmcb->rflags;
	regs->cs = vmcb->cs.selector;
	regs->ss = vmcb->ss.selector;
	/* Taken by the entry, or given back in exit_event. */
	vmcb->event = 0;
	if (vmcb->exit_code == SVM_EXIT_EXCEPTION + EXCEPTION_MC) {
		svm_raise_machine_check();
	}
	svm_decode_exit(vmcb, exit);
}

static unsigned int cpl(const struct vcpu *v)
{
	return vmcb_of(v)->cpl;
}

static void set_tsc(struct vcpu *v, uint64_t offset, bool emulated)
{
	struct vmcb *vmcb = vmcb_of(v);

	vmcb->tsc_offset = emulated ? 0 : offset;
	svm_intercept(vmcb, SVM_INTERCEPT_RDTSC, emulated);
	svm_intercept(vmcb, SVM_INTERCEPT_RDTSCP, emulated);
}

static void set_tpr(struct vcpu *v, uint8_t tpr)
{
	struct vmcb *vmcb = vmcb_of(v);

	vmcb->virtual_interrupt = (vmcb->virtual_interrupt & ~SVM_V_TPR_MASK) | tpr;
}

static void pass_debug(struct vcpu *v, bool pass)
{
	for (unsigned int i = 0; i < 16; i++) {
		svm_intercept(vmcb_of(v), SVM_INTERCEPT_DR_READ + i, !pass);
		svm_intercept(vmcb_of(v), SVM_INTERCEPT_DR_WRITE + i, !pass);
	}
}

const struct virt_ops svm_ops = {
	.name = "SVM",
	.cpu_enable = cpu_enable,
	.enter = enter,
	.left = left,
	.vcpu_create = create_vcpu,
	.vcpu_free = free_vcpu,
	.load = load,
	.save = load,
	.get_state = svm_get_state,
	.set_state = svm_set_state,
	.get_segment = svm_get_segment,
	.read = svm_read,
	.write = svm_write,
	.flush = svm_asid_drop,
	.cpl = cpl,
	.set_tsc = set_tsc,
	.inject = svm_inject,
	.is_injecting = svm_is_injecting,
	.take_broken_off = svm_take_broken_off,
	.is_shadowed = svm_is_shadowed,
	.set_shadow = svm_set_shadow,
	.clear_shadow = svm_clear_shadow,
	.want_windows = svm_want_windows,
	.set_tpr = set_tpr,
	.pass_debug = pass_debug,
};
