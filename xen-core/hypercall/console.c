/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_io: the control domain's console is the machine's. Output goes in pieces of 128 bytes,
 * each a unit of work; the arguments move on with them. Input is what the ring holds: one call
 * answers at most that much.
 */
#include "hypercall/call.h"

#include "domain/restart.h"
#include "lib/math.h"
#include "plat/console.h"

#include <xen/base.h>
#include <xen/errno.h>

#define PIECE 128U
#define READ_MAX 1024U

static int64_t console_write(struct hypercall *call)
{
	const struct domain *d = call->v->domain;
	uint64_t left = (uint32_t)call->args[1];
	uint64_t address = call->args[2];
	char text[PIECE];

	while (left != 0) {
		size_t length = min_u64(left, sizeof(text));

		if (guest_in(call->v, text, guest_ptr(address), length)) {
			return -XEN_EFAULT;
		}
		console_write_guest(d->id, d->is_hardware, text, length);
		address += length;
		left -= length;
		if (restart_wanted() && left != 0) {
			call->args[1] = left;
			call->args[2] = address;
			return -XEN_ERESTART;
		}
	}
	return 0;
}

static int64_t read_input(struct hypercall *call)
{
	uint64_t room = min_u64((uint32_t)call->args[1], READ_MAX);
	uint64_t done = 0;
	char text[PIECE];

	while (done < room) {
		size_t length = console_read(text, min_u64(room - done, sizeof(text)));

		if (length == 0) {
			break;
		}
		if (guest_out(call->v, guest_ptr(call->args[2] + done), text, length)) {
			return -XEN_EFAULT;
		}
		done += length;
	}
	return (int64_t)done;
}

int64_t hypercall_console_io(struct hypercall *call)
{
	int err = rights_check(call->v->domain, NULL, RIGHT_CONTROL);

	if (err) {
		return err;
	}
	switch (call->args[0]) {
	case CONSOLEIO_write:
		return console_write(call);
	case CONSOLEIO_read:
		return read_input(call);
	default:
		return -XEN_ENOSYS;
	}
}
