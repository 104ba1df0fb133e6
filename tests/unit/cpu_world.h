/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PV domain with one loaded vcpu for the tests of the CPU side, on a machine with a made-up CPU:
 * code, user and kernel stacks in guest memory, and stand-ins for what is only named.
 */
#ifndef UNIT_CPU_WORLD_H
#define UNIT_CPU_WORLD_H

#include "pv/mode.h"
#include "pv/bounce.h"
#include "pv/cpuid.h"
#include "pv/context.h"
#include "pv/debugreg.h"
#include "pv/desc.h"
#include "pv/msr.h"
#include "pv/port.h"
#include "pv/pv.h"

#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "machine/asm.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/sim.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "pv/type.h"
#include "unit/fake_cpu.h"
#include "unit/unit.h"
#include "x86/cr.h"
#include "x86/exception.h"
#include "x86/msr.h"

#include <xen/errno.h>

#include <stdlib.h>
#include <string.h>

#define CODE_VA 0x10000UL
#define USER_STACK 0x20000UL   /* page; stacks grow down from its end */
#define KERNEL_STACK 0x30000UL
#define DATA_VA 0x40000UL
#define HANDLER 0xffffffff81000000UL
#define KERNEL_RIP 0xffffffff82000000UL

static struct domain domain;
static struct vcpu vcpu;
static struct vcpu *vcpus[1] = {&vcpu};
static struct shared_info *shared;
static struct range ioports[8], iomem[4];
static unsigned int crashes, area_writes;
static uint64_t tsc_value;
static mfn_t roots[2];

#define regs (&cpu_local()->regs)
#define pv (vcpu.pv)

/* --- stand-ins ------------------------------------------------------------------------------- */
void domain_crash(struct domain *d unused_arg, const char *format unused_arg, ...)
{
	crashes++;
}

void vtime_write_areas(struct vcpu *v)
{
	v->areas_stale = false;
	area_writes++;
}

uint64_t vtime_tsc(struct vcpu *v unused_arg)
{
	return tsc_value;
}

void vtime_update_wallclock(struct domain *d unused_arg)
{
}

void map_install_slots(pte_t *l4 unused_arg)
{
}

mfn_t map_idle_root(void)
{
	return mfn(1);
}

struct domain *domain_find(uint16_t id)
{
	return id == domain.id ? &domain : NULL;
}

struct domain *domain_find_from(uint16_t id unused_arg)
{
	return NULL;
}

/* --- the machine ----------------------------------------------------------------------------- */
static mfn_t give(void)
{
	mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);
	struct frame *f = frame_of(m);

	f->owner = domain.id;
	f->refs = FRAME_ALLOCATED | 1;
	f->type = 0;
	return m;
}

static void map_page(uint64_t va)
{
	sim_guest_map(va, give(), true);
}

/* A validated, empty L4 with one spare reference and type for whoever puts it. */
static mfn_t give_root(void)
{
	mfn_t m = give();

	frame_of(m)->type = (uint32_t)TYPE_L4 << TYPE_SHIFT | TYPE_VALIDATED | 1;
	frame_of(m)->refs++;
	return m;
}

static void world_reset(void)
{
	sim_reset(4096);
	sim_set_cpu(0);
	make_cpu();
	cpu_write_cr4(CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
	pv_policy_init();
	memset(&domain, 0, sizeof(domain));
	memset(&vcpu, 0, sizeof(vcpu));
	crashes = area_writes = 0;
	tsc_value = 0x123456789abcUL;
	domain.id = 1;
	domain.is_pv = true;
	domain.life = DOMAIN_ALIVE;
	domain.max_vcpus = 1;
	domain.vcpus = vcpus;
	domain.ops = &pv_guest_ops;
	range_set_init(&domain.ioports, ioports, 8);
	range_set_init(&domain.iomem, iomem, 4);
	CU_ASSERT_EQUAL_FATAL(pv_policy_create(&domain), 0);
	shared = heap_alloc(PAGE_SIZE);
	domain.shared = shared;
	vcpu.domain = &domain;
	vcpu.info = &shared->vcpu_info[0];
	vcpu.fpu = heap_alloc(4096);
	CU_ASSERT_EQUAL_FATAL(pv_guest_ops.vcpu_create(&vcpu), 0);
	roots[0] = pv->kernel_root = give_root();
	roots[1] = pv->user_root = give_root();
	map_page(CODE_VA);
	map_page(USER_STACK);
	map_page(KERNEL_STACK);
	map_page(DATA_VA);
	memset(regs, 0, sizeof(*regs));
	cpu_local()->current_vcpu = &vcpu;
	pv_load_root(&vcpu);
	pv->kernel_sp = KERNEL_STACK + PAGE_SIZE;
	regs->rcx = 0xc0ffee;
	regs->r11 = 0x11;
	regs->rflags = RFLAGS_IF | RFLAGS_FIXED;
	regs->rip = KERNEL_RIP;
	regs->cs = FLAT_KERNEL_CS64;
	regs->ss = FLAT_KERNEL_SS64;
	regs->rsp = KERNEL_STACK + 0x800;
	for (unsigned int i = 0; i < 256; i++) {
		pv->traps[i].address = HANDLER + i * 0x100;
	}
}

/* The vcpu is in user mode at CODE_VA. */
unused_arg static void enter_user(void)
{
	pv_enter_user_mode(&vcpu);
	regs->rip = CODE_VA;
	regs->rsp = USER_STACK + 0xff8;
	regs->cs = 0x33;
	regs->ss = 0x2b;
}

/* The CPU raises an exception; what the exit path does follows. */
unused_arg static void take_trap(unsigned int vector, uint32_t error)
{
	sim_hypercall_begin();
	regs->entry_vector = vector;
	regs->error_code = error;
	pv_trap(&vcpu, regs);
}

unused_arg static unsigned int deliver_all(void)
{
	unsigned int count = 0;

	while (pv_deliver(&vcpu)) {
		count++;
		CU_ASSERT_FATAL(count < 10);
	}
	return count;
}

unused_arg static void put_code(const void *bytes, size_t count)
{
	sim_guest_write(CODE_VA, bytes, count);
	regs->rip = CODE_VA;
}

unused_arg static uint64_t stack_word(unsigned int index)
{
	uint64_t word;

	sim_guest_read(&word, regs->rsp + 8UL * index, sizeof(word));
	return word;
}

#endif
