/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op and the two shapes event bits take in memory.
 * Two-level: bits in shared_info. FIFO: one 32-bit word per port in guest pages, chained into one
 * queue per vcpu and priority, the heads of which stand in a control block per vcpu.
 * Ports are uint32_t; port 0 never exists.
 */
#ifndef XEN_ABI_EVENT_CHANNEL_H
#define XEN_ABI_EVENT_CHANNEL_H

#include "base.h"
#include "shared_info.h"
#include "virq.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq 1
#define EVTCHNOP_bind_pirq 2
#define EVTCHNOP_close 3
#define EVTCHNOP_send 4
#define EVTCHNOP_status 5
#define EVTCHNOP_alloc_unbound 6
#define EVTCHNOP_bind_ipi 7
#define EVTCHNOP_bind_vcpu 8
#define EVTCHNOP_unmask 9
#define EVTCHNOP_reset 10
#define EVTCHNOP_init_control 11
#define EVTCHNOP_expand_array 12
#define EVTCHNOP_set_priority 13

struct evtchn_alloc_unbound {
	domid_t dom;        /* whose port */
	domid_t remote_dom; /* who may bind to it */
	uint32_t port;      /* out */
};
XEN_ABI_SIZE(struct evtchn_alloc_unbound, 8);

struct evtchn_bind_interdomain {
	domid_t remote_dom;
	uint16_t pad0;
	uint32_t remote_port;
	uint32_t local_port; /* out */
};
XEN_ABI_SIZE(struct evtchn_bind_interdomain, 12);

struct evtchn_bind_virq {
	uint32_t virq;
	uint32_t vcpu;
	uint32_t port; /* out */
};
XEN_ABI_SIZE(struct evtchn_bind_virq, 12);

#define BIND_PIRQ__WILL_SHARE 1

struct evtchn_bind_pirq {
	uint32_t pirq;
	uint32_t flags; /* BIND_PIRQ__* */
	uint32_t port;  /* out */
};
XEN_ABI_SIZE(struct evtchn_bind_pirq, 12);

struct evtchn_bind_ipi {
	uint32_t vcpu;
	uint32_t port; /* out */
};
XEN_ABI_SIZE(struct evtchn_bind_ipi, 8);

struct evtchn_close {
	uint32_t port;
};
XEN_ABI_SIZE(struct evtchn_close, 4);

struct evtchn_send {
	uint32_t port;
};
XEN_ABI_SIZE(struct evtchn_send, 4);

#define EVTCHNSTAT_closed 0
#define EVTCHNSTAT_unbound 1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq 3
#define EVTCHNSTAT_virq 4
#define EVTCHNSTAT_ipi 5

struct evtchn_status {
	domid_t dom;
	uint16_t pad0;
	uint32_t port;
	uint32_t status; /* out: EVTCHNSTAT_*, and all that follows */
	uint32_t vcpu;
	union {
		struct {
			domid_t dom;
		} unbound;
		struct {
			domid_t dom;
			uint16_t pad;
			uint32_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u;
};
XEN_ABI_SIZE(struct evtchn_status, 24);
XEN_ABI_AT(struct evtchn_status, u, 16);
XEN_ABI_AT(struct evtchn_status, u.interdomain.port, 20);

struct evtchn_bind_vcpu {
	uint32_t port;
	uint32_t vcpu;
};
XEN_ABI_SIZE(struct evtchn_bind_vcpu, 8);

struct evtchn_unmask {
	uint32_t port;
};
XEN_ABI_SIZE(struct evtchn_unmask, 4);

struct evtchn_reset {
	domid_t dom;
};
XEN_ABI_SIZE(struct evtchn_reset, 2);

struct evtchn_init_control {
	uint64_t control_gfn;
	uint32_t offset;
	uint32_t vcpu;
	uint8_t link_bits; /* out */
	uint8_t _pad[7];
};
XEN_ABI_SIZE(struct evtchn_init_control, 24);
XEN_ABI_AT(struct evtchn_init_control, link_bits, 16);

struct evtchn_expand_array {
	uint64_t array_gfn;
};
XEN_ABI_SIZE(struct evtchn_expand_array, 8);

struct evtchn_set_priority {
	uint32_t port;
	uint32_t priority;
};
XEN_ABI_SIZE(struct evtchn_set_priority, 8);

/* --- FIFO: priorities, bits of an event word, control block ----------------------------------- */
#define EVTCHN_FIFO_PRIORITY_MAX 0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN 15
#define EVTCHN_FIFO_MAX_QUEUES (EVTCHN_FIFO_PRIORITY_MIN + 1)

#define EVTCHN_FIFO_PENDING 31
#define EVTCHN_FIFO_MASKED 30
#define EVTCHN_FIFO_LINKED 29
#define EVTCHN_FIFO_BUSY 28
#define EVTCHN_FIFO_LINK_BITS 17
#define EVTCHN_FIFO_LINK_MASK ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

struct evtchn_fifo_control_block {
	uint32_t ready; /* one bit per queue */
	uint32_t _rsvd;
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};
XEN_ABI_SIZE(struct evtchn_fifo_control_block, 72);

#endif
