/* SPDX-License-Identifier: MIT */
/* test_twins.c: which cell is the one that was entered twice (report/twins.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/twins.h"

static struct tote_cell_row slow = {.engine = "slow", .batch = "1"};
static struct tote_cell_row batched = {.engine = "twin", .batch = "auto"};
static struct tote_cell_row twin = {.engine = "twin", .batch = "1"};
static struct tote_cell_row again = {
    .engine = "twin", .batch = "1", .role = TOTE_CELL_AGAIN};
static struct tote_cell_row noop = {
    .engine = "twin", .batch = "1", .role = TOTE_CELL_NOOP};

static void test_not_always_the_first(void **state)
{
    (void)state;
    struct tote_cell_summary cells[] = {
        {.cell = &slow}, {.cell = &batched}, {.cell = &twin}};
    struct tote_cell_summary controls[] = {{.cell = &noop}, {.cell = &again}};
    struct tote_point_summary point = {
        .cells = cells, .n_cells = 3, .controls = controls, .n_controls = 2};
    struct tote_twins twins;
    assert_true(tote_twins_find(&point, &twins));
    assert_ptr_equal(twins.first, &cells[2]);
    assert_ptr_equal(twins.again, &controls[1]);
}

static void test_one_of_them_is_missing(void **state)
{
    (void)state;
    struct tote_cell_summary cells[] = {{.cell = &slow}, {.cell = &batched}};
    struct tote_cell_summary controls[] = {{.cell = &noop}, {.cell = &again}};
    struct tote_point_summary point = {
        .cells = cells, .n_cells = 2, .controls = controls, .n_controls = 2};
    struct tote_twins twins;
    assert_false(tote_twins_find(&point, &twins));
    point.n_controls = 1;
    cells[0].cell = &twin;
    assert_false(tote_twins_find(&point, &twins));
    assert_null(twins.again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_always_the_first),
        cmocka_unit_test(test_one_of_them_is_missing),
    };
    return cmocka_run_group_tests_name("twins", tests, NULL, NULL);
}
