/* SPDX-License-Identifier: MIT */
/* cmd_resume.c: `tote resume`: goes on with the bag of a store, after whatever end. */
#include "cli/experiment.h"
#include "cli/session.h"

static int resume_bag(struct tote_session *session, struct tote_error *err)
{
    if (session->is_experiment)
        return tote_session_experiment_resume(session, err);
    struct tote_engine_spec engine = {0};
    int rc = tote_session_engine(session, session->settings.engine, &engine, err);
    if (rc == 0 && session->settings.bag.is_commands)
        rc =
            tote_order_reopen(&session->settings, session->store, &session->order, err);
    if (rc == 0)
        rc = tote_session_begin(session, err);
    if (rc == 0)
        rc = tote_session_launch(session, &engine, err);
    tote_engine_spec_finish(&engine);
    return rc;
}

static int resume_main(const struct tote_args *args)
{
    return tote_session_resume(args, resume_bag);
}

const struct tote_subcommand tote_command_resume = {
    .name = "resume",
    .summary = "Go on with a run or an experiment, after whatever end: what is done "
               "stays done",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote resume bag.tote\n"
                "  tote resume bag.tote --retry-failed --retries 2 --timeout 2h\n"
                "  tote resume bag.tote --engine workqueue --data staged --workers 8\n",
    .notes =
        "Command and list are in the store. What no option says is as the last run of\n"
        "the store had it, the engine too, also where a default is named below. What\n"
        "one says stays for the resumes after it once its engine is ready, but for\n"
        "--force, --retry-failed, --joblog, --engine-log, --progress and --json, "
        "which\n"
        "are of one run.\n"
        "Of an experiment the launches run that are missing; --budget counts anew, "
        "and\n"
        "--runs and --precision may ask for more.\n"
        "With a changed list: tote run --resume --store STORE [OPTIONS] -- COMMAND "
        "...\n",
    .goes_on = true,
    .options = tote_settings_resume.lists,
    .n_options = TOTE_SETTINGS_LISTS_MAX,
    .most_arguments = 1,
    .run = resume_main,
};
