/* SPDX-License-Identifier: MIT */
/* html_growth.c: how the makespan grows with the bag: a line T(N) = T0 + c N for each
 * engine, how far each point is from it, and where two engines cross (html.h, fit.h).
 * There where a sweep has varied tasks. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/fit.h"
#include "report/html.h"

#define GROUPS_DRAWN 8 /* charts; of more groups there are tables */

struct fit {
    bool is_there;
    struct tote_line_estimate line;
};

struct growth {
    struct tote_series *series;
    struct fit *fits;
    size_t n;
};

static bool is_there(const struct tote_page *page)
{
    return tote_series_are_there(page->summary, TOTE_FACTOR_TASKS);
}

static int fit_all(struct tote_page *page, struct growth *growth)
{
    int rc =
        tote_series_list(page->summary, TOTE_FACTOR_TASKS, &growth->series, &growth->n);
    if (rc < 0)
        return rc;
    growth->fits = calloc(growth->n + 1, sizeof *growth->fits);
    if (!growth->fits)
        return -ENOMEM;
    for (size_t i = 0; i < growth->n; i++) {
        struct fit *fit = &growth->fits[i];
        rc = tote_fit_line(&growth->series[i], page->summary->resampling_seed,
                           &fit->line);
        if (rc == -ENOMEM)
            return rc;
        fit->is_there = rc == 0;
    }
    return 0;
}

static struct tote_line line_of(const struct fit *fit)
{
    return (struct tote_line){fit->line.fixed.value, fit->line.per_task.value};
}

/* --- the chart --- */

static void draw_runs(struct tote_page *page, int part,
                      const struct tote_series *series, size_t at)
{
    const struct tote_cell_summary *cell = series->cells[at];
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted)
            tote_html_datum(page, "growth",
                            json_pack("{s:i, s:s, s:f, s:o, s:I}", "part", part,
                                      "engine", series->label, "tasks",
                                      series->levels[at], "wall_s",
                                      tote_html_real(cell->runs[i].wall_s), "block",
                                      (json_int_t)cell->runs[i].row.block));
    }
    if (cell->wall_s.has_bounds)
        tote_html_datum(page, "growth_interval",
                        json_pack("{s:i, s:s, s:f, s:o, s:o}", "part", part, "engine",
                                  series->label, "tasks", series->levels[at], "low_s",
                                  tote_html_real(cell->wall_s.low), "high_s",
                                  tote_html_real(cell->wall_s.high)));
}

static void draw_line(struct tote_page *page, int part,
                      const struct tote_series *series, const struct fit *fit)
{
    struct tote_line line = line_of(fit);
    const double ends[] = {0, series->levels[series->n - 1]};
    for (int i = 0; fit->is_there && i < 2; i++)
        tote_html_datum(page, "growth_line",
                        json_pack("{s:i, s:s, s:f, s:o}", "part", part, "engine",
                                  series->label, "tasks", ends[i], "line_s",
                                  tote_html_real(tote_line_at(&line, ends[i]))));
}

/* --- tables --- */

static void put_line(struct tote_page *page, const struct tote_series *series,
                     const struct fit *fit)
{
    const struct tote_estimate *fixed = &fit->line.fixed, *each = &fit->line.per_task;
    const char *sizes = series->n < TOTE_LINE_SIZES_GOOD
                            ? "fewer than 4 sizes cannot show whether it is a line"
                            : "";
    const char *bounds = !fit->is_there          ? "no line can be laid"
                         : !fixed->has_bounds    ? "below 6 runs: no interval"
                         : fixed->is_approximate ? "below 10 runs: approximate interval"
                                                 : "";
    tote_html_row(page, series->label);
    tote_html_duration(page, fit->is_there ? fixed->value : NAN);
    tote_html_bounds(page, fit->is_there && fixed->has_bounds, fixed->low, fixed->high,
                     tote_figure_duration);
    tote_html_duration(page, fit->is_there ? each->value : NAN);
    tote_html_bounds(page, fit->is_there && each->has_bounds, each->low, each->high,
                     tote_figure_duration);
    tote_html_count(page, series->n);
    tote_html_count(page, fit->is_there ? fixed->n : 0);
    fputs("<td>", page->out);
    tote_html_say(page, "%s%s%s", sizes, sizes[0] && bounds[0] ? "; " : "", bounds);
    fputs("</td>", page->out);
    tote_html_end_row(page);
}

static void put_residuals(struct tote_page *page, const struct tote_series *series,
                          const struct fit *fit)
{
    struct tote_line line = line_of(fit);
    for (size_t i = 0; i < series->n; i++) {
        const struct tote_interval *wall = &series->cells[i]->wall_s;
        double at = fit->is_there ? tote_line_at(&line, series->levels[i]) : NAN;
        char share[32] = "-";
        if (isfinite(at) && wall->median > 0)
            snprintf(share, sizeof share, "%+.1f %%",
                     (wall->median - at) / wall->median * 100);
        tote_html_row(page, series->label);
        tote_html_count(page, (uint64_t)series->levels[i]);
        tote_html_seconds(page, wall->median);
        tote_html_bounds(page, wall->has_bounds, wall->low, wall->high,
                         tote_figure_seconds);
        tote_html_seconds(page, at);
        tote_html_seconds(page, wall->median - at);
        tote_html_number(page, share);
        tote_html_count(page, wall->n);
        tote_html_end_row(page);
    }
}

static const char *whole(double value, char *text)
{
    snprintf(text, TOTE_FIGURE_MAX, "%.0f", value);
    return text;
}

/* Who is ahead where; draws the crossing if it is within what was tried. */
static void put_crossing(struct tote_page *page, int part,
                         const struct tote_series *first,
                         const struct tote_series *second,
                         const struct tote_breakeven *found)
{
    const char *early = found->fixed.value > 0 ? first->label : second->label;
    const char *late = found->fixed.value > 0 ? second->label : first->label;
    bool is_at = found->kind == TOTE_BREAKEVEN_AT;
    fputs("<td>", page->out);
    if (is_at)
        tote_html_say(page, "%s is ahead in smaller bags, %s in larger ones", early,
                      late);
    else if (found->kind == TOTE_BREAKEVEN_NEVER)
        tote_html_say(page, "none: %s is ahead at any size", early);
    else
        tote_html_text(page, "no crossover resolved");
    fputs("</td>", page->out);
    if (is_at && found->tasks.value <= first->levels[first->n - 1])
        tote_html_datum(page, "growth_cross",
                        json_pack("{s:i, s:o}", "part", part, "tasks",
                                  tote_html_real(found->tasks.value)));
}

static int put_pair(struct tote_page *page, int part, const struct tote_series *first,
                    const struct tote_series *second)
{
    struct tote_breakeven found;
    char text[TOTE_FIGURE_MAX], pair[300];
    int rc = tote_fit_breakeven(first, second, page->summary->resampling_seed, &found);
    if (rc < 0)
        return rc == -ENOMEM ? rc : 0;
    bool is_at = found.kind == TOTE_BREAKEVEN_AT;
    snprintf(pair, sizeof pair, "%.120s and %.120s", first->label, second->label);
    tote_mask_text(pair, TOTE_MASK_CONTROLS); /* it may have been cut */
    tote_html_row(page, pair);
    put_crossing(page, part, first, second, &found);
    tote_html_number(page, is_at ? whole(found.tasks.value, text) : "-");
    tote_html_bounds(page, is_at && found.tasks.has_bounds, found.tasks.low,
                     found.tasks.high, whole);
    tote_html_duration(page, found.fixed.value);
    tote_html_bounds(page, found.fixed.has_bounds, found.fixed.low, found.fixed.high,
                     tote_figure_duration);
    tote_html_duration(page, found.per_task.value);
    tote_html_bounds(page, found.per_task.has_bounds, found.per_task.low,
                     found.per_task.high, tote_figure_duration);
    tote_html_end_row(page);
    return 0;
}

/* --- a group: what may be compared --- */

static void put_lines(struct tote_page *page, const struct growth *growth, size_t first,
                      size_t end)
{
    static const char *const of_line[] = {"engine",       ">T0",     ">[95 %]",
                                          ">c, per task", ">[95 %]", ">sizes",
                                          ">runs each",   "note"};
    static const char *const of_point[] = {"engine",         ">tasks",   ">median, s",
                                           ">[95 %]",        ">line, s", ">residual, s",
                                           ">of the median", ">runs"};
    tote_html_table(page, "T(N) = T0 + c N, fitted to the medians", of_line, 8);
    for (size_t i = first; i < end; i++)
        put_line(page, &growth->series[i], &growth->fits[i]);
    tote_html_end_table(page);
    tote_html_table(page, "Residuals: how far each median is from its line", of_point,
                    8);
    for (size_t i = first; i < end; i++)
        put_residuals(page, &growth->series[i], &growth->fits[i]);
    tote_html_end_table(page);
}

static int put_crossings(struct tote_page *page, const struct growth *growth, int part,
                         size_t first, size_t end)
{
    static const char *const heads[] = {"engines",
                                        "who is ahead",
                                        ">break-even, tasks",
                                        ">[95 %]",
                                        ">T0, second - first",
                                        ">[95 %]",
                                        ">c, first - second",
                                        ">[95 %]"};
    int rc = 0;
    if (end - first < 2)
        return 0;
    tote_html_table(page, "Break-even: where the lines of two engines cross", heads, 8);
    for (size_t i = first; rc == 0 && i < end; i++) {
        for (size_t k = i + 1; rc == 0 && k < end; k++)
            rc = put_pair(page, part, &growth->series[i], &growth->series[k]);
    }
    tote_html_end_table(page);
    return rc;
}

static int put_group(struct tote_page *page, const struct growth *growth, int part,
                     size_t first, size_t end)
{
    const char *group = growth->series[first].group;
    if (group[0]) {
        fputs("<h3>", page->out);
        tote_html_text(page, group);
        fputs("</h3>\n", page->out);
    }
    for (size_t i = first; part < GROUPS_DRAWN && i < end; i++) {
        for (size_t k = 0; k < growth->series[i].n; k++)
            draw_runs(page, part, &growth->series[i], k);
        draw_line(page, part, &growth->series[i], &growth->fits[i]);
    }
    if (part < GROUPS_DRAWN)
        tote_html_chart_part(page, "growth", part, group);
    put_lines(page, growth, first, end);
    return put_crossings(page, growth, part, first, end);
}

static int put_groups(struct tote_page *page, const struct growth *growth)
{
    int rc = 0, part = 0;
    for (size_t first = 0, end; rc == 0 && first < growth->n; first = end) {
        const char *group = growth->series[first].group;
        end = first + 1;
        while (end < growth->n && strcmp(growth->series[end].group, group) == 0)
            end++;
        rc = put_group(page, growth, part++, first, end);
    }
    return rc;
}

static int write(struct tote_page *page)
{
    struct growth growth = {0};
    int rc = fit_all(page, &growth);
    fputs(
        "<p>T0 is what an engine costs before its first task, c what each task adds. "
        "Both are medians over all pairs of sizes (Theil-Sen), their intervals are by "
        "bootstrap over blocks. They hold within the sizes that were tried.</p>\n",
        page->out);
    if (rc == 0)
        rc = put_groups(page, &growth);
    tote_series_free(growth.series, growth.n);
    free(growth.fits);
    return rc;
}

const struct tote_html_section tote_html_growth = {"growth", "Growth with the bag",
                                                   is_there, write, false};
