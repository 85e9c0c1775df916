/* SPDX-License-Identifier: MIT */
/* rules.c: one function a rule, and their table (rules.h). */
#include "report/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/factors.h"
#include "report/page.h"

struct judge {
    const struct tote_summary *summary;
    char *why;
};

/* Sets the reason; all return through it. */
static enum tote_rule_state say(struct judge *judge, enum tote_rule_state state,
                                const char *format, ...) TOTE_PRINTF(3, 4);

static enum tote_rule_state say(struct judge *judge, enum tote_rule_state state,
                                const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (vasprintf(&judge->why, format, list) < 0)
        judge->why = NULL;
    va_end(list);
    return state;
}

/* --- looking --- */

static size_t count_runs(const struct tote_summary *summary,
                         bool is_wanted(const struct tote_run_summary *run))
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_runs; i++)
        n += is_wanted(&summary->runs[i]);
    return n;
}

static bool is_counted(const struct tote_run_summary *run)
{
    return run->is_counted;
}

static bool lacks_reason(const struct tote_run_summary *run)
{
    return !run->is_counted && (!run->row.why || !run->row.why[0]);
}

static bool has_rate(const struct tote_run_summary *run)
{
    return run->is_counted && isfinite(run->tasks_per_s);
}

static bool has_times(const struct tote_run_summary *run)
{
    return run->is_counted && run->task_s.n > 0;
}

static bool has_stamps(const struct tote_run_summary *run)
{
    return run->is_counted && isfinite(run->wall_s);
}

/* Cells of which the interval that is ranked by has bounds. */
static size_t count_bounded(const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_cells; i++)
        n += summary->cells[i].wall_s.has_bounds &&
             summary->cells[i].steady_tasks_per_s.has_bounds;
    return n;
}

/* Cells that could run. */
static size_t count_cells(const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_cells; i++)
        n += summary->cells[i].n_runs > 0;
    return n;
}

/* Passes of the limit, or of one thread, at all points. With one worker they are the
 * same. */
static size_t count_passes(const struct tote_summary *summary, bool is_serial)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        bool is_same = !is_serial || point->plan.workers == 1;
        n += is_same ? point->limit.n : point->serial.n;
    }
    return n;
}

static bool has_serial(const struct tote_summary *summary)
{
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        if (point->n_cells > 0 && point->serial.n == 0 &&
            (point->plan.workers != 1 || point->limit.n == 0))
            return false;
    }
    return true;
}

/* Points of which the engines have ranks, and those that have at least two engines. */
static size_t count_points(const struct tote_summary *summary, bool are_ranked)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        n += are_ranked ? point->unranked == TOTE_RANKED : point->n_cells > 1;
    }
    return n;
}

/* Points whose noise floor is known. */
static size_t count_floors(const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_points; i++)
        n += isfinite(summary->points[i].steady.noise_floor);
    return n;
}

static size_t least_runs(const struct tote_summary *summary)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < summary->n_cells; i++) {
        size_t n = summary->cells[i].n_counted;
        least = summary->cells[i].n_runs > 0 && n < least ? n : least;
    }
    return least < SIZE_MAX ? least : 0;
}

/* Rows of METG that could run, and those of them of which METG(50 %) has an interval.
 */
static size_t count_rows(const struct tote_summary *summary, bool are_bounded)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->metg->n_rows; i++) {
        const struct tote_metg_row_summary *row = &summary->metg->rows[i];
        n += are_bounded ? row->estimates[0].has_bounds : !row->cell->skipped[0];
    }
    return n;
}

/* --- the rules --- */

static enum tote_rule_state judge_base(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    if (!summary->is_experiment || count_cells(summary) == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no speed-up is told");
    if (count_passes(summary, false) == 0)
        return say(judge, TOTE_RULE_FAIL, "no pass of the limit, the base, is there");
    if (!has_serial(summary))
        return say(judge, TOTE_RULE_FAIL,
                   "the limit is there in tasks/s, but one thread alone was not "
                   "measured at every point: --controls all does it");
    return say(
        judge, TOTE_RULE_PASS,
        "the bases are a bare loop of as many threads as workers (%zu passes) and one "
        "of one thread (%zu); both are told in absolute terms, as each cell is",
        count_passes(summary, false), count_passes(summary, true));
}

static enum tote_rule_state judge_subset(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    size_t n = count_runs(summary, is_counted), silent;
    if (summary->n_runs == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "nothing has run");
    silent = count_runs(summary, lacks_reason);
    if (silent > 0)
        return say(judge, TOTE_RULE_FAIL,
                   "%zu of %zu runs did not complete, and nothing says why", silent,
                   summary->n_runs);
    if (n < summary->n_runs)
        return say(judge, TOTE_RULE_PASS,
                   "%zu of %zu runs count; each of the others is in the raw table with "
                   "its reason",
                   n, summary->n_runs);
    return say(judge, TOTE_RULE_PASS, "none is left out: %zu of %zu runs count", n,
               summary->n_runs);
}

static enum tote_rule_state judge_means(struct judge *judge)
{
    size_t n = count_runs(judge->summary, has_rate);
    if (n == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no rate is told");
    return say(
        judge, TOTE_RULE_PASS,
        "a rate is all tasks over all seconds of one run (n=%zu); no mean is taken, "
        "of costs or of rates",
        n);
}

static enum tote_rule_state judge_ratios(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    if (summary->is_metg)
        return say(judge, TOTE_RULE_PASS,
                   "what is kept busy is a ratio within a block; of a grain the median "
                   "of blocks is told, no mean");
    if (!summary->is_experiment ||
        (count_cells(summary) < 2 && count_passes(summary, false) == 0))
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no ratio is told");
    return say(judge, TOTE_RULE_PASS,
               "ratios are of medians, with intervals by bootstrap over blocks; of the "
               "limit also medians of ratios, taken within blocks; none is averaged");
}

static enum tote_rule_state judge_metg_intervals(struct judge *judge)
{
    size_t n = count_rows(judge->summary, false);
    size_t n_bounded = count_rows(judge->summary, true);
    if (n == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no row has run");
    return say(judge, n_bounded == n ? TOTE_RULE_PASS : TOTE_RULE_FAIL,
               "%zu of %zu rows have a 95 %% interval of METG(50 %%), which takes 6 "
               "blocks",
               n_bounded, n);
}

static enum tote_rule_state judge_intervals(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    if (summary->is_metg)
        return judge_metg_intervals(judge);
    if (!summary->is_experiment)
        return say(judge, TOTE_RULE_FAIL,
                   "one run is one sample: how far the next would be is not known");
    if (count_cells(summary) == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no cell has run");
    size_t n = count_bounded(summary);
    if (n < count_cells(summary))
        return say(
            judge, TOTE_RULE_FAIL,
            "%zu of %zu cells have no 95 %% interval: that takes 6 complete runs",
            count_cells(summary) - n, count_cells(summary));
    return say(judge, TOTE_RULE_PASS,
               "all %zu cells have 95 %% intervals, each over at least %zu fresh "
               "launches",
               n, least_runs(summary));
}

static enum tote_rule_state judge_normality(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    size_t n = summary->is_metg ? count_rows(summary, true) : count_bounded(summary);
    if (!summary->is_experiment || n == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no interval is told");
    if (summary->is_metg)
        return say(judge, TOTE_RULE_PASS,
                   "medians, with intervals by bootstrap over blocks: no distribution "
                   "is assumed");
    return say(judge, TOTE_RULE_PASS,
               "medians, with intervals by order statistics: no distribution is "
               "assumed");
}

static enum tote_rule_state judge_comparison(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    size_t n = count_points(summary, false);
    if (summary->is_metg)
        return say(judge, TOTE_RULE_NOT_APPLICABLE,
                   "engines are not ranked; what batching buys is told only where the "
                   "95 %% intervals of METG(50 %%) do not overlap");
    if (!summary->is_experiment || n == 0 || count_cells(summary) == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "nothing is compared");
    if (count_points(summary, true) < n)
        return say(
            judge, TOTE_RULE_FAIL,
            "at %zu of %zu points nothing can be told apart: runs are too few or "
            "incomplete, or outputs differ",
            n - count_points(summary, true), n);
    if (count_floors(summary) < n)
        return say(judge, TOTE_RULE_FAIL,
                   "at %zu of %zu points the noise floor is not known: no engine was "
                   "entered twice",
                   n - count_floors(summary), n);
    return say(judge, TOTE_RULE_PASS,
               "cells differ only if the 95 %% interval of their ratio excludes 1, "
               "Mann-Whitney's p after Holm's correction over the pairs of the ranking "
               "is below "
               "5 %% and the ratio is outside the noise floor; runs are interleaved in "
               "%zu random blocks",
               summary->n_blocks);
}

static enum tote_rule_state judge_centre(struct judge *judge)
{
    size_t n = count_runs(judge->summary, has_times);
    if (judge->summary->is_metg)
        return say(judge, TOTE_RULE_NOT_APPLICABLE,
                   "METG is of what a task holds a slot for, not of the time of one "
                   "task");
    if (n == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no task has a service time");
    return say(
        judge, TOTE_RULE_PASS,
        "service times are told by p50, p90, p99 and the slowest task, run by run "
        "(n=%zu)",
        n);
}

static enum tote_rule_state judge_factors(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    static const char *const names[] = {"cores", "cpu", "kernel", "tote"};
    if (summary->n_runs == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "nothing has run");
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_summary *run = &summary->runs[i];
        if (run->is_counted &&
            (!run->row.engine_version || !run->row.engine_version[0]))
            return say(judge, TOTE_RULE_FAIL, "the engine's version of %s is not known",
                       run->row.label);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char setting[64];
        snprintf(setting, sizeof setting, "environment.%s", names[i]);
        const char *value = tote_gather_setting(summary, setting);
        if (!value || strcmp(value, "unknown") == 0)
            return say(judge, TOTE_RULE_FAIL, "of the environment, %s is not known",
                       names[i]);
    }
    return say(
        judge, TOTE_RULE_PASS,
        "versions, options, batch, box, inputs, seeds and the machine are in the "
        "manifest, written by tote");
}

static enum tote_rule_state judge_timing(struct judge *judge)
{
    size_t n = count_runs(judge->summary, has_stamps);
    if (n == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "no run was timed to its end");
    return say(
        judge, TOTE_RULE_PASS,
        "a run is timed from launch to the last durable result by the one monotonic "
        "clock of tote (n=%zu); workers are not averaged: the last one counts",
        n);
}

static enum tote_rule_state judge_bounds(struct judge *judge)
{
    const struct tote_summary *summary = judge->summary;
    if (!summary->is_experiment)
        return say(
            judge, TOTE_RULE_NOT_APPLICABLE,
            "tote compare measures what the machine can do, a lone run does not");
    if (count_passes(summary, false) == 0)
        return say(judge, TOTE_RULE_FAIL, "no pass of the limit is there");
    if (summary->is_metg)
        return say(judge, TOTE_RULE_PASS,
                   "what a bare loop on all workers keeps busy is drawn beside the "
                   "engines (%zu passes)",
                   count_passes(summary, false));
    if (!tote_series_are_there(summary, TOTE_FACTOR_WORKERS))
        return say(
            judge, TOTE_RULE_PASS,
            "the limit was measured %zu times; each cell is told as a part of it",
            count_passes(summary, false));
    if (count_passes(summary, true) == 0)
        return say(
            judge, TOTE_RULE_FAIL,
            "workers are varied, but one thread alone, of which bounds are made, "
            "was not measured");
    return say(judge, TOTE_RULE_PASS,
               "scaling is drawn with its bounds: the serial loop over the workers or "
               "the longest task, the limit (%zu passes), and Amdahl's with the "
               "start-up as measured",
               count_passes(summary, false));
}

static enum tote_rule_state judge_plots(struct judge *judge)
{
    if (count_runs(judge->summary, is_counted) == 0)
        return say(judge, TOTE_RULE_NOT_APPLICABLE, "there is nothing to plot");
    if (tote_page_without[0])
        return say(judge, TOTE_RULE_FAIL, "this tote draws no charts: %s",
                   tote_page_without);
    if (judge->summary->is_metg)
        return say(judge, TOTE_RULE_PASS,
                   "the HTML report has every launch of a block as a point; lines join "
                   "medians along the grain, as METG is interpolated");
    return say(judge, TOTE_RULE_PASS,
               "the HTML report has every run as a point and service times as "
               "distributions; lines join only what is counted along one axis");
}

static const struct {
    const char *what;
    enum tote_rule_state (*judge)(struct judge *judge);
} table[TOTE_RULES] = {
    {"A speed-up names its base, and gives it in absolute terms", judge_base},
    {"What is left out is said, with the reason", judge_subset},
    {"Arithmetic means for costs only, harmonic ones for rates", judge_means},
    {"Ratios are not averaged", judge_ratios},
    {"What is not deterministic has an interval", judge_intervals},
    {"No distribution is taken for normal unseen", judge_normality},
    {"Comparisons are statistically sound", judge_comparison},
    {"Where the centre is not what matters, percentiles are told", judge_centre},
    {"All factors and levels are documented", judge_factors},
    {"How parallel time is taken is said", judge_timing},
    {"Upper bounds are shown", judge_bounds},
    {"Enough is plotted, and only what may be interpolated is joined", judge_plots},
};

int tote_rules_make(const struct tote_summary *summary,
                    struct tote_rule ret_rules[static TOTE_RULES])
{
    int rc = 0;
    for (size_t i = 0; i < TOTE_RULES; i++) {
        struct judge judge = {.summary = summary};
        ret_rules[i] = (struct tote_rule){.what = table[i].what};
        ret_rules[i].state = table[i].judge(&judge);
        ret_rules[i].why = judge.why;
        if (!judge.why)
            rc = -ENOMEM;
    }
    if (rc < 0)
        tote_rules_finish(ret_rules);
    return rc;
}

void tote_rules_finish(struct tote_rule rules[static TOTE_RULES])
{
    for (size_t i = 0; i < TOTE_RULES; i++) {
        free(rules[i].why);
        rules[i].why = NULL;
    }
}

const char *tote_rule_state_name(enum tote_rule_state state)
{
    static const char *const names[] = {"not applicable", "PASS", "FAIL"};
    return names[state];
}
