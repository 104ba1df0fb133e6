/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers. The guest's values live in the vcpu; the CPU's are loaded only while DR7
 * enables something. Breakpoints may not lie in the hypervisor's range. I/O breakpoints never
 * reach the CPU, where they would hit the core's own accesses: port emulation looks for them.
 * DR6 of the CPU is put back after each #DB (Intel SDM 3B 17.2.3).
 */
#include "pv/debugreg.h"

#include "machine/cpu.h"
#include "x86/cr.h"

#include <xen/errno.h>

#define BREAKPOINTS 4U
#define DR6_SET_BITS (DR6_B_ALL | DR6_BD | DR6_BS | DR6_BT)
#define DR6_RESERVED_ZERO (1UL << 12)

static unsigned int control_of(uint64_t dr7, unsigned int i)
{
	return (unsigned int)(dr7 >> (DR7_CONTROL_SHIFT + DR7_CONTROL_BITS * i)) & 0xf;
}

static bool is_port_breakpoint(uint64_t dr7, unsigned int i)
{
	return (control_of(dr7, i) & 3) == DR7_RW_IO;
}

static uint64_t enable_bits(unsigned int i)
{
	return 3UL << (2 * i);
}

static uint64_t hardware_dr7(const struct pv_vcpu *p)
{
	uint64_t dr7 = p->dr7;

	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		if (is_port_breakpoint(dr7, i)) {
			dr7 &= ~(enable_bits(i) | 0xfUL << (DR7_CONTROL_SHIFT + 4 * i));
		}
	}
	return dr7;
}

void pv_debug_load(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;
	uint64_t dr7;

	if (!(p->dr7 & DR7_ENABLE_MASK)) {
		return;
	}
	dr7 = hardware_dr7(p);
	if (dr7 & DR7_ENABLE_MASK) {
		cpu_write_dr0(p->dr[0]);
		cpu_write_dr1(p->dr[1]);
		cpu_write_dr2(p->dr[2]);
		cpu_write_dr3(p->dr[3]);
		cpu_write_dr6(DR6_RESERVED_ONE);
		cpu_write_dr7(dr7);
	}
}

void pv_debug_save(struct vcpu *v)
{
	if (v->pv->dr7 & DR7_ENABLE_MASK) {
		cpu_write_dr7(DR7_RESERVED_ONE);
	}
}

/* 4 and 5 are other names of 6 and 7 until CR4.DE takes them away (SDM 3B 17.2.2). */
static int resolve(const struct pv_vcpu *p, uint64_t *index)
{
	if (*index == 4 || *index == 5) {
		if (p->cr4 & CR4_DE) {
			return -XEN_ENODEV;
		}
		*index += 2;
	}
	return *index <= 7 ? 0 : -XEN_ENODEV;
}

static int check_dr7(const struct pv_vcpu *p, uint64_t value)
{
	if (value >> 32) {
		return -XEN_EINVAL;
	}
	if (value & DR7_GD) {
		return -XEN_EPERM;
	}
	for (unsigned int i = 0; i < BREAKPOINTS && (value & DR7_ENABLE_MASK); i++) {
		if (is_port_breakpoint(value, i) && !(p->cr4 & CR4_DE)) {
			return -XEN_EPERM;
		}
	}
	return 0;
}

/* With the vcpu's registers where it runs; a vcpu that is not loaded gets them when it is. */
static void update_hardware(struct vcpu *v, bool was_active)
{
	if (vcpu_regs(v) == &v->regs) {
		return;
	}
	if (was_active) {
		cpu_write_dr7(DR7_RESERVED_ONE);
	}
	pv_debug_load(v);
}

int pv_debugreg_set(struct vcpu *v, uint64_t index, uint64_t value)
{
	struct pv_vcpu *p = v->pv;
	bool was_active = p->dr7 & DR7_ENABLE_MASK;
	int err = resolve(p, &index);

	if (err) {
		return err;
	}
	switch (index) {
	case 6:
		if (value >> 32) {
			return -XEN_EINVAL;
		}
		p->dr6 = (value & ~DR6_RESERVED_ZERO) | DR6_RESERVED_ONE;
		return 0;
	case 7:
		err = check_dr7(p, value);
		if (err) {
			return err;
		}
		p->dr7 = (value & ~(DR7_RESERVED_ZERO | DR7_RTM)) | DR7_RESERVED_ONE;
		break;
	default:
		if (address_is_hypervisor(value)) {
			return -XEN_EPERM;
		}
		p->dr[index & 3] = value;
		break;
	}
	update_hardware(v, was_active);
	return 0;
}

int pv_debugreg_get(struct vcpu *v, uint64_t index, uint64_t *value)
{
	struct pv_vcpu *p = v->pv;
	int err = resolve(p, &index);

	if (err) {
		return err;
	}
	*value = index == 6 ? p->dr6 : index == 7 ? p->dr7 : p->dr[index & 3];
	return 0;
}

void pv_debug_merge_status(struct vcpu *v)
{
	uint64_t status = cpu_read_dr6();

	cpu_write_dr6(DR6_RESERVED_ONE);
	v->pv->dr6 |= status & DR6_SET_BITS;
	/* Bits that mean something when 0. */
	v->pv->dr6 &= status | ~DR6_RTM;
}

bool pv_debug_port_hit(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	static const uint8_t lengths[4] = {1, 2, 8, 4};
	struct pv_vcpu *p = v->pv;
	bool hit = false;

	if (!(p->dr7 & DR7_ENABLE_MASK) || !(p->cr4 & CR4_DE)) {
		return false;
	}
	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		uint64_t length = lengths[control_of(p->dr7, i) >> 2];
		uint64_t first = p->dr[i] & ~(length - 1);

		if ((p->dr7 & enable_bits(i)) && is_port_breakpoint(p->dr7, i) &&
		    first < (uint64_t)port + bytes && port < first + length) {
			p->dr6 |= 1UL << i;
			hit = true;
		}
	}
	return hit;
}
