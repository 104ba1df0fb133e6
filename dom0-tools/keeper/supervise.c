/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's loop; see supervise.h. It does little, because what it holds cannot be had again
 * when it dies: no threads, no file is written, the only input are signals and short text datagrams
 * from its own children, and running out of anything costs one descriptor, never the keeper.
 *
 * Each instance of a daemon has a socketpair of its own. What an instance had sent before it died
 * still stands in the pair: it is read to the end before the next instance starts, so the
 * descriptors handed over are exactly those stored.
 */
#include "keeper/supervise.h"

#include "keeper/keeper.h"
#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETTLED_MS 20 /* who dies sooner after it was ready, or before, died young */
#define YOUNG_FREE 3  /* so many young deaths in a row cost no delay */
#define DELAY_MS 100  /* the first one, doubled for each further death */
#define DELAY_MAX_MS 10000
#define NAMES_MAX                                                                                  \
	100000 /* bytes of all names: one environment string holds them, 128 KiB at most */
#define FIRST_FD 3

struct held {
	char *name;
	int fd;
};

enum state {
	STATE_WAITING,
	STATE_RUNNING,
	STATE_STOPPING,
	STATE_GONE,
};

struct child {
	const struct supervise_daemon *daemon;
	enum state state;
	pid_t pid;
	int socket;
	bool ready;
	bool is_next;     /* waiting: its turn has come */
	uint64_t settled; /* ms; when it became ready */
	uint64_t started; /* ms */
	uint64_t due;     /* waiting: not before; stopping: SIGKILL then */
	unsigned int young;
	unsigned long starts;
	struct held *held;
	unsigned int held_count;
	size_t name_bytes;
};

struct supervisor {
	struct child *children;
	unsigned int count;
	struct supervise_options options;
	int signals;
	sigset_t old_mask;
	bool stopping;
	bool announced;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 2, 3)))
note(const struct supervisor *s, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	s->options.log(s->options.data, line);
}

/* --- what is held ---------------------------------------------------------------------------- */

static struct held *held_find(struct child *child, const char *name)
{
	for (unsigned int i = 0; i < child->held_count; i++) {
		if (strcmp(child->held[i].name, name) == 0) {
			return &child->held[i];
		}
	}
	return NULL;
}

static void held_remove(struct child *child, const char *name)
{
	struct held *held = held_find(child, name);

	if (held) {
		close(held->fd);
		child->name_bytes -= strlen(held->name) + 1;
		free(held->name);
		*held = child->held[--child->held_count];
	}
}

static int held_add(struct child *child, const char *name, int fd)
{
	struct held *held = held_find(child, name);
	struct held *more;
	char *copy;

	if (held) {
		close(held->fd);
		held->fd = fd;
		return 0;
	}
	if (child->held_count == SUPERVISE_FDS_MAX ||
	    child->name_bytes + strlen(name) + 1 > NAMES_MAX) {
		return -ENFILE;
	}
	more = reallocarray(child->held, child->held_count + 1, sizeof(*more));
	copy = strdup(name);
	if (!more || !copy) {
		child->held = more ? more : child->held;
		free(copy);
		return -ENOMEM;
	}
	child->held = more;
	more[child->held_count++] = (struct held){.name = copy, .fd = fd};
	child->name_bytes += strlen(name) + 1;
	return 0;
}

static void held_clear(struct child *child)
{
	while (child->held_count) {
		held_remove(child, child->held[child->held_count - 1].name);
	}
	free(child->held);
	child->held = NULL;
}

/* --- messages of daemons --------------------------------------------------------------------- */

struct message {
	bool store;
	bool remove;
	bool ready;
	const char *name;
	int fd;
};

static struct message message_parse(char *text, int fd)
{
	struct message message = {.fd = fd};
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		if (strcmp(line, "FDSTORE=1") == 0) {
			message.store = true;
		} else if (strcmp(line, "FDSTOREREMOVE=1") == 0) {
			message.remove = true;
		} else if (strcmp(line, "READY=1") == 0) {
			message.ready = true;
		} else if (strncmp(line, "FDNAME=", 7) == 0) {
			message.name = line + 7;
		}
	}
	return message;
}

static bool name_is_sound(const char *name)
{
	return name && *name && strlen(name) <= KEEPER_NAME_MAX && !strpbrk(name, ":\n");
}

static void message_act(struct supervisor *s, struct child *child, struct message *message)
{
	const char *daemon = child->daemon->name;

	if (message->ready && !child->ready) {
		child->ready = true;
		child->settled = now_ms();
	}
	if (message->remove && name_is_sound(message->name)) {
		held_remove(child, message->name);
	}
	if (!message->store) {
		return;
	}
	if (!name_is_sound(message->name) || message->fd < 0) {
		note(s, "%s: asked to hold %s: not held", daemon,
		     message->fd < 0 ? "a descriptor that did not arrive (too many are open)"
				     : "a descriptor without a proper name");
		return;
	}
	int err = held_add(child, message->name, message->fd);

	if (err) {
		note(s, "%s: descriptor '%s' is not held: %s (it has %u)", daemon, message->name,
		     strerror(-err), child->held_count);
		return;
	}
	message->fd = -1;
}

/* Of the descriptors beside a message the first counts; others are closed. */
static int first_fd(struct msghdr *header)
{
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (first < 0) {
				first = fd;
			} else {
				close(fd);
			}
		}
	}
	return first;
}

/* Reads one message; false when there is none. */
static bool message_read(struct supervisor *s, struct child *child)
{
	char text[1024];
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text) - 1};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t length = recvmsg(child->socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (length < 0) {
		return errno == EINTR;
	}
	if (length == 0) {
		/* It has closed its end: it is about to die, or will do without us. */
		close(child->socket);
		child->socket = -1;
		return false;
	}
	text[length] = '\0';
	struct message message = message_parse(text, first_fd(&header));

	message_act(s, child, &message);
	if (message.fd >= 0) {
		close(message.fd);
	}
	return true;
}

static void drain(struct supervisor *s, struct child *child)
{
	while (child->socket >= 0 && message_read(s, child)) {
	}
}

/* --- start ----------------------------------------------------------------------------------- */

/* In the new process: descriptors to 3, 4, ...; the socket behind them. All sources first move out
 * of the way of the targets. */
static bool place_fds(const struct child *child, int socket)
{
	int count = (int)child->held_count;
	int limit = FIRST_FD + count + 1;
	int *high = calloc((size_t)count + 1, sizeof(*high));

	for (int i = 0; high && i <= count; i++) {
		high[i] = fcntl(i < count ? child->held[i].fd : socket, F_DUPFD_CLOEXEC, limit);
		if (high[i] < 0) {
			return false;
		}
	}
	for (int i = 0; high && i <= count; i++) {
		if (dup2(high[i], FIRST_FD + i) < 0) {
			return false;
		}
	}
	return high;
}

static bool describe_fds(const struct child *child)
{
	char number[16];
	char *names = malloc(child->name_bytes + 1);
	char *to = names;

	if (!names) {
		return false;
	}
	*to = '\0';
	for (unsigned int i = 0; i < child->held_count; i++) {
		to = stpcpy(to, child->held[i].name);
		*to++ = ':';
	}
	if (to > names) {
		to[-1] = '\0';
	}
	snprintf(number, sizeof(number), "%u", child->held_count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%u", FIRST_FD + child->held_count);
	setenv("PROXENOS_KEEPER_FD", number, 1);
	unsetenv("NOTIFY_SOCKET");
	return true;
}

static void __attribute__((noreturn))
become(const struct supervisor *s, const struct child *child, int socket)
{
	setsid();
	if (place_fds(child, socket) && describe_fds(child)) {
		signal(SIGPIPE, SIG_DFL);
		sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
		execvp(child->daemon->argv[0], child->daemon->argv);
	}
	dprintf(STDERR_FILENO, "proxenos-keeper: %s: cannot start %s: %s\n", child->daemon->name,
		child->daemon->argv[0], strerror(errno));
	_exit(127);
}

static void put_off(struct child *child)
{
	unsigned int shift;
	uint64_t delay;

	if (child->young <= YOUNG_FREE) {
		child->due = 0;
		return;
	}
	shift = child->young - YOUNG_FREE - 1;
	delay = shift > 10 ? DELAY_MAX_MS : (uint64_t)DELAY_MS << shift;
	child->due = now_ms() + (delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS);
}

static void start(struct supervisor *s, struct child *child)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		note(s, "%s: cannot be started now: %s", child->daemon->name, strerror(errno));
		child->young += YOUNG_FREE;
		put_off(child);
		return;
	}
	pid_t pid = fork();

	if (pid == 0) {
		become(s, child, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		note(s, "%s: cannot be started now: %s", child->daemon->name, strerror(errno));
		close(pair[0]);
		child->young += YOUNG_FREE;
		put_off(child);
		return;
	}
	child->pid = pid;
	child->socket = pair[0];
	child->state = STATE_RUNNING;
	child->ready = false;
	child->started = now_ms();
	if (child->starts++) {
		note(s, "%s: started again, process %d, with %u descriptors handed over",
		     child->daemon->name, (int)pid, child->held_count);
	} else {
		note(s, "%s: started, process %d", child->daemon->name, (int)pid);
	}
}

/* --- end ------------------------------------------------------------------------------------- */

static void note_death(const struct supervisor *s, const struct child *child, int status)
{
	uint64_t age = now_ms() - child->started;
	char how[64];
	char then[96] = "";

	if (WIFSIGNALED(status)) {
		snprintf(how, sizeof(how), "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	} else {
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	}
	if (child->state == STATE_WAITING && child->due) {
		snprintf(then, sizeof(then),
			 "; %u times in a row it did not last: next try in %.1f s", child->young,
			 (double)(child->due - now_ms()) / 1000);
	}
	note(s, "%s: process %d %s after %.1f s%s", child->daemon->name, (int)child->pid, how,
	     (double)age / 1000, then);
}

static void bury(struct supervisor *s, struct child *child, int status)
{
	drain(s, child);
	if (child->socket >= 0) {
		close(child->socket);
		child->socket = -1;
	}
	if (child->state == STATE_STOPPING) {
		child->state = STATE_GONE;
	} else {
		bool young = !child->ready || now_ms() - child->settled < SETTLED_MS;

		child->young = young ? child->young + 1 : 0;
		child->state = STATE_WAITING;
		put_off(child);
	}
	note_death(s, child, status);
	child->pid = 0;
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned int i = 0; i < s->count; i++) {
			if (s->children[i].pid == pid) {
				bury(s, &s->children[i], status);
				break;
			}
		}
	}
}

/* --- turns ----------------------------------------------------------------------------------- */

/* Whether i may start: its turn once came, or all before it are ready or were given time enough. */
static bool turn_has_come(struct supervisor *s, unsigned int i)
{
	struct child *child = &s->children[i];

	for (unsigned int j = 0; j < i && !child->is_next; j++) {
		struct child *before = &s->children[j];

		if (before->ready) {
			continue;
		}
		if (!before->starts || before->state != STATE_RUNNING ||
		    now_ms() - before->started < SUPERVISE_READY_MS) {
			return false;
		}
		note(s, "%s: not ready after %d s; %s is started all the same",
		     before->daemon->name, SUPERVISE_READY_MS / 1000, child->daemon->name);
	}
	child->is_next = true;
	return true;
}

static void start_due(struct supervisor *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		struct child *child = &s->children[i];

		if (child->state == STATE_WAITING && turn_has_come(s, i) &&
		    now_ms() >= child->due) {
			start(s, child);
		}
	}
}

/* Stops the last one that is left; false when none is. */
static bool stop_last(struct supervisor *s)
{
	for (unsigned int i = s->count; i-- > 0;) {
		struct child *child = &s->children[i];

		switch (child->state) {
		case STATE_GONE:
			continue;
		case STATE_WAITING:
			child->state = STATE_GONE;
			continue;
		case STATE_RUNNING:
			kill(child->pid, SIGTERM);
			child->state = STATE_STOPPING;
			child->due = now_ms() + SUPERVISE_STOP_MS;
			return true;
		case STATE_STOPPING:
			if (now_ms() >= child->due) {
				note(s, "%s: has not ended %d s after SIGTERM: killed",
				     child->daemon->name, SUPERVISE_STOP_MS / 1000);
				kill(child->pid, SIGKILL);
				child->due = now_ms() + SUPERVISE_STOP_MS;
			}
			return true;
		}
	}
	return false;
}

static void show(const struct supervisor *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct child *child = &s->children[i];

		note(s, "%s: %s, process %d, started %lu times, %u descriptors held",
		     child->daemon->name,
		     child->state == STATE_WAITING ? "waiting"
		     : child->ready                ? "ready"
						   : "running",
		     (int)child->pid, child->starts, child->held_count);
	}
}

static void pass_on(const struct supervisor *s, int signal)
{
	for (unsigned int i = 0; i < s->count; i++) {
		if (s->children[i].pid > 0) {
			kill(s->children[i].pid, signal);
		}
	}
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			s->stopping = true;
			break;
		case SIGHUP:
			pass_on(s, SIGHUP);
			break;
		case SIGUSR1:
			show(s);
			break;
		default: /* SIGCHLD: several may have become one */
			break;
		}
	}
	reap(s);
}

static void announce(struct supervisor *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		if (!s->children[i].ready) {
			return;
		}
	}
	if (!s->announced && s->options.ready) {
		s->options.ready(s->options.data);
	}
	s->announced = true;
}

/* Until something is due, a second at most: times are compared, not armed. */
static int patience_ms(const struct supervisor *s)
{
	uint64_t now = now_ms();
	uint64_t wait = 1000;

	for (unsigned int i = 0; i < s->count; i++) {
		const struct child *child = &s->children[i];

		if ((child->state == STATE_WAITING && child->is_next) ||
		    child->state == STATE_STOPPING) {
			uint64_t left = child->due > now ? child->due - now : 0;

			wait = left < wait ? left : wait;
		}
	}
	return (int)wait;
}

static void wait_once(struct supervisor *s, struct pollfd *polls)
{
	polls[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	for (unsigned int i = 0; i < s->count; i++) {
		polls[i + 1] = (struct pollfd){.fd = s->children[i].socket, .events = POLLIN};
	}
	if (poll(polls, s->count + 1, patience_ms(s)) <= 0) {
		return;
	}
	for (unsigned int i = 0; i < s->count; i++) {
		if (polls[i + 1].revents) {
			drain(s, &s->children[i]);
		}
	}
	if (polls[0].revents) {
		take_signals(s);
	}
}

static int prepare(struct supervisor *s, const struct supervise_table *table, struct pollfd **polls,
		   struct report *report)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
	sigset_t mask;

	s->count = table->count;
	s->children = calloc(table->count, sizeof(*s->children));
	*polls = calloc(table->count + 1, sizeof(**polls));
	if (!s->children || !*polls) {
		return report_error(report, ENOMEM, "the table of daemons");
	}
	for (unsigned int i = 0; i < s->count; i++) {
		s->children[i].daemon = &table->daemons[i];
		s->children[i].socket = -1;
	}
	sigemptyset(&mask);
	for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		sigaddset(&mask, wanted[i]);
	}
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? report_error(report, errno, "waiting for signals") : 0;
}

int supervise_run(const struct supervise_table *table, const struct supervise_options *options,
		  struct report *report)
{
	struct supervisor s = {.options = *options, .signals = -1};
	struct pollfd *polls = NULL;
	int err = prepare(&s, table, &polls, report);

	while (!err) {
		if (!s.stopping) {
			start_due(&s);
			announce(&s);
		} else if (!stop_last(&s)) {
			break;
		}
		wait_once(&s, polls);
	}
	for (unsigned int i = 0; s.children && i < s.count; i++) {
		held_clear(&s.children[i]);
	}
	if (s.signals >= 0) {
		close(s.signals);
	}
	free(s.children);
	free(polls);
	return err;
}
