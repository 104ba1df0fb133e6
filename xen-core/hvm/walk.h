/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a translated guest's virtual address to its physical one, by the guest's own page tables, as
 * its CPU would: Intel SDM 3A 4.3 to 4.7, AMD APM 2 5.3 to 5.6. And copies by virtual address.
 */
#ifndef HVM_WALK_H
#define HVM_WALK_H

#include "x86/addr.h"

struct domain;

/* What decides how an address is translated. */
struct walk_mode {
	uint64_t cr0, cr3, cr4, efer;
	uint64_t rflags;
};

#define WALK_WRITE (1U << 0)
#define WALK_FETCH (1U << 1)
#define WALK_USER (1U << 2)     /* by a program: CPL 3 */
#define WALK_IMPLICIT (1U << 3) /* by the system for itself: SMAP heeds no AC */
#define WALK_NO_SMAP (1U << 4)  /* by the core on the guest's request: SMAP is not asked */

struct walk_fault {
	uint64_t address; /* for CR2 */
	uint32_t error;   /* of the page fault */
};

/* True: *physical is where it lies, and accessed and dirty bits are set as for the access. False:
 * *fault is the page fault. Tables lie in the domain's own RAM; others count as not present. */
bool must_check walk(struct domain *d, const struct walk_mode *mode, gva_t address,
		     unsigned int access, uint64_t *physical, struct walk_fault *fault);

/* Copies; bytes not copied, and then *fault says why (error 0 with P clear: no memory there). */
size_t must_check walk_copy_in(struct domain *d, const struct walk_mode *mode, void *to, gva_t from,
			       size_t bytes, unsigned int access, struct walk_fault *fault);
size_t must_check walk_copy_out(struct domain *d, const struct walk_mode *mode, gva_t to,
				const void *from, size_t bytes, unsigned int access,
				struct walk_fault *fault);

/* Physical memory of the guest, which need not be contiguous in the machine. */
size_t must_check walk_physical_in(struct domain *d, void *to, uint64_t from, size_t bytes);
size_t must_check walk_physical_out(struct domain *d, uint64_t to, const void *from, size_t bytes);

#endif
