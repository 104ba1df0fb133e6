/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill -9 of a serving daemon at random moments. A child process serves two rings in shared memory
 * with the daemon's own code (ring.c, xsd.c), the parent plays the guests, keeps their rings full
 * of requests, and kills and replaces the child without ever telling the guests.
 *
 * Guest 1 counts: it makes, reads and removes nodes of its own and checks that each reply is the
 * one that fits its place in the sequence: a request lost, carried out twice or answered twice
 * would show. Transactions' numbers count up with each start, so they show repeated execution too.
 * Guest 2 watches guest 1's nodes: every number must be reported, a repeated event counts.
 *
 * KILLS (default 100) in the environment. Prints what was lost: nothing.
 */
#include "unit/xsd_fixture.h"
#include "unit/unit.h"

#include "xenstored/ring.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUESTS 2

struct shared {
	struct xenstore_domain_interface page[GUESTS];
	unsigned int starts;
};

static struct shared *shared;
static struct fixture fixture;

/* --- the daemon ----------------------------------------------------------- */
static void serve_once(void)
{
	bool moved = false;

	for (unsigned int domid = 1; domid <= GUESTS; domid++) {
		struct conn *conn = xsd_domain(&fixture.xsd, domid);

		if (ring_send(conn->slot, &shared->page[domid - 1], &moved) ||
		    ring_receive(conn->slot, &shared->page[domid - 1], &moved)) {
			_exit(3);
		}
		xsd_refill(&fixture.xsd, conn);
		if (xsd_run(&fixture.xsd, conn) < 0) {
			_exit(4);
		}
	}
	xsd_settle(&fixture.xsd);
}

static pid_t start_daemon(void)
{
	pid_t child = fork();

	if (child) {
		return child;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fixture_reopen(&fixture, 0)) {
		_exit(2);
	}
	for (unsigned int domid = 1; domid <= GUESTS; domid++) {
		ring_publish(xsd_domain(&fixture.xsd, domid)->slot, &shared->page[domid - 1]);
	}
	shared->starts++;
	for (;;) {
		serve_once();
	}
}

/* --- the guests ----------------------------------------------------------- */
struct guest {
	struct xenstore_domain_interface *page;
	char out[WIRE_MESSAGE_MAX];
	size_t out_size;
	size_t out_done;
	struct bytes in;
};

static struct guest guests[GUESTS];

static bool guest_move(struct guest *guest)
{
	struct xenstore_domain_interface *page = guest->page;
	uint32_t prod = page->req_prod;
	uint32_t cons = __atomic_load_n(&page->rsp_prod, __ATOMIC_ACQUIRE);
	bool moved = false;

	while (guest->out_done < guest->out_size &&
	       prod - __atomic_load_n(&page->req_cons, __ATOMIC_ACQUIRE) < XENSTORE_RING_SIZE) {
		page->req[prod++ % XENSTORE_RING_SIZE] = guest->out[guest->out_done++];
		moved = true;
	}
	__atomic_store_n(&page->req_prod, prod, __ATOMIC_RELEASE);
	for (uint32_t at = page->rsp_cons; at != cons; at++) {
		bytes_add(&guest->in, &page->rsp[at % XENSTORE_RING_SIZE], 1);
		moved = true;
	}
	__atomic_store_n(&page->rsp_cons, cons, __ATOMIC_RELEASE);
	return moved;
}

static bool guest_message(struct guest *guest, struct xsd_sockmsg *header,
			  char payload[XENSTORE_PAYLOAD_MAX + 1])
{
	size_t size;

	if (guest->in.size < sizeof(*header)) {
		return false;
	}
	memcpy(header, guest->in.data, sizeof(*header));
	size = sizeof(*header) + header->len;
	if (header->len > XENSTORE_PAYLOAD_MAX || guest->in.size < size) {
		return false;
	}
	memcpy(payload, guest->in.data + sizeof(*header), header->len);
	payload[header->len] = '\0';
	memmove(guest->in.data, guest->in.data + size, guest->in.size - size);
	guest->in.size -= size;
	return true;
}

static void guest_put(struct guest *guest, uint32_t type, uint32_t number, const void *payload,
		      size_t size)
{
	const struct xsd_sockmsg header = {.type = type, .req_id = number, .len = (uint32_t)size};

	memcpy(guest->out, &header, sizeof(header));
	memcpy(guest->out + sizeof(header), payload, size);
	guest->out_size = sizeof(header) + size;
	guest->out_done = 0;
}

/* --- guest 1's sequence: request `number`, and its only right answer ------ */
#define LATEST 50u /* nodes that exist at a time */

static void make_request(struct guest *guest, uint32_t number)
{
	char text[64];
	uint32_t n = number / 5;
	int size = 0;

	switch (number % 5) {
	case 0:
		size = snprintf(text, sizeof(text), "n/%u%cvalue %u", n, 0, n);
		guest_put(guest, XS_WRITE, number, text, (size_t)size);
		break;
	case 1:
		size = snprintf(text, sizeof(text), "n/%u", n);
		guest_put(guest, XS_READ, number, text, (size_t)size + 1);
		break;
	case 2:
		size = snprintf(text, sizeof(text), "n/%u", n - LATEST);
		guest_put(guest, n < LATEST ? XS_GET_PERMS : XS_RM, number, n < LATEST ? "n" : text,
			  n < LATEST ? 2 : (size_t)size + 1);
		break;
	case 3:
		guest_put(guest, XS_TRANSACTION_START, number, "", 1);
		break;
	default: /* of the transaction just started: closed at once */
		guest_put(guest, XS_TRANSACTION_END, number, "F", 2);
		((struct xsd_sockmsg *)(void *)guest->out)->tx_id = n + 1;
		break;
	}
}

static bool is_right(uint32_t number, const struct xsd_sockmsg *header, const char *payload)
{
	char expected[64] = "OK";
	uint32_t n = number / 5;

	switch (number % 5) {
	case 1:
		snprintf(expected, sizeof(expected), "value %u", n);
		break;
	case 2:
		snprintf(expected, sizeof(expected), n < LATEST ? "n1" : "OK");
		break;
	case 3:
		snprintf(expected, sizeof(expected), "%u", n + 1);
		break;
	default:
		break;
	}
	if (header->req_id == number && strcmp(payload, expected) == 0) {
		return true;
	}
	printf("request %u: reply %u of type %u: %s instead of %s\n", number, header->req_id,
	       header->type, payload, expected);
	return false;
}

/* --- the course of things ------------------------------------------------- */
struct counts {
	uint32_t sent;
	uint32_t answered;
	uint32_t wrong;
	uint32_t reported; /* the next number guest 2 has to hear of */
	uint32_t skipped;
	uint32_t repeated;
};

static void hear(struct counts *counts)
{
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	unsigned int number;

	while (guest_message(&guests[1], &header, payload)) {
		if (header.type != XS_WATCH_EVENT ||
		    sscanf(payload, "/local/domain/1/n/%u", &number) != 1) {
			continue;
		}
		if (number == counts->reported) {
			counts->reported++;
		} else if (number > counts->reported) {
			counts->skipped += number - counts->reported;
			counts->reported = number + 1;
		} else if (number + LATEST + 1 > counts->reported &&
			   number + 1 == counts->reported) {
			counts->repeated++;
		} /* else: the event of its removal */
	}
}

static void step(struct counts *counts)
{
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];

	if (guests[0].out_done == guests[0].out_size) {
		make_request(&guests[0], counts->sent++);
	}
	if (!guest_move(&guests[0]) && !guest_move(&guests[1])) {
		sched_yield();
	}
	while (guest_message(&guests[0], &header, payload)) {
		counts->wrong += !is_right(counts->answered++, &header, payload);
	}
	hear(counts);
}

static void prepare(void)
{
	unsigned int dom0;
	unsigned int two;

	fixture_open(&fixture);
	dom0 = fixture_socket(&fixture);
	fixture_domain(&fixture, 1);
	two = fixture_domain(&fixture, 2);
	fixture_ask(&fixture, dom0, XS_MKDIR, 0, "/local/domain/1/n|");
	fixture_ask(&fixture, dom0, XS_SET_PERMS, 0, "/local/domain/1/n|n1|r2|");
	fixture_ask(&fixture, dom0, XS_CONTROL, 0, "quota|set|events|100000|");
	fixture_ask(&fixture, two, XS_WATCH, 0, "/local/domain/1/n|w|");
	/* The rings begin where the journal's positions are. */
	for (unsigned int domid = 1; domid <= GUESTS; domid++) {
		struct slot *slot = xsd_domain(&fixture.xsd, domid)->slot;
		struct xenstore_domain_interface *page = &shared->page[domid - 1];

		ring_publish(slot, page);
		page->req_prod = page->req_cons;
		page->rsp_cons = page->rsp_prod;
		guests[domid - 1].page = page;
	}
	xsd_close(&fixture.xsd);
}

static void nap(long us)
{
	const struct timespec time = {.tv_nsec = us * 1000};

	nanosleep(&time, NULL);
}

static void a_killed_daemon_loses_nothing_and_does_nothing_twice(void)
{
	const char *text = getenv("KILLS");
	unsigned int kills = text ? (unsigned int)atoi(text) : 100;
	struct counts counts = {0};
	uint64_t random = 88172645463325252u;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	prepare();
	for (unsigned int i = 0; i < kills; i++) {
		unsigned int starts = shared->starts;
		pid_t child = start_daemon();
		uint32_t until;
		int status;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		until = counts.answered + (uint32_t)(random % 400);
		for (unsigned int turns = 0; counts.answered < until || shared->starts == starts;
		     turns++) {
			step(&counts);
			if (turns % 1000 == 999 && waitpid(child, &status, WNOHANG) == child) {
				CU_FAIL_FATAL("the daemon ended by itself");
			}
		}
		nap((long)(random >> 40) % 300);
		kill(child, SIGKILL);
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT_TRUE(WIFSIGNALED(status));
	}
	/* The last one answers everything that was asked. */
	pid_t child = start_daemon();

	for (unsigned int turns = 0;
	     counts.answered < counts.sent || guests[0].out_done < guests[0].out_size; turns++) {
		uint32_t asked = counts.sent;

		guest_move(&guests[0]);
		guest_move(&guests[1]);
		if (guests[0].out_done == guests[0].out_size && turns > 1000000) {
			break;
		}
		counts.sent = asked;
		struct xsd_sockmsg header;
		char payload[XENSTORE_PAYLOAD_MAX + 1];

		while (guest_message(&guests[0], &header, payload)) {
			counts.wrong += !is_right(counts.answered++, &header, payload);
		}
		hear(&counts);
		sched_yield();
	}
	/* Of the events as many as a ring holds may still wait for room in it. */
	for (unsigned int turns = 0; counts.reported < (counts.sent + 4) / 5 && turns < 10000;
	     turns++) {
		nap(1000);
		guest_move(&guests[1]);
		hear(&counts);
	}
	nap(200000);
	guest_move(&guests[1]);
	hear(&counts);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("# %u kills, %u requests: %u lost, %u wrong; %u events: %u lost, %u repeated\n",
	       kills, counts.sent, counts.sent - counts.answered, counts.wrong, counts.reported,
	       counts.skipped, counts.repeated);
	CU_ASSERT_EQUAL(counts.answered, counts.sent);
	CU_ASSERT_EQUAL(counts.wrong, 0);
	CU_ASSERT_EQUAL(counts.skipped, 0);
	CU_ASSERT_EQUAL(counts.reported, (counts.sent + 4) / 5);
	CU_ASSERT_EQUAL(fixture_reopen(&fixture, TREE_VERIFY), 0);
	fixture_close(&fixture);
	munmap(shared, sizeof(*shared));
	for (unsigned int i = 0; i < GUESTS; i++) {
		bytes_free(&guests[i].in);
	}
}

static const struct unit_test tests[] = {
	UNIT(a_killed_daemon_loses_nothing_and_does_nothing_twice),
};

int main(void)
{
	return unit_main("xenstored_kill", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
