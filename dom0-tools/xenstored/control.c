/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xenstore-control asks: the state of the daemon, and its settings. Each command is a row of
 * the table below; the answer is text for people.
 */
#include "xenstored/xsd.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/base.h>
#include <xen/io/xs_wire.h>

#define WORDS 5

struct command {
	const char *name;
	const char *usage;
	int (*run)(struct xsd *store, const char **words, unsigned int count, struct bytes *answer);
};

static bool parse_number(const char *text, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*number = (unsigned int)value;
	return *text >= '0' && *text <= '9' && !*end && value <= INT32_MAX;
}

static int do_check(struct xsd *store, const char **words, unsigned int count, struct bytes *answer)
{
	struct report report = {0};
	uint64_t nodes;
	int err = tree_check(&store->tree, &nodes, &report);

	if (!err) {
		bytes_format(answer, "%llu nodes, no damage\n", (unsigned long long)nodes);
	}
	for (unsigned int i = 0; i < report.count; i++) {
		xsd_log(store, "%s", report.messages[i].what);
		bytes_format(answer, "%s\n", report.messages[i].what);
	}
	report_clear(&report);
	return 0;
}

static int do_log(struct xsd *store, const char **words, unsigned int count, struct bytes *answer)
{
	if (count > 1 ||
	    (count == 1 && strcmp(words[0], "on") != 0 && strcmp(words[0], "off") != 0)) {
		return -EINVAL;
	}
	if (count == 1) {
		store->log_requests = strcmp(words[0], "on") == 0;
	}
	bytes_format(answer, "Log is %s.\n", store->log_requests ? "on" : "off");
	return 0;
}

static int do_print(struct xsd *store, const char **words, unsigned int count, struct bytes *answer)
{
	if (count != 1) {
		return -EINVAL;
	}
	xsd_log(store, "control: %.400s", words[0]);
	return 0;
}

static int do_memreport(struct xsd *store, const char **words, unsigned int count,
			struct bytes *answer)
{
	unsigned long long events = 0;
	unsigned int watches = 0;
	unsigned int txns = 0;
	MDB_envinfo info;

	for (const struct conn *conn = store->conns; conn; conn = conn->next) {
		events += conn->spill_bytes;
		watches += conn->watches.count;
		txns += conn->txn_count;
	}
	mdb_env_info(store->tree.env, &info);
	bytes_format(answer, "connections   %u\nwatches       %u\ntransactions  %u\n",
		     store->conn_count, watches, txns);
	bytes_format(answer, "database      %llu KiB of %llu\n",
		     (unsigned long long)(info.me_last_pgno + 1) * 4,
		     (unsigned long long)store->tree.map_size / 1024);
	bytes_format(answer, "events        %llu bytes waiting in it\n", events);
	return 0;
}

/* --- quotas --------------------------------------------------------------- */
static void show_limits(struct xsd *store, struct bytes *answer)
{
	for (unsigned int i = 0; i < QUOTA_COUNT; i++) {
		bytes_format(answer, "%-17s: %8u %s\n", quota_info(i)->name,
			     store->quotas.limits[i], quota_info(i)->meaning);
	}
}

static void show_domain(struct xsd *store, unsigned int domid, struct bytes *answer)
{
	const struct quota_domain *own = quotas_of(&store->quotas, domid);
	const struct conn *conn = xsd_domain(store, domid);
	unsigned int used[QUOTA_COUNT] = {0};

	used[QUOTA_NODES] = xsd_owned(store, domid);
	if (conn) {
		used[QUOTA_WATCHES] = conn->watches.count;
		used[QUOTA_TRANSACTIONS] = conn->txn_count;
		used[QUOTA_EVENTS] = (unsigned int)(conn->spill_bytes / 1024);
	}
	bytes_format(answer, "Domain %u:\n", domid);
	for (unsigned int i = 0; i < QUOTA_COUNT; i++) {
		bytes_format(answer, "%-17s: ", quota_info(i)->name);
		if (i == QUOTA_TRANSACTION_NODES || i == QUOTA_NODE_SIZE ||
		    i == QUOTA_PERMISSIONS) {
			bytes_format(answer, "%8s", "");
		} else {
			bytes_format(answer, "%8u", used[i]);
		}
		bytes_format(answer, " of %8u, %u refused%s\n",
			     quotas_limit(&store->quotas, domid, i), own ? own->refused[i] : 0,
			     own && own->set[i] ? ", limit of its own" : "");
	}
}

static int set_limit(struct xsd *store, int domid, const char *name, const char *value)
{
	int quota = quota_by_name(name);
	unsigned int limit;

	if (quota < 0 || !parse_number(value, &limit)) {
		return -EINVAL;
	}
	return quotas_set(&store->quotas, &store->tree, domid, (enum quota)quota, limit);
}

static int do_quota(struct xsd *store, const char **words, unsigned int count, struct bytes *answer)
{
	unsigned int domid;

	if (count == 0) {
		show_limits(store, answer);
		return 0;
	}
	if (count == 3 && strcmp(words[0], "set") == 0) {
		return set_limit(store, -1, words[1], words[2]);
	}
	if (!wire_domid(words[0], &domid)) {
		return -EINVAL;
	}
	if (count == 3) {
		return set_limit(store, (int)domid, words[1], words[2]);
	}
	if (count == 1) {
		show_domain(store, domid, answer);
		return 0;
	}
	return -EINVAL;
}

static int do_help(struct xsd *store, const char **words, unsigned int count, struct bytes *answer);

static const struct command commands[] = {
	{"check", "check", do_check},
	{"help", "help", do_help},
	{"log", "log [on|off]", do_log},
	{"memreport", "memreport", do_memreport},
	{"print", "print TEXT", do_print},
	{"quota", "quota [set NAME LIMIT | DOMID [NAME LIMIT]]", do_quota},
};

static int do_help(struct xsd *store, const char **words, unsigned int count, struct bytes *answer)
{
	bytes_format(answer, "commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		bytes_format(answer, "\t%s\n", commands[i].usage);
	}
	return 0;
}

int control_run(struct request *request)
{
	const char *words[WORDS];
	unsigned int count = wire_strings(request->payload, request->size, words, WORDS);
	struct bytes answer = {0};
	int err = -EINVAL;

	if (count == 0 || count > WORDS) {
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, words[0]) == 0) {
			err = commands[i].run(request->store, words + 1, count - 1, &answer);
			break;
		}
	}
	if (!err && !answer.size) {
		bytes_format(&answer, "OK");
	}
	if (!err) {
		bytes_add(&answer, "", 1);
		if (answer.size > XENSTORE_PAYLOAD_MAX) {
			answer.size = XENSTORE_PAYLOAD_MAX;
			answer.data[answer.size - 1] = '\0';
		}
		request_reply(request, answer.data, answer.size);
	}
	bytes_free(&answer);
	return err;
}
