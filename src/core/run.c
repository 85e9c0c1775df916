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

#include "core/dispatcher.h"
#include "core/launch.h"
#include "core/protocol.h"
#include "core/run_row.h"
#include "store/writer.h"

#define GLANCE_MS 100 /* between two looks at the progress */

struct run {
    const struct tote_run_config *config;
    struct tote_store *store;
    struct tote_run_row *row;
    struct tote_dispatcher dispatcher;
    struct tote_launch launch;
    struct tote_writer *writer;
    bool has_said_bye;
    int signal; /* that ended the run, or 0 */
};

/* What the store refuses is no fault of the engine, whatever its number says. */
static int store_fault(int rc)
{
    return rc < 0 ? -EIO : rc;
}

/* --- the dispatcher's way out --- */

static tote_ns_t run_now(void *context)
{
    (void)context;
    return tote_clock_monotonic();
}

static int run_batch(void *context, const struct tote_batch *batch,
                     struct tote_error *err)
{
    struct run *run = context;
    size_t n = 0;
    char *line = tote_protocol_run(batch, &n, err);
    return tote_launch_send(&run->launch, line, n, err);
}

static int run_stop(void *context, struct tote_error *err)
{
    struct run *run = context;
    return tote_launch_stop(&run->launch, err);
}

static int run_record(void *context, uint64_t worker, const struct tote_record *records,
                      size_t n, struct tote_error *err)
{
    struct run *run = context;
    return store_fault(
        tote_writer_put_records(run->writer, run->row->id, worker, records, n, err));
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
    return store_fault(tote_writer_put_batch(run->writer, &row, err));
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
    return store_fault(tote_writer_put_worker(run->writer, &row, err));
}

static int check_slots(const struct run *run, const struct tote_event *event,
                       struct tote_error *err)
{
    uint64_t slots = 0;
    for (size_t i = 0; i < event->n_workers; i++)
        slots += event->workers[i].slots;
    if (slots >= run->config->workers)
        return 0;
    return tote_error_set(err, -EPROTO, "it said ready with %zu workers of %u slots",
                          event->n_workers, (unsigned)slots);
}

static int on_ready(struct run *run, const struct tote_event *event,
                    struct tote_error *err)
{
    int rc = check_slots(run, event, err);
    if (rc == 0)
        rc = tote_run_row_set(&run->row->engine, event->engine, err);
    if (rc == 0)
        rc = tote_run_row_set(&run->row->engine_version, event->version, err);
    if (rc == 0)
        rc = tote_run_row_set(&run->row->binding, event->binding, err);
    for (size_t i = 0; rc == 0 && i < event->n_workers; i++)
        rc = note_worker(run, &event->workers[i], 0, err);
    return rc < 0 ? rc : tote_dispatcher_ready(&run->dispatcher, err);
}

static int on_bye(struct run *run, const struct tote_event *event,
                  struct tote_error *err)
{
    if (run->dispatcher.phase < TOTE_PHASE_STOPPING)
        return tote_error_set(err, -EPROTO, "the engine said bye before stop");
    char *stats = json_dumps(event->stats, JSON_COMPACT | JSON_SORT_KEYS);
    if (!stats)
        return tote_error_set(err, -ENOMEM, "out of memory at bye");
    free(run->row->stats);
    run->row->stats = stats;
    run->has_said_bye = true;
    return 0;
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
        return on_bye(run, event, err);
    }
    return -EPROTO;
}

static int on_line(struct run *run, const char *line, size_t n, struct tote_error *err)
{
    struct tote_event event;
    int rc = tote_event_parse(line, n, &event, err);
    if (rc < 0)
        return rc;
    rc = on_event(run, &event, err);
    tote_event_finish(&event);
    return rc;
}

static int on_engine_output(struct run *run, struct tote_error *err)
{
    struct tote_link *link = &run->launch.link;
    tote_link_fill(link);
    const char *line;
    size_t n;
    int rc;
    while ((rc = tote_link_line(link, &line, &n, err)) > 0) {
        rc = on_line(run, line, n, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && link->is_ended)
        return tote_dispatcher_gone(&run->dispatcher, err);
    if (rc == 0 && run->dispatcher.phase == TOTE_PHASE_RUNNING)
        tote_launch_expect_word(&run->launch, run->dispatcher.n_flights > 0);
    return rc;
}

/* --- the other descriptors --- */

static int on_durable(struct run *run, struct tote_error *err)
{
    uint64_t durable;
    int rc = store_fault(tote_writer_durable(run->writer, &durable, err));
    return rc < 0 ? rc : tote_dispatcher_durable(&run->dispatcher, durable, err);
}

static int on_signal(struct run *run, struct tote_error *err)
{
    struct signalfd_siginfo info;
    if (read(run->config->signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    if (run->signal) /* the second: now */
        tote_box_kill(&run->launch.box);
    run->signal = (int)info.ssi_signo;
    return tote_dispatcher_stop(&run->dispatcher, err);
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
    const struct tote_link *link = &run->launch.link;
    fds[FD_FROM] = (struct pollfd){.fd = link->from_engine, .events = POLLIN};
    fds[FD_TO] = (struct pollfd){
        .fd = tote_link_has_output(link) ? link->to_engine : -1, .events = POLLOUT};
    fds[FD_ERRORS] = (struct pollfd){.fd = link->has_errors_ended ? -1 : link->errors,
                                     .events = POLLIN};
    fds[FD_WRITER] =
        (struct pollfd){.fd = tote_writer_fd(run->writer), .events = POLLIN};
    fds[FD_SIGNAL] = (struct pollfd){.fd = run->config->signal_fd, .events = POLLIN};
}

static int handle_fds(struct run *run, const struct pollfd fds[static N_FDS],
                      struct tote_error *err)
{
    int rc = 0;
    if (fds[FD_TO].revents)
        tote_link_flush(&run->launch.link);
    if (fds[FD_ERRORS].revents)
        tote_link_fill_errors(&run->launch.link);
    if (fds[FD_WRITER].revents)
        rc = on_durable(run, err);
    if (rc == 0 && fds[FD_FROM].revents)
        rc = on_engine_output(run, err);
    if (rc == 0 && fds[FD_SIGNAL].revents)
        rc = on_signal(run, err);
    return rc < 0 ? rc : tote_launch_check(&run->launch, err);
}

static int loop(struct run *run, struct tote_error *err)
{
    int rc = 0;
    while (rc == 0 && run->dispatcher.phase != TOTE_PHASE_OVER) {
        struct pollfd fds[N_FDS];
        choose_fds(run, fds);
        int ms =
            tote_launch_poll_ms(&run->launch, run->config->progress ? GLANCE_MS : -1);
        if (poll(fds, N_FDS, ms) < 0 && errno != EINTR)
            return tote_error_set(err, -errno, "poll: %s", strerror(errno));
        rc = handle_fds(run, fds, err);
        if (tote_dispatcher_is_recorded(&run->dispatcher))
            tote_writer_hurry(run->writer); /* nothing more will fill its group */
        show_progress(run);
    }
    return rc;
}

/* --- start and end --- */

static int start_engine(struct run *run, struct tote_error *err)
{
    const struct tote_run_config *config = run->config;
    struct tote_launch_config launch = {
        .engine = config->engine,
        .bag = config->bag,
        .slots = config->workers,
        .has_host_network =
            config->has_host_network || config->engine->wants_host_network,
        .log_fd = config->log_fd,
        .start_s = config->start_s,
        .stall_s = config->stall_s,
    };
    int rc = tote_launch_start(&run->launch, &launch, err);
    run->row->launch_ns = run->launch.launch_ns;
    if (rc < 0)
        return rc;
    run->row->is_boxed = run->launch.box.is_full && !run->launch.box.has_host_network;
    if (!run->launch.box.is_full && config->notice)
        config->notice(config->context, run->launch.box.missing);
    return tote_run_row_set(&run->row->box, tote_launch_containment(&run->launch), err);
}

static int end_engine(struct run *run, int rc, struct tote_error *err)
{
    struct tote_launch_end end =
        tote_launch_end(&run->launch, rc < 0, run->config->signal_fd);
    run->row->cpu_user_ns = end.user_ns;
    run->row->cpu_sys_ns = end.sys_ns;
    run->row->end_ns = end.end_ns;
    if (rc < 0 && run->launch.link.in)
        return tote_launch_explain(&run->launch, rc, end.status,
                                   run->dispatcher.ready_ns != 0, err);
    return rc;
}

/* How the run went, and a sentence if not well. A signal that came after the last
 * record did not cut anything short. */
static void fill_row(struct run *run, int rc, const struct tote_error *err)
{
    bool was_cut_short = run->signal && !run->dispatcher.last_ns;
    enum tote_run_state state = rc < 0          ? TOTE_RUN_BROKEN
                                : was_cut_short ? TOTE_RUN_INTERRUPTED
                                                : TOTE_RUN_COMPLETE;
    const char *why = rc < 0               ? err->text
                      : was_cut_short      ? strsignal(run->signal)
                      : !run->has_said_bye ? "the engine ended without bye after stop"
                                           : "";
    tote_run_row_end(run->row, &run->dispatcher, state, why);
}

/* The row's last word, after the engine and the writer have ended. */
static int close_row(struct run *run, int rc, struct tote_error *err)
{
    fill_row(run, rc, err);
    struct tote_error why = {0};
    int stored = 0;
    if (rc < 0) /* the store may hold less than was received */
        stored = tote_store_count(run->store, run->row->id, &run->row->done,
                                  &run->row->failed, &why);
    if (rc == 0 && run->row->state == TOTE_RUN_COMPLETE)
        stored = tote_store_digest(run->store, run->row->id, run->row->tasks,
                                   &run->row->digest, &why);
    run->row->has_digest = stored > 0;
    if (stored >= 0)
        stored = tote_store_update_run(run->store, run->row, &why);
    if (stored < 0 && rc == 0)
        return tote_error_set(err, -EIO, "%s", why.text);
    return rc;
}

static int stop_writer(struct run *run, int rc, struct tote_error *err)
{
    struct tote_error why = {0};
    int stopped = tote_writer_stop(run->writer, &why);
    return stopped < 0 && rc == 0 ? tote_error_set(err, -EIO, "%s", why.text) : rc;
}

static int run_whole(struct run *run, struct tote_error *err)
{
    int rc = start_engine(run, err);
    if (rc == 0) /* a thread: only after the box has been forked */
        rc = tote_writer_start(tote_store_path(run->store), &run->writer, err);
    if (rc == 0)
        rc = loop(run, err);
    rc = end_engine(run, rc, err);
    rc = stop_writer(run, rc, err);
    return close_row(run, rc, err);
}

int tote_run(const struct tote_run_config *config, struct tote_store *store,
             struct tote_run_row *row, int *ret_signal, struct tote_error *err)
{
    struct run run = {.config = config, .store = store, .row = row};
    int rc = tote_dispatcher_init(&run.dispatcher, config->bag, config->workers,
                                  tote_run_batch(config), &run_ops, &run, err);
    if (rc == 0)
        rc = tote_run_row_begin(row, config, err);
    if (rc == 0)
        rc = tote_store_add_run(store, row, err);
    if (rc == 0)
        rc = run_whole(&run, err);
    tote_launch_finish(&run.launch);
    tote_dispatcher_finish(&run.dispatcher);
    *ret_signal = run.signal;
    if (rc < 0)
        return rc;
    return run.signal ? TOTE_RUN_STOPPED : TOTE_RUN_ENDED;
}
