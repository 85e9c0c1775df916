/* SPDX-License-Identifier: MIT */
/* test_store_tasks.c: what a store holds of a bag of commands: tasks, files, results
 * over several runs, new lists, what is taken back; and seals, which find a changed
 * row. Failing disks are in test_store_faults.c. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "store/seal.h"
#include "store/tables.h"
#include "store_fixture.h"

static struct tote_store *open_store(const char *path)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    assert_int_equal(tote_store_open(path, &store, &err), 0);
    return store;
}

static struct tote_store *reopen_store(const char *path)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (tote_store_reopen(path, &store, &err) < 0)
        fail_msg("%s", err.text);
    return store;
}

/* --- tasks --- */

static int check_task(void *context, const struct tote_task_row *row)
{
    uint64_t *next = context;
    struct fixture_command want;
    fixture_command(*next, &want);
    assert_int_equal(row->task, want.row.task);
    assert_int_equal(row->listed, 1);
    assert_int_equal(row->place, want.row.place);
    assert_memory_equal(&row->key, &want.row.key, sizeof row->key);
    assert_memory_equal(&row->inputs, &want.row.inputs, sizeof row->inputs);
    assert_int_equal(row->item_n, want.row.item_n);
    assert_memory_equal(row->item, want.row.item, row->item_n);
    assert_int_equal(row->n_outs, 0);
    return ++*next == 77 ? 42 : 0;
}

static void test_tasks(void **state)
{
    (void)state;
    struct tote_error err = {0};
    uint64_t n = 9, next = 0;
    fixture_store("none", 3);
    struct tote_store *store = open_store("none");
    assert_int_equal(tote_store_task_count(store, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(tote_store_each_task(store, 0, 0, check_task, &next, &err), 0);
    assert_int_equal(tote_store_each_task(store, 0, 1, check_task, &next, &err),
                     -ENODATA);
    tote_store_close(store);
    fixture_commands("a", 100);
    store = open_store("a");
    assert_int_equal(tote_store_task_count(store, &n, &err), 0);
    assert_int_equal(n, 100);
    assert_int_equal(tote_store_each_task(store, 0, 100, check_task, &next, &err), 42);
    assert_int_equal(tote_store_each_task(store, 77, 23, check_task, &next, &err), 0);
    assert_int_equal(next, 100);
    next = 99;
    err = (struct tote_error){0};
    assert_int_equal(tote_store_each_task(store, 99, 2, check_task, &next, &err),
                     -ENODATA);
    assert_non_null(strstr(err.text, "no task 100"));
    assert_int_equal(
        tote_store_each_task(store, UINT64_MAX, 2, check_task, &next, NULL), -ENODATA);
    tote_store_close(store);
}

static void test_any_bytes_in_items(void **state)
{
    (void)state;
    enum { LARGE = 200000 };
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    char *item = malloc(LARGE);
    assert_non_null(item);
    for (size_t i = 0; i < LARGE; i++)
        item[i] = (char)(i * 7919 % 251);
    const char *outs[] = {"\xff\xfe odd\n", "b"};
    struct tote_task_row row = {
        .task = 0, .item = item, .item_n = LARGE, .outs = outs, .n_outs = 2};
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_STRICT, &writer, &err), 0);
    assert_int_equal(tote_writer_put_tasks(writer, &row, 1, &err), 0);
    row = (struct tote_task_row){.task = 1};
    assert_int_equal(tote_writer_put_tasks(writer, &row, 1, &err), 0);
    row.task = UINT64_MAX;
    assert_int_equal(tote_writer_put_tasks(writer, &row, 1, &err), -ERANGE);
    assert_int_equal(tote_writer_stop(writer, NULL), 0);
    struct tote_output_row output = {0};
    assert_int_equal(tote_store_output(store, outs[0], &output, NULL), 1);
    assert_ptr_equal(output.path, outs[0]);
    assert_int_equal(output.task, 0);
    assert_int_equal(output.attempt, 0);
    assert_int_equal(tote_store_output(store, "c", &output, NULL), 0);
    tote_store_close(store);
    free(item);
}

/* --- results --- */

static void check_result(struct tote_store *store, uint64_t task)
{
    struct tote_record record = {0}, want_record = fixture_record(task);
    struct tote_result result = {0};
    struct tote_error err = {0};
    struct fixture_command want;
    int64_t run = 0;
    void *memory = NULL;
    fixture_command(task, &want);
    assert_int_equal(
        tote_store_result(store, task, &record, &result, &run, &memory, &err), 1);
    assert_int_equal(run, 1);
    assert_int_equal(record.end_ns, want_record.end_ns);
    assert_int_equal(result.task, task);
    assert_int_equal(result.cause, TOTE_CAUSE_NONE);
    assert_int_equal(result.max_rss, want.result.max_rss);
    assert_string_equal(result.why, "");
    for (int i = 0; i < TOTE_STREAMS; i++) {
        assert_int_equal(result.streams[i].size, want.result.streams[i].size);
        assert_memory_equal(result.streams[i].data, want.text[i],
                            result.streams[i].size);
        assert_int_equal(result.stream_bytes[i], want.result.stream_bytes[i]);
    }
    assert_int_equal(result.n_outs, 1);
    assert_int_equal(result.outs[0].size, want.file.size);
    assert_memory_equal(&result.outs[0].digest, &want.file.digest,
                        sizeof want.file.digest);
    free(memory);
}

static int check_output(void *context, const struct tote_output_row *row)
{
    uint64_t *next = context;
    struct fixture_command want;
    fixture_command((*next)++, &want);
    assert_string_equal(row->path, want.path);
    assert_int_equal(row->task, want.output.task);
    assert_int_equal(row->attempt, 1);
    assert_int_equal(row->size, want.output.size);
    assert_memory_equal(&row->digest, &want.output.digest, sizeof row->digest);
    return 0;
}

static void test_results(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_record record;
    struct tote_result result;
    int64_t run;
    void *memory;
    uint64_t next = 0;
    fixture_commands("a", 30);
    struct tote_store *store = open_store("a");
    for (uint64_t task = 0; task < 30; task++)
        check_result(store, task);
    assert_int_equal(
        tote_store_result(store, 30, &record, &result, &run, &memory, &err), 0);
    assert_int_equal(
        tote_store_result(store, UINT64_MAX, &record, &result, &run, &memory, &err), 0);
    assert_int_equal(tote_store_each_output(store, check_output, &next, &err), 0);
    assert_int_equal(next, 30);
    tote_store_close(store);
}

/* A record without a row of its own in result: of a kernel, or written by tote. */
static void test_results_of_kernels(void **state)
{
    (void)state;
    struct tote_record record = {0};
    struct tote_result result = {.why = NULL};
    int64_t run = 0;
    void *memory = NULL;
    fixture_store("a", 3);
    struct tote_store *store = open_store("a");
    assert_int_equal(tote_store_result(store, 2, &record, &result, &run, &memory, NULL),
                     1);
    assert_int_equal(result.task, 2);
    assert_int_equal(result.cause, TOTE_CAUSE_NONE);
    assert_string_equal(result.why, "");
    assert_int_equal(result.n_outs, 0);
    free(memory);
    tote_store_close(store);
}

/* Streams of the largest size go in, and the writer says that it is full. */
static void test_large_streams(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(2);
    struct tote_record record = fixture_record(0), back;
    char *text = malloc(TOTE_STREAM_MAX + 1);
    assert_non_null(text);
    memset(text, 'y', TOTE_STREAM_MAX + 1);
    struct tote_result result = {
        .streams = {{text, TOTE_STREAM_MAX + 1}, {text, TOTE_STREAM_MAX}},
        .stream_bytes = {UINT64_C(1) << 40, TOTE_STREAM_MAX},
        .cause = TOTE_CAUSE_SIGNAL,
        .signal = 9,
    };
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, &err), 0);
    assert_int_equal(
        tote_writer_put_results(writer, 1, 1, &record, &result, 1, NULL, 0, &err),
        -ERANGE);
    result.streams[0].size--;
    assert_int_equal(
        tote_writer_put_results(writer, 1, 1, &record, &result, 1, NULL, 0, &err), 0);
    assert_int_equal(tote_writer_stop(writer, &err), 0);
    int64_t id;
    void *memory;
    assert_int_equal(tote_store_result(store, 0, &back, &result, &id, &memory, &err),
                     1);
    assert_int_equal(result.streams[1].size, TOTE_STREAM_MAX);
    assert_memory_equal(result.streams[1].data, text, TOTE_STREAM_MAX);
    assert_int_equal(result.signal, 9);
    free(memory);
    tote_store_close(store);
    free(text);
}

/* --- several runs --- */

struct plan {
    uint64_t task;
    uint32_t attempt;
    enum tote_outcome outcome;
};

/* Adds a run with such records to a store. */
static void add_run(struct tote_store *store, const struct plan *plan, size_t n)
{
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(n);
    assert_int_equal(tote_store_add_run(store, &run, NULL), 0);
    assert_int_equal(
        tote_writer_start(tote_store_path(store), TOTE_DURABILITY_GROUP, &writer, NULL),
        0);
    for (size_t i = 0; i < n; i++) {
        struct tote_record record = fixture_record(plan[i].task);
        record.attempt = plan[i].attempt;
        record.outcome = plan[i].outcome;
        record.end_ns = record.start_ns + (tote_ns_t)(100 * run.id + plan[i].attempt);
        assert_int_equal(tote_writer_put_records(writer, run.id, 1, &record, 1, NULL),
                         0);
    }
    assert_int_equal(tote_writer_stop(writer, NULL), 0);
}

#define ADD_RUN(store, ...)                                                            \
    add_run(store, (const struct plan[]){__VA_ARGS__},                                 \
            sizeof((const struct plan[]){__VA_ARGS__}) / sizeof(struct plan))

#define OK     TOTE_OUTCOME_OK
#define FAILED TOTE_OUTCOME_FAILED
#define LOST   TOTE_OUTCOME_LOST

static int note_result(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)worker;
    char *text = context;
    size_t n = strlen(text);
    snprintf(text + n, 256 - n, "%d.%u%s ", (int)record->task, record->attempt,
             tote_outcome_name(record->outcome));
    return record->task == 99 ? 42 : 0;
}

static int note_duration(void *context, tote_ns_t duration)
{
    char *text = context;
    size_t n = strlen(text);
    snprintf(text + n, 256 - n, "%d ", (int)duration);
    return 0;
}

static void make_three_runs(struct tote_store *store)
{
    ADD_RUN(store, {0, 1, OK}, {1, 1, FAILED}, {2, 1, FAILED}, {2, 2, FAILED},
            {4, 1, LOST});
    ADD_RUN(store, {1, 3, OK}, {2, 3, FAILED}, {3, 3, OK}, {4, 3, FAILED});
    ADD_RUN(store, {1, 4, OK}, {2, 5, OK}, {4, 4, FAILED});
}

static void test_several_runs(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_digest digest;
    uint64_t ok = 0, other = 0;
    char text[256] = "";
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_each_result(store, note_result, text, &err), 0);
    assert_string_equal(text, "");
    make_three_runs(store);
    assert_int_equal(tote_store_each_result(store, note_result, text, &err), 0);
    assert_string_equal(text, "0.1ok 1.3ok 2.5ok 3.3ok 4.4failed ");
    assert_int_equal(tote_store_count(store, 0, &ok, &other, &err), 0);
    assert_int_equal(ok * 10 + other, 41);
    assert_int_equal(tote_store_count(store, 1, &ok, &other, &err), 0);
    assert_int_equal(ok * 10 + other, 13);
    text[0] = '\0';
    assert_int_equal(tote_store_each_duration(store, 0, note_duration, text, &err), 0);
    assert_string_equal(text, "101 203 305 203 ");
    assert_int_equal(tote_store_digest(store, 0, 5, &digest, &err), 0);
    ADD_RUN(store, {4, 6, OK}, {99, 6, OK}, {100, 6, OK});
    assert_int_equal(tote_store_digest(store, 0, 5, &digest, &err), 1);
    struct tote_bag_digest *bag = tote_bag_digest_create();
    for (uint64_t task = 0; task < 5; task++) {
        struct tote_digest one = fixture_record(task).digest;
        tote_bag_digest_add(bag, &one);
    }
    struct tote_digest want = tote_bag_digest_get(bag);
    tote_bag_digest_destroy(bag);
    assert_memory_equal(&digest, &want, sizeof want);
    text[0] = '\0';
    assert_int_equal(tote_store_each_result(store, note_result, text, &err), 42);
    assert_string_equal(text, "0.1ok 1.3ok 2.5ok 3.3ok 4.6ok 99.6ok ");
    tote_store_close(store);
}

/* More runs than the merge has room for at first, in no order of tasks. */
static void test_many_runs(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    uint64_t ok = 0, other = 0;
    char text[256] = "";
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    for (uint32_t i = 0; i < 20; i++)
        ADD_RUN(store, {(i * 7 + 3) % 20, i + 1, OK}, {20, i + 1, FAILED});
    assert_int_equal(tote_store_count(store, 0, &ok, &other, NULL), 0);
    assert_int_equal(ok, 20);
    assert_int_equal(other, 1);
    assert_int_equal(tote_store_each_result(store, note_result, text, NULL), 0);
    assert_string_equal(text, "0.12ok 1.15ok 2.18ok 3.1ok 4.4ok 5.7ok 6.10ok 7.13ok "
                              "8.16ok 9.19ok 10.2ok 11.5ok 12.8ok 13.11ok 14.14ok "
                              "15.17ok 16.20ok 17.3ok 18.6ok 19.9ok 20.20failed ");
    tote_store_close(store);
}

/* --- going on --- */

static int write_and_die(void)
{
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(20);
    uint64_t durable = 0;
    return tote_store_create("a", &store, NULL) < 0 ||
           tote_store_add_run(store, &run, NULL) < 0 ||
           tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, NULL) < 0 ||
           fixture_put_tasks(writer, 0, 20, NULL) < 0 ||
           fixture_put_results(writer, 0, 12, &durable, NULL) < 0;
}

static void die_writing(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (write_and_die() == 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void check_runs(struct tote_store *store, size_t want_n)
{
    struct tote_run_row *rows = NULL;
    size_t n = 0;
    assert_int_equal(tote_store_runs(store, &rows, &n, NULL), 0);
    assert_int_equal(n, want_n);
    assert_int_equal(rows[0].state, TOTE_RUN_INTERRUPTED);
    assert_string_equal(rows[0].why, "tote died");
    assert_int_equal(rows[0].done, 12);
    assert_int_equal(rows[0].failed, 0);
    assert_int_equal(rows[0].attempts_to, 1);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&rows[i]);
    free(rows);
}

static void test_reopen_after_a_kill(void **state)
{
    (void)state;
    die_writing();
    assert_int_equal(fixture_count_files(), 3);
    struct tote_store *store = reopen_store("a");
    check_runs(store, 1);
    ADD_RUN(store, {12, 2, OK});
    tote_store_close(store);
    assert_int_equal(fixture_count_files(), 1);
    store = reopen_store("a"); /* a cleanly closed one */
    check_runs(store, 2);
    uint64_t ok = 0, other = 0;
    assert_int_equal(tote_store_count(store, 0, &ok, &other, NULL), 0);
    assert_int_equal(ok, 13);
    assert_int_equal(tote_store_set(store, "bag", "x", NULL), 0);
    tote_store_close(store);
    assert_int_equal(fixture_count_files(), 1);
}

static void test_reopen_refuses(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    fixture_write_file("text", "hello", 5);
    assert_int_equal(tote_store_reopen("text", &store, NULL), -EINVAL);
    assert_int_equal(tote_store_reopen("missing", &store, NULL), -ENOENT);
    fixture_store("a", 3);
    fixture_sql("a", "PRAGMA user_version=1");
    assert_int_equal(tote_store_reopen("a", &store, &err), -EPROTO);
    assert_non_null(strstr(err.text, "unreleased"));
    assert_null(store);
}

/* --- new lists --- */

static void add_item(struct tote_store *store, uint64_t task, uint64_t key,
                     uint64_t place, const char *path)
{
    const char *outs[] = {path};
    struct tote_task_row row = {
        .task = task,
        .place = place,
        .key = {1, key},
        .item = "x",
        .item_n = 2,
        .outs = outs,
        .n_outs = path ? 1 : 0,
    };
    struct tote_error err = {0};
    uint64_t other;
    if (tote_store_list_add(store, &row, &other, &err) < 0)
        fail_msg("%s", err.text);
}

/* With one path, or none. */
static int claim_path(struct tote_store *store, uint64_t key, uint64_t place,
                      const char *path, uint64_t *ret_task, struct tote_error *err)
{
    const char *outs[] = {path};
    struct tote_task_row row = {.task = UINT64_MAX,
                                .key = {1, key},
                                .inputs = {9, place},
                                .place = place,
                                .outs = outs,
                                .n_outs = path ? 1 : 0};
    uint64_t other = 0;
    int code = tote_store_list_claim(store, &row, &other, err);
    *ret_task = code == -EEXIST ? other : row.task;
    return code;
}

static int claim(struct tote_store *store, uint64_t key, uint64_t place,
                 uint64_t *ret_task)
{
    return claim_path(store, key, place, NULL, ret_task, NULL);
}

static int note_task(void *context, const struct tote_task_row *row)
{
    char *text = context;
    size_t n = strlen(text);
    snprintf(text + n, 256 - n, "%d:%u@%d ", (int)row->task, row->listed,
             (int)row->place);
    return 0;
}

static void expect_tasks(struct tote_store *store, const char *want)
{
    char text[256] = "";
    uint64_t n = 0;
    assert_int_equal(tote_store_task_count(store, &n, NULL), 0);
    assert_int_equal(tote_store_each_task(store, 0, n, note_task, text, NULL), 0);
    assert_string_equal(text, want);
}

static void make_first_list(struct tote_store *store)
{
    assert_int_equal(tote_store_list_begin(store, 1, NULL), 0);
    for (uint64_t i = 0; i < 4; i++) {
        char path[8];
        snprintf(path, sizeof path, "%d", (int)i);
        add_item(store, i, i / 2, i, path); /* keys 0, 0, 1, 1 */
    }
    assert_int_equal(tote_store_list_commit(store, NULL), 0);
    expect_tasks(store, "0:1@0 1:1@1 2:1@2 3:1@3 ");
}

/* A key that is there twice is claimed twice; what is not claimed keeps its old list.
 */
static void test_list_again(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    uint64_t task = 99;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    make_first_list(store);
    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    assert_int_equal(claim(store, 7, 0, &task), 0);
    add_item(store, 4, 7, 0, "new");
    assert_int_equal(claim(store, 0, 1, &task), 1);
    assert_int_equal(task, 0);
    assert_int_equal(claim(store, 0, 2, &task), 1);
    assert_int_equal(task, 1);
    assert_int_equal(claim(store, 0, 3, &task), 0);
    assert_int_equal(claim(store, 1, 4, &task), 1);
    assert_int_equal(task, 2);
    assert_int_equal(claim(store, 7, 5, &task), 0); /* of this list already */
    assert_int_equal(tote_store_list_commit(store, NULL), 0);
    expect_tasks(store, "0:2@1 1:2@2 2:2@4 3:1@3 4:2@0 ");
    assert_int_equal(tote_store_list_begin(store, 3, NULL), 0);
    assert_int_equal(claim(store, 1, 0, &task), 1);
    assert_int_equal(task, 2);
    assert_int_equal(claim(store, 1, 1, &task), 1);
    assert_int_equal(task, 3);
    tote_store_list_cancel(store);
    tote_store_list_cancel(store);
    expect_tasks(store, "0:2@1 1:2@2 2:2@4 3:1@3 4:2@0 ");
    assert_int_equal(tote_store_list_begin(store, 3, NULL), 0);
    tote_store_close(store); /* cancels */
}

static void test_list_paths(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_output_row output = {0};
    uint64_t task, other = 0;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    make_first_list(store);
    fixture_sql("a", "UPDATE output SET attempt=3 WHERE path='3'");
    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    assert_int_equal(claim(store, 0, 5, &task), 1);
    const char *outs[] = {"free", "0"};
    struct tote_task_row row = {.task = 4, .place = 6, .outs = outs, .n_outs = 2};
    assert_int_equal(tote_store_list_add(store, &row, &other, &err), -EEXIST);
    assert_int_equal(other, 5);
    assert_non_null(strstr(err.text, "'0'"));
    tote_store_list_cancel(store);
    assert_int_equal(tote_store_output(store, "free", &output, NULL), 0);

    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    outs[0] = outs[1] = "twice";
    assert_int_equal(tote_store_list_add(store, &row, &other, NULL), -EEXIST);
    assert_int_equal(other, 6);
    tote_store_list_cancel(store);

    /* A task of key 1 loses its path; claiming it would make the file twice. */
    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    add_item(store, 4, 8, 3, "2");
    err = (struct tote_error){0};
    assert_int_equal(claim_path(store, 1, 5, "2", &task, &err), -EEXIST);
    assert_int_equal(task, 3);
    assert_non_null(strstr(err.text, "items 3 and 5 of the list both make '2'"));
    tote_store_list_cancel(store);
    tote_store_close(store);
}

/* Adds a list of tasks that make one of these paths each. */
static void list_paths(struct tote_store *store, const char *const *paths, size_t n,
                       uint32_t list)
{
    assert_int_equal(tote_store_list_begin(store, list, NULL), 0);
    for (size_t i = 0; i < n; i++)
        add_item(store, i, 100 + i, i, paths[i]);
}

/* Also where names between the two sort apart, and not for tasks of another list. */
static void test_list_clashes(void **state)
{
    (void)state;
    static const struct {
        const char *paths[5];
        size_t n;
        const char *folder; /* null: no clash */
        uint64_t file, below;
    } cases[] = {
        {{"p", "p/q"}, 2, "p", 0, 1},
        {{"p/q", "p"}, 2, "p", 1, 0},
        {{"p", "p-x", "p-x/y", "p.z"}, 4, "p-x", 1, 2},
        {{"a/b", "a/b-", "a/b-c/d", "a/c", "a/b/c/d/e"}, 5, "a/b", 0, 4},
        {{"a/b/c", "a/b/d", "a/b/e/f", "a/b/e"}, 4, "a/b/e", 3, 2},
        {{"p", "pp/q", "q/p", "q/pp", "p-/p"}, 5, NULL, 0, 0},
        {{"\xff", "\xff/\xc3/a"}, 2, "\xff", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tote_store *store = NULL;
        struct tote_list_clash clash;
        assert_int_equal(tote_store_create("a", &store, NULL), 0);
        list_paths(store, cases[i].paths, cases[i].n, 1);
        int rc = tote_store_list_clash(store, 1, &clash, NULL);
        assert_int_equal(rc, cases[i].folder != NULL);
        if (rc > 0) {
            assert_string_equal(clash.folder, cases[i].folder);
            assert_int_equal(clash.file, cases[i].file);
            assert_int_equal(clash.below, cases[i].below);
        }
        assert_int_equal(tote_store_list_clash(store, 2, &clash, NULL), 0);
        tote_store_close(store);
        tote_store_unlink("a");
    }
}

/* Many tasks of one key: each is claimed once, in order, also when more are wanted. */
static void test_list_of_the_same(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    for (uint32_t list = 1; list <= 3; list++) {
        const uint64_t had = 2000 * (list - 1);
        assert_int_equal(tote_store_list_begin(store, list, NULL), 0);
        for (uint64_t place = 0; place < had + 2000; place++) {
            uint64_t task = UINT64_MAX;
            assert_int_equal(claim(store, 5, place, &task), place < had);
            if (place < had)
                assert_int_equal(task, place);
            else
                add_item(store, place, 5, place, NULL);
        }
        assert_int_equal(tote_store_list_commit(store, NULL), 0);
    }
    tote_store_close(store);
}

/* The path of a task that is not listed any more goes over, with what is there. */
static void test_list_takes_over(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_output_row output = {0};
    fixture_commands("a", 3);
    store = reopen_store("a");
    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    add_item(store, 3, 8, 0, "out/2.png");
    assert_int_equal(tote_store_list_commit(store, NULL), 0);
    assert_int_equal(tote_store_output(store, "out/2.png", &output, NULL), 1);
    assert_int_equal(output.task, 3);
    assert_int_equal(output.attempt, 1);
    assert_int_equal(output.size, 1002);
    tote_store_close(store);
}

/* Lists one task of fixture_command with its own path. */
static int claim_alone(struct tote_store *store, uint32_t list, uint64_t task)
{
    struct fixture_command c;
    struct tote_error err = {0};
    uint64_t other = 0;
    fixture_command(task, &c);
    assert_int_equal(tote_store_list_begin(store, list, NULL), 0);
    int code = tote_store_list_claim(store, &c.row, &other, &err);
    if (code < 0)
        fail_msg("%s", err.text);
    assert_int_equal(c.row.task, task);
    assert_int_equal(tote_store_list_commit(store, NULL), 0);
    return code;
}

/* An input that is as it was before: the first task gets its path back, but what its
 * record says is not what is there. */
static void test_list_gets_back(void **state)
{
    (void)state;
    struct tote_output_row output = {0};
    char text[256] = "";
    fixture_commands("a", 3);
    struct tote_store *store = reopen_store("a");
    assert_int_equal(claim_alone(store, 2, 2), TOTE_CLAIM_KEPT);
    assert_int_equal(claim_alone(store, 3, 1), TOTE_CLAIM_KEPT);
    assert_int_equal(tote_store_list_begin(store, 4, NULL), 0);
    add_item(store, 3, 8, 0, "out/2.png");
    assert_int_equal(tote_store_list_commit(store, NULL), 0);
    assert_int_equal(tote_store_each_result(store, note_result, text, NULL), 0);
    assert_string_equal(text, "0.1ok 1.1ok 2.1ok ");
    assert_int_equal(claim_alone(store, 5, 2), TOTE_CLAIM_SPOILT);
    assert_int_equal(tote_store_output(store, "out/2.png", &output, NULL), 1);
    assert_int_equal(output.task, 2);
    assert_int_equal(output.attempt, 1); /* what is there is the bag's still */
    assert_int_equal(output.size, 1002);
    text[0] = '\0';
    assert_int_equal(tote_store_each_result(store, note_result, text, NULL), 0);
    assert_string_equal(text, "0.1ok 1.1ok 2.1wrong ");
    assert_int_equal(claim_alone(store, 6, 2), TOTE_CLAIM_KEPT);
    tote_store_close(store);
}

/* A row that is lost, as after a salvage: its file is not known. */
static void test_list_makes_a_lost_row(void **state)
{
    (void)state;
    struct tote_output_row output = {.attempt = 9};
    fixture_commands("a", 3);
    fixture_sql("a", "DELETE FROM output WHERE task=1");
    struct tote_store *store = reopen_store("a");
    assert_int_equal(claim_alone(store, 2, 1), TOTE_CLAIM_SPOILT);
    assert_int_equal(tote_store_output(store, "out/1.png", &output, NULL), 1);
    assert_int_equal(output.task, 1);
    assert_int_equal(output.attempt, 0);
    tote_store_close(store);
}

/* A row that is not as it was written is not written again with a fresh seal. */
static void test_damage_is_not_sealed(void **state)
{
    (void)state;
    const char *outs[] = {"out/2.png"};
    struct tote_task_row row = {
        .task = 3, .key = {1, 8}, .item = "x", .item_n = 2, .outs = outs, .n_outs = 1};
    struct tote_error err = {0}, later = {0};
    uint64_t other = 0;
    const uint64_t gone = 2;
    fixture_commands("a", 3);
    fixture_sql("a", "UPDATE output SET size=7 WHERE task=2;"
                     "UPDATE record SET end_ns=end_ns + 1 WHERE task=2");
    struct tote_store *store = reopen_store("a");
    assert_int_equal(tote_store_list_begin(store, 2, NULL), 0);
    assert_int_equal(tote_store_list_add(store, &row, &other, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "output out/2.png is not as it was written"));
    tote_store_list_cancel(store);
    assert_int_equal(tote_store_disown(store, &gone, 1, &later), -EBADMSG);
    assert_non_null(strstr(later.text, "tote fsck"));
    tote_store_close(store);
}

/* --- taking back --- */

static void test_disown(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_output_row output = {0};
    char text[256] = "";
    uint64_t ok = 0, other = 0;
    fixture_commands("a", 5);
    struct tote_store *store = reopen_store("a");
    ADD_RUN(store, {2, 2, FAILED}, {2, 3, OK}, {3, 2, FAILED});
    const uint64_t gone[] = {2, 77, 4}; /* of 77 there is nothing to take */
    assert_int_equal(tote_store_disown(store, gone, 3, &err), 0);
    assert_int_equal(tote_store_disown(store, NULL, 0, &err), 0);
    assert_int_equal(tote_store_each_result(store, note_result, text, &err), 0);
    assert_string_equal(text, "0.1ok 1.1ok 2.3wrong 3.1ok 4.1wrong ");
    assert_int_equal(tote_store_count(store, 0, &ok, &other, &err), 0);
    assert_int_equal(ok * 10 + other, 32);
    assert_int_equal(tote_store_output(store, "out/2.png", &output, &err), 1);
    assert_int_equal(output.attempt, 1); /* it is this bag's, if it is still there */
    assert_int_equal(output.size, 1002);
    assert_int_equal(output.task, 2);
    tote_store_close(store);
}

/* --- seals --- */

/* Calls what checks seals; the sum of its errors. */
static int read_sealed(struct tote_store *store)
{
    struct tote_error err = {0};
    struct tote_record record;
    struct tote_result result;
    struct tote_output_row output;
    int64_t run;
    void *memory = NULL;
    char text[256] = "";
    int code = tote_store_result(store, 3, &record, &result, &run, &memory, NULL);
    free(code > 0 ? memory : NULL);
    int bad = (code < 0) + (tote_store_each_result(store, note_result, text, &err) < 0);
    bad += tote_store_each_task(store, 0, 5, note_task, text, &err) < 0;
    bad += tote_store_output(store, "out/3.png", &output, &err) < 0;
    return bad;
}

static void test_seals(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE record SET end_ns=end_ns + 1 WHERE task=3",
        "UPDATE record SET outcome=1 WHERE task=3",
        "UPDATE record SET digest=zeroblob(16) WHERE task=3",
        "UPDATE record SET attempt=2 WHERE task=3",
        "UPDATE record SET seal=seal + 1 WHERE task=3",
        "UPDATE record SET seal='x' WHERE task=3",
        "UPDATE result SET stdout=x'6162' WHERE task=3",
        "UPDATE result SET status=1 WHERE task=3",
        "UPDATE result SET outs=zeroblob(24) WHERE task=3",
        "UPDATE result SET outs=zeroblob(25) WHERE task=3",
        "UPDATE result SET why=why || 'x' WHERE task=3",
        "UPDATE result SET stderr=NULL WHERE task=3",
        "UPDATE task SET item=x'00' WHERE task=3",
        "UPDATE task SET key=zeroblob(16) WHERE task=3",
        "UPDATE task SET listed=2 WHERE task=3",
        "UPDATE output SET size=1 WHERE task=3",
        "UPDATE output SET task=4 WHERE task=3",
        "UPDATE output SET digest='sixteen letters!' WHERE task=3",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "PRAGMA ignore_check_constraints=1; %s", changes[i]);
        fixture_commands("a", 5);
        struct tote_store *store = open_store("a");
        assert_int_equal(read_sealed(store), 0);
        tote_store_close(store);
        if (strstr(sql, "stderr=NULL"))
            snprintf(sql, sizeof sql, "UPDATE result SET stderr=5 WHERE task=3");
        fixture_sql("a", sql);
        store = open_store("a");
        if (read_sealed(store) == 0)
            fail_msg("not found: %s", changes[i]);
        tote_store_close(store);
        assert_int_equal(unlink("a"), 0);
    }
}

/* They are in files: the way they are made never changes. The numbers are from a second
 * program, after docs/store.md. */
static void test_seals_are_for_ever(void **state)
{
    (void)state;
    struct fixture_command c;
    struct tote_record record = fixture_record(3);
    unsigned char outs[TOTE_OUT_BYTES];
    fixture_command(3, &c);
    tote_tables_put_outs(c.result.outs, 1, outs);
    assert_int_equal(tote_seal_task(&c.row), 1666444600066773436);
    assert_int_equal(tote_seal_output(&c.output), 4693595220238507490);
    assert_int_equal(tote_seal_record(1, 2, &record), 1477727075932425556);
    assert_int_equal(tote_seal_result(1, 1, &c.result, outs, sizeof outs),
                     5594667029887213704);
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_tasks),
        IN_FOLDER(test_any_bytes_in_items),
        IN_FOLDER(test_results),
        IN_FOLDER(test_results_of_kernels),
        IN_FOLDER(test_large_streams),
        IN_FOLDER(test_several_runs),
        IN_FOLDER(test_many_runs),
        IN_FOLDER(test_reopen_after_a_kill),
        IN_FOLDER(test_reopen_refuses),
        IN_FOLDER(test_list_again),
        IN_FOLDER(test_list_of_the_same),
        IN_FOLDER(test_list_paths),
        IN_FOLDER(test_list_clashes),
        IN_FOLDER(test_list_takes_over),
        IN_FOLDER(test_list_gets_back),
        IN_FOLDER(test_list_makes_a_lost_row),
        IN_FOLDER(test_damage_is_not_sealed),
        IN_FOLDER(test_disown),
        IN_FOLDER(test_seals),
        cmocka_unit_test(test_seals_are_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
