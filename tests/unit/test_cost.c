/* SPDX-License-Identifier: MIT */
/* test_cost.c: the arithmetic of costs, by numbers made by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/cost.h"
#include "report/gather.h"

static const struct tote_price both = {.cpu_hour = 0.04, .gb_hour = 0.005},
                               cores = {.cpu_hour = 0.04, .gb_hour = NAN},
                               memory = {.cpu_hour = NAN, .gb_hour = 0.005},
                               nothing = {.cpu_hour = NAN, .gb_hour = NAN};

/* Half an hour of four slots that were busy for one core-hour, with 6 GB at most: two
 * core-hours and three GB-hours for 2,000 tasks. */
static const struct tote_cost_basis basis = {
    .held_s = 1800, .slots = 4, .cpu_s = 3600, .peak_bytes = 6e9, .tasks = 2000};

static int is_near(double value, double wanted)
{
    return fabs(value - wanted) <= 1e-12 * fabs(wanted);
}

static void idle_slots_are_paid(void **state)
{
    (void)state;
    struct tote_cost cost = tote_cost_make(&basis, &both);
    assert_true(is_near(cost.run.core_hours_paid, 2));
    assert_true(is_near(cost.run.core_hours_used, 1));
    assert_true(is_near(cost.run.gb_hours, 3));
    assert_true(is_near(cost.run.money, 2 * 0.04 + 3 * 0.005));
    assert_true(is_near(cost.per_million.core_hours_paid, 1000));
    assert_true(is_near(cost.per_million.core_hours_used, 500));
    assert_true(is_near(cost.per_million.gb_hours, 1500));
    assert_true(is_near(cost.per_million.money, 500 * (2 * 0.04 + 3 * 0.005)));
}

static void no_price_is_assumed(void **state)
{
    (void)state;
    assert_true(isnan(tote_cost_make(&basis, NULL).run.money));
    assert_true(isnan(tote_cost_make(&basis, &nothing).run.money));
    assert_true(is_near(tote_cost_make(&basis, NULL).run.core_hours_paid, 2));
    assert_true(is_near(tote_cost_make(&basis, &cores).run.money, 2 * 0.04));
    assert_true(is_near(tote_cost_make(&basis, &memory).run.money, 3 * 0.005));
}

static void a_price_of_nothing_is_a_price(void **state)
{
    (void)state;
    const struct tote_price free_of_charge = {.cpu_hour = 0, .gb_hour = NAN};
    assert_true(tote_cost_make(&basis, &free_of_charge).run.money == 0);
}

static void unknown_memory_has_no_sum(void **state)
{
    (void)state;
    struct tote_cost_basis unknown = basis;
    unknown.peak_bytes = NAN;
    struct tote_cost cost = tote_cost_make(&unknown, &both);
    assert_true(isnan(cost.run.gb_hours) && isnan(cost.run.money));
    assert_true(is_near(cost.run.core_hours_paid, 2));
    assert_true(is_near(tote_cost_make(&unknown, &cores).run.money, 2 * 0.04));
}

static void no_tasks_have_no_cost_each(void **state)
{
    (void)state;
    struct tote_cost_basis empty = basis;
    empty.tasks = 0;
    struct tote_cost cost = tote_cost_make(&empty, &both);
    assert_true(is_near(cost.run.core_hours_paid, 2));
    assert_true(isnan(cost.per_million.core_hours_paid));
    assert_true(isnan(cost.per_million.money));
}

static struct tote_run_summary run_of(double wall_s)
{
    return (struct tote_run_summary){.is_counted = true,
                                     .done = 90,
                                     .failed = 10,
                                     .row.workers = 2,
                                     .wall_s = wall_s,
                                     .phases_s.stop = 6,
                                     .cpu_total_s = 36,
                                     .used.memory_bytes = NAN};
}

static void stop_is_paid_and_failures_are_tasks(void **state)
{
    (void)state;
    struct tote_run_summary run = run_of(30);
    struct tote_cost cost = tote_cost_of(&run, &cores);
    assert_true(is_near(cost.run.core_hours_paid, 2 * 36.0 / 3600));
    assert_true(is_near(cost.run.core_hours_used, 0.01));
    assert_true(is_near(cost.per_million.core_hours_used, 0.01 * 1e6 / 100));
    run.is_counted = false;
    cost = tote_cost_of(&run, &cores);
    assert_true(isnan(cost.run.core_hours_paid) && isnan(cost.run.money));
}

static void a_cell_has_intervals_over_complete_runs(void **state)
{
    (void)state;
    struct tote_run_summary runs[7];
    for (int i = 0; i < 7; i++)
        runs[i] = run_of(30 + 36 * i); /* 0.02 core-hours and so many more */
    runs[6].is_counted = false;
    struct tote_cell_summary cell = {.runs = runs, .n_runs = 7, .n_counted = 6};
    struct tote_cost_intervals cost;
    assert_int_equal(tote_cost_of_cell(&cell, &both, &cost), 0);
    assert_int_equal(cost.core_hours_paid.n, 6);
    assert_true(is_near(cost.core_hours_paid.low, 0.02 * 1e4));
    assert_true(is_near(cost.core_hours_paid.high, 0.12 * 1e4));
    assert_true(is_near(cost.core_hours_paid.median, 0.07 * 1e4));
    assert_int_equal(cost.gb_hours.n, 0); /* no run knows its peak */
    assert_int_equal(cost.money.n, 0);
    for (int i = 0; i < 6; i++)
        runs[i].used.memory_bytes = 1e9;
    assert_int_equal(tote_cost_of_cell(&cell, &both, &cost), 0);
    assert_int_equal(cost.money.n, 6);
    assert_true(is_near(cost.money.low, (0.02 * 0.04 + 0.01 * 0.005) * 1e4));
    runs[3].used.memory_bytes = NAN; /* a median of the others would be another one's */
    assert_int_equal(tote_cost_of_cell(&cell, &both, &cost), 0);
    assert_int_equal(cost.money.n, 0);
    assert_int_equal(cost.core_hours_paid.n, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_slots_are_paid),
        cmocka_unit_test(no_price_is_assumed),
        cmocka_unit_test(a_price_of_nothing_is_a_price),
        cmocka_unit_test(unknown_memory_has_no_sum),
        cmocka_unit_test(no_tasks_have_no_cost_each),
        cmocka_unit_test(stop_is_paid_and_failures_are_tasks),
        cmocka_unit_test(a_cell_has_intervals_over_complete_runs),
    };
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
