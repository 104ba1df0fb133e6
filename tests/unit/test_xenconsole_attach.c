/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaching to a console: a pty plays the domain, another one the user's terminal. */
#include "lib/report.h"
#include "store/store.h"
#include "unit/fake_store.h"
#include "unit/unit.h"
#include "xenconsole/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One end each; the other is what attach_carry() has. */
struct scene {
	int domain;
	int domain_other;
	int user;
	int user_other;
	int escape;
	enum attach_end end;
	int err;
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

static void *carry(void *data)
{
	struct scene *scene = data;

	scene->err = attach_carry(scene->domain_other, scene->user_other, scene->user_other,
				  scene->escape, &scene->end, NULL);
	return NULL;
}

static bool is_raw(int fd)
{
	struct termios settings;

	return tcgetattr(fd, &settings) == 0 && !(settings.c_lflag & (ICANON | ECHO));
}

static void scene_begin(struct scene *scene, int escape)
{
	struct termios settings;

	*scene = (struct scene){.escape = escape};
	scene->domain = open_pair(&scene->domain_other);
	scene->user = open_pair(&scene->user_other);
	tcgetattr(scene->domain_other, &settings);
	cfmakeraw(&settings);
	tcsetattr(scene->domain_other, TCSANOW, &settings);
	pthread_create(&scene->thread, NULL, carry, scene);
	for (int i = 0; i < 5000 && !is_raw(scene->user_other); i++) {
		usleep(1000);
	}
	CU_ASSERT_TRUE(is_raw(scene->user_other));
}

static void scene_end(struct scene *scene)
{
	pthread_join(scene->thread, NULL);
	CU_ASSERT_FALSE(is_raw(scene->user_other));
	if (scene->domain >= 0) {
		close(scene->domain);
	}
	close(scene->domain_other);
	close(scene->user);
	close(scene->user_other);
}

static void expect(int fd, const char *wanted)
{
	char text[256] = "";
	size_t used = 0;

	while (used < strlen(wanted)) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (poll(&wait, 1, 5000) <= 0) {
			break;
		}
		ssize_t got = read(fd, text + used, sizeof(text) - 1 - used);

		if (got <= 0) {
			break;
		}
		used += (size_t)got;
	}
	text[used] = '\0';
	CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void say(int fd, const char *text)
{
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void text_goes_out_and_keys_go_in(void)
{
	struct scene scene;

	scene_begin(&scene, ATTACH_ESCAPE);
	say(scene.domain, "login: ");
	expect(scene.user, "login: ");
	say(scene.user, "root\r\003"); /* Ctrl-C is the guest's */
	expect(scene.domain, "root\r\003");
	say(scene.user, "bye\x1dnever");
	expect(scene.domain, "bye");
	scene_end(&scene);
	CU_ASSERT_EQUAL(scene.err, 0);
	CU_ASSERT_EQUAL(scene.end, ATTACH_ESCAPED);
}

static void another_escape_may_be_chosen(void)
{
	struct scene scene;

	scene_begin(&scene, 1);
	say(scene.user, "\x1d");
	expect(scene.domain, "\x1d");
	say(scene.user, "\001");
	scene_end(&scene);
	CU_ASSERT_EQUAL(scene.end, ATTACH_ESCAPED);
}

static void a_console_that_goes_away_ends_it(void)
{
	struct scene scene;

	scene_begin(&scene, -1);
	say(scene.user, "\x1d");
	expect(scene.domain, "\x1d");
	close(scene.domain);
	scene.domain = -1;
	scene_end(&scene);
	CU_ASSERT_EQUAL(scene.err, 0);
	CU_ASSERT_EQUAL(scene.end, ATTACH_CLOSED);
}

static void input_that_ends_ends_it(void)
{
	int other;
	int domain = open_pair(&other);
	int ends[2];
	enum attach_end end = ATTACH_ESCAPED;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	say(ends[1], "x");
	close(ends[1]);
	CU_ASSERT_EQUAL(attach_carry(other, ends[0], STDERR_FILENO, -1, &end, NULL), 0);
	CU_ASSERT_EQUAL(end, ATTACH_INPUT);
	close(ends[0]);
	close(domain);
	close(other);
}

static void escapes_are_written_in_several_ways(void)
{
	int escape;

	CU_ASSERT_EQUAL(attach_parse_escape("^]", &escape), 0);
	CU_ASSERT_EQUAL(escape, 0x1d);
	CU_ASSERT_EQUAL(attach_parse_escape("^a", &escape), 0);
	CU_ASSERT_EQUAL(escape, 1);
	CU_ASSERT_EQUAL(attach_parse_escape("^@", &escape), 0);
	CU_ASSERT_EQUAL(escape, 0);
	CU_ASSERT_EQUAL(attach_parse_escape("~", &escape), 0);
	CU_ASSERT_EQUAL(escape, '~');
	CU_ASSERT_EQUAL(attach_parse_escape("none", &escape), 0);
	CU_ASSERT_EQUAL(escape, -1);
	CU_ASSERT_EQUAL(attach_parse_escape("", &escape), -EINVAL);
	CU_ASSERT_EQUAL(attach_parse_escape("ab", &escape), -EINVAL);
	CU_ASSERT_EQUAL(attach_parse_escape("^1", &escape), -EINVAL);
}

static void *appear(void *data)
{
	usleep(50000);
	fake_store_set(data, "/local/domain/4/console/tty", "");
	usleep(20000);
	fake_store_set(data, "/local/domain/4/console/tty", "/dev/pts/77");
	return NULL;
}

static void a_console_is_waited_for(void)
{
	struct fake_store *fake = fake_store_start(NULL);
	struct attach_options options = {.domid = 4, .wait_ms = 5000};
	struct report report = {0};
	struct store *store;
	pthread_t thread;
	char *path;

	store_attach(&store, fake_store_connect(fake));
	CU_ASSERT_EQUAL(attach_find(store, &options, &path, &report), -ESRCH);
	CU_ASSERT_STRING_EQUAL(report.messages[0].why, "there is no such domain");
	report_clear(&report);
	fake_store_set(fake, "/local/domain/4/name", "web");
	options.wait_ms = 20;
	CU_ASSERT_EQUAL(attach_find(store, &options, &path, &report), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(report.messages[0].next);
	report_clear(&report);
	options.wait_ms = 5000;
	pthread_create(&thread, NULL, appear, fake);
	CU_ASSERT_EQUAL_FATAL(attach_find(store, &options, &path, &report), 0);
	CU_ASSERT_STRING_EQUAL(path, "/dev/pts/77");
	free(path);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(fake_store_watches(fake), 0);
	fake_store_set(fake, "/local/domain/4/serial/0/tty", "/dev/pts/78");
	options.kind = ATTACH_SERIAL;
	CU_ASSERT_EQUAL_FATAL(attach_find(store, &options, &path, &report), 0);
	CU_ASSERT_STRING_EQUAL(path, "/dev/pts/78");
	free(path);
	fake_store_set(fake, "/local/domain/4/device/console/2/tty", "/dev/mem");
	fake_store_set(fake, "/local/domain/0/backend/console/4/2/tty", "/dev/pts/79");
	options.kind = ATTACH_PV;
	options.number = 2;
	CU_ASSERT_EQUAL_FATAL(attach_find(store, &options, &path, &report), 0);
	CU_ASSERT_STRING_EQUAL(path, "/dev/pts/79");
	free(path);
	store_close(store);
	fake_store_stop(fake);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(text_goes_out_and_keys_go_in),        UNIT(another_escape_may_be_chosen),
		UNIT(a_console_that_goes_away_ends_it),    UNIT(input_that_ends_ends_it),
		UNIT(escapes_are_written_in_several_ways), UNIT(a_console_is_waited_for),
	};

	return unit_main("xenconsole", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
