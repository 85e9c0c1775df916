/* SPDX-License-Identifier: MIT */
/* dispatcher.c: how a run begins, goes on and ends (dispatcher.h). What comes back from
 * the engine is dispatcher_back.c's. */
#include "core/dispatcher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "core/dispatcher_state.h"

#define LOSSES 5 /* of a budget that was not set */

int tote_dispatcher_init(struct tote_dispatcher *d, const struct tote_bag *bag,
                         uint32_t slots, uint32_t batch,
                         const struct tote_dispatch_ops *ops, void *context,
                         struct tote_error *err)
{
    *d = (struct tote_dispatcher){.ops = ops, .context = context, .is_whole = true};
    d->budget.losses = LOSSES;
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

void tote_dispatcher_set_budget(struct tote_dispatcher *d,
                                const struct tote_budget *budget)
{
    d->budget = *budget;
    d->planner.attempt = budget->attempts_before + 1;
}

void tote_dispatcher_set_halt(struct tote_dispatcher *d, const struct tote_halt *halt)
{
    d->halt = *halt;
}

int tote_dispatcher_skip(struct tote_dispatcher *d, uint64_t task, bool is_ok,
                         struct tote_error *err)
{
    int is_new = tote_recorder_skip(&d->recorder, task, is_ok, err);
    if (is_new > 0)
        tote_planner_skip(&d->planner, task);
    return is_new < 0 ? is_new : 0;
}

/* --- what is known --- */

bool tote_dispatcher_is_recorded(const struct tote_dispatcher *d)
{
    return d->is_whole && d->recorder.recorded == d->recorder.tasks;
}

bool tote_dispatcher_is_complete(const struct tote_dispatcher *d)
{
    return tote_dispatcher_is_recorded(d) && d->durable == d->stored;
}

uint64_t tote_dispatcher_running(const struct tote_dispatcher *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->n_flights; i++)
        n += d->flights[i].batch.count;
    return n;
}

static bool has_room(const struct tote_dispatcher *d)
{
    return d->n_flights < tote_planner_window(&d->planner) &&
           !d->ops->is_full(d->context);
}

/* Whatever else would change the answer is an event, after which all is handed out that
 * can be: what waits now waits for its time alone. */
tote_ns_t tote_dispatcher_wake_ns(const struct tote_dispatcher *d)
{
    const struct tote_returned *returned = &d->planner.returned;
    if (d->phase != TOTE_PHASE_RUNNING || returned->n == 0 || !has_room(d) ||
        tote_dispatcher_is_recorded(d))
        return 0;
    return returned->heap[0].not_before_ns;
}

/* --- the window --- */

static int hand_out(struct tote_dispatcher *d, struct tote_batch *batch,
                    struct tote_error *err)
{
    int rc = 0;
    if (d->ops->fit)
        rc = tote_planner_shorten(&d->planner, batch,
                                  d->ops->fit(d->context, batch->first, batch->count),
                                  err);
    if (rc < 0)
        return rc;
    tote_ns_t now = d->ops->now(d->context);
    d->flights[d->n_flights++] = (struct tote_flight){.batch = *batch, .sent_ns = now};
    if (tote_planner_is_fed(&d->planner))
        d->fed_ns = now;
    return d->ops->run(d->context, batch, err);
}

static int fill_window(struct tote_dispatcher *d, struct tote_error *err)
{
    struct tote_batch batch;
    while (has_room(d) && tote_planner_next(&d->planner, &d->recorder,
                                            d->ops->now(d->context), &batch)) {
        int rc = hand_out(d, &batch, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- how it goes on, and ends --- */

/* What waited for its next attempt may have got its result by a late answer: then the
 * last one was handed out when it was over. */
static int end_whole(struct tote_dispatcher *d, struct tote_error *err)
{
    d->last_ns = d->ops->now(d->context);
    if (!d->fed_ns && d->first_ns)
        d->fed_ns = d->last_ns;
    return tote_dispatcher_stop(d, err);
}

static bool must_halt(struct tote_dispatcher *d)
{
    if (!d->has_halted)
        d->has_halted =
            tote_halt_is_due(&d->halt, d->run_ok, d->run_failed,
                             d->is_whole ? d->recorder.tasks - d->unlisted : 0);
    return d->has_halted;
}

/* Batches that are still out when every task has its result are late copies; nobody
 * waits for them. */
int tote_dispatcher_go_on(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->phase != TOTE_PHASE_RUNNING && d->phase != TOTE_PHASE_DRAINING)
        return 0;
    if (tote_dispatcher_is_complete(d))
        return end_whole(d, err);
    if (tote_dispatcher_is_recorded(d))
        return 0; /* lost ranges may wait, but a late answer brought their results */
    if (must_halt(d)) {
        if (d->halt.when == TOTE_HALT_NOW)
            return tote_dispatcher_stop(d, err);
        d->phase = TOTE_PHASE_DRAINING;
    }
    if (d->phase == TOTE_PHASE_RUNNING)
        return fill_window(d, err);
    bool is_drained = d->n_flights == 0 && d->durable == d->stored;
    return is_drained ? tote_dispatcher_stop(d, err) : 0;
}

int tote_dispatcher_drain(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->phase == TOTE_PHASE_STARTING)
        return tote_dispatcher_stop(d, err);
    if (d->phase == TOTE_PHASE_RUNNING)
        d->phase = TOTE_PHASE_DRAINING;
    return tote_dispatcher_go_on(d, err);
}

int tote_dispatcher_stop(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->phase >= TOTE_PHASE_STOPPING)
        return 0;
    d->phase = TOTE_PHASE_STOPPING;
    return d->ops->stop(d->context, err);
}

/* --- the bag and the engine --- */

int tote_dispatcher_grow(struct tote_dispatcher *d, uint64_t tasks, bool is_whole,
                         struct tote_error *err)
{
    if (d->is_whole && d->ready_ns)
        return tote_error_set(err, -EINVAL,
                              "a bag of %" PRIu64 " tasks was whole and cannot grow",
                              d->recorder.tasks);
    int rc = tote_recorder_grow(&d->recorder, tasks, err);
    if (rc < 0)
        return rc;
    tote_planner_grow(&d->planner, tasks, is_whole);
    d->is_whole = is_whole;
    return tote_dispatcher_go_on(d, err);
}

int tote_dispatcher_tick(struct tote_dispatcher *d, struct tote_error *err)
{
    return tote_dispatcher_go_on(d, err);
}

int tote_dispatcher_ready(struct tote_dispatcher *d, struct tote_error *err)
{
    if (d->ready_ns)
        return tote_error_set(err, -EPROTO, "the engine said ready twice");
    d->ready_ns = d->ops->now(d->context);
    if (d->phase == TOTE_PHASE_STARTING) /* else its ready crossed our stop */
        d->phase = TOTE_PHASE_RUNNING;
    return tote_dispatcher_go_on(d, err);
}

int tote_dispatcher_gone(struct tote_dispatcher *d, struct tote_error *err)
{
    bool was_asked = d->phase == TOTE_PHASE_STOPPING;
    d->phase = TOTE_PHASE_OVER;
    return was_asked ? 0 : tote_error_set(err, -EPROTO, "the engine ended by itself");
}

int tote_dispatcher_durable(struct tote_dispatcher *d, uint64_t count,
                            struct tote_error *err)
{
    if (count < d->durable || count > d->stored)
        return tote_error_set(err, -EIO,
                              "the store has %" PRIu64 " of %" PRIu64 " results", count,
                              d->stored);
    d->durable = count;
    return tote_dispatcher_go_on(d, err);
}
