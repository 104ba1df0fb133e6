/* SPDX-License-Identifier: MIT */
/*
 * The console page: two byte rings. Indices run freely; the place in the buffer is the index
 * modulo its size. "in" is towards the guest.
 */
#ifndef XEN_ABI_IO_CONSOLE_H
#define XEN_ABI_IO_CONSOLE_H

#include "../assert.h"

#define XENCONS_IN_SIZE 1024
#define XENCONS_OUT_SIZE 2048

struct xencons_interface {
	char in[XENCONS_IN_SIZE];
	char out[XENCONS_OUT_SIZE];
	uint32_t in_cons;
	uint32_t in_prod;
	uint32_t out_cons;
	uint32_t out_prod;
};
XEN_ABI_SIZE(struct xencons_interface, 0xc10);
XEN_ABI_AT(struct xencons_interface, in_cons, 0xc00);
XEN_ABI_AT(struct xencons_interface, out_prod, 0xc0c);

#endif
