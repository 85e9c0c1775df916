/* SPDX-License-Identifier: MIT */
/* html_scaling.c: how the makespan of one bag falls with more workers, and what bounds
 * it (html.h). There where a sweep has varied workers. Strong scaling: the bag stays as
 * it is. Beyond the usable cores nothing is claimed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/html.h"

#define GROUPS_DRAWN 8 /* charts; of more groups there are tables */

/* What no engine at a point can be faster than, or will hardly be; seconds, NaN: not
 * known. */
struct bounds {
    double serial; /* all tasks, one after the other */
    double least;  /* max(serial / P, longest task) */
    double limit;  /* the bare loop with P threads */
    double amdahl; /* the cell's own start-up + serial / P */
};

static bool is_there(const struct tote_page *page)
{
    return tote_series_are_there(page->summary, TOTE_FACTOR_WORKERS);
}

/* 0: not known. */
static uint64_t count_cores(const struct tote_page *page)
{
    uint64_t cores = 0;
    tote_gather_count(page->summary, "environment.cores_usable", &cores);
    return cores;
}

static double median_pass(const struct tote_limit_summary *loop)
{
    double *values = calloc(loop->n + 1, sizeof *values), median = NAN;
    for (size_t i = 0; values && i < loop->n; i++)
        values[i] = loop->passes[i].wall_s;
    if (values && loop->n > 0) {
        tote_stats_sort(values, loop->n);
        median = tote_stats_median(values, loop->n);
    }
    free(values);
    return median;
}

/* With one worker the limit is the serial loop. */
static double serial_of(const struct tote_series *series, size_t at)
{
    const struct tote_point_summary *point = series->points[at];
    if (point->serial.n > 0)
        return median_pass(&point->serial);
    if (point->plan.workers == 1 && point->limit.n > 0)
        return median_pass(&point->limit);
    return NAN;
}

/* The least of its runs, so that it is a bound on all of them. */
static double longest_task(const struct tote_cell_summary *cell)
{
    double longest = NAN;
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].task_s.n > 0)
            longest = fmin(longest, cell->runs[i].task_s.max);
    }
    return longest;
}

static struct bounds bounds_of(const struct tote_series *series, size_t at,
                               uint64_t cores)
{
    double slots = series->levels[at];
    if (cores > 0 && slots > (double)cores)
        slots = (double)cores;
    struct bounds bounds = {.serial = serial_of(series, at)};
    bounds.least = bounds.serial / slots;
    if (!isnan(bounds.least))
        bounds.least = fmax(bounds.least, longest_task(series->cells[at]));
    bounds.limit = median_pass(&series->points[at]->limit);
    bounds.amdahl = series->cells[at]->start_s.median + bounds.serial / slots;
    return bounds;
}

static bool is_beyond(const struct tote_series *series, size_t at, uint64_t cores)
{
    return cores > 0 && series->levels[at] > (double)cores;
}

/* --- the chart --- */

static void draw_runs(struct tote_page *page, int part,
                      const struct tote_series *series, size_t at, bool is_beyond)
{
    const struct tote_cell_summary *cell = series->cells[at];
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted)
            tote_html_datum(page, "scaling",
                            json_pack("{s:i, s:s, s:f, s:o, s:s}", "part", part, "line",
                                      series->label, "workers", series->levels[at],
                                      "wall_s", tote_html_real(cell->runs[i].wall_s),
                                      "where",
                                      is_beyond ? "oversubscribed" : "on cores"));
    }
    if (!is_beyond)
        tote_html_datum(page, "scaling_line",
                        json_pack("{s:i, s:s, s:f, s:o}", "part", part, "line",
                                  series->label, "workers", series->levels[at],
                                  "wall_s", tote_html_real(cell->wall_s.median)));
}

static void draw_bound(struct tote_page *page, int part, const char *name,
                       double workers, double wall_s)
{
    if (isfinite(wall_s))
        tote_html_datum(page, "scaling_bound",
                        json_pack("{s:i, s:s, s:f, s:f}", "part", part, "bound", name,
                                  "workers", workers, "wall_s", wall_s));
}

/* Bounds of tasks and machine are the same for all engines: those of the first. */
static void draw_series(struct tote_page *page, int part,
                        const struct tote_series *series, bool is_first)
{
    uint64_t cores = count_cores(page);
    char amdahl[200];
    snprintf(amdahl, sizeof amdahl, "Amdahl, %.120s", series->label);
    tote_mask_text(amdahl, TOTE_MASK_CONTROLS); /* it may have been cut */
    for (size_t i = 0; i < series->n; i++) {
        struct bounds bounds = bounds_of(series, i, cores);
        bool is_over = is_beyond(series, i, cores);
        draw_runs(page, part, series, i, is_over);
        if (is_over)
            continue;
        draw_bound(page, part, amdahl, series->levels[i], bounds.amdahl);
        if (!is_first)
            continue;
        draw_bound(page, part, "least: serial/P, longest task", series->levels[i],
                   bounds.least);
        draw_bound(page, part, "limit (bare loop)", series->levels[i], bounds.limit);
    }
}

/* --- the table --- */

/* Beyond the cores a speed-up would be a claim. */
static void put_level(struct tote_page *page, const struct tote_series *series,
                      size_t at, uint64_t cores)
{
    const struct tote_interval *wall = &series->cells[at]->wall_s;
    struct bounds bounds = bounds_of(series, at, cores);
    bool is_over = is_beyond(series, at, cores);
    double speedup = bounds.serial / wall->median;
    char text[TOTE_FIGURE_MAX];
    tote_html_row(page, series->label);
    tote_html_count(page, (uint64_t)series->levels[at]);
    tote_html_seconds(page, wall->median);
    tote_html_bounds(page, wall->has_bounds, wall->low, wall->high,
                     tote_figure_seconds);
    tote_html_seconds(page, bounds.serial);
    tote_html_seconds(page, bounds.least);
    tote_html_seconds(page, bounds.limit);
    tote_html_seconds(page, bounds.amdahl);
    tote_html_number(page, is_over ? "-" : tote_figure_rate(speedup, text));
    tote_html_count(page, wall->n);
    tote_html_cell(page, is_over ? "oversubscribed: no claim" : "");
    tote_html_end_row(page);
}

static void put_table(struct tote_page *page, const struct tote_series *series,
                      size_t n)
{
    static const char *const heads[] = {"engine",
                                        ">workers",
                                        ">median, s",
                                        ">[95 %]",
                                        ">serial loop, s",
                                        ">least, s",
                                        ">limit, s",
                                        ">Amdahl, s",
                                        ">speed-up over serial",
                                        ">runs",
                                        "note"};
    uint64_t cores = count_cores(page);
    tote_html_table(page, "Makespan and its bounds by workers", heads, 11);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < series[i].n; k++)
            put_level(page, &series[i], k, cores);
    }
    tote_html_end_table(page);
}

static void put_group(struct tote_page *page, int part,
                      const struct tote_series *series, size_t n)
{
    if (series->group[0]) {
        fputs("<h3>", page->out);
        tote_html_text(page, series->group);
        fputs("</h3>\n", page->out);
    }
    for (size_t i = 0; part < GROUPS_DRAWN && i < n; i++)
        draw_series(page, part, &series[i], i == 0);
    if (part < GROUPS_DRAWN)
        tote_html_chart_part(page, "scaling", part, series->group);
    put_table(page, series, n);
}

static void put_words(struct tote_page *page)
{
    uint64_t cores = count_cores(page);
    fputs("<p>Strong scaling: the bag is the same for any number of workers. ",
          page->out);
    if (cores > 0)
        tote_html_say(page,
                      "tote may use %llu cores here: points with more workers are "
                      "oversubscribed, and no line goes there. ",
                      (unsigned long long)cores);
    fputs(
        "The base is the serial loop, one thread without an engine. Least: its time "
        "over the workers, or the longest task. Amdahl: the engine's own start-up, as "
        "measured, and the serial loop's time over the workers.</p>\n",
        page->out);
}

static int write(struct tote_page *page)
{
    struct tote_series *series;
    size_t n;
    int part = 0;
    int rc = tote_series_list(page->summary, TOTE_FACTOR_WORKERS, &series, &n);
    if (rc < 0)
        return rc;
    put_words(page);
    for (size_t first = 0, end; first < n; first = end) {
        end = first + 1;
        while (end < n && strcmp(series[end].group, series[first].group) == 0)
            end++;
        put_group(page, part++, &series[first], end - first);
    }
    tote_series_free(series, n);
    return 0;
}

const struct tote_html_section tote_html_scaling = {"scaling", "Scaling with workers",
                                                    is_there, write, false};
