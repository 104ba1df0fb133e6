/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware's runtime services. They run where firmware left them: SetVirtualAddressMap is never
 * called. Their page tables are their own: each runtime range at its machine address, code apart
 * from data, and the core's slots, since the arguments are the core's memory. No guest's memory is
 * mapped; guests' page tables know nothing of these.
 *
 * A service runs on the core's stack with interrupts off, which UEFI 2.10, 8.1, allows, one at a
 * time, with the FPU in its initial state. What it takes is its own affair: a write to flash may
 * last milliseconds.
 */
#include "domain/vcpu.h"
#include "hypercall/efi.h"
#include "hypercall/host_info.h"
#include "init/init.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/tlb.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "plat/reset.h"
#include "pv/msr.h"
#include "x86/cr.h"

#define SYSTEM_TABLE_WORDS 15U
#define SYSTEM_TABLE_RUNTIME 11U
#define TABLE_HEADER_WORDS 3U
#define RUNTIME_SIGNATURE 0x56524553544e5552UL /* "RUNTSERV" */
#define RESET_WARM 1U
#define RESET_SHUTDOWN 2U
#define MEMORY_WRITE_BACK 8U /* EFI_MEMORY_WB */
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)

uint64_t efi_call(uint64_t function, const uint64_t args[5]);

static struct spinlock lock = SPINLOCK(efi);
static uint64_t services[EFI_SERVICES];
static pte_t *root;
static uint8_t initial_fpu[FPU_AREA_BYTES] aligned_to(64);

/* --- page tables ----------------------------------------------------------------------------- */

static pte_t *below(pte_t *entry)
{
	if (!pte_is_present(*entry)) {
		void *table = heap_alloc_pages(0);

		if (!table) {
			return NULL;
		}
		*entry = pte_make(pointer_to_mfn(table), TABLE_FLAGS);
	}
	return frame_map(pte_mfn(*entry));
}

static bool map_page_at_itself(uint64_t address, uint64_t flags)
{
	pte_t *l3 = below(&root[l4_index(address)]);
	pte_t *l2 = l3 ? below(&l3[l3_index(address)]) : NULL;
	pte_t *l1 = l2 ? below(&l2[l2_index(address)]) : NULL;

	if (l1) {
		l1[l1_index(address)] = pte_make(maddr_to_mfn(maddr(address)), TABLE_FLAGS | flags);
	}
	return l1;
}

static bool map_range(const struct boot_memory_range *range)
{
	uint64_t flags = (range->attributes & BOOT_MEMORY_CODE ? 0 : PTE_NX) |
			 (range->attributes & MEMORY_WRITE_BACK ? 0 : PTE_PCD | PTE_PWT);
	uint64_t end = range->start + range->bytes;

	/* Half of the slots are not the core's and can be had. */
	if (l4_index(end - 1) >= HYPERVISOR_SLOT_FIRST || end > PTE_ADDRESS_MASK) {
		return false;
	}
	for (uint64_t at = range->start & PAGE_MASK; at < end; at += PAGE_SIZE) {
		if (!map_page_at_itself(at, flags)) {
			return false;
		}
	}
	return true;
}

static bool map_runtime(void)
{
	root = heap_alloc_pages(0);
	if (!root) {
		return false;
	}
	map_install_slots(root);
	for (uint32_t i = 0; i < boot.memory_count; i++) {
		if (boot.memory[i].type == BOOT_MEM_EFI_RUNTIME && !map_range(&boot.memory[i])) {
			return false;
		}
	}
	return true;
}

static bool find_services(void)
{
	const uint64_t *table = map_firmware(boot.efi_system_table, SYSTEM_TABLE_WORDS * 8);
	uint64_t bytes = (TABLE_HEADER_WORDS + EFI_SERVICES) * 8;
	uint64_t runtime = table ? table[SYSTEM_TABLE_RUNTIME] : 0;
	bool found = false;

	map_release(table, SYSTEM_TABLE_WORDS * 8);
	table = runtime ? map_firmware(runtime, bytes) : NULL;
	if (table) {
		found = table[0] == RUNTIME_SIGNATURE;
		memcpy(services, table + TABLE_HEADER_WORDS, sizeof(services));
		map_release(table, bytes);
	}
	return found;
}

/* --- calls ----------------------------------------------------------------------------------- */

static uint64_t enter(enum efi_service service, const uint64_t args[5])
{
	mfn_t before = maddr_to_mfn(maddr(cpu_read_cr3() & PTE_ADDRESS_MASK));
	uint64_t status;

	cpu_clts();
	fpu_load(initial_fpu, fpu_features());
	tlb_load_cr3(pointer_to_mfn(root));
	status = efi_call(services[service], args);
	tlb_load_cr3(before);
	return status;
}

static uint64_t call_for(struct vcpu *v, enum efi_service service, const uint64_t args[5])
{
	uint64_t status;

	cpu_clts();
	fpu_save(v->fpu, fpu_features());
	spin_lock(&lock);
	status = enter(service, args);
	spin_unlock(&lock);
	fpu_load(v->fpu, v->xcr0);
	if (v->pv) {
		pv_set_task_switched(v, v->pv->task_switched);
	}
	return status;
}

/* Warm, so that memory keeps what a crash has left there. Returns if firmware does not do it, or if
 * a CPU was stopped inside firmware. */
static void reset(bool power_off)
{
	const uint64_t args[5] = {power_off ? RESET_SHUTDOWN : RESET_WARM};

	machine_set_firmware_reset(NULL);
	if (spin_try_lock(&lock)) {
		enter(EFI_RESET_SYSTEM, args);
		spin_unlock(&lock);
		log_warning("EFI: firmware does not %s", power_off ? "switch off" : "reset");
	}
}

void efi_start(void)
{
	if (boot.front_door != BOOT_FROM_EFI) {
		return;
	}
	if (!find_services() || !map_runtime()) {
		log_warning("EFI: no runtime services: %s", root ? "they cannot be mapped"
								 : "firmware has no table of them");
		return;
	}
	fpu_area_init(initial_fpu);
	efi_runtime_hook = call_for;
	machine_set_firmware_reset(reset);
	log_info("EFI %u.%u: runtime services are dom0's", boot.efi_revision >> 16,
		 (boot.efi_revision & 0xffff) / 10);
}
