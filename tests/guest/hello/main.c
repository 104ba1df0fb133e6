/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a paravirtual kernel starts: its start_info, its page tables, its clock, its
 * hypercalls; and that unknown hypercalls are refused, not fatal.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/version.h>

void guest_test(void)
{
	const struct vcpu_time_info *time = &shared_info->vcpu_info[0].time;
	uint32_t version;

	claim(memcmp(start_info->magic, "xen-3.0-x86_64", 14) == 0, "magic_names_the_abi");
	claim((start_info->flags & 3) == 3, "flags_say_privileged_and_initial");
	claim((*pte_of(start_info) & ~(PAGE - 1) & 0xfffffffffffffUL) / PAGE == mfn_of(start_info),
	      "p2m_agrees_with_the_page_table");
	claim((*pte_of((void *)start_info->pt_base) & 2) == 0, "page_tables_are_mapped_read_only");
	claim_equal("version_is_4_17", hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0),
		    4 << 16 | 17);
	claim_equal("unknown_hypercall_is_enosys", hypercall1(63, 0), -XEN_ENOSYS);
	claim_equal("wild_hypercall_is_enosys", hypercall1(0xffffffffffff0000UL, 0), -XEN_ENOSYS);
	claim(time->tsc_to_system_mul != 0, "time_scale_is_published");
	version = time->version;
	claim((version & 1) == 0 && version != 0, "time_version_is_even");
	claim(shared_info->wc_sec > 1600000000U, "wall_clock_is_published");
}
