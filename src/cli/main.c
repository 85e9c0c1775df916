/* SPDX-License-Identifier: MIT */
/* main.c: the table of subcommands, and the way from argv to one of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/help.h"

const struct tote_subcommand *const tote_commands[] = {
    &tote_command_run,     &tote_command_resume,
    &tote_command_compare, &tote_command_sweep,
    &tote_command_metg,    &tote_command_status,
    &tote_command_log,     &tote_command_report,
    &tote_command_diff,    &tote_command_advise,
    &tote_command_fsck,    &tote_command_engines,
    &tote_command_kernels, &tote_command_schema,
    &tote_command_help,    NULL,
};

#define N_COMMANDS (sizeof tote_commands / sizeof tote_commands[0] - 1)

const struct tote_subcommand *tote_command_find(const char *name)
{
    for (size_t i = 0; tote_commands[i]; i++)
        if (strcmp(tote_commands[i]->name, name) == 0)
            return tote_commands[i];
    return NULL;
}

static int unknown_command(const char *name, bool is_json)
{
    const char *names[N_COMMANDS + 1] = {0};
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = tote_commands[i]->name;
    const char *near = tote_option_suggest(name, names);
    struct tote_error err = {0};
    if (near)
        tote_error_set(&err, -EINVAL, "unknown command '%s'; did you mean '%s'?", name,
                       near);
    else
        tote_error_set(&err, -EINVAL, "unknown command '%s'; 'tote help' lists all",
                       name);
    return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
}

static int run_command(const struct tote_subcommand *command, int argc, char **argv)
{
    struct tote_args args;
    struct tote_error err = {0};
    int rc = tote_args_parse(argc, argv, command->options, command->n_options,
                             command->most_arguments, command->takes_rest, &args, &err);
    if (args.wants_help) {
        tote_help_command(command, stdout);
        return TOTE_EXIT_OK;
    }
    if (rc < 0)
        return tote_command_fail(args.wants_json, TOTE_EXIT_USAGE, &err);
    return command->run(&args);
}

static int run_named(int argc, char **argv)
{
    if (argc < 2) {
        tote_help_short(stderr);
        return TOTE_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        tote_help_short(stdout);
        return TOTE_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        printf("tote %s\n", TOTE_VERSION);
        return TOTE_EXIT_OK;
    }
    const struct tote_subcommand *command = tote_command_find(name);
    return command ? run_command(command, argc - 2, argv + 2)
                   : unknown_command(name, tote_args_want_json(argc - 2, argv + 2));
}

int main(int argc, char **argv)
{
    int code = run_named(argc, argv);
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code != TOTE_EXIT_OK)
        return code;
    struct tote_error err = {0};
    tote_error_set(&err, -EIO, "cannot write the output: %s", strerror(errno));
    return tote_command_fail(false, /* a document would have nowhere to go either */
                             TOTE_EXIT_INTERNAL, &err);
}
