/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One failure at a time: the simulated machine counts the points where it may fail. */
#include "machine/sim.h"

static uint64_t points, failing;

void sim_fail_point(uint64_t n)
{
	points = 0;
	failing = n;
}

uint64_t sim_points(void)
{
	return points;
}

bool sim_point_fails(void)
{
	return ++points == failing;
}
