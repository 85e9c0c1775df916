/* SPDX-License-Identifier: MIT */
/* gather_cells.c: what the runs of a comparison come to, cell by cell, and whether
 * their outputs agree (gather.h). Not for one run (gather.c), nor for a bag that went
 * on over several (gather_bag.c). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather.h"

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

static double limit_of_block(const struct tote_summary *summary, int64_t block)
{
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (summary->limits[i].row.block == block)
            return summary->limits[i].tasks_per_s;
    }
    return NAN;
}

/* A ratio is taken within a block, so that what drifts between blocks cancels. */
static int set_limit_ratios(const struct tote_summary *summary,
                            struct tote_cell_summary *cell, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        double ratio =
            run->steady_tasks_per_s / limit_of_block(summary, run->row.block);
        if (run->is_counted && isfinite(ratio))
            values[n++] = ratio;
    }
    return tote_stats_interval(values, n, &cell->limit_ratios);
}

static int summarize_cell(const struct tote_summary *summary,
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
        rc = set_limit_ratios(summary, cell, values);
    cell->limit_fraction =
        cell->steady_tasks_per_s.median / summary->limit_tasks_per_s.median;
    return rc;
}

static int summarize_limit(struct tote_summary *summary, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (isfinite(summary->limits[i].tasks_per_s))
            values[n++] = summary->limits[i].tasks_per_s;
    }
    return tote_stats_interval(values, n, &summary->limit_tasks_per_s);
}

/* --- cells and blocks --- */

static bool cell_has_block(const struct tote_cell_summary *cell, int64_t block)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].row.block == block)
            return true;
    }
    return false;
}

static size_t count_blocks(const struct tote_summary *summary)
{
    size_t n = 0;
    const struct tote_cell_summary *first = summary->cells;
    for (size_t i = 0; summary->n_cells > 0 && i < first->n_runs; i++) {
        int64_t block = first->runs[i].row.block;
        bool is_whole = first->runs[i].is_counted;
        if (summary->n_limits > 0 && !isfinite(limit_of_block(summary, block)))
            is_whole = is_whole && first->runs[i].row.tasks == 0;
        for (size_t k = 1; k < summary->n_cells; k++)
            is_whole = is_whole && cell_has_block(&summary->cells[k], block);
        n += is_whole;
    }
    return n;
}

/* Runs stand in the order of cells: a cell is a piece of their array. */
int tote_gather_cells(struct tote_summary *summary, struct tote_error *err)
{
    size_t most =
        summary->n_runs > summary->n_limits ? summary->n_runs : summary->n_limits;
    double *values = calloc(most + 1, sizeof *values); /* there may be none */
    summary->cells = calloc(summary->n_runs + 1, sizeof *summary->cells);
    int rc = values && summary->cells ? summarize_limit(summary, values) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < summary->n_runs; i++) {
        const struct tote_run_summary *run = &summary->runs[i];
        if (i == 0 || run[0].row.cell != run[-1].row.cell)
            summary->cells[summary->n_cells++].runs = run;
        summary->cells[summary->n_cells - 1].n_runs++;
    }
    for (size_t i = 0; rc == 0 && i < summary->n_cells; i++)
        rc = summarize_cell(summary, &summary->cells[i], values);
    free(values);
    if (rc == 0)
        summary->n_blocks = count_blocks(summary);
    return rc < 0 ? tote_error_set(err, rc, "out of memory for the report") : 0;
}

/* --- whether outputs agree --- */

static enum tote_sameness both(enum tote_sameness a, enum tote_sameness b)
{
    if (a == TOTE_SAME_NO || b == TOTE_SAME_NO)
        return TOTE_SAME_NO;
    return a == TOTE_SAME_YES ? b : TOTE_SAME_UNKNOWN;
}

/* What all others must equal: the limit's digest; without one the first run's that has
 * one; null: there is nothing to compare. */
static const char *find_reference(const struct tote_summary *summary)
{
    if (summary->n_limits > 0)
        return summary->limits[0].digest;
    for (size_t i = 0; i < summary->n_runs; i++) {
        if (summary->runs[i].is_counted && summary->runs[i].digest[0])
            return summary->runs[i].digest;
    }
    return NULL;
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

void tote_gather_outputs(struct tote_summary *summary)
{
    const char *reference = find_reference(summary);
    summary->limit_outputs = summary->n_limits ? TOTE_SAME_YES : TOTE_SAME_UNKNOWN;
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (strcmp(summary->limits[i].digest, reference) != 0)
            summary->limit_outputs = TOTE_SAME_NO;
    }
    for (size_t i = 0; i < summary->n_cells; i++) {
        struct tote_cell_summary *cell = &summary->cells[i];
        cell->outputs = compare_runs(cell->runs, cell->n_runs, reference);
        cell->digest = find_common_digest(cell);
    }
    summary->outputs = compare_runs(summary->runs, summary->n_runs, reference);
    if (summary->n_limits > 0)
        summary->outputs = both(summary->outputs, summary->limit_outputs);
}
