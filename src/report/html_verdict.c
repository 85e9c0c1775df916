/* SPDX-License-Identifier: MIT */
/* html_verdict.c: what the page says first: the verdict, the ranked table, warnings,
 * and what the claim does not cover (html.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/figure.h"
#include "report/html.h"
#include "report/notes.h"
#include "report/scope.h"
#include "report/verdict.h"

/* --- a comparison --- */

static int put_verdict(struct tote_page *page, const struct tote_point_summary *point)
{
    char *verdict = tote_verdict_sentence(point);
    if (!verdict)
        return -ENOMEM;
    fputs("<p class=\"verdict\">", page->out);
    tote_html_text(page, verdict);
    fputs("</p>\n", page->out);
    free(verdict);
    return 0;
}

static const char *name_outputs(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_YES  ? "equal"
           : sameness == TOTE_SAME_NO ? "DIFFER"
                                      : "incomplete";
}

static void put_interval(struct tote_page *page, const struct tote_interval *interval)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_rate(page, interval->median);
    tote_html_number(page, tote_figure_bounds(interval, text));
}

static void put_limit(struct tote_page *page, const struct tote_limit_summary *limit)
{
    if (limit->n == 0)
        return;
    tote_html_row(page, "limit (bare loop)");
    tote_html_number(page, "-");
    put_interval(page, &limit->tasks_per_s);
    tote_html_number(page, "-");
    tote_html_number(page, "");
    tote_html_count(page, limit->n);
    tote_html_number(page, limit->tasks_per_s.n > 0 ? "1.00" : "-");
    tote_html_cell(page, name_outputs(limit->outputs));
    tote_html_end_row(page);
}

/* One that cannot run is there, too, with the reason. */
static void put_cell(struct tote_page *page, const struct tote_cell_summary *cell)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_row(page, cell->cell->label);
    tote_html_seconds(page, cell->start_s.median);
    put_interval(page, &cell->tasks_per_s);
    put_interval(page, &cell->steady_tasks_per_s);
    tote_html_count(page, cell->n_counted);
    tote_html_number(page, tote_figure_fraction(cell->limit_fraction, text));
    tote_html_cell(page, cell->cell->skipped && cell->cell->skipped[0]
                             ? cell->cell->skipped
                             : name_outputs(cell->outputs));
    tote_html_end_row(page);
}

static void put_table(struct tote_page *page, const struct tote_point_summary *point)
{
    static const char *const heads[] = {"cell",
                                        ">start-up, s",
                                        ">whole run, tasks/s",
                                        ">[95 %]",
                                        ">after start-up, tasks/s",
                                        ">[95 %]",
                                        ">runs",
                                        ">of the limit",
                                        "outputs"};
    tote_html_table(page, "Rates, medians of complete runs", heads, 9);
    put_limit(page, &point->limit);
    for (size_t i = 0; i < point->n_cells + point->n_skipped; i++)
        put_cell(page, &point->cells[i]);
    tote_html_end_table(page);
}

/* --- a run --- */

static void put_state(struct tote_page *page)
{
    const struct tote_summary *summary = page->summary;
    const struct tote_run_summary *run = tote_gather_run(summary);
    fputs("<p class=\"verdict\">", page->out);
    tote_html_say(
        page, "%s: %s, %" PRIu64 " of %" PRIu64 "%s tasks done, %" PRIu64 " failed.",
        run->row.label, tote_notes_state(run), run->done, run->row.tasks,
        summary->bag.is_open ? " or more" : "", run->failed);
    if (summary->n_runs > 1)
        tote_html_say(page,
                      " The bag so far: %" PRIu64 " done, %" PRIu64
                      " failed of %" PRIu64 ", in %zu runs.",
                      summary->bag.done, summary->bag.failed, summary->bag.tasks,
                      summary->n_runs);
    fputs("</p>\n", page->out);
}

static void put_figure(struct tote_page *page, const char *name, const char *text,
                       const char *what)
{
    tote_html_row(page, name);
    tote_html_number(page, text);
    tote_html_cell(page, what);
    tote_html_end_row(page);
}

static void put_figures(struct tote_page *page)
{
    static const char *const heads[] = {"figure", ">value", "what it is"};
    const struct tote_run_summary *run = tote_gather_run(page->summary);
    char text[TOTE_FIGURE_MAX];
    tote_html_table(page, "Figures of the run", heads, 3);
    put_figure(page, "start-up", tote_figure_duration(run->phases_s.start, text),
               "launch to ready");
    put_figure(page, "makespan", tote_figure_duration(run->wall_s, text),
               "launch to the last durable result");
    put_figure(page, "tasks/s", tote_figure_rate(run->tasks_per_s, text),
               "whole run, start-up included");
    put_figure(page, "tasks/s", tote_figure_rate(run->steady_tasks_per_s, text),
               "after start-up");
    put_figure(page, "CPU", tote_figure_duration(run->cpu_total_s, text),
               "of everything in the engine's box");
    put_figure(page, "CPU, tasks", tote_figure_duration(run->cpu_tasks_s, text),
               "from the records");
    tote_html_end_table(page);
}

/* --- sentences --- */

static void put_list(struct tote_page *page, const char *title,
                     const struct tote_notes *list)
{
    if (list->n == 0)
        return;
    fprintf(page->out, "<h3>%s</h3>\n<ul>\n", title);
    for (size_t i = 0; i < list->n; i++) {
        fputs("<li>", page->out);
        tote_html_text(page, list->texts[i]);
        fputs("</li>\n", page->out);
    }
    fputs("</ul>\n", page->out);
}

static int put_lists(struct tote_page *page)
{
    struct tote_notes notes, scope;
    int rc = tote_notes_make(page->summary, &notes);
    if (rc < 0)
        return rc;
    put_list(page, "Warnings", &notes);
    tote_notes_finish(&notes);
    rc = tote_scope_make(page->summary, &scope);
    if (rc < 0)
        return rc;
    put_list(page, "Limits of the claim", &scope);
    tote_notes_finish(&scope);
    return 0;
}

static int put_point(struct tote_page *page, const struct tote_point_summary *point)
{
    const struct tote_plan *plan = &point->plan;
    if (page->summary->n_points > 1) {
        fputs("<h3>", page->out);
        tote_html_say(
            page,
            "%s, size %" PRIu64 ": %" PRIu64 " tasks, %" PRIu32 " workers, batch %s",
            plan->kernel, plan->size, plan->tasks, plan->workers, plan->batch);
        fputs("</h3>\n", page->out);
    }
    int rc = put_verdict(page, point);
    put_table(page, point);
    return rc;
}

static int write(struct tote_page *page)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < page->summary->n_points; i++)
        rc = put_point(page, &page->summary->points[i]);
    if (!page->summary->is_experiment) {
        put_state(page);
        put_figures(page);
    }
    return rc < 0 ? rc : put_lists(page);
}

const struct tote_html_section tote_html_verdict = {"verdict", "Verdict and limits",
                                                    NULL, write};
