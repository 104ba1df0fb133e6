/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what each privileged instruction does in a paravirtual kernel, which runs in ring 3: the
 * ones kernels rely on are emulated, within bounds; all others are the guest's #GP, and nothing
 * of them reaches the machine. The claims about tables hold where the CPU has UMIP, which Xen 4.17
 * leaves off.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/physdev.h>
#include <xen/version.h>

#define GP 13
#define UD 6

#define refused(name, text)                                                                        \
	do {                                                                                       \
		attempt(text, ::"a"(0), "c"(0), "d"(0), "b"(scratch) : "memory");                  \
		claim_equal(name, trap_seen.vector, GP);                                           \
	} while (0)
#define accepted(name, text)                                                                       \
	do {                                                                                       \
		attempt(text, ::"a"(0), "c"(0), "d"(0), "b"(scratch) : "memory");                  \
		claim_equal(name, trap_seen.vector, NO_TRAP);                                      \
	} while (0)
#define read_cr(n)                                                                                 \
	({                                                                                         \
		uint64_t value_ = ~0UL;                                                            \
		attempt("mov %%cr" #n ", %0", : "+r"(value_)::"memory");                           \
		value_;                                                                            \
	})
#define write_cr(n, value)                                                                         \
	({                                                                                         \
		attempt("mov %0, %%cr" #n, ::"r"((uint64_t)(value)) : "memory");                   \
		trap_seen.vector;                                                                  \
	})

static char scratch[64] __attribute__((aligned(64)));

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low = ~0U, high = ~0U;

	attempt("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t wrmsr(uint32_t msr, uint64_t value)
{
	attempt("wrmsr", ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
	return trap_seen.vector;
}

static int64_t set_iopl(uint32_t iopl)
{
	struct physdev_set_iopl op = {.iopl = iopl};

	return hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &op);
}

static void flags(void)
{
	claim_equal("iopl_0_can_be_set", set_iopl(0), 0);
	refused("without_iopl_cli_is_gp", "cli");
	claim_equal("with_error_0", trap_seen.error, 0);
	refused("without_iopl_sti_is_gp", "sti");
	claim_equal("iopl_4_is_einval", set_iopl(4), -XEN_EINVAL);
	claim_equal("iopl_1_can_be_set", set_iopl(1), 0);
	accepted("then_cli_is_nothing", "cli");
	claim_equal("events_stay_as_they_were", shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
	accepted("and_sti", "sti");
	claim_equal("events_stay_masked", shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
	accepted("popf_cannot_clear_if", "pushf\n\tandq $~0x200, (%%rsp)\n\tpopf");
}

static void control_registers(void)
{
	uint64_t cr0, cr4;

	cr0 = read_cr(0);
	claim((cr0 & 0x80000001UL) == 0x80000001UL, "cr0_has_pe_and_pg");
	claim_equal("ts_is_clear", cr0 & 8, 0);
	claim_equal("ts_can_be_set", write_cr(0, cr0 | 8), NO_TRAP);
	claim_equal("it_is", read_cr(0) & 8, 8);
	accepted("clts", "clts");
	claim_equal("clears_it", read_cr(0) & 8, 0);
	claim_equal("by_hypercall", hypercall1(__HYPERVISOR_fpu_taskswitch, 1), 0);
	claim_equal("it_is_set_too", read_cr(0) & 8, 8);
	hypercall1(__HYPERVISOR_fpu_taskswitch, 0);
	claim_equal("wp_cannot_be_cleared", write_cr(0, cr0 & ~0x10000UL), GP);
	claim_equal("nor_paging", write_cr(0, cr0 & ~0x80000000UL), GP);
	claim_equal("cr0_is_as_before", read_cr(0), cr0);
	claim_equal("cr2_can_be_written", write_cr(2, 0x123456), NO_TRAP);
	claim_equal("and_read", read_cr(2), 0x123456);
	claim_equal("it_is_what_is_published", shared_info->vcpu_info[0].arch.cr2, 0x123456);
	claim_equal("cr3_is_the_l4", read_cr(3), maddr_of((void *)start_info->pt_base));
	claim_equal("it_can_be_loaded", write_cr(3, read_cr(3)), NO_TRAP);
	claim_equal("not_with_another_page", write_cr(3, maddr_of(scratch) & ~(PAGE - 1)), GP);
	cr4 = read_cr(4);
	claim_equal("cr4_is_at_first", cr4, 0x660);
	claim_equal("smep_and_smap_are_not_the_guests", write_cr(4, cr4 | 0x300000), NO_TRAP);
	claim_equal("pae_and_pge_stay", write_cr(4, 0), NO_TRAP);
	claim_equal("they_cannot_be_cleared", read_cr(4) & 0x660, 0x660);
	claim_equal("osxsave_can_be_set", write_cr(4, cr4 | 0x40000), NO_TRAP);
	claim_equal("it_reads_back", read_cr(4) & 0x40000, 0x40000);
	read_cr(8);
	claim_equal("cr8_is_gp", trap_seen.vector, GP);
}

static void refused_ones(void)
{
	refused("hlt", "hlt");
	refused("lgdt", "lgdt (%%rbx)");
	refused("lidt", "lidt (%%rbx)");
	refused("lldt", "lldt %%ax");
	refused("ltr", "ltr %%ax");
	refused("invlpg", "invlpg (%%rbx)");
	refused("swapgs", "swapgs");
	refused("sysret", "sysretq");
	refused("invd", "invd");
	refused("rdpmc", "rdpmc");
	accepted("rdtsc_is_allowed", "rdtsc");
	accepted("wbinvd_is_allowed_to_dom0", "wbinvd");
	attempt("vmcall", ::: "memory");
	claim_equal("vmcall_is_an_invalid_opcode", trap_seen.vector, UD);
	attempt("vmmcall", ::"a"(17) : "memory");
	claim(trap_seen.vector == UD || trap_seen.vector == GP, "so_is_vmmcall");
	attempt("int $0x90", ::: "memory");
	claim_equal("int_90_is_gp", trap_seen.vector, GP);
	attempt(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n\tnop", ::: "memory");
	claim_equal("the_prefix_before_anything_else_is_ud", trap_seen.vector, UD);
}

/* Where the hypervisor's tables lie is not for guests. */
static void tables(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table = {~0, ~0UL};
	uint64_t word = ~0UL;

	attempt("sgdt %0", : "+m"(table)::"memory");
	claim_equal("sgdt_is_allowed", trap_seen.vector, NO_TRAP);
	claim_equal("it_shows_no_table", table.base, 0);
	claim_equal("and_no_limit", table.limit, 0);
	table.base = ~0UL;
	attempt("sidt %0", : "+m"(table)::"memory");
	claim_equal("nor_does_sidt", table.base, 0);
	attempt("sldt %0", : "+r"(word)::"memory");
	claim_equal("there_is_no_ldt", word, 0);
	word = ~0UL;
	attempt("str %0", : "+r"(word)::"memory");
	claim_equal("nor_a_task", word, 0);
	attempt("smsw %0", : "+r"(word)::"memory");
	claim_equal("the_status_word_has_pe_and_no_ts", word & 0x9, 1);
	attempt("sgdt (%0)", ::"r"(HYPERVISOR_VIRT_START) : "memory");
	claim_equal("sgdt_into_the_hypervisor_is_gp", trap_seen.vector, GP);
}

static void xcr0(void)
{
	uint64_t cr4 = read_cr(4);

	write_cr(4, cr4 & ~0x40000UL);
	attempt("xsetbv", ::"a"(3), "d"(0), "c"(0) : "memory");
	claim(trap_seen.vector == UD || trap_seen.vector == GP, "without_osxsave_xsetbv_faults");
	write_cr(4, cr4 | 0x40000);
	attempt("xsetbv", ::"a"(3), "d"(0), "c"(0) : "memory");
	claim_equal("xsetbv", trap_seen.vector, NO_TRAP);
	attempt("xsetbv", ::"a"(0), "d"(0), "c"(0) : "memory");
	claim_equal("x87_cannot_be_off", trap_seen.vector, GP);
	attempt("xsetbv", ::"a"(3), "d"(0x80000000), "c"(0) : "memory");
	claim_equal("unknown_state_is_gp", trap_seen.vector, GP);
	attempt("xsetbv", ::"a"(3), "d"(0), "c"(7) : "memory");
	claim_equal("another_register_is_gp", trap_seen.vector, GP);
}

static void msrs(void)
{
	static const uint32_t none[] = {0x40000001, 0x4b564d00, 0x800, 0xc0011020,
					0x174,      0xc0000082, 0x79,  0xc0010020};

	claim_equal("fs_base", wrmsr(0xc0000100, 0x12345000), NO_TRAP);
	claim_equal("reads_back", rdmsr(0xc0000100), 0x12345000);
	claim_equal("gs_base", wrmsr(0xc0000101, 0x23456000), NO_TRAP);
	claim_equal("reads_back_too", rdmsr(0xc0000101), 0x23456000);
	claim_equal("user_gs_base", wrmsr(0xc0000102, 0x34567000), NO_TRAP);
	claim_equal("reads_back_as_well", rdmsr(0xc0000102), 0x34567000);
	claim_equal("a_base_that_is_no_address_is_gp", wrmsr(0xc0000100, 1UL << 63), GP);
	claim_equal("fs_base_is_as_before", rdmsr(0xc0000100), 0x12345000);
	wrmsr(0xc0000100, 0);
	wrmsr(0xc0000101, 0);
	wrmsr(0xc0000102, 0);
	claim_equal("pat", rdmsr(0x277), 0x0000050100070406);
	claim_equal("apic_base_says_boot_cpu", rdmsr(0x1b), 0xfee00900);
	claim_equal("apic_base_cannot_be_written", wrmsr(0x1b, 0xfee00900), GP);
	claim((rdmsr(0xc0000080) & 0x501) == 0x501, "efer_has_long_mode_and_syscall");
	claim_equal("and_no_svm", rdmsr(0xc0000080) & 0x1000, 0);
	claim_equal("efer_cannot_be_changed", wrmsr(0xc0000080, 0), GP);
	rdmsr(0x10);
	claim_equal("the_tsc_is_readable", trap_seen.vector, NO_TRAP);
	claim_equal("not_writable", wrmsr(0x10, 0), GP);
	rdmsr(0x179);
	claim_equal("machine_check_banks_are_counted", trap_seen.vector, NO_TRAP);
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		claim_equal("an_msr_that_is_not_the_guests_is_gp", wrmsr(none[i], 1), GP);
	}
}

static void ports(void)
{
	uint32_t value = 0;

	attempt("inb $0x21, %%al", : "+a"(value)::"memory");
	claim_equal("a_denied_port", trap_seen.vector, NO_TRAP);
	claim_equal("reads_as_ones", value & 0xff, 0xff);
	attempt("outb %%al, $0x21", ::"a"(0) : "memory");
	claim_equal("writes_are_dropped", trap_seen.vector, NO_TRAP);
	attempt("outl %%eax, %%dx", ::"a"(0x80000000), "d"(0xcf8) : "memory");
	attempt("inl %%dx, %%eax", : "+a"(value) : "d"(0xcfc) : "memory");
	claim_equal("dom0_reads_pci_configuration", value & 0xffff, 0x8086);
	attempt("outb %%al, $0x70", ::"a"(0x0d) : "memory");
	attempt("inb %%dx, %%al", : "+a"(value) : "d"(0x3fd) : "memory");
	claim_equal("the_consoles_line_is_not_the_guests", value & 0xff, 0xff);
	attempt("inb $0x71, %%al", : "+a"(value)::"memory");
	claim_equal("and_the_clock_chip", trap_seen.vector, NO_TRAP);
	claim_equal("its_battery_is_good", value & 0x80, 0x80);
	set_iopl(0);
	attempt("inb $0x21, %%al", : "+a"(value)::"memory");
	claim_equal("without_iopl_a_port_is_gp", trap_seen.vector, GP);
	set_iopl(1);
}

static void debug_registers(void)
{
	uint64_t value = 0;

	claim_equal("dr0_by_call", hypercall2(__HYPERVISOR_set_debugreg, 0, 0x1000), 0);
	claim_equal("reads_back", hypercall1(__HYPERVISOR_get_debugreg, 0), 0x1000);
	attempt("mov %%dr0, %0", : "+r"(value)::"memory");
	claim_equal("by_instruction_too", value, 0x1000);
	claim_equal("an_address_in_the_hypervisor_is_eperm",
		    hypercall2(__HYPERVISOR_set_debugreg, 1, HYPERVISOR_VIRT_START), -XEN_EPERM);
	claim_equal("high_bits_of_dr7_are_einval",
		    hypercall2(__HYPERVISOR_set_debugreg, 7, 1UL << 32), -XEN_EINVAL);
	claim_equal("dr7_gd_is_eperm", hypercall2(__HYPERVISOR_set_debugreg, 7, 0x2000),
		    -XEN_EPERM);
	claim_equal("dr9_is_enodev", hypercall2(__HYPERVISOR_set_debugreg, 9, 0), -XEN_ENODEV);
	hypercall2(__HYPERVISOR_set_debugreg, 1, (uint64_t)scratch);
	claim_equal("a_watchpoint", hypercall2(__HYPERVISOR_set_debugreg, 7, 0x100404), 0);
	attempt("movb $1, (%0)\n\tnop", ::"r"(scratch) : "memory");
	claim_equal("traps_a_write", trap_seen.vector, 1);
	claim_equal("a_call_may_write_there",
		    hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion, scratch), 0);
	attempt("movb $1, (%0)\n\tnop", ::"r"(scratch) : "memory");
	claim_equal("and_the_watchpoint_is_still_there", trap_seen.vector, 1);
	hypercall2(__HYPERVISOR_set_debugreg, 7, 0x400);
	claim_equal("dr6_says_which", hypercall1(__HYPERVISOR_get_debugreg, 6) & 0xf, 2);
}

void guest_test(void)
{
	flags();
	control_registers();
	refused_ones();
	tables();
	xcr0();
	msrs();
	ports();
	debug_registers();
}
