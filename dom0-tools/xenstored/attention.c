/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is waited for; see attention.h. */
#include "xenstored/attention.h"

#include <stddef.h>

void attention_init(struct attention *attention)
{
	*attention = (struct attention){.wanted = ATTENTION_FEWEST};
}

static void of_use(struct attention *attention)
{
	if (++attention->reached >= attention->wanted) {
		attention->reached = 0;
		attention->wanted = attention->wanted > ATTENTION_FEWEST ? attention->wanted / 2
									 : ATTENTION_FEWEST;
	}
}

static void in_vain(struct attention *attention)
{
	attention->row = 0;
	attention->reached = 0;
	attention->wanted =
		attention->wanted < ATTENTION_MOST ? 2 * attention->wanted : ATTENTION_MOST;
}

void attention_asked(struct attention *attention, const void *client, uint64_t now)
{
	bool again = client && client == attention->client;

	if (again && now - attention->answered <= ATTENTION_NS) {
		attention->row += attention->row < ATTENTION_MOST;
		if (attention->waits) {
			of_use(attention);
		}
	} else {
		attention->row = 0;
	}
	attention->client = client;
	attention->waits = false;
}

void attention_answered(struct attention *attention, uint64_t now)
{
	attention->answered = now;
	attention->waits = attention->client && attention->row >= attention->wanted;
}

bool attention_goes_on(struct attention *attention, uint64_t now)
{
	if (attention->waits && now - attention->answered > ATTENTION_NS) {
		attention->waits = false;
		in_vain(attention);
	}
	return attention->waits;
}

void attention_forget(struct attention *attention, const void *client)
{
	if (attention->client == client) {
		attention->client = NULL;
		attention->row = 0;
		attention->waits = false;
	}
}
