/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon gives up once it has opened what it needs: whoever takes it over by a guest's bytes
 * has its descriptors, and not the rest of domain 0. Programs that use this link libseccomp.
 */
#ifndef LIB_CONFINE_H
#define LIB_CONFINE_H

struct report;

/* For good: all capabilities, starting programs and processes, looking into other processes,
 * changing mounts, modules, devices, clocks and users, and sockets other than local ones; such
 * calls then fail with EPERM. Files are still opened as the user the process runs as, so root's
 * are, and others' as their modes say. What the kernel cannot do becomes a warning. */
void process_confine(struct report *report);

#endif
