/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory for the builder: see plan.h.
 *
 * Large extents first: one call then gives 2 GiB instead of 16 MiB. The hypervisor may have no
 * large frames left, or refuse them to us; what is missing then comes page by page.
 */
#include "guest/plan.h"

#include "call/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_ORDER 9
#define LARGE_PAGES (1UL << LARGE_ORDER)
#define CHUNK (32UL << 20)
#define BATCH 65536UL

int run_failed(const struct run *run, int err, const char *what)
{
	report_error(run->report, -err, "domain %u: %s", run->domid, what);
	return err;
}

/* `count` extents from `first`. *pages: how many pages it gave, all from the start on. */
static int populate_extents(const struct run *run, uint64_t first, uint64_t count,
			    unsigned int order, xen_pfn_t *frames, uint64_t *pages)
{
	uint64_t size = 1UL << order;
	size_t done;
	int err;

	for (uint64_t i = 0; i < count; i++) {
		frames[i] = first + i * size;
	}
	err = call_memory_populate(run->call, run->domid, frames, count, order, 0, &done);
	for (uint64_t i = 0; run->p2m && i < done; i++) {
		for (uint64_t j = 0; j < size; j++) {
			run->p2m[first + i * size + j] = frames[i] + j;
		}
	}
	*pages = done * size;
	return err;
}

static int populate_batch(const struct run *run, uint64_t first, uint64_t count, xen_pfn_t *frames)
{
	uint64_t given = 0;
	int err = 0;

	if (first % LARGE_PAGES == 0 && count >= LARGE_PAGES) {
		populate_extents(run, first, count / LARGE_PAGES, LARGE_ORDER, frames, &given);
	}
	if (given < count) {
		uint64_t more;

		err = populate_extents(run, first + given, count - given, 0, frames, &more);
		given += more;
	}
	run->result->pages += given;
	return err;
}

int run_populate(const struct run *run, uint64_t first, uint64_t count)
{
	xen_pfn_t *frames = calloc(count < BATCH ? count : BATCH, sizeof(*frames));
	int err = frames ? 0 : -ENOMEM;

	for (uint64_t at = 0; !err && at < count; at += BATCH) {
		uint64_t batch = count - at < BATCH ? count - at : BATCH;

		err = populate_batch(run, first + at, batch, frames);
	}
	free(frames);
	if (err) {
		run_failed(run, err, "giving it memory");
		report_why(run->report, "%s after %" PRIu64 " of %" PRIu64 " MiB", strerror(-err),
			   run->result->pages / 256, run->build->pages / 256);
		report_next(run->report, "free memory on the host: shrink dom0 (xl mem-set 0 "
					 "SIZE) or another domain");
	}
	return err;
}

/* --- mapping -----------------------------------------------------------------------------------
 */
int run_map(const struct run *run, uint64_t first, uint64_t count, void **at)
{
	xen_pfn_t *frames = calloc(count, sizeof(*frames));
	int err = -ENOMEM;

	if (frames) {
		for (uint64_t i = 0; i < count; i++) {
			frames[i] = run->p2m ? run->p2m[first + i] : first + i;
		}
		err = call_map(run->call, run->domid, frames, count, PROT_READ | PROT_WRITE, at,
			       NULL);
	}
	free(frames);
	return err ? run_failed(run, err, "mapping its memory") : 0;
}

void run_unmap(const struct run *run, void *at, uint64_t count)
{
	call_unmap(run->call, at, count);
}

int run_zero(const struct run *run, uint64_t pfn)
{
	void *at = NULL;
	int err = run_map(run, pfn, 1, &at);

	if (!err) {
		memset(at, 0, CALL_PAGE_SIZE);
		run_unmap(run, at, 1);
	}
	return err;
}

static int load_chunk(const struct run *run, uint64_t address, uint64_t size,
		      const struct image *file, uint64_t offset, uint64_t file_size,
		      const char *name)
{
	uint64_t first = address / CALL_PAGE_SIZE;
	uint64_t count = (address + size - 1) / CALL_PAGE_SIZE - first + 1;
	void *mapped = NULL;
	uint8_t *at;
	int err = run_map(run, first, count, &mapped);

	if (err) {
		return err;
	}
	at = (uint8_t *)mapped + address % CALL_PAGE_SIZE;
	err = file_size ? image_read(file, offset, at, file_size) : 0;
	memset(at + file_size, 0, size - file_size);
	run_unmap(run, mapped, count);
	if (err) {
		report_error(run->report, -err, "reading '%s'", name);
		if (err == -ENODATA) {
			report_why(run->report, "it became shorter while it was read");
		}
	}
	return err;
}

int run_load(const struct run *run, uint64_t address, uint64_t size, const struct image *file,
	     uint64_t offset, uint64_t file_size, const char *name)
{
	while (size) {
		uint64_t step = CHUNK - address % CHUNK;
		uint64_t from_file;
		int err;

		step = step < size ? step : size;
		from_file = step < file_size ? step : file_size;
		err = load_chunk(run, address, step, file, offset, from_file, name);
		if (err) {
			return err;
		}
		address += step;
		size -= step;
		offset += from_file;
		file_size -= from_file;
	}
	return 0;
}

int run_load_segments(const struct run *run, uint64_t paddr_offset)
{
	const struct build *build = run->build;
	int err = 0;

	for (unsigned int i = 0; !err && i < build->kernel.segment_count; i++) {
		const struct kernel_segment *segment = &build->kernel.segments[i];

		err = run_load(run, segment->paddr - paddr_offset, segment->size, &build->image,
			       segment->offset, segment->file_size, build->kernel_path);
	}
	return err;
}

int run_load_ramdisk(const struct run *run, uint64_t address)
{
	const struct build *build = run->build;
	uint64_t size = build->ramdisk.size;
	uint64_t padded = (size + CALL_PAGE_SIZE - 1) / CALL_PAGE_SIZE * CALL_PAGE_SIZE;

	if (!size) {
		return 0;
	}
	return run_load(run, address, padded, &build->ramdisk, 0, size, build->ramdisk_path);
}
