/* SPDX-License-Identifier: MIT */
/*
 * Feature bits of XENVER_get_features and of the kernel's ELF notes: XENFEAT_<name>, made from
 * def/feature.def.
 */
#ifndef XEN_ABI_FEATURES_H
#define XEN_ABI_FEATURES_H

enum xen_feature {
#define FEATURE(nr, name) XENFEAT_##name = nr,
#include "../../def/feature.def"
#undef FEATURE
};

#define XENFEAT_NR_SUBMAPS 1

#endif
