/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootloader_run() with shell scripts for programs: what it hands them, what it takes from them,
 * and that a hostile one can neither hang it, flood it, nor make it take a file that is not its
 * own. As root, with namespaces, it also shows what the program cannot do.
 */
#include "unit/config_world.h"

#include "config/bootloader.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/bootloader_test_XXXXXX";
static char program[sizeof(base) + 8];
static char disk[sizeof(base) + 8];
static char work[sizeof(base) + 8];
static struct bootloader_result result;

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, mode) < 0) {
		perror(path);
		exit(1);
	}
}

/* Runs a script; $out and $dir are what it was told, the last argument is the disk. */
static int run(const char *script, unsigned int timeout_seconds)
{
	struct bootloader_options options = {
		.directory = work, .console = -1, .timeout_seconds = timeout_seconds};
	struct vm_config *config = vm_config_new();
	char text[2048];
	int err;

	config_world_end();
	bootloader_result_clear(&result);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\nfor disk; do case $disk in\n--output=*) out=${disk#*=};;\n"
		 "--output-directory=*) dir=${disk#*=};;\nesac; done\n%s\n",
		 script);
	write_file(program, text, 0755);
	config->name = strdup("vm");
	config->bootloader = strdup(program);
	config->bootloader_args.item = calloc(1, sizeof(char *));
	config->bootloader_args.item[0] = strdup("--own");
	config->bootloader_args.count = 1;
	err = bootloader_run(config, disk, &options, &result, &config_world_report);
	vm_config_free(config);
	return err;
}

static bool is_empty(const char *directory)
{
	return rmdir(directory) == 0 && mkdir(directory, 0711) == 0;
}

static void what_it_chose_is_taken_over(void)
{
	CU_ASSERT_EQUAL(
		run("cp $disk $dir/k; echo r >$dir/r\n"
		    "printf 'kernel %s\\0ramdisk %s\\0args a=\"b c\" d\\0' $dir/k $dir/r >$out",
		    0),
		0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(result.kernel);
	CU_ASSERT_EQUAL(access(result.kernel, R_OK), 0);
	CU_ASSERT_EQUAL(access(result.ramdisk, R_OK), 0);
	CU_ASSERT_STRING_EQUAL(result.cmdline, "a=\"b c\" d");
	bootloader_result_clear(&result);
	CU_ASSERT_TRUE(is_empty(work));
}

static void lines_may_end_in_newlines_and_parts_be_missing(void)
{
	CU_ASSERT_EQUAL(run("echo k >$dir/k; echo kernel $dir/k >$out", 0), 0);
	CU_ASSERT_PTR_NULL(result.ramdisk);
	CU_ASSERT_PTR_NULL(result.cmdline);
}

static void it_gets_the_convention_s_arguments(void)
{
	CU_ASSERT_EQUAL(
		run("echo k >$dir/k; printf 'kernel %s\\0args %s\\0' $dir/k \"$*\" >$out", 0), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(result.cmdline);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(result.cmdline, "--output-format=simple0 --output-directory="));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.cmdline, " --own /"));
	CU_ASSERT_STRING_EQUAL(strrchr(result.cmdline, ' ') + 1, disk);
}

static void it_has_a_terminal_and_a_new_session(void)
{
	CU_ASSERT_EQUAL(run("tty >&2 && [ -t 0 ] && echo k >$dir/k && echo kernel $dir/k >$out", 0),
			0);
}

static void a_failure_shows_the_programs_last_line(void)
{
	CU_ASSERT_EQUAL(run("echo one; echo 'no kernel on the disk'; exit 3", 0), -EIO);
	CU_ASSERT_TRUE(said("found nothing to start: exit status 3: no kernel on the disk"));
	CU_ASSERT_TRUE(said("run it by hand: "));
	CU_ASSERT_TRUE(is_empty(work));
	CU_ASSERT_EQUAL(run("sh -c 'kill -SEGV $$'", 0), -EIO);
	CU_ASSERT_EQUAL(run("exit 0", 0), -ENOENT);
	CU_ASSERT_TRUE(said("named no kernel"));
}

static void files_that_are_not_its_own_are_refused(void)
{
	CU_ASSERT_EQUAL(run("echo kernel /etc/passwd >$out", 0), -EACCES);
	CU_ASSERT_TRUE(said("names a file that is not its own: '/etc/passwd' is not in"));
	CU_ASSERT_EQUAL(run("echo kernel $dir/../k >$out", 0), -EACCES);
	CU_ASSERT_EQUAL(run("ln -s /etc/passwd $dir/k; echo kernel $dir/k >$out", 0), -ELOOP);
	CU_ASSERT_EQUAL(run("mkdir $dir/k; echo kernel $dir/k >$out", 0), -EACCES);
	CU_ASSERT_EQUAL(run("mkfifo $dir/k; echo kernel $dir/k >$out", 0), -EACCES);
	CU_ASSERT_EQUAL(run("echo k >$dir/k; ln $dir/k $dir/l; echo kernel $dir/k >$out", 0),
			-EACCES);
	CU_ASSERT_TRUE(said("what is not a plain file"));
	CU_ASSERT_TRUE(is_empty(work));
}

static void it_can_neither_hang_nor_flood(void)
{
	CU_ASSERT_EQUAL(run("sleep 100", 1), -ETIMEDOUT);
	CU_ASSERT_TRUE(said("it did not end within 1 seconds"));
	CU_ASSERT_EQUAL(run("yes >$out", 20), -EMSGSIZE);
	CU_ASSERT_EQUAL(
		run("i=0; while [ $i -lt 3000 ]; do echo line $i of much; i=$((i+1)); done; "
		    "exit 1",
		    60),
		-EIO);
	CU_ASSERT_TRUE(said("line 2999 of much"));
}

static void what_is_missing_is_named(void)
{
	struct vm_config *config = vm_config_new();

	config_world_end();
	config->name = strdup("vm");
	config->bootloader = strdup("no-such-bootloader");
	CU_ASSERT_EQUAL(bootloader_run(config, disk, NULL, &result, &config_world_report), -ENOENT);
	CU_ASSERT_TRUE(said("bootloader 'no-such-bootloader': not found"));
	vm_config_free(config);
}

/* Whether this process may do what the runner does as root. */
static bool has_namespaces(void)
{
	int status = 1;
	pid_t child;

	if (geteuid() != 0) {
		return false;
	}
	child = fork();
	if (child == 0) {
		_exit(unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC) < 0);
	}
	waitpid(child, &status, 0);
	return status == 0;
}

static void as_root_it_runs_as_nobody_without_network(void)
{
	CU_ASSERT_EQUAL(
		run("[ $(id -u) != 0 ] || exit 9\n"
		    "[ \"$(ls /sys/class/net 2>/dev/null; cat /proc/net/dev | wc -l)\" ] || :\n"
		    "[ $(cat /proc/self/net/dev | wc -l) = 3 ] || { echo network; exit 8; }\n"
		    "(echo x >/etc/passwd) 2>/dev/null && exit 7\n"
		    "(sleep 50 &)\necho k >$dir/k; echo kernel $dir/k >$out",
		    20),
		0);
	if (result.kernel) {
		struct stat at;

		CU_ASSERT_EQUAL(stat(result.kernel, &at), 0);
		CU_ASSERT_EQUAL(at.st_uid, 0);
		CU_ASSERT_EQUAL(at.st_mode & 0777, 0400);
	}
}

static const struct unit_test tests[] = {
	UNIT(what_it_chose_is_taken_over),
	UNIT(lines_may_end_in_newlines_and_parts_be_missing),
	UNIT(it_gets_the_convention_s_arguments),
	UNIT(it_has_a_terminal_and_a_new_session),
	UNIT(a_failure_shows_the_programs_last_line),
	UNIT(files_that_are_not_its_own_are_refused),
	UNIT(it_can_neither_hang_nor_flood),
	UNIT(what_is_missing_is_named),
	UNIT(as_root_it_runs_as_nobody_without_network),
};

int main(void)
{
	unsigned int count = sizeof(tests) / sizeof(tests[0]);
	int status;

	if (geteuid() == 0 && !has_namespaces()) {
		printf("config/bootloader: skipped: root without namespaces\n");
		return 77;
	}
	if (geteuid() != 0) {
		count--;
	}
	if (!mkdtemp(base)) {
		return 1;
	}
	chmod(base, 0755);
	snprintf(program, sizeof(program), "%s/prog", base);
	snprintf(disk, sizeof(disk), "%s/disk", base);
	snprintf(work, sizeof(work), "%s/work", base);
	mkdir(work, 0711);
	write_file(disk, "the disk\n", 0644);
	status = unit_main("config/bootloader", tests, count, NULL);
	bootloader_result_clear(&result);
	config_world_end();
	unlink(program);
	unlink(disk);
	rmdir(work);
	rmdir(base);
	return status;
}
