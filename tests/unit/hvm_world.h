/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One translated domain with two vcpus on the simulated machine, its extension that of fake_virt.h.
 */
#ifndef UNIT_HVM_WORLD_H
#define UNIT_HVM_WORLD_H

#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/restart.h"
#include "grant/grant.h"
#include "hvm/cpuid.h"
#include "hvm/exit.h"
#include "hvm/hvm.h"
#include "hvm/walk.h"
#include "machine/frames.h"
#include "machine/sim.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "plat/clock.h"
#include "plat/console.h"
#include "sched/softirq.h"
#include "unit/fake_virt.h"
#include "unit/unit.h"
#include "x86/cr.h"

#include <xen/errno.h>

#include <string.h>

static struct domain *hvm;
static struct vcpu *h0, *h1;
static char console_text[64];
static size_t console_length;

/* Weak: programs that link the real console have that one. */
__attribute__((weak)) void console_write_guest(unsigned int domid unused_arg,
					       bool is_hardware unused_arg,
					       const char *text, size_t length)
{
	for (size_t i = 0; i < length && console_length < sizeof(console_text) - 1; i++) {
		console_text[console_length++] = text[i];
	}
}

/* --- the domain ------------------------------------------------------------------------------ */

static int hvm_no_create(struct domain *d unused_arg)
{
	return 0;
}

static int hvm_no_teardown(struct domain *d unused_arg)
{
	return 0;
}

static void hvm_no_free(struct domain *d unused_arg)
{
}

static const struct domain_part hvm_memory_part = {"memory", hvm_no_create, memory_relinquish,
						   hvm_no_free, NULL};
static const struct domain_part hvm_guest_part = {"guest", hvm_domain_create, hvm_no_teardown,
						  hvm_domain_free, NULL};
static const struct domain_part hvm_grant_part = {"grants", grant_domain_create,
						  grant_domain_teardown, grant_domain_free,
						  grant_domain_shrink};
const struct domain_part *const domain_parts[] = {
	&hvm_memory_part, &shared_part, &hvm_grant_part, &hvm_guest_part, &vcpus_part, NULL,
};

static struct cpu_policy hvm_host;

static inline void hvm_pass_exit_paths(void)
{
	for (unsigned int round = 0; round < 4; round++) {
		softirq_run(0);
		domain_exit_path_passed(0);
		softirq_run(0);
	}
}

static inline void hvm_setup(void)
{
	struct domain_config config = {
		.max_vcpus = 2, .max_grant_frames = 4, .max_maptrack_frames = 4};

	sim_reset(4096);
	sim_set_cpu_count(1);
	sim_set_cpu(0);
	memory_init();
	timers_init(clock_program, clock_now);
	sched_init(clock_now);
	sched_cpu_online(0);
	domains_init();
	hvm_pass_exit_paths();
	virt_ops = &fake_ops;
	memset(&hvm_host, 0xff, sizeof(hvm_host));
	hvm_policy_init(&hvm_host);
	console_length = 0;
	CU_ASSERT_EQUAL_FATAL(domain_create(1, &config, &hvm_guest_ops, false, &hvm), 0);
	hvm->frame_max = 2048;
	CU_ASSERT_EQUAL_FATAL(vcpu_create(hvm, 0), 0);
	CU_ASSERT_EQUAL_FATAL(vcpu_create(hvm, 1), 0);
	h0 = vcpu_find(hvm, 0);
	h1 = vcpu_find(hvm, 1);
}

/* The vcpu whose registers the CPU has. */
static inline void hvm_load_vcpu(struct vcpu *v)
{
	cpu_local()->regs = v->regs;
	cpu_local()->current_vcpu = v;
}

static inline void hvm_destroy(void)
{
	int err;

	cpu_local()->current_vcpu = NULL;
	do {
		restart_reset();
		err = domain_kill(hvm);
		hvm_pass_exit_paths();
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	hvm_pass_exit_paths();
}

/* A frame of RAM at g. */
static inline mfn_t hvm_ram_at(uint64_t g)
{
	mfn_t m = MFN_NONE;

	CU_ASSERT_EQUAL_FATAL(memory_allocate(hvm, 0, 0, 0, &m), 0);
	spin_lock(&hvm->hvm->p2m.lock);
	CU_ASSERT_EQUAL_FATAL(p2m_set_locked(&hvm->hvm->p2m, gfn(g), m, 0, P2M_RAM), 0);
	spin_unlock(&hvm->hvm->p2m.lock);
	return m;
}

static inline uint64_t *hvm_word_at(uint64_t physical)
{
	struct p2m_entry entry;

	p2m_get(&hvm->hvm->p2m, gfn(physical >> PAGE_SHIFT), &entry);
	CU_ASSERT_NOT_EQUAL_FATAL(entry.kind, P2M_HOLE);
	return (uint64_t *)(void *)((uint8_t *)frame_map(entry.mfn) + page_offset(physical));
}

#endif
