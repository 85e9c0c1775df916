/* SPDX-License-Identifier: MIT */
/* quote.h: texts as a shell reads them back unchanged. Not for which of them may stand
 * bare: who writes them knows what they are for. */
#ifndef TOTE_QUOTE_H
#define TOTE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes text in single quotes to into, which has room for TOTE_QUOTED_MAX(n) bytes;
 * returns how many. No terminator. */
#define TOTE_QUOTED_MAX(n) (4 * (n) + 2)
size_t tote_quote_enclose(const char *text, size_t n, char *into);

/* New text of words with a blank between, in single quotes but for those that is_bare
 * lets stand as they are. Null: out of memory. */
char *tote_quote_join(const char *const *words, size_t n,
                      bool (*is_bare)(const char *word));

#endif
