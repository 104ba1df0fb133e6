/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways in and out of the core: exceptions and interrupts through the IDT, SYSCALL through the
 * per-CPU stubs (tables.c makes them), and back to the guest.
 *
 * The registers of the guest always come to lie in cpu_local.regs at the top of the CPU's stack:
 * RSP0 and the stubs point just above regs.ss. From there the way is
 *     push registers -> C handler -> exit_to_guest() in C -> pop -> SYSRET or IRET.
 * An exception inside the core uses the stack below and returns where it came from.
 *
 * NMI, #MC, #DF and #DB come on stacks of their own (the guest chooses RSP at SYSCALL).
 */
#include "asm.h"
#include "registers.h"
#include "smap.h"

	.text

/* --- SYSCALL: the stubs have pushed ss, rsp, rflags, cs, rip --------------------------------- */
	.globl	syscall_common
	.balign	16
syscall_common:
	push	$0				/* error code and vector */
	movl	$ENTRY_SYSCALL, 4(%rsp)
	push_registers
	mov	%rsp, %rdi
	call	syscall_entry
	/* fall through */

/* --- the way out: the stack pointer is at cpu_local.regs ----------------------------------------
 * SYSRET to an address that is not canonical faults in ring 0 on Intel, with the guest's stack (SDM
 * 2B, SYSRET): IRET has to go there. Guest user space is below 1 << 47, its kernel in the upper
 * half.
 */
	.globl	guest_exit
guest_exit:
	mov	%rsp, %rdi
	call	exit_to_guest
	testl	$ENTRY_SYSCALL, REGS_VECTOR(%rsp)
	jz	1f
	mov	REGS_RIP(%rsp), %rcx
	mov	%rcx, %r11
	shr	$47, %r11
	jnz	3f
2:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	add	$8, %rsp
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	add	$8, %rsp
	pop	%rdx
	pop	%rsi
	pop	%rdi
	mov	24(%rsp), %r11			/* rflags */
	mov	32(%rsp), %rsp
	sysretq
3:	cmp	$0x1ffff, %r11d
	je	2b
1:	testl	$ENTRY_VMRUN, REGS_VECTOR(%rsp)
	jnz	guest_vmrun
	pop_registers
	add	$8, %rsp
	.globl	guest_iret
guest_iret:
	iretq

/* The exit IRET faulted and trap_entry() has rebuilt the guest's registers: try again. */
	.globl	guest_exit_again
guest_exit_again:
	mov	%rdi, %rsp
	jmp	guest_exit

/* --- exceptions and interrupts --------------------------------------------------------------- */
	.balign	16
trap_common:
	push_registers
	cld
	smap_close
	mov	%rsp, %rdi
	testb	$3, REGS_CS(%rsp)
	jz	1f
	call	trap_entry
	jmp	guest_exit
1:	call	core_trap_entry
	pop_registers
	add	$8, %rsp
	iretq

	.balign	16
irq_common:
	push_registers
	cld
	smap_close
	mov	%rsp, %rdi
	call	irq_entry
	testb	$3, REGS_CS(%rsp)
	jnz	guest_exit
	pop_registers
	add	$8, %rsp
	iretq

/* Own stack; works on the registers where they lie and returns from there. */
	.balign	16
nmi_common:
	push_registers
	cld
	smap_close
	mov	%rsp, %rdi
	call	nmi_entry
	pop_registers
	add	$8, %rsp
	iretq

/* #DB on its own stack. From a guest: moves the frame to the normal stack and goes on as a trap.
 * From the core (a breakpoint of the guest hit at an entry stub): core_debug_entry() ignores it. */
	.balign	16
debug_common:
	testb	$3, 16(%rsp)
	jz	1f
	push	%rax
	push	%rcx
	/* stack: rcx rax error/vector rip cs rflags rsp ss; normal stack's top from this one's */
	mov	%rsp, %rax
	or	$(CPU_STACK_BYTES - 1), %rax
	sub	$(CPU_LOCAL_BYTES - 1 - REGS_ERROR), %rax	/* &regs.error_code */
	mov	16(%rsp), %rcx
	mov	%rcx, 0(%rax)
	mov	24(%rsp), %rcx
	mov	%rcx, 8(%rax)
	mov	32(%rsp), %rcx
	mov	%rcx, 16(%rax)
	mov	40(%rsp), %rcx
	mov	%rcx, 24(%rax)
	mov	48(%rsp), %rcx
	mov	%rcx, 32(%rax)
	mov	56(%rsp), %rcx
	mov	%rcx, 40(%rax)
	mov	(%rsp), %rcx
	push	%rax
	mov	16(%rsp), %rax			/* the guest's rax */
	mov	(%rsp), %rsp
	jmp	trap_common
1:	push_registers
	cld
	smap_close
	mov	%rsp, %rdi
	call	core_debug_entry
	pop_registers
	add	$8, %rsp
	iretq

/* --- the 256 gates: 16 bytes each, error code or 0, vector, common -------------------------- */
	.macro	gate vector, common, has_error
	.balign	16
	.if	!\has_error
	push	$0
	.endif
	movl	$\vector, 4(%rsp)
	jmp	\common
	.endm

	.globl	trap_gates
	.balign	16
trap_gates:
	.set	n, 0
	.rept	256
	.if	n == 2 || n == 18 || n == 8
	.if	n == 8
	gate	n, nmi_common, 1
	.else
	gate	n, nmi_common, 0
	.endif
	.elseif	n == 1
	gate	n, debug_common, 0
	.elseif	(n >= 10 && n <= 14) || n == 17 || n == 21 || n == 29 || n == 30
	gate	n, trap_common, 1
	.elseif	n < 32 || n == 0x80
	gate	n, trap_common, 0
	.else
	gate	n, irq_common, 0
	.endif
	.set	n, n + 1
	.endr

/* --- accesses that may fault (fault.h): each faulting instruction has a line in .fault_table -- */
	.macro	may_fault instruction, fixup
	.pushsection .fault_table, "a"
	.long	\instruction - .
	.long	\fixup - .
	.popsection
	.endm

/* size_t fault_copy_in(void *to, uint64_t from, size_t bytes): bytes not copied. */
	.globl	fault_copy_in
	.globl	fault_copy_out
	.balign	16
fault_copy_in:
	mov	%rdx, %rcx
	smap_open
	cmp	$8, %rdx
	jne	2f
20:	mov	(%rsi), %rax
	smap_close
	mov	%rax, (%rdi)
	xor	%eax, %eax
	ret
2:	shr	$3, %rcx
10:	rep movsq
	mov	%rdx, %rcx
	and	$7, %ecx
11:	rep movsb
	smap_close
	xor	%eax, %eax
	ret
12:	and	$7, %edx			/* words left, and the tail */
	lea	(%rdx, %rcx, 8), %rax
	ret
13:	mov	%rcx, %rax
	ret
21:	mov	$8, %eax
	ret
	may_fault 10b, 12b
	may_fault 11b, 13b
	may_fault 20b, 21b

/* size_t fault_copy_out(uint64_t to, const void *from, size_t bytes) */
	.balign	16
fault_copy_out:
	mov	%rdx, %rcx
	smap_open
	cmp	$8, %rdx
	jne	2f
	mov	(%rsi), %rax
20:	mov	%rax, (%rdi)
	smap_close
	xor	%eax, %eax
	ret
2:	shr	$3, %rcx
10:	rep movsq
	mov	%rdx, %rcx
	and	$7, %ecx
11:	rep movsb
	smap_close
	xor	%eax, %eax
	ret
12:	and	$7, %edx
	lea	(%rdx, %rcx, 8), %rax
	ret
13:	mov	%rcx, %rax
	ret
21:	mov	$8, %eax
	ret
	may_fault 10b, 12b
	may_fault 11b, 13b
	may_fault 20b, 21b

/* int fault_rdmsr_raw(uint32_t msr, uint64_t *value): 0 or -1 */
	.globl	fault_rdmsr_raw
fault_rdmsr_raw:
	mov	%edi, %ecx
1:	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	xor	%eax, %eax
	ret
2:	mov	$-1, %eax
	ret
	may_fault 1b, 2b

	.globl	fault_wrmsr_raw
fault_wrmsr_raw:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
1:	wrmsr
	xor	%eax, %eax
	ret
2:	mov	$-1, %eax
	ret
	may_fault 1b, 2b

	.globl	fault_xsetbv_raw
fault_xsetbv_raw:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
1:	xsetbv
	xor	%eax, %eax
	ret
2:	mov	$-1, %eax
	ret
	may_fault 1b, 2b

	.macro	load_segment name, register
	.globl	\name
\name:
1:	mov	%edi, %\register
	xor	%eax, %eax
	ret
2:	xor	%eax, %eax
	mov	%eax, %\register
	mov	$-1, %eax
	ret
	may_fault 1b, 2b
	.endm
	load_segment load_ds_raw, ds
	load_segment load_es_raw, es
	load_segment load_fs_raw, fs
	load_segment load_gs_raw, gs

	.globl	load_gs_inactive_raw
load_gs_inactive_raw:
	swapgs
1:	mov	%edi, %gs
	swapgs
	xor	%eax, %eax
	ret
2:	xor	%eax, %eax
	mov	%eax, %gs
	swapgs
	mov	$-1, %eax
	ret
	may_fault 1b, 2b

	.section .note.GNU-stack, "", @progbits
