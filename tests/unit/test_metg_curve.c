/* SPDX-License-Identifier: MIT */
/* test_metg_curve.c: from what was measured in blocks to a curve and to METG: which
 * blocks count, which grains, and with what figures. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stats/metg_curve.h"

enum { GRAINS = 4, BLOCKS = 8 };

static const double grains[GRAINS] = {1e-3, 2e-3, 4e-3, 8e-3};

/* An engine that costs 3 ms a task. */
struct bench {
    double serial[GRAINS][BLOCKS], held[GRAINS][BLOCKS];
    const double *serial_at[GRAINS], *held_at[GRAINS];
    bool is_off[BLOCKS];
    struct tote_metg_runs runs;
};

static void fill(struct bench *bench)
{
    *bench = (struct bench){.is_off = {false}};
    for (size_t g = 0; g < GRAINS; g++) {
        for (size_t b = 0; b < BLOCKS; b++) {
            bench->serial[g][b] = grains[g] * (1 + 0.001 * (double)b);
            bench->held[g][b] = grains[g] + 3e-3;
        }
        bench->serial_at[g] = bench->serial[g];
        bench->held_at[g] = bench->held[g];
    }
    bench->runs = (struct tote_metg_runs){bench->serial_at, bench->held_at,
                                          bench->is_off, GRAINS, BLOCKS};
}

static const struct tote_resampling few = {.seed = 1, .n_resamples = 500};

static void a_point_is_of_the_blocks_that_count(void **state)
{
    (void)state;
    struct bench bench;
    struct tote_metg_point point;
    fill(&bench);
    assert_int_equal(tote_metg_curve_point(&bench.runs, 1, &point), 0);
    assert_true(point.efficiency.n == BLOCKS && point.efficiency.has_bounds);
    assert_true(fabs(point.grain - 2e-3 * 1.0035) < 1e-12);
    assert_true(fabs(point.efficiency.median - 2e-3 * 1.0035 / 5e-3) < 1e-12);
    assert_true(fabs(point.held.median - 5e-3) < 1e-15);
    for (size_t b = 2; b < BLOCKS; b++)
        bench.is_off[b] = true;
    assert_int_equal(tote_metg_curve_point(&bench.runs, 1, &point), 0);
    assert_true(point.efficiency.n == 2 && !point.efficiency.has_bounds);
    assert_true(fabs(point.grain - 2e-3 * 1.0005) < 1e-12);
    assert_true(isnan(tote_metg_curve_efficiency(&bench.runs, 1, 2)));
    assert_true(isfinite(tote_metg_curve_efficiency(&bench.runs, 1, 1)));
}

static void nothing_measured_is_no_metg(void **state)
{
    (void)state;
    struct bench bench;
    struct tote_metg_estimate estimate;
    struct tote_metg_point point;
    fill(&bench);
    for (size_t b = 0; b < BLOCKS; b++)
        bench.is_off[b] = true;
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_NONE);
    assert_true(estimate.n == 0 && !estimate.has_bounds);
    assert_int_equal(tote_metg_curve_point(&bench.runs, 0, &point), 0);
    assert_true(isnan(point.grain) && point.efficiency.n == 0);
    bench.runs.n_blocks = 0;
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_NONE);
    bench.runs.n_grains = 0;
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_NONE);
}

static void metg_is_found(void **state)
{
    (void)state;
    struct bench bench;
    struct tote_metg_estimate estimate;
    fill(&bench);
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_AT);
    assert_true(estimate.n == BLOCKS && estimate.has_bounds);
    assert_true(fabs(estimate.value.grain / 3e-3 - 1) < 0.05);
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.95, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_ABOVE);
}

/* A grain that came late has two values: it is not asked, and spoils no interval. If
 * none has enough, all are. */
static void a_grain_that_came_late_is_left_out(void **state)
{
    (void)state;
    struct bench bench;
    struct tote_metg_estimate estimate;
    fill(&bench);
    for (size_t b = 0; b < BLOCKS; b++)
        bench.held[3][b] = b < 6 ? NAN : 1; /* so slow that METG were above all */
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_AT);
    assert_true(estimate.n == BLOCKS && estimate.has_bounds);
    for (size_t b = 0; b < 4; b++)
        bench.is_off[b] = true;
    assert_int_equal(tote_metg_curve_estimate(&bench.runs, 0.5, &few, &estimate), 0);
    assert_int_equal(estimate.value.kind, TOTE_METG_ABOVE);
    assert_true(estimate.n == 2 && !estimate.has_bounds);
}

static void a_control_that_is_off_marks_its_block(void **state)
{
    (void)state;
    const double a[] = {1, 1.05, 0.95, 1.2, 1, NAN}, b[] = {2, 2, 1.7, 2, 2.1, 2};
    const double none[] = {NAN, NAN, NAN, NAN, NAN, NAN};
    const double *controls[] = {a, b, none};
    bool is_off[6];
    assert_int_equal(tote_metg_mark_off(controls, 3, 6, 0.1, is_off), 0);
    const bool expected[6] = {false, false, true, true, false, false};
    assert_memory_equal(is_off, expected, sizeof expected);
    assert_int_equal(tote_metg_mark_off(controls, 1, 6, 0.1, is_off), 0);
    assert_true(!is_off[2] && is_off[3]);
    assert_int_equal(tote_metg_mark_off(controls, 3, 0, 0.1, is_off), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_is_of_the_blocks_that_count),
        cmocka_unit_test(nothing_measured_is_no_metg),
        cmocka_unit_test(metg_is_found),
        cmocka_unit_test(a_grain_that_came_late_is_left_out),
        cmocka_unit_test(a_control_that_is_off_marks_its_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
