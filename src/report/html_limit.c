/* SPDX-License-Identifier: MIT */
/* html_limit.c: how much of what the machine can do each cell reached (html.h). */
#include <math.h>

#include "report/figure.h"
#include "report/gather_cells.h"
#include "report/html.h"

static bool is_there(const struct tote_page *page)
{
    return page->n_cells > 0 && page->summary->n_limits > 0;
}

static void draw(struct tote_page *page, const struct tote_page_cell *cell)
{
    const struct tote_interval *part = &cell->figures->limit_ratios;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        double ratio = run->steady_tasks_per_s /
                       tote_gather_limit_of(&cell->point->limit, run->row.block);
        if (run->is_counted && isfinite(ratio))
            tote_html_datum(page, "limit",
                            json_pack("{s:s, s:s, s:I, s:o}", "cell", cell->label,
                                      "engine", cell->engine, "block",
                                      (json_int_t)run->row.block, "part",
                                      tote_html_real(ratio)));
    }
    if (part->has_bounds)
        tote_html_datum(page, "limit_interval",
                        json_pack("{s:s, s:o, s:o}", "cell", cell->label, "low",
                                  tote_html_real(part->low), "high",
                                  tote_html_real(part->high)));
    if (part->n > 0)
        tote_html_datum(page, "limit_median",
                        json_pack("{s:s, s:I, s:o, s:o, s:o}", "cell", cell->label, "n",
                                  (json_int_t)part->n, "median",
                                  tote_html_real(part->median), "low",
                                  tote_html_real(part->low), "high",
                                  tote_html_real(part->high)));
}

static void put_part(struct tote_page *page, double value)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_fraction(value, text));
}

static int write(struct tote_page *page)
{
    static const char *const heads[] = {"cell", ">median", ">95 % from", ">to",
                                        ">blocks"};
    tote_html_chart(page, "limit");
    tote_html_table(page, "Rate after start-up, as a part of the limit of its block",
                    heads, 5);
    for (size_t i = 0; i < page->n_cells; i++) {
        const struct tote_interval *part = &page->cells[i].figures->limit_ratios;
        draw(page, &page->cells[i]);
        tote_html_row(page, page->cells[i].label);
        put_part(page, part->median);
        put_part(page, part->low);
        put_part(page, part->high);
        tote_html_count(page, part->n);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
    return 0;
}

const struct tote_html_section tote_html_limit = {"limit", "Fraction of the limit",
                                                  is_there, write, true};
