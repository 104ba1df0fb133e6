/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console daemon under a real keeper, for tests: guests' rings are shared memory, event
 * channels bytes in a FIFO, the store is one of the tests. The test's program is the daemon too,
 * started with a role: main() begins with consoled_role().
 *
 * Ring N has remote port N + 10 and local port N. The ring of guest N's console is ring N, and its
 * frame 1000 + N; the others are channels', by grants 500 + N.
 */
#ifndef UNIT_CONSOLED_H
#define UNIT_CONSOLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xen/io/console.h>

#define GUESTS 4
#define RINGS 8

struct page {
	struct xencons_interface ring;
} __attribute__((aligned(4096)));

/* What the daemon's process and this one share. */
struct board {
	struct page pages[RINGS];
	int gone[GUESTS];
	int masked[RINGS];
	int pending[RINGS];
	int notified[RINGS];
	int maps;   /* rings that are mapped */
	int starts; /* of the daemon */
	int pid;    /* of the daemon, once it is ready */
	int overruns;
};

extern struct board *board;
extern struct fake_store *fake;
extern pid_t keeper_pid;
extern char folder[64]; /* of all files; removed by end() */

/* True if this process is the daemon, and was: *status is its exit status. */
bool consoled_role(int argc, char **argv, int *status);

void begin_as(const char *mode); /* "keep" or "discard" */
void begin(void);
void end(void);

void pause_ms(unsigned int ms);
int64_t now_ms(void);
/* Kills the daemon and waits for the next instance; false: it did not come. */
bool kill_daemon(void);

void path_of(const char *name, char to[128]);
/* The caller's; "" if there is none. */
char *file_content(const char *name, size_t *length);
bool file_will_contain(const char *name, const char *wanted);

void guest_notify(unsigned int ring);
/* Waits for room as a guest's driver does; false when nobody makes any. */
bool guest_prints(unsigned int ring, const char *bytes, size_t length);
void guest_says(unsigned int ring, const char *text);
/* Waits until so many bytes have been put into the ring for the guest. */
bool guest_will_have(const struct xencons_interface *ring, uint32_t count);
void introduce(unsigned int guest, const char *name);

/* The terminal of a guest, once the daemon has written its name; the caller's. */
char *terminal_of(unsigned int guest);
int attach(unsigned int guest);
/* Reads until wanted has come, or for some time. What came is in text. */
bool terminal_shows(int fd, const char *wanted, char *text, size_t room);

#endif
