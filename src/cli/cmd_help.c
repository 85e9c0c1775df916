/* SPDX-License-Identifier: MIT */
/* cmd_help.c: `tote help [COMMAND]`. */
#include <stdio.h>

#include "cli/help.h"

static int help_main(const struct tote_args *args)
{
    if (args->n_arguments == 0) {
        tote_help_short(stdout);
        return TOTE_EXIT_OK;
    }
    const struct tote_command *command = tote_command_find(args->arguments[0]);
    if (!command) {
        struct tote_error err = {0};
        tote_error_set(&err, -1, "no help for '%s'; 'tote help' lists the commands",
                       args->arguments[0]);
        return tote_command_fail(false, TOTE_EXIT_USAGE, &err);
    }
    tote_help_command(command, stdout);
    return TOTE_EXIT_OK;
}

const struct tote_command tote_command_help = {
    .name = "help",
    .summary = "Say more about a command",
    .synopsis = "[COMMAND]",
    .examples = "  tote help compare\n",
    .most_arguments = 1,
    .run = help_main,
};
