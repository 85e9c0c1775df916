/* SPDX-License-Identifier: MIT */
/* items.h: the list of a bag of commands, item by item, from wherever it comes, without
 * ever waiting: what a pipe has not said yet is simply not there yet.
 *
 *     struct tote_items *items;
 *     tote_items_open(&source, &items, &err);
 *     while ((rc = tote_items_next(items, &item, &err)) == TOTE_ITEMS_ONE) ...
 *     if (rc == TOTE_ITEMS_LATER) ... poll tote_items_fd(items) ...
 *
 * Sources: values on the command line (":::" lists: product, the last varies fastest;
 * ":::+": linked to the list before, the shorter one ends both), a file or standard
 * input with one item a line (or ended by NUL), a CSV file (RFC 4180; its first line
 * names the columns), an array (YAML). Not for what an item means (template.h). */
#ifndef TOTE_ITEMS_H
#define TOTE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "tote/error.h"

#define TOTE_ITEM_BYTES_MAX (1u << 20) /* of one item, all columns */

enum tote_items_kind { TOTE_ITEMS_VALUES, TOTE_ITEMS_LINES, TOTE_ITEMS_CSV };

struct tote_items_list {
    const char *const *values; /* borrowed while open */
    size_t n;
    bool is_linked; /* to the list before it */
};

struct tote_items_source {
    enum tote_items_kind kind;
    const struct tote_items_list *lists; /* VALUES; n_lists of them; borrowed */
    size_t n_lists;
    const char *path; /* LINES, CSV: a file, or "-" for standard input; borrowed */
    char end;         /* LINES: '\n', or '\0' */
};

struct tote_items;

/* Opens the file; of a CSV reads the names of the columns (waiting for them). -EINVAL
 * and a sentence: cannot be opened, no lists, names that are empty, double or hold
 * braces, colons or control characters, or that are placeholders (item, index, stem,
 * base, dir, ext); a product of lists above TOTE_BAG_MAX; a first list that is linked.
 * -EINTR: a signal came while it waited for the names. A fifo is opened at once,
 * whether somebody writes to it yet or not. */
int tote_items_open(const struct tote_items_source *source,
                    struct tote_items **ret_items, struct tote_error *err);
void tote_items_close(struct tote_items *items); /* null is accepted */

/* Null for a source without names (columns are then 1, 2, ...); *ret_n is how many
 * columns an item has, names or not. */
const char *const *tote_items_columns(const struct tote_items *items, size_t *ret_n);

struct tote_item {
    const char *const *columns; /* borrowed until the next call */
    size_t n;
};

enum tote_items_state { TOTE_ITEMS_END, TOTE_ITEMS_ONE, TOTE_ITEMS_LATER };

/* A tote_items_state, or -EINVAL: a line that is too long, a NUL in a line, a CSV row
 * with another number of columns or a broken quote, a read error; with file and line,
 * and again at each further call. An empty line is skipped, in CSV too; with NUL it is
 * an empty item. A last line without its end counts. "\r\n" ends a CSV row, not a line;
 * a '\r' alone is nothing in a line and, without quotes, an error in CSV. LATER may
 * also mean that much was read in this call and no item was whole: the next may go on.
 */
int tote_items_next(struct tote_items *items, struct tote_item *ret_item,
                    struct tote_error *err);

/* Readable when next may say more after LATER; -1: never says LATER. */
int tote_items_fd(const struct tote_items *items);

#endif
