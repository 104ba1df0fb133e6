/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpus: 2
 * Proves a second vcpu: initialised once, brought up and down, with its own stack, traps, events
 * and time; IPIs both ways; TLB flushes that reach it; and every refusal of vcpu_op.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

static struct vcpu_guest_context context;
static char stack[4 * PAGE] __attribute__((aligned(4096)));
static uint32_t to_second, to_first;
static volatile unsigned int second_runs, second_events, second_traps, first_events, stop, spinning;
static volatile uint64_t *shared_word, second_saw;
static volatile uint64_t second_time;

static int64_t vcpu_op(uint32_t command, uint32_t vcpu, void *arg)
{
	return hypercall3(__HYPERVISOR_vcpu_op, command, vcpu, arg);
}

static int64_t send(uint32_t port)
{
	struct evtchn_send op = {.port = port};

	return hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
}

static bool on_second(const struct trap_frame *frame)
{
	return (uint64_t)frame - (uint64_t)stack < sizeof(stack);
}

static bool on_trap(struct trap_frame *frame)
{
	unsigned int cpu = on_second(frame) ? 1 : 0;

	if (frame->vector == 6 && cpu == 1) {
		second_traps++;
		frame->rip += 2;
		return true;
	}
	if (frame->vector != VECTOR_EVENT) {
		return false;
	}
	shared_info->vcpu_info[cpu].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[cpu].evtchn_pending_sel = 0;
	if (cpu) {
		port_clear(to_second);
		second_events++;
	} else {
		port_clear(to_first);
		first_events++;
	}
	return true;
}

static void second_main(void)
{
	second_runs++;
	__asm__ volatile("ud2");
	second_time = system_time_of(1);
	shared_info->vcpu_info[1].evtchn_upcall_mask = 0;
	send(to_first);
	while (!stop) {
		if (spinning) {
			second_saw = *shared_word;
		} else {
			hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
		}
	}
	for (;;) {
		vcpu_op(VCPUOP_down, 1, NULL);
		second_runs++;
	}
}

static bool wait(const volatile unsigned int *what, unsigned int value)
{
	uint64_t end = system_time() + 2000000000;

	while (*what != value && system_time() < end) {
		__asm__ volatile("pause");
	}
	return *what == value;
}

static uint32_t ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu};

	claim_equal("an_ipi_port",
		    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &op), 0);
	return op.port;
}

static void refusals(void)
{
	claim_equal("vcpu_0_is_up", vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	claim_equal("vcpu_1_is_not", vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	claim_equal("there_is_no_vcpu_2", vcpu_op(VCPUOP_is_up, 2, NULL), -XEN_ENOENT);
	claim_equal("nor_8191", vcpu_op(VCPUOP_is_up, 8191, NULL), -XEN_ENOENT);
	claim_equal("nor_a_wild_one", vcpu_op(VCPUOP_is_up, ~0U, NULL), -XEN_ENOENT);
	claim_equal("up_before_initialise_is_einval", vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	claim_equal("an_unreadable_context_is_efault",
		    vcpu_op(VCPUOP_initialise, 1, (void *)0x1000), -XEN_EFAULT);
	context.user_regs.rip = 1UL << 63;
	claim_equal("a_rip_that_is_no_address_is_einval", vcpu_op(VCPUOP_initialise, 1, &context),
		    -XEN_EINVAL);
	context.user_regs.rip = (uint64_t)second_main;
	context.ctrlreg[3] = maddr_of(&context) & ~(PAGE - 1);
	claim(vcpu_op(VCPUOP_initialise, 1, &context) < 0, "a_base_that_is_no_table_is_refused");
	context.ctrlreg[3] = maddr_of((void *)start_info->pt_base);
	claim_equal("still_not_initialised", vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	claim_equal("an_unknown_operation_is_enosys", vcpu_op(99, 0, NULL), -XEN_ENOSYS);
}

static void info_page(void)
{
	struct vcpu_register_vcpu_info r = {.mfn = mfn_of(page_alloc()), .offset = 4090};

	claim_equal("a_vcpu_info_across_a_page_is_enxio", vcpu_op(VCPUOP_register_vcpu_info, 1, &r),
		    -XEN_ENXIO);
	r.offset = 4;
	claim_equal("or_misaligned", vcpu_op(VCPUOP_register_vcpu_info, 1, &r), -XEN_ENXIO);
	r.offset = 0;
	r.mfn = mfn_of((void *)start_info->pt_base);
	claim(vcpu_op(VCPUOP_register_vcpu_info, 1, &r) < 0, "or_in_a_page_table_is_refused");
	r.mfn = 0xffffffffffUL;
	claim(vcpu_op(VCPUOP_register_vcpu_info, 1, &r) < 0, "or_in_no_frame");
}

static bool wait_seen(uint64_t value)
{
	uint64_t end = system_time() + 2000000000;

	while (second_saw != value && system_time() < end) {
		__asm__ volatile("pause");
	}
	return second_saw == value;
}

/* A page the second vcpu reads all the time is mapped elsewhere. */
static void shootdown(void)
{
	uint64_t *page = page_alloc(), *other = page_alloc(), mask = 2;

	page[0] = 1;
	other[0] = 2;
	shared_word = page;
	spinning = 1;
	send(to_second);
	claim(wait_seen(1), "the_second_vcpu_reads_a_page");
	hypercall3(__HYPERVISOR_update_va_mapping, page, maddr_of(other) | PTE_RW,
		   UVMF_INVLPG | (uint64_t)&mask);
	claim(wait_seen(2), "a_flush_of_that_vcpu_reaches_it");
	remap(page, mfn_of(page), PTE_RW);
	claim_equal("flush_all", mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	claim(wait_seen(1), "reaches_it_too");
	spinning = 0;
}

void guest_test(void)
{
	uint64_t before;

	guest_trap_hook = on_trap;
	vcpu_context(&context, second_main, stack + sizeof(stack));
	refusals();
	info_page();
	claim_equal("a_vcpu_is_initialised", vcpu_op(VCPUOP_initialise, 1, &context), 0);
	claim_equal("once", vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
	claim_equal("it_is_still_down", vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	claim_equal("and_has_not_run", second_runs, 0);
	to_first = ipi(0);
	to_second = ipi(1);
	events_on();
	before = system_time();
	claim_equal("it_comes_up", vcpu_op(VCPUOP_up, 1, NULL), 0);
	claim(wait(&first_events, 1), "its_first_ipi_arrives");
	claim_equal("it_runs", second_runs, 1);
	claim_equal("it_takes_its_own_traps", second_traps, 1);
	claim(second_time >= before && second_time <= system_time(), "its_time_agrees");
	claim_equal("it_is_up", vcpu_op(VCPUOP_is_up, 1, NULL), 1);
	claim_equal("up_again_is_nothing", vcpu_op(VCPUOP_up, 1, NULL), 0);
	for (unsigned int i = 1; i <= 5; i++) {
		spin_ns(5000000);
		send(to_second);
		claim(wait(&second_events, i), "a_blocked_vcpu_wakes_for_an_ipi");
	}
	shootdown();
	spin_ns(5000000);
	stop = 1;
	send(to_second);
	for (before = system_time();
	     vcpu_op(VCPUOP_is_up, 1, NULL) && system_time() < before + 2000000000;) {
	}
	claim_equal("it_goes_down", vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	claim_equal("it_comes_up_again", vcpu_op(VCPUOP_up, 1, NULL), 0);
	claim(wait(&second_runs, 2), "where_it_went_down");
	events_off();
}
