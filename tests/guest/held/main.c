/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a domain destroyed while another maps its page stays, dying and with that one frame,
 * until the other lets go; that the page can be read all that time; and that it then goes for good.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/errno.h>

static const char *note = "left by the child";
static char *page;

static void child(void)
{
	for (;;) {
	}
}

static int64_t look(uint32_t domid, struct xen_domctl *op)
{
	int64_t err;

	memset(op, 0, sizeof(*op));
	op->cmd = XEN_DOMCTL_getdomaininfo;
	op->domain = (domid_t)domid;
	err = domctl(op);
	return err ? err : op->domain == domid ? 0 : -XEN_ESRCH;
}

static bool is_gone(uint32_t domid)
{
	struct xen_domctl op;

	for (unsigned int i = 0; i < 100; i++) {
		if (look(domid, &op) == -XEN_ESRCH) {
			return true;
		}
		sleep_ns(1000000);
	}
	return false;
}

void guest_test(void)
{
	char *view = page_alloc();
	uint64_t home = mfn_of(view);
	struct xen_domctl info;
	struct child one;

	page = page_alloc();
	memcpy(page, note, strlen(note) + 1);
	claim_equal("a_child_is_built", child_build(&one, child), 0);
	claim_equal("its_page_is_mapped", child_map(&one, page, view), 0);
	claim_equal("it_is_destroyed", domain_destroy(one.domid), 0);
	sleep_ns(20000000);
	claim_equal("it_is_still_there", look(one.domid, &info), 0);
	claim(info.u.getdomaininfo.flags & XEN_DOMINF_dying, "and_dying");
	claim_equal("with_the_one_frame_that_is_held", info.u.getdomaininfo.tot_pages, 1);
	claim(memcmp(view, note, strlen(note) + 1) == 0, "which_can_still_be_read");
	claim_equal("destroying_it_again_changes_nothing", domain_destroy(one.domid), 0);
	claim_equal("the_page_is_let_go", remap(view, home, PTE_RW), 0);
	claim(is_gone(one.domid), "then_it_is_gone");
}
