/* SPDX-License-Identifier: MIT */
/* metg_launches.c: see metg_launches.h. */
#include "experiment/metg_launches.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESS_S    0.01  /* what a task costs an engine of which nothing is known */
#define CONTROL_US 10000 /* coarse for every engine's clock, and soon measured */
#define LABEL_MAX  (2 * 4096)

/* Of an engine, after start-up; each task of it is a record in the store. Of a loop,
 * which writes none. */
static const struct tote_metg_amount run_amount = {1.0, 8, 25000};
static const struct tote_metg_amount loop_amount = {0.25, 2, 1000000};

struct metg {
    const struct tote_metg_config *config;
    struct tote_store *store;
    int *ret_signal;
    uint64_t grains_us[TOTE_METG_GRAINS_MAX];
    size_t n_grains;
    const struct tote_metg_row *rows[TOTE_METG_ROWS_MAX]; /* those that can run */
    size_t n_rows;
    struct tote_cell_row *cells; /* [series][grain]: an id of 0 is none yet */
    double *overheads;           /* [row][grain]: beyond the grain; NaN: not known */
    int64_t last_id;
};

/* Rows in the search, rows in blocks, serial, limit. */
static size_t n_series(const struct metg *metg)
{
    return 2 * metg->n_rows + 2;
}

static size_t series_of(const struct metg *metg, const struct tote_metg_launch *launch)
{
    bool is_search = launch->block == 0;
    return launch->what == TOTE_METG_SERIAL  ? 2 * metg->n_rows
           : launch->what == TOTE_METG_LIMIT ? 2 * metg->n_rows + 1
           : is_search                       ? launch->row
                                             : metg->n_rows + launch->row;
}

static double grain_s(const struct metg *metg, size_t grain)
{
    return (double)metg->grains_us[grain] / 1e6;
}

/* --- how many tasks --- */

/* What a task costs at the nearest grain at which that is known. */
static double overhead_near(const struct metg *metg, size_t row, size_t grain)
{
    const double *known = metg->overheads + row * metg->n_grains;
    for (size_t far = 0; far < metg->n_grains; far++) {
        if (grain + far < metg->n_grains && !isnan(known[grain + far]))
            return known[grain + far];
        if (far <= grain && !isnan(known[grain - far]))
            return known[grain - far];
    }
    return GUESS_S;
}

static uint64_t tasks_of(const struct metg *metg, const struct tote_metg_launch *launch)
{
    double grain = grain_s(metg, launch->grain);
    uint32_t slots = metg->config->workers;
    if (launch->what == TOTE_METG_SERIAL)
        return tote_metg_tasks(grain, 0, 1, &loop_amount);
    if (launch->what == TOTE_METG_LIMIT)
        return tote_metg_tasks(grain, 0, slots, &loop_amount);
    return tote_metg_tasks(grain, overhead_near(metg, launch->row, launch->grain),
                           slots, &run_amount);
}

/* --- cells --- */

static int add_cell(struct metg *metg, struct tote_cell_row *row,
                    struct tote_error *err)
{
    row->id = metg->last_id + 1;
    if (!row->label || !row->engine || !row->kernel || !row->batch || !row->skipped)
        return tote_error_set(err, -ENOMEM, "out of memory for the cells");
    int rc = tote_store_add_cells(metg->store, row, 1, err);
    if (rc == 0)
        metg->last_id++;
    return rc;
}

static char *kernel_of(const struct metg *metg, size_t grain)
{
    char text[TOTE_KERNEL_SPEC_MAX];
    snprintf(text, sizeof text, "%s%" PRIu64, metg->config->kernel,
             metg->grains_us[grain]);
    return strdup(text);
}

static int make_cell(struct metg *metg, const struct tote_metg_launch *launch,
                     struct tote_cell_row *cell, struct tote_error *err)
{
    char label[LABEL_MAX];
    const struct tote_metg_row *row =
        launch->what == TOTE_METG_ENGINE ? metg->rows[launch->row] : NULL;
    bool is_serial = launch->what == TOTE_METG_SERIAL;
    snprintf(label, sizeof label, "%.5000s%s",
             row         ? row->label
             : is_serial ? "serial"
                         : "limit",
             row && launch->block == 0 ? " (search)" : "");
    *cell = (struct tote_cell_row){
        .point = (int64_t)launch->grain + 1,
        .role = row         ? TOTE_CELL_ENGINE
                : is_serial ? TOTE_CELL_SERIAL
                            : TOTE_CELL_LIMIT,
        .label = strdup(label),
        .engine = strdup(row ? row->engine : ""),
        .kernel = kernel_of(metg, launch->grain),
        .tasks = tasks_of(metg, launch),
        .workers = is_serial ? 1 : metg->config->workers,
        .batch = strdup(row ? row->batch : ""),
        .skipped = strdup(""),
    };
    int rc = add_cell(metg, cell, err);
    if (rc < 0)
        tote_cell_row_finish(cell);
    return rc;
}

static int add_missing(struct metg *metg, const struct tote_metg_row *row,
                       struct tote_error *err)
{
    struct tote_cell_row cell = {
        .point = 1,
        .role = TOTE_CELL_ENGINE,
        .label = strdup(row->label),
        .engine = strdup(row->engine),
        .kernel = kernel_of(metg, 0),
        .workers = metg->config->workers,
        .batch = strdup(row->batch),
        .skipped = strdup(row->missing),
    };
    int rc = add_cell(metg, &cell, err);
    tote_cell_row_finish(&cell);
    return rc;
}

/* --- launches --- */

static void learn(struct metg *metg, const struct tote_metg_launch *launch,
                  double held_s)
{
    if (launch->what == TOTE_METG_ENGINE && isfinite(held_s))
        metg->overheads[launch->row * metg->n_grains + launch->grain] =
            held_s - grain_s(metg, launch->grain);
}

static int launch(void *context, const struct tote_metg_launch *launch,
                  double *ret_held_s, struct tote_error *err)
{
    struct metg *metg = context;
    struct tote_outcome_of_run run = {NAN, NAN};
    struct tote_cell_row *cell =
        &metg->cells[series_of(metg, launch) * metg->n_grains + launch->grain];
    int rc = cell->id == 0 ? make_cell(metg, launch, cell, err) : 0;
    if (rc == 0)
        rc = tote_experiment_launch(&metg->config->launches, metg->store, cell,
                                    launch->block, &run, metg->ret_signal, err);
    if (rc > 0)
        return TOTE_METG_STOPPED;
    if (rc < 0)
        return launch->what == TOTE_METG_ENGINE && tote_blocks_is_of_engine(rc)
                   ? TOTE_METG_BROKEN
                   : rc;
    double makespan_s = (double)cell->tasks / run.tasks_per_s;
    *ret_held_s =
        tote_metg_floor((double)cell->workers, makespan_s, (double)cell->tasks);
    learn(metg, launch, *ret_held_s);
    return 0;
}

static tote_ns_t now(void *context)
{
    (void)context;
    return tote_clock_monotonic();
}

/* --- all of it --- */

static const struct tote_metg_ops ops = {.launch = launch, .now = now};

size_t tote_metg_control(const uint64_t *grains_us, size_t n)
{
    size_t control = 0;
    for (size_t g = 0; g < n; g++)
        if (grains_us[g] <= CONTROL_US)
            control = g;
    return control;
}

static int begin(struct metg *metg, struct tote_error *err)
{
    const struct tote_metg_config *config = metg->config;
    metg->n_grains =
        tote_metg_grains(config->least_us, config->most_us, metg->grains_us);
    int rc = metg->n_grains > 0
                 ? 0
                 : tote_error_set(err, -EINVAL, "no grain between --to and --from");
    for (size_t i = 0; rc == 0 && i < config->n_rows; i++) {
        if (config->rows[i].missing)
            rc = add_missing(metg, &config->rows[i], err);
        else
            metg->rows[metg->n_rows++] = &config->rows[i];
    }
    if (rc < 0)
        return rc;
    metg->cells = calloc(n_series(metg) * metg->n_grains, sizeof *metg->cells);
    metg->overheads =
        calloc(metg->n_rows * metg->n_grains + 1, sizeof *metg->overheads);
    if (!metg->cells || !metg->overheads)
        return tote_error_set(err, -ENOMEM, "out of memory for METG");
    for (size_t i = 0; i < metg->n_rows * metg->n_grains; i++)
        metg->overheads[i] = NAN;
    return 0;
}

static void finish(struct metg *metg)
{
    for (size_t i = 0; metg->cells && i < n_series(metg) * metg->n_grains; i++)
        tote_cell_row_finish(&metg->cells[i]);
    free(metg->cells);
    free(metg->overheads);
}

int tote_metg(const struct tote_metg_config *config, struct tote_store *store,
              int *ret_signal, struct tote_error *err)
{
    struct metg metg = {.config = config, .store = store, .ret_signal = ret_signal};
    int rc = begin(&metg, err);
    struct tote_metg_search search = {
        .n_rows = metg.n_rows,
        .n_grains = metg.n_grains,
        .control = tote_metg_control(metg.grains_us, metg.n_grains),
        .has_limit = config->workers > 1,
        .least = config->launches.least,
        .most = config->launches.most,
        .precision = config->launches.precision,
        .budget_ns = (tote_ns_t)(config->launches.budget_s * (double)TOTE_NS_PER_S),
        .order_seed = config->launches.order_seed,
        .ops = &ops,
        .context = &metg,
    };
    if (rc == 0)
        rc = tote_metg_search(&search, NULL, err);
    finish(&metg);
    return rc;
}
