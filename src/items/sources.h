/* SPDX-License-Identifier: MIT */
/* sources.h: the three kinds of lists, behind items.h. For items.c alone. */
#ifndef TOTE_ITEMS_SOURCES_H
#define TOTE_ITEMS_SOURCES_H

#include "items/items.h"
#include "items/reader.h"

#define TOTE_ITEM_READS 16 /* reads of one call: then others have their turn */

/* --- values of the command line --- */

struct tote_values {
    const struct tote_items_list *lists; /* borrowed */
    size_t n_lists;
    size_t *places;      /* of each list: the value that is next */
    const char **values; /* n_lists of them: those of the item */
    uint64_t count, given;
};

int tote_values_open(struct tote_values *values, const struct tote_items_source *source,
                     struct tote_error *err);
void tote_values_close(struct tote_values *values);
int tote_values_next(struct tote_values *values, struct tote_item *ret_item,
                     struct tote_error *err);

/* --- lines --- */

struct tote_lines {
    struct tote_reader reader;
    char end;
    size_t seen; /* bytes behind the reader's begin that hold no end */
    const char *value;
};

int tote_lines_open(struct tote_lines *lines, const struct tote_items_source *source,
                    struct tote_error *err);
void tote_lines_close(struct tote_lines *lines);
int tote_lines_next(struct tote_lines *lines, struct tote_item *ret_item,
                    struct tote_error *err);

/* --- CSV --- */

struct tote_csv {
    struct tote_reader reader;
    size_t seen;    /* bytes behind the reader's begin that hold no end of a row */
    bool is_quoted; /* the byte behind them stands between quotes */
    uint64_t ends;  /* of lines, within the row */
    char *names_text;
    const char **names;
    const char **values;
    size_t n; /* columns */
};

int tote_csv_open(struct tote_csv *csv, const struct tote_items_source *source,
                  struct tote_error *err);
void tote_csv_close(struct tote_csv *csv);
int tote_csv_next(struct tote_csv *csv, struct tote_item *ret_item,
                  struct tote_error *err);

#endif
