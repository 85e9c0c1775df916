/* SPDX-License-Identifier: MIT */
/* test_bootstrap.c: the generator and the bootstrap at their edges; a second
 * implementation is in test_stats_oracle.py, coverage in stats_trials.c. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/bootstrap.h"
#include "stats/random.h"

/* Published with the generator's reference code, seed 1234567. */
static void test_random(void **state)
{
    (void)state;
    static const uint64_t first[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821)};
    struct tote_random random = {1234567};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        assert_true(tote_random_next(&random) == first[i]);
}

static void test_random_below(void **state)
{
    (void)state;
    struct tote_random random = {7};
    size_t counts[7] = {0};
    for (int i = 0; i < 70000; i++)
        counts[tote_random_below(&random, 7)]++;
    for (size_t i = 0; i < 7; i++) /* 4 sigma: 370 */
        assert_in_range(counts[i], 9630, 10370);
    for (int i = 0; i < 100; i++)
        assert_int_equal(tote_random_below(&random, 1), 0);
    /* Where a third of all numbers would be unfair. */
    size_t n_low = 0;
    for (int i = 0; i < 30000; i++)
        n_low += tote_random_below(&random, UINT32_C(3) << 30) < UINT32_C(1) << 30;
    assert_in_range(n_low, 9670, 10330);
}

static const double six[] = {1, 2, 3, 4, 5, 6}, twelve[] = {2, 4, 6, 8, 10, 12};
static const struct tote_resampling seeded = {.seed = 1};

static int ratio_of(const double *a, const double *b, size_t n,
                    struct tote_estimate *ret)
{
    const double *cells[] = {a, b};
    struct tote_samples blocks = {cells, 2, n};
    return tote_bootstrap_ratio(&blocks, &seeded, ret);
}

/* The same blocks are drawn for both cells: twice the values, always twice. */
static void test_same_blocks(void **state)
{
    (void)state;
    struct tote_estimate ratio;
    assert_int_equal(ratio_of(twelve, six, 6, &ratio), 0);
    assert_true(ratio.value == 2 && ratio.low == 2 && ratio.high == 2);
    assert_true(ratio.has_bounds && ratio.is_approximate && ratio.n == 6);
    assert_true(tote_bootstrap_excludes(&ratio, 1));
    assert_false(tote_bootstrap_excludes(&ratio, 2));
}

static void test_few(void **state)
{
    (void)state;
    struct tote_estimate ratio;
    for (size_t n = 1; n < TOTE_BOOTSTRAP_MIN; n++) {
        assert_int_equal(ratio_of(twelve, six, n, &ratio), 0);
        assert_true(ratio.value == 2 && !ratio.has_bounds && ratio.n == n);
        assert_true(isnan(ratio.low) && isnan(ratio.high));
        assert_false(tote_bootstrap_excludes(&ratio, 1));
    }
    assert_int_equal(ratio_of(twelve, six, 0, &ratio), 0);
    assert_true(isnan(ratio.value) && !ratio.has_bounds && ratio.n == 0);
}

static void test_missing(void **state)
{
    (void)state;
    const double a[] = {NAN, 1, 2, 3, NAN, 4, 5, 6, NAN};
    const double b[] = {NAN, 2, 4, 6, 7, 8, 10, 12, NAN};
    const double one[] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, 1, NAN};
    struct tote_estimate ratio, dense;
    assert_int_equal(ratio_of(a, b, 9, &ratio), 0);
    assert_true(ratio.value == 0.5 && ratio.n == 6 && ratio.has_bounds);
    /* Blocks in which nobody has a value are as if they were not there. */
    assert_int_equal(ratio_of(a + 1, b + 1, 7, &dense), 0);
    assert_true(ratio.low == dense.low && ratio.high == dense.high);
    assert_int_equal(ratio_of(a, one, 9, &ratio), 0);
    assert_true(ratio.n == 1 && !ratio.has_bounds);
}

static void test_refused(void **state)
{
    (void)state;
    const double infinite[] = {1, 2, 3, 4, 5, INFINITY};
    const double *cells[] = {six, six, six};
    struct tote_samples none = {cells, 0, 6}, three = {cells, 3, 6},
                        two = {cells, 2, 6};
    struct tote_resampling many = {.n_resamples = TOTE_RESAMPLES_MAX + 1};
    struct tote_estimate ratio;
    assert_int_equal(ratio_of(six, infinite, 6, &ratio), -EINVAL);
    assert_int_equal(tote_bootstrap_ratio(&none, &seeded, &ratio), -EINVAL);
    assert_int_equal(tote_bootstrap_ratio(&three, &seeded, &ratio), -EINVAL);
    assert_int_equal(tote_bootstrap_ratio(&two, &many, &ratio), -EINVAL);
}

static double infinite_above(const double *medians, void *context)
{
    return medians[0] > *(double *)context ? INFINITY : medians[0];
}

static double undefined_above(const double *medians, void *context)
{
    return medians[0] > *(double *)context ? NAN : medians[0];
}

/* Infinite results count as such; undefined ones widen both ends. */
static void test_odd_results(void **state)
{
    (void)state;
    const double *cells[] = {six};
    struct tote_samples blocks = {cells, 1, 6};
    struct tote_estimate odd;
    double limit = 4;
    assert_int_equal(
        tote_bootstrap_estimate(&blocks, infinite_above, &limit, &seeded, &odd), 0);
    assert_true(odd.value == 3.5 && isfinite(odd.low) && odd.high == INFINITY);
    assert_int_equal(
        tote_bootstrap_estimate(&blocks, undefined_above, &limit, &seeded, &odd), 0);
    assert_true(odd.low == -INFINITY && odd.high == INFINITY && odd.n_undefined > 250);
    limit = 6; /* never */
    assert_int_equal(
        tote_bootstrap_estimate(&blocks, undefined_above, &limit, &seeded, &odd), 0);
    assert_true(odd.low >= 1 && odd.high <= 6 && odd.n_undefined == 0);
    limit = 0; /* always */
    assert_int_equal(
        tote_bootstrap_estimate(&blocks, undefined_above, &limit, &seeded, &odd), 0);
    assert_true(isnan(odd.value) && !odd.has_bounds);
}

static void test_huge(void **state)
{
    (void)state;
    const double huge[] = {DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX};
    struct tote_estimate ratio;
    assert_int_equal(ratio_of(huge, huge, 6, &ratio), 0);
    assert_true(ratio.value == 1 && ratio.low == 1 && ratio.high == 1);
}

static void test_seed(void **state)
{
    (void)state;
    const double a[] = {3, 1, 4, 1.5, 5, 9, 2, 6, 5.5, 3.5, 8, 7};
    const double b[] = {2, 7, 1, 8, 2.5, 8.5, 1.75, 8.25, 4, 5, 9, 4.5};
    const double *cells[] = {a, b};
    struct tote_samples blocks = {cells, 2, 12};
    struct tote_resampling one = {.seed = 2, .n_resamples = 200}, other = one;
    struct tote_estimate first, again, different;
    other.seed = 3;
    assert_int_equal(tote_bootstrap_ratio(&blocks, &one, &first), 0);
    assert_int_equal(tote_bootstrap_ratio(&blocks, &one, &again), 0);
    assert_int_equal(tote_bootstrap_ratio(&blocks, &other, &different), 0);
    assert_true(first.low == again.low && first.high == again.high);
    assert_true(first.low != different.low || first.high != different.high);
    assert_false(first.is_approximate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),      cmocka_unit_test(test_random_below),
        cmocka_unit_test(test_same_blocks), cmocka_unit_test(test_few),
        cmocka_unit_test(test_missing),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd_results), cmocka_unit_test(test_huge),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
