/* SPDX-License-Identifier: MIT */
/* experiment.c: see experiment.h. */
#include "cli/experiment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cores.h"
#include "cli/enginelist.h"
#include "cli/factors.h"
#include "cli/forecast.h"
#include "cli/provenance.h"
#include "experiment/calibrate.h"

#define NOOP "noop" /* the kernel of nothing */

/* Large, and so not on the stack. */
struct trial {
    struct tote_session *session;
    struct tote_factors factors;
    struct tote_engine_list list;
    struct tote_engine_spec specs[TOTE_ENGINES_MAX]; /* those that can run */
    size_t n_specs;
    struct tote_design_engine engines[TOTE_ENGINES_MAX]; /* as listed */
    struct tote_error missing[TOTE_ENGINES_MAX];
    struct tote_cells cells;
};

static struct trial *trial_create(struct tote_session *session, struct tote_error *err)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        tote_error_set(err, -ENOMEM, "out of memory for the experiment");
    else
        trial->session = session;
    return trial;
}

static void trial_destroy(struct trial *trial)
{
    for (size_t i = 0; i < trial->n_specs; i++)
        tote_engine_spec_finish(&trial->specs[i]);
    tote_cells_finish(&trial->cells);
    free(trial);
}

/* --- engines --- */

static const struct tote_engine_spec *find_spec(const struct trial *trial,
                                                const char *text)
{
    for (size_t i = 0; i < trial->n_specs; i++)
        if (strcmp(trial->specs[i].label, text) == 0)
            return &trial->specs[i];
    return NULL;
}

/* One that is not here is a cell that cannot run, in a sweep; a comparison has nothing
 * to compare then. */
static int open_engine(struct trial *trial, size_t i, struct tote_error *err)
{
    struct tote_design_engine *engine = &trial->engines[i];
    struct tote_engine_spec *spec = &trial->specs[trial->n_specs];
    *engine = (struct tote_design_engine){.text = trial->list.texts[i]};
    if (find_spec(trial, engine->text)) { /* twice in the list */
        spec = (struct tote_engine_spec *)find_spec(trial, engine->text);
    } else {
        int rc =
            tote_session_engine(trial->session, engine->text, spec, &trial->missing[i]);
        bool may_be_missing = trial->session->command == TOTE_SETTINGS_SWEEP;
        if (rc < 0 && (rc != -ENOPKG || !may_be_missing))
            return tote_error_set(err, rc, "%s", trial->missing[i].text);
        if (rc < 0) {
            engine->missing = trial->missing[i].text;
            return 0;
        }
        trial->n_specs++;
    }
    engine->has_batch = spec->has_batch;
    engine->batch = spec->batch;
    return 0;
}

static int open_engines(struct trial *trial, struct tote_error *err)
{
    int rc =
        tote_engine_list_split(trial->session->settings.engines, &trial->list, err);
    for (size_t i = 0; rc == 0 && i < trial->list.n; i++)
        rc = open_engine(trial, i, err);
    return rc;
}

/* --- cells --- */

static int make_cells(struct trial *trial, struct tote_error *err)
{
    const struct tote_settings *s = &trial->session->settings;
    const char *kernels[TOTE_ENGINES_MAX];
    bool is_sweep = trial->session->command == TOTE_SETTINGS_SWEEP;
    int rc = is_sweep ? tote_factors_parse(s, &trial->factors, err) : 0;
    for (size_t i = 0; i < trial->factors.kernels.n; i++)
        kernels[i] = trial->factors.kernels.texts[i];
    struct tote_design design = {
        .base = {.kernel = s->bag.kernel,
                 .size = s->bag.size,
                 .tasks = s->bag.tasks,
                 .workers = s->workers,
                 .batch = s->batch_tasks},
        .kernels = kernels,
        .n_kernels = trial->factors.kernels.n,
        .size = trial->factors.size,
        .tasks = trial->factors.tasks,
        .workers = trial->factors.workers,
        .batch = trial->factors.batch,
        .is_one_at_a_time = s->one_at_a_time,
        .engines = trial->engines,
        .n_engines = trial->list.n,
        .controls = (enum tote_controls)s->controls,
        .noop = NOOP,
        .most_cores = tote_cores_usable(),
    };
    return rc < 0 ? rc : tote_design_cells(&design, &trial->cells, err);
}

/* tote-task is asked once for each kernel and size. */
static int check_bags(const struct trial *trial, struct tote_error *err)
{
    const struct tote_cell_row *rows = trial->cells.rows;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trial->cells.n; i++) {
        bool was_checked = false;
        for (size_t k = 0; k < i && !was_checked; k++)
            was_checked = rows[k].size == rows[i].size &&
                          strcmp(rows[k].kernel, rows[i].kernel) == 0;
        struct tote_bag bag = {.size = rows[i].size,
                               .seed = trial->session->settings.bag.seed,
                               .tasks = rows[i].tasks};
        if (strlen(rows[i].kernel) >= sizeof bag.kernel)
            return tote_error_set(err, -EINVAL, "a kernel's text is too long");
        memcpy(bag.kernel, rows[i].kernel, strlen(rows[i].kernel) + 1);
        rc = was_checked ? 0 : tote_program_check_bag(&bag, err);
    }
    return rc;
}

/* --- from a store --- */

/* Of an experiment that was killed before it was written down there is nothing to go
 * on with. */
static int check_whole(const struct trial *trial, struct tote_error *err)
{
    struct tote_store *store = trial->session->store;
    char *count = tote_store_get(store, "cells");
    unsigned long long n = count ? strtoull(count, NULL, 10) : 0;
    free(count);
    if (n > 0 && n == trial->cells.n)
        return 0;
    if (n == 0)
        return tote_error_set(err, -EINVAL,
                              "%s holds no cells: its tote was killed before it had "
                              "written down what to measure: begin it anew",
                              tote_store_path(store));
    return tote_error_set(err, -EUCLEAN,
                          "store %s is damaged: it has %zu of %llu cells",
                          tote_store_path(store), trial->cells.n, n);
}

static int check_known(const struct trial *trial, struct tote_error *err)
{
    for (size_t i = 0; i < trial->cells.n; i++) {
        const struct tote_cell_row *cell = &trial->cells.rows[i];
        if (tote_cell_has_engine(cell) && tote_cell_can_run(cell) &&
            !find_spec(trial, cell->engine))
            return tote_error_set(err, -EINVAL,
                                  "cell %s of the store is of engine %.300s: give all "
                                  "of its engines with --engines, or none",
                                  cell->label, cell->engine);
    }
    return 0;
}

/* Of a damaged store it may be any number. */
static size_t highest_point(const struct tote_cells *cells)
{
    int64_t most = 0;
    for (size_t i = 0; i < cells->n; i++)
        most = cells->rows[i].point > most ? cells->rows[i].point : most;
    return (size_t)most;
}

static int read_cells(struct trial *trial, struct tote_error *err)
{
    int rc = tote_store_cells(trial->session->store, &trial->cells.rows,
                              &trial->cells.n, err);
    if (rc == 0)
        rc = check_whole(trial, err);
    trial->cells.n_points = highest_point(&trial->cells);
    if (rc == 0)
        rc = open_engines(trial, err);
    if (rc == 0)
        rc = check_known(trial, err);
    return rc == -EBADMSG ? -EUCLEAN : rc;
}

/* --- launches --- */

/* The progress line's words: which of how many launches. */
static void begin(void *context, const struct tote_cell_row *cell, uint32_t block)
{
    struct tote_session *session = context;
    char point[32] = "";
    if (session->command == TOTE_SETTINGS_SWEEP)
        snprintf(point, sizeof point, "point %" PRId64 "  ", cell->point);
    snprintf(session->cell, sizeof session->cell, "run %u/%u  %s%.40s", block,
             session->settings.runs_most, point, cell->label);
    session->run.progress(session, &(struct tote_progress){0});
}

static const char *const ends[] = {
    [TOTE_EXPERIMENT_DONE] = "done",     [TOTE_EXPERIMENT_PRECISION] = "precision",
    [TOTE_EXPERIMENT_BUDGET] = "budget", [TOTE_EXPERIMENT_SIGNAL] = "signal",
    [TOTE_EXPERIMENT_ENGINE] = "engine",
};

static struct tote_experiment_config config_of(const struct trial *trial)
{
    const struct tote_session *session = trial->session;
    const struct tote_settings *s = &session->settings;
    return (struct tote_experiment_config){
        .run = session->run,
        .seed = s->bag.seed,
        .cells = &trial->cells,
        .engines = trial->specs,
        .n_engines = trial->n_specs,
        .least = s->runs_least,
        .most = s->runs_most,
        .precision = s->precision,
        .budget_s = s->budget_s,
        .order_seed = s->order_seed,
        .begin = begin,
    };
}

static int note_end(const struct trial *trial, enum tote_experiment_end end,
                    struct tote_error *err)
{
    struct tote_error why = {0}; /* err may have the engine's sentence */
    int rc = tote_store_set(trial->session->store, "end", ends[end], &why);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : 0;
}

static int launch_all(struct trial *trial, struct tote_error *err)
{
    struct tote_session *session = trial->session;
    struct tote_experiment_config config = config_of(trial);
    /* Until this end another tote that looks must not see that of the one before. */
    int end = session->is_old ? tote_store_set(session->store, "end", "", err) : 0;
    if (end == 0)
        end = tote_experiment(&config, session->store, &session->signal, err);
    if (end < 0)
        return end;
    session->has_engine_failed = end == TOTE_EXPERIMENT_ENGINE;
    return note_end(trial, (enum tote_experiment_end)end, err);
}

/* --- the plan --- */

/* Returns as tote_calibrate does. */
static int make_plan(struct trial *trial, struct tote_plan_costs *ret_costs,
                     struct tote_plan_forecast *ret_forecast, struct tote_error *err)
{
    struct tote_session *session = trial->session;
    const struct tote_settings *s = &session->settings;
    struct tote_experiment_config config = config_of(trial);
    config.run.progress = NULL;
    int rc = tote_calibrate(&config, NOOP, ret_costs, &session->signal, err);
    if (rc == 0)
        tote_plan_make(ret_costs, &trial->cells, s->runs_least, s->runs_most,
                       s->budget_s, tote_cores_usable(), ret_forecast);
    return rc;
}

/* A signal ends it as it would end a launch. */
static int show_plan(struct trial *trial, struct tote_error *err)
{
    struct tote_plan_costs costs;
    struct tote_plan_forecast forecast;
    int rc = make_plan(trial, &costs, &forecast, err);
    if (rc == 0)
        tote_forecast_lines(&forecast, "tote: plan: ", stderr);
    free(costs.kernels);
    return rc;
}

static int print_plan(struct trial *trial, struct tote_error *err)
{
    struct tote_session *session = trial->session;
    struct tote_plan_costs costs;
    struct tote_plan_forecast forecast;
    int rc = tote_session_listen(session, err);
    if (rc < 0)
        return rc;
    session->is_said = true;
    rc = make_plan(trial, &costs, &forecast, err);
    if (rc == 0)
        rc = tote_forecast_print(&forecast, &costs, &trial->cells, tote_cores_usable(),
                                 session->settings.json, stdout, err);
    free(costs.kernels);
    return rc < 0 ? rc : 0;
}

static int plan_and_launch(struct trial *trial, struct tote_error *err)
{
    bool is_shown =
        trial->session->command == TOTE_SETTINGS_SWEEP && !trial->session->is_old;
    int rc = is_shown ? show_plan(trial, err) : 0;
    if (rc > 0)
        return note_end(trial, TOTE_EXPERIMENT_SIGNAL, err);
    return rc < 0 ? rc : launch_all(trial, err);
}

static int begin_and_launch(struct trial *trial, struct tote_error *err)
{
    struct tote_session *session = trial->session;
    int rc = tote_session_begin(session, err);
    if (rc == 0)
        rc = tote_provenance_note(session->store, trial->specs, trial->n_specs, err);
    if (rc == 0 && !session->is_old)
        rc = tote_store_add_cells(session->store, trial->cells.rows, trial->cells.n,
                                  err);
    return rc < 0 ? rc : plan_and_launch(trial, err);
}

int tote_session_experiment(struct tote_session *session, struct tote_error *err)
{
    struct trial *trial = trial_create(session, err);
    if (!trial)
        return -ENOMEM;
    int rc = open_engines(trial, err);
    if (rc == 0)
        rc = make_cells(trial, err);
    if (rc == 0)
        rc = check_bags(trial, err);
    if (rc == 0)
        rc = session->settings.dry_run ? print_plan(trial, err)
                                       : begin_and_launch(trial, err);
    trial_destroy(trial);
    return rc;
}

int tote_session_experiment_resume(struct tote_session *session, struct tote_error *err)
{
    struct trial *trial = trial_create(session, err);
    if (!trial)
        return -ENOMEM;
    int rc = read_cells(trial, err);
    if (rc == 0)
        rc = begin_and_launch(trial, err);
    trial_destroy(trial);
    return rc;
}
