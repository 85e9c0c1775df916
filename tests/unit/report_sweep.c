/* SPDX-License-Identifier: MIT */
/* report_sweep.c: experiments with controls, at one point or at more
 * (report_fixture.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report_fixture.h"

#define LAUNCH    INT64_C(5000000000000)
#define CELLS_MAX 100

struct sweep {
    const struct report_sweep *plan;
    struct tote_store *store;
    struct tote_cell_row rows[CELLS_MAX];
    const struct report_cell *of[CELLS_MAX]; /* what each row is like */
    size_t n;
    struct report_cell again[CELLS_MAX]; /* by point */
};

static tote_ns_t ns(double seconds)
{
    return (tote_ns_t)llround(seconds * 1e9);
}

static void add_cell(struct sweep *sweep, size_t point, enum tote_cell_role role,
                     const struct report_cell *like, const char *label)
{
    bool is_loop = role == TOTE_CELL_LIMIT || role == TOTE_CELL_SERIAL;
    bool is_noop = role == TOTE_CELL_NOOP;
    size_t n = sweep->n++;
    sweep->of[n] = like;
    sweep->rows[n] = (struct tote_cell_row){
        .id = (int64_t)n + 1,
        .point = (int64_t)point + 1,
        .role = role,
        .label = (char *)label,
        .engine = (char *)(is_loop ? "" : like->label),
        .kernel = (char *)(is_noop ? "noop" : "zfp:accuracy=0.001"),
        .size = is_noop ? 0 : 200000,
        .tasks = sweep->plan->tasks[point],
        .workers = role == TOTE_CELL_SERIAL ? 1 : 2,
        .batch = (char *)(is_loop ? "" : "auto"),
        .skipped = (char *)"",
    };
}

static void add_point(struct sweep *sweep, size_t point)
{
    static const struct report_cell limit = {"limit", 0, 400, 0.01};
    static const struct report_cell serial = {"serial", 0, 200, 0.01};
    static const struct report_cell noop = {"noop", 0.01, 50000, 0.01};
    const struct report_sweep *plan = sweep->plan;
    struct report_cell *again = &sweep->again[point];
    const struct report_cell *cells = plan->cells + point * plan->n_cells;
    for (size_t i = 0; i < plan->n_cells; i++)
        add_cell(sweep, point, TOTE_CELL_ENGINE, &cells[i], cells[i].label);
    *again = cells[0];
    again->tasks_per_s *= plan->again;
    add_cell(sweep, point, TOTE_CELL_AGAIN, again, "the first (again)");
    add_cell(sweep, point, TOTE_CELL_LIMIT, &limit, "limit");
    add_cell(sweep, point, TOTE_CELL_SERIAL, &serial, "serial");
    if (point == 0)
        add_cell(sweep, point, TOTE_CELL_NOOP, &noop, "the first (noop)");
}

/* From -1 to 1, each cell's blocks in another order, so that none rises with another.
 */
static double place_of(const struct report_sweep *plan, int64_t block, size_t cell)
{
    int64_t place = (block + (int64_t)cell) % plan->blocks;
    return 2 * (double)place / (double)(plan->blocks - 1) - 1;
}

static void add_pass(struct sweep *sweep, size_t i, int64_t block, double rate)
{
    struct tote_error err = {0};
    struct tote_limit_row row = {
        .cell = sweep->rows[i].id,
        .block = block,
        .threads = sweep->rows[i].workers,
        .tasks = sweep->rows[i].tasks,
        .wall_ns = ns((double)sweep->rows[i].tasks / rate),
        .digest = {1, 2},
    };
    report_must(tote_store_add_limit(sweep->store, &row, &err), &err);
}

static void add_run(struct sweep *sweep, size_t i, int64_t block, double rate)
{
    struct tote_error err = {0};
    const struct tote_cell_row *cell = &sweep->rows[i];
    struct tote_run_row row = report_fixture_row(cell->tasks);
    row.label = cell->label;
    row.kernel = cell->kernel;
    row.size = cell->size;
    row.cell = cell->id;
    row.block = block;
    report_must(tote_store_add_run(sweep->store, &row, &err), &err);
    row.state = TOTE_RUN_COMPLETE;
    row.launch_ns = LAUNCH;
    row.ready_ns = row.first_ns = LAUNCH + ns(sweep->of[i]->start_s);
    row.last_ns = row.fed_ns = row.ready_ns + ns((double)cell->tasks / rate);
    row.end_ns = row.last_ns + ns(0.1);
    row.done = cell->tasks;
    row.has_digest = true;
    row.digest = (struct tote_digest){1, 2};
    report_must(tote_store_update_run(sweep->store, &row, &err), &err);
}

static void add_block(struct sweep *sweep, int64_t block)
{
    for (size_t i = 0; i < sweep->n; i++) {
        const struct report_cell *like = sweep->of[i];
        double place = place_of(sweep->plan, block, i);
        double rate = like->tasks_per_s * (1 + like->spread * place);
        bool is_loop = sweep->rows[i].role == TOTE_CELL_LIMIT ||
                       sweep->rows[i].role == TOTE_CELL_SERIAL;
        (is_loop ? add_pass : add_run)(sweep, i, block, rate);
    }
}

void report_fixture_sweep(const char *path, const struct report_sweep *plan)
{
    struct tote_error err = {0};
    struct sweep sweep = {.plan = plan};
    sweep.store = report_fixture_create(path, plan->n_points > 1 ? "sweep" : "compare");
    report_must(tote_store_set(sweep.store, "runs", "6..30", &err), &err);
    report_must(tote_store_set(sweep.store, "end", "done", &err), &err);
    for (size_t point = 0; point < plan->n_points; point++)
        add_point(&sweep, point);
    report_must(tote_store_add_cells(sweep.store, sweep.rows, sweep.n, &err), &err);
    for (int64_t block = 1; block <= plan->blocks; block++)
        add_block(&sweep, block);
    tote_store_close(sweep.store);
}

/* --- scenarios --- */

static const struct report_cell turning[] = {
    {"local", 0.01, 300, 0.01}, {"ray", 2, 290, 0.01},      {"local", 0.01, 300, 0.01},
    {"ray", 2, 301, 0.01},      {"local", 0.01, 300, 0.01}, {"ray", 2, 350, 0.01},
};
static const uint64_t turning_tasks[] = {100, 1000, 100000};

void report_make_controls(const char *path)
{
    report_fixture_sweep(
        path, &(struct report_sweep){turning_tasks, 1, turning, 2, 1.004, 8});
}

void report_make_sweep(const char *path)
{
    report_fixture_sweep(
        path, &(struct report_sweep){turning_tasks, 3, turning, 2, 1.004, 8});
}

void report_make_sweep_short(const char *path)
{
    report_fixture_sweep(
        path, &(struct report_sweep){turning_tasks, 3, turning, 2, 1.004, 3});
}
