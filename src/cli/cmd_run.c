/* SPDX-License-Identifier: MIT */
/* cmd_run.c: `tote run`: one bag on one engine. */
#include <stdio.h>

#include "cli/session.h"

static int run_engine(struct tote_session *session, struct tote_error *err)
{
    struct tote_engine_spec engine = {0};
    int rc = tote_session_engine(session, session->settings.engine, &engine, err);
    if (rc == 0)
        rc = tote_session_begin(session, err);
    if (rc == 0)
        rc = tote_session_launch(session, &engine, err);
    tote_engine_spec_finish(&engine);
    return rc;
}

static int run_bag(struct tote_session *session, struct tote_error *err)
{
    if (!session->settings.bag.is_commands)
        return run_engine(session, err);
    int rc = tote_order_open(&session->settings, &session->order, err);
    if (rc < 0 || !session->settings.dry_run)
        return rc < 0 ? rc : run_engine(session, err);
    session->is_said = true;
    return tote_order_print(session->order, stdout, err);
}

static int run_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_RUN, run_bag);
}

const struct tote_subcommand tote_command_run = {
    .name = "run",
    .summary = "Run a bag on one engine, recording every task exactly once",
    .synopsis = "[BAG.yaml] [OPTIONS] [-- COMMAND WORD... [::: VALUE...]...]",
    .examples =
        "  tote run -- gzip -k {item} ::: /data/a /data/b\n"
        "  tote run --store bag.tote -a in.txt -- convert {in:{item}} "
        "{out:{stem}.png}\n"
        "  find -name '*.c' -print0 | tote run -0 -- cc -c {in:{item}} -o "
        "{out:{stem}.o}\n"
        "  tote run --csv runs.csv --dry-run -- ./fit --alpha {alpha} {in:{file}}\n"
        "  tote run --shell -- 'sort {in:{item}} | uniq >{out:{stem}.u}' ::: *.txt\n"
        "  tote run --engine workqueue -- ./simulate --seed {item} ::: 1 2 3 4\n"
        "  tote run --tasks 1000 --kernel zfp:accuracy=1e-3\n"
        "  tote run bag.yaml --store bag.tote\n",
    .notes =
        "The words after -- are the command, without a shell. Items follow a :::, or\n"
        "come from -a, --csv, the bag file or standard input. Several lists, ::: a b\n"
        "::: 1 2, are combined; :::+ links one to that before it. Without a command\n"
        "the bag is one of a kernel. What each task printed is in the store: tote "
        "log.\n"
        "Exit status: 0 all is well, 2 a mistake of use, 3 tasks failed, 5 the\n"
        "engine; more in the manual, tote(1).\n",
    .options = tote_settings_run.lists,
    .n_options = TOTE_SETTINGS_LISTS_MAX,
    .most_arguments = 1,
    .takes_rest = true,
    .run = run_main,
};
