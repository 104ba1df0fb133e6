/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free-pages: prints how many 4 KiB frames the hypervisor has free.
 *
 * `xl info` rounds to MiB; a test that claims "every frame came back" needs the exact number. Asks
 * by sysctl physinfo through the kernel's privcmd device. The argument lies in memory from
 * /dev/xen/hypercall, which the kernel keeps resident.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define HYPERCALL_SYSCTL 35
#define SYSCTL_PHYSINFO 3
#define SYSCTL_VERSION 0x15 /* Xen 4.17 */

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

#define IOCTL_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

/* Offsets within struct xen_sysctl: the union starts at 8, physinfo.free_pages 48 bytes into it. */
#define SYSCTL_SIZE 136
#define FREE_PAGES_OFFSET 56

int main(void)
{
	int privcmd = open("/dev/xen/privcmd", O_RDWR);
	int buffer = open("/dev/xen/hypercall", O_RDWR);
	uint32_t head[2] = {SYSCTL_PHYSINFO, SYSCTL_VERSION};
	uint64_t free_pages;
	unsigned char *op;

	op = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
	if (privcmd < 0 || op == MAP_FAILED) {
		perror("free-pages");
		return 1;
	}
	memset(op, 0, SYSCTL_SIZE);
	memcpy(op, head, sizeof(head));
	struct privcmd_hypercall call = {.op = HYPERCALL_SYSCTL, .arg = {(uintptr_t)op}};
	if (ioctl(privcmd, IOCTL_HYPERCALL, &call) < 0) {
		perror("free-pages: sysctl physinfo");
		return 1;
	}
	memcpy(&free_pages, op + FREE_PAGES_OFFSET, sizeof(free_pages));
	printf("%llu\n", (unsigned long long)free_pages);
	return 0;
}
