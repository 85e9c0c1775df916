/* SPDX-License-Identifier: MIT */
/* run.h: one launch of one engine on one bag, from the box to the last durable record.
 *
 * Joins what is kept apart elsewhere: the dispatcher (which decides) to a box, a link,
 * a store's writer and the clock (which do); of a bag of commands also to the list that
 * it comes from (intake.h), the files that travel (courier.h) and the folder of results
 * (publisher.h). */
#ifndef TOTE_RUN_H
#define TOTE_RUN_H

#include "core/bag.h"
#include "core/commands.h"
#include "core/dispatcher.h"
#include "core/interrupt.h"
#include "core/program.h"
#include "store/store.h"
#include "tote/clock.h"
#include "tote/error.h"

struct tote_progress {
    uint64_t done, failed,
        tasks;            /* results, good and not, earlier runs' too; of the bag */
    bool is_whole;        /* tasks is all of them: the list has been read */
    uint64_t before;      /* of done + failed: results of earlier runs */
    uint64_t retried;     /* attempts that failed and were not the last */
    uint64_t lost;        /* batches */
    uint64_t running;     /* tasks handed to the engine */
    tote_ns_t elapsed_ns; /* since the engine was ready; 0: it is not */
    bool is_draining;     /* a signal came, or halt: nothing more is handed out */
    bool is_forced;       /* to be shown whenever the last one was: progress_signal */
    bool is_last;         /* the run is over */
    int signal;           /* that is ending the run; 0: none */
};

struct tote_run_config {
    const struct tote_bag *bag;
    const struct tote_engine_spec *engine;
    const char *label; /* of the row; null: the engine's */
    struct tote_commands
        *commands;           /* what its tasks are, if they are commands; or null */
    uint32_t workers, batch; /* batch 0: auto */
    enum tote_durability durability;
    uint32_t retries, losses; /* struct tote_budget */
    struct tote_halt halt;
    bool goes_on;        /* the store has runs of this bag: what is done stays done */
    bool retries_failed; /* what failed in them runs again */
    double grace_s;      /* after the first signal: how long what is out may take */
    bool has_host_network;
    int signal_fd;       /* a signalfd, whose signals end the run; -1: none */
    int progress_signal; /* of these, one that shows the progress instead; 0: none */
    int log_fd;          /* gets the engine's stderr; -1: none */
    double start_s;      /* an engine that is not ready by then is given up */
    double stall_s; /* so is one that has work and says nothing for so long; 0: never */
    /* Told once a launch, in a sentence, if the box lacks a protection; or null. */
    void (*notice)(void *context, const char *sentence);
    void (*progress)(void *context, const struct tote_progress *progress); /* or null */
    /* Told once that a signal came and what is out may end, so many tasks; or null. */
    void (*draining)(void *context, int signo, uint64_t running);
    /* Told each attempt that came back and was new, once its files are published,
     * before it is durable; result is null but for commands; is_last: it is the task's
     * result. Or null. */
    void (*result)(void *context, const struct tote_record *record,
                   const struct tote_result *result, bool is_last);
    /* Called once, when the engine is ready and before it gets work; not for a bag of
     * which everything is done already. What it fails with ends the run. Or null. */
    int (*ready)(void *context, struct tote_error *err);
    void *context;
};

/* Its signals, for what comes before the loop. */
static inline struct tote_interrupt
tote_run_interrupt(const struct tote_run_config *config)
{
    return (struct tote_interrupt){.signal_fd = config->signal_fd,
                                   .progress_signal = config->progress_signal};
}

enum tote_run_result {
    TOTE_RUN_ENDED,   /* every task has a durable result; some may have failed */
    TOTE_RUN_STOPPED, /* a signal ended it: *ret_signal */
    TOTE_RUN_HALTED,  /* its halt condition came true */
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
