/* SPDX-License-Identifier: MIT */
/* metg.c: see metg.h. */
#include "cli/metg.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/enginelist.h"
#include "experiment/levels.h"
#include "experiment/metg_launches.h"

/* A grain is put behind it. In the order of enum tote_metg_kernel. */
static const char *const kernels[] = {
    [TOTE_METG_SPIN] = "spin:us=", [TOTE_METG_SLEEP] = "sleep:us="};

/* Large, and so not on the stack. */
struct trial {
    struct tote_session *session;
    struct tote_engine_list list;
    struct tote_levels batches;
    struct tote_engine_spec specs[TOTE_ENGINES_MAX]; /* those that can run */
    size_t n_specs;
    struct tote_error missing[TOTE_ENGINES_MAX];
    struct tote_metg_row rows[TOTE_METG_ROWS_MAX];
    size_t n_rows;
    char *texts[2 * TOTE_METG_ROWS_MAX]; /* of rows: a label and a batch each */
    size_t n_texts;
};

static void trial_destroy(struct trial *trial)
{
    for (size_t i = 0; i < trial->n_specs; i++)
        tote_engine_spec_finish(&trial->specs[i]);
    for (size_t i = 0; i < trial->n_texts; i++)
        free(trial->texts[i]);
    free(trial);
}

/* --- rows --- */

static char *keep(struct trial *trial, char *text)
{
    trial->texts[trial->n_texts++] = text;
    return text;
}

/* An engine with a batch of its own says it in its text. */
static int add_row(struct trial *trial, const char *engine, uint64_t batch, bool is_own,
                   const char *missing, struct tote_error *err)
{
    char word[24], label[TOTE_OPTION_TEXT_MAX + 40];
    if (trial->n_rows == TOTE_METG_ROWS_MAX)
        return tote_error_set(err, -EINVAL,
                              "more than %d rows: give fewer engines or batches",
                              TOTE_METG_ROWS_MAX);
    if (batch == 0)
        snprintf(word, sizeof word, "auto");
    else
        snprintf(word, sizeof word, "%" PRIu64, batch);
    if (is_own)
        snprintf(label, sizeof label, "%s", engine);
    else
        snprintf(label, sizeof label, "%s, batch %s", engine, word);
    struct tote_metg_row *row = &trial->rows[trial->n_rows++];
    *row = (struct tote_metg_row){.engine = engine,
                                  .label = keep(trial, strdup(label)),
                                  .batch = keep(trial, strdup(word)),
                                  .missing = missing};
    return row->label && row->batch
               ? 0
               : tote_error_set(err, -ENOMEM, "out of memory for METG");
}

static int add_rows(struct trial *trial, const char *engine,
                    const struct tote_engine_spec *spec, const char *missing,
                    struct tote_error *err)
{
    if (spec && spec->has_batch)
        return add_row(trial, engine, spec->batch, true, missing, err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trial->batches.n; i++)
        rc = add_row(trial, engine, trial->batches.at[i], false, missing, err);
    return rc;
}

/* One that is not here is a row that cannot run. */
static int open_engine(struct trial *trial, size_t i, struct tote_error *err)
{
    const char *text = trial->list.texts[i];
    struct tote_engine_spec *spec = &trial->specs[trial->n_specs];
    for (size_t k = 0; k < i; k++)
        if (strcmp(trial->list.texts[k], text) == 0)
            return tote_error_set(err, -EINVAL, "engine %.200s is there twice", text);
    int rc = tote_session_engine(trial->session, text, spec, &trial->missing[i]);
    if (rc == -ENOPKG)
        return add_rows(trial, text, NULL, trial->missing[i].text, err);
    if (rc < 0)
        return tote_error_set(err, rc, "%s", trial->missing[i].text);
    trial->n_specs++;
    return add_rows(trial, text, spec, NULL, err);
}

static int open_engines(struct trial *trial, struct tote_error *err)
{
    const struct tote_settings *s = &trial->session->settings;
    int rc = tote_levels_parse("batch", s->batch, 1, TOTE_BATCH_MAX, "auto",
                               &trial->batches, err);
    if (rc == 0)
        rc = tote_engine_list_split(s->engines, &trial->list, err);
    for (size_t i = 0; rc == 0 && i < trial->list.n; i++)
        rc = open_engine(trial, i, err);
    if (rc == 0 && trial->n_specs == 0)
        rc = tote_error_set(err, -ENOPKG, "%s", trial->missing[0].text);
    return rc;
}

/* --- launches --- */

/* The progress line's words. */
static void begin(void *context, const struct tote_cell_row *cell, uint32_t block)
{
    struct tote_session *session = context;
    char when[24] = "search";
    if (block > 0)
        snprintf(when, sizeof when, "run %u/%u", block, session->settings.runs_most);
    snprintf(session->cell, sizeof session->cell, "%s  %.20s  %.30s", when,
             cell->kernel, cell->label);
    session->run.progress(session, &(struct tote_progress){0});
}

static struct tote_metg_config config_of(const struct trial *trial)
{
    const struct tote_session *session = trial->session;
    const struct tote_settings *s = &session->settings;
    return (struct tote_metg_config){
        .launches = {.run = session->run,
                     .seed = s->bag.seed,
                     .engines = trial->specs,
                     .n_engines = trial->n_specs,
                     .least = s->runs_least,
                     .most = s->runs_most,
                     .precision = s->precision,
                     .budget_s = s->budget_s,
                     .order_seed = s->order_seed,
                     .begin = begin},
        .workers = (uint32_t)s->workers,
        .kernel = kernels[s->metg_kernel],
        .rows = trial->rows,
        .n_rows = trial->n_rows,
        .least_us = (uint64_t)ceil(s->to_s * 1e6 - 1e-6),
        .most_us = (uint64_t)floor(s->from_s * 1e6 + 1e-6),
    };
}

static const char *const ends[] = {
    [TOTE_EXPERIMENT_DONE] = "done",     [TOTE_EXPERIMENT_PRECISION] = "precision",
    [TOTE_EXPERIMENT_BUDGET] = "budget", [TOTE_EXPERIMENT_SIGNAL] = "signal",
    [TOTE_EXPERIMENT_ENGINE] = "engine",
};

/* A report leaves out the blocks in which it was off. */
static int note_control(struct tote_store *store, const struct tote_metg_config *config,
                        struct tote_error *err)
{
    uint64_t grains[TOTE_METG_GRAINS_MAX];
    char kernel[TOTE_KERNEL_SPEC_MAX];
    size_t n = tote_metg_grains(config->least_us, config->most_us, grains);
    if (n == 0)
        return tote_error_set(err, -EINVAL, "no grain between --to and --from");
    snprintf(kernel, sizeof kernel, "%s%" PRIu64, config->kernel,
             grains[tote_metg_control(grains, n)]);
    return tote_store_set(store, "control", kernel, err);
}

static int launch_all(struct trial *trial, struct tote_error *err)
{
    struct tote_session *session = trial->session;
    int rc = tote_session_begin(session, err);
    if (rc < 0)
        return rc;
    struct tote_metg_config config = config_of(trial);
    rc = note_control(session->store, &config, err);
    if (rc < 0)
        return rc;
    int end = tote_metg(&config, session->store, &session->signal, err);
    if (end < 0)
        return end;
    session->has_engine_failed = end == TOTE_EXPERIMENT_ENGINE;
    struct tote_error why = {0}; /* err may have the engine's sentence */
    rc = tote_store_set(session->store, "end", ends[end], &why);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : 0;
}

/* --- the plan --- */

static int count_steps(size_t n)
{
    int steps = 0;
    for (size_t left = n + 1; left > 1; left = (left + 1) / 2)
        steps++;
    return steps;
}

/* What is known beforehand: the rest depends on what the engines show. */
static int print_plan(const struct trial *trial, struct tote_error *err)
{
    const struct tote_settings *s = &trial->session->settings;
    struct tote_metg_config config = config_of(trial);
    uint64_t grains[TOTE_METG_GRAINS_MAX];
    size_t n = tote_metg_grains(config.least_us, config.most_us, grains);
    if (n == 0)
        return tote_error_set(err, -EINVAL, "no grain between --to and --from");
    if (s->json)
        return tote_error_set(err, -EINVAL, "--dry-run of metg has no document");
    printf("Grains (us):");
    for (size_t i = 0; i < n; i++)
        printf(" %" PRIu64, grains[i]);
    printf("\nRows, each with about a second of tasks at a grain, on %" PRIu64
           " worker%s:\n",
           s->workers, s->workers > 1 ? "s" : "");
    for (size_t i = 0; i < trial->n_rows; i++)
        printf("  %s%s%s\n", trial->rows[i].label,
               trial->rows[i].missing ? ": skipped: " : "",
               trial->rows[i].missing ? trial->rows[i].missing : "");
    printf("Search: at most %d launches a row.\n"
           "Then %" PRIu32 " to %" PRIu32
           " blocks, at first with 3 to 5 launches a row "
           "and two loops a grain, within %.0f s.\n",
           2 * count_steps(n), s->runs_least, s->runs_most, s->budget_s);
    return 0;
}

int tote_session_metg(struct tote_session *session, struct tote_error *err)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        return tote_error_set(err, -ENOMEM, "out of memory for METG");
    trial->session = session;
    session->is_said = session->settings.dry_run;
    int rc = open_engines(trial, err);
    if (rc == 0)
        rc =
            session->settings.dry_run ? print_plan(trial, err) : launch_all(trial, err);
    trial_destroy(trial);
    return rc;
}
