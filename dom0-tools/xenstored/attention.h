/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which client is waited for without sleep after its reply. Who asks one thing after another has
 * the next request ready before the daemon is asleep and woken, and both are spared that: where
 * client and daemon have a CPU each it costs more than the request. Meanwhile the daemon looks at
 * everybody's descriptors again and again, and offers its CPU each time, so nobody is served or
 * runs later for it. Who asks now and then is not waited for; and after a wait in vain it takes
 * twice as many requests in a row as before until there is another one. Guests, at their rings, are
 * never waited for.
 *
 * Decisions only: the caller has the clock (nanoseconds, from anywhere) and the loop (server.c).
 */
#ifndef XENSTORED_ATTENTION_H
#define XENSTORED_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

#define ATTENTION_NS 100000U  /* the longest wait, and what counts as "at once" */
#define ATTENTION_FEWEST 8U   /* requests in a row before the first wait */
#define ATTENTION_MOST 16384U /* and after many in vain */

struct attention {
	const void *client;   /* who was answered last; only compared */
	uint64_t answered;    /* when */
	bool waits;           /* for its next request */
	unsigned int row;     /* its requests so far, each at once after the reply before it */
	unsigned int wanted;  /* of which there must be as many */
	unsigned int reached; /* waits since the last one in vain, or since `wanted` changed */
};

void attention_init(struct attention *attention);
/* A request of this client is there, and of nobody else; NULL: of several, or of a guest. */
void attention_asked(struct attention *attention, const void *client, uint64_t now);
/* It was answered: attention->waits says whether to wait now. */
void attention_answered(struct attention *attention, uint64_t now);
/* False when a wait has been long enough. */
bool attention_goes_on(struct attention *attention, uint64_t now);
/* The client is gone. */
void attention_forget(struct attention *attention, const void *client);

#endif
