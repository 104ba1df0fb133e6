/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of device_host_linux needs no hypervisor and no rights: hotplug scripts, and telling disks
 * apart. Loop devices and bridges are tested in dom0 (tests/boot/jobs).
 */
#include "device/device_host.h"
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/test_device_host.XXXXXX";
static char script_path[64];
static char result_path[64];

static const struct device_host *const host = &device_host_linux;

static void save_script(const char *body, mode_t mode)
{
	FILE *file = fopen(script_path, "w");

	fprintf(file, "#!/bin/sh\n%s\n", body);
	fclose(file);
	chmod(script_path, mode);
}

static int run(unsigned int timeout_ms, int *status)
{
	char result[96];
	const char *environment[] = {"XENBUS_PATH=backend/vif/3/0", result, NULL};

	snprintf(result, sizeof(result), "RESULT=%s", result_path);
	return host->script(NULL, script_path, "online", environment, timeout_ms, status);
}

static void a_script_gets_argument_and_environment(void)
{
	char line[128] = "";
	int status = -1;

	save_script("echo \"$1 $XENBUS_PATH $HOTPLUG_TEST\" >$RESULT", 0755);
	setenv("HOTPLUG_TEST", "kept", 1);
	CU_ASSERT_EQUAL(run(5000, &status), 0);
	CU_ASSERT_EQUAL(status, 0);
	FILE *file = fopen(result_path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), file));
	fclose(file);
	CU_ASSERT_STRING_EQUAL(line, "online backend/vif/3/0 kept\n");
	CU_ASSERT_PTR_NULL(getenv("XENBUS_PATH"));
}

static void a_scripts_status_comes_back(void)
{
	int status = 0;

	save_script("exit 7", 0755);
	CU_ASSERT_EQUAL(run(5000, &status), 0);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	save_script("kill -9 $$", 0755);
	CU_ASSERT_EQUAL(run(5000, &status), 0);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
}

static void a_script_that_hangs_is_killed_with_its_children(void)
{
	struct timespec before;
	struct timespec after;
	char line[32] = "";
	int status;

	save_script("sleep 1000 & echo $! >$RESULT; wait", 0755);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CU_ASSERT_EQUAL(run(1000, &status), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	CU_ASSERT_TRUE(after.tv_sec - before.tv_sec < 60);
	FILE *file = fopen(result_path, "r");
	if (file && fgets(line, sizeof(line), file)) {
		pid_t child = (pid_t)atoi(line);

		for (int i = 0; i < 200 && child > 0 && !kill(child, 0); i++) {
			/* A zombie, until init takes it. */
			char stat[64];
			char state = 0;

			snprintf(stat, sizeof(stat), "/proc/%d/stat", child);
			FILE *proc = fopen(stat, "r");
			if (!proc || fscanf(proc, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z') {
				child = 0;
			}
			if (proc) {
				fclose(proc);
			}
			usleep(10000);
		}
		CU_ASSERT_TRUE(child <= 0 || kill(child, 0));
	}
	if (file) {
		fclose(file);
	}
}

static void a_script_that_cannot_run_is_an_error(void)
{
	int status;

	save_script("exit 0", 0644);
	CU_ASSERT_EQUAL(run(1000, &status), -EACCES);
	unlink(script_path);
	CU_ASSERT_EQUAL(run(1000, &status), -ENOENT);
}

static void disks_are_told_apart_by_what_they_are(void)
{
	struct device_target one;
	struct device_target other;
	char link_path[96];

	save_script("a", 0644);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	CU_ASSERT_EQUAL(symlink(script_path, link_path), 0);
	CU_ASSERT_EQUAL(host->identify(NULL, script_path, &one), 0);
	CU_ASSERT_EQUAL(host->identify(NULL, link_path, &other), 0);
	CU_ASSERT_TRUE(one.is_loop && other.is_loop);
	CU_ASSERT_EQUAL(one.file_inode, other.file_inode);
	CU_ASSERT_EQUAL(one.file_dev, other.file_dev);
	unlink(link_path);
	CU_ASSERT_EQUAL(host->identify(NULL, link_path, &other), -ENOENT);
	CU_ASSERT_EQUAL(host->identify(NULL, "/dev/null", &other), -ENOTBLK);
}

static void what_is_no_disk_is_refused(void)
{
	struct device_target target;

	CU_ASSERT_EQUAL(host->open_disk(NULL, folder, true, false, &target), -ENOTBLK);
	CU_ASSERT_EQUAL(host->open_disk(NULL, folder, false, false, &target), -ENOTBLK);
	CU_ASSERT_EQUAL(host->open_disk(NULL, "/dev/null", true, false, &target), -ENOTBLK);
	CU_ASSERT_EQUAL(host->open_disk(NULL, "/nonexistent", true, false, &target), -ENOENT);
	CU_ASSERT_EQUAL(target.fd, -1);
}

static void a_missing_interface_is_told_from_a_missing_bridge(void)
{
	const struct device_interface interface = {.name = "vif9999.9", .bridge = "nobridge"};

	/* Without a network namespace of our own it must not get as far as the bridge. */
	CU_ASSERT_EQUAL(host->plug(NULL, &interface), -ENODEV);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_script_gets_argument_and_environment),
		UNIT(a_scripts_status_comes_back),
		UNIT(a_script_that_hangs_is_killed_with_its_children),
		UNIT(a_script_that_cannot_run_is_an_error),
		UNIT(disks_are_told_apart_by_what_they_are),
		UNIT(what_is_no_disk_is_refused),
		UNIT(a_missing_interface_is_told_from_a_missing_bridge),
	};
	int status;

	if (!mkdtemp(folder)) {
		return 1;
	}
	snprintf(script_path, sizeof(script_path), "%s/script", folder);
	snprintf(result_path, sizeof(result_path), "%s/result", folder);
	status = unit_main("device_host", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	unlink(script_path);
	unlink(result_path);
	rmdir(folder);
	return status;
}
