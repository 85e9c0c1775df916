/* SPDX-License-Identifier: MIT */
/* plan.c: see plan.h. */
#include "experiment/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An automatic batch grows with the bag: as many batches as if each had this many
 * tasks, and some for each worker while it finds out. */
#define AUTO_TASKS      64
#define AUTO_PER_WORKER 4

static double task_s(const struct tote_plan_costs *costs,
                     const struct tote_cell_row *cell)
{
    for (size_t i = 0; i < costs->n_kernels; i++) {
        const struct tote_plan_kernel *kernel = &costs->kernels[i];
        if (kernel->size == cell->size && strcmp(kernel->kernel, cell->kernel) == 0)
            return kernel->task_s;
    }
    return NAN;
}

static const struct tote_plan_engine *find_engine(const struct tote_plan_costs *costs,
                                                  const char *text)
{
    for (size_t i = 0; i < costs->n_engines; i++)
        if (strcmp(costs->engines[i].text, text) == 0)
            return &costs->engines[i];
    return NULL;
}

static double count_batches(const struct tote_cell_row *cell)
{
    double tasks = (double)cell->tasks;
    double size = strtod(cell->batch, NULL);
    if (size > 0)
        return ceil(tasks / size);
    return fmin(tasks, ceil(tasks / AUTO_TASKS) + AUTO_PER_WORKER * cell->workers);
}

double tote_plan_cell_s(const struct tote_plan_costs *costs,
                        const struct tote_cell_row *cell, uint64_t cores)
{
    double at_once =
        cores && cell->workers > cores ? (double)cores : (double)cell->workers;
    double work_s =
        cell->tasks > 0 ? (double)cell->tasks * task_s(costs, cell) / at_once : 0;
    if (!tote_cell_has_engine(cell))
        return costs->loop_s + work_s;
    const struct tote_plan_engine *engine = find_engine(costs, cell->engine);
    return engine ? engine->fixed_s + work_s + count_batches(cell) * engine->batch_s
                  : NAN;
}

/* A budget cuts whole blocks, so that every cell keeps as many runs as the others. */
static uint32_t blocks_within(const struct tote_plan_forecast *forecast)
{
    double n = floor(forecast->budget_s / forecast->block_s);
    if (!(n < forecast->most)) /* also of blocks that take no time */
        return forecast->most;
    return n < 1 ? 1 : (uint32_t)n;
}

void tote_plan_make(const struct tote_plan_costs *costs, const struct tote_cells *cells,
                    uint32_t least, uint32_t most, double budget_s, uint64_t cores,
                    struct tote_plan_forecast *ret)
{
    *ret = (struct tote_plan_forecast){.n_points = cells->n_points,
                                       .least = least,
                                       .most = most,
                                       .budget_s = budget_s};
    for (size_t i = 0; i < cells->n; i++) {
        double seconds = tote_plan_cell_s(costs, &cells->rows[i], cores);
        if (!tote_cell_can_run(&cells->rows[i])) {
            ret->n_skipped++;
            continue;
        }
        ret->n_cells++;
        ret->n_unknown += isnan(seconds) != 0;
        ret->block_s += isnan(seconds) ? 0 : seconds;
    }
    ret->within = blocks_within(ret);
}
