/* SPDX-License-Identifier: MIT */
/*
 * A user address space for a microguest: tables written while they are still plain memory, made
 * read-only, then pinned. The kernel L4 gets the same L3, as kernels do.
 */
#include "guest.h"

static char kernel_stack[4 * PAGE] __attribute__((aligned(4096)));

static uint64_t *table(uint64_t index, const void *next)
{
	uint64_t *page = page_alloc();

	page[index] = maddr_of(next) | PTE_RW;
	return page;
}

bool user_build(struct user_space *user)
{
	user->code = page_alloc();
	user->stack = page_alloc();
	user->l1 = table(0, user->code);
	user->l1[1] = maddr_of(user->stack) | PTE_RW;
	user->l2 = table(USER_CODE >> 21 & 511, user->l1);
	user->l3 = table(0, user->l2);
	user->l4 = table(0, user->l3);
	if (remap(user->l1, mfn_of(user->l1), PTE_RO) ||
	    remap(user->l2, mfn_of(user->l2), PTE_RO) ||
	    remap(user->l3, mfn_of(user->l3), PTE_RO) ||
	    remap(user->l4, mfn_of(user->l4), PTE_RO) ||
	    mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(user->l4), 0) ||
	    mmu_update(maddr_of((void *)start_info->pt_base), maddr_of(user->l3) | PTE_RW,
		       DOMID_SELF) ||
	    mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(user->l4), 0)) {
		return false;
	}
	return hypercall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
			  kernel_stack + sizeof(kernel_stack)) == 0;
}

struct iret_context user_frame(void)
{
	return (struct iret_context){.rip = USER_CODE,
				     .cs = FLAT_USER_CS,
				     .rflags = 0x202,
				     .rsp = USER_STACK,
				     .ss = FLAT_USER_SS};
}

void user_run(struct user_space *user, const void *code, size_t size)
{
	struct iret_context frame = user_frame();

	/* The events stay masked: a virtual IF of 0. */
	frame.rflags = 2;
	memset(user->code, 0xcc, PAGE);
	memcpy(user->code, code, size);
	user_enter(&frame);
}
