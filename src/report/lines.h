/* SPDX-License-Identifier: MIT */
/* lines.h: the tables of a point as texts, for forms that people read, so that they
 * show the same: its engines, ranked; what each is behind the leader; its controls,
 * which have no rank. The same of METG: its rows, their curves, the reference.
 *
 *     struct tote_lines lines;
 *     if (tote_lines_engines(point, &lines) == 0)
 *         ... lines.cells[row * lines.n_columns + column] ...
 *     tote_lines_finish(&lines); */
#ifndef TOTE_LINES_H
#define TOTE_LINES_H

#include <stdio.h>

#include "report/gather.h"
#include "report/table.h"

struct tote_lines {
    const struct tote_table_column *columns; /* the first is a label: any text */
    size_t n_columns;
    const char **cells; /* row after row; borrowed from here and from the summary */
    size_t n;           /* rows */
    struct tote_line *lines;
};

/* All: 0 or -ENOMEM. In the order of ranks after start-up; those without one, and those
 * that cannot run, as they stand. */
int tote_lines_engines(const struct tote_point_summary *point,
                       struct tote_lines *ret_lines);

/* Those behind the leader, by the rate after start-up or by that of the whole run. None
 * if the point is unranked. */
int tote_lines_behind(const struct tote_point_summary *point, bool is_steady,
                      struct tote_lines *ret_lines);

/* What each control says: a bound, a noise floor, or how long a slot is kept by a task
 * that does nothing: slots over the rate after start-up. */
int tote_lines_controls(const struct tote_point_summary *point,
                        struct tote_lines *ret_lines);

/* METG (gather_metg.h): a row each; each grain at which a row ran; each grain's bare
 * loops. */
int tote_lines_metg(const struct tote_metg_summary *metg, struct tote_lines *ret_lines);
int tote_lines_metg_points(const struct tote_metg_summary *metg,
                           struct tote_lines *ret_lines);
int tote_lines_metg_reference(const struct tote_metg_summary *metg,
                              struct tote_lines *ret_lines);

void tote_lines_finish(struct tote_lines *lines); /* a zeroed one is accepted */

/* What was compared, in one line without its end: bag, workers, batch, blocks. */
void tote_lines_subject(const struct tote_summary *summary,
                        const struct tote_point_summary *point, FILE *out);

#endif
