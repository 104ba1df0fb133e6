/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's client against a store that fails on demand, and against peers that are none. */
#include "store/store.h"
#include "lib/report.h"
#include "unit/fake_store.h"
#include "unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

static char socket_path[64];

static void setup(void)
{
	snprintf(socket_path, sizeof(socket_path), "/tmp/test-store.%d", (int)getpid());
	setenv("XENSTORED_PATH", socket_path, 1);
}

static struct fake_store *fake;
static struct store *store;

static void begin(void)
{
	fake = fake_store_start(socket_path);
	if (store_open(&store, STORE_ANY, NULL)) {
		abort();
	}
}

static void end(void)
{
	store_close(store);
	fake_store_stop(fake);
	unlink(socket_path);
}

static void what_is_written_is_read(void)
{
	static const char bytes[] = {0, 1, 'x', 0, (char)0xff};
	char *value;
	size_t length;
	uint64_t number;

	begin();
	CU_ASSERT_EQUAL(store_write(store, STORE_NO_TX, "/a/b", bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL_FATAL(store_read(store, STORE_NO_TX, "/a/b", &value, &length), 0);
	CU_ASSERT_EQUAL(length, sizeof(bytes));
	CU_ASSERT_EQUAL(memcmp(value, bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(value[length], '\0');
	free(value);
	CU_ASSERT_EQUAL(store_read(store, STORE_NO_TX, "/a/c", &value, &length), -ENOENT);
	CU_ASSERT_EQUAL(store_write_format(store, STORE_NO_TX, "/n", "%u", 42U), 0);
	CU_ASSERT_EQUAL(store_read_number(store, STORE_NO_TX, "/n", &number), 0);
	CU_ASSERT_EQUAL(number, 42);
	CU_ASSERT_EQUAL(store_write_text(store, STORE_NO_TX, "/n", "42 "), 0);
	CU_ASSERT_EQUAL(store_read_number(store, STORE_NO_TX, "/n", &number), -EINVAL);
	CU_ASSERT_EQUAL(store_write_text(store, STORE_NO_TX, "/n", "-1"), 0);
	CU_ASSERT_EQUAL(store_read_number(store, STORE_NO_TX, "/n", &number), -EINVAL);
	CU_ASSERT_EQUAL(store_write_text(store, STORE_NO_TX, "/n", ""), 0);
	CU_ASSERT_EQUAL(store_read_number(store, STORE_NO_TX, "/n", &number), -EINVAL);
	CU_ASSERT_EQUAL(store_rm(store, STORE_NO_TX, "/n"), 0);
	CU_ASSERT_EQUAL(store_read_number(store, STORE_NO_TX, "/n", &number), -ENOENT);
	end();
}

static void errors_keep_their_names(void)
{
	static const struct {
		const char *name;
		int error;
	} cases[] = {
		{"EACCES", -EACCES}, {"EPERM", -EPERM},   {"ENOSPC", -ENOSPC}, {"E2BIG", -E2BIG},
		{"EBUSY", -EBUSY},   {"ENOMEM", -ENOMEM}, {"EAGAIN", -EAGAIN}, {"EWHAT", -EINVAL},
	};

	begin();
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_store_fail(fake, XS_MKDIR, cases[i].name);
		CU_ASSERT_EQUAL(store_mkdir(store, STORE_NO_TX, "/x"), cases[i].error);
	}
	CU_ASSERT_EQUAL(store_mkdir(store, STORE_NO_TX, "/x"), 0);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_MKDIR), 9);
	end();
}

static void a_long_list_is_fetched_in_parts(void)
{
	char path[64];
	char **names;
	unsigned int count;

	begin();
	fake_store_limit_lists(fake, 200);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/list/name-%d", i);
		CU_ASSERT_EQUAL(store_mkdir(store, STORE_NO_TX, path), 0);
	}
	CU_ASSERT_EQUAL_FATAL(store_list(store, STORE_NO_TX, "/list", &names, &count), 0);
	CU_ASSERT_EQUAL(count, 300);
	CU_ASSERT_STRING_EQUAL(names[0], "name-0");
	CU_ASSERT_STRING_EQUAL(names[299], "name-299");
	CU_ASSERT_PTR_NULL(names[300]);
	CU_ASSERT_TRUE(fake_store_requests(fake, XS_DIRECTORY_PART) > 10);
	free(names);
	CU_ASSERT_EQUAL_FATAL(store_list(store, STORE_NO_TX, "/list/name-1", &names, &count), 0);
	CU_ASSERT_EQUAL(count, 0);
	free(names);
	CU_ASSERT_EQUAL(store_list(store, STORE_NO_TX, "/none", &names, &count), -ENOENT);
	end();
}

static void permissions_are_set_and_read(void)
{
	static const struct store_perm perms[] = {{0, STORE_NONE}, {5, STORE_BOTH}};
	struct store_perm *got;
	unsigned int count;

	begin();
	CU_ASSERT_EQUAL(store_mkdir(store, STORE_NO_TX, "/p"), 0);
	CU_ASSERT_EQUAL(store_set_perms(store, STORE_NO_TX, "/p", perms, 2), 0);
	CU_ASSERT_EQUAL_FATAL(store_get_perms(store, STORE_NO_TX, "/p", &got, &count), 0);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_EQUAL(memcmp(got, perms, sizeof(perms)), 0);
	free(got);
	CU_ASSERT_EQUAL(store_get_perms(store, STORE_NO_TX, "/none", &got, &count), -ENOENT);
	end();
}

static void permissions_are_one_letter_and_a_domain(void)
{
	struct store_perm perm;
	char text[16];

	CU_ASSERT_EQUAL(store_perm_parse("w65535", &perm), 0);
	CU_ASSERT_EQUAL(perm.access, STORE_WRITE);
	store_perm_format(&perm, text);
	CU_ASSERT_STRING_EQUAL(text, "w65535");
	CU_ASSERT_EQUAL(store_perm_parse("x0", &perm), -EINVAL);
	CU_ASSERT_EQUAL(store_perm_parse("r", &perm), -EINVAL);
	CU_ASSERT_EQUAL(store_perm_parse("", &perm), -EINVAL);
	CU_ASSERT_EQUAL(store_perm_parse("r-1", &perm), -EINVAL);
	CU_ASSERT_EQUAL(store_perm_parse("r1 ", &perm), -EINVAL);
	CU_ASSERT_EQUAL(store_perm_parse("r65536", &perm), -EINVAL);
}

static int bodies;

static int write_twice(struct store *s, uint32_t tx, void *data)
{
	int err = store_write_text(s, tx, "/t/a", "1");

	bodies++;
	return err ? err : store_write_text(s, tx, "/t/b", data);
}

static int refuse(struct store *s, uint32_t tx, void *data)
{
	bodies++;
	return -EPERM;
}

static void a_conflict_begins_the_transaction_anew(void)
{
	begin();
	bodies = 0;
	fake_store_conflict(fake, 3);
	CU_ASSERT_EQUAL(store_transact(store, write_twice, (char[]){"2"}), 0);
	CU_ASSERT_EQUAL(bodies, 4);
	char *value = fake_store_get(fake, "/t/b");

	CU_ASSERT_STRING_EQUAL(value, "2");
	free(value);
	end();
}

static void a_body_that_refuses_aborts(void)
{
	begin();
	bodies = 0;
	CU_ASSERT_EQUAL(store_transact(store, refuse, NULL), -EPERM);
	CU_ASSERT_EQUAL(bodies, 1);
	CU_ASSERT_FALSE(fake_store_in_transaction(fake));
	end();
}

static void a_transaction_whose_connection_ends_begins_anew(void)
{
	begin();
	bodies = 0;
	fake_store_drop(fake, XS_WRITE, 1);
	CU_ASSERT_EQUAL(store_transact(store, write_twice, (char[]){"2"}), 0);
	CU_ASSERT_EQUAL(bodies, 2);
	end();
}

/* --- many requests under way ------------------------------------------------------------------ */

static int write_many_and_read(struct store *s, uint32_t tx, void *data)
{
	char path[32], *value = NULL;
	int err = 0;

	for (unsigned int i = 0; i < 100 && !err; i++) {
		snprintf(path, sizeof(path), "/m/%u", i);
		err = store_write_format(s, tx, path, "%u", i);
	}
	err = err ? err : store_mkdir(s, tx, "/m/folder");
	/* What was written is there for the body itself. */
	err = err ? err : store_read(s, tx, "/m/99", &value, NULL);
	CU_ASSERT(value && strcmp(value, "99") == 0);
	free(value);
	*(unsigned int *)data = fake_store_requests(fake, XS_WRITE);
	return err;
}

static void a_body_need_not_wait_for_what_it_writes(void)
{
	unsigned int written = 0;
	char *value;

	begin();
	CU_ASSERT_EQUAL(store_transact(store, write_many_and_read, &written), 0);
	CU_ASSERT_EQUAL(written, 100);
	value = fake_store_get(fake, "/m/42");
	CU_ASSERT(value && strcmp(value, "42") == 0);
	free(value);
	end();
}

static void an_error_of_a_write_put_off_aborts_the_transaction(void)
{
	begin();
	bodies = 0;
	fake_store_fail(fake, XS_WRITE, "ENOSPC");
	CU_ASSERT_EQUAL(store_transact(store, write_twice, (char[]){"2"}), -ENOSPC);
	CU_ASSERT_EQUAL(bodies, 1);
	CU_ASSERT_PTR_NULL(fake_store_get(fake, "/t/b"));
	CU_ASSERT_FALSE(fake_store_in_transaction(fake));
	/* And is forgotten. */
	CU_ASSERT_EQUAL(store_transact(store, write_twice, (char[]){"3"}), 0);
	end();
}

static const char *some_paths[100];

static void make_nodes(void)
{
	static char paths[100][16];

	for (unsigned int i = 0; i < 100; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/many/%u", i);
		some_paths[i] = paths[i];
		if (i != 50) {
			fake_store_set(fake, paths[i], paths[i]);
		}
	}
}

static void check_nodes(char **values)
{
	for (unsigned int i = 0; i < 100; i++) {
		CU_ASSERT(i == 50 ? !values[i]
				  : values[i] && strcmp(values[i], some_paths[i]) == 0);
		free(values[i]);
	}
}

static void many_nodes_are_read_at_once(void)
{
	char *values[100];

	begin();
	make_nodes();
	CU_ASSERT_EQUAL_FATAL(store_read_many(store, STORE_NO_TX, some_paths, 100, values), 0);
	check_nodes(values);
	CU_ASSERT_EQUAL(store_read_many(store, STORE_NO_TX, some_paths, 0, values), 0);
	/* Events between the replies are kept, and found though the socket is silent. */
	CU_ASSERT_EQUAL(store_watch(store, "/many", "w"), 0);
	fake_store_fire(fake, "/many/1");
	fake_store_fire(fake, "/many/2");
	CU_ASSERT_EQUAL_FATAL(store_read_many(store, STORE_NO_TX, some_paths, 100, values), 0);
	check_nodes(values);
	for (unsigned int i = 0; i < 3; i++) {
		struct store_event event;

		CU_ASSERT_EQUAL_FATAL(store_next_event(store, 1000, &event), 0);
		store_event_clear(&event);
	}
	end();
}

static void a_connection_that_ends_between_many_replies_is_opened_anew(void)
{
	char *values[100];

	begin();
	make_nodes();
	fake_store_drop(fake, XS_READ, 1);
	CU_ASSERT_EQUAL_FATAL(store_read_many(store, STORE_NO_TX, some_paths, 100, values), 0);
	check_nodes(values);
	fake_store_fail(fake, XS_READ, "EIO");
	CU_ASSERT_EQUAL(store_read_many(store, STORE_NO_TX, some_paths, 100, values), -EIO);
	for (unsigned int i = 0; i < 100; i++) {
		CU_ASSERT_PTR_NULL(values[i]);
	}
	/* Nothing of the batch is left for the next request to stumble over. */
	CU_ASSERT_EQUAL(store_read(store, STORE_NO_TX, "/many/7", &values[0], NULL), 0);
	CU_ASSERT_STRING_EQUAL(values[0], "/many/7");
	free(values[0]);
	end();
}

static void a_request_without_reply_is_sent_again_if_that_is_harmless(void)
{
	char *value;

	begin();
	fake_store_drop(fake, XS_WRITE, 1);
	CU_ASSERT_EQUAL(store_write_text(store, STORE_NO_TX, "/w", "x"), 0);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_WRITE), 2);
	fake_store_drop(fake, XS_INTRODUCE, 1);
	CU_ASSERT_EQUAL(store_introduce(store, 5, 100, 3), -ECONNRESET);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_INTRODUCE), 1);
	/* The next request opens the connection again. */
	CU_ASSERT_EQUAL(store_read(store, STORE_NO_TX, "/w", &value, NULL), 0);
	free(value);
	end();
}

static void watches_survive_their_connection(void)
{
	struct store_event event;

	begin();
	CU_ASSERT_EQUAL(store_watch(store, "/w", "token one"), 0);
	CU_ASSERT_EQUAL_FATAL(store_next_event(store, 5000, &event), 0);
	CU_ASSERT_STRING_EQUAL(event.path, "/w");
	CU_ASSERT_STRING_EQUAL(event.token, "token one");
	store_event_clear(&event);
	CU_ASSERT_EQUAL(store_next_event(store, 10, &event), -ETIMEDOUT);
	fake_store_drop(fake, XS_MKDIR, 1);
	CU_ASSERT_EQUAL(store_mkdir(store, STORE_NO_TX, "/unrelated"), 0);
	CU_ASSERT_EQUAL(fake_store_watches(fake), 1);
	/* It fires as after registration, then for changes. */
	CU_ASSERT_EQUAL_FATAL(store_next_event(store, 5000, &event), 0);
	store_event_clear(&event);
	fake_store_set(fake, "/w/below", "1");
	CU_ASSERT_EQUAL_FATAL(store_next_event(store, 5000, &event), 0);
	CU_ASSERT_STRING_EQUAL(event.path, "/w/below");
	store_event_clear(&event);
	CU_ASSERT_EQUAL(store_unwatch(store, "/w", "token one"), 0);
	CU_ASSERT_EQUAL(store_unwatch(store, "/w", "token one"), -ENOENT);
	end();
}

static void events_before_a_reply_wait_in_order(void)
{
	struct store_event event;
	char path[32];

	begin();
	CU_ASSERT_EQUAL(store_watch(store, "/e", "t"), 0);
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/e/%d", i);
		CU_ASSERT_EQUAL(store_write_text(store, STORE_NO_TX, path, ""), 0);
	}
	for (int i = -1; i < 5; i++) {
		snprintf(path, sizeof(path), "/e/%d", i);
		CU_ASSERT_EQUAL_FATAL(store_next_event(store, 0, &event), 0);
		CU_ASSERT_STRING_EQUAL(event.path, i < 0 ? "/e" : path);
		store_event_clear(&event);
	}
	CU_ASSERT_EQUAL(store_next_event(store, 0, &event), -ETIMEDOUT);
	end();
}

static void a_payload_too_long_is_refused_here(void)
{
	char value[XENSTORE_PAYLOAD_MAX] = {0};

	begin();
	CU_ASSERT_EQUAL(store_write(store, STORE_NO_TX, "/v", value, sizeof(value) - 3), 0);
	CU_ASSERT_EQUAL(store_write(store, STORE_NO_TX, "/v", value, sizeof(value) - 2), -E2BIG);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_WRITE), 1);
	end();
}

static void a_missing_store_is_named_with_a_remedy(void)
{
	struct report report = {0};
	struct store *none;

	unlink(socket_path);
	CU_ASSERT_EQUAL(store_open(&none, STORE_SOCKET_ONLY, &report), -ENOENT);
	CU_ASSERT_EQUAL_FATAL(report.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.messages[0].what, socket_path));
	CU_ASSERT_PTR_NOT_NULL(report.messages[0].next);
	report_clear(&report);
}

static void privileged_requests_carry_their_numbers(void)
{
	bool introduced = false;
	char *path;
	char *answer;

	begin();
	CU_ASSERT_EQUAL(store_introduce(store, 7, 0xffffffffff, 3), 0);
	CU_ASSERT_EQUAL(store_is_introduced(store, 7, &introduced), 0);
	CU_ASSERT_TRUE(introduced);
	CU_ASSERT_EQUAL(store_is_introduced(store, 8, &introduced), 0);
	CU_ASSERT_FALSE(introduced);
	CU_ASSERT_EQUAL_FATAL(store_home(store, 12, &path), 0);
	CU_ASSERT_STRING_EQUAL(path, "/local/domain/12");
	free(path);
	CU_ASSERT_EQUAL_FATAL(store_control(store, (const char *const[]){"check"}, 1, &answer), 0);
	CU_ASSERT_STRING_EQUAL(answer, "OK");
	free(answer);
	CU_ASSERT_EQUAL(store_control(store, (const char *const[]){"dance"}, 1, &answer), -EINVAL);
	CU_ASSERT_EQUAL(store_release(store, 7), 0);
	CU_ASSERT_EQUAL(store_resume(store, 7), 0);
	CU_ASSERT_EQUAL(store_set_target(store, 7, 8), 0);
	end();
}

/* --- a peer that is no store ------------------------------------------------------------------ */

/* Answers one request by these bytes (req_id 1), and hangs up. */
struct impostor {
	int fd;
	const void *bytes;
	size_t length;
};

static void *impersonate(void *data)
{
	struct impostor *impostor = data;
	char asked[256];

	if (recv(impostor->fd, asked, sizeof(asked), 0) > 0) {
		send(impostor->fd, impostor->bytes, impostor->length, MSG_NOSIGNAL);
	}
	close(impostor->fd);
	return NULL;
}

static int ask_impostor(const void *bytes, size_t length, int (*ask)(struct store *client))
{
	int pair[2];
	pthread_t thread;
	struct store *client;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct impostor impostor = {.fd = pair[0], .bytes = bytes, .length = length};

	CU_ASSERT_EQUAL_FATAL(store_attach(&client, pair[1]), 0);
	pthread_create(&thread, NULL, impersonate, &impostor);
	int err = ask(client);

	pthread_join(thread, NULL);
	store_close(client);
	return err;
}

static int ask_list(struct store *client)
{
	char **names;
	unsigned int count;
	int err = store_list(client, STORE_NO_TX, "/", &names, &count);

	if (!err) {
		free(names);
	}
	return err;
}

static int ask_perms(struct store *client)
{
	struct store_perm *perms;
	unsigned int count;
	int err = store_get_perms(client, STORE_NO_TX, "/", &perms, &count);

	if (!err) {
		free(perms);
	}
	return err;
}

static int ask_tx(struct store *client)
{
	uint32_t tx;

	return store_tx_start(client, &tx);
}

static int impostor_says(uint32_t type, uint32_t id, uint32_t length, const char *payload,
			 size_t payload_length, int (*ask)(struct store *))
{
	char bytes[512];
	struct xsd_sockmsg header = {.type = type, .req_id = id, .len = length};

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), payload, payload_length);
	return ask_impostor(bytes, sizeof(header) + payload_length, ask);
}

static void an_impostor_is_found_out(void)
{
	/* Nothing at all; half a header; half a payload. */
	CU_ASSERT_EQUAL(ask_impostor("", 0, ask_list), -ECONNRESET);
	CU_ASSERT_EQUAL(ask_impostor("12345678", 8, ask_list), -ECONNRESET);
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 1, 20, "abc", 3, ask_list), -ECONNRESET);
	/* Too long, another request's reply, another type. */
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 1, 4097, "", 0, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 1, UINT32_MAX, "", 0, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 2, 2, "a", 2, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_READ, 1, 2, "a", 2, ask_list), -EPROTO);
	/* A list without its last NUL; events of one string, and without end. */
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 1, 3, "a\0b", 3, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_WATCH_EVENT, 0, 3, "abc", 3, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_WATCH_EVENT, 0, 3, "ab", 3, ask_list), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_WATCH_EVENT, 0, 0, "", 0, ask_list), -EPROTO);
	/* Permissions and numbers that are none. */
	CU_ASSERT_EQUAL(impostor_says(XS_GET_PERMS, 1, 3, "q0", 3, ask_perms), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_TRANSACTION_START, 1, 2, "x", 2, ask_tx), -EPROTO);
	CU_ASSERT_EQUAL(impostor_says(XS_TRANSACTION_START, 1, 2, "0", 2, ask_tx), -EPROTO);
	/* A sound one, so that the cases above fail for their own reason. */
	CU_ASSERT_EQUAL(impostor_says(XS_DIRECTORY, 1, 2, "a", 2, ask_list), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(what_is_written_is_read),
		UNIT(errors_keep_their_names),
		UNIT(a_long_list_is_fetched_in_parts),
		UNIT(permissions_are_set_and_read),
		UNIT(permissions_are_one_letter_and_a_domain),
		UNIT(a_conflict_begins_the_transaction_anew),
		UNIT(a_body_that_refuses_aborts),
		UNIT(a_transaction_whose_connection_ends_begins_anew),
		UNIT(a_body_need_not_wait_for_what_it_writes),
		UNIT(an_error_of_a_write_put_off_aborts_the_transaction),
		UNIT(many_nodes_are_read_at_once),
		UNIT(a_connection_that_ends_between_many_replies_is_opened_anew),
		UNIT(a_request_without_reply_is_sent_again_if_that_is_harmless),
		UNIT(watches_survive_their_connection),
		UNIT(events_before_a_reply_wait_in_order),
		UNIT(a_payload_too_long_is_refused_here),
		UNIT(a_missing_store_is_named_with_a_remedy),
		UNIT(privileged_requests_carry_their_numbers),
		UNIT(an_impostor_is_found_out),
	};

	return unit_main("store", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
