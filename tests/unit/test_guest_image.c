/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening kernel files: every packer, damaged and hostile files, and the cache of unpacked images,
 * which may be slow, full, wrong or somebody else's, but never changes what is built.
 */
#include "guest/cache.h"
#include "guest/image.h"
#include "guest/kernel.h"
#include "guest/unpack.h"
#include "unit/fake_kernel.h"
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <lzma.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

static char folder[] = "/tmp/test_guest_image.XXXXXX";
static char path[64];
static char cache[64];
static struct fake_kernel kernel;
static struct report report;

/* --- making files --------------------------------------------------------------------------------
 */
struct packed {
	uint8_t data[64 << 10];
	size_t size;
};

static void pack_gzip(struct packed *to, const void *data, size_t size)
{
	z_stream stream = {0};

	deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)size;
	stream.next_out = to->data;
	stream.avail_out = sizeof(to->data);
	deflate(&stream, Z_FINISH);
	to->size = stream.total_out;
	deflateEnd(&stream);
}

static void pack_xz(struct packed *to, const void *data, size_t size)
{
	to->size = 0;
	lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, data, size, to->data, &to->size,
				sizeof(to->data));
}

static void pack_lzma(struct packed *to, const void *data, size_t size)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	lzma_lzma_preset(&options, 6);
	if (lzma_alone_encoder(&stream, &options) != LZMA_OK) {
		abort();
	}
	stream.next_in = data;
	stream.avail_in = size;
	stream.next_out = to->data;
	stream.avail_out = sizeof(to->data);
	if (lzma_code(&stream, LZMA_FINISH) != LZMA_STREAM_END) {
		abort();
	}
	to->size = stream.total_out;
	lzma_end(&stream);
}

static void pack_zstd(struct packed *to, const void *data, size_t size)
{
	to->size = ZSTD_compress(to->data, sizeof(to->data), data, size, 3);
}

static void pack_lz4(struct packed *to, const void *data, size_t size)
{
	int got = LZ4_compress_default(data, (char *)to->data + 8, (int)size, sizeof(to->data) - 8);
	uint32_t length = (uint32_t)got;

	memcpy(to->data, "\x02\x21\x4c\x18", 4);
	memcpy(to->data + 4, &length, 4);
	to->size = length + 8;
}

static const struct {
	const char *name;
	void (*pack)(struct packed *to, const void *data, size_t size);
} packers[] = {
	{"gzip", pack_gzip}, {"xz", pack_xz},   {"lzma", pack_lzma},
	{"zstd", pack_zstd}, {"lz4", pack_lz4},
};
#define PACKER_COUNT (sizeof(packers) / sizeof(packers[0]))

/* A bzImage: five sectors of setup, then the payload and its size, as Linux's build makes it. */
static void save_bzimage(const struct packed *payload)
{
	static uint8_t file[128 << 10];
	const uint32_t offset = 0x2cc;
	const uint32_t length = (uint32_t)payload->size + 4;
	const uint32_t unpacked = sizeof(kernel.file);
	const size_t start = 5 * 512 + offset;

	memset(file, 0, sizeof(file));
	file[0x1f1] = 4;
	memcpy(file + 0x202, "HdrS\x0f\x02", 6);
	memcpy(file + 0x248, &offset, 4);
	memcpy(file + 0x24c, &length, 4);
	memcpy(file + start, payload->data, payload->size);
	memcpy(file + start + payload->size, &unpacked, 4);
	fake_file_write(path, file, start + payload->size + 4 + 100);
}

static void begin(void)
{
	report = (struct report){0};
	fake_kernel_linux(&kernel);
}

static bool holds_kernel(const struct image *image)
{
	static uint8_t got[sizeof(kernel.file)];

	return image->size == sizeof(got) && !image_read(image, 0, got, sizeof(got)) &&
	       !memcmp(got, kernel.file, sizeof(got));
}

static bool said(const char *text)
{
	char *all = NULL;
	size_t size;
	FILE *to = open_memstream(&all, &size);
	bool found;

	report_print(&report, "test", true, to);
	fclose(to);
	found = strstr(all, text) != NULL;
	if (!found) {
		printf("    wanted: %s\n    got: %s", text, all);
	}
	free(all);
	report_clear(&report);
	return found;
}

static unsigned int images_kept(void)
{
	DIR *stream = opendir(cache);
	const struct dirent *entry;
	unsigned int count = 0;

	while (stream && (entry = readdir(stream))) {
		count += strstr(entry->d_name, ".image") != NULL;
	}
	if (stream) {
		closedir(stream);
	}
	return count;
}

static void empty_cache(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", cache);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Times of files advance by steps; what was written within one is not kept. */
static void settle(void)
{
	usleep(60000);
}

/* --- packers -------------------------------------------------------------------------------------
 */
static void every_packer_is_undone(void)
{
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct packed packed;
		struct image image;

		begin();
		packers[i].pack(&packed, kernel.file, sizeof(kernel.file));
		save_bzimage(&packed);
		CU_ASSERT_EQUAL_FATAL(image_open(path, NULL, &image, &report), 0);
		CU_ASSERT_TRUE(holds_kernel(&image));
		image_close(&image);
		fake_file_write(path, packed.data, packed.size);
		CU_ASSERT_EQUAL_FATAL(image_open(path, NULL, &image, &report), 0);
		CU_ASSERT_TRUE(holds_kernel(&image));
		image_close(&image);
	}
}

static void a_plain_elf_file_is_taken_as_it_is(void)
{
	struct packed packed;
	struct image image;

	begin();
	fake_file_write(path, kernel.file, sizeof(kernel.file));
	CU_ASSERT_EQUAL_FATAL(image_open(path, NULL, &image, &report), 0);
	CU_ASSERT_TRUE(holds_kernel(&image));
	image_close(&image);
	memcpy(packed.data, kernel.file, sizeof(kernel.file));
	packed.size = sizeof(kernel.file) - 4;
	save_bzimage(&packed);
	CU_ASSERT_EQUAL_FATAL(image_open(path, NULL, &image, &report), 0);
	CU_ASSERT_EQUAL(image.size, sizeof(kernel.file));
	image_close(&image);
}

static void truncated_data_is_refused_at_every_length(void)
{
	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct packed packed;

		begin();
		packers[i].pack(&packed, kernel.file, sizeof(kernel.file));
		for (size_t size = 16; size + 8 < packed.size; size += 37) {
			/* A copy of that size, so that a read beyond it is seen. */
			uint8_t *exact = malloc(size);
			const char *why = NULL;
			uint64_t written;
			int fd = memfd_create("out", 0);

			memcpy(exact, packed.data, size);
			CU_ASSERT_EQUAL(unpack(unpack_detect(exact, size), exact, size, fd,
					       IMAGE_LIMIT, &written, &why),
					-EBADMSG);
			CU_ASSERT_PTR_NOT_NULL(why);
			close(fd);
			free(exact);
		}
	}
}

static void damaged_data_never_does_more_than_fail(void)
{
	unsigned int seed = 1;

	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct packed packed;

		begin();
		packers[i].pack(&packed, kernel.file, sizeof(kernel.file));
		for (int round = 0; round < 200; round++) {
			struct packed broken = packed;
			const char *why;
			uint64_t written;
			int fd = memfd_create("out", 0);
			size_t at = 6 + (size_t)rand_r(&seed) % (packed.size - 6);

			broken.data[at] ^= (uint8_t)(1 + rand_r(&seed) % 255);
			unpack(unpack_detect(broken.data, broken.size), broken.data, broken.size,
			       fd, 1 << 20, &written, &why);
			CU_ASSERT_TRUE(written <= 1 << 20);
			close(fd);
		}
	}
}

static void a_bomb_is_stopped_at_the_limit(void)
{
	static uint8_t zeroes[1 << 20];

	for (size_t i = 0; i < PACKER_COUNT; i++) {
		struct packed packed;
		const char *why = NULL;
		uint64_t written;
		int fd = memfd_create("out", 0);

		packers[i].pack(&packed, zeroes, sizeof(zeroes));
		CU_ASSERT_EQUAL(unpack(unpack_detect(packed.data, packed.size), packed.data,
				       packed.size, fd, 1000, &written, &why),
				-EFBIG);
		CU_ASSERT_TRUE(written <= 1000);
		CU_ASSERT_STRING_EQUAL(why, "it unpacks to more than a kernel can have");
		close(fd);
	}
}

static void packers_we_do_not_have_are_named(void)
{
	struct packed packed = {.data = "BZh91AY&SY and so on", .size = 1000};
	struct image image;

	begin();
	save_bzimage(&packed);
	CU_ASSERT_EQUAL(image_open(path, NULL, &image, &report), -EOPNOTSUPP);
	CU_ASSERT_TRUE(said("(bzip2): packed in a format that is not supported"));
}

static void a_truncated_bzimage_is_named(void)
{
	struct packed packed;
	struct image image;

	begin();
	pack_xz(&packed, kernel.file, sizeof(kernel.file));
	save_bzimage(&packed);
	CU_ASSERT_EQUAL(truncate(path, 4000), 0);
	CU_ASSERT_EQUAL(image_open(path, NULL, &image, &report), -ENOEXEC);
	CU_ASSERT_TRUE(said("': the bzImage is truncated"));
	packed.data[packed.size / 2] ^= 1;
	save_bzimage(&packed);
	CU_ASSERT_EQUAL(image_open(path, NULL, &image, &report), -EBADMSG);
	CU_ASSERT_TRUE(said("(xz): the xz data is damaged"));
}

/* --- the cache -----------------------------------------------------------------------------------
 */
static void open_cached(bool wanted_kernel)
{
	struct image image;

	CU_ASSERT_EQUAL_FATAL(image_open(path, cache, &image, &report), 0);
	CU_ASSERT_EQUAL(holds_kernel(&image), wanted_kernel);
	image_close(&image);
	report_clear(&report);
}

static void save_packed(void)
{
	struct packed packed;

	pack_gzip(&packed, kernel.file, sizeof(kernel.file));
	save_bzimage(&packed);
}

/* The one image that is kept. */
static int open_image(int flags)
{
	DIR *stream = opendir(cache);
	const struct dirent *entry;
	int fd = -1;

	while (stream && (entry = readdir(stream))) {
		if (strstr(entry->d_name, ".image")) {
			fd = openat(dirfd(stream), entry->d_name, flags);
		}
	}
	if (stream) {
		closedir(stream);
	}
	return fd;
}

static void the_second_time_nothing_is_unpacked(void)
{
	begin();
	empty_cache();
	save_packed();
	settle();
	open_cached(true);
	CU_ASSERT_EQUAL(images_kept(), 1);
	/* Seen by changing what is kept: it is what comes back. */
	int fd = open_image(O_WRONLY);
	CU_ASSERT_EQUAL(pwrite(fd, "changed", 7, 0x2000), 7);
	close(fd);
	open_cached(false);
	CU_ASSERT_EQUAL(images_kept(), 1);
}

static void a_changed_file_is_another_one(void)
{
	begin();
	empty_cache();
	save_packed();
	settle();
	open_cached(true);
	kernel.file[0x2000] ^= 1;
	save_packed();
	open_cached(true);
	settle();
	open_cached(true);
	CU_ASSERT_EQUAL(images_kept(), 2);
}

static void a_file_that_changed_meanwhile_is_not_kept(void)
{
	struct stat source;

	begin();
	empty_cache();
	save_packed();
	int source_fd = open(path, O_RDONLY);
	CU_ASSERT_EQUAL(fstat(source_fd, &source), 0);
	int directory = cache_open(cache);
	int fd = cache_begin(directory);
	CU_ASSERT_EQUAL(ftruncate(fd, 100), 0);
	CU_ASSERT_EQUAL(truncate(path, 5000), 0);
	settle();
	CU_ASSERT_EQUAL(cache_commit(directory, fd, 100, source_fd, &source, CACHE_LIMIT), -EBUSY);
	CU_ASSERT_EQUAL(images_kept(), 0);
	close(fd);
	close(directory);
	close(source_fd);
}

static void an_incomplete_image_is_thrown_away(void)
{
	begin();
	empty_cache();
	save_packed();
	settle();
	open_cached(true);
	int fd = open_image(O_RDWR);
	CU_ASSERT_EQUAL(ftruncate(fd, 1000), 0);
	close(fd);
	open_cached(true);
	fd = open_image(O_RDWR);
	struct stat status;
	CU_ASSERT_EQUAL(fstat(fd, &status), 0);
	CU_ASSERT_EQUAL(status.st_size, sizeof(kernel.file) + 72);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	close(fd);
	open_cached(true);
}

static void what_others_may_write_is_not_trusted(void)
{
	begin();
	empty_cache();
	save_packed();
	settle();
	open_cached(true);
	int fd = open_image(O_WRONLY);
	CU_ASSERT_EQUAL(pwrite(fd, "changed", 7, 0x2000), 7);
	CU_ASSERT_EQUAL(fchmod(fd, 0622), 0);
	close(fd);
	open_cached(true);
	CU_ASSERT_EQUAL(chmod(cache, 0777), 0);
	fd = open_image(O_WRONLY);
	CU_ASSERT_EQUAL(pwrite(fd, "changed", 7, 0x2000), 7);
	close(fd);
	open_cached(true);
	/* Neither is a link in the directory's place. */
	empty_cache();
	CU_ASSERT_EQUAL(symlink("/tmp", cache), 0);
	open_cached(true);
	CU_ASSERT_EQUAL(unlink(cache), 0);
}

static void a_fifo_in_the_cache_does_not_hang(void)
{
	struct stat status;
	char name[256];

	begin();
	empty_cache();
	save_packed();
	settle();
	open_cached(true);
	DIR *stream = opendir(cache);
	const struct dirent *entry;
	while ((entry = readdir(stream)) && !strstr(entry->d_name, ".image")) {
	}
	snprintf(name, sizeof(name), "%s/%.180s", cache, entry->d_name);
	closedir(stream);
	CU_ASSERT_EQUAL(unlink(name), 0);
	CU_ASSERT_EQUAL(mkfifo(name, 0600), 0);
	open_cached(true);
	CU_ASSERT_EQUAL(stat(name, &status), 0);
	CU_ASSERT_TRUE(S_ISREG(status.st_mode));
}

static int keep(int directory, const char *name, uint64_t size, uint64_t limit)
{
	char file[96];
	struct stat source;
	int source_fd;
	int fd;
	int err;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	fake_file_write(file, name, strlen(name));
	settle();
	source_fd = open(file, O_RDONLY);
	fstat(source_fd, &source);
	fd = cache_begin(directory);
	CU_ASSERT_EQUAL(ftruncate(fd, (off_t)size), 0);
	err = cache_commit(directory, fd, size, source_fd, &source, limit);
	close(fd);
	close(source_fd);
	unlink(file);
	return err;
}

static void the_oldest_images_make_room(void)
{
	empty_cache();
	int directory = cache_open(cache);
	CU_ASSERT_TRUE_FATAL(directory >= 0);
	CU_ASSERT_EQUAL(keep(directory, "one", 1000, 3000), 0);
	CU_ASSERT_EQUAL(keep(directory, "two", 1000, 3000), 0);
	CU_ASSERT_EQUAL(images_kept(), 2);
	CU_ASSERT_EQUAL(keep(directory, "three", 1000, 3000), 0);
	CU_ASSERT_EQUAL(images_kept(), 2);
	CU_ASSERT_EQUAL(keep(directory, "four", 2900, 3000), 0);
	CU_ASSERT_EQUAL(images_kept(), 1);
	CU_ASSERT_EQUAL(keep(directory, "five", 3000, 3000), -EFBIG);
	CU_ASSERT_EQUAL(images_kept(), 1);
	close(directory);
}

static void a_cache_that_cannot_be_made_is_done_without(void)
{
	struct image image;

	begin();
	save_packed();
	CU_ASSERT_EQUAL(image_open(path, "/proc/nowhere/images", &image, &report), 0);
	CU_ASSERT_TRUE(holds_kernel(&image));
	image_close(&image);
	CU_ASSERT_FALSE(report_has_error(&report));
	CU_ASSERT_TRUE(said("image cache '/proc/nowhere/images'"));
}

/* --- ELF
 * ------------------------------------------------------------------------------------------ */
static int parse(struct kernel *parsed, const char **why)
{
	struct image image = {.fd = memfd_create("kernel", 0), .size = sizeof(kernel.file)};
	int err;

	if (write(image.fd, kernel.file, sizeof(kernel.file)) != sizeof(kernel.file)) {
		abort();
	}
	err = kernel_parse(&image, parsed, why);
	image_close(&image);
	return err;
}

static void check_refused(const char *text)
{
	struct kernel parsed;
	const char *why = NULL;
	int err = parse(&parsed, &why);

	if (!err) {
		why = kernel_check_pv(&parsed);
	}
	CU_ASSERT_PTR_NOT_NULL(why);
	if (!why || !strstr(why, text)) {
		printf("    wanted: %s\n    got: %s\n", text, why ? why : "(nothing)");
		CU_FAIL("another reason");
	}
	fake_kernel_linux(&kernel);
}

static void impossible_headers_are_refused(void)
{
	begin();
	kernel.ehdr->e_machine = EM_AARCH64;
	check_refused("not an ELF file for x86");
	kernel.ehdr->e_phnum = 1000;
	check_refused("the ELF headers are damaged");
	kernel.ehdr->e_phentsize = 8;
	check_refused("the ELF headers are damaged");
	kernel.ehdr->e_phoff = ~0UL - 8;
	check_refused("the ELF headers are damaged");
	kernel.ehdr->e_phoff = sizeof(kernel.file) - 60;
	check_refused("the ELF file is truncated");
	kernel.phdrs[0].p_offset = ~0UL;
	check_refused("the ELF file is truncated");
	kernel.phdrs[0].p_filesz = sizeof(kernel.file);
	check_refused("the ELF file is truncated");
	kernel.phdrs[0].p_memsz = 1;
	check_refused("impossible size or address");
	kernel.phdrs[0].p_memsz = 1UL << 62;
	check_refused("impossible size or address");
	kernel.phdrs[1].p_paddr = ~0UL - 4096;
	check_refused("impossible size or address");
	kernel.phdrs[1].p_paddr = FAKE_KERNEL_PADDR + 0x1000;
	check_refused("ELF segments overlap");
	kernel.phdrs[1].p_paddr = 1UL << 39;
	check_refused("the kernel spans more than 1 GiB");
	kernel.phdrs[0].p_type = kernel.phdrs[1].p_type = PT_NULL;
	check_refused("nothing to load");
}

static void impossible_notes_are_refused(void)
{
	begin();
	fake_kernel_note(&kernel, XEN_ELFNOTE_ENTRY, "abc", 3);
	check_refused("not a number of 4 or 8 bytes");
	memset(kernel.file + 0x400 + 4, 0xff, 4);
	check_refused("the ELF notes are damaged");
	kernel.phdrs[2].p_filesz = 1UL << 40;
	check_refused("the ELF file is truncated");
	fake_kernel_note(&kernel, XEN_ELFNOTE_FEATURES, "!no_such_thing", 15);
	check_refused("a feature that does not exist here");
	fake_kernel_number(&kernel, XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000UL);
	check_refused("where a PV guest has no address space");
	fake_kernel_number(&kernel, XEN_ELFNOTE_VIRT_BASE, 0x00007fffffe00000UL);
	check_refused("where a PV guest has no address space");
	fake_kernel_number(&kernel, XEN_ELFNOTE_PADDR_OFFSET, FAKE_KERNEL_PADDR + 0x1000);
	check_refused("outside of the address space its notes describe");
	fake_kernel_number(&kernel, XEN_ELFNOTE_ENTRY, 0x1234);
	check_refused("entry point is outside");
	fake_kernel_number(&kernel, XEN_ELFNOTE_INIT_P2M, 0x1000);
	check_refused("wants its P2M list");
	fake_kernel_number(&kernel, XEN_ELFNOTE_INIT_P2M, 0xffffff8000000000UL);
	check_refused("wants its P2M list");
	fake_kernel_note(&kernel, XEN_ELFNOTE_XEN_VERSION, "xen-2.0", 8);
	check_refused("do not name xen-3.0");
}

static void broken_headers_never_do_more_than_fail(void)
{
	unsigned int seed = 7;

	for (int round = 0; round < 3000; round++) {
		struct kernel parsed;
		const char *why;

		fake_kernel_linux(&kernel);
		for (int change = 0; change < 1 + round % 4; change++) {
			size_t at = (size_t)rand_r(&seed) % (0x400 + kernel.notes);

			kernel.file[at] = (uint8_t)rand_r(&seed);
		}
		if (!parse(&parsed, &why)) {
			kernel_check_pv(&parsed);
			kernel_check_pvh(&parsed);
			CU_ASSERT_TRUE(parsed.end - parsed.start <= IMAGE_LIMIT);
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(every_packer_is_undone),
		UNIT(a_plain_elf_file_is_taken_as_it_is),
		UNIT(truncated_data_is_refused_at_every_length),
		UNIT(damaged_data_never_does_more_than_fail),
		UNIT(a_bomb_is_stopped_at_the_limit),
		UNIT(packers_we_do_not_have_are_named),
		UNIT(a_truncated_bzimage_is_named),
		UNIT(the_second_time_nothing_is_unpacked),
		UNIT(a_changed_file_is_another_one),
		UNIT(a_file_that_changed_meanwhile_is_not_kept),
		UNIT(an_incomplete_image_is_thrown_away),
		UNIT(what_others_may_write_is_not_trusted),
		UNIT(a_fifo_in_the_cache_does_not_hang),
		UNIT(the_oldest_images_make_room),
		UNIT(a_cache_that_cannot_be_made_is_done_without),
		UNIT(impossible_headers_are_refused),
		UNIT(impossible_notes_are_refused),
		UNIT(broken_headers_never_do_more_than_fail),
	};
	char command[128];
	int status;

	if (!mkdtemp(folder)) {
		return 1;
	}
	snprintf(path, sizeof(path), "%s/vmlinuz", folder);
	snprintf(cache, sizeof(cache), "%s/cache", folder);
	status = unit_main("guest_image", tests, sizeof(tests) / sizeof(tests[0]), NULL);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) ? 1 : status;
}
