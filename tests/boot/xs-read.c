/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xs-read PATH, xs-read -l PATH: reads one xenstore node, or lists its children one per line.
 *
 * Runs in a guest's initramfs, so it is static and needs no library: it speaks the store's wire
 * protocol (xen/io/xs_wire.h: a 16 byte header, then the path with its NUL) to the kernel's xenbus
 * device. One request per run; a path without a leading slash is below the guest's own home. Exit
 * status 1 means that the store answered with an error.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XS_DIRECTORY 1
#define XS_READ 2
#define XS_ERROR 16
#define XS_PAYLOAD_MAX 4096

struct header {
	uint32_t type;
	uint32_t request;
	uint32_t transaction;
	uint32_t length;
};

static int read_all(int fd, void *to, size_t size)
{
	char *next = to;

	while (size) {
		ssize_t got = read(fd, next, size);

		if (got <= 0) {
			return -1;
		}
		next += got;
		size -= (size_t)got;
	}
	return 0;
}

static int ask(uint32_t type, const char *path, char *answer, struct header *reply)
{
	char request[sizeof(struct header) + XS_PAYLOAD_MAX];
	size_t path_size = strlen(path) + 1;
	struct header head = {.type = type, .length = (uint32_t)path_size};
	int fd = open("/dev/xen/xenbus", O_RDWR);

	if (fd < 0 || path_size > XS_PAYLOAD_MAX) {
		return -1;
	}
	memcpy(request, &head, sizeof(head));
	memcpy(request + sizeof(head), path, path_size);
	if (write(fd, request, sizeof(head) + path_size) != (ssize_t)(sizeof(head) + path_size)) {
		return -1;
	}
	if (read_all(fd, reply, sizeof(*reply)) || reply->length > XS_PAYLOAD_MAX) {
		return -1;
	}
	return read_all(fd, answer, reply->length);
}

int main(int argc, char **argv)
{
	int list = argc == 3 && strcmp(argv[1], "-l") == 0;
	char answer[XS_PAYLOAD_MAX + 1];
	struct header reply;

	if (argc != 2 + list) {
		fprintf(stderr, "usage: xs-read [-l] PATH\n");
		return 2;
	}
	if (ask(list ? XS_DIRECTORY : XS_READ, argv[1 + list], answer, &reply) ||
	    reply.type == XS_ERROR) {
		return 1;
	}
	for (uint32_t i = 0; list && i < reply.length; i++) {
		if (answer[i] == '\0') {
			answer[i] = '\n';
		}
	}
	fwrite(answer, 1, reply.length, stdout);
	if (!list) {
		putchar('\n');
	}
	return 0;
}
