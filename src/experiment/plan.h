/* SPDX-License-Identifier: MIT */
/* plan.h: how long an experiment may take, from what its parts cost, and what a budget
 * leaves of it. Pure; what parts cost is measured by calibrate.h.
 *
 *     struct tote_plan_forecast forecast;
 *     tote_plan_make(&costs, &cells, 6, 30, 600, cores, &forecast);
 *     forecast.block_s, forecast.within ...
 *
 * An estimate: tasks of one kind cost the same, and batches of an engine too. */
#ifndef TOTE_PLAN_H
#define TOTE_PLAN_H

#include "experiment/design.h"

struct tote_plan_engine {
    const char *text;        /* as in a cell; borrowed */
    double fixed_s, batch_s; /* of a launch without its tasks; of each batch */
};

struct tote_plan_kernel {
    const char *kernel; /* borrowed */
    uint64_t size;
    double task_s; /* in a bare loop of one thread */
};

struct tote_plan_costs {
    struct tote_plan_engine engines[TOTE_ENGINES_MAX]; /* those that are known */
    size_t n_engines;
    struct tote_plan_kernel *kernels; /* owned */
    size_t n_kernels;
    double loop_s; /* of a bare loop without its tasks */
};

/* Seconds of one launch of the cell; NaN: something of it is not known. */
double tote_plan_cell_s(const struct tote_plan_costs *costs,
                        const struct tote_cell_row *cell, uint64_t cores);

struct tote_plan_forecast {
    size_t n_cells, n_points; /* cells that can run */
    size_t n_skipped;
    size_t n_unknown;     /* cells that can run, but nobody knows how long */
    double block_s;       /* of the cells that are known */
    uint32_t least, most; /* blocks, as asked */
    uint32_t within;      /* of these, within the budget; at least one */
    double budget_s;
};

void tote_plan_make(const struct tote_plan_costs *costs, const struct tote_cells *cells,
                    uint32_t least, uint32_t most, double budget_s, uint64_t cores,
                    struct tote_plan_forecast *ret);

#endif
