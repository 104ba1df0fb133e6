/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated guests: state of a domain and of a vcpu, and what the files of hvm/ call of each
 * other. One kind so far: PVH, with nested paging, a local APIC and no other device models.
 *
 * struct domain and struct vcpu point here (->hvm, NULL for a paravirtual one).
 * Legend: (c) constant after creation, (l) under domain->lock, (a) atomic, (v) only by the CPU that
 * runs the vcpu, or by one that has it paused.
 */
#ifndef HVM_HVM_H
#define HVM_HVM_H

#include "hvm/cr.h"
#include "hvm/inject.h"
#include "hvm/msr.h"
#include "hvm/p2m.h"
#include "hvm/params.h"
#include "hvm/virt_ops.h"
#include "hvm/vlapic.h"

#include "domain/vcpu.h"
#include "x86/exception.h"

/* A stream of context records on its way (hypercall/domctl_hvm.c), under the domctl lock. */
struct hvm_context_progress {
	const struct vcpu *caller; /* only compared; NULL: there is none */
	uint64_t buffer;
	uint32_t command;
	uint32_t vcpu;   /* next to be read */
	uint32_t offset; /* in the stream */
};

struct hvm_domain {
	struct p2m p2m;
	struct hvm_params params;
	struct hvm_context_progress context;
	uint64_t mempool_bytes;		/* (l) as the tool stack set it; nothing depends on it */
};

struct hvm_vcpu {
	struct vcpu *vcpu; /* (c) */
	void *arch; /* (c) of virt_ops: struct svm_vcpu */
	struct cr_limits limits; /* what its CPUID lets it turn on: hvm_policy_changed() */

	struct hvm_inject inject; /* (v) */
	struct hvm_msrs msrs;	  /* (v) */
	struct vlapic lapic;
	bool lapic_was_enabled; /* (v) at the last entry */
	uint8_t upcall_vector; /* (a) HVMOP_set_evtchn_upcall_vector; 0: none */

	uint64_t dr[4];	     /* (v) debug registers 0-3; 6 and 7 are in virt_ops' state */
	bool debug_loaded;   /* (v) dr[] is in the CPU */
	uint64_t tsc_aux_of_host; /* (v) while loaded */
};

/* The extension in use; NULL: the machine has none, no translated guest can be made. Tests set
 * their own. */
extern const struct virt_ops *virt_ops;

/* Parts of a domain, from init/parts.c. */
int must_check hvm_domain_create(struct domain *d);
void hvm_domain_free(struct domain *d);
/* As domain_part.shrink. */
bool must_check hvm_domain_shrink(struct domain *d);
/* After a change of d->policy: what v may turn on follows from it. v does not run. */
void hvm_policy_changed(struct vcpu *v);

/* Queues an exception for delivery at the next entry, merging it with one already queued as the CPU
 * does (inject.h); a triple fault shuts the domain down. error: used if the vector has one. */
void hvm_inject_exception(struct vcpu *v, uint8_t vector, uint32_t error);
void hvm_inject_page_fault(struct vcpu *v, uint64_t address, uint32_t error);
void hvm_triple_fault(struct vcpu *v);

/* guest_ops' set_context and its relatives: contexts of struct vcpu_hvm_context. */
int must_check hvm_set_context(struct vcpu *v, const void *context);
void hvm_get_context(struct vcpu *v, void *context);
int must_check hvm_reset_context(struct vcpu *v);

/* What its page tables are, for walk.h. */
struct walk_mode;
void hvm_walk_mode(const struct vcpu *v, struct walk_mode *mode);

/* evtchn_upcall_pending of v went from 0 to 1; any CPU. With a vector of its own: an edge. */
void hvm_upcall(struct vcpu *v);
/* Something waits that would end HLT now. */
bool must_check hvm_is_woken(struct vcpu *v);

/* v stops until an INIT and SIPI; when no vcpu is left the domain has powered itself off. */
void hvm_vcpu_down(struct vcpu *v);

/* Emulates the instruction at RIP, iterations of a repeated one too, if it is of those classes
 * (emul/emul.h); what it raises is queued. */
void hvm_emulate(struct vcpu *v, struct cpu_regs *regs, unsigned int classes);

/* A nested page fault. */
struct hvm_exit;
void hvm_memory_fault(struct vcpu *v, struct cpu_regs *regs, const struct hvm_exit *exit);
/* Loads dr[] into this CPU; MOV DR exits no more. */
void hvm_debug_load(struct vcpu *v);

/* Ports: there is one, the debug console at 0xe9. */
uint32_t hvm_port_read(struct vcpu *v, uint16_t port, unsigned int bytes);
void hvm_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value);

/* Physical memory as an instruction sees it: RAM, the local APIC's page, nothing (reads ones, drops
 * writes). Within one page. */
void hvm_memory_read(struct vcpu *v, uint64_t address, void *to, unsigned int bytes);
void hvm_memory_write(struct vcpu *v, uint64_t address, const void *from, unsigned int bytes);

/* A page of 64 stubs of 32 bytes, for guests that have one. */
void hvm_fill_hypercall_page(void *page);

/* The states a vcpu begins in: after RESET or INIT, and at a SIPI. */
void hvm_reset_state(struct vcpu *v);
void hvm_start_at_sipi(struct vcpu *v, uint8_t vector);

/* MSRs and CPUID as RDMSR, WRMSR and CPUID see them. False: #GP. */
/* What RDTSC shows it now. */
uint64_t hvm_tsc(struct vcpu *v);
bool must_check hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool must_check hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
/* Loads a control register or EFER: checked, and passed on to the hardware. False: #GP. */
bool must_check hvm_load_control(struct vcpu *v, enum hvm_register which, uint64_t value);

#endif
