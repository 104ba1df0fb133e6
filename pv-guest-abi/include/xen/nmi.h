/* SPDX-License-Identifier: MIT */
/*
 * nmi_op, and the reasons for an NMI shown in shared_info.arch.nmi_reason.
 */
#ifndef XEN_ABI_NMI_H
#define XEN_ABI_NMI_H

#include "base.h"

#define XENNMI_register_callback 0
#define XENNMI_unregister_callback 1

#define XEN_NMIREASON_io_error (1UL << 0)
#define XEN_NMIREASON_pci_serr (1UL << 1)
#define XEN_NMIREASON_unknown (1UL << 2)

struct xennmi_callback {
	uint64_t handler_address;
	uint64_t pad;
};
XEN_ABI_SIZE(struct xennmi_callback, 16);

#endif
