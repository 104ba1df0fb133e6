/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real struct call_backend: Linux's /dev/xen/privcmd. Its context comes from privcmd_open(). */
#ifndef CALL_PRIVCMD_H
#define CALL_PRIVCMD_H

#include "call/call.h"

extern const struct call_backend privcmd_backend;

int privcmd_open(void **context);

#endif
