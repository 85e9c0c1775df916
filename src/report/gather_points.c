/* SPDX-License-Identifier: MIT */
/* gather_points.c: which cells are at which point of an experiment, and what they come
 * to together (gather.h). Not for what the runs of one cell come to (gather_cells.c).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/gather_cells.h"

/* --- cells --- */

static bool is_loop(const struct tote_cell_row *row)
{
    return row->role == TOTE_CELL_LIMIT || row->role == TOTE_CELL_SERIAL;
}

/* Runs stand in the order of cells: those of one are a piece of their array. */
static void find_runs(const struct tote_summary *summary,
                      struct tote_cell_summary *cell)
{
    size_t low = 0, high = summary->n_runs;
    while (low < high) { /* the first that is not of a cell before */
        size_t middle = low + (high - low) / 2;
        if (summary->runs[middle].row.cell < cell->cell->id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == summary->n_runs)
        return;
    cell->runs = &summary->runs[low];
    while (low + cell->n_runs < summary->n_runs &&
           cell->runs[cell->n_runs].row.cell == cell->cell->id)
        cell->n_runs++;
}

static void find_passes(const struct tote_summary *summary,
                        struct tote_limit_summary *limit)
{
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (summary->limits[i].row.cell != limit->cell->id)
            continue;
        if (limit->n++ == 0)
            limit->passes = &summary->limits[i];
    }
}

enum part { RUNNABLE, SKIPPED, CONTROL };

static bool is_part(const struct tote_cell_row *row, enum part part)
{
    bool is_engine = row->role == TOTE_CELL_ENGINE;
    if (is_loop(row) || part == CONTROL)
        return !is_loop(row) && !is_engine;
    return is_engine && (row->skipped[0] != '\0') == (part == SKIPPED);
}

/* Adds the cells of a point that are of that part. Returns how many. */
static size_t add_part(struct tote_summary *summary, int64_t point, enum part part)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        const struct tote_cell_row *row = &summary->cell_rows[i];
        if (row->point != point || !is_part(row, part))
            continue;
        struct tote_cell_summary *cell = &summary->cells[summary->n_cells++];
        *cell = (struct tote_cell_summary){.cell = row};
        find_runs(summary, cell);
        n++;
    }
    return n;
}

static void find_loops(const struct tote_summary *summary,
                       struct tote_point_summary *point)
{
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        const struct tote_cell_row *row = &summary->cell_rows[i];
        if (row->point != point->id || !is_loop(row))
            continue;
        struct tote_limit_summary *loop =
            row->role == TOTE_CELL_LIMIT ? &point->limit : &point->serial;
        loop->cell = row;
        find_passes(summary, loop);
    }
}

/* --- points --- */

/* The batch of all engines of the point; they may have their own. */
static const char *common_batch(const struct tote_point_summary *point)
{
    const char *batch = NULL;
    for (size_t i = 0; i < point->n_cells + point->n_skipped; i++) {
        const char *own = point->cells[i].cell->batch;
        bool is_other = false;
        for (size_t k = 0; batch && (own[k] || batch[k]) && !is_other; k++)
            is_other = own[k] != batch[k];
        if (is_other)
            return "by cell";
        batch = own;
    }
    return batch ? batch : "";
}

static void set_plan(const struct tote_summary *summary,
                     struct tote_point_summary *point)
{
    const struct tote_cell_row *row = point->n_cells + point->n_skipped > 0
                                          ? point->cells[0].cell
                                          : point->limit.cell;
    if (!row) /* of METG by one worker, whose limit is the serial loop */
        row = point->serial.cell;
    if (!row) /* of a damaged store */
        row = &summary->cell_rows[0];
    point->plan = (struct tote_plan){
        .kernel = row->kernel,
        .batch = common_batch(point),
        .size = row->size,
        .tasks = row->tasks,
        .workers = row->workers,
    };
    tote_gather_count(summary, "seed", &point->plan.seed);
}

static bool cell_has_block(const struct tote_cell_summary *cell, int64_t block)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].row.block == block)
            return true;
    }
    return false;
}

static size_t count_blocks(const struct tote_point_summary *point)
{
    size_t n = 0;
    const struct tote_cell_summary *first = point->cells;
    for (size_t i = 0; point->n_cells > 0 && i < first->n_runs; i++) {
        int64_t block = first->runs[i].row.block;
        bool is_whole = first->runs[i].is_counted;
        if (point->limit.n > 0 && !isfinite(tote_gather_limit_of(&point->limit, block)))
            is_whole = is_whole && first->runs[i].row.tasks == 0;
        for (size_t k = 1; k < point->n_cells; k++)
            is_whole = is_whole && cell_has_block(&point->cells[k], block);
        n += is_whole;
    }
    return n;
}

static double widest(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static double half_width(const struct tote_interval *interval)
{
    double half = (interval->high - interval->low) / 2;
    return interval->has_bounds ? half / fabs(interval->median) : NAN;
}

static void set_width(struct tote_point_summary *point)
{
    point->width = NAN;
    for (size_t i = 0; i < point->n_cells; i++) {
        point->width = widest(point->width, half_width(&point->cells[i].wall_s));
        point->width =
            widest(point->width, half_width(&point->cells[i].steady_tasks_per_s));
    }
}

static int make_point(struct tote_summary *summary, struct tote_point_summary *point,
                      double *values)
{
    point->cells = &summary->cells[summary->n_cells];
    point->n_cells = add_part(summary, point->id, RUNNABLE);
    point->n_skipped = add_part(summary, point->id, SKIPPED);
    point->controls = &summary->cells[summary->n_cells];
    point->n_controls = add_part(summary, point->id, CONTROL);
    find_loops(summary, point);
    set_plan(summary, point);
    int rc = tote_gather_limit(&point->limit, values);
    if (rc == 0)
        rc = tote_gather_limit(&point->serial, values);
    struct tote_cell_summary *end = &summary->cells[summary->n_cells];
    for (struct tote_cell_summary *cell = point->cells; rc == 0 && cell < end; cell++)
        rc = tote_gather_cell(&point->limit, cell, values);
    point->n_blocks = count_blocks(point);
    set_width(point);
    return rc;
}

/* --- all of them --- */

static int compare_points(const void *a, const void *b)
{
    const struct tote_point_summary *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void number_points(struct tote_summary *summary)
{
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        size_t k = 0;
        while (k < summary->n_points &&
               summary->points[k].id != summary->cell_rows[i].point)
            k++;
        if (k == summary->n_points)
            summary->points[summary->n_points++].id = summary->cell_rows[i].point;
    }
    qsort(summary->points, summary->n_points, sizeof *summary->points, compare_points);
}

static size_t count_strays(const struct tote_summary *summary)
{
    size_t n = summary->n_runs;
    for (size_t i = 0; i < summary->n_cells; i++)
        n -= summary->cells[i].n_runs;
    return n;
}

static void sum_up(struct tote_summary *summary)
{
    bool is_first = true;
    summary->width = NAN;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        if (point->n_cells == 0)
            continue;
        if (is_first || point->n_blocks < summary->n_blocks)
            summary->n_blocks = point->n_blocks;
        is_first = false;
        summary->width = widest(summary->width, point->width);
    }
    summary->n_strays = count_strays(summary);
}

int tote_gather_points(struct tote_summary *summary, struct tote_error *err)
{
    size_t n = summary->n_cell_rows + 1;
    double *values = calloc(summary->n_runs + summary->n_limits + 1, sizeof *values);
    summary->cells = calloc(n, sizeof *summary->cells);
    summary->points = calloc(n, sizeof *summary->points);
    int rc = values && summary->cells && summary->points ? 0 : -ENOMEM;
    if (rc == 0)
        number_points(summary);
    for (size_t i = 0; rc == 0 && i < summary->n_points; i++)
        rc = make_point(summary, &summary->points[i], values);
    free(values);
    if (rc == 0)
        sum_up(summary);
    return rc < 0 ? tote_error_set(err, rc, "out of memory for the report") : 0;
}
