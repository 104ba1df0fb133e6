/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls of 32-bit code of translated guests (there is no 32-bit PV guest): number in eax,
 * arguments in ebx ecx edx esi edi ebp, pointers and longs of 32 bits. Each call that such code
 * makes is decoded here into the structure 64-bit code would have passed, laid into a window that
 * guest_in() and guest_out() take for guest memory (domain/guest.h) while the call lasts; nothing
 * else knows. Structures that are the same in both are passed on as they are; a call that has no
 * row is -XEN_ENOSYS.
 *
 * The layout of shared_info stays the 64-bit one: such guests get their events in FIFO form, in the
 * first byte of vcpu_info, and by their vector.
 */
#include "hypercall/call.h"

#include "domain/restart.h"
#include "lib/math.h"
#include "lib/mem.h"

#include <xen/base.h>
#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define VMMCALL_INSTRUCTION_BYTES 3U
#define WINDOW_BYTES 384U
#define LIST_OFFSET 64U
#define BATCH 32U
#define MEMOP_START_MAX (1U << (32 - MEMOP_EXTENT_SHIFT))

/* struct xen_memory_reservation and the others as 32-bit code lays them out. */
struct reservation32 {
	uint32_t extent_start;
	uint32_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags;
	uint16_t domid;
	uint16_t pad;
};

struct add_to_physmap32 {
	uint16_t domid;
	uint16_t size;
	uint32_t space;
	uint32_t idx;
	uint32_t gpfn;
};

struct remove_from_physmap32 {
	uint16_t domid;
	uint16_t pad;
	uint32_t gpfn;
};

struct memory_map32 {
	uint32_t nr_entries;
	uint32_t buffer;
};

struct sched_poll32 {
	uint32_t ports;
	uint32_t nr_ports;
	uint32_t timeout[2]; /* low half first */
};

struct singleshot32 {
	uint32_t timeout[2];
	uint32_t flags;
};

struct call32 {
	struct hypercall *call; /* arguments of 32 bits */
	uint8_t *window;
};

typedef int64_t handler32(struct call32 *c);

static struct guest_ptr argument(const struct call32 *c)
{
	return guest_ptr(c->call->args[1]);
}

/* The native call with its structure in the window. */
static int64_t run(struct call32 *c, hypercall_handler *handler, uint64_t command,
		   const void *structure, size_t bytes)
{
	struct hypercall native = {.v = c->call->v, .args = {command, GUEST_WINDOW}};

	memcpy(c->window, structure, bytes);
	return handler(&native);
}

/* --- memory_op ------------------------------------------------------------------------------- */

static int64_t next_batch(struct call32 *c, const struct reservation32 *r, uint32_t done,
			  uint32_t count, uint32_t *progress)
{
	const struct xen_memory_reservation native = {
		.extent_start = GUEST_WINDOW + LIST_OFFSET,
		.nr_extents = count,
		.extent_order = r->extent_order,
		.mem_flags = r->mem_flags,
		.domid = r->domid,
	};
	struct hypercall call = {.v = c->call->v,
				 .args = {c->call->args[0] & MEMOP_CMD_MASK, GUEST_WINDOW}};
	uint32_t list[BATCH];
	int64_t result;

	if (guest_in(call.v, list, guest_ptr((uint32_t)(r->extent_start + done * sizeof(list[0]))),
		     count * sizeof(list[0]))) {
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t wide = list[i];

		memcpy(c->window + LIST_OFFSET + i * sizeof(wide), &wide, sizeof(wide));
	}
	memcpy(c->window, &native, sizeof(native));
	result = hypercall_memory_op(&call);
	*progress = (uint32_t)(call.args[0] >> MEMOP_EXTENT_SHIFT);
	return result;
}

static int64_t stop_at(struct call32 *c, uint32_t done)
{
	c->call->args[0] = (c->call->args[0] & MEMOP_CMD_MASK) | done << MEMOP_EXTENT_SHIFT;
	return -XEN_ERESTART;
}

/* Extents in batches; progress as in memory.c, above the command. Decreasing counts frames there:
 * one extent of order 0 at a time is the same count in both. */
static int64_t reservation(struct call32 *c)
{
	uint32_t done = (uint32_t)c->call->args[0] >> MEMOP_EXTENT_SHIFT;
	struct reservation32 r;

	if (guest_in(c->call->v, &r, argument(c), offsetof(struct reservation32, pad))) {
		return done;
	}
	if ((c->call->args[0] & MEMOP_CMD_MASK) == XENMEM_decrease_reservation &&
	    r.extent_order != 0) {
		return done;
	}
	while (done < r.nr_extents && done < MEMOP_START_MAX - BATCH) {
		uint32_t count = min_u32(r.nr_extents - done, BATCH), progress = 0;
		int64_t result = next_batch(c, &r, done, count, &progress);

		if (result == -XEN_ERESTART) {
			return stop_at(c, done + min_u32(progress, count));
		}
		if (result < 0) {
			return result;
		}
		done += (uint32_t)result;
		if (result < count) {
			break;
		}
		if (done < r.nr_extents && restart_wanted()) {
			return stop_at(c, done);
		}
	}
	return done;
}

static int64_t add_to_physmap(struct call32 *c)
{
	struct xen_add_to_physmap native;
	struct add_to_physmap32 op;
	int64_t result;

	if (guest_in(c->call->v, &op, argument(c), sizeof(op))) {
		return -XEN_EFAULT;
	}
	native = (struct xen_add_to_physmap){
		.domid = op.domid,
		.size = op.size,
		.space = op.space,
		.idx = op.idx,
		.gpfn = op.gpfn,
	};
	result = run(c, hypercall_memory_op, XENMEM_add_to_physmap, &native, sizeof(native));
	/* A range that is not through yet goes on from what its structure says then. */
	memcpy(&native, c->window, sizeof(native));
	op.size = native.size;
	op.idx = (uint32_t)native.idx;
	op.gpfn = (uint32_t)native.gpfn;
	if (result == -XEN_ERESTART && guest_out(c->call->v, argument(c), &op, sizeof(op))) {
		return -XEN_EFAULT;
	}
	return result;
}

static int64_t remove_from_physmap(struct call32 *c)
{
	struct xen_remove_from_physmap native = {0};
	struct remove_from_physmap32 op;

	if (guest_in(c->call->v, &op, argument(c), sizeof(op))) {
		return -XEN_EFAULT;
	}
	native.domid = op.domid;
	native.gpfn = op.gpfn;
	return run(c, hypercall_memory_op, XENMEM_remove_from_physmap, &native, sizeof(native));
}

static int64_t memory_map(struct call32 *c)
{
	struct xen_memory_map native = {0};
	struct memory_map32 op;
	int64_t result;

	if (guest_in(c->call->v, &op, argument(c), sizeof(op))) {
		return -XEN_EFAULT;
	}
	native.nr_entries = op.nr_entries;
	native.buffer = op.buffer;
	result = run(c, hypercall_memory_op, XENMEM_memory_map, &native, sizeof(native));
	memcpy(&native, c->window, sizeof(native));
	op.nr_entries = native.nr_entries;
	if (!result && guest_out(c->call->v, argument(c), &op, sizeof(op))) {
		return -XEN_EFAULT;
	}
	return result;
}

static int64_t memory_op(struct call32 *c)
{
	switch (c->call->args[0] & MEMOP_CMD_MASK) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return reservation(c);
	case XENMEM_add_to_physmap:
		return add_to_physmap(c);
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(c);
	case XENMEM_memory_map:
		return memory_map(c);
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return hypercall_memory_op(c->call);
	default:
		return -XEN_ENOSYS;
	}
}

/* --- the others ------------------------------------------------------------------------------ */

static int64_t xen_version(struct call32 *c)
{
	const uint32_t none = 0;

	/* Where the hypervisor begins: not in the address space of this code. */
	if (c->call->args[0] == XENVER_platform_parameters) {
		return guest_out(c->call->v, argument(c), &none, sizeof(none)) ? -XEN_EFAULT : 0;
	}
	return hypercall_xen_version(c->call);
}

static int64_t poll(struct call32 *c)
{
	struct sched_poll native = {0};
	struct sched_poll32 op;

	if (guest_in(c->call->v, &op, argument(c), sizeof(op))) {
		return -XEN_EFAULT;
	}
	native.ports = op.ports;
	native.nr_ports = op.nr_ports;
	native.timeout = op.timeout[0] | (uint64_t)op.timeout[1] << 32;
	return run(c, hypercall_sched_op, SCHEDOP_poll, &native, sizeof(native));
}

static int64_t sched_op(struct call32 *c)
{
	return c->call->args[0] == SCHEDOP_poll ? poll(c) : hypercall_sched_op(c->call);
}

static int64_t set_singleshot(struct call32 *c)
{
	struct vcpu_set_singleshot_timer native = {0};
	struct hypercall call = {.v = c->call->v,
				 .args = {VCPUOP_set_singleshot_timer, c->call->args[1],
					  GUEST_WINDOW}};
	struct singleshot32 op;

	if (guest_in(c->call->v, &op, guest_ptr(c->call->args[2]), sizeof(op))) {
		return -XEN_EFAULT;
	}
	native.timeout_abs_ns = op.timeout[0] | (uint64_t)op.timeout[1] << 32;
	native.flags = op.flags;
	memcpy(c->window, &native, sizeof(native));
	return hypercall_vcpu_op(&call);
}

/* The areas of runstate and time are laid out for 64-bit code: not for this one. */
static int64_t vcpu_op(struct call32 *c)
{
	switch (c->call->args[0]) {
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(c);
	case VCPUOP_initialise:
	case VCPUOP_up:
	case VCPUOP_down:
	case VCPUOP_is_up:
	case VCPUOP_stop_periodic_timer:
	case VCPUOP_set_periodic_timer:
	case VCPUOP_stop_singleshot_timer:
	case VCPUOP_register_vcpu_info:
		return hypercall_vcpu_op(c->call);
	default:
		return -XEN_ENOSYS;
	}
}

static int64_t set_timer_op(struct call32 *c)
{
	c->call->args[0] |= c->call->args[1] << 32;
	return hypercall_set_timer_op(c->call);
}

static int64_t event_channel_op(struct call32 *c)
{
	return hypercall_event_channel_op(c->call);
}

static int64_t hvm_op(struct call32 *c)
{
	return hypercall_hvm_op(c->call);
}

static int64_t console_io(struct call32 *c)
{
	return hypercall_console_io(c->call);
}

static int64_t vm_assist(struct call32 *c)
{
	return hypercall_vm_assist(c->call);
}

/* Operations whose structures hold no pointers. */
static int64_t grant_table_op(struct call32 *c)
{
	switch (c->call->args[0]) {
	case GNTTABOP_map_grant_ref:
	case GNTTABOP_unmap_grant_ref:
	case GNTTABOP_query_size:
	case GNTTABOP_set_version:
	case GNTTABOP_get_version:
		return hypercall_grant_table_op(c->call);
	default:
		return -XEN_ENOSYS;
	}
}

static handler32 *const handlers[HYPERCALL_NUMBERS] = {
	[__HYPERVISOR_memory_op] = memory_op,
	[__HYPERVISOR_set_timer_op] = set_timer_op,
	[__HYPERVISOR_xen_version] = xen_version,
	[__HYPERVISOR_console_io] = console_io,
	[__HYPERVISOR_grant_table_op] = grant_table_op,
	[__HYPERVISOR_vm_assist] = vm_assist,
	[__HYPERVISOR_vcpu_op] = vcpu_op,
	[__HYPERVISOR_sched_op] = sched_op,
	[__HYPERVISOR_event_channel_op] = event_channel_op,
	[__HYPERVISOR_hvm_op] = hvm_op,
};

static int64_t run32(struct hypercall *call, uint32_t number)
{
	handler32 *handler =
		number < HYPERCALL_NUMBERS ? handlers[number & (HYPERCALL_NUMBERS - 1)] : NULL;
	uint64_t window[WINDOW_BYTES / sizeof(uint64_t)];
	struct call32 c = {call, (uint8_t *)window};
	int64_t result;

	if (!handler) {
		return -XEN_ENOSYS;
	}
	memset(window, 0, sizeof(window));
	call->v->window = (struct guest_window){c.window, sizeof(window)};
	result = handler(&c);
	call->v->window.bytes = 0;
	return result;
}

void hypercall_vmmcall32(struct vcpu *v, struct cpu_regs *regs)
{
	struct hypercall call = {
		.v = v,
		.args = {(uint32_t)regs->rbx, (uint32_t)regs->rcx, (uint32_t)regs->rdx,
			 (uint32_t)regs->rsi, (uint32_t)regs->rdi, (uint32_t)regs->rbp},
	};
	int64_t result = run32(&call, (uint32_t)regs->rax);

	v->hypercall_count++;
	if (result == -XEN_ERESTART) {
		/* The instruction is run again; what has changed is its command's progress. */
		regs->rbx = (uint32_t)call.args[0];
		return;
	}
	regs->rip = (uint32_t)(regs->rip + VMMCALL_INSTRUCTION_BYTES);
	regs->rax = (uint32_t)result;
}
