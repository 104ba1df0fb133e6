/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way to touch guest memory by guest address. Each byte is read once per hypercall: copy
 * a structure in, check the copy, use the copy. Addresses in the hypervisor's range and faults
 * give -XEN_EFAULT. No lock may be held. v must be the loaded vcpu.
 */
#ifndef DOMAIN_GUEST_H
#define DOMAIN_GUEST_H

#include "lib/types.h"

struct vcpu;

struct guest_ptr {
	uint64_t address;
};

static inline struct guest_ptr guest_ptr(uint64_t address)
{
	return (struct guest_ptr){address};
}

static inline bool guest_ptr_is_null(struct guest_ptr p)
{
	return p.address == 0;
}

/* Element index of an array of elements that big; wraps are caught by the range check. */
static inline struct guest_ptr guest_ptr_at(struct guest_ptr p, uint64_t index, size_t element)
{
	return guest_ptr(p.address + index * element);
}

/*
 * Core memory that a translated guest's call takes for guest memory at GUEST_WINDOW, an address no
 * guest has: struct vcpu.window, set while a call of 32-bit code lasts (hypercall/compat32.c).
 */
#define GUEST_WINDOW 0x7fff000000000000UL

struct guest_window {
	uint8_t *memory;
	uint32_t bytes; /* 0: there is none */
};

int must_check guest_in(struct vcpu *v, void *to, struct guest_ptr from, size_t bytes);
int must_check guest_out(struct vcpu *v, struct guest_ptr to, const void *from, size_t bytes);
/* Zeroes guest memory. */
int must_check guest_clear(struct vcpu *v, struct guest_ptr to, size_t bytes);

#endif
