/* SPDX-License-Identifier: MIT */
/* cmd_sweep.c: `tote sweep`: several engines on bags that differ in one factor or more:
 * an experiment of many points. */
#include "cli/experiment.h"

static int sweep_main(const struct tote_args *args)
{
    return tote_session_main(args, TOTE_SETTINGS_SWEEP, tote_session_experiment);
}

const struct tote_subcommand tote_command_sweep = {
    .name = "sweep",
    .summary = "Compare engines on bags that differ in tasks, size, workers or batch",
    .synopsis = "[BAG.yaml] --vary NAME=LEVELS... [OPTIONS]",
    .examples =
        "  tote sweep --engines local,workqueue --vary tasks=100..10000*10 --budget "
        "10m\n"
        "  tote sweep --engines local,ray --vary workers=1,2 --vary batch=1,auto\n"
        "  tote sweep bag.yaml --vary size=1000,200000 --one-at-a-time --tasks 500\n",
    .notes =
        "Each combination of levels is a point, at which all engines and the controls\n"
        "are run, block by block, in random order over all points. Levels are a list,\n"
        "A..B+STEP or A..B*FACTOR. What cannot run here is a row with the reason.\n"
        "An experiment that was ended goes on with: tote resume STORE\n",
    .options = tote_settings_sweep.lists,
    .n_options = TOTE_SETTINGS_LISTS_MAX,
    .most_arguments = 1,
    .run = sweep_main,
};
