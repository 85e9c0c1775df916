/* SPDX-License-Identifier: MIT */
/* seal.h: the seal of a row: what its column `seal` must hold if the row is as it was
 * written (docs/store.md, "Seals").
 *
 *     tote_bind_int(&bind, tote_seal_task(&row));           // when it is written
 *     if (tote_tables_read_task(&columns, &row) != tote_seal_task(&row)) ... damaged
 *
 * Tables of few rows have no function of their own: what binds and reads their columns
 * (row.h) adds each to a form, in the order of the table.
 *
 * A seal finds what happened to the bytes, not a forger. Private to src/store; pure. */
#ifndef TOTE_SEAL_H
#define TOTE_SEAL_H

#include "store/commands.h"

#define TOTE_FORM_MAX 80 /* fields of 8 bytes: a digest and a text take two each */

/* The columns of a row, each of the same size whatever it holds, so that one call
 * hashes them all. */
struct tote_form {
    size_t n; /* bytes; to be set to 0 */
    unsigned char bytes[8 * TOTE_FORM_MAX];
};
void tote_form_int(struct tote_form *form, int64_t value);
void tote_form_digest(struct tote_form *form, const struct tote_digest *digest);
void tote_form_bytes(struct tote_form *form, const void *data, size_t n);
int64_t tote_form_seal(const struct tote_form *form); /* from 0 to INT64_MAX */

/* All from 0 to INT64_MAX. */
int64_t tote_seal_task(const struct tote_task_row *row); /* outs are not in it */
int64_t tote_seal_output(const struct tote_output_row *row);
int64_t tote_seal_record(int64_t run, uint64_t worker,
                         const struct tote_record *record);

/* outs as the column holds them (tables.h), outs_n bytes; those of result are not
 * looked at. */
int64_t tote_seal_result(int64_t run, uint32_t attempt,
                         const struct tote_result *result, const void *outs,
                         size_t outs_n);

#endif
