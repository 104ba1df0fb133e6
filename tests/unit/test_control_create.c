/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains from configurations, on the simulated hypervisor and store: whatever step fails, nothing
 * is left of them; what a killed creator left is found and removed; what a guest's end leads to is
 * what its configuration says.
 */
#include "call/domain.h"
#include "config/config.h"
#include "control/core.h"
#include "control/create.h"
#include "control/domains.h"
#include "control/life.h"
#include "control/pending.h"
#include "control/record.h"
#include "control/settle.h"
#include "lib/report.h"
#include "lifecycled/guests.h"
#include "lifecycled/lifecycle.h"
#include "store/store.h"
#include "unit/fake_kernel.h"
#include "unit/fake_store.h"
#include "unit/fake_xen.h"
#include "unit/unit.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sanitizer/lsan_interface.h>
#include <setjmp.h>
#include <sys/stat.h>

#include <xen/io/xs_wire.h>
#include <xen/start_info.h>

static char folder[] = "/tmp/test_control_create.XXXXXX";
static char kernel_path[64], state_dir[64], run_dir[64];
static struct fake_xen xen;
static struct fake_store *fake;
static struct control control;
static struct report report;
static int64_t now_ms, now_step;
static enum choice claim_mode = CHOICE_YES;

/* --- a host ---------------------------------------------------------------------------------- */
static int64_t test_now(void *context)
{
	now_ms += now_step;
	return now_ms;
}

static double test_wall(void *context)
{
	return 1700000000.25;
}

static void test_sleep(void *context, unsigned int milliseconds)
{
	now_ms += milliseconds;
}

/* The simulated hypervisor has few numbers. */
static void forget_numbers(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/domids", run_dir);
	unlink(path);
}

static void open_control(struct call *call)
{
	struct store *store;

	CU_ASSERT_EQUAL_FATAL(store_attach(&store, fake_store_connect(fake)), 0);
	report = (struct report){0};
	CU_ASSERT_EQUAL_FATAL(control_open_with(&control, call, store, &report), 0);
	control.conf.autoballoon = XL_CONF_AUTOBALLOON_OFF;
	control.state_dir = state_dir;
	control.run_dir = run_dir;
	control.clock.now = test_now;
	control.clock.wall = test_wall;
	control.clock.sleep = test_sleep;
}

static void begin(void)
{
	struct call *call;

	forget_numbers();
	fake_xen_open(&xen, 60000, &call);
	fake = fake_store_start(NULL);
	open_control(call);
	now_ms = 1000;
	now_step = 0;
}

static void end(void)
{
	control_close(&control);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	fake_xen_close(&xen);
	fake_store_stop(fake);
	report_clear(&report);
}

static struct vm_config *config_of(const char *more)
{
	struct vm_config *config = NULL;
	char text[512];

	snprintf(text, sizeof(text),
		 "name=\"web\"\nuuid=\"11111111-2222-3333-4444-555555555555\"\nmemory=64\n"
		 "vcpus=2\nkernel=\"%s\"\n%s\n",
		 kernel_path, more);
	CU_ASSERT_EQUAL_FATAL(config_read_text(text, strlen(text), "test", NULL, &config, &report),
			      0);
	return config;
}

static int create(const char *more, bool paused, domid_t *domid)
{
	struct vm_config *config = config_of(more);
	struct control_create how = {
		.paused = paused, .lifecycle = CONTROL_LIFECYCLE_DAEMON, .console = -1};
	int err;

	config->claim_mode = claim_mode;
	err = control_domain_create(&control, config, &how, domid, &report);
	vm_config_free(config);
	return err;
}

static unsigned int count_domains(void)
{
	unsigned int count = 0;

	for (unsigned int i = 1; i < FAKE_DOMAINS; i++) {
		count += xen.domains[i].exists;
	}
	return count;
}

static unsigned int count_files(const char *directory)
{
	unsigned int count = 0;
	DIR *entries = opendir(directory);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		count += entry->d_name[0] != '.';
	}
	if (entries) {
		closedir(entries);
	}
	return count;
}

static unsigned int count_pending(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/create", run_dir);
	return count_files(path);
}

static bool has_node(const char *path)
{
	char *value = fake_store_get(fake, path);
	bool has = value != NULL;

	free(value);
	return has;
}

static bool node_is(const char *path, const char *expected)
{
	char *value = fake_store_get(fake, path);
	bool is = value && !strcmp(value, expected);

	free(value);
	return is;
}

static bool nothing_is_left(void)
{
	char path[64];
	bool nothing = count_domains() == 0 && count_pending() == 0 && count_files(state_dir) == 0;

	for (unsigned int domid = 1; domid < FAKE_DOMAINS; domid++) {
		snprintf(path, sizeof(path), "/local/domain/%u", domid);
		nothing = nothing && !has_node(path);
		snprintf(path, sizeof(path), "/libxl/%u", domid);
		nothing = nothing && !has_node(path);
		snprintf(path, sizeof(path), "/local/domain/0/backend/console/%u/0/state", domid);
		nothing = nothing && !has_node(path);
	}
	return nothing && !has_node("/vm/11111111-2222-3333-4444-555555555555/name");
}

static void stop_guest(domid_t domid, uint32_t reason)
{
	CU_ASSERT_EQUAL(call_domain_shutdown(control.call, domid, reason), 0);
}

/* --- creating -------------------------------------------------------------------------------- */
static void a_created_domain_is_in_the_store_and_runs(void)
{
	char path[80];
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_TRUE(xen.domains[domid].exists);
	CU_ASSERT_EQUAL(xen.domains[domid].pauses, 0);
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	CU_ASSERT_TRUE(node_is(path, "web"));
	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", domid);
	CU_ASSERT_TRUE(node_is(path, "65536"));
	snprintf(path, sizeof(path), "/local/domain/%u/cpu/1/availability", domid);
	CU_ASSERT_TRUE(node_is(path, "online"));
	snprintf(path, sizeof(path), "/local/domain/%u/console/ring-ref", domid);
	CU_ASSERT_TRUE(has_node(path));
	snprintf(path, sizeof(path), "/libxl/%u/type", domid);
	CU_ASSERT_TRUE(node_is(path, "pv"));
	snprintf(path, sizeof(path), "/libxl/%u/lifecycle", domid);
	CU_ASSERT_TRUE(node_is(path, "daemon"));
	CU_ASSERT_TRUE(
		node_is("/vm/11111111-2222-3333-4444-555555555555/start_time", "1700000000.25"));
	CU_ASSERT_EQUAL(count_files(state_dir), 1);
	CU_ASSERT_EQUAL(count_pending(), 0);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void a_domain_asked_to_stay_paused_does(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", true, &domid), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].pauses, 1);
	CU_ASSERT_EQUAL(control_domain_unpause(&control, domid, &report), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].pauses, 0);
	CU_ASSERT_EQUAL(control_domain_unpause(&control, domid, &report), -EINVAL);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	end();
}

/* Daemons that look at the domain when the store lets go of it, and find it alive, look no more. */
static void the_store_lets_go_of_a_domain_only_when_it_dies(void)
{
	domid_t domid = 0;
	unsigned int released;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	released = fake_store_requests(fake, XS_RELEASE);
	xen.fail_at = xen.calls + 3; /* after getdomaininfo and pausedomain */
	xen.fail_with = EBUSY;
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), -EBUSY);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_RELEASE), released);
	xen.fail_at = 0;
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_RELEASE), released + 1);
	end();
}

static void cpuid_changes_what_the_guest_is_told(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(
		create("cpuid=[\"1:ecx=1xxxxxxxxxxxxxxkxxxxxxxxxxxxxxx0,"
		       "edx=xxxxxxxxxxxxxxxsxxxxxxxxxxxxxxx0\", "
		       "\"7,0:ebx=xxxxxxxxxxxxxxxxxxxxxxxxxx0xxxxx\"]",
		       false, &domid),
		0);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[1].a, 0xffff);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[1].c, 0x8001fffe);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[1].d, 0x0001fffe);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[2].b, 0xffdf);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	CU_ASSERT_EQUAL(create("cpuid=\"host,avx2=0\"", false, &domid), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[1].c, 0xffff);
	CU_ASSERT_EQUAL(xen.domains[domid].cpuid[2].b, 0xffdf);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	end();
}

static bool said(const char *text)
{
	bool found = false;

	for (unsigned int i = 0; i < report.count; i++) {
		found = found || strstr(report.messages[i].what, text);
	}
	return found;
}

/* As long as the zone's offset stays what it is. */
static void localtime_and_rtc_timeoffset_set_the_clock(void)
{
	static const struct {
		const char *line;
		int32_t offset;
	} clocks[] = {{"", 0},
		      {"localtime=0", 0},
		      {"localtime=1", 7200},
		      {"rtc_timeoffset=-90", -90},
		      {"localtime=1\nrtc_timeoffset=-90", 7110}};

	setenv("TZ", "XYZ-2", 1);
	for (unsigned int i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		domid_t domid = 0;

		begin();
		CU_ASSERT_EQUAL(create(clocks[i].line, true, &domid), 0);
		CU_ASSERT_EQUAL(xen.domains[domid].time_offset, clocks[i].offset);
		control_domain_destroy(&control, domid, &report);
		end();
	}
	unsetenv("TZ");
}

static void tsc_mode_reaches_the_hypervisor(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("tsc_mode=\"always_emulate\"", true, &domid), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].tsc_mode, 1);
	control_domain_destroy(&control, domid, &report);
	end();
}

/* Keys that are read, but that nothing here carries out for such a guest. */
static void what_has_no_effect_is_named_and_the_domain_created(void)
{
	static const char *const lines[][2] = {
		{"vfb=[\"vnc=1\"]", "vfb="},
		{"p9=[\"tag=a,path=/b,security_model=none\"]", "p9="},
		{"vnuma=[[\"pnode=0\",\"size=64\",\"vcpus=0-1\",\"vdistances=10\"]]", "vnuma="},
		{"type=\"pvh\"\nhap=0", "hap=0"},
		{"type=\"pvh\"\nacpi=0", "acpi=0"},
		{"type=\"pvh\"\npvshim=1", "pvshim="},
		{"nestedhvm=1", "nestedhvm="},
	};

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		domid_t domid = 0;

		begin();
		CU_ASSERT_EQUAL(create(lines[i][0], true, &domid), 0);
		CU_ASSERT_TRUE(xen.domains[domid].exists);
		CU_ASSERT_TRUE(said("guest 'web'"));
		CU_ASSERT_TRUE(said(lines[i][1]));
		CU_ASSERT_TRUE(report.count > 0 && report.messages[0].next != NULL);
		control_domain_destroy(&control, domid, &report);
		end();
	}
	begin();
	{
		domid_t domid = 0;

		CU_ASSERT_EQUAL(create("acpi=1\nhap=1\nnestedhvm=0", true, &domid), 0);
		CU_ASSERT_EQUAL(report.count, 0);
		control_domain_destroy(&control, domid, &report);
	}
	end();
}

static void limits_and_shares_reach_the_hypervisor(void)
{
	const struct fake_domain *domain;
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", true, &domid), 0);
	domain = &xen.domains[domid];
	CU_ASSERT_EQUAL(domain->config.max_evtchn_port, 1023);
	CU_ASSERT_EQUAL(domain->config.max_vcpus, 2);
	CU_ASSERT_EQUAL(domain->hard[0], 0);
	control_domain_destroy(&control, domid, &report);
	end();
	begin();
	CU_ASSERT_EQUAL_FATAL(create("maxvcpus=3\nmaxmem=96\ncpus=[\"1\",\"0-1\"]\n"
				     "cpus_soft=[\"0\",\"1\"]\ncpu_weight=512\ncap=50\n"
				     "max_grant_frames=40\nmax_maptrack_frames=41\n"
				     "max_event_channels=42\n",
				     true, &domid),
			      0);
	domain = &xen.domains[domid];
	CU_ASSERT_EQUAL(domain->config.max_vcpus, 3);
	CU_ASSERT_EQUAL(domain->config.max_grant_frames, 40);
	CU_ASSERT_EQUAL(domain->config.max_maptrack_frames, 41);
	CU_ASSERT_EQUAL(domain->config.max_evtchn_port, 42);
	CU_ASSERT_EQUAL(domain->sched.weight, 512);
	CU_ASSERT_EQUAL(domain->sched.cap, 50);
	CU_ASSERT_EQUAL(domain->hard[0], 1 << 1);
	CU_ASSERT_EQUAL(domain->hard[1], 3);
	CU_ASSERT_EQUAL(domain->soft[0], 1 << 0);
	CU_ASSERT_EQUAL(domain->soft[1], 1 << 1);
	CU_ASSERT_TRUE(domain->tot_pages <= 64 * 256 + 1024 && domain->tot_pages >= 64 * 256);
	CU_ASSERT_TRUE(domain->max_pages >= 96 * 256 && domain->max_pages <= 96 * 256 + 1024);
	CU_ASSERT_TRUE(node_is("/local/domain/1/cpu/1/availability", "online"));
	CU_ASSERT_TRUE(node_is("/local/domain/1/cpu/2/availability", "offline"));
	CU_ASSERT_TRUE(node_is("/local/domain/1/memory/static-max", "98304"));
	control_domain_destroy(&control, domid, &report);
	end();
}

/* The whole of another creation, from within a step of the first. */
static int create_another(void *data, const char *step)
{
	bool *done = data;
	struct control other = control;
	struct control_create how = {.lifecycle = CONTROL_LIFECYCLE_NONE, .console = -1};
	struct vm_config *config;
	struct store *store;
	domid_t domid = 0;

	if (*done || strcmp(step, "building the domain") != 0) {
		return 0;
	}
	*done = true;
	CU_ASSERT_EQUAL_FATAL(store_attach(&store, fake_store_connect(fake)), 0);
	other.store = store;
	other.fault = NULL;
	config = config_of("name=\"db\"\nuuid=\"22222222-2222-3333-4444-555555555555\"");
	CU_ASSERT_EQUAL(control_domain_create(&other, config, &how, &domid, &report), 0);
	vm_config_free(config);
	store_close(store);
	CU_ASSERT_EQUAL(domid, 2);
	CU_ASSERT_EQUAL(xen.domains[2].pauses, 0);
	return 0;
}

/* Nothing that a creation holds while it builds makes others wait. */
static void a_domain_is_created_while_another_is_being_built(void)
{
	bool done = false;
	domid_t domid = 0;

	begin();
	control.fault = create_another;
	control.fault_data = &done;
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_TRUE(done);
	CU_ASSERT_EQUAL(domid, 1);
	CU_ASSERT_EQUAL(xen.domains[1].pauses, 0);
	CU_ASSERT_TRUE(node_is("/local/domain/1/name", "web"));
	CU_ASSERT_TRUE(node_is("/local/domain/2/name", "db"));
	control_domain_destroy(&control, 1, &report);
	control_domain_destroy(&control, 2, &report);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void a_cpuid_leaf_refused_or_missing_is_named(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(
		create("cpuid=[\"0:eax=1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]", false, &domid),
		-EINVAL);
	CU_ASSERT_TRUE(report_has_error(&report));
	CU_ASSERT_TRUE(said("cpuid= of guest 'web'"));
	CU_ASSERT_TRUE(nothing_is_left());
	report_clear(&report);
	CU_ASSERT_EQUAL(
		create("cpuid=[\"0x1d:eax=1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]", false, &domid), 0);
	CU_ASSERT_FALSE(report_has_error(&report));
	CU_ASSERT_TRUE(said("leaf 0x1d"));
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	end();
}

static void memory_is_claimed_unless_xl_conf_says_no(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].claims, 1);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	claim_mode = CHOICE_NO;
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_EQUAL(xen.domains[domid].claims, 0);
	claim_mode = CHOICE_YES;
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	end();
}

static void any_failing_hypercall_leaves_nothing(void)
{
	unsigned int failed = 0, calls = 1;

	for (unsigned int n = 1; n <= calls; n++) {
		domid_t domid = 0;

		begin();
		xen.fail_at = n;
		xen.fail_with = ENOMEM;
		if (create("", false, &domid) == 0) {
			calls = xen.calls;
			xen.fail_at = 0;
			CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
		} else {
			calls = n + 1;
			failed++;
			CU_ASSERT_TRUE(report_has_error(&report));
		}
		/* The undoing itself may have met the failure: then the reaper has the rest. */
		control_pending_reap(&control, NULL, &report);
		if (!nothing_is_left()) {
			CU_FAIL("something is left");
			fprintf(stderr, "after the failure of hypercall %u\n", n);
			report_print(&report, "test", true, stderr);
			lifecycle_sweep_store(&control, &(unsigned int){0}, &report);
			control_record_sweep(&control, &report);
		}
		end();
		if (n > 5000) {
			break;
		}
	}
	CU_ASSERT_TRUE(failed > 20);
}

struct fault {
	unsigned int at;
	unsigned int steps;
};

static int fail_step(void *data, const char *step)
{
	struct fault *fault = data;

	return ++fault->steps == fault->at ? -EIO : 0;
}

static void any_failing_step_leaves_nothing(void)
{
	unsigned int failed = 0;
	bool done = false;

	for (unsigned int n = 1; !done; n++) {
		struct fault fault = {.at = n};
		domid_t domid = 0;
		int err;

		begin();
		control.fault = fail_step;
		control.fault_data = &fault;
		err = create("", false, &domid);
		done = fault.steps < n;
		CU_ASSERT_EQUAL(err, done ? 0 : -EIO);
		failed += err != 0;
		if (!err) {
			control_domain_destroy(&control, domid, &report);
		}
		CU_ASSERT_TRUE(nothing_is_left());
		end();
	}
	CU_ASSERT_TRUE(failed >= 6);
}

static void pages_others_hold_of_a_dead_domain_are_told_of(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	xen.domains[domid].held = 12;
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	CU_ASSERT_EQUAL(report.count, 0);
	control_domain_note_held(&control, domid, &report);
	CU_ASSERT_EQUAL_FATAL(report.count, 1);
	CU_ASSERT(strstr(report.messages[0].what, "12 of its pages") != NULL);
	CU_ASSERT(strstr(report.messages[0].next, "debug-keys g") != NULL);
	CU_ASSERT_FALSE(report_has_error(&report));
	report_clear(&report);
	/* Let go of, it is gone. */
	xen.domains[domid].exists = false;
	control_domain_note_held(&control, domid, &report);
	CU_ASSERT_EQUAL(report.count, 0);
	end();
}

static void a_refusing_store_leaves_nothing(void)
{
	static const uint32_t types[] = {XS_WRITE,           XS_SET_PERMS,
					 XS_MKDIR,           XS_TRANSACTION_START,
					 XS_TRANSACTION_END, XS_INTRODUCE};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		domid_t domid = 0;

		begin();
		fake_store_fail(fake, types[i], "ENOSPC");
		CU_ASSERT_EQUAL(create("", false, &domid), -ENOSPC);
		CU_ASSERT_TRUE(report_has_error(&report));
		CU_ASSERT_TRUE(nothing_is_left());
		end();
	}
}

static void a_conflict_in_the_store_is_tried_again(void)
{
	domid_t domid = 0;

	begin();
	fake_store_conflict(fake, 2);
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	end();
}

static void two_domains_cannot_have_one_name(void)
{
	domid_t first = 0, second = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &first), 0);
	CU_ASSERT_EQUAL(create("", false, &second), -EEXIST);
	CU_ASSERT_EQUAL(count_domains(), 1);
	CU_ASSERT_EQUAL(create("name=\"other\"\nuuid=\"11111111-2222-3333-4444-666666666666\"",
			       false, &second),
			0);
	CU_ASSERT_EQUAL(control_domain_rename(&control, second, "web", &report), -EEXIST);
	CU_ASSERT_EQUAL(control_domain_rename(&control, second, "a/b", &report), -EINVAL);
	CU_ASSERT_EQUAL(control_domain_rename(&control, second, "mail", &report), 0);
	CU_ASSERT_EQUAL(control_domain_find(&control, "mail", &first, &report), 0);
	CU_ASSERT_EQUAL(first, second);
	CU_ASSERT_EQUAL(control_domain_find(&control, "other", &first, &report), -ENOENT);
	control_domain_destroy(&control, second, &report);
	CU_ASSERT_EQUAL(control_domain_find(&control, "web", &first, &report), 0);
	control_domain_destroy(&control, first, &report);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void a_number_is_not_used_again_soon(void)
{
	domid_t first = 0, second = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &first), 0);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, first, &report), 0);
	CU_ASSERT_EQUAL(create("", false, &second), 0);
	CU_ASSERT_NOT_EQUAL(first, second);
	control_domain_destroy(&control, second, &report);
	end();
}

static void a_missing_kernel_is_named_before_anything_exists(void)
{
	domid_t domid = 0;
	unsigned int before;

	begin();
	before = fake_store_requests(fake, XS_WRITE);
	CU_ASSERT_NOT_EQUAL(create("kernel=\"/nonexistent/vmlinuz\"", false, &domid), 0);
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_WRITE), before);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report.messages);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.messages[0].what, "/nonexistent/vmlinuz"));
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void too_little_memory_says_how_much_is_free(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("memory=4000", false, &domid), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report.messages);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.messages[0].why, "MiB are free"));
	CU_ASSERT_PTR_NOT_NULL(report.messages[0].next);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void what_cannot_be_built_is_refused(void)
{
	static const char *const bad[] = {"type=\"hvm\"", "memory=0", "name=\"a/b\"",
					  "kernel=\"\""};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vm_config *config;

		begin();
		config = config_of("");
		if (i == 0) {
			config->type = VM_TYPE_HVM;
		} else if (i == 1) {
			config->target_kib = 0;
		} else if (i == 2) {
			free(config->name);
			config->name = strdup("a/b");
		} else {
			free(config->kernel);
			config->kernel = NULL;
		}
		CU_ASSERT_EQUAL(control_config_check(&control, config, &report), -EINVAL);
		CU_ASSERT_TRUE(report.count > 0 && report.messages[0].next != NULL);
		vm_config_free(config);
		end();
	}
}

/* --- killed creators ------------------------------------------------------------------------- */
/* What a creator killed after having made the domain leaves: its file, not locked any more. */
static domid_t leave_half_made(void)
{
	struct xen_domctl_createdomain domain = {.max_vcpus = 1, .grant_opts = 1};
	struct control_pending pending;
	struct vm_config *config = config_of("");
	domid_t domid;

	memcpy(domain.handle, config->uuid, sizeof(domain.handle));
	CU_ASSERT_EQUAL_FATAL(control_pending_begin(&control, config->uuid, &pending, &report), 0);
	domid = pending.domid;
	CU_ASSERT_EQUAL(call_domain_create(control.call, &domain, &domid), 0);
	CU_ASSERT_EQUAL(domid, pending.domid);
	fake_store_set(fake, "/libxl/1/type", "pv");
	close(pending.fd);
	vm_config_free(config);
	return domid;
}

static void a_half_made_domain_of_a_killed_creator_is_reaped(void)
{
	unsigned int reaped = 0;

	begin();
	leave_half_made();
	CU_ASSERT_EQUAL(count_domains(), 1);
	CU_ASSERT_EQUAL(count_pending(), 1);
	CU_ASSERT_EQUAL(control_pending_reap(&control, &reaped, &report), 0);
	CU_ASSERT_EQUAL(reaped, 1);
	fake_store_remove(fake, "/libxl/1");
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void the_next_creator_reaps_it_too(void)
{
	domid_t domid = 0;

	begin();
	leave_half_made();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	CU_ASSERT_EQUAL(count_domains(), 1);
	CU_ASSERT_EQUAL(count_pending(), 0);
	control_domain_destroy(&control, domid, &report);
	end();
}

static void a_domain_under_construction_is_left_alone(void)
{
	struct control_pending pending;
	struct vm_config *config;
	unsigned int reaped = 0;

	begin();
	config = config_of("");
	CU_ASSERT_EQUAL(control_pending_begin(&control, config->uuid, &pending, &report), 0);
	CU_ASSERT_TRUE(control_pending_is(&control, pending.domid));
	CU_ASSERT_EQUAL(control_pending_reap(&control, &reaped, &report), 0);
	CU_ASSERT_EQUAL(reaped, 0);
	CU_ASSERT_EQUAL(count_pending(), 1);
	control_pending_end(&control, &pending);
	CU_ASSERT_FALSE(control_pending_is(&control, pending.domid));
	CU_ASSERT_EQUAL(count_pending(), 0);
	vm_config_free(config);
	end();
}

/* A stale file must not cost another guest its life that got the number meanwhile. */
static void a_stale_file_does_not_harm_a_namesake(void)
{
	unsigned int reaped = 0;
	char path[96];
	domid_t domid = 0;
	FILE *to;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	snprintf(path, sizeof(path), "%s/create/%u", run_dir, domid);
	to = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	fputs("99999999-2222-3333-4444-555555555555", to);
	fclose(to);
	CU_ASSERT_EQUAL(control_pending_reap(&control, &reaped, &report), 0);
	CU_ASSERT_EQUAL(reaped, 0);
	CU_ASSERT_TRUE(xen.domains[domid].exists);
	CU_ASSERT_EQUAL(count_pending(), 0);
	control_domain_destroy(&control, domid, &report);
	end();
}

/* --- what becomes of stopped domains --------------------------------------------------------- */
static enum control_settled settle(domid_t *domid)
{
	enum control_settled settled = CONTROL_SETTLED_NOT;

	CU_ASSERT_EQUAL(
		control_domain_settle(&control, domid, CONTROL_LIFECYCLE_DAEMON, &settled, &report),
		0);
	return settled;
}

static void a_running_domain_is_not_settled(void)
{
	domid_t domid = 0, same;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	same = domid;
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_NOT);
	CU_ASSERT_EQUAL(domid, same);
	control_domain_destroy(&control, domid, &report);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_GONE);
	end();
}

static void a_guest_that_powers_off_is_destroyed(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	stop_guest(domid, SHUTDOWN_poweroff);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_GONE);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void a_guest_that_reboots_comes_back_under_a_new_number(void)
{
	domid_t domid = 0, old;
	char path[64];

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	old = domid;
	stop_guest(domid, SHUTDOWN_reboot);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_RESTARTED);
	CU_ASSERT_NOT_EQUAL(domid, old);
	CU_ASSERT_EQUAL(count_domains(), 1);
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	CU_ASSERT_TRUE(node_is(path, "web"));
	snprintf(path, sizeof(path), "/local/domain/%u/name", old);
	CU_ASSERT_FALSE(has_node(path));
	CU_ASSERT_EQUAL(count_files(state_dir), 1);
	control_domain_destroy(&control, domid, &report);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void a_preserved_guest_stays_and_is_settled_once(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("on_crash=\"preserve\"", false, &domid), 0);
	stop_guest(domid, SHUTDOWN_crash);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_KEPT);
	CU_ASSERT_TRUE(xen.domains[domid].exists);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_KEPT);
	control_domain_destroy(&control, domid, &report);
	end();
}

static void rename_restart_keeps_the_old_one_beside_the_new(void)
{
	domid_t domid = 0, old, found;

	begin();
	CU_ASSERT_EQUAL(create("on_crash=\"rename-restart\"", false, &domid), 0);
	old = domid;
	stop_guest(domid, SHUTDOWN_crash);
	CU_ASSERT_EQUAL(settle(&domid), CONTROL_SETTLED_RESTARTED);
	CU_ASSERT_EQUAL(count_domains(), 2);
	CU_ASSERT_EQUAL(control_domain_find(&control, "web", &found, &report), 0);
	CU_ASSERT_EQUAL(found, domid);
	CU_ASSERT_EQUAL(control_domain_find(&control, "web-20231114T2213Z", &found, &report), 0);
	CU_ASSERT_EQUAL(found, old);
	control_domain_destroy(&control, old, &report);
	control_domain_destroy(&control, domid, &report);
	end();
}

static void each_reason_has_its_action(void)
{
	struct vm_config *config;

	begin();
	config = config_of("on_poweroff=\"preserve\"\non_reboot=\"destroy\"\non_crash=\"restart\"\n"
			   "on_watchdog=\"rename-restart\"");
	CU_ASSERT_EQUAL(control_action(config, SHUTDOWN_poweroff), VM_ACTION_PRESERVE);
	CU_ASSERT_EQUAL(control_action(config, SHUTDOWN_reboot), VM_ACTION_DESTROY);
	CU_ASSERT_EQUAL(control_action(config, SHUTDOWN_crash), VM_ACTION_RESTART);
	CU_ASSERT_EQUAL(control_action(config, SHUTDOWN_watchdog), VM_ACTION_RESTART_RENAME);
	CU_ASSERT_EQUAL(control_action(config, SHUTDOWN_suspend), VM_ACTION_PRESERVE);
	vm_config_free(config);
	end();
}

/* A settler killed between the old domain's end and the new one's beginning. */
static void a_restart_cut_in_half_is_finished(void)
{
	struct control_domains domains;
	struct fault fault = {.at = 1};
	domid_t domid = 0;
	unsigned int resumed = 0;
	char path[128], *text = NULL;
	struct vm_config *config;
	FILE *to;

	begin();
	CU_ASSERT_EQUAL(create("", false, &domid), 0);
	config = config_of("");
	CU_ASSERT_EQUAL(config_json_write(config, &text, &report), 0);
	snprintf(path, sizeof(path), "%s/restart", run_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/restart/11111111-2222-3333-4444-555555555555", run_dir);
	to = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	fputs(text, to);
	fclose(to);
	control_domain_destroy(&control, domid, &report);

	/* It fails once for a reason that passes: the file stays. */
	control.fault = fail_step;
	control.fault_data = &fault;
	CU_ASSERT_EQUAL(
		control_restarts_resume(&control, CONTROL_LIFECYCLE_DAEMON, &resumed, &report),
		-EIO);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(
		control_restarts_resume(&control, CONTROL_LIFECYCLE_DAEMON, &resumed, &report), 0);
	CU_ASSERT_EQUAL(resumed, 1);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL_FATAL(count_domains(), 1);
	CU_ASSERT_EQUAL(control_domains_list(&control, &domains, &report), 0);
	control_domain_destroy(&control, domains.list[domains.count - 1].info.domain, &report);
	control_domains_clear(&domains);
	free(text);
	vm_config_free(config);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

/* --- the daemon's look ----------------------------------------------------------------------- */
static void a_look_settles_what_is_its_own_and_nothing_else(void)
{
	struct lifecycle lifecycle = {.control = &control};
	domid_t ours = 0, theirs = 0;
	char path[64];

	begin();
	CU_ASSERT_EQUAL(create("", false, &ours), 0);
	CU_ASSERT_EQUAL(create("name=\"other\"\nuuid=\"11111111-2222-3333-4444-666666666666\"",
			       false, &theirs),
			0);
	snprintf(path, sizeof(path), "/libxl/%u/lifecycle", theirs);
	fake_store_remove(fake, path);
	stop_guest(ours, SHUTDOWN_poweroff);
	stop_guest(theirs, SHUTDOWN_poweroff);
	CU_ASSERT_EQUAL(lifecycle_look(&lifecycle, &report), 0);
	CU_ASSERT_EQUAL(lifecycle.settled, 1);
	CU_ASSERT_FALSE(xen.domains[ours].exists);
	CU_ASSERT_TRUE(xen.domains[theirs].exists);
	CU_ASSERT_EQUAL(lifecycle_look(&lifecycle, &report), 0);
	CU_ASSERT_EQUAL(lifecycle.settled, 0);
	lifecycle_clear(&lifecycle);
	control_domain_destroy(&control, theirs, &report);
	end();
}

static void a_look_removes_what_nobody_owns(void)
{
	struct lifecycle lifecycle = {.control = &control};
	char path[128];
	FILE *to;

	begin();
	leave_half_made();
	fake_store_set(fake, "/libxl/5/type", "pv");
	fake_store_set(fake, "/local/domain/5/name", "ghost");
	fake_store_set(fake, "/local/domain/0/name", "Domain-0");
	snprintf(path, sizeof(path),
		 "%s/userdata-d.5.99999999-2222-3333-4444-555555555555.libxl-json", state_dir);
	to = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	fclose(to);
	CU_ASSERT_EQUAL(lifecycle_look(&lifecycle, &report), 0);
	CU_ASSERT_EQUAL(lifecycle.reaped, 1);
	CU_ASSERT_FALSE(has_node("/local/domain/5/name"));
	CU_ASSERT_FALSE(has_node("/libxl/5/type"));
	CU_ASSERT_TRUE(has_node("/local/domain/0/name"));
	CU_ASSERT_TRUE(nothing_is_left());
	lifecycle_clear(&lifecycle);
	end();
}

static void a_guest_that_keeps_rebooting_is_slowed_down(void)
{
	struct lifecycle lifecycle = {.control = &control};
	unsigned int restarts = 0, looks = 0;
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("memory=28", false, &domid), 0);
	for (; looks < 20 && lifecycle.resting == 0; looks++) {
		CU_ASSERT_EQUAL_FATAL(control_domain_find(&control, "web", &domid, &report), 0);
		stop_guest(domid, SHUTDOWN_reboot);
		CU_ASSERT_EQUAL(lifecycle_look(&lifecycle, &report), 0);
		restarts += lifecycle.settled;
	}
	CU_ASSERT_EQUAL(restarts, LIFECYCLE_FAST);
	CU_ASSERT_EQUAL(lifecycle.resting, 1);
	now_ms += LIFECYCLE_REST_S * 1000 + 1;
	CU_ASSERT_EQUAL(lifecycle_look(&lifecycle, &report), 0);
	CU_ASSERT_EQUAL(lifecycle.settled, 1);
	CU_ASSERT_EQUAL(control_domain_find(&control, "web", &domid, &report), 0);
	control_domain_destroy(&control, domid, &report);
	lifecycle_clear(&lifecycle);
	end();
}

/* --- all guests of a host -------------------------------------------------------------------- */
static void write_config(const char *directory, const char *file, const char *name, unsigned int id)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	to = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	fprintf(to,
		"name=\"%s\"\nuuid=\"11111111-2222-3333-4444-%012u\"\nmemory=28\nkernel=\"%s\"\n",
		name, id, kernel_path);
	fclose(to);
}

static void guests_of_a_folder_are_started_once(void)
{
	unsigned int started = 0;
	char directory[80];
	domid_t domid = 0;

	begin();
	snprintf(directory, sizeof(directory), "%s/auto", folder);
	mkdir(directory, 0700);
	write_config(directory, "1-db.cfg", "db", 1);
	write_config(directory, "2-web.cfg", "web", 2);
	write_config(directory, "2-web.cfg~", "backup", 3);
	CU_ASSERT_EQUAL(guests_start(&control, directory, &started, &report), 0);
	CU_ASSERT_EQUAL(started, 2);
	CU_ASSERT_EQUAL(guests_start(&control, directory, &started, &report), 0);
	CU_ASSERT_EQUAL(started, 0);
	CU_ASSERT_EQUAL(control_domain_find(&control, "backup", &domid, &report), -ENOENT);

	/* One that cannot be started does not keep the others from it. */
	CU_ASSERT_EQUAL(control_domain_find(&control, "web", &domid, &report), 0);
	control_domain_destroy(&control, domid, &report);
	write_config(directory, "0-bad.cfg", "a/b", 4);
	CU_ASSERT_NOT_EQUAL(guests_start(&control, directory, &started, &report), 0);
	CU_ASSERT_EQUAL(started, 1);
	CU_ASSERT_EQUAL(guests_start(&control, "/nonexistent", &started, &report), 0);
	CU_ASSERT_EQUAL(control_domain_find(&control, "web", &domid, &report), 0);
	control_domain_destroy(&control, domid, &report);
	CU_ASSERT_EQUAL(control_domain_find(&control, "db", &domid, &report), 0);
	control_domain_destroy(&control, domid, &report);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void guests_that_do_not_shut_down_are_ended(void)
{
	unsigned int stopped = 0, ended = 0;
	domid_t deaf = 0, off = 0;
	int64_t began;
	char path[64];

	begin();
	CU_ASSERT_EQUAL(create("memory=28", true, &deaf), 0);
	CU_ASSERT_EQUAL(create("memory=28\nname=\"off\"\n"
			       "uuid=\"11111111-2222-3333-4444-666666666666\"",
			       false, &off),
			0);
	stop_guest(off, SHUTDOWN_poweroff);
	began = now_ms;
	CU_ASSERT_EQUAL(guests_stop(&control, 10, &stopped, &ended, &report), 0);
	CU_ASSERT_EQUAL(stopped, 1);
	CU_ASSERT_EQUAL(ended, 1);
	CU_ASSERT_TRUE(now_ms - began >= 10000);
	CU_ASSERT_FALSE(xen.domains[deaf].exists);
	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", off);
	CU_ASSERT_TRUE(node_is(path, "poweroff"));
	control_domain_destroy(&control, off, &report);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

/* --- asking ---------------------------------------------------------------------------------- */
static void a_guest_that_does_not_take_a_request_is_named(void)
{
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("memory=28", true, &domid), 0);
	CU_ASSERT_EQUAL(control_domain_request(&control, domid, CONTROL_POWEROFF, false, &report),
			-ETIMEDOUT);
	CU_ASSERT_STRING_EQUAL(report.messages[report.count - 1].why, "it is paused");
	now_step = 30; /* waiting for the store takes real time */
	CU_ASSERT_EQUAL(control_domain_wait(&control, domid, false, 50, NULL, &report), -ETIMEDOUT);
	now_step = 0;
	stop_guest(domid, SHUTDOWN_reboot);
	CU_ASSERT_EQUAL(control_domain_request(&control, domid, CONTROL_POWEROFF, false, &report),
			0);
	CU_ASSERT_EQUAL(control_domain_wait(&control, domid, false, 50, NULL, &report), 0);
	control_domain_destroy(&control, domid, &report);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), -ESRCH);
	CU_ASSERT_EQUAL(control_domain_wait(&control, domid, true, -1, NULL, &report), 0);
	end();
}

/* --- core files ------------------------------------------------------------------------------ */
/* What Linux tells of its p2m once it runs: here the one its builder made. */
static uint64_t tell_where_pages_are(domid_t domid)
{
	const struct vcpu_guest_context *context = &xen.domains[domid].context;
	struct shared_info *shared = fake_xen_frame(&xen, xen.domains[domid].shared_info);
	xen_pfn_t mfn = fake_xen_walk(&xen, domid, context->user_regs.rsi, NULL);
	const struct start_info *start = fake_xen_frame(&xen, mfn);

	shared->arch.max_pfn = start->nr_pages;
	shared->arch.p2m_cr3 = context->ctrlreg[3];
	shared->arch.p2m_vaddr = start->mfn_list;
	return start->nr_pages;
}

static void a_core_has_every_page(void)
{
	char path[80], text[16] = "";
	Elf64_Ehdr header;
	Elf64_Shdr sections[8];
	uint64_t pages, first[2];
	domid_t domid = 0;
	FILE *from;

	begin();
	CU_ASSERT_EQUAL(create("memory=28", true, &domid), 0);
	snprintf(path, sizeof(path), "%s/core", folder);
	CU_ASSERT_EQUAL(control_domain_dump(&control, domid, path, &report), -ENODATA);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);

	pages = tell_where_pages_are(domid);
	CU_ASSERT_EQUAL(pages, 28 * 256);
	CU_ASSERT_EQUAL(control_domain_dump(&control, domid, "/nonexistent/core", &report),
			-ENOENT);
	CU_ASSERT_EQUAL(control_domain_dump(&control, domid, path, &report), 0);
	from = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	CU_ASSERT_EQUAL(fread(&header, sizeof(header), 1, from), 1);
	CU_ASSERT_EQUAL(memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
	CU_ASSERT_EQUAL(header.e_type, ET_CORE);
	CU_ASSERT_EQUAL_FATAL(header.e_shnum, 7);
	CU_ASSERT_EQUAL(fread(sections, sizeof(sections[0]), 7, from), 7);
	CU_ASSERT_EQUAL(sections[5].sh_size, pages * 16);
	CU_ASSERT_EQUAL(sections[6].sh_size, pages * 4096);
	fseek(from, (long)(sections[1].sh_offset + sections[6].sh_name), SEEK_SET);
	CU_ASSERT_EQUAL(fread(text, 10, 1, from), 1);
	CU_ASSERT_STRING_EQUAL(text, ".xen_pages");

	/* The second page: its number, its frame, its bytes. */
	fseek(from, (long)sections[5].sh_offset + 16, SEEK_SET);
	CU_ASSERT_EQUAL(fread(first, sizeof(first), 1, from), 1);
	CU_ASSERT_EQUAL(first[0], 1);
	fseek(from, 0, SEEK_END);
	CU_ASSERT_EQUAL((uint64_t)ftell(from), sections[6].sh_offset + pages * 4096);
	fclose(from);
	unlink(path);
	CU_ASSERT_EQUAL(xen.domains[domid].pauses, 1);
	control_domain_destroy(&control, domid, &report);
	end();
}

/* --- kills ------------------------------------------------------------------------------------ */
/* kill -9 of a process that carries out `work`, at a hypercall or at a step: it does not come back
 * from there, its memory is lost, its descriptors are closed. */
#define DESCRIPTORS 256

static jmp_buf death;
/* Memory of the killed is lost on purpose: here the leak checker finds it. */
static struct control *graveyard;
static size_t dead;

static void die(void)
{
	longjmp(death, 1);
}

static int die_at_step(void *data, const char *step)
{
	struct fault *fault = data;

	if (++fault->steps == fault->at) {
		die();
	}
	return 0;
}

static void next_process(const bool had[DESCRIPTORS])
{
	struct call *call;

	graveyard = realloc(graveyard, ++dead * sizeof(control));
	graveyard[dead - 1] = control;
	report_clear(&report);
	close(store_fd(control.store));
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (!had[fd]) {
			close(fd);
		}
	}
	/* The store's end has no number any more that the next process might get. */
	while (fake_store_clients(fake)) {
		usleep(100);
	}
	fake_xen_again(&xen, &call);
	open_control(call);
}

/* Whether it was killed before it was done; at counts from 1. */
static bool killed(unsigned int at_call, unsigned int at_step, void (*work)(void *), void *data)
{
	struct fault fault = {.at = at_step};
	bool had[DESCRIPTORS];

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		had[fd] = fcntl(fd, F_GETFD) >= 0;
	}
	xen.killed = die;
	xen.fail_at = at_call ? xen.calls + at_call : 0;
	control.fault = die_at_step;
	control.fault_data = &fault;
	__lsan_disable();
	bool was = setjmp(death);

	if (!was) {
		work(data);
	}
	__lsan_enable();
	xen.killed = NULL;
	xen.fail_at = 0;
	if (was) {
		next_process(had);
	}
	control.fault = NULL;
	return was;
}

static unsigned int times(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)atoi(text) : otherwise;
}

static void look_or_say(void *data)
{
	int err = lifecycle_look(data, &report);

	if (err) {
		report_print(&report, "test", true, stderr);
	}
	CU_ASSERT_EQUAL(err, 0);
}

static void do_create(void *data)
{
	domid_t *domid = data;

	if (create("", false, domid)) {
		*domid = 0;
	}
}

static void do_destroy(void *data)
{
	domid_t *domid = data;

	if (control_domain_destroy(&control, *domid, &report) == 0) {
		*domid = 0;
	}
}

/* One of the ways in which a hypercall, the store or a step can fail, at random. */
static void do_with_failure(unsigned int *seed, void (*work)(void *), domid_t *domid)
{
	static const uint32_t types[] = {XS_WRITE,           XS_MKDIR,   XS_SET_PERMS,
					 XS_TRANSACTION_END, XS_READ,    XS_RM,
					 XS_DIRECTORY,       XS_RELEASE, XS_INTRODUCE};
	static const int errors[] = {ENOMEM, EBUSY, EINVAL, EPERM};
	uint32_t type = types[(unsigned int)rand_r(seed) % (sizeof(types) / sizeof(types[0]))];
	struct fault fault = {.at = 1 + (unsigned int)rand_r(seed) % 8};
	/* Most of a create's hypercalls come early, a destroy has few. */
	unsigned int at = 1 + (unsigned int)rand_r(seed) % (rand_r(seed) & 1 ? 24 : 120);

	switch (rand_r(seed) % 6) {
	case 0:
		xen.fail_at = xen.calls + at;
		xen.fail_with = errors[rand_r(seed) % 4];
		work(domid);
		break;
	case 1:
		fake_store_fail(fake, type, "EIO");
		work(domid);
		break;
	case 2:
		control.fault = fail_step;
		control.fault_data = &fault;
		work(domid);
		break;
	case 3:
		killed(at, 0, work, domid);
		break;
	case 4:
		killed(0, fault.at, work, domid);
		break;
	default:
		work(domid);
		break;
	}
	xen.fail_at = 0;
	control.fault = NULL;
	fake_store_fail(fake, type, NULL);
}

/* The store's end of a connection is closed by its thread, a moment later. */
static bool descriptors_are(unsigned int expected)
{
	for (unsigned int i = 0; i < 5000; i++) {
		if (count_files("/proc/self/fd") == expected) {
			return true;
		}
		usleep(1000);
	}
	return false;
}

/* CYCLES in the environment: soak. */
static void cycles_with_failures_anywhere_leave_nothing(void)
{
	struct lifecycle lifecycle = {.control = &control};
	unsigned int cycles = times("CYCLES", 40);
	unsigned int seed = 1, made = 0, left = 0;
	unsigned int nodes, descriptors, threads;
	domid_t first = 0;

	begin();
	/* What all domains share, folders in the store, is made once. */
	do_create(&first);
	do_destroy(&first);
	nodes = fake_store_nodes(fake);
	descriptors = count_files("/proc/self/fd");
	threads = count_files("/proc/self/task");
	for (unsigned int i = 0; i < cycles && !left; i++) {
		domid_t domid = 0;

		forget_numbers();
		do_with_failure(&seed, do_create, &domid);
		made += domid != 0;
		if (domid) {
			do_with_failure(&seed, do_destroy, &domid);
		}
		/* A destroy that failed or was killed is repeated by who wanted it. */
		if (domid && xen.domains[domid].exists) {
			CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
		}
		look_or_say(&lifecycle);
		left += !nothing_is_left() || fake_store_nodes(fake) != nodes || xen.next_frame ||
			xen.mapped;
		if (left) {
			fprintf(stderr, "cycle %u leaves %d nodes, %zu frames, %zu mappings\n", i,
				(int)(fake_store_nodes(fake) - nodes), xen.next_frame, xen.mapped);
			report_print(&report, "test", true, stderr);
		}
		report_clear(&report);
	}
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_TRUE(made * 5 > cycles);
	CU_ASSERT_TRUE(descriptors_are(descriptors));
	CU_ASSERT_EQUAL(count_files("/proc/self/task"), threads);
	printf("%u cycles, %u domains made: nodes %u, descriptors %u, as in the beginning\n",
	       cycles, made, nodes, descriptors);
	lifecycle_clear(&lifecycle);
	end();
}

static domid_t only_domain(void)
{
	domid_t found = 0;

	for (domid_t domid = 1; domid < FAKE_DOMAINS; domid++) {
		if (xen.domains[domid].exists) {
			found = domid;
		}
	}
	return count_domains() == 1 ? found : 0;
}

/* KILLS in the environment: soak. */
static void a_killed_lifecycled_loses_no_guest_and_doubles_none(void)
{
	unsigned int kills = times("KILLS", 40);
	unsigned int done = 0, guests = 0, lost = 0;
	unsigned int seed = 3;
	domid_t domid = 0;

	begin();
	CU_ASSERT_EQUAL(create("on_crash=\"restart\"", false, &domid), 0);
	while (done < kills && !lost) {
		struct lifecycle lifecycle = {.control = &control};
		unsigned int tries = 1 + (unsigned int)rand_r(&seed) % 4;

		forget_numbers();
		stop_guest(domid, rand_r(&seed) & 1 ? SHUTDOWN_reboot : SHUTDOWN_crash);
		while (tries--) {
			unsigned int random = (unsigned int)rand_r(&seed);

			done += random & 1
					? killed(1 + random / 2 % 400, 0, look_or_say, &lifecycle)
					: killed(0, 1 + random / 2 % 10, look_or_say, &lifecycle);
			lifecycle = (struct lifecycle){.control = &control};
		}
		look_or_say(&lifecycle);
		lifecycle_clear(&lifecycle);
		domid = only_domain();
		lost += !domid || xen.domains[domid].is_shut_down || xen.domains[domid].pauses;
		guests++;
	}
	CU_ASSERT_EQUAL(lost, 0);
	printf("%u kills in %u restarts: guests lost %u\n", done, guests, lost);
	CU_ASSERT_EQUAL(control_domain_destroy(&control, domid, &report), 0);
	CU_ASSERT_TRUE(nothing_is_left());
	end();
}

static void make_folders(void)
{
	struct fake_kernel kernel;

	if (!mkdtemp(folder)) {
		exit(99);
	}
	snprintf(kernel_path, sizeof(kernel_path), "%s/kernel", folder);
	snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	snprintf(run_dir, sizeof(run_dir), "%s/run", folder);
	mkdir(state_dir, 0700);
	fake_kernel_start(&kernel);
	fake_kernel_linux(&kernel);
	fake_file_write(kernel_path, kernel.file, sizeof(kernel.file));
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_created_domain_is_in_the_store_and_runs),
		UNIT(a_domain_asked_to_stay_paused_does),
		UNIT(the_store_lets_go_of_a_domain_only_when_it_dies),
		UNIT(cpuid_changes_what_the_guest_is_told),
		UNIT(localtime_and_rtc_timeoffset_set_the_clock),
		UNIT(tsc_mode_reaches_the_hypervisor),
		UNIT(limits_and_shares_reach_the_hypervisor),
		UNIT(a_domain_is_created_while_another_is_being_built),
		UNIT(what_has_no_effect_is_named_and_the_domain_created),
		UNIT(a_cpuid_leaf_refused_or_missing_is_named),
		UNIT(memory_is_claimed_unless_xl_conf_says_no),
		UNIT(any_failing_hypercall_leaves_nothing),
		UNIT(any_failing_step_leaves_nothing),
		UNIT(pages_others_hold_of_a_dead_domain_are_told_of),
		UNIT(a_refusing_store_leaves_nothing),
		UNIT(a_conflict_in_the_store_is_tried_again),
		UNIT(two_domains_cannot_have_one_name),
		UNIT(a_number_is_not_used_again_soon),
		UNIT(a_missing_kernel_is_named_before_anything_exists),
		UNIT(too_little_memory_says_how_much_is_free),
		UNIT(what_cannot_be_built_is_refused),
		UNIT(a_half_made_domain_of_a_killed_creator_is_reaped),
		UNIT(the_next_creator_reaps_it_too),
		UNIT(a_domain_under_construction_is_left_alone),
		UNIT(a_stale_file_does_not_harm_a_namesake),
		UNIT(a_running_domain_is_not_settled),
		UNIT(a_guest_that_powers_off_is_destroyed),
		UNIT(a_guest_that_reboots_comes_back_under_a_new_number),
		UNIT(a_preserved_guest_stays_and_is_settled_once),
		UNIT(rename_restart_keeps_the_old_one_beside_the_new),
		UNIT(each_reason_has_its_action),
		UNIT(a_restart_cut_in_half_is_finished),
		UNIT(a_look_settles_what_is_its_own_and_nothing_else),
		UNIT(a_look_removes_what_nobody_owns),
		UNIT(a_guest_that_keeps_rebooting_is_slowed_down),
		UNIT(guests_of_a_folder_are_started_once),
		UNIT(guests_that_do_not_shut_down_are_ended),
		UNIT(a_guest_that_does_not_take_a_request_is_named),
		UNIT(a_core_has_every_page),
		UNIT(cycles_with_failures_anywhere_leave_nothing),
		UNIT(a_killed_lifecycled_loses_no_guest_and_doubles_none),
	};
	int status;

	make_folders();
	status = unit_main("control_create", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	if (status == 0) {
		char command[96];

		snprintf(command, sizeof(command), "rm -rf %s", folder);
		status = system(command) ? 1 : 0;
	}
	return status;
}
