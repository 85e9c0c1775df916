/* SPDX-License-Identifier: MIT */
/* html_tasks.c: how long tasks took, as a distribution, and where and when they ran
 * (html.h). Tasks of one run are no samples of each other: nothing is pooled. */
#include <inttypes.h>

#include "report/drawn.h"
#include "report/html.h"

#define BARS  2400 /* of a page, over all cells */
#define STEPS 4000 /* of a page, over all runs */
#define LEAST 40   /* of either, of one run */

static size_t share(size_t most, size_t n)
{
    size_t part = n > 0 ? most / n : most;
    return part < LEAST ? LEAST : part;
}

/* Of a sweep that has many cells only those of one point are drawn; the table of
 * service times has all. */
static bool is_drawn(const struct tote_page *page, const struct tote_page_cell *cell)
{
    return !page->drawn || cell->point == page->drawn;
}

static void say_drawn(struct tote_page *page, const char *what)
{
    char name[TOTE_FACTORS_NAME_MAX];
    if (!page->drawn)
        return;
    tote_factors_name(tote_factors_varied(page->summary), &page->drawn->plan, name);
    fputs("<p>", page->out);
    tote_html_say(page, "Of the point that has the most tasks: %s.%s", name, what);
    fputs("</p>\n", page->out);
}

static bool has_times(const struct tote_run_summary *run)
{
    return run->is_counted && run->task_s.n > 0;
}

/* Those that are drawn. */
static size_t count_runs(const struct tote_page *page)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n_cells; i++) {
        const struct tote_page_cell *cell = &page->cells[i];
        for (size_t k = 0; is_drawn(page, cell) && k < cell->n_runs; k++)
            n += has_times(&cell->runs[k]);
    }
    return n;
}

/* --- service times --- */

static bool has_runs(const struct tote_page *page)
{
    return count_runs(page) > 0;
}

static void draw_steps(struct tote_page *page, const char *label,
                       const struct tote_run_summary *run,
                       const struct tote_drawn *drawn)
{
    for (size_t i = 0; i < drawn->n_steps; i++)
        tote_html_datum(page, "tasks",
                        json_pack("{s:s, s:I, s:o, s:o}", "cell", label, "run",
                                  (json_int_t)run->row.id, "s",
                                  tote_html_real(drawn->steps[i].at_s), "part",
                                  tote_html_real(drawn->steps[i].part)));
}

static void put_times(struct tote_page *page, const char *label,
                      const struct tote_run_summary *run)
{
    tote_html_row(page, label);
    if (page->summary->is_experiment)
        tote_html_count(page, (uint64_t)run->row.block);
    tote_html_duration(page, run->task_s.p50);
    tote_html_duration(page, run->task_s.p90);
    tote_html_duration(page, run->task_s.p99);
    tote_html_duration(page, run->task_s.max);
    tote_html_count(page, run->task_s.n);
    tote_html_end_row(page);
}

static int write_run(struct tote_page *page, const struct tote_page_cell *cell,
                     const struct tote_run_summary *run, size_t most)
{
    struct tote_drawn drawn;
    put_times(page, cell->label, run);
    if (!is_drawn(page, cell))
        return 0;
    int rc = tote_drawn_make(page->store, run, 2, most, &drawn, page->err);
    if (rc < 0)
        return rc;
    draw_steps(page, cell->engine, run, &drawn);
    tote_drawn_finish(&drawn);
    return 0;
}

static int write_tasks(struct tote_page *page)
{
    static const char *const of_compare[] = {"cell", ">block",   ">p50",  ">p90",
                                             ">p99", ">slowest", ">tasks"};
    static const char *const of_run[] = {"run",  ">p50",     ">p90",
                                         ">p99", ">slowest", ">tasks"};
    bool is_compare = page->summary->is_experiment;
    size_t most = share(STEPS, count_runs(page));
    int rc = 0;
    say_drawn(page, " The table has all points.");
    tote_html_chart(page, "tasks");
    tote_html_table(page, "Service times of good tasks, exact, run by run",
                    is_compare ? of_compare : of_run, is_compare ? 7 : 6);
    for (size_t i = 0; rc == 0 && i < page->n_cells; i++) {
        const struct tote_page_cell *cell = &page->cells[i];
        for (size_t k = 0; rc == 0 && k < cell->n_runs; k++) {
            if (has_times(&cell->runs[k]))
                rc = write_run(page, cell, &cell->runs[k], most);
        }
    }
    tote_html_end_table(page);
    return rc;
}

const struct tote_html_section tote_html_tasks = {"tasks", "Task times", has_runs,
                                                  write_tasks, true};

/* --- where and when --- */

static bool has_lanes(const struct tote_page *page, const struct tote_page_cell *cell)
{
    return cell->shown && cell->shown->task_s.n > 0 && is_drawn(page, cell);
}

static size_t count_lanes(const struct tote_page *page)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n_cells; i++)
        n += has_lanes(page, &page->cells[i]);
    return n;
}

static bool has_bars(const struct tote_page *page)
{
    return count_lanes(page) > 0;
}

/* What tells lanes apart stands first, since labels are cut where they are too long. */
static void name_lane(const struct tote_drawn_bar *bar, const char *label,
                      bool has_cells, char text[static 200])
{
    char worker[32] = "worker unknown", lane[32] = "";
    if (bar->worker)
        snprintf(worker, sizeof worker, "worker %" PRIu64, bar->worker);
    if (bar->lane > 0)
        snprintf(lane, sizeof lane, ", slot %" PRIu32, bar->lane + 1);
    snprintf(text, 200, "%s%s%s%.120s", worker, lane, has_cells ? " of " : "",
             has_cells ? label : "");
    tote_mask_text(text, TOTE_MASK_BYTES); /* it may have been cut */
}

static void draw_bars(struct tote_page *page, const char *label,
                      const struct tote_drawn *drawn)
{
    for (size_t i = 0; i < drawn->n_bars; i++) {
        const struct tote_drawn_bar *bar = &drawn->bars[i];
        char lane[200];
        name_lane(bar, label, page->n_cells > 1, lane);
        tote_html_datum(page, "gantt",
                        json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:s}", "lane", lane,
                                  "cell", label, "from_s", tote_html_real(bar->start_s),
                                  "to_s", tote_html_real(bar->end_s), "task",
                                  (json_int_t)bar->task, "attempt",
                                  (json_int_t)bar->attempt, "outcome",
                                  tote_outcome_name(bar->outcome)));
    }
}

static void put_thinning(struct tote_page *page, const struct tote_drawn *drawn)
{
    fputs("<td>", page->out);
    if (drawn->is_other_clock)
        tote_html_text(page, "none: its workers stamp by another clock");
    else if (drawn->n_bars < drawn->n_attempts)
        tote_html_say(page,
                      "thinned: one in %" PRIu64 ", and the %zu slowest of all others",
                      drawn->every, drawn->n_slowest);
    else
        tote_html_text(page, "all");
    fputs("</td>", page->out);
}

static int write_lanes(struct tote_page *page, const struct tote_page_cell *cell)
{
    struct tote_drawn drawn;
    int rc = tote_drawn_make(page->store, cell->shown, share(BARS, count_lanes(page)),
                             2, &drawn, page->err);
    if (rc < 0)
        return rc;
    draw_bars(page, cell->engine, &drawn);
    tote_html_row(page, cell->label);
    tote_html_count(page, drawn.n_attempts);
    tote_html_count(page, drawn.n_bars);
    put_thinning(page, &drawn);
    tote_html_duration(page, cell->shown->task_s.max);
    tote_html_end_row(page);
    tote_drawn_finish(&drawn);
    return 0;
}

static int write_gantt(struct tote_page *page)
{
    static const char *const heads[] = {"cell", ">attempts", ">drawn", "which",
                                        ">slowest"};
    int rc = 0;
    say_drawn(page, "");
    tote_html_chart(page, "gantt");
    tote_html_table(page, "What is drawn, of the run of the median makespan", heads, 5);
    for (size_t i = 0; rc == 0 && i < page->n_cells; i++) {
        const struct tote_page_cell *cell = &page->cells[i];
        if (has_lanes(page, cell))
            rc = write_lanes(page, cell);
    }
    tote_html_end_table(page);
    return rc;
}

const struct tote_html_section tote_html_gantt = {"gantt", "Timeline", has_bars,
                                                  write_gantt, false};
