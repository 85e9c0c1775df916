/* SPDX-License-Identifier: MIT */
/* bootstrap.c: one loop over resampled blocks for every statistic (bootstrap.h).
 *
 * The values of a cell are sorted once. A resample is how often each block was drawn;
 * its median is then found by one walk along the sorted values, without sorting again.
 */
#include "stats/bootstrap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/random.h"
#include "stats/stats.h"

#define TAIL 0.025 /* each side of a 95 % interval */

struct value {
    double x;
    size_t block;
};

struct column { /* one cell */
    struct value *rising;
    size_t n;
};

struct work {
    size_t n_blocks; /* in which any cell has a value */
    size_t *blocks, *drawn;
    struct value *values;
    struct column *columns;
    double *medians, *results;
};

/* --- preparation --- */

static bool is_empty(const struct tote_samples *blocks, size_t block)
{
    for (size_t i = 0; i < blocks->n_cells; i++) {
        if (!isnan(blocks->cells[i][block]))
            return false;
    }
    return true;
}

static bool has_infinite(const struct tote_samples *blocks)
{
    for (size_t i = 0; i < blocks->n_cells; i++) {
        for (size_t k = 0; k < blocks->n_blocks; k++) {
            if (isinf(blocks->cells[i][k]))
                return true;
        }
    }
    return false;
}

static int compare_values(const void *a, const void *b)
{
    double x = ((const struct value *)a)->x, y = ((const struct value *)b)->x;
    return (x > y) - (x < y);
}

static void fill_columns(struct work *work, const struct tote_samples *blocks)
{
    for (size_t k = 0; k < blocks->n_blocks; k++) {
        if (!is_empty(blocks, k))
            work->blocks[work->n_blocks++] = k;
    }
    for (size_t i = 0; i < blocks->n_cells; i++) {
        struct column *column = &work->columns[i];
        column->rising = work->values + i * blocks->n_blocks;
        for (size_t k = 0; k < work->n_blocks; k++) {
            double x = blocks->cells[i][work->blocks[k]];
            if (!isnan(x))
                column->rising[column->n++] = (struct value){.x = x, .block = k};
        }
        if (column->n > 1)
            qsort(column->rising, column->n, sizeof *column->rising, compare_values);
    }
}

static void finish(struct work *work)
{
    free(work->blocks);
    free(work->drawn);
    free(work->values);
    free(work->columns);
    free(work->medians);
    free(work->results);
}

static int init(struct work *work, const struct tote_samples *blocks, size_t n_results)
{
    size_t n = blocks->n_blocks;
    *work = (struct work){0};
    if (n >= SIZE_MAX / blocks->n_cells)
        return -ENOMEM;
    work->blocks = calloc(n + 1, sizeof *work->blocks);
    work->drawn = calloc(n + 1, sizeof *work->drawn);
    work->values = calloc((n + 1) * blocks->n_cells, sizeof *work->values);
    work->columns = calloc(blocks->n_cells, sizeof *work->columns);
    work->medians = calloc(blocks->n_cells, sizeof *work->medians);
    work->results = calloc(n_results, sizeof *work->results);
    if (!work->blocks || !work->drawn || !work->values || !work->columns ||
        !work->medians || !work->results) {
        finish(work);
        return -ENOMEM;
    }
    fill_columns(work, blocks);
    return 0;
}

/* --- one resample --- */

static void draw(struct work *work, struct tote_random *random)
{
    memset(work->drawn, 0, work->n_blocks * sizeof *work->drawn);
    for (size_t i = 0; i < work->n_blocks; i++)
        work->drawn[tote_random_below(random, (uint32_t)work->n_blocks)]++;
}

/* Of the values with their blocks as often as drawn; NaN if that is none. */
static double median_of(const struct column *column, const size_t *drawn)
{
    size_t total = 0, seen = 0, i = 0;
    for (size_t k = 0; k < column->n; k++)
        total += drawn[column->rising[k].block];
    if (total == 0)
        return NAN;
    for (; seen <= (total - 1) / 2; i++)
        seen += drawn[column->rising[i].block];
    double lower = column->rising[i - 1].x;
    if (seen > total / 2)
        return lower;
    while (drawn[column->rising[i].block] == 0)
        i++;
    return tote_stats_middle(lower, column->rising[i].x);
}

static double result_of(struct work *work, size_t n_cells, tote_statistic *statistic,
                        void *context)
{
    for (size_t i = 0; i < n_cells; i++) {
        work->medians[i] = median_of(&work->columns[i], work->drawn);
        if (isnan(work->medians[i]))
            return NAN;
    }
    return statistic(work->medians, context);
}

/* --- the interval --- */

/* results are the n_defined defined ones of all. */
static void set_bounds(struct tote_estimate *ret, double *results, size_t n_defined,
                       size_t n)
{
    tote_stats_sort(results, n_defined);
    size_t low = (size_t)floor(TAIL * (double)(n - 1));
    size_t high = n - 1 - low;
    ret->n_undefined = n - n_defined;
    ret->low = low < ret->n_undefined ? -INFINITY : results[low - ret->n_undefined];
    ret->high = high >= n_defined ? INFINITY : results[high];
    ret->has_bounds = true;
}

static void resample(struct work *work, size_t n_cells, tote_statistic *statistic,
                     void *context, const struct tote_resampling *resampling,
                     struct tote_estimate *ret)
{
    struct tote_random random = {resampling->seed};
    size_t n_defined = 0;
    for (size_t i = 0; i < resampling->n_resamples; i++) {
        draw(work, &random);
        double result = result_of(work, n_cells, statistic, context);
        if (!isnan(result))
            work->results[n_defined++] = result;
    }
    set_bounds(ret, work->results, n_defined, resampling->n_resamples);
}

int tote_bootstrap_estimate(const struct tote_samples *blocks,
                            tote_statistic *statistic, void *context,
                            const struct tote_resampling *resampling,
                            struct tote_estimate *ret)
{
    struct tote_resampling chosen = *resampling;
    if (chosen.n_resamples == 0)
        chosen.n_resamples = TOTE_RESAMPLES_DEFAULT;
    if (blocks->n_cells == 0 || blocks->n_blocks > UINT32_MAX ||
        chosen.n_resamples > TOTE_RESAMPLES_MAX || has_infinite(blocks))
        return -EINVAL;
    struct work work;
    int rc = init(&work, blocks, chosen.n_resamples);
    if (rc < 0)
        return rc;
    struct tote_estimate estimate = {.n = SIZE_MAX, .low = NAN, .high = NAN};
    for (size_t i = 0; i < blocks->n_cells; i++) {
        if (work.columns[i].n < estimate.n)
            estimate.n = work.columns[i].n;
    }
    for (size_t k = 0; k < work.n_blocks; k++)
        work.drawn[k] = 1;
    estimate.value = result_of(&work, blocks->n_cells, statistic, context);
    estimate.is_approximate = estimate.n < TOTE_BOOTSTRAP_GOOD;
    if (estimate.n >= TOTE_BOOTSTRAP_MIN && !isnan(estimate.value))
        resample(&work, blocks->n_cells, statistic, context, &chosen, &estimate);
    *ret = estimate;
    finish(&work);
    return 0;
}

static double ratio_of(const double *medians, void *context)
{
    (void)context;
    return medians[0] / medians[1];
}

int tote_bootstrap_ratio(const struct tote_samples *two,
                         const struct tote_resampling *resampling,
                         struct tote_estimate *ret)
{
    if (two->n_cells != 2)
        return -EINVAL;
    return tote_bootstrap_estimate(two, ratio_of, NULL, resampling, ret);
}

/* --- two samples without common blocks --- */

static double ratio_of_two(struct work *a, struct work *b)
{
    return median_of(&a->columns[0], a->drawn) / median_of(&b->columns[0], b->drawn);
}

static void resample_two(struct work *a, struct work *b,
                         const struct tote_resampling *resampling,
                         struct tote_estimate *ret)
{
    struct tote_random random = {resampling->seed};
    size_t n_defined = 0;
    for (size_t i = 0; i < resampling->n_resamples; i++) {
        draw(a, &random);
        draw(b, &random);
        double result = ratio_of_two(a, b);
        if (!isnan(result))
            a->results[n_defined++] = result;
    }
    set_bounds(ret, a->results, n_defined, resampling->n_resamples);
}

static void draw_all(struct work *work)
{
    for (size_t k = 0; k < work->n_blocks; k++)
        work->drawn[k] = 1;
}

static void estimate_two(struct work *a, struct work *b,
                         const struct tote_resampling *resampling,
                         struct tote_estimate *ret)
{
    size_t n = a->n_blocks < b->n_blocks ? a->n_blocks : b->n_blocks;
    *ret = (struct tote_estimate){.n = n, .low = NAN, .high = NAN};
    draw_all(a);
    draw_all(b);
    ret->value = ratio_of_two(a, b);
    ret->is_approximate = n < TOTE_BOOTSTRAP_GOOD;
    if (n >= TOTE_BOOTSTRAP_MIN && !isnan(ret->value))
        resample_two(a, b, resampling, ret);
}

int tote_bootstrap_unpaired(const double *a, size_t n_a, const double *b, size_t n_b,
                            const struct tote_resampling *resampling,
                            struct tote_estimate *ret)
{
    struct tote_samples first = {&a, 1, n_a}, second = {&b, 1, n_b};
    struct tote_resampling chosen = *resampling;
    if (chosen.n_resamples == 0)
        chosen.n_resamples = TOTE_RESAMPLES_DEFAULT;
    if (n_a > UINT32_MAX || n_b > UINT32_MAX ||
        chosen.n_resamples > TOTE_RESAMPLES_MAX || has_infinite(&first) ||
        has_infinite(&second))
        return -EINVAL;
    struct work of_a, of_b;
    int rc = init(&of_a, &first, chosen.n_resamples);
    if (rc < 0)
        return rc;
    rc = init(&of_b, &second, 1);
    if (rc == 0) {
        estimate_two(&of_a, &of_b, &chosen, ret);
        finish(&of_b);
    }
    finish(&of_a);
    return rc;
}

bool tote_bootstrap_excludes(const struct tote_estimate *estimate, double x)
{
    return estimate->has_bounds && (x < estimate->low || x > estimate->high);
}
