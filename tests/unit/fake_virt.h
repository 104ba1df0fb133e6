/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtualization extension that is a table of plain variables: tests set what a guest's registers
 * hold and read what was injected.
 */
#ifndef UNIT_FAKE_VIRT_H
#define UNIT_FAKE_VIRT_H

#include "hvm/hvm.h"
#include "mm/heap.h"

#include <xen/errno.h>

#include <string.h>

struct fake_vcpu {
	struct hvm_segment_state segments[HVM_SEGMENTS];
	uint64_t registers[HVM_REGISTERS];
	unsigned int cpl;
	struct hvm_event event, broken_off;
	bool shadow, interrupt_window, nmi_window, debug_passed;
	unsigned int flushes;
};

static inline struct fake_vcpu *fake(const struct vcpu *v)
{
	return v->hvm->arch;
}

static int fake_create(struct vcpu *v)
{
	v->hvm->arch = heap_new(struct fake_vcpu);
	return v->hvm->arch ? 0 : -XEN_ENOMEM;
}

static void fake_free(struct vcpu *v)
{
	heap_free(v->hvm->arch);
}

static void fake_nothing(struct vcpu *v unused_arg)
{
}

static void fake_get_state(const struct vcpu *v, struct hvm_cpu_state *state)
{
	memset(state, 0, sizeof(*state));
	memcpy(state->segments, fake(v)->segments, sizeof(state->segments));
	state->cr0 = fake(v)->registers[HVM_CR0];
	state->cr3 = fake(v)->registers[HVM_CR3];
	state->cr4 = fake(v)->registers[HVM_CR4];
	state->efer = fake(v)->registers[HVM_EFER];
	state->dr7 = fake(v)->registers[HVM_DR7];
}

static void fake_set_state(struct vcpu *v, const struct hvm_cpu_state *state)
{
	struct fake_vcpu *f = fake(v);

	memset(f, 0, sizeof(*f));
	memcpy(f->segments, state->segments, sizeof(f->segments));
	f->registers[HVM_CR0] = state->cr0;
	f->registers[HVM_CR3] = state->cr3;
	f->registers[HVM_CR4] = state->cr4;
	f->registers[HVM_EFER] = state->efer;
	f->registers[HVM_DR7] = state->dr7;
}

static void fake_get_segment(const struct vcpu *v, enum hvm_segment which,
			     struct hvm_segment_state *state)
{
	*state = fake(v)->segments[which];
}

static uint64_t fake_read(const struct vcpu *v, enum hvm_register which)
{
	return fake(v)->registers[which];
}

static void fake_write(struct vcpu *v, enum hvm_register which, uint64_t value)
{
	fake(v)->registers[which] = value;
}

static void fake_flush(struct vcpu *v)
{
	fake(v)->flushes++;
}

static unsigned int fake_cpl(const struct vcpu *v)
{
	return fake(v)->cpl;
}

static void fake_set_tsc(struct vcpu *v unused_arg, uint64_t offset unused_arg,
			 bool emulated unused_arg)
{
}

static void fake_inject(struct vcpu *v, const struct hvm_event *event)
{
	fake(v)->event = *event;
}

static bool fake_is_injecting(const struct vcpu *v)
{
	return fake(v)->event.exists;
}

static void fake_take_broken_off(struct vcpu *v, struct hvm_event *event)
{
	*event = fake(v)->broken_off;
	fake(v)->broken_off = (struct hvm_event){0};
}

static bool fake_is_shadowed(const struct vcpu *v)
{
	return fake(v)->shadow;
}

static void fake_set_shadow(struct vcpu *v)
{
	fake(v)->shadow = true;
}

static void fake_clear_shadow(struct vcpu *v)
{
	fake(v)->shadow = false;
}

static void fake_want_windows(struct vcpu *v, bool interrupt, bool nmi)
{
	fake(v)->interrupt_window = interrupt;
	fake(v)->nmi_window = nmi;
}

static void fake_set_tpr(struct vcpu *v unused_arg, uint8_t tpr unused_arg)
{
}

static void fake_pass_debug(struct vcpu *v, bool pass)
{
	fake(v)->debug_passed = pass;
}

static const struct virt_ops fake_ops = {
	.name = "fake",
	.vcpu_create = fake_create,
	.vcpu_free = fake_free,
	.load = fake_nothing,
	.save = fake_nothing,
	.get_state = fake_get_state,
	.set_state = fake_set_state,
	.get_segment = fake_get_segment,
	.read = fake_read,
	.write = fake_write,
	.flush = fake_flush,
	.cpl = fake_cpl,
	.set_tsc = fake_set_tsc,
	.inject = fake_inject,
	.is_injecting = fake_is_injecting,
	.take_broken_off = fake_take_broken_off,
	.is_shadowed = fake_is_shadowed,
	.set_shadow = fake_set_shadow,
	.clear_shadow = fake_clear_shadow,
	.want_windows = fake_want_windows,
	.set_tpr = fake_set_tpr,
	.pass_debug = fake_pass_debug,
};

#endif
