/* SPDX-License-Identifier: MIT */
/* html.h: the parts of an HTML report, for the files html_*.c only: a page at work,
 * what writes text into it so that it stays text, and its sections. What users of
 * src/report see is in formats.h.
 *
 * A section is one file and one row of the table in html.c. It is left out where its
 * data is not there:
 *
 *     static int write(struct tote_page *page)
 *     {
 *         tote_html_chart(page, "makespan");      // charts/makespan.vl.json
 *         tote_html_datum(page, "makespan", json_pack(...));
 *         tote_html_table(page, "Makespan", heads, 3);
 *         tote_html_row(page, label);
 *         tote_html_number(page, tote_figure_seconds(...));
 *         tote_html_end_row(page);
 *         tote_html_end_table(page);
 *         return 0;
 *     }
 *     const struct tote_html_section tote_html_makespan = {
 *         "makespan", "Makespan", has_cells, write};
 *
 * Text of engines, users and machines goes through tote_html_say, _text, _cell, _number
 * or a datum, never to page->out. */
#ifndef TOTE_HTML_H
#define TOTE_HTML_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/factors.h"

#define TOTE_HTML_NAME_MAX (TOTE_FACTORS_NAME_MAX + 130)

/* What a page shows side by side: the cells of a comparison, or a lone run. */
struct tote_page_cell {
    const char *label;  /* in a sweep with what varies: "local, 50 tasks" */
    const char *engine; /* without that; colours go by it */
    const struct tote_run_summary *runs;
    size_t n_runs;
    const struct tote_run_summary *shown;    /* the complete run whose makespan is the
                                              * median, the lower of two; null: none is */
    const struct tote_cell_summary *figures; /* null for a lone run */
    const struct tote_point_summary *point;  /* where it ran; null for a lone run */
    char name[TOTE_HTML_NAME_MAX];           /* what label is, in a sweep and METG */
};

struct tote_page {
    FILE *out;
    struct tote_store *store; /* for records; borrowed */
    const struct tote_summary *summary;
    struct tote_page_cell *cells;
    size_t n_cells;
    const struct tote_point_summary *drawn; /* whose records are drawn, of a sweep with
                                             * many points; null: all */
    json_t *data;                           /* what charts draw: data sets by name */
    bool folds; /* tables are closed at first; the section's, where cells are many */
    bool has_failed; /* out of memory */
    struct tote_error *err;
};

struct tote_html_section {
    const char *id, *title;
    bool (*is_there)(const struct tote_page *page); /* null: always */
    int (*write)(struct tote_page *page); /* 0, -ENOMEM, or the store's error */
    bool folds; /* its tables are of cells: closed at first where these are many */
};

/* A row of METG: "local, batch auto". Returns name. */
const char *tote_html_metg_name(const struct tote_cell_row *cell,
                                char name[static TOTE_HTML_NAME_MAX]);

/* More cells than a reader wants to scroll by. */
#define TOTE_HTML_CELLS_MANY 12

/* In the order of the page. */
extern const struct tote_html_section tote_html_verdict, tote_html_metg,
    tote_html_metg_curve, tote_html_manifest, tote_html_rules, tote_html_makespan,
    tote_html_limit, tote_html_phases, tote_html_growth, tote_html_scaling,
    tote_html_tasks, tote_html_gantt, tote_html_cost, tote_html_noise,
    tote_html_failures, tote_html_facts, tote_html_raw;

/* Of a sweep: its points, each with who leads there (html_points.c). */
void tote_html_points(struct tote_page *page);

/* Warnings, and limits of the claim (html_verdict.c). 0 or -ENOMEM. */
int tote_html_lists(struct tote_page *page);

/* Text, escaped for an element and for a quoted attribute. */
void tote_html_text(struct tote_page *page, const char *text);
void tote_html_say(struct tote_page *page, const char *format, ...) TOTE_PRINTF(2, 3);

/* A table of n columns that scrolls by itself where it is too wide. A head that begins
 * with '>' is of numbers. */
void tote_html_table(struct tote_page *page, const char *caption,
                     const char *const *heads, size_t n);
void tote_html_row(struct tote_page *page, const char *head); /* with its first cell */
void tote_html_cell(struct tote_page *page, const char *text);
void tote_html_number(struct tote_page *page, const char *text);
void tote_html_end_row(struct tote_page *page);
void tote_html_end_table(struct tote_page *page);

/* The same of lines.h; finishes them. Nothing if there are none. */
struct tote_lines;
void tote_html_lines(struct tote_page *page, const char *caption,
                     struct tote_lines *lines);

/* Of a figure: its text, as figure.h has it. */
void tote_html_seconds(struct tote_page *page, double value);
void tote_html_duration(struct tote_page *page, double value);
void tote_html_rate(struct tote_page *page, double value);
void tote_html_count(struct tote_page *page, uint64_t value);

/* "[a, b]", each written by `figure`; empty without bounds; an infinity is "no end". */
typedef const char *tote_html_figure(double value, char *text);
void tote_html_bounds(struct tote_page *page, bool has_bounds, double low, double high,
                      tote_html_figure *figure);

/* The place of a chart; of one of several of that name: with the rows alone of which
 * "part" is that number, and a title that says what they are. */
void tote_html_chart(struct tote_page *page, const char *name);
void tote_html_chart_part(struct tote_page *page, const char *name, int part,
                          const char *what);

/* Takes a row of a data set; null means that memory ran out. */
void tote_html_datum(struct tote_page *page, const char *set, json_t *row);
json_t *tote_html_real(double value); /* new; null in the document if it is NaN */

/* The data sets as JSON that is safe within a script element. -ENOMEM. */
int tote_html_data(struct tote_page *page);

/* Bytes as a data: link that is saved under that name. */
void tote_html_download(struct tote_page *page, const char *name, const char *type,
                        const char *bytes, size_t n);

#endif
