/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial line: a 16550 at I/O ports. Output is polled, a log sink; input comes by interrupt
 * once serial_start() has run, and by serial_poll() in any case.
 */
#ifndef PLAT_SERIAL_H
#define PLAT_SERIAL_H

#include "lib/types.h"

struct serial_options {
	uint32_t baud; /* 0: leave as the firmware set it */
	uint32_t clock; /* divisor base, 115200 */
	uint16_t port;
	uint16_t irq;  /* GSI; 0: poll only */
	uint8_t data_bits;
	char parity; /* n o e m s */
	uint8_t stop_bits;
};

/* "auto" or "115200[/clock][,8n1[,port[,irq]]]" over defaults in *options; -XEN_EINVAL. */
int must_check serial_parse(const char *text, struct serial_options *options);
void serial_defaults(unsigned int number, struct serial_options *options); /* com1, com2: 0, 1 */

/* Programs the UART and makes it a log sink; -XEN_ENODEV when there is none. First thing at
 * boot. */
int must_check serial_init(const struct serial_options *options);
/* The first of the eight ports of the line in use; 0: none is. */
uint16_t serial_ports(void);
/* Input by interrupt (irq_request); after irq_init(). */
void serial_start(void);
/* Takes what has arrived to console_input(). Call about every 10 ms; safe from any CPU. */
void serial_poll(void);

#endif
