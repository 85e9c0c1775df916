/* SPDX-License-Identifier: MIT */
/* command.h: the table of subcommands, and how one of them fails. Each command is a
 * file of its own, cmd_NAME.c; main.c holds the table. */
#ifndef TOTE_COMMAND_H
#define TOTE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/args.h"
#include "tote/error.h"
#include "tote/option.h"

/* A code names a kind of end, never a count. */
enum tote_exit {
    TOTE_EXIT_OK = 0,
    TOTE_EXIT_INTERNAL = 1,
    TOTE_EXIT_USAGE = 2,
    TOTE_EXIT_TASKS_FAILED = 3,
    TOTE_EXIT_OUTPUTS_DIFFER = 4,
    TOTE_EXIT_ENGINE = 5,       /* absent, did not start, died or broke its word */
    TOTE_EXIT_THRESHOLD = 6,    /* a condition that the user gave is met */
    TOTE_EXIT_INCONCLUSIVE = 7, /* the data cannot tell */
};

struct tote_subcommand {
    const char *name, *summary;
    const char *synopsis; /* what follows the name */
    const char *examples; /* lines of help, each indented by two blanks */
    const char *notes;    /* further lines of help; null: none */
    const struct tote_option_list *options;
    size_t n_options;
    size_t most_arguments; /* positional ones */
    bool takes_rest;       /* what follows "--" is a program's, not ours */
    bool goes_on;          /* what is not given is as it was: it has no defaults */
    int (*run)(const struct tote_args *args);
};

extern const struct tote_subcommand *const tote_commands[]; /* null-terminated */
const struct tote_subcommand *tote_command_find(const char *name);

extern const struct tote_subcommand tote_command_run, tote_command_compare,
    tote_command_sweep, tote_command_report, tote_command_diff, tote_command_advise,
    tote_command_engines, tote_command_kernels, tote_command_help, tote_command_resume,
    tote_command_status, tote_command_log, tote_command_fsck, tote_command_schema,
    tote_command_metg;

/* Says the sentence on stderr, and as a JSON document on stdout if is_json; returns
 * code.
 */
int tote_command_fail(bool is_json, enum tote_exit code, const struct tote_error *err);

/* The exit code for a negative errno of core or store. */
enum tote_exit tote_exit_of(int rc);

#endif
