/* SPDX-License-Identifier: MIT */
/* dispatcher.c: what a run does on each event (dispatcher.h). */
#include "core/dispatcher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

int tote_dispatcher_init(struct tote_dispatcher *d, const struct tote_bag *bag,
                         uint32_t slots, uint32_t batch,
                         const struct tote_dispatch_ops *ops, void *context,
                         struct tote_error *err)
{
    *d = (struct tote_dispatcher){.ops = ops, .context = context};
    d->max_flights = (size_t)slots * TOTE_WINDOW;
    d->flights = calloc(d->max_flights, sizeof *d->flights);
    d->fresh = calloc(TOTE_BATCH_MAX, sizeof *d->fresh);
    int rc = 0;
    if (!d->flights || !d->fresh)
        rc = tote_error_set(err, -ENOMEM, "out of memory for %u slots", slots);
    if (rc == 0)
        rc = tote_planner_init(&d->planner, bag->tasks, slots, batch, err);
    if (rc == 0)
        rc = tote_recorder_init(&d->recorder, bag->tasks, err);
    if (rc < 0)
        tote_dispatcher_finish(d);
    return rc;
}

void tote_dispatcher_finish(struct tote_dispatcher *d)
{
    tote_planner_finish(&d->planner);
    tote_recorder_finish(&d->recorder);
    free(d->flights);
    free(d->fresh);
    free(d->gone);
    *d = (struct tote_dispatcher){0};
}

bool tote_dispatcher_is_recorded(const struct tote_dispatcher *d)
{
    return d->recorder.recorded == d->recorder.tasks;
}

bool tote_dispatcher_is_complete(const struct tote_dispatcher *d)
{
    return tote_dispatcher_is_recorded(d) && d->durable == d->recorder.recorded;
}

/* --- the window --- */

static struct tote_flight *flight_find(struct tote_dispatcher *d, uint64_t id)
{
    for (size_t i = 0; i < d->n_flights; i++)
        if (d->flights[i].batch.id == id)
            return &d->flights[i];
    return NULL;
}

static struct tote_flight flight_take(struct tote_dispatcher *d, struct tote_flight *at)
{
    struct tote_flight taken = *at;
    *at = d->flights[--d->n_flights];
    return taken;
}

static int hand_out(struct tote_dispatcher *d, const struct tote_batch *batch,
                    struct tote_error *err)
{
    tote_ns_t now = d->ops->now(d->context);
    d->flights[d->n_flights++] = (struct tote_flight){.batch = *batch, .sent_ns = now};
    if (tote_planner_is_fed(&d->planner))
        d->fed_ns = now;
    return d->ops->run(d->context, batch, err);
}

static int fill_window(struct tote_dispatcher *d, struct tote_error *err)
{
    struct tote_batch batch;
    while (d->n_flights < tote_planner_window(&d->planner) &&
           !d->ops->is_full(d->context) && tote_planner_next(&d->planner, &batch)) {
        int rc = hand_out(d, &batch, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* After every event of a running engine: more work, or the end of it. Batches that are
 * still out when every task has its result are late copies; nobody waits for them. */
static int go_on(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->phase != TOTE_PHASE_RUNNING)
        return 0;
    if (!tote_dispatcher_is_recorded(d))
        return fill_window(d, err);
    if (!tote_dispatcher_is_complete(d))
        return 0; /* lost ranges may wait, but a late answer brought their results */
    d->last_ns = d->ops->now(d->context);
    return tote_dispatcher_stop(d, err);
}

/* --- events --- */

int tote_dispatcher_ready(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->ready_ns)
        return tote_error_set(err, -EPROTO, "the engine said ready twice");
    d->ready_ns = d->ops->now(d->context);
    if (d->phase == TOTE_PHASE_STARTING) /* else its ready crossed our stop */
        d->phase = TOTE_PHASE_RUNNING;
    return go_on(d, err);
}

/* The records of a batch that is out: exactly its tasks, each once. seen is a bitmap.
 */
static int check_batch(const struct tote_batch *batch,
                       const struct tote_record *records, size_t n,
                       struct tote_error *err)
{
    uint64_t seen[TOTE_BATCH_MAX / 64] = {0};
    if (n != batch->count)
        return tote_error_set(err, -EPROTO,
                              "the engine answered batch %" PRIu64 " of %u tasks with "
                              "%zu records",
                              batch->id, batch->count, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t at = records[i].task - batch->first;
        if (at >= batch->count || (seen[at / 64] >> (at % 64) & 1) ||
            records[i].attempt != batch->attempt)
            return tote_error_set(err, -EPROTO,
                                  "the engine answered batch %" PRIu64 " with a record "
                                  "of task %" PRIu64 ", attempt %u",
                                  batch->id, records[i].task, records[i].attempt);
        seen[at / 64] |= UINT64_C(1) << (at % 64);
    }
    return 0;
}

static int never_given(uint64_t batch, struct tote_error *err)
{
    return tote_error_set(
        err, -EPROTO, "the engine answered batch %" PRIu64 ", which it was never given",
        batch);
}

/* The records of a batch that was answered before: nothing new may be among them. */
static int check_again(const struct tote_dispatcher *d, uint64_t batch,
                       const struct tote_record *records, size_t n,
                       struct tote_error *err)
{
    if (batch == 0 || batch > d->planner.last_id)
        return never_given(batch, err);
    for (size_t i = 0; i < n; i++)
        if (!tote_recorder_has(&d->recorder, records[i].task))
            return tote_error_set(err, -EPROTO,
                                  "the engine answered batch %" PRIu64
                                  " again, now with "
                                  "a record of task %" PRIu64,
                                  batch, records[i].task);
    return 0;
}

static struct tote_batch *gone_find(struct tote_dispatcher *d, uint64_t id)
{
    for (size_t i = 0; i < d->n_gone; i++)
        if (d->gone[i].id == id)
            return &d->gone[i];
    return NULL;
}

static int gone_add(struct tote_dispatcher *d, const struct tote_batch *batch,
                    struct tote_error *err)
{
    if (d->n_gone == d->gone_capacity) {
        size_t capacity = d->gone_capacity * 2 + 16;
        struct tote_batch *bigger = realloc(d->gone, capacity * sizeof *bigger);
        if (!bigger)
            return tote_error_set(err, -ENOMEM, "out of memory for %zu lost batches",
                                  capacity);
        d->gone = bigger;
        d->gone_capacity = capacity;
    }
    d->gone[d->n_gone++] = *batch;
    return 0;
}

/* An answer to a batch that is not out: to one that was lost it may bring results. */
static int check_late(struct tote_dispatcher *d, uint64_t batch,
                      const struct tote_record *records, size_t n,
                      struct tote_error *err)
{
    struct tote_batch *gone = gone_find(d, batch);
    if (!gone)
        return check_again(d, batch, records, n, err);
    int rc = check_batch(gone, records, n, err);
    if (rc == 0)
        *gone = d->gone[--d->n_gone];
    return rc;
}

/* Keeps what is the first of its task and sends it to the store. */
static int keep_first(struct tote_dispatcher *d, uint64_t worker,
                      const struct tote_record *records, size_t n,
                      struct tote_error *err)
{
    size_t n_fresh = 0;
    for (size_t i = 0; i < n; i++) {
        int is_new = tote_recorder_add(&d->recorder, &records[i], err);
        if (is_new < 0)
            return is_new;
        if (is_new)
            d->fresh[n_fresh++] = records[i];
    }
    if (n_fresh == 0)
        return 0;
    if (!d->first_ns)
        d->first_ns = d->ops->now(d->context);
    return d->ops->record(d->context, worker, d->fresh, n_fresh, err);
}

static int learn(struct tote_dispatcher *d, const struct tote_flight *flight,
                 uint64_t worker, const struct tote_record *records, size_t n,
                 struct tote_error *err)
{
    struct tote_planner_observation seen = {
        .worker = worker,
        .count = flight->batch.count,
        .start_ns = records[0].start_ns,
        .end_ns = records[0].end_ns,
        .sent_ns = flight->sent_ns,
        .back_ns = d->ops->now(d->context),
    };
    for (size_t i = 1; i < n; i++) {
        if (records[i].start_ns < seen.start_ns)
            seen.start_ns = records[i].start_ns;
        if (records[i].end_ns > seen.end_ns)
            seen.end_ns = records[i].end_ns;
    }
    tote_planner_observe(&d->planner, &seen);
    return d->ops->back(d->context, &flight->batch, worker, seen.sent_ns, seen.back_ns,
                        NULL, err);
}

int tote_dispatcher_done(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                         const struct tote_record *records, size_t n,
                         struct tote_error *err)
{
    if (d->phase == TOTE_PHASE_STARTING)
        return tote_error_set(err, -EPROTO, "the engine said done before ready");
    struct tote_flight *at = flight_find(d, batch);
    int rc = at ? check_batch(&at->batch, records, n, err)
                : check_late(d, batch, records, n, err);
    if (rc == 0 && at) {
        struct tote_flight flight = flight_take(d, at);
        d->lost_row = 0;
        rc = learn(d, &flight, worker, records, n, err);
    }
    if (rc == 0)
        rc = keep_first(d, worker, records, n, err);
    return rc < 0 ? rc : go_on(d, err);
}

/* The result of a task that is given up. */
static int record_lost(struct tote_dispatcher *d, const struct tote_batch *batch,
                       uint64_t worker, struct tote_error *err)
{
    tote_ns_t now = d->ops->now(d->context);
    struct tote_record record = {
        .task = batch->first,
        .attempt = batch->attempt,
        .start_ns = now,
        .end_ns = now,
        .outcome = TOTE_OUTCOME_LOST,
    };
    return keep_first(d, worker, &record, 1, err);
}

/* Its tasks go back, or, if it is one that takes its worker down, it is given up. */
static int retry_or_give_up(struct tote_dispatcher *d, const struct tote_batch *batch,
                            uint64_t worker, struct tote_error *err)
{
    if (batch->count == 1 && batch->lost_alone + 1 >= TOTE_LOST_ALONE_MAX)
        return record_lost(d, batch, worker, err);
    return tote_planner_give_back(&d->planner, batch, err);
}

static int check_losses(struct tote_dispatcher *d, const char *why,
                        struct tote_error *err)
{
    d->lost++;
    if (++d->lost_row < TOTE_LOST_ROW_MAX + TOTE_LOST_ROW_SPLITS * d->max_flights)
        return 0;
    return tote_error_set(err, -EPROTO,
                          "the engine lost %u batches in a row, the last because: %s",
                          d->lost_row, why);
}

int tote_dispatcher_lost(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                         const char *why, struct tote_error *err)
{
    struct tote_flight *at = flight_find(d, batch);
    if (!at)
        return batch == 0 || batch > d->planner.last_id ? never_given(batch, err) : 0;
    struct tote_flight flight = flight_take(d, at);
    int rc = check_losses(d, why, err);
    if (rc == 0)
        rc = d->ops->back(d->context, &flight.batch, worker, flight.sent_ns,
                          d->ops->now(d->context), why, err);
    if (rc == 0)
        rc = gone_add(d, &flight.batch, err);
    if (rc == 0)
        rc = retry_or_give_up(d, &flight.batch, worker, err);
    return rc < 0 ? rc : go_on(d, err);
}

int tote_dispatcher_durable(struct tote_dispatcher *d, uint64_t count,
                            struct tote_error *err)
{
    if (count < d->durable || count > d->recorder.recorded)
        return tote_error_set(err, -EIO,
                              "the store has %" PRIu64 " of %" PRIu64 " results", count,
                              d->recorder.recorded);
    d->durable = count;
    return go_on(d, err);
}

int tote_dispatcher_stop(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->phase >= TOTE_PHASE_STOPPING)
        return 0;
    d->phase = TOTE_PHASE_STOPPING;
    return d->ops->stop(d->context, err);
}

int tote_dispatcher_gone(struct tote_dispatcher *d, struct tote_error *err)
{
    bool was_asked = d->phase == TOTE_PHASE_STOPPING;
    d->phase = TOTE_PHASE_OVER;
    return was_asked ? 0 : tote_error_set(err, -EPROTO, "the engine ended by itself");
}
