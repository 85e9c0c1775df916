/* SPDX-License-Identifier: MIT */
/* timeline.h: one run of a store in the order of time: its workers, its batches and its
 * attempts. Not for what they come to (store.h).
 *
 *     tote_store_freeze(store, &err);
 *     int rc = tote_timeline_begin(store, run, &err);
 *     ... tote_timeline_each_attempt(store, run, visit, context, &err) ...
 *     tote_timeline_end(store);
 *     tote_store_thaw(store);
 *
 * Records and batches lie in the store in the order of their numbers. SQLite sorts them
 * in a temporary file (TMPDIR, or /var/tmp), so the memory does not depend on their
 * number. Every row's seal is checked; -EBADMSG and a sentence for a damaged one. A
 * non-zero answer of a visitor ends the walk and is returned. */
#ifndef TOTE_TIMELINE_H
#define TOTE_TIMELINE_H

#include "store/store.h"

/* Makes the store ready for the walks over one run, until end. */
int tote_timeline_begin(struct tote_store *store, int64_t run, struct tote_error *err);
void tote_timeline_end(struct tote_store *store); /* also where none has begun */

/* Workers that the engine has announced, by their ids; texts are borrowed. Needs no
 * begin. */
typedef int tote_timeline_visit_worker(void *context,
                                       const struct tote_worker_row *row);
int tote_timeline_each_worker(struct tote_store *store, int64_t run,
                              tote_timeline_visit_worker *visit, void *context,
                              struct tote_error *err);

/* Batches that were lost, by the time they were sent. Needs no begin. */
typedef int tote_timeline_visit_batch(void *context, const struct tote_batch_row *row);
int tote_timeline_each_loss(struct tote_store *store, int64_t run,
                            tote_timeline_visit_batch *visit, void *context,
                            struct tote_error *err);

/* How many batches are on their way from `at` on, whenever that changes. */
typedef int tote_timeline_visit_flight(void *context, tote_ns_t at, int64_t in_flight);
int tote_timeline_each_flight(struct tote_store *store,
                              tote_timeline_visit_flight *visit, void *context,
                              struct tote_error *err);

/* Records by their start on the worker's clock, then by their end, task and attempt.
 * batch 0: none that is known. */
typedef int tote_timeline_visit_attempt(void *context, const struct tote_record *record,
                                        uint64_t worker, uint64_t batch);
int tote_timeline_each_attempt(struct tote_store *store, int64_t run,
                               tote_timeline_visit_attempt *visit, void *context,
                               struct tote_error *err);

/* What must be added to the stamps of a worker so that each attempt lies between the
 * sending of its batch and the coming of its answer: least <= offset <= most. If least
 * is above most no offset does: its clock went at another speed. */
struct tote_timeline_clock {
    uint64_t worker;
    bool has_bounds; /* false: no batch of it is known */
    tote_ns_t least, most;
};
/* By the id of the worker; of each that has a record of its own. */
typedef int tote_timeline_visit_clock(void *context,
                                      const struct tote_timeline_clock *clock);
int tote_timeline_each_clock(struct tote_store *store, int64_t run,
                             tote_timeline_visit_clock *visit, void *context,
                             struct tote_error *err);

#endif
