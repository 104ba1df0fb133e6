/* SPDX-License-Identifier: MIT */
/* The microguest runtime; see guest.h. */
#include "guest.h"

#include <stdarg.h>
#include <xen/sched.h>
#include <xen/version.h>

void guest_main(struct start_info *si);
void guest_trap(struct trap_frame *frame);

struct start_info *start_info;
struct shared_info *shared_info;
bool (*guest_trap_hook)(struct trap_frame *frame);
struct trap_frame trap_seen;
volatile uint64_t trap_resume;
extern volatile uint64_t user_saved; /* stack of user_enter() while it is away */
void user_leave(void);

#define PAGES 192

static unsigned int passed, failed;
static char pages[PAGES][PAGE] __attribute__((aligned(4096)));
static unsigned int pages_used;
static char shared_page[PAGE] __attribute__((aligned(4096)));

void *memset(void *to, int c, size_t n)
{
	char *p = to;

	while (n--) {
		*p++ = (char)c;
		__asm__ volatile("" ::: "memory");
	}
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	char *p = to;
	const char *q = from;

	while (n--) {
		*p++ = *q++;
		__asm__ volatile("" ::: "memory");
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n--; p++, q++) {
		if (*p != *q) {
			return *p - *q;
		}
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
	}
	return n;
}

static char line[512];
static size_t used;

static void put(char c)
{
	line[used++] = c;
	if (c == '\n' || used == sizeof(line)) {
		hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, used, line);
		used = 0;
	}
}

static void put_number(uint64_t value, unsigned int base, unsigned int width)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value || n < width);
	while (n) {
		put(digits[--n]);
	}
}

/* %s %c %d %u %x with l, %% and a zero-padded width of one digit. */
void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (const char *p = format; *p; p++) {
		unsigned int width = 0, longs = 0;

		if (*p != '%') {
			put(*p);
			continue;
		}
		p++;
		while (*p >= '0' && *p <= '9') {
			width = width * 10 + (unsigned int)(*p++ - '0');
		}
		while (*p == 'l') {
			longs++;
			p++;
		}
		if (*p == 's') {
			for (const char *s = va_arg(args, const char *); *s; s++) {
				put(*s);
			}
		} else if (*p == 'c') {
			put((char)va_arg(args, int));
		} else if (*p == 'd') {
			int64_t v = longs ? va_arg(args, int64_t) : va_arg(args, int);

			if (v < 0) {
				put('-');
			}
			put_number(v < 0 ? -(uint64_t)v : (uint64_t)v, 10, width);
		} else if (*p == 'u' || *p == 'x') {
			put_number(longs ? va_arg(args, uint64_t) : va_arg(args, unsigned int),
				   *p == 'x' ? 16 : 10, width);
		} else {
			put(*p);
		}
	}
	va_end(args);
}

void claim(bool holds, const char *name)
{
	print("%s %s\n", holds ? "ok" : "not ok", name);
	if (holds) {
		passed++;
	} else {
		failed++;
	}
}

void claim_equal_at(const char *name, int64_t got, int64_t expected)
{
	if (got != expected) {
		print("# %s: got %ld, expected %ld\n", name, got, expected);
	}
	claim(got == expected, name);
}

void guest_exit(void)
{
	struct sched_shutdown shutdown = {.reason = SHUTDOWN_reboot};

	print("guest: %u passed, %u failed\n", passed, failed);
	for (;;) {
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
	}
}

void *page_alloc(void)
{
	return pages_used < PAGES ? pages[pages_used++] : NULL;
}

uint64_t try_read(const volatile void *address)
{
	attempt("movb (%0), %%al", ::"c"(address) : "rax", "memory");
	return trap_seen.vector;
}

uint64_t try_write(volatile void *address, uint64_t value)
{
	attempt("movq %1, (%0)", ::"c"(address), "d"(value) : "memory");
	return trap_seen.vector;
}

bool on_reference(void)
{
	char text[XEN_EXTRAVERSION_LEN] = {0};

	hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion, text);
	return memcmp(text, ".0-proxenos", 11) != 0;
}

/* What happens to a trap: user mode returns to user_enter(), an attempt goes on behind it. */
static bool take_trap(struct trap_frame *frame)
{
	if (guest_trap_hook && guest_trap_hook(frame)) {
		return true;
	}
	if (frame->vector == VECTOR_EVENT) {
		shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
		shared_info->vcpu_info[0].evtchn_pending_sel = 0;
		return true;
	}
	if (user_saved) {
		trap_seen = *frame;
		user_leave();
	}
	if (trap_resume) {
		trap_seen = *frame;
		frame->rip = trap_resume;
		return true;
	}
	return false;
}

void guest_trap(struct trap_frame *frame)
{
	if (take_trap(frame)) {
		return;
	}
	print("# unexpected trap %lu error %lx rip %lx cr2 %lx\n", frame->vector, frame->error,
	      frame->rip, shared_info->vcpu_info[0].arch.cr2);
	claim(false, "no_unexpected_trap");
	guest_exit();
}

struct trap_info guest_traps[34];

static void set_traps(void)
{
	struct trap_info *table = guest_traps;

	for (unsigned int i = 0; i < 32; i++) {
		table[i].vector = (uint8_t)i;
		table[i].flags = i == 3 ? 3 : 0;
		table[i].cs = 0xe033;
		table[i].address = (uint64_t)trap_stubs + i * 16;
	}
	hypercall1(__HYPERVISOR_set_trap_table, table);
	hypercall3(__HYPERVISOR_set_callbacks, (uint64_t)trap_stubs + 32 * 16, 0,
		   (uint64_t)trap_stubs + 33 * 16);
}

uint64_t guest_word(const char *name, uint64_t otherwise)
{
	const char *at = (const char *)start_info->cmd_line;
	size_t length = strlen(name);

	while (*at) {
		uint64_t value = 0;

		while (*at == ' ') {
			at++;
		}
		if (!memcmp(at, name, length) && at[length] == '=') {
			for (at += length + 1; *at >= '0' && *at <= '9'; at++) {
				value = value * 10 + (uint64_t)(*at - '0');
			}
			return value;
		}
		while (*at && *at != ' ') {
			at++;
		}
	}
	return otherwise;
}

void guest_main(struct start_info *si)
{
	start_info = si;
	shared_info = (struct shared_info *)shared_page;
	if (remap(shared_page, si->shared_info / PAGE, 7)) {
		print("# shared_info cannot be mapped\n");
		failed++;
		guest_exit();
	}
	set_traps();
	guest_test();
	guest_exit();
}
