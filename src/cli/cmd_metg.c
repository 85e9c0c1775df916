/* SPDX-License-Identifier: MIT */
/* cmd_metg.c: `tote metg`: the shortest tasks with which engines still keep half of the
 * machine busy. */
#include "cli/metg.h"

static int metg_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_METG, tote_session_metg);
}

const struct tote_subcommand tote_command_metg = {
    .name = "metg",
    .summary = "Find the shortest tasks with which engines keep half the machine busy",
    .synopsis = "[OPTIONS]",
    .examples =
        "  tote metg --engines local,workqueue,ray --budget 20m\n"
        "  tote metg --engines local:mode=spawn --batch 1,10,100,auto\n"
        "  tote metg --engines local --from 10ms --to 1us --runs 6..12 --json\n",
    .notes =
        "METG(50 %), the minimum effective task granularity, is the task length from\n"
        "which on the engine's slots spend at least half of their time in tasks. "
        "Tasks\n"
        "depend on nothing and spin: it is a 0-dependency METG. Start-up is apart.\n"
        "Single launches find where the crossings are; then all rows are run at the\n"
        "grains around theirs, block by block, in random order, beside one reference:\n"
        "the same tasks in a bare loop on one thread.\n",
    .options = tote_settings_metg.lists,
    .n_options = TOTE_SETTINGS_LISTS_MAX,
    .run = metg_main,
};
