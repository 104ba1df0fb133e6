/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channel 2 of the 8254 as a time source: mode 2 from 65536 down, gate on, speaker off. It wraps
 * every 55 ms, longer than a measurement. Port 0x61: bit 0 gate, bit 1 speaker.
 */
#include "plat/pit.h"

#include "machine/cpu.h"

#define PIT_HZ 1193182U
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61

/* 8254 datasheet: control word, channel 2 in bits 7-6. */
#define COMMAND_RATE_LOW_HIGH 0xb4U
#define COMMAND_LATCH 0x80U

static uint64_t read_counter(void)
{
	unsigned int low, high;

	cpu_out8(PIT_COMMAND, COMMAND_LATCH);
	low = cpu_in8(PIT_CHANNEL2);
	high = cpu_in8(PIT_CHANNEL2);
	return (0U - (high << 8 | low)) & 0xffff;
}

const struct time_source *pit_source(void)
{
	static const struct time_source source = {
		.name = "PIT",
		.hz = PIT_HZ,
		.bits = 16,
		.read = read_counter,
	};

	cpu_out8(PIT_GATE, (uint8_t)((cpu_in8(PIT_GATE) & 0xfcU) | 1U));
	cpu_out8(PIT_COMMAND, COMMAND_RATE_LOW_HIGH);
	cpu_out8(PIT_CHANNEL2, 0);
	cpu_out8(PIT_CHANNEL2, 0);
	return &source;
}
