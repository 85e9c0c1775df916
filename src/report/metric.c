/* SPDX-License-Identifier: MIT */
/* metric.c: see metric.h. */
#include "report/metric.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/figure.h"
#include "report/twins.h"
#include "stats/judge.h"

const char *const tote_metric_names[] = {
    [TOTE_METRIC_TASKS_PER_S] = "tasks_per_s",
    [TOTE_METRIC_STEADY_TASKS_PER_S] = "steady_tasks_per_s",
    [TOTE_METRIC_WALL_S] = "wall_s",
    [TOTE_METRIC_START_S] = "start_s",
    [TOTE_METRIC_CPU_S] = "cpu_s",
    [TOTE_METRIC_PEAK_MEMORY] = "peak_memory",
    [TOTE_METRICS] = NULL,
};

static double value_of(const struct tote_run_summary *run, enum tote_metric metric)
{
    switch (metric) {
    case TOTE_METRIC_TASKS_PER_S:
        return run->tasks_per_s;
    case TOTE_METRIC_STEADY_TASKS_PER_S:
        return run->steady_tasks_per_s;
    case TOTE_METRIC_WALL_S:
        return run->wall_s;
    case TOTE_METRIC_START_S:
        return run->phases_s.start;
    case TOTE_METRIC_CPU_S:
        return run->cpu_total_s;
    case TOTE_METRIC_PEAK_MEMORY:
        return run->used.memory_bytes;
    }
    return NAN;
}

double tote_metric_of(const struct tote_run_summary *run, enum tote_metric metric)
{
    double value = value_of(run, metric);
    return run->is_counted && isfinite(value) && value > 0 ? value : NAN;
}

/* --- by block --- */

static void raise_to(size_t *most, int64_t block)
{
    if (block > 0 && (uint64_t)block > *most)
        *most = (size_t)block;
}

size_t tote_metric_blocks(const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_runs; i++)
        raise_to(&n, summary->runs[i].row.block);
    for (size_t i = 0; i < summary->n_limits; i++)
        raise_to(&n, summary->limits[i].row.block);
    return n;
}

static void put(double *values, size_t n_blocks, int64_t block, double value)
{
    if (block > 0 && (uint64_t)block <= n_blocks && isfinite(value))
        values[block - 1] = value;
}

void tote_metric_fill(const struct tote_cell_summary *cell, enum tote_metric metric,
                      double *values, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++)
        values[i] = NAN;
    for (size_t i = 0; i < cell->n_runs; i++)
        put(values, n_blocks, cell->runs[i].row.block,
            tote_metric_of(&cell->runs[i], metric));
}

void tote_metric_fill_grain(const struct tote_limit_summary *loop, double *values,
                            size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++)
        values[i] = NAN;
    for (size_t i = 0; i < loop->n; i++) {
        const struct tote_limit_pass *pass = &loop->passes[i];
        double threads = pass->row.threads;
        put(values, n_blocks, pass->row.block, threads / pass->tasks_per_s);
    }
}

/* --- the noise floor --- */

int tote_metric_floor(const struct tote_point_summary *point, enum tote_metric metric,
                      size_t n_blocks, double *ret)
{
    struct tote_twins twins;
    *ret = NAN;
    if (!tote_twins_find(point, &twins))
        return 0;
    double *values = calloc(n_blocks * 2 + 1, sizeof *values);
    if (!values)
        return -ENOMEM;
    tote_metric_fill(twins.first, metric, values, n_blocks);
    tote_metric_fill(twins.again, metric, values + n_blocks, n_blocks);
    int rc = tote_judge_noise_floor(values, values + n_blocks, n_blocks, ret);
    free(values);
    return rc;
}

/* --- for people --- */

const char *tote_metric_show(enum tote_metric metric, double value, char *text)
{
    if (metric == TOTE_METRIC_PEAK_MEMORY) {
        if (isfinite(value))
            snprintf(text, TOTE_FIGURE_MAX, "%.4g MB", value / 1e6);
        else
            snprintf(text, TOTE_FIGURE_MAX, "-");
        return text;
    }
    bool is_rate =
        metric == TOTE_METRIC_TASKS_PER_S || metric == TOTE_METRIC_STEADY_TASKS_PER_S;
    return is_rate ? tote_figure_rate(value, text) : tote_figure_duration(value, text);
}
