/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvm_op from and for paravirtual domains: they have no HVM parameters, and the other operations
 * concern hardware they do not emulate.
 */
#include "hypercall/call.h"

#include <xen/errno.h>
#include <xen/hvm_op.h>

/* The same for every domain that could be named: nothing is looked at. */
int64_t hypercall_hvm_op(struct hypercall *call)
{
	switch (call->args[0]) {
	case HVMOP_set_param:
	case HVMOP_get_param:
		return -XEN_EINVAL;
	default:
		return -XEN_ENOSYS;
	}
}
