/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: the client of ./bench --store. Speaks the store's protocol to the daemon at a socket and
 * measures how long one operation of each row takes.
 *
 *   store SOCKET ROW...     prints "ROW BOTH DAEMON CLOCK" for each, nanoseconds per operation:
 *                           CPU time of client and daemon, of the daemon alone, and what passed;
 *                           rows[] has the rows
 *   store --echo SOCKET     the floor: a server that answers each message with three bytes and
 *                           does nothing else; ended by a signal
 *   store --polled SOCKET   the same by a server that could have more than one client: it asks
 *                           epoll before each message
 *
 * Every row makes its own nodes below /bench and removes them; a daemon can be measured any number
 * of times. Unexpected replies end the program with 1: a daemon that refuses is not fast.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define WINDOW 32U /* pipelined requests under way */
#define VALUE "0123456789abcdef"

struct message {
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
};

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void fail(const char *what)
{
	fprintf(stderr, "store: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t own_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static uint64_t clock_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

/* CPU time. Where both share one CPU their sum is what passes while nobody else uses it. */
struct measure {
	int fd; /* a connection to the daemon */
	uint64_t client;
	uint64_t daemon;
	uint64_t clock;
};
static struct measure measure;

static uint64_t daemon_time(void)
{
	struct ucred daemon;
	socklen_t size = sizeof(daemon);
	unsigned long long time = 0;
	char path[64];
	FILE *file;

	if (getsockopt(measure.fd, SOL_SOCKET, SO_PEERCRED, &daemon, &size) < 0) {
		fail("the daemon's process id");
	}
	sprintf(path, "/proc/%d/schedstat", (int)daemon.pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &time) != 1) {
		fail(path);
	}
	fclose(file);
	return time;
}

static void measure_begin(int fd)
{
	measure.fd = fd;
	measure.daemon = daemon_time();
	measure.client = own_time();
	measure.clock = clock_time();
}

static void measure_end(unsigned int count)
{
	measure.clock = (clock_time() - measure.clock) / count;
	measure.client = (own_time() - measure.client) / count;
	measure.daemon = (daemon_time() - measure.daemon) / count;
}

static int connect_daemon(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fail(address.sun_path);
	}
	return fd;
}

static void send_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t done = write(fd, at, size);

		if (done <= 0) {
			fail("a request cannot be sent");
		}
		at += done;
		size -= (size_t)done;
	}
}

/* A connection's replies, read as far as they come. */
struct reader {
	char bytes[65536];
	size_t begin, end;
};
static struct reader reader;

static void take(int fd, void *to, size_t size)
{
	char *at = to;

	while (size) {
		size_t count = reader.end - reader.begin;
		ssize_t got;

		if (count > size) {
			count = size;
		}
		memcpy(at, reader.bytes + reader.begin, count);
		reader.begin += count;
		at += count;
		size -= count;
		if (!size) {
			break;
		}
		got = read(fd, reader.bytes, sizeof(reader.bytes));
		if (got <= 0) {
			fail("the daemon hung up");
		}
		reader.begin = 0;
		reader.end = (size_t)got;
	}
}

/* The next message; an error, or another type than wanted, ends the program. */
static void receive(int fd, struct message *message, uint32_t type)
{
	take(fd, &message->header, sizeof(message->header));
	if (message->header.len > XENSTORE_PAYLOAD_MAX) {
		fail("a message is too long");
	}
	take(fd, message->payload, message->header.len);
	message->payload[message->header.len] = '\0';
	if (message->header.type != type) {
		fprintf(stderr, "store: message of type %u instead of %u: %s\n",
			message->header.type, type, message->payload);
		exit(1);
	}
}

static size_t put(struct message *message, uint32_t type, uint32_t txn, const char *path,
		  const char *value, size_t value_size)
{
	size_t size = strlen(path) + 1;

	memcpy(message->payload, path, size);
	memcpy(message->payload + size, value, value_size);
	message->header = (struct xsd_sockmsg){
		.type = type, .tx_id = txn, .len = (uint32_t)(size + value_size)};
	return sizeof(message->header) + size + value_size;
}

static void ask(int fd, uint32_t type, uint32_t txn, const char *path, const char *value,
		size_t value_size, struct message *reply)
{
	struct message request;
	size_t size = put(&request, type, txn, path, value, value_size);

	send_all(fd, &request, size);
	receive(fd, reply, type);
}

static void write_node(int fd, const char *path)
{
	struct message reply;

	ask(fd, XS_WRITE, 0, path, VALUE, strlen(VALUE), &reply);
}

static void read_node(int fd, const char *path)
{
	struct message reply;

	ask(fd, XS_READ, 0, path, "", 0, &reply);
}

static void remove_nodes(int fd)
{
	struct message reply;

	ask(fd, XS_RM, 0, "/bench", "", 0, &reply);
}

/* count requests, sent WINDOW at once, answered WINDOW at once. */
static void pipeline(int fd, uint32_t type, unsigned int count, void (*name)(char *, unsigned int))
{
	static char batch[WINDOW * 256];
	const char *value = type == XS_WRITE ? VALUE : "";
	struct message message;

	for (unsigned int i = 0; i < count; i += WINDOW) {
		size_t size = 0;

		for (unsigned int j = 0; j < WINDOW; j++) {
			char path[128];
			size_t length;

			name(path, i + j);
			length = put(&message, type, 0, path, value, strlen(value));
			memcpy(batch + size, &message, length);
			size += length;
		}
		send_all(fd, batch, size);
		for (unsigned int j = 0; j < WINDOW; j++) {
			receive(fd, &message, type);
		}
	}
}

/* --- rows ------------------------------------------------------------------ */
static void node_name(char *path, unsigned int i)
{
	sprintf(path, "/bench/%u/%u", i / 1000, i % 1000);
}

static void few_names(char *path, unsigned int i)
{
	sprintf(path, "/bench/%u", i % 64);
}

static void single(void (*operation)(int, const char *), unsigned int count)
{
	int fd = connect_daemon();

	write_node(fd, "/bench/node");
	for (unsigned int i = 0; i < count / 8; i++) {
		operation(fd, "/bench/node");
	}
	measure_begin(fd);
	for (unsigned int i = 0; i < count; i++) {
		operation(fd, "/bench/node");
	}
	measure_end(count);
	remove_nodes(fd);
	close(fd);
}

static void row_read(unsigned int count)
{
	single(read_node, count);
}

static void row_write(unsigned int count)
{
	single(write_node, count);
}

static void row_pipeline(unsigned int type)
{
	const unsigned int count = 16000;
	int fd = connect_daemon();

	pipeline(fd, XS_WRITE, 64, few_names);
	measure_begin(fd);
	pipeline(fd, type, count, few_names);
	measure_end(count);
	remove_nodes(fd);
	close(fd);
}

static uint32_t txn_start(int fd)
{
	struct message reply;

	ask(fd, XS_TRANSACTION_START, 0, "", "", 0, &reply);
	return (uint32_t)strtoul(reply.payload, NULL, 10);
}

/* Eight writes in a transaction: each awaited, or all of them and the end sent at once. */
static void row_txn(unsigned int at_once)
{
	const unsigned int count = 2000;
	int fd = connect_daemon();
	struct message message;

	write_node(fd, "/bench/node");
	measure_begin(fd);
	for (unsigned int i = 0; i < count; i++) {
		static char batch[9 * 128];
		uint32_t txn = txn_start(fd);
		size_t size = 0;

		for (unsigned int j = 0; j < 8; j++) {
			char path[32];
			size_t length;

			sprintf(path, "/bench/%u", j);
			length = put(&message, XS_WRITE, txn, path, VALUE, strlen(VALUE));
			memcpy(batch + size, &message, length);
			size += length;
			if (!at_once) {
				send_all(fd, &message, length);
				receive(fd, &message, XS_WRITE);
			}
		}
		if (at_once) {
			size_t length = put(&message, XS_TRANSACTION_END, txn, "T", "", 0);

			memcpy(batch + size, &message, length);
			send_all(fd, batch, size + length);
			for (unsigned int j = 0; j < 8; j++) {
				receive(fd, &message, XS_WRITE);
			}
			receive(fd, &message, XS_TRANSACTION_END);
		} else {
			ask(fd, XS_TRANSACTION_END, txn, "T", "", 0, &message);
		}
	}
	measure_end(count);
	remove_nodes(fd);
	close(fd);
}

/* A write and the event of the one watch it concerns, with `others` watches elsewhere. */
static void row_watch(unsigned int others)
{
	const unsigned int count = 5000;
	int fd = connect_daemon();
	struct message message;

	write_node(fd, "/bench/node");
	for (unsigned int i = 0; i < others; i++) {
		char path[64];

		sprintf(path, "/bench/others/%u", i);
		ask(fd, XS_WATCH, 0, path, "other", 6, &message);
		receive(fd, &message, XS_WATCH_EVENT);
	}
	ask(fd, XS_WATCH, 0, "/bench/node", "mine", 5, &message);
	receive(fd, &message, XS_WATCH_EVENT);
	measure_begin(fd);
	for (unsigned int i = 0; i < count; i++) {
		size_t size = put(&message, XS_WRITE, 0, "/bench/node", VALUE, strlen(VALUE));
		bool replied = false;

		send_all(fd, &message, size);
		/* Which of both comes first is the daemon's choice. */
		for (unsigned int j = 0; j < 2; j++) {
			take(fd, &message.header, sizeof(message.header));
			take(fd, message.payload, message.header.len);
			replied = replied || message.header.type == XS_WRITE;
			if (message.header.type != XS_WRITE &&
			    message.header.type != XS_WATCH_EVENT) {
				fail("neither reply nor event");
			}
		}
		if (!replied) {
			fail("no reply");
		}
	}
	measure_end(count);
	close(fd); /* the watches go first: removing what they watch is not measured */
	fd = connect_daemon();
	remove_nodes(fd);
	close(fd);
}

/* A write of one of `nodes` nodes. */
static void row_nodes(unsigned int nodes)
{
	const unsigned int count = 10000;
	int fd = connect_daemon();

	pipeline(fd, XS_WRITE, (nodes + WINDOW - 1) / WINDOW * WINDOW, node_name);
	measure_begin(fd);
	for (unsigned int i = 0; i < count; i++) {
		char path[64];

		node_name(path, (unsigned int)((uint64_t)i * 7919U % nodes));
		write_node(fd, path);
	}
	measure_end(count);
	remove_nodes(fd);
	close(fd);
}

/* Each of `conns` connections has one write under way all the time. */
static void row_conns(unsigned int conns)
{
	const unsigned int count = 20000;
	int *fds = calloc(conns, sizeof(fds[0]));
	int poll = epoll_create1(EPOLL_CLOEXEC);
	unsigned int sent = 0;
	struct message message;

	for (unsigned int i = 0; i < conns; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

		fds[i] = connect_daemon();
		write_node(fds[i], "/bench/node"); /* accepted */
		epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event);
	}
	measure_begin(fds[0]);
	for (; sent < conns; sent++) {
		size_t size = put(&message, XS_WRITE, 0, "/bench/node", VALUE, strlen(VALUE));

		send_all(fds[sent], &message, size);
	}
	for (unsigned int done = 0; done < count;) {
		struct epoll_event events[64];
		int ready = epoll_wait(poll, events, 64, -1);

		for (int i = 0; i < ready; i++) {
			int fd = fds[events[i].data.u32];
			size_t size;

			receive(fd, &message, XS_WRITE);
			done++;
			if (sent < count) {
				size = put(&message, XS_WRITE, 0, "/bench/node", VALUE,
					   strlen(VALUE));
				send_all(fd, &message, size);
				sent++;
			}
		}
	}
	measure_end(count);
	remove_nodes(fds[0]);
	for (unsigned int i = 0; i < conns; i++) {
		close(fds[i]);
	}
	close(poll);
	free(fds);
}

static const struct row {
	const char *name;
	void (*run)(unsigned int);
	unsigned int argument;
} rows[] = {
	{"echo", row_write, 20000}, /* for the floor, which answers everything */
	{"read", row_read, 20000},
	{"write", row_write, 20000},
	{"pipelined-read", row_pipeline, XS_READ},
	{"pipelined-write", row_pipeline, XS_WRITE},
	{"transaction", row_txn, false},
	{"transaction-at-once", row_txn, true},
	{"watch-0", row_watch, 0},
	{"watch-1000", row_watch, 1000},
	{"watch-10000", row_watch, 10000},
	{"nodes-10", row_nodes, 10},
	{"nodes-1000", row_nodes, 1000},
	{"nodes-100000", row_nodes, 100000},
	{"connections-1", row_conns, 1},
	{"connections-10", row_conns, 10},
	{"connections-100", row_conns, 100},
	{"connections-1000", row_conns, 1000},
};

static void __attribute__((noreturn)) echo(bool polled)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int poll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN};

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 8) < 0) {
		fail(address.sun_path);
	}
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		struct message message;

		epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
		while ((!polled || epoll_wait(poll, &event, 1, -1) == 1) &&
		       read(fd, &message, sizeof(message)) > 0) {
			memcpy(message.payload, "OK", 3);
			message.header.len = 3;
			send_all(fd, &message, sizeof(message.header) + 3);
		}
		close(fd);
	}
}

int main(int argc, char **argv)
{
	bool polled = argc == 3 && strcmp(argv[1], "--polled") == 0;
	bool is_echo = polled || (argc == 3 && strcmp(argv[1], "--echo") == 0);
	struct rlimit limit;

	if (argc < 3 || strlen(argv[1 + is_echo]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: store SOCKET ROW... | store --echo|--polled SOCKET\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1 + is_echo]);
	if (is_echo) {
		echo(polled);
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 2; i < argc; i++) {
		const struct row *row = rows;
		const struct row *end = rows + sizeof(rows) / sizeof(rows[0]);

		while (row < end && strcmp(row->name, argv[i]) != 0) {
			row++;
		}
		if (row == end) {
			fprintf(stderr, "store: no row %s\n", argv[i]);
			return 2;
		}
		row->run(row->argument);
		printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", row->name,
		       measure.client + measure.daemon, measure.daemon, measure.clock);
		fflush(stdout);
	}
	return 0;
}
