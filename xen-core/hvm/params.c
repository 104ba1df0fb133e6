/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table: each parameter's rules. What the domain itself may set and read is little; some were
 * given up and are refused to all; some are set once, because others have begun to rely on them.
 */
#include "hvm/params.h"

#include "lib/index.h"
#include "machine/atomic.h"

#include <xen/errno.h>

#define SELF_SETS (1U << 0)
#define SELF_GETS (1U << 1)
#define REFUSED (1U << 2)
#define ONCE (1U << 3)

#define SHUTDOWN_REASON_REBOOT 1U
#define TIMER_MODE_LAST 3U
#define IOREQ_PAGES_MAX 64U
#define ALTP2M_LAST 3U
#define CALLBACK_TYPE_SHIFT 56

static const uint8_t rules[HVM_NR_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_STORE_PFN] = SELF_GETS,
	[HVM_PARAM_STORE_EVTCHN] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_PAE_ENABLED] = REFUSED,
	[HVM_PARAM_IOREQ_PFN] = ONCE,
	[HVM_PARAM_BUFIOREQ_PFN] = ONCE,
	[HVM_PARAM_VIRIDIAN] = ONCE,
	[HVM_PARAM_DM_DOMAIN] = REFUSED,
	[HVM_PARAM_VM86_TSS] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_CONSOLE_PFN] = SELF_GETS,
	[HVM_PARAM_CONSOLE_EVTCHN] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_ACPI_IOPORTS_LOCATION] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_MEMORY_EVENT_CR0] = REFUSED,
	[HVM_PARAM_MEMORY_EVENT_CR3] = REFUSED,
	[HVM_PARAM_MEMORY_EVENT_CR4] = REFUSED,
	[HVM_PARAM_MEMORY_EVENT_INT3] = REFUSED,
	[HVM_PARAM_NESTEDHVM] = REFUSED,
	[HVM_PARAM_MEMORY_EVENT_SINGLE_STEP] = REFUSED,
	[HVM_PARAM_BUFIOREQ_EVTCHN] = REFUSED,
	[HVM_PARAM_MEMORY_EVENT_MSR] = REFUSED,
	[HVM_PARAM_IOREQ_SERVER_PFN] = ONCE,
	[HVM_PARAM_NR_IOREQ_SERVER_PAGES] = ONCE,
	[HVM_PARAM_VM_GENERATION_ID_ADDR] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_ALTP2M] = SELF_GETS | ONCE,
	[HVM_PARAM_X87_FIP_WIDTH] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_VM86_TSS_SIZED] = SELF_SETS | SELF_GETS,
	[HVM_PARAM_MCA_CAP] = ONCE,
};

void hvm_params_init(struct hvm_params *p)
{
	for (unsigned int i = 0; i < HVM_NR_PARAMS; i++) {
		p->value[i] = 0;
	}
	p->value[HVM_PARAM_TRIPLE_FAULT_REASON] = SHUTDOWN_REASON_REBOOT;
}

static bool value_is_possible(uint32_t index, uint64_t value)
{
	switch (index) {
	case HVM_PARAM_TIMER_MODE:
		return value <= TIMER_MODE_LAST;
	case HVM_PARAM_ACPI_S_STATE:
		return value == 0 || value == 3;
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
		return value <= 1;
	case HVM_PARAM_VIRIDIAN:
		return value == 0; /* not offered */
	case HVM_PARAM_ALTP2M:
		return value <= ALTP2M_LAST;
	case HVM_PARAM_NR_IOREQ_SERVER_PAGES:
		return value != 0 && value <= IOREQ_PAGES_MAX;
	case HVM_PARAM_X87_FIP_WIDTH:
		return value == 0 || value == 4 || value == 8;
	case HVM_PARAM_CALLBACK_IRQ:
		return value >> CALLBACK_TYPE_SHIFT != HVM_PARAM_CALLBACK_TYPE_VECTOR ||
		       (value & 0xff) >= 16;
	default:
		return true;
	}
}

static int check_access(bool by_itself, uint32_t index, uint8_t right)
{
	if (index >= HVM_NR_PARAMS) {
		return -XEN_EINVAL;
	}
	index = (uint32_t)index_clamp(index, HVM_NR_PARAMS);
	if (by_itself && !(rules[index] & right)) {
		return -XEN_EPERM;
	}
	return rules[index] & REFUSED ? -XEN_EINVAL : 0;
}

int hvm_params_set(struct hvm_params *p, bool by_itself, uint32_t index, uint64_t value)
{
	int err = check_access(by_itself, index, SELF_SETS);
	uint64_t before = 0;

	if (err) {
		return err;
	}
	index = (uint32_t)index_clamp(index, HVM_NR_PARAMS);
	if (!value_is_possible(index, value)) {
		return -XEN_EINVAL;
	}
	if (!(rules[index] & ONCE)) {
		atomic_write(&p->value[index], value);
		return 0;
	}
	return atomic_compare_exchange(&p->value[index], &before, value) || before == value
		       ? 0
		       : -XEN_EEXIST;
}

int hvm_params_get(const struct hvm_params *p, bool by_itself, uint32_t index, uint64_t *value)
{
	int err = check_access(by_itself, index, SELF_GETS);

	if (err) {
		return err;
	}
	*value = atomic_read(&p->value[index_clamp(index, HVM_NR_PARAMS)]);
	if (index == HVM_PARAM_VM86_TSS && *value == 0) {
		/* The sized one holds both: address below, size above. */
		*value = (uint32_t)atomic_read(&p->value[HVM_PARAM_VM86_TSS_SIZED]);
	}
	return 0;
}

uint8_t hvm_params_callback_vector(const struct hvm_params *p)
{
	uint64_t value = atomic_read(&p->value[HVM_PARAM_CALLBACK_IRQ]);

	return value >> CALLBACK_TYPE_SHIFT == HVM_PARAM_CALLBACK_TYPE_VECTOR ? (uint8_t)value : 0;
}
