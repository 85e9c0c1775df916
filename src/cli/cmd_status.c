/* SPDX-License-Identifier: MIT */
/* cmd_status.c: `tote status`: how far the run of a store is, from another terminal. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"
#include "cli/command.h"
#include "cli/rate.h"
#include "cli/tally.h"
#include "report/mask.h"
#include "store/lock.h"
#include "store/store.h"

struct status_settings {
    bool json;
};

static const struct tote_option options[] = {
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct status_settings, json),
     .fallback = "no",
     .help = "print one JSON document"},
};

static const struct tote_option_list lists[] = {{options, 1, NULL}};

struct status {
    const char *path;
    bool is_alive, is_run; /* is_run: it could go on */
    bool is_damaged;       /* so that no resume goes on with it */
    long pid;
    struct tote_tally tally;
    const char *state;
    char engine[128];
    uint32_t workers;
    double per_s, age_s; /* 0, and below 0: unknown */
    char why[TOTE_ERROR_MAX];
    char *go_on; /* the line for it; null: it need not, or cannot */
};

/* --- reading --- */

static double seconds_of(tote_ns_t ns)
{
    return (double)ns / (double)TOTE_NS_PER_S;
}

/* Of the last run, also while it goes on: its row has its numbers only at its end. */
static double rate_of(struct tote_store *store, const struct tote_run_row *row,
                      bool is_alive)
{
    uint64_t n = row->done + row->failed;
    tote_ns_t end_ns = row->last_ns ? row->last_ns : row->end_ns;
    tote_ns_t from_ns = row->ready_ns ? row->ready_ns : row->launch_ns;
    double seconds = seconds_of(end_ns - from_ns);
    if (is_alive) {
        struct tote_standing now = {0};
        seconds = seconds_of(tote_clock_utc() - row->launched_utc);
        if (tote_store_standing(store, row->id, &now, NULL) < 0)
            return 0;
        n = 0;
        for (int outcome = 0; outcome < TOTE_OUTCOMES; outcome++)
            n += now.of[outcome];
    }
    return seconds > 0 ? (double)n / seconds : 0;
}

static void read_row(struct tote_store *store, const struct tote_run_row *row,
                     struct status *status)
{
    bool is_running = row->state == TOTE_RUN_RUNNING;
    status->state =
        is_running && !status->is_alive ? "dead" : tote_run_state_name(row->state);
    snprintf(status->engine, sizeof status->engine, "%.120s",
             row->label ? row->label : "");
    if (!status->engine[0])
        snprintf(status->engine, sizeof status->engine, "%.120s",
                 row->engine ? row->engine : "");
    snprintf(status->why, sizeof status->why, "%.500s", row->why ? row->why : "");
    tote_mask_text(status->engine, TOTE_MASK_CONTROLS);
    tote_mask_text(status->why, TOTE_MASK_CONTROLS);
    status->workers = row->workers;
    status->per_s = rate_of(store, row, is_running && status->is_alive);
}

static int read_runs(struct tote_store *store, struct status *status,
                     struct tote_error *err)
{
    struct tote_run_row *rows;
    size_t n;
    status->state = status->is_alive ? "starting" : "empty";
    int rc = tote_store_runs(store, &rows, &n, err);
    if (rc < 0)
        return rc;
    if (n > 0)
        read_row(store, &rows[n - 1], status);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&rows[i]);
    free(rows);
    return 0;
}

static bool is_done(const struct tote_tally *tally)
{
    return tally->is_whole && tally->done + tally->failed >= tally->total;
}

/* The last run came to its end, but files or tasks of the bag are lost since, or there
 * is a new list. */
static void deny_complete(struct status *status)
{
    if (strcmp(status->state, tote_run_state_name(TOTE_RUN_COMPLETE)) != 0)
        return;
    status->state = tote_run_state_name(TOTE_RUN_INTERRUPTED);
    snprintf(status->why, sizeof status->why, "%s",
             status->tally.is_whole ? "not all tasks of its list have a result"
                                    : "not all of its list is in the store");
}

/* A last run that was cut short is no matter if nothing is left to do. */
static void conclude(struct tote_store *store, struct status *status)
{
    if (!status->is_run || status->is_alive)
        return;
    struct tote_error damage = {0};
    status->is_damaged = tote_store_check_wal(status->path, &damage) == -EUCLEAN;
    if (status->is_damaged)
        snprintf(status->why, sizeof status->why, "%s", damage.text);
    else if (!is_done(&status->tally)) {
        status->go_on = tote_advice_go_on(store);
        deny_complete(status);
    } else if (strcmp(status->state, tote_run_state_name(TOTE_RUN_INTERRUPTED)) == 0) {
        status->state = tote_run_state_name(TOTE_RUN_COMPLETE);
        status->why[0] = '\0';
    }
}

static int read_store(struct tote_store *store, struct status *status,
                      struct tote_error *err)
{
    char *kind = tote_store_get(store, "kind");
    status->is_run = kind && strcmp(kind, "run") == 0;
    free(kind);
    int rc = read_runs(store, status, err);
    if (rc == 0 && status->is_run)
        rc = tote_tally_take(store, &status->tally, err);
    tote_ns_t age = tote_clock_monotonic() - status->tally.last_ns;
    status->age_s = status->is_alive && status->tally.last_ns > 0 && age >= 0
                        ? seconds_of(age)
                        : -1;
    if (rc == 0)
        conclude(store, status);
    return rc;
}

/* --- showing --- */

static bool can_go_on(const struct status *status)
{
    return status->is_run && !status->is_alive && !status->is_damaged &&
           !is_done(&status->tally);
}

static void show_tally(const struct tote_tally *tally)
{
    printf("tasks:   %" PRIu64 " done, %" PRIu64 " failed", tally->done, tally->failed);
    if (tally->quarantined > 0)
        printf(" (%" PRIu64 " quarantined)", tally->quarantined);
    if (tally->is_whole)
        printf(" of %" PRIu64 "\n", tally->total);
    else
        printf(" of ? (%" PRIu64 " listed so far)\n", tally->total);
}

static void show_text(const struct status *status)
{
    printf("store:   %s\n", status->path);
    printf("state:   %s", status->state);
    if (status->is_alive)
        printf(" (pid %ld)", status->pid);
    else if (strcmp(status->state, "dead") == 0)
        printf(" (its tote was killed)");
    printf("%s%s\n", status->why[0] ? ": " : "", status->why);
    if (status->is_run)
        show_tally(&status->tally);
    if (status->engine[0])
        printf("engine:  %s, %u workers\n", status->engine, (unsigned)status->workers);
    if (status->per_s > 0)
        printf(status->per_s < 10 ? "rate:    %.2f tasks/s" : "rate:    %.0f tasks/s",
               status->per_s);
    if (status->per_s > 0 && status->age_s >= 0)
        printf(", last result %.1f s ago", status->age_s);
    printf("%s", status->per_s > 0 ? "\n" : "");
    if (status->go_on)
        printf("go on:   %s\n", status->go_on);
}

/* A path or an engine's text need not be UTF-8. */
static json_t *text_of(const char *text)
{
    char *copy = strdup(text);
    tote_mask_text(copy, TOTE_MASK_BYTES);
    json_t *string = copy ? json_string(copy) : NULL;
    free(copy);
    return string;
}

static json_t *count_or_null(bool is_known, uint64_t n)
{
    return is_known ? json_integer((json_int_t)n) : json_null();
}

static int show_json(const struct status *status)
{
    const struct tote_tally *tally = &status->tally;
    json_t *root = json_pack(
        "{s:i, s:o, s:s, s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:i, s:o, s:o, s:o, "
        "s:b}",
        "schema_version", 1, "store", text_of(status->path), "state", status->state,
        "alive", (int)status->is_alive, "pid",
        count_or_null(status->is_alive, (uint64_t)status->pid), "total",
        count_or_null(tally->is_whole, tally->total), "listed",
        (json_int_t)tally->total, "done", (json_int_t)tally->done, "failed",
        (json_int_t)tally->failed, "quarantined", (json_int_t)tally->quarantined,
        "engine", text_of(status->engine), "workers", (int)status->workers,
        "tasks_per_s", status->per_s > 0 ? json_real(status->per_s) : json_null(),
        "last_result_s", status->age_s >= 0 ? json_real(status->age_s) : json_null(),
        "why", text_of(status->why), "can_resume", (int)can_go_on(status));
    int rc =
        root ? json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : -1;
    if (rc == 0)
        printf("\n");
    json_decref(root);
    return rc;
}

static int status_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct status_settings settings = {false};
    struct tote_store *store;
    int rc = tote_args_apply(args, lists, 1, &settings, &err);
    if (rc == 0 && args->n_arguments != 1)
        rc = tote_error_set(&err, -EINVAL, "which store? tote status STORE");
    struct status status = {.path = args->n_arguments ? args->arguments[0] : ""};
    if (rc == 0)
        rc = tote_store_open(status.path, &store, &err);
    if (rc < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    status.is_alive = tote_lock_is_held(status.path, &status.pid);
    rc = read_store(store, &status, &err);
    tote_store_close(store);
    if (rc == 0 && settings.json)
        rc = show_json(&status) < 0 ? tote_error_set(&err, -EIO, "cannot write it") : 0;
    else if (rc == 0)
        show_text(&status);
    free(status.go_on);
    return rc < 0 ? tote_command_fail(settings.json, TOTE_EXIT_INTERNAL, &err)
                  : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_status = {
    .name = "status",
    .summary = "Say how far the run of a store is, also while it runs",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote status bag.tote\n"
                "  tote status bag.tote --json\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = status_main,
};
