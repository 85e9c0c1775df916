/* SPDX-License-Identifier: MIT */
/* cmd_compare.c: `tote compare`: the same bag on several engines, launch by launch: an
 * experiment of one point. */
#include "cli/experiment.h"

static int compare_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_COMPARE, tote_session_experiment);
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
