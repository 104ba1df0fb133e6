/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads dom0's kernel file (Linux Documentation/x86/boot.rst for the bzImage header). The payload's
 * unpacked size is its last four bytes, as Linux' build puts it there.
 */
#include "init/dom0_image.h"

#include "lib/inflate.h"
#include "lib/lz4.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "lib/xz.h"
#include "lib/zstd.h"
#include "mm/heap.h"

#include <xen/errno.h>

#define SETUP_SECTORS 0x1f1
#define SETUP_MAGIC 0x202
#define SETUP_VERSION 0x206
#define SETUP_PAYLOAD_OFFSET 0x248
#define SETUP_PAYLOAD_LENGTH 0x24c
#define SETUP_BYTES 0x250
#define UNPACKED_MAX GIB(1)

struct payload {
	const uint8_t *data;
	size_t bytes;
};

static uint32_t read_u32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static bool is_bzimage(const uint8_t *file, size_t bytes)
{
	return bytes >= SETUP_BYTES && memcmp(file + SETUP_MAGIC, "HdrS", 4) == 0;
}

static int find_payload(const uint8_t *file, size_t bytes, struct payload *payload,
			const char **why)
{
	uint64_t sectors = file[SETUP_SECTORS] ? file[SETUP_SECTORS] : 4;
	uint64_t start = (sectors + 1) * 512 + read_u32(file + SETUP_PAYLOAD_OFFSET);
	uint64_t length = read_u32(file + SETUP_PAYLOAD_LENGTH);

	if ((read_u32(file + SETUP_VERSION) & 0xffff) < 0x208) {
		*why = "the bzImage is older than boot protocol 2.08";
		return -XEN_EINVAL;
	}
	if (length < 8 || start > bytes || length > bytes - start) {
		*why = "the bzImage is truncated: its payload reaches beyond the file";
		return -XEN_EINVAL;
	}
	*payload = (struct payload){file + start, length};
	return 0;
}

static int unpack_xz(void *workspace, const struct payload *in, void *out, size_t size,
		     size_t *written, const char **why)
{
	return xz_decode(workspace, in->data, in->bytes - 4, out, size, written, why);
}

static int unpack_gzip(void *workspace, const struct payload *in, void *out, size_t size,
		       size_t *written, const char **why)
{
	return inflate_gzip(workspace, in->data, in->bytes, out, size, written, why);
}

static int unpack_zstd(void *workspace, const struct payload *in, void *out, size_t size,
		       size_t *written, const char **why)
{
	return zstd_decode(workspace, in->data, in->bytes - 4, out, size, written, why);
}

static int unpack_lz4(void *workspace unused_arg, const struct payload *in, void *out, size_t size,
		      size_t *written, const char **why)
{
	return lz4_decode(in->data, in->bytes - 4, out, size, written, why);
}

/* Linux puts the unpacked size behind the payload, as four bytes; gzip does so itself. */
static const struct packing {
	uint8_t magic[6];
	uint8_t magic_bytes;
	size_t workspace_bytes;
	int (*unpack)(void *workspace, const struct payload *in, void *out, size_t size,
		      size_t *written, const char **why);
} packings[] = {
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, sizeof(struct xz_workspace), unpack_xz},
	{{0x1f, 0x8b}, 2, sizeof(struct inflate_workspace), unpack_gzip},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, sizeof(struct zstd_workspace), unpack_zstd},
	{{0x02, 0x21, 0x4c, 0x18}, 4, PAGE_SIZE, unpack_lz4},
};

static const struct packing *find_packing(const struct payload *in)
{
	for (unsigned int i = 0; i < array_size(packings); i++) {
		if (memcmp(in->data, packings[i].magic, packings[i].magic_bytes) == 0) {
			return &packings[i];
		}
	}
	return NULL;
}

static int unpack(struct dom0_image *image, const struct payload *in, size_t *written,
		  const char **why)
{
	const struct packing *packing = find_packing(in);
	size_t size = read_u32(in->data + in->bytes - 4);
	unsigned int order;
	void *workspace;
	int err;

	if (!packing) {
		*why = "the kernel is packed with none of xz, gzip, zstd and lz4";
		return -XEN_EINVAL;
	}
	if (size == 0 || size > UNPACKED_MAX) {
		*why = "the kernel's unpacked size is not believable";
		return -XEN_EINVAL;
	}
	order = order_of(div_round_up(packing->workspace_bytes, PAGE_SIZE));
	workspace = heap_alloc_pages(order);
	image->unpacked_order = order_of(div_round_up(size, PAGE_SIZE));
	image->unpacked = workspace ? heap_alloc_pages(image->unpacked_order) : NULL;
	if (image->unpacked) {
		err = packing->unpack(workspace, in, image->unpacked, size, written, why);
	} else {
		*why = "no memory to unpack the kernel";
		err = -XEN_ENOMEM;
	}
	if (workspace) {
		heap_free_pages(workspace, order);
	}
	return err;
}

static int open_elf(struct dom0_image *image, const void *data, size_t bytes, const char **why)
{
	int err = elf_open(&image->elf, data, bytes, why);

	if (!err) {
		err = elf_xen_notes_parse(&image->elf, &image->notes, why);
	}
	if (err == -XEN_ENOENT) {
		*why = "the kernel has no Xen notes: it is no paravirtual kernel";
	}
	return err;
}

int dom0_image_open(struct dom0_image *image, const void *file, size_t bytes, const char **why)
{
	struct payload payload = {file, bytes};
	size_t unpacked = 0;
	int err;

	memset(image, 0, sizeof(*image));
	if (is_bzimage(file, bytes)) {
		err = find_payload(file, bytes, &payload, why);
		if (err) {
			return err;
		}
	}
	if (payload.bytes < 64) {
		*why = "the kernel file is too short";
		return -XEN_EINVAL;
	}
	if (elf_class_of(payload.data, payload.bytes) != ELF_CLASS_NONE) {
		return open_elf(image, payload.data, payload.bytes, why);
	}
	err = unpack(image, &payload, &unpacked, why);
	err = err ? err : open_elf(image, image->unpacked, unpacked, why);
	if (err) {
		dom0_image_close(image);
	}
	return err;
}

void dom0_image_close(struct dom0_image *image)
{
	if (image->unpacked) {
		heap_free_pages(image->unpacked, image->unpacked_order);
		image->unpacked = NULL;
	}
}
