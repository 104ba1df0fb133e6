/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0-tools/lib/report.c keeps and how it is shown. */
#include "lib/report.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *shown(const struct report *report, bool details)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	report_print(report, "xl", details, to);
	fclose(to);
	return text;
}

static void an_error_names_object_cause_and_remedy(void)
{
	struct report report = {0};

	CU_ASSERT_EQUAL(report_error(&report, ENOENT, "disk '%s'", "phy:/dev/x,xvda,w"), -ENOENT);
	report_next(&report, "create it, or correct the path");
	char *text = shown(&report, false);
	CU_ASSERT_STRING_EQUAL(text,
			       "xl: error: disk 'phy:/dev/x,xvda,w': No such file or directory\n"
			       "    create it, or correct the path\n");
	CU_ASSERT_TRUE(report_has_error(&report));
	free(text);
	report_clear(&report);
}

static void an_error_without_errno_is_invalid(void)
{
	struct report report = {0};

	CU_ASSERT_EQUAL(report_error(&report, 0, "vcpus=0"), -EINVAL);
	report_why(&report, "a domain has at least one vcpu");
	report_why(&report, "a domain has at least one");
	char *text = shown(&report, false);
	CU_ASSERT_STRING_EQUAL(text, "xl: error: vcpus=0: a domain has at least one\n");
	free(text);
	report_clear(&report);
}

static void details_are_shown_when_asked_for(void)
{
	struct report report = {0};

	report_warning(&report, "unknown key 'cpu'");
	report_detail(&report, "domctl 1 returned -1");
	char *brief = shown(&report, false);
	char *full = shown(&report, true);
	CU_ASSERT_STRING_EQUAL(brief, "xl: warning: unknown key 'cpu'\n");
	CU_ASSERT_STRING_EQUAL(full,
			       "xl: warning: unknown key 'cpu'\n"
			       "xl: detail: domctl 1 returned -1\n");
	CU_ASSERT_FALSE(report_has_error(&report));
	free(brief);
	free(full);
	report_clear(&report);
}

static void nobody_need_listen(void)
{
	CU_ASSERT_EQUAL(report_error(NULL, EPERM, "x"), -EPERM);
	report_why(NULL, "x");
	report_next(NULL, "x");
	report_warning(NULL, "x");
	report_detail(NULL, "x");
}

static void many_messages_keep_their_order(void)
{
	struct report report = {0};

	for (int i = 0; i < 100; i++) {
		report_warning(&report, "%d", i);
	}
	CU_ASSERT_EQUAL(report.count, 100);
	CU_ASSERT_STRING_EQUAL(report.messages[99].what, "99");
	CU_ASSERT_STRING_EQUAL(report.messages[0].what, "0");
	report_clear(&report);
	CU_ASSERT_EQUAL(report.count, 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_error_names_object_cause_and_remedy),
		UNIT(an_error_without_errno_is_invalid),
		UNIT(details_are_shown_when_asked_for),
		UNIT(nobody_need_listen),
		UNIT(many_messages_keep_their_order),
	};

	return unit_main("tools_report", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
