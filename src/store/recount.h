/* SPDX-License-Identifier: MIT */
/* recount.h: the table `standing` from the rows that it counts: what it should hold.
 * Reads every record; for who changed the list, checks a store or makes one of what is
 * left of another. Private to src/store. */
#ifndef TOTE_RECOUNT_H
#define TOTE_RECOUNT_H

#include "store/store.h"

/* Row 0, if that list is the last one; 0: there is none. The memory is a bit a task. */
int tote_recount_all(struct tote_store *store, uint32_t list, struct tote_standing *ret,
                     struct tote_error *err);

int tote_recount_run(struct tote_store *store, int64_t run, struct tote_standing *ret,
                     struct tote_error *err);

/* Writes all rows anew, in one transaction. The last list is that, or a later one that
 * a task is of; no tasks and 0: none. */
int tote_recount_write(struct tote_store *store, uint32_t list, struct tote_error *err);

#endif
