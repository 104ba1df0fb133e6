/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables with a row for each domain, and the row several of them begin with. Its fields and widths
 * are a contract with scripts: name, id, MiB, online vcpus, six flags, seconds.
 */
#ifndef XL_ROWS_H
#define XL_ROWS_H

#include <stdio.h>

struct control_domain;
struct json;
struct xl;

#define ROW_DOMAIN_HEADER                                                                          \
	"Name                                        ID   Mem VCPUs\tState\tTime(s)"

/* Without a newline. */
void row_print_domain(FILE *to, const struct control_domain *domain);

struct row_table {
	const char *header;
	void (*print)(FILE *to, const struct control_domain *domain);
	/* Members of a map of its own. */
	void (*put)(struct json *json, const struct control_domain *domain);
};

/* A command whose only option is --json: all domains, as a table or as JSON. Its exit status. */
int row_table_run(struct xl *xl, int argc, char **argv, const struct row_table *table);

#endif
