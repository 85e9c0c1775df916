/* SPDX-License-Identifier: MIT */
/* scope.h: what the claim of a report does not cover, in sentences; never none. Not for
 * what went wrong or could be done better (notes.h).
 *
 *     struct tote_notes scope;
 *     if (tote_scope_make(&summary, &scope) == 0) ... scope.texts[0 .. n) ...
 *     tote_notes_finish(&scope); */
#ifndef TOTE_SCOPE_H
#define TOTE_SCOPE_H

#include "report/notes.h"

/* 0 or -ENOMEM. Texts are as the summary's: mask that first. */
int tote_scope_make(const struct tote_summary *summary, struct tote_notes *ret_scope);

#endif
