/* SPDX-License-Identifier: MIT */
/* commands_fixture.c: see commands_fixture.h. */
#include "commands_fixture.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

#define BATCH 10
#define STRIDE                                                                         \
    23 /* whole results are read of every so-maniest task: each costs a query */
#define BAG "tasks: of commands"

static struct tote_digest digest_from(uint64_t seed)
{
    return (struct tote_digest){seed * UINT64_C(0x9e3779b97f4a7c15) + 1, ~seed};
}

void fixture_bag_fill(struct fixture_bag *bag, uint64_t task)
{
    *bag = (struct fixture_bag){.outs = {bag->path}};
    int item_n = snprintf(bag->item, sizeof bag->item, "item %" PRIu64, task);
    snprintf(bag->path, sizeof bag->path, "out/%06" PRIu64 ".png", task);
    memset(bag->text, 'a' + (int)(task % 26), sizeof bag->text);
    bag->files[0] = (struct tote_result_file){1000 + task, digest_from(3 * task), 0};
    bag->task = (struct tote_task_row){
        .task = task,
        .listed = 1,
        .place = task,
        .key = digest_from(task),
        .inputs = digest_from(2 * task),
        .item = bag->item,
        .item_n = (size_t)item_n + 1,
        .outs = bag->outs,
        .n_outs = 1,
    };
    bag->record = fixture_record(task);
    size_t n = task % 50 == 7 ? FIXTURE_LONG : task % 40;
    bag->result = (struct tote_result){
        .task = task,
        .why = "",
        .streams = {{bag->text, n}, {bag->text, task % 3}},
        .stream_bytes = {n, task % 3},
        .max_rss = 4096 * task,
        .outs = bag->files,
        .n_outs = 1,
    };
    bag->output = (struct tote_output_row){
        .path = bag->path,
        .task = task,
        .attempt = bag->record.attempt,
        .size = bag->files[0].size,
        .digest = bag->files[0].digest,
    };
}

/* --- writing --- */

static int wait_for(struct tote_writer *writer, uint64_t n, uint64_t *ret_durable,
                    struct tote_error *err)
{
    for (;;) {
        int code = tote_writer_durable(writer, ret_durable, err);
        if (code < 0 || *ret_durable >= n)
            return code;
        tote_writer_hurry(writer);
        struct pollfd news = {.fd = tote_writer_fd(writer), .events = POLLIN};
        assert_int_equal(poll(&news, 1, 30000), 1);
    }
}

static int put_batch(struct tote_writer *writer, struct fixture_bag *bags,
                     uint64_t first, size_t n, struct tote_error *err)
{
    struct tote_task_row tasks[BATCH];
    struct tote_record records[BATCH];
    struct tote_result results[BATCH];
    struct tote_output_row outputs[BATCH];
    for (size_t i = 0; i < n; i++) {
        fixture_bag_fill(&bags[i], first + i);
        tasks[i] = bags[i].task;
        records[i] = bags[i].record;
        results[i] = bags[i].result;
        outputs[i] = bags[i].output;
    }
    int code = tote_writer_put_tasks(writer, tasks, n, err);
    return code < 0 ? code
                    : tote_writer_put_results(writer, 1, 1, records, results, n,
                                              outputs, n, err);
}

int fixture_bag_put(struct tote_writer *writer, uint64_t first, uint64_t n,
                    bool step_by_step, uint64_t *ret_durable, struct tote_error *err)
{
    struct fixture_bag *bags = calloc(BATCH, sizeof *bags);
    assert_non_null(bags);
    int code = 0;
    for (uint64_t at = first; code == 0 && at < first + n; at += BATCH) {
        size_t few = (size_t)(first + n - at < BATCH ? first + n - at : BATCH);
        code = put_batch(writer, bags, at, few, err);
        if (code == 0 && step_by_step)
            code = wait_for(writer, at + few - first, ret_durable, err);
    }
    free(bags);
    return code < 0 ? code : wait_for(writer, n, ret_durable, err);
}

struct tote_store *fixture_bag_store(const char *path, uint64_t n, bool step_by_step)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(n);
    uint64_t durable = 0;
    run.attempts_to = 1;
    assert_int_equal(tote_store_create(path, &store, &err), 0);
    assert_int_equal(tote_store_set(store, "bag", BAG, &err), 0);
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(
        tote_writer_start(path,
                          step_by_step ? TOTE_DURABILITY_STRICT : TOTE_DURABILITY_GROUP,
                          &writer, &err),
        0);
    assert_int_equal(fixture_bag_put(writer, 0, n, step_by_step, &durable, &err), 0);
    assert_int_equal(tote_writer_stop(writer, &err), 0);
    return store;
}

/* --- reading --- */

static bool digests_equal(const struct tote_digest *a, const struct tote_digest *b)
{
    return a->high == b->high && a->low == b->low;
}

static bool spans_equal(const struct tote_span *a, const struct tote_span *b)
{
    return a->size == b->size &&
           (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static int see_task(void *context, const struct tote_task_row *row)
{
    struct fixture_content *content = context;
    struct fixture_bag bag;
    fixture_bag_fill(&bag, content->tasks++);
    const struct tote_task_row *wanted = &bag.task;
    if (row->task != wanted->task || row->listed != wanted->listed ||
        row->place != wanted->place || !digests_equal(&row->key, &wanted->key) ||
        !digests_equal(&row->inputs, &wanted->inputs) ||
        row->item_n != wanted->item_n ||
        memcmp(row->item, wanted->item, row->item_n) != 0)
        content->differs = true;
    return 0;
}

static int see_output(void *context, const struct tote_output_row *row)
{
    struct fixture_content *content = context;
    struct fixture_bag bag;
    fixture_bag_fill(&bag, content->outputs++);
    const struct tote_output_row *wanted = &bag.output;
    content->published += row->attempt != 0;
    if (row->task != wanted->task || strcmp(row->path, wanted->path) != 0 ||
        (row->attempt != 0 &&
         (row->attempt != wanted->attempt || row->size != wanted->size ||
          !digests_equal(&row->digest, &wanted->digest))))
        content->differs = true;
    return 0;
}

static bool records_equal(const struct tote_record *a, const struct tote_record *b)
{
    return a->task == b->task && a->attempt == b->attempt &&
           a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
           a->cpu_ns == b->cpu_ns && a->bytes_in == b->bytes_in &&
           a->bytes_out == b->bytes_out && a->outcome == b->outcome &&
           digests_equal(&a->digest, &b->digest);
}

static int see_record(void *context, const struct tote_record *record, uint64_t worker)
{
    struct fixture_content *content = context;
    struct tote_record wanted = fixture_record(content->records++);
    content->differs |= !records_equal(record, &wanted) || worker != 1;
    return 0;
}

static bool results_equal(const struct tote_result *a, const struct tote_result *b)
{
    return a->task == b->task && a->cause == b->cause && a->status == b->status &&
           a->signal == b->signal && strcmp(a->why, b->why) == 0 &&
           spans_equal(&a->streams[0], &b->streams[0]) &&
           spans_equal(&a->streams[1], &b->streams[1]) &&
           a->stream_bytes[0] == b->stream_bytes[0] &&
           a->stream_bytes[1] == b->stream_bytes[1] && a->max_rss == b->max_rss &&
           a->n_outs == b->n_outs && a->outs[0].size == b->outs[0].size &&
           digests_equal(&a->outs[0].digest, &b->outs[0].digest);
}

static int see_results(struct tote_store *store, uint64_t n,
                       struct fixture_content *content, struct tote_error *err)
{
    int code = 0;
    for (uint64_t task = 0; code >= 0 && task < n; task += STRIDE) {
        struct tote_record record;
        struct tote_result result;
        int64_t run;
        void *memory = NULL;
        code = tote_store_result(store, task, &record, &result, &run, &memory, err);
        if (code > 0) {
            struct fixture_bag bag;
            fixture_bag_fill(&bag, task);
            content->differs |= !results_equal(&result, &bag.result) || run != 1;
            content->results++;
        }
        free(memory);
    }
    return code < 0 ? code : 0;
}

static int see_setting(void *context, const char *name, const char *value)
{
    struct fixture_content *content = context;
    content->settings++;
    content->differs |= strcmp(name, "bag") != 0 || strcmp(value, BAG) != 0;
    return 0;
}

static int see_runs(struct tote_store *store, uint64_t n,
                    struct fixture_content *content, struct tote_error *err)
{
    struct tote_run_row *runs = NULL, wanted = fixture_run(n);
    size_t n_runs = 0;
    int code = tote_store_runs(store, &runs, &n_runs, err);
    for (size_t i = 0; code == 0 && i < n_runs; i++) {
        content->runs++;
        content->differs |=
            runs[i].id != 1 || strcmp(runs[i].label, wanted.label) != 0 ||
            strcmp(runs[i].kernel, wanted.kernel) != 0 || runs[i].seed != wanted.seed ||
            runs[i].tasks != wanted.tasks || runs[i].attempts_to != 1;
        tote_run_row_finish(&runs[i]);
    }
    free(runs);
    return code;
}

int fixture_bag_read(const char *path, uint64_t n, struct fixture_content *ret,
                     struct tote_error *err)
{
    struct tote_store *store = NULL;
    uint64_t tasks = 0;
    *ret = (struct fixture_content){0};
    int code = tote_store_open(path, &store, err);
    if (code == 0)
        code = tote_store_each_setting(store, see_setting, ret, err);
    if (code == 0)
        code = see_runs(store, n, ret, err);
    if (code == 0)
        code = tote_store_task_count(store, &tasks, err);
    if (code == 0)
        code = tote_store_each_task(store, 0, tasks, see_task, ret, err);
    if (code == 0)
        code = tote_store_each_output(store, see_output, ret, err);
    if (code == 0)
        code = tote_store_each_result(store, see_record, ret, err);
    if (code == 0)
        code = see_results(store, n, ret, err);
    tote_store_close(store);
    return code;
}
