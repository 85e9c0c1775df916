/* SPDX-License-Identifier: MIT */
/* test_plan.c: what a launch and a block may take, and what a budget leaves of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "experiment/plan.h"

static struct tote_plan_kernel kernels[] = {{"work", 10, 0.5}, {"nothing", 0, 0}};

static struct tote_plan_costs costs_of_one(void)
{
    return (struct tote_plan_costs){
        .engines = {{"a", 2, 0.25}},
        .n_engines = 1,
        .kernels = kernels,
        .n_kernels = 2,
        .loop_s = 0.125,
    };
}

static struct tote_cell_row cell_of(enum tote_cell_role role, uint64_t tasks,
                                    uint32_t workers, const char *batch)
{
    bool is_loop = role == TOTE_CELL_LIMIT || role == TOTE_CELL_SERIAL;
    return (struct tote_cell_row){.role = role,
                                  .label = (char *)"a",
                                  .engine = (char *)(is_loop ? "" : "a"),
                                  .kernel = (char *)"work",
                                  .size = 10,
                                  .tasks = tasks,
                                  .workers = workers,
                                  .batch = (char *)batch,
                                  .skipped = (char *)""};
}

static void require(const struct tote_cell_row *cell, double wanted)
{
    struct tote_plan_costs costs = costs_of_one();
    double found = tote_plan_cell_s(&costs, cell, 2);
    if (isnan(wanted))
        assert_true(isnan(found));
    else
        assert_true(fabs(found - wanted) < 1e-9);
}

static void a_launch_costs_its_parts(void **state)
{
    (void)state;
    struct tote_cell_row cell = cell_of(TOTE_CELL_ENGINE, 8, 2, "1");
    require(&cell, 2 + 8 * 0.5 / 2 + 8 * 0.25);
    cell = cell_of(TOTE_CELL_ENGINE, 9, 1, "4"); /* three batches */
    require(&cell, 2 + 9 * 0.5 + 3 * 0.25);
    cell = cell_of(TOTE_CELL_ENGINE, 8, 4, "8"); /* on two cores */
    require(&cell, 2 + 8 * 0.5 / 2 + 0.25);
    cell = cell_of(TOTE_CELL_ENGINE, 5, 2, "auto"); /* never more batches than tasks */
    require(&cell, 2 + 5 * 0.5 / 2 + 5 * 0.25);
    cell = cell_of(TOTE_CELL_LIMIT, 8, 2, "");
    require(&cell, 0.125 + 2);
    cell = cell_of(TOTE_CELL_SERIAL, 8, 1, "");
    require(&cell, 0.125 + 4);
    cell = cell_of(TOTE_CELL_ENGINE, 0, 2, "1");
    require(&cell, 2);
}

static void what_is_not_known_is_no_number(void **state)
{
    (void)state;
    struct tote_cell_row cell = cell_of(TOTE_CELL_ENGINE, 8, 2, "1");
    cell.engine = (char *)"b";
    require(&cell, NAN);
    cell = cell_of(TOTE_CELL_ENGINE, 8, 2, "1");
    cell.size = 11;
    require(&cell, NAN);
}

static void a_budget_leaves_whole_blocks(void **state)
{
    (void)state;
    struct tote_cell_row rows[] = {
        cell_of(TOTE_CELL_ENGINE, 8, 2, "1"), /* 6 s */
        cell_of(TOTE_CELL_ENGINE, 8, 2, "1"),
        cell_of(TOTE_CELL_ENGINE, 8, 2, "1"),
    };
    rows[1].skipped = (char *)"not here";
    rows[2].engine = (char *)"b"; /* not known */
    struct tote_cells cells = {rows, 3, 1};
    struct tote_plan_costs costs = costs_of_one();
    struct tote_plan_forecast plan;
    tote_plan_make(&costs, &cells, 6, 30, 100, 2, &plan);
    assert_int_equal(plan.n_cells, 2);
    assert_int_equal(plan.n_skipped, 1);
    assert_int_equal(plan.n_unknown, 1);
    assert_true(fabs(plan.block_s - 6) < 1e-9);
    assert_int_equal(plan.within, 16);
    tote_plan_make(&costs, &cells, 6, 30, 1000, 2, &plan);
    assert_int_equal(plan.within, 30);
    tote_plan_make(&costs, &cells, 6, 30, 1, 2, &plan); /* one is always run */
    assert_int_equal(plan.within, 1);
    cells.n = 0;
    tote_plan_make(&costs, &cells, 6, 30, 1, 2, &plan);
    assert_int_equal(plan.within, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_costs_its_parts),
        cmocka_unit_test(what_is_not_known_is_no_number),
        cmocka_unit_test(a_budget_leaves_whole_blocks),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
