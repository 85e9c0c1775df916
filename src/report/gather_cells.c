/* SPDX-License-Identifier: MIT */
/* gather_cells.c: what the runs of a cell come to, and whether the outputs of cells
 * agree (gather.h). Not for one run (gather.c), nor for which cells are at which point
 * (gather_points.c), nor for a bag that went on over several runs (gather_bag.c). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather_cells.h"

/* --- statistics of a cell --- */

typedef double number_of(const struct tote_run_summary *run);

static double get_tasks_per_s(const struct tote_run_summary *run)
{
    return run->tasks_per_s;
}

static double get_steady_tasks_per_s(const struct tote_run_summary *run)
{
    return run->steady_tasks_per_s;
}

static double get_start_s(const struct tote_run_summary *run)
{
    return run->phases_s.start;
}

static double get_wall_s(const struct tote_run_summary *run)
{
    return run->wall_s;
}

static double get_control_s(const struct tote_run_summary *run)
{
    return run->used.cpu_s.control;
}

static double get_workers_s(const struct tote_run_summary *run)
{
    return run->used.cpu_s.workers;
}

static double get_kernel_s(const struct tote_run_summary *run)
{
    return run->used.cpu_s.kernel;
}

static double get_memory_bytes(const struct tote_run_summary *run)
{
    return run->used.memory_bytes;
}

/* Over the complete runs that have the number. values has room for all runs. */
static int set_interval(const struct tote_cell_summary *cell, number_of *get,
                        double *values, struct tote_interval *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->n_runs; i++) {
        double value = get(&cell->runs[i]);
        if (cell->runs[i].is_counted && isfinite(value))
            values[n++] = value;
    }
    return tote_stats_interval(values, n, ret);
}

double tote_gather_limit_of(const struct tote_limit_summary *limit, int64_t block)
{
    for (size_t i = 0; i < limit->n; i++) {
        if (limit->passes[i].row.block == block)
            return limit->passes[i].tasks_per_s;
    }
    return NAN;
}

/* A ratio is taken within a block, so that what drifts between blocks cancels. */
static int set_limit_ratios(const struct tote_limit_summary *limit,
                            struct tote_cell_summary *cell, double *values)
{
    size_t n = 0;
    bool has_other_bag = cell->cell->role == TOTE_CELL_NOOP;
    for (size_t i = 0; i < cell->n_runs && !has_other_bag; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        double ratio =
            run->steady_tasks_per_s / tote_gather_limit_of(limit, run->row.block);
        if (run->is_counted && isfinite(ratio))
            values[n++] = ratio;
    }
    cell->limit_fraction =
        has_other_bag ? NAN
                      : cell->steady_tasks_per_s.median / limit->tasks_per_s.median;
    return tote_stats_interval(values, n, &cell->limit_ratios);
}

int tote_gather_cell(const struct tote_limit_summary *limit,
                     struct tote_cell_summary *cell, double *values)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_row *row = &cell->runs[i].row;
        cell->n_counted += cell->runs[i].is_counted;
        cell->failed += cell->runs[i].failed;
        cell->duplicate += row->duplicate;
        cell->lost += row->lost;
    }
    int rc = set_interval(cell, get_tasks_per_s, values, &cell->tasks_per_s);
    if (rc == 0)
        rc = set_interval(cell, get_steady_tasks_per_s, values,
                          &cell->steady_tasks_per_s);
    if (rc == 0)
        rc = set_interval(cell, get_start_s, values, &cell->start_s);
    if (rc == 0)
        rc = set_interval(cell, get_wall_s, values, &cell->wall_s);
    if (rc == 0)
        rc = set_interval(cell, get_control_s, values, &cell->control_s);
    if (rc == 0)
        rc = set_interval(cell, get_workers_s, values, &cell->workers_s);
    if (rc == 0)
        rc = set_interval(cell, get_kernel_s, values, &cell->kernel_s);
    if (rc == 0)
        rc = set_interval(cell, get_memory_bytes, values, &cell->memory_bytes);
    return rc < 0 ? rc : set_limit_ratios(limit, cell, values);
}

int tote_gather_limit(struct tote_limit_summary *limit, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < limit->n; i++) {
        if (isfinite(limit->passes[i].tasks_per_s))
            values[n++] = limit->passes[i].tasks_per_s;
    }
    return tote_stats_interval(values, n, &limit->tasks_per_s);
}

/* --- whether outputs agree --- */

static enum tote_sameness both(enum tote_sameness a, enum tote_sameness b)
{
    if (a == TOTE_SAME_NO || b == TOTE_SAME_NO)
        return TOTE_SAME_NO;
    return a == TOTE_SAME_YES ? b : TOTE_SAME_UNKNOWN;
}

static enum tote_sameness compare_runs(const struct tote_run_summary *runs, size_t n,
                                       const char *reference)
{
    enum tote_sameness sameness = TOTE_SAME_YES;
    size_t n_counted = 0;
    for (size_t i = 0; i < n; i++) {
        if (!runs[i].is_counted)
            continue;
        n_counted++;
        enum tote_sameness one = !runs[i].digest[0] || !reference    ? TOTE_SAME_UNKNOWN
                                 : strcmp(runs[i].digest, reference) ? TOTE_SAME_NO
                                                                     : TOTE_SAME_YES;
        sameness = both(sameness, one);
    }
    return n_counted > 0 ? sameness : TOTE_SAME_UNKNOWN;
}

static const char *find_common_digest(const struct tote_cell_summary *cell)
{
    const char *digest = NULL;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        if (!run->is_counted)
            continue;
        if (!run->digest[0] || (digest && strcmp(digest, run->digest) != 0))
            return NULL;
        digest = run->digest;
    }
    return digest;
}

static enum tote_sameness compare_passes(const struct tote_limit_summary *limit,
                                         const char *reference)
{
    for (size_t i = 0; i < limit->n; i++) {
        if (strcmp(limit->passes[i].digest, reference) != 0)
            return TOTE_SAME_NO;
    }
    return limit->n > 0 ? TOTE_SAME_YES : TOTE_SAME_UNKNOWN;
}

static const char *first_digest(const struct tote_run_summary *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (runs[i].is_counted && runs[i].digest[0])
            return runs[i].digest;
    }
    return NULL;
}

/* What all others at a point must equal: the limit's digest; without one the first
 * run's that has one; null: there is nothing to compare. */
static const char *find_reference(const struct tote_point_summary *point)
{
    if (point->limit.n > 0)
        return point->limit.passes[0].digest;
    const char *digest = NULL;
    for (size_t i = 0; i < point->n_cells && !digest; i++)
        digest = first_digest(point->cells[i].runs, point->cells[i].n_runs);
    return digest;
}

static enum tote_sameness set_outputs(struct tote_cell_summary *cell,
                                      const char *reference)
{
    cell->outputs = compare_runs(cell->runs, cell->n_runs, reference);
    cell->digest = find_common_digest(cell);
    return cell->outputs;
}

/* No-ops are of a bag of their own, and are compared with the first of them. A control
 * that has not run says nothing about the rest. */
static void compare_controls(struct tote_point_summary *point, const char *reference)
{
    const char *noop = NULL;
    for (size_t i = 0; i < point->n_controls; i++) {
        struct tote_cell_summary *cell = &point->controls[i];
        bool is_noop = cell->cell->role == TOTE_CELL_NOOP;
        if (is_noop && !noop)
            noop = first_digest(cell->runs, cell->n_runs);
        enum tote_sameness one = set_outputs(cell, is_noop ? noop : reference);
        if (one == TOTE_SAME_NO)
            point->outputs = TOTE_SAME_NO;
    }
}

/* What is counted: over all cells that ran, so that one that has not does not spoil
 * what the others show. */
static void compare_point(struct tote_point_summary *point)
{
    const char *reference = find_reference(point);
    enum tote_sameness all = TOTE_SAME_YES;
    size_t n_counted = 0;
    for (size_t i = 0; i < point->n_cells; i++) {
        enum tote_sameness one = set_outputs(&point->cells[i], reference);
        n_counted += point->cells[i].n_counted;
        if (point->cells[i].n_counted > 0)
            all = both(all, one);
    }
    point->outputs = n_counted > 0 ? all : TOTE_SAME_UNKNOWN;
    point->limit.outputs = compare_passes(&point->limit, reference);
    point->serial.outputs = compare_passes(&point->serial, reference ? reference : "");
    if (point->limit.n > 0)
        point->outputs = both(point->outputs, point->limit.outputs);
    if (point->serial.outputs == TOTE_SAME_NO)
        point->outputs = TOTE_SAME_NO;
    compare_controls(point, reference);
}

void tote_gather_outputs(struct tote_summary *summary)
{
    if (!summary->is_experiment) {
        summary->outputs = compare_runs(summary->runs, summary->n_runs,
                                        first_digest(summary->runs, summary->n_runs));
        return;
    }
    bool has_point = false;
    summary->outputs = TOTE_SAME_YES;
    for (size_t i = 0; i < summary->n_points; i++) {
        struct tote_point_summary *point = &summary->points[i];
        compare_point(point);
        if (point->n_cells > 0) { /* else nothing can run there */
            summary->outputs = both(summary->outputs, point->outputs);
            has_point = true;
        }
    }
    if (!has_point)
        summary->outputs = TOTE_SAME_UNKNOWN;
}

const struct tote_run_summary *tote_gather_shown(const struct tote_cell_summary *cell)
{
    for (size_t i = 0; i < cell->n_runs; i++)
        if (cell->runs[i].is_counted)
            return &cell->runs[i];
    return &cell->runs[0];
}
