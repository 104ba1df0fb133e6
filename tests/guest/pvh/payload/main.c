/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what a PVH guest sees of the hypervisor, exit class by exit class: hypercalls of 64-bit
 * and 32-bit code and malformed ones, each MSR of the known ranges, each I/O port, control
 * registers, memory that is not there, the local APIC in both modes, its timer, NMI and IPIs, INIT
 * and SIPI, events by a vector of the vcpu's own, debug registers. Whatever it does, it hears an
 * answer or an exception; nothing else may come of it.
 *
 * Claims go into a table (results.h) that dom0 reads when this has shut itself down, or has been
 * taken down by what must not have happened.
 */
#include <xen/base.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/hvm_op.h>
#include <xen/hvm_start_info.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/shared_info.h>
#include <xen/version.h>

#include "payload.h"

#define SHARED_GFN 0x3000UL /* at 48 MiB: RAM that nobody uses */
#define AP_PAGE 0x8000UL
#define VECTOR_SELF 0x40
#define VECTOR_TIMER 0x41
#define VECTOR_UPCALL 0xf0

struct trap_frame {
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct gate {
	uint16_t low, selector, flags, middle;
	uint32_t high, zero;
};

extern struct gate idt[256];
extern const uint8_t stubs[], ap_start[], ap_end[];
extern uint8_t hypercall_page[4096];
extern int32_t call_32(uint32_t number, uint32_t ebx, uint32_t ecx);
extern const uint8_t run_over[], trap_stack_end[];
extern uint64_t gdt_tss[2];

void trap(struct trap_frame *frame);
void pvh_main(const struct hvm_start_info *info);
void ap_main(void);

static volatile uint64_t recover_at; /* where to go on after an exception; 0: none is expected */
volatile int last_vector;
volatile uint64_t run_stack;
static volatile uint32_t last_error;
static volatile unsigned int counts[256];
static volatile uint32_t ap_is_here;
static bool in_x2apic;

/* --- claims ---------------------------------------------------------------------------------- */

void claim(bool holds, const char *name)
{
	struct results *results = (struct results *)RESULTS_ADDRESS;
	struct result *result;

	if (results->count == RESULTS_MAX) {
		return;
	}
	result = &results->claims[results->count];
	result->holds = holds;
	for (unsigned int i = 0; i + 1 < sizeof(result->name) && name[i]; i++) {
		result->name[i] = name[i];
	}
	*(volatile uint32_t *)&results->count = results->count + 1;
}

void claim_equal(const char *name, uint64_t is, uint64_t should)
{
	claim(is == should, name);
}

/* --- instructions ---------------------------------------------------------------------------- */

/* Runs the instruction; the vector of the exception it raised, -1 for none. */
#define TRY(instruction, ...)                                                             \
	({                                                                                \
		last_vector = -1;                                                         \
		__asm__ volatile("movq $1f, %[recover]\n\t" instruction "\n1:"            \
				 : [recover] "=m"(recover_at) __VA_ARGS__);               \
		recover_at = 0;                                                           \
		last_vector;                                                              \
	})

static int64_t hypercall(uint32_t number, uint64_t a, const volatile void *b)
{
	int64_t result;

	__asm__ volatile("vmmcall"
			 : "=a"(result), "+D"(a), "+S"(b)
			 : "a"((uint64_t)number)
			 : "memory", "rdx", "r8", "r10");
	return result;
}

static void cpuid(uint32_t leaf, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(0));
}

static int rdmsr(uint32_t msr, uint64_t *value)
{
	uint32_t low = 0, high = 0;
	int vector = TRY("rdmsr", , "+a"(low), "+d"(high) : "c"(msr));

	*value = low | (uint64_t)high << 32;
	return vector;
}

static int wrmsr(uint32_t msr, uint64_t value)
{
	return TRY("wrmsr", : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		   : "memory");
}

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

/* --- traps ----------------------------------------------------------------------------------- */

static volatile uint32_t *apic_register(uint32_t offset)
{
	return (volatile uint32_t *)(APIC + offset);
}

static void end_of_interrupt(void)
{
	if (in_x2apic) {
		__asm__ volatile("wrmsr" : : "c"(0x80b), "a"(0), "d"(0));
	} else {
		*apic_register(0xb0) = 0;
	}
}

void shut_down(uint32_t reason)
{
	struct sched_shutdown shutdown = {.reason = reason};

	hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

static void end_run(struct trap_frame *frame, int vector)
{
	last_vector = vector;
	frame->rip = (uint64_t)run_over;
	frame->cs = CODE_64;
	frame->rflags = 2;
	frame->rsp = run_stack;
	frame->ss = 0x10;
	run_stack = 0;
}

void trap(struct trap_frame *frame)
{
	unsigned int vector = frame->vector & 0xff;

	counts[vector]++;
	if (vector >= 32) {
		end_of_interrupt();
		if (run_stack && vector == VECTOR_TIMER) {
			end_run(frame, RUN_OVER);
		}
		return;
	}
	if (run_stack && vector != 2) {
		end_run(frame, (int)vector);
		return;
	}
	if (vector == 2) {
		return;
	}
	last_vector = (int)vector;
	last_error = (uint32_t)frame->error;
	if (vector == 1 || vector == 3) {
		return;
	}
	if (recover_at == 0) {
		claim(false, "no_exception_but_where_one_is_expected");
		shut_down(SHUTDOWN_crash);
	}
	frame->rip = recover_at;
}

/* Traps have a stack of their own; so what runs by run_code() may have any or none. */
static void set_gates(void)
{
	static uint32_t tss[26] = {[25] = 104U << 16};
	uint64_t stack = (uint64_t)trap_stack_end, at = (uint64_t)tss;

	tss[1] = tss[9] = (uint32_t)stack;
	tss[2] = tss[10] = (uint32_t)(stack >> 32);
	gdt_tss[0] = 103 | (at & 0xffffff) << 16 | 0x89UL << 40 | (at >> 24 & 0xff) << 56;
	gdt_tss[1] = at >> 32;
	__asm__ volatile("ltr %w0" : : "r"(0x30) : "memory");
	for (unsigned int i = 0; i < 256; i++) {
		/* Stubs of vectors above 127 need a longer push and take 16 bytes all the same. */
		uint64_t at = (uint64_t)stubs + 16UL * i;

		idt[i] = (struct gate){(uint16_t)at, 8, 0x8e01, (uint16_t)(at >> 16),
				       (uint32_t)(at >> 32), 0};
	}
}

/* Waits for an interrupt of that vector in HLT, not for ever. */
static bool will_come(unsigned int vector, unsigned int before)
{
	uint64_t start = rdtsc();

	while (counts[vector] == before && rdtsc() - start < 20000000000UL) {
		__asm__ volatile("sti; nop; cli" : : : "memory");
	}
	return counts[vector] != before;
}

/* --- exit classes ---------------------------------------------------------------------------- */

static void test_cpuid(void)
{
	uint32_t leaf[4];

	cpuid(0x40000000, leaf);
	claim(leaf[1] == 0x566e6558 && leaf[2] == 0x65584d4d && leaf[3] == 0x4d4d566e,
	      "the_signature_is_xens");
	cpuid(0x40000004, leaf);
	claim_equal("the_leaf_of_translated_guests", leaf[0], 0x5c);
	claim_equal("says_which_vcpu", leaf[1], 0);
	cpuid(1, leaf);
	claim((leaf[2] & 1U << 31) && (leaf[3] & 1U << 9) && (leaf[2] & 1U << 21),
	      "there_is_a_hypervisor_and_an_apic");
	claim_equal("its_id_is_0", leaf[1] >> 24, 0);
	cpuid(0x80000001, leaf);
	claim((leaf[2] & 4) == 0, "there_is_no_svm_inside");
}

static void test_hypercalls(void)
{
	struct xen_feature_info features = {0, 0};

	claim_equal("a_version", (uint64_t)hypercall(__HYPERVISOR_xen_version, 0, NULL), 0x40011);
	claim_equal("features", (uint64_t)hypercall(__HYPERVISOR_xen_version, XENVER_get_features,
						    &features), 0);
	claim((features.submap & 4) != 0, "of_a_translated_guest");
	claim_equal("an_unknown_call", (uint64_t)hypercall(39, 0, NULL), (uint64_t)-XEN_ENOSYS);
	claim_equal("a_wild_call", (uint64_t)hypercall(~0U, 0, NULL), (uint64_t)-XEN_ENOSYS);
	claim_equal("a_pv_call", (uint64_t)hypercall(__HYPERVISOR_set_trap_table, 0, NULL),
		    (uint64_t)-XEN_ENOSYS);
	claim_equal("a_bad_pointer", (uint64_t)hypercall(__HYPERVISOR_xen_version,
							 XENVER_get_features, (void *)HOLE),
		    (uint64_t)-XEN_EFAULT);
	claim_equal("a_non_canonical_one",
		    (uint64_t)hypercall(__HYPERVISOR_xen_version, XENVER_get_features,
					(void *)0x7fff000000000000UL), (uint64_t)-XEN_EFAULT);
	claim_equal("a_version_for_32_bit_code", (uint64_t)call_32(17, 0, 0), 0x40011);
	claim_equal("no_call_for_32_bit_code", (uint64_t)call_32(13, 0, 0),
		    (uint64_t)-XEN_ENOSYS);
	features.submap = 0;
	claim_equal("features_for_32_bit_code",
		    (uint64_t)call_32(17, XENVER_get_features, (uint32_t)(uintptr_t)&features), 0);
	claim((features.submap & 4) != 0, "are_the_same");
	claim_equal("a_hypercall_page", (uint64_t)wrmsr(0x40000000, (uint64_t)hypercall_page),
		    (uint64_t)-1);
	claim_equal("its_17th_slot", hypercall_page[17 * 32 + 1], 17);
	claim_equal("a_page_nowhere", (uint64_t)wrmsr(0x40000000, HOLE), 13);
}

/* Those whose writes would change what the test runs on. */
static bool is_spared(uint32_t msr)
{
	return msr == 0x10 || msr == 0x1b || (msr >= 0x174 && msr <= 0x176) ||
	       (msr >= 0x800 && msr <= 0x8ff) || msr == 0x6e0 || msr == 0x40000000 ||
	       (msr >= 0xc0000080 && msr <= 0xc0000084) ||
	       (msr >= 0xc0000100 && msr <= 0xc0000102);
}

static void test_msrs(void)
{
	static const uint32_t first[] = {0, 0x40000000, 0xc0000000, 0xc0010000, 0xc0011000};
	unsigned int answered = 0, refused = 0, strange = 0;
	uint64_t value;

	for (unsigned int i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		for (uint32_t msr = first[i]; msr < first[i] + 0x1000; msr++) {
			int read = rdmsr(msr, &value), wrote = -1;

			if (!is_spared(msr)) {
				wrote = wrmsr(msr, read < 0 ? value : ~0UL);
			}
			answered += read < 0;
			refused += read == 13;
			strange += (read >= 0 && read != 13) || (wrote >= 0 && wrote != 13);
		}
	}
	claim(answered > 50 && refused > 10000, "msrs_answer_or_fault");
	claim_equal("with_gp_only", strange, 0);
	claim_equal("the_machines_own_are_out_of_reach", (uint64_t)rdmsr(0xc0010117, &value), 13);
	claim_equal("a_bad_pat_is_refused", (uint64_t)wrmsr(0x277, 2), 13);
	claim_equal("the_pat_is_readable", (uint64_t)rdmsr(0x277, &value), (uint64_t)-1);
}

static void test_ports(void)
{
	uint8_t bytes[16] = {0};
	void *to = bytes;
	unsigned int others = 0;
	uint64_t count = sizeof(bytes);

	for (uint32_t port = 0; port < 0x10000; port++) {
		uint8_t value;

		if (port == 0xe9) {
			continue;
		}
		__asm__ volatile("inb %%dx, %0" : "=a"(value) : "d"(port));
		others += value != (port == 0x42 ? 0 : 0xff); /* a counter that stands */
		__asm__ volatile("outb %0, %%dx" : : "a"((uint8_t)0x5a), "d"(port));
	}
	claim_equal("no_port_answers", others, 0);
	__asm__ volatile("cld; rep insb" : "+D"(to), "+c"(count) : "d"(0x60) : "memory");
	claim(bytes[0] == 0xff && bytes[15] == 0xff && count == 0, "strings_read_ones");
}

static void test_control_registers(void)
{
	uint64_t cr0, cr4, cr3;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	claim_equal("cr0_above_32_bits",
		    (uint64_t)TRY("mov %1, %%cr0", : "r"(cr0 | 1UL << 40)), 13);
	claim_equal("paging_without_protection",
		    (uint64_t)TRY("mov %1, %%cr0", : "r"(cr0 & ~1UL)), 13);
	claim_equal("no_paging_in_64_bit_code",
		    (uint64_t)TRY("mov %1, %%cr0", : "r"(cr0 & ~(1UL << 31))), 13);
	claim_equal("cr4_without_pae", (uint64_t)TRY("mov %1, %%cr4", : "r"(cr4 & ~0x20UL)), 13);
	claim_equal("vmx_is_not_there",
		    (uint64_t)TRY("mov %1, %%cr4", : "r"(cr4 | 1UL << 13)), 13);
	claim_equal("nor_bit_40", (uint64_t)TRY("mov %1, %%cr4", : "r"(cr4 | 1UL << 40)), 13);
	/* Not tried: reserved bits of CR3. The CPU answers those itself, QEMU's by an exit that is
	 * the guest's end. */
	claim_equal("cr3_as_it_was", (uint64_t)TRY("mov %1, %%cr3", : "r"(cr3)), (uint64_t)-1);
	claim_equal("cr8_has_4_bits", (uint64_t)TRY("mov %1, %%cr8", : "r"(16UL)), 13);
	claim_equal("no_svm_to_enable", (uint64_t)wrmsr(0xc0000080, 0x1d01), 13);
	claim_equal("no_way_out_of_long_mode", (uint64_t)wrmsr(0xc0000080, 0x801), 13);
}

static void test_instructions(void)
{
	claim_equal("vmrun", (uint64_t)TRY("vmrun", : "a"(0)), 6);
	claim_equal("vmload", (uint64_t)TRY("vmload", : "a"(0)), 6);
	claim_equal("stgi", (uint64_t)TRY("stgi", ), 6);
	claim_equal("monitor", (uint64_t)TRY("monitor", : "a"(0), "c"(0), "d"(0)), 6);
	claim_equal("ud2", (uint64_t)TRY("ud2", ), 6);
	claim_equal("a_division_by_zero", (uint64_t)TRY("div %%ecx", : "a"(1), "d"(0), "c"(0)), 0);
	claim_equal("a_page_beyond_the_map",
		    (uint64_t)TRY("movb $1, (%1)", : "r"(0x200000000UL) : "memory"), 14);
	claim_equal("by_a_write", last_error, 2);
	claim_equal("int3", (uint64_t)TRY("int3", ), 3);
	claim_equal("wbinvd_is_allowed", (uint64_t)TRY("wbinvd", ), (uint64_t)-1);
}

static void test_holes(void)
{
	volatile uint64_t *hole = (volatile uint64_t *)HOLE;
	uint64_t copy[4] = {0}, count = 4;
	const volatile void *from = hole;
	void *to = copy;

	claim_equal("a_hole_reads_ones", *hole, ~0UL);
	*hole = 5;
	claim_equal("and_forgets", *hole, ~0UL);
	claim_equal("by_bytes_too", *(volatile uint8_t *)(HOLE + 3), 0xff);
	__asm__ volatile("cld; rep movsq" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
	claim(copy[0] == ~0UL && copy[3] == ~0UL, "strings_read_ones_from_it");
	__asm__ volatile("lock; addl $1, (%0)" : : "r"(hole) : "memory", "cc");
	claim_equal("arithmetic_is_lost", *hole, ~0UL);
	claim_equal("code_there_is_no_instruction",
		    (uint64_t)TRY("jmp *%1", : "r"(HOLE) : "memory"), 6);
	to = (void *)HOLE;
	count = 16;
	__asm__ volatile("cld; rep insb" : "+D"(to), "+c"(count) : "d"(0x60) : "memory");
	claim_equal("strings_from_a_port_go_nowhere", count, 0);
}

static void self_ipi(uint32_t icr)
{
	if (in_x2apic) {
		(void)wrmsr(0x830, icr | 0x40000);
	} else {
		*apic_register(0x310) = 0;
		*apic_register(0x300) = icr | 0x40000;
	}
}

static void test_xapic(void)
{
	unsigned int before = counts[VECTOR_SELF];

	claim_equal("the_apics_version", *apic_register(0x30), 0x50014);
	*apic_register(0xf0) = 0x1ff;
	self_ipi(VECTOR_SELF);
	claim_equal("an_ipi_waits_for_the_flag", counts[VECTOR_SELF], before);
	claim(will_come(VECTOR_SELF, before), "and_comes");
	__asm__ volatile("mov %0, %%cr8" : : "r"(15UL));
	self_ipi(VECTOR_SELF);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	claim_equal("priority_holds_it", counts[VECTOR_SELF], before + 1);
	claim_equal("cr8_is_the_task_priority", *apic_register(0x80), 0xf0);
	__asm__ volatile("mov %0, %%cr8" : : "r"(0UL));
	claim(will_come(VECTOR_SELF, before + 1), "until_it_falls");
	for (uint32_t offset = 0; offset < 4096; offset += 4) {
		(void)*apic_register(offset);
	}
	*(volatile uint64_t *)apic_register(0xf0) = 0;
	*(volatile uint8_t *)apic_register(0xf0) = 0;
	claim_equal("only_words_are_written", *apic_register(0xf0), 0x1ff);
	__asm__ volatile("lock; orl %1, %0" : "+m"(*apic_register(0x80)) : "r"(0U) : "cc");
	claim_equal("locked_or_not", *apic_register(0x80), 0);
	before = counts[2];
	self_ipi(0x400);
	claim_equal("an_nmi_needs_no_flag", counts[2], before + 1);
	self_ipi(0x400);
	claim_equal("and_comes_again_after_iret", counts[2], before + 2);
}

void start_ticking(uint32_t period)
{
	*apic_register(0xf0) = 0x1ff;
	*apic_register(0x3e0) = 0xb;
	*apic_register(0x320) = VECTOR_TIMER | 0x20000;
	*apic_register(0x380) = period;
}

static void test_timer(void)
{
	unsigned int before = counts[VECTOR_TIMER];

	*apic_register(0x3e0) = 0xb;
	*apic_register(0x320) = VECTOR_TIMER;
	*apic_register(0x380) = 1000000; /* 10 ms */
	claim(*apic_register(0x390) != 0, "the_timer_counts");
	__asm__ volatile("sti; hlt; cli" : : : "memory");
	claim_equal("and_wakes_a_halted_vcpu", counts[VECTOR_TIMER], before + 1);
	start_ticking(100000);
	for (unsigned int i = 0; i < 3; i++) {
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	}
	/* A machine that stands still for a while delivers two at one halt. */
	claim(counts[VECTOR_TIMER] >= before + 4, "a_periodic_one_again_and_again");
	*apic_register(0x380) = 0;
	*apic_register(0x320) = 0x10000;
}

void start_second_vcpu(void)
{
	uint8_t *page = (uint8_t *)AP_PAGE;

	for (unsigned int i = 0; ap_start + i < ap_end; i++) {
		page[i] = ap_start[i];
	}
	*apic_register(0x310) = 2U << 24;
	*apic_register(0x300) = 0x4500;
	*apic_register(0x300) = 0x4600 | AP_PAGE >> 12;
}

static void test_second_vcpu(void)
{
	uint64_t start = rdtsc();

	start_second_vcpu();
	while (!ap_is_here && rdtsc() - start < 20000000000UL) {
		__asm__ volatile("pause");
	}
	claim_equal("init_and_sipi_start_the_second_vcpu", ap_is_here, 3);
}

/* Leaf 4 and leaf 1 name the vcpu they are asked on. */
void ap_main(void)
{
	uint32_t leaf[4], one[4];

	if (((struct results *)RESULTS_ADDRESS)->seed != 0) {
		fuzz_second_vcpu();
	}
	cpuid(0x40000004, leaf);
	cpuid(1, one);
	ap_is_here = leaf[1] + (one[1] >> 24);
}

static void test_events(void)
{
	struct xen_hvm_evtchn_upcall_vector vector = {.vcpu = 0, .vector = VECTOR_UPCALL};
	struct xen_add_to_physmap map = {.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					 .gpfn = SHARED_GFN};
	struct evtchn_bind_ipi ipi = {.vcpu = 0};
	volatile struct shared_info *shared = (volatile struct shared_info *)(SHARED_GFN << 12);
	unsigned int before;

	claim_equal("shared_info_is_mapped",
		    (uint64_t)hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &map), 0);
	claim_equal("a_vector_of_the_cpus_is_refused",
		    (vector.vector = 15, (uint64_t)hypercall(__HYPERVISOR_hvm_op,
			HVMOP_set_evtchn_upcall_vector, &vector)), (uint64_t)-XEN_EINVAL);
	vector.vector = VECTOR_UPCALL;
	before = counts[VECTOR_UPCALL];
	claim_equal("a_vector_for_events", (uint64_t)hypercall(__HYPERVISOR_hvm_op,
		    HVMOP_set_evtchn_upcall_vector, &vector), 0);
	claim(will_come(VECTOR_UPCALL, before), "is_announced");
	claim_equal("a_port", (uint64_t)hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
						  &ipi), 0);
	shared->evtchn_mask[ipi.port / 64] &= ~(1UL << ipi.port % 64);
	shared->vcpu_info[0].evtchn_upcall_pending = 0;
	shared->vcpu_info[0].evtchn_pending_sel = 0;
	before = counts[VECTOR_UPCALL];
	claim_equal("is_sent", (uint64_t)hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
						   &ipi.port), 0);
	claim(will_come(VECTOR_UPCALL, before), "and_comes_by_the_vector");
	claim_equal("with_its_bit", shared->evtchn_pending[ipi.port / 64] >> ipi.port % 64 & 1, 1);
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &ipi.port);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	claim_equal("once_per_edge", counts[VECTOR_UPCALL], before + 1);
}

static void test_debug(void)
{
	static volatile uint32_t watched;
	unsigned int before = counts[1];
	uint64_t dr6, dr0;

	__asm__ volatile("mov %0, %%dr0" : : "r"((uint64_t)&watched));
	__asm__ volatile("mov %0, %%dr7" : : "r"(0xd0001UL)); /* 4 bytes, writes */
	watched = 1;
	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("mov %%dr0, %0" : "=r"(dr0));
	__asm__ volatile("mov %0, %%dr7" : : "r"(0UL));
	claim_equal("a_watched_word_traps", counts[1], before + 1);
	claim_equal("and_says_which", dr6 & 0xf, 1);
	claim_equal("dr0_reads_back", dr0, (uint64_t)&watched);
}

static void test_tsc(void)
{
	uint64_t before = rdtsc();

	claim(rdtsc() > before, "the_tsc_runs");
	claim_equal("it_can_be_set", (uint64_t)wrmsr(0x10, 1UL << 50), (uint64_t)-1);
	claim(rdtsc() >= 1UL << 50 && rdtsc() < 1UL << 51, "and_runs_on_from_there");
}

/* Last of the APIC: there is no way back to the page but through off. */
static void test_x2apic(void)
{
	unsigned int before = counts[VECTOR_SELF];
	uint64_t value;

	claim_equal("from_off_is_no_way_to_x2apic", (uint64_t)wrmsr(0x1b, 0xfee00500), 13);
	claim_equal("x2apic_mode", (uint64_t)wrmsr(0x1b, 0xfee00d00), (uint64_t)-1);
	in_x2apic = true;
	claim_equal("its_id", (uint64_t)rdmsr(0x802, &value), (uint64_t)-1);
	claim_equal("is_the_same", value, 0);
	claim_equal("its_page_is_gone", *apic_register(0x30), 0xffffffff);
	claim_equal("self_ipi", (uint64_t)wrmsr(0x83f, VECTOR_SELF), (uint64_t)-1);
	claim(will_come(VECTOR_SELF, before), "comes_in_x2apic_mode");
	claim_equal("a_reserved_bit_faults", (uint64_t)wrmsr(0x808, 0x100), 13);
	claim_equal("the_page_cannot_come_back", (uint64_t)wrmsr(0x1b, 0xfee00900), 13);
}

void pvh_main(const struct hvm_start_info *info)
{
	uint32_t seed = ((struct results *)RESULTS_ADDRESS)->seed;

	set_gates();
	if (seed != 0) {
		fuzz(seed);
	}
	claim_equal("the_start_info_is_there", info->magic, 0x336ec578);
	claim(info->memmap_paddr != 0 && info->memmap_entries != 0, "with_a_memory_map");
	test_cpuid();
	test_hypercalls();
	test_control_registers();
	test_instructions();
	test_holes();
	test_ports();
	test_xapic();
	hostile();
	test_timer();
	test_second_vcpu();
	test_events();
	test_debug();
	test_msrs();
	test_x2apic();
	test_tsc();
	shut_down(SHUTDOWN_poweroff);
}
