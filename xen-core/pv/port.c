/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O ports of PV guests. Two questions are asked: may this mode of the guest touch the port (its
 * own IOPL or bitmap: else #GP), and does the domain have it (its ioports: else nothing is there).
 *
 * Ports that are not what they seem:
 *     0xcf8 dword       a latch of the vcpu
 *     0xcfc..0xcff      the configuration register the latch names; hardware domain, filtered
 *     0x70, 0x71        a latch, and CMOS with index and data together; hardware domain
 *     0x42, 0x43, 0x61  PIT channel 2 and its gate; hardware domain. Channel 0 and 1 are the
 *                       core's, so mode words for them are dropped.
 */
#include "pv/port.h"

#include "pv/pv.h"

#include "machine/fault.h"

#define PORT_PIT_CHANNEL2 0x42U
#define PORT_PIT_MODE 0x43U
#define PORT_GATE 0x61U
#define GATE_CHANNEL2_BITS 3U
#define PIT_SELECT(mode) ((mode) >> 6)
#define PIT_READ_BACK 3U
#define PIT_READ_BACK_CHANNELS 0x0eU
#define PIT_READ_BACK_CHANNEL2 0x08U
#define PORT_CMOS_INDEX 0x70U
#define PORT_CMOS_DATA 0x71U
#define CMOS_INDEX_MASK 0x7fU
#define PORT_CONFIG_ADDRESS 0xcf8U
#define PORT_CONFIG_DATA 0xcfcU
#define CONFIG_ENABLE (1U << 31)

static const struct pv_port_ops *ops;

void pv_port_set_ops(const struct pv_port_ops *new_ops)
{
	ops = new_ops;
}

static uint32_t all_ones(unsigned int bytes)
{
	return bytes == 4 ? ~0U : (1U << (8 * bytes)) - 1;
}

/* --- the guest's permission ------------------------------------------------------------------ */

/* The bitmap's address is one of the kernel's. */
static bool read_kernel_memory(struct vcpu *v, void *to, uint64_t from, size_t bytes)
{
	bool was_in_kernel = v->pv->in_kernel;
	bool ok;

	if (address_is_hypervisor(from) || address_is_hypervisor(from + bytes - 1)) {
		return false;
	}
	if (!was_in_kernel) {
		v->pv->in_kernel = true;
		pv_load_root(v);
	}
	ok = fault_copy_in(to, from, bytes) == 0;
	if (!was_in_kernel) {
		v->pv->in_kernel = false;
		pv_load_root(v);
	}
	return ok;
}

static bool bitmap_permits(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	struct pv_vcpu *p = v->pv;
	uint32_t last = port + bytes - 1U;
	uint8_t bits[2] = {0, 0xff};
	size_t count = (last >> 3) - (port >> 3) + 1U;
	uint32_t wanted = ((1U << bytes) - 1) << (port & 7);

	if (p->iobitmap == 0 || last >= p->iobitmap_ports ||
	    !read_kernel_memory(v, bits, p->iobitmap + (port >> 3), count)) {
		return false;
	}
	return ((bits[0] | (uint32_t)bits[1] << 8) & wanted) == 0;
}

bool pv_port_permitted(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	/* The kernel counts as ring 1. */
	return v->pv->iopl >= (v->pv->in_kernel ? 1 : 3) || bitmap_permits(v, port, bytes);
}

/* --- the domain's ports ---------------------------------------------------------------------- */

static bool domain_has(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	return range_contains(&v->domain->ioports, port, port + bytes - 1U);
}

static bool is_config_data(uint16_t port, unsigned int bytes)
{
	return port >= PORT_CONFIG_DATA && port + bytes <= PORT_CONFIG_DATA + 4;
}

/* Function and register of an access to the data port: false if the latch names none. */
static bool config_target(const struct vcpu *v, uint16_t port, uint16_t *function, uint32_t *reg)
{
	uint32_t address = v->pv->pci_config_address;

	*function = (uint16_t)(address >> 8);
	*reg = (address & 0xfc) | (port & 3U);
	/* AMD: bits 24-27 of the address are bits 8-11 of the register. */
	*reg |= (address >> 16) & 0xf00;
	return v->domain->is_hardware && (address & CONFIG_ENABLE);
}

static bool is_pit(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
	return v->domain->is_hardware && bytes == 1 &&
	       (port == PORT_PIT_CHANNEL2 || port == PORT_PIT_MODE || port == PORT_GATE);
}

static bool is_cmos(const struct vcpu *v, uint16_t port)
{
	return v->domain->is_hardware && (port == PORT_CMOS_INDEX || port == PORT_CMOS_DATA);
}

uint32_t pv_port_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint16_t function;
	uint32_t reg;

	if (port == PORT_CONFIG_ADDRESS && bytes == 4) {
		return v->pv->pci_config_address;
	}
	if (!ops) {
		return all_ones(bytes);
	}
	if (is_config_data(port, bytes)) {
		return config_target(v, port, &function, &reg)
			       ? ops->config_read(function, reg, bytes) & all_ones(bytes)
			       : all_ones(bytes);
	}
	if (is_cmos(v, port)) {
		return port == PORT_CMOS_DATA && bytes == 1 ? ops->cmos_read(v->pv->cmos_index)
							    : all_ones(bytes);
	}
	if (is_pit(v, port, bytes)) {
		return port == PORT_PIT_MODE ? all_ones(bytes) : ops->read(port, bytes);
	}
	return domain_has(v, port, bytes) ? ops->read(port, bytes) & all_ones(bytes)
					  : all_ones(bytes);
}

static void write_pit(uint16_t port, uint8_t value)
{
	if (port == PORT_GATE) {
		value = (uint8_t)((ops->read(PORT_GATE, 1) & ~GATE_CHANNEL2_BITS) |
				  (value & GATE_CHANNEL2_BITS));
	} else if (port == PORT_PIT_MODE) {
		unsigned int channel = PIT_SELECT(value);

		if (channel != 2 && (channel != PIT_READ_BACK ||
				     (value & PIT_READ_BACK_CHANNELS) != PIT_READ_BACK_CHANNEL2)) {
			return;
		}
	}
	ops->write(port, 1, value);
}

static void write_cmos(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	if (port == PORT_CMOS_DATA) {
		if (bytes == 1) {
			ops->cmos_write(v->pv->cmos_index, (uint8_t)value);
		}
		return;
	}
	v->pv->cmos_index = (uint8_t)(value & CMOS_INDEX_MASK);
	if (bytes == 2) {
		ops->cmos_write(v->pv->cmos_index, (uint8_t)(value >> 8));
	}
}

void pv_port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	uint16_t function;
	uint32_t reg;

	value &= all_ones(bytes);
	if (port == PORT_CONFIG_ADDRESS && bytes == 4) {
		v->pv->pci_config_address = value;
		return;
	}
	if (!ops) {
		return;
	}
	if (is_config_data(port, bytes)) {
		if (config_target(v, port, &function, &reg)) {
			ops->config_write(function, reg, bytes, value);
		}
	} else if (is_cmos(v, port)) {
		write_cmos(v, port, bytes, value);
	} else if (is_pit(v, port, bytes)) {
		write_pit(port, (uint8_t)value);
	} else if (domain_has(v, port, bytes)) {
		ops->write(port, bytes, value);
	}
}
