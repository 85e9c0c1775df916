/* SPDX-License-Identifier: MIT */
/* advise_text.c: advice for people: the lines, then an answer a scenario, each sentence
 * with its figures (advise.h). */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/advise.h"
#include "report/figure.h"
#include "report/table.h"

#define WIDTH     100 /* of a table, in characters */
#define PLACE_MAX 160 /* bytes of one field of it */

typedef const char *show(double value, char text[static TOTE_FIGURE_MAX]);

/* A fitted T0 may be below 0. */
static const char *show_seconds(double value, char text[static TOTE_FIGURE_MAX])
{
    char size[TOTE_FIGURE_MAX];
    if (!(value < 0))
        return tote_figure_duration(value, text);
    snprintf(text, TOTE_FIGURE_MAX, "-%.40s", tote_figure_duration(-value, size));
    return text;
}

static const char *show_tasks(double value, char text[static TOTE_FIGURE_MAX])
{
    snprintf(text, TOTE_FIGURE_MAX, "%.0f", value);
    return text;
}

static const char *show_times(double value, char text[static TOTE_FIGURE_MAX])
{
    return value >= 1 ? tote_figure_times(value, text)
                      : (snprintf(text, TOTE_FIGURE_MAX, "%.2fx", value), text);
}

/* " [4.1 s, 4.4 s]", or nothing. */
static const char *bounds(const struct tote_estimate *estimate, show *shown,
                          char text[static PLACE_MAX])
{
    char low[TOTE_FIGURE_MAX], high[TOTE_FIGURE_MAX];
    text[0] = '\0';
    if (estimate->has_bounds)
        snprintf(text, PLACE_MAX, " [%s, %s]", shown(estimate->low, low),
                 shown(estimate->high, high));
    return text;
}

/* --- the lines --- */

enum { NAME, SIZES, RUNS, FIXED, FIXED_BOUNDS, EACH, EACH_BOUNDS, COLUMNS };

static const struct tote_table_column columns[COLUMNS] = {
    [NAME] = {"", "engine", false},
    [SIZES] = {"", "sizes", true},
    [RUNS] = {"", "n", true},
    [FIXED] = {"", "T0", true},
    [FIXED_BOUNDS] = {"", "[95 %]", false},
    [EACH] = {"", "c, a task", true},
    [EACH_BOUNDS] = {"", "[95 %]", false},
};

static void fill_row(const struct tote_advise_kind *kind,
                     const struct tote_advise_line *line,
                     char row[static COLUMNS][TOTE_ADVISE_TEXT_MAX])
{
    char one[TOTE_FIGURE_MAX], text[PLACE_MAX];
    tote_advise_name(kind, line, row[NAME]);
    snprintf(row[SIZES], PLACE_MAX, "%zu", line->n_sizes);
    snprintf(row[RUNS], PLACE_MAX, "%zu", line->n_runs);
    snprintf(row[FIXED], PLACE_MAX, "%s", show_seconds(line->fixed.value, one));
    snprintf(row[FIXED_BOUNDS], PLACE_MAX, "%s",
             bounds(&line->fixed, show_seconds, text));
    snprintf(row[EACH], PLACE_MAX, "%s", show_seconds(line->per_task.value, one));
    snprintf(row[EACH_BOUNDS], PLACE_MAX, "%s",
             bounds(&line->per_task, show_seconds, text));
}

static int write_lines(FILE *out, const struct tote_advise_kind *kind)
{
    char(*places)[TOTE_ADVISE_TEXT_MAX] =
        calloc(kind->n_lines * COLUMNS + 1, sizeof *places);
    const char **cells = calloc(kind->n_lines * COLUMNS + 1, sizeof *cells);
    int rc = places && cells ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < kind->n_lines; i++)
        fill_row(kind, &kind->lines[i], &places[i * COLUMNS]);
    for (size_t i = 0; rc == 0 && i < kind->n_lines * COLUMNS; i++)
        cells[i] = places[i];
    if (rc == 0)
        tote_table_write(out, columns, COLUMNS, cells, kind->n_lines, WIDTH);
    free(cells);
    free(places);
    return rc;
}

static int write_kind(FILE *out, const struct tote_advise_kind *kind)
{
    char text[TOTE_FIGURE_MAX];
    fprintf(out, "\n%s, size %" PRIu64 ": bags of %.0f to %.0f tasks", kind->kernel,
            kind->size, kind->least, kind->most);
    if (!isnan(kind->grain_s))
        fprintf(out, ", each %s of kernel alone", show_seconds(kind->grain_s, text));
    fputc('\n', out);
    return write_lines(out, kind);
}

/* --- an answer --- */

static void write_crossing(FILE *out, const struct tote_advise_guess *guess,
                           const char *first, const char *name)
{
    const struct tote_breakeven *crossing = &guess->crossing;
    char one[TOTE_FIGURE_MAX], text[PLACE_MAX];
    bool is_ahead_below = crossing->fixed.value > 0;
    if (!guess->has_crossing)
        return;
    if (crossing->kind == TOTE_BREAKEVEN_AT)
        fprintf(out, "; %s is ahead up to about %s tasks%s, %s above",
                is_ahead_below ? first : name, show_tasks(crossing->tasks.value, one),
                bounds(&crossing->tasks, show_tasks, text),
                is_ahead_below ? name : first);
    else if (crossing->kind == TOTE_BREAKEVEN_NEVER)
        fprintf(out, "; %s is ahead with any number of tasks",
                is_ahead_below ? first : name);
    else if (!guess->is_tied)
        fprintf(out, "; no crossing is resolved");
}

static void write_guess(FILE *out, const struct tote_advise_answer *answer, size_t i)
{
    const struct tote_advise_guess *guess = &answer->guesses[i];
    char first[TOTE_ADVISE_TEXT_MAX], name[TOTE_ADVISE_TEXT_MAX];
    char one[TOTE_FIGURE_MAX], times[TOTE_FIGURE_MAX], text[PLACE_MAX];
    tote_advise_name(answer->kind, answer->guesses[0].line, first);
    fprintf(out, "  %s: %s%s", tote_advise_name(answer->kind, guess->line, name),
            show_seconds(guess->seconds.value, one),
            bounds(&guess->seconds, show_seconds, text));
    if (i > 0) {
        fprintf(out, ", %s as long%s", show_times(guess->times.value, times),
                bounds(&guess->times, show_times, text));
        if (guess->is_tied)
            fprintf(out, ", not told apart from %s", first);
        write_crossing(out, guess, first, name);
    }
    fputc('\n', out);
}

static void write_answer(FILE *out, const struct tote_advise_answer *answer)
{
    char text[TOTE_ADVISE_TEXT_MAX];
    fprintf(out, "\n%s\n", tote_advise_describe(answer, text));
    if (answer->why)
        fprintf(out, "  no answer: %s\n", answer->why);
    for (size_t i = 0; i < answer->n; i++)
        write_guess(out, answer, i);
    for (unsigned doubt = 1; doubt <= TOTE_ADVISE_FEW_RUNS; doubt <<= 1) {
        if (answer->doubts & doubt)
            fprintf(
                out, "  Note: %s\n",
                tote_advise_doubt_text(answer, (enum tote_advise_doubt)doubt, text));
    }
    if (answer->command)
        fprintf(out, "  to measure it: %s\n", answer->command);
}

static void write_checks(FILE *out, const struct tote_advice *advice)
{
    char name[TOTE_ADVISE_TEXT_MAX], text[PLACE_MAX];
    char one[TOTE_FIGURE_MAX], other[TOTE_FIGURE_MAX];
    if (advice->n_checks > 0)
        fprintf(out, "\nEach bag size predicted from the others:\n");
    for (size_t i = 0; i < advice->n_checks; i++) {
        const struct tote_advise_check *check = &advice->checks[i];
        fprintf(out, "  %s, %.0f tasks: %s%s, measured %s: %+.1f %%%s\n",
                tote_advise_name(check->kind, check->line, name), check->tasks,
                show_seconds(check->predicted.value, one),
                bounds(&check->predicted, show_seconds, text),
                show_seconds(check->measured, other), 100 * check->error,
                check->is_outside ? " (beyond the others)" : "");
    }
}

int tote_advise_write_text(const struct tote_advice *advice, FILE *out)
{
    int rc = 0;
    fprintf(out,
            "%s: %" PRIu32 " workers; medians, 95 %% intervals over blocks\n"
            "Model: %s.\n"
            "A prediction, no verdict: one interval each, no test; tote report has the "
            "verdict on what was measured.\n",
            advice->summary->store, advice->workers, tote_advise_model);
    if (advice->summary->outputs == TOTE_SAME_NO)
        fprintf(out, "Outputs differ: the engines did not do the same work.\n");
    for (size_t i = 0; rc == 0 && i < advice->n_kinds; i++)
        rc = write_kind(out, &advice->kinds[i]);
    for (size_t i = 0; i < advice->n_answers; i++)
        write_answer(out, &advice->answers[i]);
    write_checks(out, advice);
    fprintf(out, "\nVolatile workers: not measured. Other machines, more workers: not "
                 "measured either.\n");
    return rc;
}
