/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One domain as a line of xl list and xl claims.
 */
#include "xl/rows.h"

#include "control/domains.h"

void row_print_domain(FILE *to, const struct control_domain *domain)
{
	char flags[7];

	control_domain_flags(&domain->info, flags);
	fprintf(to, "%-40s %5d %5lu %5d     %s  %8.1f", domain->name ? domain->name : "(null)",
		domain->info.domain, (unsigned long)control_domain_kib(&domain->info) / 1024,
		(int)domain->info.nr_online_vcpus, flags, (double)domain->info.cpu_time / 1e9);
}
