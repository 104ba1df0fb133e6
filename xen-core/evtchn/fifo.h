/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of event channels in FIFO form, for the files of this folder; fifo.c has the model.
 */
#ifndef EVTCHN_FIFO_H
#define EVTCHN_FIFO_H

#include "evtchn/port.h"

#define FIFO_PAGE_WORDS (4096U / sizeof(uint32_t))
#define FIFO_PAGES (EVTCHN_PORTS_MAX / FIFO_PAGE_WORDS)
#define FIFO_QUEUES ((uint32_t)EVTCHN_FIFO_MAX_QUEUES)
#define FIFO_LINK ((uint32_t)EVTCHN_FIFO_LINK_MASK)
#define FIFO_PENDING (1U << EVTCHN_FIFO_PENDING)
#define FIFO_MASKED (1U << EVTCHN_FIFO_MASKED)
#define FIFO_LINKED (1U << EVTCHN_FIFO_LINKED)
#define FIFO_BUSY (1U << EVTCHN_FIFO_BUSY)

struct fifo_queue {
	struct spinlock lock;
	uint32_t tail; /* (l) the port put on it last; 0: nothing to append to */
};

struct fifo_vcpu {
	struct evtchn_fifo_control_block *block; /* (a) set once; NULL: the guest has given none */
	struct frame *frame;
	struct fifo_queue queues[EVTCHN_FIFO_MAX_QUEUES];
};

struct fifo_page {
	uint32_t *words; /* (a) set once */
	struct frame *frame;
};

struct evtchn_fifo {
	struct fifo_vcpu *vcpus;           /* (c) max_vcpus of them */
	uint32_t page_count;               /* under the table's lock */
	struct fifo_page pages[FIFO_PAGES];
	uint64_t early[BUCKET_COUNT];      /* (a) pending from before there was a word for it */
	uint8_t priority[EVTCHN_PORTS_MAX]; /* (a) */
	/* (a) Queue a port was put on last: vcpu << 4 | priority. Changes with that queue and the
	 * next both locked. */
	uint16_t last[EVTCHN_PORTS_MAX];
};

/* NULL: the domain has two levels. */
static inline struct evtchn_fifo *fifo_of(const struct domain *d)
{
	return atomic_read_acquire(&d->evtchn->fifo);
}

/* The word of a port; NULL: not there yet. */
static inline uint32_t *fifo_word(const struct evtchn_fifo *fifo, uint32_t port)
{
	uint32_t page = port / FIFO_PAGE_WORDS;
	uint32_t *words;

	if (page >= FIFO_PAGES) {
		return NULL;
	}
	words = atomic_read_acquire(&fifo->pages[index_clamp(page, FIFO_PAGES)].words);
	return words ? &words[port % FIFO_PAGE_WORDS] : NULL;
}

/* As port_deliver() and the rest in port.h, of a domain in FIFO form. */
void fifo_deliver(struct domain *d, struct evtchn_fifo *fifo, uint32_t port, uint32_t vcpu);
void fifo_unmask(struct domain *d, struct evtchn_fifo *fifo, uint32_t port, uint32_t vcpu);
void fifo_clear_pending(struct evtchn_fifo *fifo, uint32_t port);
bool fifo_is_pending(struct evtchn_fifo *fifo, uint32_t port);
bool fifo_is_masked(const struct evtchn_fifo *fifo, uint32_t port);
/* A port closed while the guest still has it in a queue: it cannot be given out again yet. */
bool fifo_is_linked(const struct evtchn_fifo *fifo, uint32_t port);
/* A port is given out anew. */
void fifo_port_reset(struct evtchn_fifo *fifo, uint32_t port);

/* Back to two levels: -XEN_ERESTART until no CPU can be using it any more. */
int must_check fifo_leave(struct domain *d);

/* bits.c */
void port_mark_upcall(struct vcpu *v);
void port_wake_pollers(struct domain *d, uint32_t port);

#endif
