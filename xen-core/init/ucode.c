/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the microcode the boot loader passed (ucode= in xen.cfg), on each CPU before it runs a
 * guest. The module stays where it is for that; MSRs: SDM 3A 9.11.6, AMD APM 2 "MSR C001_0020".
 */
#include "init/init.h"

#include "lib/log.h"
#include "machine/cpu.h"
#include "machine/fault.h"
#include "machine/percpu.h"
#include "x86/msr.h"
#include "x86/ucode.h"

#include <xen/errno.h>

#define MSR_PLATFORM_IDENTITY 0x17U
#define MSR_INTEL_TRIGGER 0x79U
#define MSR_REVISION 0x8bU
#define MSR_AMD_TRIGGER 0xc0010020U

static uint32_t read_revision(bool amd)
{
	uint64_t value = 0;

	if (!amd && !fault_wrmsr(MSR_REVISION, 0)) {
		(void)cpu_cpuid(1, 0);
	}
	if (fault_rdmsr(MSR_REVISION, &value)) {
		return 0;
	}
	return (uint32_t)(amd ? value : value >> 32);
}

static struct ucode_cpu this_kind(void)
{
	struct ucode_cpu cpu = {.is_amd = cpu_cpuid(0, 0).b == 0x68747541, /* "Auth" */
				.signature = cpu_cpuid(1, 0).a};
	uint64_t platform = 0;

	if (!cpu.is_amd && !fault_rdmsr(MSR_PLATFORM_IDENTITY, &platform)) {
		cpu.platform = 1U << (platform >> 50 & 7);
	}
	cpu.revision = read_revision(cpu.is_amd);
	return cpu;
}

static void load(const struct ucode_cpu *cpu, const struct ucode_update *update)
{
	uint32_t trigger = cpu->is_amd ? MSR_AMD_TRIGGER : MSR_INTEL_TRIGGER;
	uint32_t now;

	if (fault_wrmsr(trigger, (uint64_t)update->data)) {
		log_warning("microcode: CPU %u refuses revision %x", this_cpu(), update->revision);
		return;
	}
	now = read_revision(cpu->is_amd);
	if (now == update->revision) {
		log_info("microcode: CPU %u from revision %x to %x", this_cpu(), cpu->revision,
			 now);
	} else {
		log_warning("microcode: CPU %u stays at revision %x, %x was not taken", this_cpu(),
			    now, update->revision);
	}
}

void ucode_load(void)
{
	struct ucode_update update;
	struct ucode_cpu cpu;

	for (uint32_t i = 0; i < boot.module_count; i++) {
		int err;

		if (boot.modules[i].kind != BOOT_MODULE_UCODE) {
			continue;
		}
		cpu = this_kind();
		err = ucode_find(memory_module(&boot.modules[i]), boot.modules[i].bytes, &cpu,
				 &update);
		if (!err) {
			load(&cpu, &update);
		} else if (this_cpu() == 0) {
			log_info("microcode: %s",
				 err == -XEN_ENOENT ? "nothing newer for this CPU in the file"
						    : "the file is damaged or of another maker");
		}
	}
}
