/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations as the command line names them: a file of xl.cfg, of libvirt's domain XML (a name
 * ending in .xml) or of JSON (.json), and settings that win over it.
 */
#ifndef XL_GUEST_CONFIG_H
#define XL_GUEST_CONFIG_H

#include "xl/xl.h"

struct vm_config;

/* *config is the caller's; on error the report says what is wrong. */
int guest_config_read(struct xl *xl, const char *file, char **settings, unsigned int count,
		      struct vm_config **config);

/* As JSON on xl->out. */
int guest_config_print(struct xl *xl, const struct vm_config *config);

/* As libvirt's domain XML on xl->out. */
int guest_config_print_xml(struct xl *xl, const struct vm_config *config);

/* Words joined by commas; the caller's, NULL when out of memory. */
char *guest_config_join(char **words, unsigned int count);

#endif
