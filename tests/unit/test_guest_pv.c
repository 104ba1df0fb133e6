/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building PV domains on the simulated hypervisor: what a kernel finds, and that any failing step
 * leaves no mapping, no claim and an error that says what was being done.
 */
#include "guest/build.h"
#include "guest/pv_layout.h"
#include "call/domain.h"
#include "unit/fake_kernel.h"
#include "unit/fake_xen.h"
#include "unit/unit.h"

#include <errno.h>

#include <xen/start_info.h>
#include <xen/sysctl.h>

#define MIB 1024UL /* in KiB */

static struct fake_xen xen;
static struct call *call;
static struct fake_kernel kernel;
static struct report report;
static char folder[] = "/tmp/test_guest_pv.XXXXXX";
static char kernel_path[64];
static char ramdisk_path[64];

static void begin(void)
{
	fake_xen_open(&xen, 40000, &call);
	report = (struct report){0};
}

static void end(void)
{
	call_close(call);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	CU_ASSERT_EQUAL(xen.lent, 0);
	fake_xen_close(&xen);
	report_clear(&report);
}

static void kernel_save(void)
{
	fake_file_write(kernel_path, kernel.file, sizeof(kernel.file));
}

static struct build_spec spec(void)
{
	return (struct build_spec){
		.type = BUILD_PV,
		.kernel = kernel_path,
		.command_line = "root=/dev/xvda console=hvc0",
		.memory_kib = 64 * MIB,
		.max_vcpus = 2,
	};
}

static domid_t domain_for(const struct build *build)
{
	struct xen_domctl_createdomain config;
	domid_t domid = DOMID_INVALID;

	build_fill_config(build, XEN_SYSCTL_PHYSCAP_gnttab_v1, &config);
	CU_ASSERT_EQUAL_FATAL(call_domain_create(call, &config, &domid), 0);
	return domid;
}

static void *at_virtual(domid_t domid, uint64_t address)
{
	xen_pfn_t mfn = fake_xen_walk(&xen, domid, address, NULL);

	return mfn ? (uint8_t *)fake_xen_frame(&xen, mfn) + address % 4096 : NULL;
}

static bool said(const char *text)
{
	char *all = NULL;
	size_t size;
	FILE *to = open_memstream(&all, &size);
	bool found;

	report_print(&report, "test", true, to);
	fclose(to);
	found = strstr(all, text) != NULL;
	if (!found) {
		printf("    wanted: %s\n    got: %s", text, all);
	}
	free(all);
	return found;
}

/* --- what the kernel finds ---------------------------------------------------------------------
 */
static void check_registers(domid_t domid)
{
	const struct vcpu_guest_context *context = &xen.domains[domid].context;

	CU_ASSERT_TRUE_FATAL(xen.domains[domid].has_context);
	CU_ASSERT_EQUAL(context->user_regs.rip, FAKE_KERNEL_ENTRY);
	CU_ASSERT_EQUAL(context->user_regs.rflags, 0x202);
	CU_ASSERT_EQUAL(context->user_regs.cs, 0xe033);
	CU_ASSERT_EQUAL(context->user_regs.ss, 0xe02b);
	CU_ASSERT_EQUAL(context->flags, 0x24);
	CU_ASSERT_EQUAL(context->user_regs.rsp % 4096, 0);
	CU_ASSERT_PTR_NOT_NULL(at_virtual(domid, context->user_regs.rsp - 8));
}

static void check_segments(domid_t domid)
{
	const uint8_t *text = at_virtual(domid, FAKE_KERNEL_VIRT + FAKE_KERNEL_PADDR + 0x2000);
	const uint8_t *data = at_virtual(domid, FAKE_KERNEL_VIRT + FAKE_KERNEL_DATA_PADDR + 0x1000);
	const uint8_t *bss = at_virtual(domid, FAKE_KERNEL_VIRT + FAKE_KERNEL_DATA_PADDR + 0x4fff);

	CU_ASSERT_EQUAL(memcmp(text, kernel.file + 0x3000, 0x1000), 0);
	CU_ASSERT_EQUAL(data[0x7ff], 0xd1);
	CU_ASSERT_EQUAL(data[0x800], 0);
	CU_ASSERT_EQUAL(*bss, 0);
}

static void check_start_info(domid_t domid, const struct build_result *result)
{
	const struct start_info *info = at_virtual(domid, xen.domains[domid].context.user_regs.rsi);
	uint64_t pte;

	CU_ASSERT_PTR_NOT_NULL_FATAL(info);
	CU_ASSERT_STRING_EQUAL(info->magic, "xen-3.0-x86_64");
	CU_ASSERT_EQUAL(info->nr_pages, 16384);
	CU_ASSERT_EQUAL(info->shared_info, xen.domains[domid].shared_info << 12);
	CU_ASSERT_EQUAL(info->store_mfn, result->store_frame);
	CU_ASSERT_EQUAL(info->store_evtchn, result->store_port);
	CU_ASSERT_EQUAL(info->console.domU.mfn, result->console_frame);
	CU_ASSERT_EQUAL(info->console.domU.evtchn, 2);
	CU_ASSERT_STRING_EQUAL(info->cmd_line, "root=/dev/xvda console=hvc0");
	/* The tables lie where it says, L4 first, and are not writable. */
	CU_ASSERT_EQUAL(fake_xen_walk(&xen, domid, info->pt_base, &pte), xen.domains[domid].pinned);
	CU_ASSERT_FALSE(pte & 2);
	fake_xen_walk(&xen, domid, info->pt_base + (info->nr_pt_frames - 1) * 4096, &pte);
	CU_ASSERT_FALSE(pte & 2);
	fake_xen_walk(&xen, domid, info->pt_base + info->nr_pt_frames * 4096, &pte);
	CU_ASSERT_TRUE(pte & 2);
	CU_ASSERT_EQUAL(*(uint8_t *)fake_xen_frame(&xen, result->store_frame), 0);
	CU_ASSERT_EQUAL(*(uint8_t *)fake_xen_frame(&xen, result->console_frame), 0);
}

static void check_p2m(domid_t domid)
{
	const struct start_info *info = at_virtual(domid, xen.domains[domid].context.user_regs.rsi);

	for (uint64_t pfn = 0; pfn < info->nr_pages; pfn += 97) {
		const uint64_t *entry = at_virtual(domid, info->mfn_list + pfn * 8);

		CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
		CU_ASSERT_EQUAL(xen.m2p[*entry - FAKE_FIRST_MFN], pfn);
	}
}

static void a_linux_kernel_finds_what_it_expects(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	CU_ASSERT_EQUAL(build_needs_kib(build), 64 * MIB);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	CU_ASSERT_EQUAL(result.pages, 16384);
	check_registers(domid);
	check_segments(domid);
	check_start_info(domid, &result);
	check_p2m(domid);
	const struct start_info *info = at_virtual(domid, xen.domains[domid].context.user_regs.rsi);
	CU_ASSERT_EQUAL(info->flags, SIF_VIRT_P2M_4TOOLS);
	CU_ASSERT_EQUAL(info->mod_len, 0);
	CU_ASSERT_EQUAL(info->mfn_list, 0x8000000000UL);
	/* 32 pages of list, an L3, an L2, an L1 */
	CU_ASSERT_EQUAL(info->nr_p2m_frames, 35);
	const struct shared_info *shared = fake_xen_frame(&xen, xen.domains[domid].shared_info);
	CU_ASSERT_EQUAL(shared->vcpu_info[31].evtchn_upcall_mask, 1);
	CU_ASSERT_EQUAL(shared->evtchn_mask[0], 0);
	CU_ASSERT_EQUAL(xen.domains[domid].claimed, 0);
	CU_ASSERT_EQUAL(xen.domains[domid].address_size, 64);
	build_free(build);
	end();
}

static void store_and_console_are_granted_to_who_serves_them(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	wanted.store_domid = 3;
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	const struct grant_entry_v1 *table = fake_xen_frame(&xen, xen.domains[domid].grant_table);
	CU_ASSERT_EQUAL(table[0].frame, result.console_frame);
	CU_ASSERT_EQUAL(table[0].domid, 0);
	CU_ASSERT_EQUAL(table[1].frame, result.store_frame);
	CU_ASSERT_EQUAL(table[1].domid, 3);
	CU_ASSERT_EQUAL(xen.domains[domid].ports[result.store_port - 1], 3);
	build_free(build);
	end();
}

static void a_ramdisk_is_placed_unmapped_and_padded(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;
	uint8_t disk[5000];

	begin();
	memset(disk, 0x3c, sizeof(disk));
	fake_file_write(ramdisk_path, disk, sizeof(disk));
	wanted.ramdisk = ramdisk_path;
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	const struct start_info *info = at_virtual(domid, xen.domains[domid].context.user_regs.rsi);
	CU_ASSERT_EQUAL(info->flags, SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN);
	CU_ASSERT_EQUAL(info->mod_len, 8192);
	const uint64_t *mfn = at_virtual(domid, info->mfn_list + (info->mod_start + 1) * 8);
	const uint8_t *page = fake_xen_frame(&xen, *mfn);
	CU_ASSERT_EQUAL(page[903], 0x3c);
	CU_ASSERT_EQUAL(page[904], 0);
	CU_ASSERT_EQUAL(page[4095], 0);
	build_free(build);
	end();
}

static void a_kernel_without_placement_notes_has_all_in_its_map(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	fake_file_write(ramdisk_path, "ramdisk", 7);
	wanted.ramdisk = ramdisk_path;
	wanted.memory_kib = 16 * MIB;
	fake_kernel_mini(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].context.user_regs.rip, 0x40);
	const struct start_info *info = at_virtual(domid, xen.domains[domid].context.user_regs.rsi);
	CU_ASSERT_EQUAL(info->nr_p2m_frames, 0);
	CU_ASSERT_EQUAL(info->mod_len, 7);
	CU_ASSERT_EQUAL(memcmp(at_virtual(domid, info->mod_start), "ramdisk", 8), 0);
	CU_ASSERT_TRUE(info->mfn_list < info->pt_base);
	CU_ASSERT_EQUAL(
		xen.m2p[*(uint64_t *)at_virtual(domid, info->mfn_list + 80) - FAKE_FIRST_MFN], 10);
	/* hypercall 12: push rcx; push r11; mov eax, 12; syscall; pop r11; pop rcx; ret */
	CU_ASSERT_EQUAL(memcmp(at_virtual(domid, 0x2000 + 12 * 32),
			       "\x51\x41\x53\xb8\x0c\0\0\0\x0f\x05\x41\x5b\x59\xc3\xcc", 15),
			0);
	CU_ASSERT_EQUAL(memcmp(at_virtual(domid, 0x2000 + 23 * 32),
			       "\x51\x41\x53\x50\xb8\x17\0\0\0\x0f\x05", 11),
			0);
	build_free(build);
	end();
}

static void memory_in_single_pages_is_as_good(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	xen.max_order = 0;
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	check_segments(domid);
	check_p2m(domid);
	build_free(build);
	end();
}

/* --- failures ----------------------------------------------------------------------------------
 */
static void every_failing_step_leaves_nothing_and_says_why(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;
	int err = -1;
	int failures = 0;
	unsigned int steps = 0;

	fake_file_write(ramdisk_path, "ramdisk", 7);
	wanted.ramdisk = ramdisk_path;
	fake_kernel_linux(&kernel);
	kernel_save();
	report = (struct report){0};
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	for (unsigned int at = 1; err; at++) {
		begin();
		domid_t domid = domain_for(build);
		xen.calls = 0;
		xen.fail_at = at;
		xen.fail_with = EPERM;
		err = build_run(build, call, domid, &result, &report);
		if (err) {
			failures++;
			CU_ASSERT_EQUAL(err, -EPERM);
			CU_ASSERT_TRUE(said("domain 1: "));
			CU_ASSERT_EQUAL(xen.domains[domid].claimed, 0);
		} else if (xen.calls >= at) {
			/* The one step that is allowed to fail, and the retried extents. */
			err = -1;
		}
		steps = xen.calls;
		xen.fail_at = 0;
		CU_ASSERT_EQUAL(call_domain_destroy(call, domid), 0);
		end();
		if (at > 100) {
			break;
		}
	}
	/* Of all steps, those below may fail: large extents, the memory map, dropping a claim. */
	CU_ASSERT_EQUAL(failures, (int)steps - 3);
	build_free(build);
}

static void a_host_without_memory_is_named(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	wanted.memory_kib = 512 * MIB;
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL(build_run(build, call, domid, &result, &report), -ENOMEM);
	CU_ASSERT_TRUE(said("the host does not have 512 MiB free"));
	CU_ASSERT_EQUAL(xen.domains[domid].tot_pages, 0);
	build_free(build);
	end();
}

static void refused(const struct build_spec *wanted, int error, const char *text)
{
	struct build *build = NULL;

	report = (struct report){0};
	CU_ASSERT_EQUAL(build_prepare(wanted, &build, &report), error);
	CU_ASSERT_PTR_NULL(build);
	CU_ASSERT_TRUE(said(text));
	report_clear(&report);
	build_free(build);
}

static void too_little_memory_says_how_much_is_needed(void)
{
	struct build_spec wanted = spec();

	wanted.memory_kib = 16 * MIB;
	fake_kernel_linux(&kernel);
	kernel_save();
	/* 18 MiB of addresses up to the kernel's end, tables and padding: the map ends at 20 MiB,
	 * behind it the P2M list. */
	refused(&wanted, -ENOMEM, "memory=16: kernel and ramdisk need at least 21 MiB");
	wanted.memory_kib = 0;
	refused(&wanted, -EINVAL, "memory=0");
}

static void files_that_are_no_kernels_are_named(void)
{
	struct build_spec wanted = spec();

	wanted.kernel = "/nonexistent/vmlinuz";
	refused(&wanted, -ENOENT, "kernel '/nonexistent/vmlinuz': No such file or directory");
	wanted.kernel = "/tmp";
	refused(&wanted, -ENOEXEC, "kernel '/tmp': not a regular file");
	wanted.kernel = kernel_path;
	fake_file_write(kernel_path, "hello", 5);
	refused(&wanted, -ENOEXEC, "too short to be a kernel");
	memset(kernel.file, 'x', sizeof(kernel.file));
	kernel_save();
	refused(&wanted, -ENOEXEC, "neither a Linux bzImage nor an ELF file");
	fake_kernel_start(&kernel);
	kernel_save();
	refused(&wanted, -ENOEXEC, "not a PV kernel: it has no Xen ELF notes");
	fake_kernel_number(&kernel, XEN_ELFNOTE_PHYS32_ENTRY, FAKE_KERNEL_PADDR);
	kernel_save();
	refused(&wanted, -ENOEXEC, "type = \"pvh\"");
	wanted.type = BUILD_PVH;
	fake_kernel_mini(&kernel);
	kernel_save();
	refused(&wanted, -ENOEXEC, "not a PVH kernel: it has no PHYS32_ENTRY note");
}

static void a_missing_ramdisk_is_named(void)
{
	struct build_spec wanted = spec();

	fake_kernel_linux(&kernel);
	kernel_save();
	wanted.ramdisk = "/nonexistent/initrd";
	refused(&wanted, -ENOENT, "ramdisk '/nonexistent/initrd': No such file");
	wanted.ramdisk = "/tmp";
	refused(&wanted, -EINVAL, "ramdisk '/tmp': not a regular file");
}

static void a_command_line_that_does_not_fit_is_refused(void)
{
	struct build_spec wanted = spec();
	char line[1025];

	fake_kernel_linux(&kernel);
	kernel_save();
	memset(line, 'a', 1024);
	line[1024] = 0;
	wanted.command_line = line;
	refused(&wanted, -E2BIG, "it has 1024 characters; a PV kernel can be given 1023");
}

static void a_file_cut_short_while_building_is_an_error(void)
{
	struct build_spec wanted = spec();
	struct build_result result;
	struct build *build = NULL;

	begin();
	fake_kernel_linux(&kernel);
	kernel_save();
	CU_ASSERT_EQUAL_FATAL(build_prepare(&wanted, &build, &report), 0);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL(truncate(kernel_path, 0x1800), 0);
	CU_ASSERT_EQUAL(build_run(build, call, domid, &result, &report), -ENODATA);
	CU_ASSERT_TRUE(said("it became shorter while it was read"));
	build_free(build);
	end();
}

/* --- the arithmetic -----------------------------------------------------------------------------
 */
static void the_layout_is_upstreams(void)
{
	struct kernel linux_kernel = {
		.start = 0x1000000,
		.end = 0x4a00000,
		.virt_base = {true, FAKE_KERNEL_VIRT},
		.init_p2m = {true, 0x8000000000UL},
		.mod_start_pfn = {true, 1},
	};
	struct pv_layout layout;

	/* As observed with libxl 4.17: 256 MiB, Debian's kernel, a ramdisk of 0x213 pages. */
	CU_ASSERT_EQUAL(pv_layout_make(&linux_kernel, 0x213 * 4096, 65536, &layout), 0);
	CU_ASSERT_EQUAL(layout.kernel.first, 0x1000);
	CU_ASSERT_EQUAL(layout.kernel.count, 0x3a00);
	CU_ASSERT_EQUAL(layout.start_info, 0x4a00);
	CU_ASSERT_EQUAL(layout.store, 0x4a01);
	CU_ASSERT_EQUAL(layout.console, 0x4a02);
	CU_ASSERT_EQUAL(layout.tables.first, 0x4a03);
	CU_ASSERT_EQUAL(layout.tables.count, 0x29);
	CU_ASSERT_EQUAL(layout.stack, 0x4a2c);
	CU_ASSERT_EQUAL(layout.mapped, 0x4c00);
	CU_ASSERT_EQUAL(layout.ramdisk.first, 0x4c00);
	CU_ASSERT_EQUAL(layout.p2m.first, 0x4e13);
	CU_ASSERT_EQUAL(layout.p2m.count + layout.p2m_tables.count, 0x83);
}

static void a_map_that_would_wrap_is_refused(void)
{
	struct kernel huge = {
		.start = 0x1000000,
		.end = 0x40000000,
		.virt_base = {true, 0xffffffffc0000000UL},
		.init_p2m = {true, 0x8000000000UL},
	};
	struct pv_layout layout;

	CU_ASSERT_EQUAL(pv_layout_make(&huge, 0, 1 << 20, &layout), -ENOEXEC);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_linux_kernel_finds_what_it_expects),
		UNIT(store_and_console_are_granted_to_who_serves_them),
		UNIT(a_ramdisk_is_placed_unmapped_and_padded),
		UNIT(a_kernel_without_placement_notes_has_all_in_its_map),
		UNIT(memory_in_single_pages_is_as_good),
		UNIT(every_failing_step_leaves_nothing_and_says_why),
		UNIT(a_host_without_memory_is_named),
		UNIT(too_little_memory_says_how_much_is_needed),
		UNIT(files_that_are_no_kernels_are_named),
		UNIT(a_missing_ramdisk_is_named),
		UNIT(a_command_line_that_does_not_fit_is_refused),
		UNIT(a_file_cut_short_while_building_is_an_error),
		UNIT(the_layout_is_upstreams),
		UNIT(a_map_that_would_wrap_is_refused),
	};
	int status;

	if (!mkdtemp(folder)) {
		return 1;
	}
	snprintf(kernel_path, sizeof(kernel_path), "%s/vmlinux", folder);
	snprintf(ramdisk_path, sizeof(ramdisk_path), "%s/initrd", folder);
	status = unit_main("guest_pv", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	unlink(kernel_path);
	unlink(ramdisk_path);
	rmdir(folder);
	return status;
}
