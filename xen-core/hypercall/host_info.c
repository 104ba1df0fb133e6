/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where init/ leaves what it found out about the host; see host_info.h. */
#include "hypercall/host_info.h"

const struct host_info *host_info;
