/* SPDX-License-Identifier: MIT */
/* metg_words.c: what is said of METG (metg_words.h). */
#include "report/metg_words.h"

#include <inttypes.h>
#include <string.h>

/* --- figures --- */

const char *tote_metg_words_grain(const struct tote_metg *metg,
                                  char text[static TOTE_FIGURE_MAX])
{
    static const char *const signs[] = {[TOTE_METG_NONE] = "",
                                        [TOTE_METG_AT] = "",
                                        [TOTE_METG_BELOW] = "<= ",
                                        [TOTE_METG_ABOVE] = "> "};
    char figure[TOTE_FIGURE_MAX];
    snprintf(text, TOTE_FIGURE_MAX, "%s%.40s", signs[metg->kind],
             tote_figure_duration(metg->grain, figure));
    return text;
}

const char *tote_metg_words_bounds(const struct tote_metg_estimate *estimate,
                                   char text[static TOTE_FIGURE_MAX])
{
    char low[TOTE_FIGURE_MAX], high[TOTE_FIGURE_MAX];
    text[0] = '\0';
    if (estimate->has_bounds)
        snprintf(text, TOTE_FIGURE_MAX, "[%.28s, %.28s]",
                 tote_metg_words_grain(&estimate->low, low),
                 tote_metg_words_grain(&estimate->high, high));
    return text;
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
    char times[TOTE_FIGURE_MAX], from[TOTE_FIGURE_MAX], to[TOTE_FIGURE_MAX];
    fprintf(out, "%s: ", one->cell->engine);
    if (!is_known(a) || !is_known(b)) {
        fprintf(out,
                "what batch %s buys is not known: METG(50 %%) is %s with it and %s "
                "without, without both intervals.\n",
                many->cell->batch, tote_metg_words_grain(&b->value, to),
                tote_metg_words_grain(&a->value, from));
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
            is_gain ? "short" : "long", tote_metg_words_grain(&b->value, to),
            tote_metg_words_grain(&a->value, from));
}

void tote_metg_words_gains(const struct tote_metg_summary *metg, FILE *out)
{
    for (size_t i = 0; i < metg->n_rows; i++) {
        const struct tote_metg_row_summary *one = &metg->rows[i];
        if (strcmp(one->cell->batch, "1") != 0 || one->cell->skipped[0])
            continue;
        for (size_t k = 0; k < metg->n_rows; k++)
            if (k != i && strcmp(metg->rows[k].cell->engine, one->cell->engine) == 0)
                write_gain(out, one, &metg->rows[k]);
    }
}

/* --- the whole --- */

void tote_metg_words_subject(const struct tote_summary *summary, FILE *out)
{
    const char *workers = tote_gather_setting(summary, "workers");
    fprintf(out,
            "0-dependency METG: the shortest tasks with which %s worker%s kept busy "
            "for 50 %% (95 %%) of the time after start-up; grains in seconds of the "
            "kernel alone, on one thread",
            workers ? workers : "-",
            workers && strcmp(workers, "1") == 0 ? " is" : "s are");
}

static bool is_approximate(const struct tote_metg_summary *metg)
{
    for (size_t i = 0; i < metg->n_rows; i++)
        for (int t = 0; t < TOTE_METG_TARGETS; t++)
            if (metg->rows[i].estimates[t].has_bounds &&
                metg->rows[i].estimates[t].is_approximate)
                return true;
    return false;
}

void tote_metg_words_end(const struct tote_summary *summary, FILE *out)
{
    const char *end = tote_gather_setting(summary, "end");
    const char *precision = tote_gather_setting(summary, "precision");
    char blocks[TOTE_FIGURE_MAX];
    fprintf(out, "%s; stopped by %s.",
            tote_figure_blocks(summary->metg->n_blocks, summary->least, summary->most,
                               blocks),
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
