/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the CMOS clock's registers to seconds since 1970: BCD or binary, 12 or 24 hours, with or
 * without a century (MC146818A datasheet, tables 3 and 4). The clock is taken to run on UTC.
 */
#include "plat/rtc.h"

static bool decode(uint8_t raw, bool is_binary, unsigned int *value)
{
	if (is_binary) {
		*value = raw;
		return true;
	}
	*value = (raw >> 4) * 10U + (raw & 15U);
	return (raw >> 4) < 10 && (raw & 15) < 10;
}

static bool decode_hour(const struct rtc_registers *r, bool is_binary, unsigned int *hour)
{
	bool is_afternoon = (r->hour & 0x80) != 0;

	if (r->status_b & RTC_B_24HOUR) {
		return decode(r->hour, is_binary, hour) && *hour < 24;
	}
	if (!decode(r->hour & 0x7f, is_binary, hour) || *hour == 0 || *hour > 12) {
		return false;
	}
	*hour = *hour % 12 + (is_afternoon ? 12 : 0);
	return true;
}

static bool is_leap(unsigned int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned int days_in_month(unsigned int year, unsigned int month)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

static uint64_t days_since_1970(unsigned int year, unsigned int month, unsigned int day)
{
	uint64_t days = day - 1;

	for (unsigned int y = 1970; y < year; y++) {
		days += is_leap(y) ? 366 : 365;
	}
	for (unsigned int m = 1; m < month; m++) {
		days += days_in_month(year, m);
	}
	return days;
}

/* A century register nobody keeps holds anything: believed only if it says 19, 20 or 21. */
static unsigned int full_year(const struct rtc_registers *r, bool is_binary, unsigned int year)
{
	unsigned int century;

	if (r->has_century && decode(r->century, is_binary, &century) && century >= 19 &&
	    century <= 21 && century * 100 + year >= 1970) {
		return century * 100 + year;
	}
	return year < 70 ? 2000 + year : 1900 + year;
}

bool rtc_to_seconds(const struct rtc_registers *r, uint64_t *seconds)
{
	bool is_binary = (r->status_b & RTC_B_BINARY) != 0;
	unsigned int second, minute, hour, day, month, year;

	if (!decode(r->second, is_binary, &second) || !decode(r->minute, is_binary, &minute) ||
	    !decode_hour(r, is_binary, &hour) || !decode(r->day, is_binary, &day) ||
	    !decode(r->month, is_binary, &month) || !decode(r->year, is_binary, &year)) {
		return false;
	}
	if (second > 59 || minute > 59 || month < 1 || month > 12 || year > 99) {
		return false;
	}
	year = full_year(r, is_binary, year);
	if (day < 1 || day > days_in_month(year, month)) {
		return false;
	}
	*seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}
