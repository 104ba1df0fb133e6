/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which client is waited for after its reply, what becomes of waits in vain; and the daemon itself
 * (XENSTORED, as it was built), which one client keeps busy while another one wants to be heard.
 */
#include "unit/unit.h"

#include "store/store.h"
#include "xenstored/attention.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct attention attention;
static uint64_t now;
static const char one, other;

static void begin(void)
{
	attention_init(&attention);
	now = 1000000;
}

/* A request that takes 5 microseconds, that long after the reply before; true: it is waited then.
 */
static bool request(const void *client, uint64_t after)
{
	now += after;
	attention_asked(&attention, client, now);
	now += 5000;
	attention_answered(&attention, now);
	CU_ASSERT_EQUAL(attention_goes_on(&attention, now + ATTENTION_NS), attention.waits);
	return attention.waits;
}

/* How many requests at once after the reply it takes, the one that is waited after included. */
static unsigned int requests_until_wait(void)
{
	unsigned int count = 1;

	while (!request(&one, 10000) && count < 2 * ATTENTION_MOST) {
		count++;
	}
	return count;
}

static void wait_in_vain(void)
{
	now += ATTENTION_NS + 1;
	CU_ASSERT_FALSE(attention_goes_on(&attention, now));
	CU_ASSERT_FALSE(attention.waits);
}

static void who_asks_on_and_on_is_waited_for(void)
{
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
	CU_ASSERT_TRUE(request(&one, 1000));
}

static void who_asks_now_and_then_is_not(void)
{
	for (unsigned int i = 0; i < 10 * ATTENTION_FEWEST; i++) {
		CU_ASSERT_FALSE(request(&one, ATTENTION_NS + 1));
	}
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST);
}

static void two_who_ask_in_turn_are_not(void)
{
	for (unsigned int i = 0; i < 10 * ATTENTION_FEWEST; i++) {
		CU_ASSERT_FALSE(request(i % 2 ? &one : &other, 1000));
	}
}

static void nobody_is_waited_for_when_several_have_asked(void)
{
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
	CU_ASSERT_FALSE(request(NULL, 1000));
	CU_ASSERT_FALSE(request(NULL, 1000));
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
}

/* Whoever else asks while it is waited for is neither the wait's success nor its failure. */
static void another_ones_request_ends_the_wait(void)
{
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
	CU_ASSERT_FALSE(request(&other, 1000));
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
}

static void waits_in_vain_become_rare(void)
{
	unsigned int wanted = ATTENTION_FEWEST;

	for (unsigned int i = 0; i < 30; i++) {
		CU_ASSERT_EQUAL(requests_until_wait(), wanted + 1);
		wait_in_vain();
		wanted = wanted < ATTENTION_MOST ? 2 * wanted : wanted;
	}
	CU_ASSERT_EQUAL(wanted, ATTENTION_MOST);
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_MOST + 1);
	for (unsigned int i = 0; i < 2 * ATTENTION_MOST; i++) {
		CU_ASSERT_TRUE(request(&one, 1000));
	}
	wait_in_vain();
	CU_ASSERT_EQUAL(requests_until_wait(), 2 * ATTENTION_FEWEST + 1);
}

static void who_is_gone_is_not_waited_for(void)
{
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
	attention_forget(&attention, &other);
	CU_ASSERT_TRUE(attention_goes_on(&attention, now));
	attention_forget(&attention, &one);
	CU_ASSERT_FALSE(attention_goes_on(&attention, now));
	CU_ASSERT_EQUAL(requests_until_wait(), ATTENTION_FEWEST + 1);
}

/* --- the daemon ---------------------------------------------------------------------------------
 */

static pid_t start(void (*run)(const char *), const char *folder)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(folder);
		_exit(1);
	}
	return child;
}

static void serve(const char *folder)
{
	setenv("XENSTORED_RUNDIR", folder, 1);
	execl(XENSTORED, "xenstored", "--no-fork", "--no-domain-init", "--database", folder, NULL);
}

static struct store *connect_to(const char *folder)
{
	struct store *store = NULL;

	setenv("XENSTORED_RUNDIR", folder, 1);
	for (unsigned int i = 0; !store && i < 3000; i++) {
		if (store_open(&store, STORE_ANY, NULL)) {
			store = NULL;
			usleep(10000);
		}
	}
	return store;
}

static bool reads_root(struct store *store)
{
	char *value;
	bool ok = store_read(store, STORE_NO_TX, "/", &value, NULL) == 0;

	if (ok) {
		free(value);
	}
	return ok;
}

static volatile unsigned int *talked;

static void talk(const char *folder)
{
	struct store *store = connect_to(folder);

	while (store && reads_root(store)) {
		++*talked;
	}
}

static void a_client_that_asks_on_and_on_does_not_keep_others_waiting(void)
{
	char folder[] = "/tmp/test-attention.XXXXXX";
	char command[64];
	struct store *store;
	unsigned int before;
	unsigned int heard = 0;
	pid_t daemon;
	pid_t talker;

	talked = mmap(NULL, sizeof(*talked), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	daemon = start(serve, folder);
	store = connect_to(folder);
	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	talker = start(talk, folder);
	for (unsigned int i = 0; *talked < 1000 && i < 6000; i++) {
		usleep(10000);
	}
	before = *talked;
	CU_ASSERT_TRUE(before >= 1000);
	alarm(120); /* it ends the program */
	while (heard < 1000 && reads_root(store)) {
		heard++;
	}
	alarm(0);
	CU_ASSERT_EQUAL(heard, 1000);
	CU_ASSERT_TRUE(*talked > before);
	store_close(store);
	kill(talker, SIGKILL);
	kill(daemon, SIGKILL);
	waitpid(talker, NULL, 0);
	waitpid(daemon, NULL, 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CU_ASSERT_EQUAL(system(command), 0);
}

static const struct unit_test tests[] = {
	UNIT(who_asks_on_and_on_is_waited_for),
	UNIT(who_asks_now_and_then_is_not),
	UNIT(two_who_ask_in_turn_are_not),
	UNIT(nobody_is_waited_for_when_several_have_asked),
	UNIT(another_ones_request_ends_the_wait),
	UNIT(waits_in_vain_become_rare),
	UNIT(who_is_gone_is_not_waited_for),
	UNIT(a_client_that_asks_on_and_on_does_not_keep_others_waiting),
};

int main(void)
{
	return unit_main("xenstored_attention", tests, sizeof(tests) / sizeof(tests[0]), begin);
}
