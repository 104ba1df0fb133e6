/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated guests: state of a domain and of a vcpu, and what the parts of hvm/ call of each other.
 * One kind so far: PVH, a guest with nested paging, a local APIC and no other device models.
 *
 * struct domain and struct vcpu point here (->hvm, NULL for a paravirtual one).
 * Legend: (c) constant after creation, (l) under domain->lock, (a) atomic, (v) only by the CPU that
 * runs the vcpu, or by one that has it paused.
 */
#ifndef HVM_HVM_H
#define HVM_HVM_H

#include "hvm/inject.h"
#include "hvm/p2m.h"
#include "hvm/virt_ops.h"
#include "hvm/vlapic.h"

#include "domain/vcpu.h"
#include "x86/exception.h"

#include <xen/hvm_params.h>

struct hvm_domain {
	struct p2m p2m;
	uint64_t params[HVM_NR_PARAMS]; /* (a) hypercall/hvm.c */
	uint8_t callback_vector; /* (a) of HVM_PARAM_CALLBACK_IRQ of type vector; 0: none */
	uint64_t mempool_bytes;		/* (l) as the tool stack set it; nothing depends on it */
};

struct hvm_vcpu {
	void *arch; /* (c) of virt_ops: struct svm_vcpu */

	struct hvm_inject inject; /* (v) vcpu.trap_pending says that something is pending in it */
	struct vlapic lapic;
	uint8_t upcall_vector; /* (a) HVMOP_set_evtchn_upcall_vector; 0: none */

	uint64_t dr[4];	     /* (v) debug registers 0-3; 6 and 7 are in virt_ops' state */
	bool debug_loaded;   /* (v) dr[] is in the CPU */
	uint64_t tsc_offset; /* (v) */
	uint64_t tsc_aux;    /* (v) */
};

/* The extension in use; NULL: the machine has none, no translated guest can be made. Tests set
 * their own. */
extern const struct virt_ops *virt_ops;

/* guest_ops of translated guests. */
extern const struct guest_ops hvm_guest_ops;

/* Parts of a domain, from init/parts.c. */
int must_check hvm_domain_create(struct domain *d);
void hvm_domain_free(struct domain *d);

/* Queues an exception for delivery at the next entry, merging it with one already queued as the
 * CPU does (inject.h); a triple fault shuts the domain down. error is used if the vector has one. */
void hvm_inject_exception(struct vcpu *v, uint8_t vector, uint32_t error);
void hvm_inject_page_fault(struct vcpu *v, uint64_t address, uint32_t error);

#endif
