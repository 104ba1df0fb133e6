/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels in FIFO form (xen/event_channel.h): a word per port in pages of the guest's, a
 * control block per vcpu with the heads of sixteen queues, one per priority, 0 the most urgent.
 *
 *     word: PENDING -> 1
 *     not MASKED: LINKED 0 -> 1, and the port goes to the end of its queue
 *         the queue's last port is still LINKED: its link names the new one
 *         else: the head names it, the queue's ready bit 0 -> 1, upcall as in bits.c
 *
 * The guest takes ports from the front, clearing LINKED and link in one step, and may change MASKED
 * and PENDING at any time: appending is a compare-exchange. A hostile guest can only make it fail;
 * after a few tries the event is its loss. Links are written here and never followed.
 *
 * A queue's end is remembered here, not in guest memory, under the queue's lock. A port moved to
 * another vcpu or priority while LINKED stays where it is; both queues are locked when it is put on
 * a new one, so that it is the end of neither by mistake.
 *
 * A domain switches with its first control block. What was pending then, and what is raised before
 * the guest has given the page of its word, is kept in `early` and raised when that page comes.
 * It switches back by EVTCHNOP_reset; the pages are let go when every CPU has passed its exit path,
 * since whoever raises an event looks at them without a lock on the table.
 */
#include "evtchn/fifo.h"

#include "domain/own_frame.h"
#include "machine/frames.h"
#include "machine/shared.h"
#include "mm/heap.h"

#include <xen/errno.h>

/* Of a link that the guest keeps changing under us. */
#define LINK_TRIES 4U
#define OFFSET_ALIGN 8U

static bool is_off;

void evtchn_fifo_forbid(void)
{
	is_off = true;
}

/* --- words ----------------------------------------------------------------------------------- */

static bool test_and_set(uint32_t *word, uint32_t bit)
{
	return (atomic_or(word, bit) & bit) != 0;
}

bool fifo_is_masked(const struct evtchn_fifo *fifo, uint32_t port)
{
	const uint32_t *word = fifo_word(fifo, port);

	return !word || (shared_read(word) & FIFO_MASKED) != 0;
}

bool fifo_is_linked(const struct evtchn_fifo *fifo, uint32_t port)
{
	const uint32_t *word = fifo_word(fifo, port);

	return word && (shared_read(word) & FIFO_LINKED) != 0;
}

bool fifo_is_pending(struct evtchn_fifo *fifo, uint32_t port)
{
	const uint32_t *word = fifo_word(fifo, port);

	return word ? (shared_read(word) & FIFO_PENDING) != 0
		    : atomic_bit_test(fifo->early, port);
}

void fifo_clear_pending(struct evtchn_fifo *fifo, uint32_t port)
{
	uint32_t *word = fifo_word(fifo, port);

	(void)atomic_bit_test_and_clear(fifo->early, port);
	if (word) {
		atomic_and(word, ~FIFO_PENDING);
	}
}

void fifo_port_reset(struct evtchn_fifo *fifo, uint32_t port)
{
	atomic_write(&fifo->priority[port], (uint8_t)EVTCHN_FIFO_PRIORITY_DEFAULT);
}

/* --- queues ---------------------------------------------------------------------------------- */

static struct fifo_queue *queue_at(struct evtchn_fifo *fifo, uint16_t where)
{
	return &fifo->vcpus[where >> 4].queues[where & (FIFO_QUEUES - 1)];
}

static uint16_t where_to(const struct evtchn_fifo *fifo, uint32_t port, uint32_t vcpu)
{
	return (uint16_t)(vcpu << 4 | (atomic_read(&fifo->priority[port]) & (FIFO_QUEUES - 1)));
}

/* The queue a port was put on last stays locked with the one it belongs to now: *old. */
static struct fifo_queue *lock_queues(struct evtchn_fifo *fifo, uint32_t port, uint16_t where,
				      struct fifo_queue **old)
{
	struct fifo_queue *queue = queue_at(fifo, where);

	for (;;) {
		uint16_t last = atomic_read(&fifo->last[port]);

		*old = queue_at(fifo, last);
		spin_lock_pair(&queue->lock, &(*old)->lock);
		if (atomic_read(&fifo->last[port]) == last) {
			return queue;
		}
		spin_unlock_pair(&queue->lock, &(*old)->lock);
	}
}

/* True: it is in the list behind `word`, or that is lost to the guest's meddling. */
static bool append(uint32_t *word, uint32_t port)
{
	uint32_t before = shared_read(word);

	for (unsigned int i = 0; i < LINK_TRIES; i++) {
		if (!(before & FIFO_LINKED)) {
			if (before & FIFO_BUSY) {
				atomic_and(word, ~FIFO_BUSY);
			}
			return false;
		}
		if (atomic_compare_exchange(word, &before,
					    (before & ~(FIFO_BUSY | FIFO_LINK)) | port)) {
			return true;
		}
		/* The guest's unmask waits while it sees this. */
		if (i == 0) {
			before = atomic_or(word, FIFO_BUSY) | FIFO_BUSY;
		}
	}
	atomic_and(word, ~FIFO_BUSY);
	return true;
}

static void put_on_queue(struct evtchn_fifo *fifo, struct vcpu *v, struct fifo_queue *queue,
			 uint16_t where, uint32_t port)
{
	struct evtchn_fifo_control_block *block = fifo->vcpus[where >> 4].block;
	uint32_t priority = where & (FIFO_QUEUES - 1);
	bool linked = false;

	if (queue->tail != 0) {
		linked = append(fifo_word(fifo, queue->tail), port);
	}
	queue->tail = port;
	if (linked) {
		return;
	}
	shared_write(&block->head[priority], port);
	if (!test_and_set(&block->ready, 1U << priority)) {
		port_mark_upcall(v);
	}
}

/* Under the locks of both queues. */
static void link_locked(struct domain *d, struct evtchn_fifo *fifo, uint32_t *word, uint32_t port,
			uint16_t where, struct fifo_queue *queue, struct fifo_queue *old)
{
	if (!fifo->vcpus[where >> 4].block || (shared_read(word) & FIFO_MASKED) ||
	    test_and_set(word, FIFO_LINKED)) {
		return;
	}
	/* Taken by the guest meanwhile: nothing can be appended to it where it was. */
	if (old->tail == port) {
		old->tail = 0;
	}
	atomic_write(&fifo->last[port], where);
	put_on_queue(fifo, d->vcpus[where >> 4], queue, where, port);
}

static void link_port(struct domain *d, struct evtchn_fifo *fifo, uint32_t *word, uint32_t port,
		      uint32_t vcpu)
{
	uint16_t where = where_to(fifo, port, vcpu);
	struct fifo_queue *old;
	struct fifo_queue *queue = lock_queues(fifo, port, where, &old);

	link_locked(d, fifo, word, port, where, queue, old);
	spin_unlock_pair(&queue->lock, &old->lock);
}

/* --- raising --------------------------------------------------------------------------------- */

/* No word yet. Whoever brings the page looks at `early` after it is there. */
static bool keep_for_later(struct evtchn_fifo *fifo, uint32_t port)
{
	(void)atomic_bit_test_and_set(fifo->early, port);
	return !fifo_word(fifo, port) || !atomic_bit_test_and_clear(fifo->early, port);
}

void fifo_deliver(struct domain *d, struct evtchn_fifo *fifo, uint32_t port, uint32_t vcpu)
{
	uint32_t *word = fifo_word(fifo, port);
	bool was_pending = false;

	if (!word && keep_for_later(fifo, port)) {
		port_wake_pollers(d, port);
		return;
	}
	word = fifo_word(fifo, port);
	was_pending = test_and_set(word, FIFO_PENDING);
	if ((shared_read(word) & (FIFO_MASKED | FIFO_LINKED)) == 0) {
		link_port(d, fifo, word, port, vcpu);
	}
	if (!was_pending) {
		port_wake_pollers(d, port);
	}
}

void fifo_unmask(struct domain *d, struct evtchn_fifo *fifo, uint32_t port, uint32_t vcpu)
{
	uint32_t *word = fifo_word(fifo, port);

	if (!word) {
		return;
	}
	if (atomic_and(word, ~FIFO_MASKED) & FIFO_PENDING) {
		link_port(d, fifo, word, port, vcpu);
	}
}

/* --- pages of the guest's -------------------------------------------------------------------- */

static void frame_give_back(struct domain *d, struct frame *f)
{
	if (f) {
		own_frame_put_writable(d, f);
	}
}

static void destroy(struct domain *d, struct evtchn_fifo *fifo)
{
	for (uint32_t i = 0; i < fifo->page_count; i++) {
		frame_give_back(d, fifo->pages[i].frame);
	}
	for (uint32_t i = 0; i < d->max_vcpus; i++) {
		frame_give_back(d, fifo->vcpus[i].frame);
	}
	heap_free(fifo->vcpus);
	heap_free(fifo);
}

static struct evtchn_fifo *create(const struct domain *d)
{
	struct evtchn_fifo *fifo = heap_new(struct evtchn_fifo);

	if (!fifo) {
		return NULL;
	}
	fifo->vcpus = heap_alloc(d->max_vcpus * sizeof(fifo->vcpus[0]));
	if (!fifo->vcpus) {
		heap_free(fifo);
		return NULL;
	}
	for (uint32_t i = 0; i < d->max_vcpus; i++) {
		for (uint32_t q = 0; q < FIFO_QUEUES; q++) {
			spin_init(&fifo->vcpus[i].queues[q].lock, evtchn_queue);
		}
	}
	for (uint32_t port = 0; port < EVTCHN_PORTS_MAX; port++) {
		fifo_port_reset(fifo, port);
	}
	return fifo;
}

/* --- switching over -------------------------------------------------------------------------- */

/* Raised by whoever had not seen the switch yet is raised again: port_deliver(). */
static void switch_locked(struct domain *d, struct evtchn_fifo *fifo)
{
	atomic_write_release(&d->evtchn->fifo, fifo);
	atomic_fence();
	for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
		uint64_t pending = shared_read(&d->shared->evtchn_pending[i]);

		(void)atomic_or(&fifo->early[i], pending & d->evtchn->used[i]);
	}
}

static int check_block_locked(const struct domain *d, const struct evtchn_fifo *fifo, uint32_t vcpu)
{
	if (domain_is_dying(d) || d->evtchn->fifo_leaving) {
		return -XEN_EINVAL;
	}
	return fifo && fifo->vcpus[vcpu].block ? -XEN_EINVAL : 0;
}

static void set_block_locked(struct domain *d, struct evtchn_fifo *fifo, uint32_t vcpu,
			     struct frame *f, uint32_t offset)
{
	uint8_t *page = frame_map(frame_mfn(f));

	fifo->vcpus[vcpu].frame = f;
	atomic_write_release(&fifo->vcpus[vcpu].block,
			     (struct evtchn_fifo_control_block *)(void *)(page + offset));
	if (d->evtchn->fifo != fifo) {
		switch_locked(d, fifo);
	}
}

/* made: for the first block of a domain; NULL when it turns out not to be the first. */
static int install_block(struct domain *d, struct evtchn_fifo **made, uint32_t vcpu,
			 struct frame *f, uint32_t offset)
{
	struct evtchn_table *table = d->evtchn;
	int err;

	spin_lock(&table->lock);
	err = check_block_locked(d, table->fifo, vcpu);
	if (!err) {
		struct evtchn_fifo *fifo = table->fifo ? table->fifo : *made;

		set_block_locked(d, fifo, vcpu, f, offset);
		if (fifo == *made) {
			*made = NULL;
		}
	}
	spin_unlock(&table->lock);
	return err;
}

int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t gfn_number, uint32_t offset)
{
	struct evtchn_fifo *made = NULL;
	struct vcpu *v = vcpu_find(d, vcpu);
	struct frame *f;
	int err;

	if (is_off) {
		return -XEN_ENOSYS;
	}
	if (!v) {
		return -XEN_ENOENT;
	}
	if (offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) ||
	    offset % OFFSET_ALIGN != 0) {
		return -XEN_EINVAL;
	}
	err = own_frame_get_writable(d, gfn(gfn_number), &f);
	if (err) {
		return err;
	}
	if (!fifo_of(d)) {
		made = create(d);
		err = made ? 0 : -XEN_ENOMEM;
	}
	if (!err) {
		err = install_block(d, &made, v->id, f, offset);
	}
	if (made) {
		heap_free(made->vcpus);
		heap_free(made);
	}
	if (err) {
		frame_give_back(d, f);
	}
	return err;
}

static int add_page_locked(struct domain *d, struct evtchn_fifo *fifo, struct frame *f,
			   uint32_t *first)
{
	if (domain_is_dying(d) || d->evtchn->fifo != fifo) {
		return -XEN_EINVAL;
	}
	if (fifo->page_count == FIFO_PAGES) {
		return -XEN_ENOSPC;
	}
	*first = fifo->page_count * (uint32_t)FIFO_PAGE_WORDS;
	fifo->pages[fifo->page_count].frame = f;
	atomic_write_release(&fifo->pages[fifo->page_count].words,
			     (uint32_t *)frame_map(frame_mfn(f)));
	fifo->page_count++;
	return 0;
}

static void raise_early(struct domain *d, struct evtchn_fifo *fifo, uint32_t first)
{
	for (uint32_t port = first; port < first + FIFO_PAGE_WORDS; port++) {
		struct evtchn_port *p;

		if (!atomic_bit_test_and_clear(fifo->early, port)) {
			continue;
		}
		p = port_find(d->evtchn, port);
		if (p && port_kind(atomic_read(&p->word)) != PORT_FREE) {
			fifo_deliver(d, fifo, port, port_vcpu(atomic_read(&p->word)));
		}
	}
}

int evtchn_fifo_expand(struct domain *d, uint64_t gfn_number)
{
	struct evtchn_fifo *fifo = fifo_of(d);
	uint32_t first = 0;
	struct frame *f;
	int err;

	if (!fifo) {
		return -XEN_EOPNOTSUPP;
	}
	err = own_frame_get_writable(d, gfn(gfn_number), &f);
	if (err) {
		return err;
	}
	spin_lock(&d->evtchn->lock);
	err = add_page_locked(d, fifo, f, &first);
	spin_unlock(&d->evtchn->lock);
	if (err) {
		frame_give_back(d, f);
		return err;
	}
	atomic_fence();
	raise_early(d, fifo, first);
	return 0;
}

int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct evtchn_fifo *fifo = fifo_of(d);
	struct evtchn_port *p = port_find(d->evtchn, port);

	if (!fifo) {
		return -XEN_ENOSYS;
	}
	if (priority >= FIFO_QUEUES || !p || port_kind(atomic_read(&p->word)) == PORT_FREE) {
		return -XEN_EINVAL;
	}
	atomic_write(&fifo->priority[index_clamp(port, EVTCHN_PORTS_MAX)], (uint8_t)priority);
	return 0;
}

int fifo_leave(struct domain *d)
{
	struct evtchn_table *table = d->evtchn;
	struct evtchn_fifo *fifo;
	bool is_over = false;

	spin_lock(&table->lock);
	if (table->fifo && !table->fifo_leaving) {
		table->fifo_leaving = table->fifo;
		atomic_write_release(&table->fifo, NULL);
		table->fifo_grace = domain_grace_start();
	}
	fifo = table->fifo_leaving;
	if (fifo && domain_grace_is_over(table->fifo_grace)) {
		table->fifo_leaving = NULL;
		is_over = true;
	}
	spin_unlock(&table->lock);
	if (is_over) {
		destroy(d, fifo);
		return 0;
	}
	return fifo ? -XEN_ERESTART : 0;
}
