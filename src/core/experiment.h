/* SPDX-License-Identifier: MIT */
/* experiment.h: a comparison: every cell is run in every block, in random order, each
 * run a fresh launch; the limit (a bare thread loop of the same kernel) is one more
 * cell. */
#ifndef TOTE_EXPERIMENT_H
#define TOTE_EXPERIMENT_H

#include "core/run.h"

#define TOTE_CELLS_MAX 32

enum tote_experiment_end {
    TOTE_EXPERIMENT_DONE,   /* all blocks */
    TOTE_EXPERIMENT_BUDGET, /* the time was over; at least one whole block is there */
    TOTE_EXPERIMENT_SIGNAL, /* *ret_signal */
    TOTE_EXPERIMENT_ENGINE, /* an engine failed after others had run: err says how */
};

struct tote_experiment_config {
    struct tote_run_config run;           /* engine is set for each cell */
    const struct tote_engine_spec *cells; /* n_cells of them */
    size_t n_cells;
    uint32_t blocks;
    double budget_s;     /* no new run begins after it, once a block is whole */
    uint64_t order_seed; /* of the random order */
    /* Called before each run; cell is the label, "limit" for the limit. May be null. */
    void (*begin)(void *context, const char *cell, uint32_t block);
};

/* Adds every run to the store. Returns a tote_experiment_end, or, if nothing could be
 * compared, what tote_run returned. */
int tote_experiment(const struct tote_experiment_config *config,
                    struct tote_store *store, int *ret_signal, struct tote_error *err);

/* The order of n cells in a block: a permutation of 0..n-1 that depends only on seed
 * and block. */
void tote_experiment_order(uint64_t seed, uint32_t block, size_t n, size_t *ret_order);

#endif
