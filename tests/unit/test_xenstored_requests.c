/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients of the store may rely on: replies, errors, order of events, rights, quotas,
 * transactions, and that a restart between any two requests changes none of it.
 */
#include "unit/xsd_fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;
static unsigned int dom0;

static void setup(void)
{
	if (fixture.dir[0]) {
		fixture_close(&fixture);
	}
	fixture_open(&fixture);
	dom0 = fixture_socket(&fixture);
	fixture_events[0] = '\0';
}

static const char *ask(unsigned int client, uint32_t type, const char *request)
{
	return fixture_ask(&fixture, client, type, 0, request);
}

#define SAYS(client, type, request, expected)                                                      \
	CU_ASSERT_STRING_EQUAL(ask(client, type, request), expected)
#define SAYS_IN(client, txn, type, request, expected)                                              \
	CU_ASSERT_STRING_EQUAL(fixture_ask(&fixture, client, type, txn, request), expected)
#define EVENTS(expected)                                                                           \
	do {                                                                                       \
		CU_ASSERT_STRING_EQUAL(fixture_events, expected);                                  \
		fixture_events[0] = '\0';                                                          \
	} while (0)

/* A domain with a home it may write. */
static unsigned int domain(unsigned int domid)
{
	unsigned int client = fixture_domain(&fixture, domid);
	char text[128];

	snprintf(text, sizeof(text), "/local/domain/%u|", domid);
	SAYS(dom0, XS_MKDIR, text, "OK|");
	snprintf(text, sizeof(text), "/local/domain/%u|n%u|r0|", domid, domid);
	SAYS(dom0, XS_SET_PERMS, text, "OK|");
	return client;
}

static void take_events(unsigned int client)
{
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];

	fixture_run(&fixture);
	while (fixture_message(&fixture, client, &header, payload)) {
		size_t used = strlen(fixture_events);

		CU_ASSERT_EQUAL(header.type, XS_WATCH_EVENT);
		snprintf(fixture_events + used, sizeof(fixture_events) - used, "%s|%s|\n", payload,
			 payload + strlen(payload) + 1);
	}
}

static void a_value_is_read_as_it_was_written(void)
{
	SAYS(dom0, XS_WRITE, "/a/b/c|hello", "OK|");
	SAYS(dom0, XS_READ, "/a/b/c|", "hello");
	SAYS(dom0, XS_READ, "/a/b|", "");
	SAYS(dom0, XS_DIRECTORY, "/a|", "b|");
	SAYS(dom0, XS_WRITE, "/a/b/c|", "OK|");
	SAYS(dom0, XS_READ, "/a/b/c|", "");
}

static void children_are_listed_in_order_of_creation(void)
{
	SAYS(dom0, XS_WRITE, "/l/z|", "OK|");
	SAYS(dom0, XS_WRITE, "/l/a|", "OK|");
	SAYS(dom0, XS_WRITE, "/l/m|", "OK|");
	SAYS(dom0, XS_DIRECTORY, "/l|", "z|a|m|");
	SAYS(dom0, XS_RM, "/l/z|", "OK|");
	SAYS(dom0, XS_WRITE, "/l/z|", "OK|");
	SAYS(dom0, XS_DIRECTORY, "/l|", "a|m|z|");
	SAYS(dom0, XS_DIRECTORY, "/|", "tool|l|");
}

static void names_that_are_none_are_refused(void)
{
	char longest[3200] = "/";

	SAYS(dom0, XS_WRITE, "/a//b|x", "!EINVAL");
	SAYS(dom0, XS_WRITE, "/a/|x", "!EINVAL");
	SAYS(dom0, XS_WRITE, "/a b|x", "!EINVAL");
	SAYS(dom0, XS_WRITE, "|x", "!EINVAL");
	SAYS(dom0, XS_WRITE, "@introduceDomain|x", "!EINVAL");
	SAYS(dom0, XS_WRITE, "/no/terminator", "!EINVAL");
	SAYS(dom0, XS_READ, "/a", "!EINVAL");
	SAYS(dom0, XS_READ, "", "!EINVAL");
	SAYS(dom0, XS_READ, "/a|/b|", "!EINVAL");
	SAYS(dom0, XS_RM, "/|", "!EINVAL");
	memset(longest + 1, 'x', 2047);
	longest[2048] = '|';
	SAYS(dom0, XS_WRITE, longest, "OK|");
	SAYS(dom0, XS_READ, longest, "");
	longest[2048] = 'x';
	longest[2049] = '|';
	SAYS(dom0, XS_WRITE, longest, "!EINVAL");
}

static void missing_nodes_are_told_by_name(void)
{
	SAYS(dom0, XS_READ, "/none|", "!ENOENT");
	SAYS(dom0, XS_DIRECTORY, "/none|", "!ENOENT");
	SAYS(dom0, XS_GET_PERMS, "/none|", "!ENOENT");
	SAYS(dom0, XS_SET_PERMS, "/none|n0|", "!ENOENT");
	SAYS(dom0, XS_RM, "/none|", "OK|");
	SAYS(dom0, XS_RM, "/none/below|", "!ENOENT");
	SAYS(dom0, XS_UNWATCH, "/none|t|", "!ENOENT");
	SAYS(dom0, 77, "", "!ENOSYS");
	SAYS(dom0, XS_WATCH_EVENT, "", "!ENOSYS");
	SAYS(dom0, XS_RELEASE, "9|", "!ENOENT");
	SAYS(dom0, XS_RELEASE, "0|", "!EINVAL");
	SAYS_IN(dom0, 5, XS_READ, "/|", "!ENOENT");
}

static void a_watch_fires_at_once_and_for_everything_below(void)
{
	SAYS(dom0, XS_WATCH, "/w|tok|", "OK|");
	EVENTS("/w|tok|\n");
	SAYS(dom0, XS_WATCH, "/w|tok|", "!EEXIST");
	SAYS(dom0, XS_WRITE, "/w/x/y|1", "OK|");
	EVENTS("/w/x/y|tok|\n");
	SAYS(dom0, XS_WRITE, "/other|1", "OK|");
	SAYS(dom0, XS_WRITE, "/wide|1", "OK|");
	EVENTS("");
	SAYS(dom0, XS_MKDIR, "/w/x|", "OK|");
	EVENTS("");
	SAYS(dom0, XS_UNWATCH, "/w|tok|", "OK|");
	SAYS(dom0, XS_WRITE, "/w|1", "OK|");
	EVENTS("");
}

static void removal_fires_inside_and_once_above(void)
{
	SAYS(dom0, XS_WRITE, "/r/a/b|", "OK|");
	SAYS(dom0, XS_WRITE, "/r/a/c|", "OK|");
	SAYS(dom0, XS_WATCH, "/r|top|", "OK|");
	SAYS(dom0, XS_WATCH, "/r/a/c|in|", "OK|");
	SAYS(dom0, XS_WATCH, "/r/a|mid|", "OK|");
	fixture_events[0] = '\0';
	SAYS(dom0, XS_RM, "/r/a|", "OK|");
	EVENTS("/r/a/c|in|\n/r/a|top|\n/r/a|mid|\n");
	SAYS(dom0, XS_DIRECTORY, "/r|", "");
}

static void relative_watches_speak_relative(void)
{
	unsigned int guest = domain(3);

	SAYS(guest, XS_WATCH, "device|t|", "OK|");
	EVENTS("device|t|\n");
	SAYS(dom0, XS_WRITE, "/local/domain/3/device/vbd|x", "OK|");
	take_events(guest);
	EVENTS("device/vbd|t|\n");
}

static void guests_see_only_what_they_may(void)
{
	unsigned int guest = domain(4);

	SAYS(dom0, XS_WRITE, "/secret|1", "OK|");
	SAYS(guest, XS_READ, "/secret|", "!EACCES");
	SAYS(guest, XS_READ, "/missing|", "!EACCES");
	SAYS(guest, XS_READ, "missing|", "!ENOENT");
	SAYS(guest, XS_WRITE, "/secret|2", "!EACCES");
	SAYS(guest, XS_RM, "/secret|", "!EACCES");
	SAYS(guest, XS_WRITE, "data|2", "OK|");
	SAYS(dom0, XS_GET_PERMS, "/local/domain/4/data|", "n4|r0|");
	SAYS(guest, XS_SET_PERMS, "data|n0|", "!EPERM");
	SAYS(guest, XS_SET_PERMS, "data|x4|", "!EINVAL");
	SAYS(guest, XS_SET_PERMS, "data|n4|w7|", "OK|");
	SAYS(guest, XS_CONTROL, "check|", "!EACCES");
	SAYS(guest, XS_INTRODUCE, "9|1|1|", "!EACCES");
	SAYS(guest, XS_RELEASE, "9|", "!EACCES");
	SAYS(guest, XS_IS_DOMAIN_INTRODUCED, "4|", "!EACCES");
	SAYS(guest, XS_GET_DOMAIN_PATH, "4|", "/local/domain/4|");
	SAYS(guest, XS_WATCH, "/|all|", "OK|");
	fixture_events[0] = '\0';
	SAYS(dom0, XS_WRITE, "/secret|3", "OK|");
	SAYS(dom0, XS_WRITE, "/local/domain/4/data|3", "OK|");
	take_events(guest);
	EVENTS("/local/domain/4/data|all|\n");
}

static void a_target_is_open_to_its_stub_domain(void)
{
	unsigned int stub = domain(5);

	domain(6);
	SAYS(stub, XS_READ, "/local/domain/6|", "!EACCES");
	SAYS(dom0, XS_SET_TARGET, "5|6|", "OK|");
	SAYS(stub, XS_READ, "/local/domain/6|", "");
	fixture_restart(&fixture);
	SAYS(stub, XS_WRITE, "/local/domain/6/x|1", "OK|");
	SAYS(dom0, XS_SET_TARGET, "5|60|", "!ENOENT");
}

static void conflicting_transactions_are_refused(void)
{
	SAYS(dom0, XS_WRITE, "/t/a|1", "OK|");
	SAYS(dom0, XS_TRANSACTION_START, "|", "1|");
	SAYS_IN(dom0, 1, XS_READ, "/t/a|", "1");
	SAYS(dom0, XS_WRITE, "/t/a|2", "OK|");
	SAYS_IN(dom0, 1, XS_READ, "/t/a|", "1");
	SAYS_IN(dom0, 1, XS_WRITE, "/t/b|2", "OK|");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "T|", "!EAGAIN");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "T|", "!ENOENT");
	SAYS(dom0, XS_READ, "/t/b|", "!ENOENT");
	SAYS_IN(dom0, 0, XS_TRANSACTION_END, "T|", "!ENOENT");
}

static void a_transaction_shows_at_its_end(void)
{
	SAYS(dom0, XS_WATCH, "/t|w|", "OK|");
	fixture_events[0] = '\0';
	SAYS(dom0, XS_WRITE, "/t/old/x|1", "OK|");
	fixture_events[0] = '\0';
	SAYS(dom0, XS_TRANSACTION_START, "|", "1|");
	SAYS_IN(dom0, 1, XS_TRANSACTION_START, "|", "!EBUSY");
	SAYS_IN(dom0, 1, XS_WRITE, "/t/new/y|2", "OK|");
	SAYS_IN(dom0, 1, XS_RM, "/t/old|", "OK|");
	SAYS_IN(dom0, 1, XS_DIRECTORY, "/t|", "new|");
	SAYS_IN(dom0, 1, XS_SET_PERMS, "/t/new/y|n0|r9|", "OK|");
	SAYS(dom0, XS_DIRECTORY, "/t|", "old|");
	SAYS(dom0, XS_WRITE, "/elsewhere|1", "OK|");
	EVENTS("");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "T|", "OK|");
	EVENTS("/t/new/y|w|\n/t/old|w|\n");
	SAYS(dom0, XS_DIRECTORY, "/t|", "new|");
	SAYS(dom0, XS_GET_PERMS, "/t/new/y|", "n0|r9|");
	SAYS(dom0, XS_CONTROL, "check|",
	     "9 nodes, no damage\n|"); /* with /, tool and names with @ */
}

static void a_transaction_given_up_changes_nothing(void)
{
	SAYS(dom0, XS_TRANSACTION_START, "|", "1|");
	SAYS_IN(dom0, 1, XS_WRITE, "/t|2", "OK|");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "F|", "OK|");
	SAYS(dom0, XS_READ, "/t|", "!ENOENT");
	SAYS(dom0, XS_TRANSACTION_START, "|", "2|");
}

static void an_open_transaction_is_refused_after_a_restart(void)
{
	SAYS(dom0, XS_TRANSACTION_START, "|", "1|");
	SAYS_IN(dom0, 1, XS_WRITE, "/t|2", "OK|");
	fixture_restart(&fixture);
	SAYS_IN(dom0, 1, XS_READ, "/tool|", "");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "T|", "!EAGAIN");
	SAYS_IN(dom0, 1, XS_TRANSACTION_END, "T|", "!ENOENT");
	SAYS(dom0, XS_READ, "/t|", "!ENOENT");
}

static void everything_else_survives_a_restart(void)
{
	unsigned int guest = domain(7);

	SAYS(dom0, XS_WATCH, "/s|tok|", "OK|");
	SAYS(guest, XS_WATCH, "x|rel|", "OK|");
	SAYS(guest, XS_WRITE, "x/y|v", "OK|");
	SAYS(dom0, XS_CONTROL, "quota|7|nodes|5|", "OK|");
	fixture_events[0] = '\0';
	fixture_restart(&fixture);
	SAYS(dom0, XS_WRITE, "/s/1|v", "OK|");
	EVENTS("/s/1|tok|\n");
	SAYS(dom0, XS_WATCH, "/s|tok|", "!EEXIST");
	SAYS(dom0, XS_READ, "/local/domain/7/x/y|", "v");
	SAYS(dom0, XS_WRITE, "/local/domain/7/x/y|w", "OK|");
	take_events(guest);
	EVENTS("x/y|rel|\n");
	SAYS(guest, XS_READ, "x/y|", "w");
	SAYS(guest, XS_WRITE, "1|", "OK|");
	SAYS(guest, XS_WRITE, "2|", "OK|");
	SAYS(guest, XS_WRITE, "3|", "!ENOSPC");
}

static void a_used_up_quota_is_named_in_the_log(void)
{
	unsigned int guest = domain(8);
	char text[4096] = "big|";

	SAYS(dom0, XS_CONTROL, "quota|set|nodes|3|", "OK|");
	SAYS(guest, XS_WRITE, "a/b/c|", "!ENOSPC"); /* with its home it would be four */
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "domain 8: quota 'nodes' (3)"));
	SAYS(guest, XS_WRITE, "a/b|", "OK|");
	SAYS(guest, XS_WRITE, "a/b|again", "OK|");
	memset(text + 4, 'x', 2100);
	SAYS(guest, XS_WRITE, text, "!ENOSPC");
	SAYS(dom0, XS_CONTROL, "quota|set|watches|1|", "OK|");
	SAYS(guest, XS_WATCH, "a|1|", "OK|");
	SAYS(guest, XS_WATCH, "a|2|", "!E2BIG");
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "quota 'watches' (1)"));
	SAYS(dom0, XS_CONTROL, "quota|set|transactions|1|", "OK|");
	SAYS(guest, XS_TRANSACTION_START, "|", "1|");
	SAYS(guest, XS_TRANSACTION_START, "|", "!ENOSPC");
	SAYS(guest, XS_SET_PERMS, "a|n8|r1|r2|r3|r4|r5|", "!ENOSPC");
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(dom0, XS_CONTROL, "quota|8|"), "2 refused"));
	SAYS(dom0, XS_CONTROL, "quota|set|unheard|1|", "!EINVAL");
}

static void a_quota_holds_within_transactions(void)
{
	unsigned int guest = domain(9);

	SAYS(dom0, XS_CONTROL, "quota|9|nodes|3|", "OK|");
	SAYS(guest, XS_TRANSACTION_START, "|", "1|");
	SAYS(guest, XS_TRANSACTION_START, "|", "2|");
	SAYS_IN(guest, 1, XS_WRITE, "a|", "OK|");
	SAYS_IN(guest, 1, XS_WRITE, "b|", "OK|");
	SAYS_IN(guest, 1, XS_WRITE, "c|", "!ENOSPC");
	SAYS_IN(guest, 1, XS_TRANSACTION_END, "T|", "OK|");
	SAYS(dom0, XS_CONTROL, "quota|9|transaction-nodes|2|", "OK|");
	SAYS(guest, XS_TRANSACTION_START, "|", "3|");
	SAYS_IN(guest, 3, XS_READ, "a|", "");
	SAYS_IN(guest, 3, XS_READ, "b|", "");
	SAYS_IN(guest, 3, XS_READ, "|", "!EINVAL");
	SAYS_IN(guest, 3, XS_DIRECTORY, "/local/domain/9|", "!ENOSPC");
}

static void a_domain_that_is_gone_leaves_nothing(void)
{
	unsigned int guest = domain(10);

	SAYS(dom0, XS_WATCH, "@releaseDomain|rel|", "OK|");
	SAYS(dom0, XS_WATCH, "@introduceDomain|int|", "OK|");
	SAYS(guest, XS_WRITE, "mine|1", "OK|");
	SAYS(guest, XS_WATCH, "mine|w|", "OK|");
	SAYS(dom0, XS_WRITE, "/shared|1", "OK|");
	SAYS(dom0, XS_SET_PERMS, "/shared|n0|r10|w11|", "OK|");
	SAYS(dom0, XS_WATCH, "/local/domain/10/mine|w|", "OK|");
	fixture_events[0] = '\0';
	fixture.domain_state[10] = DOMAIN_IS_SHUT_DOWN;
	xsd_check_domains(&fixture.xsd);
	take_events(dom0);
	EVENTS("@releaseDomain|rel|\n");
	xsd_check_domains(&fixture.xsd);
	take_events(dom0);
	EVENTS("");
	fixture.domain_state[10] = DOMAIN_IS_GONE;
	xsd_check_domains(&fixture.xsd);
	take_events(dom0);
	EVENTS("/local/domain/10/mine|w|\n@releaseDomain|rel|\n");
	SAYS(dom0, XS_IS_DOMAIN_INTRODUCED, "10|", "F|");
	SAYS(dom0, XS_READ, "/local/domain/10|", "!ENOENT");
	SAYS(dom0, XS_GET_PERMS, "/shared|", "n0|w11|");
	fixture_restart(&fixture);
	SAYS(dom0, XS_IS_DOMAIN_INTRODUCED, "10|", "F|");
	SAYS(dom0, XS_CONTROL, "check|", "8 nodes, no damage\n|");
}

static void introducing_again_empties_the_ring(void)
{
	unsigned int guest = domain(11);
	struct conn *conn = fixture_conn(&fixture, guest);

	SAYS(dom0, XS_WATCH, "@introduceDomain|int|", "OK|");
	SAYS(guest, XS_WATCH, "x|w|", "OK|");
	SAYS(guest, XS_TRANSACTION_START, "|", "1|");
	fixture_events[0] = '\0';
	CU_ASSERT_NOT_EQUAL(conn->slot->in_end, 0);
	SAYS(dom0, XS_INTRODUCE, "11|5|6|", "OK|");
	EVENTS("");
	CU_ASSERT_EQUAL(conn->slot->in_end, 0);
	CU_ASSERT_EQUAL(conn->slot->out_begin, 0);
	CU_ASSERT_EQUAL(conn->slot->remote_port, 6);
	SAYS(guest, XS_UNWATCH, "x|w|", "!ENOENT");
	SAYS_IN(guest, 1, XS_READ, "x|", "!ENOENT");
	SAYS(dom0, XS_INTRODUCE, "12|5|0|", "!EINVAL");
	SAYS(dom0, XS_INTRODUCE, "12|5|", "!EINVAL");
	SAYS(dom0, XS_INTRODUCE, "12|5|6|", "OK|");
	EVENTS("@introduceDomain|int|\n");
	fixture.attach_error = -EINVAL;
	SAYS(dom0, XS_INTRODUCE, "13|5|6|", "!EINVAL");
	SAYS(dom0, XS_IS_DOMAIN_INTRODUCED, "13|", "F|");
	SAYS(dom0, XS_RELEASE, "12|", "OK|");
	SAYS(dom0, XS_IS_DOMAIN_INTRODUCED, "12|", "F|");
}

static void a_long_list_comes_in_parts(void)
{
	char request[64];
	char all[16384] = "";
	unsigned int parts = 0;
	bool last = false;

	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(request, sizeof(request), "/many/node%04u|", i);
		SAYS(dom0, XS_WRITE, request, "OK|");
	}
	SAYS(dom0, XS_DIRECTORY, "/many|", "!E2BIG");
	while (!last && parts < 10) {
		const char *part;
		size_t length;

		snprintf(request, sizeof(request), "/many|%zu|", strlen(all));
		part = strchr(ask(dom0, XS_DIRECTORY_PART, request), '|');
		CU_ASSERT_PTR_NOT_NULL_FATAL(part);
		length = strlen(part);
		last = part[length - 1] == '|' && part[length - 2] == '|';
		strcat(all, part + 1);
		parts++;
	}
	CU_ASSERT_TRUE(last);
	CU_ASSERT_EQUAL(strlen(all), 9 * 1000 + 1);
	CU_ASSERT_EQUAL(strncmp(all + 9 * 999, "node0999|", 9), 0);
	SAYS(dom0, XS_DIRECTORY_PART, "/many|9001|", "!EINVAL");
	SAYS(dom0, XS_DIRECTORY_PART, "/many|5|", "!EINVAL");
	SAYS(dom0, XS_RM, "/many|", "OK|");
	SAYS(dom0, XS_CONTROL, "check|", "5 nodes, no damage\n|");
}

static void events_nobody_fetches_wait_in_order(void)
{
	unsigned int slow = fixture_socket(&fixture);
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	char path[64];

	SAYS(slow, XS_WATCH, "/e|w|", "OK|");
	for (unsigned int i = 0; i < 1000; i++) {
		int size = snprintf(path, sizeof(path), "/e/some-name-%04u%cx", i % 500, 0);

		while (!fixture_put(&fixture, dom0, XS_WRITE, 0, path, (size_t)size)) {
			fixture_run_only(&fixture);
			fixture_take(&fixture, dom0);
		}
	}
	fixture_run_only(&fixture);
	CU_ASSERT_TRUE(fixture_conn(&fixture, slow)->spill_bytes > 8192);
	/* While events wait in the database its requests do too. */
	CU_ASSERT_TRUE(fixture_put(&fixture, slow, XS_READ, 0, "/tool", 6));
	fixture_run_only(&fixture);
	fixture_restart(&fixture);
	CU_ASSERT_TRUE(fixture_conn(&fixture, slow)->spill_bytes > 8192);
	fixture_run(&fixture);
	for (unsigned int i = 0; i < 500; i++) {
		CU_ASSERT_TRUE_FATAL(fixture_message(&fixture, slow, &header, payload));
		snprintf(path, sizeof(path), "/e/some-name-%04u", i);
		CU_ASSERT_EQUAL(header.type, XS_WATCH_EVENT);
		CU_ASSERT_STRING_EQUAL(payload, path);
	}
	CU_ASSERT_TRUE(fixture_message(&fixture, slow, &header, payload));
	CU_ASSERT_EQUAL(header.type, XS_READ);
	CU_ASSERT_FALSE(fixture_message(&fixture, slow, &header, payload));
	CU_ASSERT_EQUAL(fixture_conn(&fixture, slow)->spill_bytes, 0);
}

static void a_guest_that_reads_nothing_costs_only_itself(void)
{
	unsigned int guest = domain(14);
	unsigned int accepted = 0;
	char path[64];

	SAYS(dom0, XS_CONTROL, "quota|14|events|8|", "OK|");
	SAYS(dom0, XS_CONTROL, "quota|14|nodes|100000|", "OK|");
	SAYS(guest, XS_WATCH, "d|w|", "OK|");
	for (unsigned int i = 0; i < 2000; i++) {
		int size = snprintf(path, sizeof(path), "/local/domain/14/d/%u%c", i, 0);

		CU_ASSERT_TRUE(fixture_put(&fixture, dom0, XS_WRITE, 0, path, (size_t)size));
		fixture_run_only(&fixture);
		fixture_take(&fixture, dom0);
	}
	CU_ASSERT_TRUE(fixture_conn(&fixture, guest)->spill_bytes <= 9 * 1024);
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "quota 'events'"));
	while (fixture_put(&fixture, guest, XS_READ, 0, "d", 2)) {
		accepted++;
		fixture_run_only(&fixture);
	}
	CU_ASSERT_TRUE(accepted < 1000);
	bytes_clear(&fixture.clients[dom0].got);
	SAYS(dom0, XS_READ, "/local/domain/14/d/1999|", "");
}

static void a_message_too_long_ends_the_connection(void)
{
	struct conn *conn = fixture_conn(&fixture, dom0);
	const struct xsd_sockmsg header = {.type = XS_READ, .len = 4097};
	struct iovec pieces[2];

	slot_in_space(conn->slot, pieces);
	memcpy(pieces[0].iov_base, &header, sizeof(header));
	slot_received(conn->slot, sizeof(header));
	CU_ASSERT_EQUAL(xsd_run(&fixture.xsd, conn), -EPROTO);
	xsd_settle(&fixture.xsd);
}

static void an_ended_connection_takes_its_watches_along(void)
{
	unsigned int other = fixture_socket(&fixture);

	SAYS(other, XS_WATCH, "/x|w|", "OK|");
	SAYS(other, XS_TRANSACTION_START, "|", "1|");
	xsd_disconnect(&fixture.xsd, fixture_conn(&fixture, other));
	xsd_settle(&fixture.xsd);
	CU_ASSERT_EQUAL(fixture.xsd.watches.points.count, 0);
	SAYS(dom0, XS_WRITE, "/x|1", "OK|");
	fixture_restart(&fixture);
	CU_ASSERT_EQUAL(fixture.xsd.watches.points.count, 0);
	CU_ASSERT_EQUAL(fixture.xsd.conn_count, 1);
}

static void the_read_only_socket_changes_nothing(void)
{
	unsigned int reader = fixture_socket(&fixture);

	fixture_conn(&fixture, reader)->slot->flags |= SLOT_READ_ONLY;
	fixture_restart(&fixture);
	SAYS(reader, XS_READ, "/tool|", "");
	SAYS(reader, XS_WATCH, "/x|w|", "OK|");
	SAYS(reader, XS_WRITE, "/x|1", "!EROFS");
	SAYS(reader, XS_RM, "/tool|", "!EROFS");
	SAYS(reader, XS_CONTROL, "check|", "!EROFS");
}

static void reset_drops_watches_and_transactions(void)
{
	unsigned int guest = domain(15);

	SAYS(guest, XS_WATCH, "x|w|", "OK|");
	SAYS(guest, XS_TRANSACTION_START, "|", "1|");
	SAYS(guest, XS_RESET_WATCHES, "|", "OK|");
	fixture_events[0] = '\0';
	SAYS(guest, XS_WRITE, "x|", "OK|");
	EVENTS("");
	SAYS_IN(guest, 1, XS_READ, "x|", "!ENOENT");
}

static const struct unit_test tests[] = {
	UNIT(a_value_is_read_as_it_was_written),
	UNIT(children_are_listed_in_order_of_creation),
	UNIT(names_that_are_none_are_refused),
	UNIT(missing_nodes_are_told_by_name),
	UNIT(a_watch_fires_at_once_and_for_everything_below),
	UNIT(removal_fires_inside_and_once_above),
	UNIT(relative_watches_speak_relative),
	UNIT(guests_see_only_what_they_may),
	UNIT(a_target_is_open_to_its_stub_domain),
	UNIT(conflicting_transactions_are_refused),
	UNIT(a_transaction_shows_at_its_end),
	UNIT(a_transaction_given_up_changes_nothing),
	UNIT(an_open_transaction_is_refused_after_a_restart),
	UNIT(everything_else_survives_a_restart),
	UNIT(a_used_up_quota_is_named_in_the_log),
	UNIT(a_quota_holds_within_transactions),
	UNIT(a_domain_that_is_gone_leaves_nothing),
	UNIT(introducing_again_empties_the_ring),
	UNIT(a_long_list_comes_in_parts),
	UNIT(events_nobody_fetches_wait_in_order),
	UNIT(a_guest_that_reads_nothing_costs_only_itself),
	UNIT(a_message_too_long_ends_the_connection),
	UNIT(an_ended_connection_takes_its_watches_along),
	UNIT(the_read_only_socket_changes_nothing),
	UNIT(reset_drops_watches_and_transactions),
};

int main(void)
{
	int status =
		unit_main("xenstored_requests", tests, sizeof(tests) / sizeof(tests[0]), setup);

	fixture_close(&fixture);
	return status;
}
