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

/* The trap table in force, by vector, ended by an empty entry; where the stub of a vector is. */
extern struct trap_info guest_traps[34];
extern const char trap_stubs[];
#define trap_stub(vector) ((uint64_t)trap_stubs + (vector)*16UL)

void guest_test(void);

/* Called for every exception and event (vector 32: event callback, 33: syscall callback) when set;
 * returning true resumes at frame->rip. */
extern bool (*guest_trap_hook)(struct trap_frame *frame);

#define VECTOR_EVENT 32
#define VECTOR_SYSCALL 33
#define NO_TRAP 255

/*
 * attempt() runs instructions that may trap; trap_seen is then the frame of the first trap, its
 * vector NO_TRAP if there was none. Operands as for __asm__; execution goes on behind the text.
 */
extern struct trap_frame trap_seen;
extern volatile uint64_t trap_resume;
#define attempt(text, ...)                                                                         \
	do {                                                                                       \
		trap_seen.vector = NO_TRAP;                                                        \
		__asm__ volatile("movq $77f, trap_resume\n\t" text                                 \
				 "\n77:\tmovq $0, trap_resume" __VA_ARGS__);                       \
	} while (0)
/* The vector a load or store traps with, or NO_TRAP. */
uint64_t try_read(const volatile void *address);
uint64_t try_write(volatile void *address, uint64_t value);

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

#define hypercall4(n, a, b, c, d)                                                                  \
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

/* The N of a word name=N on this guest's command line. */
uint64_t guest_word(const char *name, uint64_t otherwise);

/* The real Xen, for the few claims where this hypervisor chose otherwise. */
bool on_reference(void);

/* Zeroed pages of the image's own bss; machine frame of an address in the bootstrap map. */
void *page_alloc(void);
/* A frame of the domain that is mapped nowhere. */
uint64_t spare_mfn(void);
uint64_t mfn_of(const void *address);
uint64_t maddr_of(const void *address);
/* Rewrites the mapping of a page by update_va_mapping; flags are PTE bits. */
int64_t remap(const void *address, uint64_t mfn, uint64_t flags);
/* The entry that maps an address, as memory: of the L1, or of the table of any level. */
volatile uint64_t *pte_of(const void *address);
volatile uint64_t *entry_of(const void *address, unsigned int level);

#define PTE_P 1UL
#define PTE_W 2UL
#define PTE_U 4UL
#define PTE_A 0x20UL
#define PTE_D 0x40UL
#define PTE_G 0x100UL
#define PTE_RO 0x65UL
#define PTE_RW 0x67UL
#define PTE_FRAME 0x000ffffffffff000UL
#define pte_mfn(pte) (((pte)&PTE_FRAME) / PAGE)

extern uint32_t mmu_done; /* the count the last of these reported */
int64_t mmu_update(uint64_t ptr, uint64_t value, uint32_t domid);
int64_t mmuext(uint32_t command, uint64_t arg1, uint64_t arg2);
int64_t mmuext_for(uint32_t command, uint64_t arg1, uint64_t arg2, uint32_t domid);
uint64_t m2p(uint64_t mfn);

/* Time of a vcpu in nanoseconds; the calling one's is 0 unless it says so. */
uint64_t system_time(void);
uint64_t system_time_of(unsigned int vcpu);
void spin_ns(uint64_t ns);

/*
 * User mode. user_build() makes a second L4 that maps a page of code at USER_CODE and one of
 * stack below USER_STACK, both also seen by the kernel. user_enter() leaves by the iret hypercall
 * through the given frame and returns at the first exception or system call, in trap_seen.
 */
#define USER_CODE 0x400000UL
#define USER_STACK 0x402000UL
struct user_space {
	uint64_t *l4, *l3, *l2, *l1;
	uint8_t *code;
	uint8_t *stack;
};
bool user_build(struct user_space *user);
void user_enter(const struct iret_context *frame);
/* User code as bytes: USER_CODE_BYTES(name, "text"), then USER_RUN(&user, name). */
#define USER_CODE_BYTES(name, text)                                                                \
	extern const char name[], name##_end[];                                                    \
	__asm__(".pushsection .rodata\n" #name ":\n" text "\n" #name "_end:\n.popsection")
#define USER_RUN(user, name) user_run(user, name, (size_t)(name##_end - name))
/* Runs code bytes; the frame is an ordinary one. */
void user_run(struct user_space *user, const void *code, size_t size);
struct iret_context user_frame(void);

/* Ports of the two-level ABI, and the calls the tests repeat. */
void port_mask(uint32_t port, bool masked);
bool port_pending(uint32_t port);
void port_clear(uint32_t port);
int64_t bind_virq(uint32_t virq, uint32_t vcpu, uint32_t *port);
int64_t close_port(uint32_t port);
/* Lets events in or keeps them out; letting in delivers what is due. */
void events_on(void);
void events_off(void);

/* What a new vcpu of this kernel begins with: entry() on a stack of its own, traps as now. */
struct vcpu_guest_context;
void vcpu_context(struct vcpu_guest_context *to, void (*entry)(void), void *stack_end);

/* Other domains. create and control calls with the answer of the hypervisor. */
struct xen_domctl;
struct xen_sysctl;
int64_t domctl(struct xen_domctl *op);
int64_t domctl_on(uint32_t command, uint32_t domid);
int64_t sysctl(struct xen_sysctl *op);
/* A new PV domain with a vcpu and room for some pages. */
int64_t domain_make(uint32_t pages, uint32_t *domid);
int64_t domain_destroy(uint32_t domid);
/* Gives a domain frames; answers how many. */
int64_t domain_populate(uint32_t domid, uint64_t *mfns, uint32_t count);
uint64_t free_pages(void);
void sleep_ns(uint64_t ns);
/* False when it has shut down, with the reason, or is not there any more. */
bool domain_is_alive(uint32_t domid, uint32_t *reason);

/*
 * A PVH domain: made without memory (domain_populate() gives it that), filled through `window`, a
 * page of one's own where a page of the domain is mapped, and entered in 32-bit code.
 */
int64_t pvh_make(uint32_t vcpus, uint32_t pages, uint32_t *domid);
int64_t pvh_map(uint32_t domid, uint64_t gfn, void *window);
int64_t pvh_put(uint32_t domid, uint64_t address, const void *from, size_t bytes, void *window);
int64_t pvh_set_entry(uint32_t domid, uint64_t rip, uint64_t rbx);

/*
 * A child: a PV domain with a copy of this image at the same addresses, of data as it is now, its
 * vcpu about to call entry() on a stack of its own. In it start_info and the p2m are its own.
 * child->mfns is its p2m; a page of the image has the same address in both.
 */
#define CHILD_PAGES 512
struct child {
	uint32_t domid;
	uint32_t first, count; /* place in the p2m of its pages */
	uint64_t *mfns;
};
int64_t child_build(struct child *child, void (*entry)(void));
/* Maps a page of the child, by its address there, at a page of one's own. */
int64_t child_map(const struct child *child, const void *theirs, void *ours);
/* Lets it run until it shuts down: the reason, or -1 when it does not within a second. */
int child_run(const struct child *child);

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif
