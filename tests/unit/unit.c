/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one table of claims through CUnit and prints its closing line; see unit.h. */
#include "unit/unit.h"

#include <CUnit/Basic.h>
#include <stdio.h>

static void (*before_each)(void);

static void run_setup(void)
{
	if (before_each) {
		before_each();
	}
}

int unit_main(const char *suite, const struct unit_test *tests, unsigned int count,
	      void (*setup)(void))
{
	unsigned int failed;

	before_each = setup;
	if (CU_initialize_registry() != CUE_SUCCESS) {
		return 2;
	}
	CU_pSuite registered =
		CU_add_suite_with_setup_and_teardown(suite, NULL, NULL, run_setup, NULL);
	if (!registered) {
		return 2;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!CU_add_test(registered, tests[i].name, tests[i].run)) {
			return 2;
		}
	}
	CU_basic_set_mode(CU_BRM_SILENT);
	CU_basic_run_tests();
	for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext) {
		printf("%s: %s: %s:%u: %s\n", suite, f->pTest ? f->pTest->pName : "?",
		       f->strFileName, f->uiLineNumber, f->strCondition);
	}
	failed = CU_get_number_of_tests_failed();
	printf("%s: %u passed, %u failed\n", suite, count - failed, failed);
	CU_cleanup_registry();
	return failed ? 1 : 0;
}
