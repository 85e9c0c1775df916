/* SPDX-License-Identifier: MIT */
/* lines_parts.h: how the tables of lines.h are made; for the files lines*.c only. */
#ifndef TOTE_LINES_PARTS_H
#define TOTE_LINES_PARTS_H

#include "report/figure.h"
#include "report/lines.h"

/* The texts of one row; its figures are kept here. */
struct tote_line {
    char figures[TOTE_TABLE_COLUMNS_MAX][TOTE_FIGURE_MAX];
    const char *label;
};

/* An empty table with room for `most` rows. 0 or -ENOMEM. */
int tote_lines_init(struct tote_lines *lines, const struct tote_table_column *columns,
                    size_t n_columns, size_t most);

/* The next row, with room for it; the label is borrowed, all figures are empty. */
struct tote_line *tote_lines_add(struct tote_lines *lines, const char *label);

#endif
