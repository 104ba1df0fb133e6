/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels, carried by the whole console daemon under a real keeper (consoled.h): states, both ways
 * to a user, who may be killed when, and guests that lie.
 */
#include "lib/report.h"
#include "unit/consoled.h"
#include "unit/fake_store.h"
#include "unit/unit.h"
#include "xenconsoled/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define RING 5 /* of channel 1 of guest 1 */

static void set_back(const char *name, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/0/backend/console/1/1/%s", name);
	fake_store_set(fake, path, value);
}

static char *get_back(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/0/backend/console/1/1/%s", name);
	return fake_store_get(fake, path);
}

static void set_front(const char *name, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/1/device/console/1/%s", name);
	fake_store_set(fake, path, value);
}

static bool back_will_be(const char *name, const char *wanted)
{
	for (int i = 0; i < 5000; i++) {
		char *value = get_back(name);
		bool equal = value && !strcmp(value, wanted);

		free(value);
		if (equal) {
			return true;
		}
		pause_ms(1);
	}
	return false;
}

/* As the tools write it; the node the daemon decides by comes last. */
static void publish(const char *connection, const char *path)
{
	set_front("state", "1");
	set_front("tty", "");
	set_back("connection", connection);
	if (path) {
		set_back("path", path);
	}
	set_back("tty", "");
	set_back("state", "1");
	set_back("type", "xenconsoled");
}

/* What the guest's driver does. */
static void connect_ring(void)
{
	set_front("ring-ref", "505");
	set_front("port", "15");
	set_front("state", "3");
}

static void socket_path(char path[128])
{
	path_of("channel", path);
}

static struct sockaddr_un address_of_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/channel", folder);
	return address;
}

static int connect_user(void)
{
	struct sockaddr_un address = address_of_socket();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void begin_with_socket(void)
{
	char path[128];

	begin();
	socket_path(path);
	introduce(1, "one");
	publish("socket", path);
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	connect_ring();
	CU_ASSERT_TRUE(back_will_be("state", "4"));
}

/* The user has been seen when something goes through: a ring that was empty takes it. */
static bool user_is_seen(int user)
{
	struct xencons_interface *ring = &board->pages[RING].ring;
	uint32_t before = ring->in_prod;

	ring->in_cons = before;
	return write(user, "?", 1) == 1 && guest_will_have(ring, before + 1);
}

static bool has_ended(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char bytes[4096];

	for (;;) {
		if (poll(&wait, 1, 5000) <= 0) {
			return false;
		}
		if (read(fd, bytes, sizeof(bytes)) <= 0) {
			return true;
		}
	}
}

/* --- states ----------------------------------------------------------------------------------- */

static void a_channel_goes_through_its_states(void)
{
	struct xencons_interface *ring;
	char text[256];
	char *tty;
	int fd;

	begin();
	ring = &board->pages[RING].ring;
	introduce(1, "one");
	free(terminal_of(1));
	publish("pty", NULL);
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	tty = get_back("tty");
	CU_ASSERT_EQUAL(strncmp(tty, "/dev/pts/", 9), 0);
	CU_ASSERT_EQUAL(board->maps, 1);
	connect_ring();
	CU_ASSERT_TRUE(back_will_be("state", "4"));
	CU_ASSERT_EQUAL(board->maps, 2);
	char *front = fake_store_get(fake, "/local/domain/1/device/console/1/tty");

	CU_ASSERT_STRING_EQUAL(front, tty);
	free(front);
	/* Nobody is there: dropped, not kept for whoever comes. */
	guest_says(RING, "unheard");
	for (int i = 0; i < 5000 && ring->out_cons != 7; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(ring->out_cons, 7);
	fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CU_ASSERT_TRUE(user_is_seen(fd));
	guest_says(RING, "heard");
	CU_ASSERT_TRUE(terminal_shows(fd, "heard", text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "heard");
	/* The driver goes and comes back. */
	set_front("state", "6");
	CU_ASSERT_TRUE(back_will_be("state", "6"));
	CU_ASSERT_EQUAL(board->maps, 1);
	set_front("state", "1");
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	set_front("state", "3");
	CU_ASSERT_TRUE(back_will_be("state", "4"));
	guest_says(RING, "again");
	CU_ASSERT_TRUE(terminal_shows(fd, "again", text, sizeof(text)));
	CU_ASSERT_FALSE(file_will_contain("guest-one.log", "heard"));
	close(fd);
	free(tty);
	end();
}

static void a_channel_of_another_program_is_left_alone(void)
{
	begin();
	introduce(1, "one");
	set_back("connection", "pty");
	set_back("state", "1");
	set_back("type", "ioemu");
	free(terminal_of(1));
	pause_ms(100);
	CU_ASSERT_TRUE(back_will_be("state", "1"));
	end();
}

static void one_that_was_there_before_the_daemon_is_found(void)
{
	begin();
	fake_store_set(fake, "/local/domain/1/name", "one");
	publish("pty", NULL);
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	kill_daemon();
	connect_ring();
	CU_ASSERT_TRUE(back_will_be("state", "4"));
	end();
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void a_socket_carries_one_user_after_the_other(void)
{
	struct xencons_interface *ring;
	struct stat state;
	char path[128];
	char text[256];
	int first;
	int second;

	begin_with_socket();
	ring = &board->pages[RING].ring;
	socket_path(path);
	CU_ASSERT_EQUAL(stat(path, &state), 0);
	CU_ASSERT_EQUAL(state.st_mode & 0777, 0600);
	first = connect_user();
	CU_ASSERT_TRUE(user_is_seen(first));
	second = connect_user();
	guest_says(RING, "to the first");
	CU_ASSERT_TRUE(terminal_shows(first, "to the first", text, sizeof(text)));
	/* What who leaves has sent arrives all the same; then the next one has it. */
	CU_ASSERT_EQUAL(write(first, "goodbye", 7), 7);
	close(first);
	CU_ASSERT_TRUE(guest_will_have(ring, 8));
	CU_ASSERT_EQUAL(memcmp(ring->in, "?goodbye", 8), 0);
	CU_ASSERT_TRUE(user_is_seen(second));
	guest_says(RING, "to the second");
	CU_ASSERT_TRUE(terminal_shows(second, "to the second", text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "to the second");
	close(second);
	end();
}

static void a_user_who_does_not_read_makes_the_guest_wait(void)
{
	struct xencons_interface *ring;
	static char bytes[JOURNAL_HISTORY];
	size_t sent = 0;
	size_t got = 0;
	int user;

	begin_with_socket();
	ring = &board->pages[RING].ring;
	user = connect_user();
	CU_ASSERT_TRUE(user_is_seen(user));
	/* Until the ring is full and stays so. */
	for (int idle = 0; idle < 50;) {
		uint32_t used = ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

		if (used == XENCONS_OUT_SIZE) {
			pause_ms(10);
			idle++;
			continue;
		}
		idle = 0;
		ring->out[ring->out_prod % XENCONS_OUT_SIZE] = (char)(sent++ % 251);
		__atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_SEQ_CST);
		if (sent % 512 == 0) {
			guest_notify(RING);
		}
		CU_ASSERT_TRUE_FATAL(sent < 4000000);
	}
	while (got < sent) {
		struct pollfd wait = {.fd = user, .events = POLLIN};
		ssize_t count = poll(&wait, 1, 5000) > 0 ? read(user, bytes, sizeof(bytes)) : 0;

		if (count <= 0) {
			break;
		}
		for (ssize_t i = 0; i < count; i++, got++) {
			if (bytes[i] != (char)(got % 251)) {
				CU_FAIL_FATAL("a byte is not what was sent");
			}
		}
	}
	CU_ASSERT_EQUAL(got, sent);
	close(user);
	end();
}

static void a_path_that_is_taken_is_named(void)
{
	char path[128];
	int fd;

	begin();
	socket_path(path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	introduce(1, "one");
	publish("socket", path);
	CU_ASSERT_TRUE(back_will_be("state", "6"));
	CU_ASSERT_TRUE(back_will_be("error", strerror(EADDRINUSE)));
	CU_ASSERT_TRUE(
		file_will_contain("messages", "domain 1: the socket of its channel 1, /tmp"));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
	/* The guest's console has nothing to do with it. */
	guest_says(1, "fine\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "fine\n"));
	end();
}

static void a_socket_somebody_left_is_replaced(void)
{
	struct sockaddr_un address;
	char path[128];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int user;

	begin();
	socket_path(path);
	address = address_of_socket();
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	introduce(1, "one");
	publish("socket", path);
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	user = connect_user();
	CU_ASSERT_TRUE(user >= 0);
	close(user);
	end();
}

/* --- ends ------------------------------------------------------------------------------------- */

static void the_end_of_a_domain_removes_its_socket(void)
{
	char path[128];
	char text[64];
	int user;

	begin_with_socket();
	socket_path(path);
	user = connect_user();
	CU_ASSERT_TRUE(user_is_seen(user));
	board->gone[1] = 1;
	guest_says(RING, "last words");
	fake_store_fire(fake, "@releaseDomain");
	CU_ASSERT_TRUE(terminal_shows(user, "last words", text, sizeof(text)));
	CU_ASSERT_TRUE(has_ended(user));
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(board->maps, 0);
	close(user);
	end();
}

static void the_end_of_a_domain_while_the_daemon_is_dead_does_so_too(void)
{
	char path[128];
	int user;

	begin_with_socket();
	socket_path(path);
	user = connect_user();
	CU_ASSERT_TRUE(user_is_seen(user));
	kill(keeper_pid, SIGSTOP);
	kill(board->pid, SIGKILL);
	board->pid = 0;
	board->gone[1] = 1;
	kill(keeper_pid, SIGCONT);
	CU_ASSERT_TRUE(has_ended(user));
	for (int i = 0; i < 5000 && !board->pid; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	close(user);
	end();
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

struct stream {
	volatile bool stop;
	uint64_t next;
};

/* Numbers of eight bytes, one after the other. */
static void *send_numbers(void *data)
{
	struct stream *stream = data;
	uint64_t numbers[32];

	while (!stream->stop) {
		for (size_t i = 0; i < 32; i++) {
			numbers[i] = stream->next++;
		}
		guest_prints(RING, (const char *)numbers, sizeof(numbers));
		usleep(300);
	}
	return NULL;
}

/* The guest reads its ring, and counts bytes out of order. They begin anew with each user, from 0
 * to 250 and round again; a user's first byte may be any. */
static void *check_input(void *data)
{
	struct xencons_interface *ring = &board->pages[RING].ring;
	struct stream *stream = data;
	unsigned char expected = 0;

	while (!stream->stop) {
		uint32_t produced = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE);
		uint32_t at = ring->in_cons;

		if (at == produced) {
			usleep(50);
			continue;
		}
		for (; at != produced; at++) {
			unsigned char byte = (unsigned char)ring->in[at % XENCONS_IN_SIZE];

			/* 255 begins a user's bytes. */
			stream->next += byte != 255 && byte != expected;
			expected = byte == 255 ? 0 : (unsigned char)((byte + 1U) % 251);
		}
		__atomic_store_n(&ring->in_cons, at, __ATOMIC_SEQ_CST);
		guest_notify(RING);
	}
	return NULL;
}

struct seen {
	unsigned int connections;
	unsigned int broken; /* numbers out of order within one connection */
	uint64_t bytes;
	uint64_t numbers;
	uint64_t last;
	size_t used; /* of a number that is not whole yet */
	char part[8];
	unsigned char next;
	bool is_first;
	bool is_aligned;
};

/* A connection may begin within a number: up to the first whole one nothing can be said. */
static void look_at(struct seen *seen, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number;

		seen->part[seen->used++] = bytes[i];
		if (seen->used < sizeof(seen->part)) {
			continue;
		}
		memcpy(&number, seen->part, sizeof(number));
		if (!seen->is_aligned && number >> 32) {
			memmove(seen->part, seen->part + 1, --seen->used);
			continue;
		}
		seen->is_aligned = true;
		seen->used = 0;
		seen->broken += !seen->is_first && number != seen->last + 1;
		seen->is_first = false;
		seen->last = number;
		seen->numbers++;
	}
	seen->bytes += count;
}

static int meet(struct seen *seen)
{
	int user = connect_user();
	unsigned char first = 255;

	if (user >= 0 && write(user, &first, 1) == 1) {
		seen->connections++;
		seen->is_first = true;
		seen->is_aligned = false;
		seen->used = 0;
		seen->next = 0;
	}
	return user;
}

/* Reads for a while, and writes a little. Connects anew when that ended. */
static int follow(int user, struct seen *seen, unsigned int ms)
{
	int64_t until = now_ms() + ms;

	while (now_ms() < until) {
		struct pollfd wait = {.fd = user, .events = POLLIN};
		char bytes[4096];
		ssize_t count;

		if (user < 0) {
			user = meet(seen);
			continue;
		}
		if (send(user, &seen->next, 1, MSG_DONTWAIT) == 1) {
			seen->next = (unsigned char)((seen->next + 1U) % 251);
		}
		if (poll(&wait, 1, 1) <= 0) {
			continue;
		}
		count = read(user, bytes, sizeof(bytes));
		if (count > 0) {
			look_at(seen, bytes, (size_t)count);
		} else {
			close(user);
			user = -1;
		}
	}
	return user;
}

/* A hundred kills, or KILLS in the environment. */
static void kills_give_no_user_a_byte_twice_or_lose_one(void)
{
	const char *wanted = getenv("KILLS");
	unsigned int most = wanted ? (unsigned int)atoi(wanted) : 100;
	struct stream output = {0};
	struct stream input = {0};
	struct seen seen = {0};
	unsigned int seed = 11;
	pthread_t writer;
	pthread_t reader;
	int user = -1;

	begin_with_socket();
	pthread_create(&writer, NULL, send_numbers, &output);
	pthread_create(&reader, NULL, check_input, &input);
	for (unsigned int kills = 0; kills < most; kills++) {
		user = follow(user, &seen, 1 + (unsigned int)rand_r(&seed) % 40);
		if (!kill_daemon()) {
			CU_FAIL("it did not come back");
			break;
		}
	}
	user = follow(user, &seen, 200);
	output.stop = true;
	input.stop = true;
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	CU_ASSERT_EQUAL(seen.broken, 0);
	CU_ASSERT_EQUAL(input.next, 0);
	CU_ASSERT_TRUE(seen.numbers > most);
	/* Few kills come in the moment that ends a connection. */
	CU_ASSERT_TRUE(seen.connections <= most / 2 + 2);
	printf("%u kills: %u connections, %llu bytes, out of order %u to the user, %llu to the "
	       "guest\n",
	       most, seen.connections, (unsigned long long)seen.bytes, seen.broken,
	       (unsigned long long)input.next);
	close(user);
	end();
}

/* --- hostile guests --------------------------------------------------------------------------- */

static void a_guests_lies_harm_only_itself(void)
{
	static const char *const refs[] = {"505", "0", "4294967296", "-1", "x", "504", "999", ""};
	static const char *const ports[] = {"15", "0", "99999999999", "3000", "y"};
	static const char *const states[] = {"3", "4", "9", "-3", "5", "6", "1", "2", ""};
	unsigned int seed = 3;
	unsigned int before;
	char *tty;

	begin();
	introduce(1, "one");
	publish("pty", NULL);
	CU_ASSERT_TRUE(back_will_be("state", "2"));
	before = fake_store_requests(fake, XS_READ);
	int64_t started = now_ms();

	for (int i = 0; i < 3000; i++) {
		set_front("ring-ref", refs[(unsigned int)rand_r(&seed) % 8]);
		set_front("port", ports[(unsigned int)rand_r(&seed) % 5]);
		set_front("state", states[(unsigned int)rand_r(&seed) % 9]);
		if (i % 100 == 0) {
			guest_notify(RING);
			set_front("tty", "/dev/mem");
			pause_ms(1);
		}
	}
	int64_t periods = (now_ms() - started) / 100 + 3;
	unsigned int reads = fake_store_requests(fake, XS_READ) - before;

	/* Nine thousand changes are looked at once a period. */
	CU_ASSERT_TRUE(reads < (unsigned int)periods * 40);
	connect_ring();
	CU_ASSERT_TRUE(back_will_be("state", "4"));
	tty = get_back("tty");
	CU_ASSERT_EQUAL(strncmp(tty, "/dev/pts/", 9), 0);
	free(tty);
	fake_store_remove(fake, "/local/domain/1/device/console/1");
	guest_says(1, "fine\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "fine\n"));
	CU_ASSERT_EQUAL(board->starts, 1);
	end();
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		UNIT(a_channel_goes_through_its_states),
		UNIT(a_channel_of_another_program_is_left_alone),
		UNIT(one_that_was_there_before_the_daemon_is_found),
		UNIT(a_socket_carries_one_user_after_the_other),
		UNIT(a_user_who_does_not_read_makes_the_guest_wait),
		UNIT(a_path_that_is_taken_is_named),
		UNIT(a_socket_somebody_left_is_replaced),
		UNIT(the_end_of_a_domain_removes_its_socket),
		UNIT(the_end_of_a_domain_while_the_daemon_is_dead_does_so_too),
		UNIT(kills_give_no_user_a_byte_twice_or_lose_one),
		UNIT(a_guests_lies_harm_only_itself),
	};
	int status;

	if (consoled_role(argc, argv, &status)) {
		return status;
	}
	signal(SIGPIPE, SIG_IGN);
	return unit_main("xenconsoled", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
