/* SPDX-License-Identifier: MIT */
/* manual.c: writes tote(1) (manual.h). */
#include "cli/manual.h"

#include <string.h>

#include "cli/command.h"
#include "cli/help.h"

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
    "its own (namespaces; with a private loopback network, or, for commands, the "
    "host's),\n"
    "and every task is recorded exactly once in a store, an SQLite file.\n";

static const char bags[] =
    ".SH BAGS OF COMMANDS\n"
    "\\fBtote run \\-\\- \\fICOMMAND WORD\\fR ... \\fB:::\\fI VALUE\\fR ... "
    "runs the command once for each item,\n"
    "without a shell. Items are the values after \\fB:::\\fR (several lists: every "
    "combination; \\fB:::+\\fR:\n"
    "linked to the list before it), the lines of a file (\\fB\\-a\\fR), the rows of "
    "\\fB\\-\\-csv\\fR, or the lines of\n"
    "standard input. In the command stand\n";

/* The placeholders stand between. */
static const char tail[] =
    ".PP\n"
    "Without a placeholder the item is the last argument. A task sees TOTE_TASK, "
    "TOTE_ATTEMPT,\n"
    "TOTE_ITEM and TOTE_RUN in its environment.\n"
    ".PP\n"
    "A command runs in a box with one user and one group, its own (of root: all), and "
    "sees no process\noutside.\n"
    "When its first process ends, all that it started is killed. It starts in a folder "
    "of its own, which\n"
    "is removed after it with all that is no \\fB{out:}\\fR. With \\fB\\-\\-data "
    "staged\\fR only what \\fB{in:}\\fR\n"
    "names travels to the workers, a program too: \\fB{in:./prog}\\fR.\n"
    ".SH PROGRESS\n"
    "The rate is that of the last windows of time, 16 at most, of a second or more "
    "each. "
    "The time\n"
    "that is left is what remains over their mean rate; its range is what follows from "
    "that mean\n"
    "plus and minus two of its standard errors, and is shown from 4 windows on. "
    "SIGUSR1 prints the\nline at once.\n"
    ".SH BAG FILE\n"
    "A YAML mapping of the options of run and compare, without their dashes; options "
    "on the\n"
    "command line win. Of a bag of commands it has \\fBcommand\\fR, a list of words, "
    "and \\fBitems\\fR, a list,\n"
    "or \\fBitems_file\\fR or \\fBcsv\\fR. \\fB\\-\\-print\\-config\\fR writes "
    "one.\n"
    ".SH EXIT STATUS\n"
    ".TP\n0\nall went well\n"
    ".TP\n1\ninternal error, also a store that cannot be written any more\n"
    ".TP\n2\nusage: an argument, an option or a file is wrong\n"
    ".TP\n3\ntasks failed\n"
    ".TP\n4\noutputs of two runs of the same bag differ\n"
    ".TP\n5\nan engine is absent, did not start, died or broke its protocol\n"
    ".TP\n6\na condition of \\fB\\-\\-fail\\-if\\fR is met\n"
    ".TP\n7\nthe data cannot tell\n"
    ".PP\n"
    "After a first signal tote lets running tasks end, for \\fB\\-\\-grace\\fR at "
    "most; "
    "after a second\n"
    "it stops them. Then it cleans up and dies by the signal; \\fBtote resume\\fR goes "
    "on.\n"
    ".SH FILES\n"
    ".TP\nRESULTS/.tote\\-ID, or STORE.work\nfolders of the attempts of a bag of "
    "commands; a killed tote leaves them,\nand the next resume removes them\n"
    ".TP\n$XDG_STATE_HOME/tote/ (~/.local/state/tote/)\nstores of runs without "
    "\\fB\\-\\-store\\fR\n"
    ".TP\n$XDG_DATA_HOME/tote/engines/ (~/.local/share/tote/engines/)\nwhat "
    "\\fBtote engines setup\\fR installs\n"
    ".SH SEE ALSO\n"
    ".BR work_queue_worker (1),\n"
    ".BR parallel (1);\n"
    "howto\\-parallel.md and howto\\-weekend.md in the folder share/doc/tote\n";

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

static void print_option(const struct tote_option *option, bool has_fallback, FILE *out)
{
    char metavar[256] = "";
    if (option->type != TOTE_OPTION_BOOL)
        tote_option_metavar(option, metavar, sizeof metavar);
    fputs(".TP\n", out);
    if (option->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", out);
    print_text(option->name, out);
    fputs("\\fR ", out);
    print_text(metavar, out);
    fputs("\n", out);
    print_text(option->help, out);
    if (has_fallback && option->fallback && option->type != TOTE_OPTION_BOOL) {
        fputs(" [", out);
        print_text(option->fallback, out);
        fputs("]", out);
    }
    fputs("\n", out);
}

static void print_command(const struct tote_subcommand *command, FILE *out)
{
    fprintf(out, ".SS %s ", command->name);
    print_text(command->synopsis, out);
    fputs("\n", out);
    print_text(command->summary, out);
    fputs(".\n", out);
    if (command->notes) {
        fputs(".PP\n", out);
        print_text(command->notes, out);
    }
    for (size_t i = 0; i < command->n_options; i++) {
        const struct tote_option_list *list = &command->options[i];
        if (list->title)
            fprintf(out, ".PP\n%s:\n", list->title);
        for (size_t k = 0; k < list->n; k++)
            print_option(&list->table[k], !command->goes_on, out);
    }
    fputs(".PP\nExamples:\n.PP\n.nf\n", out);
    print_text(command->examples, out);
    fputs(".fi\n", out);
}

static void print_placeholders(FILE *out)
{
    for (const struct tote_help_word *at = tote_help_placeholders; at->word; at++) {
        fputs(".TP\n", out);
        print_text(at->word, out);
        fputs("\n", out);
        print_text(at->help, out);
        fputs("\n", out);
    }
}

void tote_manual_print(FILE *out)
{
    fprintf(out, ".TH TOTE 1 \"\" \"tote %s\" \"User Commands\"\n%s.SH COMMANDS\n",
            TOTE_VERSION, head);
    for (size_t i = 0; tote_commands[i]; i++)
        print_command(tote_commands[i], out);
    fputs(bags, out);
    print_placeholders(out);
    fputs(tail, out);
}
