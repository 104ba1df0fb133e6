/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CMOS clock's ports. Index and data are two accesses: always under the lock, so that the
 * hardware domain's CMOS accesses and ours do not mix. Bit 7 of the index port masks NMIs on old
 * chipsets and is kept 0.
 */
#include "plat/rtc.h"

#include "machine/cpu.h"
#include "machine/lock.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define STATUS_A_UPDATING 0x80U

static struct spinlock lock = SPINLOCK(rtc);

uint8_t rtc_cmos_read(uint8_t index)
{
	uint8_t value;

	spin_lock(&lock);
	cpu_out8(CMOS_INDEX, index & 0x7f);
	value = cpu_in8(CMOS_DATA);
	spin_unlock(&lock);
	return value;
}

void rtc_cmos_write(uint8_t index, uint8_t value)
{
	spin_lock(&lock);
	cpu_out8(CMOS_INDEX, index & 0x7f);
	cpu_out8(CMOS_DATA, value);
	spin_unlock(&lock);
}

/* An update takes at most 2.2 ms: some thousand port reads. Without a clock reads give 0xff. */
static void wait_for_update(void)
{
	for (unsigned int i = 0; i < 10000; i++) {
		if (!(rtc_cmos_read(RTC_STATUS_A) & STATUS_A_UPDATING)) {
			return;
		}
	}
}

static void read_registers(uint8_t century_index, struct rtc_registers *r)
{
	wait_for_update();
	*r = (struct rtc_registers){
		.second = rtc_cmos_read(0),
		.minute = rtc_cmos_read(2),
		.hour = rtc_cmos_read(4),
		.day = rtc_cmos_read(7),
		.month = rtc_cmos_read(8),
		.year = rtc_cmos_read(9),
		.status_b = rtc_cmos_read(RTC_STATUS_B),
		.has_century = century_index != 0,
		.century = century_index ? rtc_cmos_read(century_index) : 0,
	};
}

/* Twice the same: no update came in between. */
uint64_t rtc_read_seconds(uint8_t century_index)
{
	uint64_t first, second;

	for (unsigned int attempt = 0; attempt < 5; attempt++) {
		struct rtc_registers a, b;

		read_registers(century_index, &a);
		read_registers(century_index, &b);
		if (rtc_to_seconds(&a, &first) && rtc_to_seconds(&b, &second) && first == second) {
			return second;
		}
	}
	return 0;
}
