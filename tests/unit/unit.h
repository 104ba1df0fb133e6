/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit test is a program: a table of named claims, run by CUnit. Names are sentences:
 * a_pinned_table_cannot_become_writable. The program prints one line per failed claim, then
 * "<suite>: N passed, N failed", and exits 1 if any failed.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <CUnit/CUnit.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define UNIT(claim) {#claim, claim}

/* Runs the table in order; returns the program's exit status. setup (or NULL) runs before each. */
int unit_main(const char *suite, const struct unit_test *tests, unsigned int count,
	      void (*setup)(void));

#endif
