/* SPDX-License-Identifier: MIT */
/* test_drawn.c: what is drawn of records: which are kept, where they lie, and steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/drawn.h"
#include "report_fixture.h"
#include "store/writer.h"
#include "store_fixture.h"

#define PATH   "bag.tote"
#define LAUNCH INT64_C(5000000000000)
#define MS     INT64_C(1000000)

/* Task i runs on worker 1 + i % 2, i ms after launch, for a length of its own. */
static tote_ns_t length_of(uint64_t task)
{
    return task % 1000 == 777 ? 900 * MS + (tote_ns_t)task
                              : (tote_ns_t)(1 + task % 7) * MS;
}

struct made {
    struct tote_store *store;
    struct tote_summary summary;
};

static void put(uint64_t tasks, tote_ns_t from)
{
    struct tote_error err = {0};
    struct tote_writer *writer;
    report_must(tote_writer_start(PATH, TOTE_DURABILITY_GROUP, &writer, &err), &err);
    for (uint64_t task = 0; task < tasks; task++) {
        struct tote_record record = report_fixture_record(task, task % 10 != 9);
        record.start_ns = from + (tote_ns_t)task * MS;
        record.end_ns = record.start_ns + length_of(task);
        report_must(tote_writer_put_records(writer, 1, 1 + task % 2, &record, 1, &err),
                    &err);
    }
    report_must(tote_writer_stop(writer, &err), &err);
}

static struct made make(uint64_t tasks, tote_ns_t from)
{
    struct tote_error err = {0};
    struct made made;
    struct tote_store *store = report_fixture_create(PATH, "run");
    struct tote_run_row row = report_fixture_row(tasks);
    report_must(tote_store_add_run(store, &row, &err), &err);
    put(tasks, from);
    report_fixture_end(&row, tasks - tasks / 10, tasks / 10);
    row.end_ns = row.last_ns = LAUNCH + 100000 * MS;
    report_must(tote_store_update_run(store, &row, &err), &err);
    tote_store_close(store);
    report_must(tote_store_open(PATH, &made.store, &err), &err);
    report_must(tote_gather(made.store, &made.summary, &err), &err);
    return made;
}

static struct tote_drawn draw(struct made *made, size_t bars, size_t steps)
{
    struct tote_error err = {0};
    struct tote_drawn drawn;
    report_must(tote_drawn_make(made->store, tote_gather_run(&made->summary), bars,
                                steps, &drawn, &err),
                &err);
    return drawn;
}

static void finish(struct made *made, struct tote_drawn *drawn)
{
    tote_drawn_finish(drawn);
    tote_gather_finish(&made->summary);
    tote_store_close(made->store);
    unlink(PATH);
}

static void test_all_are_kept_if_they_fit(void **state)
{
    (void)state;
    struct made made = make(100, LAUNCH);
    struct tote_drawn drawn = draw(&made, 100, 10);
    assert_int_equal(drawn.n_bars, 100);
    assert_int_equal(drawn.n_attempts, 100);
    assert_int_equal(drawn.every, 1);
    assert_int_equal(drawn.n_slowest, 0);
    for (size_t i = 0; i < drawn.n_bars; i++) {
        const struct tote_drawn_bar *bar = &drawn.bars[i];
        assert_int_equal(bar->worker, 1 + bar->task % 2);
        assert_true(fabs(bar->start_s - (double)bar->task * 1e-3) < 1e-9);
    }
    finish(&made, &drawn);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Of 10,000: each 200th, and the 50 slowest of the others; 10 are far slower. */
static void test_the_worst_tail_is_kept(void **state)
{
    (void)state;
    struct made made = make(10000, LAUNCH);
    struct tote_drawn drawn = draw(&made, 100, 10);
    assert_int_equal(drawn.n_attempts, 10000);
    assert_int_equal(drawn.every, 200);
    assert_int_equal(drawn.n_bars, 100);
    assert_int_equal(drawn.n_slowest, 50);
    uint64_t tasks[100];
    size_t n_slow = 0, n_even = 0;
    for (size_t i = 0; i < 100; i++) {
        tasks[i] = drawn.bars[i].task;
        n_slow += tasks[i] % 1000 == 777;
        n_even += tasks[i] % 200 == 0;
        /* Those that are there for being slow are of the slowest kind. */
        assert_true(tasks[i] % 200 == 0 || length_of(tasks[i]) >= 7 * MS);
    }
    assert_int_equal(n_slow, 10);
    assert_int_equal(n_even, 50);
    qsort(tasks, 100, sizeof *tasks, compare_numbers);
    for (size_t i = 1; i < 100; i++)
        assert_true(tasks[i] != tasks[i - 1]);
    finish(&made, &drawn);
}

static void test_bars_of_a_lane_do_not_overlap(void **state)
{
    (void)state;
    struct made made = make(2000, LAUNCH);
    struct tote_drawn drawn = draw(&made, 2000, 10);
    for (size_t i = 0; i < drawn.n_bars; i++) {
        const struct tote_drawn_bar *a = &drawn.bars[i];
        for (size_t k = i + 1; k < drawn.n_bars && k < i + 50; k++) {
            const struct tote_drawn_bar *b = &drawn.bars[k];
            if (b->worker == a->worker && b->lane == a->lane)
                assert_true(b->start_s >= a->end_s);
        }
    }
    finish(&made, &drawn);
}

static void test_stamps_of_another_clock(void **state)
{
    (void)state;
    struct made made = make(20, LAUNCH - 1000 * MS);
    struct tote_drawn drawn = draw(&made, 100, 10);
    assert_true(drawn.is_other_clock);
    assert_int_equal(drawn.n_bars, 0);
    assert_true(drawn.n_steps > 0); /* durations hold on any clock */
    finish(&made, &drawn);
}

/* At each step, the part of good tasks that take so long or less, counted again. */
static void test_steps(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct made made = make(N, LAUNCH);
    struct tote_drawn drawn = draw(&made, 2, 20);
    assert_in_range(drawn.n_steps, 7, 20);
    for (size_t i = 0; i < drawn.n_steps; i++) {
        uint64_t below = 0, good = 0;
        for (uint64_t task = 0; task < N; task++) {
            bool is_good = task % 10 != 9;
            good += is_good;
            below +=
                is_good && (double)length_of(task) <= drawn.steps[i].at_s * 1e9 + 0.5;
        }
        assert_true(fabs(drawn.steps[i].part - (double)below / (double)good) < 1e-12);
        assert_true(i == 0 || drawn.steps[i].at_s > drawn.steps[i - 1].at_s);
    }
    const struct tote_drawn_step *last = &drawn.steps[drawn.n_steps - 1];
    assert_true(last->part == 1);
    assert_true(last->at_s == tote_gather_run(&made.summary)->task_s.max);
    finish(&made, &drawn);
}

static void test_nothing(void **state)
{
    (void)state;
    struct made made = make(0, LAUNCH);
    struct tote_drawn drawn = draw(&made, 100, 10);
    assert_int_equal(drawn.n_bars, 0);
    assert_int_equal(drawn.n_steps, 0);
    finish(&made, &drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_are_kept_if_they_fit, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_the_worst_tail_is_kept, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_bars_of_a_lane_do_not_overlap,
                                        fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_stamps_of_another_clock, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_steps, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_nothing, fixture_enter, fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
