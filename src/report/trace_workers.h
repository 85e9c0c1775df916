/* SPDX-License-Identifier: MIT */
/* trace_workers.h: the workers of a traced run: the tracks that their attempts are
 * dealt out to, and by how much their clocks are moved (trace.h). Private to the trace.
 *
 *     struct tote_trace_workers workers = {0};
 *     int rc = tote_trace_workers_read(&workers, store, run, &err);
 *     struct tote_trace_worker *worker = tote_trace_workers_find(&workers, id);
 *     tote_trace_workers_finish(&workers); */
#ifndef TOTE_TRACE_WORKERS_H
#define TOTE_TRACE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/lanes.h"
#include "store/timeline.h"

/* Threads of one process whose slices do not overlap. */
struct tote_trace_track {
    struct tote_lanes lanes;
    uint64_t *tids; /* of each lane */
    size_t n;
};

enum tote_trace_clock {
    TOTE_TRACE_CLOCK_SAME,    /* its stamps fit to tote's */
    TOTE_TRACE_CLOCK_MOVED,   /* they do when they are moved */
    TOTE_TRACE_CLOCK_UNKNOWN, /* none of its batches has an answer */
};

struct tote_trace_worker {
    uint64_t id, pid;
    char *host; /* null: the engine has not announced it */
    uint32_t slots;
    tote_ns_t joined_ns, left_ns;
    struct tote_timeline_clock bounds; /* of all workers of its host */
    enum tote_trace_clock clock;
    tote_ns_t offset_ns, error_ns; /* either way; of a moved clock */
    struct tote_trace_track slots_track;
};

struct tote_trace_workers {
    struct tote_trace_worker *all; /* by id */
    size_t n;
};

/* Those that were announced, and those that have records. After
 * tote_timeline_begin. */
int tote_trace_workers_read(struct tote_trace_workers *workers,
                            struct tote_store *store, int64_t run,
                            struct tote_error *err);
void tote_trace_workers_finish(struct tote_trace_workers *workers);

/* Null: there is none. */
struct tote_trace_worker *tote_trace_workers_find(struct tote_trace_workers *workers,
                                                  uint64_t id);

void tote_trace_track_finish(struct tote_trace_track *track);

#endif
