/* SPDX-License-Identifier: MIT */
/* test_trace.c: traces of made stores: workers on another host, tasks that overlap,
 * losses, hostile names, damage. What real runs give is held in e2e/test_trace.py. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/trace.h"
#include "report_fixture.h"
#include "store/writer.h"
#include "store_fixture.h"

#define PATH     "bag.tote"
#define BATCHES  12
#define TASKS    10 /* of a batch */
#define HERE     "a host"
#define FAR      "far \"</script>\x01\xff"
#define AHEAD    INT64_C(7000000000000000) /* of the far host's clock */
#define US       INT64_C(1000)
#define SENT     INT64_C(5000600000000)
#define STRANGER 9 /* a worker that was never announced */

/* Batch b is sent every 2 ms and is on its way for 11 to 16 ms. */
static tote_ns_t sent_ns(uint64_t batch)
{
    return SENT + (tote_ns_t)batch * 2000 * US;
}

static tote_ns_t back_ns(uint64_t batch)
{
    return sent_ns(batch) + (11000 + (tote_ns_t)(batch * 7 % 6) * 1000) * US;
}

static uint64_t worker_of(uint64_t batch)
{
    return batch % 4 == 3 ? STRANGER : 1 + batch % 4;
}

static struct tote_record record_of(uint64_t batch, uint64_t i)
{
    tote_ns_t ahead = worker_of(batch) == 3 ? AHEAD : 0;
    struct tote_record record = report_fixture_record(batch * TASKS + i, i != 4);
    record.start_ns = sent_ns(batch) + (300 + (tote_ns_t)i * 1000) * US + ahead;
    record.end_ns = record.start_ns + 1000 * US - (i == 2);
    if (i == 5)
        record.outcome = TOTE_OUTCOME_WRONG;
    return record;
}

static void put_worker(struct tote_writer *writer, uint64_t id, const char *host)
{
    struct tote_error err = {0};
    struct tote_worker_row row = {
        .run = 1, .worker = id, .host = host, .slots = 2, .joined_ns = SENT - 1};
    report_must(tote_writer_put_worker(writer, &row, &err), &err);
}

static void put_batch(struct tote_writer *writer, uint64_t batch, bool is_lost)
{
    struct tote_error err = {0};
    struct tote_batch_row row = {
        .run = 1,
        .batch = batch + 1 + is_lost * BATCHES,
        .first = batch * TASKS,
        .count = TASKS,
        .attempt = is_lost ? 2 : 1,
        .worker = worker_of(batch),
        .sent_ns = sent_ns(batch),
        .back_ns = back_ns(batch),
        .lost = is_lost,
        .why = is_lost ? "gone \"<b>\xfe" : "",
    };
    report_must(tote_writer_put_batch(writer, &row, &err), &err);
}

static void put_all(struct tote_writer *writer)
{
    struct tote_error err = {0};
    put_worker(writer, 1, HERE);
    put_worker(writer, 2, HERE);
    put_worker(writer, 3, FAR);
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        struct tote_record records[TASKS];
        put_batch(writer, batch, false);
        for (uint64_t i = 0; i < TASKS; i++)
            records[i] = record_of(batch, i);
        report_must(
            tote_writer_put_records(writer, 1, worker_of(batch), records, TASKS, &err),
            &err);
    }
    put_batch(writer, 0, true);
    put_batch(writer, 1, true); /* on their way at one time: two tracks */
    struct tote_record lost = report_fixture_record(0, false);
    lost.attempt = 2;
    lost.outcome = TOTE_OUTCOME_LOST;
    lost.start_ns = lost.end_ns = back_ns(0);
    report_must(tote_writer_put_records(writer, 1, 1, &lost, 1, &err), &err);
}

static void make(const char *path)
{
    struct tote_error err = {0};
    struct tote_writer *writer;
    struct tote_store *store = report_fixture_create(path, "run");
    struct tote_run_row row = report_fixture_row(BATCHES * TASKS);
    report_must(tote_store_add_run(store, &row, &err), &err);
    report_must(tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err), &err);
    put_all(writer);
    report_must(tote_writer_stop(writer, &err), &err);
    report_fixture_end(&row, BATCHES * TASKS, 0);
    report_must(tote_store_update_run(store, &row, &err), &err);
    tote_store_close(store);
}

/* Its code, and the text, which is new. */
static int trace(int64_t run, char **ret_text, struct tote_error *err)
{
    struct tote_store *store;
    size_t size;
    FILE *out = open_memstream(ret_text, &size);
    assert_non_null(out);
    assert_int_equal(tote_store_open(PATH, &store, err), 0);
    int rc = tote_trace_write(store, run, out, err);
    tote_store_close(store);
    fclose(out);
    return rc;
}

static json_t *trace_made(void)
{
    struct tote_error err = {0};
    char *text;
    make(PATH);
    if (trace(0, &text, &err) < 0)
        fail_msg("%s", err.text);
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    free(text);
    unlink(PATH);
    return document;
}

/* --- looking --- */

static const char *text_of(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));
    return text ? text : "";
}

static tote_ns_t ns_of(const json_t *event, const char *name)
{
    return llround(json_number_value(json_object_get(event, name)) * 1000);
}

static uint64_t arg_of(const json_t *event, const char *name)
{
    json_t *args = json_object_get(event, "args");
    return (uint64_t)json_integer_value(json_object_get(args, name));
}

static size_t count_category(const json_t *document, const char *category)
{
    size_t i, n = 0;
    json_t *event;
    json_array_foreach(json_object_get(document, "traceEvents"), i, event) n +=
        strcmp(text_of(event, "cat"), category) == 0;
    return n;
}

static bool overlap(const json_t *a, const json_t *b)
{
    if (json_integer_value(json_object_get(a, "tid")) !=
        json_integer_value(json_object_get(b, "tid")))
        return false;
    tote_ns_t x = ns_of(a, "ts"), y = ns_of(b, "ts");
    return x < y + ns_of(b, "dur") && y < x + ns_of(a, "dur");
}

/* --- tests --- */

static void test_counts(void **state)
{
    (void)state;
    json_t *document = trace_made();
    assert_int_equal(count_category(document, "task"), BATCHES * TASKS - 2 * BATCHES);
    assert_int_equal(count_category(document, "task,bad"), 2 * BATCHES);
    assert_int_equal(count_category(document, "task,lost"), 1);
    assert_int_equal(count_category(document, "batch,lost"), 2);
    assert_int_equal(count_category(document, "phase"), 5);
    json_t *other = json_object_get(document, "otherData");
    json_int_t attempts = json_integer_value(json_object_get(other, "attempts"));
    assert_int_equal(attempts, BATCHES * TASKS + 1);
    json_decref(document);
}

static void test_no_slices_overlap(void **state)
{
    (void)state;
    json_t *document = trace_made(), *a, *b;
    json_t *events = json_object_get(document, "traceEvents");
    size_t i, k, n = 0;
    json_array_foreach(events, i, a)
    {
        if (strcmp(text_of(a, "ph"), "X") != 0)
            continue;
        n++;
        json_array_foreach(events, k, b)
        {
            if (k < i && strcmp(text_of(b, "ph"), "X") == 0)
                assert_false(overlap(a, b));
        }
    }
    assert_int_equal(n, BATCHES * TASKS + 2 + 5);
    json_decref(document);
}

/* Wherever its worker is, an attempt lies within its batch. */
static void test_attempts_lie_in_their_batches(void **state)
{
    (void)state;
    json_t *document = trace_made(), *event;
    size_t i;
    json_array_foreach(json_object_get(document, "traceEvents"), i, event)
    {
        if (strcmp(text_of(event, "ph"), "X") != 0 ||
            strncmp(text_of(event, "cat"), "task", 4) != 0)
            continue;
        uint64_t task = arg_of(event, "task"), batch = arg_of(event, "batch") - 1;
        assert_int_equal(batch, task / TASKS);
        tote_ns_t start = ns_of(event, "ts") + INT64_C(5000000000000);
        assert_true(start >= sent_ns(batch));
        assert_true(start + ns_of(event, "dur") <= back_ns(batch));
        struct tote_record record = record_of(batch, task % TASKS);
        assert_int_equal(ns_of(event, "dur"), record.end_ns - record.start_ns);
        if (worker_of(batch) != 3) /* where it was stamped */
            assert_int_equal(start, record.start_ns);
    }
    json_decref(document);
}

static void test_clocks_are_told(void **state)
{
    (void)state;
    json_t *document = trace_made(), *worker;
    json_t *other = json_object_get(document, "otherData");
    json_t *workers = json_object_get(other, "workers");
    size_t i;
    assert_int_equal(json_array_size(workers), 4);
    json_array_foreach(workers, i, worker)
    {
        uint64_t id = (uint64_t)json_integer_value(json_object_get(worker, "worker"));
        json_t *offset = json_object_get(worker, "offset_s");
        bool is_far = id == 3;
        assert_int_equal(offset != NULL, is_far);
        assert_int_equal(strncmp(text_of(worker, "clock"), "another", 7) == 0, is_far);
        if (!is_far)
            continue;
        double error = json_number_value(json_object_get(worker, "error_s"));
        double off = json_number_value(offset) + (double)AHEAD / 1e9;
        assert_true(fabs(off) <= error);
        assert_true(error > 0 && error < 0.001); /* of batches with 0.4 ms to spare */
        assert_string_equal(text_of(worker, "host"), "far \"</script>\x01?");
    }
    json_decref(document);
}

static void test_flights_end_at_nothing(void **state)
{
    (void)state;
    json_t *document = trace_made(), *event;
    size_t i, n = 0;
    uint64_t last = 1, most = 0;
    json_array_foreach(json_object_get(document, "traceEvents"), i, event)
    {
        if (strcmp(text_of(event, "ph"), "C") != 0)
            continue;
        last = arg_of(event, "n");
        most = last > most ? last : most;
        n++;
    }
    assert_true(n > 0 && n <= 2 * (BATCHES + 2));
    assert_int_equal(last, 0);
    assert_true(most > 2 && most <= BATCHES + 2);
    json_decref(document);
}

static void test_which_run(void **state)
{
    (void)state;
    struct tote_error err = {0};
    char *last, *first, *none;
    make(PATH);
    assert_int_equal(trace(0, &last, &err), 0);
    assert_int_equal(trace(1, &first, &err), 0);
    assert_string_equal(first, last);
    assert_int_equal(trace(7, &none, &err), -ENOENT);
    assert_non_null(strstr(err.text, "has no run 7"));
    assert_string_equal(none, "");
    free(last);
    free(first);
    free(none);
    unlink(PATH);
}

static void check_refused(const char *sql, int want)
{
    struct tote_error err = {0};
    char *text;
    make(PATH);
    fixture_sql(PATH, sql);
    assert_int_equal(trace(0, &text, &err), want);
    free(text);
    unlink(PATH);
}

static void test_damage(void **state)
{
    (void)state;
    check_refused("UPDATE batch SET sent_ns=sent_ns+1 WHERE batch=3", -EBADMSG);
    check_refused("UPDATE worker SET slots=3 WHERE worker=2", -EBADMSG);
    check_refused("UPDATE record SET start_ns=start_ns+1 WHERE task=3", -EBADMSG);
    check_refused("UPDATE record SET end_ns='x' WHERE task=3", -EBADMSG);
}

static void test_no_run(void **state)
{
    (void)state;
    struct tote_error err = {0};
    char *text;
    report_fixture_empty(PATH, "run");
    assert_int_equal(trace(0, &text, &err), -ENODATA);
    free(text);
    unlink(PATH);
}

static void test_full_output(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store;
    make(PATH);
    FILE *out = fopen("/dev/full", "w");
    assert_non_null(out);
    assert_int_equal(tote_store_open(PATH, &store, &err), 0);
    assert_int_equal(tote_trace_write(store, 0, out, &err), -EIO);
    tote_store_close(store);
    fclose(out);
    unlink(PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_no_slices_overlap),
        cmocka_unit_test(test_attempts_lie_in_their_batches),
        cmocka_unit_test(test_clocks_are_told),
        cmocka_unit_test(test_flights_end_at_nothing),
        cmocka_unit_test(test_which_run),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_no_run),
        cmocka_unit_test(test_full_output),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
