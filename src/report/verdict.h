/* SPDX-License-Identifier: MIT */
/* verdict.h: a comparison in one sentence, and a sweep. Not for the exit code's view of
 * a store, which is struct tote_verdict of report.h, nor for who beats whom: the
 * summary has that from stats/judge.h.
 *
 *     After start-up, local (356/s) is 1.05x as fast as workqueue (338/s) [1.04, 1.06]
 * and 1.90x as fast as ray (187/s) [1.88, 1.93]; with start-up included, ...; medians,
 * n=6; noise floor 0.61 % after start-up, 0.30 % with start-up included.
 *
 * Every claim is about the leader, the cell with the highest median: which cells are
 * not distinguishable from it, and what the difference lacked; which are slower, and by
 * how much. Slower ones that share a rank are not distinguishable from the first of
 * them, and it is said. With fewer runs than a difference needs there are medians and
 * no ranking; if outputs differ, are incomplete, or a cell has no complete run, there
 * is no verdict.
 */
#ifndef TOTE_VERDICT_H
#define TOTE_VERDICT_H

#include "report/gather.h"

/* Cells of a kind that are named; more are counted. */
#define TOTE_VERDICT_NAMED_MAX 5

/* Places where the lead changes that are named; more are counted. */
#define TOTE_VERDICT_TURNS_MAX 4

/* New text, or null: out of memory. */
char *tote_verdict_sentence(const struct tote_point_summary *point);

/* The same of a whole sweep: who leads at how many points, and between which levels of
 * which factor the lead changes hands. */
char *tote_verdict_of_sweep(const struct tote_summary *summary);

#endif
