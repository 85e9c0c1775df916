/* SPDX-License-Identifier: MIT */
/* run.h: one launch of one engine on one bag, from the box to the last durable record.
 *
 * Joins what is kept apart elsewhere: the dispatcher (which decides) to a box, a link,
 * a store's writer and the clock (which do). */
#ifndef TOTE_RUN_H
#define TOTE_RUN_H

#include "core/bag.h"
#include "core/program.h"
#include "store/store.h"
#include "tote/clock.h"
#include "tote/error.h"

struct tote_progress {
    uint64_t done, failed, tasks; /* results received, good and not; of the bag */
    tote_ns_t elapsed_ns;         /* since the engine was ready; 0: it is not */
};

struct tote_run_config {
    const struct tote_bag *bag;
    const struct tote_engine_spec *engine;
    uint32_t workers, batch; /* batch 0: auto */
    bool has_host_network;
    int signal_fd;  /* a signalfd: whatever comes ends the run; -1: none */
    int log_fd;     /* gets the engine's stderr; -1: none */
    double start_s; /* an engine that is not ready by then is given up */
    double stall_s; /* so is one that has work and says nothing for so long; 0: never */
    /* Told once a launch, in a sentence, if the box lacks a protection; or null. */
    void (*notice)(void *context, const char *sentence);
    void (*progress)(void *context, const struct tote_progress *progress); /* or null */
    void *context;
};

enum tote_run_result {
    TOTE_RUN_ENDED,   /* every task has a durable result; some may have failed */
    TOTE_RUN_STOPPED, /* a signal ended it: *ret_signal */
};

/* Runs and fills row (id, cell, block and label are the caller's; texts are allocated),
 * which is also in the store by then, in whatever state the run came to. Returns a
 * tote_run_result, or a negative errno with a sentence: -EINVAL: the engine refused its
 * options; -ENOPKG: it did not start; -EPROTO, -EPIPE: it broke its word or died; else
 * the store's error. Nothing of the engine is alive afterwards. Call with one thread.
 */
int tote_run(const struct tote_run_config *config, struct tote_store *store,
             struct tote_run_row *row, int *ret_signal, struct tote_error *err);

#endif
