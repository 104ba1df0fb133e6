/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between dispatch.c and multicall.c: how a call says that it has no result.
 */
#ifndef HYPERCALL_DISPATCH_H
#define HYPERCALL_DISPATCH_H

#include "hypercall/call.h"

/* The call has loaded all the guest's registers itself (iret): nothing is to be stored in rax, and
 * a multicall ends there. No call has this as its result. */
#define CALL_LOADED_REGISTERS (-86L)

#endif
