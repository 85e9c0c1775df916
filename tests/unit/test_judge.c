/* SPDX-License-Identifier: MIT */
/* test_judge.c: each of the three conditions alone stops a verdict; ranks and their
 * heads; edges. How often it is wrong: stats_trials.c. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/judge.h"
#include "stats/ranktest.h"

enum { BLOCKS = 10, CELLS_MAX = 8 };

static const struct tote_resampling seeded = {.seed = 1, .n_resamples = 2000};

/* Around centre, all different, in an order that `turn` changes. */
static void scatter(double *values, double centre, double width, size_t turn)
{
    for (size_t i = 0; i < BLOCKS; i++)
        values[i] = centre + width * ((double)((i * 7 + turn * 3) % BLOCKS) - 4.5) / 9 +
                    (double)turn * 1e-6;
}

static int judge(double (*values)[BLOCKS], size_t n_cells, size_t n_blocks,
                 double noise_floor, bool more_is_better, struct tote_judged *judged,
                 struct tote_judgement *ret)
{
    const double *cells[CELLS_MAX];
    for (size_t i = 0; i < n_cells; i++)
        cells[i] = values[i];
    struct tote_judge question = {
        .blocks = {cells, n_cells, n_blocks},
        .more_is_better = more_is_better,
        .noise_floor = noise_floor,
        .resampling = seeded,
    };
    return tote_judge_cells(&question, judged, ret);
}

static void test_differs(void **state)
{
    (void)state;
    double values[2][BLOCKS];
    struct tote_judged cells[2];
    struct tote_judgement all;
    scatter(values[0], 20, 1, 0);
    scatter(values[1], 10, 1, 1);
    assert_int_equal(judge(values, 2, BLOCKS, 0.1, false, cells, &all), 0);
    assert_true(all.has_leader && all.leader == 1 && all.n_tests == 1);
    const struct tote_pair *pair = &cells[0].behind;
    assert_true(pair->failed == 0 && fabs(pair->ratio.value - 2) < 0.01);
    assert_true(pair->ratio.low > 1 && pair->a12 == 1);
    assert_true(pair->p == pair->p_holm && pair->p < 0.001 && all.p_all < 0.001);
    assert_true(cells[0].rank == 2 && cells[0].head == 0);
    assert_true(cells[1].rank == 1 && cells[1].head == 1 && cells[1].n == BLOCKS);
    assert_true(isnan(cells[1].behind.ratio.value));
    /* Of rates the larger leads, and is as many times as good. */
    assert_int_equal(judge(values, 2, BLOCKS, 0.1, true, cells, &all), 0);
    assert_true(all.leader == 0 && cells[1].behind.failed == 0);
    assert_true(fabs(cells[1].behind.ratio.value - 2) < 0.01);
    assert_true(cells[1].behind.a12 == 1 && cells[1].rank == 2);
}

static void test_floor_fails(void **state)
{
    (void)state;
    double values[2][BLOCKS];
    struct tote_judged cells[2];
    struct tote_judgement all;
    scatter(values[0], 10, 0.1, 0);
    scatter(values[1], 10.5, 0.1, 1);
    assert_int_equal(judge(values, 2, BLOCKS, 0.04, false, cells, &all), 0);
    assert_int_equal(cells[1].behind.failed, 0);
    assert_int_equal(judge(values, 2, BLOCKS, 0.06, false, cells, &all), 0);
    assert_int_equal(cells[1].behind.failed, TOTE_JUDGE_FLOOR);
    assert_true(cells[1].rank == 1 && cells[1].head == 0);
}

/* What drifts from block to block is in both cells: the interval of the ratio is
 * narrow, but no run of one is apart from the other's. */
static void test_p_fails(void **state)
{
    (void)state;
    double values[2][BLOCKS];
    struct tote_judged cells[2];
    struct tote_judgement all;
    for (size_t i = 0; i < BLOCKS; i++) {
        values[0][i] = 10 + (double)i;
        values[1][i] = 1.02 * values[0][i];
    }
    assert_int_equal(judge(values, 2, BLOCKS, 0, false, cells, &all), 0);
    assert_int_equal(cells[1].behind.failed, TOTE_JUDGE_P);
    assert_true(cells[1].rank == 1 && cells[1].behind.ratio.low > 1.01);
}

/* The medians of blocks drawn anew may be on either side; ranks say they differ. */
static void test_interval_fails(void **state)
{
    (void)state;
    double values[2][BLOCKS] = {{1, 1.1, 1.2, 1.3, 1.4, 4, 4.1, 4.2, 4.3, 4.4},
                                {4.9, 4.8, 4.7, 4.6, 4.5, 3.9, 1.8, 1.7, 1.6, 1.5}};
    struct tote_judged cells[2];
    struct tote_judgement all;
    assert_int_equal(judge(values, 2, BLOCKS, 0, false, cells, &all), 0);
    assert_true(cells[1].behind.failed & TOTE_JUDGE_INTERVAL);
    assert_true(cells[1].behind.ratio.low <= 1);
}

/* Holm counts all pairs: what two cells show, six cells do not. */
static void test_correction(void **state)
{
    (void)state;
    double values[6][BLOCKS];
    struct tote_judged cells[6];
    struct tote_judgement all;
    for (size_t i = 0; i < 5; i++)
        scatter(values[i], 10, 2, i);
    scatter(values[5], 10.9, 2, 5);
    double pair[2][BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        pair[0][i] = values[0][i];
        pair[1][i] = values[5][i];
    }
    assert_int_equal(judge(pair, 2, BLOCKS, 0, false, cells, &all), 0);
    assert_false(cells[1].behind.failed & TOTE_JUDGE_P);
    assert_int_equal(judge(values, 6, BLOCKS, 0, false, cells, &all), 0);
    assert_int_equal(all.n_tests, 15);
    assert_true(cells[5].behind.p < TOTE_JUDGE_ALPHA);
    assert_true(cells[5].behind.failed & TOTE_JUDGE_P);
}

/* A and B are not distinguishable, nor are B and C; A and C are. */
static void test_not_transitive(void **state)
{
    (void)state;
    double values[4][BLOCKS];
    struct tote_judged cells[4];
    struct tote_judgement all;
    scatter(values[0], 13, 3, 0);   /* C */
    scatter(values[1], 10, 3, 1);   /* A */
    scatter(values[2], 11.5, 3, 2); /* B */
    scatter(values[3], 13.1, 3, 3); /* with C */
    assert_int_equal(judge(values, 4, BLOCKS, 0, false, cells, &all), 0);
    assert_true(all.leader == 1 && cells[1].rank == 1);
    assert_true(cells[2].rank == 1 && cells[2].head == 1 && cells[2].behind.failed);
    assert_true(cells[0].rank == 3 && cells[0].head == 0 && !cells[0].behind.failed);
    assert_true(cells[3].rank == 3 && cells[3].head == 0 && !cells[3].behind.failed);
    double pair[2][BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        pair[0][i] = values[2][i];
        pair[1][i] = values[0][i];
    }
    assert_int_equal(judge(pair, 2, BLOCKS, 0, false, cells, &all), 0);
    assert_true(cells[1].behind.failed && cells[1].rank == 1);
}

static void test_few(void **state)
{
    (void)state;
    double values[3][BLOCKS];
    struct tote_judged cells[3];
    struct tote_judgement all;
    const unsigned none = TOTE_JUDGE_INTERVAL | TOTE_JUDGE_P;
    scatter(values[0], 10, 1, 0);
    scatter(values[1], 20, 1, 1);
    scatter(values[2], 30, 1, 2);
    for (size_t n = 1; n < TOTE_BOOTSTRAP_MIN; n++) {
        assert_int_equal(judge(values, 3, n, 0, false, cells, &all), 0);
        assert_true(all.n_tests == 0 && isnan(cells[1].behind.p_holm));
        assert_int_equal(cells[1].behind.failed, none);
        assert_true(cells[2].rank == 1 && cells[2].n == n);
    }
    assert_int_equal(judge(values, 3, 0, 0, false, cells, &all), 0);
    assert_true(!all.has_leader && cells[0].rank == 0 && isnan(cells[0].median));
    /* One cell lacks runs: the others are judged as if it were not there. */
    for (size_t i = 3; i < BLOCKS; i++)
        values[2][i] = NAN;
    assert_int_equal(judge(values, 3, BLOCKS, 0, false, cells, &all), 0);
    assert_true(all.n_tests == 1 && cells[1].rank == 3 && cells[1].behind.failed == 0);
    assert_true(cells[2].rank == 1 && cells[2].behind.failed == none);
    for (size_t i = 0; i < 3; i++)
        values[2][i] = NAN;
    assert_int_equal(judge(values, 3, BLOCKS, 0, false, cells, &all), 0);
    assert_true(cells[2].rank == 0 && cells[2].n == 0 && cells[1].rank == 2);
}

static void test_refused(void **state)
{
    (void)state;
    double values[2][BLOCKS];
    struct tote_judged cells[2];
    struct tote_judgement all;
    scatter(values[0], 10, 1, 0);
    scatter(values[1], 10, 1, 1);
    assert_int_equal(judge(values, 0, BLOCKS, 0, false, cells, &all), -EINVAL);
    assert_int_equal(judge(values, 2, BLOCKS, -1, false, cells, &all), -EINVAL);
    assert_int_equal(judge(values, 2, BLOCKS, NAN, false, cells, &all), -EINVAL);
    assert_int_equal(judge(values, 1, BLOCKS, 0, false, cells, &all), 0);
    assert_true(cells[0].rank == 1 && all.n_tests == 0 && all.p_all == 1);
    static const double bad[] = {0, -1, INFINITY};
    for (size_t i = 0; i < 3; i++) {
        values[1][3] = bad[i];
        assert_int_equal(judge(values, 2, BLOCKS, 0, false, cells, &all), -EINVAL);
    }
}

static void test_equal(void **state)
{
    (void)state;
    double values[3][BLOCKS];
    struct tote_judged cells[3];
    struct tote_judgement all;
    for (size_t i = 0; i < 3 * BLOCKS; i++)
        values[i / BLOCKS][i % BLOCKS] = DBL_MAX;
    assert_int_equal(judge(values, 3, BLOCKS, 0, false, cells, &all), 0);
    assert_true(all.leader == 0 && all.p_all == 1);
    for (size_t i = 0; i < 3; i++)
        assert_true(cells[i].rank == 1 && cells[i].head == 0);
    assert_true(cells[2].behind.p == 1 && cells[2].behind.a12 == 0.5);
    assert_int_equal(cells[2].behind.failed,
                     TOTE_JUDGE_INTERVAL | TOTE_JUDGE_P | TOTE_JUDGE_FLOOR);
}

static void test_noise_floor(void **state)
{
    (void)state;
    const double first[] = {1, 2, 3}, again[] = {2, NAN, 6}, none[] = {NAN, NAN, NAN};
    const double bad[] = {1, 0, 1};
    double noise_floor;
    assert_int_equal(tote_judge_noise_floor(first, again, 3, &noise_floor), 0);
    assert_true(fabs(noise_floor - log(2)) < 1e-15);
    assert_int_equal(tote_judge_noise_floor(again, first, 3, &noise_floor), 0);
    assert_true(fabs(noise_floor - log(2)) < 1e-15);
    assert_int_equal(tote_judge_noise_floor(first, first, 3, &noise_floor), 0);
    assert_true(noise_floor == 0);
    assert_int_equal(tote_judge_noise_floor(first, none, 3, &noise_floor), 0);
    assert_true(isnan(noise_floor));
    assert_int_equal(tote_judge_noise_floor(first, bad, 3, &noise_floor), -EINVAL);
}

/* n runs of k cells, and with one run fewer no p could be small enough. */
static void test_runs_needed(void **state)
{
    (void)state;
    for (size_t k = 0; k < 8; k++) /* 21 pairs times 0.0022 */
        assert_int_equal(tote_judge_runs_needed(k), TOTE_BOOTSTRAP_MIN);
    for (size_t k = 8; k < 100; k++) {
        size_t runs = tote_judge_runs_needed(k);
        double pairs = (double)(k * (k - 1) / 2);
        assert_true(pairs * tote_ranktest_least_p(runs, runs) < TOTE_JUDGE_ALPHA);
        assert_true(pairs * tote_ranktest_least_p(runs - 1, runs - 1) >=
                    TOTE_JUDGE_ALPHA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differs),     cmocka_unit_test(test_floor_fails),
        cmocka_unit_test(test_p_fails),     cmocka_unit_test(test_interval_fails),
        cmocka_unit_test(test_correction),  cmocka_unit_test(test_not_transitive),
        cmocka_unit_test(test_few),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_equal),       cmocka_unit_test(test_noise_floor),
        cmocka_unit_test(test_runs_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
