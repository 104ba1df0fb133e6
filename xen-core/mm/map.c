/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core's own page tables. They are built once by map_init() from pages the early allocator
 * hands out, so that L4 slots 256..271 never change afterwards and can be copied into every guest's
 * L4. Mappings made later only fill lower tables, which all roots share.
 */
#include "mm/map.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/smp.h"
#include "machine/tlb.h"
#include "mm/heap.h"
#include "mm/map_boot.h"

#include <xen/errno.h>

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define GUEST_TABLE_FLAGS (TABLE_FLAGS | PTE_US)

static pte_t *idle_root;
static mfn_t (*early_page)(void);
static struct spinlock map_lock = SPINLOCK(map);
static uint64_t next_device_address = MAP_AREA_START;

static uint64_t access_flags(enum map_access access)
{
	switch (access) {
	case MAP_READ:
		return PTE_P | PTE_A | PTE_G | PTE_NX;
	case MAP_WRITE:
		return PTE_P | PTE_A | PTE_D | PTE_G | PTE_RW | PTE_NX;
	case MAP_EXECUTE:
		return PTE_P | PTE_A | PTE_G;
	}
	unreachable();
}

/* Positions in the PAT this core runs with: 0 WB, 3 UC, 4 WC. */
static uint64_t cache_flags(enum map_cache cache)
{
	switch (cache) {
	case MAP_CACHED:
		return 0;
	case MAP_UNCACHED:
		return PTE_PCD | PTE_PWT;
	case MAP_WRITE_COMBINING:
		return PTE_PAT;
	}
	unreachable();
}

static mfn_t new_table(void)
{
	void *page;

	if (early_page) {
		mfn_t m = early_page();

		memset(frame_map(m), 0, PAGE_SIZE);
		return m;
	}
	page = heap_alloc_pages(0);
	return page ? pointer_to_mfn(page) : MFN_NONE;
}

/* The table below an entry, made if missing; NULL when out of memory. */
static pte_t *descend(pte_t *entry, uint64_t flags)
{
	mfn_t m;

	if (pte_is_present(*entry)) {
		assert(!pte_is_large(*entry));
		return frame_map(pte_mfn(*entry));
	}
	m = new_table();
	if (mfn_is_none(m)) {
		return NULL;
	}
	*entry = pte_make(m, flags);
	return frame_map(m);
}

static pte_t *find_slot(uint64_t address)
{
	uint64_t flags = address < M2P_END ? GUEST_TABLE_FLAGS : TABLE_FLAGS;
	pte_t *l3 = descend(&idle_root[l4_index(address)], flags);
	pte_t *l2 = l3 ? descend(&l3[l3_index(address)], flags) : NULL;
	pte_t *l1 = l2 ? descend(&l2[l2_index(address)], flags) : NULL;

	return l1 ? &l1[l1_index(address)] : NULL;
}

pte_t *map_slot(uint64_t address)
{
	pte_t *slot;

	spin_lock(&map_lock);
	slot = find_slot(address);
	spin_unlock(&map_lock);
	return slot;
}

static int map_pages_locked(uint64_t address, mfn_t first, uint64_t count, uint64_t flags)
{
	for (uint64_t i = 0; i < count; i++) {
		pte_t *slot = find_slot(address + (i << PAGE_SHIFT));

		if (!slot) {
			return -XEN_ENOMEM;
		}
		*slot = pte_make(mfn_add(first, i), flags);
	}
	return 0;
}

int map_pages(uint64_t address, mfn_t first, uint64_t count, enum map_access access,
	      enum map_cache cache)
{
	uint64_t flags = access_flags(access) | cache_flags(cache);
	int err;

	spin_lock(&map_lock);
	err = map_pages_locked(address, first, count, flags);
	spin_unlock(&map_lock);
	return err;
}

void map_remove(uint64_t address, uint64_t count)
{
	spin_lock(&map_lock);
	for (uint64_t i = 0; i < count; i++) {
		*find_slot(address + (i << PAGE_SHIFT)) = PTE_NONE;
	}
	spin_unlock(&map_lock);
	tlb_flush_all_cpus(&cpus_online);
}

static void *map_machine(uint64_t machine_address, uint64_t bytes, enum map_access access,
			 enum map_cache cache)
{
	uint64_t offset = page_offset(machine_address);
	uint64_t count = (offset + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint64_t address;
	int err;

	if (bytes == 0 || machine_address + bytes < machine_address) {
		return NULL;
	}
	spin_lock(&map_lock);
	address = next_device_address;
	if (count > (MAP_AREA_END - address) >> PAGE_SHIFT) {
		spin_unlock(&map_lock);
		return NULL;
	}
	/* One page stays unmapped behind each mapping. */
	next_device_address += (count + 1) << PAGE_SHIFT;
	err = map_pages_locked(address, maddr_to_mfn(maddr(machine_address)), count,
			       access_flags(access) | cache_flags(cache));
	spin_unlock(&map_lock);
	return err ? NULL : (void *)(address + offset);
}

void *map_device(uint64_t machine_address, uint64_t bytes, enum map_cache cache)
{
	return map_machine(machine_address, bytes, MAP_WRITE, cache);
}

const void *map_firmware(uint64_t machine_address, uint64_t bytes)
{
	return map_machine(machine_address, bytes, MAP_READ, MAP_CACHED);
}

void map_release(const void *pointer, uint64_t bytes)
{
	uint64_t address = (uint64_t)pointer;
	uint64_t offset = page_offset(address);
	uint64_t count = (offset + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;

	map_remove(address - offset, count);
	spin_lock(&map_lock);
	if (next_device_address == address - offset + ((count + 1) << PAGE_SHIFT)) {
		next_device_address = address - offset;
	}
	spin_unlock(&map_lock);
}

void map_install_slots(pte_t *l4)
{
	for (unsigned int i = HYPERVISOR_SLOT_FIRST; i < HYPERVISOR_SLOT_END; i++) {
		l4[i] = idle_root[i];
	}
}

mfn_t map_idle_root(void)
{
	return pointer_to_mfn(idle_root);
}

/* --- start-up (map_boot.h) --- */

void map_boot_start(mfn_t (*page)(void))
{
	early_page = page;
	idle_root = frame_map(new_table());
	/* Every slot guests share has its L3 table from the start. */
	for (uint64_t i = HYPERVISOR_SLOT_FIRST; i < HYPERVISOR_SLOT_END; i++) {
		(void)descend(&idle_root[i],
			      i == HYPERVISOR_SLOT_FIRST ? GUEST_TABLE_FLAGS : TABLE_FLAGS);
	}
}

void map_boot_direct(mfn_t first, uint64_t count)
{
	uint64_t flags = access_flags(MAP_WRITE);
	mfn_t end = mfn_add(first, count);

	while (first.n < end.n) {
		uint64_t address = DIRECT_MAP_START + (first.n << PAGE_SHIFT);
		pte_t *l3 = descend(&idle_root[l4_index(address)], TABLE_FLAGS);
		pte_t *l2 = descend(&l3[l3_index(address)], TABLE_FLAGS);

		if (first.n % PT_ENTRIES == 0 && end.n - first.n >= PT_ENTRIES) {
			l2[l2_index(address)] = pte_make(first, flags | PTE_PSE);
			first = mfn_add(first, PT_ENTRIES);
		} else {
			pte_t *l1 = descend(&l2[l2_index(address)], TABLE_FLAGS);

			l1[l1_index(address)] = pte_make(first, flags);
			first = mfn_add(first, 1);
		}
	}
}

void map_boot_direct_split(mfn_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = DIRECT_MAP_START + ((first.n + i) << PAGE_SHIFT);
		pte_t *l3 = descend(&idle_root[l4_index(address)], TABLE_FLAGS);
		pte_t *l2 = descend(&l3[l3_index(address)], TABLE_FLAGS);
		pte_t *entry = &l2[l2_index(address)];

		if (pte_is_present(*entry) && pte_is_large(*entry)) {
			mfn_t base = pte_mfn(*entry);
			mfn_t table = new_table();
			pte_t *l1 = frame_map(table);

			for (unsigned int k = 0; k < PT_ENTRIES; k++) {
				l1[k] = pte_make(mfn_add(base, k), access_flags(MAP_WRITE));
			}
			*entry = pte_make(table, TABLE_FLAGS);
		}
		*find_slot(address) = pte_make(mfn_add(first, i), access_flags(MAP_READ));
	}
}

void map_boot_page(uint64_t address, mfn_t m, enum map_access access, bool for_guests)
{
	pte_t *slot = find_slot(address);

	*slot = pte_make(m, access_flags(access) | (for_guests ? PTE_US : 0));
}

void map_boot_finish(void)
{
	early_page = NULL;
}
