/* SPDX-License-Identifier: MIT */
/* drawn.h: what a chart shows of a run's records, in one walk and in memory that does
 * not depend on their number: a bar an attempt, thinned, and the distribution of
 * service times. Not for figures in tables: those are exact (percentile.h).
 *
 *     struct tote_drawn drawn;
 *     if (tote_drawn_make(store, &run, 1000, 200, &drawn, &err) == 0) {
 *         ...
 *         tote_drawn_finish(&drawn);
 *     }
 *
 * Up to `most_bars` attempts all are kept; of more, one in `every`, at even distances
 * in the order of tasks, and beside these the slowest: the worst tail is never thinned
 * away. Service times are of good tasks, counted in cells of at most a 64th of their
 * value; a step is told for each further part 1 / most_steps of the tasks, and for
 * every cell of the slowest 1 %. */
#ifndef TOTE_DRAWN_H
#define TOTE_DRAWN_H

#include "report/gather.h"

struct tote_drawn_bar {
    uint64_t task;
    uint32_t attempt;
    enum tote_outcome outcome;
    uint64_t worker; /* 0: unknown */
    uint32_t lane;   /* from 0: bars of a worker that overlap are in different ones */
    double start_s, end_s; /* after launch */
};

struct tote_drawn_step {
    double at_s; /* so many seconds or less */
    double part; /* of the tasks, in (0, 1] */
};

struct tote_drawn {
    struct tote_drawn_bar *bars; /* by worker and start */
    size_t n_bars;
    uint64_t n_attempts; /* that have a record */
    uint64_t every;      /* 1: all are there */
    size_t n_slowest;    /* of the bars, for being slow alone */
    bool is_other_clock; /* stamps are not of tote's host: there are no bars */
    struct tote_drawn_step *steps;
    size_t n_steps;
};

/* most_bars and most_steps are at least 2. -ENOMEM, or the store's error. */
int tote_drawn_make(struct tote_store *store, const struct tote_run_summary *run,
                    size_t most_bars, size_t most_steps, struct tote_drawn *ret_drawn,
                    struct tote_error *err);
void tote_drawn_finish(struct tote_drawn *drawn); /* a zeroed one is accepted */

#endif
