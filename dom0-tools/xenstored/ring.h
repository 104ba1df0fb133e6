/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes between a connection's slot and the page it shares with its guest. Everything in the page
 * may change at any moment and be anything: an index is read once and checked, and our own
 * positions are the slot's, never the page's. Works on any memory, so tests play the guest.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

struct slot;

/* Moves what is there and fits. *moved: the guest has to be told. -EPROTO: its indices make no
 * sense; then slot->broken is set, page->error says so, and the ring is not served until introduced
 * anew. */
int ring_receive(struct slot *slot, struct xenstore_domain_interface *page, bool *moved);
int ring_send(struct slot *slot, struct xenstore_domain_interface *page, bool *moved);

/* Writes the slot's positions into the page: after an introduction, or a restart. */
void ring_publish(const struct slot *slot, struct xenstore_domain_interface *page);

/* Takes the page's positions as the slot's: a ring somebody else has served before. */
void ring_adopt(struct slot *slot, const struct xenstore_domain_interface *page);

/* The ring is not served any more; error is XENSTORE_ERROR_*. */
void ring_break(struct slot *slot, struct xenstore_domain_interface *page, uint32_t error);

#endif
