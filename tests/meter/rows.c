/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows: the measured program of ./bench, run in dom0 on a machine with one CPU under plugin.c.
 *
 * Each row repeats one operation between two marks, after a warm-up of a quarter as many; nothing
 * else stands between the marks. It then prints "METER NUMBER OPERATIONS NAME", NUMBER being that
 * of the file the plugin wrote, or "METER - - NAME" when the hypervisor or kernel does not offer
 * the operation. Operations, their counts and what is subtracted from what (rows.list) define the
 * published numbers: change them only together with the table in docs/performance.md.
 *
 *   rows [-q] [PATTERN]      -q: a quarter of the operations; PATTERN: extended regular expression
 *   rows -b                  ends the row boot-dom0, which is all since power-on
 *
 * Memory given to hypercalls is locked and does not take part in fork(), for the hypervisor cannot
 * resolve a page fault in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/base.h>
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/version.h>

#include "marks.h"

#define PAGE 4096U
#define MULTICALL_ENTRIES 32U
#define EXTENTS 1024U
#define SPAN 16U
#define TABLE_SPAN 0x200000U /* what one page table maps */

/* The devices' requests, numbered as in <xen/sys/...> of libxen-dev. */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};
#define PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define PRIVCMD_UNKNOWN _IOC(_IOC_NONE, 'P', 0xff, 0)

struct evtchn_unbound {
	unsigned int remote_domain;
};
struct evtchn_interdomain {
	unsigned int remote_domain;
	unsigned int remote_port;
};
struct evtchn_notify {
	unsigned int port;
};
#define EVTCHN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct evtchn_interdomain))
#define EVTCHN_BIND_UNBOUND _IOC(_IOC_NONE, 'E', 2, sizeof(struct evtchn_unbound))
#define EVTCHN_NOTIFY _IOC(_IOC_NONE, 'E', 4, sizeof(struct evtchn_notify))

struct gntalloc_alloc { /* refs beyond the first follow; the number in the ioctl counts one */
	uint16_t domid;
	uint16_t flags;
	uint32_t count;
	uint64_t index;
	uint32_t refs[SPAN];
};
#define GNTALLOC_ALLOC _IOC(_IOC_NONE, 'G', 5, 24)
#define GNTALLOC_WRITABLE 1

struct gntdev_ref {
	uint32_t domid;
	uint32_t ref;
};
struct gntdev_map { /* likewise */
	uint32_t count;
	uint32_t pad;
	uint64_t index;
	struct gntdev_ref refs[SPAN];
};
struct gntdev_unmap {
	uint64_t index;
	uint32_t count;
	uint32_t pad;
};
struct gntdev_end {
	union {
		void *here;
		struct {
			uint32_t ref;
			uint16_t offset;
			uint16_t domid;
		} there;
	};
};
struct gntdev_segment {
	struct gntdev_end source;
	struct gntdev_end dest;
	uint16_t len;
	uint16_t flags;
	int16_t status;
};
struct gntdev_copy {
	unsigned int count;
	struct gntdev_segment *segments;
};
#define GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, 24)
#define GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))
#define GNTDEV_COPY _IOC(_IOC_NONE, 'G', 8, sizeof(struct gntdev_copy))

#define MUNMAP_PIECES 64
#define PIECE 16 /* pages of one munmap */
#define SPAN_PROTECTED 64 /* pages of one mprotect */

struct row {
	const char *name;
	unsigned int operations;
	bool (*prepare)(void);		       /* false: not offered here */
	bool (*repeat)(unsigned int operations); /* false: failed */
};

/* What hypercalls read and write, one locked mapping. */
static struct hypercall_memory {
	struct xen_domctl domctl;
	struct xen_memory_reservation reservation;
	struct multicall_entry multicall[MULTICALL_ENTRIES];
	uint64_t extents[EXTENTS];
} *shared;

static int privcmd = -1;
static void *area;
static size_t area_size;
static unsigned int next_file;
static int evtchn[2];
static uint32_t evtchn_port[2];
static int gntalloc = -1, gntdev = -1;
static uint32_t refs[SPAN];
static unsigned char *granted, *copied;
static int to_child[2], from_child[2];
static unsigned int domain_flags, domain_emulation;

static long hypercall(uint64_t op, uint64_t a, uint64_t b)
{
	struct privcmd_hypercall call = {.op = op, .arg = {a, b}};
	int result = ioctl(privcmd, PRIVCMD_HYPERCALL, &call);

	return result < 0 ? -errno : result;
}

/* --- Linux's own work ------------------------------------------------------------------------ */
static bool always(void)
{
	return true;
}

static bool repeat_syscall(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		syscall(SYS_getppid);
	}
	return true;
}

/*
 * First writes to fresh pages. The area before is unmapped here, so that the row has a share of
 * munmap: that of the warm-up, a quarter of the pages.
 */
static bool repeat_fault(unsigned int operations)
{
	volatile char *byte;

	if (area != NULL) {
		munmap(area, area_size);
	}
	area_size = (size_t)operations * PAGE;
	area = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		area = NULL;
		return false;
	}
	madvise(area, area_size, MADV_NOHUGEPAGE);
	byte = area;
	for (size_t at = 0; at < area_size; at += PAGE) {
		byte[at] = 1;
	}
	return true;
}

static bool prepare_unmap(void)
{
	if (area != NULL) {
		munmap(area, area_size);
		area = NULL;
	}
	return true;
}

static bool repeat_fault_unmap(unsigned int operations)
{
	return repeat_fault(operations) && prepare_unmap();
}

/* Pieces of an area all of whose pages are there, from its beginning; the warm-up takes some. */
static bool prepare_munmap(void)
{
	return repeat_fault(2 * MUNMAP_PIECES * PIECE);
}

static bool repeat_munmap(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		if (munmap(area, PIECE * PAGE)) {
			return false;
		}
		area = (char *)area + PIECE * PAGE;
		area_size -= PIECE * PAGE;
	}
	return true;
}

static bool prepare_mprotect(void)
{
	return repeat_fault(SPAN_PROTECTED);
}

/* To read-only and back, in turn. */
static bool repeat_mprotect(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		if (mprotect(area, area_size, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ)) {
			return false;
		}
	}
	return true;
}

/*
 * What a fork costs goes by the page tables of the parent before all else. A page in a table of its
 * own stands for what a program of this size has beside its image and stack.
 */
static bool prepare_fork(void)
{
	volatile char *byte;
	void *data;

	data = mmap(NULL, TABLE_SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED) {
		return false;
	}
	madvise(data, TABLE_SPAN, MADV_NOHUGEPAGE);
	byte = data;
	*byte = 1;
	return prepare_unmap();
}

static bool repeat_fork(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child) {
			return false;
		}
	}
	return true;
}

static void echo_until_closed(void)
{
	char byte;

	close(to_child[1]);
	close(from_child[0]);
	while (read(to_child[0], &byte, 1) == 1 && write(from_child[1], &byte, 1) == 1) {
	}
	_exit(0);
}

static bool prepare_pipe(void)
{
	pid_t child;

	if (pipe(to_child) != 0 || pipe(from_child) != 0) {
		return false;
	}
	child = fork();
	if (child == 0) {
		echo_until_closed();
	}
	close(to_child[0]);
	close(from_child[1]);
	return child > 0;
}

static bool repeat_pipe(unsigned int operations)
{
	char byte = 'x';

	for (unsigned int i = 0; i < operations; i++) {
		if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1) {
			return false;
		}
	}
	return true;
}

/* --- hypercalls ------------------------------------------------------------------------------ */
static bool repeat_ioctl(unsigned int operations)
{
	struct privcmd_hypercall call = {.op = __HYPERVISOR_xen_version};

	for (unsigned int i = 0; i < operations; i++) {
		ioctl(privcmd, PRIVCMD_UNKNOWN, &call);
	}
	return true;
}

static bool repeat_hypercall(unsigned int operations)
{
	struct privcmd_hypercall call = {.op = __HYPERVISOR_xen_version, .arg = {XENVER_version}};

	for (unsigned int i = 0; i < operations; i++) {
		if (ioctl(privcmd, PRIVCMD_HYPERCALL, &call) < 0) {
			return false;
		}
	}
	return true;
}

static bool prepare_multicall(void)
{
	for (unsigned int i = 0; i < MULTICALL_ENTRIES; i++) {
		shared->multicall[i] = (struct multicall_entry){
			.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	}
	return true;
}

static bool repeat_multicall(unsigned int operations)
{
	struct privcmd_hypercall call = {
		.op = __HYPERVISOR_multicall,
		.arg = {(uintptr_t)shared->multicall, MULTICALL_ENTRIES},
	};

	for (unsigned int i = 0; i < operations; i++) {
		if (ioctl(privcmd, PRIVCMD_HYPERCALL, &call) < 0) {
			return false;
		}
	}
	return true;
}

/* --- event channels: both ends in this process ----------------------------------------------- */
static bool prepare_event(void)
{
	struct evtchn_unbound unbound = {.remote_domain = 0};
	struct evtchn_interdomain bind = {.remote_domain = 0};
	int port;

	evtchn[0] = open("/dev/xen/evtchn", O_RDWR);
	evtchn[1] = open("/dev/xen/evtchn", O_RDWR);
	if (evtchn[0] < 0 || evtchn[1] < 0) {
		return false;
	}
	port = ioctl(evtchn[0], EVTCHN_BIND_UNBOUND, &unbound);
	if (port < 0) {
		return false;
	}
	evtchn_port[0] = (uint32_t)port;
	bind.remote_port = evtchn_port[0];
	port = ioctl(evtchn[1], EVTCHN_BIND_INTERDOMAIN, &bind);
	if (port < 0) {
		return false;
	}
	evtchn_port[1] = (uint32_t)port;
	/* A fresh channel is pending once: take that event. */
	fcntl(evtchn[1], F_SETFL, O_NONBLOCK);
	if (read(evtchn[1], &bind.remote_port, sizeof(uint32_t)) == sizeof(uint32_t) &&
	    write(evtchn[1], &bind.remote_port, sizeof(uint32_t)) != sizeof(uint32_t)) {
		return false;
	}
	return fcntl(evtchn[1], F_SETFL, 0) == 0;
}

static bool repeat_event(unsigned int operations)
{
	struct evtchn_notify notify = {.port = evtchn_port[0]};
	uint32_t port;

	for (unsigned int i = 0; i < operations; i++) {
		if (ioctl(evtchn[0], EVTCHN_NOTIFY, &notify) != 0 ||
		    read(evtchn[1], &port, sizeof(port)) != sizeof(port) ||
		    port != evtchn_port[1] ||
		    write(evtchn[1], &port, sizeof(port)) != sizeof(port)) {
			return false;
		}
	}
	return true;
}

/* --- grants: dom0's pages, granted to itself -------------------------------------------------- */
static bool prepare_grant(void)
{
	struct gntalloc_alloc alloc = {.flags = GNTALLOC_WRITABLE, .count = SPAN};

	if (granted != NULL) {
		return true;
	}
	gntalloc = open("/dev/xen/gntalloc", O_RDWR);
	gntdev = open("/dev/xen/gntdev", O_RDWR);
	if (gntalloc < 0 || gntdev < 0 || ioctl(gntalloc, GNTALLOC_ALLOC, &alloc) != 0) {
		return false;
	}
	memcpy(refs, alloc.refs, sizeof(refs));
	granted = mmap(NULL, SPAN * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, gntalloc,
		       (off_t)alloc.index);
	copied = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (granted == MAP_FAILED || copied == MAP_FAILED) {
		return false;
	}
	memset(granted, 0x5a, SPAN * PAGE);
	return true;
}

static bool map_once(unsigned int count)
{
	struct gntdev_map map = {.count = count};
	struct gntdev_unmap unmap = {.count = count};
	volatile unsigned char *byte;
	bool good = true;
	void *pages;

	for (unsigned int i = 0; i < count; i++) {
		map.refs[i].ref = refs[i];
	}
	if (ioctl(gntdev, GNTDEV_MAP, &map) != 0) {
		return false;
	}
	pages = mmap(NULL, (size_t)count * PAGE, PROT_READ, MAP_SHARED, gntdev, (off_t)map.index);
	if (pages == MAP_FAILED) {
		return false;
	}
	byte = pages;
	for (unsigned int i = 0; i < count; i++) {
		good &= byte[i * PAGE] == 0x5a;
	}
	munmap(pages, (size_t)count * PAGE);
	unmap.index = map.index;
	return ioctl(gntdev, GNTDEV_UNMAP, &unmap) == 0 && good;
}

static bool repeat_map(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		if (!map_once(1)) {
			return false;
		}
	}
	return true;
}

static bool repeat_map_span(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		if (!map_once(SPAN)) {
			return false;
		}
	}
	return true;
}

static bool repeat_copy(unsigned int operations)
{
	struct gntdev_segment segment = {
		.source.there.ref = refs[0],
		.dest.here = copied,
		.len = PAGE,
		.flags = GNTCOPY_source_gref,
	};
	struct gntdev_copy copy = {.count = 1, .segments = &segment};

	for (unsigned int i = 0; i < operations; i++) {
		if (ioctl(gntdev, GNTDEV_COPY, &copy) != 0 || segment.status != 0) {
			return false;
		}
	}
	return copied[PAGE - 1] == 0x5a;
}

/* --- domains --------------------------------------------------------------------------------- */
static long domctl(uint32_t cmd)
{
	long result;

	shared->domctl.cmd = cmd;
	shared->domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	do {
		result = hypercall(__HYPERVISOR_domctl, (uintptr_t)&shared->domctl, 0);
	} while (result == -EAGAIN || result == -ERESTART);
	return result;
}

static long create_domain(void)
{
	struct xen_domctl_createdomain *create = &shared->domctl.u.createdomain;

	memset(&shared->domctl, 0, sizeof(shared->domctl));
	create->flags = domain_flags;
	create->max_vcpus = 1;
	create->max_evtchn_port = 1023;
	create->max_grant_frames = -1;
	create->max_maptrack_frames = -1;
	create->grant_opts = XEN_DOMCTL_GRANT_version(1);
	create->arch.emulation_flags = domain_emulation;
	return domctl(XEN_DOMCTL_createdomain);
}

static bool repeat_create(unsigned int operations)
{
	for (unsigned int i = 0; i < operations; i++) {
		if (create_domain() != 0 || domctl(XEN_DOMCTL_destroydomain) != 0) {
			return false;
		}
	}
	return true;
}

static bool prepare_pv(void)
{
	domain_flags = 0;
	domain_emulation = 0;
	return true;
}

static bool prepare_pvh(void)
{
	domain_flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	domain_emulation = XEN_X86_EMU_LAPIC;
	return create_domain() == 0 && domctl(XEN_DOMCTL_destroydomain) == 0;
}

static bool populate_chunk(domid_t domain, uint64_t first, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		shared->extents[i] = first + i;
	}
	shared->reservation = (struct xen_memory_reservation){
		.extent_start = (uintptr_t)shared->extents,
		.nr_extents = count,
		.domid = domain,
	};
	return hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
			 (uintptr_t)&shared->reservation) == (long)count;
}

static bool populate_domain(domid_t domain, unsigned int pages)
{
	shared->domctl.u.max_vcpus.max = 1;
	if (domctl(XEN_DOMCTL_max_vcpus) != 0) {
		return false;
	}
	shared->domctl.u.max_mem.max_memkb = (uint64_t)(pages + EXTENTS) * (PAGE / 1024);
	if (domctl(XEN_DOMCTL_max_mem) != 0) {
		return false;
	}
	for (unsigned int done = 0; done < pages; done += EXTENTS) {
		unsigned int count = pages - done < EXTENTS ? pages - done : EXTENTS;

		if (!populate_chunk(domain, done, count)) {
			return false;
		}
	}
	return true;
}

/* One operation is a page, so that a whole row is one domain. */
static bool repeat_populate(unsigned int operations)
{
	bool good;

	if (create_domain() != 0) {
		return false;
	}
	good = populate_domain(shared->domctl.domain, operations);
	return domctl(XEN_DOMCTL_destroydomain) == 0 && good;
}

/* --- boots of Debian's kernel --------------------------------------------------------------- */
/* From xl's first instruction to the end of the guest, which powers off when it is up. */
static bool boot_guest(const char *type, unsigned int operations)
{
	static const char command[] =
		"{ cat /root/boot.cfg; echo 'type = \"%s\"'; } >/run/boot.cfg &&"
		" xl create -q -F /run/boot.cfg >/dev/null 2>&1";
	char line[sizeof(command) + 8];

	snprintf(line, sizeof(line), command, type);
	for (; operations > 0; operations--) {
		if (system(line) != 0) {
			return false;
		}
	}
	return true;
}

static bool repeat_boot_pv(unsigned int operations)
{
	return boot_guest("pv", operations);
}

static bool repeat_boot_pvh(unsigned int operations)
{
	return boot_guest("pvh", operations);
}

/* --- the rows -------------------------------------------------------------------------------- */
static const struct row rows[] = {
	{"ioctl", 500, always, repeat_ioctl},
	{"syscall", 500, always, repeat_syscall},
	{"page-fault", 1024, always, repeat_fault},
	{"page-fault-unmap", 1024, prepare_unmap, repeat_fault_unmap},
	{"munmap", MUNMAP_PIECES, prepare_munmap, repeat_munmap},
	{"mprotect", 100, prepare_mprotect, repeat_mprotect},
	{"fork", 20, prepare_fork, repeat_fork},
	{"pipe", 200, prepare_pipe, repeat_pipe},
	{"hypercall", 500, always, repeat_hypercall},
	{"multicall", 100, prepare_multicall, repeat_multicall},
	{"event", 500, prepare_event, repeat_event},
	{"grant-map", 50, prepare_grant, repeat_map},
	{"grant-map-16", 50, prepare_grant, repeat_map_span},
	{"grant-copy", 500, prepare_grant, repeat_copy},
	{"populate", 4096, prepare_pv, repeat_populate},
	{"create-pv", 10, prepare_pv, repeat_create},
	{"create-pvh", 10, prepare_pvh, repeat_create},
	{"boot-pv", 1, always, repeat_boot_pv},
	{"boot-pvh", 1, prepare_pvh, repeat_boot_pvh},
};

static bool measure(const struct row *row, unsigned int divisor)
{
	unsigned int operations = row->operations > 1 ? row->operations / divisor : 1;
	bool good;

	if (!row->prepare()) {
		printf("METER - - %s\n", row->name);
		return true;
	}
	good = row->repeat(operations > 1 ? (operations + 3) / 4 : 0);
	MARK(MARK_START);
	good &= row->repeat(operations);
	MARK(MARK_STOP);
	printf("METER %03u %u %s\n", next_file++, operations, row->name);
	if (!good) {
		printf("METER failed: %s\n", row->name);
	}
	fflush(stdout);
	return good;
}

static bool open_devices(void)
{
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return privcmd >= 0 && shared != MAP_FAILED && mlock(shared, sizeof(*shared)) == 0 &&
	       madvise(shared, sizeof(*shared), MADV_DONTFORK) == 0;
}

int main(int argc, char **argv)
{
	unsigned int divisor = 1;
	bool good = true;
	regex_t pattern;

	if (argc > 1 && strcmp(argv[1], "-b") == 0) {
		MARK(MARK_STOP);
		puts("METER 000 1 boot-dom0");
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "-q") == 0) {
		divisor = 4;
		argc--;
		argv++;
	}
	if (regcomp(&pattern, argc > 1 ? argv[1] : ".", REG_EXTENDED | REG_NOSUB) != 0) {
		fprintf(stderr, "rows: bad pattern\n");
		return 2;
	}
	if (!open_devices()) {
		perror("rows: /dev/xen/privcmd");
		return 1;
	}
	MARK(MARK_ARM);
	usleep(10000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* The first row is subtracted from others. */
		if (i == 0 || regexec(&pattern, rows[i].name, 0, NULL, 0) == 0) {
			good &= measure(&rows[i], divisor);
		}
	}
	return good ? 0 : 1;
}
