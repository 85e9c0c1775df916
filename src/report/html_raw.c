/* SPDX-License-Identifier: MIT */
/* html_raw.c: every run and every pass of the limit, and both documents for programs to
 * save (html.h). Links, not scripts: they work where scripts do not. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/formats.h"
#include "report/html.h"
#include "report/notes.h"

static int put_document(struct tote_page *page, const char *name, const char *type,
                        int write(const struct tote_summary *summary, FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int rc = out ? write(page->summary, out) : -ENOMEM;
    if (out && fclose(out) != 0)
        rc = -ENOMEM;
    if (rc == 0)
        tote_html_download(page, name, type, text, size);
    free(text);
    return rc;
}

/* METG's cells differ by grain and batch, too. */
static void put_label(struct tote_page *page, const struct tote_run_row *row)
{
    char *label;
    if (!page->summary->is_metg)
        tote_html_row(page, row->label);
    else if (asprintf(&label, "%s, batch %s, %s", row->label, row->batch,
                      row->kernel) >= 0) {
        tote_html_row(page, label);
        free(label);
    } else
        page->has_failed = true;
}

static void put_run(struct tote_page *page, const struct tote_run_summary *run)
{
    put_label(page, &run->row);
    tote_html_count(
        page, (uint64_t)(page->summary->is_experiment ? run->row.block : run->row.id));
    tote_html_cell(page, tote_notes_state(run));
    tote_html_count(page, run->done);
    tote_html_count(page, run->failed);
    tote_html_seconds(page, run->phases_s.start);
    tote_html_seconds(page, run->wall_s);
    tote_html_rate(page, run->tasks_per_s);
    tote_html_rate(page, run->steady_tasks_per_s);
    tote_html_seconds(page, run->cpu_total_s);
    tote_html_seconds(page, run->cpu_tasks_s);
    tote_html_cell(page, run->row.why ? run->row.why : "");
    tote_html_end_row(page);
}

/* Of a cell, by its id. */
static const char *kernel_of(const struct tote_summary *summary, int64_t cell)
{
    for (size_t i = 0; i < summary->n_cell_rows; i++)
        if (summary->cell_rows[i].id == cell)
            return summary->cell_rows[i].kernel;
    return "unknown kernel";
}

static void put_pass(struct tote_page *page, const struct tote_limit_pass *pass)
{
    char label[200];
    snprintf(label, sizeof label, "bare loop, threads: %" PRIu32 "%s%.120s",
             pass->row.threads, page->summary->is_metg ? ", " : "",
             page->summary->is_metg ? kernel_of(page->summary, pass->row.cell) : "");
    tote_html_row(page, label);
    tote_html_count(page, (uint64_t)pass->row.block);
    tote_html_cell(page, "complete");
    tote_html_count(page, pass->row.tasks);
    tote_html_number(page, "-");
    tote_html_number(page, "-");
    tote_html_seconds(page, pass->wall_s);
    tote_html_rate(page, pass->tasks_per_s);
    for (int i = 0; i < 3; i++)
        tote_html_number(page, "-");
    tote_html_cell(page, "");
    tote_html_end_row(page);
}

static int write(struct tote_page *page)
{
    const struct tote_summary *summary = page->summary;
    const char *heads[] = {"cell",          summary->is_experiment ? ">block" : ">run",
                           "state",         ">done",
                           ">failed",       ">start-up, s",
                           ">makespan, s",  ">tasks/s",
                           ">after start",  ">CPU, s",
                           ">CPU tasks, s", "why"};
    fputs("<p>All of it, in full digits, for programs: ", page->out);
    int rc = put_document(page, "report.json", "application/json", tote_json_write);
    if (rc == 0)
        rc = put_document(page, "runs.csv", "text/csv", tote_csv_write);
    fputs("</p>\n", page->out);
    tote_html_table(page, "Every run", heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < summary->n_runs; i++)
        put_run(page, &summary->runs[i]);
    for (size_t i = 0; i < summary->n_limits; i++)
        put_pass(page, &summary->limits[i]);
    tote_html_end_table(page);
    return rc;
}

const struct tote_html_section tote_html_raw = {"raw", "Every run", NULL, write, true};
