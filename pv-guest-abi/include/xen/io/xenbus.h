/* SPDX-License-Identifier: MIT */
/*
 * States of a split device's two halves, as decimal text in the "state" key of each.
 */
#ifndef XEN_ABI_IO_XENBUS_H
#define XEN_ABI_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,
	XenbusStateInitialising = 1,
	XenbusStateInitWait = 2,
	XenbusStateInitialised = 3,
	XenbusStateConnected = 4,
	XenbusStateClosing = 5,
	XenbusStateClosed = 6,
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8,
};

#endif
