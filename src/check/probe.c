/* SPDX-License-Identifier: MIT */
/* probe.c: speaks to one engine program, line by line, and judges what it answers
 * (probe.h). What must come in which case is conformance_points.c's. */
#include "check/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"
#include "check/oracle.h"
#include "core/protocol.h"
#include "tote/clock.h"

/* --- open and close --- */

int tote_probe_open(struct tote_probe *probe, const struct tote_engine_spec *spec,
                    const struct tote_conformance_config *config,
                    const struct tote_bag *bag, const char *slices,
                    struct tote_error *err)
{
    *probe = (struct tote_probe){
        .config = config, .bag = *bag, .slices = slices, .is_open = true};
    const struct tote_launch_config launch = {
        .engine = spec,
        .slices = slices,
        .has_host_network = config->has_host_network || spec->wants_host_network,
        .log_fd = config->log_fd,
        .start_s = config->ready_s,
    };
    int rc = tote_launch_open(&probe->launch, &launch, err);
    if (rc < 0)
        tote_probe_close(probe);
    return rc;
}

/* Unless is_broken, the engine has ended by itself. */
static struct tote_probe_end finish(struct tote_probe *probe, bool is_broken)
{
    struct tote_launch_end end = tote_launch_end(&probe->launch, is_broken, -1);
    struct tote_probe_end ret = {.status = end.status, .survivors = end.survivors};
    tote_link_last_words(&probe->launch.link, 1, ret.words, sizeof ret.words);
    tote_launch_finish(&probe->launch);
    probe->is_open = false;
    return ret;
}

void tote_probe_close(struct tote_probe *probe)
{
    if (probe->is_open)
        finish(probe, true);
}

/* --- saying --- */

int tote_probe_say(struct tote_probe *probe, const char *text, struct tote_error *err)
{
    return tote_link_send(&probe->launch.link, text, strlen(text), err);
}

/* Takes the line. Returns a new one with the fields merged in, or null. */
static char *merge(char *line, const char *fields)
{
    json_t *root = json_loads(line, 0, NULL), *change = json_loads(fields, 0, NULL);
    free(line);
    char *text = NULL;
    if (root && change && json_object_update_recursive(root, change) == 0)
        text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    json_decref(change);
    return text;
}

/* Takes the line, with or without its newline. Returns a new one of so many bytes, or
 * as many as it needs, or null. */
static char *stretch(char *line, size_t bytes)
{
    size_t n = strcspn(line, "\n");
    if (bytes < n + 1)
        bytes = n + 1;
    char *longer = realloc(line, bytes + 1);
    if (!longer) {
        free(line);
        return NULL;
    }
    memset(longer + n, ' ', bytes - n);
    memcpy(longer + bytes - 1, "\n", 2);
    return longer;
}

/* Takes the line. */
static int say_changed(struct tote_probe *probe, char *line,
                       const struct tote_probe_change *change, struct tote_error *err)
{
    if (line && change && change->fields)
        line = merge(line, change->fields);
    if (line)
        line = stretch(line, change ? change->bytes : 0);
    if (!line)
        return tote_error_set(err, -ENOMEM,
                              "out of memory for a command to the engine");
    return tote_launch_send(&probe->launch, line, strlen(line), err);
}

int tote_probe_hello(struct tote_probe *probe, const struct tote_probe_change *change,
                     struct tote_error *err)
{
    size_t n;
    char *line =
        tote_launch_hello(&probe->launch, &probe->bag, probe->config->slots, &n, err);
    return say_changed(probe, line, change, err);
}

int tote_probe_stop(struct tote_probe *probe, const struct tote_probe_change *change,
                    struct tote_error *err)
{
    size_t n;
    /* An over-long line is no command. */
    probe->is_stopping = !change || change->bytes <= TOTE_LINE_MAX;
    return say_changed(probe, tote_protocol_stop(&n, err), change, err);
}

/* The line of run; of commands with the two files that every batch has. */
static char *new_run(const struct tote_probe *probe, const struct tote_batch *batch,
                     struct tote_error *err)
{
    char paths[2][PATH_MAX], name[TOTE_SLICE_NAME_MAX];
    size_t n;
    if (!probe->slices)
        return tote_protocol_run(batch, NULL, &n, err);
    for (int i = 0; i < 2; i++) {
        tote_slice_name(batch->first, batch->count, batch->attempt, i == 1, name);
        snprintf(paths[i], PATH_MAX, "%s/%s", probe->slices, name);
    }
    const struct tote_travel_file slice = {paths[0], "slice"},
                                  pack = {paths[1], "pack"};
    const struct tote_travel travel = {
        .inputs = &slice, .n_inputs = 1, .outputs = &pack, .n_outputs = 1};
    return tote_protocol_run(batch, &travel, &n, err);
}

int tote_probe_run(struct tote_probe *probe, const struct tote_batch *batch,
                   const struct tote_probe_change *change, struct tote_error *err)
{
    if (probe->n_batches == TOTE_PROBE_BATCHES_MAX)
        return tote_error_set(err, -ENOSPC, "more than %d batches in one launch",
                              TOTE_PROBE_BATCHES_MAX);
    struct tote_probe_batch *sent = &probe->batches[probe->n_batches++];
    *sent = (struct tote_probe_batch){.batch = *batch};
    sent->batch.id = probe->n_batches;
    return say_changed(probe, new_run(probe, &sent->batch, err), change, err);
}

void tote_probe_hang_up(struct tote_probe *probe)
{
    close(probe->launch.box.to_engine);
    probe->launch.box.to_engine = probe->launch.link.to_engine = -1;
    probe->is_stopping = true;
}

/* --- listening --- */

static void set_deadline(struct tote_probe *probe, double seconds)
{
    probe->launch.deadline_ns =
        tote_clock_monotonic() + (tote_ns_t)(seconds * (double)TOTE_NS_PER_S);
}

/* Waits for anything to read; sets *ret_has_ended when the box has. -ETIMEDOUT comes
 * without a sentence: the caller knows what was waited for. */
static int wait_for_any(struct tote_probe *probe, bool *ret_has_ended,
                        struct tote_error *err)
{
    struct tote_link *link = &probe->launch.link;
    int ms = tote_launch_poll_ms(&probe->launch, -1);
    if (ms == 0)
        return -ETIMEDOUT;
    struct pollfd fds[] = {
        {.fd = link->is_ended ? -1 : link->from_engine, .events = POLLIN},
        {.fd = link->has_errors_ended ? -1 : link->errors, .events = POLLIN},
        {.fd = tote_link_has_output(link) ? link->to_engine : -1, .events = POLLOUT},
        {.fd = link->is_ended ? probe->launch.box.tally : -1, .events = POLLIN},
        {.fd = probe->config->signal_fd, .events = POLLIN},
    };
    int n = poll(fds, sizeof fds / sizeof fds[0], ms);
    if (n < 0 && errno != EINTR)
        return tote_error_set(err, -errno, "poll: %s", strerror(errno));
    if (n <= 0)
        return 0;
    if (fds[0].revents)
        tote_link_fill(link);
    if (fds[1].revents)
        tote_link_fill_errors(link);
    if (fds[2].revents)
        tote_link_flush(link);
    *ret_has_ended = fds[3].revents != 0;
    return fds[4].revents ? tote_error_set(err, -EINTR, "interrupted") : 0;
}

/* 1 and the next event, which the caller finishes; 0 at the end of the engine's output.
 */
static int next_event(struct tote_probe *probe, struct tote_event *ret_event,
                      struct tote_error *err)
{
    struct tote_link *link = &probe->launch.link;
    bool has_ended;
    for (;;) {
        const char *line;
        size_t n;
        int rc = tote_link_line(link, &line, &n, err);
        if (rc > 0)
            rc = tote_event_parse(line, n, ret_event, err) < 0 ? -EBADMSG : 1;
        if (rc != 0)
            return rc;
        if (link->is_ended && link->in_at < link->in_n)
            return tote_error_set(err, -EPROTO, "its last line has no newline");
        if (link->is_ended)
            return 0;
        rc = wait_for_any(probe, &has_ended, err);
        if (rc < 0)
            return rc;
    }
}

/* --- judging --- */

static bool is_worker(const struct tote_probe *probe, uint64_t id)
{
    for (size_t i = 0; i < probe->n_workers; i++)
        if (probe->workers[i] == id)
            return true;
    return false;
}

static int take_worker(struct tote_probe *probe, uint64_t id, struct tote_error *err)
{
    if (is_worker(probe, id))
        return tote_error_set(err, -EPROTO, "worker id %" PRIu64 " is used twice", id);
    if (probe->n_workers == TOTE_PROBE_WORKERS_MAX)
        return tote_error_set(err, -EPROTO, "more than %d workers joined",
                              TOTE_PROBE_WORKERS_MAX);
    probe->workers[probe->n_workers++] = id;
    return 0;
}

static int take_ready(struct tote_probe *probe, const struct tote_event *event,
                      struct tote_error *err)
{
    uint64_t slots = 0;
    int rc = 0;
    if (probe->is_ready)
        rc = tote_error_set(err, -EPROTO, "it said ready twice");
    for (size_t i = 0; rc == 0 && i < event->n_workers; i++) {
        slots += event->workers[i].slots;
        rc = take_worker(probe, event->workers[i].id, err);
    }
    if (rc == 0 && slots != probe->config->slots)
        rc = tote_error_set(err, -EPROTO,
                            "the workers of its ready have %" PRIu64 " slots; %" PRIu32
                            " were asked for",
                            slots, probe->config->slots);
    probe->is_ready = true;
    return rc;
}

static int take_answer(struct tote_probe *probe, struct tote_event *event,
                       struct tote_error *err)
{
    bool is_done = event->kind == TOTE_EVENT_DONE;
    uint64_t id = event->batch;
    if (id > probe->n_batches)
        return tote_error_set(err, -EPROTO,
                              "it answered batch %" PRIu64 ", which it was never given",
                              id);
    struct tote_probe_batch *sent = &probe->batches[id - 1];
    if (sent->answer != TOTE_PROBE_OUT)
        return tote_error_set(err, -EPROTO, "it answered batch %" PRIu64 " twice", id);
    if ((is_done || event->worker) && !is_worker(probe, event->worker))
        return tote_error_set(err, -EPROTO,
                              "its answer to batch %" PRIu64 " names worker %" PRIu64
                              ", which never joined",
                              id, event->worker);
    sent->answer = is_done ? TOTE_PROBE_DONE : TOTE_PROBE_LOST;
    sent->answer_ns = tote_clock_monotonic();
    return is_done ? tote_oracle_check(&probe->bag, &sent->batch, event->records,
                                       event->n_records, probe->config->signal_fd, err)
                   : 0;
}

static int take_event(struct tote_probe *probe, struct tote_event *event,
                      struct tote_error *err)
{
    if (probe->has_said_bye)
        return tote_error_set(err, -EPROTO, "it said more after its bye");
    if (!probe->is_ready && event->kind != TOTE_EVENT_READY)
        return tote_error_set(err, -EPROTO, "its first event is not ready");
    switch (event->kind) {
    case TOTE_EVENT_READY:
        return take_ready(probe, event, err);
    case TOTE_EVENT_DONE:
    case TOTE_EVENT_LOST:
        return take_answer(probe, event, err);
    case TOTE_EVENT_JOINED:
        return take_worker(probe, event->workers[0].id, err);
    case TOTE_EVENT_LEFT:
        if (!is_worker(probe, event->workers[0].id))
            return tote_error_set(err, -EPROTO,
                                  "worker %" PRIu64 " left, which never joined",
                                  event->workers[0].id);
        return 0;
    case TOTE_EVENT_BYE:
        if (!probe->is_stopping)
            return tote_error_set(err, -EPROTO,
                                  "it said bye before it was asked to stop");
        probe->has_said_bye = true;
        return 0;
    }
    return -EPROTO;
}

/* Takes one event: 1; 0 at the end of the engine's output. */
static int take_next(struct tote_probe *probe, struct tote_error *err)
{
    struct tote_event event = {0};
    int rc = next_event(probe, &event, err);
    if (rc <= 0)
        return rc;
    rc = take_event(probe, &event, err);
    tote_event_finish(&event);
    return rc < 0 ? rc : 1;
}

/* --- awaiting --- */

/* The engine's output ended while something was awaited. */
static int explain_end(struct tote_probe *probe, const char *awaited,
                       struct tote_error *err)
{
    struct tote_probe_end end;
    int rc = tote_probe_await_end(probe, &end, err);
    if (rc < 0)
        return rc;
    return tote_error_set(err, -EPROTO, "it ended with status %d before %s%s%s",
                          end.status, awaited, end.words[0] ? "; it said: " : "",
                          end.words);
}

int tote_probe_await_ready(struct tote_probe *probe, struct tote_error *err)
{
    double limit = probe->config->ready_s;
    set_deadline(probe, limit);
    int rc = take_next(probe, err);
    if (rc == 0)
        return explain_end(probe, "it was ready", err);
    if (rc == -ETIMEDOUT)
        return tote_error_set(err, rc, "it was not ready within %g s", limit);
    return rc < 0 ? rc : 0;
}

int tote_probe_await_answer(struct tote_probe *probe, uint64_t id,
                            struct tote_error *err)
{
    double limit = probe->config->answer_s;
    set_deadline(probe, limit);
    const struct tote_probe_batch *sent = &probe->batches[id - 1];
    while (sent->answer == TOTE_PROBE_OUT) {
        int rc = take_next(probe, err);
        if (rc == 0)
            return explain_end(probe, "it had answered every batch", err);
        if (rc == -ETIMEDOUT)
            return tote_error_set(
                err, rc, "it did not answer batch %" PRIu64 " within %g s", id, limit);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int tote_probe_await_answers(struct tote_probe *probe, struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < probe->n_batches; i++)
        rc = tote_probe_await_answer(probe, probe->batches[i].batch.id, err);
    return rc;
}

int tote_probe_await_end(struct tote_probe *probe, struct tote_probe_end *ret_end,
                         struct tote_error *err)
{
    double limit = probe->config->answer_s;
    set_deadline(probe, limit);
    bool has_ended = false;
    int rc;
    do
        rc = take_next(probe, err);
    while (rc > 0);
    while (rc == 0 && !has_ended)
        rc = wait_for_any(probe, &has_ended, err);
    if (rc == -ETIMEDOUT)
        return tote_error_set(err, rc, "it had not ended after %g s", limit);
    if (rc < 0)
        return rc;
    *ret_end = finish(probe, false);
    return 0;
}
