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

static void help_option(const struct tote_option *option, FILE *out)
{
    char metavar[256] = "", letter[8] = "", fallback[TOTE_OPTION_TEXT_MAX];
    if (option->type != TOTE_OPTION_BOOL)
        tote_option_metavar(option, metavar, sizeof metavar);
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int n = fprintf(out, "  %s--%s%s%s", letter, option->name, metavar[0] ? " " : "",
                    metavar);
    int column = 28;
    fprintf(out, "%*s", n < column ? column - n : 0, "");
    column = n > column ? n : column;
    print_wrapped(option->help, &column, out);
    if (option->fallback && option->type != TOTE_OPTION_BOOL &&
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
    bool has_title = false;
    for (size_t i = 0; i < command->n_options; i++) {
        const struct tote_option_list *list = &command->options[i];
        if (list->n == 0)
            continue;
        if (list->title || !has_title)
            fprintf(out, "\n%s:\n", list->title ? list->title : "Options");
        has_title = true;
        for (size_t k = 0; k < list->n; k++)
            help_option(&list->table[k], out);
    }
}
