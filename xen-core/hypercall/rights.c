/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what to whom: the whole access policy, as one function (docs/hypercalls.md has the
 * right of each call). There is no other: what is not allowed here is refused.
 */
#include "hypercall/call.h"

#include <xen/base.h>
#include <xen/errno.h>

struct domain *call_target(struct hypercall *call, uint16_t domid)
{
	return domid == DOMID_SELF ? call->v->domain : domain_find(domid);
}

static bool is_allowed(const struct domain *caller, const struct domain *target, enum right right)
{
	switch (right) {
	case RIGHT_ANY:
		return true;
	case RIGHT_TARGET:
		return target && (caller == target || domain_controls(caller, target));
	case RIGHT_DM:
		return target && domain_controls(caller, target);
	case RIGHT_CONTROL:
		return caller->is_control;
	case RIGHT_HARDWARE:
		return caller->is_hardware;
	case RIGHT_XENSTORE:
		return caller->is_control || caller->is_xenstore || caller == target;
	}
	return false;
}

int rights_check(const struct domain *caller, const struct domain *target, enum right right)
{
	return is_allowed(caller, target, right) ? 0 : -XEN_EPERM;
}

int call_find(struct hypercall *call, uint16_t domid, enum right right, struct domain **d)
{
	*d = call_target(call, domid);
	return *d ? rights_check(call->v->domain, *d, right) : -XEN_ESRCH;
}
