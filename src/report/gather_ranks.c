/* SPDX-License-Identifier: MIT */
/* gather_ranks.c: asks stats/judge.h about the engines of each point, by the rate after
 * start-up and by that of the whole run (gather.h). Not for the words that say it
 * (verdict.c). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/gather.h"
#include "report/twins.h"

/* --- whether there is anything to ask --- */

static bool has_run(const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        if (point->cells[i].n_runs > 0)
            return true;
    }
    return false;
}

static size_t fewest_counted(const struct tote_point_summary *point)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < point->n_cells; i++) {
        size_t n = point->cells[i].n_counted;
        least = n < least ? n : least;
    }
    return least;
}

static enum tote_unranked find_obstacle(const struct tote_point_summary *point)
{
    size_t least = fewest_counted(point);
    return point->n_cells == 0                   ? TOTE_UNRANKED_NO_CELL
           : !has_run(point)                     ? TOTE_UNRANKED_NO_RUN
           : point->outputs == TOTE_SAME_NO      ? TOTE_UNRANKED_DIFFER
           : least == 0                          ? TOTE_UNRANKED_INCOMPLETE
           : point->outputs == TOTE_SAME_UNKNOWN ? TOTE_UNRANKED_FAILED
           : point->plan.tasks == 0              ? TOTE_UNRANKED_EMPTY
           : point->n_cells == 1                 ? TOTE_UNRANKED_ONE
           : least < point->runs_needed          ? TOTE_UNRANKED_FEW
                                                 : TOTE_RANKED;
}

/* --- values by block --- */

/* The blocks in which engines of a point, or the first again, have run. */
struct table {
    int64_t *blocks; /* rising */
    size_t n_blocks, n_cells;
    double *values; /* cell after cell; the last is the first engine's second entry */
    const double **cells;
    struct tote_judged *judged;
};

static void finish(struct table *table)
{
    free(table->blocks);
    free(table->values);
    free(table->cells);
    free(table->judged);
}

static int compare_blocks(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void add_blocks(struct table *table, const struct tote_cell_summary *cell)
{
    for (size_t i = 0; cell && i < cell->n_runs; i++)
        table->blocks[table->n_blocks++] = cell->runs[i].row.block;
}

static void keep_different(struct table *table)
{
    size_t n = 0;
    qsort(table->blocks, table->n_blocks, sizeof *table->blocks, compare_blocks);
    for (size_t i = 0; i < table->n_blocks; i++) {
        if (n == 0 || table->blocks[n - 1] != table->blocks[i])
            table->blocks[n++] = table->blocks[i];
    }
    table->n_blocks = n;
}

static int init(struct table *table, const struct tote_point_summary *point,
                const struct tote_cell_summary *again)
{
    size_t n_runs = again ? again->n_runs : 0, n = point->n_cells + 1;
    for (size_t i = 0; i < point->n_cells; i++)
        n_runs += point->cells[i].n_runs;
    *table = (struct table){.n_cells = point->n_cells};
    table->blocks = calloc(n_runs + 1, sizeof *table->blocks);
    table->cells = calloc(n, sizeof *table->cells);
    table->judged = calloc(n, sizeof *table->judged);
    if (!table->blocks || !table->cells || !table->judged)
        return -ENOMEM;
    for (size_t i = 0; i < point->n_cells; i++)
        add_blocks(table, &point->cells[i]);
    add_blocks(table, again);
    keep_different(table);
    table->values = calloc(n * (table->n_blocks + 1), sizeof *table->values);
    if (!table->values)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        table->cells[i] = table->values + i * table->n_blocks;
    return 0;
}

/* NaN where it has no complete run with a rate. */
static void fill_row(struct table *table, size_t place,
                     const struct tote_cell_summary *cell, bool is_steady)
{
    double *row = table->values + place * table->n_blocks;
    for (size_t i = 0; i < table->n_blocks; i++)
        row[i] = NAN;
    for (size_t i = 0; cell && i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        double rate = is_steady ? run->steady_tasks_per_s : run->tasks_per_s;
        const int64_t *at = bsearch(&run->row.block, table->blocks, table->n_blocks,
                                    sizeof *table->blocks, compare_blocks);
        if (run->is_counted && isfinite(rate) && rate > 0)
            row[at - table->blocks] = rate;
    }
}

/* --- a ranking --- */

static void keep_judged(struct tote_point_summary *point, const struct table *table,
                        bool is_steady)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        struct tote_cell_summary *cell = &point->cells[i];
        *(is_steady ? &cell->steady : &cell->whole) = table->judged[i];
    }
}

static int rank(struct tote_point_summary *point, struct table *table,
                const struct tote_twins *twins, uint64_t seed, bool is_steady)
{
    struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    for (size_t i = 0; i < point->n_cells; i++)
        fill_row(table, i, &point->cells[i], is_steady);
    fill_row(table, point->n_cells, twins->again, is_steady);
    int rc = 0;
    if (twins->first)
        rc = tote_judge_noise_floor(table->cells[twins->first - point->cells],
                                    table->cells[point->n_cells], table->n_blocks,
                                    &ranking->noise_floor);
    if (rc < 0 || point->unranked)
        return rc;
    struct tote_judge question = {
        .blocks = {table->cells, table->n_cells, table->n_blocks},
        .more_is_better = true,
        .noise_floor = isnan(ranking->noise_floor) ? 0 : ranking->noise_floor,
        .resampling = {.seed = seed},
    };
    rc = tote_judge_cells(&question, table->judged, &ranking->judgement);
    if (rc == 0)
        keep_judged(point, table, is_steady);
    return rc;
}

static int rank_point(struct tote_point_summary *point, uint64_t seed)
{
    struct table table;
    struct tote_twins twins;
    tote_twins_find(point, &twins);
    point->steady.noise_floor = point->whole.noise_floor = NAN;
    point->runs_needed = tote_judge_runs_needed(point->n_cells);
    point->unranked = find_obstacle(point);
    int rc = init(&table, point, twins.again);
    if (rc == 0)
        rc = rank(point, &table, &twins, seed, true);
    if (rc == 0)
        rc = rank(point, &table, &twins, seed, false);
    finish(&table);
    return rc;
}

int tote_gather_ranks(struct tote_summary *summary, struct tote_error *err)
{
    int rc = 0;
    tote_gather_count(summary, "order_seed", &summary->resampling_seed);
    for (size_t i = 0; rc == 0 && i < summary->n_points; i++)
        rc = rank_point(&summary->points[i], summary->resampling_seed);
    return rc < 0 ? tote_error_set(err, rc, "%s",
                                   rc == -ENOMEM ? "out of memory for the report"
                                                 : "the ranking cannot be computed")
                  : 0;
}
