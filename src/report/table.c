/* SPDX-License-Identifier: MIT */
/* table.c: measures columns, then writes rows (table.h). */
#include "report/table.h"

#include <assert.h>
#include <string.h>

#define GAP 2 /* blanks between columns */

/* Characters, each taken as one place wide. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void pad(FILE *out, size_t n)
{
    while (n-- > 0)
        fputc(' ', out);
}

struct layout {
    const struct tote_table_column *columns;
    size_t n, widths[TOTE_TABLE_COLUMNS_MAX];
};

static void measure(struct layout *layout, const char *const *cells, size_t n_rows,
                    size_t most)
{
    size_t rest = 0;
    for (size_t c = layout->n; c-- > 0;) {
        size_t width = width_of(layout->columns[c].head);
        size_t over = width_of(layout->columns[c].over);
        bool can_reach_over = c + 1 < layout->n && !layout->columns[c + 1].over[0];
        width = over > width && !can_reach_over ? over : width;
        for (size_t r = 0; r < n_rows; r++) {
            size_t cell = width_of(cells[r * layout->n + c]);
            bool is_too_wide = c == 0 && cell + rest > most;
            width = cell > width && !is_too_wide ? cell : width;
        }
        layout->widths[c] = width;
        rest += width + GAP;
    }
}

/* Blanks are written before a text, never after one. A text that is too wide reaches
 * into the next column; a first one ends its line. */
static void write_line(FILE *out, const struct layout *layout, const char *const *texts)
{
    size_t start = 0, at = 0; /* of the column; of the next character */
    for (size_t c = 0; c < layout->n; c++) {
        size_t width = width_of(texts[c]), room = layout->widths[c], from = start;
        if (layout->columns[c].is_right && width < room)
            from += room - width;
        if (width > 0) {
            pad(out, from > at ? from - at : 0);
            fputs(texts[c], out);
            at = from > at ? from + width : at + width;
        }
        if (c == 0 && width > room) {
            fputc('\n', out);
            at = 0;
        }
        start += room + GAP;
    }
    fputc('\n', out);
}

static bool has_text(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (texts[i][0])
            return true;
    }
    return false;
}

void tote_table_write(FILE *out, const struct tote_table_column *columns,
                      size_t n_columns, const char *const *cells, size_t n_rows,
                      size_t most)
{
    assert(n_columns <= TOTE_TABLE_COLUMNS_MAX);
    struct layout layout = {.columns = columns, .n = n_columns};
    const char *overs[TOTE_TABLE_COLUMNS_MAX], *heads[TOTE_TABLE_COLUMNS_MAX];
    for (size_t c = 0; c < n_columns; c++) {
        overs[c] = columns[c].over;
        heads[c] = columns[c].head;
    }
    measure(&layout, cells, n_rows, most);
    if (has_text(overs, n_columns))
        write_line(out, &layout, overs);
    write_line(out, &layout, heads);
    for (size_t r = 0; r < n_rows; r++)
        write_line(out, &layout, cells + r * n_columns);
}
