/* SPDX-License-Identifier: MIT */
/* items_csv.c: one item a row of a CSV file, by RFC 4180 (sources.h). A row is looked
 * for first, with what is known of it kept between calls, then taken apart in place. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "items/placeholder.h"
#include "items/shown.h"
#include "items/sources.h"

/* Bytes of a row as written: each byte of a value may be a quote, written twice. */
enum { ROW_MAX = 2 * TOTE_ITEM_BYTES_MAX + 4 * TOTE_COLUMNS_MAX };

static int fail(const struct tote_csv *csv, const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EINVAL, "%s: line %" PRIu64 " %s", csv->reader.name,
                          csv->reader.line, why);
}

/* --- a row, taken apart --- */

struct row {
    char *at, *end;
    const char *values[TOTE_COLUMNS_MAX];
    size_t n, bytes;
};

/* What stands behind a value: a comma, or the row's end. */
static bool is_value_end(const struct row *row)
{
    return row->at == row->end || *row->at == ',';
}

/* The value between quotes moves to the left over them. Null: the quotes are broken. */
static char *take_quoted(struct row *row)
{
    char *to = row->at++;
    for (;;) {
        char *quote = memchr(row->at, '"', (size_t)(row->end - row->at));
        if (!quote)
            return NULL;
        size_t n = (size_t)(quote - row->at);
        memmove(to, row->at, n);
        to += n;
        row->at = quote + 1;
        if (row->at == row->end || *row->at != '"')
            return to;
        *to++ = *row->at++;
    }
}

/* Moves to the end of a value, behind which row->at then stands. */
static int find_end(const struct tote_csv *csv, struct row *row, char **ret_end,
                    struct tote_error *err)
{
    if (row->at < row->end && *row->at == '"') {
        *ret_end = take_quoted(row);
        if (!*ret_end)
            return fail(csv, "begins a value whose quote is not closed", err);
        return is_value_end(row)
                   ? 0
                   : fail(csv, "has text behind a value's closing quote", err);
    }
    while (!is_value_end(row) && *row->at != '"' && *row->at != '\r')
        row->at++;
    *ret_end = row->at;
    if (is_value_end(row))
        return 0;
    if (*row->at == '\r')
        return fail(csv, "has a carriage return that does not end it", err);
    return fail(csv,
                "has a quote within a value; put the value in quotes and write the "
                "quote twice",
                err);
}

/* One value; 1 if another follows. */
static int take_value(const struct tote_csv *csv, struct row *row,
                      struct tote_error *err)
{
    char *value = row->at, *end;
    if (row->n == TOTE_COLUMNS_MAX)
        return fail(csv, "has more than 256 values", err);
    int rc = find_end(csv, row, &end, err);
    if (rc < 0)
        return rc;
    bool has_more = row->at < row->end;
    row->at += has_more;
    *end = '\0';
    row->values[row->n++] = value;
    row->bytes += (size_t)(end - value);
    return has_more;
}

/* A row of n bytes, without its end; the byte behind it may be written. */
static int parse_row(const struct tote_csv *csv, char *text, size_t n, struct row *row,
                     struct tote_error *err)
{
    int rc = 1;
    *row = (struct row){.at = text, .end = text + n};
    if (memchr(text, '\0', n))
        return fail(csv, "holds a NUL byte", err);
    while (rc > 0)
        rc = take_value(csv, row, err);
    if (rc == 0 && row->bytes > TOTE_ITEM_BYTES_MAX)
        return fail(csv, "is longer than 1 MiB", err);
    return rc;
}

/* --- a row, looked for --- */

/* Goes on from what was seen. True if a row's end is there: then seen is its length. */
static bool find_row(struct tote_csv *csv)
{
    const struct tote_reader *reader = &csv->reader;
    const char *text = reader->data + reader->begin;
    size_t n = reader->end - reader->begin;
    for (; csv->seen < n; csv->seen++) {
        char c = text[csv->seen];
        if (c == '\n' && !csv->is_quoted)
            return true;
        csv->is_quoted ^= c == '"'; /* a doubled one changes nothing */
        csv->ends += c == '\n';
    }
    return false;
}

/* Leaves the row behind; has_end: the newline too. */
static void leave_row(struct tote_csv *csv, bool has_end)
{
    csv->reader.begin += csv->seen + has_end;
    csv->reader.line += csv->ends + has_end;
    csv->seen = 0;
    csv->ends = 0;
    csv->is_quoted = false;
}

/* The row of csv->seen bytes. TOTE_ITEMS_LATER: it is empty, the next one may do. */
static int take_row(struct tote_csv *csv, bool has_end, struct row *row,
                    struct tote_error *err)
{
    char *text = csv->reader.data + csv->reader.begin;
    size_t n = csv->seen;
    if (!csv->names && n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3; /* a byte order mark */
        n -= 3;
    }
    n -= n > 0 && text[n - 1] == '\r';
    int rc = n == 0 ? TOTE_ITEMS_LATER : parse_row(csv, text, n, row, err);
    if (rc == 0)
        rc = TOTE_ITEMS_ONE;
    if (rc == TOTE_ITEMS_ONE && csv->names && row->n != csv->n) {
        char why[96];
        snprintf(why, sizeof why,
                 "has %zu values, but the first line names %zu columns", row->n,
                 csv->n);
        rc = fail(csv, why, err);
    }
    if (rc >= 0)
        leave_row(csv, has_end);
    return rc;
}

/* A row that is wholly in the buffer; else TOTE_ITEMS_LATER. */
static int next_in_buffer(struct tote_csv *csv, struct row *row, struct tote_error *err)
{
    int rc = TOTE_ITEMS_LATER;
    while (rc == TOTE_ITEMS_LATER && find_row(csv))
        rc = take_row(csv, true, row, err);
    if (rc == TOTE_ITEMS_LATER && csv->seen > ROW_MAX)
        return fail(csv, "is too long; is a quote not closed?", err);
    return rc;
}

static int next_row(struct tote_csv *csv, struct row *row, struct tote_error *err)
{
    int rc = next_in_buffer(csv, row, err);
    for (int i = 0; rc == TOTE_ITEMS_LATER; i++) {
        if (i >= TOTE_ITEM_READS && !csv->reader.is_regular)
            return TOTE_ITEMS_LATER;
        int filled = tote_reader_fill(&csv->reader, err);
        if (filled == TOTE_READER_LATER)
            return TOTE_ITEMS_LATER;
        if (filled == TOTE_READER_END && csv->seen > 0)
            rc = take_row(csv, false, row, err);
        if (filled == TOTE_READER_END)
            return rc == TOTE_ITEMS_LATER ? TOTE_ITEMS_END : rc;
        rc = filled < 0 ? filled : next_in_buffer(csv, row, err);
    }
    return rc;
}

int tote_csv_next(struct tote_csv *csv, struct tote_item *ret_item,
                  struct tote_error *err)
{
    struct row row;
    int rc = next_row(csv, &row, err);
    if (rc != TOTE_ITEMS_ONE)
        return rc;
    memcpy(csv->values, row.values, csv->n * sizeof *csv->values);
    *ret_item = (struct tote_item){csv->values, csv->n};
    return TOTE_ITEMS_ONE;
}

/* --- the names of the columns --- */

static const char *refuse_name(const struct row *row, size_t i)
{
    const char *name = row->values[i];
    if (!*name)
        return "is empty";
    for (const char *c = name; *c; c++)
        if (strchr("{}:", *c) || (unsigned char)*c < ' ' || *c == 0x7f)
            return "holds a brace, a colon or a control character";
    if (tote_placeholder_find(name, strlen(name)) != TOTE_PART_NAMED)
        return "is a placeholder already";
    for (size_t k = 0; k < i; k++)
        if (!strcmp(name, row->values[k]))
            return "is there twice";
    return NULL;
}

static int check_names(const struct tote_csv *csv, const struct row *row,
                       struct tote_error *err)
{
    for (size_t i = 0; i < row->n; i++) {
        const char *name = row->values[i], *why = refuse_name(row, i);
        if (why)
            return tote_error_set(
                err, -EINVAL,
                "%s: the first line names the columns; name %zu, '%s', %s",
                csv->reader.name, i + 1, tote_shown_of(name, strlen(name)).text, why);
    }
    return 0;
}

static int copy_names(struct tote_csv *csv, const struct row *row,
                      struct tote_error *err)
{
    csv->names_text = malloc(row->bytes + row->n);
    csv->names = calloc(row->n, sizeof *csv->names);
    csv->values = calloc(row->n, sizeof *csv->values);
    if (!csv->names_text || !csv->names || !csv->values)
        return tote_error_set(err, -ENOMEM, "out of memory");
    char *to = csv->names_text;
    for (size_t i = 0; i < row->n; i++) {
        size_t size = strlen(row->values[i]) + 1;
        csv->names[i] = memcpy(to, row->values[i], size);
        to += size;
    }
    csv->n = row->n;
    return 0;
}

int tote_csv_open(struct tote_csv *csv, const struct tote_items_source *source,
                  struct tote_error *err)
{
    struct row row;
    int rc = tote_reader_open(&csv->reader, source->path, err);
    if (rc < 0)
        return rc;
    while ((rc = next_row(csv, &row, err)) == TOTE_ITEMS_LATER) {
        rc = tote_reader_wait(&csv->reader, err);
        if (rc < 0)
            return rc;
    }
    if (rc == TOTE_ITEMS_END)
        return tote_error_set(err, -EINVAL,
                              "%s: is empty; its first line must name the columns",
                              csv->reader.name);
    if (rc == TOTE_ITEMS_ONE)
        rc = check_names(csv, &row, err);
    return rc < 0 ? rc : copy_names(csv, &row, err);
}

void tote_csv_close(struct tote_csv *csv)
{
    tote_reader_close(&csv->reader);
    free(csv->names_text);
    free(csv->names);
    free(csv->values);
}
