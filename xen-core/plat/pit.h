/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channel 2 of the 8254 timer, 1.193182 MHz, 16 bits counting down; its gate is port 0x61.
 */
#ifndef PLAT_PIT_H
#define PLAT_PIT_H

#include "plat/time_source.h"

/* Ready to be read, or NULL: not there or not counting. */
const struct time_source *pit_source(void);

#endif
