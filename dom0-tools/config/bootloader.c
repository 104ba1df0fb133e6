/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the bootloader program of a PV guest and takes over what it chose; bootloader.h has the
 * convention and why the program is not trusted.
 *
 *     prepare   a directory of its own, a FIFO in it, a pty, a way to read the disk
 *     child     limits, own namespaces (network, mounts, processes), own uid, no new privileges
 *     watch     pty <-> user, FIFO -> lines, until the program ends or its time is over
 *     collect   the files named must be plain files in the directory; they become ours
 *
 * The program is the first process of a process namespace: when it is gone, so is all it started,
 * and nobody can change a file that has been checked. Where namespaces cannot be had (not root), it
 * runs as its caller; the report has a detail of that.
 *
 * The disk: whoever may read it by its own rights gets its path. Otherwise the namespace gets a
 * device node for it that only the program's uid can read; a file is first put behind a read-only
 * loop device, which goes away by itself.
 */
#include "config/bootloader.h"

#include "config/config.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <linux/loop.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY_DEFAULT "/run/proxenos/bootloader"
#define TIMEOUT_DEFAULT_S 120U
#define OUTPUT_MAX 65536U
#define SCREEN_MAX 4096U /* of what the program showed, kept for the error */
#define MEMORY_MAX ((rlim_t)1 << 30)
#define FILE_MAX ((rlim_t)1 << 30)
#define NAMESPACES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC)

struct run {
	const struct vm_config *config;
	const struct bootloader_options *options;
	struct report *report;
	char directory[PATH_MAX];
	char disk[PATH_MAX]; /* as the program is told */
	char program[PATH_MAX];
	dev_t node; /* to be made at `disk` in the child; 0: none */
	uid_t uid;
	gid_t gid;
	int loop; /* keeps the loop device until the child has it open */
	int fifo;
	int pty;
	pid_t child;
	bool isolated; /* has namespaces and a uid of its own */
	char output[OUTPUT_MAX + 1];
	size_t output_used;
	char screen[SCREEN_MAX];
	size_t screen_used;
};

static int fail(struct run *run, int error, const char *what)
{
	return report_error(run->report, error, "bootloader '%s': %s", run->config->bootloader,
			    what);
}

/* --- prepare --- */

static int make_parents(const char *path)
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
		return -ENAMETOOLONG;
	}
	for (char *at = copy + 1; *at; at++) {
		if (*at == '/') {
			*at = '\0';
			if (mkdir(copy, 0755) < 0 && errno != EEXIST) {
				return -errno;
			}
			*at = '/';
		}
	}
	return mkdir(copy, 0711) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_directory(struct run *run)
{
	const char *base = run->options->directory ? run->options->directory : DIRECTORY_DEFAULT;
	char fifo[PATH_MAX];
	int err = make_parents(base);

	if (err) {
		return report_error(run->report, -err, "directory '%s'", base);
	}
	if (snprintf(run->directory, sizeof(run->directory), "%s/XXXXXX", base) >=
	    (int)sizeof(run->directory) - 8) {
		return report_error(run->report, ENAMETOOLONG, "directory '%s'", base);
	}
	if (!mkdtemp(run->directory)) {
		err = report_error(run->report, errno, "directory '%s'", run->directory);
		run->directory[0] = '\0';
		return err;
	}
	snprintf(fifo, sizeof(fifo), "%.4080s/out", run->directory);
	if (mkfifo(fifo, 0600) < 0) {
		return report_error(run->report, errno, "'%s'", fifo);
	}
	/* Open for both, so that it has no end before the program has. */
	run->fifo = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (run->fifo < 0 || (run->isolated && (fchown(run->fifo, run->uid, run->gid) < 0 ||
						chown(run->directory, run->uid, run->gid) < 0))) {
		return report_error(run->report, errno, "'%s'", fifo);
	}
	return 0;
}

static int find_user(struct run *run)
{
	const char *name = run->options->user ? run->options->user : "xen-bootloader";
	const struct passwd *user = getpwnam(name);

	run->isolated = geteuid() == 0;
	run->uid = user ? user->pw_uid : 65534;
	run->gid = user ? user->pw_gid : 65534;
	if (!user && run->options->user) {
		return report_error(run->report, ENOENT, "bootloader user '%s'", name);
	}
	return 0;
}

/* Upstream's place for such programs first, then PATH. */
static int find_program(struct run *run)
{
	const char *name = run->config->bootloader;
	const char *path = getenv("PATH");
	char *copy;
	char *rest;
	char *item;
	glob_t found;

	if (strchr(name, '/')) {
		snprintf(run->program, sizeof(run->program), "%s", name);
		return access(name, X_OK) < 0 ? fail(run, errno, "cannot be run") : 0;
	}
	snprintf(run->program, sizeof(run->program), "/usr/lib/xen-*/bin/%s", name);
	if (glob(run->program, 0, NULL, &found) == 0) {
		snprintf(run->program, sizeof(run->program), "%s",
			 found.gl_pathv[found.gl_pathc - 1]);
		globfree(&found);
		return 0;
	}
	copy = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	rest = copy;
	while (copy && (item = strsep(&rest, ":"))) {
		snprintf(run->program, sizeof(run->program), "%s/%s", item, name);
		if (*item && access(run->program, X_OK) == 0) {
			free(copy);
			return 0;
		}
	}
	free(copy);
	fail(run, ENOENT, "not found");
	report_next(run->report, "install it, or give its whole path");
	return -ENOENT;
}

/* Whether the program's user may read the file; ACLs are not looked at. */
static bool is_readable(const struct run *run, const struct stat *at)
{
	if (!run->isolated || at->st_uid == run->uid) {
		return true;
	}
	return (at->st_mode & S_IROTH) || (at->st_gid == run->gid && (at->st_mode & S_IRGRP));
}

/* Puts a file behind a read-only loop device that goes away with its last user. */
static int attach_loop(struct run *run, const char *disk, dev_t *node)
{
	struct loop_config config = {.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR};
	int file = open(disk, O_RDONLY | O_CLOEXEC);
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	char path[32];
	struct stat at;

	if (number >= 0 && file >= 0) {
		snprintf(path, sizeof(path), "/dev/loop%d", number);
		run->loop = open(path, O_RDONLY | O_CLOEXEC);
		config.fd = (uint32_t)file;
		if (run->loop >= 0 && ioctl(run->loop, LOOP_CONFIGURE, &config) == 0 &&
		    fstat(run->loop, &at) == 0) {
			*node = at.st_rdev;
			number = 0;
		} else {
			number = -1;
		}
	}
	if (file >= 0) {
		close(file);
	}
	if (control >= 0) {
		close(control);
	}
	return number < 0 ? -ENXIO : 0;
}

static int find_disk(struct run *run, const char *disk)
{
	struct stat at;
	int err;

	if (stat(disk, &at) < 0) {
		report_error(run->report, errno, "disk '%s' of the bootloader", disk);
		return -errno;
	}
	if (is_readable(run, &at)) {
		return snprintf(run->disk, sizeof(run->disk), "%s", disk) >= (int)sizeof(run->disk)
			       ? -ENAMETOOLONG
			       : 0;
	}
	if (S_ISBLK(at.st_mode)) {
		run->node = at.st_rdev;
	} else {
		err = attach_loop(run, disk, &run->node);
		if (err) {
			fail(run, -err, "cannot be given the disk");
			report_why(run->report,
				   "'%s' is not readable for uid %u, and there is no "
				   "loop device",
				   disk, run->uid);
			report_next(run->report, "load the module loop, or let that uid read it");
			return err;
		}
	}
	snprintf(run->disk, sizeof(run->disk), "%.4080s/dev/disk", run->directory);
	return 0;
}

/* --- child --- */

static void limit(int resource, rlim_t most)
{
	const struct rlimit both = {most, most};

	(void)setrlimit(resource, &both);
}

/* A file system of its own with the one device in it; only this process and its children see it. */
static bool make_node(const struct run *run)
{
	char directory[PATH_MAX];

	if (!run->node) {
		return true;
	}
	snprintf(directory, sizeof(directory), "%.4080s/dev", run->directory);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mkdir(directory, 0755) == 0 &&
	       mount("none", directory, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=4k") == 0 &&
	       mknod(run->disk, S_IFBLK | 0400, run->node) == 0 &&
	       chown(run->disk, run->uid, run->gid) == 0;
}

static bool drop_privileges(const struct run *run)
{
	return setgroups(0, NULL) == 0 && setresgid(run->gid, run->gid, run->gid) == 0 &&
	       setresuid(run->uid, run->uid, run->uid) == 0;
}

static __attribute__((noreturn)) void run_program(struct run *run, int terminal)
{
	char *argv[64];
	char out[PATH_MAX];
	char directory[PATH_MAX];
	unsigned int n = 0;
	const char *term = getenv("TERM");
	char term_entry[64];
	char *const environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
				     (char[]){"LANG=C.UTF-8"}, term_entry, NULL};

	snprintf(term_entry, sizeof(term_entry), "TERM=%.50s", term ? term : "linux");
	(void)setsid();
	(void)ioctl(terminal, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(terminal, fd) < 0) {
			_exit(126);
		}
	}
	if (run->isolated && !make_node(run)) {
		dprintf(2, "the disk cannot be made visible: %s\n", strerror(errno));
		_exit(126);
	}
	if (syscall(SYS_close_range, 3U, ~0U, 0) < 0) {
		for (int fd = 3; fd < 1024; fd++) {
			close(fd);
		}
	}
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_FSIZE, FILE_MAX);
	limit(RLIMIT_NOFILE, 256);
	if ((run->isolated && !drop_privileges(run)) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir(run->directory) < 0) {
		dprintf(2, "privileges cannot be dropped: %s\n", strerror(errno));
		_exit(126);
	}
	umask(077);
	snprintf(out, sizeof(out), "--output=%.4070s/out", run->directory);
	snprintf(directory, sizeof(directory), "--output-directory=%.4070s", run->directory);
	argv[n++] = run->program;
	argv[n++] = out;
	argv[n++] = (char[]){"--output-format=simple0"};
	argv[n++] = directory;
	for (unsigned int i = 0; i < run->config->bootloader_args.count && n < 62; i++) {
		argv[n++] = run->config->bootloader_args.item[i];
	}
	argv[n++] = run->disk;
	argv[n] = NULL;
	execve(run->program, argv, environment);
	dprintf(2, "%s: %s\n", run->program, strerror(errno));
	_exit(127);
}

static int start(struct run *run)
{
	int terminal;

	if (openpty(&run->pty, &terminal, NULL, NULL, NULL) < 0) {
		return fail(run, errno, "no pty");
	}
	(void)fcntl(run->pty, F_SETFD, FD_CLOEXEC);
	(void)fcntl(run->pty, F_SETFL, O_NONBLOCK);
	if (run->isolated) {
		run->child = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
	} else {
		report_detail(run->report, "bootloader '%s': not root: runs as its caller",
			      run->config->bootloader);
		run->child = fork();
	}
	if (run->child == 0) {
		run_program(run, terminal);
	}
	close(terminal);
	if (run->child < 0) {
		fail(run, errno, "cannot be started");
		report_next(run->report, "it needs namespaces for network, mounts and processes");
		return -errno;
	}
	return 0;
}

/* --- watch --- */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False when more came than any bootloader has to say. */
static bool read_fifo(struct run *run)
{
	ssize_t got;

	do {
		got = read(run->fifo, run->output + run->output_used,
			   OUTPUT_MAX - run->output_used);
		run->output_used += got > 0 ? (size_t)got : 0;
	} while (got > 0 && run->output_used < OUTPUT_MAX);
	return run->output_used < OUTPUT_MAX;
}

/* Keeps the end of what the program shows, and shows it to the user. False at its end. */
static bool read_pty(struct run *run)
{
	char text[1024];
	ssize_t got = read(run->pty, text, sizeof(text));
	size_t keep;

	if (got <= 0) {
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	}
	if (run->options->console >= 0) {
		(void)!write(run->options->console, text, (size_t)got);
	}
	keep = SCREEN_MAX - 1 - (size_t)got;
	if (run->screen_used > keep) {
		memmove(run->screen, run->screen + run->screen_used - keep, keep);
		run->screen_used = keep;
	}
	memcpy(run->screen + run->screen_used, text, (size_t)got);
	run->screen_used += (size_t)got;
	run->screen[run->screen_used] = '\0';
	return true;
}

/* False when the user's terminal is gone. */
static bool read_console(struct run *run)
{
	char text[256];
	ssize_t got = read(run->options->console, text, sizeof(text));

	if (got > 0) {
		(void)!write(run->pty, text, (size_t)got);
	}
	return got > 0;
}

/* Ends the program and waits for it; *status is as from waitpid(). */
static void stop(struct run *run, int *status)
{
	if (run->isolated) {
		kill(run->child, SIGKILL);
	} else {
		kill(-run->child, SIGKILL); /* its session */
		kill(run->child, SIGKILL);
	}
	while (waitpid(run->child, status, 0) < 0 && errno == EINTR) {
		continue;
	}
}

static int watch(struct run *run, int *status)
{
	unsigned int seconds =
		run->options->timeout_seconds ? run->options->timeout_seconds : TIMEOUT_DEFAULT_S;
	uint64_t end_ms = now_ms() + (uint64_t)seconds * 1000;
	struct pollfd fds[] = {
		{run->fifo, POLLIN, 0},
		{run->pty, POLLIN, 0},
		{(int)syscall(SYS_pidfd_open, run->child, 0), POLLIN, 0},
		{run->options->console, POLLIN, 0},
	};
	int err = 0;

	for (;;) {
		uint64_t at_ms = now_ms();

		if (at_ms >= end_ms) {
			err = fail(run, ETIMEDOUT, "has been stopped");
			report_why(run->report, "it did not end within %u seconds", seconds);
			break;
		}
		if (poll(fds, 4, (int)(end_ms - at_ms)) < 0 && errno != EINTR) {
			err = fail(run, errno, "cannot be watched");
			break;
		}
		if (fds[0].revents && !read_fifo(run)) {
			err = fail(run, EMSGSIZE, "says too much");
			break;
		}
		if (fds[1].revents && !read_pty(run)) {
			fds[1].fd = -1;
		}
		if (fds[3].revents && !read_console(run)) {
			fds[3].fd = -1;
		}
		if (fds[2].revents) {
			break;
		}
	}
	if (fds[2].fd >= 0) {
		close(fds[2].fd);
	}
	if (err) {
		stop(run, status);
		return err;
	}
	while (waitpid(run->child, status, 0) < 0 && errno == EINTR) {
		continue;
	}
	if (!run->isolated) {
		kill(-run->child, SIGKILL); /* what it left behind */
	}
	(void)read_fifo(run);
	do {
		errno = 0;
	} while (read_pty(run) && errno != EAGAIN);
	return 0;
}

/* The last line on the program's screen, as the cause of its failure. */
static const char *last_line(struct run *run)
{
	char *end = run->screen + run->screen_used;

	while (end > run->screen && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' ')) {
		*--end = '\0';
	}
	while (end > run->screen && end[-1] != '\n') {
		end--;
	}
	for (char *at = end; *at; at++) {
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~') {
			*at = '?';
		}
	}
	return end;
}

static int check_status(struct run *run, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return 0;
	}
	if (WIFSIGNALED(status)) {
		fail(run, EIO, "ended by a signal");
		report_why(run->report, "%s", strsignal(WTERMSIG(status)));
	} else {
		fail(run, EIO, "found nothing to start");
		report_why(run->report, "exit status %d: %s", WEXITSTATUS(status), last_line(run));
	}
	report_next(run->report, "run it by hand: %s %s", run->program, run->disk);
	return -EIO;
}

/* --- collect --- */

/* A file the program names becomes ours; what is no plain file in the directory is refused. */
static int take_file(struct run *run, const char *path, char **taken)
{
	size_t length = strlen(run->directory);
	struct stat at;
	int err = 0;
	int fd;

	if (strncmp(path, run->directory, length) != 0 || path[length] != '/' ||
	    strchr(path + length + 1, '/') || !path[length + 1]) {
		fail(run, EACCES, "names a file that is not its own");
		report_why(run->report, "'%s' is not in %s", path, run->directory);
		return -EACCES;
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &at) < 0) {
		err = fail(run, errno, "names a file that cannot be opened");
	} else if (!S_ISREG(at.st_mode) || at.st_nlink != 1) {
		err = fail(run, EACCES, "names what is not a plain file");
	} else if (run->isolated && (fchown(fd, 0, 0) < 0 || fchmod(fd, 0400) < 0)) {
		err = fail(run, errno, "left a file that cannot be taken over");
	}
	if (fd >= 0) {
		close(fd);
	}
	if (!err) {
		free(*taken);
		*taken = strdup(path);
		err = *taken ? 0 : fail(run, ENOMEM, "result");
	}
	return err;
}

static int take_line(struct run *run, const char *line, struct bootloader_result *result)
{
	if (strncmp(line, "kernel ", 7) == 0) {
		return take_file(run, line + 7, &result->kernel);
	}
	if (strncmp(line, "ramdisk ", 8) == 0) {
		return take_file(run, line + 8, &result->ramdisk);
	}
	if (strncmp(line, "args ", 5) == 0) {
		free(result->cmdline);
		result->cmdline = strdup(line + 5);
		return result->cmdline ? 0 : fail(run, ENOMEM, "result");
	}
	if (*line) {
		report_warning(run->report, "bootloader '%s': a line of its answer is unknown",
			       run->config->bootloader);
	}
	return 0;
}

/* Lines end in NUL, in newlines where there is none. */
static int collect(struct run *run, struct bootloader_result *result)
{
	bool zero = memchr(run->output, '\0', run->output_used) != NULL;
	size_t from = 0;
	int err = 0;

	run->output[run->output_used] = '\0';
	for (size_t i = 0; !err && i <= run->output_used; i++) {
		if (run->output[i] == '\0' || (!zero && run->output[i] == '\n')) {
			run->output[i] = '\0';
			err = take_line(run, run->output + from, result);
			from = i + 1;
		}
	}
	if (!err && !result->kernel) {
		err = fail(run, ENOENT, "named no kernel");
	}
	return err;
}

static int remove_entry(const char *path, const struct stat *at, int type, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

void bootloader_result_clear(struct bootloader_result *result)
{
	if (result->directory) {
		(void)nftw(result->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
	free(result->kernel);
	free(result->ramdisk);
	free(result->cmdline);
	free(result->directory);
	*result = (struct bootloader_result){0};
}

static int run_all(struct run *run, const char *disk, struct bootloader_result *result)
{
	int status = 0;
	int err = find_user(run);

	if (!err) {
		err = find_program(run);
	}
	if (!err) {
		err = make_directory(run);
	}
	if (!err) {
		err = find_disk(run, disk);
	}
	if (!err) {
		err = start(run);
	}
	if (!err) {
		err = watch(run, &status);
	}
	if (!err) {
		err = check_status(run, status);
	}
	return err ? err : collect(run, result);
}

int bootloader_run(const struct vm_config *config, const char *disk,
		   const struct bootloader_options *options, struct bootloader_result *result,
		   struct report *report)
{
	static const struct bootloader_options none = {.console = -1};
	struct run *run = calloc(1, sizeof(*run));
	int err;

	*result = (struct bootloader_result){0};
	if (!run) {
		return report_error(report, ENOMEM, "bootloader '%s'", config->bootloader);
	}
	*run = (struct run){.config = config,
			    .options = options ? options : &none,
			    .report = report,
			    .loop = -1,
			    .fifo = -1,
			    .pty = -1};
	err = run_all(run, disk, result);
	if (run->directory[0]) {
		result->directory = strdup(run->directory);
		if (!result->directory && !err) {
			err = fail(run, ENOMEM, "result");
		}
	}
	for (size_t i = 0; i < 3; i++) {
		int fd = (const int[]){run->loop, run->fifo, run->pty}[i];

		if (fd >= 0) {
			close(fd);
		}
	}
	free(run);
	if (err) {
		bootloader_result_clear(result);
	}
	return err;
}
