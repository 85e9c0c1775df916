/* SPDX-License-Identifier: MIT */
/* test_outlier.c: what is flagged as far away, and what is not. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/outlier.h"

enum { TUKEY = TOTE_OUTLIER_TUKEY, MAD = TOTE_OUTLIER_MAD };

static void test_flags(void **state)
{
    (void)state;
    /* Quartiles 3 and 7, fences -3 and 13; MAD 2, so z is 3.5 at 5 +- 10.38. */
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 15};
    const double wild[] = {1, 2, 3, 4, 5, 6, 7, 8, 15.5};
    unsigned char flags[9];
    struct tote_outliers found;
    assert_int_equal(tote_outlier_flag(values, 9, flags, &found), 0);
    assert_true(flags[8] == TUKEY && flags[0] == 0);
    assert_true(found.n_tukey == 1 && found.n_mad == 0 && found.n_any == 1);
    assert_int_equal(tote_outlier_flag(wild, 9, flags, &found), 0);
    assert_true(flags[8] == (TUKEY | MAD) && found.n_any == 1 && found.n_mad == 1);
}

/* More than half are equal: there is no MAD, and Tukey alone judges. */
static void test_no_scale(void **state)
{
    (void)state;
    const double values[] = {1, 1, 1, 1, 1, 2}, equal[] = {3, 3, 3};
    unsigned char flags[6];
    struct tote_outliers found;
    assert_int_equal(tote_outlier_flag(values, 6, flags, &found), 0);
    assert_true(flags[5] == TUKEY && found.n_mad == 0 && found.n_tukey == 1);
    assert_int_equal(tote_outlier_flag(equal, 3, flags, &found), 0);
    assert_true(found.n_any == 0);
}

static void test_edges(void **state)
{
    (void)state;
    const double two[] = {1, 1000}, bad[] = {1, INFINITY};
    const double huge[] = {-DBL_MAX, DBL_MAX, DBL_MAX, -DBL_MAX, DBL_MAX};
    const double far[] = {1e300, 1.1e300, 1.2e300, 1.3e300, 1.4e300, -DBL_MAX};
    unsigned char flags[6];
    struct tote_outliers found;
    assert_int_equal(tote_outlier_flag(NULL, 0, NULL, &found), 0);
    assert_true(found.n_any == 0);
    assert_int_equal(tote_outlier_flag(two, 1, NULL, &found), 0);
    assert_true(found.n_any == 0);
    assert_int_equal(tote_outlier_flag(two, 2, flags, &found), 0);
    assert_true(found.n_any == 0 && flags[1] == 0);
    assert_int_equal(tote_outlier_flag(huge, 5, flags, &found), 0);
    assert_true(found.n_tukey == 0);
    assert_int_equal(tote_outlier_flag(far, 6, flags, &found), 0);
    assert_true(flags[5] == (TUKEY | MAD) && found.n_any == 1);
    assert_int_equal(tote_outlier_flag(bad, 2, flags, &found), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_no_scale),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
