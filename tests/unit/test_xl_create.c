/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a guest by xl's command lines, on the simulated hypervisor and store: create with
 * each of its options, shutdown, reboot, dump-core, config-update, domxml, and the console by the
 * real program xenconsole between two ptys, one the user's and one the guest's.
 *
 * xl starts the console through a script here, which notes the arguments and gives xenconsole a
 * domain number nobody else on this machine is likely to use: it locks by number.
 */
#include "call/domain.h"
#include "config/config.h"
#include "lib/report.h"
#include "store/store.h"
#include "unit/fake_kernel.h"
#include "unit/fake_store.h"
#include "unit/fake_xen.h"
#include "unit/unit.h"
#include "xl/xl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#define GUEST "/local/domain/1"
#define PATIENCE_MS 60000

static char folder[] = "/tmp/test_xl_create.XXXXXX";
static char config_path[64], xml_path[64], kernel_path[64], state_dir[64], run_dir[64];
static char script_path[64], said_path[64], store_path[64], core_path[64];
static unsigned int console_domid;
static struct fake_xen xen;
static struct fake_store *fake;
static struct control control;

/* What guests do when somebody looks at the clock: the next one stops for this reason. */
static const int *stops;
static unsigned int stop_count;
static char *lifecycle; /* the node of the last one that stopped */

/* Someone asks a guest by the store; it obeys when the asker sleeps. */
static char *asked;

/* --- a host ---------------------------------------------------------------------------------- */
static int64_t test_now(void *context)
{
	static int64_t now;
	char path[64];

	for (unsigned int i = 1; stop_count && i < FAKE_DOMAINS; i++) {
		struct fake_domain *domain = &xen.domains[i];

		if (domain->exists && !domain->pauses && !domain->is_shut_down) {
			free(lifecycle);
			snprintf(path, sizeof(path), "/libxl/%u/lifecycle", i);
			lifecycle = fake_store_get(fake, path);
			call_domain_shutdown(control.call, (domid_t)i, (uint32_t)*stops++);
			stop_count--;
			break;
		}
	}
	return now += 1000;
}

static double test_wall(void *context)
{
	return 1700000000.25;
}

static void test_sleep(void *context, unsigned int milliseconds)
{
	char *request = fake_store_get(fake, GUEST "/control/shutdown");

	if (request && *request) {
		free(asked);
		asked = request;
		fake_store_set(fake, GUEST "/control/shutdown", "");
		call_domain_shutdown(control.call, 1, !strcmp(request, "reboot"));
	} else {
		free(request);
	}
}

static void begin(void)
{
	struct store *store;
	struct call *call;

	snprintf(store_path, sizeof(store_path), "%s/store", folder);
	fake_xen_open(&xen, 60000, &call);
	fake = fake_store_start(store_path);
	CU_ASSERT_EQUAL_FATAL(store_attach(&store, fake_store_connect(fake)), 0);
	CU_ASSERT_EQUAL_FATAL(control_open_with(&control, call, store, NULL), 0);
	control.conf.autoballoon = XL_CONF_AUTOBALLOON_OFF;
	control.state_dir = state_dir;
	control.run_dir = run_dir;
	control.clock.now = test_now;
	control.clock.wall = test_wall;
	control.clock.sleep = test_sleep;
	setenv("XENSTORED_PATH", store_path, 1);
}

static void end(void)
{
	char command[96];

	control_close(&control);
	CU_ASSERT_EQUAL(xen.mapped, 0);
	fake_xen_close(&xen);
	fake_store_stop(fake);
	free(lifecycle);
	lifecycle = NULL;
	free(asked);
	asked = NULL;
	snprintf(command, sizeof(command), "cd %s && rm -rf run state said store && mkdir state",
		 folder);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* As lifecycled does while it runs. */
static int hold_lifecycled(void)
{
	char path[80];
	int fd;

	mkdir(run_dir, 0700);
	snprintf(path, sizeof(path), "%s/lifecycled", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_EQUAL_FATAL(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static unsigned int guests(void)
{
	unsigned int count = 0;

	for (unsigned int i = 1; i < FAKE_DOMAINS; i++) {
		count += xen.domains[i].exists;
	}
	return count;
}

static bool node_is(const char *path, const char *expected)
{
	char *value = fake_store_get(fake, path);
	bool is = value && !strcmp(value, expected);

	free(value);
	return is;
}

/* --- running a line -------------------------------------------------------------------------- */
static char *out, *err;

/* %C: the configuration, %X: the same as XML, %D: where a core goes. The output stays in out and
 * err until the next one. */
static int xl(const char *line)
{
	char *words = strdup(line), *rest = NULL, *argv[24] = {(char[]){"xl"}};
	struct xl self = {.control = &control};
	int argc = 1, status;
	size_t size;

	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		argv[argc++] = !strcmp(word, "%C")   ? config_path
			       : !strcmp(word, "%X") ? xml_path
			       : !strcmp(word, "%D") ? core_path
						     : word;
	}
	free(out);
	free(err);
	self.out = open_memstream(&out, &size);
	self.err = open_memstream(&err, &size);
	status = xl_run(&self, argc, argv);
	fclose(self.out);
	fclose(self.err);
	free(words);
	return status;
}

static char *read_text(const char *path)
{
	FILE *from = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (from && getdelim(&text, &room, '\0', from) < 0) {
		free(text);
		text = NULL;
	}
	if (from) {
		fclose(from);
	}
	return text ? text : strdup("");
}

/* --- create ---------------------------------------------------------------------------------- */
static void create_says_what_it_reads_and_nothing_else(void)
{
	char expected[128];
	int lock;

	begin();
	lock = hold_lifecycled();
	CU_ASSERT_EQUAL(xl("create %C"), 0);
	snprintf(expected, sizeof(expected), "Parsing config from %s\n", config_path);
	CU_ASSERT_STRING_EQUAL(err, expected);
	CU_ASSERT_STRING_EQUAL(out, "");
	CU_ASSERT_TRUE(xen.domains[1].exists);
	CU_ASSERT_EQUAL(xen.domains[1].pauses, 0);
	CU_ASSERT_TRUE(node_is("/libxl/1/lifecycle", "daemon"));
	CU_ASSERT_EQUAL(xl("create %C"), 3); /* the name is taken */
	CU_ASSERT_EQUAL(guests(), 1);
	CU_ASSERT_EQUAL(xl("destroy web"), 0);
	CU_ASSERT_EQUAL(guests(), 0);
	close(lock);
	end();
}

static void create_warns_when_nobody_would_look_after_the_guest(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create %C"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "lifecycled does not run"));
	xl("destroy web");
	end();
}

static void create_p_leaves_it_paused_until_unpause(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -p %C"), 0);
	CU_ASSERT_EQUAL_FATAL(guests(), 1);
	CU_ASSERT_EQUAL(xen.domains[1].pauses, 1);
	CU_ASSERT_EQUAL(xl("unpause web"), 0);
	CU_ASSERT_EQUAL(xen.domains[1].pauses, 0);
	xl("destroy web");
	end();
}

static void create_q_says_nothing(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -q %C"), 0);
	CU_ASSERT_STRING_EQUAL(err, "");
	CU_ASSERT_STRING_EQUAL(out, "");
	CU_ASSERT_EQUAL(guests(), 1);
	CU_ASSERT_EQUAL(xl("create -q %C"), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "\"web\" already exists"));
	xl("destroy web");
	end();
}

static void create_e_wants_nobody_to_look_after_it(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -e %C"), 0);
	CU_ASSERT_PTR_NULL(strstr(err, "lifecycled"));
	CU_ASSERT_TRUE(node_is("/libxl/1/lifecycle", "none"));
	xl("destroy web");
	end();
}

static void create_n_shows_the_configuration_and_makes_nothing(void)
{
	struct vm_config *config = NULL;
	char *expected = NULL;
	unsigned int nodes;

	begin();
	nodes = fake_store_nodes(fake);
	CU_ASSERT_EQUAL_FATAL(config_read_file(config_path, NULL, &config, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(config_json_write(config, &expected, NULL), 0);
	CU_ASSERT_EQUAL(xl("create --quiet --dryrun --defconfig %C"), 0);
	CU_ASSERT_STRING_EQUAL(out, expected);
	CU_ASSERT_STRING_EQUAL(err, "");
	CU_ASSERT_EQUAL(xl("-N create %C"), 0);
	CU_ASSERT_STRING_EQUAL(out, expected);
	CU_ASSERT_EQUAL(guests(), 0);
	CU_ASSERT_EQUAL(fake_store_nodes(fake), nodes);
	free(expected);
	vm_config_free(config);
	end();
}

static void create_d_shows_the_configuration_and_makes_the_domain(void)
{
	char *shown;

	begin();
	CU_ASSERT_EQUAL(xl("create -n %C"), 0);
	shown = strdup(out);
	CU_ASSERT_EQUAL(xl("create -d %C"), 0);
	CU_ASSERT_STRING_EQUAL(out, shown);
	CU_ASSERT_EQUAL(guests(), 1);
	free(shown);
	xl("destroy web");
	end();
}

static void settings_behind_the_file_win(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -f %C name=\"other\" memory=32"), 0);
	CU_ASSERT_TRUE(node_is(GUEST "/name", "other"));
	CU_ASSERT_TRUE(node_is(GUEST "/memory/target", "32768"));
	xl("destroy other");
	end();
}

/* It restarts the guest, and goes when the guest has powered off. */
static void create_f_capital_stays_until_the_guest_is_gone(void)
{
	static const int reasons[] = {1, 0};

	begin();
	stops = reasons;
	stop_count = 2;
	CU_ASSERT_EQUAL(xl("create -F %C"), 0);
	CU_ASSERT_EQUAL(stop_count, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "Domain 1 has stopped, reason code 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "Domain 2 has stopped, reason code 0\n"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(lifecycle);
	CU_ASSERT_STRING_EQUAL(lifecycle, "foreground");
	CU_ASSERT_EQUAL(guests(), 0);
	stop_count = 0;
	end();
}

/* --- the guest's end ------------------------------------------------------------------------- */
static void shutdown_w_asks_and_waits(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -e %C"), 0);
	CU_ASSERT_EQUAL(xl("shutdown -w web"), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(asked);
	CU_ASSERT_STRING_EQUAL(asked, "poweroff");
	CU_ASSERT_STRING_EQUAL(err, "Shutting down domain 1\n");
	CU_ASSERT_STRING_EQUAL(out, "Waiting for 1 domains\n"
				    "Domain 1 has been shut down, reason code 0\n");
	xl("destroy web");
	end();
}

static void reboot_asks_all_guests(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -e %C"), 0);
	CU_ASSERT_EQUAL(xl("reboot -a -w"), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(asked);
	CU_ASSERT_STRING_EQUAL(asked, "reboot");
	CU_ASSERT_STRING_EQUAL(err, "Rebooting domain 1\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "Domain 1 has been shut down, reason code 1\n"));
	xl("destroy web");
	end();
}

/* --- its configuration ----------------------------------------------------------------------- */
static void config_update_changes_what_list_shows_later(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -e %C"), 0);
	CU_ASSERT_EQUAL(xl("-N config-update web %C on_crash=\"preserve\""), 0);
	CU_ASSERT_EQUAL(xl("list -l web"), 0);
	CU_ASSERT_PTR_NULL(strstr(out, "\"on_crash\": \"preserve\""));
	CU_ASSERT_EQUAL(xl("config-update web %C on_crash=\"preserve\""), 0);
	CU_ASSERT_EQUAL(xl("list -l web"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "\"on_crash\": \"preserve\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "\"name\": \"web\""));
	xl("destroy web");
	end();
}

static void write_text(const char *path, const char *text)
{
	fake_file_write(path, text, strlen(text));
}

/* A domain, a file, and the file made of that again say the same. */
static void domxml_shows_a_file_and_a_domain_and_create_takes_it_back(void)
{
	char *json, *xml;

	begin();
	CU_ASSERT_EQUAL(xl("domxml %C"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "<name>web</name>"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, ">2</vcpu>"));
	xml = strdup(out);
	write_text(xml_path, xml);
	CU_ASSERT_EQUAL(xl("create -n -q %C"), 0);
	json = strdup(out);
	CU_ASSERT_EQUAL(xl("create -n -q %X"), 0);
	CU_ASSERT_STRING_EQUAL(out, json);
	CU_ASSERT_EQUAL(xl("create -q -e %X"), 0);
	CU_ASSERT_TRUE(node_is(GUEST "/name", "web"));
	CU_ASSERT_EQUAL(xl("domxml web"), 0);
	CU_ASSERT_STRING_EQUAL(out, xml);
	xl("destroy web");
	free(xml);
	free(json);
	end();
}

/* Before its kernel has said where its pages are, no core can be written: a named error. */
static void dump_core_needs_a_guest_that_has_begun(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -p -e %C"), 0);
	CU_ASSERT_EQUAL(xl("dump-core web %D"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "domain 1"));
	CU_ASSERT_NOT_EQUAL(access(core_path, F_OK), 0);
	xl("destroy web");
	end();
}

/* --- consoles -------------------------------------------------------------------------------- */
struct scene {
	int guest, guest_other; /* the console: what the guest has, what xenconsole opens */
	int user, user_other;   /* the terminal: the human's end, xl's */
	const char *keys;       /* what the user types, and then the escape */
	const char *escape;
	char seen[64];  /* by the user */
	char typed[64]; /* what the guest got */
	bool stayed;    /* the line had not ended before the user left */
	pthread_t thread;
};

static int open_pair(int *other)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (master < 0 || grantpt(master) || unlockpt(master) ||
	    ptsname_r(master, name, sizeof(name))) {
		abort();
	}
	*other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return master;
}

static void collect(int fd, char text[64], size_t length)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	while (used < length && poll(&wait, 1, PATIENCE_MS) > 0) {
		ssize_t got = read(fd, text + used, 63 - used);

		if (got <= 0) {
			break;
		}
		used += (size_t)got;
	}
	text[used] = '\0';
}

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		abort();
	}
}

static atomic_bool line_ended;

/* The guest greets; the user answers and leaves. */
static void *play(void *data)
{
	struct scene *scene = data;

	put(scene->guest, "login: ");
	collect(scene->user, scene->seen, 7);
	put(scene->user, scene->keys);
	collect(scene->guest, scene->typed, strlen(scene->keys));
	scene->stayed = !atomic_load(&line_ended);
	put(scene->user, scene->escape);
	return NULL;
}

/* The terminal is told at above/DOMID/node. */
static void scene_begin(struct scene *scene, const char *above, const char *node, const char *keys,
			const char *escape)
{
	char path[64], name[64], domid[16];
	struct termios settings;

	*scene = (struct scene){.keys = keys, .escape = escape};
	atomic_store(&line_ended, false);
	scene->guest = open_pair(&scene->guest_other);
	scene->user = open_pair(&scene->user_other);
	tcgetattr(scene->guest_other, &settings);
	cfmakeraw(&settings);
	tcsetattr(scene->guest_other, TCSANOW, &settings);
	CU_ASSERT_EQUAL_FATAL(ttyname_r(scene->guest_other, name, sizeof(name)), 0);
	snprintf(path, sizeof(path), "%s/%u/%s", above, console_domid, node);
	fake_store_set(fake, path, name);
	snprintf(domid, sizeof(domid), "%u", console_domid);
	setenv("CONSOLE_AS", domid, 1);
}

static void scene_end(struct scene *scene)
{
	pthread_join(scene->thread, NULL);
	CU_ASSERT_STRING_EQUAL(scene->seen, "login: ");
	CU_ASSERT_TRUE(scene->stayed);
	CU_ASSERT_STRING_EQUAL(scene->typed, scene->keys);
	close(scene->guest);
	close(scene->guest_other);
	close(scene->user);
	close(scene->user_other);
}

/* Runs a line with the user's terminal as its standard input and output. */
static int xl_at(const struct scene *scene, const char *line)
{
	int in = dup(STDIN_FILENO), to = dup(STDOUT_FILENO), status;

	fflush(stdout);
	dup2(scene->user_other, STDIN_FILENO);
	dup2(scene->user_other, STDOUT_FILENO);
	status = xl(line);
	atomic_store(&line_ended, true);
	dup2(in, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	close(in);
	close(to);
	return status;
}

/* xl console becomes the console: in a process of its own here. */
static int console(const struct scene *scene, const char *line)
{
	pid_t child;
	int status = -1;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(PATIENCE_MS / 1000);
		_exit(xl_at(scene, line));
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	atomic_store(&line_ended, true);
	return status;
}

static void expect_said(const char *expected)
{
	char *said = read_text(said_path);

	CU_ASSERT_STRING_EQUAL(said, expected);
	free(said);
}

static void create_c_attaches_the_console_and_stays_until_the_user_leaves(void)
{
	struct scene scene;

	begin();
	scene_begin(&scene, "/local/domain", "console/tty", "root\r", "\x1d");
	pthread_create(&scene.thread, NULL, play, &scene);
	CU_ASSERT_EQUAL(xl_at(&scene, "create -c %C"), 0);
	scene_end(&scene);
	expect_said("1 --type pv --num 0\nleft 0\n");
	CU_ASSERT_EQUAL(xen.domains[1].pauses, 0);
	xl("destroy web");
	end();
}

static void one_console(const char *line, const char *above, const char *node, const char *keys,
			const char *escape, const char *said)
{
	struct scene scene;

	scene_begin(&scene, above, node, keys, escape);
	pthread_create(&scene.thread, NULL, play, &scene);
	CU_ASSERT_EQUAL(console(&scene, line), 0);
	scene_end(&scene);
	expect_said(said);
	unlink(said_path);
}

static void console_carries_keys_and_text_until_the_escape(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -q -e %C"), 0);
	one_console("console web", "/local/domain", "console/tty", "root\r", "\x1d",
		    "1 --type pv --num 0\nleft 0\n");
	one_console("console -t serial 1", "/local/domain", "serial/0/tty", "root\r", "\x1d",
		    "1 --type serial --num 0\nleft 0\n");
	one_console("console -n 2 web", "/local/domain/0/backend/console", "2/tty", "root\r",
		    "\x1d", "1 --type pv --num 2\nleft 0\n");
	xl("destroy web");
	end();
}

static void a_console_is_not_begun_with_an_escape_that_is_none(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -q -e %C"), 0);
	CU_ASSERT_EQUAL(xl("console -e abc web"), 2);
	CU_ASSERT_STRING_EQUAL(err, "escape 'abc' is not a character, ^X or none\n");
	CU_ASSERT_EQUAL(xl("console -t vga web"), 2);
	CU_ASSERT_EQUAL(xl("console -n x web"), 2);
	xl("destroy web");
	end();
}

/* A letter that is part of the escape's name is a letter. */
static void console_e_is_left_by_another_character_only(void)
{
	begin();
	CU_ASSERT_EQUAL(xl("create -q -e %C"), 0);
	one_console("console -e ^a web", "/local/domain", "console/tty", "a\x1d^A", "\x01",
		    "1 --type pv --num 0 --escape ^a\nleft 0\n");
	one_console("console -e ~ web", "/local/domain", "console/tty", "a\x1d\x01", "~",
		    "1 --type pv --num 0 --escape ~\nleft 0\n");
	xl("destroy web");
	end();
}

/* --- running it ------------------------------------------------------------------------------ */
static void make_files(void)
{
	struct fake_kernel kernel;
	char text[1024];

	if (!mkdtemp(folder)) {
		exit(99);
	}
	snprintf(config_path, sizeof(config_path), "%s/web.cfg", folder);
	snprintf(xml_path, sizeof(xml_path), "%s/web.xml", folder);
	snprintf(kernel_path, sizeof(kernel_path), "%s/kernel", folder);
	snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	snprintf(run_dir, sizeof(run_dir), "%s/run", folder);
	snprintf(script_path, sizeof(script_path), "%s/console", folder);
	snprintf(said_path, sizeof(said_path), "%s/said", folder);
	snprintf(core_path, sizeof(core_path), "%s/core", folder);
	mkdir(state_dir, 0700);
	fake_kernel_start(&kernel);
	fake_kernel_linux(&kernel);
	fake_file_write(kernel_path, kernel.file, sizeof(kernel.file));
	snprintf(text, sizeof(text),
		 "name=\"web\"\nuuid=\"11111111-2222-3333-4444-555555555555\"\nmemory=64\n"
		 "vcpus=2\nkernel=\"%s\"\non_reboot=\"restart\"\nlocaltime=0\n",
		 kernel_path);
	write_text(config_path, text);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\necho \"$*\" >%s\nshift\n" BUILD "/xenconsole \"$@\" $CONSOLE_AS\n"
		 "echo left $? >>%s\n",
		 said_path, said_path);
	write_text(script_path, text);
	chmod(script_path, 0700);
	console_domid = 100 + (unsigned int)getpid() % 32000;
	setenv("PROXENOS_XENCONSOLE", script_path, 1);
	setenv("PROXENOS_DOMXML", BUILD "/domxml", 1);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(create_says_what_it_reads_and_nothing_else),
		UNIT(create_warns_when_nobody_would_look_after_the_guest),
		UNIT(create_p_leaves_it_paused_until_unpause),
		UNIT(create_q_says_nothing),
		UNIT(create_e_wants_nobody_to_look_after_it),
		UNIT(create_n_shows_the_configuration_and_makes_nothing),
		UNIT(create_d_shows_the_configuration_and_makes_the_domain),
		UNIT(settings_behind_the_file_win),
		UNIT(create_f_capital_stays_until_the_guest_is_gone),
		UNIT(create_c_attaches_the_console_and_stays_until_the_user_leaves),
		UNIT(shutdown_w_asks_and_waits),
		UNIT(reboot_asks_all_guests),
		UNIT(config_update_changes_what_list_shows_later),
		UNIT(domxml_shows_a_file_and_a_domain_and_create_takes_it_back),
		UNIT(dump_core_needs_a_guest_that_has_begun),
		UNIT(console_carries_keys_and_text_until_the_escape),
		UNIT(a_console_is_not_begun_with_an_escape_that_is_none),
		UNIT(console_e_is_left_by_another_character_only),
	};
	char command[96];
	int status;

	make_files();
	status = unit_main("xl_create", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	free(out);
	free(err);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) || status;
}
