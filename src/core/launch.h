/* SPDX-License-Identifier: MIT */
/* launch.h: one engine program from its start to its end: the box that it lives in, the
 * link to it, hello and stop, the deadline of each, and what to say when it broke. Not
 * for what happens between ready and stop: that is the run's (run.h). */
#ifndef TOTE_LAUNCH_H
#define TOTE_LAUNCH_H

#include "core/bag.h"
#include "core/box.h"
#include "core/link.h"
#include "core/program.h"
#include "tote/clock.h"
#include "tote/error.h"

#define TOTE_STOP_S 20 /* an engine that has not ended by then after stop is killed */

/* What an engine owes. */
enum tote_launch_due {
    TOTE_DUE_READY,
    TOTE_DUE_WORD, /* any event, while batches are out */
    TOTE_DUE_END,  /* after stop */
};

struct tote_launch {
    const struct tote_engine_spec *engine;
    struct tote_box box;
    struct tote_link link;
    const char *slices; /* for hello; null: none */
    bool is_staged;
    double start_s, stall_s; /* as configured */
    tote_ns_t launch_ns;
    tote_ns_t deadline_ns; /* for what is due next; 0: none */
    enum tote_launch_due due;
};

struct tote_launch_config {
    const struct tote_engine_spec *engine;
    const struct tote_bag *bag;
    const char *slices; /* of a bag of commands: the folder of its slices; else null */
    bool is_staged;     /* and its files travel with its batches */
    uint32_t slots;
    bool has_host_network;
    int log_fd;     /* gets the engine's stderr; -1: none */
    double start_s; /* an engine that is not ready by then is given up */
    double stall_s; /* so is one that has work and says nothing for so long; 0: never */
};

/* Starts the program in a box and says hello. On failure call tote_launch_end all the
 * same. Call with one thread (box.h). */
int tote_launch_start(struct tote_launch *launch,
                      const struct tote_launch_config *config, struct tote_error *err);

/* The two halves of it, for who says something else first: starts the program, and says
 * nothing; makes the line of hello, which the caller sends or frees. */
int tote_launch_open(struct tote_launch *launch,
                     const struct tote_launch_config *config, struct tote_error *err);
char *tote_launch_hello(const struct tote_launch *launch, const struct tote_bag *bag,
                        uint32_t slots, size_t *ret_n, struct tote_error *err);

/* In words: what contains the engine, and what is missing. Borrowed from the launch. */
const char *tote_launch_containment(const struct tote_launch *launch);

/* Takes line, which may be null after a failure to make it. */
int tote_launch_send(struct tote_launch *launch, char *line, size_t n,
                     struct tote_error *err);

/* Sets the deadline for the next word of a running engine; not has_work: there is none.
 */
void tote_launch_expect_word(struct tote_launch *launch, bool has_work);

/* Says stop and sets the deadline for the engine's end. */
int tote_launch_stop(struct tote_launch *launch, struct tote_error *err);

/* Milliseconds to the deadline, at most `most`; -1 stands for no end in either. */
int tote_launch_poll_ms(const struct tote_launch *launch, int most);

/* -ETIMEDOUT if the deadline is over; but an engine that was asked to stop is killed,
 * which is no error: what counts is durable. */
int tote_launch_check(struct tote_launch *launch, struct tote_error *err);

/* Waits for the end of the engine and of all that it started; kills it first if
 * is_broken and it is not ending by itself. A signal on signal_fd (-1: none), which is
 * not read, ends the patience. Harmless if nothing was started. */
struct tote_launch_end {
    int status; /* exit status, or 128 + signal */
    tote_ns_t user_ns, sys_ns, end_ns;
    unsigned survivors; /* of box.h */
};
struct tote_launch_end tote_launch_end(struct tote_launch *launch, bool is_broken,
                                       int signal_fd);

/* After the end of a run that failed with rc: makes one sentence of it with the
 * engine's own last words. Returns the code that fits: -EINVAL (it refused its
 * options), -ENOPKG (it did not come up), -EPIPE (it died), or rc. */
int tote_launch_explain(const struct tote_launch *launch, int rc, int status,
                        bool was_ready, struct tote_error *err);

void tote_launch_finish(struct tote_launch *launch); /* accepts a zeroed one */

#endif
