/* SPDX-License-Identifier: MIT */
/* test_standing.c: what the writer counts is what its rows come to, through any course
 * of runs, losses and lists. That fsck sees a wrong count is test_fsck.c's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "store/fsck.h"
#include "store/handle.h"
#include "store/standing.h"
#include "store_fixture.h"

enum { TASKS = 60, COURSES = 60 };

/* What the test itself knows of the store. */
struct course {
    uint64_t seed;
    struct tote_store *store;
    uint64_t n;             /* tasks */
    bool is_listed[TASKS];  /* in the last list */
    int outcome[TASKS];     /* that counts; -1: none */
    uint32_t list, attempt; /* the last one */
    tote_ns_t last_ns;
};

static struct tote_standing standing_of(struct tote_store *store, int64_t run)
{
    struct tote_standing standing;
    struct tote_error err = {0};
    if (tote_store_standing(store, run, &standing, &err) < 0)
        fail_msg("standing %d: %s", (int)run, err.text);
    return standing;
}

static void hear(void *context, const char *sentence)
{
    (void)context;
    fail_msg("%s", sentence);
}

static bool is_counted(const struct course *course, uint64_t task)
{
    return course->list <= 1 || course->is_listed[task];
}

/* By the test's own book, and by fsck's. */
static void check(struct course *course, const char *after)
{
    struct tote_fsck found;
    struct tote_standing all = standing_of(course->store, 0);
    uint64_t of[TOTE_OUTCOMES] = {0}, listed = 0;
    for (uint64_t task = 0; task < course->n; task++) {
        if (!is_counted(course, task))
            continue;
        listed++;
        if (course->outcome[task] >= 0)
            of[course->outcome[task]]++;
    }
    if (memcmp(of, all.of, sizeof of) != 0 || listed != all.listed ||
        all.list != course->list || all.attempts_to != course->attempt ||
        all.last_ns != course->last_ns)
        fail_msg("seed %d, after %s: %d ok, %d failed, %d wrong, %d lost of %d, not "
                 "%d, %d, %d, %d of %d",
                 (int)course->seed, after, (int)all.of[0], (int)all.of[1],
                 (int)all.of[2], (int)all.of[3], (int)all.listed, (int)of[0],
                 (int)of[1], (int)of[2], (int)of[3], (int)listed);
    assert_int_equal(tote_store_fsck("a", &found, hear, NULL, NULL), 0);
}

/* --- what happens to a store --- */

static struct tote_writer *begin_run(struct course *course, int64_t *ret_run)
{
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(TASKS);
    run.attempts_to = course->attempt + 1;
    assert_int_equal(tote_store_add_run(course->store, &run, NULL), 0);
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, NULL), 0);
    *ret_run = run.id;
    return writer;
}

static void put_record(struct course *course, struct tote_writer *writer, int64_t run,
                       const struct tote_record *record)
{
    assert_int_equal(tote_writer_put_records(writer, run, 1, record, 1, NULL), 0);
    course->outcome[record->task] = (int)record->outcome;
    if (record->end_ns > course->last_ns)
        course->last_ns = record->end_ns;
    if (record->attempt > course->attempt)
        course->attempt = record->attempt;
}

/* One task, with its retries: what it came to. */
static int run_task(struct course *course, struct tote_writer *writer, int64_t run,
                    uint64_t task, uint32_t attempt, uint64_t *random)
{
    double luck = random_unit(random);
    for (uint32_t i = 0; i < 3; i++) {
        struct tote_record record = fixture_record(task);
        record.attempt = attempt + i;
        record.end_ns += (tote_ns_t)random_below(random, 1000);
        record.outcome = random_is(random, luck)  ? TOTE_OUTCOME_OK
                         : random_is(random, 0.7) ? TOTE_OUTCOME_FAILED
                                                  : TOTE_OUTCOME_LOST;
        if (record.outcome != TOTE_OUTCOME_OK)
            record.digest = (struct tote_digest){0};
        put_record(course, writer, run, &record);
        if (record.outcome == TOTE_OUTCOME_OK || random_is(random, 0.5))
            break;
        if (random_is(random, 0.3))
            tote_writer_hurry(writer); /* the rest may come with the next commit */
    }
    return course->outcome[task];
}

/* One more run, which records some of what is not ok. */
static void go_on(struct course *course, uint64_t *random)
{
    int64_t run;
    uint64_t by_outcome[TOTE_OUTCOMES] = {0};
    uint32_t before = course->attempt;
    struct tote_writer *writer = begin_run(course, &run);
    double share = random_unit(random);
    for (uint64_t task = 0; task < course->n; task++) {
        if (!is_counted(course, task) || course->outcome[task] == TOTE_OUTCOME_OK ||
            !random_is(random, share))
            continue;
        by_outcome[run_task(course, writer, run, task, before + 1, random)]++;
    }
    assert_int_equal(tote_writer_stop(writer, NULL), 0);
    struct tote_standing own = standing_of(course->store, run);
    assert_memory_equal(own.of, by_outcome, sizeof by_outcome);
    assert_int_equal(own.attempts_to, course->attempt > before ? course->attempt : 0);
    check(course, "a run");
}

/* Files of some tasks are not there any more. */
static void lose(struct course *course, uint64_t *random)
{
    uint64_t tasks[TASKS];
    size_t n = 0;
    for (uint64_t task = 0; task < course->n; task++) {
        if (!random_is(random, 0.2))
            continue;
        tasks[n++] = task;
        if (course->outcome[task] == TOTE_OUTCOME_OK)
            course->outcome[task] = TOTE_OUTCOME_WRONG;
    }
    assert_int_equal(tote_store_disown(course->store, tasks, n, NULL), 0);
    check(course, "a loss");
}

/* Another list: some tasks that were there, some new ones. */
static void list_anew(struct course *course, uint64_t *random)
{
    struct tote_error err = {0};
    struct fixture_command c;
    uint64_t other;
    uint64_t more = random_below(random, TASKS - course->n + 1) / 2;
    course->list++;
    assert_int_equal(tote_store_list_begin(course->store, course->list, &err), 0);
    for (uint64_t task = 0; task < course->n + more; task++) {
        bool is_new = task >= course->n;
        fixture_command(task, &c);
        course->is_listed[task] = is_new || random_is(random, 0.7);
        if (is_new)
            course->outcome[task] = -1;
        if (is_new)
            assert_int_equal(tote_store_list_add(course->store, &c.row, &other, &err),
                             0);
        else if (course->is_listed[task])
            assert_int_equal(tote_store_list_claim(course->store, &c.row, &other, &err),
                             TOTE_CLAIM_KEPT);
    }
    course->n += more;
    if (tote_store_list_commit(course->store, &err) < 0)
        fail_msg("%s", err.text);
    check(course, "a list");
}

static void reopen(struct course *course, uint64_t *random)
{
    (void)random;
    tote_store_close(course->store);
    assert_int_equal(tote_store_reopen("a", &course->store, NULL), 0);
    check(course, "a reopen");
}

static void begin_course(struct course *course)
{
    struct tote_writer *writer = NULL;
    assert_int_equal(tote_store_create("a", &course->store, NULL), 0);
    check(course, "a start");
    course->n = TASKS / 2;
    course->list = 1;
    for (uint64_t task = 0; task < TASKS; task++)
        course->outcome[task] = -1;
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, NULL), 0);
    assert_int_equal(fixture_put_tasks(writer, 0, course->n, NULL), 0);
    assert_int_equal(tote_writer_stop(writer, NULL), 0);
    check(course, "its tasks");
}

static void test_any_course(void **state)
{
    (void)state;
    static void (*const steps[])(struct course *, uint64_t *) = {
        go_on, go_on, go_on, lose, list_anew, reopen};
    for (uint64_t seed = 1; seed <= COURSES; seed++) {
        struct course course = {.seed = seed};
        uint64_t random = seed;
        begin_course(&course);
        for (int i = 0; i < 12; i++)
            steps[random_below(&random, sizeof steps / sizeof *steps)](&course,
                                                                       &random);
        tote_store_close(course.store);
        tote_store_unlink("a");
    }
}

/* --- single facts --- */

/* A kernel's bag has no tasks in its store; a record that is wrong is one that failed.
 */
static void test_kernel(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    fixture_store("a", 100);
    assert_int_equal(tote_store_open("a", &store, NULL), 0);
    struct tote_standing all = standing_of(store, 0), own = standing_of(store, 1);
    assert_int_equal(all.of[TOTE_OUTCOME_OK], 100);
    assert_int_equal(own.of[TOTE_OUTCOME_OK], 100);
    assert_int_equal(all.listed, 0);
    assert_int_equal(all.attempts_to, 1);
    tote_store_close(store);
}

/* The counts are there as soon as the records are, for who reads meanwhile. */
static void test_while_written(void **state)
{
    (void)state;
    struct tote_store *store = NULL, *reader = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(100);
    uint64_t durable = 0;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    assert_int_equal(tote_store_add_run(store, &run, NULL), 0);
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_STRICT, &writer, NULL), 0);
    assert_int_equal(tote_store_open("a", &reader, NULL), 0);
    for (uint64_t first = 0; first < 100; first += 10) {
        assert_int_equal(fixture_put(writer, first, 10, &durable, NULL), 0);
        assert_int_equal(standing_of(reader, 0).of[TOTE_OUTCOME_OK], first + 10);
        assert_int_equal(standing_of(reader, run.id).of[TOTE_OUTCOME_OK], first + 10);
    }
    assert_int_equal(tote_writer_stop(writer, NULL), 0);
    tote_store_close(reader);
    tote_store_close(store);
}

/* Nobody goes on with a store whose counts are not what was written. */
static void test_damaged(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE standing SET ok=ok + 1 WHERE run=0",
        "UPDATE standing SET lost=1 WHERE run=1",
        "UPDATE standing SET listed='x' WHERE run=0",
        "DELETE FROM standing WHERE run=0",
        "DELETE FROM standing WHERE run=1",
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct tote_store *store = NULL;
        struct tote_standing standing;
        struct tote_error err = {0};
        fixture_store("a", 20);
        fixture_sql("a", damages[i]);
        assert_int_equal(tote_store_reopen("a", &store, &err), -EBADMSG);
        assert_non_null(strstr(err.text, "damaged: standing "));
        assert_int_equal(tote_store_open("a", &store, NULL), 0);
        int of_run = tote_store_standing(store, 1, &standing, NULL);
        int of_all = tote_store_standing(store, 0, &standing, NULL);
        assert_int_equal(of_run + of_all, -EBADMSG); /* one of them */
        tote_store_close(store);
        tote_store_unlink("a");
    }
}

/* Sealed as it should be, but less than there is: no count goes below 0. */
static void test_too_few(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    const uint64_t gone[] = {3};
    struct tote_standing none = {.list = 1, .listed = 20}, after;
    fixture_commands("a", 20);
    assert_int_equal(tote_store_reopen("a", &store, NULL), 0);
    assert_int_equal(tote_standing_write(&store->db, 0, &none, NULL), 0);
    assert_int_equal(tote_store_disown(store, gone, 1, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "standing 0 counts fewer tasks than there are"));
    after = standing_of(store, 0);
    assert_int_equal(after.of[TOTE_OUTCOME_OK], 0);
    assert_int_equal(after.of[TOTE_OUTCOME_WRONG], 0);
    assert_int_equal(standing_of(store, 1).of[TOTE_OUTCOME_OK], 20);
    tote_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_course, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_kernel, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_while_written, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_damaged, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_too_few, fixture_enter, fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
