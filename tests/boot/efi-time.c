/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * efi-time: prints firmware's clock, year-month-day hour:minute, or fails with EFI's status.
 *
 * Debian's kernel has no driver for it, so this asks the hypervisor itself: platform_op
 * efi_runtime_call get_time, through the kernel's privcmd device. The argument lies in memory from
 * /dev/xen/hypercall, which the kernel keeps resident.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define HYPERCALL_PLATFORM_OP 7
#define EFI_RUNTIME_CALL 49
#define PLATFORM_VERSION 0x03000001
#define EFI_GET_TIME 1

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

#define IOCTL_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

/* The beginning of struct xen_platform_op; the whole is 136 bytes. */
struct request {
	uint32_t command, version;
	uint32_t function, misc;
	uint64_t status;
	uint16_t year;
	uint8_t month, day, hour, minute, second;
};

int main(void)
{
	int privcmd = open("/dev/xen/privcmd", O_RDWR);
	int buffer = open("/dev/xen/hypercall", O_RDWR);
	struct request *op = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

	if (privcmd < 0 || op == MAP_FAILED) {
		perror("efi-time");
		return 1;
	}
	memset(op, 0, 4096);
	op->command = EFI_RUNTIME_CALL;
	op->version = PLATFORM_VERSION;
	op->function = EFI_GET_TIME;
	struct privcmd_hypercall call = {.op = HYPERCALL_PLATFORM_OP, .arg = {(uintptr_t)op}};
	if (ioctl(privcmd, IOCTL_HYPERCALL, &call) < 0) {
		perror("efi-time: platform_op efi_runtime_call");
		return 1;
	}
	if (op->status != 0) {
		fprintf(stderr, "efi-time: firmware answers %#lx\n", (unsigned long)op->status);
		return 1;
	}
	printf("%u-%02u-%02u %02u:%02u\n", op->year, op->month, op->day, op->hour, op->minute);
	return 0;
}
