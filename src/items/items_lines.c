/* SPDX-License-Identifier: MIT */
/* items_lines.c: one item a line, or ended by NUL (sources.h). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "items/sources.h"

int tote_lines_open(struct tote_lines *lines, const struct tote_items_source *source,
                    struct tote_error *err)
{
    lines->end = source->end;
    return tote_reader_open(&lines->reader, source->path, err);
}

void tote_lines_close(struct tote_lines *lines)
{
    tote_reader_close(&lines->reader);
}

static int fail(const struct tote_lines *lines, const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EINVAL, "%s: %s %" PRIu64 " %s", lines->reader.name,
                          lines->end ? "line" : "item", lines->reader.line, why);
}

/* Takes n bytes and the end behind them. */
static int take(struct tote_lines *lines, size_t n, struct tote_item *ret_item,
                struct tote_error *err)
{
    struct tote_reader *reader = &lines->reader;
    char *text = reader->data + reader->begin;
    if (n > TOTE_ITEM_BYTES_MAX)
        return fail(lines, "is longer than 1 MiB", err);
    if (lines->end && memchr(text, '\0', n))
        return fail(lines, "holds a NUL byte; with -0 each item ends with one", err);
    text[n] = '\0';
    lines->value = text;
    *ret_item = (struct tote_item){&lines->value, 1};
    reader->begin += n + (reader->begin + n < reader->end);
    reader->line++;
    lines->seen = 0;
    return TOTE_ITEMS_ONE;
}

/* Empty lines; of items that end with NUL none is skipped. */
static void skip_empty(struct tote_lines *lines)
{
    struct tote_reader *reader = &lines->reader;
    while (lines->end && lines->seen == 0 && reader->begin < reader->end &&
           reader->data[reader->begin] == lines->end) {
        reader->begin++;
        reader->line++;
    }
}

/* An item that is wholly in the buffer; else TOTE_ITEMS_LATER. */
static int find(struct tote_lines *lines, struct tote_item *ret_item,
                struct tote_error *err)
{
    struct tote_reader *reader = &lines->reader;
    skip_empty(lines);
    size_t n = reader->end - reader->begin;
    if (n == lines->seen)
        return TOTE_ITEMS_LATER;
    const char *text = reader->data + reader->begin;
    const char *end = memchr(text + lines->seen, lines->end, n - lines->seen);
    if (end)
        return take(lines, (size_t)(end - text), ret_item, err);
    if (n > TOTE_ITEM_BYTES_MAX)
        return fail(lines, "is longer than 1 MiB", err);
    lines->seen = n;
    return TOTE_ITEMS_LATER;
}

int tote_lines_next(struct tote_lines *lines, struct tote_item *ret_item,
                    struct tote_error *err)
{
    int rc = find(lines, ret_item, err);
    for (int i = 0; rc == TOTE_ITEMS_LATER; i++) {
        if (i >= TOTE_ITEM_READS && !lines->reader.is_regular)
            return TOTE_ITEMS_LATER;
        int filled = tote_reader_fill(&lines->reader, err);
        if (filled == TOTE_READER_LATER)
            return TOTE_ITEMS_LATER;
        if (filled == TOTE_READER_END && lines->seen == 0)
            return TOTE_ITEMS_END;
        if (filled == TOTE_READER_END)
            return take(lines, lines->seen, ret_item, err);
        rc = filled < 0 ? filled : find(lines, ret_item, err);
    }
    return rc;
}
