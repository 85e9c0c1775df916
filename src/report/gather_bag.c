/* SPDX-License-Identifier: MIT */
/* gather_bag.c: what a bag has come to over all runs of its store, and what its
 * commands are (gather.h). Not for what one run did (gather_records.c). */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather.h"
#include "store/commands.h"
#include "store/kept.h"

#define WINDOW 65536 /* tasks whose place in the list is looked up at once */

static int no_memory(struct tote_error *err)
{
    return tote_error_set(err, -ENOMEM, "out of memory for the report");
}

/* --- the words of the command --- */

/* Of the newest list that has words of its own. */
int tote_gather_command(struct tote_store *store, struct tote_summary *summary,
                        struct tote_error *err)
{
    uint32_t origin = tote_kept_origin(store, tote_kept_list(store));
    char *text =
        summary->is_experiment ? NULL : tote_kept_get(store, origin, "command");
    if (!text)
        return 0;
    struct tote_words words = {0};
    json_t *array = json_loads(text, 0, NULL);
    int rc = tote_words_from_json(array, &words);
    if (rc == 0 && words.n == 0)
        rc = -EBADMSG;
    json_decref(array);
    free(text);
    summary->is_commands = true;
    summary->words = words.at;
    summary->n_words = words.n;
    if (rc == -ENOMEM)
        return no_memory(err);
    return rc < 0
               ? tote_error_set(err, rc,
                                "store '%.200s' is damaged: it does not say what its "
                                "command is",
                                summary->store)
               : 0;
}

/* --- which tasks are wanted --- */

struct walk {
    struct tote_store *store;
    const struct tote_summary *summary;
    struct tote_bag_summary *bag;
    uint64_t n_tasks; /* of the store: numbers below are tasks */
    uint64_t n_listed;
    uint32_t list;             /* the newest */
    uint64_t window, n_window; /* tasks whose flags are in is_listed */
    bool is_listed[WINDOW];
    struct tote_error *err;
};

static int count_listed(void *context, const struct tote_task_row *row)
{
    struct walk *walk = context;
    if (row->listed > walk->list) {
        walk->list = row->listed;
        walk->n_listed = 0;
    }
    walk->n_listed += row->listed == walk->list;
    return 0;
}

static int flag_listed(void *context, const struct tote_task_row *row)
{
    struct walk *walk = context;
    walk->is_listed[row->task - walk->window] = row->listed == walk->list;
    return 0;
}

/* Records come in the order of tasks, so that each window is read once. */
static int look_up(struct walk *walk, uint64_t task, bool *ret_is_listed)
{
    *ret_is_listed = true;
    if (walk->n_listed == walk->n_tasks)
        return 0;
    int rc = 0;
    if (walk->n_window == 0 || task - walk->window >= walk->n_window) {
        uint64_t left = walk->n_tasks - task;
        walk->window = task;
        walk->n_window = left < WINDOW ? left : WINDOW;
        rc = tote_store_each_task(walk->store, task, walk->n_window, flag_listed, walk,
                                  walk->err);
    }
    *ret_is_listed = walk->is_listed[task - walk->window];
    return rc;
}

/* --- the last word on each task --- */

static void keep_failure(struct walk *walk, const struct tote_record *record)
{
    struct tote_bag_summary *bag = walk->bag;
    if (bag->n_failures == TOTE_GATHER_FAILURES)
        return;
    bag->failures[bag->n_failures++] = (struct tote_failure){
        .task = record->task,
        .attempt = record->attempt,
        .outcome = record->outcome,
    };
}

static int visit(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)worker;
    struct walk *walk = context;
    bool is_listed;
    if (record->task >= walk->n_tasks)
        return tote_error_set(
            walk->err, -EBADMSG,
            "store '%.200s' is damaged: it has a record of task %" PRIu64
            ", but only %" PRIu64 " tasks",
            walk->summary->store, record->task, walk->n_tasks);
    int rc = look_up(walk, record->task, &is_listed);
    if (rc < 0 || !is_listed)
        return rc;
    bool is_taken_back =
        walk->summary->is_commands && record->outcome == TOTE_OUTCOME_WRONG;
    if (record->outcome == TOTE_OUTCOME_OK) {
        walk->bag->done++;
    } else if (!is_taken_back) { /* that runs again: it has no result now */
        walk->bag->failed++;
        keep_failure(walk, record);
    }
    return 0;
}

static int walk_all(struct tote_store *store, const struct tote_summary *summary,
                    struct tote_bag_summary *bag, struct tote_error *err)
{
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        return no_memory(err);
    *walk = (struct walk){
        .store = store,
        .summary = summary,
        .bag = bag,
        .n_tasks = summary->n_tasks,
        .n_listed = summary->n_tasks,
        .err = err,
    };
    int rc = 0;
    if (summary->is_commands) {
        walk->n_listed = 0;
        rc = tote_store_each_task(store, 0, walk->n_tasks, count_listed, walk, err);
    }
    bag->tasks = walk->n_listed;
    if (rc == 0)
        rc = tote_store_each_result(store, visit, walk, err);
    free(walk);
    return rc;
}

/* One run of one list has said it all. */
static void take_from_run(const struct tote_run_summary *run,
                          struct tote_bag_summary *bag)
{
    bag->tasks = run->row.tasks;
    bag->done = run->done;
    bag->failed = run->failed;
    bag->n_failures = run->n_failures;
    memcpy(bag->failures, run->failures, sizeof bag->failures);
}

/* --- why tasks failed --- */

static int find_cause(struct tote_store *store, struct tote_failure *failure,
                      struct tote_error *err)
{
    struct tote_record record;
    struct tote_result result;
    int64_t run;
    void *memory = NULL;
    int found =
        tote_store_result(store, failure->task, &record, &result, &run, &memory, err);
    failure->is_command = true;
    if (found > 0 && record.attempt == failure->attempt) {
        failure->cause = result.cause < TOTE_CAUSE_N ? result.cause : TOTE_CAUSE_NONE;
        failure->status = result.status;
        failure->signal = result.signal;
        snprintf(failure->why, sizeof failure->why, "%s", result.why);
    }
    free(memory);
    return found < 0 ? found : 0;
}

static int find_causes(struct tote_store *store, struct tote_failure *failures,
                       size_t n, struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = find_cause(store, &failures[i], err);
    return rc;
}

/* --- all of it --- */

static void count_runs(const struct tote_summary *summary, struct tote_bag_summary *bag)
{
    for (size_t i = 0; i < summary->n_runs; i++) {
        enum tote_run_state state = summary->runs[i].row.state;
        bag->n_interrupted += state == TOTE_RUN_INTERRUPTED;
        bag->n_broken += state == TOTE_RUN_BROKEN;
    }
}

int tote_gather_bag(struct tote_store *store, struct tote_summary *summary,
                    struct tote_error *err)
{
    struct tote_bag_summary *bag = &summary->bag;
    struct tote_run_summary *last = &summary->runs[summary->n_runs - 1];
    uint64_t list = 1;
    tote_gather_count(summary, "list", &list);
    count_runs(summary, bag);
    int rc = 0;
    if (summary->n_runs > 1 || (summary->is_commands && list > 1))
        rc = walk_all(store, summary, bag, err);
    else
        take_from_run(last, bag);
    if (rc < 0 || !summary->is_commands)
        return rc;
    bag->is_open = !tote_kept_is_whole(store);
    if (!last->is_counted)
        last->row.tasks = bag->tasks;
    rc = find_causes(store, last->failures, last->n_failures, err);
    return rc < 0 ? rc : find_causes(store, bag->failures, bag->n_failures, err);
}
