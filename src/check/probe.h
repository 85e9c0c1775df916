/* SPDX-License-Identifier: MIT */
/* probe.h: one launch of an engine program that is examined.
 *
 *     tote_probe_open(&probe, &spec, config, &bag, &err);
 *     tote_probe_hello(&probe, NULL, &err);
 *     tote_probe_await_ready(&probe, &err);
 *     tote_probe_run(&probe, &(struct tote_batch){.count = 3, .attempt = 1}, NULL,
 * &err); tote_probe_await_answers(&probe, &err); tote_probe_stop(&probe, NULL, &err);
 *     tote_probe_await_end(&probe, &end, &err);
 *     tote_probe_close(&probe);
 *
 * Says what it is told to say, also what the protocol forbids, and holds the engine to
 * the protocol in whatever it answers. Not for runs of a bag: run.h.
 *
 * Functions return 0, or a negative errno and a sentence. -EPROTO, -EBADMSG, -E2BIG and
 * -ETIMEDOUT are the engine's fault; -EINTR is the signal; all else is our own trouble.
 * After a failure the only thing to do with a probe is to close it. */
#ifndef TOTE_PROBE_H
#define TOTE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/conformance.h"
#include "core/bag.h"
#include "core/launch.h"
#include "tote/clock.h"
#include "tote/error.h"

#define TOTE_PROBE_BATCHES_MAX 64  /* of one launch */
#define TOTE_PROBE_WORKERS_MAX 256 /* that ever joined in one launch */

enum tote_probe_answer {
    TOTE_PROBE_OUT, /* none yet */
    TOTE_PROBE_DONE,
    TOTE_PROBE_LOST,
};

struct tote_probe_batch {
    struct tote_batch batch;
    enum tote_probe_answer answer;
    tote_ns_t answer_ns; /* when it came, before it was judged; 0: not yet */
};

struct tote_probe {
    const struct tote_conformance_config *config; /* borrowed */
    struct tote_bag bag;
    const char
        *slices; /* of a bag of commands: where its files are; else null; borrowed */
    struct tote_launch launch;
    bool is_open, is_ready, is_stopping, has_said_bye;
    struct tote_probe_batch
        batches[TOTE_PROBE_BATCHES_MAX]; /* in the order of their ids */
    size_t n_batches;
    uint64_t workers[TOTE_PROBE_WORKERS_MAX]; /* ids */
    size_t n_workers;
};

/* How a line differs from what tote would send. */
struct tote_probe_change {
    const char *fields; /* a JSON object, merged into the line's; null: none */
    size_t bytes;       /* blanks before the newline make the line this long; 0: none */
};

struct tote_probe_end {
    int status; /* of exit, or 128 + signal */
    unsigned survivors;
    char words[256]; /* the last line on stderr */
};

/* slices: of a bag of commands, the folder of the slices, which the caller has written
 * by the time of their run; else null. */
int tote_probe_open(struct tote_probe *probe, const struct tote_engine_spec *spec,
                    const struct tote_conformance_config *config,
                    const struct tote_bag *bag, const char *slices,
                    struct tote_error *err);

/* Any text, as it is. */
int tote_probe_say(struct tote_probe *probe, const char *text, struct tote_error *err);
/* change may be null in these three. */
int tote_probe_hello(struct tote_probe *probe, const struct tote_probe_change *change,
                     struct tote_error *err);
int tote_probe_stop(struct tote_probe *probe, const struct tote_probe_change *change,
                    struct tote_error *err);
/* Gives the batch the next id. */
int tote_probe_run(struct tote_probe *probe, const struct tote_batch *batch,
                   const struct tote_probe_change *change, struct tote_error *err);
/* End of file on the engine's stdin. */
void tote_probe_hang_up(struct tote_probe *probe);

int tote_probe_await_ready(struct tote_probe *probe, struct tote_error *err);
/* Until every batch, or with an id that one, has its answer. */
int tote_probe_await_answers(struct tote_probe *probe, struct tote_error *err);
int tote_probe_await_answer(struct tote_probe *probe, uint64_t id,
                            struct tote_error *err);
/* Until the engine has ended by itself; the probe is closed then. */
int tote_probe_await_end(struct tote_probe *probe, struct tote_probe_end *ret_end,
                         struct tote_error *err);

/* Kills what is still alive. Accepts a zeroed or closed one. */
void tote_probe_close(struct tote_probe *probe);

#endif
