/* SPDX-License-Identifier: MIT */
/* test_stats_faults.c: each allocation of the statistics fails once: -ENOMEM, the
 * result untouched, no leak. Calls are wrapped by the linker. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/breakeven.h"
#include "stats/holm.h"
#include "stats/judge.h"
#include "stats/line.h"
#include "stats/metg_curve.h"
#include "stats/outlier.h"
#include "stats/ranktest.h"
#include "stats/stats.h"

/* Calls until one fails; 0: none does. */
static unsigned fails_in;

static bool fails(void)
{
    return fails_in > 0 && --fails_in == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, n, size);
}

static const double a[] = {1, 2, 3, 4, 5, 6}, b[] = {11, 12, 13, 14, 15, 17};
static const double *const cells[] = {a, b, b, a};
static const double tasks[] = {10, 20, 10, 20};
static const struct tote_samples four = {cells, 4, 6};
static const struct tote_samples two = {cells, 2, 6};
static const struct tote_resampling few = {.seed = 1, .n_resamples = 50};

/* What any of them returns. */
union answer {
    unsigned char bytes[1024];
    struct tote_interval interval;
    struct tote_estimate estimate;
    struct tote_two_samples two;
    struct tote_many_samples many;
    struct tote_line line;
    struct tote_line_estimate fit;
    struct tote_breakeven breakeven;
    struct tote_metg metg;
    struct tote_metg_estimate metg_estimate;
    struct tote_metg_point point;
    bool is_off[6];
    struct tote_outliers outliers;
    struct tote_judgement judgement;
    double number;
};

static int try_interval(union answer *ret)
{
    return tote_stats_interval(a, 6, &ret->interval);
}

static int try_ratio(union answer *ret)
{
    return tote_bootstrap_ratio(&two, &few, &ret->estimate);
}

static int try_unpaired(union answer *ret)
{
    return tote_bootstrap_unpaired(a, 6, b, 6, &few, &ret->estimate);
}

static int try_two(union answer *ret)
{
    return tote_ranktest_two(a, 6, b, 6, &ret->two);
}

static int try_many(union answer *ret)
{
    const size_t counts[] = {3, 3};
    return tote_ranktest_many(a, counts, 2, &ret->many);
}

static int try_holm(union answer *ret)
{
    const double p[] = {0.5};
    return tote_holm_adjust(p, 1, &ret->number);
}

static int try_line(union answer *ret)
{
    return tote_line_fit(a, b, 6, &ret->line);
}

static int try_fit(union answer *ret)
{
    return tote_line_estimate(tasks, &two, &few, &ret->fit);
}

static int try_breakeven(union answer *ret)
{
    return tote_breakeven_find(tasks, 2, &four, &few, &ret->breakeven);
}

static int try_metg(union answer *ret)
{
    return tote_metg_find(a, b, 6, 0.5, &ret->metg);
}

static int try_metg_estimate(union answer *ret)
{
    return tote_metg_estimate(a, &two, 0.5, &few, &ret->metg_estimate);
}

static const bool none_off[6] = {false};
static const double *const curves[] = {a, b};
static const struct tote_metg_runs runs = {curves, curves, none_off, 2, 6};

static int try_point(union answer *ret)
{
    return tote_metg_curve_point(&runs, 0, &ret->point);
}

static int try_curve(union answer *ret)
{
    return tote_metg_curve_estimate(&runs, 0.5, &few, &ret->metg_estimate);
}

static int try_off(union answer *ret)
{
    return tote_metg_mark_off(curves, 2, 6, 0.1, ret->is_off);
}

static int try_outlier(union answer *ret)
{
    return tote_outlier_flag(a, 6, NULL, &ret->outliers);
}

static int try_floor(union answer *ret)
{
    return tote_judge_noise_floor(a, b, 6, &ret->number);
}

static int try_judge(union answer *ret)
{
    const struct tote_judge question = {.blocks = four, .resampling = few};
    struct tote_judged judged[4];
    return tote_judge_cells(&question, judged, &ret->judgement);
}

static void test_no_memory(void **state)
{
    (void)state;
    static int (*const tries[])(union answer *) = {
        try_interval, try_ratio,   try_two,       try_many,    try_holm,
        try_line,     try_fit,     try_breakeven, try_metg,    try_metg_estimate,
        try_point,    try_curve,   try_off,       try_outlier, try_floor,
        try_judge,    try_unpaired};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        union answer answer, before;
        memset(&before, 0x5a, sizeof before);
        unsigned n_calls = 0;
        int rc;
        do {
            memcpy(&answer, &before, sizeof answer);
            fails_in = ++n_calls;
            rc = tries[i](&answer);
            assert_true(rc == 0 || rc == -ENOMEM);
            if (rc < 0)
                assert_memory_equal(&answer, &before, sizeof answer);
        } while (rc < 0);
        assert_true(n_calls > 1 && fails_in > 0);
        fails_in = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
