/* SPDX-License-Identifier: MIT */
/* verdict.h: a comparison in one sentence. Not for the exit code's view of a store,
 * which is struct tote_verdict of report.h.
 *
 *     After start-up, local (356/s) is 1.05x as fast as workqueue (338/s) and 1.9x as
 * fast as ray (187/s); with start-up included, ... ; medians, n=6.
 *
 * Two cells are ranked only if their intervals do not overlap. Overlap is not
 * transitive, so every claim is about the leader, the cell with the highest median:
 * which cells cannot be told from it, and which are slower and by how much. Slower
 * cells that overlap, also through others, are named together with one range of ratios
 * and not ranked among themselves. Below n = 6 there are medians and no ranking; if
 * outputs differ, are incomplete, or a cell has no complete run, there is no verdict.
 */
#ifndef TOTE_VERDICT_H
#define TOTE_VERDICT_H

#include "report/gather.h"

/* Cells of a kind that are named; more are counted. */
#define TOTE_VERDICT_NAMED_MAX 5

/* New text, or null: out of memory. */
char *tote_verdict_sentence(const struct tote_point_summary *point);

#endif
