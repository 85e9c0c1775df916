/* SPDX-License-Identifier: MIT */
/* experiment.c: see experiment.h. */
#include "experiment/experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "experiment/limit.h"

/* A pair of cell and block that an earlier tote has run. */
struct done {
    int64_t cell, block;
    struct tote_outcome_of_run run;
};

struct experiment {
    const struct tote_experiment_config *config;
    struct tote_store *store;
    struct tote_blocks_cell *about; /* of each cell */
    struct done *done;              /* sorted */
    size_t n_done;
    int *ret_signal;
};

/* --- what a run came to --- */

static double seconds_between(tote_ns_t from, tote_ns_t to)
{
    return from && to > from ? (double)(to - from) / (double)TOTE_NS_PER_S : NAN;
}

static struct tote_outcome_of_run outcome_of(const struct tote_run_row *row)
{
    uint64_t results = row->done + row->failed;
    return (struct tote_outcome_of_run){
        .wall_s = seconds_between(row->launch_ns, row->last_ns),
        .tasks_per_s =
            results > 0 ? (double)results / seconds_between(row->ready_ns, row->last_ns)
                        : NAN,
    };
}

/* --- earlier runs --- */

static int compare_done(const void *a, const void *b)
{
    const struct done *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return x->block < y->block ? -1 : x->block > y->block;
}

static int add_done(struct experiment *experiment, int64_t cell, int64_t block,
                    struct tote_outcome_of_run run, struct tote_error *err)
{
    struct done *done =
        reallocarray(experiment->done, experiment->n_done + 1, sizeof *done);
    if (!done)
        return tote_error_set(err, -ENOMEM, "out of memory for the experiment");
    experiment->done = done;
    done[experiment->n_done++] = (struct done){cell, block, run};
    return 0;
}

static int read_runs(struct experiment *experiment, struct tote_error *err)
{
    struct tote_run_row *rows = NULL;
    size_t n = 0;
    int rc = tote_store_runs(experiment->store, &rows, &n, err);
    for (size_t i = 0; i < n; i++) {
        if (rc == 0 && rows[i].state == TOTE_RUN_COMPLETE)
            rc = add_done(experiment, rows[i].cell, rows[i].block, outcome_of(&rows[i]),
                          err);
        tote_run_row_finish(&rows[i]);
    }
    free(rows);
    return rc;
}

static int read_limits(struct experiment *experiment, struct tote_error *err)
{
    static const struct tote_outcome_of_run unknown = {NAN, NAN};
    struct tote_limit_row *rows = NULL;
    size_t n = 0;
    int rc = tote_store_limits(experiment->store, &rows, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = add_done(experiment, rows[i].cell, rows[i].block, unknown, err);
    free(rows);
    return rc;
}

static int read_done(struct experiment *experiment, struct tote_error *err)
{
    if (!experiment->config->run.goes_on)
        return 0;
    int rc = read_runs(experiment, err);
    if (rc == 0)
        rc = read_limits(experiment, err);
    if (experiment->n_done > 0)
        qsort(experiment->done, experiment->n_done, sizeof *experiment->done,
              compare_done);
    return rc;
}

static bool has_run(void *context, size_t cell, uint32_t block,
                    struct tote_outcome_of_run *ret)
{
    const struct experiment *experiment = context;
    struct done key = {.cell = experiment->config->cells->rows[cell].id,
                       .block = block};
    if (experiment->n_done == 0)
        return false;
    const struct done *done =
        bsearch(&key, experiment->done, experiment->n_done, sizeof key, compare_done);
    if (done)
        *ret = done->run;
    return done != NULL;
}

/* --- launches --- */

static struct tote_bag bag_of(const struct experiment *experiment,
                              const struct tote_cell_row *cell)
{
    struct tote_bag bag = {
        .size = cell->size, .seed = experiment->config->seed, .tasks = cell->tasks};
    snprintf(bag.kernel, sizeof bag.kernel, "%s", cell->kernel);
    return bag;
}

static int take_signal(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static int run_loop(struct experiment *experiment, const struct tote_cell_row *cell,
                    uint32_t block, struct tote_outcome_of_run *ret,
                    struct tote_error *err)
{
    struct tote_bag bag = bag_of(experiment, cell);
    struct tote_limit_row row = {.cell = cell->id, .block = block};
    int signal_fd = experiment->config->run.signal_fd;
    struct tote_reading_pair readings;
    int rc = tote_limit_run(&bag, cell->workers, signal_fd, &row, &readings, err);
    if (rc > 0)
        *experiment->ret_signal = take_signal(signal_fd);
    if (rc != 0)
        return rc;
    ret->wall_s = (double)row.wall_ns / (double)TOTE_NS_PER_S;
    ret->tasks_per_s = (double)row.tasks / ret->wall_s;
    rc = tote_store_add_limit(experiment->store, &row, err);
    readings.rows[0].subject = readings.rows[1].subject = row.id;
    if (rc == 0 && !experiment->config->run.is_unaccounted)
        rc = tote_store_add_cost(experiment->store, NULL, readings.rows, 2, err);
    return rc < 0 ? -EIO : 0;
}

static const struct tote_engine_spec *engine_of(const struct experiment *experiment,
                                                const struct tote_cell_row *cell)
{
    const struct tote_experiment_config *config = experiment->config;
    for (size_t i = 0; i < config->n_engines; i++)
        if (strcmp(config->engines[i].label, cell->engine) == 0)
            return &config->engines[i];
    return NULL;
}

static int run_engine(struct experiment *experiment, const struct tote_cell_row *cell,
                      uint32_t block, struct tote_outcome_of_run *ret,
                      struct tote_error *err)
{
    struct tote_bag bag = bag_of(experiment, cell);
    struct tote_run_config run = experiment->config->run;
    struct tote_run_row row = {.cell = cell->id, .block = block};
    run.bag = &bag;
    run.engine = engine_of(experiment, cell);
    run.label = cell->label;
    run.workers = cell->workers;
    run.goes_on = false; /* each launch is of a bag of its own */
    int rc = run.engine ? tote_batch_parse(cell->batch, &run.batch, err)
                        : tote_error_set(err, -EINVAL, "cell %lld has no engine",
                                         (long long)cell->id);
    if (rc == 0)
        rc = tote_run(&run, experiment->store, &row, experiment->ret_signal, err);
    *ret = outcome_of(&row);
    tote_run_row_finish(&row);
    return rc < 0 ? rc : rc == TOTE_RUN_STOPPED;
}

/* An engine that came up in an earlier block and does not now is launched once more:
 * the launch that failed stays in the store, and the report names it. */
static int run_patiently(struct experiment *experiment,
                         const struct tote_cell_row *cell, uint32_t block,
                         struct tote_outcome_of_run *ret, struct tote_error *err)
{
    struct tote_error why = {0};
    int rc = run_engine(experiment, cell, block, ret, &why);
    if (rc == -ENOPKG && block > 1)
        return run_engine(experiment, cell, block, ret, err);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : rc;
}

static int launch_cell(struct experiment *experiment, const struct tote_cell_row *cell,
                       uint32_t block, struct tote_outcome_of_run *ret,
                       struct tote_error *err)
{
    const struct tote_experiment_config *config = experiment->config;
    if (config->begin)
        config->begin(config->run.context, cell, block);
    *ret = (struct tote_outcome_of_run){NAN, NAN};
    return tote_cell_has_engine(cell) ? run_patiently(experiment, cell, block, ret, err)
                                      : run_loop(experiment, cell, block, ret, err);
}

static int launch(void *context, size_t i, uint32_t block,
                  struct tote_outcome_of_run *ret, struct tote_error *err)
{
    struct experiment *experiment = context;
    return launch_cell(experiment, &experiment->config->cells->rows[i], block, ret,
                       err);
}

int tote_experiment_launch(const struct tote_experiment_config *config,
                           struct tote_store *store, const struct tote_cell_row *cell,
                           uint32_t block, struct tote_outcome_of_run *ret,
                           int *ret_signal, struct tote_error *err)
{
    struct experiment experiment = {
        .config = config, .store = store, .ret_signal = ret_signal};
    return launch_cell(&experiment, cell, block, ret, err);
}

static tote_ns_t now(void *context)
{
    (void)context;
    return tote_clock_monotonic();
}

/* --- all of it --- */

static const struct tote_blocks_ops ops = {
    .has_run = has_run, .launch = launch, .now = now};

static int describe_cells(struct experiment *experiment, struct tote_error *err)
{
    const struct tote_cells *cells = experiment->config->cells;
    experiment->about = calloc(cells->n + 1, sizeof *experiment->about);
    if (!experiment->about)
        return tote_error_set(err, -ENOMEM, "out of memory for the experiment");
    for (size_t i = 0; i < cells->n; i++) {
        const struct tote_cell_row *cell = &cells->rows[i];
        experiment->about[i] = (struct tote_blocks_cell){
            .can_run = tote_cell_can_run(cell),
            .is_judged = cell->role == TOTE_CELL_ENGINE,
            .shows_engine =
                cell->role == TOTE_CELL_ENGINE || cell->role == TOTE_CELL_AGAIN,
        };
    }
    return 0;
}

int tote_experiment(const struct tote_experiment_config *config,
                    struct tote_store *store, int *ret_signal, struct tote_error *err)
{
    struct experiment experiment = {
        .config = config, .store = store, .ret_signal = ret_signal};
    int rc = describe_cells(&experiment, err);
    if (rc == 0)
        rc = read_done(&experiment, err);
    struct tote_blocks blocks = {
        .cells = experiment.about,
        .n_cells = config->cells->n,
        .least = config->least,
        .most = config->most,
        .precision = config->precision,
        .budget_ns = (tote_ns_t)(config->budget_s * (double)TOTE_NS_PER_S),
        .order_seed = config->order_seed,
        .ops = &ops,
        .context = &experiment,
    };
    if (rc == 0)
        rc = tote_blocks_run(&blocks, err);
    free(experiment.about);
    free(experiment.done);
    return rc;
}
