/* SPDX-License-Identifier: MIT */
/* diff.c: finds the cells that two experiments share, and judges each (diff.h). What
 * differs around them is in diff_items.c. */
#include "report/diff.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/holm.h"
#include "stats/judge.h"
#include "stats/ranktest.h"

/* --- which cells are one --- */

static bool is_same_cell(const struct tote_cell_row *a, const struct tote_cell_row *b)
{
    return strcmp(a->label, b->label) == 0 && strcmp(a->kernel, b->kernel) == 0 &&
           strcmp(a->batch, b->batch) == 0 && a->size == b->size &&
           a->tasks == b->tasks && a->workers == b->workers;
}

/* Of the engines of all points; null: there is none. */
static const struct tote_cell_summary *
find_same(const struct tote_summary *summary, const struct tote_cell_row *row,
          const struct tote_point_summary **ret_at)
{
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        for (size_t k = 0; k < point->n_cells + point->n_skipped; k++) {
            if (is_same_cell(point->cells[k].cell, row)) {
                *ret_at = point;
                return &point->cells[k];
            }
        }
    }
    *ret_at = NULL;
    return NULL;
}

/* Why one side of a pair has nothing to compare; false: it has. */
static bool set_why(struct tote_diff_pair *pair, const struct tote_cell_summary *cell,
                    char name)
{
    if (!cell)
        snprintf(pair->why, sizeof pair->why, "%c has no such cell", name);
    else if (cell->cell->skipped[0])
        snprintf(pair->why, sizeof pair->why, "could not run in %c: %s", name,
                 cell->cell->skipped);
    else if (cell->n_counted == 0)
        snprintf(pair->why, sizeof pair->why, "no complete run in %c", name);
    return pair->why[0] != '\0';
}

static void add_pair(struct tote_diff *diff, const struct tote_point_summary *point,
                     const struct tote_cell_summary *cell, bool is_after)
{
    struct tote_diff_pair *pair = &diff->pairs[diff->n_pairs];
    const struct tote_point_summary *at;
    const struct tote_cell_summary *same =
        find_same(is_after ? diff->before : diff->after, cell->cell, &at);
    if (is_after && same) /* it is among A's */
        return;
    *pair =
        is_after
            ? (struct tote_diff_pair){.after = cell, .at_after = point}
            : (struct tote_diff_pair){
                  .before = cell, .at_before = point, .after = same, .at_after = at};
    bool has_why = set_why(pair, pair->before, 'A') || set_why(pair, pair->after, 'B');
    diff->n_compared += !has_why;
    diff->n_pairs++;
}

static int make_pairs(struct tote_diff *diff)
{
    const struct tote_summary *both[] = {diff->before, diff->after};
    diff->pairs =
        calloc(diff->before->n_cells + diff->after->n_cells + 1, sizeof *diff->pairs);
    if (!diff->pairs)
        return -ENOMEM;
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < both[s]->n_points; i++) {
            const struct tote_point_summary *point = &both[s]->points[i];
            for (size_t k = 0; k < point->n_cells + point->n_skipped; k++)
                add_pair(diff, point, &point->cells[k], s == 1);
        }
    }
    return 0;
}

/* --- outputs --- */

/* The bags are the same if the seeds are, too. */
static enum tote_sameness outputs_of(const struct tote_diff_pair *pair)
{
    const struct tote_cell_summary *a = pair->before, *b = pair->after;
    if (pair->why[0] || pair->at_before->plan.seed != pair->at_after->plan.seed)
        return TOTE_SAME_UNKNOWN;
    if (a->outputs == TOTE_SAME_NO || b->outputs == TOTE_SAME_NO)
        return TOTE_SAME_NO;
    if (!a->digest || !b->digest)
        return TOTE_SAME_UNKNOWN;
    return strcmp(a->digest, b->digest) == 0 ? TOTE_SAME_YES : TOTE_SAME_NO;
}

static void compare_outputs(struct tote_diff *diff)
{
    size_t n_same = 0;
    diff->outputs = TOTE_SAME_UNKNOWN;
    for (size_t i = 0; i < diff->n_pairs; i++) {
        struct tote_diff_pair *pair = &diff->pairs[i];
        pair->outputs = outputs_of(pair);
        n_same += pair->outputs == TOTE_SAME_YES;
        if (pair->outputs == TOTE_SAME_NO)
            diff->outputs = TOTE_SAME_NO;
    }
    if (n_same > 0 && n_same == diff->n_compared)
        diff->outputs = TOTE_SAME_YES;
}

/* --- one change --- */

struct room {
    double *before, *after; /* for the runs of any cell */
    size_t n_before, n_after;
};

/* Squeezes out what is missing. */
static size_t squeeze(double *values, size_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(values[i]))
            values[n_kept++] = values[i];
    }
    return n_kept;
}

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static int set_floor(const struct tote_diff_pair *pair, enum tote_metric metric,
                     const struct room *room, struct tote_diff_change *change)
{
    double before, after;
    int rc = tote_metric_floor(pair->at_before, metric, room->n_before, &before);
    if (rc == 0)
        rc = tote_metric_floor(pair->at_after, metric, room->n_after, &after);
    if (rc == 0)
        change->floor = larger(before, after);
    return rc;
}

static bool has_how(const struct tote_cell_summary *cell, const char *how)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_used *used = &cell->runs[i].used;
        if (isfinite(used->memory_bytes) && strcmp(used->usage.memory_how, how) != 0)
            return false;
    }
    return true;
}

/* Memory that was measured in two ways has no ratio. */
static bool is_comparable(const struct tote_diff_pair *pair, enum tote_metric metric)
{
    const char *how = tote_gather_shown(pair->before)->used.usage.memory_how;
    return metric != TOTE_METRIC_PEAK_MEMORY ||
           (has_how(pair->before, how) && has_how(pair->after, how));
}

static int measure(struct tote_diff_pair *pair, enum tote_metric metric,
                   const struct room *room)
{
    struct tote_diff_change change = {.floor = NAN, .p_holm = NAN};
    struct tote_interval a, b;
    struct tote_two_samples ranks;
    tote_metric_fill(pair->before, metric, room->before, room->n_before);
    tote_metric_fill(pair->after, metric, room->after, room->n_after);
    change.n_before = squeeze(room->before, room->n_before);
    change.n_after = squeeze(room->after, room->n_after);
    if (!is_comparable(pair, metric))
        change.n_before = change.n_after = 0;
    int rc = tote_stats_interval(room->before, change.n_before, &a);
    if (rc == 0)
        rc = tote_stats_interval(room->after, change.n_after, &b);
    if (rc == 0)
        rc = tote_bootstrap_unpaired(
            room->after, change.n_after, room->before, change.n_before,
            &(struct tote_resampling){.seed = TOTE_DIFF_SEED}, &change.ratio);
    if (rc == 0)
        rc = tote_ranktest_two(room->after, change.n_after, room->before,
                               change.n_before, &ranks);
    if (rc == 0)
        rc = set_floor(pair, metric, room, &change);
    if (rc < 0)
        return rc;
    change.before = a.median;
    change.after = b.median;
    change.a12 = ranks.a12;
    change.p = ranks.p;
    pair->changes[metric] = change;
    return 0;
}

/* --- all of them --- */

static bool is_tested(const struct tote_diff_pair *pair, enum tote_metric metric)
{
    return !pair->why[0] && pair->changes[metric].ratio.n >= TOTE_BOOTSTRAP_MIN;
}

/* Each metric is a question of its own: Holm's correction counts the pairs of one. */
static int correct(struct tote_diff *diff, enum tote_metric metric)
{
    size_t n = 0, at = 0;
    double *p = calloc(diff->n_pairs + 1, sizeof *p);
    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < diff->n_pairs; i++) {
        if (is_tested(&diff->pairs[i], metric))
            p[n++] = diff->pairs[i].changes[metric].p;
    }
    int rc = tote_holm_adjust(p, n, p);
    for (size_t i = 0; i < diff->n_pairs; i++) {
        struct tote_diff_change *change = &diff->pairs[i].changes[metric];
        if (is_tested(&diff->pairs[i], metric))
            change->p_holm = p[at++];
        change->lacks = tote_judge_change(&change->ratio, change->p_holm,
                                          isfinite(change->floor) ? change->floor : 0);
    }
    free(p);
    return rc;
}

static int judge(struct tote_diff *diff)
{
    struct room room = {.n_before = tote_metric_blocks(diff->before),
                        .n_after = tote_metric_blocks(diff->after)};
    room.before = calloc(room.n_before + 1, sizeof *room.before);
    room.after = calloc(room.n_after + 1, sizeof *room.after);
    int rc = room.before && room.after ? 0 : -ENOMEM;
    diff->has_floor = true;
    for (size_t i = 0; rc == 0 && i < diff->n_pairs; i++) {
        struct tote_diff_pair *pair = &diff->pairs[i];
        for (int m = 0; rc == 0 && !pair->why[0] && m < TOTE_METRICS; m++)
            rc = measure(pair, (enum tote_metric)m, &room);
        if (!pair->why[0] && isnan(pair->changes[TOTE_METRIC_TASKS_PER_S].floor))
            diff->has_floor = false;
    }
    for (int m = 0; rc == 0 && m < TOTE_METRICS; m++)
        rc = correct(diff, (enum tote_metric)m);
    free(room.before);
    free(room.after);
    return rc;
}

static int check_kind(const struct tote_summary *summary, struct tote_error *err)
{
    if (summary->is_metg)
        return tote_error_set(err, -EINVAL,
                              "store '%.200s' is of METG, whose bags are not of one "
                              "size: compare what tote compare and tote sweep make",
                              summary->store);
    if (summary->is_experiment)
        return 0;
    return tote_error_set(err, -EINVAL,
                          "store '%.200s' holds a run, which is one sample: compare "
                          "experiments, which tote compare and tote sweep make",
                          summary->store);
}

int tote_diff_make(const struct tote_summary *before, const struct tote_summary *after,
                   struct tote_diff *ret, struct tote_error *err)
{
    struct tote_diff diff = {.before = before, .after = after};
    int rc = check_kind(before, err);
    if (rc == 0)
        rc = check_kind(after, err);
    if (rc < 0)
        return rc;
    rc = make_pairs(&diff);
    if (rc == 0)
        rc = tote_diff_find_items(&diff);
    if (rc == 0)
        rc = judge(&diff);
    if (rc < 0) {
        tote_diff_finish(&diff);
        return tote_error_set(err, rc, "%s",
                              rc == -ENOMEM ? "out of memory for the comparison"
                                            : "the comparison cannot be computed");
    }
    compare_outputs(&diff);
    *ret = diff;
    return 0;
}

void tote_diff_finish(struct tote_diff *diff)
{
    for (size_t i = 0; i < diff->n_items; i++) {
        free(diff->items[i].what);
        free(diff->items[i].before);
        free(diff->items[i].after);
    }
    free(diff->items);
    free(diff->pairs);
    *diff = (struct tote_diff){0};
}
