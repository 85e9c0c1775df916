/* SPDX-License-Identifier: MIT */
/* html_verdict.c: what the page says first: the verdict, the ranked table, warnings,
 * and what the claim does not cover (html.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/figure.h"
#include "report/html.h"
#include "report/lines.h"
#include "report/notes.h"
#include "report/scope.h"
#include "report/verdict.h"

#define HEAD_MAX 64 /* bytes of a column's head */

/* --- a comparison --- */

/* Takes the sentence. */
static int put_verdict(struct tote_page *page, char *verdict)
{
    if (!verdict)
        return -ENOMEM;
    fputs("<p class=\"verdict\">", page->out);
    tote_html_text(page, verdict);
    fputs("</p>\n", page->out);
    free(verdict);
    return 0;
}

void tote_html_lines(struct tote_page *page, const char *caption,
                     struct tote_lines *lines)
{
    char texts[TOTE_TABLE_COLUMNS_MAX][HEAD_MAX];
    const char *heads[TOTE_TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < lines->n_columns; i++) {
        const struct tote_table_column *column = &lines->columns[i];
        snprintf(texts[i], HEAD_MAX, "%s%s%s%s", column->is_right ? ">" : "",
                 column->over, column->over[0] ? " " : "", column->head);
        heads[i] = texts[i];
    }
    if (lines->n > 0)
        tote_html_table(page, caption, heads, lines->n_columns);
    for (size_t row = 0; row < lines->n; row++) {
        const char **cells = &lines->cells[row * lines->n_columns];
        tote_html_row(page, cells[0]);
        for (size_t i = 1; i < lines->n_columns; i++)
            (lines->columns[i].is_right ? tote_html_number : tote_html_cell)(page,
                                                                             cells[i]);
        tote_html_end_row(page);
    }
    if (lines->n > 0)
        tote_html_end_table(page);
    tote_lines_finish(lines);
}

static int put_behind(struct tote_page *page, const struct tote_point_summary *point,
                      bool is_steady)
{
    struct tote_lines lines;
    int rc = tote_lines_behind(point, is_steady, &lines);
    if (rc == 0)
        tote_html_lines(page,
                        is_steady
                            ? "How many times as fast the leader is, after start-up"
                            : "How many times as fast the leader is, start-up included",
                        &lines);
    return rc;
}

static int put_tables(struct tote_page *page, const struct tote_point_summary *point)
{
    struct tote_lines lines;
    int rc = tote_lines_engines(point, &lines);
    if (rc < 0)
        return rc;
    tote_html_lines(page, "Rates, medians of complete runs", &lines);
    rc = tote_lines_controls(point, &lines);
    if (rc < 0)
        return rc;
    tote_html_lines(page, "Controls, which have no rank", &lines);
    rc = put_behind(page, point, true);
    return rc < 0 ? rc : put_behind(page, point, false);
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

int tote_html_lists(struct tote_page *page)
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

/* In a sweep it opens on its name, so that the page stays short. */
static int put_point(struct tote_page *page, const struct tote_point_summary *point)
{
    char name[TOTE_FACTORS_NAME_MAX];
    bool is_sweep = page->summary->n_points > 1;
    if (is_sweep) {
        fputs("<details><summary>", page->out);
        tote_html_text(page, tote_factors_name(tote_factors_varied(page->summary),
                                               &point->plan, name));
        /* Within, so that a browser without scripts opens what a link leads to. */
        fprintf(page->out, "</summary>\n<div id=\"point-%" PRId64 "\">\n", point->id);
    }
    int rc = put_verdict(page, tote_verdict_sentence(point));
    if (rc == 0)
        rc = put_tables(page, point);
    if (is_sweep)
        fputs("</div>\n</details>\n", page->out);
    return rc;
}

static int write(struct tote_page *page)
{
    int rc = 0;
    if (page->summary->is_sweep)
        rc = put_verdict(page, tote_verdict_of_sweep(page->summary));
    if (rc == 0 && page->summary->n_points > 1)
        tote_html_points(page);
    for (size_t i = 0; rc == 0 && i < page->summary->n_points; i++)
        rc = put_point(page, &page->summary->points[i]);
    if (!page->summary->is_experiment) {
        put_state(page);
        put_figures(page);
    }
    return rc < 0 ? rc : tote_html_lists(page);
}

const struct tote_html_section tote_html_verdict = {"verdict", "Verdict and limits",
                                                    NULL, write, false};
