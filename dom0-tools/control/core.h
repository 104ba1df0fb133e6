/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory and registers of a domain as a file: an ELF core in the format that crash(8) and gdb
 * know for Xen guests.
 */
#ifndef CONTROL_CORE_H
#define CONTROL_CORE_H

#include "control/control.h"

#include <xen/base.h>

/* The domain is paused meanwhile. On failure no file stays. */
int control_domain_dump(struct control *control, domid_t domid, const char *path,
			struct report *report);

#endif
