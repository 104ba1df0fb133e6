/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of calls in one: each entry's result goes into the entry, and a failing one does not stop
 * the rest. Arguments are the array and the number of entries; both move on with each entry done,
 * so the list is restarted between any two of them. An entry that restarts itself is rewritten in
 * guest memory with its new arguments and runs again as the first of the rest.
 *
 * A list in a list is refused, which bounds the recursion; iret as an entry ends the list.
 */
#include "hypercall/dispatch.h"

#include "domain/guest_words.h"
#include "domain/restart.h"
#include "lib/mem.h"

#include <xen/base.h>
#include <xen/errno.h>

/* The result is not read. direct: guest_is_direct() holds for the whole list. */
static inline bool read_entry(struct vcpu *v, uint64_t address, bool direct, uint64_t *op,
			      uint64_t *args)
{
	uint64_t at = address + offsetof(struct multicall_entry, args);
	bool read;

	if (!direct) {
		struct multicall_entry entry;

		if (guest_in(v, &entry, guest_ptr(address), sizeof(entry))) {
			return false;
		}
		memcpy(args, entry.args, sizeof(entry.args));
		*op = entry.op;
		return true;
	}
	smap_open();
	read = fault_load_word(address + offsetof(struct multicall_entry, op), op) &&
	       fault_load_word(at, &args[0]) && fault_load_word(at + 8, &args[1]) &&
	       fault_load_word(at + 16, &args[2]) && fault_load_word(at + 24, &args[3]) &&
	       fault_load_word(at + 32, &args[4]) && fault_load_word(at + 40, &args[5]);
	smap_close();
	return read;
}

static inline bool write_result(struct vcpu *v, uint64_t address, bool direct, int64_t result)
{
	uint64_t at = address + offsetof(struct multicall_entry, result);

	bool written;

	if (!direct) {
		return guest_out(v, guest_ptr(at), &result, sizeof(result)) == 0;
	}
	smap_open();
	written = fault_store_word(at, 0, (uint64_t)result);
	smap_close();
	return written;
}

static int64_t rewrite_entry(struct hypercall *outer, uint64_t address,
			     const struct hypercall *call)
{
	struct guest_ptr args = guest_ptr(address + offsetof(struct multicall_entry, args));

	return guest_out(outer->v, args, call->args, sizeof(call->args)) ? -XEN_EFAULT
									 : -XEN_ERESTART;
}

/* Calls that may run some thousand instructions without asking for a restart: a list of them must
 * not become a long stay. */
#define DEAR_UNITS 8
#define BIT(call) (1UL << __HYPERVISOR_##call)
static const uint64_t dear_calls = BIT(set_trap_table) | BIT(set_gdt) | BIT(platform_op) |
				   BIT(vcpu_op) | BIT(event_channel_op) | BIT(sysctl) |
				   BIT(domctl);

/* 0: go on with the next entry. */
static inline int64_t do_entry(struct hypercall *outer, uint64_t address, bool direct)
{
	struct hypercall call;
	int64_t result = -XEN_EINVAL;
	uint64_t op;

	call.v = outer->v;
	if (!read_entry(outer->v, address, direct, &op, call.args)) {
		return -XEN_EFAULT;
	}
	if (__builtin_expect(op != __HYPERVISOR_multicall, 1)) {
		result = hypercall_run(&call, op);
		if (__builtin_expect(dear_calls >> (op & 63) & 1, 0)) {
			restart_spend(DEAR_UNITS);
		}
	}
	if (__builtin_expect(result == -XEN_ERESTART, 0)) {
		return rewrite_entry(outer, address, &call);
	}
	if (__builtin_expect(result == CALL_LOADED_REGISTERS, 0)) {
		return CALL_LOADED_REGISTERS;
	}
	return write_result(outer->v, address, direct, result) ? 0 : -XEN_EFAULT;
}

int64_t hypercall_multicall(struct hypercall *call)
{
	uint64_t address = call->args[0];
	uint32_t left = (uint32_t)call->args[1];
	bool direct = guest_is_direct(call->v, guest_ptr(address), left,
				      sizeof(struct multicall_entry));
	int64_t end = 0;

	while (left != 0) {
		end = do_entry(call, address, direct);
		if (end) {
			break;
		}
		address += sizeof(struct multicall_entry);
		left--;
		if (restart_wanted() && left != 0) {
			end = -XEN_ERESTART;
			break;
		}
	}
	call->args[0] = address;
	call->args[1] = left;
	return end;
}
