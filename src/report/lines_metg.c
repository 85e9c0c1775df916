/* SPDX-License-Identifier: MIT */
/* lines_metg.c: the tables of METG as texts (lines.h). */
#include <math.h>
#include <stdio.h>

#include "report/lines_parts.h"
#include "report/metg_words.h"

static void fill_part(const struct tote_interval *part, char *text, char *bounds)
{
    tote_figure_rate(100 * part->median, text);
    if (part->has_bounds)
        snprintf(bounds, TOTE_FIGURE_MAX, "[%.1f, %.1f]", 100 * part->low,
                 100 * part->high);
}

/* --- rows --- */

enum { ENGINE, BATCH, HALF, HALF_BOUNDS, FULL, FULL_BOUNDS, FLOOR, N, ROW_COLUMNS };

static const struct tote_table_column row_columns[ROW_COLUMNS] = {
    [ENGINE] = {"", "engine", false},     [BATCH] = {"", "batch", true},
    [HALF] = {"", "METG(50 %)", true},    [HALF_BOUNDS] = {"", "95 % interval", false},
    [FULL] = {"", "METG(95 %)", true},    [FULL_BOUNDS] = {"", "95 % interval", false},
    [FLOOR] = {"floor", "us/task", true}, [N] = {"", "n", true},
};

static void fill_row(const struct tote_metg_row_summary *row, struct tote_line *line)
{
    snprintf(line->figures[BATCH], TOTE_FIGURE_MAX, "%s", row->cell->batch);
    if (row->cell->skipped[0]) {
        snprintf(line->figures[HALF], TOTE_FIGURE_MAX, "skipped");
        return;
    }
    tote_metg_words_grain(&row->estimates[0].value, line->figures[HALF]);
    tote_metg_words_bounds(&row->estimates[0], line->figures[HALF_BOUNDS]);
    tote_metg_words_grain(&row->estimates[1].value, line->figures[FULL]);
    tote_metg_words_bounds(&row->estimates[1], line->figures[FULL_BOUNDS]);
    tote_figure_rate(row->floor_s.median * 1e6, line->figures[FLOOR]);
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", row->n);
}

int tote_lines_metg(const struct tote_metg_summary *metg, struct tote_lines *ret_lines)
{
    int rc = tote_lines_init(ret_lines, row_columns, ROW_COLUMNS, metg->n_rows);
    for (size_t i = 0; rc == 0 && i < metg->n_rows; i++)
        fill_row(&metg->rows[i], tote_lines_add(ret_lines, metg->rows[i].cell->engine));
    return rc;
}

/* --- points --- */

enum { P_ENGINE, P_BATCH, P_GRAIN, P_TASKS, P_PART, P_BOUNDS, P_HELD, P_N, P_COLUMNS };

static const struct tote_table_column point_columns[P_COLUMNS] = {
    [P_ENGINE] = {"", "engine", false},     [P_BATCH] = {"", "batch", true},
    [P_GRAIN] = {"", "grain", true},        [P_TASKS] = {"", "tasks", true},
    [P_PART] = {"", "kept busy, %", true},  [P_BOUNDS] = {"", "[95 %]", true},
    [P_HELD] = {"", "a task's slot", true}, [P_N] = {"", "n", true},
};

static void fill_point(const struct tote_metg_row_summary *row, size_t grain,
                       struct tote_line *line)
{
    const struct tote_metg_point *point = &row->points[grain];
    snprintf(line->figures[P_BATCH], TOTE_FIGURE_MAX, "%s", row->cell->batch);
    tote_figure_duration(point->grain, line->figures[P_GRAIN]);
    snprintf(line->figures[P_TASKS], TOTE_FIGURE_MAX, "%llu",
             (unsigned long long)row->tasks[grain]);
    fill_part(&point->efficiency, line->figures[P_PART], line->figures[P_BOUNDS]);
    tote_figure_duration(point->held.median, line->figures[P_HELD]);
    snprintf(line->figures[P_N], TOTE_FIGURE_MAX, "%zu", point->efficiency.n);
}

int tote_lines_metg_points(const struct tote_metg_summary *metg,
                           struct tote_lines *ret_lines)
{
    int rc = tote_lines_init(ret_lines, point_columns, P_COLUMNS,
                             metg->n_rows * metg->n_grains);
    for (size_t i = 0; rc == 0 && i < metg->n_rows; i++)
        for (size_t grain = 0; grain < metg->n_grains; grain++)
            if (metg->rows[i].points[grain].efficiency.n > 0)
                fill_point(&metg->rows[i], grain,
                           tote_lines_add(ret_lines, metg->rows[i].cell->engine));
    return rc;
}

/* --- the reference --- */

enum { R_KERNEL, R_GRAIN, R_PART, R_BOUNDS, R_N, R_NOTE, R_COLUMNS };

static const struct tote_table_column reference_columns[R_COLUMNS] = {
    [R_KERNEL] = {"", "kernel", false},
    [R_GRAIN] = {"", "one thread, a task", true},
    [R_PART] = {"", "all workers keep, %", true},
    [R_BOUNDS] = {"", "[95 %]", true},
    [R_N] = {"", "n", true},
    [R_NOTE] = {"", "note", false},
};

int tote_lines_metg_reference(const struct tote_metg_summary *metg,
                              struct tote_lines *ret_lines)
{
    int rc = tote_lines_init(ret_lines, reference_columns, R_COLUMNS, metg->n_grains);
    for (size_t i = 0; rc == 0 && i < metg->n_grains; i++) {
        const struct tote_metg_point *point = &metg->limit_points[i];
        if (isnan(point->grain)) /* the search alone was there */
            continue;
        struct tote_line *line = tote_lines_add(ret_lines, metg->kernels[i]);
        tote_figure_duration(point->grain, line->figures[R_GRAIN]);
        fill_part(&point->efficiency, line->figures[R_PART], line->figures[R_BOUNDS]);
        snprintf(line->figures[R_N], TOTE_FIGURE_MAX, "%zu", point->efficiency.n);
        if (i == metg->control)
            snprintf(line->figures[R_NOTE], TOTE_FIGURE_MAX, "the coarse control");
    }
    return rc;
}
