/* SPDX-License-Identifier: MIT */
/* factors.c: compares the plans of points (factors.h). */
#include "report/factors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"

/* --- names --- */

struct tote_factors tote_factors_varied(const struct tote_summary *summary)
{
    struct tote_factors varied = {0};
    for (size_t i = 1; i < summary->n_points; i++) {
        const struct tote_plan *first = &summary->points[0].plan;
        const struct tote_plan *plan = &summary->points[i].plan;
        varied.kernel |= strcmp(plan->kernel, first->kernel) != 0;
        varied.size |= plan->size != first->size;
        varied.tasks |= plan->tasks != first->tasks;
        varied.workers |= plan->workers != first->workers;
        varied.batch |= strcmp(plan->batch, first->batch) != 0;
    }
    return varied;
}

static void add(char text[static TOTE_FACTORS_NAME_MAX], const char *format, ...)
    TOTE_PRINTF(2, 3);

static void add(char text[static TOTE_FACTORS_NAME_MAX], const char *format, ...)
{
    size_t n = strlen(text);
    va_list list;
    if (n > 0 && n + 2 < TOTE_FACTORS_NAME_MAX)
        n += (size_t)snprintf(text + n, TOTE_FACTORS_NAME_MAX - n, ", ");
    va_start(list, format);
    vsnprintf(text + n, TOTE_FACTORS_NAME_MAX - n, format, list);
    va_end(list);
}

const char *tote_factors_name(struct tote_factors factors, const struct tote_plan *plan,
                              char text[static TOTE_FACTORS_NAME_MAX])
{
    char workers[TOTE_FIGURE_MAX];
    text[0] = '\0';
    if (factors.kernel)
        add(text, "%.120s", plan->kernel);
    if (factors.size)
        add(text, "size %" PRIu64, plan->size);
    if (factors.tasks)
        add(text, "%" PRIu64 " tasks", plan->tasks);
    if (factors.workers)
        add(text, "%s", tote_figure_workers(plan->workers, workers));
    if (factors.batch)
        add(text, "batch %.20s", plan->batch);
    tote_mask_text(text, TOTE_MASK_CONTROLS); /* it may have been cut */
    return text;
}

/* --- series --- */

/* Points that differ in no other factor than that one. */
static bool is_same_but(enum tote_factor factor, const struct tote_point_summary *a,
                        const struct tote_point_summary *b)
{
    const struct tote_plan *x = &a->plan, *y = &b->plan;
    return strcmp(x->kernel, y->kernel) == 0 && x->size == y->size &&
           strcmp(x->batch, y->batch) == 0 &&
           (factor == TOTE_FACTOR_TASKS ? x->workers == y->workers
                                        : x->tasks == y->tasks);
}

/* The same engine at another point, if it has a complete run there. */
static const struct tote_cell_summary *find_like(const struct tote_cell_summary *like,
                                                 const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        if (cell->n_counted > 0 && strcmp(cell->cell->label, like->cell->label) == 0 &&
            strcmp(cell->cell->engine, like->cell->engine) == 0 &&
            strcmp(cell->cell->batch, like->cell->batch) == 0)
            return cell;
    }
    return NULL;
}

static double level_of(enum tote_factor factor, const struct tote_point_summary *point)
{
    return factor == TOTE_FACTOR_TASKS ? (double)point->plan.tasks
                                       : (double)point->plan.workers;
}

/* Keeps levels rising; one that is there already is left out. */
static void put_level(struct tote_series *series, enum tote_factor factor,
                      const struct tote_point_summary *point,
                      const struct tote_cell_summary *cell)
{
    double level = level_of(factor, point);
    size_t at = series->n;
    while (at > 0 && series->levels[at - 1] > level)
        at--;
    if (at > 0 && series->levels[at - 1] == level)
        return;
    for (size_t i = series->n++; i > at; i--) {
        series->levels[i] = series->levels[i - 1];
        series->cells[i] = series->cells[i - 1];
        series->points[i] = series->points[i - 1];
    }
    series->levels[at] = level;
    series->cells[at] = cell;
    series->points[at] = point;
}

static void name_group(struct tote_series *series, const struct tote_summary *summary,
                       enum tote_factor factor)
{
    struct tote_factors others = tote_factors_varied(summary);
    if (factor == TOTE_FACTOR_TASKS)
        others.tasks = false;
    else
        others.workers = false;
    tote_factors_name(others, &series->points[0]->plan, series->group);
}

static int make_series(const struct tote_summary *summary, enum tote_factor factor,
                       const struct tote_point_summary *first,
                       const struct tote_cell_summary *cell, struct tote_series *series)
{
    *series = (struct tote_series){.label = cell->cell->label};
    series->cells = calloc(summary->n_points, sizeof *series->cells);
    series->points = calloc(summary->n_points, sizeof *series->points);
    series->levels = calloc(summary->n_points, sizeof *series->levels);
    if (!series->cells || !series->points || !series->levels)
        return -ENOMEM;
    const struct tote_point_summary *end = summary->points + summary->n_points;
    for (const struct tote_point_summary *point = first; point < end; point++) {
        const struct tote_cell_summary *like = find_like(cell, point);
        if (like && is_same_but(factor, first, point))
            put_level(series, factor, point, like);
    }
    name_group(series, summary, factor);
    return 0;
}

/* Whether an earlier point has begun the series of that cell. */
static bool is_begun(const struct tote_summary *summary, enum tote_factor factor,
                     const struct tote_point_summary *point,
                     const struct tote_cell_summary *cell)
{
    for (const struct tote_point_summary *one = summary->points; one < point; one++) {
        if (is_same_but(factor, one, point) && find_like(cell, one))
            return true;
    }
    return false;
}

static void finish(struct tote_series *series)
{
    free(series->cells);
    free(series->points);
    free(series->levels);
}

/* The last one goes beside those of its group. */
static void join_group(struct tote_series *all, size_t n)
{
    struct tote_series last = all[n - 1];
    size_t at = n - 1;
    while (at > 0 && strcmp(all[at - 1].group, last.group) != 0)
        at--;
    for (size_t i = n - 1; at > 0 && i > at; i--)
        all[i] = all[i - 1];
    if (at > 0)
        all[at] = last;
}

/* One of a single level is none. */
static int add_series(const struct tote_summary *summary, enum tote_factor factor,
                      const struct tote_point_summary *point,
                      const struct tote_cell_summary *cell, struct tote_series *all,
                      size_t *n)
{
    if (cell->n_counted == 0 || is_begun(summary, factor, point, cell))
        return 0;
    int rc = make_series(summary, factor, point, cell, &all[*n]);
    if (rc < 0 || all[*n].n < 2)
        finish(&all[*n]);
    else
        join_group(all, ++*n);
    return rc;
}

int tote_series_list(const struct tote_summary *summary, enum tote_factor factor,
                     struct tote_series **ret_series, size_t *ret_n)
{
    size_t n = 0;
    struct tote_series *all = calloc(summary->n_cells + 1, sizeof *all);
    int rc = all ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        for (size_t k = 0; rc == 0 && k < point->n_cells; k++)
            rc = add_series(summary, factor, point, &point->cells[k], all, &n);
    }
    if (rc < 0 || n == 0) {
        tote_series_free(all, n);
        all = NULL;
        n = 0;
    }
    *ret_series = all;
    *ret_n = n;
    return rc;
}

void tote_series_free(struct tote_series *series, size_t n)
{
    for (size_t i = 0; i < n; i++)
        finish(&series[i]);
    free(series);
}

bool tote_series_are_there(const struct tote_summary *summary, enum tote_factor factor)
{
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        for (size_t k = i + 1; k < summary->n_points; k++) {
            const struct tote_point_summary *other = &summary->points[k];
            for (size_t c = 0; c < point->n_cells; c++) {
                if (is_same_but(factor, point, other) && point->cells[c].n_counted &&
                    level_of(factor, point) != level_of(factor, other) &&
                    find_like(&point->cells[c], other))
                    return true;
            }
        }
    }
    return false;
}
