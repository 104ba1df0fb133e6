/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuid= of a configuration, made a new domain's. */
#ifndef CONTROL_CPUID_H
#define CONTROL_CPUID_H

#include "config/vm_config.h"
#include "control/control.h"

#include <xen/domctl.h>

/* Before the domain has run. What the host or the hypervisor cannot do stays off, as with
 * upstream's tools; a leaf the hypervisor refuses is an error that names it. */
int control_cpuid_apply(struct control *control, domid_t domid, const struct vm_config *config,
			struct report *report);

#endif
