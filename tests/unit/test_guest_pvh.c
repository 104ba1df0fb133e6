/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building PVH domains on the simulated hypervisor: what the kernel and its ACPI find. */
#include "guest/build.h"
#include "guest/acpi.h"
#include "guest/pvh_layout.h"
#include "call/domain.h"
#include "unit/fake_kernel.h"
#include "unit/fake_xen.h"
#include "unit/unit.h"

#include <errno.h>

#include <xen/hvm_start_info.h>
#include <xen/sysctl.h>

#define CPU_AT (8 + 24 + 8) /* of its data in the last context that was set */

static struct fake_xen xen;
static struct call *call;
static struct fake_kernel kernel;
static struct report report;
static char folder[] = "/tmp/test_guest_pvh.XXXXXX";
static char kernel_path[64];
static char ramdisk_path[64];

static void begin(void)
{
	fake_xen_open(&xen, 40000, &call);
	report = (struct report){0};
	fake_kernel_linux(&kernel);
	fake_file_write(kernel_path, kernel.file, sizeof(kernel.file));
	fake_file_write(ramdisk_path, "ramdisk", 7);
}

static void end(void)
{
	call_close(call);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	CU_ASSERT_EQUAL(xen.lent, 0);
	fake_xen_close(&xen);
	report_clear(&report);
}

static struct build *prepared(uint64_t mib)
{
	const struct build_spec spec = {
		.type = BUILD_PVH,
		.kernel = kernel_path,
		.ramdisk = ramdisk_path,
		.command_line = "console=hvc0",
		.memory_kib = mib * 1024,
		.max_vcpus = 2,
		.online_vcpus = 1,
	};
	struct build *build = NULL;

	CU_ASSERT_EQUAL_FATAL(build_prepare(&spec, &build, &report), 0);
	return build;
}

static domid_t domain_for(const struct build *build)
{
	struct xen_domctl_createdomain config;
	domid_t domid = DOMID_INVALID;

	build_fill_config(build, XEN_SYSCTL_PHYSCAP_gnttab_v2, &config);
	CU_ASSERT_EQUAL(config.flags, XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap);
	CU_ASSERT_EQUAL(config.grant_opts, 2);
	CU_ASSERT_EQUAL_FATAL(call_domain_create(call, &config, &domid), 0);
	return domid;
}

static uint32_t cpu_word(const struct fake_domain *domain, size_t offset)
{
	uint32_t word;

	memcpy(&word, domain->hvm_context + CPU_AT + offset, sizeof(word));
	return word;
}

static bool sums_to_zero(const uint8_t *at, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + at[i]);
	}
	return sum == 0;
}

static uint64_t number_at(const void *at, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, at, size);
	return number;
}

static void check_tables(domid_t domid, uint64_t rsdp_address)
{
	const uint8_t *rsdp = fake_xen_guest(&xen, domid, rsdp_address);
	const uint8_t *xsdt;

	CU_ASSERT_PTR_NOT_NULL_FATAL(rsdp);
	CU_ASSERT_EQUAL(memcmp(rsdp, "RSD PTR ", 8), 0);
	CU_ASSERT_TRUE(sums_to_zero(rsdp, 20) && sums_to_zero(rsdp, 36));
	xsdt = fake_xen_guest(&xen, domid, number_at(rsdp + 24, 8));
	CU_ASSERT_PTR_NOT_NULL_FATAL(xsdt);
	CU_ASSERT_TRUE(sums_to_zero(xsdt, number_at(xsdt + 4, 4)));
	const uint8_t *fadt = fake_xen_guest(&xen, domid, number_at(xsdt + 36, 8));
	const uint8_t *madt = fake_xen_guest(&xen, domid, number_at(xsdt + 44, 8));
	CU_ASSERT_EQUAL(memcmp(fadt, "FACP", 4), 0);
	CU_ASSERT_TRUE(sums_to_zero(fadt, 268));
	CU_ASSERT_EQUAL(memcmp(madt, "APIC", 4), 0);
	CU_ASSERT_EQUAL(number_at(madt + 4, 4), 44 + 2 * 8);
	/* vcpu 1: APIC id 2, enabled though it is offline, or Linux could never start it */
	CU_ASSERT_EQUAL(madt[44 + 8 + 2], 1);
	CU_ASSERT_EQUAL(madt[44 + 8 + 3], 2);
	CU_ASSERT_EQUAL(madt[44 + 4], 1);
	CU_ASSERT_EQUAL(madt[44 + 8 + 4], 1);
	const uint8_t *dsdt = fake_xen_guest(&xen, domid, number_at(fadt + 40, 4));
	CU_ASSERT_EQUAL(memcmp(dsdt, "DSDT", 4), 0);
	CU_ASSERT_TRUE(sums_to_zero(dsdt, number_at(dsdt + 4, 4)));
}

static void a_kernel_is_entered_with_its_start_info(void)
{
	struct build_result result;

	begin();
	struct build *build = prepared(64);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	const struct fake_domain *domain = &xen.domains[domid];
	/* MTRRs of both vcpus, then vcpu 0 */
	CU_ASSERT_EQUAL(domain->hvm_context_sets, 3);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x280), FAKE_KERNEL_PADDR + 0x850);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x290), 0x11);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x288), 2);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x300), 0xffffffff);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x318), 0x67);
	CU_ASSERT_EQUAL(cpu_word(domain, 0x378), 0xc9b);
	const struct hvm_start_info *info = fake_xen_guest(&xen, domid, cpu_word(domain, 0x208));
	CU_ASSERT_PTR_NOT_NULL_FATAL(info);
	CU_ASSERT_EQUAL(info->magic, XEN_HVM_START_MAGIC_VALUE);
	CU_ASSERT_STRING_EQUAL(fake_xen_guest(&xen, domid, info->cmdline_paddr), "console=hvc0");
	const struct hvm_modlist_entry *module = fake_xen_guest(&xen, domid, info->modlist_paddr);
	CU_ASSERT_EQUAL(info->nr_modules, 1);
	CU_ASSERT_EQUAL(module->size, 7);
	CU_ASSERT_EQUAL(memcmp(fake_xen_guest(&xen, domid, module->paddr), "ramdisk", 8), 0);
	const struct hvm_memmap_table_entry *map = fake_xen_guest(&xen, domid, info->memmap_paddr);
	CU_ASSERT_EQUAL(info->memmap_entries, 3);
	CU_ASSERT_EQUAL(domain->map_count, 3);
	CU_ASSERT_EQUAL(map[0].size, 64UL << 20);
	CU_ASSERT_EQUAL(map[1].type, XEN_HVM_MEMMAP_TYPE_ACPI);
	CU_ASSERT_EQUAL(map[2].addr, 0xfeff8000);
	check_tables(domid, info->rsdp_paddr);
	CU_ASSERT_EQUAL(memcmp(fake_xen_guest(&xen, domid, FAKE_KERNEL_PADDR), kernel.file + 0x1000,
			       0x1000),
			0);
	build_free(build);
	end();
}

static void pages_and_ports_are_where_the_parameters_say(void)
{
	struct build_result result;

	begin();
	struct build *build = prepared(64);
	domid_t domid = domain_for(build);
	CU_ASSERT_EQUAL_FATAL(build_run(build, call, domid, &result, &report), 0);
	const struct fake_domain *domain = &xen.domains[domid];
	const uint64_t *params = domain->params;
	CU_ASSERT_EQUAL(params[HVM_PARAM_STORE_PFN], result.store_frame);
	CU_ASSERT_EQUAL(params[HVM_PARAM_CONSOLE_PFN], 0xfefff);
	CU_ASSERT_EQUAL(params[HVM_PARAM_STORE_EVTCHN], result.store_port);
	CU_ASSERT_EQUAL(params[HVM_PARAM_CONSOLE_EVTCHN], result.console_port);
	CU_ASSERT_EQUAL(params[HVM_PARAM_IDENT_PT], 0xfeffe000);
	const uint32_t *identity = fake_xen_guest(&xen, domid, 0xfeffe000);
	CU_ASSERT_EQUAL(identity[3], (3U << 22 | 0xe7));
	CU_ASSERT_EQUAL(*(uint8_t *)fake_xen_guest(&xen, domid, 0xfefff000), 0);
	/* 256 pages a vcpu and 2 a MiB, as upstream's */
	CU_ASSERT_EQUAL(domain->paging_pool, (2 * 256 + 2 * 64) * 4096);
	const struct grant_entry_v1 *table = fake_xen_frame(&xen, domain->grant_table);
	CU_ASSERT_EQUAL(table[1].frame, result.store_frame);
	build_free(build);
	end();
}

static void every_failing_step_leaves_nothing_and_says_why(void)
{
	struct build_result result;
	struct build *build = NULL;
	int err = -1;
	int failures = 0;

	for (unsigned int at = 1; at < 100; at++) {
		bool reached;

		begin();
		build = prepared(64);
		domid_t domid = domain_for(build);
		xen.calls = 0;
		xen.fail_at = at;
		xen.fail_with = EPERM;
		err = build_run(build, call, domid, &result, &report);
		reached = xen.calls >= at;
		failures += err != 0;
		if (err) {
			CU_ASSERT_EQUAL(err, -EPERM);
			CU_ASSERT_TRUE(report_has_error(&report));
			CU_ASSERT_EQUAL(xen.domains[domid].claimed, 0);
		}
		build_free(build);
		end();
		if (!reached) {
			break;
		}
	}
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_TRUE(failures > 25);
}

static void ram_beyond_4032_mib_moves_above_4_gib(void)
{
	const struct kernel small = {.start = 0x100000, .end = 0x200000};
	struct pvh_layout layout;

	CU_ASSERT_EQUAL(pvh_layout_make(&small, 0, 1, 5UL << 18, &layout), 0);
	CU_ASSERT_EQUAL(layout.low_ram, 0xfc000000);
	CU_ASSERT_EQUAL(layout.low_ram + layout.high_ram, 5UL << 30);
	CU_ASSERT_EQUAL(layout.map_count, 4);
	CU_ASSERT_EQUAL(layout.map[3].addr, 1UL << 32);
	CU_ASSERT_EQUAL(pvh_layout_make(&small, 1 << 20, 1, 512, &layout), -ENOSPC);
	CU_ASSERT_EQUAL(layout.used, 0x302000);
}

static void tables_for_many_vcpus_fit_or_are_refused(void)
{
	static uint8_t memory[PVH_ACPI_PAGES * 4096];
	uint64_t rsdp;

	CU_ASSERT_EQUAL(acpi_build(memory, sizeof(memory), PVH_ACPI, 512, &rsdp), 0);
	CU_ASSERT_EQUAL(memcmp(memory + (rsdp - PVH_ACPI), "RSD PTR ", 8), 0);
	CU_ASSERT_EQUAL(acpi_build(memory, sizeof(memory), PVH_ACPI, 513, &rsdp), -EINVAL);
	for (size_t size = 0; size < 1200; size++) {
		uint8_t *exact = malloc(size + 1);

		CU_ASSERT_EQUAL(acpi_build(exact, size, PVH_ACPI, 16, &rsdp), -ENOSPC);
		free(exact);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_kernel_is_entered_with_its_start_info),
		UNIT(pages_and_ports_are_where_the_parameters_say),
		UNIT(every_failing_step_leaves_nothing_and_says_why),
		UNIT(ram_beyond_4032_mib_moves_above_4_gib),
		UNIT(tables_for_many_vcpus_fit_or_are_refused),
	};
	int status;

	if (!mkdtemp(folder)) {
		return 1;
	}
	snprintf(kernel_path, sizeof(kernel_path), "%s/vmlinux", folder);
	snprintf(ramdisk_path, sizeof(ramdisk_path), "%s/initrd", folder);
	status = unit_main("guest_pvh", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	unlink(kernel_path);
	unlink(ramdisk_path);
	rmdir(folder);
	return status;
}
