/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves event channels in FIFO form: what is pending when the domain switches is kept, a raised
 * port is linked to the queue of its priority in order, a masked one is not, and control blocks
 * and arrays in the wrong place are refused. A hypervisor with two levels only must say so with
 * -ENOSYS, by which kernels know it, and nothing may change then.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>

#define WORD(bit) (1U << (bit))

static struct evtchn_fifo_control_block *block;
static volatile uint32_t *words;

static int64_t call(uint32_t command, void *arg)
{
	return hypercall2(__HYPERVISOR_event_channel_op, command, arg);
}

static int64_t send(uint32_t port)
{
	struct evtchn_send op = {.port = port};

	return call(EVTCHNOP_send, &op);
}

static uint32_t ipi(void)
{
	struct evtchn_bind_ipi op = {.vcpu = 0};

	call(EVTCHNOP_bind_ipi, &op);
	return op.port;
}

static void switch_over(uint32_t pending)
{
	struct evtchn_init_control control = {.control_gfn = mfn_of(block), .offset = 4};
	struct evtchn_expand_array array = {.array_gfn = mfn_of((void *)words)};
	uint64_t table = mfn_of((void *)start_info->pt_base);

	claim(call(EVTCHNOP_expand_array, &array) < 0, "no_array_before_a_control_block");
	claim(call(EVTCHNOP_init_control, &control) < 0, "a_misaligned_block_is_refused");
	control.offset = 4064;
	claim(call(EVTCHNOP_init_control, &control) < 0, "so_is_one_across_the_page");
	control.offset = 0;
	control.control_gfn = table;
	claim(call(EVTCHNOP_init_control, &control) < 0, "so_is_one_in_a_page_table");
	control.control_gfn = mfn_of(block);
	control.vcpu = 99;
	claim_equal("there_is_no_vcpu_99", call(EVTCHNOP_init_control, &control), -XEN_ENOENT);
	control.vcpu = 0;
	claim_equal("a_control_block", call(EVTCHNOP_init_control, &control), 0);
	claim_equal("links_have_17_bits", control.link_bits, EVTCHN_FIFO_LINK_BITS);
	claim(call(EVTCHNOP_init_control, &control) < 0, "a_second_is_refused");
	array.array_gfn = table;
	claim(call(EVTCHNOP_expand_array, &array) < 0, "an_array_in_a_page_table_is_refused");
	array.array_gfn = mfn_of((void *)words);
	claim_equal("an_array", call(EVTCHNOP_expand_array, &array), 0);
	claim_equal("what_was_pending_still_is", words[pending] >> EVTCHN_FIFO_PENDING, 1);
}

void guest_test(void)
{
	uint32_t first = ipi(), second = ipi(), third = ipi();
	struct evtchn_set_priority priority = {.port = third, .priority = 3};
	struct evtchn_unmask unmask = {.port = second};

	struct evtchn_init_control probe = {.vcpu = 0};

	block = page_alloc();
	words = page_alloc();
	send(first);
	probe.control_gfn = mfn_of((void *)start_info->pt_base);
	if (call(EVTCHNOP_init_control, &probe) == -XEN_ENOSYS) {
		claim(port_pending(first), "without_fifo_the_two_levels_stay");
		return;
	}
	for (unsigned int i = 0; i < 1024; i++) {
		words[i] = WORD(EVTCHN_FIFO_MASKED);
	}
	switch_over(first);
	words[first] = words[second] = words[third] = 0;
	block->ready = 0;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;

	claim_equal("a_port_is_sent", send(first), 0);
	claim_equal("it_is_pending_and_linked", words[first],
		    WORD(EVTCHN_FIFO_PENDING) | WORD(EVTCHN_FIFO_LINKED));
	claim_equal("its_queue_is_ready", block->ready, WORD(EVTCHN_FIFO_PRIORITY_DEFAULT));
	claim_equal("it_is_its_head", block->head[EVTCHN_FIFO_PRIORITY_DEFAULT], first);
	claim_equal("the_upcall_is_pending", shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
	words[second] = WORD(EVTCHN_FIFO_MASKED);
	send(second);
	claim_equal("a_masked_port_is_pending_only", words[second],
		    WORD(EVTCHN_FIFO_PENDING) | WORD(EVTCHN_FIFO_MASKED));
	claim_equal("unmasking", call(EVTCHNOP_unmask, &unmask), 0);
	claim_equal("links_it", words[second],
		    WORD(EVTCHN_FIFO_PENDING) | WORD(EVTCHN_FIFO_LINKED));
	claim_equal("behind_the_first", words[first] & EVTCHN_FIFO_LINK_MASK, second);
	claim_equal("a_priority", call(EVTCHNOP_set_priority, &priority), 0);
	claim_equal("its_port_is_sent", send(third), 0);
	claim_equal("to_the_head_of_its_queue", block->head[3], third);
	claim_equal("both_queues_are_ready", block->ready,
		    WORD(3) | WORD(EVTCHN_FIFO_PRIORITY_DEFAULT));
	priority.priority = 16;
	claim_equal("there_is_no_priority_16", call(EVTCHNOP_set_priority, &priority), -XEN_EINVAL);
}
