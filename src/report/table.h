/* SPDX-License-Identifier: MIT */
/* table.h: lines up columns of text for a terminal. Knows nothing of what stands in
 * them.
 *
 *     static const struct tote_table_column columns[] = {{"engine", "", 0}, ...};
 *     tote_table_write(out, columns, N_COLUMNS, cells, n_rows, 100);
 */
#ifndef TOTE_TABLE_H
#define TOTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TOTE_TABLE_COLUMNS_MAX 16

struct tote_table_column {
    const char *over, *head; /* two lines; "over" may reach into the next column if that
                              * has none */
    bool is_right;           /* numbers */
};

/* cells: row after row, n_columns texts each. No line is wider than `most` characters
 * as long as the columns after the first fit: a first text that is too wide gets a line
 * of its own. */
void tote_table_write(FILE *out, const struct tote_table_column *columns,
                      size_t n_columns, const char *const *cells, size_t n_rows,
                      size_t most);

#endif
