/* SPDX-License-Identifier: MIT */
/* html_manifest.c: what was run, on what, and how it can be done again: the fairness
 * sheet of each cell, settings and environment (html.h). */
#include <string.h>

#include "report/html.h"

static const char prefix[] = "environment.";

static bool is_environment(const struct tote_setting *setting)
{
    return strncmp(setting->name, prefix, sizeof prefix - 1) == 0;
}

static const char *or_unknown(const char *text)
{
    return text && text[0] ? text : "unknown";
}

static void put_sheet(struct tote_page *page)
{
    static const char *const heads[] = {"cell",    "engine", "version",  "binding",
                                        "options", "batch",  ">workers", "box"};
    tote_html_table(page, "Fairness sheet: what each cell was", heads, 8);
    for (size_t i = 0; i < page->n_cells; i++) {
        const struct tote_page_cell *cell = &page->cells[i];
        const struct tote_run_row *row =
            cell->shown ? &cell->shown->row : &cell->runs[0].row;
        tote_html_row(page, page->cells[i].label);
        tote_html_cell(page, row->engine);
        tote_html_cell(page, or_unknown(row->engine_version));
        tote_html_cell(page, or_unknown(row->binding));
        tote_html_cell(page, row->options && row->options[0] ? row->options : "{}");
        tote_html_cell(page, row->batch);
        tote_html_count(page, row->workers);
        tote_html_cell(page, or_unknown(row->box));
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
}

static void put_settings(struct tote_page *page, const char *caption,
                         bool wants_environment)
{
    static const char *const heads[] = {"name", "value"};
    const struct tote_summary *summary = page->summary;
    tote_html_table(page, caption, heads, 2);
    for (size_t i = 0; i < summary->n_settings; i++) {
        const struct tote_setting *setting = &summary->settings[i];
        if (is_environment(setting) != wants_environment)
            continue;
        tote_html_row(page,
                      setting->name + (wants_environment ? sizeof prefix - 1 : 0));
        tote_html_cell(page, setting->value);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
}

static int write(struct tote_page *page)
{
    if (page->n_cells > 0)
        put_sheet(page);
    fputs("<div class=\"beside\">\n", page->out);
    put_settings(page, "Environment", true);
    put_settings(page, "Settings: what was asked for", false);
    fputs("</div>\n", page->out);
    return 0;
}

const struct tote_html_section tote_html_manifest = {"manifest", "Manifest", NULL,
                                                     write, true};
