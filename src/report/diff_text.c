/* SPDX-License-Identifier: MIT */
/* diff_text.c: two experiments for people: what differs around them, a table of the
 * changes, what came of each condition (diff.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/diff.h"
#include "report/figure.h"
#include "report/gate.h"
#include "report/table.h"
#include "stats/judge.h"
#include "stats/ranktest.h"

#define WIDTH     100 /* of a table, in characters */
#define PLACE_MAX 120 /* bytes of one field of it */

/* --- around them --- */

static void write_items(FILE *out, const struct tote_diff *diff)
{
    fprintf(out, "A: %s\nB: %s\n\n", diff->before->store, diff->after->store);
    if (diff->n_items == 0)
        fprintf(out, "Environment, versions and settings are the same.\n");
    for (size_t i = 0; i < diff->n_items; i++) {
        const struct tote_diff_item *item = &diff->items[i];
        fprintf(out, "%s%s\n    A: %s\n    B: %s\n",
                i == 0 ? "What differs:\n  " : "  ", item->what,
                item->before ? item->before : "-", item->after ? item->after : "-");
    }
}

/* --- the table --- */

enum { NAME, METRIC, BEFORE, AFTER, CHANGE, BOUNDS, P, RUNS, VERDICT, COLUMNS };

static const struct tote_table_column columns[COLUMNS] = {
    [NAME] = {"", "cell", false},
    [METRIC] = {"", "figure", false},
    [BEFORE] = {"", "A", true},
    [AFTER] = {"", "B", true},
    [CHANGE] = {"", "B to A", true},
    [BOUNDS] = {"", "[95 %]", false},
    [P] = {"", "p", true},
    [RUNS] = {"", "n", true},
    [VERDICT] = {"", "verdict", false},
};

struct row {
    char name[TOTE_DIFF_NAME_MAX];
    char places[COLUMNS][PLACE_MAX];
};

static void show_verdict(const struct tote_diff_change *change,
                         char text[static PLACE_MAX])
{
    unsigned lacks = change->lacks;
    if (!lacks)
        snprintf(text, PLACE_MAX, "%s", change->ratio.value > 1 ? "higher" : "lower");
    else
        snprintf(text, PLACE_MAX, "not distinguishable (%s%s%s%s%s)",
                 lacks & TOTE_JUDGE_INTERVAL ? "interval" : "",
                 lacks & TOTE_JUDGE_INTERVAL && lacks & ~1U ? ", " : "",
                 lacks & TOTE_JUDGE_P ? "p" : "",
                 lacks & TOTE_JUDGE_P && lacks & TOTE_JUDGE_FLOOR ? ", " : "",
                 lacks & TOTE_JUDGE_FLOOR ? "floor" : "");
}

static void fill_row(struct row *row, enum tote_metric metric,
                     const struct tote_diff_change *change)
{
    const struct tote_estimate *ratio = &change->ratio;
    char text[TOTE_FIGURE_MAX];
    snprintf(row->places[METRIC], PLACE_MAX, "%s", tote_metric_names[metric]);
    snprintf(row->places[BEFORE], PLACE_MAX, "%s",
             tote_metric_show(metric, change->before, text));
    snprintf(row->places[AFTER], PLACE_MAX, "%s",
             tote_metric_show(metric, change->after, text));
    snprintf(row->places[CHANGE], PLACE_MAX, "%+.1f %%", 100 * (ratio->value - 1));
    if (ratio->has_bounds)
        snprintf(row->places[BOUNDS], PLACE_MAX, "[%+.1f, %+.1f]",
                 100 * (ratio->low - 1), 100 * (ratio->high - 1));
    if (isfinite(change->p_holm))
        snprintf(row->places[P], PLACE_MAX, "%.2g", change->p_holm);
    snprintf(row->places[RUNS], PLACE_MAX, "%zu, %zu", change->n_before,
             change->n_after);
    show_verdict(change, row->places[VERDICT]);
}

/* Both rates always, what a condition is about, too. */
static bool is_shown(int metric, const struct tote_gate *gates, size_t n_gates)
{
    bool is_named = metric <= TOTE_METRIC_STEADY_TASKS_PER_S;
    for (size_t i = 0; i < n_gates; i++)
        is_named = is_named || (int)gates[i].metric == metric;
    return is_named;
}

static size_t fill_rows(const struct tote_diff *diff, const struct tote_gate *gates,
                        size_t n_gates, struct row *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < diff->n_pairs; i++) {
        const struct tote_diff_pair *pair = &diff->pairs[i];
        bool is_first = true;
        for (int m = 0; !pair->why[0] && m < TOTE_METRICS; m++) {
            if (!is_shown(m, gates, n_gates) || isnan(pair->changes[m].ratio.value))
                continue;
            if (is_first)
                tote_diff_name(diff, pair, rows[n].name);
            is_first = false;
            fill_row(&rows[n++], (enum tote_metric)m, &pair->changes[m]);
        }
    }
    return n;
}

static int write_table(FILE *out, const struct tote_diff *diff,
                       const struct tote_gate *gates, size_t n_gates)
{
    size_t most = diff->n_compared * TOTE_METRICS;
    struct row *rows = calloc(most + 1, sizeof *rows);
    const char **cells = calloc((most + 1) * COLUMNS, sizeof *cells);
    int rc = rows && cells ? 0 : -ENOMEM;
    size_t n = rc == 0 ? fill_rows(diff, gates, n_gates, rows) : 0;
    for (size_t i = 0; i < n; i++) {
        cells[i * COLUMNS] = rows[i].name;
        for (size_t c = 1; c < COLUMNS; c++)
            cells[i * COLUMNS + c] = rows[i].places[c];
    }
    if (n > 0)
        tote_table_write(out, columns, COLUMNS, cells, n, WIDTH);
    free(cells);
    free(rows);
    return rc;
}

/* --- below it --- */

static void write_rest(FILE *out, const struct tote_diff *diff)
{
    char name[TOTE_DIFF_NAME_MAX];
    const char *line = "\n";
    for (size_t i = 0; i < diff->n_pairs; i++) {
        const struct tote_diff_pair *pair = &diff->pairs[i];
        if (pair->why[0])
            fprintf(out, "%sNot compared: %s: %s\n", line,
                    tote_diff_name(diff, pair, name), pair->why);
        else if (pair->outputs == TOTE_SAME_NO)
            fprintf(out, "%sOutputs of %s differ: A %s, B %s\n", line,
                    tote_diff_name(diff, pair, name),
                    pair->before->digest ? pair->before->digest : "several",
                    pair->after->digest ? pair->after->digest : "several");
        else
            continue;
        line = "";
    }
}

/* The least p that there is, corrected, is not small enough. */
static bool is_hopeless(const struct tote_diff *diff)
{
    for (size_t i = 0; i < diff->n_pairs; i++) {
        const struct tote_diff_pair *pair = &diff->pairs[i];
        const struct tote_diff_change *change = &pair->changes[TOTE_METRIC_TASKS_PER_S];
        double p = tote_ranktest_least_p(change->n_before, change->n_after);
        if (!pair->why[0] && (change->ratio.n < TOTE_BOOTSTRAP_MIN ||
                              p * (double)diff->n_compared >= TOTE_JUDGE_ALPHA))
            return true;
    }
    return false;
}

static void write_notes(FILE *out, const struct tote_diff *diff)
{
    fprintf(out, "\nOutputs: %s.\n",
            diff->outputs == TOTE_SAME_YES ? "the same in both"
            : diff->outputs == TOTE_SAME_NO
                ? "they differ, so the work was not the same"
                : "not all could be compared");
    if (diff->n_compared > 0 && !diff->has_floor)
        fprintf(out, "Note: not every point has an A/A control, so the noise floor is "
                     "not known there: leave --controls at all.\n");
    if (is_hopeless(diff))
        fprintf(out,
                "Note: with %zu cells some have too few runs for any difference to "
                "be found, were it as large as can be: raise --runs.\n",
                diff->n_compared);
    if (diff->n_compared == 0)
        fprintf(out, "Note: no cell has complete runs in both.\n");
}

static void write_gates(FILE *out, const struct tote_diff *diff,
                        const struct tote_gate *gates, size_t n_gates)
{
    for (size_t i = 0; i < n_gates; i++) {
        size_t n[3] = {0};
        for (size_t k = 0; k < diff->n_pairs; k++) {
            const struct tote_diff_pair *pair = &diff->pairs[k];
            if (pair->before && pair->after)
                n[tote_gate_judge_pair(&gates[i], pair)]++;
        }
        fprintf(out, "Fail if %s: %s (%zu fail, %zu inconclusive, %zu pass)\n",
                gates[i].text, tote_gate_results[tote_gate_judge_all(&gates[i], diff)],
                n[TOTE_GATE_FAIL], n[TOTE_GATE_INCONCLUSIVE], n[TOTE_GATE_PASS]);
    }
}

int tote_diff_write_text(const struct tote_diff *diff, const struct tote_gate *gates,
                         size_t n_gates, FILE *out)
{
    write_items(out, diff);
    int rc = write_table(out, diff, gates, n_gates);
    if (rc < 0)
        return rc;
    write_rest(out, diff);
    write_notes(out, diff);
    write_gates(out, diff, gates, n_gates);
    return 0;
}
