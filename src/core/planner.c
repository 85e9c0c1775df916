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
    *planner = (struct tote_planner){
        .tasks = tasks, .slots = slots, .fixed = fixed, .largest = 0};
    planner->workers = calloc(slots, sizeof *planner->workers);
    if (!planner->workers)
        return tote_error_set(err, -ENOMEM, "out of memory for %u slots", slots);
    return 0;
}

void tote_planner_finish(struct tote_planner *planner)
{
    free(planner->workers);
    free(planner->returned);
    *planner = (struct tote_planner){0};
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
    double task_ns = (double)(seen->end_ns - seen->start_ns) / seen->count;
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
    return (size_t)planner->slots * (is_growing ? TOTE_WINDOW / 2 : TOTE_WINDOW);
}

/* --- dealing out --- */

bool tote_planner_is_fed(const struct tote_planner *planner)
{
    return planner->next == planner->tasks && planner->n_returned == 0;
}

bool tote_planner_next(struct tote_planner *planner, struct tote_batch *ret_batch)
{
    if (tote_planner_is_fed(planner))
        return false;
    if (planner->n_returned > 0) {
        *ret_batch = planner->returned[--planner->n_returned];
    } else {
        uint64_t left = planner->tasks - planner->next;
        uint32_t count =
            planner->fixed ? planner->fixed : planner_auto_count(planner, left);
        if (count > left)
            count = (uint32_t)left;
        *ret_batch =
            (struct tote_batch){.first = planner->next, .count = count, .attempt = 1};
        planner->next += count;
    }
    ret_batch->id = ++planner->last_id;
    return true;
}

static int planner_reserve(struct tote_planner *planner, size_t more,
                           struct tote_error *err)
{
    size_t need = planner->n_returned + more;
    if (need <= planner->returned_capacity)
        return 0;
    size_t capacity = need * 2;
    struct tote_batch *bigger = realloc(planner->returned, capacity * sizeof *bigger);
    if (!bigger)
        return tote_error_set(err, -ENOMEM, "out of memory for %zu lost batches", need);
    planner->returned = bigger;
    planner->returned_capacity = capacity;
    return 0;
}

int tote_planner_give_back(struct tote_planner *planner, const struct tote_batch *batch,
                           struct tote_error *err)
{
    int rc = planner_reserve(planner, TOTE_PLANNER_SPLIT, err);
    if (rc < 0)
        return rc;
    uint32_t piece = (batch->count + TOTE_PLANNER_SPLIT - 1) / TOTE_PLANNER_SPLIT;
    for (uint32_t at = 0; at < batch->count; at += piece) {
        uint32_t left = batch->count - at;
        planner->returned[planner->n_returned++] = (struct tote_batch){
            .first = batch->first + at,
            .count = left < piece ? left : piece,
            .attempt = batch->attempt + 1,
            .lost_alone = batch->count == 1 ? batch->lost_alone + 1 : 0,
        };
    }
    return 0;
}
