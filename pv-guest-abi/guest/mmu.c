/* SPDX-License-Identifier: MIT */
/*
 * Page tables of a microguest as it sees them: walked through the M2P, since the order in which a
 * domain builder lays them out is its own affair; and the update calls one at a time.
 */
#include "guest.h"

static unsigned int spares_used;
uint32_t mmu_done;

uint64_t m2p(uint64_t mfn)
{
	return ((const volatile uint64_t *)MACH2PHYS_VIRT_START)[mfn];
}

uint64_t mfn_of(const void *address)
{
	return ((const uint64_t *)start_info->mfn_list)[((uint64_t)address - VIRT_BASE) / PAGE];
}

uint64_t maddr_of(const void *address)
{
	return mfn_of(address) * PAGE + (uint64_t)address % PAGE;
}

uint64_t spare_mfn(void)
{
	return ((const uint64_t *)start_info->mfn_list)[start_info->nr_pages - 1 - spares_used++];
}

int64_t remap(const void *address, uint64_t mfn, uint64_t flags)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, (uint64_t)address & ~(PAGE - 1),
			  mfn * PAGE | flags, UVMF_INVLPG);
}

volatile uint64_t *entry_of(const void *address, unsigned int level)
{
	volatile uint64_t *table = (volatile uint64_t *)start_info->pt_base;

	for (unsigned int i = 4;; i--) {
		uint64_t index = (uint64_t)address >> (12 + 9 * (i - 1)) & 511;

		if (i == level || !(table[index] & PTE_P)) {
			return table + index;
		}
		table = (volatile uint64_t *)(VIRT_BASE + m2p(pte_mfn(table[index])) * PAGE);
	}
}

volatile uint64_t *pte_of(const void *address)
{
	return entry_of(address, 1);
}

int64_t mmu_update(uint64_t ptr, uint64_t value, uint32_t domid)
{
	struct mmu_update request = {.ptr = ptr, .val = value};

	mmu_done = ~0U;
	return hypercall4(__HYPERVISOR_mmu_update, &request, 1, &mmu_done, domid);
}

int64_t mmuext_for(uint32_t command, uint64_t arg1, uint64_t arg2, uint32_t domid)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = arg1, .arg2.vcpumask = arg2};

	mmu_done = ~0U;
	return hypercall4(__HYPERVISOR_mmuext_op, &op, 1, &mmu_done, domid);
}

int64_t mmuext(uint32_t command, uint64_t arg1, uint64_t arg2)
{
	return mmuext_for(command, arg1, arg2, DOMID_SELF);
}
