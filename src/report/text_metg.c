/* SPDX-License-Identifier: MIT */
/* text_metg.c: METG for people (formats.h): one table, and what batching buys. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/formats.h"
#include "report/notes.h"
#include "report/table.h"

#define WIDTH      110 /* of the table, in characters */
#define FIGURE_MAX (2 * TOTE_FIGURE_MAX + 16)

/* --- figures --- */

/* "38.2 us", "<= 2.10 us", "> 1.00 s", "-" */
static const char *grain_text(const struct tote_metg *metg,
                              char text[static FIGURE_MAX])
{
    static const char *const signs[] = {[TOTE_METG_NONE] = "",
                                        [TOTE_METG_AT] = "",
                                        [TOTE_METG_BELOW] = "<= ",
                                        [TOTE_METG_ABOVE] = "> "};
    char figure[TOTE_FIGURE_MAX];
    snprintf(text, FIGURE_MAX, "%s%s", signs[metg->kind],
             tote_figure_duration(metg->grain, figure));
    return text;
}

static const char *bounds_text(const struct tote_metg_estimate *estimate,
                               char text[static FIGURE_MAX])
{
    char low[FIGURE_MAX], high[FIGURE_MAX];
    text[0] = '\0';
    if (estimate->has_bounds)
        snprintf(text, FIGURE_MAX, "[%.60s, %.60s]", grain_text(&estimate->low, low),
                 grain_text(&estimate->high, high));
    return text;
}

static const char *floor_text(const struct tote_interval *floor_s,
                              char text[static FIGURE_MAX])
{
    char figure[TOTE_FIGURE_MAX];
    snprintf(text, FIGURE_MAX, "%s", tote_figure_rate(floor_s->median * 1e6, figure));
    return text;
}

/* --- the table --- */

enum column {
    ENGINE,
    BATCH,
    HALF,
    HALF_BOUNDS,
    FULL,
    FULL_BOUNDS,
    FLOOR,
    RUNS,
    COLUMNS
};

static const struct tote_table_column columns[COLUMNS] = {
    [ENGINE] = {"", "engine", false},     [BATCH] = {"", "batch", true},
    [HALF] = {"", "METG(50 %)", true},    [HALF_BOUNDS] = {"", "95 % interval", false},
    [FULL] = {"", "METG(95 %)", true},    [FULL_BOUNDS] = {"", "95 % interval", false},
    [FLOOR] = {"floor", "us/task", true}, [RUNS] = {"", "n", true},
};

struct line {
    char texts[COLUMNS][FIGURE_MAX];
};

static void fill_line(const struct tote_metg_row_summary *row, struct line *line)
{
    if (row->cell->skipped[0]) {
        snprintf(line->texts[HALF], FIGURE_MAX, "skipped");
        return;
    }
    grain_text(&row->estimates[0].value, line->texts[HALF]);
    bounds_text(&row->estimates[0], line->texts[HALF_BOUNDS]);
    grain_text(&row->estimates[1].value, line->texts[FULL]);
    bounds_text(&row->estimates[1], line->texts[FULL_BOUNDS]);
    floor_text(&row->floor_s, line->texts[FLOOR]);
    snprintf(line->texts[RUNS], FIGURE_MAX, "%zu", row->n);
}

static int write_table(FILE *out, const struct tote_metg_summary *metg)
{
    struct line *lines = calloc(metg->n_rows + 1, sizeof *lines);
    const char **cells = calloc((metg->n_rows + 1) * COLUMNS, sizeof *cells);
    int rc = lines && cells ? 0 : -ENOMEM;
    if (rc < 0)
        goto out;
    for (size_t i = 0; i < metg->n_rows; i++) {
        const struct tote_metg_row_summary *row = &metg->rows[i];
        fill_line(row, &lines[i]);
        for (size_t c = 0; c < COLUMNS; c++)
            cells[i * COLUMNS + c] = lines[i].texts[c];
        cells[i * COLUMNS + ENGINE] = row->cell->engine;
        cells[i * COLUMNS + BATCH] = row->cell->batch;
    }
    tote_table_write(out, columns, COLUMNS, cells, metg->n_rows, WIDTH);
out:
    free(cells);
    free(lines);
    return rc;
}

/* --- what batching buys --- */

static bool is_known(const struct tote_metg_estimate *estimate)
{
    return estimate->has_bounds && estimate->value.kind == TOTE_METG_AT &&
           estimate->low.kind != TOTE_METG_NONE &&
           estimate->high.kind != TOTE_METG_NONE;
}

/* a is all below b; an end beyond what was tried is on its own side of it. */
static bool is_below(const struct tote_metg_estimate *a,
                     const struct tote_metg_estimate *b)
{
    return a->high.kind != TOTE_METG_ABOVE && b->low.kind != TOTE_METG_BELOW &&
           a->high.grain < b->low.grain;
}

static void write_gain(FILE *out, const struct tote_metg_row_summary *one,
                       const struct tote_metg_row_summary *many)
{
    const struct tote_metg_estimate *a = &one->estimates[0], *b = &many->estimates[0];
    char times[TOTE_FIGURE_MAX], from[FIGURE_MAX], to[FIGURE_MAX];
    fprintf(out, "%s: ", one->cell->engine);
    if (!is_known(a) || !is_known(b)) {
        fprintf(out,
                "what batch %s buys is not known: METG(50 %%) is %s with it and %s "
                "without, without both intervals.\n",
                many->cell->batch, grain_text(&b->value, to),
                grain_text(&a->value, from));
        return;
    }
    bool is_gain = is_below(b, a);
    if (!is_gain && !is_below(a, b)) {
        fprintf(out, "batch %s and batch 1 are not distinguishable at 50 %%.\n",
                many->cell->batch);
        return;
    }
    double ratio =
        is_gain ? a->value.grain / b->value.grain : b->value.grain / a->value.grain;
    fprintf(out,
            "with batch %s half of the machine is kept by tasks %s as %s as with batch "
            "1: %s against %s.\n",
            many->cell->batch, tote_figure_times(ratio, times),
            is_gain ? "short" : "long", grain_text(&b->value, to),
            grain_text(&a->value, from));
}

static void write_gains(FILE *out, const struct tote_metg_summary *metg)
{
    fputc('\n', out);
    for (size_t i = 0; i < metg->n_rows; i++) {
        const struct tote_metg_row_summary *one = &metg->rows[i];
        if (strcmp(one->cell->batch, "1") != 0 || one->cell->skipped[0])
            continue;
        for (size_t k = 0; k < metg->n_rows; k++)
            if (k != i && strcmp(metg->rows[k].cell->engine, one->cell->engine) == 0)
                write_gain(out, one, &metg->rows[k]);
    }
}

/* --- the rest --- */

static bool is_approximate(const struct tote_metg_summary *metg)
{
    for (size_t i = 0; i < metg->n_rows; i++)
        for (int t = 0; t < TOTE_METG_TARGETS; t++)
            if (metg->rows[i].estimates[t].has_bounds &&
                metg->rows[i].estimates[t].is_approximate)
                return true;
    return false;
}

static void write_end(FILE *out, const struct tote_summary *summary)
{
    const char *end = tote_gather_setting(summary, "end");
    const char *precision = tote_gather_setting(summary, "precision");
    fprintf(out, "\n%zu of %" PRIu64 " to %" PRIu64 " blocks; stopped by %s.",
            summary->metg->n_blocks, summary->least, summary->most,
            !end || !end[0] ? "nobody: tote is at work on it or was killed"
            : strcmp(end, "precision") == 0 ? "the precision of METG(50 %)"
            : strcmp(end, "done") == 0      ? "the number of runs"
            : strcmp(end, "budget") == 0    ? "the budget"
            : strcmp(end, "signal") == 0    ? "a signal"
                                            : "an engine that failed");
    if (precision && strcmp(precision, "none") != 0)
        fprintf(out, " Asked for was +-%s.", precision);
    if (is_approximate(summary->metg))
        fprintf(out, " Intervals of fewer than %d blocks are approximate.",
                TOTE_BOOTSTRAP_GOOD);
    fputc('\n', out);
}

static int write_notes(FILE *out, const struct tote_summary *summary)
{
    struct tote_notes notes;
    int rc = tote_notes_make(summary, &notes);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < notes.n; i++)
        fprintf(out, "%sNote: %s\n", i == 0 ? "\n" : "", notes.texts[i]);
    tote_notes_finish(&notes);
    return 0;
}

int tote_metg_text_write(const struct tote_summary *summary, FILE *out)
{
    const struct tote_metg_summary *metg = summary->metg;
    const char *workers = tote_gather_setting(summary, "workers");
    fprintf(out,
            "0-dependency METG: the shortest tasks with which %s worker%s kept busy "
            "for 50 %% (95 %%)\nof the time after start-up; grains in seconds of the "
            "kernel alone, on one thread\n\n",
            workers ? workers : "-",
            workers && strcmp(workers, "1") == 0 ? " is" : "s are");
    int rc = write_table(out, metg);
    write_gains(out, metg);
    write_end(out, summary);
    if (rc == 0)
        rc = write_notes(out, summary);
    fprintf(out, "\nStore: %s\n", summary->store);
    return rc;
}
