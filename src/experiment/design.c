/* SPDX-License-Identifier: MIT */
/* design.c: see design.h. */
#include "experiment/design.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX (2 * 4096) /* bytes of an engine's text and what is put behind it */

bool tote_cell_has_engine(const struct tote_cell_row *cell)
{
    return cell->role != TOTE_CELL_LIMIT && cell->role != TOTE_CELL_SERIAL;
}

bool tote_cell_can_run(const struct tote_cell_row *cell)
{
    return cell->skipped[0] == '\0';
}

void tote_cells_finish(struct tote_cells *cells)
{
    for (size_t i = 0; i < cells->n; i++)
        tote_cell_row_finish(&cells->rows[i]);
    free(cells->rows);
    *cells = (struct tote_cells){0};
}

/* --- points --- */

struct points {
    struct tote_design_point *at;
    size_t n;
};

static int add_point(struct points *points, const struct tote_design_point *point,
                     struct tote_error *err)
{
    if (points->n == TOTE_CELLS_MAX)
        return tote_error_set(err, -EINVAL,
                              "more than %d points: give fewer levels, or "
                              "--one-at-a-time",
                              TOTE_CELLS_MAX);
    struct tote_design_point *at =
        reallocarray(points->at, points->n + 1, sizeof *points->at);
    if (!at)
        return tote_error_set(err, -ENOMEM, "out of memory for the points");
    points->at = at;
    at[points->n++] = *point;
    return 0;
}

/* The factors but the kernel, in the order in which they are combined. */
enum { SIZE, TASKS, WORKERS, BATCH, NUMBERS };

static const struct tote_levels *levels_of(const struct tote_design *design, int factor)
{
    const struct tote_levels *const all[NUMBERS] = {&design->size, &design->tasks,
                                                    &design->workers, &design->batch};
    return all[factor];
}

static uint64_t *number_of(struct tote_design_point *point, int factor)
{
    uint64_t *const all[NUMBERS] = {&point->size, &point->tasks, &point->workers,
                                    &point->batch};
    return all[factor];
}

/* All levels of this factor and of those behind it. */
static int combine(const struct tote_design *design, struct tote_design_point point,
                   int factor, struct points *points, struct tote_error *err)
{
    if (factor == NUMBERS)
        return add_point(points, &point, err);
    const struct tote_levels *levels = levels_of(design, factor);
    if (levels->n == 0)
        return combine(design, point, factor + 1, points, err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < levels->n; i++) {
        *number_of(&point, factor) = levels->at[i];
        rc = combine(design, point, factor + 1, points, err);
    }
    return rc;
}

static int make_grid(const struct tote_design *design, struct points *points,
                     struct tote_error *err)
{
    struct tote_design_point point = design->base;
    if (design->n_kernels == 0)
        return combine(design, point, 0, points, err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < design->n_kernels; i++) {
        point.kernel = design->kernels[i];
        rc = combine(design, point, 0, points, err);
    }
    return rc;
}

static int make_star(const struct tote_design *design, struct points *points,
                     struct tote_error *err)
{
    int rc = add_point(points, &design->base, err);
    for (size_t i = 0; rc == 0 && i < design->n_kernels; i++) {
        struct tote_design_point point = design->base;
        point.kernel = design->kernels[i];
        if (strcmp(point.kernel, design->base.kernel) != 0)
            rc = add_point(points, &point, err);
    }
    for (int factor = 0; factor < NUMBERS; factor++) {
        const struct tote_levels *levels = levels_of(design, factor);
        for (size_t i = 0; rc == 0 && i < levels->n; i++) {
            struct tote_design_point point = design->base;
            if (*number_of(&point, factor) == levels->at[i])
                continue;
            *number_of(&point, factor) = levels->at[i];
            rc = add_point(points, &point, err);
        }
    }
    return rc;
}

/* --- cells --- */

struct maker {
    const struct tote_design *design;
    const struct points *points;
    struct tote_cells cells;
    size_t first; /* of the cells of the point that is being made */
    struct tote_error *err;
};

static bool has_label(const struct maker *maker, const char *label)
{
    for (size_t i = maker->first; i < maker->cells.n; i++)
        if (strcmp(maker->cells.rows[i].label, label) == 0)
            return true;
    return false;
}

/* A label that an earlier cell of the point has gets a number, "local#2": else the
 * lines of a report could not be told apart. */
static char *make_label(const struct maker *maker, const char *text, const char *what)
{
    char label[LABEL_MAX];
    snprintf(label, sizeof label, "%.5000s%s", text, what);
    for (int n = 2; has_label(maker, label); n++)
        snprintf(label, sizeof label, "%.5000s#%d%s", text, n, what);
    return strdup(label);
}

static char *make_batch(const struct tote_design_engine *engine, uint64_t batch)
{
    char text[24] = "";
    if (engine && engine->has_batch)
        batch = engine->batch;
    if (engine && batch == 0)
        snprintf(text, sizeof text, "auto");
    else if (engine)
        snprintf(text, sizeof text, "%" PRIu64, batch);
    return strdup(text);
}

static char *make_skipped(const struct tote_design *design,
                          const struct tote_design_engine *engine, uint64_t workers)
{
    char text[128] = "";
    if (engine && engine->missing)
        return strdup(engine->missing);
    bool is_varied = design->workers.n > 0;
    if (is_varied && design->most_cores && workers > design->most_cores)
        snprintf(text, sizeof text,
                 "%" PRIu64 " workers, but %" PRIu64 " usable core%s", workers,
                 design->most_cores, design->most_cores > 1 ? "s" : "");
    return strdup(text);
}

/* engine: null of a loop. */
static int add_cell(struct maker *maker, enum tote_cell_role role,
                    const struct tote_design_engine *engine,
                    const struct tote_design_point *point, const char *label,
                    const char *what)
{
    struct tote_cells *cells = &maker->cells;
    if (cells->n == TOTE_CELLS_MAX)
        return tote_error_set(maker->err, -EINVAL,
                              "more than %d cells: give fewer engines or levels, or "
                              "--one-at-a-time",
                              TOTE_CELLS_MAX);
    struct tote_cell_row *rows = reallocarray(cells->rows, cells->n + 1, sizeof *rows);
    if (!rows)
        return tote_error_set(maker->err, -ENOMEM, "out of memory for the cells");
    cells->rows = rows;
    struct tote_cell_row row = {
        .id = (int64_t)cells->n + 1,
        .point = (int64_t)cells->n_points,
        .role = role,
        .label = make_label(maker, label, what),
        .engine = strdup(engine ? engine->text : ""),
        .kernel = strdup(point->kernel),
        .size = point->size,
        .tasks = point->tasks,
        .workers = role == TOTE_CELL_SERIAL ? 1 : (uint32_t)point->workers,
        .batch = make_batch(engine, point->batch),
        .skipped = make_skipped(maker->design, engine, point->workers),
    };
    rows[cells->n++] = row;
    return row.label && row.engine && row.kernel && row.batch && row.skipped
               ? 0
               : tote_error_set(maker->err, -ENOMEM, "out of memory for the cells");
}

static const struct tote_design_engine *first_usable(const struct tote_design *design)
{
    for (size_t i = 0; i < design->n_engines; i++)
        if (!design->engines[i].missing)
            return &design->engines[i];
    return NULL;
}

/* Once for each number of workers and batch: at the first point that has them, and not
 * where a point itself is of that kernel. */
static bool wants_noop(const struct maker *maker, size_t i)
{
    const struct tote_design_point *points = maker->points->at, *point = &points[i];
    for (size_t k = 0; k < maker->points->n; k++) {
        bool is_alike =
            points[k].workers == point->workers && points[k].batch == point->batch;
        if (is_alike && (k < i || strcmp(points[k].kernel, maker->design->noop) == 0))
            return false;
    }
    return true;
}

static int add_noops(struct maker *maker, const struct tote_design_point *point)
{
    const struct tote_design *design = maker->design;
    struct tote_design_point nothing = *point;
    nothing.kernel = design->noop;
    nothing.size = 0;
    nothing.tasks = maker->points->at[0].tasks;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < design->n_engines; i++)
        rc = add_cell(maker, TOTE_CELL_NOOP, &design->engines[i], &nothing,
                      design->engines[i].text, " (noop)");
    return rc;
}

static int add_controls(struct maker *maker, size_t i)
{
    const struct tote_design *design = maker->design;
    const struct tote_design_point *point = &maker->points->at[i];
    bool has_all = design->controls == TOTE_CONTROLS_ALL;
    const struct tote_design_engine *first = first_usable(design);
    int rc = 0;
    if (has_all)
        rc = add_cell(maker, TOTE_CELL_AGAIN, first, point, first->text, " (again)");
    if (rc == 0)
        rc = add_cell(maker, TOTE_CELL_LIMIT, NULL, point, "limit", "");
    if (rc == 0 && has_all && point->workers > 1)
        rc = add_cell(maker, TOTE_CELL_SERIAL, NULL, point, "serial", "");
    if (rc == 0 && has_all && wants_noop(maker, i))
        rc = add_noops(maker, point);
    return rc;
}

static int add_cells(struct maker *maker, size_t i)
{
    const struct tote_design *design = maker->design;
    maker->first = maker->cells.n;
    maker->cells.n_points++;
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < design->n_engines; k++)
        rc = add_cell(maker, TOTE_CELL_ENGINE, &design->engines[k],
                      &maker->points->at[i], design->engines[k].text, "");
    return rc < 0 ? rc : add_controls(maker, i);
}

static int check(const struct tote_design *design, struct tote_error *err)
{
    if (!first_usable(design))
        return tote_error_set(err, -ENOPKG, "%s",
                              design->n_engines > 0 ? design->engines[0].missing
                                                    : "no engine");
    for (size_t i = 0; i < design->n_engines; i++) {
        if (design->engines[i].has_batch && design->batch.n > 0)
            return tote_error_set(err, -EINVAL,
                                  "engine %.200s has a batch of its own, and --vary "
                                  "batch is for all: leave one of them out",
                                  design->engines[i].text);
    }
    return 0;
}

static int check_any(const struct tote_cells *cells, struct tote_error *err)
{
    for (size_t i = 0; i < cells->n; i++)
        if (cells->rows[i].role == TOTE_CELL_ENGINE &&
            tote_cell_can_run(&cells->rows[i]))
            return 0;
    return tote_error_set(err, -EINVAL, "no cell can run here: %s",
                          cells->rows[0].skipped);
}

int tote_design_cells(const struct tote_design *design, struct tote_cells *ret_cells,
                      struct tote_error *err)
{
    struct points points = {0};
    struct maker maker = {.design = design, .points = &points, .err = err};
    int rc = check(design, err);
    if (rc == 0)
        rc = design->is_one_at_a_time ? make_star(design, &points, err)
                                      : make_grid(design, &points, err);
    for (size_t i = 0; rc == 0 && i < points.n; i++)
        rc = add_cells(&maker, i);
    if (rc == 0)
        rc = check_any(&maker.cells, err);
    free(points.at);
    if (rc == 0)
        *ret_cells = maker.cells;
    else
        tote_cells_finish(&maker.cells);
    return rc;
}
