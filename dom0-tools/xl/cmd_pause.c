/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl pause: the domain keeps everything but gets no CPU; xl unpause ends what that or xl create -p
 * began.
 */
#include "xl/xl.h"

#include "control/life.h"

int cmd_pause(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 1, &domid, &status)) {
		return status;
	}
	return xl_end(xl, control_domain_pause(xl->control, domid, &xl->report));
}

int cmd_unpause(struct xl *xl, int argc, char **argv)
{
	domid_t domid;
	int status;

	if (!xl_begin_domain(xl, argc, argv, NULL, 1, &domid, &status)) {
		return status;
	}
	return xl_end(xl, control_domain_unpause(xl->control, domid, &xl->report));
}
