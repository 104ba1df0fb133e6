/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PVH domain: RAM, special pages and ACPI tables, kernel and ramdisk, hvm_start_info, the
 * parameters by which the guest finds its pages and ports, and vcpu 0 in flat protected mode. The
 * layout is pvh_layout.h's; the entry protocol is docs/misc/pvh of Xen, the parameters' meaning
 * xen/include/public/hvm/params.h.
 *
 * A translated domain's RAM is exactly what its memory map says: what it may grow to later
 * (max_memory) it gets by ballooning into new frames, not from a map with holes.
 */
#include "guest/plan.h"

#include "call/domain.h"
#include "call/memory.h"
#include "guest/acpi.h"
#include "guest/hvm_context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/hvm_params.h>
#include <xen/hvm_start_info.h>

#define MTRR_ENABLED_WRITE_BACK 0x806UL /* MTRRs on, default write-back */
#define LARGE_PAGE 0xe7UL               /* present, writable, user, accessed, dirty, 4 MiB */
#define POOL_PAGES_PER_VCPU 256UL
#define POOL_PAGES_PER_MIB 2UL
#define TIMER_MODE_NO_DELAY 1UL

/* --- memory ------------------------------------------------------------------------------------
 */
static int populate(const struct run *run)
{
	const struct pvh_layout *layout = &run->build->pvh;
	int err = run_populate(run, 0, layout->low_ram / CALL_PAGE_SIZE);

	if (!err && layout->high_ram) {
		err = run_populate(run, PVH_HIGH_RAM / CALL_PAGE_SIZE,
				   layout->high_ram / CALL_PAGE_SIZE);
	}
	err = err ? err : run_populate(run, PVH_ACPI / CALL_PAGE_SIZE, PVH_ACPI_PAGES);
	err = err ? err : run_populate(run, PVH_PAGING, PVH_SPECIAL_PAGES);
	return err;
}

static int write_acpi(const struct run *run, uint64_t *rsdp)
{
	const struct build *build = run->build;
	void *at = NULL;
	int err = run_map(run, PVH_ACPI / CALL_PAGE_SIZE, PVH_ACPI_PAGES, &at);

	if (err) {
		return err;
	}
	memset(at, 0, PVH_ACPI_PAGES * CALL_PAGE_SIZE);
	err = acpi_build(at, PVH_ACPI_PAGES * CALL_PAGE_SIZE, PVH_ACPI, build->max_vcpus,
			 rsdp);
	run_unmap(run, at, PVH_ACPI_PAGES);
	return err ? run_failed(run, err, "describing its vcpus in ACPI tables") : 0;
}

/* Paging structures for vcpus without paging on hardware that cannot run them so: 4 GiB, mapped
 * one to one. */
static void fill_identity(uint32_t *entries)
{
	for (uint32_t i = 0; i < 1024; i++) {
		entries[i] = i << 22 | (uint32_t)LARGE_PAGE;
	}
}

static int write_special_pages(const struct run *run)
{
	void *at = NULL;
	int err = run_map(run, PVH_PAGING, PVH_SPECIAL_PAGES, &at);

	if (err) {
		return err;
	}
	memset(at, 0, PVH_SPECIAL_PAGES * CALL_PAGE_SIZE);
	fill_identity((void *)((uint8_t *)at + (PVH_IDENT_PT - PVH_PAGING) * CALL_PAGE_SIZE));
	run_unmap(run, at, PVH_SPECIAL_PAGES);
	return 0;
}

static void fill_start_info(const struct run *run, uint64_t rsdp, uint8_t *memory)
{
	const struct build *build = run->build;
	const struct pvh_layout *layout = &build->pvh;
	struct hvm_start_info *info = (void *)memory;
	struct hvm_modlist_entry *module = (void *)(info + 1);
	struct hvm_memmap_table_entry *map = (void *)(module + 1);
	uint64_t here = layout->start_info;

	memset(memory, 0, layout->start_info_pages * CALL_PAGE_SIZE);
	strcpy((char *)memory + CALL_PAGE_SIZE, build->command_line);
	info->magic = XEN_HVM_START_MAGIC_VALUE;
	info->version = 1;
	info->cmdline_paddr = here + CALL_PAGE_SIZE;
	info->rsdp_paddr = rsdp;
	info->memmap_paddr = here + (uint64_t)((uint8_t *)map - memory);
	info->memmap_entries = layout->map_count;
	for (uint32_t i = 0; i < layout->map_count; i++) {
		map[i] = (struct hvm_memmap_table_entry){.addr = layout->map[i].addr,
							 .size = layout->map[i].size,
							 .type = layout->map[i].type};
	}
	if (layout->ramdisk_size) {
		info->nr_modules = 1;
		info->modlist_paddr = here + (uint64_t)((uint8_t *)module - memory);
		module->paddr = layout->ramdisk;
		module->size = layout->ramdisk_size;
	}
}

static int write_start_info(const struct run *run, uint64_t rsdp)
{
	const struct pvh_layout *layout = &run->build->pvh;
	uint64_t first = layout->start_info / CALL_PAGE_SIZE;
	void *at = NULL;
	int err = run_map(run, first, layout->start_info_pages, &at);

	if (!err) {
		fill_start_info(run, rsdp, at);
		run_unmap(run, at, layout->start_info_pages);
	}
	return err;
}

static int write_memory(const struct run *run)
{
	const struct pvh_layout *layout = &run->build->pvh;
	uint64_t rsdp = 0;
	int err = run_load_segments(run, 0);

	err = err ? err : run_load_ramdisk(run, layout->ramdisk);
	err = err ? err : write_acpi(run, &rsdp);
	err = err ? err : write_start_info(run, rsdp);
	err = err ? err : write_special_pages(run);
	if (err) {
		return err;
	}
	err = call_memory_set_map(run->call, run->domid, layout->map, layout->map_count);
	return err ? run_failed(run, err, "setting its memory map") : 0;
}

/* --- parameters --------------------------------------------------------------------------------
 */
static int set_params(const struct run *run)
{
	const struct {
		uint32_t index;
		uint64_t value;
	} params[] = {
		{HVM_PARAM_TIMER_MODE, TIMER_MODE_NO_DELAY},
		{HVM_PARAM_STORE_PFN, PVH_STORE},
		{HVM_PARAM_BUFIOREQ_PFN, PVH_BUFIOREQ},
		{HVM_PARAM_IOREQ_PFN, PVH_IOREQ},
		{HVM_PARAM_CONSOLE_PFN, PVH_CONSOLE},
		{HVM_PARAM_PAGING_RING_PFN, PVH_PAGING},
		{HVM_PARAM_MONITOR_RING_PFN, PVH_ACCESS},
		{HVM_PARAM_SHARING_RING_PFN, PVH_SHARING},
		{HVM_PARAM_IDENT_PT, PVH_IDENT_PT * CALL_PAGE_SIZE},
		{HVM_PARAM_CONSOLE_EVTCHN, run->result->console_port},
		{HVM_PARAM_STORE_EVTCHN, run->result->store_port},
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		int err = call_domain_set_param(run->call, run->domid, params[i].index,
						params[i].value);

		if (err) {
			run_failed(run, err, "setting a parameter");
			report_detail(run->report, "hvm_op set_param %u = %#lx: %s",
				      params[i].index, (unsigned long)params[i].value,
				      strerror(-err));
			return err;
		}
	}
	return 0;
}

/* Where the hypervisor puts the domain's nested page tables. */
static int set_pool(const struct run *run)
{
	const struct build *build = run->build;
	uint64_t pages = POOL_PAGES_PER_VCPU * build->max_vcpus +
			 POOL_PAGES_PER_MIB * (build->max_memory_kib / 1024);
	int err = call_domain_set_paging_pool(run->call, run->domid, pages * CALL_PAGE_SIZE);

	/* Hypervisors of before 4.17 have no such call, some no such pool. */
	if (err == -ENOSYS || err == -EOPNOTSUPP) {
		return 0;
	}
	return err ? run_failed(run, err, "giving it memory for page tables") : 0;
}

/* --- the first vcpu ----------------------------------------------------------------------------
 */
struct saved {
	const uint8_t *header;
	const uint8_t *mtrr; /* NULL: this hypervisor saves none */
};

static int set_record(const struct run *run, const struct saved *saved, uint16_t code,
		      uint16_t instance, const void *data, uint32_t size)
{
	uint8_t blob[3 * sizeof(struct hvm_record) + HVM_HEADER_SIZE + HVM_CPU_SIZE];
	size_t used = 0;

	hvm_record_add(blob, &used, HVM_RECORD_HEADER, 0, saved->header, HVM_HEADER_SIZE);
	hvm_record_add(blob, &used, code, instance, data, size);
	hvm_record_add(blob, &used, HVM_RECORD_END, 0, NULL, 0);
	return call_domain_set_hvm_context(run->call, run->domid, blob, (uint32_t)used);
}

static int set_mtrrs(const struct run *run, const struct saved *saved)
{
	const uint64_t type = MTRR_ENABLED_WRITE_BACK;
	uint8_t mtrr[HVM_MTRR_SIZE];
	int err = 0;

	if (!saved->mtrr) {
		return 0;
	}
	memcpy(mtrr, saved->mtrr, sizeof(mtrr));
	memcpy(mtrr + HVM_MTRR_DEF_TYPE, &type, sizeof(type));
	for (uint16_t vcpu = 0; !err && vcpu < run->build->max_vcpus; vcpu++) {
		err = set_record(run, saved, HVM_RECORD_MTRR, vcpu, mtrr, sizeof(mtrr));
	}
	return err;
}

static int set_cpu(const struct run *run, const struct saved *saved)
{
	const struct build *build = run->build;
	uint8_t cpu[HVM_CPU_SIZE];

	hvm_cpu_pvh(cpu, (uint32_t)build->kernel.phys32_entry.value,
		    (uint32_t)build->pvh.start_info);
	return set_record(run, saved, HVM_RECORD_CPU, 0, cpu, sizeof(cpu));
}

static int set_state(const struct run *run, uint8_t *blob, uint32_t size)
{
	struct saved saved;
	uint32_t length = 0;
	int err = call_domain_get_hvm_context(run->call, run->domid, blob, &size);

	if (err) {
		return err;
	}
	saved.header = hvm_record_find(blob, size, HVM_RECORD_HEADER, 0, &length);
	if (!saved.header || length != HVM_HEADER_SIZE) {
		return -EPROTO;
	}
	saved.mtrr = hvm_record_find(blob, size, HVM_RECORD_MTRR, 0, &length);
	if (length != HVM_MTRR_SIZE) {
		saved.mtrr = NULL;
	}
	err = set_mtrrs(run, &saved);
	return err ? err : set_cpu(run, &saved);
}

static int start(const struct run *run)
{
	uint32_t size = 0;
	uint8_t *blob;
	int err = call_domain_get_hvm_context(run->call, run->domid, NULL, &size);

	if (!err) {
		blob = calloc(1, size);
		err = blob ? set_state(run, blob, size) : -ENOMEM;
		free(blob);
	}
	return err ? run_failed(run, err, "starting its first vcpu") : 0;
}

int pvh_run(struct run *run)
{
	int err = set_pool(run);

	run->result->store_frame = PVH_STORE;
	run->result->console_frame = PVH_CONSOLE;
	err = err ? err : populate(run);
	err = err ? err : write_memory(run);
	err = err ? err : set_params(run);
	return err ? err : start(run);
}
