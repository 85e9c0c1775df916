/* SPDX-License-Identifier: MIT */
/* test_ranktest.c: rank tests and Holm's correction at the edges and against published
 * values; SciPy's view is in test_stats_oracle.py. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/holm.h"
#include "stats/ranktest.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fabs(b);
}

/* The least p of n against n, and that samples apart give it. */
static void test_least_p(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double p; /* 2 / C(2n, n) */
    } rows[] = {{1, 1}, {2, 2.0 / 6}, {3, 0.1}, {4, 2.0 / 70}, {6, 2.0 / 924}};
    const double low[] = {1, 2, 3, 4, 5, 6}, high[] = {7, 8, 9, 10, 11, 12};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tote_two_samples two;
        size_t n = rows[i].n;
        assert_true(is_near(tote_ranktest_least_p(n, n), rows[i].p));
        assert_int_equal(tote_ranktest_two(low, n, high, n, &two), 0);
        assert_true(two.is_exact && two.u == 0 && two.a12 == 0);
        assert_true(is_near(two.p, rows[i].p));
        assert_int_equal(tote_ranktest_two(high, n, low, n, &two), 0);
        assert_true(two.a12 == 1 && is_near(two.p, rows[i].p));
    }
    assert_true(tote_ranktest_least_p(0, 6) == 1);
    assert_true(is_near(tote_ranktest_least_p(2, 3), 0.2));
}

/* Each arrangement of 4 and 3 once: the p of all, counted. */
static void test_all_arrangements(void **state)
{
    (void)state;
    double p[35], u[35];
    size_t n = 0;
    for (unsigned set = 0; set < 128; set++) {
        double a[7], b[7];
        size_t n_a = 0, n_b = 0;
        for (unsigned i = 0; i < 7; i++) {
            if (set >> i & 1)
                a[n_a++] = i;
            else
                b[n_b++] = i;
        }
        if (n_a != 4)
            continue;
        struct tote_two_samples two;
        assert_int_equal(tote_ranktest_two(a, 4, b, 3, &two), 0);
        p[n] = two.p;
        u[n++] = fmax(two.u, 12 - two.u);
    }
    assert_int_equal(n, 35);
    for (size_t i = 0; i < n; i++) {
        size_t n_beyond = 0; /* both tails: as far from the middle, or farther */
        for (size_t k = 0; k < n; k++)
            n_beyond += u[k] >= u[i];
        assert_true(u[i] == 6 ? p[i] == 1 : is_near(p[i], (double)n_beyond / 35));
    }
}

static void test_ties(void **state)
{
    (void)state;
    const double a[] = {1, 1, 2}, equal[] = {4, 4, 4, 4};
    struct tote_two_samples two;
    assert_int_equal(tote_ranktest_two(a, 3, a, 3, &two), 0);
    assert_true(!two.is_exact && two.a12 == 0.5 && two.u == 4.5 && two.p == 1);
    assert_int_equal(tote_ranktest_two(equal, 4, equal, 4, &two), 0);
    assert_true(two.p == 1 && two.a12 == 0.5);
}

static void test_edges(void **state)
{
    (void)state;
    const double a[] = {1, DBL_MAX}, b[] = {-DBL_MAX, 2}, bad[] = {1, NAN};
    struct tote_two_samples two;
    assert_int_equal(tote_ranktest_two(NULL, 0, NULL, 0, &two), 0);
    assert_true(isnan(two.p) && isnan(two.a12));
    assert_int_equal(tote_ranktest_two(a, 2, NULL, 0, &two), 0);
    assert_true(isnan(two.p));
    assert_int_equal(tote_ranktest_two(a, 1, b, 1, &two), 0);
    assert_true(two.p == 1 && two.a12 == 1);
    assert_int_equal(tote_ranktest_two(a, 2, b, 2, &two), 0);
    assert_true(two.u == 3 && is_near(two.p, 4.0 / 6));
    assert_int_equal(tote_ranktest_two(a, 2, bad, 2, &two), -EINVAL);
}

/* Beyond the exact range; and far out, where p is tiny but not 0. */
static void test_large(void **state)
{
    (void)state;
    double a[60], b[60];
    struct tote_two_samples two;
    for (size_t i = 0; i < 60; i++) {
        a[i] = (double)i;
        b[i] = (double)i + 100;
    }
    assert_int_equal(tote_ranktest_two(a, 60, b, 60, &two), 0);
    assert_true(!two.is_exact && two.p > 0 && two.p < 1e-18);
    assert_int_equal(tote_ranktest_two(a, 50, b, 50, &two), 0);
    assert_true(two.is_exact && is_near(two.p, tote_ranktest_least_p(50, 50)));
}

static void test_kruskal(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, equal[] = {1, 1, 1, 1};
    const double bad[] = {1, INFINITY};
    const size_t three[] = {3, 3, 3}, one[] = {4}, two[] = {2, 2}, holes[] = {2, 0, 2};
    struct tote_many_samples many;
    assert_int_equal(tote_ranktest_many(values, three, 3, &many), 0);
    assert_true(is_near(many.h, 7.2) && is_near(many.p, exp(-3.6)));
    assert_int_equal(tote_ranktest_many(NULL, NULL, 0, &many), 0);
    assert_true(many.h == 0 && many.p == 1);
    assert_int_equal(tote_ranktest_many(values, one, 1, &many), 0);
    assert_true(many.h == 0 && many.p == 1);
    assert_int_equal(tote_ranktest_many(equal, two, 2, &many), 0);
    assert_true(many.h == 0 && many.p == 1);
    assert_int_equal(tote_ranktest_many(values, holes, 3, &many), 0);
    double with_hole = many.p;
    assert_int_equal(tote_ranktest_many(values, two, 2, &many), 0);
    assert_true(many.p == with_hole && is_near(many.h, 2.4));
    assert_int_equal(tote_ranktest_many(bad, two, 1, &many), -EINVAL);
}

static void test_chi_square(void **state)
{
    (void)state;
    assert_true(tote_ranktest_chi_square(0, 3) == 1);
    assert_true(tote_ranktest_chi_square(-1, 3) == 1);
    assert_true(isnan(tote_ranktest_chi_square(NAN, 3)));
    assert_true(isnan(tote_ranktest_chi_square(1, 0)));
    assert_true(is_near(tote_ranktest_chi_square(2, 2), exp(-1)));
    assert_true(is_near(tote_ranktest_chi_square(2, 1), erfc(1)));
    assert_true(tote_ranktest_chi_square(1e6, 5) == 0);
    assert_true(tote_ranktest_chi_square(INFINITY, 2) == 0);
    /* About the median of many degrees, where a plain e^-y is 0. */
    assert_true(fabs(tote_ranktest_chi_square(4000, 4000) - 0.5) < 0.01);
}

static void test_holm(void **state)
{
    (void)state;
    const double p[] = {0.01, 0.04, 0.03, 0.005}, bad[] = {0.5, 1.5}, none[] = {NAN};
    const double want[] = {0.03, 0.06, 0.06, 0.02};
    double got[4], same[] = {0.5, 0.5};
    assert_int_equal(tote_holm_adjust(NULL, 0, NULL), 0);
    assert_int_equal(tote_holm_adjust(p, 4, got), 0);
    for (size_t i = 0; i < 4; i++)
        assert_true(is_near(got[i], want[i]));
    assert_int_equal(tote_holm_adjust(p, 1, got), 0);
    assert_true(got[0] == p[0]);
    assert_int_equal(tote_holm_adjust(same, 2, same), 0); /* in place; at most 1 */
    assert_true(same[0] == 1 && same[1] == 1);
    assert_int_equal(tote_holm_adjust(bad, 2, got), -EINVAL);
    assert_int_equal(tote_holm_adjust(none, 1, got), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_p),    cmocka_unit_test(test_all_arrangements),
        cmocka_unit_test(test_ties),       cmocka_unit_test(test_edges),
        cmocka_unit_test(test_large),      cmocka_unit_test(test_kruskal),
        cmocka_unit_test(test_chi_square), cmocka_unit_test(test_holm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
