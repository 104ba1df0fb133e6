/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-table hypercalls: mmu_update, mmuext_op, update_va_mapping and its relative.
 *
 * mmu_update and mmuext_op take (array, count, *done, domid). They stop at the first error; *done
 * counts the requests completed. On restart the array pointer and count in the arguments move on,
 * bit 31 of the count tells the next round that *done holds what was completed so far, and it
 * is read back. A request whose old page tables are still being taken apart counts as completed;
 * the call does not return before that is finished, hence a round may come with a count of 0.
 *
 * mmu_update's domid: bits 0-15 name the owner of the frames mapped, bits 16-31 that of the tables
 * plus 1 (0: the caller).
 */
#include "hypercall/call.h"

#include "pv/mmuext.h"
#include "pv/pv.h"
#include "pv/pte_rules.h"
#include "pv/update.h"
#include "pv/va.h"

#include "domain/guest_ops.h"
#include "domain/restart.h"

#include <xen/base.h>
#include <xen/errno.h>

#define COUNT_CONTINUED (1U << 31)

#define UPDATE_COMMANDS 3UL
#define UPDATES_PER_UNIT 4U
/* Requests copied in at once; they never cross a page, so either all or none can be read. */
#define UPDATES_BATCH 16U

/* What both batched calls do with their arguments. */
struct batch {
	struct vcpu *v;
	uint64_t address; /* of the next request */
	uint32_t count;   /* left */
	uint32_t done;
	struct guest_ptr done_out;
	size_t request_bytes;
};

static int batch_begin(struct batch *b, struct hypercall *call, size_t request_bytes)
{
	uint32_t count = (uint32_t)call->args[1];

	*b = (struct batch){
		.v = call->v,
		.address = call->args[0],
		.count = count & ~COUNT_CONTINUED,
		.done_out = guest_ptr(call->args[2]),
		.request_bytes = request_bytes,
	};
	if ((count & COUNT_CONTINUED) && !guest_ptr_is_null(b->done_out)) {
		return guest_in(b->v, &b->done, b->done_out, sizeof(b->done));
	}
	return 0;
}

static void batch_advance(struct batch *b)
{
	b->address += b->request_bytes;
	b->count--;
	b->done++;
}

/* Reports progress on every way out. */
static int64_t batch_end(struct batch *b, struct hypercall *call, int err)
{
	if (!err && b->v->pv && b->v->pv->unfinished) {
		err = pv_finish_table(b->v);
	}
	if (!guest_ptr_is_null(b->done_out) &&
	    guest_out(b->v, b->done_out, &b->done, sizeof(b->done)) &&
	    (!err || err == -XEN_ERESTART)) {
		return -XEN_EFAULT;
	}
	if (err == -XEN_ERESTART) {
		call->args[0] = b->address;
		call->args[1] = b->count | COUNT_CONTINUED;
	}
	return err;
}

/* A frame owner: *d is NULL for DOMID_IO and DOMID_XEN, which have no domain. */
static int find_owner(struct domain *caller, uint16_t id, struct domain **d, uint16_t *owner_id)
{
	*d = NULL;
	*owner_id = id;
	if (id == DOMID_SELF) {
		*d = caller;
		*owner_id = caller->id;
		return 0;
	}
	if (id == DOMID_IO) {
		return 0;
	}
	if (id == DOMID_XEN) {
		return caller->is_control ? 0 : -XEN_EPERM;
	}
	if (id == caller->id) {
		return -XEN_ESRCH;
	}
	*d = domain_find(id);
	return *d ? rights_check(caller, *d, RIGHT_TARGET) : -XEN_ESRCH;
}

static int find_tables(struct domain *caller, uint32_t domid, struct domain **tables)
{
	uint32_t id = domid >> 16;
	int err;

	*tables = caller;
	if (id != 0 && id - 1 != caller->id) {
		*tables = domain_find((uint16_t)(id - 1));
		if (!*tables) {
			return -XEN_ESRCH;
		}
		err = rights_check(caller, *tables, RIGHT_TARGET);
		if (err) {
			return err;
		}
	}
	return (*tables)->is_pv ? 0 : -XEN_EINVAL;
}

static int update_m2p(const struct pv_mapping *map, maddr_t at, uint64_t pfn)
{
	mfn_t m = maddr_to_mfn(at);
	struct frame *f;

	if (map->tables != map->caller) {
		return -XEN_EPERM;
	}
	if (!map->counts_writable || !frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	if (!pv_frame_get(f, map->owner_id)) {
		return -XEN_EINVAL;
	}
	m2p_set(m, pfn);
	pv_frame_put(f);
	return 0;
}

/* For a translated owner the entry names one of its own frame numbers. */
static int translate(const struct pv_mapping *map, pte_t *pte)
{
	mfn_t m;
	int err = map->owner->ops->translate(map->owner, gfn(pte_mfn(*pte).n), &m);

	if (!err) {
		*pte = pte_make(m, pte_flags(*pte));
	}
	return err;
}

static int update_one(struct vcpu *v, const struct pv_mapping *map,
		      const struct mmu_update *request, bool *upper)
{
	uint64_t command = request->ptr & UPDATE_COMMANDS;
	maddr_t at = maddr(request->ptr & ~(sizeof(pte_t) - 1));
	pte_t new = pte_raw(request->val);
	int err;

	if (request->ptr & sizeof(uint32_t)) {
		return -XEN_ENOSYS;
	}
	if (command == MMU_MACHPHYS_UPDATE) {
		return update_m2p(map, at, request->val);
	}
	if (pte_is_present(new) && map->owner != map->tables && map->owner &&
	    domain_is_dying(map->owner)) {
		return -XEN_EBUSY;
	}
	if (!map->counts_writable && pte_is_present(new) && command != MMU_PT_UPDATE_NO_TRANSLATE) {
		err = translate(map, &new);
		if (err) {
			return err;
		}
	}
	return pv_entry_update(v, map, at, new, command == MMU_PT_UPDATE_PRESERVE_AD, upper);
}

/* Copies in as many requests as lie in one page, at least one. */
static int read_requests(const struct batch *b, struct mmu_update *requests, uint32_t *count)
{
	uint32_t room = ((uint32_t)PAGE_SIZE - page_offset(b->address)) / sizeof(*requests);

	*count = b->count < UPDATES_BATCH ? b->count : UPDATES_BATCH;
	if (*count > room) {
		*count = room ? room : 1;
	}
	return guest_in(b->v, requests, guest_ptr(b->address), *count * sizeof(*requests));
}

static int update_all(struct batch *b, const struct pv_mapping *map, bool *upper)
{
	struct mmu_update requests[UPDATES_BATCH];
	uint32_t count;
	int err;

	while (b->count) {
		err = read_requests(b, requests, &count);
		if (err) {
			return err;
		}
		for (uint32_t i = 0; i < count; i++) {
			if (b->v->pv->unfinished) {
				err = pv_finish_table(b->v);
			}
			err = err ? err : update_one(b->v, map, &requests[i], upper);
			if (err) {
				return err;
			}
			batch_advance(b);
			if (b->count && ((*upper && restart_is_late()) ||
					 (b->done % UPDATES_PER_UNIT == 0 && restart_wanted()))) {
				return -XEN_ERESTART;
			}
		}
	}
	return 0;
}

int64_t hypercall_mmu_update(struct hypercall *call)
{
	struct domain *caller = call->v->domain;
	uint32_t domid = (uint32_t)call->args[3];
	struct domain *owner = NULL;
	struct domain *tables = NULL;
	struct pv_mapping map;
	bool upper = false;
	uint16_t owner_id;
	struct batch b;
	int err;

	if (!caller->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	err = batch_begin(&b, call, sizeof(struct mmu_update));
	if (err) {
		return err;
	}
	err = find_tables(caller, domid, &tables);
	err = err ? err : find_owner(caller, (uint16_t)domid, &owner, &owner_id);
	if (!err) {
		pv_mapping_init(&map, caller, tables, owner, owner_id);
		err = update_all(&b, &map, &upper);
	}
	if (upper) {
		tlb_flush_cpus(&tables->dirty_cpus);
	}
	return batch_end(&b, call, err);
}

static int mmuext_all(struct batch *b, struct domain *owner)
{
	struct vcpu *v = b->v;
	struct mmuext_op op;
	int err = 0;

	while (b->count) {
		err = guest_in(v, &op, guest_ptr(b->address), sizeof(op));
		if (!err && v->pv && v->pv->unfinished) {
			err = pv_finish_table(v);
		}
		err = err ? err : pv_mmuext(v, owner, &op);
		if (err) {
			return err;
		}
		batch_advance(b);
		/* Pins and unpins, the first commands, may take most of a stay each. */
		if (b->count && (restart_wanted() ||
				 (op.cmd <= MMUEXT_UNPIN_TABLE && restart_is_late()))) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

int64_t hypercall_mmuext_op(struct hypercall *call)
{
	struct domain *owner = NULL;
	uint16_t owner_id;
	struct batch b;
	int err = batch_begin(&b, call, sizeof(struct mmuext_op));

	if (err) {
		return err;
	}
	err = find_owner(call->v->domain, (uint16_t)call->args[3], &owner, &owner_id);
	if (!err && (!owner || !owner->is_pv)) {
		err = -XEN_EINVAL;
	}
	err = err ? err : mmuext_all(&b, owner);
	return batch_end(&b, call, err);
}

static int64_t update_va(struct hypercall *call, struct domain *owner, uint16_t owner_id)
{
	struct vcpu *v = call->v;
	struct pv_write write = {.new = pte_raw(call->args[1]), .mode = PV_WRITE_STORE};
	struct pv_mapping map;
	struct frame *table;
	pte_t *slot;
	int err;

	pv_mapping_init(&map, v->domain, v->domain, owner, owner_id);
	if (!map.counts_writable && pte_is_present(write.new)) {
		err = translate(&map, &write.new);
		if (err) {
			return err;
		}
	}
	err = pv_va_find(v->pv->kernel_root, call->args[0], &table, &slot);
	if (!err) {
		err = pv_l1_write(&map, table, slot, &write);
	}
	if (err || !call->args[2]) {
		return err;
	}
	return pv_flush_va(v, call->args[0], call->args[2]);
}

int64_t hypercall_update_va_mapping(struct hypercall *call)
{
	struct domain *d = call->v->domain;

	return d->is_pv ? update_va(call, d, d->id) : -XEN_EOPNOTSUPP;
}

int64_t hypercall_update_va_mapping_otherdomain(struct hypercall *call)
{
	struct domain *d = call->v->domain;
	struct domain *owner;
	uint16_t owner_id;
	int err;

	if (!d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	err = find_owner(d, (uint16_t)call->args[3], &owner, &owner_id);
	if (!err && owner && owner != d && domain_is_dying(owner)) {
		err = -XEN_EBUSY;
	}
	return err ? err : update_va(call, owner, owner_id);
}
