/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that what the hypervisor says when it crashes is there after the reset. In the first life
 * of the machine this asks for registers and then for a crash, by debug keys; in the second, begun
 * by that crash, it reads both in the hypervisor's log. All claims are the second life's.
 *
 * cpus: 1
 * reboots
 */
#include "guest.h"

#include <xen/sysctl.h>

#define LOG_PAGES 16

static char log_text[LOG_PAGES * PAGE + 1] __attribute__((aligned(4096)));

static void press(const char *key)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys};

	op.u.debug_keys.keys = (uint64_t)key;
	op.u.debug_keys.nr_keys = 1;
	sysctl(&op);
}

static int64_t read_log(void)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};
	int64_t err;

	op.u.readconsole.buffer = (uint64_t)log_text;
	op.u.readconsole.count = LOG_PAGES * PAGE;
	err = sysctl(&op);
	log_text[err ? 0 : op.u.readconsole.count] = '\0';
	return err;
}

static const char *find(const char *in, const char *what)
{
	for (; in && *in; in++) {
		if (memcmp(in, what, strlen(what)) == 0) {
			return in;
		}
	}
	return NULL;
}

static bool is_between(const char *from, const char *end, const char *what)
{
	const char *found = find(from, what);

	return found && found < end;
}

void guest_test(void)
{
	const char *record, *end;
	int64_t err = read_log();

	record = find(log_text, "crashed before this start");
	if (!record && !err) {
		print("# first life\n");
		press("d");
		spin_ns(1000000);
		press("C");
	}
	end = find(record, "end of what the crash left");
	claim_equal("the_log_is_read", err, 0);
	claim(record != NULL, "a_crash_is_told_of_after_the_reset");
	claim(end != NULL, "its_record_is_whole");
	claim(is_between(record, end, "panic on CPU 0"), "it_says_which_cpu_panicked");
	claim(is_between(record, end, "a debug key"), "and_why");
	claim(is_between(record, end, "key_crash+"), "and_from_where");
	claim(is_between(find(record, "a debug key"), end, "CPU 0 runs d0v0"), "and_for_whom");
	claim(is_between(record, find(record, "*** panic"), "CPU 0 runs d0v0"),
	      "what_was_said_before_is_in_it");
}
