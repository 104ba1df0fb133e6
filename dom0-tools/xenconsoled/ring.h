/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console ring, from the side that trusts nothing in it. The guest's indices are read once and
 * checked: a distance greater than the buffer is nonsense, and what the ring holds is given up.
 */
#ifndef XENCONSOLED_RING_H
#define XENCONSOLED_RING_H

#include "xenconsoled/journal.h"

#include <xen/io/console.h>

/* Relates the journal to a ring whose consumer index is known: after mapping one for the first
 * time. */
void ring_begin(const struct xencons_interface *ring, struct journal *journal);

/* Relates a journal to the ring it had before: publishes again what was taken but perhaps never
 * said. A ring that does not fit the journal any more (the guest made it anew) is begun. */
void ring_resume(struct xencons_interface *ring, struct journal *journal);

/*
 * Takes what the guest printed, at most `most` bytes, into the journal, and tells the guest.
 * Returns the number of bytes; -EPROTO if the guest's index was nonsense, after which the ring is
 * empty.
 */
int ring_take(struct xencons_interface *ring, struct journal *journal, size_t most);

/* What is there to be taken; 0 for nonsense. */
size_t ring_waiting(const struct xencons_interface *ring, const struct journal *journal);

/* Room for input; 0 if the guest's index is nonsense. */
size_t ring_room(const struct xencons_interface *ring);
/* Puts input, at most ring_room() bytes of which must be free; tells the guest. */
void ring_put(struct xencons_interface *ring, const char *bytes, size_t length);

#endif
