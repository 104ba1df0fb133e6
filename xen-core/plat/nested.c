/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's CPUID leaves (xen/arch-x86/cpuid.h) stand at 0x40000000, or some steps of 0x100 above where
 * another hypervisor's stand there: the first names it, the fourth has the TSC. Port 0xe9 takes
 * text; what it reads as tells nothing.
 */
#include "plat/nested.h"

#include "lib/log.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "machine/shared.h"
#include "mm/heap.h"
#include "plat/reset.h"
#include "x86/cpuid.h"

#include <xen/arch_x86.h>
#include <xen/base.h>
#include <xen/hvm_op.h>
#include <xen/hvm_params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/shared_info.h>

#define LEAVES_STEP 0x100U
#define LEAVES_END (CPUID_XEN_FIRST + 0x10000U)
#define PORT_CONSOLE 0xe9
#define NS_PER_SECOND 1000000000UL

static uint32_t leaves; /* the first; 0: no Xen */

static void write_text(void *data unused_arg, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		cpu_out8(PORT_CONSOLE, (uint8_t)text[i]);
	}
}

static int64_t call_outer(uint64_t number, uint64_t a, const void *b)
{
	return cpu_hypercall(cpu_cpuid(0, 0).c == CPUID_0C_INTEL, number, a, b);
}

static void end_domain(bool power_off)
{
	struct sched_shutdown how = {.reason = power_off ? SHUTDOWN_poweroff : SHUTDOWN_reboot};

	(void)call_outer(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &how);
}

static bool is_xen(uint32_t leaf)
{
	struct cpuid_result name = cpu_cpuid(leaf, 0);

	return name.b == XEN_CPUID_SIGNATURE_EBX && name.c == XEN_CPUID_SIGNATURE_ECX &&
	       name.d == XEN_CPUID_SIGNATURE_EDX;
}

void nested_init(void)
{
	static struct log_sink sink = {.write = write_text, .level = LOG_DEBUG};

	if (!(cpu_cpuid(1, 0).c & CPUID_1C_HYPERVISOR)) {
		return;
	}
	for (uint32_t leaf = CPUID_XEN_FIRST; leaf < LEAVES_END; leaf += LEAVES_STEP) {
		if (is_xen(leaf)) {
			leaves = leaf;
			break;
		}
	}
	if (!leaves) {
		return;
	}
	machine_set_firmware_reset(end_domain);
	log_add_sink(&sink);
}

uint64_t nested_wallclock(void)
{
	/* The outer hypervisor's page takes the place of this one, for good. */
	const struct shared_info *outer = leaves ? heap_alloc_pages(0) : NULL;
	struct xen_add_to_physmap request = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_shared_info,
	};
	/* Whoever sets it has the page in the layout of the mode he runs in. */
	struct xen_hvm_param callback = {.domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ};

	if (!outer) {
		return 0;
	}
	request.gpfn = pointer_to_mfn(outer).n;
	if (call_outer(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &request) ||
	    call_outer(__HYPERVISOR_hvm_op, HVMOP_set_param, &callback)) {
		return 0;
	}
	return shared_read(&outer->wc_sec) + ((uint64_t)shared_read(&outer->wc_sec_hi) << 32) +
	       shared_read(&outer->vcpu_info[0].time.system_time) / NS_PER_SECOND;
}

static uint64_t read_tsc(void)
{
	return cpu_rdtsc();
}

const struct time_source *nested_tsc(void)
{
	static struct time_source source = {
		.name = "outer hypervisor",
		.bits = 64,
		.read = read_tsc,
	};

	source.hz = leaves ? cpu_cpuid(leaves + 3, 0).c * 1000UL : 0;
	return source.hz ? &source : NULL;
}
