/* SPDX-License-Identifier: MIT */
/* dispatcher_back.c: what comes back from the engine, batches done and batches lost,
 * and what becomes of their tasks (dispatcher.h). */
#include <errno.h>
#include <stdlib.h>

#include "core/answer.h"
#include "core/dispatcher_state.h"

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

/* --- an answer --- */

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

int tote_dispatcher_expects(struct tote_dispatcher *d, uint64_t batch,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err)
{
    if (d->phase == TOTE_PHASE_STARTING)
        return tote_error_set(err, -EPROTO, "the engine said done before ready");
    if (batch == 0 || batch > d->planner.last_id)
        return tote_answer_never_given(batch, err);
    const struct tote_flight *at = flight_find(d, batch);
    const struct tote_batch *given = at ? &at->batch : gone_find(d, batch);
    if (!given)
        return tote_answer_check_again(batch, &d->recorder, records, n, err);
    int rc = tote_answer_check(given, records, n, err);
    return rc < 0 ? rc : 1;
}

/* A failure of a task that has no result yet, but may have one: of a late batch it is a
 * duplicate, since the next attempt is under way; else it costs a retry. 1: keep it. */
static int keep_failure(struct tote_dispatcher *d, const struct tote_batch *batch,
                        const struct tote_record *record, struct tote_error *err)
{
    if (!batch) {
        d->recorder.duplicate++;
        return 0;
    }
    d->retried++;
    int rc = tote_planner_retry(&d->planner, batch, record->task, err);
    return rc < 0 ? rc : 1;
}

/* 1: the record goes to the store, 0: it is a duplicate. batch: null if it is late. */
static int keep_one(struct tote_dispatcher *d, const struct tote_batch *batch,
                    const struct tote_record *record, struct tote_error *err)
{
    bool is_ok = record->outcome == TOTE_OUTCOME_OK;
    bool may_retry = record->outcome != TOTE_OUTCOME_LOST &&
                     (!batch || batch->failures < d->budget.retries);
    if (!is_ok && may_retry && !tote_recorder_has(&d->recorder, record->task))
        return keep_failure(d, batch, record, err);
    int is_new = tote_recorder_add(&d->recorder, record, err);
    if (is_new > 0) {
        d->run_ok += is_ok;
        d->run_failed += !is_ok;
    }
    return is_new;
}

/* Sends to the store what is new. */
static int keep(struct tote_dispatcher *d, const struct tote_batch *batch,
                uint64_t worker, const struct tote_record *records, size_t n,
                struct tote_error *err)
{
    size_t n_fresh = 0;
    for (size_t i = 0; i < n; i++) {
        int is_new = keep_one(d, batch, &records[i], err);
        if (is_new < 0)
            return is_new;
        if (is_new)
            d->fresh[n_fresh++] = records[i];
    }
    if (n_fresh == 0)
        return 0;
    if (!d->first_ns)
        d->first_ns = d->ops->now(d->context);
    d->stored += n_fresh;
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

/* An answer in time: the batch is not out any more. */
static int done_in_time(struct tote_dispatcher *d, struct tote_flight *at,
                        uint64_t worker, const struct tote_record *records, size_t n,
                        struct tote_error *err)
{
    struct tote_flight flight = flight_take(d, at);
    d->lost_row = 0;
    int rc = learn(d, &flight, worker, records, n, err);
    return rc < 0 ? rc : keep(d, &flight.batch, worker, records, n, err);
}

/* An answer to a batch that is not out: to one that was lost it may bring results. */
static int done_late(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                     const struct tote_record *records, size_t n,
                     struct tote_error *err)
{
    struct tote_batch *gone = gone_find(d, batch);
    if (gone)
        *gone = d->gone[--d->n_gone];
    return keep(d, NULL, worker, records, n, err);
}

int tote_dispatcher_done(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                         const struct tote_record *records, size_t n,
                         struct tote_error *err)
{
    int rc = tote_dispatcher_expects(d, batch, records, n, err);
    if (rc < 0)
        return rc;
    struct tote_flight *at = flight_find(d, batch);
    rc = at ? done_in_time(d, at, worker, records, n, err)
            : done_late(d, batch, worker, records, n, err);
    return rc < 0 ? rc : tote_dispatcher_go_on(d, err);
}

/* --- a loss --- */

/* The result of a task that is given up; not if a late answer brought one. */
static int record_lost(struct tote_dispatcher *d, const struct tote_batch *batch,
                       uint64_t worker, struct tote_error *err)
{
    if (tote_recorder_has(&d->recorder, batch->first))
        return 0;
    tote_ns_t now = d->ops->now(d->context);
    struct tote_record record = {
        .task = batch->first,
        .attempt = batch->attempt,
        .start_ns = now,
        .end_ns = now,
        .outcome = TOTE_OUTCOME_LOST,
    };
    d->quarantined++;
    return keep(d, batch, worker, &record, 1, err);
}

/* Its tasks go back, or, if it is one that takes its worker down, it is given up. */
static int retry_or_give_up(struct tote_dispatcher *d, const struct tote_batch *batch,
                            uint64_t worker, struct tote_error *err)
{
    if (tote_budget_is_spent(&d->budget, batch))
        return record_lost(d, batch, worker, err);
    return tote_planner_give_back(
        &d->planner, batch, tote_budget_is_over(&d->budget, batch),
        d->ops->now(d->context) + tote_budget_backoff_ns(batch), err);
}

/* A task that was lost alone before is a suspect: that it is lost again says little of
 * the engine, and towards the end of a bag nothing but suspects may be left. */
static int check_losses(struct tote_dispatcher *d, const struct tote_batch *batch,
                        const char *why, struct tote_error *err)
{
    d->lost++;
    d->lost_row += batch->lost_alone == 0;
    if (d->lost_row < TOTE_LOST_ROW_MAX + TOTE_LOST_ROW_SPLITS * d->max_flights)
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
        return batch == 0 || batch > d->planner.last_id
                   ? tote_answer_never_given(batch, err)
                   : 0;
    struct tote_flight flight = flight_take(d, at);
    int rc = check_losses(d, &flight.batch, why, err);
    if (rc == 0)
        rc = d->ops->back(d->context, &flight.batch, worker, flight.sent_ns,
                          d->ops->now(d->context), why, err);
    if (rc == 0)
        rc = gone_add(d, &flight.batch, err);
    if (rc == 0)
        rc = retry_or_give_up(d, &flight.batch, worker, err);
    return rc < 0 ? rc : tote_dispatcher_go_on(d, err);
}
