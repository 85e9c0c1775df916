/* SPDX-License-Identifier: MIT */
/* advice.h: the line by which a store goes on, for what is said to be pasted. */
#ifndef TOTE_ADVICE_H
#define TOTE_ADVICE_H

#include "store/store.h"

/* "tote resume STORE", with --engine if resume does not take that of the store; or, if
 * its list has to be given again, as it came through a pipe or all was moved, that,
 * with --engine if it is not the usual one. New text, null: out of memory. */
char *tote_advice_go_on(struct tote_store *store);

#endif
