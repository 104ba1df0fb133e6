/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: a ring of the last 64 KiB of text, and sinks that see it as it comes.
 *
 * Positions in the ring are running 32-bit counters; they wrap together and only differences
 * mean anything. The oldest byte offered to readers is `oldest`, never more than the ring's size
 * behind `produced`.
 *
 * A message is formatted once, into one static buffer, under the lock; longer ones are cut. Guests
 * share a small table of token buckets, by domid: ten messages at once, one more each half
 * second. What a bucket refuses it counts, and says so when it has tokens again.
 *
 * Everything below is under the lock that log_set_lock() supplies. Sinks run under it.
 */
#include "lib/log.h"

#include "lib/format.h"
#include "lib/math.h"
#include "lib/mem.h"

#define PREFIX "(PXN) "
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

#define MESSAGE_BYTES 1024

#define GUEST_BUCKETS 64
#define GUEST_BURST 10
#define GUEST_NS_PER_TOKEN UINT64_C(500000000)

struct bucket {
	unsigned int domid; /* whose messages were refused last */
	uint32_t used;	    /* tokens taken and not yet grown back */
	uint32_t suppressed;
};

static struct {
	char ring[LOG_RING_BYTES];
	uint32_t produced;
	uint32_t oldest;
	char message[MESSAGE_BYTES];
	bool inside_line; /* the last text did not end its line */
	struct log_sink *sinks;
	void (*acquire)(void);
	void (*release)(void);
	struct bucket buckets[GUEST_BUCKETS];
	uint64_t refilled_ns;
} state;

static enum log_level shown_level = LOG_INFO;

static void lock(void)
{
	if (state.acquire) {
		state.acquire();
	}
}

static void unlock(void)
{
	if (state.release) {
		state.release();
	}
}

static void put_in_ring(const char *text, size_t length)
{
	if (length > LOG_RING_BYTES) {
		text += length - LOG_RING_BYTES;
		length = LOG_RING_BYTES;
	}
	while (length > 0) {
		uint32_t at = state.produced % LOG_RING_BYTES;
		size_t piece = min_u64(length, LOG_RING_BYTES - at);

		memcpy(&state.ring[at], text, piece);
		state.produced += (uint32_t)piece;
		text += piece;
		length -= piece;
	}
	if (state.produced - state.oldest > LOG_RING_BYTES) {
		state.oldest = state.produced - LOG_RING_BYTES;
	}
}

static void put(enum log_level level, const char *text, size_t length)
{
	put_in_ring(text, length);
	for (struct log_sink *sink = state.sinks; sink; sink = sink->next) {
		if (level <= sink->level) {
			sink->write(sink->data, text, length);
		}
	}
}

/* Prefixes each line of state.message and ends the last one. */
static void put_message_lines(enum log_level level, size_t length)
{
	const char *text = state.message;

	/* A guest's half-written console line must not swallow ours. */
	if (state.inside_line) {
		put(level, "\n", 1);
		state.inside_line = false;
	}
	do {
		size_t line = 0;

		while (line < length && text[line] != '\n') {
			line++;
		}
		put(level, PREFIX, PREFIX_LENGTH);
		put(level, text, line);
		put(level, "\n", 1);
		line = line < length ? line + 1 : line;
		text += line;
		length -= line;
	} while (length > 0);
}

/* After `start` bytes already in state.message. */
static void put_message(enum log_level level, size_t start, const char *format, va_list args)
{
	size_t length = start + format_text_v(state.message + start, MESSAGE_BYTES - start, format,
					      args);

	put_message_lines(level, min_u64(length, MESSAGE_BYTES - 1));
}

void log_print_v(enum log_level level, const char *format, va_list args)
{
	lock();
	if (level <= shown_level) {
		put_message(level, 0, format, args);
	}
	unlock();
}

void log_print(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_print_v(level, format, args);
	va_end(args);
}

static void report_suppressed(struct bucket *bucket)
{
	size_t length;

	if (bucket->suppressed == 0) {
		return;
	}
	length = format_text(state.message, MESSAGE_BYTES, "%u messages of domain %u suppressed",
			     bucket->suppressed, bucket->domid);
	bucket->suppressed = 0;
	put_message_lines(LOG_WARNING, length);
}

static bool take_token(unsigned int domid)
{
	struct bucket *bucket = &state.buckets[domid % GUEST_BUCKETS];

	if (bucket->used < GUEST_BURST) {
		report_suppressed(bucket);
		bucket->used++;
		return true;
	}
	/* Two domains in one bucket: each gets its own count. */
	if (bucket->suppressed > 0 && bucket->domid != domid) {
		report_suppressed(bucket);
	}
	bucket->domid = domid;
	if (bucket->suppressed < UINT32_MAX) {
		bucket->suppressed++;
	}
	return false;
}

void log_guest(enum log_level level, unsigned int domid, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	lock();
	if (level <= shown_level && take_token(domid)) {
		put_message(level, format_text(state.message, MESSAGE_BYTES, "d%u: ", domid),
			    format, args);
	}
	unlock();
	va_end(args);
}

void log_tick(uint64_t now_ns)
{
	lock();
	/* The first call, and a clock set back, only set the origin. */
	if (state.refilled_ns == 0 || now_ns < state.refilled_ns) {
		state.refilled_ns = now_ns;
	}
	uint64_t grown = (now_ns - state.refilled_ns) / GUEST_NS_PER_TOKEN;
	state.refilled_ns += grown * GUEST_NS_PER_TOKEN;
	for (size_t i = 0; grown > 0 && i < GUEST_BUCKETS; i++) {
		struct bucket *bucket = &state.buckets[i];

		bucket->used -= (uint32_t)min_u64(grown, bucket->used);
		report_suppressed(bucket);
	}
	unlock();
}

void log_raw(const char *text, size_t length)
{
	if (length == 0) {
		return;
	}
	lock();
	put(LOG_ERROR, text, length);
	state.inside_line = text[length - 1] != '\n';
	unlock();
}

static void copy_from_ring(char *buffer, uint32_t from, size_t length)
{
	for (size_t done = 0; done < length;) {
		uint32_t at = (from + (uint32_t)done) % LOG_RING_BYTES;
		size_t piece = min_u64(length - done, LOG_RING_BYTES - at);

		memcpy(buffer + done, &state.ring[at], piece);
		done += piece;
	}
}

size_t log_tail(char *buffer, size_t size)
{
	size_t length = min_u64(size, min_u64(state.produced, LOG_RING_BYTES));

	copy_from_ring(buffer, state.produced - (uint32_t)length, length);
	return length;
}

size_t log_read(char *buffer, size_t size, uint32_t *index, bool clear, bool incremental)
{
	uint32_t from;
	size_t length;

	lock();
	from = state.oldest;
	/* Only a position inside what is offered counts; any other starts over. */
	if (incremental && *index - state.oldest <= state.produced - state.oldest) {
		from = *index;
	}
	length = min_u64(size, state.produced - from);
	copy_from_ring(buffer, from, length);
	*index = from + (uint32_t)length;
	if (clear) {
		state.oldest = *index;
	}
	unlock();
	return length;
}

void log_add_sink(struct log_sink *sink)
{
	lock();
	sink->next = state.sinks;
	state.sinks = sink;
	unlock();
}

void log_remove_sink(struct log_sink *sink)
{
	lock();
	for (struct log_sink **link = &state.sinks; *link; link = &(*link)->next) {
		if (*link == sink) {
			*link = sink->next;
			break;
		}
	}
	unlock();
}

void log_set_level(enum log_level level)
{
	shown_level = level;
}

void log_set_lock(void (*acquire)(void), void (*release)(void))
{
	state.acquire = acquire;
	state.release = release;
}

void log_reset(void)
{
	memset(&state, 0, sizeof(state));
	shown_level = LOG_INFO;
}
