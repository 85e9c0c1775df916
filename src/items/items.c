/* SPDX-License-Identifier: MIT */
/* items.c: the front of the three kinds of lists (items.h, sources.h). */
#include "items/items.h"

#include <errno.h>
#include <stdlib.h>

#include "items/sources.h"

struct tote_items {
    enum tote_items_kind kind;
    struct tote_values values;
    struct tote_lines lines;
    struct tote_csv csv;
    struct tote_error why; /* of a list that broke: it stays so */
    int broken;
};

static int open_kind(struct tote_items *items, const struct tote_items_source *source,
                     struct tote_error *err)
{
    switch (source->kind) {
    case TOTE_ITEMS_VALUES:
        return tote_values_open(&items->values, source, err);
    case TOTE_ITEMS_LINES:
        return tote_lines_open(&items->lines, source, err);
    case TOTE_ITEMS_CSV:
        return tote_csv_open(&items->csv, source, err);
    }
    return tote_error_set(err, -EINVAL, "no such kind of list");
}

int tote_items_open(const struct tote_items_source *source,
                    struct tote_items **ret_items, struct tote_error *err)
{
    struct tote_items *items = calloc(1, sizeof *items);
    if (!items)
        return tote_error_set(err, -ENOMEM, "out of memory");
    items->kind = source->kind;
    items->lines.reader.fd = items->csv.reader.fd = -1;
    int rc = open_kind(items, source, err);
    if (rc < 0) {
        tote_items_close(items);
        return rc;
    }
    *ret_items = items;
    return 0;
}

void tote_items_close(struct tote_items *items)
{
    if (!items)
        return;
    tote_values_close(&items->values);
    tote_lines_close(&items->lines);
    tote_csv_close(&items->csv);
    free(items);
}

const char *const *tote_items_columns(const struct tote_items *items, size_t *ret_n)
{
    if (items->kind == TOTE_ITEMS_CSV) {
        *ret_n = items->csv.n;
        return items->csv.names;
    }
    *ret_n = items->kind == TOTE_ITEMS_VALUES ? items->values.n_lists : 1;
    return NULL;
}

static int next_of_kind(struct tote_items *items, struct tote_item *ret_item,
                        struct tote_error *err)
{
    switch (items->kind) {
    case TOTE_ITEMS_VALUES:
        return tote_values_next(&items->values, ret_item, err);
    case TOTE_ITEMS_LINES:
        return tote_lines_next(&items->lines, ret_item, err);
    case TOTE_ITEMS_CSV:
        return tote_csv_next(&items->csv, ret_item, err);
    }
    return TOTE_ITEMS_END;
}

int tote_items_next(struct tote_items *items, struct tote_item *ret_item,
                    struct tote_error *err)
{
    int rc = items->broken;
    if (rc == 0)
        rc = next_of_kind(items, ret_item, &items->why);
    if (rc >= 0)
        return rc;
    items->broken = rc;
    return tote_error_set(err, rc, "%s", items->why.text);
}

int tote_items_fd(const struct tote_items *items)
{
    const struct tote_reader *reader =
        items->kind == TOTE_ITEMS_LINES ? &items->lines.reader : &items->csv.reader;
    if (items->kind == TOTE_ITEMS_VALUES || reader->is_regular)
        return -1;
    return reader->fd;
}
