/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of a translated guest. PVH guests have no devices: what is not here reads ones, as on a bus
 * nobody answers on (Linux takes ACPI's PM1 control block and an absent 8259 for what they are by
 * that), and ignores writes. Port 0xe9 takes text for the machine's log, by lines. The counter of
 * the PC's timer reads zero: of ones Linux takes 100,000 readings until it believes that nothing
 * counts.
 */
#include "hvm/hvm.h"

#include "plat/console.h"

#define PORT_DEBUG_CONSOLE 0xe9
#define PORT_TIMER_COUNTER_2 0x42

uint32_t hvm_port_read(struct vcpu *v unused_arg, uint16_t port, unsigned int bytes)
{
	if (port == PORT_DEBUG_CONSOLE && bytes == 1) {
		/* So that programs can tell it is there. */
		return PORT_DEBUG_CONSOLE;
	}
	if (port == PORT_TIMER_COUNTER_2) {
		return 0;
	}
	return bytes == 4 ? 0xffffffffU : (1U << bytes * 8) - 1;
}

void hvm_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	char c = (char)value;

	if (port == PORT_DEBUG_CONSOLE && bytes == 1) {
		console_write_guest(v->domain->id, false, &c, 1);
	}
}
