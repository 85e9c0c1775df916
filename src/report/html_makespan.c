/* SPDX-License-Identifier: MIT */
/* html_makespan.c: how long the bag took in each run of each cell (html.h). */
#include "report/html.h"

static bool is_experiment(const struct tote_page *page)
{
    return page->n_cells > 0 && page->summary->is_experiment;
}

static void draw(struct tote_page *page, const struct tote_page_cell *cell)
{
    const struct tote_interval *wall = &cell->figures->wall_s;
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted)
            tote_html_datum(page, "makespan",
                            json_pack("{s:s, s:s, s:I, s:o}", "cell", cell->label,
                                      "engine", cell->engine, "block",
                                      (json_int_t)cell->runs[i].row.block, "wall_s",
                                      tote_html_real(cell->runs[i].wall_s)));
    }
    if (wall->has_bounds)
        tote_html_datum(page, "makespan_interval",
                        json_pack("{s:s, s:o, s:o}", "cell", cell->label, "low_s",
                                  tote_html_real(wall->low), "high_s",
                                  tote_html_real(wall->high)));
    if (wall->n > 0)
        tote_html_datum(page, "makespan_median",
                        json_pack("{s:s, s:I, s:o, s:o, s:o}", "cell", cell->label, "n",
                                  (json_int_t)wall->n, "median_s",
                                  tote_html_real(wall->median), "low_s",
                                  tote_html_real(wall->low), "high_s",
                                  tote_html_real(wall->high)));
}

static int write(struct tote_page *page)
{
    static const char *const heads[] = {"cell", ">median, s", ">95 % from", ">to",
                                        ">runs"};
    tote_html_chart(page, "makespan");
    tote_html_table(page, "Makespan, seconds", heads, 5);
    for (size_t i = 0; i < page->n_cells; i++) {
        const struct tote_interval *wall = &page->cells[i].figures->wall_s;
        draw(page, &page->cells[i]);
        tote_html_row(page, page->cells[i].label);
        tote_html_seconds(page, wall->median);
        tote_html_seconds(page, wall->low);
        tote_html_seconds(page, wall->high);
        tote_html_count(page, wall->n);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
    return 0;
}

const struct tote_html_section tote_html_makespan = {"makespan", "Makespan",
                                                     is_experiment, write, true};
