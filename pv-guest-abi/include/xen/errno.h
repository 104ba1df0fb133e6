/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of the hypercall ABI: XEN_EPERM, XEN_EINVAL ... as positive constants.
 * A failing call answers with the negated number. The list stands in def/errno.def, which also
 * makes name tables; this header only turns it into constants.
 */
#ifndef XEN_ABI_ERRNO_H
#define XEN_ABI_ERRNO_H

enum xen_errno {
#define ERRNO(name, number) XEN_##name = number,
#define ERRNO_ALIAS(name, other) XEN_##name = XEN_##other,
#include "../../def/errno.def"
#undef ERRNO
};

#endif
