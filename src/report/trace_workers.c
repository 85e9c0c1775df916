/* SPDX-License-Identifier: MIT */
/* trace_workers.c: see trace_workers.h. */
#include "report/trace_workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct tote_trace_workers *workers;
    struct tote_error *err;
};

/* In its place by id. */
static struct tote_trace_worker *add(const struct reading *reading, uint64_t id)
{
    struct tote_trace_workers *workers = reading->workers;
    struct tote_trace_worker *all =
        reallocarray(workers->all, workers->n + 1, sizeof *all);
    if (!all) {
        tote_error_set(reading->err, -ENOMEM, "out of memory for the trace");
        return NULL;
    }
    workers->all = all;
    size_t i = workers->n++;
    for (; i > 0 && all[i - 1].id > id; i--)
        all[i] = all[i - 1];
    all[i] = (struct tote_trace_worker){.id = id};
    return &all[i];
}

static int keep_worker(void *context, const struct tote_worker_row *row)
{
    const struct reading *reading = context;
    struct tote_trace_worker *worker = add(reading, row->worker);
    if (!worker)
        return -ENOMEM;
    worker->slots = row->slots;
    worker->joined_ns = row->joined_ns;
    worker->left_ns = row->left_ns;
    worker->host = strdup(row->host);
    return worker->host
               ? 0
               : tote_error_set(reading->err, -ENOMEM, "out of memory for the trace");
}

static int keep_clock(void *context, const struct tote_timeline_clock *clock)
{
    const struct reading *reading = context;
    struct tote_trace_worker *worker =
        tote_trace_workers_find(reading->workers, clock->worker);
    if (!worker)
        worker = add(reading, clock->worker);
    if (!worker)
        return -ENOMEM;
    worker->bounds = *clock;
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    const struct tote_trace_worker *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

struct tote_trace_worker *tote_trace_workers_find(struct tote_trace_workers *workers,
                                                  uint64_t id)
{
    struct tote_trace_worker wanted = {.id = id};
    return workers->n
               ? bsearch(&wanted, workers->all, workers->n, sizeof wanted, compare_ids)
               : NULL;
}

static bool have_one_clock(const struct tote_trace_worker *a,
                           const struct tote_trace_worker *b)
{
    return a->host && b->host && strcmp(a->host, b->host) == 0;
}

/* Narrowed by what the other workers of its host say. */
static struct tote_timeline_clock
bounds_of_host(const struct tote_trace_workers *workers,
               const struct tote_trace_worker *worker)
{
    struct tote_timeline_clock bounds = worker->bounds;
    for (size_t i = 0; i < workers->n; i++) {
        const struct tote_trace_worker *other = &workers->all[i];
        if (!other->bounds.has_bounds || !have_one_clock(worker, other))
            continue;
        if (!bounds.has_bounds || other->bounds.least > bounds.least)
            bounds.least = other->bounds.least;
        if (!bounds.has_bounds || other->bounds.most < bounds.most)
            bounds.most = other->bounds.most;
        bounds.has_bounds = true;
    }
    return bounds;
}

static void place(struct tote_trace_worker *worker,
                  const struct tote_timeline_clock *bounds)
{
    worker->clock = TOTE_TRACE_CLOCK_UNKNOWN;
    if (!bounds->has_bounds)
        return;
    worker->clock = TOTE_TRACE_CLOCK_SAME;
    if (bounds->least <= 0 && bounds->most >= 0)
        return;
    worker->clock = TOTE_TRACE_CLOCK_MOVED;
    worker->offset_ns = bounds->least / 2 + bounds->most / 2;
    worker->error_ns = llabs(bounds->most / 2 - bounds->least / 2);
}

int tote_trace_workers_read(struct tote_trace_workers *workers,
                            struct tote_store *store, int64_t run,
                            struct tote_error *err)
{
    struct reading reading = {workers, err};
    int rc = tote_timeline_each_worker(store, run, keep_worker, &reading, err);
    if (rc == 0)
        rc = tote_timeline_each_clock(store, run, keep_clock, &reading, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < workers->n; i++) {
        struct tote_timeline_clock bounds = bounds_of_host(workers, &workers->all[i]);
        place(&workers->all[i], &bounds);
    }
    return 0;
}

void tote_trace_track_finish(struct tote_trace_track *track)
{
    tote_lanes_finish(&track->lanes);
    free(track->tids);
}

void tote_trace_workers_finish(struct tote_trace_workers *workers)
{
    for (size_t i = 0; i < workers->n; i++) {
        free(workers->all[i].host);
        tote_trace_track_finish(&workers->all[i].slots_track);
    }
    free(workers->all);
    *workers = (struct tote_trace_workers){0};
}
