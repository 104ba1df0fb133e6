/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves nothing and looks for much: instructions that exit, with registers that look valid, one
 * after the other in kernel, program and 32-bit code, until the domain dies of one or has run its
 * part. With every second seed another vcpu rewrites the code meanwhile.
 */
#include "payload.h"
#include "random_code.h"

#include <xen/base.h>
#include <xen/sched.h>

#define AREA_WORDS 512U

static uint64_t area[AREA_WORDS] __attribute__((aligned(4096)));
static uint8_t code[32] __attribute__((aligned(4096)));

static uint64_t plausible(void)
{
	static const uint32_t msrs[] = {0x10, 0x1b, 0x174, 0x200, 0x250, 0x277, 0x2ff, 0x6e0, 0x800,
					0x830, 0xd90, 0x40000000, 0xc0000080, 0xc0000100, 0xc0010000,
					0xc0010114};
	static const uint16_t ids[] = {0, 1, 2, DOMID_SELF, DOMID_IO, DOMID_XEN, 0xffff};

	switch (below(14)) {
	case 0:
	case 1:
		return below(8);
	case 2:
		return below(64);
	case 3:
		return APIC + below(1024) * 4 + (below(4) ? 0 : below(16));
	case 4:
		return HOLE + below(8192);
	case 5:
		return msrs[below(sizeof(msrs) / sizeof(msrs[0]))] + below(16);
	case 6:
		return ids[below(sizeof(ids) / sizeof(ids[0]))];
	case 7:
		return next_random();
	case 8:
		return 1UL << below(64);
	case 9:
		return ~below(9000);
	case 10:
		return below(512);
	case 11:
		return (uint64_t)code + below(sizeof(code));
	default:
		return (uint64_t)area + below(sizeof(area));
	}
}

/* mov $number,%eax; vmmcall. Numbers of calls that only stop or end the guest teach nothing. */
static unsigned int make_call(void)
{
	static const uint8_t vmmcall[] = {0x0f, 0x01, 0xd9};
	uint64_t number = below(64) ? below(43) : next_random();

	if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_vcpu_op) {
		number = __HYPERVISOR_hvm_op;
	}
	code[0] = 0xb8;
	for (unsigned int i = 0; i < 4; i++) {
		code[1 + i] = (uint8_t)(number >> 8 * i);
	}
	for (unsigned int i = 0; i < sizeof(vmmcall); i++) {
		code[5 + i] = vmmcall[i];
	}
	return 8;
}

void fuzz(uint64_t seed)
{
	static const uint8_t segments[] = {CODE_64, CODE_64, CODE_64, CODE_32, CODE_USER};
	volatile struct results *results = (struct results *)RESULTS_ADDRESS;

	random_state = seed * 0x9e3779b97f4a7c15UL;
	if (seed % 2 == 0) {
		start_second_vcpu();
	}
	while (results->runs < FUZZ_RUNS) {
		unsigned int length;

		start_ticking(20000);
		for (unsigned int i = 0; i < 15; i++) {
			run_registers[i] = plausible();
		}
		for (unsigned int i = 0; i < 16; i++) {
			area[below(AREA_WORDS)] = below(2) ? plausible()
							   : plausible() | plausible() << 32;
		}
		length = below(3) ? random_code(code) : make_call();
		while (length < sizeof(code)) {
			code[length] = length % 2 ? 0x0b : 0x0f;
			length++;
		}
		results->runs = results->runs + 1;
		run_code(code, segments[below(sizeof(segments))]);
	}
	shut_down(SHUTDOWN_poweroff);
}

void fuzz_second_vcpu(void)
{
	uint64_t mine = 1;

	for (;;) {
		mine ^= mine << 13;
		mine ^= mine >> 7;
		mine ^= mine << 17;
		((volatile uint8_t *)code)[mine % 16] = random_operands[mine >> 32 & 7];
	}
}
