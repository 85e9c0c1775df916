/* SPDX-License-Identifier: MIT */
/* dispatcher.h: one run as a state machine. No I/O: what happens outside comes in as
 * one call an event; what it wants done goes out through a table of functions.
 *
 *     tote_dispatcher_init(&d, &bag, slots, batch, &ops, context, &err);
 *     tote_dispatcher_ready(&d, &err);              // the engine is up: batches go out
 *     tote_dispatcher_done(&d, id, worker, records, n, &err);
 *     tote_dispatcher_durable(&d, count, &err);     // the store has them: perhaps stop
 *     while (d.phase != TOTE_PHASE_OVER) ...
 *
 * It owns planner and recorder, keeps the window of batches in flight, decides when a
 * run is finished and when an engine is not to be believed any more. Any call may
 * return a negative errno: then the run is broken and the caller ends the engine. One
 * thread. */
#ifndef TOTE_DISPATCHER_H
#define TOTE_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bag.h"
#include "core/budget.h"
#include "core/halt.h"
#include "core/planner.h"
#include "core/recorder.h"
#include "tote/clock.h"
#include "tote/error.h"
#include "tote/record.h"

/* An engine that loses so many batches in a row is given up. One blow, as the end of
 * the host that has all workers, can take everything in flight, and killers in a large
 * batch take it each time that it is split: that comes on top. TOTE_BATCH_MAX is
 * TOTE_PLANNER_SPLIT to the power of TOTE_LOST_ROW_SPLITS. */
#define TOTE_LOST_ROW_MAX    100
#define TOTE_LOST_ROW_SPLITS 4

enum tote_phase {
    TOTE_PHASE_STARTING, /* waits for ready */
    TOTE_PHASE_RUNNING,  /* batches are out, or records are not durable yet */
    TOTE_PHASE_DRAINING, /* nothing more goes out; as running, until all is back */
    TOTE_PHASE_STOPPING, /* stop was sent; waits for the engine's end */
    TOTE_PHASE_OVER,
};

/* The way out. Functions return 0 or a negative errno with a sentence. */
struct tote_dispatch_ops {
    tote_ns_t (*now)(void *context); /* CLOCK_MONOTONIC */
    int (*run)(void *context, const struct tote_batch *batch, struct tote_error *err);
    int (*stop)(void *context, struct tote_error *err);
    /* n records of one batch that are to be kept, each the first of its attempt. The
     * recorder knows by then whether one is its task's result (tote_recorder_has); else
     * the task failed and has retries left. Counted as durable when
     * tote_dispatcher_durable says so. */
    int (*record)(void *context, uint64_t worker, const struct tote_record *records,
                  size_t n, struct tote_error *err);
    /* A batch came back, or was lost (why is then a sentence, else null). */
    int (*back)(void *context, const struct tote_batch *batch, uint64_t worker,
                tote_ns_t sent_ns, tote_ns_t back_ns, const char *why,
                struct tote_error *err);
    /* True while the store has more waiting than it should: no new batch goes out. */
    bool (*is_full)(void *context);
    /* How many of these tasks, from the first, fit into one batch: 1..count. Asked just
     * before run. Null: all. */
    uint32_t (*fit)(void *context, uint64_t first, uint32_t count);
};

struct tote_flight { /* a batch that is out */
    struct tote_batch batch;
    tote_ns_t sent_ns;
};

struct tote_dispatcher {
    const struct tote_dispatch_ops *ops;
    void *context;
    struct tote_planner planner;
    struct tote_recorder recorder;
    enum tote_phase phase;
    struct tote_flight *flights; /* TOTE_WINDOW for each slot */
    size_t n_flights, max_flights;
    struct tote_record *fresh; /* room for the results of one batch */
    struct tote_batch *gone;   /* lost batches of which no late answer has come */
    size_t n_gone, gone_capacity;
    struct tote_budget budget;
    struct tote_halt halt;
    bool is_whole;     /* the bag does not grow any more */
    bool has_halted;   /* halt's condition came true, and not all tasks had a result */
    uint64_t unlisted; /* of the skipped tasks: not of the list any more; the caller
                          sets it */
    uint64_t run_ok, run_failed; /* results of this run; the recorder's counts hold
                                  * those of earlier runs too */
    uint64_t retried;            /* attempts that were not the last of their task */
    uint64_t quarantined;        /* tasks recorded as lost */
    uint64_t stored;   /* records given to the store, those of retried attempts too */
    uint64_t durable;  /* of these, known to be on disk */
    uint64_t lost;     /* batches */
    uint32_t lost_row; /* batches lost since the last done, but for tasks that were lost
                        * alone before */
    /* Stamps of ops->now, 0 until they happen. */
    tote_ns_t ready_ns, first_ns, fed_ns, last_ns;
};

/* batch: tasks of a batch, 0 for auto. The bag is whole, with no retries, 5 losses and
 * no halt, until the calls below say otherwise; they come before ready. */
int tote_dispatcher_init(struct tote_dispatcher *d, const struct tote_bag *bag,
                         uint32_t slots, uint32_t batch,
                         const struct tote_dispatch_ops *ops, void *context,
                         struct tote_error *err);
void tote_dispatcher_finish(struct tote_dispatcher *d); /* accepts a zeroed one */

void tote_dispatcher_set_budget(struct tote_dispatcher *d,
                                const struct tote_budget *budget);
void tote_dispatcher_set_halt(struct tote_dispatcher *d, const struct tote_halt *halt);

/* A task that has a result from an earlier run, or that is not of the list any more: it
 * is not handed out. is_ok: counts as done (recorder.ok), else as failed. -ERANGE,
 * -ENOMEM. Before ready. */
int tote_dispatcher_skip(struct tote_dispatcher *d, uint64_t task, bool is_ok,
                         struct tote_error *err);

/* --- what happened --- */

/* The bag has so many tasks by now, which can be handed out; is_whole: no more will
 * come. A bag begins to grow by a call before ready. -EINVAL: it had more, or was
 * whole; -ENOMEM. */
int tote_dispatcher_grow(struct tote_dispatcher *d, uint64_t tasks, bool is_whole,
                         struct tote_error *err);

/* The time of tote_dispatcher_wake_ns has come. */
int tote_dispatcher_tick(struct tote_dispatcher *d, struct tote_error *err);

int tote_dispatcher_ready(struct tote_dispatcher *d, struct tote_error *err);

/* records are in any order. -EPROTO if they are not exactly the tasks of that batch in
 * its attempt. A batch that came back before is no error: its records are duplicates,
 * or late results of a lost one, and the first still wins; but a late failure is always
 * a duplicate, since the next attempt is under way. A task that was given up as lost
 * keeps that result. */
int tote_dispatcher_done(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                         const struct tote_record *records, size_t n,
                         struct tote_error *err);

/* Would done take these records as the first answer of that batch, in time or late? For
 * who must act on them before: 1 yes, 0 no, they are repeated. -EPROTO as of done. */
int tote_dispatcher_expects(struct tote_dispatcher *d, uint64_t batch,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err);

/* Of a batch that came back before it means nothing and is ignored. */
int tote_dispatcher_lost(struct tote_dispatcher *d, uint64_t batch, uint64_t worker,
                         const char *why, struct tote_error *err);

/* The store has made count records of this run durable, in all. Also to be called when
 * is_full may have turned false. */
int tote_dispatcher_durable(struct tote_dispatcher *d, uint64_t count,
                            struct tote_error *err);

/* Hands out nothing more; stops the engine when what is out is back and durable. */
int tote_dispatcher_drain(struct tote_dispatcher *d, struct tote_error *err);

/* Hands out nothing more and stops the engine, whatever is still out. */
int tote_dispatcher_stop(struct tote_dispatcher *d, struct tote_error *err);

/* The engine said bye or is gone. -EPROTO if it was not asked to stop. */
int tote_dispatcher_gone(struct tote_dispatcher *d, struct tote_error *err);

/* --- what is known --- */

/* Tasks that are out. */
uint64_t tote_dispatcher_running(const struct tote_dispatcher *d);

/* When tick is to be called, since a lost task may be handed out again; 0: not before
 * something else happens. */
tote_ns_t tote_dispatcher_wake_ns(const struct tote_dispatcher *d);

/* The bag is whole and every task has a result, durable or not. */
bool tote_dispatcher_is_recorded(const struct tote_dispatcher *d);

/* The same, and all are durable. */
bool tote_dispatcher_is_complete(const struct tote_dispatcher *d);

#endif
