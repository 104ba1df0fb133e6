/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves user mode: it is entered by the iret hypercall and left by exceptions, interrupts and
 * system calls with the frames the ABI promises; no flag or selector in a frame gives it more than
 * ring 3; and a frame that cannot be entered is the guest's exception, not the hypervisor's.
 * QEMU 7.2 doubles the vector in the error code of an INT it refuses, so that is not looked at.
 */
#include "guest.h"

#include <xen/errno.h>

USER_CODE_BYTES(code_syscall, "mov $0x1234, %eax\n\tsyscall");
USER_CODE_BYTES(code_rcx, "mov %rcx, %rax\n\tmov %r11, %rbx\n\tsyscall");
USER_CODE_BYTES(code_write, "mov $0xffffffff80100000, %rax\n\tmovb $0, (%rax)");
USER_CODE_BYTES(code_read, "mov 0x600000, %al");
USER_CODE_BYTES(code_own, "movb $1, 0x401800\n\tsyscall");
USER_CODE_BYTES(code_hypervisor, "mov $0xffff830000000000, %rax\n\tmovb (%rax), %al");
USER_CODE_BYTES(code_m2p, "mov $0xffff800000000000, %rax\n\tmovb %al, (%rax)");
USER_CODE_BYTES(code_int80, "int $0x80");
USER_CODE_BYTES(code_int41, "int $0x41");
USER_CODE_BYTES(code_int3, "int3");
USER_CODE_BYTES(code_ud2, "ud2");
USER_CODE_BYTES(code_hlt, "hlt");
USER_CODE_BYTES(code_cli, "cli");
USER_CODE_BYTES(code_nop, "nop\n\tnop");
USER_CODE_BYTES(code_flags, "pushf\n\tpop %rax\n\tsyscall");
USER_CODE_BYTES(code_cr3, "mov %cr3, %rax");
USER_CODE_BYTES(code_msr, "mov $0xc0000101, %ecx\n\twrmsr");
USER_CODE_BYTES(code_in, "in $0x80, %al");

static struct user_space user;

static void system_calls(void)
{
	USER_RUN(&user, code_syscall);
	claim_equal("a_system_call_reaches_its_callback", trap_seen.vector, VECTOR_SYSCALL);
	claim_equal("its_number_is_in_rax", trap_seen.rax, 0x1234);
	claim_equal("its_rip_is_behind_it", trap_seen.rip, USER_CODE + 7);
	claim_equal("rcx_is_that_too", trap_seen.rcx, USER_CODE + 7);
	claim_equal("r11_is_rflags", trap_seen.r11, trap_seen.rflags | (trap_seen.r11 & 0x200));
	claim_equal("cs_is_user_code", trap_seen.cs & 0xffff, FLAT_USER_CS);
	claim_equal("ss_is_user_data", trap_seen.ss, FLAT_USER_SS);
	claim_equal("rsp_is_the_users", trap_seen.rsp, USER_STACK);
	USER_RUN(&user, code_own);
	claim_equal("user_code_has_its_own_memory", trap_seen.vector, VECTOR_SYSCALL);
	claim_equal("the_kernel_sees_it", user.stack[0x800], 1);
}

static void expect(const char *name, uint64_t vector, uint64_t error)
{
	claim_equal(name, trap_seen.vector, vector);
	claim_equal("with_its_error_code", trap_seen.error, error);
	claim_equal("from_user_mode", trap_seen.cs & 3, 3);
}

static void exceptions(void)
{
	USER_RUN(&user, code_write);
	expect("the_kernel_is_not_there_for_user_code", 14, 6);
	claim_equal("cr2_is_the_address", shared_info->vcpu_info[0].arch.cr2, 0xffffffff80100000);
	USER_RUN(&user, code_read);
	expect("nor_is_unmapped_memory", 14, 4);
	USER_RUN(&user, code_hypervisor);
	claim_equal("nor_the_hypervisor", trap_seen.vector, 14);
	claim_equal("for_a_user", trap_seen.error & 4, 4);
	USER_RUN(&user, code_m2p);
	claim_equal("the_m2p_cannot_be_written_by_users", trap_seen.vector, 14);
	USER_RUN(&user, code_int3);
	claim_equal("int3_is_a_breakpoint", trap_seen.vector, 3);
	claim_equal("behind_it", trap_seen.rip, USER_CODE + 1);
	USER_RUN(&user, code_ud2);
	claim_equal("ud2_is_an_invalid_opcode", trap_seen.vector, 6);
	USER_RUN(&user, code_hlt);
	expect("hlt_is_refused", 13, 0);
	USER_RUN(&user, code_cli);
	expect("cli_is_refused", 13, 0);
	USER_RUN(&user, code_cr3);
	expect("cr3_is_refused", 13, 0);
	USER_RUN(&user, code_msr);
	expect("wrmsr_is_refused", 13, 0);
	USER_RUN(&user, code_in);
	expect("ports_are_refused", 13, 0);
}

static void interrupts(void)
{
	struct trap_info gates[3] = {
		{.vector = 0x80, .flags = 3, .cs = 0xe033, .address = trap_stub(VECTOR_SYSCALL)},
		{.vector = 0x41, .flags = 3, .cs = 0xe033, .address = trap_stub(VECTOR_SYSCALL)}};

	USER_RUN(&user, code_int80);
	expect("int_80_without_handler_is_gp", 13, 0x402);
	claim_equal("at_the_instruction", trap_seen.rip, USER_CODE);
	USER_RUN(&user, code_int41);
	claim_equal("another_interrupt_too", trap_seen.vector, 13);
	claim_equal("handlers_are_set", hypercall1(__HYPERVISOR_set_trap_table, gates), 0);
	USER_RUN(&user, code_int80);
	claim_equal("int_80_reaches_its_handler", trap_seen.vector, VECTOR_SYSCALL);
	claim_equal("behind_the_instruction", trap_seen.rip, USER_CODE + 2);
	gates[1].flags = 0;
	hypercall1(__HYPERVISOR_set_trap_table, gates);
	USER_RUN(&user, code_int41);
	claim_equal("a_kernel_interrupt_is_refused", trap_seen.vector, 13);
}

static void enter(const struct iret_context *frame, const char *code, const char *end)
{
	memset(user.code, 0xcc, PAGE);
	memcpy(user.code, code, (size_t)(end - code));
	user_enter(frame);
}

static void frames(void)
{
	struct iret_context f = user_frame();

	f.rcx = 0xabcd;
	f.r11 = 0xef01;
	enter(&f, code_rcx, code_rcx_end);
	claim_equal("rcx_is_restored", trap_seen.rax, 0xabcd);
	claim_equal("r11_is_restored", trap_seen.rbx, 0xef01);
	f.flags = VGCF_in_syscall;
	enter(&f, code_rcx, code_rcx_end);
	claim_equal("after_a_system_call_rcx_is_rip", trap_seen.rax, USER_CODE);
	f = user_frame();
	claim_equal("an_if_of_1_lets_events_in", shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
	f.rflags = 2;
	enter(&f, code_flags, code_flags_end);
	claim_equal("an_if_of_0_does_not", shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
	claim_equal("the_real_if_is_1_all_the_same", trap_seen.rax & 0x200, 0x200);
	f.rflags = 0x23002;
	enter(&f, code_flags, code_flags_end);
	claim_equal("iopl_and_vm_are_dropped", trap_seen.rax & 0x23000, 0);
	enter(&f, code_cli, code_cli_end);
	claim_equal("no_iopl_for_cli", trap_seen.vector, 13);
	f.rflags = 0x102;
	enter(&f, code_nop, code_nop_end);
	claim_equal("the_trap_flag_steps", trap_seen.vector, 1);
	claim_equal("one_instruction", trap_seen.rip, USER_CODE + 1);
	f = user_frame();
	f.rflags = 2;
	f.cs = FLAT_USER_CS32;
	enter(&f, code_int3, code_int3_end);
	claim_equal("32_bit_user_code_runs", trap_seen.vector, 3);
	claim_equal("as_such", trap_seen.cs & 0xffff, FLAT_USER_CS32);
}

/* What IRETQ refuses comes back as an exception; where it is said to be is not claimed. */
static void bad(const char *name, struct iret_context f, uint64_t vector)
{
	f.rflags = 2;
	enter(&f, code_syscall, code_syscall_end);
	claim_equal(name, trap_seen.vector, vector);
}

static void bad_frames(void)
{
	struct iret_context f = user_frame();

	f.rip = 0x8000000000000000UL;
	bad("a_rip_that_is_no_address", f, 13);
	f.flags = VGCF_in_syscall;
	bad("also_by_sysret", f, 13);
	f = user_frame();
	f.rip = HYPERVISOR_VIRT_START + (0x8UL << 39);
	bad("a_rip_in_the_hypervisor", f, 14);
	f = user_frame();
	f.cs = 0x1233;
	bad("a_code_selector_of_nothing", f, 13);
	claim_equal("with_the_selector", trap_seen.error, 0x1230);
	f.cs = 0xe00b;
	bad("the_hypervisors_code_segment", f, 13);
	f.cs = 0xe043;
	bad("its_tss", f, 13);
	f.cs = 3;
	bad("a_null_code_selector", f, 13);
	f = user_frame();
	f.ss = 0x4563;
	bad("a_stack_selector_of_nothing", f, 13);
	f = user_frame();
	f.rsp = 0x8000000000000000UL;
	bad("a_stack_that_is_no_address_is_no_error_yet", f, VECTOR_SYSCALL);
}

void guest_test(void)
{
	claim(user_build(&user), "a_user_address_space_is_accepted");
	system_calls();
	exceptions();
	interrupts();
	frames();
	bad_frames();
}
