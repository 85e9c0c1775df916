/* SPDX-License-Identifier: MIT */
/* ranktest.h: whether samples come from one distribution, by ranks alone: Mann-Whitney
 * for two, Kruskal-Wallis for more; and how large the difference is (A12). A sample is
 * one value a launch. Not for what follows from a p: that is judge's. */
#ifndef TOTE_STATS_RANKTEST_H
#define TOTE_STATS_RANKTEST_H

#include <stdbool.h>
#include <stddef.h>

/* Without ties, up to so many values in either sample, p is exact. */
#define TOTE_RANKTEST_EXACT_MAX 50

struct tote_two_samples {
    double u;   /* pairs in which the value of a is above that of b, ties half */
    double a12; /* u over all pairs: the chance that a value of a is above one of b */
    double p;   /* two-sided */
    bool is_exact;
};

/* Mann & Whitney 1947. Exact p is twice the tail of the larger U, at most 1; else the
 * normal distribution, corrected for ties and by 1/2 for continuity (Conover 1999,
 * 5.1): SciPy's mannwhitneyu with method "exact" and "asymptotic". All values equal:
 * p = 1. A sample of nothing: u = 0, a12 and p NaN. -EINVAL if a value is not finite,
 * -ENOMEM. */
int tote_ranktest_two(const double *a, size_t n_a, const double *b, size_t n_b,
                      struct tote_two_samples *ret);

/* The smallest p that n_a values against n_b can give: 2 / C(n_a + n_b, n_a), at most
 * 1. */
double tote_ranktest_least_p(size_t n_a, size_t n_b);

struct tote_many_samples {
    double h; /* corrected for ties */
    double p; /* chi-square with one degree of freedom less than samples */
};

/* Kruskal & Wallis 1952. values holds the samples one after the other, sample i with
 * counts[i] values. Samples of nothing are left out; h = 0 and p = 1 if fewer than two
 * are left or all values are equal. -EINVAL, -ENOMEM as above. */
int tote_ranktest_many(const double *values, const size_t *counts, size_t n_samples,
                       struct tote_many_samples *ret);

/* P(X >= x) for a chi-square variable with that many degrees of freedom, > 0. */
double tote_ranktest_chi_square(double x, size_t freedom);

#endif
