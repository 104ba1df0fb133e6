/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory as fault_copy_*() see it: pages a test mapped, anything else faults. A bit per byte
 * remembers what the present hypercall has read; reading it again gives inverted data, as if the
 * guest had changed it in between, and is counted.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/bitmap.h"
#include "lib/check.h"
#include "lib/mem.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/lock.h"

#include <xen/errno.h>

#define PAGES_MAX 1024

struct guest_page {
	uint64_t address;
	mfn_t mfn;
	bool writable;
	uint64_t was_read[PAGE_SIZE / 64];
};

static struct guest_page pages[PAGES_MAX];
static unsigned int page_count;
static unsigned int violations;
bool sim_smap_open;

static uint64_t last_address;

void sim_guest_reset(void)
{
	page_count = 0;
	violations = 0;
	last_address = 0;
}

static struct guest_page *find(uint64_t address)
{
	for (unsigned int i = 0; i < page_count; i++) {
		if (pages[i].address == (address & PAGE_MASK)) {
			return &pages[i];
		}
	}
	return NULL;
}

void sim_guest_map(uint64_t address, mfn_t m, bool writable)
{
	struct guest_page *page = find(address);

	if (!page) {
		assert(page_count < PAGES_MAX);
		page = &pages[page_count++];
	}
	memset(page, 0, sizeof(*page));
	page->address = address & PAGE_MASK;
	page->mfn = m;
	page->writable = writable;
}

void sim_guest_unmap(uint64_t address)
{
	struct guest_page *page = find(address);

	assert(page);
	*page = pages[--page_count];
}

void sim_hypercall_begin(void)
{
	for (unsigned int i = 0; i < page_count; i++) {
		memset(pages[i].was_read, 0, sizeof(pages[i].was_read));
	}
}

unsigned int sim_violations(void)
{
	return violations;
}

static size_t bytes_in_page(uint64_t address, size_t bytes)
{
	size_t rest = PAGE_SIZE - page_offset(address);

	return bytes < rest ? bytes : rest;
}

static void read_bytes(struct guest_page *page, uint64_t address, uint8_t *to, size_t bytes)
{
	const uint8_t *frame = frame_map(page->mfn);

	for (size_t i = 0; i < bytes; i++) {
		unsigned int offset = page_offset(address) + (unsigned int)i;

		to[i] = frame[offset];
		if (bitmap_test(page->was_read, offset)) {
			to[i] = (uint8_t)~to[i];
			violations++;
		}
		bitmap_set(page->was_read, offset);
	}
	frame_unmap(frame);
}

size_t fault_copy_in(void *to, uint64_t from, size_t bytes)
{
	uint8_t *target = to;

	assert(lock_none_held() && !sim_smap_open);
	while (bytes > 0) {
		struct guest_page *page = find(from);
		size_t step = bytes_in_page(from, bytes);

		if (sim_point_fails() || !page) {
			last_address = from;
			break;
		}
		read_bytes(page, from, target, step);
		target += step;
		from += step;
		bytes -= step;
	}
	return bytes;
}

size_t fault_copy_out(uint64_t to, const void *from, size_t bytes)
{
	const uint8_t *source = from;

	assert(lock_none_held() && !sim_smap_open);
	while (bytes > 0) {
		struct guest_page *page = find(to);
		size_t step = bytes_in_page(to, bytes);

		if (sim_point_fails() || !page || !page->writable) {
			last_address = to;
			break;
		}
		memcpy((uint8_t *)frame_map(page->mfn) + page_offset(to), source, step);
		source += step;
		to += step;
		bytes -= step;
	}
	return bytes;
}

uint64_t fault_last_address(void)
{
	return last_address;
}

void sim_guest_write(uint64_t address, const void *from, size_t bytes)
{
	const uint8_t *source = from;

	for (size_t i = 0; i < bytes; i++) {
		struct guest_page *page = find(address + i);

		assert(page);
		((uint8_t *)frame_map(page->mfn))[page_offset(address + i)] = source[i];
	}
}

void sim_guest_read(void *to, uint64_t address, size_t bytes)
{
	uint8_t *target = to;

	for (size_t i = 0; i < bytes; i++) {
		struct guest_page *page = find(address + i);

		assert(page);
		target[i] = ((const uint8_t *)frame_map(page->mfn))[page_offset(address + i)];
	}
}
