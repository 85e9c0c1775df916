/* SPDX-License-Identifier: MIT */
/* run.c: drives the dispatcher with a real engine, a real store and the real clock. */
#include "core/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/box.h"
#include "core/dispatcher.h"
#include "core/link.h"
#include "core/protocol.h"
#include "store/writer.h"

struct run {
    const struct tote_run_config *config;
    struct tote_store *store;
    struct tote_run_row *row;
    struct tote_dispatcher dispatcher;
    struct tote_box box;
    struct tote_link link;
    struct tote_writer *writer;
    tote_ns_t deadline_ns; /* of start, later of stop; 0: none */
    int signal; /* that ended the run, or 0 */
};

/* --- the dispatcher's way out --- */

static tote_ns_t run_now(void *context)
{
    (void)context;
    return tote_clock_monotonic();
}

/* Takes line. */
static int run_send_line(struct run *run, char *line, size_t n, struct tote_error *err)
{
    if (!line)
        return -ENOMEM;
    int rc = tote_link_send(&run->link, line, n, err);
    free(line);
    return rc;
}

static int run_batch(void *context, const struct tote_batch *batch, struct tote_error *err)
{
    size_t n = 0;
    char *line = tote_protocol_run(batch, &n, err);
    return run_send_line(context, line, n, err);
}

static int run_stop(void *context, struct tote_error *err)
{
    struct run *run = context;
    size_t n = 0;
    char *line = tote_protocol_stop(&n, err);
    run->deadline_ns = tote_clock_monotonic() + TOTE_STOP_S * TOTE_NS_PER_S;
    return run_send_line(run, line, n, err);
}

static int run_record(void *context, uint64_t worker, const struct tote_record *records,
                      size_t n, struct tote_error *err)
{
    struct run *run = context;
    return tote_writer_put_records(run->writer, run->row->id, worker, records, n, err);
}

static int run_back(void *context, const struct tote_batch *batch, uint64_t worker,
                    tote_ns_t sent_ns, tote_ns_t back_ns, const char *why,
                    struct tote_error *err)
{
    struct run *run = context;
    struct tote_batch_row row = {
        .run = run->row->id,
        .batch = batch->id,
        .first = batch->first,
        .count = batch->count,
        .attempt = batch->attempt,
        .worker = worker,
        .sent_ns = sent_ns,
        .back_ns = back_ns,
        .lost = why != NULL,
        .why = why,
    };
    return tote_writer_put_batch(run->writer, &row, err);
}

static bool run_is_full(void *context)
{
    struct run *run = context;
    return tote_writer_full(run->writer);
}

static const struct tote_dispatch_ops run_ops = {
    .now = run_now,
    .run = run_batch,
    .stop = run_stop,
    .record = run_record,
    .back = run_back,
    .is_full = run_is_full,
};

/* --- events of the engine --- */

static int set_text(char **field, const char *text, struct tote_error *err)
{
    free(*field);
    *field = strdup(text);
    return *field ? 0 : tote_error_set(err, -ENOMEM, "out of memory for a run's row");
}

static int note_worker(struct run *run, const struct tote_event_worker *worker,
                       tote_ns_t left_ns, struct tote_error *err)
{
    struct tote_worker_row row = {
        .run = run->row->id,
        .worker = worker->id,
        .host = worker->host,
        .pid = worker->pid,
        .slots = worker->slots,
        .joined_ns = left_ns ? 0 : tote_clock_monotonic(),
        .left_ns = left_ns,
    };
    return tote_writer_put_worker(run->writer, &row, err);
}

static int on_ready(struct run *run, const struct tote_event *event,
                    struct tote_error *err)
{
    run->deadline_ns = 0;
    int rc = set_text(&run->row->engine, event->engine, err);
    if (rc == 0)
        rc = set_text(&run->row->engine_version, event->version, err);
    if (rc == 0)
        rc = set_text(&run->row->binding, event->binding, err);
    for (size_t i = 0; rc == 0 && i < event->n_workers; i++)
        rc = note_worker(run, &event->workers[i], 0, err);
    return rc < 0 ? rc : tote_dispatcher_ready(&run->dispatcher, err);
}

static int on_event(struct run *run, const struct tote_event *event,
                    struct tote_error *err)
{
    switch (event->kind) {
    case TOTE_EVENT_READY:
        return on_ready(run, event, err);
    case TOTE_EVENT_DONE:
        return tote_dispatcher_done(&run->dispatcher, event->batch, event->worker,
                                    event->records, event->n_records, err);
    case TOTE_EVENT_LOST:
        return tote_dispatcher_lost(&run->dispatcher, event->batch, event->worker,
                                    event->why, err);
    case TOTE_EVENT_JOINED:
        return note_worker(run, &event->workers[0], 0, err);
    case TOTE_EVENT_LEFT:
        return note_worker(run, &event->workers[0], tote_clock_monotonic(), err);
    case TOTE_EVENT_BYE:
        free(run->row->stats);
        run->row->stats = json_dumps(event->stats, JSON_COMPACT | JSON_SORT_KEYS);
        return run->row->stats ? 0 : tote_error_set(err, -ENOMEM, "out of memory at bye");
    }
    return -EPROTO;
}

static int on_engine_output(struct run *run, struct tote_error *err)
{
    tote_link_fill(&run->link);
    const char *line;
    size_t n;
    int rc;
    while ((rc = tote_link_line(&run->link, &line, &n, err)) > 0) {
        struct tote_event event;
        rc = tote_event_parse(line, n, &event, err);
        if (rc < 0)
            break;
        rc = on_event(run, &event, err);
        tote_event_finish(&event);
        if (rc < 0)
            break;
    }
    if (rc == 0 && run->link.is_ended)
        rc = tote_dispatcher_gone(&run->dispatcher, err);
    return rc;
}

/* --- the other descriptors --- */

static int on_durable(struct run *run, struct tote_error *err)
{
    uint64_t durable;
    int rc = tote_writer_durable(run->writer, &durable, err);
    return rc < 0 ? rc : tote_dispatcher_durable(&run->dispatcher, durable, err);
}

static int on_signal(struct run *run, struct tote_error *err)
{
    struct signalfd_siginfo info;
    if (read(run->config->signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    if (run->signal) /* the second: now */
        return tote_error_set(err, -EINTR, "interrupted twice");
    run->signal = (int)info.ssi_signo;
    return tote_dispatcher_stop(&run->dispatcher, err);
}

static int check_deadline(struct run *run, struct tote_error *err)
{
    if (!run->deadline_ns || tote_clock_monotonic() < run->deadline_ns)
        return 0;
    if (run->dispatcher.phase == TOTE_PHASE_STARTING)
        return tote_error_set(err, -ETIMEDOUT,
                              "it was not ready after %g s; give it more with "
                              "--start-timeout",
                              run->config->start_s);
    /* It was asked to stop and has not. What counts is durable, so this is no error of the
     * run: end it. */
    run->deadline_ns = 0;
    tote_box_kill(&run->box);
    return 0;
}

static void show_progress(const struct run *run)
{
    const struct tote_dispatcher *d = &run->dispatcher;
    if (!run->config->progress)
        return;
    struct tote_progress progress = {
        .done = d->recorder.ok,
        .failed = d->recorder.recorded - d->recorder.ok,
        .tasks = d->recorder.tasks,
        .elapsed_ns = d->ready_ns ? tote_clock_monotonic() - d->ready_ns : 0,
    };
    run->config->progress(run->config->context, &progress);
}

/* --- the loop --- */

enum { FD_FROM, FD_TO, FD_ERRORS, FD_WRITER, FD_SIGNAL, N_FDS };

static void choose_fds(const struct run *run, struct pollfd fds[static N_FDS])
{
    const struct tote_link *link = &run->link;
    fds[FD_FROM] = (struct pollfd){.fd = link->from_engine, .events = POLLIN};
    fds[FD_TO] = (struct pollfd){.fd = tote_link_has_output(link) ? link->to_engine : -1,
                                 .events = POLLOUT};
    fds[FD_ERRORS] = (struct pollfd){
        .fd = link->has_errors_ended ? -1 : link->errors, .events = POLLIN};
    fds[FD_WRITER] =
        (struct pollfd){.fd = tote_writer_fd(run->writer), .events = POLLIN};
    fds[FD_SIGNAL] = (struct pollfd){.fd = run->config->signal_fd, .events = POLLIN};
}

/* Milliseconds to the next deadline or look at the progress; -1: for ever. */
static int poll_limit(const struct run *run)
{
    const int glance_ms = 100;
    if (!run->deadline_ns)
        return run->config->progress ? glance_ms : -1;
    tote_ns_t left = run->deadline_ns - tote_clock_monotonic();
    int ms = left <= 0 ? 0 : (int)(left / TOTE_NS_PER_MS) + 1;
    return run->config->progress && ms > glance_ms ? glance_ms : ms;
}

static int handle_fds(struct run *run, const struct pollfd fds[static N_FDS],
                      struct tote_error *err)
{
    int rc = 0;
    if (fds[FD_TO].revents)
        tote_link_flush(&run->link);
    if (fds[FD_ERRORS].revents)
        tote_link_fill_errors(&run->link);
    if (fds[FD_WRITER].revents)
        rc = on_durable(run, err);
    if (rc == 0 && fds[FD_FROM].revents)
        rc = on_engine_output(run, err);
    if (rc == 0 && fds[FD_SIGNAL].revents)
        rc = on_signal(run, err);
    return rc < 0 ? rc : check_deadline(run, err);
}

static int loop(struct run *run, struct tote_error *err)
{
    int rc = 0;
    while (rc == 0 && run->dispatcher.phase != TOTE_PHASE_OVER) {
        struct pollfd fds[N_FDS];
        choose_fds(run, fds);
        if (poll(fds, N_FDS, poll_limit(run)) < 0 && errno != EINTR)
            return tote_error_set(err, -errno, "poll: %s", strerror(errno));
        rc = handle_fds(run, fds, err);
        if (tote_dispatcher_is_recorded(&run->dispatcher))
            tote_writer_hurry(run->writer); /* nothing more will fill its group */
        show_progress(run);
    }
    return rc;
}

/* --- start and end --- */

static int say_hello(struct run *run, struct tote_error *err)
{
    char program[PATH_MAX], library[PATH_MAX];
    int rc = tote_program_find("tote-task", program, err);
    if (rc == 0)
        rc = tote_program_find("libtote-task.so", library, err);
    if (rc < 0)
        return rc;
    struct tote_hello hello = {
        .bag = run->config->bag,
        .slots = run->config->workers,
        .task_program = program,
        .task_library = library,
        .scratch = run->box.scratch,
        .options = run->config->engine->options,
    };
    size_t n = 0;
    char *line = tote_protocol_hello(&hello, &n, err);
    return run_send_line(run, line, n, err);
}

/* A cell's own batch wins over that of the experiment. */
static uint32_t batch_of(const struct tote_run_config *config)
{
    return config->engine->has_batch ? config->engine->batch : config->batch;
}

static int describe_row(struct run *run, struct tote_error *err)
{
    const struct tote_run_config *config = run->config;
    struct tote_run_row *row = run->row;
    char batch[16] = "auto";
    if (batch_of(config))
        snprintf(batch, sizeof batch, "%u", batch_of(config));
    char *options = json_dumps(config->engine->options, JSON_COMPACT | JSON_SORT_KEYS);
    free(row->options);
    row->options = options;
    row->size = config->bag->size;
    row->seed = config->bag->seed;
    row->tasks = config->bag->tasks;
    row->workers = config->workers;
    row->state = TOTE_RUN_RUNNING;
    row->launched_utc = tote_clock_utc();
    const struct {
        char **field;
        const char *text;
    } texts[] = {
        {&row->label, row->label ? NULL : config->engine->label},
        {&row->engine, config->engine->about.name},
        {&row->engine_version, config->engine->about.version},
        {&row->binding, ""},
        {&row->kernel, config->bag->kernel},
        {&row->batch, batch},
        {&row->box, ""},
        {&row->stats, "{}"},
        {&row->why, ""},
    };
    int rc = options ? 0 : tote_error_set(err, -ENOMEM, "out of memory for a run's row");
    for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].text)
            rc = set_text(texts[i].field, texts[i].text, err);
    return rc;
}

static int start_engine(struct run *run, struct tote_error *err)
{
    const struct tote_run_config *config = run->config;
    char *argv[] = {(char *)config->engine->path, NULL};
    struct tote_box_config box = {
        .argv = argv,
        .has_host_network =
            config->has_host_network || config->engine->wants_host_network,
    };
    run->row->launch_ns = tote_clock_monotonic();
    run->deadline_ns =
        run->row->launch_ns + (tote_ns_t)(config->start_s * (double)TOTE_NS_PER_S);
    int rc = tote_box_start(&box, &run->box, err);
    if (rc < 0)
        return rc;
    rc = set_text(&run->row->box,
                  !run->box.is_full         ? run->box.missing
                  : box.has_host_network ? "user, PID and mount namespace; host's network"
                                         : "user, PID, mount and network namespace",
                  err);
    if (rc == 0)
        rc = tote_link_init(&run->link, &run->box, config->log_fd, err);
    return rc < 0 ? rc : say_hello(run, err);
}

/* An engine that has closed its output is about to end, and its own status says why; one
 * that only closed it is not waited for. */
static bool is_ending(const struct run *run)
{
    const int moment_ms = 1000;
    struct pollfd tally = {.fd = run->box.tally, .events = POLLIN};
    return run->link.is_ended && poll(&tally, 1, moment_ms) > 0;
}

/* Waits for the end of the box, that is of its tally and of stderr. An engine that has closed
 * its output need not have ended: the deadline of stop still holds, and a signal, which is
 * left to the next reader, ends the patience at once. */
static void wait_for_end(struct run *run)
{
    struct pollfd fds[] = {{.fd = run->box.tally, .events = POLLIN},
                           {.fd = run->link.errors, .events = POLLIN},
                           {.fd = run->config->signal_fd, .events = POLLIN}};
    while (!fds[0].revents || !run->link.has_errors_ended) {
        poll(fds, 3, poll_limit(run));
        if (fds[1].revents)
            tote_link_fill_errors(&run->link);
        if (run->link.has_errors_ended)
            fds[1].fd = -1;
        bool is_late = run->deadline_ns && tote_clock_monotonic() >= run->deadline_ns;
        if (is_late || fds[2].revents) {
            tote_box_kill(&run->box);
            run->deadline_ns = 0;
            fds[2].fd = -1;
        }
    }
}

/* Ends the box, however the run ended, and reads what the engine still says on stderr. */
static int end_engine(struct run *run, bool is_broken)
{
    if (!run->box.init)
        return 0;
    if (is_broken && !is_ending(run))
        tote_box_kill(&run->box);
    if (run->link.in)
        wait_for_end(run);
    struct tote_box_usage usage;
    int status = tote_box_end(&run->box, &usage);
    run->row->cpu_user_ns = usage.user_ns;
    run->row->cpu_sys_ns = usage.sys_ns;
    run->row->end_ns = tote_clock_monotonic();
    return status;
}

/* Else it is the store's, or the user's. */
static bool is_engines_fault(int rc)
{
    return rc == -EPROTO || rc == -EPIPE || rc == -EBADMSG || rc == -E2BIG ||
           rc == -ETIMEDOUT;
}

/* Turns the end of an engine that broke into one sentence with its own last words. */
static int explain(const struct run *run, int rc, int status, struct tote_error *err)
{
    char words[TOTE_ERROR_MAX / 2];
    tote_link_last_words(&run->link, words, sizeof words);
    const char *name = run->config->engine->name;
    bool was_starting = !run->dispatcher.ready_ns;
    if (run->link.is_ended && rc == -EPROTO) { /* it died: what it said says more */
        *err = (struct tote_error){0};
        tote_error_set(err, -EPIPE, "engine %s %s with status %d%s%s", name,
                       was_starting ? "ended before it was ready" : "died", status,
                       words[0] ? "; it said: " : "", words);
        return was_starting ? (status == 2 ? -EINVAL : -ENOPKG) : -EPIPE;
    }
    if (is_engines_fault(rc))
        tote_error_prefix(err, "engine %s", name);
    return was_starting && (rc == -ETIMEDOUT || rc == -EBADMSG) ? -ENOPKG : rc;
}

static void fill_row(struct run *run, int rc, const struct tote_error *err)
{
    const struct tote_dispatcher *d = &run->dispatcher;
    struct tote_run_row *row = run->row;
    bool was_cut_short = run->signal && !d->last_ns; /* else it came after the end */
    row->ready_ns = d->ready_ns;
    row->first_ns = d->first_ns;
    row->fed_ns = d->fed_ns;
    row->last_ns = d->last_ns;
    row->done = d->recorder.ok;
    row->failed = d->recorder.recorded - d->recorder.ok;
    row->duplicate = d->recorder.duplicate;
    row->lost = d->lost;
    row->state = rc < 0        ? TOTE_RUN_BROKEN
                 : was_cut_short ? TOTE_RUN_INTERRUPTED
                               : TOTE_RUN_COMPLETE;
    if (rc < 0)
        set_text(&row->why, err->text, NULL);
    else if (was_cut_short)
        set_text(&row->why, strsignal(run->signal), NULL);
}

/* The row's last word, after the engine and the writer have ended. */
static int close_row(struct run *run, int rc, struct tote_error *err)
{
    fill_row(run, rc, err);
    struct tote_error why = {0};
    int stored = 0;
    if (rc == 0 && run->row->state == TOTE_RUN_COMPLETE)
        stored = tote_store_digest(run->store, run->row->id, run->row->tasks,
                                   &run->row->digest, &why);
    run->row->has_digest = stored > 0;
    if (stored >= 0)
        stored = tote_store_update_run(run->store, run->row, &why);
    if (stored < 0 && rc == 0)
        return tote_error_set(err, stored, "%s", why.text);
    return rc;
}

static int run_whole(struct run *run, struct tote_error *err)
{
    int rc = start_engine(run, err);
    if (rc == 0) /* a thread: only after the box has been forked */
        rc = tote_writer_start(tote_store_path(run->store), &run->writer, err);
    return rc < 0 ? rc : loop(run, err);
}

int tote_run(const struct tote_run_config *config, struct tote_store *store,
             struct tote_run_row *row, int *ret_signal, struct tote_error *err)
{
    struct run run = {.config = config, .store = store, .row = row};
    int rc = tote_dispatcher_init(&run.dispatcher, config->bag, config->workers,
                                  batch_of(config), &run_ops, &run, err);
    if (rc == 0)
        rc = describe_row(&run, err);
    if (rc == 0)
        rc = tote_store_add_run(store, row, err);
    if (rc == 0) {
        rc = run_whole(&run, err);
        int status = end_engine(&run, rc < 0);
        if (rc < 0 && run.link.in)
            rc = explain(&run, rc, status, err);
        struct tote_error why = {0};
        int stopped = tote_writer_stop(run.writer, &why);
        if (stopped < 0 && rc == 0)
            rc = tote_error_set(err, stopped, "%s", why.text);
        rc = close_row(&run, rc, err);
    }
    tote_link_finish(&run.link);
    tote_dispatcher_finish(&run.dispatcher);
    *ret_signal = run.signal;
    if (rc < 0)
        return rc;
    return run.signal ? TOTE_RUN_STOPPED : TOTE_RUN_ENDED;
}
