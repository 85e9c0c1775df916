/* SPDX-License-Identifier: MIT */
/* merge.h: the rows of one run, or of all runs of a store as if they were of one.
 *
 *     tote_merge_each(store, "SELECT run, task, attempt, outcome FROM record"
 *                            " WHERE run=? ORDER BY task, attempt",
 *                     0, row, &walk, "count", &err);
 *
 * One statement a run, each in the order of its key, merged: the memory depends on the
 * number of runs, not of rows, and no row is sorted. Private to src/store. */
#ifndef TOTE_MERGE_H
#define TOTE_MERGE_H

#include "store/handle.h"
#include "store/row.h"

/* A row, its columns not read yet; sets row->bad if one is not as it should be. A
 * non-zero answer ends the walk and is returned. */
typedef int tote_merge_row(void *context, struct tote_columns *row,
                           struct tote_error *err);

/* sql has one parameter, the run; its columns begin with run, task, attempt, its rows
 * come in the order of (task, attempt), which are not checked here. run 0: of all runs,
 * in that order, that of the lower run first. -EBADMSG for a bad row. */
int tote_merge_each(struct tote_store *store, const char *sql, int64_t run,
                    tote_merge_row *each, void *context, const char *doing,
                    struct tote_error *err);

#endif
