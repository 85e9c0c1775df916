/* SPDX-License-Identifier: MIT */
/* listener.c: see listener.h. */
#include "cli/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"
#include "cli/argv.h"
#include "cli/joblog.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rate.h"
#include "cli/tally.h"
#include "report/mask.h"
#include "report/quoted.h"

enum {
    FAILURES_MAX = 3, /* that the summary shows */
    TAIL_MAX = 600,   /* bytes of the end of a failed task's stderr */
    TAIL_LINES = 4,
    SHOWN_MAX = 200, /* bytes of a command */
};

struct failure {
    uint64_t task;
    char cause[TOTE_CAUSE_TEXT_MAX];
    char tail[TAIL_MAX + 1];
    char *command; /* once the run has ended */
};

/* Files that good tasks left in their own folders, and that went with these. */
struct left {
    uint64_t tasks; /* that left any */
    uint64_t task;  /* the first of them in the list */
    char name[TOTE_LEFT_NAME_MAX + 1];
};

struct tote_listener {
    const struct tote_settings *settings;
    char *path; /* of the store, as a shell reads it */
    struct tote_store *reader;
    struct tote_argv *argv; /* null: no command can be shown */
    struct tote_output *output;
    struct tote_joblog *joblog;
    struct failure failures[FAILURES_MAX];
    size_t n_failures;
    uint64_t failed, quarantined; /* of this run */
    struct left left;
    struct tote_progress last;
    bool is_told; /* last is known: something was to do */
};

int tote_listener_open(const struct tote_settings *settings,
                       struct tote_listener **ret_listener, struct tote_error *err)
{
    struct tote_listener *listener = calloc(1, sizeof *listener);
    if (listener)
        listener->output = tote_output_create(settings->print, settings->stream_max);
    int rc = listener && listener->output
                 ? 0
                 : tote_error_set(err, -ENOMEM, "out of memory for the results");
    if (rc == 0) {
        listener->settings = settings;
        if (settings->joblog[0])
            rc = tote_joblog_open(settings->joblog, &listener->joblog, err);
    }
    if (rc == 0)
        *ret_listener = listener;
    else
        tote_listener_close(listener);
    return rc;
}

int tote_listener_begin(struct tote_listener *listener, const char *store, bool goes_on,
                        struct tote_error *err)
{
    listener->path = tote_quoted_path(store);
    if (!listener->path)
        return tote_error_set(err, -ENOMEM, "out of memory for the results");
    int rc = tote_store_open(store, &listener->reader, err);
    if (rc == 0)
        rc = tote_argv_open(listener->reader, &listener->argv, err);
    if (rc < 0)
        return rc;
    tote_output_read_from(listener->output, listener->reader);
    return goes_on ? tote_output_pass(listener->output, listener->reader,
                                      listener->settings->retry_failed, err)
                   : 0;
}

static void close_reader(struct tote_listener *listener)
{
    tote_argv_close(listener->argv);
    tote_store_close(listener->reader);
    listener->argv = NULL;
    listener->reader = NULL;
}

void tote_listener_close(struct tote_listener *listener)
{
    if (!listener)
        return;
    tote_output_end(listener->output, NULL);
    tote_joblog_close(listener->joblog, NULL);
    close_reader(listener);
    for (size_t i = 0; i < listener->n_failures; i++)
        free(listener->failures[i].command);
    free(listener->path);
    free(listener);
}

/* --- results --- */

/* The last lines, as far as there is room. */
static void keep_tail(struct failure *failure, const struct tote_span *span)
{
    const char *text = span->data;
    size_t n = span->size;
    while (n > 0 && text[n - 1] == '\n')
        n--;
    size_t from = n;
    for (int lines = 0; from > 0 && n - from < TAIL_MAX; from--)
        if (text[from - 1] == '\n' && ++lines == TAIL_LINES)
            break;
    memcpy(failure->tail, text + from, n - from);
    failure->tail[n - from] = '\0';
    for (char *zero; (zero = memchr(failure->tail, '\0', n - from));)
        *zero = '?';
}

static void keep_failure(struct tote_listener *listener,
                         const struct tote_result *result, uint64_t task)
{
    if (listener->n_failures == FAILURES_MAX)
        return;
    struct failure *failure = &listener->failures[listener->n_failures++];
    failure->task = task;
    tote_cause_text(result, failure->cause);
    tote_mask_text(failure->cause, TOTE_MASK_CONTROLS); /* it may quote an item */
    if (result->streams[TOTE_STDERR].size > 0)
        keep_tail(failure, &result->streams[TOTE_STDERR]);
}

static void note_left(struct left *left, const struct tote_result *result)
{
    if (result->cause != TOTE_CAUSE_NONE || result->left == 0)
        return;
    if (left->tasks++ > 0 && left->task < result->task)
        return;
    left->task = result->task;
    snprintf(left->name, sizeof left->name, "%s", result->left_name);
}

static void log_job(struct tote_listener *listener, const struct tote_record *record,
                    const struct tote_result *result)
{
    char name[32];
    char *text = tote_argv_text(listener->argv, record->task, NULL);
    snprintf(name, sizeof name, "task %" PRIu64, record->task);
    tote_joblog_put(listener->joblog, record, result, text ? text : name);
    free(text);
}

void tote_listener_result(struct tote_listener *listener,
                          const struct tote_record *record,
                          const struct tote_result *result, bool is_last)
{
    struct tote_result lost = {.task = record->task, .cause = TOTE_CAUSE_LOST};
    if (!is_last)
        return;
    if (!result) /* of a task that is given up there is nothing to show */
        result = &lost;
    note_left(&listener->left, result);
    tote_output_put(listener->output, record, result);
    if (listener->joblog)
        log_job(listener, record, result);
    if (record->outcome != TOTE_OUTCOME_OK)
        keep_failure(listener, result, record->task);
    listener->failed += record->outcome != TOTE_OUTCOME_OK;
    listener->quarantined += record->outcome == TOTE_OUTCOME_LOST;
}

void tote_listener_progress(struct tote_listener *listener,
                            const struct tote_progress *progress)
{
    listener->last = *progress;
    listener->is_told = true;
    tote_output_advance(listener->output);
}

const struct tote_progress *tote_listener_last(const struct tote_listener *listener)
{
    return &listener->last;
}

/* --- the end --- */

/* Of a run that had nothing to do. */
static void count_store(struct tote_listener *listener)
{
    struct tote_tally tally;
    if (!listener->reader || tote_tally_take(listener->reader, &tally, NULL) < 0)
        return;
    listener->last = (struct tote_progress){
        .done = tally.done,
        .failed = tally.failed,
        .tasks = tally.total,
        .is_whole = tally.is_whole,
        .before = tally.done + tally.failed,
    };
}

/* All that is still wanted of the store, whose last reader this is. */
static void read_last(struct tote_listener *listener)
{
    for (size_t i = 0; i < listener->n_failures; i++)
        listener->failures[i].command =
            tote_argv_shown(listener->argv, listener->failures[i].task, SHOWN_MAX);
    if (!listener->is_told)
        count_store(listener);
    close_reader(listener);
}

int tote_listener_end(struct tote_listener *listener, struct tote_error *err)
{
    struct tote_error why = {0};
    int printed = tote_output_end(listener->output, &why);
    int logged = tote_joblog_close(listener->joblog, &why);
    listener->output = NULL;
    listener->joblog = NULL;
    read_last(listener);
    int rc = printed < 0 ? printed : logged;
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : 0;
}

static void print_tail(char *tail)
{
    for (char *line = *tail ? tail : NULL, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        tote_mask_text(line, TOTE_MASK_CONTROLS);
        fprintf(stderr, "    %s\n", line);
    }
}

static void print_failures(struct tote_listener *listener)
{
    for (size_t i = 0; i < listener->n_failures; i++) {
        struct failure *failure = &listener->failures[i];
        fprintf(stderr, "tote: task %" PRIu64 " failed, %s: %s\n", failure->task,
                failure->cause, failure->command ? failure->command : "");
        if (listener->settings->print == TOTE_PRINT_NONE) /* else it was seen above */
            print_tail(failure->tail);
    }
    if (listener->failed > listener->n_failures)
        fprintf(stderr, "tote: and %" PRIu64 " more failed\n",
                listener->failed - listener->n_failures);
}

/* Once a run, since a task that leaves files is seldom alone. A command that stays
 * where tote was started has in its own folder what it has put into TMPDIR, and no
 * more. */
static void print_left(struct tote_listener *listener)
{
    struct left *left = &listener->left;
    char others[48] = "";
    if (left->tasks == 0 || listener->settings->cwd != TOTE_CWD_OWN)
        return;
    if (left->tasks > 1)
        snprintf(others, sizeof others, " (and %" PRIu64 " other%s)", left->tasks - 1,
                 left->tasks > 2 ? "s" : "");
    tote_mask_text(left->name, TOTE_MASK_CONTROLS);
    fprintf(stderr,
            "tote: task %" PRIu64 "%s left files that no {out:} names, the first %s: "
            "they are gone with its folder; name them by {out:...}, or --cwd start\n",
            left->task, others, left->name);
}

void tote_listener_summary(struct tote_listener *listener)
{
    const struct tote_progress *last = &listener->last;
    char time[24];
    double seconds = (double)last->elapsed_ns / (double)TOTE_NS_PER_S;
    if (seconds < 10)
        snprintf(time, sizeof time, "%.1f s", seconds);
    else
        tote_rate_text(seconds, time);
    print_failures(listener);
    print_left(listener);
    if (last->is_whole && last->tasks == 0)
        fprintf(stderr, "tote: note: the list is empty: nothing to do\n");
    fprintf(stderr, "tote: %" PRIu64 " done", last->done);
    if (last->failed > 0)
        fprintf(stderr, ", %" PRIu64 " failed", last->failed);
    if (listener->quarantined > 0)
        fprintf(stderr, ", %" PRIu64 " of these quarantined", listener->quarantined);
    if (last->is_whole)
        fprintf(stderr, " of %" PRIu64, last->tasks);
    if (last->before > 0)
        fprintf(stderr, " (%" PRIu64 " of them before)", last->before);
    fprintf(stderr, ", in %s", time);
    if (last->failed > 0)
        fprintf(stderr, "; what failed: tote log %s", listener->path);
    else if (last->done > 0)
        fprintf(stderr, "; one of them: tote log %s TASK", listener->path);
    fprintf(stderr, "\n");
}
