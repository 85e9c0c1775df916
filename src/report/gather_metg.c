/* SPDX-License-Identifier: MIT */
/* gather_metg.c: see gather_metg.h. */
#include "report/gather_metg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather.h"

/* --- memory --- */

void tote_gather_metg_finish(struct tote_metg_summary *metg)
{
    if (!metg)
        return;
    for (size_t i = 0; metg->rows && i < metg->n_rows; i++) {
        free(metg->rows[i].held);
        free(metg->rows[i].tasks);
        free(metg->rows[i].points);
    }
    free(metg->kernels);
    free(metg->serial);
    free(metg->limit);
    free(metg->limit_points);
    free(metg->is_off);
    free(metg->rows);
    free(metg->values);
    free(metg);
}

/* n_grains arrays of n_blocks, the piece of that number of values. */
static const double **view(const struct tote_metg_summary *metg, size_t piece)
{
    const double **arrays = calloc(metg->n_grains + 1, sizeof *arrays);
    for (size_t g = 0; arrays && g < metg->n_grains; g++)
        arrays[g] = metg->values + (piece * metg->n_grains + g) * metg->n_blocks;
    return arrays;
}

static bool allocate_row(const struct tote_metg_summary *metg, size_t i)
{
    struct tote_metg_row_summary *row = &metg->rows[i];
    row->held = view(metg, i + 2);
    row->tasks = calloc(metg->n_grains + 1, sizeof *row->tasks);
    row->points = calloc(metg->n_grains + 1, sizeof *row->points);
    return row->held && row->tasks && row->points;
}

static int allocate(struct tote_metg_summary *metg)
{
    size_t n_values = (metg->n_rows + 2) * metg->n_grains * metg->n_blocks;
    metg->values = reallocarray(NULL, n_values + 1, sizeof *metg->values);
    if (!metg->values)
        return -ENOMEM;
    for (size_t i = 0; i < n_values; i++)
        metg->values[i] = NAN;
    metg->kernels = calloc(metg->n_grains + 1, sizeof *metg->kernels);
    metg->limit_points = calloc(metg->n_grains + 1, sizeof *metg->limit_points);
    metg->is_off = calloc(metg->n_blocks + 1, sizeof *metg->is_off);
    metg->serial = view(metg, 0);
    metg->limit = view(metg, 1);
    bool is_whole = metg->kernels && metg->limit_points && metg->is_off &&
                    metg->serial && metg->limit;
    for (size_t i = 0; i < metg->n_rows; i++)
        is_whole = allocate_row(metg, i) && is_whole;
    return is_whole ? 0 : -ENOMEM;
}

/* --- rows --- */

static bool is_of_row(const struct tote_metg_row_summary *row,
                      const struct tote_cell_row *cell)
{
    return strcmp(row->cell->engine, cell->engine) == 0 &&
           strcmp(row->cell->batch, cell->batch) == 0;
}

static void add_row(struct tote_metg_summary *metg, const struct tote_cell_row *cell)
{
    for (size_t i = 0; i < metg->n_rows; i++)
        if (is_of_row(&metg->rows[i], cell))
            return;
    metg->rows[metg->n_rows++].cell = cell;
}

/* In the order in which they came, those that cannot run last. */
static int find_rows(const struct tote_summary *summary, struct tote_metg_summary *metg)
{
    metg->rows = calloc(summary->n_cell_rows + 1, sizeof *metg->rows);
    for (int skipped = 0; metg->rows && skipped < 2; skipped++) {
        for (size_t i = 0; i < summary->n_cell_rows; i++) {
            const struct tote_cell_row *cell = &summary->cell_rows[i];
            if (cell->role == TOTE_CELL_ENGINE &&
                (cell->skipped[0] != '\0') == (skipped == 1))
                add_row(metg, cell);
        }
    }
    return metg->rows ? 0 : -ENOMEM;
}

/* --- what was measured --- */

static int64_t last_block(const struct tote_summary *summary)
{
    int64_t last = 0;
    for (size_t i = 0; i < summary->n_runs; i++)
        if (summary->runs[i].row.block > last)
            last = summary->runs[i].row.block;
    for (size_t i = 0; i < summary->n_limits; i++)
        if (summary->limits[i].row.block > last)
            last = summary->limits[i].row.block;
    return last;
}

static void put(const struct tote_metg_summary *metg, const double *array,
                int64_t block, double held_s)
{
    if (block > 0)
        metg->values[array - metg->values + block - 1] = held_s;
}

/* So long a task held a slot, by the rate after start-up. */
static double held(uint32_t slots, double tasks_per_s)
{
    return tote_metg_floor(slots, 1 / tasks_per_s, 1);
}

static void take_passes(const struct tote_metg_summary *metg,
                        const struct tote_limit_summary *loop, const double *array)
{
    for (size_t i = 0; i < loop->n; i++) {
        const struct tote_limit_pass *pass = &loop->passes[i];
        put(metg, array, pass->row.block, held(pass->row.threads, pass->tasks_per_s));
    }
}

static void take_runs(struct tote_metg_summary *metg,
                      const struct tote_cell_summary *cell, size_t grain)
{
    for (size_t i = 0; i < metg->n_rows; i++) {
        struct tote_metg_row_summary *row = &metg->rows[i];
        if (!is_of_row(row, cell->cell))
            continue;
        for (size_t k = 0; k < cell->n_runs; k++) {
            const struct tote_run_summary *run = &cell->runs[k];
            if (!run->is_counted || run->row.block == 0)
                continue;
            row->tasks[grain] = run->row.tasks;
            put(metg, row->held[grain], run->row.block,
                held(cell->cell->workers, run->steady_tasks_per_s));
        }
    }
}

static void take_point(const struct tote_summary *summary,
                       struct tote_metg_summary *metg, size_t grain)
{
    const struct tote_point_summary *point = &summary->points[grain];
    metg->kernels[grain] = point->plan.kernel;
    take_passes(metg, &point->serial, metg->serial[grain]);
    take_passes(metg, &point->limit, metg->limit[grain]);
    for (size_t i = 0; i < point->n_cells; i++)
        take_runs(metg, &point->cells[i], grain);
}

/* --- what it came to --- */

/* The store says which it was; n_grains: it does not, or nothing ran there. */
static size_t find_control(const struct tote_summary *summary,
                           const struct tote_metg_summary *metg)
{
    const char *control = tote_gather_setting(summary, "control");
    size_t g = 0;
    while (g < metg->n_grains && (!control || strcmp(metg->kernels[g], control) != 0))
        g++;
    return g;
}

static int mark_off(struct tote_metg_summary *metg)
{
    if (metg->control == metg->n_grains)
        return 0;
    const double *controls[] = {metg->serial[metg->control],
                                metg->limit[metg->control]};
    int rc = tote_metg_mark_off(controls, 2, metg->n_blocks, TOTE_METG_TOLERANCE,
                                metg->is_off);
    for (size_t b = 0; rc == 0 && b < metg->n_blocks; b++)
        metg->n_off += metg->is_off[b];
    return rc;
}

static int set_points(const struct tote_metg_runs *runs, struct tote_metg_point *points)
{
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < runs->n_grains; g++)
        rc = tote_metg_curve_point(runs, g, &points[g]);
    return rc;
}

static struct tote_metg_runs runs_of(const struct tote_metg_summary *metg,
                                     const double *const *held)
{
    return (struct tote_metg_runs){metg->serial, held, metg->is_off, metg->n_grains,
                                   metg->n_blocks};
}

static int set_row(const struct tote_metg_summary *metg, uint64_t seed,
                   struct tote_metg_row_summary *row)
{
    struct tote_metg_runs runs = runs_of(metg, row->held);
    int rc = set_points(&runs, row->points);
    for (int t = 0; rc == 0 && t < TOTE_METG_TARGETS; t++)
        rc = tote_metg_curve_estimate(&runs, tote_metg_targets[t],
                                      &(struct tote_resampling){.seed = seed},
                                      &row->estimates[t]);
    row->n = row->estimates[0].n;
    row->floor_s = (struct tote_interval){.median = NAN, .low = NAN, .high = NAN};
    for (size_t g = metg->n_grains; g-- > 0;)
        if (row->points[g].held.n > 0)
            row->floor_s = row->points[g].held;
    return rc;
}

/* Bags of one kernel and number of tasks have one digest, whoever ran them. */
static enum tote_sameness compare_outputs(const struct tote_summary *summary)
{
    enum tote_sameness same = TOTE_SAME_UNKNOWN;
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_summary *a = &summary->runs[i];
        if (!a->is_counted || !a->digest[0])
            continue;
        same = same == TOTE_SAME_UNKNOWN ? TOTE_SAME_YES : same;
        for (size_t k = i; k-- > 0;) {
            const struct tote_run_summary *b = &summary->runs[k];
            bool is_alike = b->is_counted && b->digest[0] &&
                            a->row.tasks == b->row.tasks &&
                            strcmp(a->row.kernel, b->row.kernel) == 0;
            if (is_alike && strcmp(a->digest, b->digest) != 0)
                return TOTE_SAME_NO;
            if (is_alike)
                break; /* those before it are like it */
        }
    }
    return same;
}

static int fill(struct tote_summary *summary, struct tote_metg_summary *metg)
{
    uint64_t seed = 0;
    metg->n_grains = summary->n_points;
    metg->n_blocks = (size_t)last_block(summary);
    int rc = find_rows(summary, metg);
    if (rc == 0)
        rc = allocate(metg);
    if (rc < 0)
        return rc;
    for (size_t g = 0; g < metg->n_grains; g++)
        take_point(summary, metg, g);
    metg->control = find_control(summary, metg);
    rc = mark_off(metg);
    struct tote_metg_runs limit = runs_of(metg, metg->limit);
    if (rc == 0)
        rc = set_points(&limit, metg->limit_points);
    tote_gather_count(summary, "order_seed", &seed);
    for (size_t i = 0; rc == 0 && i < metg->n_rows; i++)
        rc = set_row(metg, seed, &metg->rows[i]);
    return rc;
}

/* Of a damaged store a block may be any number. */
#define BLOCKS_MAX 1000000

int tote_gather_metg(struct tote_summary *summary, struct tote_error *err)
{
    if (last_block(summary) > BLOCKS_MAX)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: a run is of block %lld",
                              summary->store, (long long)last_block(summary));
    summary->metg = calloc(1, sizeof *summary->metg);
    int rc = summary->metg ? fill(summary, summary->metg) : -ENOMEM;
    if (rc < 0)
        return tote_error_set(err, rc, "%s",
                              rc == -ENOMEM ? "out of memory for the report"
                                            : "METG cannot be computed");
    summary->outputs = compare_outputs(summary);
    return 0;
}
