/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program xl.
 */
#include "xl/xl.h"

#include <signal.h>

int main(int argc, char **argv)
{
	struct xl xl = {.out = stdout, .err = stderr};
	int status;

	/* A reader that has seen enough (xl list | head) is no error of ours. */
	signal(SIGPIPE, SIG_DFL);
	status = xl_run(&xl, argc, argv);
	if (xl.control) {
		control_close(xl.control);
	}
	return status;
}
