/* SPDX-License-Identifier: MIT */
/* test_stats.c: statistics at the edges and against published values; SciPy's view is
 * in test_stats_oracle.py. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/stats.h"

/* Ranks of the 95 % interval of a median, exact binomial; coverage is theirs, in
 * percent to one place. */
static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        size_t n, low, high;
        double coverage;
    } rows[] = {{6, 1, 6, 96.9},   {7, 1, 7, 98.4},   {8, 1, 8, 99.2},
                {9, 2, 8, 96.1},   {10, 2, 9, 97.9},  {12, 3, 10, 96.1},
                {15, 4, 12, 96.5}, {20, 6, 15, 95.9}, {30, 10, 21, 95.7},
                {50, 18, 33, 96.7}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(tote_stats_median_rank(rows[i].n), rows[i].low);
        assert_int_equal(rows[i].n + 1 - rows[i].low, rows[i].high);
        double term = 1, tail = 0; /* C(n, k), their sum below low */
        for (size_t k = 0; k < rows[i].low; k++) {
            tail += term;
            term *= (double)(rows[i].n - k) / (double)(k + 1);
        }
        double coverage = 100 * (1 - 2 * ldexp(tail, -(int)rows[i].n));
        assert_true(fabs(coverage - rows[i].coverage) <= 0.051);
    }
    for (size_t n = 0; n < 6; n++)
        assert_int_equal(tote_stats_median_rank(n), 0);
}

static void test_small_intervals(void **state)
{
    (void)state;
    const double values[] = {5, 1};
    struct tote_interval interval;
    assert_int_equal(tote_stats_interval(NULL, 0, &interval), 0);
    assert_true(isnan(interval.median) && isnan(interval.low) && !interval.has_bounds);
    assert_int_equal(tote_stats_interval(values, 1, &interval), 0);
    assert_true(interval.median == 5 && !interval.has_bounds && isnan(interval.high));
    assert_int_equal(tote_stats_interval(values, 2, &interval), 0);
    assert_true(interval.median == 3 && interval.n == 2 && values[0] == 5);
}

static void test_interval_values(void **state)
{
    (void)state;
    const double ten[] = {9, 3, 7, 1, 5, 2, 8, 4, 10, 6};
    const double ties[] = {2, 2, 2, 2, 2, 2};
    const double huge[] = {DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX, -DBL_MAX, -DBL_MAX};
    struct tote_interval interval;
    assert_int_equal(tote_stats_interval(ten, 10, &interval), 0);
    assert_true(interval.median == 5.5 && interval.low == 2 && interval.high == 9);
    assert_int_equal(tote_stats_interval(ties, 6, &interval), 0);
    assert_true(interval.median == 2 && interval.low == 2 && interval.high == 2);
    assert_int_equal(tote_stats_interval(huge, 6, &interval), 0);
    assert_true(interval.median == DBL_MAX && interval.low == -DBL_MAX);
}

static void test_not_finite(void **state)
{
    (void)state;
    const double nan[] = {1, NAN}, infinite[] = {-INFINITY, 1, 2};
    struct tote_interval interval;
    assert_int_equal(tote_stats_interval(nan, 2, &interval), -EINVAL);
    assert_int_equal(tote_stats_interval(infinite, 3, &interval), -EINVAL);
    assert_int_equal(tote_stats_interval(nan, 1, &interval), 0);
    assert_true(tote_stats_is_finite(NULL, 0));
    assert_true(isnan(tote_stats_median(NULL, 0)));
    assert_true(tote_stats_middle(DBL_MAX, DBL_MAX) == DBL_MAX);
}

static void test_percentile(void **state)
{
    (void)state;
    const double values[] = {1, 2, 4};
    const double huge[] = {-DBL_MAX, DBL_MAX};
    const double tiny = 0.1, equal[] = {tiny, tiny, tiny};
    assert_true(isnan(tote_stats_percentile(values, 0, 50)));
    assert_true(isnan(tote_stats_percentile(values, 3, NAN)));
    assert_true(tote_stats_percentile(values, 1, 0) == 1);
    assert_true(tote_stats_percentile(values, 1, 100) == 1);
    assert_true(tote_stats_percentile(values, 2, 50) == 1.5);
    assert_true(tote_stats_percentile(values, 3, 0) == 1);
    assert_true(tote_stats_percentile(values, 3, 75) == 3);
    assert_true(tote_stats_percentile(values, 3, 100) == 4);
    assert_true(tote_stats_percentile(values, 3, -1) == 1);
    assert_true(tote_stats_percentile(values, 3, 101) == 4);
    assert_true(tote_stats_percentile(huge, 2, 50) == 0);
    assert_true(tote_stats_percentile(equal, 3, 33) == tiny);
}

static void test_sort(void **state)
{
    (void)state;
    double values[] = {3, -DBL_MAX, 3, 0, DBL_MAX, -1};
    tote_stats_sort(NULL, 0);
    tote_stats_sort(values, 1);
    assert_true(values[0] == 3);
    tote_stats_sort(values, 6);
    for (int i = 1; i < 6; i++)
        assert_true(values[i - 1] <= values[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),           cmocka_unit_test(test_small_intervals),
        cmocka_unit_test(test_interval_values), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_percentile),      cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
