/* SPDX-License-Identifier: MIT */
/* help.c: prints help from the command and option tables (help.h). */
#include "cli/help.h"

#include <stdbool.h>
#include <string.h>

void tote_help_short(FILE *out)
{
    fprintf(out,
            "tote runs a bag of independent tasks on any engine, and says which engine "
            "to choose.\n\n"
            "  tote compare --engines local,workqueue --tasks 1000\n"
            "  tote run -a inputs.txt -- convert {in:{item}} {out:{stem}.png}\n"
            "  tote run --engine local --kernel zlib:level=9 --tasks 100\n\n"
            "Commands:\n");
    for (size_t i = 0; tote_commands[i]; i++)
        fprintf(out, "  %-9s %s\n", tote_commands[i]->name, tote_commands[i]->summary);
    fprintf(out,
            "\n'tote help COMMAND' says more; 'tote --version' prints the version.\n");
}

const struct tote_help_word tote_help_placeholders[] = {
    {"{item} {index}", "the item; its place in the list, from 0"},
    {"{base} {dir}", "of the item as a path: without its folder; its folder"},
    {"{stem} {ext}", "the same without folder and extension; the extension"},
    {"{COLUMN} {1} {2}",
     "a column of the item: of --csv by its name, of any by number"},
    {"{in:PATH}",
     "a file that the task reads: checked before anything runs, and part of "
     "what the task is"},
    {"{out:PATH}", "a file that it makes, published below --results if it succeeds"},
    {"{{ }}", "braces"},
    {NULL, NULL},
};

/* The words of text from a column on, in lines of a terminal's width. */
static void print_wrapped(const char *text, int *column, FILE *out)
{
    enum { INDENT = 29, WIDTH = 80 };
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (*column > INDENT && *column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", INDENT, "");
            *column = INDENT;
        } else {
            fputc(' ', out);
            ++*column;
        }
        fwrite(text, 1, (size_t)n, out);
        *column += n;
        text += n + (text[n] == ' ');
    }
}

/* What it is about, of n columns; the text then begins in the column that all do. */
static int begin_text(int n, FILE *out)
{
    enum { COLUMN = 28 };
    if (n > COLUMN) {
        fputc('\n', out);
        n = 0;
    }
    fprintf(out, "%*s", COLUMN - n, "");
    return COLUMN;
}

static void help_placeholders(FILE *out)
{
    fprintf(out,
            "\nIn the command (without any of these, the item is its last word):\n");
    for (const struct tote_help_word *at = tote_help_placeholders; at->word; at++) {
        int column = begin_text(fprintf(out, "  %s", at->word), out);
        print_wrapped(at->help, &column, out);
        fprintf(out, "\n");
    }
}

static void help_option(const struct tote_option *option, bool has_fallback, FILE *out)
{
    char metavar[256] = "", letter[8] = "", fallback[TOTE_OPTION_TEXT_MAX];
    if (option->type != TOTE_OPTION_BOOL)
        tote_option_metavar(option, metavar, sizeof metavar);
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int n = fprintf(out, "  %s--%s%s%s", letter, option->name, metavar[0] ? " " : "",
                    metavar);
    int column = begin_text(n, out);
    print_wrapped(option->help, &column, out);
    if (has_fallback && option->fallback && option->type != TOTE_OPTION_BOOL &&
        strcmp(option->fallback, "none") != 0) {
        snprintf(fallback, sizeof fallback, "[%s]", option->fallback);
        print_wrapped(fallback, &column, out);
    }
    fprintf(out, "\n");
}

void tote_help_command(const struct tote_subcommand *command, FILE *out)
{
    fprintf(out, "tote %s %s\n\n%s.\n\nExamples:\n%s", command->name, command->synopsis,
            command->summary, command->examples);
    if (command->notes)
        fprintf(out, "\n%s", command->notes);
    if (command->takes_rest)
        help_placeholders(out);
    bool has_title = false;
    for (size_t i = 0; i < command->n_options; i++) {
        const struct tote_option_list *list = &command->options[i];
        if (list->n == 0)
            continue;
        if (list->title || !has_title)
            fprintf(out, "\n%s:\n", list->title ? list->title : "Options");
        has_title = true;
        for (size_t k = 0; k < list->n; k++)
            help_option(&list->table[k], !command->goes_on, out);
    }
}
