/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PV domain: kernel, ramdisk, P2M list, start_info and page tables in its memory, then its L4
 * pinned and vcpu 0 given its registers. The layout is pv_layout.h's; what the kernel expects of
 * its first moments is in the public headers (start_info.h, arch_x86.h) and elfnote.h.
 *
 * Page tables are made here in a buffer of our own and copied over; no mapping of them may be left
 * when the hypervisor makes them page tables, because those must not be writable by anyone.
 * Bootstrap L1 entries are present, writable, user, accessed: a PV kernel runs in ring 3. Those of
 * page-table frames are not writable.
 */
#include "guest/plan.h"

#include "call/domain.h"
#include "call/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/arch_x86.h>
#include <xen/shared_info.h>
#include <xen/start_info.h>

#define PTE_LEAF 0x27UL /* present, writable, user, accessed */
#define PTE_LEAF_READ_ONLY 0x25UL
#define PTE_TABLE 0x67UL /* the same as PTE_LEAF, and dirty */
#define ENTRIES 512UL

#define RFLAGS_FIXED 0x2UL
#define RFLAGS_IF 0x200UL
#define DR6_INITIAL 0xffff0ff0UL
#define DR7_INITIAL 0x400UL

/* --- page tables -------------------------------------------------------------------------------
 */
struct table_area {
	uint64_t (*page)[ENTRIES]; /* a buffer, one per PFN of the extent */
	struct pv_extent pfns;
};

static uint64_t table_entry(const struct run *run, const struct table_area *area, uint64_t index)
{
	return run->p2m[area->pfns.first + index] * CALL_PAGE_SIZE | PTE_TABLE;
}

static bool contains(const struct pv_extent *extent, uint64_t pfn)
{
	return pfn - extent->first < extent->count;
}

static uint64_t leaf(const struct run *run, uint64_t pfn)
{
	const struct pv_layout *layout = &run->build->pv;
	bool is_table = contains(&layout->tables, pfn) || contains(&layout->p2m_tables, pfn);

	return run->p2m[pfn] * CALL_PAGE_SIZE | (is_table ? PTE_LEAF_READ_ONLY : PTE_LEAF);
}

/* Links the area's pages from `first` on below the L4, in the order L3s, L2s, L1s, and maps PFNs
 * from first_pfn on. */
static void fill_tables(const struct run *run, uint64_t *l4, const struct table_area *area,
			uint64_t first, const struct pv_tables *tables, uint64_t first_pfn)
{
	uint64_t address = tables->address;
	uint64_t l3 = first;
	uint64_t l2 = l3 + tables->l3_count;
	uint64_t l1 = l2 + tables->l2_count;

	for (uint64_t i = 0; i < tables->l3_count; i++) {
		l4[((address >> 39) + i) % ENTRIES] = table_entry(run, area, l3 + i);
	}
	for (uint64_t i = 0; i < tables->l2_count; i++) {
		uint64_t at = (address >> 30) + i;

		area->page[l3 + (at / ENTRIES - (address >> 39))][at % ENTRIES] =
			table_entry(run, area, l2 + i);
	}
	for (uint64_t i = 0; i < tables->l1_count; i++) {
		uint64_t at = (address >> 21) + i;

		area->page[l2 + (at / ENTRIES - (address >> 30))][at % ENTRIES] =
			table_entry(run, area, l1 + i);
	}
	for (uint64_t i = 0; i < tables->pages; i++) {
		uint64_t at = (address >> 12) + i;

		area->page[l1 + (at / ENTRIES - (address >> 21))][at % ENTRIES] =
			leaf(run, first_pfn + i);
	}
}

static int store_area(const struct run *run, const struct table_area *area)
{
	void *at = NULL;
	int err;

	if (!area->pfns.count) {
		return 0;
	}
	err = run_map(run, area->pfns.first, area->pfns.count, &at);
	if (!err) {
		memcpy(at, area->page, area->pfns.count * CALL_PAGE_SIZE);
		run_unmap(run, at, area->pfns.count);
	}
	return err;
}

static int build_tables(const struct run *run)
{
	const struct pv_layout *layout = &run->build->pv;
	struct table_area main = {.pfns = layout->tables};
	struct table_area p2m = {.pfns = layout->p2m_tables};
	int err = -ENOMEM;

	main.page = calloc(main.pfns.count, CALL_PAGE_SIZE);
	p2m.page = calloc(p2m.pfns.count + 1, CALL_PAGE_SIZE);
	if (main.page && p2m.page) {
		fill_tables(run, main.page[0], &main, 1, &layout->bootstrap, 0);
		if (p2m.pfns.count) {
			fill_tables(run, main.page[0], &p2m, 0, &layout->p2m_map,
				    layout->p2m.first);
		}
		err = store_area(run, &main);
		err = err ? err : store_area(run, &p2m);
	} else {
		run_failed(run, err, "making its page tables");
	}
	free(main.page);
	free(p2m.page);
	return err;
}

/* --- contents ----------------------------------------------------------------------------------
 */
static int write_p2m(const struct run *run)
{
	const struct pv_layout *layout = &run->build->pv;
	size_t size = layout->pages * sizeof(uint64_t);
	void *at = NULL;
	int err = run_map(run, layout->p2m.first, layout->p2m.count, &at);

	if (err) {
		return err;
	}
	memcpy(at, run->p2m, size);
	memset((uint8_t *)at + size, 0xff, layout->p2m.count * CALL_PAGE_SIZE - size);
	run_unmap(run, at, layout->p2m.count);
	return 0;
}

static void fill_start_info(const struct run *run, uint64_t shared_info, struct start_info *info)
{
	const struct build *build = run->build;
	const struct pv_layout *layout = &build->pv;
	bool unmapped = layout->ramdisk.count && !layout->ramdisk_is_mapped;

	memset(info, 0, CALL_PAGE_SIZE);
	strcpy(info->magic, "xen-3.0-x86_64");
	info->nr_pages = layout->pages;
	info->shared_info = shared_info * CALL_PAGE_SIZE;
	info->flags = SIF_VIRT_P2M_4TOOLS | (unmapped ? SIF_MOD_START_PFN : 0);
	info->store_mfn = run->p2m[layout->store];
	info->store_evtchn = run->result->store_port;
	info->console.domU.mfn = run->p2m[layout->console];
	info->console.domU.evtchn = run->result->console_port;
	info->pt_base = pv_layout_address(layout, layout->tables.first);
	info->nr_pt_frames = layout->tables.count;
	if (layout->p2m_is_mapped) {
		info->mfn_list = pv_layout_address(layout, layout->p2m.first);
	} else {
		info->mfn_list = layout->p2m_map.address;
		info->first_p2m_pfn = layout->p2m.first;
		info->nr_p2m_frames = layout->p2m.count + layout->p2m_tables.count;
	}
	if (unmapped) {
		info->mod_start = layout->ramdisk.first;
		info->mod_len = layout->ramdisk.count * CALL_PAGE_SIZE;
	} else if (layout->ramdisk.count) {
		info->mod_start = pv_layout_address(layout, layout->ramdisk.first);
		info->mod_len = build->ramdisk.size;
	}
	/* build_prepare() made sure that it fits. */
	strcpy(info->cmd_line, build->command_line);
}

static int write_start_info(const struct run *run, uint64_t shared_info)
{
	void *at = NULL;
	int err = run_map(run, run->build->pv.start_info, 1, &at);

	if (!err) {
		fill_start_info(run, shared_info, at);
		run_unmap(run, at, 1);
	}
	return err;
}

/* The page of stubs that kernels of before 2025 call through: slot n makes hypercall n. Slot 23,
 * iret, does not come back and has its frame on the stack. */
static void fill_stubs(uint8_t *page)
{
	memset(page, 0xcc, CALL_PAGE_SIZE);
	for (unsigned int n = 0; n < CALL_PAGE_SIZE / 32; n++) {
		/* push rcx; push r11; mov eax, n; syscall; pop r11; pop rcx; ret */
		const uint8_t stub[] = {0x51, 0x41, 0x53, 0xb8, (uint8_t)n, 0,    0,
					0,    0x0f, 0x05, 0x41, 0x5b,       0x59, 0xc3};

		memcpy(page + n * 32, stub, sizeof(stub));
	}
	/* push rcx; push r11; push rax; mov eax, 23; syscall */
	memcpy(page + __HYPERVISOR_iret * 32, "\x51\x41\x53\x50\xb8\x17\0\0\0\x0f\x05\xcc\xcc\xcc",
	       14);
}

static int write_stubs(const struct run *run)
{
	const struct kernel *kernel = &run->build->kernel;
	const struct pv_layout *layout = &run->build->pv;
	uint64_t pfn = (kernel->hypercall_page.value - layout->virt_base) / CALL_PAGE_SIZE;
	void *at = NULL;
	int err;

	if (!kernel->hypercall_page.given) {
		return 0;
	}
	if (!contains(&layout->kernel, pfn)) {
		report_error(run->report, ENOEXEC, "kernel '%s'", run->build->kernel_path);
		report_why(run->report, "its hypercall page is outside of its segments");
		return -ENOEXEC;
	}
	err = run_map(run, pfn, 1, &at);
	if (!err) {
		fill_stubs(at);
		run_unmap(run, at, 1);
	}
	return err;
}

static int write_memory(const struct run *run, uint64_t shared_info)
{
	const struct build *build = run->build;
	const struct pv_layout *layout = &build->pv;
	int err = run_load_segments(run, build->kernel.paddr_offset.value);

	err = err ? err : write_stubs(run);
	err = err ? err : run_load_ramdisk(run, layout->ramdisk.first * CALL_PAGE_SIZE);
	err = err ? err : write_p2m(run);
	err = err ? err : write_start_info(run, shared_info);
	err = err ? err : run_zero(run, layout->store);
	err = err ? err : run_zero(run, layout->console);
	return err ? err : build_tables(run);
}

/* --- the first vcpu ----------------------------------------------------------------------------
 */
static int write_shared_info(const struct run *run, xen_pfn_t frame)
{
	void *at = NULL;
	struct shared_info *info;
	int err = call_map(run->call, run->domid, &frame, 1, PROT_READ | PROT_WRITE, &at, NULL);

	if (err) {
		return run_failed(run, err, "mapping its shared info page");
	}
	info = at;
	memset(info, 0, CALL_PAGE_SIZE);
	for (unsigned int vcpu = 0; vcpu < XEN_LEGACY_MAX_VCPUS; vcpu++) {
		info->vcpu_info[vcpu].evtchn_upcall_mask = 1;
	}
	call_unmap(run->call, at, 1);
	return 0;
}

static int set_registers(const struct run *run)
{
	const struct pv_layout *layout = &run->build->pv;
	struct vcpu_guest_context *context = calloc(1, sizeof(*context));
	uint64_t stack_end = pv_layout_address(layout, layout->stack + 1);
	int err;

	if (!context) {
		return run_failed(run, -ENOMEM, "starting its first vcpu");
	}
	context->flags = VGCF_in_kernel | VGCF_online;
	context->user_regs.rip = kernel_pv_entry(&run->build->kernel);
	context->user_regs.rsp = stack_end;
	context->user_regs.rsi = pv_layout_address(layout, layout->start_info);
	context->user_regs.rflags = RFLAGS_FIXED | RFLAGS_IF;
	context->user_regs.cs = FLAT_KERNEL_CS64;
	context->user_regs.ss = FLAT_KERNEL_SS64;
	context->kernel_ss = FLAT_KERNEL_SS64;
	context->kernel_sp = stack_end;
	context->ctrlreg[3] = run->p2m[layout->tables.first] * CALL_PAGE_SIZE;
	context->debugreg[6] = DR6_INITIAL;
	context->debugreg[7] = DR7_INITIAL;
	err = call_vcpu_set_context(run->call, run->domid, 0, context);
	free(context);
	return err ? run_failed(run, err, "starting its first vcpu") : 0;
}

static int start(const struct run *run, xen_pfn_t shared_info)
{
	xen_pfn_t l4 = run->p2m[run->build->pv.tables.first];
	int err = call_memory_pin_l4(run->call, run->domid, l4);

	if (err) {
		return run_failed(run, err, "having its page tables accepted");
	}
	err = write_shared_info(run, shared_info);
	return err ? err : set_registers(run);
}

static int build_memory(const struct run *run)
{
	struct xen_domctl_getdomaininfo info;
	int err = run_populate(run, 0, run->build->pages);

	if (err) {
		return err;
	}
	err = call_domain_info(run->call, run->domid, &info);
	if (err) {
		return run_failed(run, err, "asking for its state");
	}
	err = write_memory(run, info.shared_info_frame);
	return err ? err : start(run, info.shared_info_frame);
}

int pv_run(struct run *run)
{
	const struct build *build = run->build;
	const struct xen_e820_entry map = {.size = build->max_memory_kib * 1024, .type = 1};
	int err = call_domain_set_address_size(run->call, run->domid, 64);

	if (err) {
		return run_failed(run, err, "making it a 64-bit domain");
	}
	/* A PV kernel that asks finds out how far it may grow; none needs the answer. */
	call_memory_set_map(run->call, run->domid, &map, 1);
	run->p2m = calloc(build->pages, sizeof(*run->p2m));
	if (!run->p2m) {
		return run_failed(run, -ENOMEM, "making its P2M list");
	}
	err = build_memory(run);
	run->result->store_frame = run->p2m[build->pv.store];
	run->result->console_frame = run->p2m[build->pv.console];
	free(run->p2m);
	run->p2m = NULL;
	return err;
}
