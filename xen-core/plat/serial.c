/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One 16550 at I/O ports (PC16550D datasheet). Output waits for the transmitter, at most some
 * milliseconds a byte, under the log's lock. Input is drained by whoever comes first, interrupt or
 * poll, under a lock of rank console that is released before the bytes are passed on.
 *
 * A UART that is not there reads 0xff; all functions then do nothing.
 */
#include "plat/serial.h"

#include "lib/log.h"
#include "machine/cpu.h"
#include "machine/lock.h"
#include "plat/console.h"
#include "plat/irq.h"

#include <xen/errno.h>

#define REG_DATA 0
#define REG_IRQ_ENABLE 1
#define REG_FIFO 2
#define REG_LINE_CONTROL 3
#define REG_MODEM_CONTROL 4
#define REG_LINE_STATUS 5
#define REG_SCRATCH 7

#define IRQ_RECEIVED 0x01U
#define FIFO_ENABLE_CLEAR 0x07U
#define LINE_DIVISOR 0x80U
#define MODEM_DTR_RTS 0x03U
#define MODEM_OUT2 0x08U /* lets the interrupt out on a PC */
#define STATUS_READY 0x01U
#define STATUS_EMPTY 0x20U
#define FIFO_BYTES 16U
#define WAIT_READS 100000U /* port reads take about a microsecond */

static struct spinlock lock = SPINLOCK(console);
static struct serial_options line;
static bool is_there;
static unsigned int room; /* bytes the transmit FIFO surely takes */

static uint8_t read_register(unsigned int reg)
{
	return cpu_in8((uint16_t)(line.port + reg));
}

static void write_register(unsigned int reg, unsigned int value)
{
	cpu_out8((uint16_t)(line.port + reg), (uint8_t)value);
}

static void put_byte(char byte)
{
	if (room == 0) {
		for (unsigned int i = 0; i < WAIT_READS; i++) {
			if (read_register(REG_LINE_STATUS) & STATUS_EMPTY) {
				break;
			}
			cpu_pause();
		}
		room = FIFO_BYTES;
	}
	room--;
	write_register(REG_DATA, (unsigned char)byte);
}

static void write_text(void *data unused_arg, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			put_byte('\r');
		}
		put_byte(text[i]);
	}
}

static struct log_sink sink = {.write = write_text, .level = LOG_DEBUG};

/* PC16550D 8.1: word length, stop bits, parity. */
static uint8_t line_control(void)
{
	unsigned int value = line.data_bits - 5U;

	value |= line.stop_bits == 2 ? 0x04U : 0;
	switch (line.parity) {
	case 'o':
		return (uint8_t)(value | 0x08);
	case 'e':
		return (uint8_t)(value | 0x18);
	case 'm':
		return (uint8_t)(value | 0x28);
	case 's':
		return (uint8_t)(value | 0x38);
	default:
		return (uint8_t)value;
	}
}

int serial_init(const struct serial_options *options)
{
	line = *options;
	write_register(REG_IRQ_ENABLE, 0);
	write_register(REG_SCRATCH, 0x5a);
	if (read_register(REG_SCRATCH) != 0x5a || read_register(REG_LINE_STATUS) == 0xff) {
		return -XEN_ENODEV;
	}
	if (line.baud) {
		unsigned int divisor = line.clock / line.baud;

		write_register(REG_LINE_CONTROL, LINE_DIVISOR | line_control());
		write_register(REG_DATA, divisor & 0xff);
		write_register(REG_IRQ_ENABLE, divisor >> 8);
	}
	write_register(REG_LINE_CONTROL, line_control());
	write_register(REG_FIFO, FIFO_ENABLE_CLEAR);
	write_register(REG_MODEM_CONTROL, MODEM_DTR_RTS);
	is_there = true;
	log_add_sink(&sink);
	return 0;
}

uint16_t serial_ports(void)
{
	return is_there ? line.port : 0;
}

void serial_poll(void)
{
	char bytes[64];
	size_t count = 0;

	/* Who finds the lock taken need not wait: the bytes are being fetched. */
	if (!is_there || !spin_try_lock(&lock)) {
		return;
	}
	while (count < sizeof(bytes) && (read_register(REG_LINE_STATUS) & STATUS_READY)) {
		bytes[count++] = (char)read_register(REG_DATA);
	}
	spin_unlock(&lock);
	if (count > 0) {
		console_input(bytes, count);
	}
}

static void on_interrupt(void *data unused_arg)
{
	serial_poll();
}

void serial_start(void)
{
	if (!is_there || line.irq == 0) {
		return;
	}
	if (irq_request(line.irq, on_interrupt, NULL)) {
		log_warning("serial: no interrupt %u, polling only", line.irq);
		return;
	}
	write_register(REG_MODEM_CONTROL, MODEM_DTR_RTS | MODEM_OUT2);
	write_register(REG_IRQ_ENABLE, IRQ_RECEIVED);
}
