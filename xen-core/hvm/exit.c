/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from each exit:
 *
 *     interrupt of the machine, window    nothing: the exit path looks at what is pending
 *     port, not a string instruction      answered here
 *     instruction, string to a port       the emulator
 *     guest physical address              hvm/mmio.c
 *     exception                           the guest's own: given to it
 *     debug register                      from now on they are the guest's until it is switched out
 *     triple fault                        the domain is shut down
 *
 * Hypercalls are entry/vmexit.c's. Nothing here depends on the extension in use.
 */
#include "hvm/exit.h"

#include "hvm/hvm.h"

#include "domain/guest_ops.h"
#include "emul/emul.h"
#include "machine/cpu.h"
#include "x86/cr.h"

static void skip(struct vcpu *v, struct cpu_regs *regs, uint64_t next_rip)
{
	regs->rip = next_rip;
	regs->rflags &= ~RFLAGS_RF;
	virt_ops->clear_shadow(v);
	if (regs->rflags & RFLAGS_TF) {
		virt_ops->write(v, HVM_DR6, virt_ops->read(v, HVM_DR6) | DR6_BS);
		hvm_inject_exception(v, EXCEPTION_DB, 0);
	}
}

/* IN leaves the upper half of RAX alone but for 32 bits, which clear it (SDM 2A, IN). */
static void access_port(struct vcpu *v, struct cpu_regs *regs, const struct hvm_exit *exit)
{
	unsigned int bytes = exit->port.bytes;
	uint64_t mask = bytes == 4 ? ~0UL : (1UL << bytes * 8) - 1;
	uint32_t value;

	if (exit->port.in) {
		value = hvm_port_read(v, exit->port.port, bytes);
		regs->rax = (regs->rax & ~mask) | value;
	} else {
		value = (uint32_t)(regs->rax & mask);
		hvm_port_write(v, exit->port.port, bytes, value);
	}
	skip(v, regs, exit->next_rip);
}

void hvm_debug_load(struct vcpu *v)
{
	const struct hvm_vcpu *h = v->hvm;

	cpu_write_dr0(h->dr[0]);
	cpu_write_dr1(h->dr[1]);
	cpu_write_dr2(h->dr[2]);
	cpu_write_dr3(h->dr[3]);
	v->hvm->debug_loaded = true;
	virt_ops->pass_debug(v, true);
}

static void inject_own(struct vcpu *v, const struct hvm_exit *exit)
{
	if (exit->exception.vector == EXCEPTION_PF) {
		hvm_inject_page_fault(v, exit->exception.address, exit->exception.error);
	} else {
		hvm_inject_exception(v, exit->exception.vector, exit->exception.error);
	}
}

static void crash(struct vcpu *v, const struct cpu_regs *regs, const struct hvm_exit *exit,
		  const char *what)
{
	domain_crash(v->domain,
		     "vcpu %u: %s (exit %#lx) at %#lx, cr0 %#lx cr3 %#lx cr4 %#lx efer %#lx", v->id,
		     what, exit->code, regs->rip, virt_ops->read(v, HVM_CR0),
		     virt_ops->read(v, HVM_CR3), virt_ops->read(v, HVM_CR4),
		     virt_ops->read(v, HVM_EFER));
}

/* The IRET itself is still to come: what waits for it waits one instruction more. */
static void nmi_handler_ends(struct vcpu *v)
{
	v->hvm->inject.nmi_blocked = false;
	virt_ops->set_shadow(v);
}

void hvm_exit(struct vcpu *v, struct cpu_regs *regs, const struct hvm_exit *exit)
{
	struct hvm_event broken_off;

	virt_ops->take_broken_off(v, &broken_off);
	if (broken_off.exists) {
		inject_again(&v->hvm->inject, &broken_off);
	}
	switch (exit->reason) {
	case HVM_EXIT_HOST:
	case HVM_EXIT_WINDOW:
	case HVM_EXIT_HYPERCALL:
		break;
	case HVM_EXIT_INSTRUCTION:
		hvm_emulate(v, regs, EMUL_CLASS_SYSTEM);
		break;
	case HVM_EXIT_REFUSED:
		hvm_inject_exception(v, EXCEPTION_UD, 0);
		break;
	case HVM_EXIT_PORT:
		if (exit->port.is_string || exit->next_rip == 0) {
			hvm_emulate(v, regs, EMUL_CLASS_PORT);
		} else {
			access_port(v, regs, exit);
		}
		break;
	case HVM_EXIT_MEMORY:
		hvm_memory_fault(v, regs, exit);
		break;
	case HVM_EXIT_EXCEPTION:
		inject_own(v, exit);
		break;
	case HVM_EXIT_DEBUG_REGISTER:
		hvm_debug_load(v);
		break;
	case HVM_EXIT_IRET:
		nmi_handler_ends(v);
		break;
	case HVM_EXIT_SHUTDOWN:
		hvm_triple_fault(v);
		break;
	case HVM_EXIT_INVALID:
		crash(v, regs, exit, "a state the CPU refuses");
		break;
	case HVM_EXIT_UNKNOWN:
		crash(v, regs, exit, "an exit nobody asked for");
		break;
	}
}
