/* SPDX-License-Identifier: MIT */
/* html.c: the HTML report as a whole: one file without network (formats.h). What stands
 * in it is its sections', each in a file of its own (html.h).
 *
 * Tables, verdict and limits are plain HTML. Charts are drawn from the data sets at the
 * end of the page by the one script that follows them, if tote was built with it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/formats.h"
#include "report/html.h"
#include "report/page.h"

typedef const struct tote_html_section *const section_list[]; /* ends with null */

static section_list sections = {
    &tote_html_verdict,  &tote_html_manifest, &tote_html_rules,  &tote_html_makespan,
    &tote_html_limit,    &tote_html_phases,   &tote_html_growth, &tote_html_scaling,
    &tote_html_tasks,    &tote_html_gantt,    &tote_html_cost,   &tote_html_noise,
    &tote_html_failures, &tote_html_facts,    &tote_html_raw,    NULL,
};
static section_list metg_sections = {
    &tote_html_metg,
    &tote_html_metg_curve,
    &tote_html_manifest,
    &tote_html_rules,
    &tote_html_facts,
    &tote_html_raw,
    NULL,
};

static const struct tote_html_section *const *sections_of(const struct tote_page *page)
{
    return page->summary->is_metg ? metg_sections : sections;
}

/* --- cells --- */

static const struct tote_run_summary *median_run(const struct tote_run_summary *runs,
                                                 size_t n_runs)
{
    size_t n = 0;
    for (size_t i = 0; i < n_runs; i++)
        n += runs[i].is_counted;
    for (size_t i = 0; i < n_runs; i++) {
        size_t rank = 0; /* ties go by place */
        for (size_t k = 0; k < n_runs && runs[i].is_counted; k++)
            rank += runs[k].is_counted && (runs[k].wall_s < runs[i].wall_s ||
                                           (runs[k].wall_s == runs[i].wall_s && k < i));
        if (runs[i].is_counted && rank == (n - 1) / 2)
            return &runs[i];
    }
    return NULL;
}

static void set_cell(struct tote_page_cell *cell, const char *label,
                     const struct tote_run_summary *runs, size_t n_runs)
{
    cell->label = cell->engine = label;
    cell->runs = runs;
    cell->n_runs = n_runs;
    cell->shown = median_run(runs, n_runs);
}

/* In a sweep the same label is at many points. */
static void name_cell(struct tote_page_cell *cell, struct tote_factors varied)
{
    char factors[TOTE_FACTORS_NAME_MAX];
    tote_factors_name(varied, &cell->point->plan, factors);
    snprintf(cell->name, sizeof cell->name, "%.120s%s%s", cell->engine,
             factors[0] ? ", " : "", factors);
    tote_mask_text(cell->name, TOTE_MASK_CONTROLS); /* it may have been cut */
    cell->label = cell->name;
}

/* Cells that cannot run have none. */
static void list_point(struct tote_page *page, const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_cell_summary *figures = &point->cells[i];
        struct tote_page_cell *cell = &page->cells[page->n_cells];
        if (figures->n_runs == 0)
            continue;
        set_cell(cell, figures->cell->label, figures->runs, figures->n_runs);
        cell->figures = figures;
        cell->point = point;
        if (page->summary->is_sweep)
            name_cell(cell, tote_factors_varied(page->summary));
        page->n_cells++;
    }
}

/* Whose records are drawn where there is no room for all: the largest, the first one of
 * them. */
static void choose_drawn(struct tote_page *page)
{
    const struct tote_page_cell *end = page->cells + page->n_cells;
    for (const struct tote_page_cell *cell = page->cells; cell < end; cell++) {
        bool is_more = !page->drawn || (cell->point && cell->point->plan.tasks >
                                                           page->drawn->plan.tasks);
        if (cell->shown && is_more)
            page->drawn = cell->point;
    }
}

const char *tote_html_metg_name(const struct tote_cell_row *cell,
                                char name[static TOTE_HTML_NAME_MAX])
{
    snprintf(name, TOTE_HTML_NAME_MAX, "%.200s, batch %.40s", cell->engine,
             cell->batch);
    tote_mask_text(name, TOTE_MASK_CONTROLS); /* it may have been cut */
    return name;
}

/* Of METG the rows, each as it was at the first grain where it ran. */
static void list_row(struct tote_page *page, const struct tote_cell_row *row)
{
    for (size_t i = 0; i < page->summary->n_cells; i++) {
        const struct tote_cell_summary *figures = &page->summary->cells[i];
        if (figures->n_runs == 0 || strcmp(figures->cell->engine, row->engine) != 0 ||
            strcmp(figures->cell->batch, row->batch) != 0)
            continue;
        struct tote_page_cell *cell = &page->cells[page->n_cells++];
        set_cell(cell, tote_html_metg_name(row, cell->name), figures->runs,
                 figures->n_runs);
        return;
    }
}

static void list_metg(struct tote_page *page)
{
    const struct tote_metg_summary *metg = page->summary->metg;
    for (size_t i = 0; i < metg->n_rows; i++)
        list_row(page, metg->rows[i].cell);
}

static int list_cells(struct tote_page *page)
{
    const struct tote_summary *summary = page->summary;
    page->cells = calloc(summary->n_cells + 1, sizeof *page->cells);
    if (!page->cells)
        return -ENOMEM;
    if (summary->is_metg) {
        list_metg(page);
        return 0;
    }
    for (size_t i = 0; i < summary->n_points; i++)
        list_point(page, &summary->points[i]);
    if (summary->n_points > 1)
        choose_drawn(page);
    if (!summary->is_experiment) {
        const struct tote_run_summary *run = tote_gather_run(summary);
        set_cell(&page->cells[page->n_cells++], run->row.label, run, 1);
    }
    return 0;
}

/* --- the page --- */

static void write_subject(struct tote_page *page)
{
    const struct tote_summary *summary = page->summary;
    const struct tote_plan *plan =
        summary->n_points > 0 ? &summary->points[0].plan : &summary->plan;
    const char *batch = summary->is_experiment ? "" : plan->batch;
    if (summary->is_metg) {
        tote_html_say(page, "%zu rows, %zu grains", summary->metg->n_rows,
                      summary->metg->n_grains);
        return;
    }
    if (summary->n_points > 1) {
        size_t n = 0;
        for (size_t i = 0; i < summary->n_points; i++)
            n += summary->points[i].n_cells + summary->points[i].n_skipped;
        tote_html_say(page, "%zu points, %zu cells of engines", summary->n_points, n);
        return;
    }
    if (summary->is_commands)
        tote_html_say(page, "%" PRIu64 " commands", summary->bag.tasks);
    else
        tote_html_say(page, "%s, size %" PRIu64 ", seed %" PRIu64 ": %" PRIu64 " tasks",
                      plan->kernel, plan->size, plan->seed, plan->tasks);
    char workers[TOTE_FIGURE_MAX];
    tote_html_say(page, ", %s%s%s", tote_figure_workers(plan->workers, workers),
                  batch[0] ? ", batch " : "", batch);
}

static void write_head(struct tote_page *page)
{
    const char *what = page->summary->is_metg         ? "METG"
                       : page->summary->is_sweep      ? "Sweep"
                       : page->summary->is_experiment ? "Comparison"
                                                      : "Run";
    fprintf(page->out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<meta name=\"generator\" content=\"tote " TOTE_VERSION "\">\n<title>%s: ",
            tote_page_policy, what);
    write_subject(page);
    fprintf(page->out,
            "</title>\n<style>%s</style>\n</head>\n<body>\n"
            "<a class=\"skip\" href=\"#verdict\">To the verdict</a>\n"
            "<header><p class=\"tool\">tote " TOTE_VERSION "</p><h1>%s</h1>\n<p>",
            tote_page_style, what);
    write_subject(page);
    fputs("</p></header>\n", page->out);
}

static bool is_there(const struct tote_page *page,
                     const struct tote_html_section *section)
{
    return !section->is_there || section->is_there(page);
}

static void write_contents(struct tote_page *page)
{
    fputs("<nav aria-label=\"Contents\"><ul>\n", page->out);
    for (const struct tote_html_section *const *at = sections_of(page); *at; at++) {
        if (is_there(page, *at))
            fprintf(page->out, "<li><a href=\"#%s\">%s</a></li>\n", (*at)->id,
                    (*at)->title);
    }
    fputs("</ul></nav>\n", page->out);
}

static int write_sections(struct tote_page *page)
{
    const struct tote_html_section *const *at = sections_of(page);
    int rc = 0;
    for (; rc == 0 && *at; at++) {
        const struct tote_html_section *section = *at;
        if (!is_there(page, section))
            continue;
        fprintf(page->out,
                "<section id=\"%s\" aria-labelledby=\"%s-title\">"
                "<h2 id=\"%s-title\">%s</h2>\n",
                section->id, section->id, section->id, section->title);
        page->folds = section->folds && page->n_cells > TOTE_HTML_CELLS_MANY;
        rc = section->write(page);
        fputs("</section>\n", page->out);
    }
    return rc;
}

static void write_charts_note(struct tote_page *page)
{
    if (tote_page_without[0]) {
        fputs("<p class=\"note\">Tables only: this tote was built without charts (",
              page->out);
        tote_html_text(page, tote_page_without);
        fputs("). Every figure is in a table.</p>\n", page->out);
    } else {
        fputs("<noscript><p class=\"note\">Charts need JavaScript, which is off here. "
              "Every figure is in a table.</p></noscript>\n",
              page->out);
    }
}

static int write_page(struct tote_page *page)
{
    write_head(page);
    write_contents(page);
    fputs("<main>\n", page->out);
    write_charts_note(page);
    int rc = write_sections(page);
    fputs("</main>\n<footer><p>Every figure is made from the store <code>", page->out);
    tote_html_text(page, page->summary->store);
    fputs("</code> alone.</p></footer>\n", page->out);
    if (rc == 0 && tote_page_script[0]) {
        rc = tote_html_data(page);
        fprintf(page->out, "<script>%s</script>\n", tote_page_script);
    }
    fputs("</body>\n</html>\n", page->out);
    return rc;
}

int tote_html_write(struct tote_store *store, const struct tote_summary *summary,
                    FILE *out, struct tote_error *err)
{
    struct tote_page page = {.out = out,
                             .store = store,
                             .summary = summary,
                             .data = json_object(),
                             .err = err};
    int rc = page.data ? list_cells(&page) : -ENOMEM;
    if (rc == 0)
        rc = write_page(&page);
    if (rc == 0 && page.has_failed)
        rc = -ENOMEM;
    json_decref(page.data);
    free(page.cells);
    return rc;
}
