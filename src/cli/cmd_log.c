/* SPDX-License-Identifier: MIT */
/* cmd_log.c: `tote log`: what a task ran, what it said and how it ended; without a
 * task, all that failed. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cause.h"
#include "cli/argv.h"
#include "cli/command.h"
#include "cli/output.h"
#include "report/mask.h"
#include "store/commands.h"

enum { LISTED_MAX = 10000, SHOWN_MAX = 160 };

struct log_settings {
    bool only_stdout, only_stderr, json;
};

static const struct tote_option options[] = {
    {.name = "stdout",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct log_settings, only_stdout),
     .fallback = "no",
     .help = "print only what it wrote to its standard output, as it is"},
    {.name = "stderr",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct log_settings, only_stderr),
     .fallback = "no",
     .help = "print only what it wrote to its standard error output, on stdout"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct log_settings, json),
     .fallback = "no",
     .help = "print one JSON document"},
};

static const struct tote_option_list lists[] = {{options, 3, NULL}};

/* One task, or what the list of failures needs. */
struct log {
    const struct log_settings *settings;
    struct tote_store *store;
    struct tote_argv *argv;
    uint64_t task;
    struct tote_record record;
    struct tote_result result;
    int64_t run;
    void *memory;
    bool has_result;
    char *command;
    char cause[TOTE_CAUSE_TEXT_MAX];
    tote_ns_t start_utc; /* 0: unknown */
};

/* --- reading a task --- */

/* A stamp of the worker's clock, by that of the run's launch; on one host they agree.
 */
static tote_ns_t utc_of(struct tote_store *store, int64_t run, tote_ns_t stamp_ns)
{
    struct tote_run_row *rows;
    size_t n;
    tote_ns_t utc = 0;
    if (tote_store_runs(store, &rows, &n, NULL) < 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].id == run && rows[i].launch_ns > 0 && stamp_ns >= rows[i].launch_ns)
            utc = rows[i].launched_utc + (stamp_ns - rows[i].launch_ns);
        tote_run_row_finish(&rows[i]);
    }
    free(rows);
    return utc;
}

static int read_task(struct log *log, struct tote_error *err)
{
    log->command = tote_argv_text(log->argv, log->task, err);
    if (!log->command)
        return -EINVAL;
    int found = tote_store_result(log->store, log->task, &log->record, &log->result,
                                  &log->run, &log->memory, err);
    if (found < 0)
        return found;
    log->has_result = found > 0;
    if (found > 0) {
        tote_cause_text(&log->result, log->cause);
        if (log->record.outcome == TOTE_OUTCOME_WRONG)
            snprintf(log->cause, sizeof log->cause,
                     "taken back, since its files are gone: it runs again");
        tote_mask_text(log->cause, TOTE_MASK_CONTROLS); /* it may quote an item */
        log->start_utc = utc_of(log->store, log->run, log->record.start_ns);
    }
    return 0;
}

static void finish_task(struct log *log)
{
    free(log->command);
    free(log->memory);
    log->command = NULL;
    log->memory = NULL;
}

/* --- text --- */

static double seconds_of(tote_ns_t ns)
{
    return (double)ns / (double)TOTE_NS_PER_S;
}

static void show_times(const struct log *log)
{
    char stamp[40] = "", memory[32];
    time_t seconds = (time_t)(log->start_utc / TOTE_NS_PER_S);
    struct tm utc;
    if (log->start_utc > 0 && gmtime_r(&seconds, &utc))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S UTC, ", &utc);
    tote_output_size(log->result.max_rss, memory);
    printf("when:     %stook %.3f s, CPU %.3f s, memory %s\n", stamp,
           seconds_of(log->record.end_ns - log->record.start_ns),
           seconds_of(log->record.cpu_ns), memory);
}

static int show_output(void *context, const struct tote_output_row *row)
{
    const struct log *log = context;
    char size[32];
    tote_output_size(row->size, size);
    bool is_there = log->record.outcome == TOTE_OUTCOME_OK; /* else it was taken back */
    if (is_there && row->task == log->task && row->attempt > 0)
        printf("made:     %s, %s\n", row->path, size);
    return 0;
}

static void show_stream(const struct log *log, int stream, const char *name, int fd)
{
    const struct tote_span *span = &log->result.streams[stream];
    uint64_t written = log->result.stream_bytes[stream];
    char kept[32], of[32];
    tote_output_size(span->size, kept);
    tote_output_size(written, of);
    if (written == 0)
        return;
    if (written > span->size)
        printf("%s:   the first %s of %s\n", name, kept, of);
    else
        printf("%s:   %s\n", name, of);
    fflush(stdout);
    tote_output_write(fd, span->data, span->size);
}

/* Its record is there, the row with its streams is not: what has run needed memory. */
static bool has_lost_words(const struct log *log)
{
    return log->record.outcome == TOTE_OUTCOME_OK && log->result.max_rss == 0;
}

static int show_text(struct log *log, struct tote_error *err)
{
    if (isatty(STDOUT_FILENO)) /* elsewhere it stays what can be run */
        tote_mask_text(log->command, TOTE_MASK_CONTROLS);
    printf("task:     %" PRIu64 "\ncommand:  %s\n", log->task, log->command);
    if (!log->has_result) {
        printf("outcome:  none yet\n");
        return 0;
    }
    printf("outcome:  %s%s%s\n", tote_outcome_name(log->record.outcome),
           log->cause[0] ? ", " : "", log->cause);
    printf("attempt:  %u, in run %" PRId64 "\n", (unsigned)log->record.attempt,
           log->run);
    show_times(log);
    int rc = log->result.n_outs > 0
                 ? tote_store_each_output(log->store, show_output, log, err)
                 : 0;
    show_stream(log, TOTE_STDOUT, "stdout", STDOUT_FILENO);
    show_stream(log, TOTE_STDERR, "stderr", STDERR_FILENO);
    if (has_lost_words(log))
        printf("note:     what it printed was lost with a damage of the store\n");
    return rc;
}

/* --- other forms --- */

static int show_raw(const struct log *log, struct tote_error *err)
{
    int stream = log->settings->only_stdout ? TOTE_STDOUT : TOTE_STDERR;
    const struct tote_span *span = &log->result.streams[stream];
    int code = tote_output_write(STDOUT_FILENO, span->data, span->size);
    return code && code != EPIPE
               ? tote_error_set(err, -EIO, "cannot write it: %s", strerror(code))
               : 0;
}

static json_t *text_or_null(const char *text, size_t n)
{
    json_t *string = json_stringn(text ? text : "", n);
    return string ? string : json_null(); /* not UTF-8 */
}

static json_t *stream_object(const struct log *log, int stream)
{
    const struct tote_span *span = &log->result.streams[stream];
    return json_pack("{s:o, s:I, s:I}", "text", text_or_null(span->data, span->size),
                     "kept", (json_int_t)span->size, "written",
                     (json_int_t)log->result.stream_bytes[stream]);
}

static json_t *result_object(const struct log *log)
{
    int exit_value, signo;
    if (!log->has_result)
        return json_null();
    tote_cause_numbers(&log->result, &exit_value, &signo);
    return json_pack(
        "{s:s, s:s, s:o, s:i, s:i, s:I, s:I, s:f, s:f, s:I, s:o, s:o}", "outcome",
        tote_outcome_name(log->record.outcome), "cause",
        tote_cause_name(log->result.cause), "words",
        text_or_null(log->cause, strlen(log->cause)), "exit", exit_value, "signal",
        signo, "attempt", (json_int_t)log->record.attempt, "run", (json_int_t)log->run,
        "seconds", seconds_of(log->record.end_ns - log->record.start_ns), "cpu_seconds",
        seconds_of(log->record.cpu_ns), "max_rss", (json_int_t)log->result.max_rss,
        "stdout", stream_object(log, TOTE_STDOUT), "stderr",
        stream_object(log, TOTE_STDERR));
}

static json_t *task_object(const struct log *log)
{
    return json_pack("{s:I, s:o, s:o}", "task", (json_int_t)log->task, "command",
                     text_or_null(log->command, strlen(log->command)), "result",
                     result_object(log));
}

/* Takes the document; null: there was no memory for it. */
static int print_document(json_t *root, struct tote_error *err)
{
    int rc =
        root ? json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : -1;
    if (rc == 0)
        printf("\n");
    json_decref(root);
    return rc < 0 ? tote_error_set(err, -EIO, "cannot write the document") : 0;
}

static int show_json(const struct log *log, struct tote_error *err)
{
    json_t *root = task_object(log);
    if (root && json_object_set_new(root, "schema_version", json_integer(1)) < 0) {
        json_decref(root);
        root = NULL;
    }
    return print_document(root, err);
}

static int show_task(struct log *log, const char *number, struct tote_error *err)
{
    char *end;
    errno = 0;
    log->task = strtoull(number, &end, 10);
    if (errno || *end || number[0] < '0' || number[0] > '9')
        return tote_error_set(err, -EINVAL, "a task is a number, from 0, not '%.60s'",
                              number);
    int rc = read_task(log, err);
    if (rc == 0 && log->settings->json)
        rc = show_json(log, err);
    else if (rc == 0 && (log->settings->only_stdout || log->settings->only_stderr))
        rc = show_raw(log, err);
    else if (rc == 0)
        rc = show_text(log, err);
    finish_task(log);
    return rc;
}

/* --- all that failed --- */

struct failures {
    uint64_t tasks[LISTED_MAX];
    size_t n;
    uint64_t more;
};

static int keep_failure(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    struct failures *failures = context;
    (void)worker;
    if (record->outcome == TOTE_OUTCOME_OK || record->outcome == TOTE_OUTCOME_WRONG)
        return 0; /* the latter is taken back: it runs again */
    if (failures->n < LISTED_MAX)
        failures->tasks[failures->n++] = record->task;
    else
        failures->more++;
    return 0;
}

static int print_failure(struct log *log, struct tote_error *err)
{
    char *shown = tote_argv_shown(log->argv, log->task, SHOWN_MAX);
    if (!shown)
        return tote_error_set(err, -ENOMEM, "out of memory for a command");
    printf("%" PRIu64 "\t%s\t%s\n", log->task, log->cause, shown);
    free(shown);
    return 0;
}

/* With a document its object goes into the array, else its line to stdout. */
static int show_failure(struct log *log, json_t *array, struct tote_error *err)
{
    int rc = read_task(log, err);
    if (rc == 0 && !array)
        rc = print_failure(log, err);
    else if (rc == 0 && json_array_append_new(array, task_object(log)) < 0)
        rc = tote_error_set(err, -ENOMEM, "out of memory for the document");
    finish_task(log);
    return rc;
}

static int end_failures(const struct failures *failures, json_t *array,
                        struct tote_error *err)
{
    if (array)
        return print_document(json_pack("{s:i, s:O, s:I}", "schema_version", 1,
                                        "failures", array, "more",
                                        (json_int_t)failures->more),
                              err);
    if (failures->more > 0)
        fprintf(stderr, "tote: and %" PRIu64 " more\n", failures->more);
    return 0;
}

static int show_failures(struct log *log, struct tote_error *err)
{
    struct failures *failures = calloc(1, sizeof *failures);
    json_t *array = log->settings->json ? json_array() : NULL;
    int rc = failures ? tote_store_each_result(log->store, keep_failure, failures, err)
                      : tote_error_set(err, -ENOMEM, "out of memory for the list");
    for (size_t i = 0; rc == 0 && i < failures->n; i++) {
        log->task = failures->tasks[i];
        rc = show_failure(log, array, err);
    }
    if (rc == 0)
        rc = end_failures(failures, array, err);
    json_decref(array);
    free(failures);
    return rc;
}

static int check_form(const struct log_settings *settings, size_t n_arguments,
                      struct tote_error *err)
{
    int raw = settings->only_stdout + settings->only_stderr;
    if (n_arguments == 0)
        return tote_error_set(err, -EINVAL, "which store? tote log STORE TASK");
    if (raw + settings->json > 1)
        return tote_error_set(err, -EINVAL,
                              "one of --stdout, --stderr and --json at a time");
    if (raw > 0 && n_arguments == 1)
        return tote_error_set(err, -EINVAL, "which task? tote log STORE TASK --%s",
                              settings->only_stdout ? "stdout" : "stderr");
    return 0;
}

static int log_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct log_settings settings = {false};
    struct log log = {.settings = &settings};
    int rc = tote_args_apply(args, lists, 1, &settings, &err);
    if (rc == 0)
        rc = check_form(&settings, args->n_arguments, &err);
    if (rc == 0)
        rc = tote_store_open(args->arguments[0], &log.store, &err);
    if (rc == 0)
        rc = tote_argv_open(log.store, &log.argv, &err);
    if (rc < 0)
        rc = -EINVAL;
    else if (args->n_arguments == 2)
        rc = show_task(&log, args->arguments[1], &err);
    else
        rc = show_failures(&log, &err);
    tote_argv_close(log.argv);
    tote_store_close(log.store);
    enum tote_exit code = rc == -EINVAL ? TOTE_EXIT_USAGE : TOTE_EXIT_INTERNAL;
    return rc < 0 ? tote_command_fail(args->wants_json, code, &err) : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_log = {
    .name = "log",
    .summary = "Show what a task ran and said; without a task, all that failed",
    .synopsis = "STORE [TASK] [OPTIONS]",
    .examples = "  tote log bag.tote\n"
                "  tote log bag.tote 7\n"
                "  tote log bag.tote 7 --stdout\n"
                "  tote log bag.tote | cut -f1 | while read -r task; do\n"
                "      tote log bag.tote \"$task\" --stderr\n"
                "  done\n",
    .notes =
        "TASK is the number of a task in the store, from 0; {index} of the first "
        "list,\n"
        "and Seq of a joblog less one. Without it there is a line for each task that\n"
        "failed: number, why, command, with tabs between.\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 2,
    .run = log_main,
};
