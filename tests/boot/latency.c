/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency [COUNT]: sleeps a millisecond COUNT times (1,000) and says how late it woke.
 *
 * The thread's timer slack is a nanosecond, so what is late is due to the hypervisor, the kernel's
 * way from the timer to the thread, or other threads. Exit status 1: more than one of a thousand
 * woke a millisecond late.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define SLEEP_NS 1000000L
#define LATE_NS 1000000L

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t sleep_once(void)
{
	const struct timespec length = {.tv_nsec = SLEEP_NS};
	int64_t start = now();

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL) == EINTR) {
	}
	return now() - start - SLEEP_NS;
}

int main(int argc, char **argv)
{
	static const unsigned int shares[] = {50, 90, 99};
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	int64_t *lateness;
	long late = 0, latest = 0;

	if (count <= 0 || (lateness = calloc((size_t)count, sizeof(*lateness))) == NULL) {
		fprintf(stderr, "usage: latency [COUNT]\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	for (long i = 0; i < count; i++) {
		lateness[i] = sleep_once();
		late += lateness[i] >= LATE_NS;
		latest = lateness[i] > lateness[latest] ? i : latest;
	}
	qsort(lateness, (size_t)count, sizeof(*lateness), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		printf("%u%%: %ld us  ", shares[i],
		       (long)(lateness[count * shares[i] / 100] / 1000));
	}
	printf("max: %ld us, the %ldth  late: %ld of %ld\n", (long)(lateness[count - 1] / 1000),
	       latest + 1, late, count);
	return late * 1000 > count;
}
