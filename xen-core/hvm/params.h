/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameters of a translated domain (xen/hvm_params.h): who may set and read which, which can
 * be set once only. Most are only kept: places of pages the toolstack and the guest tell each
 * other. What a new value means to the core the caller does (hypercall/hvm.c).
 */
#ifndef HVM_PARAMS_H
#define HVM_PARAMS_H

#include "lib/types.h"

#include <xen/hvm_params.h>

struct hvm_params {
	uint64_t value[HVM_NR_PARAMS]; /* (a) */
};

void hvm_params_init(struct hvm_params *p);
/* by_itself: the domain asks, not who controls it. -XEN_EINVAL: no such parameter, or not that
 * value; -XEN_EPERM; -XEN_EEXIST: set already. */
int must_check hvm_params_set(struct hvm_params *p, bool by_itself, uint32_t index, uint64_t value);
int must_check hvm_params_get(const struct hvm_params *p, bool by_itself, uint32_t index,
			      uint64_t *value);

/* The vector of a level-triggered callback (CALLBACK_IRQ of type vector); 0: none. */
uint8_t hvm_params_callback_vector(const struct hvm_params *p);

#endif
