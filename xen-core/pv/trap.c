/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions of PV guests: what the core does itself, and what the guest's handlers get.
 *
 *     #PF  in the LDT window: the page is mapped, or the guest's own address faults;
 *          a write to a read-only page of the kernel's: perhaps emulated; else delivered
 *     #GP  error 0: privileged instruction; error of an IDT entry: int n; else delivered
 *     #UD  forced CPUID, else delivered       #NM  TS goes away, delivered
 *     #DB  DR6 is taken over, delivered       all others delivered
 *
 * One exception waits at a time (vcpu.trap_pending), for the exit path: pv_deliver().
 */
#include "pv/pv.h"

#include "pv/bounce.h"
#include "pv/debugreg.h"
#include "pv/msr.h"
#include "pv/priv.h"

#include "machine/cpu.h"
#include "machine/fault.h"
#include "x86/exception.h"

#define VECTOR_INT80 0x80U
#define IDT_ERROR(vector) ((uint32_t)(vector) << 3 | SELECTOR_ERROR_IDT)
#define OPCODE_INT 0xcdU
#define INT_BYTES 2U
/* What the guest is told of a page fault besides P and W, and U which is recomputed. */
#define PF_ERROR_PASSED \
	(PF_ERROR_PRESENT | PF_ERROR_WRITE | PF_ERROR_FETCH | PF_ERROR_PROTECTION_KEY)

static void queue(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	v->pv->pending = (struct pv_trap){
		.vector = vector,
		.has_error = has_error,
		.error = has_error ? error : 0,
	};
	v->trap_pending = true;
}

void pv_inject(struct vcpu *v, uint8_t vector, uint32_t error)
{
	queue(v, vector, exception_has_error_code(vector), error);
}

void pv_inject_page_fault(struct vcpu *v, uint64_t address, uint32_t error)
{
	/* All of the guest runs in ring 3: the CPU says "user" always. */
	error &= PF_ERROR_PASSED;
	if (!v->pv->in_kernel) {
		error |= PF_ERROR_USER;
	}
	queue(v, EXCEPTION_PF, true, error);
	v->pv->pending.cr2 = address;
}

/* --- page faults ----------------------------------------------------------------------------- */

/* The CPU read a descriptor of the guest's: from its tables' windows, with the core's rights. */
static bool window_fault(struct vcpu *v, uint64_t address, uint32_t error)
{
	uint32_t offset;
	uint64_t own;

	if (error & (PF_ERROR_USER | PF_ERROR_RESERVED)) {
		return false;
	}
	if (tables_gdt_offset(address, &offset)) {
		pv_inject(v, EXCEPTION_GP, offset & 0xfff8U);
		return true;
	}
	if (!tables_ldt_offset(address, &offset)) {
		return false;
	}
	if (!(error & PF_ERROR_PRESENT) && pv_map_ldt_page(v, offset)) {
		return true;
	}
	own = v->pv->ldt_base + offset;
	if (address_is_canonical(own)) {
		pv_inject_page_fault(v, own, error);
	} else {
		pv_inject(v, EXCEPTION_GP, (offset & 0xfff8U) | SELECTOR_ERROR_LDT);
	}
	return true;
}

static void page_fault(struct vcpu *v, struct cpu_regs *regs)
{
	uint64_t address = cpu_read_cr2();
	uint32_t error = regs->error_code;

	if (address_is_hypervisor(address)) {
		if (window_fault(v, address, error)) {
			return;
		}
	} else if (v->pv->in_kernel &&
		   (error & (PF_ERROR_PRESENT | PF_ERROR_WRITE | PF_ERROR_RESERVED |
			     PF_ERROR_FETCH)) == (PF_ERROR_PRESENT | PF_ERROR_WRITE) &&
		   pv_emulate_write(v, regs, address, error)) {
		return;
	}
	pv_inject_page_fault(v, address, error);
}

/* --- general protection and int n ------------------------------------------------------------ */

static bool may_use_handler(const struct vcpu *v, uint8_t vector)
{
	const struct pv_trap_handler *handler = &v->pv->traps[vector];

	/* The guest's kernel counts as ring 1. */
	return handler->address != 0 &&
	       (handler->flags & TI_DPL_MASK) >= (v->pv->in_kernel ? 1 : 3);
}

/*
 * All gates but those of int3, into and int 0x80 have DPL 0, so int n is #GP naming the gate. The
 * vector is taken from the instruction: some emulators put a wrong one into the error code.
 */
static void software_interrupt(struct vcpu *v, struct cpu_regs *regs)
{
	uint8_t code[INT_BYTES];

	if (address_is_hypervisor(regs->rip) || fault_copy_in(code, regs->rip, sizeof(code)) != 0 ||
	    code[0] != OPCODE_INT) {
		pv_inject(v, EXCEPTION_GP, regs->error_code);
		return;
	}
	if (!may_use_handler(v, code[1])) {
		pv_inject(v, EXCEPTION_GP, IDT_ERROR(code[1]));
		return;
	}
	regs->rip += INT_BYTES;
	queue(v, code[1], false, 0);
	v->pv->pending.is_software = true;
}

static void general_protection(struct vcpu *v, struct cpu_regs *regs)
{
	uint32_t error = regs->error_code;

	if (error == 0 && pv_emulate_privileged(v, regs)) {
		return;
	}
	if ((error & SELECTOR_ERROR_IDT) && !(error & SELECTOR_ERROR_EXTERNAL)) {
		software_interrupt(v, regs);
		return;
	}
	pv_inject(v, EXCEPTION_GP, error);
}

static void int80(struct vcpu *v, struct cpu_regs *regs)
{
	if (v->pv->traps[VECTOR_INT80].address != 0) {
		queue(v, VECTOR_INT80, false, 0);
		return;
	}
	regs->rip -= INT_BYTES;
	pv_inject(v, EXCEPTION_GP, IDT_ERROR(VECTOR_INT80));
}

/* --- dispatch -------------------------------------------------------------------------------- */

void pv_trap(struct vcpu *v, struct cpu_regs *regs)
{
	uint32_t vector = regs->entry_vector;

	switch (vector) {
	case EXCEPTION_PF:
		page_fault(v, regs);
		break;
	case EXCEPTION_GP:
		general_protection(v, regs);
		break;
	case EXCEPTION_UD:
		if (!pv_emulate_forced(v, regs)) {
			pv_inject(v, EXCEPTION_UD, 0);
		}
		break;
	case EXCEPTION_NM:
		pv_set_task_switched(v, false);
		pv_inject(v, EXCEPTION_NM, 0);
		break;
	case EXCEPTION_DB:
		pv_debug_merge_status(v);
		pv_inject(v, EXCEPTION_DB, 0);
		break;
	case VECTOR_INT80:
		int80(v, regs);
		break;
	case EXCEPTION_CSO:
	case EXCEPTION_SPURIOUS:
		break;
	default:
		if (vector < EXCEPTION_COUNT) {
			pv_inject(v, (uint8_t)vector, regs->error_code);
		}
		break;
	}
}

void pv_exit_fault(struct vcpu *v, struct cpu_regs *regs, uint8_t vector, uint32_t error)
{
	/* IRET may have read a selector from an LDT page not looked up yet. */
	if (vector == EXCEPTION_PF) {
		uint64_t address = cpu_read_cr2();

		if (!window_fault(v, address, error)) {
			pv_inject_page_fault(v, address, error);
		}
		return;
	}
	if (vector == EXCEPTION_GP && error == 0 && pv_emulate_privileged(v, regs)) {
		return;
	}
	pv_inject(v, vector, error);
}
