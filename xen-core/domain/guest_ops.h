/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kind of guest (PV, later HVM) provides so that the rest of the core need not know which
 * it is. All functions are called with interrupts off; those marked (l) hold no lock.
 */
#ifndef DOMAIN_GUEST_OPS_H
#define DOMAIN_GUEST_OPS_H

#include "x86/addr.h"

struct cpu_regs;
struct domain;
struct frame;
struct vcpu;

/* A grant mapping to install or remove in the mapper's address space (GNTTABOP_map_grant_ref). */
struct grant_mapping {
	uint64_t host_address; /* as the guest gave it */
	uint32_t flags;        /* GNTMAP_* */
	mfn_t mfn;
	bool readonly;
};

struct guest_ops {
	const char *name;
	bool is_pv;

	int (*vcpu_create)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);

	/* Context switch. Registers lie in cpu_local()->regs while loaded, in v->regs otherwise:
	 * the caller copies those; these move everything else (segments, page tables, debug). */
	void (*load)(struct vcpu *v);
	void (*save)(struct vcpu *v);

	/* (l) On the way back to the guest: delivers what is pending (exception, NMI, event).
	 * Returns true if it changed the guest's state: the exit path looks again. */
	bool (*deliver)(struct vcpu *v);

	/* evtchn_upcall_pending went from 0 to 1; any CPU. The kick follows. NULL: nothing to do.
	 */
	void (*upcall)(struct vcpu *v);

	/* Copies with the guest's kernel mappings; return bytes not copied. v is loaded. */
	size_t (*copy_in)(struct vcpu *v, void *to, uint64_t from, size_t bytes);
	size_t (*copy_out)(struct vcpu *v, uint64_t to, const void *from, size_t bytes);

	/* A guest frame number of the domain as a machine frame; -XEN_EINVAL if none. No
	 * reference. */
	int (*translate)(struct domain *d, gfn_t g, mfn_t *m);

	/* Binds the use "writable" to a frame one holds a reference to: 0, -XEN_EINVAL if it is
	 * used otherwise. PV only has something to do. */
	int (*get_writable)(struct domain *d, struct frame *f);
	void (*put_writable)(struct domain *d, struct frame *f);

	/* Installs or removes one grant mapping for the running vcpu. Return GNTST_*. References
	 * of the frame are the caller's. unmap flushes nothing. */
	int (*grant_map)(struct vcpu *v, const struct grant_mapping *mapping);
	int (*grant_unmap)(struct vcpu *v, const struct grant_mapping *mapping);

	/* VCPUOP_initialise and XEN_DOMCTL_setvcpucontext: context is a struct vcpu_guest_context
	 * (of a translated guest a struct vcpu_hvm_context) in the core's memory. May return
	 * -XEN_ERESTART. */
	int (*set_context)(struct vcpu *v, const void *context);
	void (*get_context)(struct vcpu *v, void *context);
	/* Back to the never initialised state. */
	int (*reset_context)(struct vcpu *v);

	/* (l) Restartable: drops page tables and whatever else refers to the domain's frames. */
	int (*teardown)(struct domain *d);
};

extern const struct guest_ops pv_guest_ops, hvm_guest_ops;

#endif
