/* SPDX-License-Identifier: MIT */
/* resume.c: reads what is done from the store and from the results folder (resume.h).
 */
#include "core/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int tote_resume_attempts(struct tote_store *store, uint32_t *ret_attempts,
                         struct tote_error *err)
{
    struct tote_run_row *rows;
    size_t n;
    *ret_attempts = 0;
    int rc = tote_store_runs(store, &rows, &n, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].attempts_to > *ret_attempts)
            *ret_attempts = rows[i].attempts_to;
        tote_run_row_finish(&rows[i]);
    }
    free(rows);
    return 0;
}

/* --- a kernel's bag: a task is a number, and that is all --- */

struct skipping {
    const struct tote_run_config *config;
    struct tote_dispatcher *dispatcher;
    struct tote_resume *ret;
    struct tote_error *err;
};

static int skip(struct skipping *skipping, uint64_t task, bool is_ok)
{
    if (!is_ok && skipping->config->retries_failed)
        return 0;
    skipping->ret->ok += is_ok;
    skipping->ret->failed += !is_ok;
    return tote_dispatcher_skip(skipping->dispatcher, task, is_ok, skipping->err);
}

static int skip_record(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)worker;
    return skip(context, record->task, record->outcome == TOTE_OUTCOME_OK);
}

/* --- commands --- */

enum state { STATE_LISTED = 1, STATE_OK = 2, STATE_FAILED = 4, STATE_GONE = 8 };

struct states {
    uint8_t *of; /* each task of the store */
    uint64_t n;
    uint32_t list;
    struct tote_store *store;
    struct tote_publisher *publisher;
    const struct tote_commands *commands;
    struct tote_interrupt interrupt;
    struct tote_resume *ret;
    struct tote_error *err;
};

static int note_listed(void *context, const struct tote_task_row *row)
{
    struct states *states = context;
    bool is_listed = row->listed > 0 && row->listed == states->list;
    if (row->task < states->n && is_listed)
        states->of[row->task] |= STATE_LISTED;
    return 0;
}

/* Mostly all are, by what is counted: then none need be read. A task that salvage could
 * not save is of no list, not even of the first. */
static int note_list(struct states *states)
{
    struct tote_standing all;
    int rc = tote_store_standing(states->store, 0, &all, states->err);
    if (rc < 0)
        return rc;
    if (all.list != states->list || all.listed != states->n)
        return tote_store_each_task(states->store, 0, states->n, note_listed, states,
                                    states->err);
    memset(states->of, STATE_LISTED, states->n);
    return 0;
}

static int note_record(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)worker;
    struct states *states = context;
    if (record->task >= states->n)
        return tote_error_set(states->err, -EBADMSG,
                              "the store has a record of task %" PRIu64
                              ", which it does not have",
                              record->task);
    if (record->outcome == TOTE_OUTCOME_OK)
        states->of[record->task] |= STATE_OK;
    else if (record->outcome !=
             TOTE_OUTCOME_WRONG) /* that is one that was taken back */
        states->of[record->task] |= STATE_FAILED;
    return 0;
}

/* A published file must be there as it was made; one that is gone is made again. */
static int look_at(void *context, const struct tote_output_row *row)
{
    struct states *states = context;
    const uint8_t done = STATE_LISTED | STATE_OK;
    if (row->attempt == 0 || row->task >= states->n ||
        (states->of[row->task] & done) != done)
        return 0;
    int rc = tote_interrupt_check(&states->interrupt, "published files were looked at",
                                  states->err);
    if (rc < 0)
        return rc;
    rc = tote_publisher_check(states->publisher, row->path, row->size, &row->digest,
                              states->commands->may_overwrite ? NULL : states->err);
    if (rc > 0)
        return 0;
    if (rc < 0 && !states->commands->may_overwrite)
        return rc;
    states->ret->gone += !(states->of[row->task] & STATE_GONE);
    states->of[row->task] |= STATE_GONE; /* its other files are looked at as well */
    return 0;
}

enum { DISOWN_MOST = 4096 }; /* in one transaction: between two one may interrupt */

/* The next of them from task on; at the end it is states->n. */
static int disown_some(struct states *states, uint64_t *task)
{
    uint64_t tasks[DISOWN_MOST];
    size_t n = 0;
    for (; n < DISOWN_MOST && *task < states->n; (*task)++) {
        if (!(states->of[*task] & STATE_GONE))
            continue;
        states->of[*task] = STATE_LISTED;
        tasks[n++] = *task;
    }
    int rc =
        tote_interrupt_check(&states->interrupt, "lost files were noted", states->err);
    return rc < 0 || n == 0 ? rc
                            : tote_store_disown(states->store, tasks, n, states->err);
}

static int look_at_outputs(struct states *states)
{
    int rc = tote_store_each_output(states->store, look_at, states, states->err);
    if (states->ret->gone == 0)
        return rc;
    for (uint64_t task = 0; rc == 0 && task < states->n;)
        rc = disown_some(states, &task);
    return rc;
}

static int fill_states(struct states *states)
{
    int rc = tote_store_task_count(states->store, &states->n, states->err);
    if (rc < 0)
        return rc;
    states->of = calloc(states->n + 1, 1);
    if (!states->of)
        return tote_error_set(states->err, -ENOMEM, "out of memory for the tasks");
    rc = note_list(states);
    if (rc == 0)
        rc = tote_store_each_result(states->store, note_record, states, states->err);
    if (rc == 0 && states->publisher)
        rc = look_at_outputs(states);
    return rc;
}

static int skip_states(struct skipping *skipping, const struct states *states)
{
    int rc = 0;
    for (uint64_t task = 0; rc == 0 && task < states->n; task++) {
        uint8_t state = states->of[task];
        if (!(state & STATE_LISTED)) {
            skipping->ret->unlisted++;
            rc = tote_dispatcher_skip(skipping->dispatcher, task, true, skipping->err);
        } else if (state & (STATE_OK | STATE_FAILED)) {
            rc = skip(skipping, task, state & STATE_OK);
        }
    }
    return rc;
}

int tote_resume(const struct tote_run_config *config, struct tote_store *store,
                struct tote_publisher *publisher, struct tote_dispatcher *d,
                struct tote_resume *ret, struct tote_error *err)
{
    struct skipping skipping = {
        .config = config, .dispatcher = d, .ret = ret, .err = err};
    *ret = (struct tote_resume){0};
    if (!config->commands)
        return tote_store_each_result(store, skip_record, &skipping, err);
    struct states states = {
        .list = config->commands->list,
        .store = store,
        .publisher = publisher,
        .commands = config->commands,
        .interrupt = tote_run_interrupt(config),
        .ret = ret,
        .err = err,
    };
    int rc = fill_states(&states);
    if (rc == 0)
        rc = skip_states(&skipping, &states);
    free(states.of);
    return rc;
}
