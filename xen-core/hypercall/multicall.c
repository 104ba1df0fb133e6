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

#include "domain/restart.h"

#include <xen/base.h>
#include <xen/errno.h>

static int64_t run_entry(struct hypercall *outer, const struct multicall_entry *entry,
			 struct hypercall *call)
{
	if (entry->op == __HYPERVISOR_multicall) {
		return -XEN_EINVAL;
	}
	call->v = outer->v;
	for (unsigned int i = 0; i < array_size(call->args); i++) {
		call->args[i] = entry->args[i];
	}
	return hypercall_run(call, entry->op);
}

static int64_t rewrite_entry(struct hypercall *outer, uint64_t address,
			     const struct hypercall *call)
{
	struct guest_ptr args = guest_ptr(address + offsetof(struct multicall_entry, args));

	return guest_out(outer->v, args, call->args, sizeof(call->args)) ? -XEN_EFAULT
									 : -XEN_ERESTART;
}

/* 0: go on with the next entry. */
static int64_t do_entry(struct hypercall *outer, uint64_t address)
{
	struct multicall_entry entry;
	struct hypercall call;
	int64_t result;

	if (guest_in(outer->v, &entry, guest_ptr(address), sizeof(entry))) {
		return -XEN_EFAULT;
	}
	result = run_entry(outer, &entry, &call);
	if (__builtin_expect(result == -XEN_ERESTART, 0)) {
		return rewrite_entry(outer, address, &call);
	}
	if (__builtin_expect(result == CALL_LOADED_REGISTERS, 0)) {
		return CALL_LOADED_REGISTERS;
	}
	if (guest_out(outer->v, guest_ptr(address + offsetof(struct multicall_entry, result)),
		      &result, sizeof(result))) {
		return -XEN_EFAULT;
	}
	return 0;
}

int64_t hypercall_multicall(struct hypercall *call)
{
	uint64_t address = call->args[0];
	uint32_t left = (uint32_t)call->args[1];
	int64_t end = 0;

	while (left != 0) {
		end = do_entry(call, address);
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
