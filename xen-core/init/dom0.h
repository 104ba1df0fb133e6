/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dom0.c shares with those that build one kind of domain 0.
 */
#ifndef INIT_DOM0_H
#define INIT_DOM0_H

#include "init/dom0_image.h"

#include "domain/domain.h"

struct boot_module;

struct dom0 {
	struct domain *d; /* without memory yet; its vcpus exist */
	struct dom0_image image;
	struct boot_module *kernel, *initrd; /* initrd: NULL if there is none */
	uint64_t pages; /* it is to have */
};

/* Give it its memory and vcpu 0 its state, or refuse. */
void dom0_build_pv(const struct dom0 *from);
void dom0_build_pvh(const struct dom0 *from);

void noreturn_fn dom0_refuse(const char *what, const char *why);

#endif
