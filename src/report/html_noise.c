/* SPDX-License-Identifier: MIT */
/* html_noise.c: what the controls of an experiment say: how far two entries of the same
 * engine are from each other, the bare loops, engines on tasks of nothing; and whether
 * the machine was busy with something else (html.h). */
#include <inttypes.h>
#include <math.h>

#include "report/figure.h"
#include "report/html.h"
#include "report/twins.h"

#define BUSY_NAMED 8 /* runs */

static bool is_there(const struct tote_page *page)
{
    for (size_t i = 0; i < page->summary->n_points; i++) {
        const struct tote_point_summary *point = &page->summary->points[i];
        if (point->n_controls > 0 || point->limit.n > 0 || point->serial.n > 0)
            return true;
    }
    return false;
}

/* What a point is called here: by what varies, or as a whole if it is the only one. */
static const char *name_point(const struct tote_page *page,
                              const struct tote_point_summary *point,
                              char text[static TOTE_FACTORS_NAME_MAX])
{
    tote_factors_name(tote_factors_varied(page->summary), &point->plan, text);
    if (!text[0])
        tote_factors_name((struct tote_factors){.tasks = true, .workers = true},
                          &point->plan, text);
    return text;
}

/* --- the same engine twice --- */

static double rate_in(const struct tote_cell_summary *cell, int64_t block)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].row.block == block)
            return cell->runs[i].tasks_per_s;
    }
    return NAN;
}

static void draw_pair(struct tote_page *page, const char *name,
                      const struct tote_cell_summary *first,
                      const struct tote_cell_summary *again)
{
    for (size_t i = 0; i < again->n_runs; i++) {
        const struct tote_run_summary *run = &again->runs[i];
        double ratio = run->tasks_per_s / rate_in(first, run->row.block);
        if (run->is_counted && isfinite(ratio))
            tote_html_datum(page, "noise",
                            json_pack("{s:s, s:I, s:f}", "point", name, "block",
                                      (json_int_t)run->row.block, "ratio", ratio));
    }
}

static void put_floor(struct tote_page *page, double floor)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_floor(floor, text));
}

static void put_pair(struct tote_page *page, const struct tote_point_summary *point)
{
    char name[TOTE_FACTORS_NAME_MAX];
    struct tote_twins twins;
    if (!tote_twins_find(point, &twins))
        return;
    const struct tote_cell_summary *first = twins.first, *again = twins.again;
    name_point(page, point, name);
    draw_pair(page, name, first, again);
    tote_html_row(page, name);
    tote_html_cell(page, first->cell->label);
    tote_html_rate(page, first->tasks_per_s.median);
    tote_html_rate(page, again->tasks_per_s.median);
    put_floor(page, point->whole.noise_floor);
    tote_html_rate(page, first->steady_tasks_per_s.median);
    tote_html_rate(page, again->steady_tasks_per_s.median);
    put_floor(page, point->steady.noise_floor);
    tote_html_count(page, again->n_counted);
    tote_html_end_row(page);
}

static void put_pairs(struct tote_page *page)
{
    static const char *const heads[] = {"point",  "engine",       ">whole run, tasks/s",
                                        ">again", ">noise floor", ">after start-up",
                                        ">again", ">noise floor", ">runs"};
    tote_html_chart(page, "noise");
    tote_html_table(page, "A/A: the first engine entered twice; medians", heads, 9);
    for (size_t i = 0; i < page->summary->n_points; i++)
        put_pair(page, &page->summary->points[i]);
    tote_html_end_table(page);
}

/* --- loops without an engine --- */

static void put_loop(struct tote_page *page, const char *name, const char *what,
                     const struct tote_limit_summary *loop)
{
    if (loop->n == 0)
        return;
    tote_html_row(page, name);
    tote_html_cell(page, what);
    tote_html_count(page, loop->passes[0].row.threads);
    tote_html_rate(page, loop->tasks_per_s.median);
    tote_html_bounds(page, loop->tasks_per_s.has_bounds, loop->tasks_per_s.low,
                     loop->tasks_per_s.high, tote_figure_rate);
    tote_html_duration(page, 1 / loop->tasks_per_s.median);
    tote_html_count(page, loop->n);
    tote_html_end_row(page);
}

static void put_loops(struct tote_page *page)
{
    static const char *const heads[] = {"point",   "loop",      ">threads", ">tasks/s",
                                        ">[95 %]", ">per task", ">passes"};
    tote_html_table(page, "Loops without an engine; medians", heads, 7);
    for (size_t i = 0; i < page->summary->n_points; i++) {
        const struct tote_point_summary *point = &page->summary->points[i];
        char name[TOTE_FACTORS_NAME_MAX];
        name_point(page, point, name);
        put_loop(page, name, "limit", &point->limit);
        put_loop(page, name, "serial", &point->serial);
    }
    tote_html_end_table(page);
}

/* --- tasks of nothing --- */

/* How long a slot is kept by a task that does nothing. The faster, the less time: the
 * interval turns round. */
static void put_noop(struct tote_page *page, const char *name,
                     const struct tote_cell_summary *cell)
{
    const struct tote_interval *rate = &cell->steady_tasks_per_s;
    double slots_us = 1e6 * (double)cell->cell->workers;
    char text[TOTE_FIGURE_MAX];
    tote_html_row(page, name);
    tote_html_cell(page, cell->cell->label);
    tote_html_count(page, cell->cell->tasks);
    tote_html_cell(page, cell->cell->batch);
    tote_html_rate(page, rate->median);
    tote_html_number(page, tote_figure_rate(slots_us / rate->median, text));
    tote_html_bounds(page, rate->has_bounds, slots_us / rate->high,
                     slots_us / rate->low, tote_figure_rate);
    tote_html_count(page, rate->n);
    tote_html_end_row(page);
}

static void put_noops(struct tote_page *page)
{
    static const char *const heads[] = {"point",
                                        "control",
                                        ">tasks",
                                        "batch",
                                        ">after start-up, tasks/s",
                                        ">us of a slot a task",
                                        ">[95 %]",
                                        ">runs"};
    tote_html_table(page, "Engines on tasks of nothing: what a task costs without work",
                    heads, 8);
    for (size_t i = 0; i < page->summary->n_points; i++) {
        const struct tote_point_summary *point = &page->summary->points[i];
        char name[TOTE_FACTORS_NAME_MAX];
        name_point(page, point, name);
        for (size_t k = 0; k < point->n_controls; k++) {
            if (point->controls[k].cell->role == TOTE_CELL_NOOP)
                put_noop(page, name, &point->controls[k]);
        }
    }
    tote_html_end_table(page);
}

/* --- the machine --- */

struct busy {
    size_t n, n_judged, n_busy;
};

static void count(struct busy *busy, const struct tote_machine *machine)
{
    busy->n++;
    busy->n_judged += machine->is_judged;
    busy->n_busy += machine->is_busy;
}

static void put_share(struct tote_page *page, double share)
{
    char text[TOTE_FIGURE_MAX] = "-";
    if (isfinite(share))
        snprintf(text, sizeof text, "%.1f %%", share * 100);
    tote_html_number(page, text);
}

static void put_busy(struct tote_page *page, const struct tote_run_summary *run)
{
    const struct tote_machine *machine = &run->machine;
    tote_html_row(page, run->row.label);
    tote_html_count(page, (uint64_t)run->row.id);
    tote_html_count(page, (uint64_t)run->row.block);
    put_share(page, machine->others);
    put_share(page, machine->steal);
    put_share(page, machine->cpu_wait);
    tote_html_end_row(page);
}

static void put_busy_runs(struct tote_page *page)
{
    static const char *const heads[] = {"cell",       ">run",   ">block",
                                        ">to others", ">steal", ">waited for a CPU"};
    const struct tote_summary *summary = page->summary;
    size_t n = 0;
    tote_html_table(page, "Runs on a busy machine, the first ones", heads, 6);
    for (size_t i = 0; i < summary->n_runs && n < BUSY_NAMED; i++) {
        if (summary->runs[i].machine.is_busy && ++n)
            put_busy(page, &summary->runs[i]);
    }
    tote_html_end_table(page);
}

static void put_machine(struct tote_page *page)
{
    const struct tote_summary *summary = page->summary;
    struct busy runs = {0}, passes = {0};
    for (size_t i = 0; i < summary->n_runs; i++)
        count(&runs, &summary->runs[i].machine);
    for (size_t i = 0; i < summary->n_limits; i++)
        count(&passes, &summary->limits[i].machine);
    fputs("<p>", page->out);
    tote_html_say(page,
                  "The machine was busy with something else in %zu of %zu runs and in "
                  "%zu of %zu passes of the loops that were looked at",
                  runs.n_busy, runs.n_judged, passes.n_busy, passes.n_judged);
    if (runs.n_judged < runs.n || passes.n_judged < passes.n)
        tote_html_say(page, "; %zu were not",
                      runs.n - runs.n_judged + passes.n - passes.n_judged);
    fputs(".</p>\n", page->out);
    if (runs.n_busy > 0)
        put_busy_runs(page);
}

static bool has_control(const struct tote_page *page, enum tote_cell_role role)
{
    for (size_t i = 0; i < page->summary->n_points; i++) {
        const struct tote_point_summary *point = &page->summary->points[i];
        for (size_t k = 0; k < point->n_controls; k++) {
            if (point->controls[k].cell->role == role)
                return true;
        }
    }
    return false;
}

static int write(struct tote_page *page)
{
    if (has_control(page, TOTE_CELL_AGAIN))
        put_pairs(page);
    put_loops(page);
    if (has_control(page, TOTE_CELL_NOOP))
        put_noops(page);
    put_machine(page);
    return 0;
}

const struct tote_html_section tote_html_noise = {"noise", "Noise and controls",
                                                  is_there, write, true};
