/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See hypervisor.h. */
#include "xenconsoled/hypervisor.h"

#include "keeper/keeper.h"
#include "lib/report.h"

#include <sys/mman.h>

#define LOG_CHUNK 16384

static void take(struct hypervisor *hypervisor, struct report *report)
{
	const struct console_settings *settings = hypervisor->settings;
	struct journal *journal = hypervisor->journal;
	char text[LOG_CHUNK];
	uint32_t length = 0;

	do {
		uint32_t index = journal->base + (uint32_t)journal->taken;

		if (settings->host->read_log(settings->context, text, sizeof(text), &index,
					     &length)) {
			return;
		}
		journal_put(journal, text, length);
		journal_commit(journal, length);
		journal->base = index - (uint32_t)journal->taken;
		log_write(&hypervisor->log, journal, report);
	} while (length == sizeof(text));
}

void hypervisor_read(struct hypervisor *hypervisor, int ports, struct report *report)
{
	const struct console_settings *settings = hypervisor->settings;

	take(hypervisor, report);
	settings->host->unmask(settings->context, ports, hypervisor->port);
}

int hypervisor_begin(struct hypervisor *hypervisor, const struct daemon_options *options, int ports,
		     bool ports_inherited, struct report *report)
{
	const struct console_settings *settings = &options->console;
	void *map;
	bool fresh;
	int err = keeper_journal(settings->keeper, "journal.hypervisor",
				 sizeof(*hypervisor->journal), &map, &fresh, report);

	if (err) {
		return err;
	}
	hypervisor->settings = settings;
	hypervisor->journal = map;
	if (fresh || !journal_is_of(hypervisor->journal, "hypervisor")) {
		journal_init(hypervisor->journal, "hypervisor");
	}
	log_open(&hypervisor->log, options->hypervisor_folder, "hypervisor",
		 &options->hypervisor_log, hypervisor->journal, report);
	hypervisor->port = hypervisor->journal->local_port;
	if (!ports_inherited || !hypervisor->port) {
		err = settings->host->bind_log(settings->context, ports, &hypervisor->port);
		if (err) {
			return report_error(report, -err, "the hypervisor's log");
		}
		hypervisor->journal->local_port = hypervisor->port;
	}
	hypervisor_read(hypervisor, ports, report);
	return 0;
}

void hypervisor_sweep(struct hypervisor *hypervisor, struct report *report)
{
	if (hypervisor->journal && hypervisor->log.failing) {
		log_write(&hypervisor->log, hypervisor->journal, report);
	}
}

void hypervisor_reopen(struct hypervisor *hypervisor, struct report *report)
{
	if (hypervisor->log.path) {
		log_reopen(&hypervisor->log, hypervisor->journal, report);
	}
}

void hypervisor_end(struct hypervisor *hypervisor)
{
	if (hypervisor->journal) {
		log_close(&hypervisor->log);
		munmap(hypervisor->journal, sizeof(*hypervisor->journal));
	}
}
