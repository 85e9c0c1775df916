/* SPDX-License-Identifier: MIT */
/* bootstrap.h: intervals of whatever is a function of the medians of cells: a ratio, a
 * slope, a break-even, METG. Blocks are resampled, the same for all cells, so that what
 * a block did to all of them cancels; tasks never are. Not for one median alone, which
 * has an exact interval (stats.h).
 *
 *     const double *cells[] = {a, b};
 *     struct tote_samples blocks = {cells, 2, n_blocks};
 *     struct tote_estimate ratio;
 *     tote_bootstrap_ratio(&blocks, &(struct tote_resampling){.seed = seed}, &ratio);
 */
#ifndef TOTE_STATS_BOOTSTRAP_H
#define TOTE_STATS_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTE_RESAMPLES_DEFAULT 10000
#define TOTE_RESAMPLES_MAX     10000000

/* Below so many blocks there is no interval. Five blocks or fewer leave no
 * distribution-free 95 % interval of a median either (their whole range covers 93.75 %
 * at most), and a percentile interval is never wider than the range of the medians: it
 * would claim more than the data can hold. */
#define TOTE_BOOTSTRAP_MIN 6

/* Below so many it is approximate: few different resamples exist. */
#define TOTE_BOOTSTRAP_GOOD 10

/* cells[i][block] is what cell i gave in that block, NaN if it gave nothing. Borrowed.
 */
struct tote_samples {
    const double *const *cells;
    size_t n_cells, n_blocks;
};

/* n_resamples of 0: TOTE_RESAMPLES_DEFAULT. */
struct tote_resampling {
    uint64_t seed;
    size_t n_resamples;
};

struct tote_estimate {
    double value; /* of the values as they are; NaN: not defined */
    size_t n;     /* values of the cell that has fewest */
    bool has_bounds, is_approximate;
    double low, high;   /* 95 %; may be infinite; NaN unless has_bounds */
    size_t n_undefined; /* resamples without a result */
};

/* Of the medians of all cells, in their order, each a number. May return an infinity
 * for "beyond what was tried" and NaN for "not defined". */
typedef double tote_statistic(const double *medians, void *context);

/* The percentile interval (Efron & Tibshirani 1993, 13.3) at 95 %: with R resamples
 * the results of rank l = 1 + floor(0.025) and R+1-l, not
 * interpolated, so that they may be infinite. Undefined resamples count as below all at
 * the lower end and above all at the upper one: they can only widen it. Blocks in which
 * no cell has a value are left out. No bounds if n < TOTE_BOOTSTRAP_MIN or if the value
 * is not defined.
 *
 * -EINVAL: no cell, infinite values, more than 2^32 - 1 blocks, or resamples beyond
 * TOTE_RESAMPLES_MAX; -ENOMEM. */
int tote_bootstrap_estimate(const struct tote_samples *blocks,
                            tote_statistic *statistic, void *context,
                            const struct tote_resampling *resampling,
                            struct tote_estimate *ret);

/* Median of the first cell over that of the second. */
int tote_bootstrap_ratio(const struct tote_samples *two,
                         const struct tote_resampling *resampling,
                         struct tote_estimate *ret);

/* Median of a over that of b, two samples that share no block, as of two experiments:
 * each is resampled by itself, n of n, a's first. NaN: that value is missing. n is that
 * of the smaller sample. Errors as above. */
int tote_bootstrap_unpaired(const double *a, size_t n_a, const double *b, size_t n_b,
                            const struct tote_resampling *resampling,
                            struct tote_estimate *ret);

/* Whether there are bounds, and x is outside them. */
bool tote_bootstrap_excludes(const struct tote_estimate *estimate, double x);

#endif
