/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CMOS clock (MC146818): read once at boot, and the ports 0x70/0x71 on behalf of the hardware
 * domain, index and data together under the lock of rank rtc.
 */
#ifndef PLAT_RTC_H
#define PLAT_RTC_H

#include "lib/types.h"

/* Registers as read. */
struct rtc_registers {
	uint8_t second, minute, hour, day, month, year;
	uint8_t century;  /* meaningless unless has_century */
	uint8_t status_b;
	bool has_century;
};

#define RTC_B_24HOUR 0x02U
#define RTC_B_BINARY 0x04U

/* UTC seconds since 1970; false if it is no date. Pure. */
bool rtc_to_seconds(const struct rtc_registers *registers, uint64_t *seconds);

/* century_index 0: none. 0 if the clock shows nonsense or is not there. */
uint64_t rtc_read_seconds(uint8_t century_index);

uint8_t rtc_cmos_read(uint8_t index);
void rtc_cmos_write(uint8_t index, uint8_t value);

#endif
