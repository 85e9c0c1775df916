/* SPDX-License-Identifier: MIT */
/* test_line.c: lines, where they cross, and METG: known answers and edges. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/breakeven.h"
#include "stats/line.h"
#include "stats/metg.h"

static const struct tote_resampling seeded = {.seed = 1, .n_resamples = 1000};

static void test_fit(void **state)
{
    (void)state;
    /* 2 + 3 N, but for one wild point of five: the line does not move. */
    const double tasks[] = {1, 2, 3, 4, 5}, seconds[] = {5, 8, 11, 14, 100};
    struct tote_line line;
    double residuals[5];
    assert_int_equal(tote_line_fit(tasks, seconds, 5, &line), 0);
    assert_true(line.fixed == 2 && line.per_task == 3);
    assert_true(tote_line_at(&line, 10) == 32);
    tote_line_residuals(&line, tasks, seconds, 5, residuals);
    assert_true(residuals[0] == 0 && residuals[4] == 83);
}

static void test_fit_edges(void **state)
{
    (void)state;
    const double one[] = {1, 1, 1}, seconds[] = {3, 4, 5}, two[] = {1, 2};
    const double bad[] = {1, NAN}, huge[] = {-DBL_MAX, DBL_MAX};
    struct tote_line line;
    assert_int_equal(tote_line_fit(NULL, NULL, 0, &line), -EINVAL);
    assert_int_equal(tote_line_fit(two, seconds, 1, &line), -EINVAL);
    assert_int_equal(tote_line_fit(one, seconds, 3, &line), -EINVAL);
    assert_int_equal(tote_line_fit(two, bad, 2, &line), -EINVAL);
    assert_int_equal(tote_line_fit(bad, two, 2, &line), -EINVAL);
    assert_int_equal(tote_line_fit(two, seconds, 2, &line), 0);
    assert_true(line.fixed == 2 && line.per_task == 1);
    assert_int_equal(tote_line_fit(two, huge, 2, &line), -ERANGE);
    assert_int_equal(tote_line_room(SIZE_MAX), 0);
}

/* Fills cell i with fixed + per_task * tasks[i] plus what each block adds to all, and
 * a little of its own. */
static void lay(double (*cells)[8], const double *tasks, size_t n, double fixed,
                double per_task, double own)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t block = 0; block < 8; block++)
            cells[i][block] = fixed + per_task * tasks[i] + 0.01 * (double)block +
                              own * (double)((block * 5 + i * 3) % 8);
    }
}

static const double sizes[] = {10, 20, 40, 80, 10, 20, 40, 80};

static int find(double (*values)[8], struct tote_breakeven *ret)
{
    const double *cells[8];
    for (size_t i = 0; i < 8; i++)
        cells[i] = values[i];
    struct tote_samples blocks = {cells, 8, 8};
    return tote_breakeven_find(sizes, 4, &blocks, &seeded, ret);
}

static void test_line_estimate(void **state)
{
    (void)state;
    double values[4][8];
    lay(values, sizes, 4, 2, 0.5, 0.001);
    const double *cells[] = {values[0], values[1], values[2], values[3]};
    struct tote_samples blocks = {cells, 4, 8}, none = {cells, 0, 8};
    struct tote_line_estimate fit;
    assert_int_equal(tote_line_estimate(sizes, &blocks, &seeded, &fit), 0);
    assert_true(fabs(fit.per_task.value - 0.5) < 0.001 && fit.per_task.has_bounds);
    assert_true(fit.per_task.low <= 0.5 && fit.per_task.high >= 0.5);
    /* What a block adds to all moves T0, not c. */
    assert_true(fit.per_task.high - fit.per_task.low < 0.001);
    assert_true(fit.fixed.low > 2 && fit.fixed.high < 2.1);
    assert_int_equal(tote_line_estimate(sizes, &none, &seeded, &fit), -EINVAL);
}

static void test_breakeven(void **state)
{
    (void)state;
    double values[8][8];
    struct tote_breakeven found;
    lay(values, sizes, 4, 1, 0.5, 0.001); /* starts early, dear tasks */
    lay(values + 4, sizes, 4, 11, 0.25, 0.001);
    assert_int_equal(find(values, &found), 0);
    assert_int_equal(found.kind, TOTE_BREAKEVEN_AT);
    assert_true(found.fixed.value > 0 && found.per_task.value > 0);
    assert_true(fabs(found.tasks.value - 40) < 0.2);
    assert_true(found.tasks.low <= found.tasks.value &&
                found.tasks.value <= found.tasks.high && found.tasks.has_bounds);
    lay(values, sizes, 4, 11, 0.25, 0.001); /* the other way round */
    lay(values + 4, sizes, 4, 1, 0.5, 0.001);
    assert_int_equal(find(values, &found), 0);
    assert_int_equal(found.kind, TOTE_BREAKEVEN_AT);
    assert_true(found.fixed.value < 0 && fabs(found.tasks.value - 40) < 0.2);
    lay(values, sizes, 4, 11, 0.75, 0.001); /* worse in both */
    assert_int_equal(find(values, &found), 0);
    assert_int_equal(found.kind, TOTE_BREAKEVEN_NEVER);
    assert_true(isnan(found.tasks.value));
}

static void test_unresolved(void **state)
{
    (void)state;
    double values[8][8];
    struct tote_breakeven found;
    lay(values, sizes, 4, 1, 0.5, 0.2); /* T0 differs by less than it scatters */
    lay(values + 4, sizes, 4, 1.01, 0.25, 0.2);
    values[0][2] += 1;
    values[4][3] += 1;
    values[1][0] -= 1;
    assert_int_equal(find(values, &found), 0);
    assert_int_equal(found.kind, TOTE_BREAKEVEN_UNRESOLVED);
    const double *cells[] = {values[0], values[1], values[4], values[5]};
    const double tasks[] = {10, 20, 10, 20}, same[] = {10, 10, 10, 20};
    struct tote_samples few = {cells, 4, 5}; /* no interval at all */
    assert_int_equal(tote_breakeven_find(tasks, 2, &few, &seeded, &found), 0);
    assert_int_equal(found.kind, TOTE_BREAKEVEN_UNRESOLVED);
    assert_int_equal(tote_breakeven_find(tasks, 4, &few, &seeded, &found), -EINVAL);
    assert_int_equal(tote_breakeven_find(tasks, 0, &few, &seeded, &found), -EINVAL);
    assert_int_equal(tote_breakeven_find(same, 2, &few, &seeded, &found), -EINVAL);
}

/* --- METG --- */

static void test_metg(void **state)
{
    (void)state;
    /* An overhead of 1 ms a task: E = g / (g + 1 ms), METG(50 %) = 1 ms. */
    double grains[61], efficiencies[61];
    struct tote_metg metg;
    for (size_t i = 0; i < 61; i++) {
        grains[i] = pow(10, -6 + (double)i / 10);
        efficiencies[i] = grains[i] / (grains[i] + 1e-3);
    }
    assert_int_equal(tote_metg_find(grains, efficiencies, 61, 0.5, &metg), 0);
    assert_true(metg.kind == TOTE_METG_AT && fabs(metg.grain - 1e-3) < 1e-6);
    assert_int_equal(tote_metg_find(grains, efficiencies, 61, 0.95, &metg), 0);
    assert_true(metg.kind == TOTE_METG_AT && fabs(metg.grain - 19e-3) < 1e-4);
}

static void test_metg_edges(void **state)
{
    (void)state;
    const double grains[] = {100, 1, 10}, dips[] = {0.9, 0.6, 0.3};
    const double half[] = {0.5, 0.5, 0.5}, bad[] = {1, 0}, nan[] = {1, NAN};
    struct tote_metg metg;
    /* From where it *stays* efficient; 0.5 is a third of the way from 0.3 to 0.9. */
    assert_int_equal(tote_metg_find(grains, dips, 3, 0.5, &metg), 0);
    assert_true(metg.kind == TOTE_METG_AT &&
                fabs(metg.grain - pow(10, 4.0 / 3)) < 1e-9);
    assert_int_equal(tote_metg_find(grains, dips, 3, 0.95, &metg), 0);
    assert_true(metg.kind == TOTE_METG_ABOVE && metg.grain == 100);
    assert_int_equal(tote_metg_find(grains, dips, 3, 0.3, &metg), 0);
    assert_true(metg.kind == TOTE_METG_BELOW && metg.grain == 1);
    assert_int_equal(tote_metg_find(grains, half, 3, 0.5, &metg), 0);
    assert_int_equal(metg.kind, TOTE_METG_BELOW);
    assert_int_equal(tote_metg_find(grains, dips, 1, 0.95, &metg), 0);
    assert_true(metg.kind == TOTE_METG_ABOVE);
    assert_int_equal(tote_metg_find(grains, dips, 0, 0.5, &metg), -EINVAL);
    assert_int_equal(tote_metg_find(bad, half, 2, 0.5, &metg), -EINVAL);
    assert_int_equal(tote_metg_find(nan, half, 2, 0.5, &metg), -EINVAL);
    assert_int_equal(tote_metg_find(half, nan, 2, 0.5, &metg), -EINVAL);
    assert_int_equal(tote_metg_find(grains, half, 2, 0, &metg), -EINVAL);
    assert_int_equal(tote_metg_find(grains, half, 2, NAN, &metg), -EINVAL);
}

static void test_metg_estimate(void **state)
{
    (void)state;
    const double fine[] = {0.1, 0.12, 0.09, 0.11, 0.1, 0.13, 0.1};
    const double middle[] = {0.3, 0.6, 0.2, 0.7, 0.4, 0.6, 0.3};
    const double coarse[] = {0.9, 0.92, 0.91, 0.9, 0.93, 0.9, 0.9};
    const double *cells[] = {coarse, middle, fine};
    const double grains[] = {1, 0.1, 0.01};
    struct tote_samples blocks = {cells, 3, 7};
    struct tote_metg_estimate metg;
    assert_int_equal(tote_metg_estimate(grains, &blocks, 0.5, &seeded, &metg), 0);
    assert_true(metg.value.kind == TOTE_METG_AT && metg.has_bounds && metg.n == 7);
    assert_true(metg.low.grain < 0.1 && metg.high.grain > 0.1);
    /* The lowest end is below the smallest grain tried. */
    blocks.n_cells = 2;
    assert_int_equal(tote_metg_estimate(grains, &blocks, 0.5, &seeded, &metg), 0);
    assert_true(metg.low.kind == TOTE_METG_BELOW && metg.low.grain == 0.1);
    assert_int_equal(tote_metg_estimate(grains, &blocks, 0.95, &seeded, &metg), 0);
    assert_true(metg.value.kind == TOTE_METG_ABOVE &&
                metg.low.kind == TOTE_METG_ABOVE && metg.high.grain == 1);
    blocks.n_blocks = 5;
    assert_int_equal(tote_metg_estimate(grains, &blocks, 0.5, &seeded, &metg), 0);
    assert_true(metg.low.kind == TOTE_METG_NONE && !metg.has_bounds);
    assert_int_equal(tote_metg_estimate(grains, &blocks, -1, &seeded, &metg), -EINVAL);
}

static void test_metg_parts(void **state)
{
    (void)state;
    assert_true(tote_metg_efficiency(6, 2, 4) == 0.75);
    assert_true(tote_metg_floor(2, 4, 100) == 0.08);
    assert_true(isnan(tote_metg_efficiency(0, 2, 4)));
    assert_true(isnan(tote_metg_efficiency(1, 2, NAN)));
    assert_true(isnan(tote_metg_floor(2, 4, 0)));
    assert_true(tote_metg_efficiency(DBL_MAX, 2, DBL_MAX) == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),           cmocka_unit_test(test_fit_edges),
        cmocka_unit_test(test_line_estimate), cmocka_unit_test(test_breakeven),
        cmocka_unit_test(test_unresolved),    cmocka_unit_test(test_metg),
        cmocka_unit_test(test_metg_edges),    cmocka_unit_test(test_metg_estimate),
        cmocka_unit_test(test_metg_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
