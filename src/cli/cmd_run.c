/* SPDX-License-Identifier: MIT */
/* cmd_run.c: `tote run`: one bag on one engine. */
#include <stdio.h>

#include "cli/session.h"

static int run_bag(struct tote_session *session, struct tote_error *err)
{
    struct tote_engine_spec engine = {0};
    int rc = tote_session_engine(session, session->settings.engine, &engine, err);
    if (rc == 0)
        rc = tote_session_begin(session, err);
    if (rc == 0) {
        struct tote_run_row row = {0};
        session->run.engine = &engine;
        snprintf(session->cell, sizeof session->cell, "%.60s", engine.label);
        rc = tote_run(&session->run, session->store, &row, &session->signal, err);
        tote_run_row_finish(&row);
    }
    tote_engine_spec_finish(&engine);
    return rc;
}

static int run_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_RUN, run_bag);
}

const struct tote_command tote_command_run = {
    .name = "run",
    .summary = "Run a bag on one engine, recording every task exactly once",
    .synopsis = "[BAG.yaml] [OPTIONS]",
    .examples = "  tote run --tasks 1000 --kernel zfp:accuracy=1e-3\n"
                "  tote run --engine ray:mode=process --workers 2 --json\n"
                "  tote run bag.yaml --store bag.tote\n",
    .options = tote_settings_run,
    .n_options = 3,
    .most_arguments = 1,
    .run = run_main,
};
