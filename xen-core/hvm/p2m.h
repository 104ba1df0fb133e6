/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands at each guest frame number of a translated guest. The nested page tables are the only
 * copy: hvm/npt.h lays the entries out, bits the hardware ignores carry the kind.
 *
 * Entries hold no references, but for foreign ones (foreign.c). A frame of the domain's own lives
 * by its allocation reference, and whoever drops that removes the entry first; a granted frame by
 * its mapping's. A removed entry may be cached by CPUs that run the guest: p2m_flush() before the
 * frame can mean something else to the guest; freed frames are flushed by the allocator as any
 * (mm/buddy.h).
 *
 * Changes are made under p2m->lock. Reading takes no lock: an entry is read once, and tables are
 * not freed before the domain is.
 */
#ifndef HVM_P2M_H
#define HVM_P2M_H

#include "machine/lock.h"
#include "x86/addr.h"

struct domain;
struct frame;

enum p2m_kind {
	P2M_HOLE,
	P2M_RAM,      /* the domain's frame, read-write-execute */
	P2M_RAM_RO,   /* of which writes are dropped */
	P2M_GRANT,    /* another domain's frame, mapped by grant */
	P2M_GRANT_RO,
	P2M_SHARED,   /* the core's: shared_info, grant table frames */
	P2M_FOREIGN,  /* another domain's frame, mapped by who controls it */
	P2M_FOREIGN_RO,
	P2M_MMIO,     /* device memory, which the domain was given; uncached */
};

static inline bool p2m_is_foreign(enum p2m_kind kind)
{
	return kind == P2M_FOREIGN || kind == P2M_FOREIGN_RO;
}

struct p2m {
	struct spinlock lock;
	mfn_t root;
	uint64_t tables;  /* (l) frames of tables, the root among them */
	uint64_t gfn_end; /* (l) highest frame number ever set, plus 1 */
	uint64_t generation; /* (a) moves when an entry that was present changes */
	uint64_t foreign; /* (l) foreign entries */
	uint64_t swept;   /* by the dying domain's teardown: no foreign entry below */
};

struct p2m_entry {
	mfn_t mfn; /* of this very gfn, also inside a large entry */
	enum p2m_kind kind;
	unsigned int order; /* of the entry that says so: 0, 9, 18 */
};

/* Guest frame numbers end here: 48 bits of address, four levels. */
#define P2M_GFN_END (1UL << 36)

int must_check p2m_create(struct p2m *p2m);
/* Frees all tables; entries' frames are not touched. */
void p2m_destroy(struct p2m *p2m);
/* Frees some of them; true when done: then p2m_destroy() is quick. */
bool must_check p2m_shrink(struct p2m *p2m);

/* No lock. A hole has mfn MFN_NONE. */
void p2m_get(const struct p2m *p2m, gfn_t g, struct p2m_entry *entry);

/* A reference to d's own frame at g: RAM, or shared with the core; writable: what may be written.
 * -XEN_EINVAL if there is none. */
int must_check p2m_frame_get(struct domain *d, gfn_t g, bool writable, struct frame **f);

/* Sets the 2^order entries from g on (aligned) to first, +1...; splits or uses large entries as it
 * goes. What stood there is forgotten: the caller has dealt with it. -XEN_ENOMEM: holes;
 * -XEN_EINVAL: beyond the end; -XEN_EBUSY: a foreign entry came, holes around it. */
int must_check p2m_set_locked(struct p2m *p2m, gfn_t g, mfn_t first, unsigned int order,
			      enum p2m_kind kind);
/* The same for one entry that must be a hole; -XEN_EBUSY: it is none. */
int must_check p2m_fill_locked(struct p2m *p2m, gfn_t g, mfn_t m, enum p2m_kind kind);
/* Makes g a hole if it maps m; false: it does not, nothing changed. -XEN_ENOMEM by splitting. */
int must_check p2m_remove_locked(struct p2m *p2m, gfn_t g, mfn_t m, bool *removed);

/* foreign.c. What a foreign entry for owner's frame g is to be, with the references it holds;
 * -XEN_EINVAL: no frame that can be mapped so. */
int must_check p2m_foreign_get(struct domain *owner, gfn_t g, struct p2m_entry *entry);
/* Drops what it held. It has left the p2m, and the CPUs that may cache it are flushed. */
void p2m_foreign_put(const struct p2m_entry *entry);
/* Makes g a hole if it is foreign, and true: the references are the caller's then. *entry: what
 * stood there in any case. */
bool must_check p2m_foreign_take(struct p2m *p2m, gfn_t g, struct p2m_entry *entry);
/* Takes and drops all, of a domain that will not run again. -XEN_ERESTART: call again. */
int must_check p2m_foreign_teardown(struct p2m *p2m);

/* Prints what stands where, runs of frames as one line each, cut after some. */
void p2m_dump(struct domain *d, void (*print)(const char *format, ...));

/* CPUs running d forget what they cached; no lock held but those above "tlb". */
void p2m_flush(struct domain *d);

#endif
