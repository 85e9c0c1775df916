/* SPDX-License-Identifier: MIT */
/* verdict.c: chooses and writes the sentence (verdict.h). */
#include "report/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"

/* One number of one cell. */
struct entry {
    const char *label;
    const struct tote_interval *interval;
    size_t group;
};

/* "a", "a and b", "a, b and c": what stands before entry i of n. */
static const char *joint(size_t i, size_t n)
{
    return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

static void write_entry(FILE *out, const struct entry *entry)
{
    char text[TOTE_FIGURE_MAX];
    fprintf(out, "%s (%s/s)", entry->label,
            tote_figure_rate(entry->interval->median, text));
}

static void write_entries(FILE *out, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(joint(i, n), out);
        write_entry(out, &entries[i]);
    }
}

/* --- cells that are slower than the leader --- */

static int compare_medians(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    double p = x->interval->median, q = y->interval->median;
    return (p < q) - (p > q);
}

/* Entries that overlap, be it through others, get one group; groups are numbered from 0
 * without gaps. Returns their count. */
static size_t group_entries(struct entry *entries, size_t n)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        size_t group = n_groups;
        for (size_t k = 0; k < i; k++) {
            if (entries[k].group < group &&
                tote_stats_overlap(entries[k].interval, entries[i].interval))
                group = entries[k].group;
        }
        entries[i].group = group;
        for (size_t k = 0; k < i; k++) /* what lies between is joined by this one */
            entries[k].group = entries[k].group > group ? group : entries[k].group;
        n_groups = group + 1;
    }
    return n_groups;
}

static bool all_overlap(const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (!tote_stats_overlap(entries[i].interval, entries[k].interval))
                return false;
        }
    }
    return true;
}

/* "1.9x", or "1.9x to 2.1x", as fast as the first to the last of n. */
static void write_times(FILE *out, const struct entry *leader,
                        const struct entry *entries, size_t n)
{
    char least[TOTE_FIGURE_MAX], most[TOTE_FIGURE_MAX];
    double speed = leader->interval->median;
    tote_figure_times(speed / entries[0].interval->median, least);
    tote_figure_times(speed / entries[n - 1].interval->median, most);
    bool is_range = n > 1 && strcmp(least, most) != 0;
    fprintf(out, "%s%s%s as fast as ", least, is_range ? " to " : "",
            is_range ? most : "");
}

static void write_group(FILE *out, const struct entry *leader,
                        const struct entry *entries, size_t n)
{
    write_times(out, leader, entries, n);
    if (n == 2)
        fputs("both ", out);
    write_entries(out, entries, n);
    if (n > 1)
        fprintf(out, ", which are not %sdistinguishable",
                all_overlap(entries, n) ? "" : "all ");
}

static void write_slower(FILE *out, const struct entry *leader, struct entry *entries,
                         size_t n)
{
    if (n > TOTE_VERDICT_NAMED_MAX) {
        write_times(out, leader, entries, n);
        fprintf(out, "%zu other cells", n);
        return;
    }
    size_t n_groups = group_entries(entries, n), first = 0, n_before = 0;
    for (size_t group = 0; group < n_groups; group++) {
        size_t end = first;
        while (end < n && entries[end].group == group)
            end++;
        if (n_before > 1) /* closes ", which are not distinguishable" */
            fputs(group + 1 == n_groups ? ", and " : ", ", out);
        else
            fputs(joint(group, n_groups), out);
        n_before = end - first;
        write_group(out, leader, &entries[first], n_before);
        first = end;
    }
}

/* --- one clause --- */

static void write_tied(FILE *out, const struct entry *leader, const struct entry *tied,
                       size_t n)
{
    if (n > TOTE_VERDICT_NAMED_MAX)
        fprintf(out, "%zu cells", n);
    else
        write_entries(out, tied, n);
    fputs(n > 1 ? " are not distinguishable from " : " is not distinguishable from ",
          out);
    write_entry(out, leader);
}

/* Puts those that overlap with the leader first, keeping the order otherwise; returns
 * their count. */
static size_t part_tied(const struct entry *leader, struct entry *entries, size_t n)
{
    size_t n_tied = 0;
    for (size_t i = 0; i < n; i++) {
        struct entry entry = entries[i];
        if (!tote_stats_overlap(leader->interval, entry.interval))
            continue;
        for (size_t k = i; k > n_tied; k--)
            entries[k] = entries[k - 1];
        entries[n_tied++] = entry;
    }
    return n_tied;
}

static void write_clause(FILE *out, struct entry *entries, size_t n)
{
    qsort(entries, n, sizeof *entries, compare_medians);
    size_t n_tied = part_tied(entries, entries + 1, n - 1), n_slower = n - 1 - n_tied;
    if (n_tied > 0)
        write_tied(out, entries, entries + 1, n_tied);
    else
        write_entry(out, entries);
    if (n_slower > 0) {
        fputs(n_tied > 0 ? ", which is " : " is ", out);
        write_slower(out, entries, entries + 1 + n_tied, n_slower);
    }
}

/* --- kinds of sentences --- */

static void fill_entries(const struct tote_point_summary *point, bool is_steady,
                         struct entry *entries)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        entries[i] = (struct entry){
            .label = cell->cell->label,
            .interval = is_steady ? &cell->steady_tasks_per_s : &cell->tasks_per_s,
        };
    }
}

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

static void write_ranking(FILE *out, const struct tote_point_summary *point,
                          struct entry *entries)
{
    fill_entries(point, true, entries);
    fputs("After start-up, ", out);
    write_clause(out, entries, point->n_cells);
    fill_entries(point, false, entries);
    fputs("; with start-up included, ", out);
    write_clause(out, entries, point->n_cells);
    fputs("; medians, ", out);
    write_n(out, point);
    fputs(".", out);
}

static void write_medians(FILE *out, const struct tote_point_summary *point,
                          struct entry *entries)
{
    fputs("No ranking: ", out);
    write_n(out, point);
    fputs(" (a 95 % interval of the median needs 6 runs).", out);
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

static bool has_run(const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        if (point->cells[i].n_runs > 0)
            return true;
    }
    return false;
}

/* Writes the sentence for a comparison that allows none; false if it allows one. */
static bool write_refusal(FILE *out, const struct tote_point_summary *point)
{
    if (point->n_cells == 0 || !has_run(point)) {
        fputs(point->n_cells == 0 ? "No verdict: nothing can run here."
                                  : "No verdict: it ended before the first run.",
              out);
        return true;
    }
    if (point->outputs == TOTE_SAME_NO) {
        write_difference(out, point);
        return true;
    }
    for (size_t i = 0; i < point->n_cells; i++) {
        if (has_nothing(&point->cells[i])) {
            fputs("No verdict: no complete run of ", out);
            write_labels(out, point, has_nothing);
            fputs(".", out);
            return true;
        }
    }
    if (point->outputs == TOTE_SAME_UNKNOWN) {
        fputs("No verdict: tasks failed, so outputs are incomplete (", out);
        write_labels(out, point, has_holes);
        fputs(").", out);
        return true;
    }
    bool is_empty = point->plan.tasks == 0;
    if (is_empty)
        fputs("No verdict: the bag is empty.", out);
    return is_empty;
}

static bool has_bounds(const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        if (!point->cells[i].steady_tasks_per_s.has_bounds ||
            !point->cells[i].tasks_per_s.has_bounds)
            return false;
    }
    return true;
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
    if (write_refusal(out, point))
        ;
    else if (point->n_cells == 1)
        write_single(out, point);
    else if (has_bounds(point))
        write_ranking(out, point, entries);
    else
        write_medians(out, point, entries);
    bool has_failed = ferror(out) != 0;
    if (fclose(out) != 0 || has_failed) {
        free(text);
        text = NULL;
    }
    free(entries);
    return text;
}
