/* SPDX-License-Identifier: MIT */
/* output.c: see output.h. */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"
#include "cli/progress.h"
#include "store/commands.h"
#include "store/kept.h"

/* The state of a task, a byte each: nothing is known; its turn is not waited for; it
 * is done, by that attempt as far as a byte can tell attempts apart. */
enum { WAITED_FOR, PASSED, DONE, ATTEMPTS = 256 - DONE };

struct tote_output {
    enum tote_print how;
    uint64_t stream_max;
    struct tote_store *reader; /* borrowed */
    uint64_t next;             /* whose turn it is */
    uint64_t n_states;
    uint8_t *states;
    uint64_t listed; /* tasks below are known to be passed, or waited for */
    bool goes_on;    /* there may be tasks that are not listed any more */
    bool is_closed[TOTE_STREAMS];
    uint64_t cuts;   /* streams that were longer than stream_max */
    bool is_in_line; /* what commands have said on stderr ended within a line */
    int code;        /* errno of what could not be written; 0 */
};

struct tote_output *tote_output_create(enum tote_print how, uint64_t stream_max)
{
    struct tote_output *output = calloc(1, sizeof *output);
    if (output) {
        output->how = how;
        output->stream_max = stream_max;
    }
    return output;
}

void tote_output_read_from(struct tote_output *output, struct tote_store *reader)
{
    output->reader = reader;
}

/* --- writing --- */

int tote_output_write(int fd, const void *data, size_t n)
{
    const char *at = data;
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done >= 0) {
            at += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) { /* a pipe that somebody has made so */
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

void tote_output_size(uint64_t bytes, char into[static 32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1024 && unit < 4; unit++)
        size /= 1024;
    bool is_whole = size == (double)(uint64_t)size;
    snprintf(into, 32, is_whole ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

static const char *advice(const struct tote_output *output)
{
    return output->stream_max < TOTE_STREAM_MAX ? ": raise --stream-max" : "";
}

enum { CUTS_MAX = 3 }; /* that are said one by one */

/* A sentence of ours begins a line, also behind a command's that did not end its own.
 */
static void begin_line(struct tote_output *output)
{
    if (output->is_in_line)
        fputc('\n', stderr);
    output->is_in_line = false;
}

static void say_cut(struct tote_output *output, uint64_t task, int stream,
                    uint64_t kept, uint64_t written)
{
    if (++output->cuts > CUTS_MAX)
        return;
    static const char *const names[TOTE_STREAMS] = {"stdout", "stderr"};
    char at[32], of[32];
    tote_output_size(kept, at);
    tote_output_size(written, of);
    begin_line(output);
    fprintf(stderr, "tote: task %" PRIu64 ": %s cut at %s of %s%s\n", task,
            names[stream], at, of, advice(output));
}

static void say_more_cuts(struct tote_output *output)
{
    uint64_t more = output->cuts > CUTS_MAX ? output->cuts - CUTS_MAX : 0;
    if (more == 0)
        return;
    begin_line(output);
    fprintf(stderr, "tote: and %" PRIu64 " more stream%s cut%s\n", more,
            more > 1 ? "s" : "", advice(output));
}

static void print_stream(struct tote_output *output, const struct tote_result *result,
                         int stream)
{
    static const int fds[TOTE_STREAMS] = {STDOUT_FILENO, STDERR_FILENO};
    const struct tote_span *span = &result->streams[stream];
    if (span->size == 0 || output->is_closed[stream])
        return;
    int code = tote_output_write(fds[stream], span->data, span->size);
    if (stream == TOTE_STDERR)
        output->is_in_line = ((const char *)span->data)[span->size - 1] != '\n';
    output->is_closed[stream] = code != 0;
    if (code && code != EPIPE && output->code == 0)
        output->code = code;
}

static void print_result(struct tote_output *output, uint64_t task,
                         const struct tote_result *result)
{
    for (int stream = 0; stream < TOTE_STREAMS; stream++) {
        if (result->stream_bytes[stream] == 0)
            continue;
        tote_progress_clear();
        print_stream(output, result, stream);
        if (result->stream_bytes[stream] > result->streams[stream].size)
            say_cut(output, task, stream, result->streams[stream].size,
                    result->stream_bytes[stream]);
    }
}

/* --- turns --- */

static uint8_t state_of(const struct tote_output *output, uint64_t task)
{
    return task < output->n_states ? output->states[task] : WAITED_FOR;
}

static uint8_t state_done(uint32_t attempt)
{
    return (uint8_t)(DONE + attempt % ATTEMPTS);
}

static int set_state(struct tote_output *output, uint64_t task, uint8_t state)
{
    if (task >= output->n_states) {
        uint64_t n = output->n_states, wanted = task + 1;
        uint64_t room = wanted > 2 * n ? wanted : 2 * n;
        uint8_t *states = realloc(output->states, room);
        if (!states)
            return -ENOMEM;
        memset(states + n, WAITED_FOR, room - n);
        output->states = states;
        output->n_states = room;
    }
    output->states[task] = state;
    return 0;
}

/* False: what that attempt said is not in the store yet; an earlier one's may be. */
static bool print_stored(struct tote_output *output, uint64_t task)
{
    struct tote_record record;
    struct tote_result result;
    int64_t run;
    void *memory = NULL;
    bool is_there = output->reader &&
                    tote_store_result(output->reader, task, &record, &result, &run,
                                      &memory, NULL) > 0 &&
                    state_done(record.attempt) == state_of(output, task);
    if (is_there)
        print_result(output, task, &result);
    free(memory);
    return is_there;
}

static int note_list(void *context, const struct tote_task_row *row)
{
    *(uint32_t *)context = row->listed;
    return 0;
}

/* Whether the next task is of an earlier list only, so that it will not run. Asked once
 * of each that is waited for: one that the store has not yet is new, and listed. */
static bool is_dropped(struct tote_output *output)
{
    uint32_t list = 0;
    if (!output->goes_on || !output->reader || output->next < output->listed)
        return false;
    output->listed = output->next + 1;
    return tote_store_each_task(output->reader, output->next, 1, note_list, &list,
                                NULL) == 0 &&
           list < tote_kept_list(output->reader);
}

void tote_output_advance(struct tote_output *output)
{
    if (output->how != TOTE_PRINT_ORDERED)
        return;
    for (;; output->next++) {
        uint8_t state = state_of(output, output->next);
        if (state == WAITED_FOR && !is_dropped(output))
            return;
        if (state >= DONE && !print_stored(output, output->next))
            return;
    }
}

void tote_output_put(struct tote_output *output, const struct tote_record *record,
                     const struct tote_result *result)
{
    if (output->how == TOTE_PRINT_NONE)
        return;
    /* One whose turn is over was not to run again: a file of it was gone. */
    bool is_turn = output->how == TOTE_PRINT_ASDONE || record->task <= output->next ||
                   state_of(output, record->task) == PASSED;
    if (is_turn || set_state(output, record->task, state_done(record->attempt)) < 0)
        print_result(output, record->task, result);
    output->next += record->task == output->next;
    tote_output_advance(output);
}

/* --- what was before --- */

struct passing {
    struct tote_output *output;
    bool retries_failed;
};

static int pass_record(void *context, const struct tote_record *record, uint64_t worker)
{
    struct passing *passing = context;
    (void)worker;
    bool runs_again = record->outcome == TOTE_OUTCOME_WRONG ||
                      (record->outcome != TOTE_OUTCOME_OK && passing->retries_failed);
    return runs_again ? 0 : set_state(passing->output, record->task, PASSED);
}

int tote_output_pass(struct tote_output *output, struct tote_store *reader,
                     bool retries_failed, struct tote_error *err)
{
    struct passing passing = {output, retries_failed};
    output->goes_on = true;
    if (output->how != TOTE_PRINT_ORDERED)
        return 0;
    return tote_store_each_result(reader, pass_record, &passing, err);
}

int tote_output_end(struct tote_output *output, struct tote_error *err)
{
    if (!output)
        return 0;
    if (output->how == TOTE_PRINT_ORDERED)
        for (uint64_t task = output->next; task < output->n_states; task++)
            if (state_of(output, task) >= DONE)
                print_stored(output, task);
    say_more_cuts(output);
    begin_line(output);
    int rc = output->code ? tote_error_set(err, -EIO,
                                           "cannot write what tasks have said: %s; the "
                                           "store has it, tote log",
                                           strerror(output->code))
                          : 0;
    free(output->states);
    free(output);
    return rc;
}
