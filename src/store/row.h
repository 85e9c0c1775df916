/* SPDX-License-Identifier: MIT */
/* row.h: moves values between C and the columns of a statement, checked both ways.
 *
 *     struct tote_bind bind = {.statement = statement};
 *     tote_bind_uint(&bind, record->task);
 *     if (bind.rc != SQLITE_OK) ...            // one check at the end
 *
 *     struct tote_columns row = {.statement = statement};
 *     record.task = (uint64_t)tote_columns_int(&row, 0, INT64_MAX);
 *     if (row.bad) ...                         // wrong type, range or length
 *
 * Both go through the columns in order; after a failure the rest does nothing harmful.
 * Private to src/store. */
#ifndef TOTE_ROW_H
#define TOTE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"
#include "store/seal.h"
#include "tote/record.h"

#define TOTE_DIGEST_BYTES 16

struct tote_bind {
    sqlite3_stmt *statement;
    int i;  /* columns bound so far */
    int rc; /* SQLITE_OK (0), or the first failure; SQLITE_RANGE: above INT64_MAX */
    struct tote_form *form; /* or null; else all that is bound is added to it */
};

void tote_bind_int(struct tote_bind *bind, int64_t value);
void tote_bind_uint(struct tote_bind *bind, uint64_t value);
void tote_bind_text(struct tote_bind *bind, const char *text); /* borrowed; null: "" */
void tote_bind_blob(struct tote_bind *bind, const void *data, size_t n); /* borrowed */
void tote_bind_digest(struct tote_bind *bind, const struct tote_digest *digest);
void tote_bind_null(struct tote_bind *bind);
void tote_bind_seal(struct tote_bind *bind); /* of the form; it ends there */

/* Steps the statement, which returns no rows, and finalizes it; doing is for the
 * sentence (db.h). */
int tote_bind_finish(const struct tote_bind *bind, const struct tote_db *db,
                     const char *doing, struct tote_error *err);

struct tote_columns {
    sqlite3_stmt *statement;
    int i; /* columns read so far */
    bool bad;
    bool is_sealed; /* the caller checks the row's seal, which finds an integer of
                     * another type, too: asking each costs as much as reading it */
    struct tote_form *form; /* or null; else all that is read, but blobs of any size, is
                             * added to it */
};

/* An integer of [min, max]; min if it is not one. */
int64_t tote_columns_int(struct tote_columns *row, int64_t min, int64_t max);
uint64_t tote_columns_count(struct tote_columns *row);  /* [0, INT64_MAX] */
uint32_t tote_columns_uint32(struct tote_columns *row); /* [0, UINT32_MAX] */
/* Borrowed until the next step; "" if it is not text or has a NUL inside. */
const char *tote_columns_text(struct tote_columns *row);
char *tote_columns_text_copy(struct tote_columns *row); /* new; null: out of memory */
/* Borrowed until the next step; never null, *ret_n 0 if it is not a blob. */
const void *tote_columns_blob(struct tote_columns *row, size_t *ret_n);
/* False for NULL, which is bad too unless may_be_null. */
bool tote_columns_digest(struct tote_columns *row, bool may_be_null,
                         struct tote_digest *ret_digest);
/* Whether the next column is the seal of the form, which ends there. */
bool tote_columns_is_whole(struct tote_columns *row);

#endif
