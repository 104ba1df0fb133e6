/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions one by one, in kernel and user mode, and the ports behind them. */
#include "unit/cpu_world.h"

static uint32_t written_value, written_port, config_register, config_function;
static unsigned int writes;

static uint32_t test_read(uint16_t port, unsigned int bytes unused_arg)
{
	return 0x11223300U | (port & 0xff);
}

static void test_write(uint16_t port, unsigned int bytes unused_arg, uint32_t value)
{
	writes++;
	written_port = port;
	written_value = value;
}

static uint8_t test_cmos_read(uint8_t index)
{
	return (uint8_t)(index + 1);
}

static void test_cmos_write(uint8_t index, uint8_t value)
{
	test_write(0x71, 1, (uint32_t)index << 8 | value);
}

static uint32_t test_config_read(uint16_t function, uint32_t reg, unsigned int bytes unused_arg)
{
	config_function = function;
	config_register = reg;
	return 0x12378086;
}

static void test_config_write(uint16_t function, uint32_t reg, unsigned int bytes, uint32_t value)
{
	(void)test_config_read(function, reg, bytes);
	test_write(0xcfc, bytes, value);
}

static const struct pv_port_ops port_ops = {test_read, test_write, test_cmos_read,
					    test_cmos_write, test_config_read, test_config_write};

static void setup(void)
{
	world_reset();
	pv_port_set_ops(&port_ops);
	writes = 0;
	CU_ASSERT_EQUAL_FATAL(range_add(&domain.ioports, 0x3f8, 0x3ff), 0);
}

static void user(void)
{
	enter_user();
	regs->cs = FLAT_USER_CS64;
}

/* Runs one instruction that faulted with #GP(0); true if nothing is owed to the guest. */
static bool step(const void *code, size_t count)
{
	put_code(code, count);
	vcpu.trap_pending = false;
	take_trap(EXCEPTION_GP, 0);
	return !vcpu.trap_pending;
}

#define RUNS(code)                                                                     \
	do {                                                                           \
		CU_ASSERT(step(code, sizeof(code) - 1));                               \
		CU_ASSERT_EQUAL(regs->rip, CODE_VA + sizeof(code) - 1);                \
	} while (0)
#define FAULTS(code, wanted)                                                           \
	do {                                                                           \
		CU_ASSERT_FALSE(step(code, sizeof(code) - 1));                         \
		CU_ASSERT_EQUAL(pv->pending.vector, wanted);                           \
		CU_ASSERT_EQUAL(regs->rip, CODE_VA);                                   \
	} while (0)

#define MOV_RAX_CR(n) "\x0f\x20" n
#define CR0 "\xc0"
#define CR2 "\xd0"
#define CR3 "\xd8"
#define CR4 "\xe0"
#define MOV_CR_RAX(n) "\x0f\x22" n
#define RDMSR "\x0f\x32"
#define WRMSR "\x0f\x30"
#define XSETBV "\x0f\x01\xd1"
#define FORCED_CPUID "\x0f\x0b\x78\x65\x6e\x0f\xa2"

static void what_is_nobodys_business_faults(void)
{
	FAULTS("\xf4", EXCEPTION_GP);		  /* hlt */
	FAULTS("\x0f\x01\x10", EXCEPTION_GP);	  /* lgdt */
	FAULTS("\x0f\x01\x18", EXCEPTION_GP);	  /* lidt */
	FAULTS("\x0f\x00\xd8", EXCEPTION_GP);	  /* ltr */
	FAULTS("\x0f\x01\x38", EXCEPTION_GP);	  /* invlpg */
	FAULTS("\x0f\x01\xf8", EXCEPTION_GP);	  /* swapgs */
	FAULTS("\x0f\x08", EXCEPTION_GP);	  /* invd */
	FAULTS("\x0f\x33", EXCEPTION_GP);	  /* rdpmc */
	FAULTS("\x44\x0f\x20\xc0", EXCEPTION_GP); /* mov %cr8 */
}

static void user_mode_may_use_no_control_register(void)
{
	user();
	FAULTS(MOV_RAX_CR(CR0), EXCEPTION_GP);
	FAULTS(RDMSR, EXCEPTION_GP);
	FAULTS("\x0f\x06", EXCEPTION_GP);
	FAULTS("\x0f\x09", EXCEPTION_GP);
	FAULTS(XSETBV, EXCEPTION_GP);
}

static void cr0_has_the_guests_ts_and_lets_only_that_change(void)
{
	RUNS(MOV_RAX_CR(CR0));
	CU_ASSERT_EQUAL(regs->rax & CR0_TS, 0);
	regs->rax |= CR0_TS;
	RUNS(MOV_CR_RAX(CR0));
	CU_ASSERT(pv->task_switched);
	CU_ASSERT(cpu_read_cr0() & CR0_TS);
	regs->rax ^= CR0_WP;
	FAULTS(MOV_CR_RAX(CR0), EXCEPTION_GP);
	RUNS("\x0f\x06");
	CU_ASSERT_FALSE(pv->task_switched);
}

static void cr2_and_cr3_are_the_guests(void)
{
	regs->rax = 0x1234;
	RUNS(MOV_CR_RAX(CR2));
	CU_ASSERT_EQUAL(shared->vcpu_info[0].arch.cr2, 0x1234);
	regs->rax = 0;
	RUNS(MOV_RAX_CR(CR2));
	CU_ASSERT_EQUAL(regs->rax, 0x1234);
	RUNS(MOV_RAX_CR(CR3));
	CU_ASSERT_EQUAL(regs->rax, roots[0].n << 12);
	regs->rax = 0xfffff000;
	FAULTS(MOV_CR_RAX(CR3), EXCEPTION_GP);
}

static void cr4_takes_what_the_guest_may_choose(void)
{
	RUNS(MOV_RAX_CR(CR4));
	CU_ASSERT_EQUAL(regs->rax, 0x660);
	regs->rax = 0x10660 | CR4_PSE | CR4_SMEP | CR4_PGE;
	RUNS(MOV_CR_RAX(CR4));
	CU_ASSERT_EQUAL(pv->cr4, 0x10660);
	CU_ASSERT(cpu_read_cr4() & CR4_FSGSBASE);
	CU_ASSERT_EQUAL(cpu_read_cr4() & CR4_SMEP, 0);
	regs->rax = 0;
	RUNS(MOV_CR_RAX(CR4));
	CU_ASSERT_EQUAL(pv->cr4, 0x660);
	CU_ASSERT_EQUAL(cpu_read_cr4() & CR4_FSGSBASE, 0);
}

static void the_user_gs_base_reads_without_the_emulator(void)
{
	regs->rcx = MSR_KERNEL_GS_BASE;
	cpu_wrmsr(MSR_KERNEL_GS_BASE, 0x7fff12345678);
	RUNS(RDMSR);
	CU_ASSERT_EQUAL(regs->rax, 0x12345678);
	CU_ASSERT_EQUAL(regs->rdx, 0x7fff);
	user();
	FAULTS(RDMSR, EXCEPTION_GP);
}

static void an_early_read_of_a_real_msr_is_faked(void)
{
	sim_msr_set(0x199999, 5);
	regs->rcx = 0x199999;
	FAULTS(RDMSR, EXCEPTION_GP);
	pv->traps[EXCEPTION_GP].address = 0;
	regs->rax = 7;
	RUNS(RDMSR);
	CU_ASSERT_EQUAL(regs->rax, 0);
	regs->rcx = 0x188888;
	FAULTS(RDMSR, EXCEPTION_GP);
	regs->rcx = 0x199999;
	FAULTS(WRMSR, EXCEPTION_GP);
}

static void cli_and_sti_do_nothing_with_iopl(void)
{
	FAULTS("\xfa", EXCEPTION_GP);
	pv->iopl = 1;
	RUNS("\xfa");
	RUNS("\xfb");
	CU_ASSERT_EQUAL(shared->vcpu_info[0].evtchn_upcall_mask, 0);
	user();
	FAULTS("\xfa", EXCEPTION_GP);
	pv->iopl = 3;
	RUNS("\xfb");
}

static void xsetbv_is_limited_to_the_policy(void)
{
	regs->rcx = 0;
	regs->rdx = 0;
	regs->rax = 7;
	FAULTS(XSETBV, EXCEPTION_UD);
	pv->cr4 |= CR4_OSXSAVE;
	RUNS(XSETBV);
	CU_ASSERT_EQUAL(vcpu.xcr0, 7);
	CU_ASSERT_EQUAL(cpu_xgetbv(0), 7);
	regs->rax = 6;
	FAULTS(XSETBV, EXCEPTION_GP);
	regs->rax = 5;
	FAULTS(XSETBV, EXCEPTION_GP);
	sim_xcr0_set_allowed(0xff); /* what the CPU has and the guest has not */
	regs->rax = 0xe7;
	FAULTS(XSETBV, EXCEPTION_GP);
	regs->rcx = 1;
	regs->rax = 7;
	FAULTS(XSETBV, EXCEPTION_GP);
}

static void the_tsc_is_user_modes_too_unless_the_guest_says_no(void)
{
	user();
	RUNS("\x0f\x31");
	CU_ASSERT_EQUAL(regs->rax | regs->rdx << 32, tsc_value);
	pv->tsc_aux = 77;
	RUNS("\x0f\x01\xf9");
	CU_ASSERT_EQUAL(regs->rcx, 77);
	pv->cr4 |= CR4_TSD;
	FAULTS("\x0f\x31", EXCEPTION_GP);
}

static void ports_need_iopl_or_the_bitmap(void)
{
	const uint8_t bitmap[2] = {0xff, 0xfc};

	regs->rdx = 0x3f8;
	FAULTS("\xec", EXCEPTION_GP);
	pv->iopl = 1;
	RUNS("\xec");
	CU_ASSERT_EQUAL(regs->rax & 0xff, 0xf8);
	user();
	FAULTS("\xec", EXCEPTION_GP);
	pv->iobitmap = DATA_VA;
	pv->iobitmap_ports = 0x400;
	sim_guest_write(DATA_VA + 0x3f8 / 8, bitmap + 1, 1);
	sim_guest_write(DATA_VA + 0x3f0 / 8, bitmap, 1);
	regs->rdx = 0x3f9;
	RUNS("\xec");
	CU_ASSERT_FALSE(pv->in_kernel);
	CU_ASSERT(mfn_eq(sim_cr3(0), roots[1]));
	FAULTS("\x66\xed", EXCEPTION_GP);
	pv->iobitmap_ports = 0x3f9;
	FAULTS("\xec", EXCEPTION_GP);
}

static void strings_do_not_touch_the_hypervisor(void)
{
	map_page(HYPERVISOR_START);
	pv->iopl = 3;
	regs->rdx = 0x3f8;
	regs->rsi = HYPERVISOR_START + 8;
	regs->rdi = HYPERVISOR_START + 8;
	FAULTS("\x6e", EXCEPTION_GP); /* outsb */
	FAULTS("\x6c", EXCEPTION_GP); /* insb */
	regs->rsi = DATA_VA;
	RUNS("\x6e");
}

static void ports_the_domain_lacks_read_as_ones(void)
{
	pv->iopl = 1;
	regs->rdx = 0x60;
	regs->rax = 0;
	RUNS("\xec");
	CU_ASSERT_EQUAL(regs->rax, 0xff);
	RUNS("\xee");
	CU_ASSERT_EQUAL(writes, 0);
	regs->rdx = 0x3fe;
	RUNS("\xed");
	CU_ASSERT_EQUAL(regs->rax, 0xffffffff);
	regs->rdx = 0x3f8;
	regs->rax = 0x5566;
	RUNS("\xee");
	CU_ASSERT_EQUAL(written_value, 0x66);
}

static void configuration_space_is_the_hardware_domains(void)
{
	pv_port_write(&vcpu, 0xcf8, 4, 0x80001234);
	CU_ASSERT_EQUAL(pv_port_read(&vcpu, 0xcf8, 4), 0x80001234);
	CU_ASSERT_EQUAL(pv_port_read(&vcpu, 0xcfe, 2), 0xffff);
	domain.is_hardware = true;
	CU_ASSERT_EQUAL(pv_port_read(&vcpu, 0xcfe, 2), 0x8086);
	CU_ASSERT_EQUAL(config_function, 0x12);
	CU_ASSERT_EQUAL(config_register, 0x36);
	pv_port_write(&vcpu, 0xcfc, 4, 0x99);
	CU_ASSERT_EQUAL(written_value, 0x99);
	pv_port_write(&vcpu, 0xcf8, 4, 0x1234);
	CU_ASSERT_EQUAL(pv_port_read(&vcpu, 0xcfc, 4), 0xffffffff);
}

static void cmos_goes_index_and_data_together(void)
{
	domain.is_hardware = true;
	pv_port_write(&vcpu, 0x70, 1, 0x8a);
	CU_ASSERT_EQUAL(writes, 0);
	CU_ASSERT_EQUAL(pv_port_read(&vcpu, 0x71, 1), 0x0b);
	pv_port_write(&vcpu, 0x71, 1, 0x44);
	CU_ASSERT_EQUAL(written_value, 0x0a44);
}

static void only_channel_2_of_the_timer_is_reached(void)
{
	domain.is_hardware = true;
	pv_port_write(&vcpu, 0x43, 1, 0x34);
	pv_port_write(&vcpu, 0x40, 1, 0);
	pv_port_write(&vcpu, 0x43, 1, 0xc2);
	CU_ASSERT_EQUAL(writes, 0);
	pv_port_write(&vcpu, 0x43, 1, 0xb0);
	CU_ASSERT_EQUAL(written_value, 0xb0);
	pv_port_write(&vcpu, 0x61, 1, 0xff);
	CU_ASSERT_EQUAL(written_value, (0x61 & ~3U) | 3);
}

static void an_io_breakpoint_is_emulated(void)
{
	pv->iopl = 1;
	pv->cr4 |= CR4_DE;
	pv->dr[0] = 0x3f8;
	pv->dr7 = DR7_RESERVED_ONE | 1 | 2UL << DR7_CONTROL_SHIFT;
	regs->rdx = 0x3f8;
	CU_ASSERT_FALSE(step("\xec", 1));
	CU_ASSERT_EQUAL(pv->pending.vector, EXCEPTION_DB);
	CU_ASSERT_EQUAL(pv->dr6 & 0xf, 1);
	CU_ASSERT_EQUAL(regs->rip, CODE_VA + 1);
}

static void single_step_follows_an_emulated_instruction(void)
{
	regs->rflags |= RFLAGS_TF;
	CU_ASSERT_FALSE(step("\x0f\x06", 2));
	CU_ASSERT_EQUAL(pv->pending.vector, EXCEPTION_DB);
	CU_ASSERT(pv->dr6 & DR6_BS);
}

static void debug_registers_by_instruction(void)
{
	regs->rax = HYPERVISOR_START;
	FAULTS("\x0f\x23\xc0", EXCEPTION_GP);
	regs->rax = 0x1000;
	RUNS("\x0f\x23\xc0");
	CU_ASSERT_EQUAL(pv->dr[0], 0x1000);
	pv->cr4 |= CR4_DE;
	FAULTS("\x0f\x21\xe0", EXCEPTION_UD);
}

static void wbinvd_is_harmless(void)
{
	RUNS("\x0f\x09");
}

static bool forced(const void *code, size_t count)
{
	put_code(code, count);
	vcpu.trap_pending = false;
	take_trap(EXCEPTION_UD, 0);
	return !vcpu.trap_pending;
}

static void forced_cpuid_shows_the_hypervisor(void)
{
	regs->rax = 0x40000000;
	regs->rcx = 0;
	CU_ASSERT(forced(FORCED_CPUID, 7));
	CU_ASSERT_EQUAL(regs->rax, 0x40000005);
	CU_ASSERT_EQUAL(regs->rbx, XEN_CPUID_SIGNATURE_EBX);
	CU_ASSERT_EQUAL(regs->rip, CODE_VA + 7);
}

static void forced_cpuid_in_the_kernel_offers_osxsave(void)
{
	regs->rax = 1;
	CU_ASSERT(forced(FORCED_CPUID, 7));
	CU_ASSERT(regs->rcx & CPUID_1C_OSXSAVE);
	user();
	regs->rax = 1;
	CU_ASSERT(forced(FORCED_CPUID, 7));
	CU_ASSERT_FALSE(regs->rcx & CPUID_1C_OSXSAVE);
}

static void other_invalid_opcodes_are_the_guests(void)
{
	CU_ASSERT_FALSE(forced("\x0f\x0b\x78\x65\x6e\x0f\xa3", 7));
	CU_ASSERT_EQUAL(pv->pending.vector, EXCEPTION_UD);
	CU_ASSERT_EQUAL(regs->rip, CODE_VA);
	CU_ASSERT_FALSE(forced("\x0f\x0b\x90", 3));
	CU_ASSERT_EQUAL(pv->pending.vector, EXCEPTION_UD);
}

static void a_forced_cpuid_half_there_is_a_page_fault(void)
{
	sim_guest_write(CODE_VA + PAGE_SIZE - 3, "\x0f\x0b\x78", 3);
	regs->rip = CODE_VA + PAGE_SIZE - 3;
	take_trap(EXCEPTION_UD, 0);
	CU_ASSERT_EQUAL(pv->pending.vector, EXCEPTION_PF);
	CU_ASSERT_EQUAL(pv->pending.cr2, CODE_VA + PAGE_SIZE);
	CU_ASSERT_EQUAL(pv->pending.error, 0);
}

static const struct unit_test tests[] = {
	UNIT(what_is_nobodys_business_faults),
	UNIT(user_mode_may_use_no_control_register),
	UNIT(cr0_has_the_guests_ts_and_lets_only_that_change),
	UNIT(cr2_and_cr3_are_the_guests),
	UNIT(cr4_takes_what_the_guest_may_choose),
	UNIT(the_user_gs_base_reads_without_the_emulator),
	UNIT(an_early_read_of_a_real_msr_is_faked),
	UNIT(cli_and_sti_do_nothing_with_iopl),
	UNIT(xsetbv_is_limited_to_the_policy),
	UNIT(the_tsc_is_user_modes_too_unless_the_guest_says_no),
	UNIT(ports_need_iopl_or_the_bitmap),
	UNIT(strings_do_not_touch_the_hypervisor),
	UNIT(ports_the_domain_lacks_read_as_ones),
	UNIT(configuration_space_is_the_hardware_domains),
	UNIT(cmos_goes_index_and_data_together),
	UNIT(only_channel_2_of_the_timer_is_reached),
	UNIT(an_io_breakpoint_is_emulated),
	UNIT(single_step_follows_an_emulated_instruction),
	UNIT(debug_registers_by_instruction),
	UNIT(wbinvd_is_harmless),
	UNIT(forced_cpuid_shows_the_hypervisor),
	UNIT(forced_cpuid_in_the_kernel_offers_osxsave),
	UNIT(other_invalid_opcodes_are_the_guests),
	UNIT(a_forced_cpuid_half_there_is_a_page_fault),
};

int main(void)
{
	return unit_main("pv/priv", tests, array_size(tests), setup);
}
