/* SPDX-License-Identifier: MIT */
/* blocks.h: the loop over blocks: which cell is launched next, and when it is enough.
 * It launches nothing itself and reads no clock: both are given to it (experiment.c
 * gives the real ones), so that its logic is tested with runs that never were. */
#ifndef TOTE_BLOCKS_H
#define TOTE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"
#include "tote/error.h"

enum tote_experiment_end {
    TOTE_EXPERIMENT_DONE,      /* all blocks */
    TOTE_EXPERIMENT_PRECISION, /* every engine is known well enough */
    TOTE_EXPERIMENT_BUDGET,    /* the time is over; at least one whole block is there */
    TOTE_EXPERIMENT_SIGNAL,    /* the launch says which */
    TOTE_EXPERIMENT_ENGINE,    /* an engine failed after others had run: err says how */
};

/* What a launch came to; not finite: not known. */
struct tote_outcome_of_run {
    double wall_s, tasks_per_s; /* the rate after start-up */
};

struct tote_blocks_ops {
    /* Was this pair done by an earlier tote? */
    bool (*has_run)(void *context, size_t cell, uint32_t block,
                    struct tote_outcome_of_run *ret);
    /* 0: it has run; 1: a signal ended it; or a negative errno. */
    int (*launch)(void *context, size_t cell, uint32_t block,
                  struct tote_outcome_of_run *ret, struct tote_error *err);
    tote_ns_t (*now)(void *context);
};

/* What the loop has to know of a cell. */
struct tote_blocks_cell {
    bool can_run;
    bool is_judged;    /* the stopping rule is about it */
    bool shows_engine; /* once it has run, a failure elsewhere is no reason to throw
                        * everything away */
};

struct tote_blocks {
    const struct tote_blocks_cell *cells;
    size_t n_cells;
    uint32_t least, most; /* blocks */
    double precision;     /* struct tote_stop */
    tote_ns_t budget_ns;  /* no launch begins after it, nor a block that would not end
                           * within it; but for the first block */
    uint64_t order_seed;
    const struct tote_blocks_ops *ops;
    void *context;
};

/* Returns a tote_experiment_end, or what the launch failed with, if nothing was shown
 * before. */
int tote_blocks_run(const struct tote_blocks *blocks, struct tote_error *err);

/* Is what a launch failed with an engine's doing, so that it says nothing about others?
 */
bool tote_blocks_is_of_engine(int rc);

/* The order of n cells in a block: a permutation of 0..n-1 that depends only on seed
 * and block. */
void tote_blocks_order(uint64_t seed, uint32_t block, size_t n, size_t *ret_order);

#endif
