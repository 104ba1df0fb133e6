/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's domain XML to struct vm_config and back, as far as both can say the same; the manual
 * page domxml(8) lists what that is. Only the program domxml uses this: the XML parser stays in a
 * process of its own, and everybody else sees JSON.
 */
#ifndef DOMXML_DOMXML_H
#define DOMXML_DOMXML_H

#include <stddef.h>
#include <stdio.h>

struct report;
struct vm_config;

/* Reads a document; `source` names it in messages, which begin with source:line. Elements that
 * would change the machine but are not supported are errors (-ENOTSUP); document type declarations,
 * and with them entities, are refused. *config is the caller's. */
int domxml_read(const char *text, size_t size, const char *source, struct vm_config **config,
		struct report *report);

/* Writes a document. What XML cannot say is warned of. */
int domxml_write(const struct vm_config *config, FILE *to, struct report *report);

#endif
