/* SPDX-License-Identifier: MIT */
/* ranktest.c: Mann-Whitney and Kruskal-Wallis (ranktest.h). */
#include "stats/ranktest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/ranks.h"

/* --- Mann-Whitney --- */

/* Makes row the distribution of U of i values against j from those of (i - 1, j), in
 * row, and (i, j - 1), in left: the largest value is one of the i, and above all j,
 * with chance i / (i + j). The sum has no differences, so errors do not grow. */
static void step(double *row, const double *left, size_t i, size_t j)
{
    double share = (double)i / (double)(i + j);
    for (size_t u = i * j + 1; u-- > 0;) {
        double from_a = u >= j && u - j <= (i - 1) * j ? row[u - j] : 0;
        double from_b = u <= i * (j - 1) ? left[u] : 0;
        row[u] = share * from_a + (1 - share) * from_b;
    }
}

/* P(U >= least) for n against m values without ties. */
static int exact_tail(size_t n, size_t m, size_t least, double *ret)
{
    size_t width = n * m + 1;
    double *rows = calloc((m + 1) * width, sizeof *rows);
    if (!rows)
        return -ENOMEM;
    for (size_t j = 0; j <= m; j++)
        rows[j * width] = 1; /* against nothing U is 0 */
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++)
            step(rows + j * width, rows + (j - 1) * width, i, j);
    }
    double tail = 0;
    for (size_t u = width; u-- > least;) /* the smallest first */
        tail += rows[m * width + u];
    free(rows);
    *ret = tail;
    return 0;
}

/* u is the larger of the two. */
static double normal_p(double u, double n, double m, double ties)
{
    double all = n + m;
    double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) /* all values equal */
        return 1;
    double z = (u - n * m / 2 - 0.5) / sqrt(variance);
    return fmin(1, erfc(z / sqrt(2)));
}

static int find_p(size_t n_a, size_t n_b, double ties, struct tote_two_samples *two)
{
    double pairs = (double)n_a * (double)n_b, u = fmax(two->u, pairs - two->u), tail;
    two->is_exact =
        ties == 0 && n_a <= TOTE_RANKTEST_EXACT_MAX && n_b <= TOTE_RANKTEST_EXACT_MAX;
    if (!two->is_exact) {
        two->p = normal_p(u, (double)n_a, (double)n_b, ties);
        return 0;
    }
    int rc = exact_tail(n_a, n_b, (size_t)u, &tail);
    if (rc == 0)
        two->p = fmin(1, 2 * tail);
    return rc;
}

int tote_ranktest_two(const double *a, size_t n_a, const double *b, size_t n_b,
                      struct tote_two_samples *ret)
{
    struct tote_two_samples two = {.a12 = NAN, .p = NAN};
    size_t n = n_a + n_b;
    double ties, sum = 0, *pooled = reallocarray(NULL, n ? n : 1, 2 * sizeof *pooled);
    if (!pooled)
        return -ENOMEM;
    if (n_a > 0)
        memcpy(pooled, a, n_a * sizeof *pooled);
    if (n_b > 0)
        memcpy(pooled + n_a, b, n_b * sizeof *pooled);
    double *ranks = pooled + n;
    int rc = tote_ranks_fill(pooled, n, ranks, &ties);
    if (rc < 0 || n_a == 0 || n_b == 0)
        goto out;
    for (size_t i = 0; i < n_a; i++)
        sum += ranks[i];
    two.u = sum - (double)n_a * ((double)n_a + 1) / 2;
    two.a12 = two.u / ((double)n_a * (double)n_b);
    rc = find_p(n_a, n_b, ties, &two);
out:
    free(pooled);
    if (rc == 0)
        *ret = two;
    return rc;
}

double tote_ranktest_least_p(size_t n_a, size_t n_b)
{
    size_t fewer = n_a < n_b ? n_a : n_b;
    double p = 2;
    for (size_t i = 1; i <= fewer && p > 0; i++)
        p *= (double)i / (double)(n_a + n_b - fewer + i);
    return fmin(1, p);
}

/* --- Kruskal-Wallis --- */

/* The upper tail Q(k/2, x/2) of the gamma distribution: Q(a + 1, y) is
 * Q(a, y) + y^a e^-y / Gamma(a + 1), from Q(1, y) = e^-y or Q(1/2, y) = erfc(sqrt(y))
 * (Abramowitz & Stegun 6.5.21, 26.4). All terms are positive. */
double tote_ranktest_chi_square(double x, size_t freedom)
{
    if (isnan(x) || freedom == 0)
        return NAN;
    if (x <= 0)
        return 1;
    double y = x / 2, a = freedom % 2 ? 0.5 : 1;
    double tail = freedom % 2 ? erfc(sqrt(y)) : exp(-y);
    for (; a < (double)freedom / 2; a++) {
        int sign;
        tail += exp(a * log(y) - y - lgamma_r(a + 1, &sign));
    }
    return fmin(1, tail);
}

static double find_h(const double *ranks, const size_t *counts, size_t n_samples,
                     double n, double ties)
{
    double sum = 0;
    for (size_t i = 0, at = 0; i < n_samples; i++) {
        double off = 0; /* of the ranks from their mean: no large numbers cancel */
        for (size_t end = at + counts[i]; at < end; at++)
            off += ranks[at] - (n + 1) / 2;
        if (counts[i] > 0)
            sum += off * off / (double)counts[i];
    }
    double correction = 1 - ties / (n * n * n - n);
    return correction > 0 ? 12 / (n * (n + 1)) * sum / correction : 0;
}

int tote_ranktest_many(const double *values, const size_t *counts, size_t n_samples,
                       struct tote_many_samples *ret)
{
    size_t n = 0, n_used = 0;
    for (size_t i = 0; i < n_samples; i++) {
        n += counts[i];
        n_used += counts[i] > 0;
    }
    double ties, *ranks = reallocarray(NULL, n ? n : 1, sizeof *ranks);
    if (!ranks)
        return -ENOMEM;
    int rc = tote_ranks_fill(values, n, ranks, &ties);
    if (rc == 0) {
        *ret = (struct tote_many_samples){.h = 0, .p = 1};
        if (n_used > 1) {
            ret->h = find_h(ranks, counts, n_samples, (double)n, ties);
            ret->p = tote_ranktest_chi_square(ret->h, n_used - 1);
        }
    }
    free(ranks);
    return rc;
}
