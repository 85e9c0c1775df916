/* SPDX-License-Identifier: MIT */
/* diff.h: two experiments, A and B: what differs in how they were made, and whether
 * their cells do. Pure: from two summaries. Not for one experiment's own verdict
 * (verdict.h), nor for what follows from a change (gate.h), nor for how it is shown
 * (diff_text.c, diff_json.c).
 *
 *     struct tote_diff diff;
 *     if (tote_diff_make(&a, &b, &diff) == 0) {
 *         ...
 *         tote_diff_finish(&diff);
 *     }
 *
 * Cells match if label, kernel, size, tasks, workers and batch are the same. The blocks
 * of two experiments are not, so each is resampled by itself. A ratio is B over A. */
#ifndef TOTE_DIFF_H
#define TOTE_DIFF_H

#include <stdio.h>

#include "report/gather.h"
#include "report/metric.h"
#include "stats/bootstrap.h"

#define TOTE_DIFF_SEED                                                                 \
    UINT64_C(1) /* of the resampling: the same stores, the same figures */
#define TOTE_DIFF_WHY_MAX 400

struct tote_diff_change {
    size_t n_before, n_after; /* runs */
    double before, after;     /* medians */
    struct tote_estimate ratio;
    double a12;       /* the chance that a run of B has the larger value of two */
    double p, p_holm; /* corrected over all pairs of the metric; NaN: not tested */
    double floor;     /* |ln ratio|, the larger of both experiments'; NaN: none known */
    unsigned lacks;   /* sum of enum tote_judge_failed; 0: they differ */
};

struct tote_diff_pair {
    const struct tote_cell_summary *before, *after; /* borrowed; one may be null */
    const struct tote_point_summary *at_before, *at_after;
    char why[TOTE_DIFF_WHY_MAX]; /* it is not compared; "": it is */
    enum tote_sameness outputs;  /* unknown if the bags have other seeds */
    struct tote_diff_change changes[TOTE_METRICS];
};

/* Something that both were told or found, and that is not the same. Null: one lacks it.
 */
struct tote_diff_item {
    char *what, *before, *after;
};

struct tote_diff {
    const struct tote_summary *before, *after; /* borrowed */
    struct tote_diff_item *items;
    size_t n_items;
    struct tote_diff_pair *pairs; /* in the order of A's cells, then what only B has */
    size_t n_pairs, n_compared;
    bool has_floor;             /* of every pair that is compared, from either */
    enum tote_sameness outputs; /* NO if any pair's are */
};

/* Both are experiments; else -EINVAL. -ENOMEM. On failure nothing is to be finished. */
int tote_diff_make(const struct tote_summary *before, const struct tote_summary *after,
                   struct tote_diff *ret, struct tote_error *err);
void tote_diff_finish(struct tote_diff *diff); /* a zeroed one is accepted */

/* A part of it: fills items. */
int tote_diff_find_items(struct tote_diff *diff);

/* The cell with as many factors as tell it from the others of its experiment. */
#define TOTE_DIFF_NAME_MAX 1400
const char *tote_diff_name(const struct tote_diff *diff,
                           const struct tote_diff_pair *pair,
                           char text[static TOTE_DIFF_NAME_MAX]);

struct tote_gate; /* gate.h */

/* JSON, docs/schemas/diff.schema.json, or text. 0 or -ENOMEM. */
int tote_diff_write_json(const struct tote_diff *diff, const struct tote_gate *gates,
                         size_t n_gates, FILE *out);
int tote_diff_write_text(const struct tote_diff *diff, const struct tote_gate *gates,
                         size_t n_gates, FILE *out);

#endif
