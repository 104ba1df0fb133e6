/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every daemon does with its own process: into the background, with a parent that waits until
 * there is something to rely on; its number in a file; as many descriptors as it may have.
 */
#ifndef LIB_PROCESS_H
#define LIB_PROCESS_H

struct report;

/* Goes on in a child of a session of its own. The parent stays until the child calls
 * process_tell(), and exits with the status told there, or with 1 if the child ends without.
 * *waiting is the child's, for process_tell(). On error nothing was forked. */
int process_detach(int *waiting, struct report *report);

/* Ends the parent's waiting; nothing to do if *waiting is -1, which it becomes. With status 0 the
 * three standard descriptors lead to /dev/null from then on. */
void process_tell(int *waiting, int status);

/* path NULL: there is to be none. */
int process_write_pid(const char *path, struct report *report);

/* The soft limit of open files up to the hard one. */
void process_raise_files(void);

#endif
