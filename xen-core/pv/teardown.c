/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page tables of a dying domain. In this order: what its vcpus hold (unfinished tables and
 * roots), then each frame's pin, and validations that stopped half way and that nobody will go on
 * with. As linear tables are refused no cycle of tables keeps itself alive, so nothing is left
 * typed as a table then. The frames' allocation references are memory_relinquish()'s.
 *
 * The domain's list is walked by moving each frame done with to its end: others may take frames
 * off the list meanwhile.
 */
#include "pv/mmu.h"

#include "pv/pv.h"
#include "pv/update.h"

#include "domain/restart.h"

#define FRAMES_PER_UNIT 8U

int pv_translate(struct domain *d unused_arg, gfn_t g, mfn_t *m)
{
	if (!frame_is_valid(mfn(g.n))) {
		return -XEN_EINVAL;
	}
	*m = mfn(g.n);
	return 0;
}

static int drop_root(struct domain *d, mfn_t *root)
{
	int err;

	if (mfn_is_none(*root)) {
		return 0;
	}
	err = pv_root_put(d, *root);
	if (!err) {
		*root = MFN_NONE;
	}
	return err;
}

static int drop_roots(struct domain *d)
{
	struct vcpu *v;
	int err;

	for_each_vcpu(d, v) {
		if (!v->pv) {
			continue;
		}
		err = pv_finish_table(v);
		err = err ? err : drop_root(d, &v->pv->kernel_root);
		err = err ? err : drop_root(d, &v->pv->user_root);
		if (err) {
			return err;
		}
	}
	return 0;
}

/* *slow if there was more to it than a look. */
static int release_frame(struct domain *d, struct frame *f, bool *slow)
{
	uint32_t word = atomic_read(&f->type);
	int err;

	*slow = (word & (TYPE_PINNED | TYPE_PARTIAL)) != 0;
	if (word & TYPE_PINNED) {
		err = pv_type_unpin(d, f);
		if (err == -XEN_ERESTART) {
			return err;
		}
		word = atomic_read(&f->type);
	}
	return word & TYPE_PARTIAL ? pv_type_abandon(d, f) : 0;
}

/* The first of the list, with a reference; NULL: the list is empty. */
static struct frame *first_frame(struct domain *d)
{
	struct frame *f;

	spin_lock(&d->memory_lock);
	f = frame_list_first(&d->frames);
	if (f && !frame_get_again(f)) {
		f = NULL;
	}
	spin_unlock(&d->memory_lock);
	return f;
}

static void move_to_end(struct domain *d, struct frame *f)
{
	spin_lock(&d->memory_lock);
	if (frame_list_first(&d->frames) == f) {
		frame_list_remove(&d->frames, f);
		frame_list_add(&d->frames, f);
	}
	spin_unlock(&d->memory_lock);
}

static int release_frames(struct domain *d)
{
	uint64_t *left = &d->pv->teardown_left;
	unsigned int done = 0;

	while (*left > 1) {
		struct frame *f = first_frame(d);
		bool slow;
		int err;

		if (!f) {
			break;
		}
		err = release_frame(d, f, &slow);
		if (!err) {
			move_to_end(d, f);
			(*left)--;
		}
		frame_put(f);
		if (err) {
			return err;
		}
		done++;
		if (*left > 1 && ((slow && restart_is_late()) ||
				  (done % FRAMES_PER_UNIT == 0 && restart_wanted()))) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

int pv_mmu_teardown(struct domain *d)
{
	int err = drop_roots(d);

	if (err) {
		return err;
	}
	if (d->pv->teardown_left == 0) {
		d->pv->teardown_left = d->frames.count + 1;
	}
	return release_frames(d);
}
