/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a kernel without ELF notes starts when it has the older __xen_guest section.
 */
#include "guest.h"

void guest_test(void)
{
	claim((start_info->flags & 3) == 3, "it_runs_as_the_initial_domain");
	claim(mfn_of(guest_test) == pte_mfn(*pte_of((const void *)guest_test)),
	      "its_p2m_agrees_with_its_tables");
}
