/* SPDX-License-Identifier: MIT */
/* advise_lines.c: puts the cells of a sweep together into lines (advise.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/advise.h"
#include "report/metric.h"
#include "stats/line.h"

/* --- which cells belong together --- */

static bool is_of_kind(const struct tote_cell_row *row,
                       const struct tote_advise_kind *kind)
{
    return row->size == kind->size && strcmp(row->kernel, kind->kernel) == 0;
}

static bool is_of_line(const struct tote_cell_row *a, const struct tote_cell_row *b)
{
    return strcmp(a->label, b->label) == 0 && strcmp(a->batch, b->batch) == 0;
}

/* The i-th of the cells with that many workers that ran on tasks; null: no more. */
static const struct tote_cell_summary *next_cell(const struct tote_advice *advice,
                                                 size_t *at)
{
    const struct tote_summary *summary = advice->summary;
    while (*at < summary->n_cells) {
        const struct tote_cell_summary *cell = &summary->cells[(*at)++];
        if (cell->cell->role == TOTE_CELL_ENGINE && cell->n_counted > 0 &&
            cell->cell->workers == advice->workers && cell->cell->tasks > 0)
            return cell;
    }
    return NULL;
}

static struct tote_advise_kind *find_kind(struct tote_advice *advice,
                                          const struct tote_cell_row *row)
{
    for (size_t i = 0; i < advice->n_kinds; i++) {
        if (is_of_kind(row, &advice->kinds[i]))
            return &advice->kinds[i];
    }
    return NULL;
}

static int add_line(struct tote_advise_kind *kind, const struct tote_cell_row *row)
{
    for (size_t i = 0; i < kind->n_lines; i++) {
        if (is_of_line(kind->lines[i].cell, row))
            return 0;
    }
    struct tote_advise_line *lines =
        reallocarray(kind->lines, kind->n_lines + 1, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    kind->lines = lines;
    lines[kind->n_lines++] = (struct tote_advise_line){.cell = row};
    return 0;
}

static int find_kinds(struct tote_advice *advice)
{
    const struct tote_cell_summary *cell;
    int rc = 0;
    advice->kinds = calloc(advice->summary->n_cells + 1, sizeof *advice->kinds);
    if (!advice->kinds)
        return -ENOMEM;
    for (size_t at = 0; rc == 0 && (cell = next_cell(advice, &at));) {
        const struct tote_cell_row *row = cell->cell;
        struct tote_advise_kind *kind = find_kind(advice, row);
        if (!kind) {
            kind = &advice->kinds[advice->n_kinds++];
            *kind = (struct tote_advise_kind){.kernel = row->kernel,
                                              .size = row->size,
                                              .grain_s = NAN,
                                              .floor = NAN,
                                              .least = INFINITY};
        }
        kind->least = fmin(kind->least, (double)row->tasks);
        kind->most = fmax(kind->most, (double)row->tasks);
        rc = add_line(kind, row);
    }
    return rc;
}

/* --- controls of a kind --- */

double tote_advise_median(const double *values, size_t n)
{
    double *sorted = calloc(n + 1, sizeof *sorted);
    double median = NAN;
    size_t n_kept = 0;
    for (size_t i = 0; sorted && i < n; i++) {
        if (!isnan(values[i]))
            sorted[n_kept++] = values[i];
    }
    if (sorted) {
        tote_stats_sort(sorted, n_kept);
        median = tote_stats_median(sorted, n_kept);
    }
    free(sorted);
    return median;
}

/* One thread; or, where that was not run, a thread a worker. */
static const struct tote_limit_summary *loop_of(const struct tote_point_summary *point)
{
    return point->serial.n > 0 ? &point->serial : &point->limit;
}

/* Of the largest bag: start-up of the loop weighs least there. */
static const struct tote_limit_summary *find_loop(const struct tote_advice *advice,
                                                  const struct tote_advise_kind *kind)
{
    const struct tote_limit_summary *best = NULL;
    for (size_t i = 0; i < advice->summary->n_points; i++) {
        const struct tote_limit_summary *loop = loop_of(&advice->summary->points[i]);
        if (loop->n > 0 && loop->cell && is_of_kind(loop->cell, kind) &&
            (!best || loop->cell->tasks > best->cell->tasks))
            best = loop;
    }
    return best;
}

static int set_controls(const struct tote_advice *advice, struct tote_advise_kind *kind)
{
    const struct tote_limit_summary *loop = find_loop(advice, kind);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < advice->summary->n_points; i++) {
        const struct tote_point_summary *point = &advice->summary->points[i];
        double floor = NAN;
        if (point->n_cells > 0 && point->plan.workers == advice->workers &&
            is_of_kind(point->cells[0].cell, kind))
            rc = tote_metric_floor(point, TOTE_METRIC_WALL_S, advice->n_blocks, &floor);
        kind->floor = fmax(kind->floor, floor); /* a NaN gives way */
    }
    if (rc < 0 || !loop)
        return rc;
    kind->grain = calloc(advice->n_blocks + 1, sizeof *kind->grain);
    if (!kind->grain)
        return -ENOMEM;
    tote_metric_fill_grain(loop, kind->grain, advice->n_blocks);
    kind->grain_s = tote_advise_median(kind->grain, advice->n_blocks);
    return 0;
}

/* --- the columns of a line --- */

static double *add_column(const struct tote_advice *advice,
                          struct tote_advise_line *line)
{
    double **columns =
        reallocarray(line->columns, line->n_columns + 1, sizeof *columns);
    if (!columns)
        return NULL;
    line->columns = columns;
    columns[line->n_columns] = calloc(advice->n_blocks + 1, sizeof **columns);
    return columns[line->n_columns] ? columns[line->n_columns++] : NULL;
}

static int add_metric(const struct tote_advice *advice, struct tote_advise_line *line,
                      const struct tote_cell_summary *cell, enum tote_metric metric)
{
    double *column = add_column(advice, line);
    if (!column)
        return -ENOMEM;
    tote_metric_fill(cell, metric, column, advice->n_blocks);
    for (size_t i = 0; metric == TOTE_METRIC_STEADY_TASKS_PER_S && i < advice->n_blocks;
         i++)
        column[i] = 1 / column[i]; /* seconds a task */
    return 0;
}

static int add_size(const struct tote_advice *advice, struct tote_advise_line *line,
                    const struct tote_cell_summary *cell)
{
    double *tasks = reallocarray(line->tasks, line->n_sizes + 1, sizeof *tasks);
    if (!tasks)
        return -ENOMEM;
    line->tasks = tasks;
    tasks[line->n_sizes++] = (double)cell->cell->tasks;
    if (line->n_runs == 0 || cell->n_counted < line->n_runs)
        line->n_runs = cell->n_counted;
    return add_metric(advice, line, cell, TOTE_METRIC_WALL_S);
}

static const struct tote_cell_summary *find_noop(const struct tote_advice *advice,
                                                 const struct tote_cell_row *row)
{
    for (size_t i = 0; i < advice->summary->n_cells; i++) {
        const struct tote_cell_summary *cell = &advice->summary->cells[i];
        if (cell->cell->role == TOTE_CELL_NOOP && cell->n_counted > 0 &&
            cell->cell->workers == row->workers &&
            strcmp(cell->cell->engine, row->engine) == 0 &&
            strcmp(cell->cell->batch, row->batch) == 0)
            return cell;
    }
    return NULL;
}

static int add_sizes(const struct tote_advice *advice,
                     const struct tote_advise_kind *kind, struct tote_advise_line *line)
{
    const struct tote_cell_summary *cell, *only = NULL;
    int rc = 0;
    for (size_t at = 0; rc == 0 && (cell = next_cell(advice, &at));) {
        if (is_of_kind(cell->cell, kind) && is_of_line(cell->cell, line->cell)) {
            rc = add_size(advice, line, cell);
            only = cell;
        }
    }
    line->is_line = tote_line_is_sound(line->tasks, line->n_sizes);
    if (rc < 0 || line->is_line)
        return rc;
    free(line->columns[--line->n_columns]);
    rc = add_metric(advice, line, only, TOTE_METRIC_START_S);
    return rc < 0 ? rc : add_metric(advice, line, only, TOTE_METRIC_STEADY_TASKS_PER_S);
}

static double first_of(const double *medians, void *context)
{
    (void)context;
    return medians[0];
}

static int estimate(const struct tote_advice *advice, struct tote_advise_line *line)
{
    const struct tote_resampling resampling = {TOTE_ADVISE_SEED, TOTE_ADVISE_RESAMPLES};
    const double *const *columns = (const double *const *)line->columns;
    struct tote_samples all = {columns, line->n_sizes, advice->n_blocks};
    struct tote_line_estimate both;
    if (line->is_line) {
        int rc = tote_line_estimate(line->tasks, &all, &resampling, &both);
        line->fixed = both.fixed;
        line->per_task = both.per_task;
        return rc;
    }
    struct tote_samples start = {columns, 1, advice->n_blocks};
    struct tote_samples each = {columns + 1, 1, advice->n_blocks};
    int rc = tote_bootstrap_estimate(&start, first_of, NULL, &resampling, &line->fixed);
    return rc < 0 ? rc
                  : tote_bootstrap_estimate(&each, first_of, NULL, &resampling,
                                            &line->per_task);
}

static int make_line(const struct tote_advice *advice,
                     const struct tote_advise_kind *kind, struct tote_advise_line *line)
{
    const struct tote_cell_summary *noop = find_noop(advice, line->cell);
    int rc = add_sizes(advice, kind, line);
    if (rc == 0)
        rc = estimate(advice, line);
    if (rc < 0 || !kind->grain)
        return rc;
    double *column = add_column(advice, line);
    if (!column)
        return -ENOMEM;
    memcpy(column, kind->grain, advice->n_blocks * sizeof *column);
    line->has_noop = noop != NULL;
    return noop ? add_metric(advice, line, noop, TOTE_METRIC_STEADY_TASKS_PER_S) : 0;
}

/* --- all of it --- */

static int compare_kinds(const void *a, const void *b)
{
    double x = ((const struct tote_advise_kind *)a)->grain_s;
    double y = ((const struct tote_advise_kind *)b)->grain_s;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

int tote_advise_gather(struct tote_advice *advice)
{
    int rc = find_kinds(advice);
    for (size_t i = 0; rc == 0 && i < advice->n_kinds; i++) {
        struct tote_advise_kind *kind = &advice->kinds[i];
        rc = set_controls(advice, kind);
        for (size_t k = 0; rc == 0 && k < kind->n_lines; k++)
            rc = make_line(advice, kind, &kind->lines[k]);
    }
    if (rc == 0 && advice->n_kinds > 1)
        qsort(advice->kinds, advice->n_kinds, sizeof *advice->kinds, compare_kinds);
    return rc;
}

void tote_advise_free_kinds(struct tote_advice *advice)
{
    for (size_t i = 0; i < advice->n_kinds; i++) {
        struct tote_advise_kind *kind = &advice->kinds[i];
        for (size_t k = 0; k < kind->n_lines; k++) {
            struct tote_advise_line *line = &kind->lines[k];
            for (size_t c = 0; c < line->n_columns; c++)
                free(line->columns[c]);
            free(line->columns);
            free(line->tasks);
        }
        free(kind->lines);
        free(kind->grain);
    }
    free(advice->kinds);
}
