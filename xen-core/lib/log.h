/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's log: who caused a message decides its level (error: us, warning: hardware or
 * configuration, info: milestones, debug). Messages a guest can provoke go through log_guest(),
 * which limits their rate per domain.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/types.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

#define LOG_RING_BYTES 65536

/*
 * Where text goes besides the ring: serial line, screen. write() runs under the log's lock and
 * must not log. Gets lines up to `level`, and all raw text.
 */
struct log_sink {
	void (*write)(void *data, const char *text, size_t length);
	void *data;
	enum log_level level;
	struct log_sink *next; /* (l) the log's */
};

/* The sink stays the caller's until removed. */
void log_add_sink(struct log_sink *sink);
void log_remove_sink(struct log_sink *sink);

/* Messages above the level are not even put in the ring. Initially LOG_INFO. */
void log_set_level(enum log_level level);

/*
 * Until set (or set to NULL, NULL) nothing is locked: right for one CPU with interrupts off, and
 * for a panic. acquire() must exclude this CPU's interrupt handlers as well.
 */
void log_set_lock(void (*acquire)(void), void (*release)(void));

/* One line or more; the line end is added when missing. Each line begins with "(PXN) ". */
void log_print(enum log_level level, const char *format, ...) printf_like(2, 3);
void log_print_v(enum log_level level, const char *format, va_list args) printf_like(2, 0);

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

/* A message about or provoked by a domain: "dN: ..." in the log, or counted and dropped. */
void log_guest(enum log_level level, unsigned int domid, const char *format, ...)
	printf_like(3, 4);

/* Tells the time to the rate limits and reports what they dropped. Call about once a second. */
void log_tick(uint64_t now_ns);

/* Text as it is, without prefix: a guest's console. */
void log_raw(const char *text, size_t length);

/*
 * XEN_SYSCTL_readconsole. Copies from the oldest unread byte, or, with incremental, from *index if
 * that is later; returns the number of bytes and leaves the position after them in *index. With
 * clear, what was read is not offered again. Large reads in pieces: pass incremental = true from
 * the second piece on.
 */
size_t log_read(char *buffer, size_t size, uint32_t *index, bool clear, bool incremental);

/* The last bytes of the text, read or not; returns how many. For a panic: takes no lock. */
size_t log_tail(char *buffer, size_t size);

/* Forgets text, sinks, limits, lock and level. */
void log_reset(void);

#endif
