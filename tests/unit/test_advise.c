/* SPDX-License-Identifier: MIT */
/* test_advise.c: the model on sweeps whose lines are known: predictions, crossings,
 * doubts, and what is refused. */
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

#include "report/advise.h"
#include "sweep_fixture.h"

#define WORKERS 2
#define GRAIN   0.008

/* They cross at (1 - 0.1) / (0.01 - 0.005) = 180 tasks. */
static const struct sweep_plan usual = {
    .engines = {{"soon", 0.1, 0.01, NULL}, {"late", 1, 0.005, NULL}},
    .tasks = {50, 200, 400, 1000},
    .blocks = 8,
    .spread = 0.004,
    .again = 0.002,
    .grain_s = GRAIN,
};

struct made {
    struct tote_summary summary;
    struct tote_advice advice;
};

static void make(const struct sweep_plan *plan, uint64_t tasks, double task_s,
                 uint32_t workers, struct made *ret)
{
    struct tote_error err = {0};
    const struct tote_advise_bag mine = {tasks, task_s};
    sweep_fixture_gather(plan, &ret->summary);
    if (tote_advise_make(&ret->summary, &mine, workers, &ret->advice, &err) < 0)
        fail_msg("%s", err.text);
}

static void finish(struct made *made)
{
    tote_advise_finish(&made->advice);
    tote_gather_finish(&made->summary);
}

static void check_near(double value, double want)
{
    if (!(fabs(value - want) <= 1e-6 * fabs(want)))
        fail_msg("%.9g is not %.9g", value, want);
}

static void check_guess(const struct tote_advise_guess *guess, const char *label,
                        double seconds)
{
    assert_string_equal(guess->line->cell->label, label);
    check_near(guess->seconds.value, seconds);
    assert_true(guess->seconds.has_bounds);
    assert_true(guess->seconds.low <= seconds && guess->seconds.high >= seconds);
}

static void check_text(const struct made *made, const char *part)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(tote_advise_write_text(&made->advice, out), 0);
    fclose(out);
    if (!strstr(text, part))
        fail_msg("no '%s' in:\n%s", part, text);
    free(text);
}

static void test_lines(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 800, NAN, 0, &made);
    const struct tote_advice *advice = &made.advice;
    assert_int_equal(advice->workers, WORKERS);
    assert_int_equal(advice->n_kinds, 1);
    assert_int_equal(advice->kinds[0].n_lines, 2);
    check_near(advice->kinds[0].grain_s, GRAIN);
    check_near(advice->kinds[0].floor, log(1.002));
    const struct tote_advise_line *line = &advice->kinds[0].lines[0];
    assert_true(line->is_line && line->n_sizes == 4 && line->n_runs == 8);
    check_near(line->fixed.value, 0.1);
    check_near(line->per_task.value, 0.01);
    const struct tote_advise_answer *mine = &advice->answers[0];
    assert_int_equal(mine->scenario, TOTE_ADVISE_MINE);
    assert_int_equal(mine->n, 2);
    assert_true(mine->doubts == 0 && !mine->why && !mine->command);
    check_guess(&mine->guesses[0], "late", 5);
    check_guess(&mine->guesses[1], "soon", 8.1);
    check_near(mine->guesses[1].times.value, 8.1 / 5);
    assert_false(mine->guesses[1].is_tied);
    check_text(&made, "late: 5.00 s [");
    finish(&made);
}

static void test_crossing(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 100, NAN, 0, &made);
    const struct tote_advise_answer *mine = &made.advice.answers[0];
    check_guess(&mine->guesses[0], "soon", 1.1);
    check_guess(&mine->guesses[1], "late", 1.5);
    const struct tote_breakeven *crossing = &mine->guesses[1].crossing;
    assert_true(mine->guesses[1].has_crossing);
    assert_int_equal(crossing->kind, TOTE_BREAKEVEN_AT);
    check_near(crossing->tasks.value, 180);
    assert_true(crossing->tasks.low < 180 && crossing->tasks.high > 180);
    check_text(&made, "soon is ahead up to about 180 tasks");
    finish(&made);
    make(&usual, 180, NAN, 0, &made);
    assert_true(made.advice.answers[0].guesses[1].is_tied);
    check_text(&made, "not told apart from");
    finish(&made);
}

static void test_scenarios(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 0, NAN, 0, &made);
    const struct tote_advice *advice = &made.advice;
    assert_int_equal(advice->n_answers, 3);
    assert_int_equal(advice->answers[0].scenario, TOTE_ADVISE_SHORT);
    check_guess(&advice->answers[0].guesses[0], "soon", 0.6);
    check_guess(&advice->answers[1].guesses[0], "late", 6);
    const struct tote_advise_answer *heavy = &advice->answers[2];
    assert_true(heavy->doubts == TOTE_ADVISE_OTHER_TASK);
    check_guess(&heavy->guesses[0], "soon", 0.1 + 100 * (0.01 + (1 - GRAIN) / WORKERS));
    check_text(&made, "Volatile workers: not measured");
    finish(&made);
    struct sweep_plan plan = usual;
    plan.grain_s = 2 * TOTE_ADVISE_LONG_S;
    make(&plan, 0, NAN, 0, &made);
    assert_int_equal(made.advice.n_answers, 2); /* no bag of short tasks */
    assert_int_equal(made.advice.answers[1].scenario, TOTE_ADVISE_LONG_TASKS);
    finish(&made);
}

/* Longer tasks carry the same overhead; shorter ones lie between those that were
 * measured and tasks of nothing; no task is shorter than its kernel. */
static void test_other_tasks(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 500, 0.02, 0, &made);
    const struct tote_advise_answer *mine = &made.advice.answers[0];
    check_guess(&mine->guesses[0], "late", 1 + 500 * (0.005 + 0.012 / WORKERS));
    assert_true(mine->doubts == TOTE_ADVISE_OTHER_TASK);
    assert_non_null(strstr(mine->command, "--vary size=2500 "));
    finish(&made);
    make(&usual, 500, 0.0004, 0, &made);
    check_guess(&made.advice.answers[0].guesses[0], "late",
                1 + 500 * 0.005 - 500 * 0.0076 / WORKERS);
    finish(&made);
    struct sweep_plan plan = usual;
    plan.noop_s = 0.003;
    make(&plan, 500, GRAIN / 2, 0, &made);
    check_guess(&made.advice.answers[0].guesses[0], "late", 1 + 500 * 0.004);
    assert_false(made.advice.answers[0].guesses[1].has_crossing);
    finish(&made);
    plan.noop_s = 0;
    plan.engines[1].per_task_s = GRAIN / WORKERS; /* nothing but the kernel */
    plan.grain_s = GRAIN * 2; /* and less than that: the loop was slower */
    make(&plan, 500, GRAIN, 0, &made);
    check_guess(&made.advice.answers[0].guesses[0], "late", 1 + 500 * GRAIN / WORKERS);
    finish(&made);
}

static void test_doubts(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 1001, NAN, 0, &made);
    const struct tote_advise_answer *mine = &made.advice.answers[0];
    assert_int_equal(mine->doubts, TOTE_ADVISE_OUTSIDE);
    assert_string_equal(mine->command,
                        "tote sweep --engines soon,late --kernel work --workers 2 "
                        "--vary size=1000 --vary tasks=125,250,500,1001 --vary "
                        "batch=auto");
    finish(&made);
    make(&usual, 10001, NAN, 0, &made);
    assert_int_equal(made.advice.answers[0].doubts,
                     TOTE_ADVISE_OUTSIDE | TOTE_ADVISE_FAR_OUT);
    check_text(&made, "nothing measured speaks for it");
    finish(&made);
    struct sweep_plan plan = usual;
    plan.tasks[3] = 0;
    plan.blocks = 5;
    make(&plan, 100, NAN, 0, &made);
    mine = &made.advice.answers[0];
    assert_int_equal(mine->doubts, TOTE_ADVISE_FEW_SIZES | TOTE_ADVISE_FEW_RUNS);
    assert_true(mine->guesses[1].is_tied && !mine->guesses[1].seconds.has_bounds);
    finish(&made);
}

static void test_one_size(void **state)
{
    (void)state;
    struct sweep_plan plan = usual;
    plan.tasks[1] = 0;
    struct made made;
    make(&plan, 100, NAN, 0, &made);
    const struct tote_advise_answer *mine = &made.advice.answers[0];
    check_guess(&mine->guesses[0], "soon", 1.1);
    assert_int_equal(mine->doubts, TOTE_ADVISE_ONE_SIZE | TOTE_ADVISE_OUTSIDE);
    assert_false(mine->guesses[1].has_crossing);
    check_text(&made, "approximate: one bag size only");
    finish(&made);
}

static void test_no_answer(void **state)
{
    (void)state;
    struct made made;
    make(&usual, 100, NAN, 8, &made);
    const struct tote_advise_answer *mine = &made.advice.answers[0];
    assert_int_equal(made.advice.n_answers, 1);
    assert_string_equal(mine->why, "nothing was run with so many workers");
    assert_int_equal(mine->n, 0);
    assert_non_null(strstr(mine->command, "--workers 8 "));
    finish(&made);
    struct sweep_plan plan = usual;
    plan.grain_s = 0;
    make(&plan, 100, 0.02, 0, &made);
    assert_non_null(strstr(made.advice.answers[0].why, "no bare loop was run"));
    finish(&made);
    plan.engines[0].skipped = plan.engines[1].skipped = "not here";
    plan.again = 0;
    make(&plan, 100, NAN, 0, &made);
    assert_string_equal(made.advice.answers[0].why, "no cell has a complete run");
    finish(&made);
}

static void test_check(void **state)
{
    (void)state;
    struct made made;
    struct tote_error err = {0};
    struct sweep_plan plan = usual;
    make(&plan, 0, NAN, 0, &made);
    assert_int_equal(tote_advise_check(&made.advice, &err), 0);
    assert_int_equal(made.advice.n_checks, 8);
    for (size_t i = 0; i < 8; i++) {
        const struct tote_advise_check *check = &made.advice.checks[i];
        assert_true(fabs(check->error) < 1e-6 && check->predicted.has_bounds);
        assert_int_equal(check->is_outside, check->tasks == 50 || check->tasks == 1000);
    }
    check_text(&made, "late, 1000 tasks: 6.00 s [");
    finish(&made);
    plan.tasks[2] = 0;
    make(&plan, 0, NAN, 0, &made);
    assert_int_equal(tote_advise_check(&made.advice, &err), 0);
    assert_int_equal(made.advice.n_checks, 0);
    finish(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),     cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_scenarios), cmocka_unit_test(test_other_tasks),
        cmocka_unit_test(test_doubts),    cmocka_unit_test(test_one_size),
        cmocka_unit_test(test_no_answer), cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
