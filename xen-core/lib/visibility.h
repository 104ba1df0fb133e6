/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before everything else in the freestanding build: whatever is declared lies in this one
 * image, so that addresses are taken relative to RIP instead of from a table.
 */
#ifndef LIB_VISIBILITY_H
#define LIB_VISIBILITY_H

#pragma GCC visibility push(hidden)

#endif
