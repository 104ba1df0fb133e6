/* SPDX-License-Identifier: MIT */
/*
 * A runtime for microguests: hypercalls, console, traps, claims. A microguest has one function,
 * guest_test(), that states claims; the runtime prints "ok NAME" or "not ok NAME: ..." for each,
 * then "guest: N passed, N failed", and powers off.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/arch_x86.h>
#include <xen/base.h>
#include <xen/shared_info.h>
#include <xen/start_info.h>

#define PAGE 4096UL
#define VIRT_BASE 0xffffffff80000000UL

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

extern struct start_info *start_info;
extern struct shared_info *shared_info; /* mapped before guest_test() runs */

void guest_test(void);

/* Called for every exception and event (vector 32: event callback, 33: syscall callback) when set;
 * returning true resumes at frame->rip. */
extern bool (*guest_trap_hook)(struct trap_frame *frame);

static inline int64_t hypercall5(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
				 uint64_t e)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	int64_t result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
			 : "0"(number)
			 : "rcx", "r11", "r9", "memory");
	return result;
}

#define hypercall4(n, a, b, c, d) \
	hypercall5(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0)
#define hypercall3(n, a, b, c) hypercall4(n, a, b, c, 0)
#define hypercall2(n, a, b) hypercall4(n, a, b, 0, 0)
#define hypercall1(n, a) hypercall4(n, a, 0, 0, 0)

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One claim. */
void claim(bool holds, const char *name);
#define claim_equal(name, got, expected) claim_equal_at(name, (int64_t)(got), (int64_t)(expected))
void claim_equal_at(const char *name, int64_t got, int64_t expected);
void __attribute__((noreturn)) guest_exit(void);

/* Pages of the image's own bss; machine frame of any mapped address below the end of the map. */
void *page_alloc(void);
uint64_t mfn_of(const void *address);
uint64_t maddr_of(const void *address);
/* Rewrites the mapping of a page by update_va_mapping; flags are PTE bits. */
int64_t remap(const void *address, uint64_t mfn, uint64_t flags);
/* The L1 entry that maps an address, as memory. */
volatile uint64_t *pte_of(const void *address);

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif
