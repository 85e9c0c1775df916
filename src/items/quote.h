/* SPDX-License-Identifier: MIT */
/* quote.h: single quotes around a text, whatever is in it. For the files of this room;
 * others see tote_shell_join in template.h. */
#ifndef TOTE_ITEMS_QUOTE_H
#define TOTE_ITEMS_QUOTE_H

#include <stddef.h>

/* Writes text in single quotes to into, which has room for TOTE_QUOTED_MAX(n) bytes;
 * returns how many. No terminator. */
#define TOTE_QUOTED_MAX(n) (4 * (n) + 2)
size_t tote_shell_enclose(const char *text, size_t n, char *into);

#endif
