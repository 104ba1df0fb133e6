/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical memory as the emulator sees it, and why a nested page fault came. What stands at
 * an address decides:
 *
 *     the local APIC's page      its registers
 *     RAM                        memory; where read-only, writes are dropped
 *     frames of others, devices  the CPU's own accesses only: what is emulated finds nothing
 *     nothing                    reads ones, drops writes: no device models are attached
 *
 * A fault on memory that allows the access by now was a race with a change of the p2m: the guest
 * tries again.
 */
#include "hvm/exit.h"
#include "hvm/hvm.h"
#include "hvm/npt.h"
#include "hvm/walk.h"

#include "emul/emul.h"
#include "lib/mem.h"

void hvm_memory_read(struct vcpu *v, uint64_t address, void *to, unsigned int bytes)
{
	struct vlapic *lapic = &v->hvm->lapic;

	if (vlapic_page_is(lapic, address)) {
		uint64_t value = vlapic_page_read(lapic, page_offset(address), bytes);

		memcpy(to, &value, bytes);
	} else if (walk_physical_in(v->domain, to, address, bytes)) {
		memset(to, 0xff, bytes);
	}
}

void hvm_memory_write(struct vcpu *v, uint64_t address, const void *from, unsigned int bytes)
{
	struct vlapic *lapic = &v->hvm->lapic;
	uint64_t value = 0;

	if (vlapic_page_is(lapic, address)) {
		memcpy(&value, from, bytes);
		vlapic_page_write(lapic, page_offset(address), bytes, value);
	} else if (walk_physical_out(v->domain, address, from, bytes)) {
		/* Nothing there takes it. */
	}
}

static bool is_allowed_now(const struct p2m_entry *entry, const struct hvm_exit *exit)
{
	uint64_t access = npt_access(entry->kind);

	return (access & PTE_P) && (!exit->memory.write || (access & PTE_RW)) &&
	       !(exit->memory.execute && (access & PTE_NX));
}

void hvm_memory_fault(struct vcpu *v, struct cpu_regs *regs, const struct hvm_exit *exit)
{
	struct p2m_entry entry;

	p2m_get(&v->domain->hvm->p2m, gfn(exit->memory.address >> PAGE_SHIFT), &entry);
	if (vlapic_page_is(&v->hvm->lapic, exit->memory.address)) {
		hvm_emulate(v, regs, EMUL_CLASS_MEMORY);
	} else if (is_allowed_now(&entry, exit)) {
		/* Run it again. */
	} else if (exit->memory.execute) {
		/* What a hole reads as is no instruction, and no program belongs in a granted
		 * frame. */
		hvm_inject_exception(v, entry.kind == P2M_HOLE ? EXCEPTION_UD : EXCEPTION_GP, 0);
	} else {
		hvm_emulate(v, regs, EMUL_CLASS_MEMORY);
	}
}
