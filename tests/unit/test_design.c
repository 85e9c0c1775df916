/* SPDX-License-Identifier: MIT */
/* test_design.c: levels from their texts, points from levels, cells from points. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "experiment/design.h"

/* --- levels --- */

static void assert_levels(const char *text, const uint64_t *wanted, size_t n)
{
    struct tote_levels levels;
    assert_int_equal(tote_levels_parse("tasks", text, 0, 100000, "auto", &levels, NULL),
                     0);
    assert_int_equal(levels.n, n);
    assert_memory_equal(levels.at, wanted, n * sizeof *wanted);
}
#define LEVELS(text, ...)                                                              \
    assert_levels(text, (const uint64_t[]){__VA_ARGS__},                               \
                  sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void lists_and_ranges(void **state)
{
    (void)state;
    LEVELS("7", 7);
    LEVELS("3,1,2", 3, 1, 2);
    LEVELS("100..10000*10", 100, 1000, 10000);
    LEVELS("100..9999*10", 100, 1000);
    LEVELS("1..8*2", 1, 2, 4, 8);
    LEVELS("0..10+5", 0, 5, 10);
    LEVELS("5..5+1", 5);
    LEVELS("5..5*2", 5);
    LEVELS("1,auto,8", 1, 0, 8);
    LEVELS("1..3+1,10..100*10,7", 1, 2, 3, 10, 100, 7);
}

static void refuse(const char *text, uint64_t most, const char *word)
{
    struct tote_levels levels = {.n = 99};
    struct tote_error err = {0};
    assert_int_equal(tote_levels_parse("tasks", text, 1, most, NULL, &levels, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "--vary tasks"));
    if (!strstr(err.text, word))
        fail_msg("'%s': %s", text, err.text);
    assert_int_equal(levels.n, 99);
}

static void what_is_no_level_is_refused(void **state)
{
    (void)state;
    refuse("", 100, "a level is empty");
    refuse("1,,2", 100, "a level is empty");
    refuse("1,", 100, "a level is empty");
    refuse("x", 100, "no whole number");
    refuse("-1", 100, "no whole number");
    refuse("1.5", 100, "no whole number");
    refuse("auto", 100, "no whole number");
    refuse("0", 100, "not within 1 to 100");
    refuse("101", 100, "not within");
    refuse("1..101+1", 100, "not within");
    refuse("1,2,1", 100, "twice");
    refuse("1..3+1,2", 100, "twice");
    refuse("9..1+1", 100, "goes down");
    refuse("1..9", 100, "how it rises");
    refuse("1..9-1", 100, "how it rises");
    refuse("1..9*1.5", 100, "how it rises");
    refuse("1..", 100, "no range");
    refuse("1..9+0", 100, "its step is 0");
    refuse("1..9*1", 100, "its factor is not 2");
    refuse("1..9*0", 100, "its factor is not 2");
    refuse("1..65+1", 100, "more than 64 levels");
    refuse("99999999999999999999", UINT64_MAX, "too large");
}

/* Neither a step nor a factor goes around the end of the numbers. */
static void nothing_overflows(void **state)
{
    (void)state;
    struct tote_levels levels;
    assert_int_equal(tote_levels_parse("tasks",
                                       "18446744073709551614..18446744073709551615+2",
                                       1, UINT64_MAX, NULL, &levels, NULL),
                     0);
    assert_int_equal(levels.n, 1);
    assert_int_equal(tote_levels_parse("tasks",
                                       "9223372036854775808..18446744073709551615*2", 1,
                                       UINT64_MAX, NULL, &levels, NULL),
                     0);
    assert_int_equal(levels.n, 1);
}

/* --- cells --- */

static const struct tote_design_engine two[] = {{.text = "a"}, {.text = "b"}};

static struct tote_design design_of_two(void)
{
    return (struct tote_design){
        .base = {.kernel = "work", .size = 10, .tasks = 100, .workers = 2, .batch = 1},
        .engines = two,
        .n_engines = 2,
        .noop = "nothing",
        .most_cores = 2,
    };
}

static void vary(struct tote_levels *levels, const char *text)
{
    assert_int_equal(tote_levels_parse("x", text, 0, UINT32_MAX, "auto", levels, NULL),
                     0);
}

static struct tote_cells make(const struct tote_design *design)
{
    struct tote_cells cells = {0};
    struct tote_error err = {0};
    if (tote_design_cells(design, &cells, &err) < 0)
        fail_msg("%s", err.text);
    return cells;
}

/* "label@tasks/workers/batch", in order. */
static void assert_cells(const struct tote_design *design, const char *wanted)
{
    struct tote_cells cells = make(design);
    char text[8192] = "";
    for (size_t i = 0; i < cells.n; i++) {
        const struct tote_cell_row *cell = &cells.rows[i];
        assert_int_equal(cell->id, i + 1);
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%s@%llu/%u/%s%s", i ? " " : "",
                 cell->label, (unsigned long long)cell->tasks, cell->workers,
                 cell->batch, cell->skipped[0] ? "!" : "");
    }
    assert_string_equal(text, wanted);
    tote_cells_finish(&cells);
}

static void one_point_has_all_controls(void **state)
{
    (void)state;
    struct tote_design design = design_of_two();
    assert_cells(&design, "a@100/2/1 b@100/2/1 a (again)@100/2/1 limit@100/2/ "
                          "serial@100/1/ a (noop)@100/2/1 b (noop)@100/2/1");
    struct tote_cells cells = make(&design);
    assert_string_equal(cells.rows[5].kernel, "nothing");
    assert_int_equal(cells.rows[5].size, 0);
    assert_int_equal(cells.rows[5].role, TOTE_CELL_NOOP);
    assert_string_equal(cells.rows[2].engine, "a");
    tote_cells_finish(&cells);
    /* With one worker the limit is the serial loop. */
    design.base.workers = 1;
    assert_cells(&design, "a@100/1/1 b@100/1/1 a (again)@100/1/1 limit@100/1/ "
                          "a (noop)@100/1/1 b (noop)@100/1/1");
    design.controls = TOTE_CONTROLS_LIMIT;
    assert_cells(&design, "a@100/1/1 b@100/1/1 limit@100/1/");
    /* A bag of nothing is its own control. */
    design.controls = TOTE_CONTROLS_ALL;
    design.base.kernel = "nothing";
    assert_cells(&design, "a@100/1/1 b@100/1/1 a (again)@100/1/1 limit@100/1/");
}

static void a_grid_has_every_combination(void **state)
{
    (void)state;
    struct tote_design design = design_of_two();
    design.n_engines = 1;
    vary(&design.tasks, "10,20");
    vary(&design.batch, "1,auto");
    assert_cells(&design,
                 "a@10/2/1 a (again)@10/2/1 limit@10/2/ serial@10/1/ a (noop)@10/2/1 "
                 "a@10/2/auto a (again)@10/2/auto limit@10/2/ serial@10/1/ "
                 "a (noop)@10/2/auto "
                 "a@20/2/1 a (again)@20/2/1 limit@20/2/ serial@20/1/ "
                 "a@20/2/auto a (again)@20/2/auto limit@20/2/ serial@20/1/");
}

static void a_star_varies_one_at_a_time(void **state)
{
    (void)state;
    static const char *const kernels[] = {"other", "work"};
    struct tote_design design = design_of_two();
    design.n_engines = 1;
    design.controls = TOTE_CONTROLS_LIMIT;
    design.is_one_at_a_time = true;
    design.kernels = kernels;
    design.n_kernels = 2;
    vary(&design.tasks, "10,100,1000");
    vary(&design.workers, "1,2");
    assert_cells(&design, "a@100/2/1 limit@100/2/ " /* the base */
                          "a@100/2/1 limit@100/2/ " /* another kernel */
                          "a@10/2/1 limit@10/2/ a@1000/2/1 limit@1000/2/ "
                          "a@100/1/1 limit@100/1/");
}

static void labels_of_a_point_are_told_apart(void **state)
{
    (void)state;
    static const struct tote_design_engine same[] = {
        {.text = "a"}, {.text = "a"}, {.text = "a", .has_batch = true, .batch = 7}};
    struct tote_design design = design_of_two();
    design.engines = same;
    design.n_engines = 3;
    assert_cells(&design,
                 "a@100/2/1 a#2@100/2/1 a#3@100/2/7 a (again)@100/2/1 limit@100/2/ "
                 "serial@100/1/ a (noop)@100/2/1 a#2 (noop)@100/2/1 "
                 "a#3 (noop)@100/2/7");
}

static void what_cannot_run_is_a_row_with_the_reason(void **state)
{
    (void)state;
    static const struct tote_design_engine some[] = {{.text = "a", .missing = "no a"},
                                                     {.text = "b"}};
    struct tote_design design = design_of_two();
    design.engines = some;
    vary(&design.workers, "1,4");
    assert_cells(&design, "a@100/1/1! b@100/1/1 b (again)@100/1/1 limit@100/1/ "
                          "a (noop)@100/1/1! b (noop)@100/1/1 "
                          "a@100/4/1! b@100/4/1! b (again)@100/4/1! limit@100/4/! "
                          "serial@100/1/! a (noop)@100/4/1! b (noop)@100/4/1!");
    struct tote_cells cells = make(&design);
    assert_string_equal(cells.rows[0].skipped, "no a");
    assert_string_equal(cells.rows[7].skipped, "4 workers, but 2 usable cores");
    tote_cells_finish(&cells);
    /* What is not varied was asked for, and is noted by the report. */
    design = design_of_two();
    design.base.workers = 8;
    design.controls = TOTE_CONTROLS_LIMIT;
    assert_cells(&design, "a@100/8/1 b@100/8/1 limit@100/8/");
}

static void refuse_design(const struct tote_design *design, int code, const char *word)
{
    struct tote_cells cells = {0};
    struct tote_error err = {0};
    assert_int_equal(tote_design_cells(design, &cells, &err), code);
    if (!strstr(err.text, word))
        fail_msg("%s", err.text);
    assert_int_equal(cells.n, 0);
}

static void too_much_and_too_little_are_refused(void **state)
{
    (void)state;
    struct tote_design design = design_of_two();
    vary(&design.tasks, "1..64+1");
    vary(&design.size, "1..64+1");
    refuse_design(&design, -EINVAL, "more than 4096 cells");
    vary(&design.workers, "1,2");
    refuse_design(&design, -EINVAL, "more than 4096 points");
    static const struct tote_design_engine none[] = {{.text = "a", .missing = "no a"}};
    design = design_of_two();
    design.engines = none;
    design.n_engines = 1;
    refuse_design(&design, -ENOPKG, "no a");
    static const struct tote_design_engine own[] = {
        {.text = "a:batch=2", .has_batch = true}};
    design.engines = own;
    vary(&design.batch, "1,2");
    refuse_design(&design, -EINVAL, "a batch of its own");
    design = design_of_two();
    vary(&design.workers, "4,8");
    refuse_design(&design, -EINVAL, "no cell can run here: 4 workers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges),
        cmocka_unit_test(what_is_no_level_is_refused),
        cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(one_point_has_all_controls),
        cmocka_unit_test(a_grid_has_every_combination),
        cmocka_unit_test(a_star_varies_one_at_a_time),
        cmocka_unit_test(labels_of_a_point_are_told_apart),
        cmocka_unit_test(what_cannot_run_is_a_row_with_the_reason),
        cmocka_unit_test(too_much_and_too_little_are_refused),
    };
    return cmocka_run_group_tests_name("design", tests, NULL, NULL);
}
