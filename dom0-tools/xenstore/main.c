/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstore and the programs linked to it: see client.h. */
#include "xenstore/client.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int status;

	signal(SIGPIPE, SIG_DFL);
	status = client_main(argc, argv, stdout, stderr);
	return fflush(stdout) || ferror(stdout) ? 1 : status;
}
