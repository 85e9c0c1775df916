/* SPDX-License-Identifier: MIT */
/* cmd_compare.c: `tote compare`: the same bag on several engines, launch by launch. */
#include <errno.h>
#include <stdlib.h>

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

static int cells_init(struct cells *cells, const char *engines, struct tote_error *err)
{
    struct tote_engine_list list;
    int rc = tote_engine_list_split(engines, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        rc = tote_engine_spec_init(&cells->specs[i], list.texts[i], err);
        cells->n += rc == 0;
    }
    return rc;
}

/* The progress line's words: which of how many launches. */
static void begin(void *context, const char *cell, uint32_t block)
{
    struct tote_session *session = (struct tote_session *)
        ((char *)context - offsetof(struct tote_session, cell));
    snprintf(session->cell, sizeof session->cell, "run %u/%u  %.40s", block,
             (unsigned)session->settings.runs, cell);
    if (session->run.progress)
        session->run.progress(session->cell, &(struct tote_progress){0});
}

static const char *const ends[] = {
    [TOTE_EXPERIMENT_DONE] = "done",
    [TOTE_EXPERIMENT_BUDGET] = "budget",
    [TOTE_EXPERIMENT_SIGNAL] = "signal",
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
    return tote_store_set(session->store, "end", ends[end], err);
}

static int compare_settled(struct tote_session *session, struct tote_error *err)
{
    struct cells *cells = calloc(1, sizeof *cells);
    if (!cells)
        return tote_error_set(err, -ENOMEM, "out of memory for the engines");
    int rc = tote_program_check_bag(&session->settings.bag, err);
    if (rc == 0)
        rc = cells_init(cells, session->settings.engines, err);
    if (rc == 0)
        rc = tote_session_begin(session, "compare", err);
    if (rc == 0)
        rc = compare_cells(session, cells, err);
    cells_finish(cells);
    return rc;
}

static int compare_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct tote_session session = {.run = {.signal_fd = -1, .log_fd = -1}};
    if (tote_settings_load(args, TOTE_SETTINGS_COMPARE, &session.settings, &err) < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    if (session.settings.print_config) {
        if (tote_settings_print(&session.settings, TOTE_SETTINGS_COMPARE, stdout, &err) < 0)
            return tote_command_fail(false, TOTE_EXIT_INTERNAL, &err);
        return TOTE_EXIT_OK;
    }
    int rc = compare_settled(&session, &err);
    return tote_session_end(&session, rc, &err);
}

const struct tote_command tote_command_compare = {
    .name = "compare",
    .summary = "Compare engines on one bag: same kernel, same inputs, fresh launches",
    .synopsis = "[BAG.yaml] [OPTIONS]",
    .examples =
        "  tote compare --engines local,workqueue,ray --tasks 1000 --runs 6\n"
        "  tote compare --engines local,local:mode=spawn --batch 20\n"
        "  tote compare bag.yaml --budget 5m --json\n",
    .options = tote_settings_compare,
    .n_options = 3,
    .most_arguments = 1,
    .run = compare_main,
};
