/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts: VIRQ_<name>, made from def/virq.def. Some are per vcpu, the others belong
 * to one domain each and are bound on vcpu 0.
 */
#ifndef XEN_ABI_VIRQ_H
#define XEN_ABI_VIRQ_H

enum xen_virq {
#define VIRQ(nr, name, scope) VIRQ_##name = nr,
#include "../../def/virq.def"
#undef VIRQ
	VIRQ_MCA = VIRQ_ARCH_0,
};

#define NR_VIRQS 24

#endif
