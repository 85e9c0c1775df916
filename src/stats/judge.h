/* SPDX-License-Identifier: MIT */
/* judge.h: the one place that decides whether cells differ, and who shares a rank. Not
 * for sentences: the report writes them.
 *
 * Two cells differ only if all three hold: the interval of the ratio of their medians
 * excludes 1, Mann-Whitney's p is below 5 % after Holm's correction, and the ratio is
 * outside the noise floor. Else they are not distinguishable.
 *
 *     struct tote_judged cells[3];
 *     struct tote_judgement judgement;
 *     struct tote_judge question = {
 *         .blocks = {values, 3, n_blocks},
 *         .noise_floor = floor,
 *         .resampling = {.seed = seed},
 *     };
 *     rc = tote_judge_cells(&question, cells, &judgement);
 */
#ifndef TOTE_STATS_JUDGE_H
#define TOTE_STATS_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/bootstrap.h"

#define TOTE_JUDGE_ALPHA 0.05

struct tote_judge {
    struct tote_samples blocks; /* values above 0; NaN: that run is missing */
    bool more_is_better;        /* a rate; else a time */
    double noise_floor; /* as tote_judge_noise_floor gives it; 0 if none is known */
    struct tote_resampling resampling;
};

/* What a difference lacked. */
enum tote_judge_failed {
    TOTE_JUDGE_INTERVAL = 1, /* it includes 1, or there is none */
    TOTE_JUDGE_P = 2,        /* 5 % or more, or fewer runs than a test is made of */
    TOTE_JUDGE_FLOOR = 4,    /* within the noise floor */
};

/* A cell against one that is no worse by its median. */
struct tote_pair {
    struct tote_estimate ratio; /* how many times the better is as good, >= 1 */
    double a12;      /* the chance that a run of the better is the better of two */
    double p;        /* Mann-Whitney, two-sided, as it is */
    double p_holm;   /* corrected; NaN if one has fewer than TOTE_BOOTSTRAP_MIN runs */
    unsigned failed; /* sum of enum tote_judge_failed; 0: they differ */
};

struct tote_judged {
    size_t n;      /* runs */
    double median; /* NaN if n is 0 */
    size_t rank;   /* from 1; 0 if n is 0 */
    size_t head;   /* the first of those who share the rank; the index of a cell */
    struct tote_pair behind; /* the leader against this cell; of the leader itself, and
                                if n is 0, all NaN and nothing failed */
};

struct tote_judgement {
    bool has_leader; /* false if no cell has a run */
    size_t leader;   /* the cell with the best median, the first of equals */
    double h, p_all; /* Kruskal-Wallis over all cells */
    size_t n_tests;  /* pairs that Holm's correction counts */
};

/* Ranks. "Not distinguishable" is not transitive: of A, B, C in the order of their
 * medians, A and B may be so, and B and C, while A and C differ. So each rank has a
 * head, and is a claim about the head alone: the leader heads rank 1, and whoever is
 * not distinguishable from it shares that rank. The best median among the rest heads
 * the next, and so on; a rank is 1 + the number of cells of better ranks (1, 1, 3). So
 * of two cells of different ranks the head of the better one does beat the other, and
 * of two that share one nothing is claimed but that neither is shown to differ from
 * their head.
 *
 * The leader is found by looking, so Holm's correction counts all pairs, not only its
 * own: those of cells with TOTE_BOOTSTRAP_MIN runs or more.
 *
 * ret_cells has n_cells places. -EINVAL: a value not above 0 or infinite, no cell, or a
 * noise floor below 0 or not finite; -ENOMEM. */
int tote_judge_cells(const struct tote_judge *question, struct tote_judged *ret_cells,
                     struct tote_judgement *ret);

/* What a ratio of two medians lacks to be a difference, in whichever direction: a sum
 * of enum tote_judge_failed. p_holm may be NaN: not tested. */
unsigned tote_judge_change(const struct tote_estimate *ratio, double p_holm,
                           double noise_floor);

/* |ln(median of one / median of the other)| of a cell that was entered twice; NaN if
 * one has no values. Values as above. -EINVAL, -ENOMEM. */
int tote_judge_noise_floor(const double *first, const double *again, size_t n_blocks,
                           double *ret);

/* Runs that each of so many cells needs before a difference can be found at all: below,
 * the least p that there is, times the number of pairs, is no less than 5 %. At least
 * TOTE_BOOTSTRAP_MIN. */
size_t tote_judge_runs_needed(size_t n_cells);

#endif
