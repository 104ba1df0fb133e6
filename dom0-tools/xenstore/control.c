/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore-control: hands words to the daemon and prints what it says. A word the daemon does not
 * know is answered by those it does; exit statuses are 3 for that, 1 when nothing can be said.
 */
#include "xenstore/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int show_known(struct client *client)
{
	static const char *const words[] = {"help"};
	char *known;

	if (store_control(client->store, words, 1, &known)) {
		fputs("Error when executing command.\n", client->err);
		return 3;
	}
	fprintf(client->err, "Command not supported. Valid commands are:\n%s\n", known);
	free(known);
	return 3;
}

int client_control(struct client *client, int argc, char **argv)
{
	char *answer;
	int err = store_control(client->store, (const char *const *)argv, (unsigned int)argc,
				&answer);

	if (err == -EINVAL || err == -ENOENT) {
		return show_known(client);
	}
	if (err) {
		fprintf(client->err, "Error when executing command.\n    %s\n", strerror(-err));
		return 3;
	}
	fprintf(client->out, "%s\n", answer);
	free(answer);
	return 0;
}
