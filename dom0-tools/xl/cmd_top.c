/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl top: what the domains do, as a screen that is drawn again and again, as tables one after the
 * other
 * (-b), as JSON, or in Prometheus' text format.
 *
 * The columns of the tables are those that scripts split at blanks; a limit that is none is
 * "no-limit", one word. Domain 0 comes first.
 */
#include "xl/xl.h"

#include "control/sample.h"
#include "xl/json.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <xen/sched.h>

struct view {
	bool batch;
	bool full_names;
	bool networks;
	bool vbds;
	bool vcpus;
	bool repeat_header;
	bool json;
	bool prometheus;
	unsigned long delay;
	unsigned long iterations; /* 0: until told */
};

struct totals {
	unsigned int nics, disks;
	uint64_t sent, received, full, reads, writes, read_sectors, written_sectors;
};

static struct totals sum(const struct control_sample_domain *domain)
{
	struct totals totals = {0};

	for (unsigned int i = 0; i < domain->traffic_count; i++) {
		const struct control_traffic *traffic = &domain->traffic[i];

		totals.disks += traffic->disk;
		totals.nics += !traffic->disk;
		totals.sent += traffic->sent_bytes;
		totals.received += traffic->received_bytes;
		totals.full += traffic->full;
		totals.reads += traffic->reads;
		totals.writes += traffic->writes;
		totals.read_sectors += traffic->read_sectors;
		totals.written_sectors += traffic->written_sectors;
	}
	return totals;
}

static void format_state(const struct xen_domctl_getdomaininfo *info, char text[7])
{
	bool crashed = control_domain_reason(info) == SHUTDOWN_crash;
	bool off = (info->flags & XEN_DOMINF_shutdown) && !crashed;

	snprintf(text, 7, "%c%c%c%c%c%c", info->flags & XEN_DOMINF_dying ? 'd' : '-',
		 off ? 's' : '-', info->flags & XEN_DOMINF_blocked ? 'b' : '-', crashed ? 'c' : '-',
		 info->flags & XEN_DOMINF_paused ? 'p' : '-',
		 info->flags & XEN_DOMINF_running ? 'r' : '-');
}

static void print_header(FILE *to)
{
	fprintf(to,
		"%10s %6s %10s %6s %10s %6s %10s %9s %5s %4s %8s %8s %4s %8s %8s %8s %10s %10s "
		"%4s\n",
		"NAME", "STATE", "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "MAXMEM(%)",
		"VCPUS", "NETS", "NETTX(k)", "NETRX(k)", "VBDS", "VBD_OO", "VBD_RD", "VBD_WR",
		"VBD_RSECT", "VBD_WSECT", "SSID");
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100.0 / (double)whole : 0.0;
}

static bool has_limit(const struct xen_domctl_getdomaininfo *info)
{
	return info->max_pages < 1ULL << 40;
}

static void print_domain(FILE *to, const struct control_sample *sample,
			 const struct control_sample_domain *domain, bool full_names)
{
	const struct xen_domctl_getdomaininfo *info = &domain->domain.info;
	struct totals totals = sum(domain);
	char state[7];

	format_state(info, state);
	fprintf(to, full_names ? "%10s" : "%10.10s",
		domain->domain.name ? domain->domain.name : "(null)");
	fprintf(to, " %6s %10" PRIu64 " %6.1f %10" PRIu64 " %6.1f", state,
		info->cpu_time / 1000000000, domain->cpu_percent, info->tot_pages * 4,
		percent(info->tot_pages * 4, sample->total_kib));
	if (has_limit(info)) {
		fprintf(to, " %10" PRIu64 " %9.1f", info->max_pages * 4,
			percent(info->max_pages * 4, sample->total_kib));
	} else {
		fprintf(to, " %10s %9s", "no-limit", "n/a");
	}
	fprintf(to, " %5u %4u %8" PRIu64 " %8" PRIu64 " %4u", info->nr_online_vcpus, totals.nics,
		totals.sent / 1024, totals.received / 1024, totals.disks);
	fprintf(to, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64 " %4u\n",
		totals.full, totals.reads, totals.writes, totals.read_sectors,
		totals.written_sectors, info->ssidref);
}

static void print_vcpus(FILE *to, const struct control_sample_domain *domain)
{
	fprintf(to, "VCPUs(sec): ");
	for (unsigned int i = 0; i < domain->vcpus.count; i++) {
		fprintf(to, " %2u: %10" PRIu64 "s", domain->vcpus.list[i].id,
			domain->vcpus.list[i].time / 1000000000);
	}
	fputc('\n', to);
}

static void print_traffic(FILE *to, const struct control_traffic *traffic)
{
	if (traffic->disk) {
		fprintf(to,
			"VBD BlkBack %5u [%2x:%2x]  OO: %8" PRIu64 "   RD: %8" PRIu64
			"   WR: %8" PRIu64 "  RSECT: %10" PRIu64 "  WSECT: %10" PRIu64 "\n",
			traffic->devid, (traffic->devid >> 8) & 0xff, traffic->devid & 0xff,
			traffic->full, traffic->reads, traffic->writes, traffic->read_sectors,
			traffic->written_sectors);
		return;
	}
	fprintf(to,
		"Net%u RX: %8" PRIu64 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64 "drop ",
		traffic->devid, traffic->received_bytes, traffic->received_packets,
		traffic->received_errors, traffic->received_dropped);
	fprintf(to, " TX: %8" PRIu64 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64 "drop\n",
		traffic->sent_bytes, traffic->sent_packets, traffic->sent_errors,
		traffic->sent_dropped);
}

static void print_table(FILE *to, const struct control_sample *sample, const struct view *view)
{
	print_header(to);
	for (unsigned int i = 0; i < sample->count; i++) {
		const struct control_sample_domain *domain = &sample->domains[i];

		if (view->repeat_header && i) {
			print_header(to);
		}
		print_domain(to, sample, domain, view->full_names);
		if (view->vcpus) {
			print_vcpus(to, domain);
		}
		for (unsigned int j = 0; j < domain->traffic_count; j++) {
			if (domain->traffic[j].disk ? view->vbds : view->networks) {
				print_traffic(to, &domain->traffic[j]);
			}
		}
	}
}

static void print_summary(FILE *to, const struct control_sample *sample)
{
	fprintf(to, "xl top  Proxenos/Xen %s   %u domains, %u CPUs at %u MHz\n", sample->version,
		sample->count, sample->cpus, sample->cpu_khz / 1000);
	fprintf(to, "Mem: %" PRIu64 "k total, %" PRIu64 "k used, %" PRIu64 "k free     q ends\n",
		sample->total_kib, sample->total_kib - sample->free_kib, sample->free_kib);
}

static void put_domain(struct json *json, const struct control_sample_domain *domain)
{
	const struct xen_domctl_getdomaininfo *info = &domain->domain.info;
	struct totals totals = sum(domain);

	json_map(json);
	json_put_number(json, "domid", info->domain);
	json_put_text(json, "name", domain->domain.name);
	json_put_text(json, "state", control_domain_state(info));
	json_put_number(json, "cpu_time_ns", (int64_t)info->cpu_time);
	json_put_real(json, "cpu_percent", domain->cpu_percent, 1);
	json_put_number(json, "memory_kib", (int64_t)info->tot_pages * 4);
	json_key(json, "max_memory_kib");
	if (has_limit(info)) {
		json_number(json, (int64_t)info->max_pages * 4);
	} else {
		json_text(json, NULL);
	}
	json_put_number(json, "vcpus_online", info->nr_online_vcpus);
	json_put_number(json, "networks", totals.nics);
	json_put_number(json, "network_sent_bytes", (int64_t)totals.sent);
	json_put_number(json, "network_received_bytes", (int64_t)totals.received);
	json_put_number(json, "disks", totals.disks);
	json_put_number(json, "disk_ring_full", (int64_t)totals.full);
	json_put_number(json, "disk_reads", (int64_t)totals.reads);
	json_put_number(json, "disk_writes", (int64_t)totals.writes);
	json_put_number(json, "disk_read_bytes", (int64_t)totals.read_sectors * 512);
	json_put_number(json, "disk_written_bytes", (int64_t)totals.written_sectors * 512);
	json_map_end(json);
}

static int print_json(struct xl *xl, const struct control_sample *sample)
{
	struct json json;
	int err = json_begin(&json, xl->out);

	if (err) {
		return err;
	}
	json_map(&json);
	json_put_number(&json, "total_memory_kib", (int64_t)sample->total_kib);
	json_put_number(&json, "free_memory_kib", (int64_t)sample->free_kib);
	json_put_number(&json, "cpus", sample->cpus);
	json_key(&json, "domains");
	json_array(&json);
	for (unsigned int i = 0; i < sample->count; i++) {
		put_domain(&json, &sample->domains[i]);
	}
	json_array_end(&json);
	json_map_end(&json);
	return json_end(&json);
}

/* A label's value: backslash, quote and newline are escaped, as the format wants. */
static void print_label(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			fputs("\\n", to);
		} else {
			fprintf(to, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
		}
	}
}

static double metric(const struct control_sample_domain *domain, unsigned int which)
{
	struct totals totals = sum(domain);
	const double values[] = {
		(double)domain->domain.info.cpu_time / 1e9,
		(double)domain->domain.info.tot_pages * 4096,
		(double)domain->domain.info.nr_online_vcpus,
		(double)totals.sent,
		(double)totals.received,
		(double)totals.read_sectors * 512,
		(double)totals.written_sectors * 512,
	};

	return values[which];
}

static void print_prometheus(FILE *to, const struct control_sample *sample)
{
	static const struct {
		const char *name, *type, *help;
	} metrics[] = {
		{"cpu_seconds_total", "counter", "CPU time used"},
		{"memory_bytes", "gauge", "Memory it has"},
		{"vcpus_online", "gauge", "Virtual CPUs in use"},
		{"network_sent_bytes_total", "counter", "Sent by all its interfaces"},
		{"network_received_bytes_total", "counter", "Received by all its interfaces"},
		{"disk_read_bytes_total", "counter", "Read from all its disks"},
		{"disk_written_bytes_total", "counter", "Written to all its disks"},
	};

	fprintf(to,
		"# HELP xen_memory_free_bytes Memory no domain has\n"
		"# TYPE xen_memory_free_bytes gauge\nxen_memory_free_bytes %" PRIu64 "\n",
		sample->free_kib * 1024);
	for (unsigned int i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		fprintf(to, "# HELP xen_domain_%s %s\n# TYPE xen_domain_%s %s\n", metrics[i].name,
			metrics[i].help, metrics[i].name, metrics[i].type);
		for (unsigned int j = 0; j < sample->count; j++) {
			const struct control_domain *domain = &sample->domains[j].domain;

			fprintf(to, "xen_domain_%s{domid=\"%u\",name=\"", metrics[i].name,
				domain->info.domain);
			print_label(to, domain->name ? domain->name : "");
			fprintf(to, "\"} %.15g\n", metric(&sample->domains[j], i));
		}
	}
}

static int print(struct xl *xl, const struct control_sample *sample, const struct view *view)
{
	if (view->json) {
		return print_json(xl, sample);
	}
	if (view->prometheus) {
		print_prometheus(xl->out, sample);
		return 0;
	}
	if (!view->batch) {
		fputs("\033[H\033[J", xl->out); /* home, clear */
		print_summary(xl->out, sample);
	}
	print_table(xl->out, sample, view);
	return 0;
}

/* Between two looks; true: the user has pressed q. */
static bool rest(struct xl *xl, const struct view *view, bool live)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	fflush(xl->out);
	if (!live) {
		xl->control->clock.sleep(xl->control->clock.context,
					 (unsigned int)view->delay * 1000);
		return false;
	}
	if (poll(&input, 1, (int)view->delay * 1000) <= 0) {
		return false;
	}
	return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' || key == 3;
}

static int watch(struct xl *xl, const struct view *view, bool live)
{
	struct control_sample before = {0}, sample = {0};
	bool first = true;
	int err = 0;

	for (unsigned long i = 0; !err && (view->iterations == 0 || i < view->iterations); i++) {
		if (i && rest(xl, view, live)) {
			break;
		}
		err = control_sample_take(xl->control, view->vcpus, first ? NULL : &before, &sample,
					  &xl->report);
		if (!err) {
			err = print(xl, &sample, view);
			control_sample_clear(&before);
			before = sample;
			first = false;
		}
	}
	control_sample_clear(&before);
	return err;
}

static int run(struct xl *xl, const struct view *view)
{
	struct termios usual, raw;
	bool live = !view->batch && !view->json && !view->prometheus &&
		    tcgetattr(STDIN_FILENO, &usual) == 0;
	int err;

	if (live) {
		raw = usual;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	err = watch(xl, view, live);
	if (live) {
		tcsetattr(STDIN_FILENO, TCSANOW, &usual);
	}
	return xl_end(xl, err);
}

static bool take_option(struct xl *xl, int option, struct view *view)
{
	switch (option) {
	case 'b':
		view->batch = true;
		break;
	case 'd':
		return !xl_read_number(optarg, &view->delay) && view->delay <= 86400;
	case 'i':
		return !xl_read_number(optarg, &view->iterations);
	case 'f':
		view->full_names = true;
		break;
	case 'n':
		view->networks = true;
		break;
	case 'x':
		view->vbds = true;
		break;
	case 'v':
		view->vcpus = true;
		break;
	case 'r':
		view->repeat_header = true;
		break;
	case XL_OPT_JSON:
		view->json = true;
		break;
	case 'P':
		view->prometheus = true;
		view->iterations = 1;
		break;
	default:
		return false;
	}
	return true;
}

int cmd_top(struct xl *xl, int argc, char **argv)
{
	static const struct option options[] = {
		{"batch", no_argument, NULL, 'b'},
		{"delay", required_argument, NULL, 'd'},
		{"iterations", required_argument, NULL, 'i'},
		{"full-name", no_argument, NULL, 'f'},
		{"networks", no_argument, NULL, 'n'},
		{"vbds", no_argument, NULL, 'x'},
		{"vcpus", no_argument, NULL, 'v'},
		{"repeat-header", no_argument, NULL, 'r'},
		{"prometheus", no_argument, NULL, 'P'},
		{0},
	};
	struct view view = {.delay = 3};
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "bd:i:fnxvr", options)) != -1) {
		if (!take_option(xl, option, &view)) {
			return xl_getopt_end(option);
		}
	}
	status = xl_open(xl);
	return status ? status : run(xl, &view);
}
