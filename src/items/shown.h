/* SPDX-License-Identifier: MIT */
/* shown.h: what a sentence may show of a text of the user's: short, one line, plain
 * ASCII (it may end in a JSON document). Not for output that is read back
 * (base/quote.h). */
#ifndef TOTE_ITEMS_SHOWN_H
#define TOTE_ITEMS_SHOWN_H

#include <stddef.h>

#define TOTE_SHOWN_MAX 120 /* bytes, terminator included */

struct tote_shown {
    char text[TOTE_SHOWN_MAX];
};

/* Bytes other than printable ASCII become \xNN; what is too long ends in "...". */
struct tote_shown tote_shown_of(const char *text, size_t n);

#endif
