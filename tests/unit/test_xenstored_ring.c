/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring a guest shares with the store: bytes arrive whole and in order however they are cut, and
 * indices that make no sense end only that ring.
 */
#include "unit/unit.h"

#include "xenstored/bytes.h"
#include "xenstored/journal.h"
#include "xenstored/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct slot *slot;
static struct xenstore_domain_interface *page;

static void setup(void)
{
	free(slot);
	free(page);
	slot = memory_get(sizeof(*slot));
	page = memory_get(sizeof(*page));
	slot->kind = SLOT_RING;
}

/* The guest's side. */
static uint32_t guest_put(const char *data, uint32_t size)
{
	uint32_t room = XENSTORE_RING_SIZE - (page->req_prod - page->req_cons);

	size = size < room ? size : room;
	for (uint32_t i = 0; i < size; i++) {
		page->req[page->req_prod++ % XENSTORE_RING_SIZE] = data[i];
	}
	return size;
}

static uint32_t guest_get(char *data, uint32_t size)
{
	uint32_t count = 0;

	while (count < size && page->rsp_cons != page->rsp_prod) {
		data[count++] = page->rsp[page->rsp_cons++ % XENSTORE_RING_SIZE];
	}
	return count;
}

/* Takes what has arrived, as the store does when a request is carried out. */
static uint32_t consume(char *to)
{
	struct slot_state state = *slot_state(slot);
	uint32_t size = slot->in_end - state.in_begin;

	slot_copy_in(slot, state.in_begin, to, size);
	state.in_begin += size;
	slot_set_state(slot, &state);
	return size;
}

static void produce(const char *data, uint32_t size)
{
	struct slot_state state = *slot_state(slot);

	slot_put_out(slot, state.out_end, data, size);
	state.out_end += size;
	slot_set_state(slot, &state);
}

static void bytes_arrive_in_order_however_they_are_cut(void)
{
	char sent[50000];
	char got[sizeof(sent) + JOURNAL_QUEUE];
	uint32_t put = 0;
	uint32_t taken = 0;
	bool moved;

	for (size_t i = 0; i < sizeof(sent); i++) {
		sent[i] = (char)(i * 7 + i / 251);
	}
	for (unsigned int turn = 0; taken < sizeof(sent); turn++) {
		uint32_t want = (turn * 37) % 1100;

		want = want < sizeof(sent) - put ? want : (uint32_t)sizeof(sent) - put;
		put += guest_put(sent + put, want);
		CU_ASSERT_EQUAL_FATAL(ring_receive(slot, page, &moved), 0);
		CU_ASSERT_EQUAL(page->req_cons, page->req_prod);
		if (turn % 3 == 0) {
			taken += consume(got + taken);
		}
		CU_ASSERT_TRUE_FATAL(turn < 10000);
	}
	CU_ASSERT_EQUAL(memcmp(sent, got, sizeof(sent)), 0);
}

static void replies_leave_in_order_however_slowly_they_are_read(void)
{
	char sent[30000];
	char got[sizeof(sent)];
	uint32_t put = 0;
	uint32_t taken = 0;
	bool moved;

	for (size_t i = 0; i < sizeof(sent); i++) {
		sent[i] = (char)(i * 11 + i / 13);
	}
	/* Messages must make sense to advance over: one long one. */
	((struct xsd_sockmsg *)(void *)sent)->len = 4096;
	for (unsigned int turn = 0; taken < sizeof(sent); turn++) {
		uint32_t want = 777;

		want = want < sizeof(sent) - put ? want : (uint32_t)sizeof(sent) - put;
		if (slot_out_waiting(slot) + want <= JOURNAL_QUEUE) {
			produce(sent + put, want);
			put += want;
		}
		CU_ASSERT_EQUAL_FATAL(ring_send(slot, page, &moved), 0);
		taken += guest_get(got + taken,
				   (turn * 53) % 600 % (uint32_t)(sizeof(got) - taken + 1));
		CU_ASSERT_TRUE_FATAL(turn < 10000);
	}
	CU_ASSERT_EQUAL(memcmp(sent, got, sizeof(sent)), 0);
}

static void a_full_queue_stops_the_ring_and_loses_nothing(void)
{
	char block[1024];
	char got[JOURNAL_QUEUE + 1024];
	bool moved = false;
	uint32_t total = 0;

	memset(block, 'x', sizeof(block));
	while (guest_put(block, sizeof(block)) == sizeof(block)) {
		total += (uint32_t)sizeof(block);
		CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), 0);
	}
	CU_ASSERT_EQUAL(slot->in_end, JOURNAL_QUEUE);
	CU_ASSERT_EQUAL(page->req_prod - page->req_cons, XENSTORE_RING_SIZE);
	CU_ASSERT_EQUAL(consume(got), JOURNAL_QUEUE);
	CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), 0);
	CU_ASSERT_EQUAL(page->req_prod, page->req_cons);
	CU_ASSERT_EQUAL(total, JOURNAL_QUEUE + XENSTORE_RING_SIZE);
}

static void request_indices_that_make_no_sense_end_the_ring(void)
{
	static const uint32_t bad[] = {1025, 0x7fffffff, 0x80000000, 0xffffffff};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool moved = false;

		setup();
		page->req_prod = bad[i];
		CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), -EPROTO);
		CU_ASSERT_EQUAL(slot->broken, XENSTORE_ERROR_RINGIDX);
		CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_RINGIDX);
		CU_ASSERT_EQUAL(slot->in_end, 0);
	}
}

static void reply_indices_that_make_no_sense_end_the_ring(void)
{
	bool moved = false;

	produce("0123456789abcdef", 16);
	page->rsp_cons = 1;
	CU_ASSERT_EQUAL(ring_send(slot, page, &moved), -EPROTO);
	CU_ASSERT_EQUAL(slot->broken, XENSTORE_ERROR_RINGIDX);
	setup();
	produce("0123456789abcdef", 16);
	page->rsp_cons = (uint32_t)-1025;
	CU_ASSERT_EQUAL(ring_send(slot, page, &moved), -EPROTO);
}

static void what_a_guest_writes_into_our_indices_is_not_believed(void)
{
	char got[JOURNAL_QUEUE];
	bool moved = false;

	guest_put("hello", 5);
	CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), 0);
	page->req_cons = 700;
	page->rsp_prod = 700;
	CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), 0);
	CU_ASSERT_EQUAL(slot->in_end, 5);
	CU_ASSERT_EQUAL(ring_send(slot, page, &moved), 0);
	CU_ASSERT_EQUAL(slot->out_begin, 0);
	ring_publish(slot, page);
	CU_ASSERT_EQUAL(page->req_cons, 5);
	CU_ASSERT_EQUAL(page->rsp_prod, 0);
	CU_ASSERT_EQUAL(consume(got), 5);
}

static void a_ring_served_by_another_is_taken_over_where_it_is(void)
{
	bool moved = false;
	char got[JOURNAL_QUEUE];

	page->req_cons = page->req_prod = 0xfffffff0;
	page->rsp_cons = page->rsp_prod = 12345;
	ring_adopt(slot, page);
	CU_ASSERT_EQUAL(guest_put("across the end of the numbers", 29), 29);
	CU_ASSERT_EQUAL(ring_receive(slot, page, &moved), 0);
	CU_ASSERT_EQUAL(consume(got), 29);
	CU_ASSERT_EQUAL(memcmp(got, "across the end of the numbers", 29), 0);
	produce("reply", 5);
	CU_ASSERT_EQUAL(ring_send(slot, page, &moved), 0);
	CU_ASSERT_EQUAL(guest_get(got, 100), 5);
	CU_ASSERT_EQUAL(memcmp(got, "reply", 5), 0);
}

static const struct unit_test tests[] = {
	UNIT(bytes_arrive_in_order_however_they_are_cut),
	UNIT(replies_leave_in_order_however_slowly_they_are_read),
	UNIT(a_full_queue_stops_the_ring_and_loses_nothing),
	UNIT(request_indices_that_make_no_sense_end_the_ring),
	UNIT(reply_indices_that_make_no_sense_end_the_ring),
	UNIT(what_a_guest_writes_into_our_indices_is_not_believed),
	UNIT(a_ring_served_by_another_is_taken_over_where_it_is),
};

int main(void)
{
	int status = unit_main("xenstored_ring", tests, sizeof(tests) / sizeof(tests[0]), setup);

	free(slot);
	free(page);
	return status;
}
