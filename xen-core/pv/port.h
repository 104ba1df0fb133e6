/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O ports of PV guests. What is behind them is reached through a table set at start-up, so
 * that the decisions can be tested without a machine.
 */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "domain/vcpu.h"

struct pv_port_ops {
	uint32_t (*read)(uint16_t port, unsigned int bytes);
	void (*write)(uint16_t port, unsigned int bytes, uint32_t value);
	uint8_t (*cmos_read)(uint8_t index);
	void (*cmos_write)(uint8_t index, uint8_t value);
	/* bus << 8 | devfn in segment 0; the write passes the core's filter. */
	uint32_t (*config_read)(uint16_t function, uint32_t reg, unsigned int bytes);
	void (*config_write)(uint16_t function, uint32_t reg, unsigned int bytes, uint32_t value);
};

/* Until called, reads are all ones and writes vanish. */
void pv_port_set_ops(const struct pv_port_ops *ops);
/* The machine's: pv/port_hw.c. */
extern const struct pv_port_ops pv_port_hw;

/* The guest's own permission: IOPL, or its bitmap. bytes is 1, 2 or 4. */
bool pv_port_permitted(struct vcpu *v, uint16_t port, unsigned int bytes);
/* The domain's: without it reads are all ones and writes vanish. */
uint32_t pv_port_read(struct vcpu *v, uint16_t port, unsigned int bytes);
void pv_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value);

#endif
