/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a program in dom0 to the hypervisor: /dev/xen/privcmd, opened once.
 *
 * struct call carries the calls of one thread. Everything of the tools that talks to the
 * hypervisor takes one, and a test hands in one whose struct call_backend is its own: the typed
 * wrappers (domain.h, host.h, memory.h, port.h, grant.h) are the same code in both cases.
 *
 * Errors are -errno: the hypervisor's numbers are Linux's for all it uses.
 *
 * Memory the hypervisor reads or writes must be resident while it does. It comes from an arena of
 * the struct call: pages of /dev/xen/hypercall, which the kernel never moves, or, without that
 * device, locked pages a child does not inherit. The arena is a stack: call_mark(), any number of
 * call_take(), call_release(mark).
 */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include <stddef.h>
#include <stdint.h>

#include <xen/base.h>

struct call;

#define CALL_PAGE_SIZE 4096U

/* What the kernel does for us. `context` is what was given to call_open_with(). */
struct call_backend {
	/* Returns the hypervisor's answer: negative ones are -errno. Pointers in args are
	 * addresses in this process. */
	int64_t (*hypercall)(void *context, uint64_t number, const uint64_t args[5]);

	/* Maps `count` frames of a domain (MFNs of a PV domain, GFNs of a translated one) side by
	 * side. prot as for mmap(). errors[i] is set to 0 or -errno for each frame; the call
	 * itself succeeds if a mapping of that size exists, whatever the frames did. */
	int (*map)(void *context, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
		   int *errors, void **at);

	/* Maps frames of a XENMEM_resource_*. -EOPNOTSUPP: the kernel or hypervisor cannot. */
	int (*map_resource)(void *context, domid_t domid, uint32_t type, uint32_t id,
			    uint32_t first, size_t count, int prot, void **at);

	int (*unmap)(void *context, void *at, size_t count);

	/* An arena chunk: zeroed, page aligned, resident. */
	int (*buffer)(void *context, size_t size, void **at);
	void (*unbuffer)(void *context, void *at, size_t size);

	void (*close)(void *context);
};

/* Opens privcmd. -ENOENT, -ENODEV or -ENOTTY: this kernel does not run on the hypervisor; -EACCES,
 * -EPERM: not root. On success *call is the caller's, until call_close(). */
int call_open(struct call **call);

/* A struct call on a backend of one's own. backend must outlive it. */
int call_open_with(const struct call_backend *backend, void *context, struct call **call);

void call_close(struct call *call); /* NULL: nothing */

/* A process forked from the opener must not use its parent's struct call (arena pages are not
 * inherited); it opens its own. */

/* One hypercall. */
int64_t call_hypercall(struct call *call, uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
		       uint64_t a4, uint64_t a5);

/* The arena. call_take() returns zeroed memory aligned to 64 bytes, or NULL; it stays valid until
 * call_release() of a mark made before it. */
size_t call_mark(const struct call *call);
void *call_take(struct call *call, size_t size);
void call_release(struct call *call, size_t mark);

/* The number by which the hypervisor sees a pointer of ours. */
static inline uint64_t call_handle(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* --- foreign memory ---------------------------------------------------------------------------
 * call_map() maps all frames or none: the error of the first frame that could not be mapped is
 * returned, its index in *bad (unless bad is NULL). call_map_some() maps what can be mapped;
 * errors[] has one entry per frame, touching a frame whose error is not 0 is a SIGBUS. */
int call_map(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
	     void **at, size_t *bad);
int call_map_some(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
		  int *errors, void **at);
int call_map_resource(struct call *call, domid_t domid, uint32_t type, uint32_t id, uint32_t first,
		      size_t count, int prot, void **at);
void call_unmap(struct call *call, void *at, size_t count); /* NULL: nothing */

#endif
