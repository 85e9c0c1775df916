/* SPDX-License-Identifier: MIT */
/* planner.c: cuts the bag into batches (planner.h says by which rule). */
#include "core/planner.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int tote_planner_init(struct tote_planner *planner, uint64_t tasks, uint32_t slots,
                      uint32_t fixed, struct tote_error *err)
{
    *planner = (struct tote_planner){.tasks = tasks,
                                     .left = tasks,
                                     .is_whole = true,
                                     .attempt = 1,
                                     .slots = slots,
                                     .fixed = fixed};
    planner->workers = calloc(slots, sizeof *planner->workers);
    if (!planner->workers)
        return tote_error_set(err, -ENOMEM, "out of memory for %u slots", slots);
    return 0;
}

void tote_planner_finish(struct tote_planner *planner)
{
    free(planner->workers);
    tote_returned_finish(&planner->returned);
    *planner = (struct tote_planner){0};
}

void tote_planner_grow(struct tote_planner *planner, uint64_t tasks, bool is_whole)
{
    planner->left += tasks - planner->tasks;
    planner->tasks = tasks;
    planner->is_whole = is_whole;
}

void tote_planner_skip(struct tote_planner *planner, uint64_t task)
{
    planner->left -= task >= planner->next;
}

/* --- what the medians say --- */

static void samples_add(struct tote_planner_samples *samples, double ns)
{
    samples->ns[samples->n++ % TOTE_PLANNER_SAMPLES] = ns;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Upper median; NaN without samples. */
static double samples_median(const struct tote_planner_samples *samples)
{
    size_t n = samples->n < TOTE_PLANNER_SAMPLES ? samples->n : TOTE_PLANNER_SAMPLES;
    if (n == 0)
        return NAN;
    double sorted[TOTE_PLANNER_SAMPLES];
    memcpy(sorted, samples->ns, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    return sorted[n / 2];
}

static struct tote_planner_worker *worker_find(struct tote_planner *planner,
                                               uint64_t id)
{
    for (uint32_t i = 0; i < planner->slots; i++)
        if (planner->workers[i].id == id)
            return &planner->workers[i];
    return NULL;
}

/* A worker that is not known takes the place of the one that has been here longest. */
static struct tote_planner_worker *worker_place(struct tote_planner *planner)
{
    return &planner->workers[planner->next_worker++ % planner->slots];
}

void tote_planner_observe(struct tote_planner *planner,
                          const struct tote_planner_observation *seen)
{
    double batch_ns = (double)(seen->end_ns - seen->start_ns);
    double task_ns = batch_ns / seen->count;
    samples_add(&planner->batch_ns, batch_ns);
    samples_add(&planner->task_ns,
                task_ns < 1 ? 1 : task_ns); /* below the clock's step */
    if (seen->count > planner->largest)
        planner->largest = seen->count;

    /* The gap before this batch is its cost only if the batch was already waiting when
     * the one before came back; else the slot had nothing to do. Each difference is of
     * two stamps of one clock. A negative gap is a worker with several slots: no
     * sample. */
    struct tote_planner_worker *worker = worker_find(planner, seen->worker);
    if (worker && seen->sent_ns < worker->back_ns && seen->start_ns >= worker->end_ns)
        samples_add(&planner->cost_ns, (double)(seen->start_ns - worker->end_ns));
    if (!worker)
        worker = worker_place(planner);
    *worker = (struct tote_planner_worker){
        .id = seen->worker, .end_ns = seen->end_ns, .back_ns = seen->back_ns};
}

/* --- how many tasks --- */

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* How many tasks cost as much as a batch; NaN: not known yet. */
static double tasks_per_cost(const struct tote_planner *planner)
{
    return samples_median(&planner->cost_ns) / samples_median(&planner->task_ns);
}

/* Tasks of a batch in the middle of the bag, as far as its times are known. */
static double middle_count(const struct tote_planner *planner)
{
    double count = (double)TOTE_PLANNER_BATCH_NS / samples_median(&planner->task_ns);
    if (planner->cost_ns.n > 0)
        count = least(count, tasks_per_cost(planner) / TOTE_PLANNER_COST_FRAC);
    return least(count, TOTE_BATCH_MAX);
}

static double grown_count(const struct tote_planner *planner)
{
    return (double)planner->largest * TOTE_PLANNER_GROWTH;
}

static uint32_t planner_auto_count(const struct tote_planner *planner, uint64_t left)
{
    if (planner->largest == 0)
        return 1; /* nothing is known yet: probe */
    double count = least(middle_count(planner), grown_count(planner));
    if (!planner->is_whole)
        return count < 1 ? 1 : (uint32_t)ceil(count);
    double share = (double)left / (2.0 * planner->slots);
    if (planner->cost_ns.n > 0 && share < tasks_per_cost(planner))
        share = tasks_per_cost(planner);
    count = least(count, share);
    return count < 1 ? 1 : (uint32_t)ceil(count);
}

size_t tote_planner_window(const struct tote_planner *planner)
{
    bool is_growing = !planner->fixed && (planner->largest == 0 ||
                                          grown_count(planner) < middle_count(planner));
    if (is_growing)
        return (size_t)planner->slots * (TOTE_WINDOW / 2);
    bool is_long = samples_median(&planner->batch_ns) > (double)TOTE_PLANNER_BATCH_NS;
    return (size_t)planner->slots * (is_long ? TOTE_WINDOW_LONG : TOTE_WINDOW);
}

/* --- dealing out --- */

bool tote_planner_is_fed(const struct tote_planner *planner)
{
    return planner->left == 0 && planner->returned.n == 0;
}

/* Cuts a batch to its first count tasks. One that came back has a later attempt than
 * the first; for what is left of it there is room. */
static void cut(struct tote_planner *planner, struct tote_batch *batch, uint32_t count)
{
    struct tote_batch rest = *batch;
    rest.first += count;
    rest.count -= count;
    batch->count = count;
    if (rest.count == 0)
        return;
    if (batch->attempt != planner->attempt) {
        tote_returned_add(&planner->returned, &rest, 0);
    } else {
        planner->next = rest.first;
        planner->left += rest.count;
    }
}

int tote_planner_shorten(struct tote_planner *planner, struct tote_batch *batch,
                         uint32_t count, struct tote_error *err)
{
    int rc = tote_returned_reserve(&planner->returned, 1, err);
    if (rc == 0)
        cut(planner, batch, count);
    return rc;
}

/* Leaves the first tasks in a row that have no result, since late answers may have
 * brought some; false if all have one. */
static bool keep_first_run(struct tote_planner *planner,
                           const struct tote_recorder *recorder,
                           struct tote_batch *batch)
{
    if (!recorder)
        return true;
    uint64_t end = batch->first + batch->count;
    batch->first = tote_recorder_gap(recorder, batch->first);
    if (batch->first >= end)
        return false;
    batch->count = (uint32_t)(end - batch->first);
    uint32_t run = tote_recorder_run(recorder, batch->first, batch->count);
    cut(planner, batch, run); /* into the room that it was taken from */
    return true;
}

static bool next_returned(struct tote_planner *planner,
                          const struct tote_recorder *recorder, tote_ns_t now,
                          struct tote_batch *ret_batch)
{
    while (tote_returned_take(&planner->returned, now, ret_batch))
        if (keep_first_run(planner, recorder, ret_batch))
            return true;
    return false;
}

static bool next_fresh(struct tote_planner *planner,
                       const struct tote_recorder *recorder,
                       struct tote_batch *ret_batch)
{
    uint64_t left = planner->left;
    if (left == 0 || planner->returned.n > TOTE_PLANNER_RETURNED_MOST)
        return false;
    uint64_t first =
        recorder ? tote_recorder_gap(recorder, planner->next) : planner->next;
    uint32_t count =
        planner->fixed ? planner->fixed : planner_auto_count(planner, left);
    if (count > left)
        count = (uint32_t)left;
    if (recorder)
        count = tote_recorder_run(recorder, first, count);
    *ret_batch = (struct tote_batch){
        .first = first, .count = count, .attempt = planner->attempt};
    planner->next = first + count;
    planner->left -= count;
    return true;
}

bool tote_planner_next(struct tote_planner *planner,
                       const struct tote_recorder *recorder, tote_ns_t now,
                       struct tote_batch *ret_batch)
{
    if (!next_returned(planner, recorder, now, ret_batch) &&
        !next_fresh(planner, recorder, ret_batch))
        return false;
    ret_batch->id = ++planner->last_id;
    return true;
}

/* --- taking back --- */

int tote_planner_give_back(struct tote_planner *planner, const struct tote_batch *batch,
                           bool is_alone, tote_ns_t not_before_ns,
                           struct tote_error *err)
{
    uint32_t piece = (batch->count + TOTE_PLANNER_SPLIT - 1) / TOTE_PLANNER_SPLIT;
    if (is_alone)
        piece = 1;
    int rc = tote_returned_reserve(&planner->returned,
                                   (batch->count + piece - 1) / piece, err);
    if (rc < 0)
        return rc;
    struct tote_batch part = *batch;
    part.id = 0;
    part.attempt++;
    part.losses++;
    part.lost_alone = batch->count == 1 ? batch->lost_alone + 1 : 0;
    for (uint32_t at = 0; at < batch->count; at += piece) {
        uint32_t left = batch->count - at;
        part.first = batch->first + at;
        part.count = left < piece ? left : piece;
        tote_returned_add(&planner->returned, &part, not_before_ns);
    }
    return 0;
}

int tote_planner_retry(struct tote_planner *planner, const struct tote_batch *batch,
                       uint64_t task, struct tote_error *err)
{
    int rc = tote_returned_reserve(&planner->returned, 1, err);
    if (rc < 0)
        return rc;
    struct tote_batch one = *batch;
    one.id = 0;
    one.first = task;
    one.count = 1;
    one.attempt++;
    one.failures++;
    tote_returned_add(&planner->returned, &one, 0);
    return 0;
}
