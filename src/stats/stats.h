/* SPDX-License-Identifier: MIT */
/* stats.h: pure statistics on arrays of doubles: no I/O, no clock, no state.
 *
 * An array is borrowed and need not be sorted; n is its length. Tested against SciPy
 * and at n = 0, 1, 2, equal values, ties and huge values. */
#ifndef TOTE_STATS_H
#define TOTE_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* A median and its distribution-free interval (order statistics with exact binomial
 * ranks; Hoefler & Belli, SC'15; Conover 1999, 3.2). */
struct tote_interval {
    size_t n;
    double median;    /* NaN if n is 0 */
    bool has_bounds;  /* false below n = 6: no such 95 % interval exists */
    double low, high; /* NaN unless has_bounds */
};

/* The interval at 95 %: ranks (l, n+1-l) with the largest l whose coverage
 * 1 - 2 P(Bin(n, 1/2) < l) is at least 0.95. -ENOMEM; -EINVAL if a value is not finite.
 */
int tote_stats_interval(const double *values, size_t n, struct tote_interval *ret);

/* l of the interval above, or 0 if there is none (n < 6). */
size_t tote_stats_median_rank(size_t n);

/* Percentile p in [0, 100] by linear interpolation between closest ranks (NumPy's
 * default, Hyndman & Fan type 7) of values sorted in rising order; NaN if n is 0. */
double tote_stats_percentile(const double *sorted, size_t n, double p);

/* Where that is among n sorted values, n > 0: in [0, n - 1]; between two of them unless
 * it is whole. */
double tote_stats_percentile_place(size_t n, double p);

/* Of values sorted in rising order; NaN if n is 0. */
double tote_stats_median(const double *sorted, size_t n);

/* (a + b) / 2, without overflow. */
double tote_stats_middle(double a, double b);

/* Whether none of n values is NaN or infinite. */
bool tote_stats_is_finite(const double *values, size_t n);

/* Sorts in rising order, in place. */
void tote_stats_sort(double *values, size_t n);

#endif
