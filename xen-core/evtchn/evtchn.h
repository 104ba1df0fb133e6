/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: numbered one-bit signals between domains, from virtual and physical interrupts,
 * and between the vcpus of a domain. A port is
 *
 *     free -> unbound        evtchn_alloc_unbound
 *     unbound -> interdomain evtchn_bind_interdomain by the domain it is reserved for
 *     free -> virq | pirq | ipi    evtchn_bind_*
 *     any -> free            evtchn_close; an interdomain peer goes back to unbound
 *
 * Delivery is the 2-level ABI of shared_info (xen/event_channel.h), all steps atomic, until a guest
 * gives a control block: then it is the FIFO ABI, with queues of sixteen priorities per vcpu.
 */
#ifndef EVTCHN_EVTCHN_H
#define EVTCHN_EVTCHN_H

#include "domain/vcpu.h"

#define EVTCHN_PORTS_MAX 4096U

/* Once at start-up: whom domain.c tells about domains that stop. */
void evtchn_init(void);

int must_check evtchn_domain_create(struct domain *d);
/* Closes all ports; restartable. */
int must_check evtchn_domain_teardown(struct domain *d);
void evtchn_domain_free(struct domain *d);
bool must_check evtchn_domain_shrink(struct domain *d);

/* remote need not exist; DOMID_SELF must have been resolved to the caller's id. */
int must_check evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port);
int must_check evtchn_bind_interdomain(struct vcpu *v, struct domain *remote, uint32_t remote_port,
				       uint32_t *port);
int must_check evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port);
int must_check evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port);
int must_check evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, uint32_t *port);
int must_check evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int must_check evtchn_close(struct domain *d, uint32_t port);
int must_check evtchn_send(struct domain *d, uint32_t port);
int must_check evtchn_unmask(struct domain *d, uint32_t port);
int must_check evtchn_reset(struct domain *d);
/* struct evtchn_status, filled except dom and port. */
struct evtchn_status;
int must_check evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *status);

bool evtchn_port_is_valid(struct domain *d, uint32_t port);
bool evtchn_port_is_pending(struct domain *d, uint32_t port);

/* FIFO: a vcpu's control block, a page of event words, a port's priority. -XEN_ENOSYS: forbidden by
 * evtchn_fifo_forbid(), or (priority) two levels; -XEN_EOPNOTSUPP: no control block yet. */
int must_check evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t gfn_number,
					uint32_t offset);
int must_check evtchn_fifo_expand(struct domain *d, uint64_t gfn_number);
int must_check evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority);
/* At start-up: guests keep two levels. */
void evtchn_fifo_forbid(void);

/* The core raises: a per-vcpu VIRQ, or a global VIRQ of a domain. From anywhere, but that FIFO
 * takes the lock of a queue, below whose rank none may be held. */
void evtchn_raise_virq(struct vcpu *v, uint32_t virq);
void evtchn_raise_global_virq(struct domain *d, uint32_t virq);
/* A global VIRQ for whoever handles it: the hardware domain, or the domain set by domctl 66. */
void evtchn_raise_host_virq(uint32_t virq);
int must_check evtchn_set_virq_handler(struct domain *d, uint32_t virq);
/* A physical interrupt bound by the domain arrived. */
void evtchn_raise_pirq(struct domain *d, uint32_t pirq);

/* Recomputes everything about the domain's ports from scratch; host builds only. */
void evtchn_audit(struct domain *d);
void evtchn_dump(struct domain *d, void (*print)(const char *format, ...));

/* The machine side of physical interrupts, supplied at start-up by init (plat/irq.h behind it). */
struct pirq_ops {
	/* First bind of a mapped pirq: unmask, route to that CPU. */
	int (*bind)(struct domain *d, uint32_t pirq, unsigned int cpu);
	void (*unbind)(struct domain *d, uint32_t pirq);
	void (*retarget)(struct domain *d, uint32_t pirq, unsigned int cpu);
	bool (*needs_eoi)(struct domain *d, uint32_t pirq);
};
void evtchn_set_pirq_ops(const struct pirq_ops *ops);

#endif
