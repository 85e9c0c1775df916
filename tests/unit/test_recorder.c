/* SPDX-License-Identifier: MIT */
/* test_recorder.c: the first record of a task wins, whatever the order, at page
 * boundaries too; and what it costs in memory. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/recorder.h"
#include "random.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif

static int add(struct tote_recorder *recorder, uint64_t task, enum tote_outcome outcome)
{
    struct tote_record record = {.task = task, .attempt = 1, .outcome = outcome};
    return tote_recorder_add(recorder, &record, NULL);
}

static void first_wins_at_the_edges_of_pages(void **state)
{
    (void)state;
    const uint64_t page = TOTE_RECORDER_PAGE;
    const uint64_t tasks[] = {0,    1,        63,           64,      page - 1,
                              page, page + 1, 2 * page - 1, 2 * page};
    enum { N = sizeof tasks / sizeof tasks[0] };
    struct tote_recorder recorder;
    assert_int_equal(tote_recorder_init(&recorder, 2 * page + 1, NULL), 0);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(add(&recorder, tasks[i], i % 2), 1);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(add(&recorder, tasks[i], TOTE_OUTCOME_OK), 0);
    assert_int_equal(recorder.recorded, N);
    assert_int_equal(recorder.ok, (N + 1) / 2);
    assert_int_equal(recorder.duplicate, N);
    tote_recorder_finish(&recorder);
}

static void refuses_what_is_not_in_the_bag(void **state)
{
    (void)state;
    static const uint64_t bags[] = {0, 1, TOTE_RECORDER_PAGE, TOTE_RECORDER_PAGE + 1};
    for (size_t i = 0; i < sizeof bags / sizeof bags[0]; i++) {
        struct tote_recorder recorder;
        struct tote_error err = {0};
        assert_int_equal(tote_recorder_init(&recorder, bags[i], NULL), 0);
        struct tote_record record = {.task = bags[i]};
        assert_int_equal(tote_recorder_add(&recorder, &record, &err), -ERANGE);
        assert_non_null(strstr(err.text, "names task"));
        assert_int_equal(add(&recorder, UINT64_MAX, TOTE_OUTCOME_OK), -ERANGE);
        assert_int_equal(recorder.recorded + recorder.ok + recorder.duplicate, 0);
        tote_recorder_finish(&recorder);
    }
}

/* Against one byte a task. */
static void agrees_with_the_plain_way(void **state)
{
    (void)state;
    enum { N = 3 * TOTE_RECORDER_PAGE - 5 };
    unsigned char *seen = calloc(N, 1);
    assert_non_null(seen);
    struct tote_recorder recorder;
    uint64_t random = 11, recorded = 0, duplicate = 0;
    assert_int_equal(tote_recorder_init(&recorder, N, NULL), 0);
    for (int i = 0; i < 3 * N; i++) {
        uint64_t task = random_below(&random, N);
        int is_new = !seen[task];
        seen[task] = 1;
        recorded += (uint64_t)is_new;
        duplicate += (uint64_t)!is_new;
        assert_int_equal(add(&recorder, task, TOTE_OUTCOME_OK), is_new);
    }
    assert_int_equal(recorder.recorded, recorded);
    assert_int_equal(recorder.duplicate, duplicate);
    tote_recorder_finish(&recorder);
    free(seen);
}

/* Gaps and runs against one byte a task, in a bag that grows, of stretches that are
 * done, untouched and mixed. */
static void gaps_and_runs_agree_with_the_plain_way(void **state)
{
    (void)state;
    enum { N = 4 * TOTE_RECORDER_PAGE + 77 };
    unsigned char *seen = calloc(N + 1, 1);
    assert_non_null(seen);
    struct tote_recorder recorder;
    uint64_t random = 5, tasks = 0;
    assert_int_equal(tote_recorder_init(&recorder, 0, NULL), 0);
    while (tasks < N) {
        uint64_t from = tasks;
        tasks += 1 + random_below(&random, random_is(&random, 0.5) ? 200 : 100000);
        tasks = tasks < N ? tasks : N;
        assert_int_equal(tote_recorder_grow(&recorder, tasks, NULL), 0);
        double done = (double)random_below(&random, 4) / 3;
        for (uint64_t i = from; i < tasks; i++)
            if (random_is(&random, done)) {
                seen[i] = 1;
                assert_int_equal(tote_recorder_skip(&recorder, i, i % 2, NULL), 1);
            }
    }
    uint64_t gap = N, run_end = N; /* of the tasks from i on */
    for (uint64_t i = N + 1; i-- > 0;) {
        if (i < N) {
            gap = seen[i] ? gap : i;
            run_end = seen[i] ? i : run_end;
        }
        assert_int_equal(tote_recorder_gap(&recorder, i), gap);
        uint32_t most = (uint32_t)random_below(&random, 3000);
        uint64_t run = run_end - i < most ? run_end - i : most;
        if (i < N)
            assert_int_equal(tote_recorder_run(&recorder, i, most), run);
        if (i < N && seen[i])
            run_end = i;
    }
    assert_int_equal(tote_recorder_run(&recorder, N, 5), 0);
    assert_int_equal(tote_recorder_gap(&recorder, UINT64_MAX), N);
    tote_recorder_finish(&recorder);
    free(seen);
}

static void growing_keeps_what_is_known(void **state)
{
    (void)state;
    struct tote_recorder recorder;
    struct tote_error err = {0};
    assert_int_equal(tote_recorder_init(&recorder, 1, NULL), 0);
    assert_int_equal(tote_recorder_skip(&recorder, 0, true, NULL), 1);
    assert_int_equal(tote_recorder_skip(&recorder, 0, true, NULL), 0);
    assert_int_equal(recorder.duplicate, 0); /* of an earlier run: no record of ours */
    assert_int_equal(add(&recorder, 0, TOTE_OUTCOME_OK), 0);
    assert_int_equal(recorder.duplicate, 1);
    for (uint64_t tasks = 2; tasks < 20 * TOTE_RECORDER_PAGE; tasks += 999) {
        assert_int_equal(add(&recorder, tasks - 1, TOTE_OUTCOME_OK), -ERANGE);
        assert_int_equal(tote_recorder_grow(&recorder, tasks, NULL), 0);
        assert_int_equal(add(&recorder, tasks - 1, TOTE_OUTCOME_FAILED), 1);
        assert_true(tote_recorder_has(&recorder, 0));
    }
    assert_int_equal(tote_recorder_grow(&recorder, 1, &err), -EINVAL);
    assert_non_null(strstr(err.text, "cannot shrink"));
    assert_int_equal(recorder.ok, 1);
    tote_recorder_finish(&recorder);
}

/* A multiplier that is prime to the count visits every task once, all pages at a time.
 */
static void ten_million_tasks_in_two_megabytes(void **state)
{
    (void)state;
    const uint64_t n = 10000000;
    struct tote_recorder recorder;
    struct mallinfo2 before = mallinfo2();
    size_t most = 0;
    assert_int_equal(tote_recorder_init(&recorder, n, NULL), 0);
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(add(&recorder, i * 7919 % n, TOTE_OUTCOME_OK), 1);
        if (i % 100000 == 0) {
            struct mallinfo2 now = mallinfo2();
            size_t used = now.uordblks + now.hblkhd - before.uordblks - before.hblkhd;
            most = used > most ? used : most;
        }
    }
    assert_int_equal(recorder.recorded, n);
    assert_true(most < 2 << 20);
    struct mallinfo2 now = mallinfo2();
    assert_true(now.uordblks - before.uordblks <
                64 << 10); /* full pages cost nothing */
    tote_recorder_finish(&recorder);
}

#ifndef HAS_ASAN /* which ends the process */
static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct tote_recorder recorder;
    struct tote_error err = {0};
    assert_int_equal(tote_recorder_init(&recorder, UINT64_MAX, &err), -ENOMEM);
    assert_non_null(strstr(err.text, "out of memory"));
    tote_recorder_finish(&recorder);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_wins_at_the_edges_of_pages),
        cmocka_unit_test(refuses_what_is_not_in_the_bag),
        cmocka_unit_test(agrees_with_the_plain_way),
        cmocka_unit_test(gaps_and_runs_agree_with_the_plain_way),
        cmocka_unit_test(growing_keeps_what_is_known),
        cmocka_unit_test(ten_million_tasks_in_two_megabytes),
#ifndef HAS_ASAN
        cmocka_unit_test(out_of_memory_is_an_error),
#endif
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
