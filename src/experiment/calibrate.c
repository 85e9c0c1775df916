/* SPDX-License-Identifier: MIT */
/* calibrate.c: see calibrate.h. Engines come first, as they need a store that is thrown
 * away: the longer part, of kernels, leaves nothing behind if it is killed. */
#include "experiment/calibrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "experiment/limit.h"

#define NOOP_TASKS 32
#define LOOP_S     0.05 /* tasks are added until a loop takes as long */
#define LOOP_TASKS 4096 /* but not more */
#define KERNELS_S  4.0  /* for all kernels; what is left then is not known */

struct calibration {
    const struct tote_experiment_config *config;
    const char *noop;
    struct tote_plan_costs *costs;
    int *ret_signal;
    struct tote_error *err;
};

static double seconds(tote_ns_t from, tote_ns_t to)
{
    return to > from ? (double)(to - from) / (double)TOTE_NS_PER_S : 0;
}

/* --- engines --- */

static void take_engine(struct tote_plan_costs *costs, const char *text,
                        const struct tote_run_row *row)
{
    double batches_s = seconds(row->first_ns, row->last_ns);
    costs->engines[costs->n_engines++] = (struct tote_plan_engine){
        .text = text,
        .fixed_s =
            seconds(row->launch_ns, row->first_ns) + seconds(row->last_ns, row->end_ns),
        .batch_s = batches_s / (NOOP_TASKS - 1),
    };
}

static uint32_t workers_of(const struct tote_cells *cells, const char *engine)
{
    for (size_t i = 0; i < cells->n; i++)
        if (tote_cell_can_run(&cells->rows[i]) &&
            strcmp(cells->rows[i].engine, engine) == 0)
            return cells->rows[i].workers;
    return 0;
}

static int launch_engine(struct calibration *calibration, struct tote_store *store,
                         const struct tote_engine_spec *engine)
{
    const struct tote_experiment_config *config = calibration->config;
    struct tote_bag bag = {.tasks = NOOP_TASKS, .seed = config->seed};
    snprintf(bag.kernel, sizeof bag.kernel, "%s", calibration->noop);
    struct tote_run_config run = config->run;
    struct tote_run_row row = {0};
    run.bag = &bag;
    run.engine = engine;
    run.batch = 1;
    run.goes_on = false;
    run.ready = NULL;
    run.workers = workers_of(config->cells, engine->label);
    if (run.workers == 0) /* no cell of it can run */
        return 0;
    struct tote_error why = {0}; /* its own launch will say it */
    int rc = tote_run(&run, store, &row, calibration->ret_signal, &why);
    if (rc == TOTE_RUN_ENDED && row.state == TOTE_RUN_COMPLETE)
        take_engine(calibration->costs, engine->label, &row);
    tote_run_row_finish(&row);
    return rc == TOTE_RUN_STOPPED;
}

static int launch_engines(struct calibration *calibration)
{
    const char *folder = getenv("TMPDIR");
    char name[4096], path[4096 + 16];
    snprintf(name, sizeof name, "%s/tote-plan-XXXXXX",
             folder && folder[0] ? folder : "/tmp");
    if (!mkdtemp(name))
        return tote_error_set(calibration->err, -errno, "no folder for a plan: %s",
                              strerror(errno));
    snprintf(path, sizeof path, "%s/plan.tote", name);
    struct tote_store *store = NULL;
    int rc = tote_store_create(path, &store, calibration->err);
    for (size_t i = 0; rc == 0 && i < calibration->config->n_engines; i++)
        rc = launch_engine(calibration, store, &calibration->config->engines[i]);
    tote_store_close(store);
    tote_store_unlink(path);
    rmdir(name);
    return rc;
}

/* --- kernels --- */

static bool is_known(const struct tote_plan_costs *costs,
                     const struct tote_cell_row *cell)
{
    for (size_t i = 0; i < costs->n_kernels; i++)
        if (costs->kernels[i].size == cell->size &&
            strcmp(costs->kernels[i].kernel, cell->kernel) == 0)
            return true;
    return false;
}

static int take_signal(const struct calibration *calibration)
{
    struct signalfd_siginfo info;
    int fd = calibration->config->run.signal_fd;
    if (read(fd, &info, sizeof info) == sizeof info)
        *calibration->ret_signal = (int)info.ssi_signo;
    return 1;
}

/* More and more tasks, until a loop takes long enough to be believed. */
static int time_kernel(struct calibration *calibration,
                       const struct tote_cell_row *cell)
{
    struct tote_plan_costs *costs = calibration->costs;
    struct tote_bag bag = {.size = cell->size, .seed = calibration->config->seed};
    snprintf(bag.kernel, sizeof bag.kernel, "%s", cell->kernel);
    struct tote_limit_row row = {0};
    struct tote_reading_pair readings;
    for (bag.tasks = 1;; bag.tasks *= 8) {
        tote_ns_t begun = tote_clock_monotonic();
        int rc = tote_limit_run(&bag, 1, calibration->config->run.signal_fd, &row,
                                &readings, calibration->err);
        if (rc != 0)
            return rc > 0 ? take_signal(calibration) : rc;
        tote_ns_t took = tote_clock_monotonic() - begun;
        costs->loop_s = seconds(row.wall_ns, took);
        if (seconds(0, row.wall_ns) >= LOOP_S || bag.tasks >= LOOP_TASKS)
            break;
    }
    struct tote_plan_kernel *kernels =
        reallocarray(costs->kernels, costs->n_kernels + 1, sizeof *kernels);
    if (!kernels)
        return tote_error_set(calibration->err, -ENOMEM, "out of memory for the plan");
    costs->kernels = kernels;
    kernels[costs->n_kernels++] = (struct tote_plan_kernel){
        cell->kernel, cell->size, seconds(0, row.wall_ns) / (double)bag.tasks};
    return 0;
}

static int time_kernels(struct calibration *calibration)
{
    const struct tote_cells *cells = calibration->config->cells;
    tote_ns_t begun = tote_clock_monotonic();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < cells->n; i++) {
        const struct tote_cell_row *cell = &cells->rows[i];
        bool has_time = seconds(begun, tote_clock_monotonic()) < KERNELS_S;
        if (tote_cell_can_run(cell) && cell->tasks > 0 && has_time &&
            !is_known(calibration->costs, cell))
            rc = time_kernel(calibration, cell);
    }
    return rc;
}

int tote_calibrate(const struct tote_experiment_config *config, const char *noop,
                   struct tote_plan_costs *ret_costs, int *ret_signal,
                   struct tote_error *err)
{
    *ret_costs = (struct tote_plan_costs){.n_engines = 0};
    struct calibration calibration = {config, noop, ret_costs, ret_signal, err};
    int rc = launch_engines(&calibration);
    return rc != 0 ? rc : time_kernels(&calibration);
}
