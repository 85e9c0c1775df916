/* SPDX-License-Identifier: MIT */
/* fit.c: lays out makespans by cell and block, and asks (fit.h). */
#include "report/fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Of a damaged store a block may have any number: those beyond are left out. */
#define BLOCKS_MAX 65536

struct table {
    double *values, *tasks;
    const double **cells;
    size_t n_cells, n_blocks;
};

/* Blocks count from 1 and are few. */
static bool is_placed(const struct tote_run_summary *run)
{
    return run->is_counted && run->row.block > 0 && run->row.block <= BLOCKS_MAX &&
           isfinite(run->wall_s);
}

static size_t last_block(const struct tote_series *series)
{
    int64_t last = 0;
    for (size_t i = 0; i < series->n; i++) {
        const struct tote_cell_summary *cell = series->cells[i];
        for (size_t k = 0; k < cell->n_runs; k++) {
            if (is_placed(&cell->runs[k]) && cell->runs[k].row.block > last)
                last = cell->runs[k].row.block;
        }
    }
    return (size_t)last;
}

static void fill(struct table *table, size_t at, const struct tote_cell_summary *cell)
{
    double *row = table->values + at * table->n_blocks;
    for (size_t i = 0; i < table->n_blocks; i++)
        row[i] = NAN;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        if (is_placed(run))
            row[run->row.block - 1] = run->wall_s;
    }
    table->cells[at] = row;
}

static void finish(struct table *table)
{
    free(table->values);
    free(table->tasks);
    free(table->cells);
}

/* Of one series or, if second is not null, of two. */
static int lay_out(struct table *table, const struct tote_series *first,
                   const struct tote_series *second)
{
    size_t n = first->n + (second ? second->n : 0), last = last_block(first);
    size_t other = second ? last_block(second) : 0;
    *table = (struct table){.n_cells = n, .n_blocks = last > other ? last : other};
    table->values = calloc(n * table->n_blocks + 1, sizeof *table->values);
    table->tasks = calloc(n, sizeof *table->tasks);
    table->cells = calloc(n, sizeof *table->cells);
    if (!table->values || !table->tasks || !table->cells)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct tote_series *series = i < first->n ? first : second;
        size_t at = i < first->n ? i : i - first->n;
        table->tasks[i] = series->levels[at];
        fill(table, i, series->cells[at]);
    }
    return 0;
}

int tote_fit_line(const struct tote_series *series, uint64_t seed,
                  struct tote_line_estimate *ret)
{
    struct table table;
    struct tote_resampling resampling = {.seed = seed};
    int rc = lay_out(&table, series, NULL);
    if (rc == 0) {
        struct tote_samples samples = {table.cells, table.n_cells, table.n_blocks};
        rc = tote_line_estimate(table.tasks, &samples, &resampling, ret);
    }
    finish(&table);
    return rc;
}

int tote_fit_breakeven(const struct tote_series *first,
                       const struct tote_series *second, uint64_t seed,
                       struct tote_breakeven *ret)
{
    struct table table;
    struct tote_resampling resampling = {.seed = seed};
    int rc = lay_out(&table, first, second);
    if (rc == 0) {
        struct tote_samples samples = {table.cells, table.n_cells, table.n_blocks};
        rc = tote_breakeven_find(table.tasks, first->n, &samples, &resampling, ret);
    }
    finish(&table);
    return rc;
}
