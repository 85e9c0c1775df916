/* SPDX-License-Identifier: MIT */
/* lines.c: figures of cells as texts (lines.h). */
#include "report/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/lines_parts.h"

int tote_lines_init(struct tote_lines *lines, const struct tote_table_column *columns,
                    size_t n_columns, size_t most)
{
    *lines = (struct tote_lines){.columns = columns, .n_columns = n_columns};
    lines->lines = calloc(most + 1, sizeof *lines->lines);
    lines->cells = calloc((most + 1) * n_columns, sizeof *lines->cells);
    if (lines->lines && lines->cells)
        return 0;
    tote_lines_finish(lines);
    return -ENOMEM;
}

void tote_lines_finish(struct tote_lines *lines)
{
    free(lines->cells);
    free(lines->lines);
    *lines = (struct tote_lines){0};
}

struct tote_line *tote_lines_add(struct tote_lines *lines, const char *label)
{
    const char **cells = &lines->cells[lines->n * lines->n_columns];
    struct tote_line *line = &lines->lines[lines->n++];
    line->label = label;
    cells[0] = label;
    for (size_t i = 1; i < lines->n_columns; i++)
        cells[i] = line->figures[i];
    return line;
}

static void fill_interval(struct tote_line *line, int column,
                          const struct tote_interval *interval)
{
    tote_figure_rate(interval->median, line->figures[column]);
    tote_figure_bounds(interval, line->figures[column + 1]);
}

static void fill_text(struct tote_line *line, int column, const char *text)
{
    snprintf(line->figures[column], TOTE_FIGURE_MAX, "%s", text);
}

static void fill_count(struct tote_line *line, int column, size_t value)
{
    snprintf(line->figures[column], TOTE_FIGURE_MAX, "%zu", value);
}

static void fill_rank(struct tote_line *line, int column, size_t rank)
{
    if (rank)
        fill_count(line, column, rank);
    else
        fill_text(line, column, "-");
}

static const char *name_outputs(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_YES  ? "equal"
           : sameness == TOTE_SAME_NO ? "DIFFER"
                                      : "incomplete";
}

/* --- the order of ranks --- */

static const struct tote_judged *judged_of(const struct tote_cell_summary *cell,
                                           bool is_steady)
{
    return is_steady ? &cell->steady : &cell->whole;
}

static bool is_before(const struct tote_point_summary *point, bool is_steady, size_t i,
                      size_t k)
{
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    const struct tote_judged *a = judged_of(&point->cells[i], is_steady);
    const struct tote_judged *b = judged_of(&point->cells[k], is_steady);
    if (a->rank != b->rank)
        return a->rank < b->rank;
    if (k == ranking->judgement.leader)
        return false;
    return i == ranking->judgement.leader || a->median > b->median;
}

/* New array of the places of the cells that can run, or null. */
static size_t *order_cells(const struct tote_point_summary *point, bool is_steady)
{
    size_t *order = calloc(point->n_cells + 1, sizeof *order);
    for (size_t i = 0; order && i < point->n_cells; i++) {
        size_t at = i;
        while (at > 0 && !point->unranked &&
               is_before(point, is_steady, i, order[at - 1])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    return order;
}

/* --- engines --- */

enum {
    ENGINE,
    RANK,
    START,
    WHOLE,
    WHOLE_BOUNDS,
    STEADY,
    STEADY_BOUNDS,
    N,
    PART,
    OUTPUTS,
    ENGINE_COLUMNS
};

static const struct tote_table_column engine_columns[ENGINE_COLUMNS] = {
    [ENGINE] = {"", "engine", false},
    [RANK] = {"", "rank", true},
    [START] = {"start-up", "s", true},
    [WHOLE] = {"whole run", "tasks/s", true},
    [WHOLE_BOUNDS] = {"", "[95 %]", false},
    [STEADY] = {"after start-up", "tasks/s", true},
    [STEADY_BOUNDS] = {"", "[95 %]", false},
    [N] = {"", "n", true},
    [PART] = {"of the", "limit", true},
    [OUTPUTS] = {"", "outputs", false},
};

static void add_engine(struct tote_lines *lines, const struct tote_cell_summary *cell)
{
    struct tote_line *line = tote_lines_add(lines, cell->cell->label);
    if (cell->cell->skipped[0]) {
        fill_text(line, OUTPUTS, "skipped");
        return;
    }
    fill_rank(line, RANK, cell->steady.rank);
    tote_figure_seconds(cell->start_s.median, line->figures[START]);
    fill_interval(line, WHOLE, &cell->tasks_per_s);
    fill_interval(line, STEADY, &cell->steady_tasks_per_s);
    fill_count(line, N, cell->n_counted);
    tote_figure_fraction(cell->limit_fraction, line->figures[PART]);
    fill_text(line, OUTPUTS, name_outputs(cell->outputs));
}

int tote_lines_engines(const struct tote_point_summary *point,
                       struct tote_lines *ret_lines)
{
    size_t n = point->n_cells + point->n_skipped;
    size_t *order = order_cells(point, true);
    int rc =
        order ? tote_lines_init(ret_lines, engine_columns, ENGINE_COLUMNS, n) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < n; i++)
        add_engine(ret_lines, &point->cells[i < point->n_cells ? order[i] : i]);
    free(order);
    return rc;
}

/* --- behind the leader --- */

enum { BEHIND, PLACE, TIMES, TIMES_BOUNDS, P, A12, FAILS, BEHIND_COLUMNS };

static const struct tote_table_column behind_columns[BEHIND_COLUMNS] = {
    [BEHIND] = {"", "engine", false},
    [PLACE] = {"", "rank", true},
    [TIMES] = {"times", "as fast", true},
    [TIMES_BOUNDS] = {"", "[95 %]", false},
    [P] = {"p after", "Holm", true},
    [A12] = {"", "A12", true},
    [FAILS] = {"not shown,", "for lack of", false},
};

static void fill_failed(struct tote_line *line, unsigned failed)
{
    bool has_interval = failed & TOTE_JUDGE_INTERVAL, has_p = failed & TOTE_JUDGE_P;
    bool has_floor = failed & TOTE_JUDGE_FLOOR;
    snprintf(line->figures[FAILS], TOTE_FIGURE_MAX, "%s%s%s%s%s",
             has_interval ? "interval" : "", has_interval && has_p ? ", " : "",
             has_p ? "p" : "", (has_interval || has_p) && has_floor ? ", " : "",
             has_floor ? "noise floor" : "");
}

static void add_behind(struct tote_lines *lines, const struct tote_cell_summary *cell,
                       const struct tote_judged *judged)
{
    const struct tote_pair *pair = &judged->behind;
    struct tote_line *line = tote_lines_add(lines, cell->cell->label);
    fill_rank(line, PLACE, judged->rank);
    tote_figure_times(pair->ratio.value, line->figures[TIMES]);
    tote_figure_times_bounds(&pair->ratio, line->figures[TIMES_BOUNDS]);
    tote_figure_p(pair->p_holm, line->figures[P]);
    tote_figure_fraction(pair->a12, line->figures[A12]);
    fill_failed(line, pair->failed);
}

int tote_lines_behind(const struct tote_point_summary *point, bool is_steady,
                      struct tote_lines *ret_lines)
{
    size_t *order = order_cells(point, is_steady);
    int rc = order ? tote_lines_init(ret_lines, behind_columns, BEHIND_COLUMNS,
                                     point->n_cells)
                   : -ENOMEM;
    for (size_t i = 1; rc == 0 && !point->unranked && i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[order[i]];
        add_behind(ret_lines, cell, judged_of(cell, is_steady));
    }
    free(order);
    return rc;
}

/* --- controls --- */

enum { CONTROL, RATE, RATE_BOUNDS, RUNS, SAME, SAYS, CONTROL_COLUMNS };

static const struct tote_table_column control_columns[CONTROL_COLUMNS] = {
    [CONTROL] = {"", "control", false},    [RATE] = {"", "tasks/s", true},
    [RATE_BOUNDS] = {"", "[95 %]", false}, [RUNS] = {"", "n", true},
    [SAME] = {"", "outputs", false},       [SAYS] = {"", "what it says", false},
};

static void add_loop(struct tote_lines *lines, const char *label,
                     const struct tote_limit_summary *loop, double limit)
{
    char part[TOTE_FIGURE_MAX];
    if (loop->n == 0)
        return;
    struct tote_line *line = tote_lines_add(lines, label);
    fill_interval(line, RATE, &loop->tasks_per_s);
    fill_count(line, RUNS, loop->n);
    fill_text(line, SAME, name_outputs(loop->outputs));
    tote_figure_fraction(loop->tasks_per_s.median / limit, part);
    snprintf(line->figures[SAYS], TOTE_FIGURE_MAX, "%.20s of the limit", part);
}

/* A rate turned over: its upper bound is the lower one of this. */
static void say_overhead(const struct tote_cell_summary *cell,
                         char text[static TOTE_FIGURE_MAX])
{
    const struct tote_interval *rate = &cell->steady_tasks_per_s;
    double us = 1e6 * cell->cell->workers;
    char median[TOTE_FIGURE_MAX], bounds[TOTE_FIGURE_MAX];
    const struct tote_interval overhead = {
        .has_bounds = rate->has_bounds, .low = us / rate->high, .high = us / rate->low};
    tote_figure_bounds(&overhead, bounds);
    snprintf(text, TOTE_FIGURE_MAX, "%.9s us of a slot a task%s%.26s",
             tote_figure_rate(us / rate->median, median), bounds[0] ? " " : "", bounds);
}

static void add_control(struct tote_lines *lines,
                        const struct tote_point_summary *point,
                        const struct tote_cell_summary *cell)
{
    char floor[TOTE_FIGURE_MAX];
    struct tote_line *line = tote_lines_add(lines, cell->cell->label);
    if (cell->cell->skipped[0]) {
        fill_text(line, SAME, "skipped");
        return;
    }
    fill_interval(line, RATE, &cell->steady_tasks_per_s);
    fill_count(line, RUNS, cell->n_counted);
    fill_text(line, SAME, name_outputs(cell->outputs));
    if (cell->cell->role == TOTE_CELL_NOOP)
        say_overhead(cell, line->figures[SAYS]);
    else
        snprintf(line->figures[SAYS], TOTE_FIGURE_MAX, "noise floor %.20s",
                 tote_figure_floor(point->steady.noise_floor, floor));
}

int tote_lines_controls(const struct tote_point_summary *point,
                        struct tote_lines *ret_lines)
{
    double limit = point->limit.tasks_per_s.median;
    int rc = tote_lines_init(ret_lines, control_columns, CONTROL_COLUMNS,
                             point->n_controls + 2);
    if (rc < 0)
        return rc;
    add_loop(ret_lines, "limit (bare loop)", &point->limit, limit);
    add_loop(ret_lines, "serial (one thread)", &point->serial, limit);
    for (size_t i = 0; i < point->n_controls; i++)
        add_control(ret_lines, point, &point->controls[i]);
    return 0;
}

/* --- what was compared --- */

void tote_lines_subject(const struct tote_summary *summary,
                        const struct tote_point_summary *point, FILE *out)
{
    const struct tote_plan *plan = &point->plan;
    char workers[TOTE_FIGURE_MAX];
    fprintf(out,
            "%s, size %" PRIu64 ", seed %" PRIu64 ": %" PRIu64
            " tasks, %s, batch %s; %zu of %" PRIu64 " blocks",
            plan->kernel, plan->size, plan->seed, plan->tasks,
            tote_figure_workers(plan->workers, workers), plan->batch, point->n_blocks,
            summary->most);
}
