/* SPDX-License-Identifier: MIT */
/* sweep_fixture.c: see sweep_fixture.h. */
#include "sweep_fixture.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "report_fixture.h"

#define LAUNCH    INT64_C(5000000000000)
#define CELLS_MAX (SWEEP_MAX * (2 * SWEEP_MAX + 2))

struct maker {
    const struct sweep_plan *plan;
    struct tote_store *store;
    struct tote_cell_row cells[CELLS_MAX];
    const struct sweep_engine *engines[CELLS_MAX]; /* null: a loop */
    size_t n;
};

static tote_ns_t ns(double seconds)
{
    return (tote_ns_t)llround(seconds * 1e9);
}

static void add_cell(struct maker *maker, size_t point, enum tote_cell_role role,
                     const struct sweep_engine *engine, const char *label)
{
    bool is_noop = role == TOTE_CELL_NOOP;
    const struct sweep_plan *plan = maker->plan;
    maker->engines[maker->n] = engine;
    maker->cells[maker->n++] = (struct tote_cell_row){
        .id = (int64_t)maker->n,
        .point = (int64_t)point + 1,
        .role = role,
        .label = (char *)label,
        .engine = (char *)(engine ? engine->label : ""),
        .kernel = (char *)(is_noop ? "nothing" : "work"),
        .size = is_noop ? 0 : 1000,
        .tasks = plan->tasks[point],
        .workers = plan->workers ? plan->workers : 2,
        .batch = (char *)(engine ? "auto" : ""),
        .skipped = (char *)(engine && engine->skipped ? engine->skipped : ""),
    };
}

static void add_point(struct maker *maker, size_t point)
{
    static char labels[SWEEP_MAX][64];
    const struct sweep_plan *plan = maker->plan;
    for (size_t i = 0; plan->engines[i].label; i++)
        add_cell(maker, point, TOTE_CELL_ENGINE, &plan->engines[i],
                 plan->engines[i].label);
    if (plan->again > 0)
        add_cell(maker, point, TOTE_CELL_AGAIN, &plan->engines[0], "again");
    if (plan->grain_s > 0)
        add_cell(maker, point, TOTE_CELL_SERIAL, NULL, "serial");
    for (size_t i = 0; point == 0 && plan->noop_s > 0 && plan->engines[i].label; i++) {
        snprintf(labels[i], sizeof labels[i], "%s (noop)", plan->engines[i].label);
        add_cell(maker, point, TOTE_CELL_NOOP, &plan->engines[i], labels[i]);
    }
}

/* From -1 to 1 in even steps, each cell in an order of its own; blocks are not a
 * multiple of 7. */
static double place_of(const struct sweep_plan *plan, int64_t cell, int64_t block)
{
    int64_t step = (block * 7 + cell * 3) % plan->blocks;
    return plan->blocks < 2 ? 0 : 2 * (double)step / (double)(plan->blocks - 1) - 1;
}

static void add_run(const struct maker *maker, size_t i, int64_t block)
{
    struct tote_error err = {0};
    const struct sweep_plan *plan = maker->plan;
    const struct tote_cell_row *cell = &maker->cells[i];
    const struct sweep_engine *engine = maker->engines[i];
    bool is_noop = cell->role == TOTE_CELL_NOOP;
    double each = is_noop ? plan->noop_s : engine->per_task_s;
    double factor = 1 + plan->spread * place_of(plan, cell->id, block);
    if (cell->role == TOTE_CELL_AGAIN)
        factor *= 1 + plan->again;
    struct tote_run_row row = report_fixture_row(cell->tasks);
    row.label = cell->label;
    row.engine = cell->engine;
    row.kernel = cell->kernel;
    row.size = cell->size;
    row.seed += plan->seed;
    row.workers = cell->workers;
    row.batch = cell->batch;
    row.cell = cell->id;
    row.block = block;
    report_must(tote_store_add_run(maker->store, &row, &err), &err);
    report_fixture_end(&row, cell->tasks, 0);
    row.launch_ns = LAUNCH;
    row.ready_ns = row.first_ns = row.fed_ns = LAUNCH + ns(engine->start_s * factor);
    row.last_ns = row.ready_ns + ns(each * (double)cell->tasks * factor);
    row.end_ns = row.last_ns;
    row.digest.low += plan->digest;
    report_must(tote_store_update_run(maker->store, &row, &err), &err);
}

static void add_pass(const struct maker *maker, size_t i, int64_t block)
{
    struct tote_error err = {0};
    const struct tote_cell_row *cell = &maker->cells[i];
    struct tote_run_row row = report_fixture_row(cell->tasks);
    report_fixture_end(&row, cell->tasks, 0);
    row.digest.low += maker->plan->digest;
    struct tote_limit_row pass = {
        .cell = cell->id,
        .block = block,
        .threads = 1,
        .tasks = cell->tasks,
        .wall_ns = ns(maker->plan->grain_s * (double)cell->tasks),
        .digest = row.digest,
    };
    report_must(tote_store_add_limit(maker->store, &pass, &err), &err);
}

void sweep_fixture_make(const char *path, const struct sweep_plan *plan)
{
    struct tote_error err = {0};
    struct maker maker = {.plan = plan, .store = report_fixture_create(path, "sweep")};
    char seed[24];
    snprintf(seed, sizeof seed, "%d", (int)(7 + plan->seed));
    report_must(tote_store_set(maker.store, "seed", seed, &err), &err);
    if (plan->cpu)
        report_must(tote_store_set(maker.store, "environment.cpu", plan->cpu, &err),
                    &err);
    for (size_t i = 0; i < SWEEP_MAX && plan->tasks[i]; i++)
        add_point(&maker, i);
    report_must(tote_store_set(maker.store, "end", "done", &err), &err);
    report_must(tote_store_add_cells(maker.store, maker.cells, maker.n, &err), &err);
    for (int64_t block = 1; block <= plan->blocks; block++) {
        for (size_t i = 0; i < maker.n; i++) {
            if (!maker.engines[i])
                add_pass(&maker, i, block);
            else if (!maker.engines[i]->skipped)
                add_run(&maker, i, block);
        }
    }
    tote_store_close(maker.store);
}

void sweep_fixture_gather(const struct sweep_plan *plan, struct tote_summary *ret)
{
    struct tote_error err = {0};
    struct tote_store *store;
    char path[64];
    snprintf(path, sizeof path, "sweep-%d.tote", (int)getpid());
    unlink(path);
    sweep_fixture_make(path, plan);
    report_must(tote_store_open(path, &store, &err), &err);
    report_must(tote_gather(store, ret, &err), &err);
    tote_store_close(store);
    unlink(path);
}
