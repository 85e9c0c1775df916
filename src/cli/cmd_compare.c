/* SPDX-License-Identifier: MIT */
/* cmd_compare.c: `tote compare`: the same bag on several engines, launch by launch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/enginelist.h"
#include "cli/session.h"
#include "core/experiment.h"

struct cells {
    struct tote_engine_spec specs[TOTE_CELLS_MAX];
    size_t n;
};

static void cells_finish(struct cells *cells)
{
    for (size_t i = 0; i < cells->n; i++)
        tote_engine_spec_finish(&cells->specs[i]);
    free(cells);
}

static bool has_label(const struct cells *cells, const char *label)
{
    for (size_t i = 0; i < cells->n; i++)
        if (strcmp(cells->specs[i].label, label) == 0)
            return true;
    return false;
}

/* A label that an earlier cell has gets a number, "local#2": else the lines of a report
 * could not be told apart. */
static void number_label(const struct cells *cells, struct tote_engine_spec *spec)
{
    char label[sizeof spec->label];
    snprintf(label, sizeof label, "%s", spec->label);
    for (int n = 2; has_label(cells, label); n++)
        snprintf(label, sizeof label, "%.*s#%d", TOTE_OPTION_TEXT_MAX, spec->label, n);
    memcpy(spec->label, label, sizeof label);
}

static int cells_init(struct cells *cells, const struct tote_session *session,
                      struct tote_error *err)
{
    struct tote_engine_list list;
    int rc = tote_engine_list_split(session->settings.engines, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        rc = tote_session_engine(session, list.texts[i], &cells->specs[i], err);
        if (rc == 0) {
            number_label(cells, &cells->specs[i]);
            cells->n++;
        }
    }
    return rc;
}

/* The progress line's words: which of how many launches. */
static void begin(void *context, const char *cell, uint32_t block)
{
    struct tote_session *session = context;
    snprintf(session->cell, sizeof session->cell, "run %u/%u  %.40s", block,
             (unsigned)session->settings.runs, cell);
    session->run.progress(session, &(struct tote_progress){0});
}

static const char *const ends[] = {
    [TOTE_EXPERIMENT_DONE] = "done",
    [TOTE_EXPERIMENT_BUDGET] = "budget",
    [TOTE_EXPERIMENT_SIGNAL] = "signal",
    [TOTE_EXPERIMENT_ENGINE] = "engine",
};

static int compare_cells(struct tote_session *session, const struct cells *cells,
                         struct tote_error *err)
{
    struct tote_experiment_config config = {
        .run = session->run,
        .cells = cells->specs,
        .n_cells = cells->n,
        .blocks = (uint32_t)session->settings.runs,
        .budget_s = session->settings.budget_s,
        .order_seed = session->settings.order_seed,
        .begin = begin,
    };
    int end = tote_experiment(&config, session->store, &session->signal, err);
    if (end < 0)
        return end;
    session->has_engine_failed = end == TOTE_EXPERIMENT_ENGINE;
    struct tote_error why = {0}; /* err may have the engine's sentence */
    int rc = tote_store_set(session->store, "end", ends[end], &why);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : 0;
}

static int compare_engines(struct tote_session *session, struct tote_error *err)
{
    struct cells *cells = calloc(1, sizeof *cells);
    if (!cells)
        return tote_error_set(err, -ENOMEM, "out of memory for the engines");
    int rc = cells_init(cells, session, err);
    if (rc == 0)
        rc = tote_session_begin(session, err);
    if (rc == 0)
        rc = compare_cells(session, cells, err);
    cells_finish(cells);
    return rc;
}

static int compare_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_COMPARE, compare_engines);
}

const struct tote_subcommand tote_command_compare = {
    .name = "compare",
    .summary = "Compare engines on one bag: same kernel, same inputs, fresh launches",
    .synopsis = "[BAG.yaml] [OPTIONS]",
    .examples =
        "  tote compare --engines local,workqueue,ray --tasks 1000 --budget 5m\n"
        "  tote compare --engines local,local:mode=spawn --batch 20\n"
        "  tote compare bag.yaml --budget 5m --json\n",
    .options = tote_settings_compare.lists,
    .n_options = TOTE_SETTINGS_LISTS_MAX,
    .most_arguments = 1,
    .run = compare_main,
};
