/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The value of the options com1 and com2: BAUD[/CLOCK][,DPS[,PORT[,IRQ]]], each part may be empty;
 * BAUD may be "auto": what firmware set.
 */
#include "plat/serial.h"

#include "lib/cmdline.h"
#include "lib/mem.h"

#include <xen/errno.h>

static int read_number(const char **text, uint64_t max, uint64_t *value)
{
	int err = cmdline_read_u64(*text, value, text);

	return err || *value > max ? -XEN_EINVAL : 0;
}

static int parse_baud(const char **text, struct serial_options *options)
{
	uint64_t number;

	if (strncmp(*text, "auto", 4) == 0) {
		options->baud = 0;
		*text += 4;
	} else if (**text != ',' && **text != '\0') {
		if (read_number(text, 4000000, &number) || number == 0) {
			return -XEN_EINVAL;
		}
		options->baud = (uint32_t)number;
	}
	if (**text == '/') {
		(*text)++;
		/* Given as the UART's crystal, sixteen times the divisor base. */
		if (read_number(text, 1000000000, &number) || number < 16) {
			return -XEN_EINVAL;
		}
		options->clock = (uint32_t)(number / 16);
	}
	if (options->baud && (options->clock / options->baud == 0 ||
			      options->clock / options->baud > UINT16_MAX)) {
		return -XEN_EINVAL;
	}
	return 0;
}

static int parse_format(const char **text, struct serial_options *options)
{
	const char *at = *text;

	if (*at == ',' || *at == '\0') {
		return 0;
	}
	if (at[0] < '5' || at[0] > '8' || at[1] == '\0' || !strchr("noems", at[1]) ||
	    (at[2] != '1' && at[2] != '2')) {
		return -XEN_EINVAL;
	}
	options->data_bits = (uint8_t)(at[0] - '0');
	options->parity = at[1];
	options->stop_bits = (uint8_t)(at[2] - '0');
	*text = at + 3;
	return 0;
}

static int parse_port(const char **text, struct serial_options *options)
{
	uint64_t number;

	if (**text == ',' || **text == '\0') {
		return 0;
	}
	if (read_number(text, 0xfff8, &number) || number == 0) {
		return -XEN_EINVAL;
	}
	options->port = (uint16_t)number;
	return 0;
}

static int parse_irq(const char **text, struct serial_options *options)
{
	uint64_t number;

	if (**text == '\0') {
		return 0;
	}
	if (read_number(text, 255, &number)) {
		return -XEN_EINVAL;
	}
	options->irq = (uint16_t)number;
	return 0;
}

int serial_parse(const char *text, struct serial_options *options)
{
	static int (*const parts[])(const char **text, struct serial_options *options) = {
		parse_baud, parse_format, parse_port, parse_irq,
	};
	struct serial_options result = *options;

	for (unsigned int i = 0; i < array_size(parts); i++) {
		if (parts[i](&text, &result)) {
			return -XEN_EINVAL;
		}
		if (*text == '\0') {
			*options = result;
			return 0;
		}
		if (*text++ != ',') {
			return -XEN_EINVAL;
		}
	}
	return -XEN_EINVAL;
}

void serial_defaults(unsigned int number, struct serial_options *options)
{
	*options = (struct serial_options){
		.baud = 115200,
		.clock = 115200,
		.port = number == 0 ? 0x3f8 : 0x2f8,
		.irq = number == 0 ? 4 : 3,
		.data_bits = 8,
		.parity = 'n',
		.stop_bits = 1,
	};
}
