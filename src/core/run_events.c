/* SPDX-License-Identifier: MIT */
/* run_events.c: the dispatcher's way out, and the engine's words in (run_events.h). */
#include "core/run_events.h"

#include <errno.h>
#include <stdlib.h>

#include "core/protocol.h"
#include "core/run_row.h"

/* What the store refuses is no fault of the engine, whatever its number says. */
int tote_run_store_fault(int rc)
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
    const struct tote_travel *travel = NULL;
    int rc =
        run->commands ? tote_run_commands_send(run->commands, batch, &travel, err) : 0;
    if (rc < 0)
        return tote_run_store_fault(rc);
    size_t n = 0;
    char *line = tote_protocol_run(batch, travel, &n, err);
    return tote_launch_send(&run->launch, line, n, err);
}

static int run_stop(void *context, struct tote_error *err)
{
    struct run *run = context;
    tote_sampler_stop(run->cost.sampler);
    return tote_launch_stop(&run->launch, err);
}

static int run_record(void *context, uint64_t worker, const struct tote_record *records,
                      size_t n, struct tote_error *err)
{
    struct run *run = context;
    if (run->commands)
        return tote_run_store_fault(
            tote_run_commands_record(run->commands, worker, records, n, err));
    int rc = tote_run_store_fault(
        tote_writer_put_records(run->writer, run->row->id, worker, records, n, err));
    for (size_t i = 0; rc == 0 && run->config->result && i < n; i++)
        run->config->result(
            run->config->context, &records[i], NULL,
            tote_recorder_has(&run->dispatcher.recorder, records[i].task));
    return rc;
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
    if (why && run->commands)
        tote_run_commands_lost(run->commands, batch, why);
    return tote_run_store_fault(tote_writer_put_batch(run->writer, &row, err));
}

static bool run_is_full(void *context)
{
    struct run *run = context;
    return tote_writer_full(run->writer);
}

static uint32_t run_fit(void *context, uint64_t first, uint32_t count)
{
    struct run *run = context;
    return run->commands ? tote_run_commands_fit(run->commands, first, count) : count;
}

const struct tote_dispatch_ops tote_run_ops = {
    .now = run_now,
    .run = run_batch,
    .stop = run_stop,
    .record = run_record,
    .back = run_back,
    .is_full = run_is_full,
    .fit = run_fit,
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
    if (left_ns == 0)
        tote_sampler_announce(run->cost.sampler, worker->pid);
    return tote_run_store_fault(tote_writer_put_worker(run->writer, &row, err));
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
    if (rc == 0 && run->config->ready)
        rc = tote_run_store_fault(run->config->ready(run->config->context, err));
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

static int on_lost(struct run *run, const struct tote_event *event, const char *why,
                   struct tote_error *err)
{
    int rc = run->commands ? tote_run_commands_check_room(run->commands, err) : 0;
    if (rc < 0)
        return tote_run_store_fault(rc);
    return tote_dispatcher_lost(&run->dispatcher, event->batch, event->worker, why,
                                err);
}

/* What commands made is published before anyone hears of it; an answer that came before
 * has nothing to publish. A batch whose pack is bad is as good as lost. */
static int on_commands_done(struct run *run, const struct tote_event *event,
                            struct tote_error *err)
{
    struct tote_error why = {0};
    int rc = tote_dispatcher_expects(&run->dispatcher, event->batch, event->records,
                                     event->n_records, err);
    if (rc > 0)
        rc = tote_run_commands_receive(run->commands, event->records, event->n_records,
                                       &why);
    if (rc == -EBADMSG)
        return on_lost(run, event, why.text, err);
    if (rc < 0)
        return tote_error_set(err, rc, "%s", why.text);
    rc = tote_dispatcher_done(&run->dispatcher, event->batch, event->worker,
                              event->records, event->n_records, err);
    tote_run_commands_received(run->commands);
    return rc;
}

static int on_done(struct run *run, const struct tote_event *event,
                   struct tote_error *err)
{
    if (run->commands)
        return on_commands_done(run, event, err);
    return tote_dispatcher_done(&run->dispatcher, event->batch, event->worker,
                                event->records, event->n_records, err);
}

static int on_event(struct run *run, const struct tote_event *event,
                    struct tote_error *err)
{
    switch (event->kind) {
    case TOTE_EVENT_READY:
        return on_ready(run, event, err);
    case TOTE_EVENT_DONE:
        return on_done(run, event, err);
    case TOTE_EVENT_LOST:
        return on_lost(run, event, event->why, err);
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

int tote_run_read_engine(struct run *run, struct tote_error *err)
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
    if (rc == 0 && run->dispatcher.phase <= TOTE_PHASE_DRAINING)
        tote_launch_expect_word(&run->launch, run->dispatcher.n_flights > 0);
    return rc;
}
