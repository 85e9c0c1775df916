/* SPDX-License-Identifier: MIT */
/* help.c: prints help from the command and option tables (help.h). */
#include "cli/help.h"

#include <string.h>

void tote_help_short(FILE *out)
{
    fprintf(out,
            "tote runs a bag of independent tasks on any engine, and says which engine "
            "to choose.\n\n"
            "  tote compare --engines local,workqueue --tasks 1000\n"
            "  tote run --engine local --kernel zlib:level=9 --tasks 100\n\n"
            "Commands:\n");
    for (size_t i = 0; tote_commands[i]; i++)
        fprintf(out, "  %-9s %s\n", tote_commands[i]->name, tote_commands[i]->summary);
    fprintf(out,
            "\n'tote help COMMAND' says more; 'tote --version' prints the version.\n");
}

static void help_option(const struct tote_option *option, FILE *out)
{
    char metavar[256] = "", head[320];
    if (option->type != TOTE_OPTION_BOOL)
        tote_option_metavar(option, metavar, sizeof metavar);
    snprintf(head, sizeof head, "--%s%s%s", option->name, metavar[0] ? " " : "",
             metavar);
    fprintf(out, "  %-26s %s", head, option->help);
    if (option->fallback && option->type != TOTE_OPTION_BOOL &&
        strcmp(option->fallback, "none") != 0)
        fprintf(out, " [%s]", option->fallback);
    fprintf(out, "\n");
}

void tote_help_command(const struct tote_command *command, FILE *out)
{
    fprintf(out, "tote %s %s\n\n%s.\n\nExamples:\n%s", command->name, command->synopsis,
            command->summary, command->examples);
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n = tote_args_merge(command->options, command->n_options, table);
    if (n > 0)
        fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < n; i++)
        help_option(&table[i], out);
}
