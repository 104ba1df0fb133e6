/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The row of a domain as several commands print it. Its fields and widths are a contract with
 * scripts: name, id, MiB, online vcpus, six flags, seconds.
 */
#ifndef XL_ROWS_H
#define XL_ROWS_H

#include <stdio.h>

struct control_domain;

#define ROW_DOMAIN_HEADER                                                                          \
	"Name                                        ID   Mem VCPUs\tState\tTime(s)"

/* Without a newline. */
void row_print_domain(FILE *to, const struct control_domain *domain);

#endif
