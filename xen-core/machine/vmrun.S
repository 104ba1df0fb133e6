/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Into a translated guest and out again (AMD APM 2 15.5, 15.17). The stack pointer is at
 * cpu_local.regs, as on the way to any guest (entry.S).
 *
 *     vmrun_enter()  ->  VMCB's address in rax
 *     GIF 0, then IF 1: from here an interrupt waits until VMRUN, and ends the stay at once
 *     VMRUN: rax rsp rip rflags come from the VMCB, the other registers are loaded here
 *     IF 0, then GIF 1: an NMI comes in now, an interrupt where the core takes interrupts
 *     vmexit_entry()  ->  the exit path
 *
 * FS, GS, TR, LDTR and the system call registers are the guest's between the two VMLOADs.
 */
#include "asm.h"
#include "registers.h"

	.text
	.globl	guest_vmrun
	.balign	16
guest_vmrun:
	mov	%rsp, %rdi
	call	vmrun_enter
	clgi
	vmload	%rax
	sti
	pop_upper_registers
	add	$8, %rsp
	pop_lower_registers
	vmrun	%rax
	vmsave	%rax
	push_registers
	mov	CPU_HOST_STATE(%rsp), %rax
	vmload	%rax
	cli
	stgi
	cld
	mov	%rsp, %rdi
	call	vmexit_entry
	jmp	guest_exit

	.section .note.GNU-stack, "", @progbits
