/* SPDX-License-Identifier: MIT */
/* experiment.h: the cells of an experiment, launched block by block (blocks.h) with
 * real engines and real loops into a real store. An experiment that was begun goes on
 * with the pairs of cell and block that are missing. */
#ifndef TOTE_EXPERIMENT_H
#define TOTE_EXPERIMENT_H

#include "core/run.h"
#include "experiment/blocks.h"
#include "experiment/design.h"

struct tote_experiment_config {
    struct tote_run_config run; /* what belongs to a cell is set for each */
    uint64_t seed;              /* of the bags */
    const struct tote_cells *cells;
    const struct tote_engine_spec *engines; /* n_engines; a cell's is found by text */
    size_t n_engines;
    uint32_t least, most; /* blocks */
    double precision, budget_s;
    uint64_t order_seed;
    /* Called before each launch. May be null. */
    void (*begin)(void *context, const struct tote_cell_row *cell, uint32_t block);
};

/* Adds every run to the store, in which the cells are already. Returns a
 * tote_experiment_end, or, if nothing could be compared, what tote_run returned. */
int tote_experiment(const struct tote_experiment_config *config,
                    struct tote_store *store, int *ret_signal, struct tote_error *err);

/* One launch of a cell that is in the store; of the config only run, seed, engines and
 * begin matter. *ret gets what it came to, of a loop too. 0; 1: a signal ended it; or a
 * negative errno. */
int tote_experiment_launch(const struct tote_experiment_config *config,
                           struct tote_store *store, const struct tote_cell_row *cell,
                           uint32_t block, struct tote_outcome_of_run *ret,
                           int *ret_signal, struct tote_error *err);

#endif
