/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENPF_efi_runtime_call: the hardware domain's calls of firmware's runtime services. What firmware
 * gets and gives are copies in the core's memory; no address of a guest reaches it. A service that
 * fails is a call that succeeds, with firmware's status in the request; an error of the call means
 * the request made no sense, or that there are no such services.
 */
#include "hypercall/efi.h"

#include "hypercall/host_info.h"
#include "lib/math.h"
#include "mm/heap.h"

#include <xen/errno.h>

/* Longer names and data no firmware stores; what it is asked for may be shorter. */
#define NAME_BYTES 2048U
#define DATA_BYTES 65536U
#define EFI_SUCCESS 0UL
#define EFI_UNSUPPORTED (1UL << 63 | 3)
#define EFI_REVISION_2 (2U << 16) /* QueryVariableInfo is younger than 1.10 */

/* UEFI 2.10, 8.3: what GetTime says of the clock. */
struct time_capabilities {
	uint32_t resolution, accuracy;
	uint8_t sets_to_zero;
};

uint64_t (*efi_runtime_hook)(struct vcpu *v, enum efi_service service, const uint64_t args[5]);

static uint64_t place(const void *pointer)
{
	return (uint64_t)pointer;
}

#define CALL(v, service, ...) efi_runtime_hook(v, service, (const uint64_t[5]){__VA_ARGS__})

/* --- clocks ---------------------------------------------------------------------------------- */

static int get_time(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	struct time_capabilities can = {0};

	op->status = CALL(v, EFI_GET_TIME, place(&op->u.get_time.time), place(&can));
	op->u.get_time.resolution = can.resolution;
	op->u.get_time.accuracy = can.accuracy;
	op->misc = can.sets_to_zero ? XEN_EFI_GET_TIME_SET_CLEARS_NS : 0;
	return 0;
}

static int set_time(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	op->status = CALL(v, EFI_SET_TIME, place(&op->u.set_time));
	return 0;
}

static int get_wakeup_time(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	uint8_t enabled = 0, pending = 0;

	op->status = CALL(v, EFI_GET_WAKEUP_TIME, place(&enabled), place(&pending),
			  place(&op->u.get_wakeup_time));
	op->misc = (enabled ? XEN_EFI_GET_WAKEUP_TIME_ENABLED : 0) |
		   (pending ? XEN_EFI_GET_WAKEUP_TIME_PENDING : 0);
	return 0;
}

static int set_wakeup_time(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	bool keeps_time = op->misc & XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY;

	op->status = CALL(v, EFI_SET_WAKEUP_TIME, op->misc & XEN_EFI_SET_WAKEUP_TIME_ENABLE,
			  keeps_time ? 0 : place(&op->u.set_wakeup_time));
	return 0;
}

static int next_high_monotonic_count(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	op->status = CALL(v, EFI_NEXT_HIGH_MONOTONIC_COUNT, place(&op->misc));
	return 0;
}

/* --- variables ------------------------------------------------------------------------------- */

/* A name with its end; NAME_BYTES big, to be freed. */
static int name_in(struct vcpu *v, uint64_t at, uint16_t **name)
{
	*name = heap_alloc(NAME_BYTES);
	if (!*name) {
		return -XEN_ENOMEM;
	}
	for (unsigned int i = 0; i < NAME_BYTES / sizeof(**name); i++) {
		if (guest_in(v, *name + i, guest_ptr_at(guest_ptr(at), i, sizeof(**name)),
			     sizeof(**name))) {
			heap_free(*name);
			return -XEN_EFAULT;
		}
		if ((*name)[i] == 0) {
			return 0;
		}
	}
	heap_free(*name);
	return -XEN_E2BIG;
}

static int get_named(struct vcpu *v, struct xenpf_efi_runtime_call *op, const uint16_t *name)
{
	struct xenpf_efi_variable *variable = &op->u.get_variable;
	uint64_t room = variable->data ? min_u64(variable->size, DATA_BYTES) : 0;
	void *data = room ? heap_alloc(room) : NULL;
	int err = 0;

	if (room && !data) {
		return -XEN_ENOMEM;
	}
	variable->size = room;
	op->status = CALL(v, EFI_GET_VARIABLE, place(name), place(&variable->vendor_guid),
			  place(&op->misc), place(&variable->size), place(data));
	if (op->status == EFI_SUCCESS && data) {
		err = guest_out(v, guest_ptr(variable->data), data, min_u64(variable->size, room));
	}
	heap_free(data);
	return err;
}

static int set_named(struct vcpu *v, struct xenpf_efi_runtime_call *op, const uint16_t *name)
{
	struct xenpf_efi_variable *variable = &op->u.set_variable;
	void *data = NULL;
	int err = variable->size > DATA_BYTES ? -XEN_E2BIG : 0;

	if (!err && variable->size != 0) {
		data = heap_alloc(variable->size);
		err = data ? guest_in(v, data, guest_ptr(variable->data), variable->size)
			   : -XEN_ENOMEM;
	}
	if (!err) {
		op->status = CALL(v, EFI_SET_VARIABLE, place(name), place(&variable->vendor_guid),
				  op->misc, variable->size, place(data));
	}
	heap_free(data);
	return err;
}

/* get_variable and set_variable have one form. */
static int with_name(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	uint16_t *name;
	int err = name_in(v, op->u.get_variable.name, &name);

	if (err) {
		return err;
	}
	err = op->function == XEN_EFI_get_variable ? get_named(v, op, name)
						   : set_named(v, op, name);
	heap_free(name);
	return err;
}

/* The buffer holds the name before, and then the next. */
static int next_name(struct vcpu *v, struct xenpf_efi_runtime_call *op, uint16_t *name)
{
	struct guest_ptr at = guest_ptr(op->u.get_next_variable_name.name);
	uint64_t *size = &op->u.get_next_variable_name.size;
	uint64_t room = min_u64(*size, NAME_BYTES), length = 0;

	if (guest_in(v, name, at, room)) {
		return -XEN_EFAULT;
	}
	while (length < room / sizeof(*name) && name[length] != 0) {
		length++;
	}
	if (length == room / sizeof(*name)) {
		return -XEN_EINVAL;
	}
	*size = room;
	op->status = CALL(v, EFI_GET_NEXT_VARIABLE_NAME, place(size), place(name),
			  place(&op->u.get_next_variable_name.vendor_guid));
	return op->status == EFI_SUCCESS ? guest_out(v, at, name, min_u64(*size, room)) : 0;
}

static int get_next_variable_name(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	uint16_t *name = heap_alloc(NAME_BYTES);
	int err = name ? next_name(v, op, name) : -XEN_ENOMEM;

	heap_free(name);
	return err;
}

static int query_variable_info(struct vcpu *v, struct xenpf_efi_runtime_call *op)
{
	op->status = EFI_UNSUPPORTED;
	if (host_info->efi_revision >= EFI_REVISION_2) {
		op->status = CALL(v, EFI_QUERY_VARIABLE_INFO, op->u.query_variable_info.attr,
				  place(&op->u.query_variable_info.max_store_size),
				  place(&op->u.query_variable_info.remain_store_size),
				  place(&op->u.query_variable_info.max_size));
	}
	return 0;
}

static const struct efi_row {
	int (*run)(struct vcpu *v, struct xenpf_efi_runtime_call *op);
	uint32_t misc; /* bits the caller may give */
} rows[] = {
	[XEN_EFI_get_time] = {get_time, 0},
	[XEN_EFI_set_time] = {set_time, 0},
	[XEN_EFI_get_wakeup_time] = {get_wakeup_time, 0},
	[XEN_EFI_set_wakeup_time] = {set_wakeup_time, XEN_EFI_SET_WAKEUP_TIME_ENABLE |
						      XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY},
	[XEN_EFI_get_next_high_monotonic_count] = {next_high_monotonic_count, 0},
	[XEN_EFI_get_variable] = {with_name, 0},
	[XEN_EFI_set_variable] = {with_name, ~0U},
	[XEN_EFI_get_next_variable_name] = {get_next_variable_name, 0},
	[XEN_EFI_query_variable_info] = {query_variable_info, 0},
};

int platform_efi_call(struct vcpu *v, struct xen_platform_op *op)
{
	struct xenpf_efi_runtime_call *call = &op->u.efi_runtime_call;

	if (!efi_runtime_hook || call->function >= array_size(rows) || !rows[call->function].run) {
		return -XEN_ENOSYS;
	}
	return call->misc & ~rows[call->function].misc ? -XEN_EINVAL
						       : rows[call->function].run(v, call);
}
