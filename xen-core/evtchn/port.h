/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a domain's event channel table, for the files of this folder.
 *
 * Ports live in buckets of 64, allocated when first needed and freed with the domain only, so a
 * lookup is two plain loads. A port is two words. `word` packs everything small and a generation:
 *
 *     bits 0-2 kind   3-10 vcpu to notify   11-31 peer port   32-63 generation, odd: changing
 *
 * `extra` is what does not fit: the peer domain's address, the domid an unbound port is reserved
 * for, the pirq, or the VIRQ and the vcpu it was bound on. Writers hold the table's lock; readers
 * take no lock and read again when the generation moved. A peer's address read that way stays
 * good until the reader's exit path: a domain unbinds its ports before it is retired.
 */
#ifndef EVTCHN_PORT_H
#define EVTCHN_PORT_H

#include "evtchn/evtchn.h"

#include "lib/check.h"
#include "lib/index.h"
#include "machine/cpu.h"

#define BUCKET_PORTS 64U
#define BUCKET_COUNT (EVTCHN_PORTS_MAX / BUCKET_PORTS)

enum port_kind {
	PORT_FREE,
	PORT_UNBOUND,
	PORT_INTERDOMAIN,
	PORT_PIRQ,
	PORT_VIRQ,
	PORT_IPI,
};

struct evtchn_port {
	uint64_t word;  /* (a), written under the table's lock */
	uint64_t extra; /* likewise */
};

struct evtchn_fifo;

struct evtchn_table {
	struct spinlock lock;
	uint32_t limit;                            /* (c) ports are below it */
	struct evtchn_port *buckets[BUCKET_COUNT]; /* (a) set once */
	uint64_t used[BUCKET_COUNT];               /* (l) bit per port not free; port 0 is set */
	uint16_t *pirq_port;                       /* (a) set once; PIRQ_MAX ports, 0: not bound */
	struct evtchn_fifo *fifo;                  /* (a) changes under lock; NULL: two levels */
	struct evtchn_fifo *fifo_leaving;          /* (l) some CPU may still look at it */
	uint64_t fifo_grace;                       /* (l) */
};

#define PORT_CHANGING (1UL << 32)

/* A consistent view of one port. */
struct port_state {
	uint64_t word;
	uint64_t extra;
};

static inline enum port_kind port_kind(uint64_t word)
{
	return (enum port_kind)(word & 7);
}

static inline uint32_t port_vcpu(uint64_t word)
{
	return (uint32_t)(word >> 3) & 0xff;
}

static inline uint32_t port_peer(uint64_t word)
{
	return (uint32_t)(word >> 11) & 0x1fffff;
}

static inline struct domain *port_remote(struct port_state state)
{
	return (struct domain *)(uintptr_t)state.extra;
}

static inline uint32_t port_virq(struct port_state state)
{
	return (uint32_t)state.extra;
}

static inline uint32_t port_virq_vcpu(struct port_state state)
{
	return (uint32_t)(state.extra >> 32);
}

/* NULL if no port of that number was ever in use nearby. */
static inline struct evtchn_port *port_find(struct evtchn_table *table, uint32_t port)
{
	struct evtchn_port *bucket;

	if (port >= EVTCHN_PORTS_MAX) {
		return NULL;
	}
	port = (uint32_t)index_clamp(port, EVTCHN_PORTS_MAX);
	bucket = atomic_read_acquire(&table->buckets[port / BUCKET_PORTS]);
	return bucket ? &bucket[port % BUCKET_PORTS] : NULL;
}

static inline struct port_state port_read(const struct evtchn_port *p)
{
	struct port_state state;

	for (;;) {
		state.word = atomic_read_acquire(&p->word);
		state.extra = atomic_read_acquire(&p->extra);
		if (__builtin_expect((state.word & PORT_CHANGING) == 0 &&
					     atomic_read(&p->word) == state.word, 1)) {
			return state;
		}
		cpu_pause();
	}
}

/* Under the lock of the port's table. */
static inline void port_write(struct evtchn_port *p, enum port_kind kind, uint32_t vcpu,
			      uint32_t peer, uint64_t extra)
{
	uint64_t changing = (p->word | PORT_CHANGING);
	uint64_t generation = (changing >> 32) + 1;

	atomic_write(&p->word, changing);
	atomic_write_release(&p->extra, extra);
	atomic_write_release(&p->word, (uint64_t)kind | (uint64_t)vcpu << 3 |
					       (uint64_t)peer << 11 | generation << 32);
}

static inline bool virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
	       virq != VIRQ_XENPMU;
}

/* The lowest free port, -XEN_ENOSPC, -XEN_ENOMEM, or -XEN_EINVAL for a dying domain. It stays free
 * until port_take_locked(). */
int must_check port_choose_locked(struct domain *d, uint32_t *port);
void port_take_locked(struct domain *d, uint32_t port, enum port_kind kind, uint32_t vcpu,
		      uint32_t peer, uint64_t extra);

/* bits.c, fifo.c: makes the port pending and tells the vcpu and whoever polls for it. */
void port_deliver(struct domain *d, uint32_t port, uint32_t vcpu);
void port_clear_pending(struct domain *d, uint32_t port);
void port_unmask(struct domain *d, uint32_t port, uint32_t vcpu);
bool port_is_masked(const struct domain *d, uint32_t port);

/* virq.c, pirq.c: what closing a port of that kind means. */
void virq_release_locked(struct domain *d, struct port_state state);
void virq_forget_handler(const struct domain *d);
void pirq_release_locked(struct domain *d, uint32_t pirq);
void pirq_retarget_locked(struct domain *d, uint32_t pirq, const struct vcpu *v);

#endif
