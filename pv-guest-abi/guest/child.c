/* SPDX-License-Identifier: MIT */
/*
 * Builds a domain out of a copy of this image. Its pages lie where ours do, so that any function
 * can be its entry and any pointer into the image means the same in both. Behind the image come
 * its tables: two L1, an L2, an L3, an L4, mapped read-only in it.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/memory.h>

extern char guest_image[], guest_image_end[];
extern volatile uint64_t user_saved;

static struct start_info child_info;
static uint64_t child_p2m[CHILD_PAGES];
static void (*child_entry)(void);
static struct vcpu_guest_context context;
static char child_stack[4 * PAGE] __attribute__((aligned(4096)));
static uint64_t staging[512] __attribute__((aligned(4096)));
static char window[PAGE] __attribute__((aligned(4096)));

enum { TABLES = 5 };

int64_t child_map(const struct child *child, const void *theirs, void *ours)
{
	uint64_t slot = pte_mfn(*entry_of(ours, 2)) * PAGE + ((uint64_t)pte_of(ours) & (PAGE - 1));
	uint64_t index = ((uint64_t)theirs - VIRT_BASE) / PAGE;
	int64_t err = mmu_update(slot, child->mfns[index] * PAGE | PTE_RW, child->domid);

	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	return err;
}

static void start_child(void)
{
	start_info = &child_info;
	user_saved = 0;
	trap_resume = 0;
	child_entry();
	for (;;) {
	}
}

static int64_t populate(struct child *child)
{
	struct xen_memory_reservation r = {.extent_start = (uint64_t)(child->mfns + child->first),
					   .nr_extents = child->count,
					   .domid = (domid_t)child->domid};

	for (uint32_t i = 0; i < child->count; i++) {
		child->mfns[child->first + i] = child->first + i;
	}
	return hypercall2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) == child->count ? 0
											       : -1;
}

static int64_t put_page(struct child *child, uint32_t index, const void *content)
{
	int64_t err = child_map(child, (void *)(VIRT_BASE + index * PAGE), window);

	if (!err) {
		memcpy(window, content, PAGE);
	}
	return err;
}

/* Tables in the order L1, L1, L2, L3, L4 behind the image. */
static int64_t put_tables(struct child *child, uint32_t at)
{
	const uint64_t *mfns = child->mfns;
	int64_t err = 0;

	for (uint32_t half = 0; half < 2 && !err; half++) {
		memset(staging, 0, PAGE);
		for (uint32_t i = half * 512; i < half * 512 + 512 && i < CHILD_PAGES; i++) {
			if (i >= child->first && i < child->first + child->count) {
				staging[i % 512] = mfns[i] * PAGE | (i < at ? PTE_RW : PTE_RO);
			}
		}
		err = put_page(child, at + half, staging);
	}
	for (uint32_t level = 2; level <= 4 && !err; level++) {
		memset(staging, 0, PAGE);
		staging[level == 2   ? 0
			: level == 3 ? 510
				     : 511] =
			mfns[at + (level == 2 ? 0 : level - 1)] * PAGE | PTE_RW;
		staging[1] = level == 2 ? mfns[at + 1] * PAGE | PTE_RW : 0;
		err = put_page(child, at + level, staging);
	}
	return err;
}

void vcpu_context(struct vcpu_guest_context *to, void (*entry)(void), void *stack_end)
{
	memset(to, 0, sizeof(*to));
	for (unsigned int i = 0; i < 32; i++) {
		to->trap_ctxt[i] = guest_traps[i];
	}
	to->flags = VGCF_in_kernel;
	to->user_regs.rip = (uint64_t)entry;
	to->user_regs.rsp = (uint64_t)stack_end - 8;
	to->user_regs.rflags = 0x200;
	to->user_regs.cs = FLAT_KERNEL_CS;
	to->user_regs.ss = FLAT_KERNEL_SS;
	to->kernel_ss = FLAT_KERNEL_SS;
	to->kernel_sp = (uint64_t)stack_end;
	to->ctrlreg[3] = maddr_of((void *)start_info->pt_base);
	to->event_callback_eip = trap_stub(VECTOR_EVENT);
	to->debugreg[7] = 0x400;
}

static int64_t set_context(const struct child *child, uint32_t l4)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_setvcpucontext, .domain = (domid_t)child->domid};

	vcpu_context(&context, start_child, child_stack + sizeof(child_stack));
	context.flags |= VGCF_online;
	context.ctrlreg[3] = child->mfns[l4] * PAGE;
	op.u.vcpucontext.ctxt = (uint64_t)&context;
	return domctl(&op);
}

int64_t child_build(struct child *child, void (*entry)(void))
{
	struct xen_domctl info = {.cmd = XEN_DOMCTL_getdomaininfo};
	uint64_t home = mfn_of(window);
	uint32_t image = (uint32_t)((uint64_t)(guest_image_end - guest_image) / PAGE);
	uint32_t at;
	int64_t err;

	child->mfns = child_p2m;
	child->first = (uint32_t)(((uint64_t)guest_image - VIRT_BASE) / PAGE);
	child->count = image + TABLES;
	at = child->first + image;
	if (at + TABLES > CHILD_PAGES) {
		return -1;
	}
	err = domain_make(child->count + 8, &child->domid);
	if (err || populate(child)) {
		return err ? err : -1;
	}
	info.domain = (domid_t)child->domid;
	domctl(&info);
	child_entry = entry;
	child_info = *start_info;
	child_info.flags = 0;
	child_info.nr_pages = child->first + child->count;
	child_info.shared_info = info.u.getdomaininfo.shared_info_frame * PAGE;
	child_info.pt_base = VIRT_BASE + (at + 4) * PAGE;
	child_info.mfn_list = (uint64_t)child_p2m;
	for (uint32_t i = 0; i < image && !err; i++) {
		err = put_page(child, child->first + i, guest_image + i * PAGE);
	}
	err = err ? err : put_tables(child, at);
	remap(window, home, PTE_RW);
	err = err ? err : mmuext_for(MMUEXT_PIN_L4_TABLE, child->mfns[at + 4], 0, child->domid);
	return err ? err : set_context(child, at + 4);
}

int child_run(const struct child *child)
{
	struct xen_domctl info = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)child->domid};

	domctl_on(XEN_DOMCTL_unpausedomain, child->domid);
	for (unsigned int i = 0; i < 200; i++) {
		sleep_ns(5000000);
		info.domain = (domid_t)child->domid;
		if (domctl(&info) == 0 && (info.u.getdomaininfo.flags & XEN_DOMINF_shutdown)) {
			return info.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift & 255;
		}
	}
	return -1;
}
