/* SPDX-License-Identifier: MIT */
/* cmd_help.c: `tote help [COMMAND]`. */
#include <stddef.h>
#include <stdio.h>

#include "cli/help.h"
#include "cli/manual.h"

struct help_settings {
    bool man;
};

static const struct tote_option options[] = {
    {.name = "man",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct help_settings, man),
     .fallback = "no",
     .help = "print the manual page, for man -l"},
};

static const struct tote_option_list lists[] = {{options, 1, NULL}};

static int help_main(const struct tote_args *args)
{
    struct tote_error why = {0};
    struct help_settings settings = {false};
    if (tote_args_apply(args, lists, 1, &settings, &why) < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &why);
    if (settings.man) {
        tote_manual_print(stdout);
        return TOTE_EXIT_OK;
    }
    if (args->n_arguments == 0) {
        tote_help_short(stdout);
        return TOTE_EXIT_OK;
    }
    const struct tote_subcommand *command = tote_command_find(args->arguments[0]);
    if (!command) {
        struct tote_error err = {0};
        tote_error_set(&err, -1, "no help for '%s'; 'tote help' lists the commands",
                       args->arguments[0]);
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    }
    tote_help_command(command, stdout);
    return TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_help = {
    .name = "help",
    .summary = "Say more about a command",
    .synopsis = "[COMMAND]",
    .examples = "  tote help compare\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = help_main,
};
