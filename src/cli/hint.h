/* SPDX-License-Identifier: MIT */
/* hint.h: what options of GNU parallel are called here. For what a user types that tote
 * run does not know, not for what it knows. */
#ifndef TOTE_HINT_H
#define TOTE_HINT_H

/* Of a whole word, "-j4" or "--jobs=4": the end of a sentence, or null. */
const char *tote_hint_find(const char *word);

#endif
