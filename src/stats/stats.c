/* SPDX-License-Identifier: MIT */
/* stats.c: pure statistics on arrays (stats.h). Not for whether cells differ:
 * that is judge's. */
#include "stats/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAIL     0.025 /* each side of a 95 % interval */
#define SCALE_AT 600   /* powers of two taken out of a sum before it could overflow */

/* Exact binomial ranks: the largest l with P(Bin(n, 1/2) < l) <= 2.5 % (Conover,
 * Practical Nonparametric Statistics, 3rd ed. 1999, 3.2; Hoefler & Belli, SC'15, rule
 * 6, whose normal approximation gives ranks that do not exist at n = 6 and 7).
 *
 * P is the sum of C(n, k) below l, over 2^n. term and sum are kept over 2^exponent so
 * that neither they nor 2^-n leave the range of a double; up to n = 50 they are exact.
 */
size_t tote_stats_median_rank(size_t n)
{
    double term = 1, sum = 1; /* C(n, 0), and the sum of C(n, k) for k < rank + 1 */
    double exponent = -(double)n;
    size_t rank = 0;
    while (rank < n / 2 && log2(sum) + exponent <= log2(TAIL)) {
        rank++;
        term *= (double)(n - rank + 1) / (double)rank;
        sum += term;
        if (sum > 0x1p600) {
            term = ldexp(term, -SCALE_AT);
            sum = ldexp(sum, -SCALE_AT);
            exponent += SCALE_AT;
        }
    }
    return rank;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void tote_stats_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof *values, compare_doubles);
}

/* a + t (b - a), without overflow, never outside [a, b], a if both are equal. */
static double between(double a, double b, double t)
{
    double width = b - a;
    double value = isfinite(width) ? a + t * width : (1 - t) * a + t * b;
    return fmin(fmax(value, a), b);
}

double tote_stats_percentile_place(size_t n, double p)
{
    return fmin(fmax(p, 0), 100) / 100 * (double)(n - 1);
}

double tote_stats_percentile(const double *sorted, size_t n, double p)
{
    if (n == 0 || isnan(p))
        return NAN;
    double place = tote_stats_percentile_place(n, p);
    size_t below = (size_t)place;
    if (below + 1 >= n)
        return sorted[n - 1];
    return between(sorted[below], sorted[below + 1], place - (double)below);
}

double tote_stats_middle(double a, double b)
{
    double sum = a + b;
    return isfinite(sum) ? sum / 2 : a / 2 + b / 2;
}

double tote_stats_median(const double *sorted, size_t n)
{
    return n ? tote_stats_middle(sorted[(n - 1) / 2], sorted[n / 2]) : NAN;
}

bool tote_stats_is_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return false;
    }
    return true;
}

int tote_stats_interval(const double *values, size_t n, struct tote_interval *ret)
{
    if (!tote_stats_is_finite(values, n))
        return -EINVAL;
    double *sorted = reallocarray(NULL, n ? n : 1, sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    if (n > 0)
        memcpy(sorted, values, n * sizeof *sorted);
    tote_stats_sort(sorted, n);
    size_t rank = tote_stats_median_rank(n);
    *ret = (struct tote_interval){
        .n = n,
        .median = tote_stats_median(sorted, n),
        .has_bounds = rank > 0,
        .low = rank > 0 ? sorted[rank - 1] : NAN,
        .high = rank > 0 ? sorted[n - rank] : NAN,
    };
    free(sorted);
    return 0;
}
