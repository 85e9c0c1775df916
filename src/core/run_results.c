/* SPDX-License-Identifier: MIT */
/* run_results.c: what commands have made, from their packs into the results folder and
 * the store (run_commands.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/run_commands.h"
#include "core/run_commands_state.h"

/* --- publishing --- */

static void forget_attempt(struct tote_run_commands *c, uint64_t task, uint32_t attempt)
{
    char name[TOTE_ATTEMPT_NAME_MAX];
    tote_commands_attempt_name(task, attempt, name);
    tote_publisher_forget(c->publisher, name);
}

static int add_output(struct tote_run_commands *c, const struct tote_output_row *row,
                      struct tote_error *err)
{
    if (c->n_outputs == c->outputs_room) {
        size_t room = c->outputs_room * 2 + 16;
        struct tote_output_row *larger = reallocarray(c->outputs, room, sizeof *larger);
        if (!larger)
            return tote_error_set(err, -ENOMEM, "out of memory for outputs");
        c->outputs = larger;
        c->outputs_room = room;
    }
    char *path = strdup(row->path);
    if (!path)
        return tote_error_set(err, -ENOMEM, "out of memory for outputs");
    c->outputs[c->n_outputs] = *row;
    c->outputs[c->n_outputs++].path = path;
    return 0;
}

/* May what is at this path be replaced? Only a run that goes on can find files of its
 * bag there, and only what is as the bag made it is the bag's. */
static int is_ours(struct tote_run_commands *c, const char *path,
                   struct tote_error *err)
{
    struct tote_output_row there;
    if (c->commands->may_overwrite)
        return 1;
    if (!c->config->goes_on)
        return 0;
    int found = tote_store_output(c->store, path, &there, err);
    if (found <= 0 || there.attempt == 0)
        return found < 0 ? found : 0;
    return tote_publisher_check(c->publisher, path, there.size, &there.digest, NULL) >=
           0;
}

static int note_outputs(struct tote_run_commands *c, const struct tote_command *command,
                        uint32_t attempt, const struct tote_result *result,
                        struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < command->n_outs; i++) {
        struct tote_output_row row = {
            .path = command->outs[i].path,
            .task = command->task,
            .attempt = attempt,
            .size = result->outs[i].size,
            .digest = result->outs[i].digest,
        };
        rc = add_output(c, &row, err);
    }
    return rc;
}

static int publish(struct tote_run_commands *c, const struct tote_command *command,
                   uint32_t attempt, const struct tote_result *result,
                   struct tote_error *err)
{
    struct tote_publisher_file files[TOTE_FILES_MAX];
    char name[TOTE_ATTEMPT_NAME_MAX];
    if (result->n_outs != command->n_outs)
        return tote_error_set(err, -EBADMSG, "%zu files came back, not %zu",
                              result->n_outs, command->n_outs);
    for (size_t i = 0; i < command->n_outs; i++) {
        int ours = is_ours(c, command->outs[i].path, err);
        if (ours < 0)
            return -EIO;
        files[i] = (struct tote_publisher_file){
            .path = command->outs[i].path,
            .size = result->outs[i].size,
            .digest = result->outs[i].digest,
            .mode = result->outs[i].mode,
            .is_ours = ours > 0,
        };
    }
    tote_commands_attempt_name(command->task, attempt, name);
    int rc = tote_publisher_put(c->publisher, name, files, command->n_outs, err);
    return rc < 0 ? rc : note_outputs(c, command, attempt, result, err);
}

/* What a task can be blamed for: the names and the files that it made. Anything else is
 * the disk's, and ends the recording. */
static bool is_tasks_fault(int rc)
{
    return rc == -EEXIST || rc == -EBADMSG || rc == -ELOOP || rc == -EXDEV ||
           rc == -ENOTDIR || rc == -EISDIR || rc == -ENAMETOOLONG;
}

static void fail_task(struct tote_record *record, struct tote_result *result,
                      enum tote_cause cause, const char *why)
{
    record->outcome = TOTE_OUTCOME_FAILED;
    record->digest = (struct tote_digest){0};
    result->cause = cause;
    result->why = why; /* borrowed until the batch has been recorded */
    result->n_outs = 0;
}

struct receiving {
    struct tote_run_commands *c;
    struct tote_record *records; /* in task order from here on */
    uint64_t first;
    char (*whys)[TOTE_ERROR_MAX]; /* of the tasks whose files could not be published */
    struct tote_error *err;
};

static int publish_task(void *context, const struct tote_task_row *row)
{
    struct receiving *receiving = context;
    struct tote_run_commands *c = receiving->c;
    size_t at = (size_t)(row->task - receiving->first);
    struct tote_record *record = &receiving->records[at];
    struct tote_result *result = &c->parcel.pack.results[at];
    if (record->outcome != TOTE_OUTCOME_OK)
        return 0;
    if (tote_recorder_has(&c->dispatcher->recorder, row->task)) {
        forget_attempt(c, row->task, record->attempt); /* too late: nobody wants it */
        return 0;
    }
    struct tote_error why = {0};
    struct tote_expanded expanded = {0};
    int rc = tote_commands_expand(c->commands->template, row, &(struct tote_places){0},
                                  &expanded, &why);
    if (rc < 0) /* it was expanded before it ran: the store is damaged */
        return tote_error_set(receiving->err, -EIO, "%s", why.text);
    rc = publish(c, &expanded.command, record->attempt, result, &why);
    tote_expanded_finish(&expanded);
    if (rc == 0)
        return 0;
    if (!is_tasks_fault(rc))
        return tote_error_set(receiving->err, -EIO, "%s", why.text);
    snprintf(receiving->whys[at], TOTE_ERROR_MAX, "%s", why.text);
    fail_task(record, result, TOTE_CAUSE_PUBLISH, receiving->whys[at]);
    return 0;
}

static int publish_all(struct tote_run_commands *c, struct tote_record *records,
                       size_t n, struct tote_error *err)
{
    struct receiving receiving = {
        .c = c, .records = records, .first = records[0].task, .err = err};
    receiving.whys = calloc(n, sizeof *receiving.whys);
    c->whys = receiving.whys;
    if (!receiving.whys)
        return tote_error_set(err, -ENOMEM, "out of memory for a batch");
    int rc = tote_store_each_task(c->store, records[0].task, n, publish_task,
                                  &receiving, err);
    if (rc == 0)
        rc = tote_publisher_sync(c->publisher, err);
    return rc < 0 ? -EIO : 0;
}

/* --- receiving --- */

static int compare_tasks(const void *a, const void *b)
{
    uint64_t x = ((const struct tote_record *)a)->task,
             y = ((const struct tote_record *)b)->task;
    return (x > y) - (x < y);
}

static int check_agreement(const struct tote_pack *pack,
                           const struct tote_record *records, size_t n,
                           struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        bool is_ok = records[i].outcome == TOTE_OUTCOME_OK;
        if (records[i].task != pack->results[i].task ||
            is_ok != (pack->results[i].cause == TOTE_CAUSE_NONE))
            return tote_error_set(err, -EBADMSG,
                                  "records and pack disagree about task %" PRIu64,
                                  records[i].task);
    }
    return 0;
}

/* A pack that is not there, or not what it should be; a descriptor or memory that tote
 * itself lacks is no loss of the batch. */
static bool is_engines_fault(int rc)
{
    return rc == -EBADMSG || rc == -ENOENT || rc == -EMSGSIZE || rc == -ELOOP;
}

static bool has_failed(const struct tote_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (records[i].outcome != TOTE_OUTCOME_OK)
            return true;
    return false;
}

int tote_run_commands_receive(struct tote_run_commands *c, struct tote_record *records,
                              size_t n, struct tote_error *err)
{
    qsort(records, n, sizeof *records, compare_tasks);
    int rc = tote_courier_receive(c->courier, records[0].task, (uint32_t)n,
                                  records[0].attempt, &c->parcel, err);
    if (rc == 0)
        rc = check_agreement(&c->parcel.pack, records, n, err);
    if (rc < 0) {
        tote_courier_drop(&c->parcel);
        return is_engines_fault(rc) ? -EBADMSG : -EIO;
    }
    /* On a full disk every task fails, and none is to blame. */
    if (has_failed(records, n) && tote_courier_check_room(c->courier, err) < 0)
        return -EIO;
    return c->publisher ? publish_all(c, records, n, err) : 0;
}

void tote_run_commands_received(struct tote_run_commands *c)
{
    tote_courier_drop(&c->parcel);
    tote_run_commands_clear_outputs(c);
    free(c->whys);
    c->whys = NULL;
}

/* --- recording --- */

static int note_leaving(struct tote_run_commands *c, const struct tote_record *record,
                        struct tote_error *err)
{
    if (c->n_leaving == c->leaving_room) {
        size_t n = c->n_leaving - c->leaving_at;
        if (c->leaving_at > 0)
            memmove(c->leaving, c->leaving + c->leaving_at, n * sizeof *c->leaving);
        c->leaving_at = 0;
        c->n_leaving = n;
    }
    if (c->n_leaving == c->leaving_room) {
        size_t room = c->leaving_room * 2 + 256;
        struct tote_leaving *larger = reallocarray(c->leaving, room, sizeof *larger);
        if (!larger)
            return tote_error_set(err, -ENOMEM, "out of memory for attempts");
        c->leaving = larger;
        c->leaving_room = room;
    }
    c->leaving[c->n_leaving++] = (struct tote_leaving){.stored = c->dispatcher->stored,
                                                       .task = record->task,
                                                       .attempt = record->attempt};
    return 0;
}

static struct tote_result result_of(const struct tote_run_commands *c,
                                    const struct tote_record *record)
{
    const struct tote_pack *pack = &c->parcel.pack;
    if (record->outcome != TOTE_OUTCOME_LOST && record->task >= pack->first &&
        record->task - pack->first < pack->count)
        return pack->results[record->task - pack->first];
    return (struct tote_result){
        .task = record->task, .cause = TOTE_CAUSE_LOST, .why = c->lost_why};
}

static void note_duration(struct tote_run_commands *c, const struct tote_record *record)
{
    if (record->outcome == TOTE_OUTCOME_OK)
        c->durations[c->n_durations++ % TOTE_DURATIONS] =
            record->end_ns - record->start_ns;
}

static int note_records(struct tote_run_commands *c, const struct tote_record *records,
                        const struct tote_result *results, size_t n,
                        struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        note_duration(c, &records[i]);
        if (c->publisher)
            rc = note_leaving(c, &records[i], err);
        if (c->config->result)
            c->config->result(
                c->config->context, &records[i], &results[i],
                tote_recorder_has(&c->dispatcher->recorder, records[i].task));
    }
    return rc;
}

int tote_run_commands_record(struct tote_run_commands *c, uint64_t worker,
                             const struct tote_record *records, size_t n,
                             struct tote_error *err)
{
    struct tote_result *results = calloc(n, sizeof *results);
    if (!results)
        return tote_error_set(err, -ENOMEM, "out of memory for results");
    for (size_t i = 0; i < n; i++)
        results[i] = result_of(c, &records[i]);
    int rc = tote_writer_put_results(c->writer, c->run, worker, records, results, n,
                                     c->outputs, c->n_outputs, err);
    if (rc == 0)
        rc = note_records(c, records, results, n, err);
    if (rc == 0)
        rc = tote_run_commands_tell_timeout(c, err);
    tote_run_commands_clear_outputs(c);
    free(results);
    return rc;
}

void tote_run_commands_durable(struct tote_run_commands *c, uint64_t count)
{
    for (; c->leaving_at < c->n_leaving; c->leaving_at++) {
        const struct tote_leaving *leaving = &c->leaving[c->leaving_at];
        if (leaving->stored > count)
            break;
        forget_attempt(c, leaving->task, leaving->attempt);
    }
}
