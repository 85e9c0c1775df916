/* SPDX-License-Identifier: MIT */
/* verdict.c: chooses and writes the sentence of a point (verdict.h). */
#include "report/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"

#define LACK_MAX 128 /* bytes of what a difference lacked, in words */

/* One number of one cell. */
struct entry {
    const char *label;
    const struct tote_interval *interval;
    const struct tote_judged *judged;
    const char *head; /* of those that share its rank; null: itself */
    bool is_leader;
};

/* "a", "a and b", "a, b and c": what stands before entry i of n. */
static const char *joint(size_t i, size_t n)
{
    return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

static void write_entry(FILE *out, const struct entry *entry)
{
    char text[TOTE_FIGURE_MAX];
    fprintf(out, "%s (%s/s", entry->label,
            tote_figure_rate(entry->interval->median, text));
    if (entry->head && entry->judged->rank > 1)
        fprintf(out, ", not distinguishable from %s", entry->head);
    fputc(')', out);
}

static void write_entries(FILE *out, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(joint(i, n), out);
        write_entry(out, &entries[i]);
    }
}

static void write_ratio(FILE *out, const struct entry *entry)
{
    char text[TOTE_FIGURE_MAX];
    fputs(tote_figure_times(entry->judged->behind.ratio.value, text), out);
}

static void write_bounds(FILE *out, const struct entry *entry)
{
    char text[TOTE_FIGURE_MAX];
    tote_figure_times_bounds(&entry->judged->behind.ratio, text);
    fprintf(out, "%s%s", text[0] ? " " : "", text);
}

/* --- cells that are slower than the leader --- */

static void write_slower(FILE *out, const struct entry *entries, size_t n)
{
    if (n > TOTE_VERDICT_NAMED_MAX) {
        write_ratio(out, &entries[0]);
        fputs(" to ", out);
        write_ratio(out, &entries[n - 1]);
        fprintf(out, " as fast as %zu other cells", n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        fputs(joint(i, n), out);
        write_ratio(out, &entries[i]);
        fputs(" as fast as ", out);
        write_entry(out, &entries[i]);
        write_bounds(out, &entries[i]);
    }
}

/* --- cells that cannot be told from it --- */

/* "the interval includes 1, p 0.21 after Holm, within the noise floor" */
static const char *name_lack(const struct tote_pair *pair, char text[static LACK_MAX])
{
    char p[TOTE_FIGURE_MAX];
    bool has_interval = pair->failed & TOTE_JUDGE_INTERVAL;
    bool has_p = pair->failed & TOTE_JUDGE_P;
    bool has_floor = pair->failed & TOTE_JUDGE_FLOOR;
    snprintf(text, LACK_MAX, "%s%s%s%.20s%s%s%s",
             !has_interval            ? ""
             : pair->ratio.has_bounds ? "the interval includes 1"
                                      : "no interval",
             has_interval && has_p ? ", " : "", has_p ? "p " : "",
             has_p ? tote_figure_p(pair->p_holm, p) : "", has_p ? " after Holm" : "",
             (has_interval || has_p) && has_floor ? ", " : "",
             has_floor ? "within the noise floor" : "");
    return text;
}

static void write_tied(FILE *out, const struct entry *leader, const struct entry *tied,
                       size_t n, bool is_named)
{
    if (n > TOTE_VERDICT_NAMED_MAX)
        fprintf(out, "%zu cells", n);
    else
        write_entries(out, tied, n);
    fputs(n > 1 ? " are not distinguishable from " : " is not distinguishable from ",
          out);
    if (is_named)
        fputs(leader->label, out);
    else
        write_entry(out, leader);
    for (size_t i = 0; i < n && n <= TOTE_VERDICT_NAMED_MAX; i++) {
        char lack[LACK_MAX];
        fputs(i == 0 ? ": " : joint(i, n), out);
        write_ratio(out, &tied[i]);
        write_bounds(out, &tied[i]);
        fprintf(out, " (%s)", name_lack(&tied[i].judged->behind, lack));
    }
}

/* --- one clause --- */

/* The leader, then by rank, then by median. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    double p = x->interval->median, q = y->interval->median;
    if (x->is_leader != y->is_leader)
        return x->is_leader ? -1 : 1;
    if (x->judged->rank != y->judged->rank)
        return x->judged->rank < y->judged->rank ? -1 : 1;
    return (p < q) - (p > q);
}

static void fill_entries(const struct tote_point_summary *point, bool is_steady,
                         struct entry *entries)
{
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        const struct tote_judged *judged = is_steady ? &cell->steady : &cell->whole;
        bool is_head = judged->rank == 0 || judged->head == i;
        entries[i] = (struct entry){
            .label = cell->cell->label,
            .interval = is_steady ? &cell->steady_tasks_per_s : &cell->tasks_per_s,
            .judged = judged,
            .head = is_head ? NULL : point->cells[judged->head].cell->label,
            .is_leader = !point->unranked && ranking->judgement.leader == i,
        };
    }
}

static void write_clause(FILE *out, const struct tote_point_summary *point,
                         bool is_steady, struct entry *entries)
{
    size_t n = point->n_cells, n_tied = 0;
    fill_entries(point, is_steady, entries);
    qsort(entries, n, sizeof *entries, compare_entries);
    while (1 + n_tied < n && entries[1 + n_tied].judged->rank == 1)
        n_tied++;
    size_t n_slower = n - 1 - n_tied;
    if (n_slower > 0) {
        write_entry(out, entries);
        fputs(" is ", out);
        write_slower(out, entries + 1 + n_tied, n_slower);
    }
    if (n_tied > 0) {
        fputs(n_slower > 0 ? ", and " : "", out);
        write_tied(out, entries, entries + 1, n_tied, n_slower > 0);
    }
}

/* --- kinds of sentences --- */

static void write_n(FILE *out, const struct tote_point_summary *point)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < point->n_cells; i++) {
        size_t n = point->cells[i].n_counted;
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    fprintf(out, "n=%zu", least);
    if (most > least)
        fprintf(out, " to %zu", most);
}

static void write_floor(FILE *out, const struct tote_point_summary *point)
{
    char steady[TOTE_FIGURE_MAX], whole[TOTE_FIGURE_MAX];
    if (isnan(point->steady.noise_floor) || isnan(point->whole.noise_floor))
        fputs("no noise floor was measured", out);
    else
        fprintf(out, "noise floor %s after start-up, %s with start-up included",
                tote_figure_floor(point->steady.noise_floor, steady),
                tote_figure_floor(point->whole.noise_floor, whole));
}

static void write_ranking(FILE *out, const struct tote_point_summary *point,
                          struct entry *entries)
{
    fputs("After start-up, ", out);
    write_clause(out, point, true, entries);
    fputs("; with start-up included, ", out);
    write_clause(out, point, false, entries);
    fputs("; medians, ", out);
    write_n(out, point);
    fputs("; ", out);
    write_floor(out, point);
    fputs(".", out);
}

static void write_medians(FILE *out, const struct tote_point_summary *point,
                          struct entry *entries)
{
    fputs("No ranking: ", out);
    write_n(out, point);
    fprintf(out,
            ", and among %zu engines no difference can be found with fewer than %zu "
            "runs of each (--runs %zu).",
            point->n_cells, point->runs_needed, point->runs_needed);
    if (point->n_cells > TOTE_VERDICT_NAMED_MAX + 1)
        return;
    fputs(" Medians after start-up: ", out);
    fill_entries(point, true, entries);
    write_entries(out, entries, point->n_cells);
    fputs("; with start-up included: ", out);
    fill_entries(point, false, entries);
    write_entries(out, entries, point->n_cells);
    fputs(".", out);
}

static void write_single(FILE *out, const struct tote_point_summary *point)
{
    const struct tote_cell_summary *cell = point->cells;
    const char *label = cell->cell->label;
    char part[TOTE_FIGURE_MAX], steady[TOTE_FIGURE_MAX], whole[TOTE_FIGURE_MAX];
    char limit[TOTE_FIGURE_MAX];
    tote_figure_rate(cell->steady_tasks_per_s.median, steady);
    tote_figure_rate(cell->tasks_per_s.median, whole);
    fprintf(out, "No ranking: one cell. After start-up, %s runs %s tasks/s", label,
            steady);
    if (point->limit.tasks_per_s.n > 0)
        fprintf(out, ", %s of the machine's limit (%s)",
                tote_figure_fraction(cell->limit_fraction, part),
                tote_figure_rate(point->limit.tasks_per_s.median, limit));
    fprintf(out, "; with start-up included, %s; medians, n=%zu%s.", whole,
            cell->n_counted,
            cell->steady_tasks_per_s.has_bounds ? "" : ", no interval");
}

/* "a, b and c": the labels of the cells that are wanted. Returns how many. */
static size_t write_labels(FILE *out, const struct tote_point_summary *point,
                           bool is_wanted(const struct tote_cell_summary *cell))
{
    size_t n = 0, i_wanted = 0;
    for (size_t i = 0; i < point->n_cells; i++)
        n += is_wanted(&point->cells[i]);
    for (size_t i = 0; i < point->n_cells; i++) {
        if (is_wanted(&point->cells[i]))
            fprintf(out, "%s%s", joint(i_wanted++, n), point->cells[i].cell->label);
    }
    return n;
}

static bool has_differed(const struct tote_cell_summary *cell)
{
    return cell->outputs == TOTE_SAME_NO;
}

static bool has_nothing(const struct tote_cell_summary *cell)
{
    return cell->n_counted == 0;
}

static bool has_holes(const struct tote_cell_summary *cell)
{
    return cell->outputs == TOTE_SAME_UNKNOWN;
}

static void write_difference(FILE *out, const struct tote_point_summary *point)
{
    fputs("No verdict: outputs differ (", out);
    size_t n = write_labels(out, point, has_differed);
    if (point->limit.outputs == TOTE_SAME_NO)
        fprintf(out, "%sthe limit between its passes",
                n > 0 ? " from the first limit's, " : "");
    else if (point->limit.n > 0)
        fputs(" from the limit's", out);
    else
        fputs(" from the first complete run's", out);
    fputs(").", out);
}

static void write_labelled(FILE *out, const struct tote_point_summary *point,
                           const char *head,
                           bool is_wanted(const struct tote_cell_summary *cell),
                           const char *tail)
{
    fputs(head, out);
    write_labels(out, point, is_wanted);
    fputs(tail, out);
}

static void write_sentence(FILE *out, const struct tote_point_summary *point,
                           struct entry *entries)
{
    switch (point->unranked) {
    case TOTE_RANKED:
        write_ranking(out, point, entries);
        break;
    case TOTE_UNRANKED_NO_CELL:
        fputs("No verdict: nothing can run here.", out);
        break;
    case TOTE_UNRANKED_NO_RUN:
        fputs("No verdict: it ended before the first run.", out);
        break;
    case TOTE_UNRANKED_DIFFER:
        write_difference(out, point);
        break;
    case TOTE_UNRANKED_INCOMPLETE:
        write_labelled(out, point, "No verdict: no complete run of ", has_nothing, ".");
        break;
    case TOTE_UNRANKED_FAILED:
        write_labelled(out, point,
                       "No verdict: tasks failed, so outputs are incomplete (",
                       has_holes, ").");
        break;
    case TOTE_UNRANKED_EMPTY:
        fputs("No verdict: the bag is empty.", out);
        break;
    case TOTE_UNRANKED_ONE:
        write_single(out, point);
        break;
    case TOTE_UNRANKED_FEW:
        write_medians(out, point, entries);
        break;
    }
}

char *tote_verdict_sentence(const struct tote_point_summary *point)
{
    char *text = NULL;
    size_t size = 0;
    struct entry *entries = calloc(point->n_cells + 1, sizeof *entries);
    FILE *out = entries ? open_memstream(&text, &size) : NULL;
    if (!out) {
        free(entries);
        return NULL;
    }
    write_sentence(out, point, entries);
    bool has_failed = ferror(out) != 0;
    if (fclose(out) != 0 || has_failed) {
        free(text);
        text = NULL;
    }
    free(entries);
    return text;
}
