/* SPDX-License-Identifier: MIT */
/* test_diff.c: two experiments with known differences, and conditions on them. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/diff.h"
#include "report/gate.h"
#include "stats/judge.h"
#include "sweep_fixture.h"

static const struct sweep_plan usual = {
    .engines = {{"one", 0.1, 0.01, NULL}, {"two", 1, 0.005, NULL}},
    .tasks = {100, 1000},
    .blocks = 8,
    .spread = 0.01,
    .again = 0.002,
};

struct both {
    struct tote_summary a, b;
    struct tote_diff diff;
};

static void make(const struct sweep_plan *a, const struct sweep_plan *b,
                 struct both *ret)
{
    struct tote_error err = {0};
    sweep_fixture_gather(a, &ret->a);
    sweep_fixture_gather(b, &ret->b);
    if (tote_diff_make(&ret->a, &ret->b, &ret->diff, &err) < 0)
        fail_msg("%s", err.text);
}

static void finish(struct both *both)
{
    tote_diff_finish(&both->diff);
    tote_gather_finish(&both->a);
    tote_gather_finish(&both->b);
}

static enum tote_gate_result ask(const struct both *both, const char *condition)
{
    struct tote_gate gate;
    struct tote_error err = {0};
    if (tote_gate_parse(condition, &gate, &err) < 0)
        fail_msg("%s", err.text);
    return tote_gate_judge_all(&gate, &both->diff);
}

static char *text_of(const struct both *both, const char *condition)
{
    struct tote_gate gate;
    struct tote_error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(tote_gate_parse(condition, &gate, &err), 0);
    assert_int_equal(tote_diff_write_text(&both->diff, &gate, 1, out), 0);
    fclose(out);
    return text;
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in:\n%s", part, text);
}

/* Every task of one engine 10 % longer. */
static void test_regression(void **state)
{
    (void)state;
    struct sweep_plan slower = usual;
    slower.engines[0].per_task_s *= 1.1;
    slower.engines[0].start_s *= 1.1;
    struct both both;
    make(&usual, &slower, &both);
    assert_int_equal(both.diff.n_pairs, 4);
    assert_int_equal(both.diff.n_compared, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct tote_diff_pair *pair = &both.diff.pairs[i];
        bool is_slower = strcmp(pair->before->cell->label, "one") == 0;
        const struct tote_diff_change *wall = &pair->changes[TOTE_METRIC_WALL_S];
        assert_true(fabs(wall->ratio.value - (is_slower ? 1.1 : 1)) < 1e-6);
        assert_int_equal(wall->lacks == 0, is_slower);
        assert_true(fabs(wall->floor - log(1.002)) < 1e-6);
        assert_true(wall->n_before == 8 && wall->n_after == 8);
        assert_int_equal(pair->changes[TOTE_METRIC_PEAK_MEMORY].n_after, 0);
    }
    assert_true(both.diff.outputs == TOTE_SAME_YES && both.diff.has_floor);
    assert_int_equal(ask(&both, "tasks_per_s < -5%"), TOTE_GATE_FAIL);
    assert_int_equal(ask(&both, "wall_s > 5%"), TOTE_GATE_FAIL);
    assert_int_equal(ask(&both, "wall_s > 10%"), TOTE_GATE_INCONCLUSIVE);
    assert_int_equal(ask(&both, "wall_s > 15%"), TOTE_GATE_PASS);
    assert_int_equal(ask(&both, "tasks_per_s > 0%"), TOTE_GATE_INCONCLUSIVE);
    assert_int_equal(ask(&both, "peak_memory > 5%"), TOTE_GATE_INCONCLUSIVE);
    char *text = text_of(&both, "tasks_per_s < -5%");
    check_has(text, "one tasks=1000");
    check_has(text, "-9.1 %");
    check_has(text, "Fail if tasks_per_s < -5%: fail (2 fail, 0 inconclusive, 2 pass)");
    free(text);
    finish(&both);
}

static void test_nothing(void **state)
{
    (void)state;
    struct both both;
    make(&usual, &usual, &both);
    for (size_t i = 0; i < both.diff.n_pairs; i++) {
        for (int m = 0; m <= TOTE_METRIC_START_S; m++)
            assert_int_equal(both.diff.pairs[i].changes[m].lacks,
                             TOTE_JUDGE_INTERVAL | TOTE_JUDGE_P | TOTE_JUDGE_FLOOR);
    }
    assert_int_equal(both.diff.n_items, 0);
    assert_int_equal(ask(&both, "tasks_per_s < -5%"), TOTE_GATE_PASS);
    assert_int_equal(ask(&both, "tasks_per_s < 0%"), TOTE_GATE_INCONCLUSIVE);
    finish(&both);
}

/* Clear of chance, but no larger than what an engine is off from itself. */
static void test_floor(void **state)
{
    (void)state;
    struct sweep_plan noisy = usual;
    noisy.engines[0].per_task_s *= 1.1;
    noisy.engines[0].start_s *= 1.1;
    noisy.again = 0.2;
    struct both both;
    make(&usual, &noisy, &both);
    assert_int_equal(both.diff.pairs[0].changes[TOTE_METRIC_WALL_S].lacks,
                     TOTE_JUDGE_FLOOR);
    assert_int_equal(ask(&both, "wall_s > 5%"), TOTE_GATE_INCONCLUSIVE);
    finish(&both);
    noisy.again = 0;
    struct sweep_plan without = usual;
    without.again = 0;
    make(&without, &noisy, &both);
    assert_false(both.diff.has_floor);
    assert_true(isnan(both.diff.pairs[0].changes[TOTE_METRIC_WALL_S].floor));
    assert_int_equal(ask(&both, "wall_s > 5%"), TOTE_GATE_FAIL);
    finish(&both);
}

static void test_few_runs(void **state)
{
    (void)state;
    struct sweep_plan few = usual;
    few.blocks = 5;
    few.engines[0].per_task_s *= 3;
    struct both both;
    make(&usual, &few, &both);
    const struct tote_diff_change *change =
        &both.diff.pairs[0].changes[TOTE_METRIC_TASKS_PER_S];
    assert_false(change->ratio.has_bounds);
    assert_true(isnan(change->p_holm) && change->p < 0.05);
    assert_int_equal(ask(&both, "tasks_per_s < -5%"), TOTE_GATE_INCONCLUSIVE);
    finish(&both);
}

static void test_unmatched(void **state)
{
    (void)state;
    struct sweep_plan other = usual;
    other.engines[1] = (struct sweep_engine){"three", 1, 0.005, NULL};
    other.engines[0].skipped = "not enough cores";
    struct both both;
    make(&usual, &other, &both);
    assert_int_equal(both.diff.n_pairs, 6);
    assert_int_equal(both.diff.n_compared, 0);
    const struct tote_diff_pair *pairs = both.diff.pairs;
    assert_string_equal(pairs[0].why, "could not run in B: not enough cores");
    assert_string_equal(pairs[1].why, "B has no such cell");
    assert_string_equal(pairs[4].why, "A has no such cell");
    assert_true(both.diff.outputs == TOTE_SAME_UNKNOWN);
    assert_int_equal(ask(&both, "tasks_per_s < -5%"), TOTE_GATE_INCONCLUSIVE);
    finish(&both);
    other.engines[0].skipped = NULL;
    other.tasks[0] = 50; /* one point is common */
    make(&usual, &other, &both);
    assert_int_equal(both.diff.n_compared, 1);
    assert_int_equal(ask(&both, "tasks_per_s < -5%"), TOTE_GATE_INCONCLUSIVE);
    finish(&both);
}

static void test_outputs(void **state)
{
    (void)state;
    struct sweep_plan other = usual;
    other.digest = 1;
    struct both both;
    make(&usual, &other, &both);
    assert_true(both.diff.outputs == TOTE_SAME_NO);
    finish(&both);
    other.seed = 1; /* another bag has other outputs */
    make(&usual, &other, &both);
    assert_true(both.diff.outputs == TOTE_SAME_UNKNOWN);
    assert_int_equal(both.diff.n_items, 1);
    assert_string_equal(both.diff.items[0].what, "seed");
    finish(&both);
}

static void test_items(void **state)
{
    (void)state;
    struct sweep_plan other = usual;
    other.cpu = "another";
    struct both both;
    make(&usual, &other, &both);
    assert_int_equal(both.diff.n_items, 1);
    assert_string_equal(both.diff.items[0].what, "environment.cpu");
    assert_string_equal(both.diff.items[0].before, "x");
    assert_string_equal(both.diff.items[0].after, "another");
    finish(&both);
}

static void test_conditions(void **state)
{
    (void)state;
    struct tote_gate gate;
    struct tote_error err = {0};
    assert_int_equal(tote_gate_parse(" steady_tasks_per_s<-2.5% ", &gate, &err), 0);
    assert_true(gate.metric == TOTE_METRIC_STEADY_TASKS_PER_S && !gate.is_above);
    assert_true(fabs(gate.change + 0.025) < 1e-12);
    assert_int_equal(tote_gate_parse("cpu_s > 0%", &gate, &err), 0);
    assert_true(gate.metric == TOTE_METRIC_CPU_S && gate.is_above && gate.change == 0);
    static const char *const bad[] = {
        "",
        "tasks_per_s",
        "tasks_per_s <",
        "< -5%",
        "tasks_per_s < -5",
        "tasks_per_s < - 5%",
        "tasks_per_s < --5%",
        "tasks_per_s < -5%%",
        "tasks_per_s < -5% or so",
        "tasks_per_s <= -5%",
        "tasks_per_s < nan%",
        "tasks_per_s < inf%",
        "tasks_per_s < -0x5%",
        "tasks_per_s < -5e0%",
        "tasks_per_s < 5%",
        "tasks_per_s < -100%",
        "wall_s > -1%",
        "wall_s > 99999999%",
        "wall > 5%",
        "tasks_per_s < -5%                                                         ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct tote_error){0};
        gate = (struct tote_gate){.text = "untouched"};
        if (tote_gate_parse(bad[i], &gate, &err) != -EINVAL || !err.text[0])
            fail_msg("'%s' is taken", bad[i]);
        assert_string_equal(gate.text, "untouched");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_floor),      cmocka_unit_test(test_few_runs),
        cmocka_unit_test(test_unmatched),  cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_items),      cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
