/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a number a guest gave to a frame it owns. The translation may change at any moment; once the
 * reference is there, the frame is the domain's whatever became of the number.
 */
#include "domain/own_frame.h"

#include "domain/domain.h"
#include "domain/guest_ops.h"
#include "mm/frame.h"

#include <xen/errno.h>

int own_frame_get(struct domain *d, gfn_t g, struct frame **f)
{
	mfn_t m;

	if (d->ops->translate(d, g, &m) || !frame_is_valid(m) || !frame_get(frame_of(m), d->id)) {
		return -XEN_EINVAL;
	}
	*f = frame_of(m);
	return 0;
}

int own_frame_get_writable(struct domain *d, gfn_t g, struct frame **f)
{
	int err = own_frame_get(d, g, f);

	if (!err && d->ops->get_writable(d, *f)) {
		frame_put(*f);
		err = -XEN_EINVAL;
	}
	return err;
}

void own_frame_put_writable(struct domain *d, struct frame *f)
{
	d->ops->put_writable(d, f);
	frame_put(f);
}
