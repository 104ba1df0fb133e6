/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a vcpu of a PVH guest is set from outside. The first one gets its state by a context record
 * (hvm/context.c), others by INIT and SIPI.
 */
#include "hvm/hvm.h"

#include <xen/errno.h>

int hvm_set_context(struct vcpu *v unused_arg, const void *context unused_arg)
{
	return -XEN_EOPNOTSUPP;
}

void hvm_get_context(struct vcpu *v unused_arg, void *context unused_arg)
{
}

int hvm_reset_context(struct vcpu *v)
{
	hvm_reset_state(v);
	return 0;
}
