/* SPDX-License-Identifier: MIT */
/* html_metg.c: METG on a page: the figures and what batching buys, and how the part of
 * the machine that an engine keeps busy falls with the length of tasks (html.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"
#include "report/lines.h"
#include "report/metg_words.h"

/* --- sentences --- */

/* What `say` writes, a paragraph a line. */
static int put_lines(struct tote_page *page, const char *start,
                     void say(const struct tote_summary *summary, FILE *out))
{
    char *text = NULL, *rest, *line;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    say(page->summary, out);
    int rc = fclose(out) == 0 ? 0 : -ENOMEM;
    for (rest = text; rc == 0 && (line = strsep(&rest, "\n"));) {
        if (!line[0])
            continue;
        fputs(start, page->out);
        tote_html_text(page, line);
        fputs("</p>\n", page->out);
    }
    free(text);
    return rc;
}

static void say_gains(const struct tote_summary *summary, FILE *out)
{
    tote_metg_words_gains(summary->metg, out);
}

/* --- the figures --- */

static int write_figures(struct tote_page *page)
{
    struct tote_lines lines;
    int rc = put_lines(page, "<p class=\"verdict\">", say_gains);
    if (rc == 0)
        rc = tote_lines_metg(page->summary->metg, &lines);
    if (rc < 0)
        return rc;
    tote_html_lines(
        page, "METG, the shortest tasks with which the workers are kept busy", &lines);
    rc = put_lines(page, "<p>", tote_metg_words_subject);
    if (rc == 0)
        rc = put_lines(page, "<p>", tote_metg_words_end);
    return rc < 0 ? rc : tote_html_lists(page);
}

const struct tote_html_section tote_html_metg = {"verdict", "METG and limits", NULL,
                                                 write_figures, false};

/* --- the curve --- */

static void draw_run(struct tote_page *page, const char *name, double grain,
                     double serial, double held, size_t block)
{
    double kept = tote_metg_efficiency(serial, 1, held);
    if (isfinite(grain) && isfinite(kept))
        tote_html_datum(page, "metg",
                        json_pack("{s:s, s:f, s:f, s:i}", "line", name, "grain_s",
                                  grain, "kept", kept, "block", (int)block + 1));
}

static void draw_median(struct tote_page *page, const char *name,
                        const struct tote_metg_point *point)
{
    if (isfinite(point->grain) && isfinite(point->efficiency.median))
        tote_html_datum(page, "metg_line",
                        json_pack("{s:s, s:f, s:f}", "line", name, "grain_s",
                                  point->grain, "kept", point->efficiency.median));
}

/* Blocks that were left out are no points; held: [grain][block]. */
static void draw_curve(struct tote_page *page, const char *name,
                       const struct tote_metg_point *points, const double **held)
{
    const struct tote_metg_summary *metg = page->summary->metg;
    for (size_t g = 0; g < metg->n_grains; g++) {
        for (size_t b = 0; b < metg->n_blocks; b++)
            if (!metg->is_off[b])
                draw_run(page, name, points[g].grain, metg->serial[g][b], held[g][b],
                         b);
        draw_median(page, name, &points[g]);
    }
}

static void draw(struct tote_page *page)
{
    const struct tote_metg_summary *metg = page->summary->metg;
    for (size_t i = 0; i < metg->n_rows; i++) {
        const struct tote_metg_row_summary *row = &metg->rows[i];
        char name[TOTE_HTML_NAME_MAX];
        if (!row->cell->skipped[0])
            draw_curve(page, tote_html_metg_name(row->cell, name), row->points,
                       row->held);
    }
    draw_curve(page, "bare loop", metg->limit_points, metg->limit);
    for (int i = 0; i < TOTE_METG_TARGETS; i++)
        tote_html_datum(page, "metg_target",
                        json_pack("{s:f}", "kept", tote_metg_targets[i]));
}

static int write_curve(struct tote_page *page)
{
    const struct tote_metg_summary *metg = page->summary->metg;
    struct tote_lines lines;
    draw(page);
    tote_html_chart(page, "metg");
    int rc = tote_lines_metg_points(metg, &lines);
    if (rc < 0)
        return rc;
    tote_html_lines(page, "Kept busy, by the length of tasks", &lines);
    rc = tote_lines_metg_reference(metg, &lines);
    if (rc < 0)
        return rc;
    tote_html_lines(page, "The reference: the same tasks in a bare loop", &lines);
    fputs(
        "<p>A grain is the time that the kernel takes for a task in a bare loop on one "
        "thread, the same reference for all. What is kept busy is that time over the "
        "time that a task holds a slot, block by block. The bare loop on all workers "
        "shows what the machine itself keeps.</p>\n",
        page->out);
    return 0;
}

const struct tote_html_section tote_html_metg_curve = {"curve", "Kept busy by grain",
                                                       NULL, write_curve, false};
