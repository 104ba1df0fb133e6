/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory by guest virtual address. For a PV guest, whose page tables also hold the core's
 * mappings, an address is good when the whole range lies in the lower half or above the
 * hypervisor's range: that excludes the core, non-canonical addresses and wrapping around in two
 * comparisons. What is not mapped, or not writable, shows by the copy faulting.
 */
#include "domain/guest.h"

#include "domain/guest_ops.h"
#include "domain/vcpu.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/fault.h"

#include <xen/errno.h>

#define LOWER_HALF_END (1UL << 47)

static bool range_is_guests(const struct vcpu *v, uint64_t address, size_t bytes)
{
	uint64_t end;

	if (!checked_add(address, bytes, &end)) {
		return false;
	}
	return !v->domain->is_pv || end <= LOWER_HALF_END || address >= HYPERVISOR_END;
}

/* NULL: not in the window. */
static uint8_t *in_window(const struct vcpu *v, uint64_t address, size_t bytes)
{
	uint64_t offset = address - GUEST_WINDOW;

	if (__builtin_expect(v->window.bytes == 0, 1) || offset >= v->window.bytes ||
	    bytes > v->window.bytes - offset) {
		return NULL;
	}
	return v->window.memory + offset;
}

static size_t translated_in(struct vcpu *v, void *to, uint64_t from, size_t bytes)
{
	const uint8_t *window = in_window(v, from, bytes);

	if (!window) {
		return v->domain->ops->copy_in(v, to, from, bytes);
	}
	memcpy(to, window, bytes);
	return 0;
}

static size_t translated_out(struct vcpu *v, uint64_t to, const void *from, size_t bytes)
{
	uint8_t *window = in_window(v, to, bytes);

	if (!window) {
		return v->domain->ops->copy_out(v, to, from, bytes);
	}
	memcpy(window, from, bytes);
	return 0;
}

int guest_in(struct vcpu *v, void *to, struct guest_ptr from, size_t bytes)
{
	size_t left;

	if (!range_is_guests(v, from.address, bytes)) {
		return -XEN_EFAULT;
	}
	left = v->domain->is_pv ? fault_copy_in(to, from.address, bytes)
				: translated_in(v, to, from.address, bytes);
	return left ? -XEN_EFAULT : 0;
}

int guest_out(struct vcpu *v, struct guest_ptr to, const void *from, size_t bytes)
{
	size_t left;

	if (!range_is_guests(v, to.address, bytes)) {
		return -XEN_EFAULT;
	}
	left = v->domain->is_pv ? fault_copy_out(to.address, from, bytes)
				: translated_out(v, to.address, from, bytes);
	return left ? -XEN_EFAULT : 0;
}

int guest_clear(struct vcpu *v, struct guest_ptr to, size_t bytes)
{
	static const uint8_t zeroes[256];

	while (bytes) {
		size_t chunk = bytes < sizeof(zeroes) ? bytes : sizeof(zeroes);
		int err = guest_out(v, to, zeroes, chunk);

		if (err) {
			return err;
		}
		to.address += chunk;
		bytes -= chunk;
	}
	return 0;
}
