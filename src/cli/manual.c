/* SPDX-License-Identifier: MIT */
/* manual.c: writes tote(1) (manual.h). */
#include "cli/manual.h"

#include <string.h>

#include "cli/command.h"

static const char head[] =
    ".SH NAME\n"
    "tote \\- run a bag of independent tasks on any engine, and say which to choose\n"
    ".SH SYNOPSIS\n"
    ".B tote\n"
    ".I COMMAND\n"
    "[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n"
    ".SH DESCRIPTION\n"
    "A bag is a number of independent tasks; a kernel says what one task does; an "
    "engine is\n"
    "where tasks run. Every engine runs the same worker-side program, tote-task, in a "
    "box of\n"
    "its own (namespaces with a private loopback network), and every task is recorded\n"
    "exactly once in a store, an SQLite file.\n";

static const char tail[] =
    ".SH BAG FILE\n"
    "A YAML mapping of the options of run and compare, without their dashes; options "
    "on the\n"
    "command line win. \\fB\\-\\-print\\-config\\fR writes one.\n"
    ".SH EXIT STATUS\n"
    ".TP\n0\nall went well\n"
    ".TP\n1\ninternal error, also a store that cannot be written any more\n"
    ".TP\n2\nusage: an argument, an option or a file is wrong\n"
    ".TP\n3\ntasks failed\n"
    ".TP\n4\noutputs of two runs of the same bag differ\n"
    ".TP\n5\nan engine is absent, did not start, died or broke its protocol\n"
    ".PP\n"
    "After a signal tote cleans up and dies by it.\n"
    ".SH FILES\n"
    ".TP\n$XDG_STATE_HOME/tote/ (~/.local/state/tote/)\nstores of runs without "
    "\\fB\\-\\-store\\fR\n"
    ".TP\n$XDG_DATA_HOME/tote/engines/ (~/.local/share/tote/engines/)\nwhat "
    "\\fBtote engines setup\\fR installs\n"
    ".SH SEE ALSO\n"
    ".BR work_queue_worker (1),\n"
    ".BR parallel (1)\n";

/* Text as roff shows it: dashes that are dashes, no macro at the start of a line. */
static void print_text(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void print_option(const struct tote_option *option, FILE *out)
{
    char metavar[256] = "";
    if (option->type != TOTE_OPTION_BOOL)
        tote_option_metavar(option, metavar, sizeof metavar);
    fputs(".TP\n\\fB\\-\\-", out);
    print_text(option->name, out);
    fputs("\\fR ", out);
    print_text(metavar, out);
    fputs("\n", out);
    print_text(option->help, out);
    if (option->fallback && option->type != TOTE_OPTION_BOOL) {
        fputs(" [", out);
        print_text(option->fallback, out);
        fputs("]", out);
    }
    fputs("\n", out);
}

static void print_command(const struct tote_command *command, FILE *out)
{
    fprintf(out, ".SS %s ", command->name);
    print_text(command->synopsis, out);
    fputs("\n", out);
    print_text(command->summary, out);
    fputs(".\n", out);
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n = tote_args_merge(command->options, command->n_options, table);
    for (size_t i = 0; i < n; i++)
        print_option(&table[i], out);
    fputs(".PP\nExamples:\n.PP\n.nf\n", out);
    print_text(command->examples, out);
    fputs(".fi\n", out);
}

void tote_manual_print(FILE *out)
{
    fprintf(out, ".TH TOTE 1 \"\" \"tote %s\" \"User Commands\"\n%s.SH COMMANDS\n",
            TOTE_VERSION, head);
    for (size_t i = 0; tote_commands[i]; i++)
        print_command(tote_commands[i], out);
    fputs(tail, out);
}
