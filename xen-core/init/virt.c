/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware virtualization: what the machine has, said once at boot, and turned on on each CPU.
 * Without it there are paravirtual guests only.
 */
#include "init/init.h"

#include "hvm/cpuid.h"
#include "hvm/hvm.h"
#include "hvm/svm/svm.h"
#include "lib/check.h"
#include "lib/log.h"
#include "pv/cpuid.h"

void virt_init(void)
{
	uint32_t features = 0, asids = 0;
	const char *why = "";

	if (svm_detect(&why, &features, &asids)) {
		log_info("no hardware virtualization: %s; guests can be PV only", why);
		return;
	}
	virt_ops = &svm_ops;
	hvm_policy_init(pv_policy_host());
	virt_enable_cpu(0);
	log_info("SVM with nested paging, %u address spaces%s", asids,
		 features & SVM_FEATURE_NEXT_RIP ? "" : ", without next RIP");
}

/* A CPU that cannot is not to run translated guests, and which CPU that is nobody remembers. */
void virt_enable_cpu(unsigned int cpu)
{
	if (virt_ops && virt_ops->cpu_enable(cpu)) {
		panic("CPU %u has no working virtualization, but CPU 0 has", cpu);
	}
}
