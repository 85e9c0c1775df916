/* SPDX-License-Identifier: MIT */
/* report_commands.c: stores of bags of commands for reports (report_fixture.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report_fixture.h"
#include "store/commands.h"

#define CHANGED 5 /* tasks of the first list that the second does not have */

#define COMMAND                                                                        \
    "[\"sh\", \"-c\", \"it's \\u001b[31m {item}\", {\"hex\": \"ff2e7a\"}, "            \
    "\"{out:{stem}.png}\", \"\"]"

/* Tasks that fail in the first run, by number. */
static const struct {
    enum tote_outcome outcome;
    struct tote_result result;
} ends[] = {
    [1] = {TOTE_OUTCOME_FAILED, {.cause = TOTE_CAUSE_EXIT, .status = 3, .why = ""}},
    [2] = {TOTE_OUTCOME_FAILED,
           {.cause = TOTE_CAUSE_START, .why = "no\x1b[31m such program"}},
    [3] = {TOTE_OUTCOME_LOST, {.cause = TOTE_CAUSE_LOST, .why = "too often"}},
    [4] = {TOTE_OUTCOME_FAILED, {.cause = TOTE_CAUSE_SIGNAL, .signal = 11, .why = ""}},
};
enum { N_ENDS = sizeof ends / sizeof *ends };

struct making {
    struct tote_store *store;
    struct tote_writer *writer;
    struct tote_run_row row;
    struct tote_error err;
};

static struct tote_task_row task_row(uint64_t task, uint32_t list, char item[static 32])
{
    int n = snprintf(item, 32, "item %" PRIu64, task);
    return (struct tote_task_row){
        .task = task,
        .listed = list,
        .place = task,
        .key = {task + 1, ~task},
        .item = item,
        .item_n = (size_t)n + 1,
    };
}

static void put_task(struct making *making, uint64_t task)
{
    char item[32];
    struct tote_task_row row = task_row(task, 1, item);
    report_must(tote_writer_put_tasks(making->writer, &row, 1, &making->err),
                &making->err);
}

static void put_result(struct making *making, uint64_t task, bool is_ok)
{
    struct tote_record record = report_fixture_record(task, is_ok);
    struct tote_result result = {.why = ""};
    record.attempt = (uint32_t)making->row.id;
    if (!is_ok) {
        record.outcome = ends[task].outcome;
        result = ends[task].result;
    }
    result.task = task;
    report_must(tote_writer_put_results(making->writer, making->row.id, 1, &record,
                                        &result, 1, NULL, 0, &making->err),
                &making->err);
    making->row.done += is_ok;
    making->row.failed += !is_ok;
}

static void begin_run(struct making *making, const char *path, uint64_t tasks)
{
    making->row = report_fixture_row(tasks);
    making->row.kernel = (char *)"command";
    making->row.size = making->row.seed = 0;
    report_must(tote_store_add_run(making->store, &making->row, &making->err),
                &making->err);
    report_must(
        tote_writer_start(path, TOTE_DURABILITY_GROUP, &making->writer, &making->err),
        &making->err);
}

static void end_run(struct making *making, void (*change)(struct tote_run_row *row))
{
    struct tote_run_row *row = &making->row;
    report_must(tote_writer_stop(making->writer, &making->err), &making->err);
    report_fixture_end(row, row->done, row->failed);
    if (change)
        change(row);
    report_must(tote_store_update_run(making->store, row, &making->err), &making->err);
}

static struct making make(const char *path, uint64_t tasks,
                          void (*change)(struct tote_run_row *row))
{
    struct making making = {.store = report_fixture_create(path, "run")};
    report_must(tote_store_set(making.store, "command", COMMAND, &making.err),
                &making.err);
    report_must(tote_store_set(making.store, "list", "1", &making.err), &making.err);
    begin_run(&making, path, tasks);
    for (uint64_t task = 0; task < tasks; task++) {
        put_task(&making, task);
        put_result(&making, task, task == 0 || task >= N_ENDS);
    }
    end_run(&making, change);
    return making;
}

void report_fixture_commands(const char *path, uint64_t tasks,
                             void (*change)(struct tote_run_row *row))
{
    tote_store_close(make(path, tasks, change).store);
}

static void list_anew(struct making *making, uint64_t tasks)
{
    struct tote_error *err = &making->err;
    char item[32];
    uint64_t other;
    report_must(tote_store_list_begin(making->store, 2, err), err);
    for (uint64_t i = 0; i < tasks - CHANGED; i++) {
        struct tote_task_row row = task_row(i, 2, item);
        row.place = i;
        report_must(tote_store_list_claim(making->store, &row, &other, err), err);
    }
    for (uint64_t i = tasks; i < tasks + CHANGED; i++) {
        struct tote_task_row row = task_row(i, 2, item);
        report_must(tote_store_list_add(making->store, &row, &other, err), err);
    }
    report_must(tote_store_list_commit(making->store, err), err);
    report_must(tote_store_set(making->store, "list", "2", err), err);
    report_must(
        tote_store_set(making->store, "command.2", "[\"new\", \"{item}\"]", err), err);
    report_must(tote_store_set(making->store, "command.3", "[\"later\"]", err), err);
}

static void change_digest(struct tote_run_row *row)
{
    row->digest.low ^= 1; /* another list, other outputs */
}

void report_fixture_commands_resumed(const char *path, uint64_t tasks)
{
    struct making making = make(path, tasks, NULL);
    list_anew(&making, tasks);
    report_must(tote_store_disown(making.store, (const uint64_t[]){0}, 1, &making.err),
                &making.err);
    begin_run(&making, path, tasks);
    put_result(&making, 1, true);
    put_result(&making, 2, false);
    for (uint64_t task = tasks; task < tasks + CHANGED; task++)
        put_result(&making, task, true);
    end_run(&making, change_digest);
    tote_store_close(making.store);
}
