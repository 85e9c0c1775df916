/* SPDX-License-Identifier: MIT */
/* row.c: binds and reads columns (row.h). */
#include "store/row.h"

#include <string.h>

static void bind_note(struct tote_bind *bind, int rc)
{
    if (bind->rc == SQLITE_OK)
        bind->rc = rc;
}

void tote_bind_int(struct tote_bind *bind, int64_t value)
{
    bind_note(bind, sqlite3_bind_int64(bind->statement, ++bind->i, value));
    if (bind->form)
        tote_form_int(bind->form, value);
}

void tote_bind_uint(struct tote_bind *bind, uint64_t value)
{
    if (value > INT64_MAX)
        bind_note(bind, SQLITE_RANGE);
    tote_bind_int(bind, (int64_t)(value & INT64_MAX));
}

void tote_bind_text(struct tote_bind *bind, const char *text)
{
    text = text ? text : "";
    bind_note(bind,
              sqlite3_bind_text(bind->statement, ++bind->i, text, -1, SQLITE_STATIC));
    if (bind->form)
        tote_form_bytes(bind->form, text, strlen(text));
}

void tote_bind_blob(struct tote_bind *bind, const void *data, size_t n)
{
    bind_note(bind, sqlite3_bind_blob64(bind->statement, ++bind->i, n ? data : "", n,
                                        SQLITE_STATIC));
    if (bind->form)
        tote_form_bytes(bind->form, data, n);
}

static void put_big_endian(unsigned char *to, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        to[i] = (unsigned char)value;
}

static uint64_t get_big_endian(const unsigned char *from)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

void tote_bind_digest(struct tote_bind *bind, const struct tote_digest *digest)
{
    unsigned char bytes[TOTE_DIGEST_BYTES];
    put_big_endian(bytes, digest->high);
    put_big_endian(bytes + 8, digest->low);
    bind_note(bind, sqlite3_bind_blob(bind->statement, ++bind->i, bytes, sizeof bytes,
                                      SQLITE_TRANSIENT));
    if (bind->form)
        tote_form_digest(bind->form, digest);
}

void tote_bind_null(struct tote_bind *bind)
{
    bind_note(bind, sqlite3_bind_null(bind->statement, ++bind->i));
}

void tote_bind_seal(struct tote_bind *bind)
{
    int64_t seal = tote_form_seal(bind->form);
    bind->form = NULL;
    tote_bind_int(bind, seal);
}

int tote_bind_finish(const struct tote_bind *bind, const struct tote_db *db,
                     const char *doing, struct tote_error *err)
{
    int rc = bind->rc;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(bind->statement);
    int code = rc == SQLITE_DONE ? 0 : tote_db_fail(db, rc, doing, err);
    sqlite3_finalize(bind->statement);
    return code;
}

int64_t tote_columns_int(struct tote_columns *row, int64_t min, int64_t max)
{
    int column = row->i++;
    if (row->is_sealed ||
        sqlite3_column_type(row->statement, column) == SQLITE_INTEGER) {
        int64_t value = sqlite3_column_int64(row->statement, column);
        if (row->form)
            tote_form_int(row->form, value);
        if (value >= min && value <= max)
            return value;
    }
    row->bad = true;
    return min;
}

uint64_t tote_columns_count(struct tote_columns *row)
{
    return (uint64_t)tote_columns_int(row, 0, INT64_MAX);
}

uint32_t tote_columns_uint32(struct tote_columns *row)
{
    return (uint32_t)tote_columns_int(row, 0, UINT32_MAX);
}

const char *tote_columns_text(struct tote_columns *row)
{
    int column = row->i++;
    if (sqlite3_column_type(row->statement, column) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_column_text(row->statement, column);
        int n = sqlite3_column_bytes(row->statement, column);
        if (row->form && text)
            tote_form_bytes(row->form, text, (size_t)n);
        if (text && strlen(text) == (size_t)n)
            return text;
    }
    row->bad = true;
    return "";
}

char *tote_columns_text_copy(struct tote_columns *row)
{
    return strdup(tote_columns_text(row));
}

const void *tote_columns_blob(struct tote_columns *row, size_t *ret_n)
{
    int column = row->i++;
    *ret_n = 0;
    if (sqlite3_column_type(row->statement, column) != SQLITE_BLOB) {
        row->bad = true;
        return "";
    }
    const void *bytes = sqlite3_column_blob(row->statement, column);
    int n = sqlite3_column_bytes(row->statement, column);
    if (n > 0 && !bytes)
        row->bad = true; /* out of memory */
    if (!bytes)
        return "";
    *ret_n = (size_t)n;
    return bytes;
}

bool tote_columns_digest(struct tote_columns *row, bool may_be_null,
                         struct tote_digest *ret_digest)
{
    int column = row->i++;
    int type =
        row->is_sealed ? SQLITE_BLOB : sqlite3_column_type(row->statement, column);
    const unsigned char *bytes =
        type == SQLITE_BLOB ? sqlite3_column_blob(row->statement, column) : NULL;
    if (bytes && sqlite3_column_bytes(row->statement, column) == TOTE_DIGEST_BYTES) {
        *ret_digest =
            (struct tote_digest){get_big_endian(bytes), get_big_endian(bytes + 8)};
        if (row->form)
            tote_form_digest(row->form, ret_digest);
        return true;
    }
    if (type != SQLITE_NULL || !may_be_null)
        row->bad = true;
    return false;
}

bool tote_columns_is_whole(struct tote_columns *row)
{
    int64_t seal = tote_form_seal(row->form);
    row->form = NULL;
    return tote_columns_int(row, 0, INT64_MAX) == seal && !row->bad;
}
