/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See consoled.h. */
#include "unit/consoled.h"

#include "keeper/keeper.h"
#include "keeper/supervise.h"
#include "lib/report.h"
#include "unit/fake_store.h"
#include "unit/unit.h"
#include "xenconsoled/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct board *board;
char folder[64];
struct fake_store *fake;
pid_t keeper_pid;
static int bell = -1; /* the write end of the FIFO ports come through */

void path_of(const char *name, char to[128])
{
	snprintf(to, 128, "%s/%s", folder, name);
}

static void map_board(void)
{
	char path[128];
	int fd;

	path_of("board", path);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*board)) < 0) {
		abort();
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
}

/* --- the daemon's process --------------------------------------------------------------------- */

static int host_map(void *context, unsigned int domid, unsigned int number, uint64_t frame,
		    struct xencons_interface **ring)
{
	uint64_t index = number ? frame - 500 : domid;

	if (domid >= GUESTS || index >= RINGS ||
	    (number ? index < GUESTS : frame != 1000 + domid)) {
		return -EINVAL;
	}
	__atomic_fetch_add(&board->maps, 1, __ATOMIC_SEQ_CST);
	*ring = &board->pages[index].ring;
	return 0;
}

static void host_unmap(void *context, struct xencons_interface *ring)
{
	__atomic_fetch_sub(&board->maps, 1, __ATOMIC_SEQ_CST);
}

static int host_open_ports(void *context, int *fd)
{
	char path[128];

	path_of("ports", path);
	*fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int host_bind(void *context, int fd, unsigned int domid, uint32_t remote, uint32_t *port)
{
	*port = remote - 10;
	return *port < RINGS ? 0 : -EINVAL;
}

static int host_bind_log(void *context, int fd, uint32_t *port)
{
	*port = 99;
	return 0;
}

static void host_unbind(void *context, int fd, uint32_t port)
{
}

static void host_notify(void *context, int fd, uint32_t port)
{
	if (port < RINGS) {
		__atomic_fetch_add(&board->notified[port], 1, __ATOMIC_SEQ_CST);
	}
}

static void host_unmask(void *context, int fd, uint32_t port)
{
	if (port >= RINGS) {
		return;
	}
	__atomic_store_n(&board->masked[port], 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&board->pending[port], __ATOMIC_SEQ_CST)) {
		char byte = (char)port;
		ssize_t ignored = write(fd, &byte, 1);

		(void)ignored;
	}
}

static int host_pending(void *context, int fd, uint32_t *ports, size_t room, size_t *count)
{
	char bytes[64];
	ssize_t got = read(fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes));

	*count = 0;
	for (ssize_t i = 0; i < got; i++) {
		uint32_t port = (unsigned char)bytes[i];

		__atomic_store_n(&board->masked[port], 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(&board->pending[port], 0, __ATOMIC_SEQ_CST);
		ports[(*count)++] = port;
	}
	if (__atomic_exchange_n(&board->overruns, 0, __ATOMIC_SEQ_CST)) {
		return -EFBIG;
	}
	return 0;
}

static bool host_is_gone(void *context, unsigned int domid)
{
	return domid >= GUESTS || __atomic_load_n(&board->gone[domid], __ATOMIC_SEQ_CST);
}

/* The hypervisor has said this, and nothing since. */
static int host_read_log(void *context, char *text, uint32_t size, uint32_t *index,
			 uint32_t *length)
{
	static const char said[] = "(XEN) hello\n";

	*length = 0;
	if (*index < sizeof(said) - 1) {
		*length = (uint32_t)(sizeof(said) - 1 - *index);
		memcpy(text, said + *index, *length);
		*index = sizeof(said) - 1;
	}
	return 0;
}

static void tell(struct report *report)
{
	report_print(report, "xenconsoled", true, stderr);
	report_clear(report);
}

static void is_ready(void)
{
	board->pid = getpid();
}

static int role_daemon(const char *mode)
{
	static const struct console_host host = {
		.map = host_map,
		.unmap = host_unmap,
		.open_ports = host_open_ports,
		.bind = host_bind,
		.bind_log = host_bind_log,
		.unbind = host_unbind,
		.notify = host_notify,
		.unmask = host_unmask,
		.pending = host_pending,
		.is_gone = host_is_gone,
		.read_log = host_read_log,
	};
	struct keeper keeper;
	struct daemon_options options = {
		.console = {.host = &host,
			    .keeper = &keeper,
			    .log_folder = folder,
			    .rate = 65536,
			    .keep_overflow = strcmp(mode, "keep") == 0},
		.hypervisor_folder = folder,
		.tell = tell,
		.ready = is_ready,
	};
	struct report report = {0};
	char path[128];
	int err;

	map_board();
	path_of("store", path);
	setenv("XENSTORED_PATH", path, 1);
	board->maps = 0; /* what the dead had mapped is no more */
	board->starts++;
	signal(SIGPIPE, SIG_IGN);
	err = keeper_open(&keeper, &report);
	if (!err) {
		err = daemon_run(&options, &report);
		keeper_close(&keeper);
	}
	tell(&report);
	return err ? 1 : 0;
}

bool consoled_role(int argc, char **argv, int *status)
{
	if (argc != 4 || strcmp(argv[1], "--role") != 0) {
		return false;
	}
	snprintf(folder, sizeof(folder), "%s", argv[2]);
	*status = role_daemon(argv[3]);
	return true;
}

/* --- around it -------------------------------------------------------------------------------- */

static void keeper_log(void *data, const char *line)
{
	dprintf(STDERR_FILENO, "keeper: %s\n", line);
}

void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start_keeper(const char *mode)
{
	struct supervise_table table = {0};
	struct supervise_options options = {.log = keeper_log};
	char path[128];
	char exe[] = "/proc/self/exe";
	char role[] = "--role";
	char *argv[] = {exe, role, folder, strdup(mode), NULL};

	fflush(stdout);
	keeper_pid = fork();
	if (!keeper_pid) {
		path_of("messages", path);
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		dup2(fd, STDERR_FILENO);
		close(fd);
		fake = NULL;
		supervise_table_add(&table, "console", argv, NULL);
		supervise_run(&table, &options, NULL);
		_exit(0);
	}
	free(argv[3]);
	for (int i = 0; i < 10000 && !board->pid; i++) {
		pause_ms(1);
	}
}

bool kill_daemon(void)
{
	int pid = board->pid;

	board->pid = 0;
	kill(pid, SIGKILL);
	for (int i = 0; i < 20000 && !board->pid; i++) {
		pause_ms(1);
	}
	return board->pid;
}

void begin_as(const char *mode)
{
	char path[128];

	snprintf(folder, sizeof(folder), "/tmp/test-xenconsoled.%d", (int)getpid());
	mkdir(folder, 0700);
	map_board();
	memset(board, 0, sizeof(*board));
	path_of("ports", path);
	mkfifo(path, 0600);
	bell = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	path_of("store", path);
	fake = fake_store_start(path);
	start_keeper(mode);
}

void begin(void)
{
	begin_as("discard");
}

void end(void)
{
	static const char *const names[] = {
		"board",
		"ports",
		"store",
		"messages",
		"hypervisor.log",
		"guest-one.log",
		"guest-two.log",
		"guest-three.log",
		"guest-one.log.moved",
		"channel",
		NULL,
	};
	char path[128];
	int status;

	kill(keeper_pid, SIGTERM);
	waitpid(keeper_pid, &status, 0);
	CU_ASSERT_EQUAL(status, 0);
	fake_store_stop(fake);
	close(bell);
	munmap(board, sizeof(*board));
	for (const char *const *name = names; *name; name++) {
		path_of(*name, path);
		unlink(path);
	}
	rmdir(folder);
}

char *file_content(const char *name, size_t *length)
{
	char path[128];
	struct stat state;
	char *text;
	int fd;

	path_of(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*length = 0;
	if (fd < 0 || fstat(fd, &state) < 0) {
		return strdup("");
	}
	text = malloc((size_t)state.st_size + 1);
	ssize_t got = read(fd, text, (size_t)state.st_size);

	*length = got > 0 ? (size_t)got : 0;
	text[*length] = '\0';
	close(fd);
	return text;
}

bool file_will_contain(const char *name, const char *wanted)
{
	for (int i = 0; i < 5000; i++) {
		size_t length;
		char *text = file_content(name, &length);
		bool found = strstr(text, wanted);

		free(text);
		if (found) {
			return true;
		}
		pause_ms(1);
	}
	return false;
}

/* --- guests ----------------------------------------------------------------------------------- */

void guest_notify(unsigned int ring)
{
	char byte = (char)ring;

	__atomic_store_n(&board->pending[ring], 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&board->masked[ring], __ATOMIC_SEQ_CST)) {
		ssize_t ignored = write(bell, &byte, 1);

		(void)ignored;
	}
}

bool guest_prints(unsigned int to, const char *bytes, size_t length)
{
	struct xencons_interface *ring = &board->pages[to].ring;
	int64_t deadline = now_ms() + 20000;

	while (length) {
		uint32_t produced = ring->out_prod;
		uint32_t used = produced - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

		if (used == XENCONS_OUT_SIZE) {
			if (now_ms() > deadline) {
				return false;
			}
			usleep(50);
			continue;
		}
		for (; length && used < XENCONS_OUT_SIZE; used++, length--) {
			ring->out[produced++ % XENCONS_OUT_SIZE] = *bytes++;
		}
		__atomic_store_n(&ring->out_prod, produced, __ATOMIC_SEQ_CST);
		guest_notify(to);
	}
	return true;
}

void guest_says(unsigned int to, const char *text)
{
	guest_prints(to, text, strlen(text));
}

bool guest_will_have(const struct xencons_interface *ring, uint32_t count)
{
	for (int i = 0; i < 10000 && ring->in_prod != count; i++) {
		pause_ms(1);
	}
	return ring->in_prod == count;
}

void introduce(unsigned int guest, const char *name)
{
	char path[64];
	char value[16];

	snprintf(path, sizeof(path), "/local/domain/%u/name", guest);
	fake_store_set(fake, path, name);
	snprintf(path, sizeof(path), "/local/domain/%u/vm", guest);
	snprintf(value, sizeof(value), "/vm/%u", guest);
	fake_store_set(fake, path, value);
	snprintf(path, sizeof(path), "/local/domain/%u/console/type", guest);
	fake_store_set(fake, path, "xenconsoled");
	snprintf(path, sizeof(path), "/local/domain/%u/console/ring-ref", guest);
	snprintf(value, sizeof(value), "%u", 1000 + guest);
	fake_store_set(fake, path, value);
	snprintf(path, sizeof(path), "/local/domain/%u/console/port", guest);
	snprintf(value, sizeof(value), "%u", 10 + guest);
	fake_store_set(fake, path, value);
	fake_store_fire(fake, "@introduceDomain");
}

char *terminal_of(unsigned int guest)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", guest);
	for (int i = 0; i < 10000; i++) {
		char *name = fake_store_get(fake, path);

		if (name && name[0]) {
			return name;
		}
		free(name);
		pause_ms(1);
	}
	return strdup("/nonexistent");
}

int attach(unsigned int guest)
{
	char *name = terminal_of(guest);
	int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	free(name);
	return fd;
}

bool terminal_shows(int fd, const char *wanted, char *text, size_t room)
{
	size_t used = 0;
	int64_t deadline = now_ms() + 8000;

	text[0] = '\0';
	while (!strstr(text, wanted)) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0 || used + 1 >= room) {
			return false;
		}
		ssize_t got = read(fd, text + used, room - 1 - used);

		if (got <= 0) {
			return false;
		}
		used += (size_t)got;
		text[used] = '\0';
	}
	return true;
}
