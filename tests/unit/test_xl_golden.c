/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xl prints, byte for byte, for a host made up here: each command line below is run and its
 * standard output, standard error and exit status compared with tests/golden/xl/NAME. The forms of
 * the tables were compared with those of Debian's xl on one machine; these files keep them so.
 *
 * Commands that change something also show what: the calls the hypervisor got, and nodes of the
 * store that have another value.
 *
 * With XL_GOLDEN_WRITE set in the environment the files are written instead.
 */
#include "control/control.h"
#include "store/store.h"
#include "unit/fake_store.h"
#include "unit/unit.h"
#include "xl/xl.h"

#include "call/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#define HYPERCALL_XEN_VERSION 17U
#define HYPERCALL_SYSCTL 35U
#define HYPERCALL_DOMCTL 36U

/* --- a hypervisor that only answers ---------------------------------------------------------- */
static const struct xen_domctl_getdomaininfo domains[] = {
	{.domain = 0,
	 .flags = XEN_DOMINF_running | 0xffU << XEN_DOMINF_shutdownshift,
	 .tot_pages = 393216,
	 .max_pages = 393216,
	 .cpu_time = 46640000000,
	 .nr_online_vcpus = 2,
	 .max_vcpu_id = 1},
	{.domain = 1,
	 .flags = XEN_DOMINF_blocked | 0xffU << XEN_DOMINF_shutdownshift,
	 .tot_pages = 65536,
	 .max_pages = 65792,
	 .cpu_time = 57800000000,
	 .nr_online_vcpus = 1,
	 .max_vcpu_id = 1,
	 .handle = {0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55,
		    0x55, 0x55, 0x55}},
	{.domain = 12,
	 .flags = XEN_DOMINF_shutdown | 3U << XEN_DOMINF_shutdownshift,
	 .tot_pages = 32768,
	 .max_pages = 33024,
	 .outstanding_pages = 512,
	 .cpu_time = 312000000,
	 .nr_online_vcpus = 1,
	 .max_vcpu_id = 0,
	 .handle = {0x99, 0x99, 0x99, 0x99, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55,
		    0x55, 0x55, 0x55}},
	{.domain = 13,
	 .flags = XEN_DOMINF_dying | XEN_DOMINF_paused | XEN_DOMINF_shutdown,
	 .tot_pages = 1,
	 .max_pages = 1ULL << 50,
	 .nr_online_vcpus = 0,
	 .max_vcpu_id = XEN_INVALID_MAX_VCPU_ID},
};
#define DOMAIN_COUNT (sizeof(domains) / sizeof(domains[0]))

static FILE *changes; /* of the line that runs */

static void *at(uint64_t handle)
{
	return (void *)(uintptr_t)handle;
}

static void put_map(struct xenctl_bitmap *map, uint8_t value)
{
	uint8_t *bytes = at(map->bitmap);

	if (bytes && map->nr_bits) {
		memset(bytes, 0, (map->nr_bits + 7) / 8);
		bytes[0] = value;
	}
}

static int64_t answer_list(struct xen_sysctl_getdomaininfolist *list)
{
	struct xen_domctl_getdomaininfo *infos = at(list->buffer);

	list->num_domains = 0;
	for (unsigned int i = 0; i < DOMAIN_COUNT; i++) {
		if (domains[i].domain >= list->first_domain &&
		    list->num_domains < list->max_domains) {
			infos[list->num_domains++] = domains[i];
		}
	}
	return 0;
}

/* With a second pool: CPUs 0 and 1, CPU 2, and CPU 3 free. Else one has all. */
static bool two_pools;

static int64_t change_pool(struct xen_sysctl_cpupool_op *pool)
{
	static const char *const names[] = {"", "create", "destroy", "", "addcpu", "rmcpu",
					    "movedomain"};

	if ((pool->op == XEN_SYSCTL_CPUPOOL_OP_ADDCPU && pool->cpu != 3) ||
	    (pool->op == XEN_SYSCTL_CPUPOOL_OP_RMCPU && pool->cpu == 3)) {
		return -ENODEV;
	}
	if (pool->op == XEN_SYSCTL_CPUPOOL_OP_RMCPU && pool->cpu == 0) {
		return -EBUSY;
	}
	if (pool->op == XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN && pool->domid == 0) {
		return -EPERM;
	}
	fprintf(changes, "sysctl cpupool_op %s %d: cpu %u domain %u\n", names[pool->op],
		(int)pool->cpupool_id, pool->cpu, pool->domid);
	if (pool->op == XEN_SYSCTL_CPUPOOL_OP_CREATE) {
		pool->cpupool_id = 2;
	}
	return 0;
}

static int64_t answer_pool(struct xen_sysctl_cpupool_op *pool)
{
	if (pool->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO) {
		put_map(&pool->cpumap, two_pools ? 8 : 0);
		return 0;
	}
	if (pool->op != XEN_SYSCTL_CPUPOOL_OP_INFO) {
		return change_pool(pool);
	}
	if (two_pools && pool->cpupool_id <= 1) {
		pool->sched_id = XEN_SCHEDULER_CREDIT2;
		pool->n_dom = pool->cpupool_id ? 0 : DOMAIN_COUNT;
		put_map(&pool->cpumap, pool->cpupool_id ? 4 : 3);
		return 0;
	}
	if (pool->op != XEN_SYSCTL_CPUPOOL_OP_INFO || pool->cpupool_id > 0) {
		return -ENOENT;
	}
	pool->sched_id = XEN_SCHEDULER_CREDIT2;
	pool->n_dom = DOMAIN_COUNT;
	put_map(&pool->cpumap, 0x0f);
	return 0;
}

static int64_t answer_topology(struct xen_sysctl_cputopoinfo *topology)
{
	struct xen_sysctl_cputopo *cpus = at(topology->cputopo);

	for (unsigned int i = 0; cpus && i < 4 && i < topology->num_cpus; i++) {
		cpus[i] = (struct xen_sysctl_cputopo){.core = i / 2, .node = 0};
	}
	topology->num_cpus = 4;
	return 0;
}

static int64_t answer_numa(struct xen_sysctl_numainfo *numa)
{
	struct xen_sysctl_meminfo *nodes = at(numa->meminfo);
	uint32_t *distances = at(numa->distance);

	if (nodes) {
		nodes[0] = (struct xen_sysctl_meminfo){6ULL << 30, 2516ULL << 20};
	}
	if (distances) {
		distances[0] = 10;
	}
	numa->num_nodes = 1;
	return 0;
}

static const char log_text[] = "(XEN) first line\n(XEN) second \"line\"\n";

static int64_t answer_log(struct xen_sysctl_readconsole *log)
{
	uint32_t length = (uint32_t)sizeof(log_text) - 1;

	if (log->incremental && log->index >= length) {
		log->count = 0;
		return 0;
	}
	memcpy(at(log->buffer), log_text, length);
	log->count = length;
	log->index = length;
	return 0;
}

static int64_t answer_sysctl(struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		return answer_list(&op->u.getdomaininfolist);
	case XEN_SYSCTL_physinfo:
		op->u.physinfo = (struct xen_sysctl_physinfo){
			.threads_per_core = 2,
			.cores_per_socket = 2,
			.nr_cpus = 4,
			.max_cpu_id = 3,
			.nr_nodes = 1,
			.max_node_id = 63, /* as Xen says it: the highest it could have */
			.cpu_khz = 2445025,
			.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hvm |
					XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1,
			.total_pages = 1048446,
			.free_pages = 644000,
			.scrub_pages = 96,
			.outstanding_pages = 512,
			.hw_cap = {0x1fcbf3fd, 0xc6d82203, 1, 0x77, 5, 0, 0x20c, 0},
		};
		return 0;
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
		return 0;
	case XEN_SYSCTL_cpupool_op:
		return answer_pool(&op->u.cpupool_op);
	case XEN_SYSCTL_scheduler_op:
		op->u.scheduler_op.u.sched_credit2.ratelimit_us = 1000;
		return 0;
	case XEN_SYSCTL_cputopoinfo:
		return answer_topology(&op->u.cputopoinfo);
	case XEN_SYSCTL_numainfo:
		return answer_numa(&op->u.numainfo);
	case XEN_SYSCTL_readconsole:
		return answer_log(&op->u.readconsole);
	case XEN_SYSCTL_debug_keys:
		fprintf(changes, "sysctl debug_keys %.*s\n", (int)op->u.debug_keys.nr_keys,
			(const char *)at(op->u.debug_keys.keys));
		return 0;
	default:
		return -ENOSYS;
	}
}

static int64_t answer_vcpu(struct xen_domctl_getvcpuinfo *vcpu, bool dom0)
{
	vcpu->online = dom0 || vcpu->vcpu == 0;
	vcpu->running = dom0 && vcpu->vcpu == 0;
	vcpu->blocked = !vcpu->running && vcpu->online;
	vcpu->cpu = vcpu->vcpu;
	vcpu->cpu_time = 27700000000 + vcpu->vcpu * 100000000ULL;
	return 0;
}

static int64_t answer_scheduler(struct xen_domctl_scheduler_op *op, unsigned int domid)
{
	if (op->cmd == XEN_DOMCTL_SCHEDOP_putinfo) {
		fprintf(changes, "domctl scheduler_op %u: weight %u cap %u\n", domid,
			op->u.credit2.weight, op->u.credit2.cap);
		return 0;
	}
	op->u.credit2.weight = 256;
	op->u.credit2.cap = domid == 1 ? 150 : 0;
	return 0;
}

static int64_t answer_pin(const struct xen_domctl_vcpuaffinity *affinity, unsigned int domid)
{
	const uint8_t *hard = at(affinity->cpumap_hard.bitmap);
	const uint8_t *soft = at(affinity->cpumap_soft.bitmap);

	fprintf(changes, "domctl setvcpuaffinity %u: vcpu %u", domid, affinity->vcpu);
	if (affinity->flags & XEN_VCPUAFFINITY_HARD) {
		fprintf(changes, " hard %#x", hard[0] & 0xf);
	}
	if (affinity->flags & XEN_VCPUAFFINITY_SOFT) {
		fprintf(changes, " soft %#x", soft[0] & 0xf);
	}
	fputc('\n', changes);
	return 0;
}

static int64_t answer_domctl(struct xen_domctl *op)
{
	const struct xen_domctl_getdomaininfo *domain = NULL;

	for (unsigned int i = 0; i < DOMAIN_COUNT; i++) {
		if (domains[i].domain == op->domain) {
			domain = &domains[i];
		}
	}
	if (!domain) {
		return -ESRCH;
	}
	switch (op->cmd) {
	case XEN_DOMCTL_getdomaininfo:
		op->u.getdomaininfo = *domain;
		return 0;
	case XEN_DOMCTL_getvcpuinfo:
		return answer_vcpu(&op->u.getvcpuinfo, op->domain == 0);
	case XEN_DOMCTL_getvcpuaffinity:
		put_map(&op->u.vcpuaffinity.cpumap_hard, op->domain == 1 ? 0x0b : 0x0f);
		put_map(&op->u.vcpuaffinity.cpumap_soft, op->domain == 1 ? 0x06 : 0x0f);
		return 0;
	case XEN_DOMCTL_getnodeaffinity:
		put_map(&op->u.nodeaffinity.nodemap, 1);
		return 0;
	case XEN_DOMCTL_scheduler_op:
		return answer_scheduler(&op->u.scheduler_op, op->domain);
	case XEN_DOMCTL_setvcpuaffinity:
		return answer_pin(&op->u.vcpuaffinity, op->domain);
	case XEN_DOMCTL_pausedomain:
		fprintf(changes, "domctl pausedomain %u\n", op->domain);
		return 0;
	case XEN_DOMCTL_max_mem:
		fprintf(changes, "domctl max_mem %u: %llu KiB\n", op->domain,
			(unsigned long long)op->u.max_mem.max_memkb);
		return 0;
	case XEN_DOMCTL_sendtrigger:
		fprintf(changes, "domctl sendtrigger %u: %u to vcpu %u\n", op->domain,
			op->u.sendtrigger.trigger, op->u.sendtrigger.vcpu);
		return 0;
	case XEN_DOMCTL_unpausedomain:
		return -EINVAL;
	default:
		return -ENOSYS;
	}
}

static int64_t answer_version(uint64_t cmd, void *to)
{
	struct xen_compile_info *compile = to;

	switch (cmd) {
	case XENVER_version:
		return 4 << 16 | 17;
	case XENVER_extraversion:
		strcpy(to, ".7");
		return 0;
	case XENVER_compile_info:
		strcpy(compile->compiler, "gcc 12.2.0");
		strcpy(compile->compile_by, "somebody");
		strcpy(compile->compile_domain, "example.org");
		strcpy(compile->compile_date, "Wed Nov  4 16:52:28 UTC 2026");
		return 0;
	case XENVER_capabilities:
		strcpy(to, "xen-3.0-x86_64 hvm-3.0-x86_64 ");
		return 0;
	case XENVER_commandline:
		strcpy(to, "dom0_mem=1536M");
		return 0;
	case XENVER_pagesize:
		return 4096;
	default:
		return -ENOSYS;
	}
}

static int64_t answer(void *context, uint64_t number, const uint64_t args[5])
{
	switch (number) {
	case HYPERCALL_XEN_VERSION:
		return answer_version(args[0], at(args[1]));
	case HYPERCALL_SYSCTL:
		return answer_sysctl(at(args[0]));
	case HYPERCALL_DOMCTL:
		return answer_domctl(at(args[0]));
	default:
		return -ENOSYS;
	}
}

static int answer_buffer(void *context, size_t size, void **chunk)
{
	*chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return *chunk == MAP_FAILED ? -ENOMEM : 0;
}

static void answer_unbuffer(void *context, void *chunk, size_t size)
{
	munmap(chunk, size);
}

static void answer_close(void *context)
{
}

static const struct call_backend backend = {
	.hypercall = answer,
	.buffer = answer_buffer,
	.unbuffer = answer_unbuffer,
	.close = answer_close,
};

/* --- the rest of the host -------------------------------------------------------------------- */
static double test_wall(void *context)
{
	return 1700000000.0;
}

static double test_uptime(void *context)
{
	return 93784.5;
}

static void fill_store(struct fake_store *fake)
{
	static const char *const nodes[][2] = {
		{"/local/domain/0/name", "Domain-0"},
		{"/local/domain/1/name", "web1"},
		{"/local/domain/1/memory/target", "262144"},
		{"/local/domain/1/memory/static-max", "262144"},
		{"/local/domain/1/control/sysrq", ""},
		{"/local/domain/12/name", "a-guest-with-a-name-longer-than-the-column-is"},
		{"/vm/11111111-2222-3333-4444-555555555555/start_time", "1699999939.00"},
		{"/vm/99999999-2222-3333-4444-555555555555/start_time", "1699800000.00"},
		{"/libxl/1/device/vbd/51728/backend", "/local/domain/0/backend/vbd/1/51728"},
		{"/libxl/1/device/vbd/51728/frontend", "/local/domain/1/device/vbd/51728"},
		{"/local/domain/1/device/vbd/51728/backend", "/local/domain/0/backend/vbd/1/51728"},
		{"/local/domain/1/device/vbd/51728/backend-id", "0"},
		{"/local/domain/1/device/vbd/51728/state", "4"},
		{"/local/domain/1/device/vbd/51728/event-channel", "9"},
		{"/local/domain/1/device/vbd/51728/ring-ref", "8"},
		{"/local/domain/0/backend/vbd/1/51728/frontend",
		 "/local/domain/1/device/vbd/51728"},
		{"/local/domain/0/backend/vbd/1/51728/frontend-id", "1"},
		{"/local/domain/0/backend/vbd/1/51728/params", "/run/file.img"},
		{"/local/domain/0/backend/vbd/1/51728/dev", "xvdb"},
		{"/local/domain/0/backend/vbd/1/51728/mode", "w"},
		{"/local/domain/0/backend/vbd/1/51728/state", "4"},
		{"/local/domain/0/backend/vbd/1/51728/online", "1"},
		{"/libxl/1/device/console/0/backend", "/local/domain/0/backend/console/1/0"},
		{"/libxl/1/device/console/0/frontend", "/local/domain/1/console"},
		{"/libxl/1/device/console/1/backend", "/local/domain/0/backend/console/1/1"},
		{"/libxl/1/device/console/1/frontend", "/local/domain/1/device/console/1"},
		{"/libxl/1/device/console/2/backend", "/local/domain/0/backend/console/1/2"},
		{"/libxl/1/device/console/2/frontend", "/local/domain/1/device/console/2"},
		{"/local/domain/1/device/console/1/state", "4"},
		{"/local/domain/1/device/console/1/port", "12"},
		{"/local/domain/1/device/console/1/ring-ref", "9"},
		{"/local/domain/1/device/console/2/state", "1"},
		{"/local/domain/0/backend/console/1/1/connection", "pty"},
		{"/local/domain/0/backend/console/1/1/name", "org.example.agent"},
		{"/local/domain/0/backend/console/1/1/tty", "/dev/pts/7"},
		{"/local/domain/0/backend/console/1/2/connection", "socket"},
		{"/local/domain/0/backend/console/1/2/name", "log"},
		{"/local/domain/0/backend/console/1/2/path", "/run/web1.log"},
		{"/libxl/1/device/vif/0/backend", "/local/domain/0/backend/vif/1/0"},
		{"/libxl/1/device/vif/0/frontend", "/local/domain/1/device/vif/0"},
		{"/local/domain/1/device/vif/0/backend", "/local/domain/0/backend/vif/1/0"},
		{"/local/domain/1/device/vif/0/backend-id", "0"},
		{"/local/domain/1/device/vif/0/state", "4"},
		{"/local/domain/1/device/vif/0/mac", "00:16:3e:11:22:33"},
		{"/local/domain/0/backend/vif/1/0/frontend", "/local/domain/1/device/vif/0"},
		{"/local/domain/0/backend/vif/1/0/frontend-id", "1"},
		{"/local/domain/0/backend/vif/1/0/bridge", "xenbr0"},
		{"/local/domain/0/backend/vif/1/0/state", "4"},
		{"/local/domain/0/backend/vif/1/0/online", "1"},
	};

	for (unsigned int i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		fake_store_set(fake, nodes[i][0], nodes[i][1]);
	}
}

/* Nodes commands write, and what they were. */
static struct {
	const char *path;
	char *before;
} watched[] = {
	{"/local/domain/1/name", NULL},
	{"/local/domain/1/memory/target", NULL},
	{"/local/domain/1/memory/static-max", NULL},
	{"/local/domain/1/cpu/0/availability", NULL},
	{"/local/domain/1/cpu/1/availability", NULL},
	{"/local/domain/1/control/sysrq", NULL},
	{"/local/domain/1/control/shutdown", NULL},
	{"/local/pool/1/name", NULL},
	{"/local/pool/2/name", NULL},
};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

static void look_before(struct fake_store *fake)
{
	for (unsigned int i = 0; i < WATCHED_COUNT; i++) {
		watched[i].before = fake_store_get(fake, watched[i].path);
	}
}

static void look_after(struct fake_store *fake)
{
	for (unsigned int i = 0; i < WATCHED_COUNT; i++) {
		char *now = fake_store_get(fake, watched[i].path), *before = watched[i].before;

		if (now && (!before || strcmp(before, now) != 0)) {
			fprintf(changes, "%s = %s\n", watched[i].path, now);
		} else if (before && !now) {
			fprintf(changes, "%s is gone\n", watched[i].path);
		}
		free(now);
		free(before);
	}
}

/* --- running a line -------------------------------------------------------------------------- */
struct run {
	char *out;
	char *err;
	char *changes;
	int status;
};

static struct run run_line(const char *line)
{
	char *words = strdup(line), *rest = NULL, *argv[24] = {(char[]){"xl"}};
	struct fake_store *fake = fake_store_start(NULL);
	struct control control;
	struct xl xl = {.control = &control};
	struct run run = {0};
	struct store *store;
	struct call *call;
	size_t size;
	int argc = 1;

	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		argv[argc++] = word;
	}
	fill_store(fake);
	if (two_pools) {
		fake_store_set(fake, "/local/pool/1/name", "batch");
	}
	look_before(fake);
	CU_ASSERT_EQUAL_FATAL(call_open_with(&backend, NULL, &call), 0);
	CU_ASSERT_EQUAL_FATAL(store_attach(&store, fake_store_connect(fake)), 0);
	CU_ASSERT_EQUAL_FATAL(control_open_with(&control, call, store, NULL), 0);
	control.clock.wall = test_wall;
	control.clock.uptime = test_uptime;
	control.state_dir = "/nonexistent";
	control.run_dir = "/tmp";
	xl.out = open_memstream(&run.out, &size);
	xl.err = open_memstream(&run.err, &size);
	changes = open_memstream(&run.changes, &size);
	run.status = xl_run(&xl, argc, argv);
	look_after(fake);
	fclose(changes);
	fclose(xl.out);
	fclose(xl.err);
	control_close(&control);
	fake_store_stop(fake);
	free(words);
	return run;
}

/* The names of the machine the test runs on differ. */
static bool is_of_this_machine(const char *line)
{
	static const char *const keys[] = {"host ",      "release ",        "version ",  "machine ",
					   "    \"host", "    \"release\"", "    \"mach"};

	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strncmp(line, keys[i], strlen(keys[i]))) {
			return true;
		}
	}
	return false;
}

static void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	free(run->changes);
}

static char *as_golden(const char *line, const struct run *run)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fprintf(to, "$ xl %s\n", line);
	for (const char *at_line = run->out; *at_line;) {
		const char *end = strchrnul(at_line, '\n');

		if (!is_of_this_machine(at_line)) {
			fprintf(to, "%.*s\n", (int)(end - at_line), at_line);
		}
		at_line = *end ? end + 1 : end;
	}
	fprintf(to, "$ 2>\n%s$ status %d\n", run->err, run->status);
	if (*run->changes) {
		fprintf(to, "$ changes\n%s", run->changes);
	}
	fclose(to);
	return text;
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *from = fopen(path, "re");

	if (from) {
		if (getdelim(&text, &size, '\0', from) < 0) {
			free(text);
			text = NULL;
		}
		fclose(from);
	}
	return text;
}

static void compare(const char *name, const char *line)
{
	struct run run = run_line(line);
	char path[256], *text = as_golden(line, &run), *expected;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
	if (getenv("XL_GOLDEN_WRITE")) {
		FILE *to = fopen(path, "we");

		CU_ASSERT_PTR_NOT_NULL_FATAL(to);
		fputs(text, to);
		fclose(to);
	}
	expected = read_file(path);
	if (!expected || strcmp(expected, text) != 0) {
		CU_FAIL("not as in tests/golden/xl");
		fprintf(stderr, "%s: expected\n%s--- got\n%s---\n", name,
			expected ? expected : "(no file)", text);
	}
	free(expected);
	free(text);
	run_free(&run);
}

static void pools_change_as_they_are_told(void)
{
	compare("cpupool-create-no-free-cpu", "cpupool-create name=more");
	two_pools = true;
	compare("cpupool-list-two", "cpupool-list -c");
	compare("cpupool-create", "cpupool-create name=more cpus=3");
	compare("cpupool-create-any", "cpupool-create name=more sched=credit2");
	compare("cpupool-create-dry", "cpupool-create -n name=more cpus=[3]");
	compare("cpupool-create-taken", "cpupool-create name=more cpus=[\"2\",\"3\"]");
	compare("cpupool-create-same-name", "cpupool-create name=batch");
	compare("cpupool-create-number", "cpupool-create name=7");
	compare("cpupool-create-nameless", "cpupool-create cpus=3");
	compare("cpupool-create-no-sched", "cpupool-create name=more sched=fair");
	compare("cpupool-create-unknown", "cpupool-create name=more color=red");
	compare("cpupool-create-no-file", "cpupool-create /nonexistent/pool");
	compare("cpupool-destroy", "cpupool-destroy batch");
	compare("cpupool-destroy-first", "cpupool-destroy Pool-0");
	compare("cpupool-rename", "cpupool-rename batch night");
	compare("cpupool-rename-same", "cpupool-rename Pool-0 batch");
	compare("cpupool-cpu-add", "cpupool-cpu-add batch 3");
	compare("cpupool-cpu-add-taken", "cpupool-cpu-add batch 1");
	compare("cpupool-cpu-add-none", "cpupool-cpu-add batch 9");
	compare("cpupool-cpu-remove", "cpupool-cpu-remove batch 2");
	compare("cpupool-cpu-remove-last", "cpupool-cpu-remove Pool-0 0");
	compare("cpupool-cpu-remove-absent", "cpupool-cpu-remove batch 3");
	compare("cpupool-migrate", "cpupool-migrate web1 batch");
	compare("cpupool-migrate-dom0", "cpupool-migrate 0 batch");
	compare("cpupool-migrate-nowhere", "cpupool-migrate web1 nosuch");
	two_pools = false;
}

static void the_tables_are_as_ever(void)
{
	compare("list", "list");
	compare("list-verbose", "list -v");
	compare("list-all-columns", "list -v -c -n");
	compare("list-context", "list -Z");
	compare("list-one", "list web1");
	compare("info", "info");
	compare("info-numa", "info -n");
	compare("vcpu-list", "vcpu-list");
	compare("vcpu-list-some", "vcpu-list web1 12");
	compare("vm-list", "vm-list");
	compare("uptime", "uptime");
	compare("uptime-short", "uptime -s web1");
	compare("claims", "claims");
	compare("cpupool-list", "cpupool-list");
	compare("cpupool-list-cpus", "cpupool-list -c");
	compare("sched-credit2", "sched-credit2");
	compare("sched-credit2-one", "sched-credit2 -d web1");
	compare("sched-credit2-params", "sched-credit2 -s");
	compare("sched-credit", "sched-credit");
	compare("block-list", "block-list web1");
	compare("network-list", "network-list web1");
	compare("channel-list", "channel-list web1");
	compare("dmesg", "dmesg");
	compare("domid", "domid web1");
	compare("domname", "domname 1");
	compare("top", "top -b -i 1");
}

static void every_list_has_its_json(void)
{
	compare("list-long", "list -l");
	compare("list-json", "list --json");
	compare("info-json", "info --json -n");
	compare("vcpu-list-json", "vcpu-list --json web1");
	compare("vm-list-json", "vm-list --json");
	compare("uptime-json", "uptime --json");
	compare("claims-json", "claims --json");
	compare("cpupool-list-json", "cpupool-list --json");
	compare("sched-credit2-json", "sched-credit2 --json");
	compare("block-list-json", "block-list --json web1");
	compare("network-list-json", "network-list --json web1");
	compare("channel-list-json", "channel-list --json web1");
	compare("dmesg-json", "dmesg --json");
	compare("top-json", "top --json -i 1");
	compare("top-prometheus", "top --prometheus");
}

static void errors_name_object_cause_and_remedy(void)
{
	compare("no-such-name", "list nosuch");
	compare("no-such-number", "list 77");
	compare("no-such-number-pause", "-v pause 77");
	compare("not-paused", "unpause web1");
	compare("domid-nosuch", "domid nosuch");
	compare("domname-nosuch", "domname 77");
	compare("domname-word", "domname abc");
	compare("destroy-dom0", "destroy 0");
	compare("shutdown-nobody", "shutdown");
	compare("shutdown-all-and-one", "shutdown -a web1");
	compare("missing-argument", "pause");
	compare("unknown-option", "list -q");
	compare("unknown-long-option", "list --quick");
	compare("unknown-command", "nosuch");
	compare("ambiguous-command", "d");
	compare("no-dry-run", "-N list");
	compare("mem-max-bad", "mem-max web1 2x");
	compare("mem-set-too-much", "mem-set web1 9999");
	compare("vcpu-set-too-many", "vcpu-set web1 5");
	compare("vcpu-set-more-than-it-has", "vcpu-set web1 4");
	compare("vcpu-pin-nothing", "vcpu-pin web1 0 - -");
	compare("trigger-bad", "trigger web1 explode");
	compare("sysrq-bad", "sysrq web1 hh");
	compare("block-detach-nosuch", "block-detach web1 xvdz");
	compare("sched-weight-no-domain", "sched-credit2 -w 5");
	compare("create-no-file", "create /nonexistent/a.cfg");
	compare("create-nothing", "create");
	compare("no-such-pool", "cpupool-list nosuch");
	compare("domxml-nosuch", "domxml nosuch");
}

static void a_command_changes_what_it_says_and_nothing_else(void)
{
	compare("mem-max", "mem-max web1 300");
	compare("mem-max-below-target", "mem-max web1 128");
	compare("mem-set", "mem-set web1 131072k");
	compare("vcpu-set", "vcpu-set web1 2");
	compare("vcpu-pin", "vcpu-pin web1 0 1-2 all");
	compare("vcpu-pin-all", "vcpu-pin web1 all 3");
	compare("vcpu-pin-dry-run", "-N vcpu-pin web1 0 1-2 all");
	compare("sched-credit2-set", "sched-credit2 -d web1 -w 512 -c 50");
	compare("trigger", "trigger web1 nmi 1");
	compare("sysrq", "sysrq web1 h");
	compare("rename", "rename web1 web2");
	compare("pause", "pause web1");
	compare("debug-keys-by-prefix", "debug R");
}

static void help_is_complete(void)
{
	compare("help", "help");
	compare("help-list", "help list");
	compare("help-option", "list -h");
	compare("help-nosuch", "help nosuch");
	compare("nothing", "");
}

/* Ganeti resets a node by `xl debug R`. */
static void unambiguous_prefixes_are_commands(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(xl_command_find("debug"));
	CU_ASSERT_STRING_EQUAL(xl_command_find("debug")->name, "debug-keys");
	CU_ASSERT_STRING_EQUAL(xl_command_find("unp")->name, "unpause");
	CU_ASSERT_PTR_NULL(xl_command_find("p-"));
	CU_ASSERT_PTR_NULL(xl_command_find("mem-"));
	CU_ASSERT_PTR_NULL(xl_command_find(""));
	CU_ASSERT_PTR_NULL(xl_command_find("listing"));
}

static void an_exact_name_wins_over_longer_ones(void)
{
	CU_ASSERT_STRING_EQUAL(xl_command_find("sched-credit")->name, "sched-credit");
}

static const char *field(const char *row, unsigned int index, char text[64])
{
	char copy[512], *rest = NULL, *word;

	snprintf(copy, sizeof(copy), "%s", row);
	word = strtok_r(copy, " \t", &rest);
	for (unsigned int i = 0; word && i < index; i++) {
		word = strtok_r(NULL, " \t", &rest);
	}
	snprintf(text, 64, "%s", word ? word : "(none)");
	return text;
}

/* What Ganeti, Pacemaker's agent and console wrappers take from a row. */
static void rows_split_into_six_fields(void)
{
	struct run run = run_line("list web1");
	char *row = strchr(run.out, '\n') + 1, text[64];

	row[strcspn(row, "\n")] = '\0';
	CU_ASSERT_STRING_EQUAL(field(row, 0, text), "web1");
	CU_ASSERT_STRING_EQUAL(field(row, 2, text), "256");
	CU_ASSERT_STRING_EQUAL(field(row, 3, text), "1");
	CU_ASSERT_STRING_EQUAL(field(row, 4, text), "-b----");
	CU_ASSERT_STRING_EQUAL(field(row, 5, text), "57.8");
	CU_ASSERT_STRING_EQUAL(field(row, 6, text), "(none)");
	run_free(&run);
}

static void every_line_of_info_has_a_colon(void)
{
	struct run run = run_line("info");
	char *rest = NULL;

	for (char *line = strtok_r(run.out, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		CU_ASSERT_PTR_NOT_NULL(strchr(line, ':'));
	}
	run_free(&run);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(the_tables_are_as_ever),
		UNIT(pools_change_as_they_are_told),
		UNIT(every_list_has_its_json),
		UNIT(errors_name_object_cause_and_remedy),
		UNIT(a_command_changes_what_it_says_and_nothing_else),
		UNIT(help_is_complete),
		UNIT(unambiguous_prefixes_are_commands),
		UNIT(an_exact_name_wins_over_longer_ones),
		UNIT(rows_split_into_six_fields),
		UNIT(every_line_of_info_has_a_colon),
	};

	setenv("TZ", "UTC", 1);
	return unit_main("xl_golden", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
