/* SPDX-License-Identifier: MIT */
/* planner.h: which tasks the next batch holds. Pure: no I/O and no clock of its own.
 *
 *     tote_planner_init(&planner, tasks, slots, 0);
 *     while (n_out < tote_planner_window(&planner) &&
 *            tote_planner_next(&planner, &recorder, now, &batch))
 *         hand out batch;
 *     ... a batch came back ...
 *     tote_planner_observe(&planner, &observation);
 *
 * With a fixed batch size it deals out ranges of that size. With 0 ("auto") it learns
 * two times from the stamps of finished batches: what a task takes, and what a batch
 * costs (how long a slot stood idle between two batches although the next one had been
 * handed out). The middle of the bag is cut so that the cost is TOTE_PLANNER_COST_FRAC
 * of the work; towards the end a batch is at most half of an even share of what is
 * left, so that no slot idles while another holds a long one (factoring: Hummel,
 * Schonberg & Flynn, CACM 35(8), 1992; guided self-scheduling: Polychronopoulos & Kuck,
 * IEEE ToC C-36(12), 1987), and never so small that it costs more than it runs. The way
 * up begins with single tasks and is short: sizes grow eightfold, and until they have
 * grown only half a window is out, since each small batch of it costs as much as a
 * large one. What that is worth: tests/unit/test_planner.c prints it.
 *
 * Tasks that have a result, of an earlier run or by a late answer, are not dealt out: a
 * batch ends before the first of them. While the bag still grows, nobody knows its end:
 * then there is no even share, and what is there is dealt out. */
#ifndef TOTE_PLANNER_H
#define TOTE_PLANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bag.h"
#include "core/recorder.h"
#include "core/returned.h"
#include "tote/clock.h"
#include "tote/error.h"

/* Batches in flight for each slot, once their size has settled. */
#define TOTE_WINDOW 4

/* So many of batches that run longer than TOTE_PLANNER_BATCH_NS: the next one is there
 * when a slot wants it, and a run that is to end has no more to wait for. */
#define TOTE_WINDOW_LONG 2

/* Batch cost wanted, as a part of its work. */
#define TOTE_PLANNER_COST_FRAC 0.02

/* Longest work of an auto batch: what one lost worker can cost. */
#define TOTE_PLANNER_BATCH_NS TOTE_NS_PER_S

/* An auto batch is at most this times the largest seen. */
#define TOTE_PLANNER_GROWTH 8

/* Batches of which the medians are taken. */
#define TOTE_PLANNER_SAMPLES 15

/* A lost batch comes back in this many pieces. */
#define TOTE_PLANNER_SPLIT 8

/* While more batches than this wait for their next attempt, no fresh task is dealt out:
 * memory has a bound. */
#define TOTE_PLANNER_RETURNED_MOST 65536

/* The medians are over a ring of the latest samples: they follow a change, and one
 * stalled batch does not move them. */
struct tote_planner_samples {
    double ns[TOTE_PLANNER_SAMPLES];
    size_t n; /* samples taken so far, also more than fit */
};

struct tote_planner_worker { /* the last batch that a worker finished */
    uint64_t id;
    tote_ns_t end_ns;  /* worker's clock */
    tote_ns_t back_ns; /* tote's clock */
};

struct tote_planner {
    uint64_t tasks, next; /* tasks below next have been dealt out at least once, or have
                           * a result of an earlier run */
    uint64_t left;        /* tasks from next on that have none */
    bool is_whole;        /* the bag does not grow any more */
    uint32_t attempt;     /* the first of each task */
    uint32_t slots;
    uint32_t fixed; /* batch size, or 0 for auto */
    uint64_t last_id;
    uint32_t largest; /* count of the largest batch seen back */
    struct tote_planner_samples task_ns, cost_ns, batch_ns;
    struct tote_planner_worker *workers; /* a ring of as many as slots */
    size_t next_worker;
    struct tote_returned returned;
};

/* What a finished batch showed. */
struct tote_planner_observation {
    uint64_t worker;
    uint32_t count;
    tote_ns_t start_ns, end_ns; /* of its work, worker's clock */
    tote_ns_t sent_ns, back_ns; /* handed out and returned, tote's clock */
};

/* fixed: tasks of a batch, at most TOTE_BATCH_MAX; 0 for auto. The bag is whole and the
 * first attempt is 1 until they are set. -ENOMEM. */
int tote_planner_init(struct tote_planner *planner, uint64_t tasks, uint32_t slots,
                      uint32_t fixed, struct tote_error *err);
void tote_planner_finish(struct tote_planner *planner); /* accepts a zeroed one */

/* The bag has so many tasks now, at least as many as before. */
void tote_planner_grow(struct tote_planner *planner, uint64_t tasks, bool is_whole);

/* A task that had no result has one by now, from an earlier run: the recorder of next
 * knows it. */
void tote_planner_skip(struct tote_planner *planner, uint64_t task);

/* How many batches should be in flight now, at most TOTE_WINDOW for each slot. */
size_t tote_planner_window(const struct tote_planner *planner);

/* Fills the next batch, first those that came back and may go out again now; false if
 * there is nothing to hand out now. recorder says which tasks have a result; null: none
 * has. */
bool tote_planner_next(struct tote_planner *planner,
                       const struct tote_recorder *recorder, tote_ns_t now,
                       struct tote_batch *ret_batch);

/* Cuts the batch that next gave last to its first count tasks, 1 or more; the others
 * are dealt out next. -ENOMEM. */
int tote_planner_shorten(struct tote_planner *planner, struct tote_batch *batch,
                         uint32_t count, struct tote_error *err);

/* True when everything that is there has been handed out. */
bool tote_planner_is_fed(const struct tote_planner *planner);

void tote_planner_observe(struct tote_planner *planner,
                          const struct tote_planner_observation *seen);

/* Takes a lost batch back: its tasks come again with the next attempt number, not
 * before that time, in TOTE_PLANNER_SPLIT pieces, so that a task which kills its worker
 * is soon alone; or at once each alone. -ENOMEM. */
int tote_planner_give_back(struct tote_planner *planner, const struct tote_batch *batch,
                           bool is_alone, tote_ns_t not_before_ns,
                           struct tote_error *err);

/* A task of that batch failed by itself: it comes again, alone, with the next attempt
 * number. -ENOMEM. */
int tote_planner_retry(struct tote_planner *planner, const struct tote_batch *batch,
                       uint64_t task, struct tote_error *err);

#endif
