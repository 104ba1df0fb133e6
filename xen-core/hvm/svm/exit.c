/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the VMCB's exit code to a neutral reason. Instructions that are always emulated are told
 * apart by the emulator, which decodes them anyway: CPUs without "next RIP", and emulators of CPUs,
 * do not say how long they were.
 */
#include "hvm/svm/svm.h"

static void decode_port(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	uint64_t info = vmcb->exit_info_1;

	exit->reason = HVM_EXIT_PORT;
	exit->next_rip = vmcb->exit_info_2;
	exit->port.port = (uint16_t)(info >> SVM_PORT_NUMBER_SHIFT);
	exit->port.bytes = (uint8_t)(info >> SVM_PORT_BYTES_SHIFT & 7);
	exit->port.in = (info & SVM_PORT_IN) != 0;
	exit->port.is_string = (info & SVM_PORT_STRING) != 0;
}

static void decode_fault(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	exit->reason = HVM_EXIT_MEMORY;
	exit->memory.address = vmcb->exit_info_2;
	exit->memory.write = (vmcb->exit_info_1 & SVM_FAULT_WRITE) != 0;
	exit->memory.execute = (vmcb->exit_info_1 & SVM_FAULT_FETCH) != 0;
	exit->memory.present = (vmcb->exit_info_1 & SVM_FAULT_PRESENT) != 0;
}

static void decode_exception(const struct vmcb *vmcb, unsigned int vector, struct hvm_exit *exit)
{
	exit->reason = HVM_EXIT_EXCEPTION;
	exit->exception.vector = (uint8_t)vector;
	exit->exception.has_error = exception_has_error_code(vector);
	exit->exception.error = exit->exception.has_error ? (uint32_t)vmcb->exit_info_1 : 0;
	exit->exception.address = vmcb->exit_info_2;
}

static enum hvm_exit_reason reason_of(uint64_t code)
{
	if (code < SVM_EXIT_DR_READ) {
		return HVM_EXIT_INSTRUCTION;
	}
	if (code < SVM_EXIT_EXCEPTION) {
		return HVM_EXIT_DEBUG_REGISTER;
	}
	switch (code) {
	case SVM_EXIT_INTR:
	case SVM_EXIT_NMI:
	case SVM_EXIT_SMI:
	case SVM_EXIT_INIT:
		return HVM_EXIT_HOST;
	case SVM_EXIT_VINTR:
		return HVM_EXIT_WINDOW;
	case SVM_EXIT_RDTSC:
	case SVM_EXIT_RDTSCP:
	case SVM_EXIT_RDPMC:
	case SVM_EXIT_CPUID:
	case SVM_EXIT_INVD:
	case SVM_EXIT_WBINVD:
	case SVM_EXIT_HLT:
	case SVM_EXIT_MSR:
	case SVM_EXIT_XSETBV:
		return HVM_EXIT_INSTRUCTION;
	case SVM_EXIT_VMMCALL:
		return HVM_EXIT_HYPERCALL;
	case SVM_EXIT_IRET:
		return HVM_EXIT_IRET;
	case SVM_EXIT_SHUTDOWN:
		return HVM_EXIT_SHUTDOWN;
	case SVM_EXIT_INVALID:
		return HVM_EXIT_INVALID;
	case SVM_EXIT_INVLPGA:
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_MONITOR:
	case SVM_EXIT_MWAIT:
	case SVM_EXIT_MWAIT_ARMED:
	case SVM_EXIT_RDPRU:
		return HVM_EXIT_REFUSED;
	default:
		return HVM_EXIT_UNKNOWN;
	}
}

void svm_decode_exit(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	uint64_t code = vmcb->exit_code;

	*exit = (struct hvm_exit){.code = code};
	if (code == SVM_EXIT_PORT) {
		decode_port(vmcb, exit);
	} else if (code == SVM_EXIT_NESTED_FAULT) {
		decode_fault(vmcb, exit);
	} else if (code == SVM_EXIT_EXCEPTION + EXCEPTION_MC) {
		exit->reason = HVM_EXIT_HOST;
	} else if (code >= SVM_EXIT_EXCEPTION && code < SVM_EXIT_INTR) {
		decode_exception(vmcb, (unsigned int)(code - SVM_EXIT_EXCEPTION), exit);
	} else {
		exit->reason = reason_of(code);
	}
}
