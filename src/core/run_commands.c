/* SPDX-License-Identifier: MIT */
/* run_commands.c: joins list, courier, publisher and store in a run of commands
 * (run_commands.h). */
#include "core/run_commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "core/intake.h"
#include "core/run_commands_state.h"

/* --- opening --- */

static int make_results(const char *results, struct tote_error *err)
{
    struct stat info;
    int rc = tote_folder_make(results);
    if (rc == 0 && stat(results, &info) == 0 && !S_ISDIR(info.st_mode))
        rc = -ENOTDIR;
    return rc < 0 ? tote_error_set(err, -EINVAL,
                                   "cannot make the results folder %.300s: %s", results,
                                   strerror(-rc))
                  : 0;
}

static int open_publisher(struct tote_run_commands *c, struct tote_error *err)
{
    char attempts[TOTE_FILE_NAME_MAX];
    snprintf(attempts, sizeof attempts, "%s/attempts", c->commands->work);
    struct tote_publisher_config config = {
        .results = c->commands->results,
        .attempts = attempts,
        .is_hostile = c->commands->rules.is_staged,
    };
    return tote_publisher_open(&config, &c->publisher, err);
}

/* Whether the store has a good record of that attempt. What cannot be read counts as
 * one: nothing is taken back on a guess. */
static bool is_recorded(void *context, uint64_t task, uint32_t attempt)
{
    struct tote_run_commands *c = context;
    struct tote_record record = {0};
    struct tote_result result = {0};
    int64_t run;
    void *memory = NULL;
    int found =
        tote_store_result(c->store, task, &record, &result, &run, &memory, NULL);
    free(memory);
    if (found < 0)
        return true;
    return found > 0 && record.outcome == TOTE_OUTCOME_OK && record.attempt == attempt;
}

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* A run that was killed left its work folder, and perhaps files in the results folder
 * that no record speaks of: also if the command of now makes none. */
static int recover(struct tote_run_commands *c, struct tote_error *err)
{
    char attempts[TOTE_FILE_NAME_MAX];
    snprintf(attempts, sizeof attempts, "%s/attempts", c->commands->work);
    int rc = 0;
    if (is_there(attempts) && is_there(c->commands->results)) {
        uint64_t taken_back = 0;
        rc = open_publisher(c, err);
        if (rc == 0)
            rc = tote_publisher_recover(c->publisher, is_recorded, c, &taken_back, err);
        tote_publisher_close(c->publisher);
        c->publisher = NULL;
    }
    if (rc == 0)
        tote_folder_remove(c->commands->work);
    return rc;
}

static int open_folders(struct tote_run_commands *c, struct tote_error *err)
{
    bool has_outs = tote_template_has_outs(c->commands->template);
    int rc = has_outs ? make_results(c->commands->results, err) : 0;
    if (rc == 0 && c->config->goes_on)
        rc = recover(c, err);
    if (rc == 0)
        rc = tote_courier_open(c->commands, c->store, &c->courier, err);
    if (rc == 0 && has_outs)
        rc = open_publisher(c, err);
    return rc;
}

static int take_in_whole(struct tote_run_commands *c, struct tote_error *err)
{
    const struct tote_interrupt interrupt = tote_run_interrupt(c->config);
    if (c->commands->items)
        return tote_intake_whole(c->commands, c->publisher, c->store, &interrupt, err);
    if (!tote_template_has_ins(c->commands->template))
        return 0; /* nothing of it can have changed */
    c->commands->list++;
    return tote_intake_again(c->commands, c->publisher, c->store, &interrupt, err);
}

static int keep_duration(void *context, tote_ns_t duration)
{
    struct tote_run_commands *c = context;
    c->durations[c->n_durations++ % TOTE_DURATIONS] = duration;
    return 0;
}

/* A time limit in percent goes by what earlier runs took, from the first task on. */
static int recall_durations(struct tote_run_commands *c, struct tote_error *err)
{
    if (!c->config->goes_on || !(c->commands->timeout_percent > 0))
        return 0;
    return tote_store_each_duration(c->store, 0, keep_duration, c, err);
}

/* Everything that is known before the run. A list that is to be streamed is empty. */
static int prepare(struct tote_run_commands *c, struct tote_resume *ret_resume,
                   struct tote_error *err)
{
    uint64_t n = 0;
    c->is_streamed =
        c->commands->items && !tote_intake_is_whole(c->commands, c->config->goes_on);
    int rc = c->is_streamed ? tote_intake_note(c->commands, c->store, false, err)
                            : take_in_whole(c, err);
    if (rc == 0)
        rc = tote_store_task_count(c->store, &n, err);
    if (rc == 0)
        rc = tote_dispatcher_grow(c->dispatcher, n, !c->is_streamed, err);
    if (rc == 0 && c->config->goes_on)
        rc = tote_resume(c->config, c->store, c->publisher, c->dispatcher, ret_resume,
                         err);
    if (rc == 0)
        rc = recall_durations(c, err);
    c->has_more = c->is_streamed;
    return rc;
}

int tote_run_commands_open(const struct tote_run_config *config,
                           struct tote_store *store, struct tote_dispatcher *d,
                           struct tote_resume *ret_resume,
                           struct tote_run_commands **ret_commands,
                           struct tote_error *err)
{
    struct tote_run_commands *c = calloc(1, sizeof *c);
    if (!c)
        return tote_error_set(err, -ENOMEM, "out of memory for a bag of commands");
    c->config = config;
    c->commands = config->commands;
    c->store = store;
    c->dispatcher = d;
    bool makes_results = !is_there(c->commands->results);
    int rc = open_folders(c, err);
    if (rc == 0)
        rc = prepare(c, ret_resume, err);
    if (rc < 0) {
        tote_run_commands_close(c);
        if (makes_results) /* goes if nothing is in it */
            rmdir(config->commands->results);
        return rc;
    }
    *ret_commands = c;
    return 0;
}

void tote_run_commands_clear_outputs(struct tote_run_commands *c)
{
    for (size_t i = 0; i < c->n_outputs; i++)
        free((char *)(uintptr_t)c->outputs[i].path);
    c->n_outputs = 0;
}

void tote_run_commands_close(struct tote_run_commands *c)
{
    if (!c)
        return;
    if (c->publisher &&
        tote_publisher_recover(c->publisher, is_recorded, c, NULL, NULL) < 0)
        tote_courier_keep_work(c->courier); /* so that a later run can */
    tote_publisher_close(c->publisher);
    tote_courier_close(c->courier);
    tote_courier_drop(&c->parcel);
    tote_run_commands_clear_outputs(c);
    free(c->outputs);
    free(c->whys);
    free(c->leaving);
    free(c);
}

const char *tote_run_commands_slices(const struct tote_run_commands *c)
{
    return tote_courier_slices(c->courier);
}

void tote_run_commands_start(struct tote_run_commands *c, struct tote_writer *writer,
                             int64_t run)
{
    c->writer = writer;
    c->run = run;
}

/* --- a list that is streamed --- */

/* Of a run that ends nothing more is taken in; nor may its list wake anybody up. */
static bool is_wanted(const struct tote_run_commands *c)
{
    return c->is_streamed && !c->has_ended &&
           c->dispatcher->phase <= TOTE_PHASE_RUNNING;
}

int tote_run_commands_fd(const struct tote_run_commands *c, bool *ret_is_ready)
{
    bool is_open = is_wanted(c) && !tote_writer_full(c->writer);
    *ret_is_ready = is_open && c->has_more;
    return is_open && !c->has_more ? tote_items_fd(c->commands->items) : -1;
}

static int end_list(struct tote_run_commands *c, int rc, struct tote_error *why)
{
    c->has_ended = true;
    c->list_rc = rc;
    c->list_error = *why;
    return 0;
}

static int pull_items(struct tote_run_commands *c, struct tote_error *err)
{
    struct tote_error why = {0};
    int rc = tote_intake_pull(c->commands, c->writer, &c->places, &c->has_ended, &why);
    if (rc == -EINVAL)
        return end_list(c, rc, &why);
    if (rc < 0)
        return tote_error_set(err, rc, "%s", why.text);
    c->has_more = rc > 0;
    return 0;
}

/* Tasks may run once they are durable, so that no result is of a task unknown. */
static int grow(struct tote_run_commands *c, struct tote_error *err)
{
    uint64_t durable = tote_writer_tasks(c->writer);
    bool is_whole = c->has_ended && durable == c->places;
    if (is_whole)
        c->is_streamed = false;
    int rc = tote_dispatcher_grow(c->dispatcher, durable, is_whole, err);
    if (rc == 0 && is_whole && c->list_rc == 0)
        rc = tote_store_set(c->store, "list_whole", "yes", err) < 0 ? -EIO : 0;
    return rc;
}

int tote_run_commands_pull(struct tote_run_commands *c, struct tote_error *err)
{
    int rc = 0;
    if (!c->is_streamed || c->dispatcher->phase > TOTE_PHASE_RUNNING)
        return 0;
    if (is_wanted(c) && !tote_writer_full(c->writer))
        rc = pull_items(c, err);
    return rc < 0 ? rc : grow(c, err);
}

int tote_run_commands_list_error(const struct tote_run_commands *c,
                                 struct tote_error *err)
{
    if (c->list_rc == 0)
        return 0;
    return tote_error_set(err, c->list_rc, "%s; the items before it were taken in",
                          c->list_error.text);
}

/* --- sending --- */

uint32_t tote_run_commands_fit(struct tote_run_commands *c, uint64_t first,
                               uint32_t count)
{
    return tote_courier_fit(c->courier, first, count);
}

static int compare_ns(const void *a, const void *b)
{
    tote_ns_t x = *(const tote_ns_t *)a, y = *(const tote_ns_t *)b;
    return (x > y) - (x < y);
}

/* 0: none, or not known yet. */
static tote_ns_t timeout_of(const struct tote_run_commands *c)
{
    const struct tote_commands *commands = c->commands;
    size_t n = c->n_durations < TOTE_DURATIONS ? c->n_durations : TOTE_DURATIONS;
    if (!(commands->timeout_percent > 0) || n < TOTE_DURATIONS_LEAST)
        return commands->rules.timeout_ns;
    tote_ns_t sorted[TOTE_DURATIONS];
    memcpy(sorted, c->durations, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_ns);
    double limit = (double)sorted[n / 2] * commands->timeout_percent / 100;
    if (limit < TOTE_TIMEOUT_LEAST_NS)
        return TOTE_TIMEOUT_LEAST_NS;
    return limit < (double)TOTE_LATE_MAX ? (tote_ns_t)limit : TOTE_LATE_MAX;
}

int tote_run_commands_send(struct tote_run_commands *c, const struct tote_batch *batch,
                           const struct tote_travel **ret_travel,
                           struct tote_error *err)
{
    return tote_courier_send(c->courier, batch, timeout_of(c), ret_travel, err);
}

int tote_run_commands_tell_timeout(struct tote_run_commands *c, struct tote_error *err)
{
    return tote_courier_tell_timeout(c->courier, timeout_of(c), err);
}

int tote_run_commands_check_room(const struct tote_run_commands *c,
                                 struct tote_error *err)
{
    return tote_courier_check_room(c->courier, err);
}

void tote_run_commands_lost(struct tote_run_commands *c, const struct tote_batch *batch,
                            const char *why)
{
    snprintf(c->lost_why, sizeof c->lost_why, "%s", why);
    tote_courier_forget(c->courier, batch);
}
